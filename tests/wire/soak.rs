//! The real provider over days of the emulator's clock: one process, hundreds of Logstores, sessions that end, and
//! services that fail now and then. What it uses of the machine does not grow, and every state is right.
//!
//! A phase configures the provider once, as `terraform test` does, and refreshes and plans all Logstores in several
//! rounds. A short run is a test; `scripts/soak provider` runs it at length, with the variables that [`Extent`] has.
//!
//! | variable | what it does |
//! | --- | --- |
//! | `SOAK_PROVIDER` | the program that is run in place of the one that cargo has built with the tests |

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use emulator::{Clock, Config, Emulator, Seed};
use futures_util::{StreamExt as _, stream};
use serde_json::{Value as Json, json};
use test_support::async_http::control;
use test_support::extent::Extent;
use test_support::figures::Figures;
use test_support::network::Server;
use test_support::usage::{Usage, forget_peak};
use test_support::waiting::within_limit;
use test_support::{Key, date, exchange, rpc_request};

use crate::client::pb::tfplugin6::{self as pb, diagnostic::Severity};
use crate::hostile::plugin::Plugin;

const TYPE: &str = "alicloud_log_store_encryption";
const ROLE: &str = "acs:ram::1234567890123456:role/deployer";

/// The phases of a short run.
const SHORT_RUN: u64 = 3;

/// How many Logstores there are.
const LOGSTORES: usize = 500;
const LOGSTORES_OF_SHORT_RUN: usize = 40;

/// A project has no more of them.
const LOGSTORES_OF_PROJECT: usize = 100;

/// One of so many has a key of the customer.
const CUSTOMERS_KEY: usize = 25;

/// How many calls core makes at once.
const AT_ONCE: usize = 10;

/// How many requests the provider may have under way.
const MAX_CONCURRENCY: usize = 10;

/// One of so many is switched off or on in each phase.
const SWITCHED: usize = 20;

/// What the memory of the last third may be more than that of the first, beside an eighth: how the allocator lies.
const MEMORY_MARGIN: usize = 2 << 20;

/// A resource, as core holds it.
struct Object {
    project: String,
    name: String,
    has_customers_key: bool,
    enable: bool,
    state: pb::DynamicValue,
    private: Vec<u8>,
}

/// How many calls of each action were answered with each status.
#[derive(Debug, Default)]
struct Calls(BTreeMap<(String, u64), usize>);

/// Where the provider has its session from.
#[derive(Clone, Copy, Debug)]
enum Source {
    /// It assumes a role.
    Role,
    /// An address that answers with sessions.
    Address,
}

struct World {
    emulator: Emulator,
    clock: Clock,
    sessions: Server,
    plugin: Plugin,
    objects: Vec<Object>,
    random: fastrand::Rng,
    figures: Figures,
}

#[tokio::test]
async fn over_days_and_failures_every_state_is_right_and_what_the_provider_uses_does_not_grow() {
    let extent = Extent::read(SHORT_RUN);
    let _or_replay = extent.or_replay("--test wire soak");
    let begun = Instant::now();
    let mut world = World::start(&extent).await;
    let mut samples = Vec::new();
    for phase in extent.rounds(1.0) {
        forget_peak(world.plugin.program.id()).unwrap();
        world.phase(if phase % 2 == 0 { Source::Role } else { Source::Address }).await;
        samples.push(Usage::of(world.plugin.program.id()).unwrap());
    }
    print(&world, &samples, begun.elapsed());
    judge(&samples);
    world.emulator.shutdown().await;
}

impl World {
    async fn start(extent: &Extent) -> Self {
        let count = if extent.is_long() { LOGSTORES } else { LOGSTORES_OF_SHORT_RUN };
        let clock = Clock::system();
        let seed = Seed::from_json(&seed(count).to_string(), &clock).unwrap();
        let emulator =
            Emulator::start(Config { seed, clock: clock.clone(), ..Config::default() }).await.unwrap();
        let address = emulator.addr();
        let mut world = Self {
            emulator,
            clock,
            sessions: Server::start(move |_| (200, session(address))),
            plugin: Plugin::start(&[]).await,
            objects: Vec::new(),
            random: fastrand::Rng::with_seed(extent.seed),
            figures: Figures::default(),
        };
        world.configure(Source::Role).await;
        for number in 0..count {
            let object = world.import(number).await;
            world.objects.push(object);
        }
        world.calls().await;
        world
    }

    /// One configuration of the provider, and rounds with it.
    async fn phase(&mut self, source: Source) {
        self.configure(source).await;
        self.move_clock();
        assert_eq!(self.quiet_round().await, 1, "{source:?}: the first session");
        // The session is over for the services; the client's clock is the machine's, and does not know.
        self.move_clock();
        assert_eq!(self.quiet_round().await, 1, "{source:?}: the renewal");
        assert_eq!(self.quiet_round().await, 0, "{source:?}: nothing to renew");
        self.switch_some().await;
        self.disturbed_round().await;
        assert!(self.quiet_round().await <= 1, "{source:?}: sessions after the faults");
        self.figures.count("configurations of the provider");
    }

    async fn configure(&mut self, source: Source) {
        let url = format!("http://{}", self.emulator.addr());
        let mut given = json!({ "endpoints": [{ "log": url, "ram": url, "kms": url, "sts": url }],
            "max_concurrency": MAX_CONCURRENCY, "max_retries": 3 });
        match source {
            Source::Role => {
                given["access_key"] = "ak-ci".into();
                given["secret_key"] = "sk-ci".into();
                given["assume_role"] = json!([{ "role_arn": ROLE }]);
            }
            Source::Address => given["credentials_uri"] = self.sessions.url().into(),
        }
        // Not checked before: so the provider knows that it is configured for more than one phase of a run.
        let told = self.plugin.configure(&given).await;
        assert!(told.diagnostics.is_empty(), "{}", told.text());
    }

    /// Moves the clock beyond the end of every session.
    fn move_clock(&mut self) {
        let seconds = self.random.i64(2 * 3_600..13 * 3_600);
        self.clock.advance(seconds).unwrap();
        self.figures.add("seconds that the clock was moved", seconds.unsigned_abs());
    }

    async fn import(&self, number: usize) -> Object {
        let (project, name) = (project_of(number), name_of(number));
        let mut provider = self.plugin.provider.clone();
        let request = pb::import_resource_state::Request {
            type_name: TYPE.to_owned(),
            id: format!("{project}:{name}"),
            ..Default::default()
        };
        let imported = within_limit("the import", provider.import_resource_state(request)).await;
        let imported = imported.unwrap().unwrap().into_inner();
        assert_eq!(imported.diagnostics, []);
        let [imported] = &imported.imported_resources[..] else { panic!("not one object") };
        let bare = Object {
            project,
            name,
            has_customers_key: has_customers_key(number),
            enable: true,
            state: imported.state.clone().unwrap(),
            private: imported.private.clone(),
        };
        let read = self.read(&bare).await;
        assert_eq!(read.diagnostics, []);
        Object { state: read.new_state.unwrap(), private: read.private, ..bare }
    }

    async fn read(&self, object: &Object) -> pb::read_resource::Response {
        let mut provider = self.plugin.provider.clone();
        let request = pb::read_resource::Request {
            type_name: TYPE.to_owned(),
            current_state: Some(object.state.clone()),
            private: object.private.clone(),
            ..Default::default()
        };
        within_limit("the refresh", provider.read_resource(request)).await.unwrap().unwrap().into_inner()
    }

    /// The plan of a resource that is configured as it is, but for `enable`.
    async fn plan(&self, object: &Object, enable: bool) -> pb::plan_resource_change::Response {
        let mut provider = self.plugin.provider.clone();
        let request = pb::plan_resource_change::Request {
            type_name: TYPE.to_owned(),
            prior_state: Some(object.state.clone()),
            proposed_new_state: Some(with_enable(&object.state, enable)),
            config: Some(self.plugin.resource_block(TYPE, &object.block(enable))),
            prior_private: object.private.clone(),
            ..Default::default()
        };
        within_limit("the plan", provider.plan_resource_change(request)).await.unwrap().unwrap().into_inner()
    }

    /// Reads and plans one Logstore: what is to be stored beside its state; `None` if it could not be read.
    async fn refresh(&self, object: &Object, may_fail: bool) -> Option<Vec<u8>> {
        let read = self.read(object).await;
        // Also where it cannot be read.
        assert_eq!(read.new_state.as_ref(), Some(&object.state), "{}: {:?}", object.name, read.diagnostics);
        if may_fail && has_errors(&read.diagnostics) {
            return None;
        }
        assert_eq!(read.diagnostics, [], "{}", object.name);
        let planned = self.plan(object, object.enable).await;
        assert_eq!(planned.diagnostics, [], "{}", object.name);
        assert_eq!(planned.planned_state.as_ref(), Some(&object.state), "{}", object.name);
        assert_eq!(planned.requires_replace, [], "{}", object.name);
        Some(read.private)
    }

    /// Reads and plans every Logstore, and finds each as it is. How many were not read, and the calls of it.
    async fn round(&mut self, may_fail: bool) -> (usize, Calls) {
        let refreshes = stream::iter(&self.objects).map(|object| self.refresh(object, may_fail));
        let read: Vec<_> = refreshes.buffered(AT_ONCE).collect().await;
        let failed = read.iter().filter(|private| private.is_none()).count();
        for (object, private) in self.objects.iter_mut().zip(read) {
            if let Some(private) = private {
                object.private = private;
            }
        }
        self.figures.count("rounds");
        self.figures.add("resources read and planned", self.objects.len() as u64);
        (failed, self.calls().await)
    }

    /// A round without faults: one call of SLS for each Logstore. How many sessions were made.
    async fn quiet_round(&mut self) -> usize {
        let (_, calls) = self.round(false).await;
        assert_eq!(calls.of("GetLogStore", 200), self.objects.len(), "{calls:?}");
        // Those that were under way when the first one was told that its session is over.
        assert!(calls.of("GetLogStore", 401) <= MAX_CONCURRENCY, "{calls:?}");
        calls.of("AssumeRole", 200)
    }

    /// A round with a fault of reads: what cannot be read stays as it was known.
    async fn disturbed_round(&mut self) {
        let error = |status: u16, code: &str, message: &str| json!({ "error": { "status": status, "code": code, "message": message } });
        let effects = [
            "throttle".into(),
            "drop_before".into(),
            "drop_after".into(),
            error(500, "InternalServerError", "internal"),
            error(503, "ServerBusy", "busy"),
            error(401, "Unauthorized", "The security token you provided has expired."),
            error(403, "Forbidden", "denied"),
            json!({ "delay": { "ms": 20 } }),
            json!({ "respond": { "status": 200, "content_type": "application/json", "body": "{\"ttl\":" } }),
            json!({ "respond": { "status": 502, "content_type": "text/html", "body": "<html>" } }),
        ];
        let count = self.objects.len();
        let effect = self.random.choice(effects).unwrap();
        let rule = json!({ "service": "sls", "action": "GetLogStore", "effect": effect,
            "skip": self.random.usize(..count / 2), "times": self.random.usize(1..=count / 2) });
        self.control("POST", "faults", &rule.to_string()).await;
        let (failed, calls) = self.round(true).await;
        let left = self.control("GET", "faults", "").await;
        assert!(left[0]["times"] != rule["times"], "no call has met {rule}: {calls:?}");
        self.control("DELETE", "faults", "").await;
        assert!(calls.of("AssumeRole", 200) <= 1, "{rule}: {calls:?}");
        self.figures.add("resources that a fault kept from being read", failed as u64);
    }

    /// Switches the encryption of some Logstores off or on.
    async fn switch_some(&mut self) {
        let count = self.objects.len();
        for _ in 0..count / SWITCHED {
            let number = self.random.usize(..count);
            let object = &self.objects[number];
            let enable = !object.enable;
            let wanted = with_enable(&object.state, enable);
            let planned = self.plan(object, enable).await;
            assert!(!has_errors(&planned.diagnostics), "{:?}", planned.diagnostics);
            assert_eq!(planned.planned_state.as_ref(), Some(&wanted), "{}", object.name);
            let request = pb::apply_resource_change::Request {
                type_name: TYPE.to_owned(),
                prior_state: Some(object.state.clone()),
                planned_state: planned.planned_state,
                config: Some(self.plugin.resource_block(TYPE, &object.block(enable))),
                planned_private: planned.planned_private,
                ..Default::default()
            };
            let call = self.plugin.provider.apply_resource_change(request);
            let applied = within_limit("the apply", call).await.unwrap().unwrap().into_inner();
            assert!(!has_errors(&applied.diagnostics), "{:?}", applied.diagnostics);
            assert_eq!(applied.new_state.as_ref(), Some(&wanted), "{}", object.name);
            let path = format!("projects/{}/logstores/{}", object.project, object.name);
            assert_eq!(self.control("GET", &path, "").await["encrypt_conf"]["enable"], enable, "{path}");
            let object = &mut self.objects[number];
            (object.enable, object.state, object.private) = (enable, wanted, applied.private);
            self.figures.count("Logstores switched off or on");
        }
        let calls = self.calls().await;
        assert_eq!(calls.of("UpdateLogStore", 200), count / SWITCHED, "{calls:?}");
    }

    /// The calls since this was asked last.
    async fn calls(&mut self) -> Calls {
        let log = self.control("GET", "requests", "").await;
        self.control("DELETE", "requests", "").await;
        let mut calls = Calls::default();
        for call in log.as_array().unwrap() {
            let action = call["action"].as_str().unwrap_or_default().to_owned();
            *calls.0.entry((action, call["status"].as_u64().unwrap_or_default())).or_default() += 1;
        }
        self.figures.add("calls of the cloud", calls.0.values().sum::<usize>() as u64);
        self.figures.add("sessions", calls.of("AssumeRole", 200) as u64);
        calls
    }

    async fn control(&self, method: &str, path: &str, body: &str) -> Json {
        control(self.emulator.addr(), method, path, body).await.unwrap()
    }
}

impl Object {
    /// Its block in the configuration.
    fn block(&self, enable: bool) -> Json {
        let key = self.has_customers_key.then(customers_key);
        json!({ "project_name": self.project, "logstore_name": self.name, "region": "cn-hangzhou", "enable": enable,
            "encrypt_type": "default", "user_cmk_info": key, "on_immutable_change": "error", "on_destroy": "keep" })
    }
}

impl Calls {
    fn of(&self, action: &str, status: u64) -> usize {
        self.0.get(&(action.to_owned(), status)).copied().unwrap_or_default()
    }
}

fn project_of(number: usize) -> String {
    format!("soak-{}", number / LOGSTORES_OF_PROJECT)
}

fn name_of(number: usize) -> String {
    format!("app-{number}")
}

fn has_customers_key(number: usize) -> bool {
    number.is_multiple_of(CUSTOMERS_KEY)
}

fn customers_key() -> Json {
    json!({ "cmk_key_id": "key-soak", "arn": "acs:ram::1234567890123456:role/byok", "region_id": "cn-hangzhou" })
}

fn seed(count: usize) -> Json {
    let trust = |principal: Json| json!({ "Version": "1", "Statement": [{ "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal }] });
    let logstore = |number: usize| {
        let key = has_customers_key(number).then(customers_key);
        let mut conf = json!({ "enable": true, "encrypt_type": "default" });
        if let Some(key) = key {
            conf["user_cmk_info"] = key;
        }
        json!({ "logstoreName": name_of(number), "ttl": 30, "shardCount": 1, "encrypt_conf": conf })
    };
    let numbers: Vec<usize> = (0..count).collect();
    let project = |numbers: &[usize]| {
        let logstores: Vec<Json> = numbers.iter().copied().map(logstore).collect();
        json!({ "name": project_of(numbers[0]), "logstores": logstores })
    };
    let projects: Vec<Json> = numbers.chunks(LOGSTORES_OF_PROJECT).map(project).collect();
    json!({
        "access_keys": [{ "id": "ak-root", "secret": "sk-root" }, { "id": "ak-ci", "secret": "sk-ci", "user": "ci" }],
        "users": [{ "name": "ci", "policies": ["AdministratorAccess"] }],
        "roles": [
            { "name": "deployer", "policies": ["AdministratorAccess"],
                "assume_role_policy_document": trust(json!({ "RAM": ["acs:ram::1234567890123456:root"] })) },
            { "name": "byok", "policies": ["AliyunKMSReadOnlyAccess", "AliyunKMSCryptoUserAccess"],
                "assume_role_policy_document": trust(json!({ "Service": ["log.aliyuncs.com"] })) },
        ],
        "keys": [{ "id": "key-soak", "spec": "Aliyun_AES_256" }],
        "projects": projects,
    })
}

/// What the address answers: a session that was made for this.
fn session(emulator: SocketAddr) -> String {
    let parameters = [("RoleArn", ROLE), ("RoleSessionName", "address")];
    let action = ("2015-04-01", "AssumeRole");
    let key = Key::new("ak-ci", "sk-ci");
    let request = rpc_request(&key, "sts.aliyuncs.com", action, &date::iso_8601(), &parameters);
    let mut answer = exchange(emulator, &request).unwrap().expect_success().json()["Credentials"].take();
    answer["Code"] = "Success".into();
    answer.to_string()
}

/// A state with another value of `enable`. It is MessagePack: the name of a member, then its value.
fn with_enable(state: &pb::DynamicValue, enable: bool) -> pb::DynamicValue {
    const NAME: &[u8] = b"\xa6enable";
    let mut msgpack = state.msgpack.clone();
    let at = msgpack.windows(NAME.len()).position(|window| window == NAME).unwrap() + NAME.len();
    assert!([0xc2, 0xc3].contains(&msgpack[at]), "not a boolean");
    msgpack[at] = if enable { 0xc3 } else { 0xc2 };
    pb::DynamicValue { msgpack, json: Vec::new() }
}

fn has_errors(diagnostics: &[pb::Diagnostic]) -> bool {
    diagnostics.iter().any(|diagnostic| diagnostic.severity() == Severity::Error)
}

fn print(world: &World, samples: &[Usage], time: Duration) {
    let figures = &world.figures;
    println!("{:>9}  Logstores\n{figures}{:>9.1}  seconds", world.objects.len(), time.as_secs_f64());
    println!("{:>9}  days of the clock", figures.get("seconds that the clock was moved") / 86_400);
    println!("{:>9}  sessions asked of the address", world.sessions.asked());
    for (number, third) in samples.chunks(samples.len().div_ceil(3)).enumerate() {
        println!("third {}: {}", number + 1, told(most(third)));
    }
}

fn told(usage: Usage) -> String {
    let Usage { peak, threads, files, sockets, .. } = usage;
    format!("{} KiB of memory, {threads} threads, {files} files, {sockets} of them sockets", peak >> 10)
}

/// The most of each.
fn most(samples: &[Usage]) -> Usage {
    samples.iter().fold(Usage::default(), |most, sample| Usage {
        resident: most.resident.max(sample.resident),
        peak: most.peak.max(sample.peak),
        threads: most.threads.max(sample.threads),
        files: most.files.max(sample.files),
        sockets: most.sockets.max(sample.sockets),
    })
}

/// Checks that the last third took no more than the first.
fn judge(samples: &[Usage]) {
    let third = samples.len().div_ceil(3);
    let (first, last) = (most(&samples[..third]), most(&samples[samples.len() - third..]));
    let both = format!("{}\n{}", told(first), told(last));
    assert!(last.peak <= first.peak + first.peak / 8 + MEMORY_MARGIN, "memory grows:\n{both}");
    assert!(last.threads <= first.threads, "threads grow:\n{both}");
    // Connections to the emulator are kept for the next calls.
    assert!(last.sockets <= first.sockets + MAX_CONCURRENCY, "sockets stay open:\n{both}");
    assert!(last.files - last.sockets <= first.files - first.sockets, "files stay open:\n{both}");
}
