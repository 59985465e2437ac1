//! Get → merge → Update → Get: sets the encryption of a Logstore as desired, and proves it by a read.
//!
//! The sequence alternates between two states until it ends:
//!
//! 1. **Read**: `GetLogStore`, or `GetMetricStore` of a metric store, repeated while the answer is stale. An answer is
//!    stale if it does not show an update that SLS has confirmed, or is older than an earlier answer.
//! 2. **Decide** by the read. If the Logstore is as desired and there is nothing to restore, the sequence ends.
//!    Otherwise it builds an update from the read and sends it. After a temporary refusal it uses the same read again
//!    while that is fresh. After everything else it reads.
//!
//! Only [`Updates::record_effects`] finds out which settings of other writers an update has overwritten. The sequence
//! calls it before it ends, whichever way it ends.

use std::{future::Future, pin::pin, time::Duration};

use serde_json::{Map, Value};

use super::{
    super::{EncryptConf, EncryptionApi, LogStore, TelemetryType},
    merge::{complete_conf, conf_members, merge},
    permanent_values::{Conflict, conflicts, is_in_effect},
    updates::{SentUpdate, Staleness, UnrestoredSetting, Updates},
};
use crate::dispatcher::SILENT_AFTER;
use crate::error::{Error, ErrorKind};

/// How long after `GetLogStore` the sequence may send an `UpdateLogStore` that it has built from the answer. The update
/// overwrites a change that another writer makes in between, so this limits the time in which a change can be lost.
pub const MAX_READ_AGE: Duration = Duration::from_secs(1);

/// While SLS has not answered an update, the sequence reads the Logstore at this interval.
const PARALLEL_READ_INTERVAL: Duration = Duration::from_secs(1);

/// How many updates SLS confirms at most. Each one after the first means that another writer has changed the Logstore.
/// The retry policy limits the updates that fail.
const MAX_CONFIRMED_UPDATES: u32 = 5;

/// How many updates are not sent at most, because the read that they were built from had become too old.
const MAX_LATE_UPDATES: u32 = 10;

/// How long to wait before each further read of a Logstore that does not show an update yet. The last pause repeats.
/// SLS documents no time after which reads are consistent; official test suites read back at once.
const READ_PAUSES: [Duration; 6] = [
    Duration::from_millis(200),
    Duration::from_millis(400),
    Duration::from_millis(800),
    Duration::from_millis(1600),
    Duration::from_millis(3200),
    Duration::from_secs(5),
];

/// How often the sequence reads the Logstore after one update at most. The time limit of the operation comes earlier.
const MAX_READS: usize = 1000;

/// How long after `CreateLogStore` SLS may still answer that the Logstore does not exist.
const CREATION_VISIBLE_WITHIN: Duration = Duration::from_mins(1);

/// Part of the message with which older and private-cloud servers refuse a body with members that they do not know
/// (code `LogStoreInfoInvalid`; source: the fallback in aliyun-log-python-sdk).
const REDUNDANT_KEY_MESSAGE: &str = "redundant key exist in json";

/// One write of a Logstore's encryption configuration.
#[derive(Clone, Debug)]
pub enum Update {
    /// `UpdateLogStore` or `UpdateMetricStore` with this body. It must not be sent after `send_by`, a time of
    /// [`LogStoreCalls::now`].
    Document {
        /// Which of the two actions.
        telemetry_type: TelemetryType,
        /// All settings of the store.
        body: Map<String, Value>,
        /// The time until which the read that the body was built from is fresh.
        send_by: Duration,
    },
    /// `UpdateLogStoreEncryption` with this configuration.
    Encryption(EncryptConf),
}

/// The calls of the sequence, for one Logstore and within the limits of one operation.
pub trait LogStoreCalls: Sized + Sync {
    /// The action that writes the configuration.
    fn api(&self) -> EncryptionApi;

    /// `GetLogStore`, or `GetMetricStore` of a metric store, with the retries that the policy allows. `known` is what
    /// the store held when it was last read.
    fn get(&self, known: Option<TelemetryType>) -> impl Future<Output = Result<LogStore, Error>> + Send;

    /// [`LogStoreCalls::get`] after the operation has ended: the call ignores its cancellation and its deadline, and
    /// has a short time limit instead.
    fn final_read(
        &self,
        known: Option<TelemetryType>,
    ) -> impl Future<Output = Result<LogStore, Error>> + Send;

    /// Sends an update once. `false` if it was not sent because `send_by` had passed.
    fn update(&self, update: &Update) -> impl Future<Output = Result<bool, Error>> + Send;

    /// The same calls with a reserved permit, so that no other call of this process delays them.
    fn with_permit(&self) -> impl Future<Output = Result<Self, Error>> + Send;

    /// Waits before the attempt that follows `error`. Returns the error if there must be no further attempt.
    fn pause_before_retry(
        &self,
        attempt: u32,
        error: Error,
    ) -> impl Future<Output = Result<(), Error>> + Send;

    /// Sleeps. Fails when the operation is cancelled or its deadline passes.
    fn sleep(&self, time: Duration) -> impl Future<Output = Result<(), Error>> + Send;

    /// The time of a clock that never goes back.
    fn now(&self) -> Duration;
}

/// The desired encryption of a Logstore.
#[derive(Clone, Debug)]
pub struct DesiredEncryption {
    /// The configuration.
    pub conf: EncryptConf,
    /// The `createTime` of the Logstore that the configuration was planned for, if it is known.
    pub create_time: Option<i64>,
    /// True if the Logstore may be so new that SLS still answers that it does not exist. The sequence then waits.
    pub may_be_new: bool,
}

/// The result of a sequence that succeeded.
#[derive(Clone, Debug)]
pub struct AppliedEncryption {
    /// The Logstore as it was read after the last update.
    pub log_store: LogStore,
    /// True if the sequence has sent an update.
    pub written: bool,
    /// True if SLS may still carry out an update that it never answered. It then overwrites what other writers change
    /// until that moment.
    pub update_in_doubt: bool,
}

/// The result of a sequence that failed.
#[derive(Debug)]
pub struct ApplyFailure {
    /// Why it failed.
    pub error: ApplyError,
    /// True if the sequence has sent an update that SLS has carried out, or may carry out.
    pub written: bool,
    /// The Logstore as it was last read.
    pub last_seen: Option<LogStore>,
    /// The outcome of the final read, if the sequence had not read since its last update. If it is `Ok`,
    /// [`ApplyFailure::last_seen`] is what it found; an update that SLS has not answered may change the Logstore later.
    pub final_read: Option<Result<(), ApplyError>>,
    /// The settings of other writers that this sequence has overwritten and not restored.
    pub unrestored: Vec<UnrestoredSetting>,
}

/// Why a sequence failed.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// A call failed.
    #[error(transparent)]
    Call(#[from] Error),
    /// The permanent configuration of the Logstore differs from the desired one.
    #[error("the Logstore has another permanent encryption configuration")]
    Conflict {
        /// The configuration of the Logstore.
        stored: Box<EncryptConf>,
        /// The values that differ.
        conflicts: Vec<Conflict>,
    },
    /// The Logstore was deleted and created again after the plan or an earlier read.
    #[error("the Logstore was created at {found}, but the plan was made for the one created at {known}")]
    Recreated {
        /// The `createTime` in the plan or in the earlier read.
        known: i64,
        /// The `createTime` in the last read.
        found: i64,
    },
    /// SLS confirmed the update, but the configuration is not in effect.
    #[error("the service accepted the update, but the configuration is not in effect")]
    NotInEffect {
        /// The configuration that the Logstore has instead.
        stored: Option<EncryptConf>,
    },
    /// Another writer changed the Logstore after each update.
    #[error("another writer kept changing the Logstore")]
    ConcurrentWriter,
    /// `GetLogStore` kept answering with a version that is older than one of its earlier answers.
    #[error("GetLogStore kept answering with an old version of the Logstore")]
    StaleReads,
    /// Each read was older than [`MAX_READ_AGE`] before the update that was built from it could be sent.
    #[error("no update could be sent within {} s of the read that it was built from", MAX_READ_AGE.as_secs())]
    ReadsTooOld,
    /// SLS refuses a member of the document and does not name it. The members that it may mean have values, which would
    /// be lost if the sequence left them out.
    #[error("{error}")]
    UnsupportedMembers {
        /// The refusal.
        error: Error,
        /// The members that have a value.
        members: Vec<String>,
    },
    /// SLS does not offer `UpdateLogStoreEncryption` at this endpoint.
    #[error(transparent)]
    NotOffered(Error),
    /// The store is a metric store, and the caller has chosen `UpdateLogStoreEncryption`, which is an action on
    /// Logstores.
    #[error("UpdateLogStoreEncryption is not an action on metric stores")]
    MetricStore,
}

/// Sets the encryption of a Logstore as desired.
///
/// `base` is an earlier answer of `GetLogStore`; while it is fresh, it saves a call. If the Logstore is as desired, no
/// update is sent. A permanent value that differs from the stored one is never sent.
///
/// # Errors
///
/// See [`ApplyError`]; [`ApplyFailure::written`] is true if SLS may have changed the Logstore.
pub async fn apply<C: LogStoreCalls>(
    calls: &C,
    desired: &DesiredEncryption,
    base: Option<LogStore>,
) -> Result<AppliedEncryption, Box<ApplyFailure>> {
    let mut sequence = Sequence {
        calls,
        with_permit: None,
        desired,
        updates: Updates::default(),
        last_seen: None,
        needs_read_back: false,
        omits_empty_members: false,
        confirmed_updates: 0,
        failed_updates: 0,
        last_failure: None,
        late_updates: 0,
    };
    match sequence.run(base).await {
        Ok(log_store) => Ok(AppliedEncryption {
            log_store,
            written: !sequence.updates.is_empty(),
            update_in_doubt: sequence.updates.any_is_in_doubt(),
        }),
        Err(error) => {
            let final_read = sequence.final_read().await;
            Err(Box::new(ApplyFailure {
                error,
                written: !sequence.updates.is_empty(),
                final_read,
                unrestored: sequence.updates.unrestored(),
                last_seen: sequence.last_seen,
            }))
        }
    }
}

struct Sequence<'a, C> {
    calls: &'a C,
    /// The same calls with a reserved permit, once an update came too late.
    with_permit: Option<C>,
    desired: &'a DesiredEncryption,
    updates: Updates,
    last_seen: Option<LogStore>,
    /// True if the sequence has not read since the last update that SLS has carried out, or may carry out.
    needs_read_back: bool,
    /// True once the server has refused members that it does not know. Those without a value are then left out.
    omits_empty_members: bool,
    /// How many updates SLS has confirmed.
    confirmed_updates: u32,
    /// How many updates failed.
    failed_updates: u32,
    /// The error of the last update, if it failed.
    last_failure: Option<Error>,
    /// How many updates were not sent because `send_by` had passed.
    late_updates: u32,
}

/// What the sequence builds the next update from.
enum NextBase {
    /// A new read.
    NewRead,
    /// The read that the last update was built from, while it is fresh.
    SameRead,
}

impl<C: LogStoreCalls> Sequence<'_, C> {
    async fn run(&mut self, mut base: Option<LogStore>) -> Result<LogStore, ApplyError> {
        loop {
            let found = match base.take().filter(|read| self.is_fresh(read)) {
                Some(read) => {
                    self.record_read(&read)?;
                    read
                }
                None => self.read().await?,
            };
            self.updates.record_effects(&found);
            let conf = self.conf_to_send(&found)?;
            if is_in_effect(&found, &conf)? && !self.updates.has_settings_to_restore() {
                return Ok(found);
            }
            if self.confirmed_updates >= MAX_CONFIRMED_UPDATES {
                return Err(self.too_many_updates_error(&found));
            }
            if found.read_as() == TelemetryType::Metrics
                && self.calls.api() == EncryptionApi::UpdateLogStoreEncryption
            {
                return Err(ApplyError::MetricStore);
            }
            match self.send_update(&found, &conf).await? {
                NextBase::NewRead => {}
                NextBase::SameRead => base = Some(found),
            }
        }
    }

    fn is_fresh(&self, read: &LogStore) -> bool {
        self.calls.now() <= send_by(read)
    }

    /// Reads the Logstore until the answer shows every update that SLS has confirmed, or a later change of another
    /// writer.
    async fn read(&mut self) -> Result<LogStore, ApplyError> {
        if self.late_updates > 0 && self.with_permit.is_none() {
            self.with_permit = Some(self.calls.with_permit().await?);
        }
        let started = self.calls.now();
        let mut not_found = None;
        for read in 0..MAX_READS {
            match self.with_permit.as_ref().unwrap_or(self.calls).get(self.telemetry_type()).await {
                Ok(found) => {
                    let is_older = self.last_seen.as_ref().is_some_and(|seen| found.is_older_than(seen));
                    if !is_older {
                        self.record_read(&found)?;
                    }
                    if self.updates.staleness(&found) == Staleness::Current && !is_older {
                        return Ok(found);
                    }
                }
                Err(error) if self.is_not_visible_yet(&error, started) => not_found = Some(error),
                Err(error) if error.kind() == ErrorKind::Timeout => {
                    let is_silent = self.calls.now().saturating_sub(started) >= SILENT_AFTER;
                    let last_failure = self.last_failure.take().filter(|_| !is_silent);
                    return Err(not_found.or(last_failure).unwrap_or(error).into());
                }
                Err(error) => return Err(error.into()),
            }
            let pause = READ_PAUSES.get(read).or(READ_PAUSES.last()).copied().unwrap_or_default();
            if let Err(error) = self.calls.sleep(pause).await {
                return Err(self.read_deadline_error(error, not_found));
            }
        }
        Err(self.not_visible_error())
    }

    /// What the store held when it was last read.
    fn telemetry_type(&self) -> Option<TelemetryType> {
        self.last_seen.as_ref().map(LogStore::read_as)
    }

    /// True if SLS answers that the Logstore does not exist, and the Logstore may just have been created.
    fn is_not_visible_yet(&self, error: &Error, since: Duration) -> bool {
        self.desired.may_be_new
            && error.kind() == ErrorKind::NotFound
            && self.calls.now().saturating_sub(since) < CREATION_VISIBLE_WITHIN
    }

    /// The error when the operation ends while the sequence waits for the next read.
    fn read_deadline_error(&mut self, error: Error, not_found: Option<Error>) -> ApplyError {
        match (error.kind(), not_found) {
            (ErrorKind::Timeout, Some(not_found)) => not_found.into(),
            (ErrorKind::Timeout, None) => self.not_visible_error(),
            _ => error.into(),
        }
    }

    /// The error when no read shows a confirmed update.
    fn not_visible_error(&mut self) -> ApplyError {
        if let Some(seen) = &self.last_seen {
            self.updates.record_effects(seen);
        }
        match &self.last_seen {
            Some(seen) if is_in_effect(seen, &self.desired.conf).unwrap_or(false) => ApplyError::StaleReads,
            Some(seen) => not_in_effect_error(seen),
            None => ApplyError::NotInEffect { stored: None },
        }
    }

    /// The error after [`MAX_CONFIRMED_UPDATES`].
    fn too_many_updates_error(&self, found: &LogStore) -> ApplyError {
        if is_in_effect(found, &self.desired.conf).unwrap_or(false) {
            ApplyError::ConcurrentWriter
        } else {
            not_in_effect_error(found)
        }
    }

    /// Records a read.
    ///
    /// # Errors
    /// [`ApplyError::Recreated`] if it shows another Logstore of the same name.
    fn record_read(&mut self, found: &LogStore) -> Result<(), ApplyError> {
        let known = match &self.last_seen {
            Some(seen) => Some(seen.create_time()?),
            None => self.desired.create_time,
        };
        let create_time = found.create_time()?;
        match known {
            Some(known) if known != create_time => Err(ApplyError::Recreated { known, found: create_time }),
            _ => {
                self.last_seen = Some(found.clone());
                self.needs_read_back = false;
                Ok(())
            }
        }
    }

    /// The configuration to send: the stored one, letter by letter, with the desired `enable`. SLS compares letter by
    /// letter, so it would refuse another spelling of the same value.
    fn conf_to_send(&self, found: &LogStore) -> Result<EncryptConf, ApplyError> {
        let desired = &self.desired.conf;
        let Some(stored) = found.encrypt_conf()? else { return Ok(desired.clone()) };
        let conflicts = conflicts(&(&stored).into(), &desired.into());
        if !conflicts.is_empty() {
            return Err(ApplyError::Conflict { stored: Box::new(stored), conflicts });
        }
        let encrypt_type =
            if stored.encrypt_type.is_empty() { desired.encrypt_type.clone() } else { stored.encrypt_type };
        Ok(EncryptConf { enable: desired.enable, encrypt_type, user_cmk_info: stored.user_cmk_info })
    }

    /// Builds one update from `base` and sends it.
    async fn send_update(&mut self, base: &LogStore, conf: &EncryptConf) -> Result<NextBase, ApplyError> {
        let (update, mut sent) = self.build_update(base, conf);
        match self.send_and_watch(&update, &mut sent).await {
            Ok(false) => {
                self.late_updates += 1;
                if self.late_updates < MAX_LATE_UPDATES {
                    Ok(NextBase::NewRead)
                } else {
                    Err(ApplyError::ReadsTooOld)
                }
            }
            answer => {
                self.with_permit = None;
                match answer {
                    Ok(_) => {
                        self.confirmed_updates += 1;
                        self.last_failure = None;
                        self.record_update(sent.confirmed());
                        Ok(NextBase::NewRead)
                    }
                    Err(error) => self.handle_failed_update(base, sent, error).await,
                }
            }
        }
    }

    fn build_update(&self, base: &LogStore, conf: &EncryptConf) -> (Update, SentUpdate) {
        match self.calls.api() {
            EncryptionApi::UpdateLogStore => {
                let body = merge(base, &self.updates.to_restore(), conf, self.omits_empty_members);
                let sent = SentUpdate::document(base, &body, conf);
                let telemetry_type = base.read_as();
                (Update::Document { telemetry_type, body, send_by: send_by(base) }, sent)
            }
            EncryptionApi::UpdateLogStoreEncryption => {
                let names = conf_members(base.read_as());
                let members = complete_conf(names, base.fields().get(names.conf), conf);
                (Update::Encryption(conf.clone()), SentUpdate::encryption(base, members, conf))
            }
        }
    }

    /// Sends an update, and reads the Logstore at [`PARALLEL_READ_INTERVAL`] until SLS answers.
    async fn send_and_watch(&mut self, update: &Update, sent: &mut SentUpdate) -> Result<bool, Error> {
        let calls = self.with_permit.as_ref().unwrap_or(self.calls);
        let telemetry_type = self.telemetry_type();
        let mut answer = pin!(calls.update(update));
        loop {
            let parallel_read = async {
                self.calls.sleep(PARALLEL_READ_INTERVAL).await?;
                Ok::<_, Error>(self.calls.get(telemetry_type).await)
            };
            tokio::select! {
                biased;
                answer = &mut answer => return answer,
                parallel_read = parallel_read => match parallel_read {
                    Ok(Ok(found)) => {
                        self.updates.record_if_stale(&found);
                        sent.record_foreign_values(&found, 0);
                        // Once this update is visible, it overwrites nothing more. Another update in doubt could also
                        // be what is visible.
                        if sent.is_visible_in(&found) && !self.updates.any_is_in_doubt() {
                            return answer.await;
                        }
                    }
                    // The read is a precaution: if it fails, the answer to the update decides.
                    Ok(Err(_)) => {}
                    Err(_operation_ended) => return answer.await,
                },
            }
        }
    }

    fn record_update(&mut self, sent: SentUpdate) {
        self.needs_read_back = true;
        self.updates.push(sent);
    }

    /// Decides how the sequence goes on after an update that SLS did not confirm.
    async fn handle_failed_update(
        &mut self,
        base: &LogStore,
        sent: SentUpdate,
        error: Error,
    ) -> Result<NextBase, ApplyError> {
        if error.message().contains(REDUNDANT_KEY_MESSAGE) {
            return self.omit_empty_members(&sent, error);
        }
        if sent.uses(EncryptionApi::UpdateLogStoreEncryption) && is_not_offered(&error) {
            return Err(ApplyError::NotOffered(error));
        }
        let in_doubt = error.may_have_been_applied();
        if in_doubt {
            self.record_update(sent);
        }
        if matches!(error.kind(), ErrorKind::Invalid | ErrorKind::Conflict) {
            // Another writer may have configured the Logstore first. The conflict then explains the refusal better.
            if let Ok(found) = self.calls.get(self.telemetry_type()).await {
                self.record_read(&found)?;
                self.record_effects_unless_stale(&found);
                self.conf_to_send(&found)?;
            }
            return Err(error.into());
        }
        // Fetching new credentials takes time. The next read fetches them, so the update after it is not late.
        let reads_again = in_doubt || error.is_expired_token();
        self.failed_updates += 1;
        self.last_failure = Some(error.clone());
        self.calls.pause_before_retry(self.failed_updates, error).await?;
        Ok(if reads_again || !self.is_fresh(base) { NextBase::NewRead } else { NextBase::SameRead })
    }

    /// From now on leaves out the newer members that have no value, because the server does not know them.
    fn omit_empty_members(&mut self, sent: &SentUpdate, error: Error) -> Result<NextBase, ApplyError> {
        let (empty, valued) = sent.refusable_members();
        if !self.omits_empty_members && !empty.is_empty() {
            tracing::debug!(left_out = ?empty, "the server refuses members it does not know");
            self.omits_empty_members = true;
            return Ok(NextBase::SameRead);
        }
        if valued.is_empty() {
            Err(error.into())
        } else {
            Err(ApplyError::UnsupportedMembers { error, members: valued })
        }
    }

    /// Reads the Logstore once more, if the sequence has not read since its last update, or has not checked the effects
    /// of a confirmed one.
    async fn final_read(&mut self) -> Option<Result<(), ApplyError>> {
        if !self.needs_read_back && !self.updates.any_confirmed_is_unchecked() {
            return None;
        }
        Some(match self.calls.final_read(self.telemetry_type()).await {
            Ok(found) => self.record_read(&found).map(|()| self.record_effects_unless_stale(&found)),
            Err(error) => Err(error.into()),
        })
    }

    /// Records what the updates have overwritten, by a read that is the last one.
    fn record_effects_unless_stale(&mut self, found: &LogStore) {
        if self.updates.staleness(found) != Staleness::Stale {
            self.updates.record_effects(found);
        }
    }
}

/// The time until which an update that is built from this read may be sent.
fn send_by(read: &LogStore) -> Duration {
    read.requested_at().saturating_add(MAX_READ_AGE)
}

/// True if SLS answers that it has no such action. A 404 with the code of a missing Logstore or project is another
/// error.
fn is_not_offered(error: &Error) -> bool {
    error.kind() != ErrorKind::NotFound
        && (matches!(error.status(), Some(404 | 405)) || error.is_code("InvalidMethod"))
}

fn not_in_effect_error(found: &LogStore) -> ApplyError {
    match found.encrypt_conf() {
        Ok(stored) => ApplyError::NotInEffect { stored },
        Err(error) => error.into(),
    }
}
