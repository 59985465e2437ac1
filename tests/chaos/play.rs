//! Plays an episode, and judges each round.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};
use test_support::figures::Figures;

use crate::cloud::Cloud;
use crate::config::Config;
use crate::episode::{Act, Change, Disturbance, Episode, Fault, Moment, Operation, Round};
use crate::host::Host;
use crate::judge::{
    Violation, explain_loss, judge_calls, judge_command, permanent_values, settings_of_others, violation,
};
use crate::stage::Stage;
use crate::terraform::{Folder, Instance, Ran};
use crate::world::{ROLES, STORES};

const APPLY: [&str; 4] = ["apply", "-auto-approve", "-input=false", "-no-color"];
const PLAN: [&str; 4] = ["plan", "-detailed-exitcode", "-input=false", "-no-color"];

/// What came of an episode.
pub struct Outcome {
    /// The first violation, with the number of its round.
    pub violation: Option<(usize, Violation)>,
    /// What was done.
    pub figures: Figures,
    /// What was done in each round, for a person.
    pub story: Vec<String>,
}

/// Plays an episode until its end or the first violation.
pub fn play(episode: &Episode) -> Outcome {
    let folder = Folder::new();
    let stage = Stage::new(Cloud::start(folder.path(), episode.setting.rules));
    let config = Config::new(&episode.setting, stage.endpoint());
    let expected = (0..STORES.len()).map(|store| settings_of_others(&stage.cloud().members(store))).collect();
    let mut play = Play {
        folder,
        stage,
        config,
        expected,
        writes: 0,
        settled: 0,
        figures: Figures::default(),
        story: Vec::new(),
    };
    let mut found = None;
    for number in 0..episode.rounds.len() {
        let Some(round) = episode.round(number) else { continue };
        if let Err(violation) = play.round(number, &round) {
            found = Some((number, violation));
            break;
        }
    }
    if found.is_none() {
        found = play.end().err().map(|violation| (episode.rounds.len(), violation));
    }
    let calls = play.stage.log(|log| log.calls.len());
    play.figures.add("calls of the provider", u64::try_from(calls).unwrap_or_default());
    play.figures.count("episodes");
    Outcome { violation: found, figures: play.figures, story: play.story }
}

struct Play {
    folder: Folder,
    stage: Stage,
    config: Config,
    /// The settings of each Logstore as their last writers wrote them.
    expected: Vec<Map<String, Value>>,
    /// How many writes of others are in `expected`.
    writes: usize,
    /// The number of the command after which everything was last as configured.
    settled: usize,
    figures: Figures,
    story: Vec<String>,
}

impl Play {
    fn round(&mut self, number: usize, round: &Round) -> Result<(), Violation> {
        for change in &round.changes {
            // A value is permanent once there is one.
            let is_too_early = matches!(change, Change::Wrong { store, .. } if !self.stage.cloud().members(*store).contains_key("encrypt_conf"));
            if !is_too_early {
                self.config.change(change);
            }
        }
        let before = self.folder.state();
        self.write_configuration();
        self.story.push(format!(
            "round {number}: {:?}{:?} {} {:?}\n  {:?}\n  {:?}",
            round.operation,
            round.arguments,
            if round.by_host { "by host" } else { "attached" },
            round.changes,
            round.faults,
            round.disturbances
        ));
        let mut ordered = 0;
        for fault in &round.faults {
            self.stage.cloud().control("POST", "faults", Some(&fault.rule()));
            self.figures.count(&format!("fault ordered: {}", fault.effect_name()));
            ordered += fault.times;
        }
        if let Some(quota) = round.quota {
            let quota = json!({"service": "sls", "requests_per_second": quota});
            self.stage.cloud().control("PUT", "quotas", Some(&quota));
            self.figures.count("quota");
        }
        let restarts = self.restarts();
        let ran = self.operate(round);
        let left = self.stage.calm_down();
        if self.restarts() == restarts {
            self.figures.add("faults used up", ordered.saturating_sub(left));
        }
        self.count(round, &ran);
        self.judge_round(round, &before, &ran)?;
        self.config.end_round();
        self.write_configuration();
        if round.settles { self.settle() } else { Ok(()) }
    }

    fn write_configuration(&self) {
        self.folder.write("main.tf", &self.config.hcl());
    }

    fn restarts(&self) -> usize {
        let is_restart = |act: &Act| matches!(act, Act::KillEmulator);
        self.stage.log(|log| log.acts.iter().filter(|(_, act)| is_restart(act)).count())
    }

    fn count(&mut self, round: &Round, ran: &[Ran]) {
        self.figures.count("rounds");
        self.figures.count(&format!("operation: {}", round.operation.name()));
        for ran in ran {
            let code = ran.exit_code.map_or_else(|| "none".to_owned(), |code| code.to_string());
            self.figures.count(&format!("exit code {code}"));
            let acts: Vec<Act> = self.stage.log(|log| {
                log.acts
                    .iter()
                    .filter(|(command, _)| *command == ran.command)
                    .map(|(_, act)| act.clone())
                    .collect()
            });
            for act in acts {
                let name = format!("{act:?}");
                let name = name.split([' ', '{']).next().unwrap_or_default();
                self.figures.count(&format!("act: {name}"));
            }
        }
    }

    /// Carries an operation out; the commands that it took. The last one is disturbed.
    fn operate(&mut self, round: &Round) -> Vec<Ran> {
        let addresses = self.config.addresses();
        let chosen = |at: usize| addresses.get(at % addresses.len().max(1)).cloned().unwrap_or_default();
        let with = |option: &str, at: usize| vec![format!("{option}={}", chosen(at).0)];
        let (before, command, host) = match round.operation {
            Operation::Apply => (vec![], [&APPLY[..], &round.arguments[..]].concat(), Host::Main),
            Operation::Plan => (vec![], [&PLAN[..], &round.arguments[..]].concat(), Host::Main),
            Operation::RefreshOnly => (vec![], [&APPLY[..], &["-refresh-only"]].concat(), Host::Main),
            Operation::SavedPlan => {
                let plan = [&PLAN[..], &["-out=saved"], &round.arguments[..]].concat();
                return self.saved_plan(round, &plan);
            }
            Operation::Query => {
                self.folder.write("all.tfquery.hcl", QUERY);
                (vec![], vec!["query", "-no-color"], Host::Newest)
            }
            Operation::Readopt(at) => {
                // A role that is there cannot be adopted.
                let stores = self
                    .config
                    .addresses()
                    .into_iter()
                    .filter(|(_, id)| id.contains(':'))
                    .collect::<Vec<_>>();
                let before = stores
                    .get(at % stores.len().max(1))
                    .map(|(address, _)| vec!["state".to_owned(), "rm".to_owned(), address.clone()]);
                (before.into_iter().collect(), APPLY.to_vec(), Host::Main)
            }
            Operation::Import(at) => {
                let (address, id) = chosen(at);
                // What a `moved` block names and no apply has moved yet would be in the state twice.
                let object = id.split('@').next();
                let mut state = self.folder.state().into_iter();
                if state.any(|instance| {
                    instance.address != address && instance.attributes["id"].as_str() == object
                }) {
                    return self.commands(round, vec![PLAN.map(str::to_owned).to_vec()]);
                }
                let import = ["import", "-input=false", "-no-color"].map(str::to_owned);
                let import = [&import[..], &[address.clone(), id]].concat();
                return self
                    .commands(round, vec![vec!["state".to_owned(), "rm".to_owned(), address], import]);
            }
            Operation::Taint(at) => {
                (vec![vec!["taint".to_owned(), chosen(at).0]], APPLY.to_vec(), Host::Main)
            }
            Operation::Replace(at) => return self.commands(round, vec![applying(&with("-replace", at))]),
            Operation::Target(at) => return self.commands(round, vec![applying(&with("-target", at))]),
            Operation::DestroyOne(at) => {
                let mut command = applying(&with("-target", at));
                "destroy".clone_into(&mut command[0]);
                return self.commands(round, vec![command]);
            }
        };
        let mut ran = Vec::new();
        for command in before {
            ran.push(self.run_quietly(&command, Host::Main, true));
        }
        ran.push(self.run(round, &command, host));
        ran
    }

    fn commands(&mut self, round: &Round, mut commands: Vec<Vec<String>>) -> Vec<Ran> {
        let last = commands.pop().unwrap_or_default();
        let mut ran: Vec<Ran> =
            commands.iter().map(|command| self.run_quietly(command, Host::Main, true)).collect();
        ran.push(self.run(round, &last.iter().map(String::as_str).collect::<Vec<_>>(), Host::Main));
        ran
    }

    fn saved_plan(&mut self, round: &Round, plan: &[&str]) -> Vec<Ran> {
        let plan: Vec<String> = plan.iter().map(|argument| (*argument).to_owned()).collect();
        let planned = self.run_quietly(&plan, Host::Main, round.by_host);
        if planned.exit_code == Some(1) {
            return vec![planned];
        }
        vec![planned, self.run(round, &["apply", "-input=false", "-no-color", "saved"], Host::Main)]
    }

    /// Runs a command that nobody disturbs but by faults.
    fn run_quietly(&mut self, command: &[String], host: Host, by_host: bool) -> Ran {
        self.stage.begin_command(&[]);
        let command: Vec<&str> = command.iter().map(String::as_str).collect();
        self.finish(&command, host, by_host)
    }

    fn run(&mut self, round: &Round, command: &[&str], host: Host) -> Ran {
        let now =
            |disturbance: &&Disturbance| matches!(disturbance.moment, Moment::Before | Moment::BeforeApply);
        self.stage.begin_command(&round.disturbances);
        for disturbance in round.disturbances.iter().filter(now) {
            self.stage.act_now(&disturbance.act);
        }
        self.finish(command, host, round.by_host || host == Host::Newest)
    }

    fn finish(&mut self, command: &[&str], host: Host, by_host: bool) -> Ran {
        let ran = self.folder.run(&self.stage, host, command, by_host);
        self.story.push(format!("  {} -> {:?}: {}", ran.arguments, ran.exit_code, ran.output));
        ran
    }

    fn judge_round(&mut self, round: &Round, before: &[Instance], ran: &[Ran]) -> Result<(), Violation> {
        self.judge(Some(round.operation), ran)?;
        self.judge_dropped(round, before, ran)?;
        let undisturbed = round.faults.is_empty() && round.disturbances.is_empty();
        if let (Operation::Plan, true, Some(0)) = (round.operation, undisturbed, ran[0].exit_code)
            && let Some(difference) = self.difference()
        {
            return violation("QUIET_PLAN", format!("a plan shows no changes, but {difference}"));
        }
        self.judge_state(round, ran)
    }

    /// Judges what was sent, printed and left behind, and what has become of the settings of others.
    fn judge(&mut self, operation: Option<Operation>, ran: &[Ran]) -> Result<(), Violation> {
        for ran in ran {
            self.stage.log(|log| {
                judge_command(ran, log)?;
                judge_calls(ran, operation, &self.config, log)
            })?;
        }
        let writes = self.stage.log(|log| log.writes[self.writes..].to_vec());
        self.writes += writes.len();
        for write in writes {
            self.expected[write.store].extend(write.members);
        }
        for (store, described) in STORES.iter().enumerate() {
            let members = self.stage.cloud().members(store);
            self.judge_settings(store, &members, ran)?;
            let conf = members.get("encrypt_conf").filter(|conf| conf.is_object());
            let wanted = permanent_values(&self.config.permanent_values(store));
            if let Some(conf) = conf.filter(|conf| permanent_values(conf) != wanted) {
                return violation("PERMANENT", format!("{described:?} has {conf}, not {wanted}"));
            }
        }
        Ok(())
    }

    fn judge_settings(
        &mut self,
        store: usize,
        members: &Map<String, Value>,
        ran: &[Ran],
    ) -> Result<(), Violation> {
        let (expected, now) = (&self.expected[store], settings_of_others(members));
        let names: BTreeSet<&String> = expected.keys().chain(now.keys()).collect();
        for name in names.into_iter().filter(|name| expected.get(*name) != now.get(*name)) {
            let value = now.get(name).unwrap_or(&Value::Null);
            let reason = self.stage.log(|log| explain_loss(store, (name, value), ran, log))?;
            self.figures.count(reason);
        }
        self.expected[store] = now;
        Ok(())
    }

    /// What is configured, there, and was in the state stays in the state.
    fn judge_dropped(&self, round: &Round, before: &[Instance], ran: &[Ran]) -> Result<(), Violation> {
        use Operation::{Apply, Plan, Query, RefreshOnly, SavedPlan, Target};
        let replaces = |change: &Change| {
            matches!(change, Change::Rename { .. } | Change::RenameRole { .. } | Change::Wrong { .. })
        };
        let killed =
            self.stage.log(|log| log.has_act(ran[0].command, |act| matches!(act, Act::KillTerraform)));
        let keeps = matches!(round.operation, Apply | SavedPlan | Plan | RefreshOnly | Target(_) | Query);
        if killed || !keeps || round.changes.iter().any(replaces) {
            return Ok(());
        }
        let lies = |action: &str| {
            round.faults.iter().any(|fault| fault.action == action && fault.effect_name() == "stale")
        };
        let after = self.folder.state();
        for (address, id) in self.config.addresses() {
            // A role that two reads do not show is gone, by the service's word.
            let may_be_gone = !id.contains(':') && lies("GetRole");
            let was_there = before.iter().any(|instance| instance.address == address && instance.is_whole);
            let is_there = after.iter().any(|instance| instance.address == address);
            if was_there && !is_there && !may_be_gone {
                return violation("DROPPED", format!("{address} is not in the state any more"));
            }
        }
        Ok(())
    }

    /// After a success the state says what is so.
    fn judge_state(&self, round: &Round, ran: &[Ran]) -> Result<(), Violation> {
        let Some(last) = ran.last() else { return Ok(()) };
        let whole = matches!(round.operation, Operation::Apply | Operation::SavedPlan);
        // The read after a write may show what was before it. An update that is acknowledged and not carried out shows.
        let is_stale = |fault: &Fault| fault.action == "GetLogStore" && fault.effect_name() == "stale";
        let lies = round.faults.iter().any(is_stale);
        if !whole || lies || last.exit_code != Some(0) || round.arguments.contains(&"-refresh=false") {
            return Ok(());
        }
        let state = self.folder.state();
        for (store, described) in STORES.iter().enumerate() {
            let Some(entry) = self.config.store(store) else { continue };
            let toggles = |act: &Act| matches!(act, Act::Toggle { store: of } if *of == store);
            if self.stage.log(|log| log.has_act(ran[0].command, toggles)) {
                continue;
            }
            let instance = state.iter().find(|instance| instance.address == entry.address());
            let in_state = instance.map(|instance| &instance.attributes["enable"]);
            let conf = self.stage.cloud().members(store).remove("encrypt_conf").unwrap_or_default();
            if in_state != Some(&json!(entry.enable)) || conf["enable"] != entry.enable {
                return violation(
                    "LIES",
                    format!("{described:?}: success, configured {entry:?}, state {in_state:?}, there {conf}"),
                );
            }
        }
        Ok(())
    }

    /// How what is there differs from the configuration.
    fn difference(&self) -> Option<String> {
        let cloud = self.stage.cloud();
        for (store, described) in STORES.iter().enumerate() {
            let Some(entry) = self.config.store(store) else { continue };
            let conf = cloud.members(store).remove("encrypt_conf").unwrap_or_default();
            let wanted = permanent_values(&self.config.permanent_values(store));
            if conf["enable"] != entry.enable || permanent_values(&conf) != wanted {
                return Some(format!("{described:?} has {conf}, not {entry:?} {wanted}"));
            }
        }
        let mut policies = Map::new();
        for (role, name) in ROLES.iter().enumerate() {
            let wanted = self.config.role(role);
            let there = cloud.role(role);
            let complete = wanted.map(|entry| {
                json!({"description": entry.description(), "max_session_duration": entry.max_session_duration,
                    "tags": entry.tags(), "policies": ["AliyunKMSCryptoUserAccess", "AliyunKMSReadOnlyAccess"]})
            });
            if there != complete {
                return Some(format!("role {name} is {there:?}, not {complete:?}"));
            }
            let entry = wanted.filter(|entry| entry.pass_role > 0);
            policies.extend(entry.map(|entry| (format!("{name}-pass-role"), json!(entry.holders()))));
        }
        let there = cloud.custom_policies();
        (there != json!(policies)).then(|| format!("the custom policies are {there}, not {policies:?}"))
    }

    /// With all faults lifted, one apply does what is configured, and the plan after it is empty.
    fn settle(&mut self) -> Result<(), Violation> {
        let apply = applying(&[]);
        let mut ran = vec![self.run_quietly(&apply, Host::Main, false)];
        // SIGKILL has lost a role that was just made: the output says how it is imported.
        for (role, name) in ROLES.into_iter().enumerate() {
            let says = |text: &str| ran.last().is_some_and(|ran| ran.output.contains(text));
            if says("A role of this name exists already") && says(name) && self.was_killed() {
                self.figures.count("a role that was imported after a SIGKILL");
                let address = self.config.role_address(role);
                let import = ["import", "-input=false", "-no-color", &address, name].map(str::to_owned);
                ran.push(self.run_quietly(&import, Host::Main, false));
                ran.push(self.run_quietly(&apply, Host::Main, false));
            }
        }
        let applied = ran.last().cloned();
        let plan = PLAN.map(str::to_owned);
        let planned = self.run_quietly(&plan, Host::Main, false);
        ran.push(planned.clone());
        self.stage.calm_down();
        self.judge(None, &ran)?;
        if let Some(applied) = applied.filter(|applied| applied.exit_code != Some(0)) {
            return violation("NOT_CONVERGED", applied.output);
        }
        if planned.exit_code != Some(0) {
            return violation("NOT_EMPTY", planned.output);
        }
        self.remove_what_a_kill_has_lost();
        if let Some(difference) = self.difference() {
            return violation("DIFFERS", format!("after a clean apply and an empty plan {difference}"));
        }
        self.judge_whole_state()?;
        self.config.settled();
        self.settled = self.stage.command();
        self.figures.count("clean applies with an empty plan after them");
        Ok(())
    }

    fn was_killed(&self) -> bool {
        let kills = |act: &Act| matches!(act, Act::KillTerraform | Act::KillProvider);
        self.stage.log(|log| log.has_act(self.settled, kills))
    }

    /// A role that a killed command made and nothing manages since; a person would delete it.
    fn remove_what_a_kill_has_lost(&mut self) {
        for role in (0..ROLES.len()).filter(|role| self.config.role(*role).is_none()).collect::<Vec<_>>() {
            if self.was_killed() && self.stage.cloud().delete_role(role) {
                self.figures.count("a role that a SIGKILL orphaned");
            }
        }
    }

    /// The state holds what is configured and nothing else, and nothing is tainted.
    fn judge_whole_state(&self) -> Result<(), Violation> {
        let mut held: Vec<String> = self
            .folder
            .state()
            .into_iter()
            .map(|instance| {
                if instance.is_whole { instance.address } else { format!("{} (not whole)", instance.address) }
            })
            .collect();
        let mut wanted: Vec<String> =
            self.config.addresses().into_iter().map(|(address, _)| address).collect();
        held.sort();
        wanted.sort();
        if held != wanted {
            return violation("STATE", format!("the state holds {held:?}, not {wanted:?}"));
        }
        Ok(())
    }

    /// Destroys everything: encryption is switched off where `on_destroy` says so, and nowhere else.
    fn end(&mut self) -> Result<(), Violation> {
        self.settle()?;
        let enabled = |play: &Play| -> Vec<Value> {
            let conf = |store| play.stage.cloud().members(store).remove("encrypt_conf").unwrap_or_default();
            (0..STORES.len()).map(|store| conf(store)["enable"].clone()).collect()
        };
        let mut wanted = enabled(self);
        for (store, wanted) in wanted.iter_mut().enumerate() {
            if self.config.store(store).is_some_and(|entry| entry.disable_on_destroy) {
                *wanted = json!(false);
            }
        }
        let mut destroy = applying(&[]);
        "destroy".clone_into(&mut destroy[0]);
        let ran = self.run_quietly(&destroy, Host::Main, false);
        self.stage.calm_down();
        self.judge(None, std::slice::from_ref(&ran))?;
        if ran.exit_code != Some(0) {
            return violation("NOT_DESTROYED", ran.output);
        }
        let there = enabled(self);
        if there != wanted {
            return violation("DESTROYED", format!("enable is {there:?} after the destroy, not {wanted:?}"));
        }
        let roles: Vec<Option<Value>> = (0..ROLES.len()).map(|role| self.stage.cloud().role(role)).collect();
        let policies = self.stage.cloud().custom_policies();
        if roles.iter().any(Option::is_some) || policies != json!({}) || !self.folder.state().is_empty() {
            return violation("ORPHAN", format!("after the destroy there are {roles:?}, {policies}"));
        }
        Ok(())
    }
}

fn applying(arguments: &[String]) -> Vec<String> {
    APPLY.iter().map(|argument| (*argument).to_owned()).chain(arguments.iter().cloned()).collect()
}

const QUERY: &str = "list \"alicloud_log_store_encryption\" \"all\" {\n  provider = alicloud\n  config {}\n}\nlist \"alicloud_ram_byok_role\" \"all\" {\n  provider = alicloud\n  config {}\n}\n";
