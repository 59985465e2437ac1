//! SLS with one Logstore in memory, which asks a script what happens next.

use std::{
    sync::{Mutex, MutexGuard},
    time::Duration,
};

use serde_json::{Map, Value, json};

use super::super::{object, read_answer, update_body};
use super::script::Script;
use crate::{
    clock::Clock as _,
    error::{Error, ErrorKind, Operation},
    sls::{
        EncryptConf, EncryptionApi, LogStore, TelemetryType,
        encryption::{
            AppliedEncryption, ApplyFailure, DesiredEncryption, LogStoreCalls, MAX_READ_AGE, Update, apply,
        },
    },
    testing::ManualClock,
};

type Fields = Map<String, Value>;

const fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// The time limit of an operation.
const LIMIT: Duration = Duration::from_secs(30);

/// How many changes, faults and delays one run may have.
#[derive(Clone, Copy)]
pub(super) struct Budget {
    /// Changes of other writers.
    pub(super) changes: usize,
    /// Calls that fail, that SLS refuses, or that SLS does not answer.
    pub(super) faults: usize,
    /// Waits before a call is sent, slow answers, and reads of an older version.
    pub(super) delays: usize,
}

/// What is given at the start of a run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scene {
    pub(super) api: EncryptionApi,
    /// Whose vocabulary the calls have. The versions have the names of Logstores.
    pub(super) kind: TelemetryType,
    /// The Logstore has a configuration that is disabled.
    pub(super) is_toggle: bool,
    /// The sequence is given a read that was made for the plan.
    pub(super) has_base: bool,
    /// `lastModifyTime` changes at each read, so it does not show which version is older. An older version is then
    /// never read after a newer one.
    pub(super) times_change_at_reads: bool,
    /// The first and the second change of other writers.
    pub(super) changes: [Change; 2],
}

/// A change of another writer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// Sets a setting to another value.
    Ttl,
    /// Sets a setting that had no value.
    HotTtl,
    /// Sets a member of the configuration that the provider does not know.
    UnknownMemberOfConf,
    /// Disables encryption, and configures it first if necessary.
    Disable,
}

/// The outcome of an update.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum UpdateOutcome {
    /// SLS carries it out after the first time, and answers after the second.
    Answered(Duration, Duration),
    /// As `Answered`, but the answer is lost.
    AnswerLost(Duration, Duration),
    /// The answer is lost, and SLS never carries it out.
    RequestLost,
    /// The answer is lost, and SLS carries it out after this many further calls.
    CarriedOutLate(usize),
    Refused(ErrorKind, &'static str),
    TokenExpired,
    /// The run is cancelled before the answer.
    Cancelled {
        carried_out: bool,
    },
    /// SLS answers, and then the run is cancelled.
    AnsweredThenCancelled,
}

const ZERO: Duration = Duration::ZERO;

const FAULTS: [UpdateOutcome; 15] = [
    UpdateOutcome::AnswerLost(ZERO, ZERO),
    UpdateOutcome::AnswerLost(millis(1200), millis(300)),
    UpdateOutcome::AnswerLost(millis(2500), ZERO),
    UpdateOutcome::RequestLost,
    UpdateOutcome::CarriedOutLate(1),
    UpdateOutcome::CarriedOutLate(2),
    UpdateOutcome::CarriedOutLate(9),
    UpdateOutcome::Refused(ErrorKind::Throttled, "slow down"),
    UpdateOutcome::Refused(ErrorKind::Denied, "no permission"),
    UpdateOutcome::Refused(ErrorKind::Invalid, "invalid"),
    UpdateOutcome::Refused(ErrorKind::Invalid, "redundant key exist in json"),
    UpdateOutcome::TokenExpired,
    UpdateOutcome::Cancelled { carried_out: true },
    UpdateOutcome::Cancelled { carried_out: false },
    UpdateOutcome::AnsweredThenCancelled,
];

/// Slow answers without a fault.
const SLOW_ANSWERS: [UpdateOutcome; 3] = [
    UpdateOutcome::Answered(millis(1800), millis(1600)),
    UpdateOutcome::Answered(millis(2500), ZERO),
    UpdateOutcome::Answered(ZERO, millis(2500)),
];

/// A change that another writer has made.
pub(super) struct MadeChange {
    pub(super) change: Change,
    pub(super) value: Value,
    /// The first version of the Logstore with this change.
    pub(super) version: usize,
    /// True once the sequence has read the change.
    pub(super) was_read: bool,
    pub(super) at: Duration,
}

/// An update that the sequence has sent.
pub(super) struct SimulatedUpdate {
    pub(super) body: Fields,
    pub(super) base_requested_at: Duration,
    /// The version of the Logstore that the update was built from.
    pub(super) base_version: usize,
    pub(super) carried_out: bool,
}

pub(super) struct SimulatedSls {
    pub(super) scene: Scene,
    pub(super) script: Script,
    budget: Budget,
    /// Every version of the Logstore; the last one is the current one.
    pub(super) versions: Vec<Fields>,
    /// When each read was sent, and the version that it has shown.
    reads: Vec<(Duration, usize)>,
    /// The newest version that was read.
    newest_read: usize,
    pub(super) made: Vec<MadeChange>,
    pub(super) sent: Vec<SimulatedUpdate>,
    /// An update that SLS carries out late, and after how many further calls.
    late: Option<(usize, usize)>,
    pub(super) carried_out_after_end: bool,
    cancelled: bool,
    /// True if the final read failed or has shown an older version.
    pub(super) final_read_missed_it: bool,
    calls: usize,
    pub(super) trace: Vec<String>,
}

impl SimulatedSls {
    pub(super) fn current(&self) -> &Fields {
        self.versions.last().unwrap()
    }

    /// Lets other writers change the Logstore, if the script says so.
    fn let_others_change(&mut self, at: Duration) {
        while self.budget.changes > 0 && self.script.choose(2) == 1 {
            self.budget.changes -= 1;
            let change = self.scene.changes[self.made.len()];
            let mut fields = self.current().clone();
            let value = change.apply_to(&mut fields, self.made.len());
            self.trace.push(format!("{change:?} {value}"));
            self.versions.push(fields);
            self.made.push(MadeChange {
                change,
                value,
                version: self.versions.len() - 1,
                was_read: false,
                at,
            });
        }
    }

    fn choose_delay(&mut self, options: usize) -> usize {
        let option = if self.budget.delays > 0 { self.script.choose(options) } else { 0 };
        self.budget.delays -= usize::from(option > 0);
        option
    }

    fn choose_fault(&mut self, options: usize) -> usize {
        let option = if self.budget.faults > 0 { self.script.choose(options) } else { 0 };
        self.budget.faults -= usize::from(option > 0);
        option
    }

    /// Counts a call. SLS may carry out a late update before it.
    fn count_call(&mut self) {
        self.calls += 1;
        assert!(self.calls < 200, "the sequence does not end");
        if let Some((sent, calls)) = self.late.take() {
            match calls {
                1 => self.carry_out(sent).unwrap_or_default(),
                calls => self.late = Some((sent, calls - 1)),
            }
        }
    }

    /// Carries out an update as SLS does: replaces all settings, and refuses another permanent configuration.
    fn carry_out(&mut self, sent: usize) -> Result<(), Error> {
        let body = self.sent[sent].body.clone();
        let mut fields = self.current().clone();
        let stored = fields.get("encrypt_conf").and_then(|conf| conf.get("encrypt_type")).cloned();
        let desired = body["encrypt_conf"]["encrypt_type"].clone();
        if stored.is_some_and(|stored| stored != desired) {
            return Err(refusal(ErrorKind::Invalid, "the encrypt_conf cannot be changed"));
        }
        match self.scene.api {
            EncryptionApi::UpdateLogStore => {
                for settable in ["ttl", "hot_ttl", "encrypt_conf", "telemetryType", "invented"] {
                    // `UpdateLogStore` does not remove a member that it does not know.
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
                conf["encrypt_type"] = desired;
                fields.insert("encrypt_conf".to_owned(), conf);
            }
        }
        self.trace.push("carried out".to_owned());
        self.versions.push(fields);
        self.sent[sent].carried_out = true;
        Ok(())
    }

    /// The answer to a read of a version. SLS changes counters itself.
    fn answer_read(&mut self, version: usize, requested_at: Duration) -> LogStore {
        let mut fields = self.versions[version].clone();
        // SLS sets `lastModifyTime` at each change. Here it may change at each read as well.
        let time = if self.scene.times_change_at_reads { self.calls } else { version };
        fields.insert("lastModifyTime".to_owned(), time.into());
        fields.insert("resourceQuota".to_owned(), json!({"storage": {"used": self.calls}}));
        // A version that is read after a newer one does not count as read.
        let is_newest = version >= self.newest_read;
        self.newest_read = self.newest_read.max(version);
        for made in &mut self.made {
            made.was_read |= is_newest && made.change.is_in(&fields, &made.value);
        }
        self.trace.push(format!("read version {version} of {}", self.versions.len() - 1));
        read_answer(self.scene.kind, operation(), fields, requested_at)
    }
}

impl Change {
    /// Makes the change, and returns the value that identifies it.
    fn apply_to(self, fields: &mut Fields, number: usize) -> Value {
        let value = Value::from(100 + number);
        match self {
            Change::Ttl => fields.insert("ttl".to_owned(), value.clone()),
            Change::HotTtl => fields.insert("hot_ttl".to_owned(), value.clone()),
            Change::UnknownMemberOfConf => {
                fields["encrypt_conf"]["invented"] = value.clone();
                None
            }
            Change::Disable => {
                let conf = fields.entry("encrypt_conf").or_insert_with(|| json!({"encrypt_type": "sm4"}));
                conf["enable"] = false.into();
                None
            }
        };
        value
    }

    /// True if a Logstore has the change. The sequence does not keep what other writers do to `enable`.
    pub(super) fn is_in(self, fields: &Fields, value: &Value) -> bool {
        match self {
            Change::Ttl => fields.get("ttl") == Some(value),
            Change::HotTtl => fields.get("hot_ttl") == Some(value),
            Change::UnknownMemberOfConf => {
                fields.get("encrypt_conf").is_none_or(|conf| conf["invented"] == *value)
            }
            Change::Disable => true,
        }
    }

    pub(super) fn member(self) -> &'static str {
        match self {
            Change::Ttl => "ttl",
            Change::HotTtl => "hot_ttl",
            Change::UnknownMemberOfConf | Change::Disable => "encrypt_conf",
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

/// The calls of one sequence to the simulated SLS.
#[derive(Clone, Copy)]
struct SimulatedCalls<'a> {
    sls: &'a Mutex<SimulatedSls>,
    clock: &'a ManualClock,
}

impl SimulatedCalls<'_> {
    fn sls(&self) -> MutexGuard<'_, SimulatedSls> {
        self.sls.lock().unwrap()
    }

    fn check_bounds(&self) -> Result<(), Error> {
        if self.sls().cancelled {
            return Err(cancelled().with_may_have_been_applied(false));
        }
        if self.now() >= LIMIT {
            return Err(Error::new(ErrorKind::Timeout, &operation(), "the time is over"));
        }
        Ok(())
    }

    async fn take_time(&self, time: Duration) {
        if !time.is_zero() {
            self.clock.sleep(time).await;
        }
    }
}

impl LogStoreCalls for SimulatedCalls<'_> {
    fn api(&self) -> EncryptionApi {
        self.sls().scene.api
    }

    async fn get(&self, _known: Option<TelemetryType>) -> Result<LogStore, Error> {
        self.check_bounds()?;
        // Options: on time; two slow answers; three older versions.
        let option = {
            let mut sls = self.sls();
            sls.count_call();
            sls.choose_delay(6)
        };
        let requested_at = self.now();
        let (before, after) = match option {
            1 => (millis(700), millis(700)),
            2 => (ZERO, millis(700)),
            _ => (ZERO, ZERO),
        };
        self.take_time(before).await;
        let (version, fails) = {
            let mut sls = self.sls();
            sls.let_others_change(self.clock.monotonic());
            let current = sls.versions.len() - 1;
            let oldest = if sls.scene.times_change_at_reads { sls.newest_read } else { 0 };
            let version = current.saturating_sub(option.saturating_sub(2)).max(oldest);
            (version, sls.choose_fault(2) == 1)
        };
        self.take_time(after).await;
        let mut sls = self.sls();
        if fails {
            sls.trace.push("a read fails".to_owned());
            return Err(lost().with_may_have_been_applied(false));
        }
        sls.reads.push((requested_at, version));
        Ok(sls.answer_read(version, requested_at))
    }

    async fn final_read(&self, _known: Option<TelemetryType>) -> Result<LogStore, Error> {
        let mut sls = self.sls();
        sls.count_call();
        sls.let_others_change(self.clock.monotonic());
        let current = sls.versions.len() - 1;
        let (stale, fails) = (sls.choose_delay(3), sls.choose_fault(2) == 1);
        sls.final_read_missed_it = fails || stale > 0;
        if fails {
            return Err(lost());
        }
        Ok(sls.answer_read(current.saturating_sub(stale), self.now()))
    }

    async fn update(&self, update: &Update) -> Result<bool, Error> {
        let (body, send_by) = match update {
            Update::Document { telemetry_type, body, send_by } => {
                (update_body(*telemetry_type, body), *send_by)
            }
            Update::Encryption(conf) => {
                (Fields::from_iter([("encrypt_conf".to_owned(), conf.to_json())]), Duration::MAX)
            }
        };
        assert_eq!(body["encrypt_conf"]["enable"], true, "only the desired enable is ever sent");
        let delay = {
            let mut sls = self.sls();
            sls.count_call();
            // Options: on time; two waits before the update is sent; slow answers.
            sls.choose_delay(3 + SLOW_ANSWERS.len())
        };
        self.take_time([ZERO, millis(900), millis(1300)].get(delay).copied().unwrap_or_default()).await;
        let now = self.now();
        if now > send_by {
            return Ok(false);
        }
        let (sent, course) = {
            let mut sls = self.sls();
            let base_requested_at = send_by.saturating_sub(MAX_READ_AGE);
            let base_version =
                sls.reads.iter().rev().find(|(at, _)| *at == base_requested_at).map_or(0, |read| read.1);
            sls.sent.push(SimulatedUpdate { body, base_requested_at, base_version, carried_out: false });
            sls.trace.push("sent".to_owned());
            let course = match (sls.choose_fault(1 + FAULTS.len()), delay) {
                (0, delay) if delay >= 3 => SLOW_ANSWERS[delay - 3],
                (0, _) => UpdateOutcome::Answered(ZERO, ZERO),
                (fault, _) => FAULTS[fault - 1],
            };
            sls.trace.push(format!("{course:?}"));
            (sls.sent.len() - 1, course)
        };
        let is_lost = matches!(course, UpdateOutcome::AnswerLost(..));
        match course {
            UpdateOutcome::Answered(before, after) | UpdateOutcome::AnswerLost(before, after) => {
                self.take_time(before).await;
                {
                    let mut sls = self.sls();
                    sls.let_others_change(self.clock.monotonic());
                    sls.carry_out(sent)?;
                    sls.let_others_change(self.clock.monotonic());
                }
                self.take_time(after).await;
                if is_lost { Err(lost()) } else { Ok(true) }
            }
            UpdateOutcome::RequestLost => Err(lost()),
            UpdateOutcome::CarriedOutLate(calls) => {
                self.sls().late = Some((sent, calls));
                Err(lost())
            }
            UpdateOutcome::Refused(kind, message) => Err(refusal(kind, message)),
            UpdateOutcome::TokenExpired => {
                let code = Some("SecurityTokenExpired".to_owned());
                Err(Error::from_answer(&operation(), 401, code, "the token has expired").with_retryable(true))
            }
            UpdateOutcome::Cancelled { carried_out } => {
                // Long enough for a parallel read.
                self.take_time(millis(1500)).await;
                let mut sls = self.sls();
                sls.let_others_change(self.clock.monotonic());
                if carried_out {
                    sls.carry_out(sent)?;
                }
                sls.cancelled = true;
                Err(cancelled())
            }
            UpdateOutcome::AnsweredThenCancelled => {
                self.take_time(millis(1500)).await;
                let mut sls = self.sls();
                sls.let_others_change(self.clock.monotonic());
                sls.carry_out(sent)?;
                sls.cancelled = true;
                Ok(true)
            }
        }
    }

    async fn with_permit(&self) -> Result<Self, Error> {
        Ok(*self)
    }

    async fn pause_before_retry(&self, attempt: u32, error: Error) -> Result<(), Error> {
        if self.sls().cancelled || !error.is_retryable() || attempt > 4 {
            return Err(error);
        }
        self.sleep(millis(400)).await
    }

    async fn sleep(&self, time: Duration) -> Result<(), Error> {
        self.check_bounds()?;
        self.take_time(time).await;
        self.check_bounds()
    }

    fn now(&self) -> Duration {
        self.clock.monotonic()
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

fn desired() -> DesiredEncryption {
    let conf = EncryptConf { enable: true, encrypt_type: "sm4".into(), user_cmk_info: None };
    DesiredEncryption { conf, create_time: None, may_be_new: false }
}

/// Runs one script, and returns SLS as it is afterwards.
pub(super) fn run(
    scene: Scene,
    budget: Budget,
    script: Script,
) -> (SimulatedSls, Result<AppliedEncryption, Box<ApplyFailure>>) {
    let clock = ManualClock::new();
    let sls = Mutex::new(SimulatedSls {
        scene,
        script,
        budget,
        versions: vec![first_version(scene)],
        reads: vec![(ZERO, 0)],
        newest_read: 0,
        made: Vec::new(),
        sent: Vec::new(),
        late: None,
        carried_out_after_end: false,
        cancelled: false,
        final_read_missed_it: false,
        calls: 0,
        trace: Vec::new(),
    });
    let calls = SimulatedCalls { sls: &sls, clock: &clock };
    let outcome = futures_util::FutureExt::now_or_never(clock.run(async {
        let base = scene.has_base.then(|| read_answer(scene.kind, operation(), first_version(scene), ZERO));
        if base.is_some() {
            let mut sls = calls.sls();
            sls.let_others_change(ZERO);
        }
        apply(&calls, &desired(), base).await
    }));
    let outcome = outcome.expect("the run waits for nothing but the clock");
    let mut sls = sls.into_inner().unwrap();
    if let Some((sent, _)) = sls.late.take() {
        sls.carried_out_after_end = sls.carry_out(sent).is_ok();
    }
    (sls, outcome)
}
