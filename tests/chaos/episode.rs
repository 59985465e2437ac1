//! What an episode consists of, drawn by a seed. It is data that is drawn at once: what is left out of it changes
//! nothing else.

use std::collections::BTreeSet;
use std::fmt;

use fastrand::Rng;
use serde_json::{Map, Value, json};

use crate::world::{ROLES, STORES};

/// How many rounds an episode has.
pub const ROUNDS: usize = 12;

/// What holds for a whole episode.
#[derive(Clone, Debug)]
pub struct Setting {
    /// `--strict`, `--lenient` or neither.
    pub rules: Option<&'static str>,
    /// `preflight` of the provider.
    pub preflight: &'static str,
    /// `request_timeout` in milliseconds.
    pub request_timeout: u32,
    /// Whether the provider works as a role.
    pub assume_role: bool,
    /// Whether it uses `UpdateLogStoreEncryption`.
    pub dedicated_api: bool,
    /// How each Logstore is encrypted, which is permanent.
    pub choices: [Choice; STORES.len()],
}

/// The permanent part of a configuration.
#[derive(Clone, Copy, Debug)]
pub struct Choice {
    /// `encrypt_type`
    pub encrypt_type: &'static str,
    /// The role, with a key of one's own.
    pub role: Option<usize>,
}

/// An episode: an emulator, a configuration that changes, and what is done with it.
#[derive(Clone, Debug)]
pub struct Episode {
    /// The seed.
    pub seed: u64,
    /// What holds for all rounds.
    pub setting: Setting,
    /// One after the other.
    pub rounds: Vec<Round>,
    /// What is left out.
    without: BTreeSet<Part>,
}

/// A round: the configuration is changed, and something is done while faults, other writers and signals disturb it.
#[derive(Clone, Debug)]
pub struct Round {
    /// Changes of the configuration.
    pub changes: Vec<Change>,
    /// What is done.
    pub operation: Operation,
    /// Further arguments of `apply` and `plan`.
    pub arguments: Vec<&'static str>,
    /// Whether the host starts the provider.
    pub by_host: bool,
    /// Faults of the emulator.
    pub faults: Vec<Fault>,
    /// What others do meanwhile.
    pub disturbances: Vec<Disturbance>,
    /// Calls a second that SLS admits.
    pub quota: Option<u32>,
    /// Whether the faults are lifted then, and one clean apply has to converge.
    pub settles: bool,
}

/// A change of the configuration.
#[derive(Clone, Debug)]
pub enum Change {
    /// Encrypts a Logstore.
    Put { store: usize, for_each: bool, second_alias: bool, enable: bool, disable_on_destroy: bool },
    /// The resource leaves the configuration.
    Leave { store: usize },
    /// A `removed` block takes its place.
    Remove { store: usize, destroy: bool },
    /// `enable` is switched.
    Enable { store: usize },
    /// `on_destroy` is switched.
    OnDestroy { store: usize },
    /// The other alias of the provider.
    Alias { store: usize },
    /// Another name, or a key of `for_each`, with or without `moved`.
    Rename { store: usize, moved: bool, for_each: bool },
    /// Another permanent value, for this round.
    Wrong { store: usize, replace: bool },
    /// A role with description, session duration, tags and `pass_role`; or none, unless it is used.
    Role { role: usize, entry: Option<[u32; 4]> },
    /// Another name of the role's resource, with `moved`.
    RenameRole { role: usize },
}

/// What is done in a round. A number chooses among the addresses that are configured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Operation {
    Apply,
    SavedPlan,
    Plan,
    RefreshOnly,
    Import(usize),
    Readopt(usize),
    Replace(usize),
    Target(usize),
    Taint(usize),
    DestroyOne(usize),
    Query,
}

impl Operation {
    /// Its name, for the figures.
    pub fn name(self) -> String {
        format!("{self:?}").split('(').next().unwrap_or_default().to_owned()
    }
}

/// A fault of the emulator.
#[derive(Clone, Debug)]
pub struct Fault {
    pub service: &'static str,
    pub action: &'static str,
    pub skip: u64,
    pub times: u64,
    pub effect: Value,
}

impl Fault {
    /// As the control API takes it.
    pub fn rule(&self) -> Value {
        let Self { service, action, skip, times, effect } = self;
        let mut rule = json!({"service": service, "action": action, "skip": skip, "effect": effect});
        // A stale answer has its number in the effect.
        if self.effect_name() != "stale" {
            rule["times"] = json!(times);
        }
        rule
    }

    /// The name of its effect.
    pub fn effect_name(&self) -> String {
        let object = self.effect.as_object().and_then(|effect| effect.keys().next());
        object.map_or_else(|| self.effect.as_str().unwrap_or_default().to_owned(), Clone::clone)
    }
}

/// Something that others do at a moment.
#[derive(Clone, Debug)]
pub struct Disturbance {
    pub moment: Moment,
    pub act: Act,
}

/// A moment, by the calls that the provider has sent.
#[derive(Clone, Copy, Debug)]
pub enum Moment {
    /// Before the command.
    Before,
    /// Between a saved plan and its apply.
    BeforeApply,
    /// When the nth call of an action (from 0; `*` is any) has come and is not passed on yet.
    Sent { action: &'static str, nth: usize },
    /// When its answer has come and is not passed on yet.
    Answered { action: &'static str, nth: usize },
}

/// What others do.
#[derive(Clone, Debug)]
pub enum Act {
    /// Another writer sets members of a Logstore, past the service's rules, or by a signed `UpdateLogStore`.
    Write { store: usize, members: Map<String, Value>, signed: bool },
    /// Another writer sets a member of `encrypt_conf` that nobody knows.
    WriteConf { store: usize, value: u32 },
    /// Another writer switches encryption.
    Toggle { store: usize },
    /// Another writer detaches a policy from a role.
    Detach { role: usize },
    /// Another writer describes a role otherwise.
    Describe { role: usize },
    /// Held calls go on.
    Release,
    /// The emulator's clock moves on, by hours.
    Clock { hours: i64 },
    /// SIGKILL of terraform.
    KillTerraform,
    /// SIGKILL of the provider's processes.
    KillProvider,
    /// SIGKILL of the emulator, which is started again with what it has stored.
    KillEmulator,
    /// SIGINT of the group, as Ctrl-C in a terminal.
    Interrupt,
}

impl Act {
    /// True for a signal to a process of the command.
    pub fn is_signal(&self) -> bool {
        matches!(self, Act::KillTerraform | Act::KillProvider | Act::Interrupt)
    }
}

/// A part of an episode that can be left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    Round(usize),
    Change(usize, usize),
    Fault(usize, usize),
    Disturbance(usize, usize),
}

impl fmt::Display for Part {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Part::Round(round) => write!(formatter, "r{round}"),
            Part::Change(round, index) => write!(formatter, "c{round}.{index}"),
            Part::Fault(round, index) => write!(formatter, "f{round}.{index}"),
            Part::Disturbance(round, index) => write!(formatter, "d{round}.{index}"),
        }
    }
}

impl Episode {
    /// The episode of a seed.
    pub fn draw(seed: u64) -> Self {
        let mut draw = Draw(Rng::with_seed(seed));
        let setting = draw.setting();
        let rounds = (0..ROUNDS).map(|number| draw.round(number)).collect();
        Self { seed, setting, rounds, without: BTreeSet::new() }
    }

    /// Every part that is there.
    pub fn parts(&self) -> Vec<Part> {
        let mut parts = Vec::new();
        for (number, round) in self.rounds.iter().enumerate() {
            parts.push(Part::Round(number));
            parts.extend((0..round.changes.len()).map(|index| Part::Change(number, index)));
            parts.extend((0..round.faults.len()).map(|index| Part::Fault(number, index)));
            parts.extend((0..round.disturbances.len()).map(|index| Part::Disturbance(number, index)));
        }
        parts.retain(|part| self.has(*part));
        parts
    }

    /// True unless a part, or the round that it belongs to, is left out.
    pub fn has(&self, part: Part) -> bool {
        let (Part::Round(round)
        | Part::Change(round, _)
        | Part::Fault(round, _)
        | Part::Disturbance(round, _)) = part;
        !self.without.contains(&part) && !self.without.contains(&Part::Round(round))
    }

    /// The episode without these parts too.
    pub fn without(&self, parts: impl IntoIterator<Item = Part>) -> Self {
        let mut shorter = self.clone();
        shorter.without.extend(parts);
        shorter
    }

    /// What is there of a round; `None` if it is left out.
    pub fn round(&self, number: usize) -> Option<Round> {
        let mut round = self.rounds.get(number).filter(|_| self.has(Part::Round(number)))?.clone();
        let keeps = |part: fn(usize, usize) -> Part| {
            let mut index = 0;
            move || {
                index += 1;
                self.has(part(number, index - 1))
            }
        };
        let mut keep = keeps(Part::Change);
        round.changes.retain(|_| keep());
        let mut keep = keeps(Part::Fault);
        round.faults.retain(|_| keep());
        let mut keep = keeps(Part::Disturbance);
        round.disturbances.retain(|_| keep());
        Some(round)
    }

    /// The parts that are left out, as `CHAOS_WITHOUT` takes them.
    pub fn left_out(&self) -> String {
        let parts: Vec<String> = self.without.iter().map(Part::to_string).collect();
        parts.join(",")
    }

    /// Leaves out what `CHAOS_WITHOUT` names.
    pub fn without_named(&self, names: &str) -> Self {
        let names: Vec<&str> = names.split(',').collect();
        let parts = self.parts().into_iter();
        self.without(parts.filter(|part| names.contains(&part.to_string().as_str())))
    }
}

/// What is drawn from.
struct Draw(Rng);

const ENCRYPT_TYPES: [&str; 6] = ["default", "m4", "sm4", "sm4_gcm", "aes_ecb", "aes_gcm"];

const READS: [(&str, &str); 11] = [
    ("sls", "GetLogStore"),
    ("sls", "GetLogStore"),
    ("sls", "GetLogStore"),
    ("kms", "DescribeKey"),
    ("sts", "GetCallerIdentity"),
    ("ram", "GetRole"),
    ("ram", "GetRole"),
    ("ram", "ListPoliciesForRole"),
    ("ram", "ListTagResources"),
    ("ram", "GetPolicy"),
    ("ram", "ListEntitiesForPolicy"),
];

const WRITES: [(&str, &str); 16] = [
    ("sls", "UpdateLogStore"),
    ("sls", "UpdateLogStore"),
    ("sls", "UpdateLogStore"),
    ("sls", "UpdateLogStore"),
    ("sls", "UpdateLogStoreEncryption"),
    ("ram", "CreateRole"),
    ("ram", "AttachPolicyToRole"),
    ("ram", "DetachPolicyFromRole"),
    ("ram", "UpdateRole"),
    ("ram", "DeleteRole"),
    ("ram", "TagResources"),
    ("ram", "CreatePolicy"),
    ("ram", "AttachPolicyToUser"),
    ("ram", "DetachPolicyFromUser"),
    ("ram", "DeletePolicy"),
    ("sts", "AssumeRole"),
];

impl Draw {
    fn one_in(&mut self, number: u32) -> bool {
        self.0.u32(0..number) == 0
    }

    fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.0.usize(0..choices.len())]
    }

    fn store(&mut self) -> usize {
        self.0.usize(0..STORES.len())
    }

    fn role(&mut self) -> usize {
        self.0.usize(0..ROLES.len())
    }

    fn setting(&mut self) -> Setting {
        Setting {
            rules: self.one_of(&[None, None, Some("--strict"), Some("--lenient")]),
            preflight: self.one_of(&["error", "warn", "off"]),
            request_timeout: self.one_of(&[1200, 2500, 30_000]),
            assume_role: self.one_in(4),
            dedicated_api: self.one_in(6),
            choices: std::array::from_fn(|_| Choice {
                encrypt_type: self.one_of(&ENCRYPT_TYPES),
                role: self.one_in(2).then(|| self.role()),
            }),
        }
    }

    fn round(&mut self, number: usize) -> Round {
        let mut changes = Vec::new();
        if number == 0 {
            changes.extend([self.put(), self.put(), self.put()]);
        }
        for _ in 0..self.0.usize(0..4) {
            changes.push(self.change());
        }
        let operation = self.operation();
        let mut disturbances = Vec::new();
        for _ in 0..self.0.usize(0..4) {
            disturbances.push(self.disturbance(operation));
        }
        if self.one_in(5) {
            disturbances.push(self.signal());
        }
        let mut faults = Vec::new();
        for _ in 0..self.0.usize(0..4) {
            faults.push(self.fault(&mut disturbances));
        }
        if self.one_in(5) {
            self.race(&mut changes, &mut faults, &mut disturbances);
        }
        let mut arguments = vec![self.one_of(&["-parallelism=1", "-parallelism=1", "-parallelism=4"])];
        if self.one_in(8) && matches!(operation, Operation::Apply | Operation::SavedPlan) {
            arguments.push("-refresh=false");
        }
        Round {
            changes,
            operation,
            arguments,
            by_host: self.one_in(4) || disturbances.iter().any(|one| one.act.is_signal()),
            faults,
            disturbances,
            quota: self.one_in(8).then(|| self.0.u32(4..20)),
            settles: self.one_in(2),
        }
    }

    /// An update that takes long, or that is refused for seconds before SLS takes it, and another writer of the same
    /// Logstore meanwhile.
    fn race(
        &mut self,
        changes: &mut Vec<Change>,
        faults: &mut Vec<Fault>,
        disturbances: &mut Vec<Disturbance>,
    ) {
        let store = self.store();
        changes.push(Change::Enable { store });
        let (moment, times, effect) = if self.one_in(3) {
            let nth = self.0.usize(0..30);
            (Moment::Answered { action: "UpdateLogStore", nth }, self.0.u64(40..80), json!("throttle"))
        } else {
            let ms = self.one_of(&[1100, 1300, 2300]);
            let action = self.one_of(&["UpdateLogStore", "UpdateLogStore", "GetLogStore"]);
            let moment = Moment::Sent { action, nth: self.0.usize(0..2) };
            (moment, self.0.u64(1..3), json!({"delay": {"ms": ms}}))
        };
        faults.push(Fault { service: "sls", action: "UpdateLogStore", skip: 0, times, effect });
        disturbances.push(Disturbance {
            moment,
            act: Act::Write { store, members: self.members(), signed: self.one_in(4) },
        });
    }

    fn put(&mut self) -> Change {
        Change::Put {
            store: self.store(),
            for_each: self.one_in(3),
            second_alias: self.one_in(4),
            enable: !self.one_in(4),
            disable_on_destroy: self.one_in(3),
        }
    }

    fn change(&mut self) -> Change {
        let store = self.store();
        match self.0.u32(0..20) {
            0..3 => self.put(),
            3 => Change::Leave { store },
            4 => Change::Remove { store, destroy: self.0.bool() },
            5..10 => Change::Enable { store },
            10 => Change::OnDestroy { store },
            11 => Change::Alias { store },
            12..14 => Change::Rename { store, moved: true, for_each: self.0.bool() },
            14 => Change::Rename { store, moved: false, for_each: self.0.bool() },
            15 => Change::Wrong { store, replace: self.0.bool() },
            16 => Change::Role { role: self.role(), entry: None },
            17 => Change::RenameRole { role: self.role() },
            _ => {
                let entry =
                    [self.0.u32(0..9), self.one_of(&[3600, 7200]), self.0.u32(0..3), self.0.u32(0..8)];
                Change::Role { role: self.role(), entry: Some(entry) }
            }
        }
    }

    fn operation(&mut self) -> Operation {
        let at = self.0.usize(0..100);
        match self.0.u32(0..30) {
            0..11 => Operation::Apply,
            11..16 => Operation::SavedPlan,
            16..18 => Operation::Plan,
            18..20 => Operation::RefreshOnly,
            20 => Operation::Import(at),
            21..23 => Operation::Readopt(at),
            23..25 => Operation::Replace(at),
            25..27 => Operation::Target(at),
            27 => Operation::Taint(at),
            28 => Operation::DestroyOne(at),
            // It needs the newest host, which is slow to start.
            _ if self.one_in(3) => Operation::Query,
            _ => Operation::Apply,
        }
    }

    /// A moment: most are about the calls that write Logstores, and those around them.
    fn moment(&mut self) -> Moment {
        let nth = self.0.usize(0..3);
        let action = self.one_of(&[
            "UpdateLogStore",
            "UpdateLogStore",
            "GetLogStore",
            "GetLogStore",
            "UpdateLogStoreEncryption",
            "GetRole",
            "AttachPolicyToRole",
            "CreateRole",
            "*",
        ]);
        let nth = if action == "*" { self.0.usize(0..25) } else { nth };
        if self.one_in(3) { Moment::Answered { action, nth } } else { Moment::Sent { action, nth } }
    }

    fn disturbance(&mut self, operation: Operation) -> Disturbance {
        let moment = match self.0.u32(0..8) {
            0 => Moment::Before,
            1..4 if operation == Operation::SavedPlan => Moment::BeforeApply,
            _ => self.moment(),
        };
        let store = self.store();
        let act = match self.0.u32(0..20) {
            0..12 => Act::Write { store, members: self.members(), signed: self.one_in(3) },
            12..14 => Act::WriteConf { store, value: self.0.u32(1..1000) },
            14 => Act::Toggle { store },
            15 => Act::Detach { role: self.role() },
            16 => Act::Describe { role: self.role() },
            17 => Act::Clock { hours: self.0.i64(1..5) },
            18 if self.one_in(2) => Act::KillEmulator,
            _ => Act::Write { store, members: self.members(), signed: false },
        };
        Disturbance { moment, act }
    }

    fn members(&mut self) -> Map<String, Value> {
        let number = self.0.u32(100..400);
        let members = match self.0.u32(0..6) {
            0 | 1 => json!({"ttl": number}),
            2 => json!({"hot_ttl": 30 + number % 60}),
            3 if number.is_multiple_of(2) => json!({"autoSplit": false, "maxSplitShard": 0}),
            3 => json!({"autoSplit": true, "maxSplitShard": 1 + number % 200}),
            4 => json!({"enable_tracking": number.is_multiple_of(2), "appendMeta": number.is_multiple_of(3)}),
            _ => json!({"ownerNote": format!("note {number}")}),
        };
        members.as_object().cloned().unwrap_or_default()
    }

    fn signal(&mut self) -> Disturbance {
        let act = match self.0.u32(0..4) {
            0 => Act::KillTerraform,
            1 => Act::KillProvider,
            _ => Act::Interrupt,
        };
        Disturbance { moment: self.moment(), act }
    }

    fn fault(&mut self, disturbances: &mut Vec<Disturbance>) -> Fault {
        let reads = self.0.bool();
        let (mut service, mut action) = if reads { self.one_of(&READS) } else { self.one_of(&WRITES) };
        let error =
            |status: u16, code: &str| json!({"error": {"status": status, "code": code, "message": "chaos"}});
        let effect = match self.0.u32(0..20) {
            0..2 => json!("throttle"),
            2..4 => json!("drop_before"),
            4..7 => json!("drop_after"),
            7 if !reads => json!("ignore"),
            8..10 => {
                // Nothing of this says that what was asked for is not there.
                let refusals = [
                    (500, "InternalServerError"),
                    (503, "ServerBusy"),
                    (403, "Unauthorized"),
                    (404, "NotFound"),
                ];
                let (status, code) = self.one_of(&refusals);
                error(status, code)
            }
            10..12 => {
                // As a proxy answers. What it says of a Logstore would do the most harm.
                if reads {
                    (service, action) = ("sls", "GetLogStore");
                }
                let status = self.one_of(&[404, 404, 502]);
                json!({"respond": {"status": status, "content_type": "text/html", "body": "<html>"}})
            }
            12..14 => json!({"delay": {"ms": self.one_of(&[20, 100, 300, 1300])}}),
            14..16 => {
                disturbances.push(Disturbance { moment: self.moment(), act: Act::Release });
                json!({"hold": {}})
            }
            16 => {
                disturbances.push(Disturbance { moment: self.moment(), act: Act::Release });
                json!("hold_after")
            }
            // Only RAM looks back further than one write, and STS not at all.
            _ if reads && service != "sts" => {
                let writes = if service == "ram" { self.0.u32(1..13) } else { 1 };
                json!({"stale": {"reads": self.0.u32(1..3), "writes": writes}})
            }
            _ => json!("drop_after"),
        };
        let reads = effect["stale"]["reads"].as_u64();
        let times = reads.unwrap_or_else(|| self.0.u64(1..3));
        Fault { service, action, skip: self.0.u64(0..3), times, effect }
    }
}
