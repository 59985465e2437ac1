//! The scene of one test.

use std::cell::{Cell, RefCell};
use std::fmt::Write as _;
use std::fs::File;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::thread;

use serde_json::{Map, Value, json};
use tempfile::TempDir;
use test_support::EmulatorProcess;
use test_support::waiting::{LONGEST_WAIT, wait_for};

use super::emulator::start_emulator;
use super::plan::PLAN_FILE;
use super::run::{DebugProvider, ProviderStart};
use super::{Call, Host, Plan, Ran, Run, host};

/// What a plan does about a key or a role that is not ready.
const PREFLIGHT: &str = "ALICLOUD_ENCRYPTION_PREFLIGHT";

/// A directory with a configuration, an emulator, and the host to run.
///
/// Keys and roles are not looked at before a plan ([`Scene::look_at_keys_and_roles`]): most tests are about Logstores.
///
/// `provider.tf` is there from the start: it requires the provider as `alicloud` and configures it for
/// the emulator. Everything else is the test's.
pub struct Scene {
    emulator: RefCell<EmulatorProcess>,
    address: SocketAddr,
    environment: RefCell<Vec<(String, String)>>,
    history: RefCell<Vec<Ran>>,
    host_starts_provider: Cell<bool>,
    host: Cell<Host>,
    directory: TempDir,
}

impl Scene {
    /// A scene whose emulator starts with this seed.
    pub fn new(seed: &Value) -> Scene {
        Scene::build(Host::Main, seed, &[])
    }

    /// A scene of this host.
    pub fn on(host: Host, seed: &Value) -> Scene {
        Scene::build(host, seed, &[])
    }

    /// A scene whose emulator is started with further flags, such as `--strict`.
    pub fn with_flags(seed: &Value, flags: &[&str]) -> Scene {
        Scene::build(Host::Main, seed, flags)
    }

    fn build(host: Host, seed: &Value, flags: &[&str]) -> Scene {
        let directory = tempfile::Builder::new().prefix("acc-").tempdir().unwrap();
        let root = directory.path();
        for part in ["work", "home", "tmp", "sockets"] {
            std::fs::create_dir(root.join(part)).unwrap();
        }
        host::write_cli_config(&root.join("cli.tfrc"));
        let emulator = start_emulator(root, seed, flags);
        let address = emulator.address();
        let scene = Scene {
            emulator: RefCell::new(emulator),
            address,
            environment: RefCell::new(vec![(PREFLIGHT.to_owned(), "off".to_owned())]),
            history: RefCell::default(),
            host_starts_provider: Cell::default(),
            host: Cell::new(host),
            directory,
        };
        scene.provider("");
        scene
    }

    /// Writes `provider.tf` again, with further arguments in the provider block.
    pub fn provider(&self, arguments: &str) {
        let text = format!("{}{}", required_providers(), self.provider_block(arguments));
        self.write("provider.tf", &text);
    }

    /// A provider block for the emulator, with further arguments such as an alias.
    pub fn provider_block(&self, arguments: &str) -> String {
        let endpoint = self.endpoint();
        format!(
            "provider \"alicloud\" {{\n  access_key = \"ak-root\"\n  secret_key = \"sk-root\"\n  region = \"cn-hangzhou\"\n  endpoints {{\n    log = {endpoint:?}\n    ram = {endpoint:?}\n    sts = {endpoint:?}\n  }}\n{arguments}\n}}\n"
        )
    }

    /// The block that every configuration needs once, as [`Scene::provider`] writes it.
    #[expect(clippy::unused_self, reason = "read by a test as a part of its scene")]
    pub fn required_providers(&self) -> String {
        required_providers()
    }

    /// Where the emulator is reached.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Writes a file of the configuration. Lines are counted from 1: begin with the first, not with a
    /// line break.
    pub fn write(&self, file: &str, text: &str) {
        std::fs::write(self.path(file), text).unwrap();
    }

    /// Writes a file below the home directory.
    pub fn home(&self, file: &str, text: &str) {
        let path = self.root().join("home").join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// Reads a file of the configuration's directory.
    #[track_caller]
    pub fn read(&self, file: &str) -> String {
        std::fs::read_to_string(self.path(file)).unwrap()
    }

    /// Removes a file of the configuration.
    pub fn remove(&self, file: &str) {
        std::fs::remove_file(self.path(file)).unwrap();
    }

    /// The line, from 1, of the one place in a file that has this text.
    #[track_caller]
    pub fn line_of(&self, file: &str, text: &str) -> u64 {
        let content = self.read(file);
        let mut lines = (1..).zip(content.lines()).filter(|(_, line)| line.contains(text));
        let (Some((number, _)), None) = (lines.next(), lines.next()) else {
            panic!("{text:?} is not in exactly one line of {file}:\n{content}")
        };
        number
    }

    /// Sets an environment variable for the commands from here on.
    pub fn env(&self, name: &str, value: &str) {
        self.environment.borrow_mut().push((name.to_owned(), value.to_owned()));
    }

    /// Lets plans look at keys and roles from here on, as they do outside of these tests; the other services are the
    /// emulator too.
    pub fn look_at_keys_and_roles(&self) {
        self.env(PREFLIGHT, "");
        for service in ["RAM", "KMS", "STS"] {
            self.env(&format!("ALIBABA_CLOUD_ENDPOINT_{service}"), &self.endpoint());
        }
    }

    /// The directory of the configuration, or a file in it.
    pub fn path(&self, file: &str) -> PathBuf {
        self.root().join("work").join(file)
    }

    /// The directory that holds everything of the scene: `work` with the configuration, and `tmp`, the
    /// temporary directory of the host and the provider.
    pub fn root(&self) -> &Path {
        self.directory.path()
    }

    /// The host that runs the commands.
    pub fn host(&self) -> Host {
        self.host.get()
    }

    /// Runs the commands from here on with another host, as after an upgrade of Terraform.
    pub fn change_host(&self, host: Host) {
        self.host.set(host);
    }
}

/// Running the host.
impl Scene {
    /// Runs any command; its outcome is the test's to judge.
    ///
    /// The harness starts the provider, and the host attaches to it: that needs about half of the processor time of a
    /// provider that the host starts for each phase. The host starts it after [`Scene::host_starts_provider`], and with
    /// `TF_LOG`: the host logs only the providers that it has started.
    #[track_caller]
    pub fn run(&self, arguments: &[&str]) -> Ran {
        let environment = self.environment.borrow();
        let own =
            environment.iter().any(|(name, _)| ["TF_LOG", DebugProvider::VARIABLE].contains(&name.as_str()));
        drop(environment);
        let provider = if own || self.host_starts_provider.get() {
            ProviderStart::ByHost
        } else {
            ProviderStart::ByHarness
        };
        Run::start(self, self.next_number(), arguments, Stdio::null(), provider).wait()
    }

    /// From here on the host starts the provider, a process for each phase and provider block.
    pub fn host_starts_provider(&self) {
        self.host_starts_provider.set(true);
    }

    /// Starts a command and goes on. The host starts the provider.
    pub fn start(&self, arguments: &[&str]) -> Run<'_> {
        Run::start(self, self.next_number(), arguments, Stdio::null(), ProviderStart::ByHost)
    }

    /// Evaluates an expression in the console; its value is the last line printed.
    #[track_caller]
    pub fn console(&self, expression: &str) -> Ran {
        let file = self.root().join("expression");
        std::fs::write(&file, expression).unwrap();
        let input = File::open(file).unwrap().into();
        Run::start(self, self.next_number(), &["console"], input, ProviderStart::ByHarness).wait()
    }

    fn next_number(&self) -> usize {
        self.history.borrow().len() + 1
    }

    /// Plans and applies; must succeed.
    #[track_caller]
    pub fn apply(&self) -> Ran {
        self.try_apply().succeeded()
    }

    /// Plans and applies, which may fail.
    #[track_caller]
    pub fn try_apply(&self) -> Ran {
        self.try_apply_with(&[])
    }

    /// Plans and applies with further arguments, which may fail.
    #[track_caller]
    pub fn try_apply_with(&self, arguments: &[&str]) -> Ran {
        self.run(&[&["apply", "-auto-approve", "-input=false", "-json"], arguments].concat())
    }

    /// Starts an apply and goes on.
    pub fn start_apply(&self) -> Run<'_> {
        self.start(&["apply", "-auto-approve", "-input=false", "-json"])
    }

    /// Plans; must succeed.
    #[track_caller]
    pub fn plan(&self) -> Plan<'_> {
        let plan = self.try_plan_with(&[]);
        assert_ne!(plan.ran.exit_code, Some(1), "the plan failed: {:#?}", plan.ran.diagnostics());
        plan
    }

    /// Plans, which may fail.
    #[track_caller]
    pub fn try_plan(&self) -> Ran {
        self.try_plan_with(&[]).ran
    }

    /// Plans with further arguments, which may fail.
    #[track_caller]
    pub fn try_plan_with(&self, arguments: &[&str]) -> Plan<'_> {
        let out = format!("-out={PLAN_FILE}");
        let fixed = ["plan", "-input=false", "-json", "-detailed-exitcode", &out];
        Plan { scene: self, ran: self.run(&[&fixed, arguments].concat()) }
    }

    /// Applies the plan that was made last, which may fail.
    #[track_caller]
    pub fn try_apply_plan(&self) -> Ran {
        self.run(&["apply", "-input=false", "-json", PLAN_FILE])
    }

    /// Destroys everything; must succeed.
    #[track_caller]
    pub fn destroy(&self) -> Ran {
        self.run(&["destroy", "-auto-approve", "-input=false", "-json"]).succeeded()
    }

    /// Validates, which may find errors.
    #[track_caller]
    pub fn validate(&self) -> Ran {
        self.run(&["validate", "-json"])
    }

    /// Imports by command, which may fail.
    #[track_caller]
    pub fn import(&self, address: &str, id: &str) -> Ran {
        self.run(&["import", "-input=false", "-no-color", address, id])
    }
}

/// Looking at and editing the state, in the file that holds it.
impl Scene {
    /// The whole state.
    #[track_caller]
    pub fn state(&self) -> Value {
        serde_json::from_str(&self.read("terraform.tfstate")).unwrap()
    }

    /// The addresses in the state, without indices. A resource whose create failed stays there as a name
    /// without an object, and is left out.
    #[track_caller]
    pub fn addresses(&self) -> Vec<String> {
        let state = self.state();
        let resources = state["resources"].as_array().unwrap().iter();
        resources.filter(|resource| resource["instances"] != json!([])).map(address_of).collect()
    }

    /// What the state holds of a resource: `attributes`, `private`, `status`, …
    #[track_caller]
    pub fn instance(&self, address: &str) -> Value {
        let state = self.state();
        let found =
            state["resources"].as_array().unwrap().iter().find(|resource| address_of(resource) == address);
        found.unwrap_or_else(|| panic!("{address} is not in the state {state:#}"))["instances"][0].clone()
    }

    /// The attributes of a resource in the state.
    #[track_caller]
    pub fn attributes(&self, address: &str) -> Map<String, Value> {
        self.instance(address)["attributes"].as_object().unwrap().clone()
    }

    /// Changes the attributes of a resource without the host.
    #[track_caller]
    pub fn edit_attributes(&self, address: &str, edit: impl FnOnce(&mut Map<String, Value>)) {
        let mut state = self.state();
        let resources = state["resources"].as_array_mut().unwrap();
        let resource = resources.iter_mut().find(|resource| address_of(resource) == address).unwrap();
        edit(resource["instances"][0]["attributes"].as_object_mut().unwrap());
        self.write("terraform.tfstate", &state.to_string());
    }
}

/// Looking at the emulator and changing what it holds.
impl Scene {
    /// Every call of a service since the start or the last [`Scene::forget_calls`], oldest first.
    #[track_caller]
    pub fn calls(&self) -> Vec<Call> {
        let log = self.control("GET", "requests", None);
        log.as_array().unwrap().iter().map(Call::of).collect()
    }

    /// The actions of [`Scene::calls`].
    #[track_caller]
    pub fn actions(&self) -> Vec<String> {
        self.calls().into_iter().map(|call| call.action).collect()
    }

    /// The calls that may change something.
    #[track_caller]
    pub fn writes(&self) -> Vec<Call> {
        self.calls().into_iter().filter(|call| !call.is_read()).collect()
    }

    /// Empties the log of calls.
    #[track_caller]
    pub fn forget_calls(&self) {
        self.control("DELETE", "requests", None);
    }

    /// Waits until the log of calls is as wanted, and gives it back.
    #[track_caller]
    pub fn await_calls(&self, what: &str, wanted: impl Fn(&[Call]) -> bool) -> Vec<Call> {
        let look = || Ok(Some(self.calls()).filter(|calls| wanted(calls)));
        let found = wait_for(what, LONGEST_WAIT, look);
        found.unwrap_or_else(|error| panic!("{error}: {:#?}", self.calls()))
    }

    /// Everything the emulator holds of a Logstore: the members `GetLogStore` answers with.
    #[track_caller]
    pub fn log_store(&self, project: &str, name: &str) -> Map<String, Value> {
        let path = log_store_path(project, name);
        self.control("GET", &path, None).as_object().unwrap().clone()
    }

    /// Merges members into a Logstore, past the service's rules; `null` takes a member away.
    #[track_caller]
    pub fn patch_log_store(&self, project: &str, name: &str, members: &Value) {
        self.control("PATCH", &log_store_path(project, name), Some(members));
    }

    /// Creates or replaces a Logstore, past the service's rules.
    #[track_caller]
    pub fn put_log_store(&self, project: &str, name: &str, members: &Value) {
        self.control("PUT", &log_store_path(project, name), Some(members));
    }

    /// Deletes a Logstore.
    #[track_caller]
    pub fn delete_log_store(&self, project: &str, name: &str) {
        self.control("DELETE", &log_store_path(project, name), None);
    }

    /// Deletes a project and everything in it.
    #[track_caller]
    pub fn delete_project(&self, project: &str) {
        self.control("DELETE", &format!("projects/{project}"), None);
    }

    /// Orders a fault of SLS: `action` and `effect`, perhaps `skip`, `times`, `project`, `logstore`.
    #[track_caller]
    pub fn fault(&self, rule: &Value) {
        self.fault_of("sls", rule);
    }

    /// Orders a fault of a service: `action` and `effect`, perhaps `skip` and `times`.
    #[track_caller]
    pub fn fault_of(&self, service: &str, rule: &Value) {
        let mut rule = rule.clone();
        rule["service"] = json!(service);
        self.control("POST", "faults", Some(&rule));
    }

    /// Waits until every ordered fault has been used. A call that a fault holds is held from then on; the log of calls
    /// shows it a moment earlier.
    #[track_caller]
    pub fn await_faults(&self) {
        self.await_calls("a call for each fault", |_| self.control("GET", "faults", None) == json!([]));
    }

    /// Sets how many calls a service admits in a second.
    #[track_caller]
    pub fn quota(&self, quota: &Value) {
        self.control("PUT", "quotas", Some(quota));
    }

    /// Takes all faults back and lets held calls go.
    #[track_caller]
    pub fn clear_faults(&self) {
        self.control("DELETE", "faults", None);
    }

    /// Lets held calls go.
    #[track_caller]
    pub fn release(&self) {
        self.control("POST", "faults/release", None);
    }

    /// Moves the emulator's clock.
    #[track_caller]
    pub fn advance_clock(&self, seconds: i64) {
        self.control("POST", "clock", Some(&json!({"advance_seconds": seconds})));
    }

    /// Ends the emulator, so that connections are refused.
    pub fn stop_emulator(&self) {
        self.emulator.borrow_mut().kill();
    }

    /// One call to the control API, below `/_emulator/`.
    #[track_caller]
    pub fn control(&self, method: &str, path: &str, body: Option<&Value>) -> Value {
        test_support::control(self.address, method, path, body).unwrap()
    }
}

/// What the rest of the harness needs.
impl Scene {
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(super) fn environment(&self) -> Vec<(String, String)> {
        self.environment.borrow().clone()
    }

    pub(super) fn remember(&self, ran: Ran) {
        self.history.borrow_mut().push(ran);
    }

    /// Everything that happened, for a person who has to find out why a test failed.
    fn report(&self) -> String {
        let mut report = format!("\n=== {}\n", self.path("").display());
        for ran in self.history.borrow().iter() {
            let Ran { command, exit_code, stdout, stderr } = ran;
            let _ = writeln!(
                report,
                "=== {command}\n=== exit code {exit_code:?}\n--- stdout\n{stdout}\n--- stderr\n{stderr}"
            );
        }
        for file in files_in(&self.path("")) {
            let text = std::fs::read_to_string(&file).unwrap_or_else(|_| "(not text)".to_owned());
            let _ = writeln!(report, "=== {}\n{text}", file.display());
        }
        let _ = writeln!(report, "=== emulator\n{}", self.emulator.borrow().log());
        report
    }
}

/// A test that fails leaves everything it saw in its output.
impl Drop for Scene {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("{}", self.report());
        }
    }
}

fn required_providers() -> String {
    format!(
        "terraform {{\n  required_providers {{\n    alicloud = {{ source = {:?} }}\n  }}\n}}\n",
        host::SOURCE
    )
}

fn log_store_path(project: &str, name: &str) -> String {
    format!("projects/{project}/logstores/{name}")
}

fn address_of(resource: &Value) -> String {
    format!("{}.{}", resource["type"].as_str().unwrap(), resource["name"].as_str().unwrap())
}

fn files_in(directory: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    let mut files: Vec<_> = entries.map(|entry| entry.path()).filter(|path| path.is_file()).collect();
    files.sort();
    files
}
