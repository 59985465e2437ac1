//! A Logstore in memory whose calls fail, and which other writers change, as a test says.

use std::{
    collections::VecDeque,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use serde_json::{Map, Value, json};

use super::{object, read_answer, update_body};
use crate::error::{Error, ErrorKind, Operation};
use crate::sls::encryption::{LogStoreCalls, Update};
use crate::sls::{EncryptionApi, LogStore, TelemetryType};

/// How often an update that is under way lets the sequence continue. Once or twice is enough.
const MOST_TURNS: usize = 100;

/// SLS with one Logstore in memory. Time passes only while a call takes time or the sequence sleeps.
#[derive(Default)]
pub(super) struct SimulatedLogStore {
    pub(super) api: EncryptionApi,
    /// Whose vocabulary the answers and updates have. `fields` and `scripted_reads` have the names of Logstores.
    pub(super) kind: TelemetryType,
    pub(super) fields: Mutex<Map<String, Value>>,
    /// The outcomes of the next updates, in order. Later updates succeed.
    pub(super) updates: Mutex<VecDeque<UpdateOutcome>>,
    /// The answers to the next reads, in order. Null: the Logstore does not exist. False: no answer within the time
    /// limit. Later reads answer with `fields`.
    pub(super) scripted_reads: Mutex<VecDeque<Value>>,
    /// How long each read takes, in milliseconds.
    pub(super) read_millis: u64,
    /// The name of each call.
    pub(super) log: Mutex<Vec<String>>,
    /// In milliseconds.
    pub(super) time: AtomicU64,
    /// True once the operation is cancelled.
    pub(super) is_cancelled: AtomicBool,
    /// True if the final read fails.
    pub(super) final_read_fails: bool,
}

pub(super) type Edit = fn(&mut Map<String, Value>);

/// The outcome of an update.
pub(super) enum UpdateOutcome {
    /// SLS answers with success and does not carry it out.
    Ignored,
    /// SLS carries it out; the answer is lost.
    AnswerLost,
    /// The request is lost, and so is the answer.
    RequestLost,
    /// SLS refuses it.
    Refused(ErrorKind, &'static str),
    /// SLS answers with this status and code that it does not offer the action.
    NotOffered(u16, Option<&'static str>),
    /// SLS refuses it because its token has expired, and there are other credentials. Another writer changes the
    /// Logstore before the next read.
    TokenExpired(Edit),
    /// Another writer changes the Logstore first. SLS carries out the update after the sequence has read in parallel.
    PrecededBy(Edit),
    /// SLS carries it out; then another writer changes the Logstore.
    FollowedBy(Edit),
    /// SLS carries it out and drops a member.
    CarriedOutWithLoss(Edit),
    /// The operation is cancelled before the answer.
    Cancelled { carried_out: bool },
    /// SLS carries it out and answers; then the operation is cancelled.
    AnsweredThenCancelled,
    /// The Logstore is deleted and created again, and the operation is cancelled before the answer.
    RecreatedThenCancelled,
}

pub(super) fn operation() -> Operation {
    Operation::new("SLS", "UpdateLogStore", "audit/app")
}

impl SimulatedLogStore {
    pub(super) fn new(fields: Value) -> SimulatedLogStore {
        SimulatedLogStore { fields: Mutex::new(object(fields)), ..SimulatedLogStore::default() }
    }

    pub(super) fn with(self, updates: impl IntoIterator<Item = UpdateOutcome>) -> SimulatedLogStore {
        self.updates.lock().unwrap().extend(updates);
        self
    }

    fn edit(&self, edit: Edit) {
        edit(&mut self.fields.lock().unwrap());
    }

    fn write(&self, body: &Map<String, Value>) {
        let mut fields = self.fields.lock().unwrap();
        fields.extend(body.iter().map(|(name, value)| (name.clone(), value.clone())));
    }

    fn cancelled(&self) -> Error {
        self.is_cancelled.store(true, Ordering::Relaxed);
        Error::new(ErrorKind::Cancelled, &operation(), "the run was interrupted")
    }

    pub(super) fn calls(&self) -> String {
        self.log.lock().unwrap().join(" ")
    }

    pub(super) fn fields(&self) -> Value {
        Value::Object(self.fields.lock().unwrap().clone())
    }
}

impl LogStoreCalls for &SimulatedLogStore {
    fn api(&self) -> EncryptionApi {
        self.api
    }

    async fn with_permit(&self) -> Result<Self, Error> {
        self.log.lock().unwrap().push("permit".to_owned());
        Ok(self)
    }

    async fn get(&self, _known: Option<TelemetryType>) -> Result<LogStore, Error> {
        self.log.lock().unwrap().push("get".to_owned());
        if self.is_cancelled.load(Ordering::Relaxed) {
            return Err(self.cancelled());
        }
        let requested_at = self.now();
        self.time.fetch_add(self.read_millis, Ordering::Relaxed);
        let scripted = self.scripted_reads.lock().unwrap().pop_front();
        if scripted.as_ref().is_some_and(Value::is_null) {
            let code = Some("LogStoreNotExist".to_owned());
            return Err(Error::from_answer(&operation(), 404, code, "logstore app does not exist"));
        }
        if scripted == Some(Value::Bool(false)) {
            return Err(Error::new(ErrorKind::Timeout, &operation(), "the time is over"));
        }
        let fields = scripted.map_or_else(|| self.fields.lock().unwrap().clone(), object);
        Ok(read_answer(self.kind, operation(), fields, requested_at))
    }

    async fn final_read(&self, _known: Option<TelemetryType>) -> Result<LogStore, Error> {
        self.log.lock().unwrap().push("final-read".to_owned());
        if self.final_read_fails {
            return Err(Error::new(ErrorKind::Timeout, &operation(), "too late"));
        }
        Ok(read_answer(self.kind, operation(), self.fields.lock().unwrap().clone(), self.now()))
    }

    async fn update(&self, update: &Update) -> Result<bool, Error> {
        let body = match update {
            Update::Document { send_by, .. } if self.now() > *send_by => return Ok(false),
            Update::Document { telemetry_type, body, .. } => {
                assert_eq!(*telemetry_type, self.kind);
                &update_body(self.kind, body)
            }
            Update::Encryption(conf) => &Map::from_iter([("encrypt_conf".to_owned(), conf.to_json())]),
        };
        self.log.lock().unwrap().push("update".to_owned());
        let next = self.updates.lock().unwrap().pop_front();
        match next {
            None => self.write(body),
            Some(UpdateOutcome::Ignored) => {}
            Some(lost @ (UpdateOutcome::AnswerLost | UpdateOutcome::RequestLost)) => {
                if matches!(lost, UpdateOutcome::AnswerLost) {
                    self.write(body);
                }
                return Err(Error::new(ErrorKind::Transport, &operation(), "connection reset")
                    .with_retryable(true)
                    .with_may_have_been_applied(true));
            }
            Some(UpdateOutcome::Refused(kind, message)) => {
                return Err(
                    Error::new(kind, &operation(), message).with_retryable(kind == ErrorKind::Throttled)
                );
            }
            Some(UpdateOutcome::NotOffered(status, code)) => {
                return Err(Error::from_answer(
                    &operation(),
                    status,
                    code.map(str::to_owned),
                    "no such action",
                ));
            }
            Some(UpdateOutcome::TokenExpired(edit)) => {
                self.edit(edit);
                let code = Some("SecurityTokenExpired".to_owned());
                return Err(
                    Error::from_answer(&operation(), 401, code, "the token has expired").with_retryable(true)
                );
            }
            Some(UpdateOutcome::PrecededBy(edit)) => {
                self.edit(edit);
                // SLS answers after the sequence has read at least once.
                let calls_after_read = self.log.lock().unwrap().len() + 1;
                for _ in 0..MOST_TURNS {
                    if self.log.lock().unwrap().len() < calls_after_read {
                        tokio::task::yield_now().await;
                    }
                }
                assert!(self.log.lock().unwrap().len() >= calls_after_read, "the sequence does not read");
                self.write(body);
            }
            Some(UpdateOutcome::Cancelled { carried_out }) => {
                if carried_out {
                    self.write(body);
                }
                return Err(self.cancelled().with_may_have_been_applied(true));
            }
            Some(UpdateOutcome::AnsweredThenCancelled) => {
                self.write(body);
                self.is_cancelled.store(true, Ordering::Relaxed);
            }
            Some(UpdateOutcome::RecreatedThenCancelled) => {
                self.edit(|fields| {
                    fields.insert("createTime".into(), json!(200));
                });
                return Err(self.cancelled().with_may_have_been_applied(true));
            }
            Some(UpdateOutcome::FollowedBy(edit) | UpdateOutcome::CarriedOutWithLoss(edit)) => {
                self.write(body);
                self.edit(edit);
            }
        }
        Ok(true)
    }

    async fn pause_before_retry(&self, attempt: u32, error: Error) -> Result<(), Error> {
        self.log.lock().unwrap().push("pause".to_owned());
        if self.is_cancelled.load(Ordering::Relaxed) {
            return Err(error);
        }
        self.time.fetch_add(400, Ordering::Relaxed);
        if error.is_retryable() && attempt < 12 { Ok(()) } else { Err(error) }
    }

    async fn sleep(&self, time: Duration) -> Result<(), Error> {
        let millis = u64::try_from(time.as_millis()).unwrap();
        if self.time.fetch_add(millis, Ordering::Relaxed) > 120_000 {
            return Err(Error::new(ErrorKind::Timeout, &operation(), "the time is over"));
        }
        tokio::task::yield_now().await;
        Ok(())
    }

    fn now(&self) -> Duration {
        Duration::from_millis(self.time.load(Ordering::Relaxed))
    }
}
