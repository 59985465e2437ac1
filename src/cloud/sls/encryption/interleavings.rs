//! The sequence under every interleaving with up to two changes of other writers, one fault and one delay or stale read.
//!
//! A simulated SLS asks a script at each point where something may interfere. The scripts are walked through like the
//! positions of an odometer, so that each combination is run once; time is a clock that only the simulation moves.

use std::{
    num::NonZero,
    sync::{
        Mutex, MutexGuard,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use serde_json::{Map, Value, json};

use super::{
    super::{EncryptConf, EncryptionApi, LogStore},
    Applied, Failure, LogStoreCalls, MAX_AGE, Update, Wanted, apply,
};
use crate::{
    clock::Clock as _,
    error::{Error, ErrorKind, Operation},
    testing::ManualClock,
};

type Fields = Map<String, Value>;

const fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// The time limit of an operation.
const LIMIT: Duration = Duration::from_secs(30);

/// What can interfere, in all, in one run.
#[derive(Clone, Copy)]
struct Budget {
    /// Changes of other writers.
    changes: usize,
    /// Calls that fail, are refused, or get no answer.
    faults: usize,
    /// Waits for a turn, slow answers and reads of an older version.
    delays: usize,
}

/// What one run begins with.
#[derive(Clone, Copy, Debug)]
struct Scene {
    api: EncryptionApi,
    /// The Logstore has a configuration that is off.
    is_toggle: bool,
    /// A read that was made for the plan is handed to the sequence.
    has_base: bool,
    /// `lastModifyTime` moves at each read, so that nothing tells an older version. None is then read after a newer one.
    times_move: bool,
    /// What the first and the second change of another writer are.
    changes: [Change; 2],
}

/// A change of another writer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    /// A setting gets another value.
    Ttl,
    /// A setting that was not there gets a value.
    HotTtl,
    /// A member of the configuration that nobody here knows.
    UnknownInConf,
    /// Encryption is configured and off.
    Off,
}

/// What comes of sending an update.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Course {
    /// Time until it is carried out, and from then on until it is answered.
    Answered(Duration, Duration),
    /// The same, but the answer is lost.
    Lost(Duration, Duration),
    /// The answer is lost, and it is never carried out.
    LostForGood,
    /// The answer is lost, and it is carried out after so many further calls.
    Late(usize),
    Refused(ErrorKind, &'static str),
    TokenExpired,
    /// The run is cancelled while it is under way; it is carried out, or not.
    Cancelled {
        carried_out: bool,
    },
    /// It is answered, and then the run is cancelled.
    ThenCancelled,
}

const ZERO: Duration = Duration::ZERO;

const FAULTS: [Course; 15] = [
    Course::Lost(ZERO, ZERO),
    Course::Lost(millis(1200), millis(300)),
    Course::Lost(millis(2500), ZERO),
    Course::LostForGood,
    Course::Late(1),
    Course::Late(2),
    Course::Late(9),
    Course::Refused(ErrorKind::Throttled, "slow down"),
    Course::Refused(ErrorKind::Denied, "no permission"),
    Course::Refused(ErrorKind::Invalid, "invalid"),
    Course::Refused(ErrorKind::Invalid, "redundant key exist in json"),
    Course::TokenExpired,
    Course::Cancelled { carried_out: true },
    Course::Cancelled { carried_out: false },
    Course::ThenCancelled,
];

/// Answers that are late without anything being wrong.
const SLOW: [Course; 3] = [
    Course::Answered(millis(1800), millis(1600)),
    Course::Answered(millis(2500), ZERO),
    Course::Answered(ZERO, millis(2500)),
];

/// Which way each choice of a run goes.
#[derive(Default)]
struct Script {
    /// The way that is taken and how many there are.
    choices: Vec<(usize, usize)>,
    at: usize,
}

impl Script {
    fn choose(&mut self, ways: usize) -> usize {
        if self.at == self.choices.len() {
            self.choices.push((0, ways));
        }
        let (way, known) = self.choices[self.at];
        assert_eq!(known, ways, "the run is not deterministic");
        self.at += 1;
        way
    }

    /// Goes on to the next script; `false` after the last one.
    fn next(&mut self) -> bool {
        self.at = 0;
        while let Some((way, ways)) = self.choices.pop() {
            if way + 1 < ways {
                self.choices.push((way + 1, ways));
                return true;
            }
        }
        false
    }
}

/// A change that another writer made.
struct Made {
    change: Change,
    value: Value,
    /// The version of the Logstore that first had it.
    version: usize,
    /// True once the sequence has read it.
    was_seen: bool,
    at: Duration,
}

/// An update that was sent.
struct Sent {
    body: Fields,
    base_requested_at: Duration,
    /// The version of the Logstore that it was built from.
    base_version: usize,
    carried_out: bool,
}

struct World {
    scene: Scene,
    script: Script,
    budget: Budget,
    /// Every version of the Logstore, the last one is how it is.
    versions: Vec<Fields>,
    /// The version each read that the sequence may build from has shown, by when it was sent.
    reads: Vec<(Duration, usize)>,
    /// The newest version that was read.
    newest_read: usize,
    made: Vec<Made>,
    sent: Vec<Sent>,
    /// An update that is carried out after so many further calls.
    late: Option<(usize, usize)>,
    carried_out_after_the_end: bool,
    cancelled: bool,
    /// True if the last look failed or was of an older version.
    final_read_is_blind: bool,
    calls: usize,
    trace: Vec<String>,
}

impl World {
    fn now(&self) -> &Fields {
        self.versions.last().unwrap()
    }

    /// Lets other writers change something, if the script says so.
    fn interfere(&mut self, at: Duration) {
        while self.budget.changes > 0 && self.script.choose(2) == 1 {
            self.budget.changes -= 1;
            let change = self.scene.changes[self.made.len()];
            let mut fields = self.now().clone();
            let value = change.make(&mut fields, self.made.len());
            self.trace.push(format!("{change:?} {value}"));
            self.versions.push(fields);
            self.made.push(Made { change, value, version: self.versions.len() - 1, was_seen: false, at });
        }
    }

    fn delayed(&mut self, ways: usize) -> usize {
        let way = if self.budget.delays > 0 { self.script.choose(ways) } else { 0 };
        self.budget.delays -= usize::from(way > 0);
        way
    }

    fn fault(&mut self, ways: usize) -> usize {
        let way = if self.budget.faults > 0 { self.script.choose(ways) } else { 0 };
        self.budget.faults -= usize::from(way > 0);
        way
    }

    /// Counts a call; an update that is late may come before it.
    fn count(&mut self) {
        self.calls += 1;
        assert!(self.calls < 200, "the sequence does not end");
        if let Some((sent, calls)) = self.late.take() {
            match calls {
                1 => self.carry_out(sent).unwrap_or_default(),
                calls => self.late = Some((sent, calls - 1)),
            }
        }
    }

    /// What SLS does with an update: it replaces all settings, and refuses another permanent configuration.
    fn carry_out(&mut self, sent: usize) -> Result<(), Error> {
        let body = self.sent[sent].body.clone();
        let mut fields = self.now().clone();
        let stored = fields.get("encrypt_conf").and_then(|conf| conf.get("encrypt_type")).cloned();
        let wanted = body["encrypt_conf"]["encrypt_type"].clone();
        if stored.is_some_and(|stored| stored != wanted) {
            return Err(refusal(ErrorKind::Invalid, "the encrypt_conf cannot be changed"));
        }
        match self.scene.api {
            EncryptionApi::UpdateLogStore => {
                for settable in ["ttl", "hot_ttl", "encrypt_conf", "telemetryType", "invented"] {
                    // What no action knows stays.
                    if settable != "invented" || body.contains_key(settable) {
                        match body.get(settable) {
                            Some(value) => fields.insert(settable.to_owned(), value.clone()),
                            None => fields.remove(settable),
                        };
                    }
                }
            }
            EncryptionApi::UpdateLogStoreEncryption => {
                let mut conf = fields.get("encrypt_conf").cloned().unwrap_or_else(|| json!({}));
                conf["enable"] = body["encrypt_conf"]["enable"].clone();
                conf["encrypt_type"] = wanted;
                fields.insert("encrypt_conf".to_owned(), conf);
            }
        }
        self.trace.push("carried out".to_owned());
        self.versions.push(fields);
        self.sent[sent].carried_out = true;
        Ok(())
    }

    /// The answer to a read of a version, with counters that move by themselves.
    fn answer(&mut self, version: usize, requested_at: Duration) -> LogStore {
        let mut fields = self.versions[version].clone();
        // The times of SLS are those of changes. Here they may move at each read as well.
        let time = if self.scene.times_move { self.calls } else { version };
        fields.insert("lastModifyTime".to_owned(), time.into());
        fields.insert("resourceQuota".to_owned(), json!({"storage": {"used": self.calls}}));
        // A version that is read after a newer one tells nothing that counts.
        let is_newest = version >= self.newest_read;
        self.newest_read = self.newest_read.max(version);
        for made in &mut self.made {
            made.was_seen |= is_newest && made.change.is_in(&fields, &made.value);
        }
        self.trace.push(format!("read version {version} of {}", self.versions.len() - 1));
        LogStore::from_fields(operation(), fields, requested_at)
    }
}

impl Change {
    /// Makes the change, and gives what identifies it.
    fn make(self, fields: &mut Fields, number: usize) -> Value {
        let value = Value::from(100 + number);
        match self {
            Change::Ttl => fields.insert("ttl".to_owned(), value.clone()),
            Change::HotTtl => fields.insert("hot_ttl".to_owned(), value.clone()),
            Change::UnknownInConf => {
                fields["encrypt_conf"]["invented"] = value.clone();
                None
            }
            Change::Off => {
                let conf = fields.entry("encrypt_conf").or_insert_with(|| json!({"encrypt_type": "sm4"}));
                conf["enable"] = false.into();
                None
            }
        };
        value
    }

    /// True if a Logstore has the change. What other writers do to `enable` is not theirs to keep.
    fn is_in(self, fields: &Fields, value: &Value) -> bool {
        match self {
            Change::Ttl => fields.get("ttl") == Some(value),
            Change::HotTtl => fields.get("hot_ttl") == Some(value),
            Change::UnknownInConf => fields.get("encrypt_conf").is_none_or(|conf| conf["invented"] == *value),
            Change::Off => true,
        }
    }

    fn member(self) -> &'static str {
        match self {
            Change::Ttl => "ttl",
            Change::HotTtl => "hot_ttl",
            Change::UnknownInConf | Change::Off => "encrypt_conf",
        }
    }
}

fn operation() -> Operation {
    Operation::new("SLS", "UpdateLogStore", "audit/app")
}

fn refusal(kind: ErrorKind, message: &str) -> Error {
    Error::new(kind, &operation(), message).with_retryable(kind == ErrorKind::Throttled)
}

fn lost() -> Error {
    Error::new(ErrorKind::Transport, &operation(), "connection reset")
        .with_retryable(true)
        .with_may_have_been_applied(true)
}

fn cancelled() -> Error {
    Error::new(ErrorKind::Cancelled, &operation(), "the run was interrupted").with_may_have_been_applied(true)
}

/// SLS, as one sequence sees it.
#[derive(Clone, Copy)]
struct Service<'a> {
    world: &'a Mutex<World>,
    clock: &'a ManualClock,
}

impl Service<'_> {
    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }

    fn check_bounds(&self) -> Result<(), Error> {
        if self.world().cancelled {
            return Err(cancelled().with_may_have_been_applied(false));
        }
        if self.now() >= LIMIT {
            return Err(Error::new(ErrorKind::Timeout, &operation(), "the time is over"));
        }
        Ok(())
    }

    async fn sleep(&self, time: Duration) {
        if !time.is_zero() {
            self.clock.sleep(time).await;
        }
    }
}

impl LogStoreCalls for Service<'_> {
    fn api(&self) -> EncryptionApi {
        self.world().scene.api
    }

    async fn get(&self) -> Result<LogStore, Error> {
        self.check_bounds()?;
        // A read on time, one that is answered late, versions that are older.
        let way = {
            let mut world = self.world();
            world.count();
            world.delayed(6)
        };
        let requested_at = self.now();
        let (before, after) = match way {
            1 => (millis(700), millis(700)),
            2 => (ZERO, millis(700)),
            _ => (ZERO, ZERO),
        };
        self.sleep(before).await;
        let (version, fails) = {
            let mut world = self.world();
            world.interfere(self.clock.monotonic());
            let current = world.versions.len() - 1;
            let oldest = if world.scene.times_move { world.newest_read } else { 0 };
            let version = current.saturating_sub(way.saturating_sub(2)).max(oldest);
            (version, world.fault(2) == 1)
        };
        self.sleep(after).await;
        let mut world = self.world();
        if fails {
            world.trace.push("a read fails".to_owned());
            return Err(lost().with_may_have_been_applied(false));
        }
        world.reads.push((requested_at, version));
        Ok(world.answer(version, requested_at))
    }

    async fn final_read(&self) -> Result<LogStore, Error> {
        let mut world = self.world();
        world.count();
        world.interfere(self.clock.monotonic());
        let current = world.versions.len() - 1;
        let (stale, fails) = (world.delayed(3), world.fault(2) == 1);
        world.final_read_is_blind = fails || stale > 0;
        if fails {
            return Err(lost());
        }
        Ok(world.answer(current.saturating_sub(stale), self.now()))
    }

    async fn update(&self, update: &Update) -> Result<bool, Error> {
        let (body, send_by) = match update {
            Update::Document { body, send_by } => (body.clone(), *send_by),
            Update::Encryption(conf) => {
                (Fields::from_iter([("encrypt_conf".to_owned(), conf.to_json())]), Duration::MAX)
            }
        };
        assert_eq!(body["encrypt_conf"]["enable"], true, "enable is only ever sent as it is wanted");
        let turn = {
            let mut world = self.world();
            world.count();
            // On time, or after a wait for a turn, a permit or credentials.
            world.delayed(3 + SLOW.len())
        };
        self.sleep([ZERO, millis(900), millis(1300)].get(turn).copied().unwrap_or_default()).await;
        let now = self.now();
        if now > send_by {
            return Ok(false);
        }
        let (sent, course) = {
            let mut world = self.world();
            let base_requested_at = send_by.saturating_sub(MAX_AGE);
            let base_version =
                world.reads.iter().rev().find(|(at, _)| *at == base_requested_at).map_or(0, |read| read.1);
            world.sent.push(Sent { body, base_requested_at, base_version, carried_out: false });
            world.trace.push("sent".to_owned());
            let course = match (world.fault(1 + FAULTS.len()), turn) {
                (0, turn) if turn >= 3 => SLOW[turn - 3],
                (0, _) => Course::Answered(ZERO, ZERO),
                (fault, _) => FAULTS[fault - 1],
            };
            world.trace.push(format!("{course:?}"));
            (world.sent.len() - 1, course)
        };
        let is_lost = matches!(course, Course::Lost(..));
        match course {
            Course::Answered(before, after) | Course::Lost(before, after) => {
                self.sleep(before).await;
                {
                    let mut world = self.world();
                    world.interfere(self.clock.monotonic());
                    world.carry_out(sent)?;
                    world.interfere(self.clock.monotonic());
                }
                self.sleep(after).await;
                if is_lost { Err(lost()) } else { Ok(true) }
            }
            Course::LostForGood => Err(lost()),
            Course::Late(calls) => {
                self.world().late = Some((sent, calls));
                Err(lost())
            }
            Course::Refused(kind, message) => Err(refusal(kind, message)),
            Course::TokenExpired => {
                let code = Some("SecurityTokenExpired".to_owned());
                Err(Error::from_answer(&operation(), 401, code, "it is over").with_retryable(true))
            }
            Course::Cancelled { carried_out } => {
                // Long enough for a look beside it.
                self.sleep(millis(1500)).await;
                let mut world = self.world();
                world.interfere(self.clock.monotonic());
                if carried_out {
                    world.carry_out(sent)?;
                }
                world.cancelled = true;
                Err(cancelled())
            }
            Course::ThenCancelled => {
                self.sleep(millis(1500)).await;
                let mut world = self.world();
                world.interfere(self.clock.monotonic());
                world.carry_out(sent)?;
                world.cancelled = true;
                Ok(true)
            }
        }
    }

    async fn with_permit(&self) -> Result<Self, Error> {
        Ok(*self)
    }

    async fn pause(&self, attempt: u32, error: Error) -> Result<(), Error> {
        if self.world().cancelled || !error.is_retryable() || attempt > 4 {
            return Err(error);
        }
        self.wait(millis(400)).await
    }

    async fn wait(&self, time: Duration) -> Result<(), Error> {
        self.check_bounds()?;
        self.sleep(time).await;
        self.check_bounds()
    }

    fn now(&self) -> Duration {
        self.clock.monotonic()
    }
}

fn object(value: Value) -> Fields {
    match value {
        Value::Object(members) => members,
        other => panic!("{other}"),
    }
}

fn first_version(scene: Scene) -> Fields {
    let mut fields = object(json!({"ttl": 30, "createTime": 100, "invented": 1.50, "telemetryType": ""}));
    if scene.is_toggle {
        let conf = json!({"enable": false, "encrypt_type": "sm4", "invented": 1});
        fields.insert("encrypt_conf".to_owned(), conf);
    }
    fields
}

fn wanted() -> Wanted {
    let conf = EncryptConf { enable: true, encrypt_type: "sm4".into(), user_cmk_info: None };
    Wanted { conf, create_time: None, may_be_new: false }
}

/// Runs one script to its end, and gives the world as it was left.
fn run(scene: Scene, budget: Budget, script: Script) -> (World, Result<Applied, Box<Failure>>) {
    let clock = ManualClock::new();
    let world = Mutex::new(World {
        scene,
        script,
        budget,
        versions: vec![first_version(scene)],
        reads: vec![(ZERO, 0)],
        newest_read: 0,
        made: Vec::new(),
        sent: Vec::new(),
        late: None,
        carried_out_after_the_end: false,
        cancelled: false,
        final_read_is_blind: false,
        calls: 0,
        trace: Vec::new(),
    });
    let service = Service { world: &world, clock: &clock };
    let outcome = futures_util::FutureExt::now_or_never(clock.run(async {
        let base = scene.has_base.then(|| LogStore::from_fields(operation(), first_version(scene), ZERO));
        if base.is_some() {
            let mut world = service.world();
            world.interfere(ZERO);
        }
        apply(&service, &wanted(), base).await
    }));
    let outcome = outcome.expect("nothing but the clock is waited for");
    let mut world = world.into_inner().unwrap();
    if let Some((sent, _)) = world.late.take() {
        world.carried_out_after_the_end = world.carry_out(sent).is_ok();
    }
    (world, outcome)
}

/// What must be true of every run.
fn check(world: &World, outcome: &Result<Applied, Box<Failure>>) -> Result<(), String> {
    let ensure = |truth: bool, promise: &str| if truth { Ok(()) } else { Err(promise.to_owned()) };
    let (first, last) = (&world.versions[0], world.now());
    let written = world.sent.iter().any(|sent| sent.carried_out);
    for sent in &world.sent {
        ensure(sent.body["encrypt_conf"]["encrypt_type"] == "sm4", "the algorithm is never sent otherwise")?;
    }
    let is_changed = |member: &str| world.made.iter().any(|made| made.change.member() == member);
    for member in ["ttl", "hot_ttl", "createTime", "invented"] {
        ensure(is_changed(member) || first.get(member) == last.get(member), "no other setting is changed")?;
    }
    match outcome {
        Ok(applied) => {
            let conf = applied.log_store.encrypt_conf().unwrap();
            ensure(conf.is_some_and(|conf| conf.enable), "success means that encryption is on")?;
            ensure(applied.written || !written, "what was written is reported")?;
            let is_off = last.get("encrypt_conf").is_none_or(|conf| conf["enable"] != true);
            let off = world.made.iter().rev().find(|made| made.change == Change::Off);
            ensure(
                !is_off || off.is_some(),
                "nobody but another writer leaves encryption off after a success",
            )?;
            ensure(
                !world.carried_out_after_the_end || applied.may_be_overwritten,
                "an update that may still be carried out is told",
            )?;
        }
        Err(failure) => ensure(failure.written || !written, "what was written is reported")?,
    }
    for (index, made) in world.made.iter().enumerate() {
        let is_superseded =
            world.made[index + 1..].iter().any(|later| later.change.member() == made.change.member());
        if is_superseded || made.change.is_in(last, &made.value) {
            continue;
        }
        ensure(
            world.scene.api == EncryptionApi::UpdateLogStore,
            "the dedicated action sets nothing else back",
        )?;
        let by = |sent: &&Sent| sent.carried_out && sent.base_version < made.version;
        let culprit = world
            .sent
            .iter()
            .rev()
            .find(by)
            .ok_or("a change is lost though no update was built before it")?;
        ensure(
            made.at >= culprit.base_requested_at || culprit.base_version < made.version,
            "a change before the read is kept",
        )?;
        if !made.was_seen || world.carried_out_after_the_end {
            continue;
        }
        match outcome {
            Ok(applied) if applied.may_be_overwritten => {}
            Ok(_) => return Err(format!("a change that was read is lost in silence: {:?}", made.change)),
            Err(failure) => {
                let told = failure.losses.iter().any(|loss| loss.member == made.change.member());
                ensure(told || world.final_read_is_blind, "a change that was read and lost is told")?;
            }
        }
    }
    Ok(())
}

fn summary(outcome: &Result<Applied, Box<Failure>>) -> String {
    match outcome {
        Ok(applied) => format!("success, may be overwritten: {}", applied.may_be_overwritten),
        Err(failure) => {
            format!("{}, losses {:?}, last look {:?}", failure.error, failure.losses, failure.final_read)
        }
    }
}

/// Runs every script of a scene, and gives their number.
fn walk(scene: Scene, budget: Budget) -> u64 {
    let (mut script, mut runs) = (Script::default(), 0);
    loop {
        let (mut world, outcome) = run(scene, budget, script);
        runs += 1;
        if let Err(broken) = check(&world, &outcome) {
            panic!(
                "{broken}\n{scene:?}\n{}\n{}\n{}",
                world.trace.join("\n"),
                Value::Object(world.now().clone()),
                summary(&outcome)
            );
        }
        script = std::mem::take(&mut world.script);
        if !script.next() {
            return runs;
        }
    }
}

fn scenes() -> impl Iterator<Item = Scene> {
    let changes = [
        [Change::Ttl, Change::Ttl],
        [Change::Ttl, Change::HotTtl],
        [Change::HotTtl, Change::Off],
        [Change::Ttl, Change::UnknownInConf],
    ];
    let apis = [EncryptionApi::UpdateLogStore, EncryptionApi::UpdateLogStoreEncryption];
    let all = apis.into_iter().flat_map(move |api| changes.into_iter().map(move |changes| (api, changes)));
    all.flat_map(|(api, changes)| {
        [(false, false, false), (false, true, true), (true, false, false), (true, true, false)]
            .into_iter()
            .map(move |(is_toggle, has_base, times_move)| Scene {
                api,
                is_toggle,
                has_base,
                times_move,
                changes,
            })
            // Without a configuration there is nothing in it to change.
            .filter(|scene| scene.is_toggle || !scene.changes.contains(&Change::UnknownInConf))
    })
}

#[test]
fn no_interleaving_loses_a_change_in_silence() {
    const BUDGET: Budget = Budget { changes: 2, faults: 1, delays: 1 };
    let scenes: Vec<Scene> = scenes().collect();
    let (next, runs) = (AtomicUsize::new(0), AtomicU64::new(0));
    std::thread::scope(|threads| {
        for _ in 0..std::thread::available_parallelism().map_or(1, NonZero::get) {
            threads.spawn(|| {
                while let Some(scene) = scenes.get(next.fetch_add(1, Ordering::Relaxed)) {
                    runs.fetch_add(walk(*scene, BUDGET), Ordering::Relaxed);
                }
            });
        }
    });
    let runs = runs.into_inner();
    println!("{runs} interleavings of {} scenes", scenes.len());
    assert!(runs > 100_000, "the scripts have become shorter: {runs}");
}
