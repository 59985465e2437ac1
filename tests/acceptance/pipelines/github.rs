//! `examples/ci/github`: each `run:` of each job, in a checkout of its own, with what GitHub would give it.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::{Map, Value};

use super::account::{Account, System};
use super::checkout::Outcome;
use super::servers::{READER, REQUEST_TOKEN, WRITER, tokens};
use super::workflow::{elements, members, read, rows_of_lists, text};
use super::world::World;

/// The workflows.
pub const FILES: [&str; 3] = ["ci/github/plan.yml", "ci/github/apply.yml", "ci/github/drift.yml"];

/// A run of a workflow.
struct Run<'a> {
    world: &'a World,
    workflow: Value,
    /// What a token says of a job without an environment.
    subject: &'static str,
    /// The files of each artifact, by name.
    artifacts: RefCell<BTreeMap<String, BTreeMap<String, Vec<u8>>>>,
}

/// What a job did: its steps until one fails, and its page.
struct Job {
    steps: Vec<Outcome>,
    page: String,
}

impl Job {
    #[track_caller]
    fn succeeded(&self) -> &Job {
        for step in &self.steps {
            step.ended_with(0);
        }
        self
    }

    /// The step that failed.
    #[track_caller]
    fn failed(&self) -> &Outcome {
        let last = self.steps.last().unwrap();
        assert_ne!(last.code, Some(0), "no step failed");
        last
    }
}

const PULL_REQUEST: &str = "repo:octo-org/logstores:pull_request";
const MAIN: &str = "repo:octo-org/logstores:ref:refs/heads/main";

impl<'a> Run<'a> {
    fn of(world: &'a World, file: &str, subject: &'static str) -> Run<'a> {
        Run { world, workflow: read(file), subject, artifacts: RefCell::default() }
    }

    /// Runs a job once for each row of its matrix.
    fn job(&self, name: &str) -> Vec<Job> {
        let job = &self.workflow["jobs"][name];
        let matrix = members(&job["strategy"]["matrix"]);
        let rows = match matrix.get("include") {
            Some(rows) => elements(rows).iter().map(members).collect(),
            None => rows_of_lists(&matrix),
        };
        rows.iter().enumerate().map(|(number, row)| self.row(&format!("{name}-{number}"), job, row)).collect()
    }

    fn row(&self, name: &str, job: &Value, row: &Map<String, Value>) -> Job {
        let repository = &self.world.repository;
        let checkout = repository.checkout(name);
        let temporary = repository.path("runners").join(name);
        fs::create_dir_all(&temporary).unwrap();
        let page = temporary.join("page.md");
        let mut environment = vec![
            ("RUNNER_TEMP".to_owned(), temporary.display().to_string()),
            ("GITHUB_STEP_SUMMARY".to_owned(), page.display().to_string()),
        ];
        let permissions =
            [&job["permissions"], &self.workflow["permissions"]].into_iter().find(|p| !p.is_null());
        let server = (permissions.unwrap()["id-token"] == "write").then(|| tokens(&self.subject_of(job)));
        if let Some(server) = &server {
            let url = format!("{}/?api-version=2.0", server.url());
            environment.push(("ACTIONS_ID_TOKEN_REQUEST_URL".to_owned(), url));
            environment.push(("ACTIONS_ID_TOKEN_REQUEST_TOKEN".to_owned(), REQUEST_TOKEN.to_owned()));
        }
        environment.extend(
            row.get("account").map(|id| self.world.account(&text(id)).endpoints()).unwrap_or_default(),
        );
        let filled = |value: &Value| filled(&text(value), |name| self.value(name, row, &temporary));
        let filled_members = |value: &Value| -> Vec<(String, String)> {
            members(value).iter().map(|(name, value)| (name.clone(), filled(value))).collect()
        };
        environment.extend(filled_members(&self.workflow["env"]));
        environment.extend(filled_members(&job["env"]));
        let mut steps = Vec::new();
        for step in elements(&job["steps"]) {
            if let Some(uses) = step["uses"].as_str() {
                let with: BTreeMap<_, _> = filled_members(&step["with"]).into_iter().collect();
                self.action(uses.split('@').next().unwrap(), &with, &checkout);
                continue;
            }
            let of_step = [environment.clone(), filled_members(&step["env"])].concat();
            let outcome = repository.run(&checkout, step["run"].as_str().unwrap(), &of_step);
            let has_failed = outcome.code != Some(0);
            steps.push(outcome);
            if has_failed {
                break;
            }
        }
        Job { steps, page: fs::read_to_string(page).unwrap_or_default() }
    }

    /// What a token says: an environment stands in the place of everything else.
    fn subject_of(&self, job: &Value) -> String {
        let environment = job["environment"].as_str();
        environment.map_or_else(
            || self.subject.to_owned(),
            |name| format!("repo:octo-org/logstores:environment:{name}"),
        )
    }

    /// The value of an expression.
    fn value(&self, name: &str, row: &Map<String, Value>, temporary: &Path) -> String {
        match name {
            "github.run_id" => "17".to_owned(),
            "github.ref" => "refs/heads/main".to_owned(),
            "runner.temp" => temporary.display().to_string(),
            "vars.STATE_ADDRESS" => self.world.states.url(),
            "vars.STATE_READER" => READER.0.to_owned(),
            "secrets.STATE_READER_PASSWORD" => READER.1.to_owned(),
            "vars.STATE_WRITER" => WRITER.0.to_owned(),
            "secrets.STATE_WRITER_PASSWORD" => WRITER.1.to_owned(),
            _ => {
                let of_matrix = name.strip_prefix("matrix.").and_then(|name| row.get(name));
                text(of_matrix.unwrap_or_else(|| panic!("{name} is not known")))
            }
        }
    }

    fn action(&self, action: &str, with: &BTreeMap<String, String>, checkout: &Path) {
        match action {
            "actions/checkout" => assert_eq!(with["persist-credentials"], "false"),
            // The wrapper of this action hides the exit code 2 of a plan.
            "hashicorp/setup-terraform" => assert_eq!(with["terraform_wrapper"], "false"),
            "actions/upload-artifact" => {
                let file = Path::new(&with["path"]);
                let name = file.file_name().unwrap().to_str().unwrap().to_owned();
                let files = BTreeMap::from([(name, fs::read(checkout.join(file)).unwrap())]);
                assert!(self.artifacts.borrow_mut().insert(with["name"].clone(), files).is_none());
            }
            "actions/download-artifact" => {
                for (name, content) in &self.artifacts.borrow()[&with["name"]] {
                    fs::write(checkout.join(&with["path"]).join(name), content).unwrap();
                }
            }
            other => panic!("{other} is not known"),
        }
    }
}

/// A text with the values of its expressions, `${{ … }}`.
fn filled(text: &str, value: impl Fn(&str) -> String) -> String {
    let mut parts = text.split("${{");
    let first = parts.next().unwrap().to_owned();
    parts.fold(first, |filled, part| {
        let (name, rest) = part.split_once("}}").unwrap();
        filled + &value(name.trim()) + rest
    })
}

#[test]
fn a_pull_request_is_planned_by_a_role_that_may_only_read() {
    let world = World::of(System::GitHub);
    let run = Run::of(&world, FILES[0], PULL_REQUEST);
    for job in run.job("check") {
        job.succeeded();
    }
    let jobs = run.job("plan");
    let lines = jobs.iter().map(|job| job.succeeded().page.matches("| configure | 1 | ").count());
    assert_eq!(lines.collect::<Vec<_>>(), [2, 1]);
    world.nothing_was_written();
    assert!(world.states.instances().is_empty());
}

#[test]
fn a_merge_is_applied_by_another_role_and_the_night_is_quiet() {
    let world = World::of(System::GitHub);
    let run = Run::of(&world, FILES[1], MAIN);
    for job in run.job("plan") {
        job.succeeded();
    }
    world.nothing_was_written();
    let artifacts = run.artifacts.borrow().clone();
    assert_eq!(artifacts.keys().collect::<Vec<_>>(), ["plan-audit-cn-shanghai", "plan-prod-cn-hangzhou"]);

    for files in artifacts.values() {
        let unpacked = unzipped(&files["plan.bin"], &world.repository.path("tmp"));
        assert!(unpacked.contains("sls-byok"), "what was unpacked is not the plan");
        for secret in [READER.1, WRITER.1, REQUEST_TOKEN, "eyJ"] {
            assert!(!unpacked.contains(secret), "{secret} is in the plan");
        }
    }

    for job in run.job("apply") {
        job.succeeded();
    }
    for account in &world.accounts {
        assert!(account.is_encrypted());
        let writers = account.writes();
        assert!(!writers.is_empty());
        for (action, principal) in writers {
            assert_eq!(action, "UpdateLogStore");
            assert!(principal.contains("terraform-apply"), "{principal}");
        }
    }
    let states = world.states.instances();
    let expected = world.accounts.iter().zip(["/prod-cn-hangzhou", "/audit-cn-shanghai"]);
    for (account, path) in expected {
        let all = account.inventory.projects.iter();
        let ids = all.flat_map(|(project, names)| names.iter().map(move |name| format!("{project}:{name}")));
        assert_eq!(states[path], ids.collect::<Vec<_>>());
    }
    assert_eq!(states.len(), 2);

    world.forget_calls();
    for job in run.job("apply") {
        job.failed().ended_with(1).says(&["Saved plan is stale"]);
    }
    let night = Run::of(&world, FILES[2], MAIN);
    for job in night.job("drift").iter().chain(&night.job("report")) {
        job.succeeded();
    }
    world.nothing_was_written();

    switch_off(&world.accounts[1]);
    let codes =
        |jobs: Vec<Job>| -> Vec<_> { jobs.iter().map(|job| job.steps.last().unwrap().code).collect() };
    let drift = night.job("drift");
    assert!(drift[1].page.contains("enable was `true`, is `false`"), "{}", drift[1].page);
    assert_eq!(codes(drift), [Some(0), Some(2)]);
    let report = night.job("report");
    assert!(report[1].page.contains("IN CLEAR, disabled"), "{}", report[1].page);
    assert_eq!(codes(report), [Some(0), Some(2)]);
}

fn switch_off(account: &Account) {
    let (project, names) = account.inventory.projects[0];
    let mut conf = account.encrypt_conf(project, names[0]);
    conf["enable"] = false.into();
    let path = format!("projects/{project}/logstores/{}", names[0]);
    account.control("PATCH", &path, Some(&serde_json::json!({"encrypt_conf": conf})));
}

#[test]
fn a_pull_request_cannot_become_the_role_that_applies() {
    let world = World::of(System::GitHub);
    // A pull request that changes the workflow: the job that applies, without the environment.
    let mut run = Run::of(&world, FILES[0], PULL_REQUEST);
    for role in ["terraform-apply", "terraform-gone"] {
        let arn = format!("acs:ram::${{{{ matrix.account }}}}:role/{role}");
        run.workflow["jobs"]["plan"]["env"]["ALIBABA_CLOUD_ROLE_ARN"] = arn.into();
        let job = run.job("plan").swap_remove(0);
        let step = job.failed().ended_with(1);
        assert!(step.command.starts_with("ci/steps/plan "), "{}", step.command);
        step.says(&["AssumeRoleWithOIDC", role]);
        assert!(!step.stderr.contains("kms:"), "{}", step.stderr);
    }
    world.nothing_was_written();

    // A fork gets no token.
    run.workflow["jobs"]["plan"]["permissions"]["id-token"] = Value::Null;
    run.job("plan")[0].failed().ended_with(1).says(&["give it the permission \"id-token: write\""]);
}

#[test]
fn the_role_that_plans_cannot_apply() {
    let world = World::of(System::GitHub);
    // Without a role of SLS: SLS is asked again for half a minute if it refuses one, which may be new.
    let live = world.repository.path("repository/ci/live/prod-cn-hangzhou");
    fs::write(live.join("override.tf"), "module \"logstores\" {\n  user_cmk_info = null\n}\n").unwrap();
    let mut run = Run::of(&world, FILES[1], MAIN);
    let jobs = &mut run.workflow["jobs"];
    let steps = jobs["plan"]["steps"].as_array_mut().unwrap();
    steps.retain(|step| !text_of_run(step).starts_with("ci/steps/policy"));
    jobs["apply"]["environment"] = Value::Null;
    jobs["apply"]["env"]["ALIBABA_CLOUD_ROLE_ARN"] =
        "acs:ram::${{ matrix.account }}:role/terraform-plan".into();
    for name in ["plan", "apply"] {
        // The first row is enough.
        jobs[name]["strategy"]["matrix"]["include"].as_array_mut().unwrap().truncate(1);
    }
    run.job("plan")[0].succeeded();
    run.job("apply")[0].failed().ended_with(1).says(&["log:UpdateLogStore"]);
    world.nothing_was_written();
}

/// All files of an archive, one after the other.
fn unzipped(archive: &[u8], folder: &Path) -> String {
    let file = folder.join("plan.bin");
    fs::write(&file, archive).unwrap();
    let script = "import sys, zipfile\nfor name in (z := zipfile.ZipFile(sys.argv[1])).namelist(): sys.stdout.buffer.write(z.read(name))";
    let output = std::process::Command::new("python3").args(["-c", script]).arg(&file).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The script of a step, empty if it is an action.
pub fn text_of_run(step: &Value) -> &str {
    step["run"].as_str().unwrap_or_default()
}
