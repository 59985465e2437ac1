//! Get → merge → Update → Get: brings a Logstore's encryption to what is wanted and proves that it did.
//!
//! The sequence alternates between two states until it ends:
//!
//! 1. **Read**: `GetLogStore`, again and again while the answer is out of date, that is, while it does not show an
//!    update that SLS has confirmed, or is older than an answer before.
//! 2. **Decide** by what was read: everything is as wanted and nothing is to be restored, so the sequence is done; or
//!    an update is built from it and sent. After a refusal that passes the same read serves again while it is fresh;
//!    after everything else the sequence reads.
//!
//! What an update did to other writers is found out at one place, [`Updates::observe`], on every way out.

use std::{future::Future, pin::pin, time::Duration};

use serde_json::{Map, Value};

use super::{
    super::{EncryptConf, EncryptionApi, LogStore},
    merge::{ENCRYPT_CONF, complete, merge, newer_members},
    permanence::{Conflict, conflicts, in_effect},
    updates::{Currency, Loss, SentUpdate, Updates},
};
use crate::dispatcher::SILENT_AFTER;
use crate::error::{Error, ErrorKind};

/// How long after `GetLogStore` was sent an `UpdateLogStore` that is built from its answer may be sent. A change of
/// another writer in between is overwritten, so this bounds the time in which one can be lost.
pub const MAX_AGE: Duration = Duration::from_secs(1);

/// How long an update may be under way before the Logstore is read beside it, and how often again.
const WATCH_EVERY: Duration = Duration::from_secs(1);

/// How many updates are confirmed by SLS at most. Each further one means that another writer came in between. Updates
/// that fail are bounded by the retry policy instead.
const MAX_CONFIRMED: u32 = 5;

/// How many updates are given up before they are sent, because the read they were built from had become too old.
const MAX_TOO_LATE: u32 = 10;

/// How long to wait before each further read of a Logstore that does not show an update yet; the last one repeats.
/// The service documents no figure for its consistency; official test suites read back at once.
const PAUSES: [Duration; 6] = [
    Duration::from_millis(200),
    Duration::from_millis(400),
    Duration::from_millis(800),
    Duration::from_millis(1600),
    Duration::from_millis(3200),
    Duration::from_secs(5),
];

/// How often the Logstore is read for one update at most. The time limit of the operation ends it before.
const MAX_READS: usize = 1000;

/// How long a Logstore that does not exist may just have been created.
const NEW_FOR: Duration = Duration::from_mins(1);

/// What older and private-cloud servers answer to a body with members they do not know
/// (`LogStoreInfoInvalid`; source: the fallback in aliyun-log-python-sdk).
const REDUNDANT_KEY: &str = "redundant key exist in json";

/// One write of a Logstore's encryption configuration.
#[derive(Clone, Debug)]
pub enum Update {
    /// `UpdateLogStore` with this body, not to be sent after `send_by` on the scale of [`LogStoreCalls::now`].
    Document {
        /// All settings of the Logstore.
        body: Map<String, Value>,
        /// The last moment at which what it was built from is fresh.
        send_by: Duration,
    },
    /// `UpdateLogStoreEncryption` with this configuration.
    Encryption(EncryptConf),
}

/// The calls the sequence makes, bound to one Logstore and to the bounds of one operation.
pub trait LogStoreCalls: Sized + Sync {
    /// Which action writes.
    fn api(&self) -> EncryptionApi;

    /// `GetLogStore`; repeats itself as far as its policy allows.
    fn get(&self) -> impl Future<Output = Result<LogStore, Error>> + Send;

    /// `GetLogStore`, once the operation may be over: neither its cancellation nor its deadline ends it. It has a
    /// short time limit of its own.
    fn final_read(&self) -> impl Future<Output = Result<LogStore, Error>> + Send;

    /// Sends an update once; `false` if it was not sent because it would have been sent too late.
    fn update(&self, update: &Update) -> impl Future<Output = Result<bool, Error>> + Send;

    /// The same calls with a permit to send of their own: no other call of this process delays the second of two.
    fn with_permit(&self) -> impl Future<Output = Result<Self, Error>> + Send;

    /// Waits before another attempt after `error`; gives the error back when there must not be one.
    fn pause(&self, attempt: u32, error: Error) -> impl Future<Output = Result<(), Error>> + Send;

    /// Waits, or fails when the operation is cancelled or out of time.
    fn wait(&self, time: Duration) -> impl Future<Output = Result<(), Error>> + Send;

    /// Time that only goes forward.
    fn now(&self) -> Duration;
}

/// What the Logstore's encryption shall be.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The configuration.
    pub conf: EncryptConf,
    /// The Logstore's `createTime`, if the configuration was planned against a known one.
    pub create_time: Option<i64>,
    /// True if the Logstore may have been created so recently that SLS says it does not exist: that is waited for.
    pub may_be_new: bool,
}

/// The Logstore as the sequence left it, read after any update.
#[derive(Clone, Debug)]
pub struct Applied {
    /// The Logstore.
    pub log_store: LogStore,
    /// True if an update was needed.
    pub written: bool,
    /// True if SLS may still carry out an update that it never answered: that sets back what other writers change
    /// until then.
    pub may_be_overwritten: bool,
}

/// A sequence that did not reach what was wanted.
#[derive(Debug)]
pub struct Failure {
    /// Why.
    pub error: ApplyError,
    /// True if an update was sent that was, or may have been, carried out.
    pub written: bool,
    /// The Logstore as it was last read.
    pub last_seen: Option<LogStore>,
    /// The outcome of one more read at the end, if nothing was read since the last update: `Ok` if
    /// [`Failure::last_seen`] is what was found then. An update that is still under way may change it after that.
    pub final_read: Option<Result<(), ApplyError>>,
    /// Settings that an update of this sequence has set back, and that were not restored.
    pub losses: Vec<Loss>,
}

/// Why a sequence failed.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// A call failed.
    #[error(transparent)]
    Call(#[from] Error),
    /// The Logstore has another permanent configuration.
    #[error("the Logstore has another permanent encryption configuration")]
    Conflict {
        /// The configuration it has.
        stored: Box<EncryptConf>,
        /// What differs.
        conflicts: Vec<Conflict>,
    },
    /// The Logstore was deleted and created again since it was known.
    #[error("the Logstore was created at {found}, but the one that was planned for at {known}")]
    Rebuilt {
        /// The `createTime` that was known.
        known: i64,
        /// The `createTime` that was found.
        found: i64,
    },
    /// SLS confirmed the update, but the configuration is not in effect.
    #[error("the service accepted the update, but the configuration is not in effect")]
    NotInEffect {
        /// The configuration the Logstore has instead.
        stored: Option<EncryptConf>,
    },
    /// Another writer kept changing the Logstore.
    #[error("another writer kept changing the Logstore")]
    KeepsMoving,
    /// `GetLogStore` kept answering with a version older than one it had answered with before.
    #[error("GetLogStore kept answering with an old version of the Logstore")]
    OutOfDate,
    /// Each read was too old before the update that was built from it could be sent.
    #[error("no update could be sent within {} s of the read that it was built from", MAX_AGE.as_secs())]
    TooLate,
    /// SLS refuses a member of the document, and those it may mean have values that must not be lost.
    #[error("{error}")]
    CannotLeaveOut {
        /// The refusal.
        error: Error,
        /// The members that have a value.
        members: Vec<String>,
    },
    /// SLS does not offer `UpdateLogStoreEncryption` here.
    #[error(transparent)]
    NotOffered(Error),
}

/// Brings the Logstore's encryption to what is wanted.
///
/// `base` may give an answer of `GetLogStore`; it saves a call while it is fresh. Nothing is sent when nothing would
/// change. A permanent value that differs is never sent.
///
/// # Errors
///
/// See [`ApplyError`]; [`Failure::written`] tells whether the Logstore may have been changed.
pub async fn apply<C: LogStoreCalls>(
    calls: &C,
    wanted: &Wanted,
    base: Option<LogStore>,
) -> Result<Applied, Box<Failure>> {
    let mut sequence = Sequence {
        calls,
        with_permit: None,
        wanted,
        updates: Updates::default(),
        last_seen: None,
        unread: false,
        leaves_out_empty: false,
        confirmed: 0,
        failures: 0,
        last_failure: None,
        too_late: 0,
    };
    match sequence.run(base).await {
        Ok(log_store) => Ok(Applied {
            log_store,
            written: !sequence.updates.is_empty(),
            may_be_overwritten: sequence.updates.any_may_still_be_carried_out(),
        }),
        Err(error) => {
            let final_read = sequence.final_read().await;
            Err(Box::new(Failure {
                error,
                written: !sequence.updates.is_empty(),
                final_read,
                losses: sequence.updates.losses(),
                last_seen: sequence.last_seen,
            }))
        }
    }
}

struct Sequence<'a, C> {
    calls: &'a C,
    /// The same calls with a permit of their own, from the first update on that came too late.
    with_permit: Option<C>,
    wanted: &'a Wanted,
    updates: Updates,
    last_seen: Option<LogStore>,
    /// True if nothing was read since the last update that was, or may have been, carried out.
    unread: bool,
    /// True once the server has refused members it does not know: those without a value are left out.
    leaves_out_empty: bool,
    /// How many updates SLS has confirmed.
    confirmed: u32,
    /// How many updates failed.
    failures: u32,
    /// The error of the last update, if that failed.
    last_failure: Option<Error>,
    /// How many updates were not sent because they came too late.
    too_late: u32,
}

/// What follows an update.
enum Next {
    /// The Logstore is read.
    Read,
    /// The read that the update was built from serves again while it is fresh.
    SameRead,
}

impl<C: LogStoreCalls> Sequence<'_, C> {
    async fn run(&mut self, mut base: Option<LogStore>) -> Result<LogStore, ApplyError> {
        loop {
            let found = match base.take().filter(|read| self.is_fresh(read)) {
                Some(read) => {
                    self.see(&read)?;
                    read
                }
                None => self.read().await?,
            };
            self.updates.observe(&found);
            let conf = self.conf_to_send(&found)?;
            if in_effect(&found, &conf)? && !self.updates.has_losses() {
                return Ok(found);
            }
            if self.confirmed >= MAX_CONFIRMED {
                return Err(self.keeps_moving(&found));
            }
            match self.update(&found, &conf).await? {
                Next::Read => {}
                Next::SameRead => base = Some(found),
            }
        }
    }

    fn is_fresh(&self, read: &LogStore) -> bool {
        self.calls.now() <= send_by(read)
    }

    /// Reads the Logstore until it shows every update that SLS has confirmed, as far as another writer has not
    /// changed it since.
    async fn read(&mut self) -> Result<LogStore, ApplyError> {
        if self.too_late > 0 && self.with_permit.is_none() {
            self.with_permit = Some(self.calls.with_permit().await?);
        }
        let started = self.calls.now();
        let mut not_found = None;
        for read in 0..MAX_READS {
            match self.with_permit.as_ref().unwrap_or(self.calls).get().await {
                Ok(found) => {
                    let is_older = self.last_seen.as_ref().is_some_and(|seen| found.is_older_than(seen));
                    if !is_older {
                        self.see(&found)?;
                    }
                    if self.updates.currency(&found) == Currency::Current && !is_older {
                        return Ok(found);
                    }
                }
                Err(error) if self.may_be_new(&error, started) => not_found = Some(error),
                Err(error) if error.kind() == ErrorKind::Timeout => {
                    let is_silent = self.calls.now().saturating_sub(started) >= SILENT_AFTER;
                    let last_failure = self.last_failure.take().filter(|_| !is_silent);
                    return Err(not_found.or(last_failure).unwrap_or(error).into());
                }
                Err(error) => return Err(error.into()),
            }
            let pause = PAUSES.get(read).or(PAUSES.last()).copied().unwrap_or_default();
            if let Err(error) = self.calls.wait(pause).await {
                return Err(self.out_of_time(error, not_found));
            }
        }
        Err(self.not_shown())
    }

    /// True if SLS says that the Logstore does not exist, and that may be because it has just been created.
    fn may_be_new(&self, error: &Error, since: Duration) -> bool {
        self.wanted.may_be_new
            && error.kind() == ErrorKind::NotFound
            && self.calls.now().saturating_sub(since) < NEW_FOR
    }

    /// The error when the time for reading is over.
    fn out_of_time(&mut self, over: Error, not_found: Option<Error>) -> ApplyError {
        match (over.kind(), not_found) {
            (ErrorKind::Timeout, Some(not_found)) => not_found.into(),
            (ErrorKind::Timeout, None) => self.not_shown(),
            _ => over.into(),
        }
    }

    /// The error when a confirmed update does not show.
    fn not_shown(&mut self) -> ApplyError {
        if let Some(seen) = &self.last_seen {
            self.updates.observe(seen);
        }
        match &self.last_seen {
            Some(seen) if in_effect(seen, &self.wanted.conf).unwrap_or(false) => ApplyError::OutOfDate,
            Some(seen) => not_in_effect(seen),
            None => ApplyError::NotInEffect { stored: None },
        }
    }

    /// The error when no further update is sent.
    fn keeps_moving(&self, found: &LogStore) -> ApplyError {
        if in_effect(found, &self.wanted.conf).unwrap_or(false) {
            ApplyError::KeepsMoving
        } else {
            not_in_effect(found)
        }
    }

    /// Records what was read, if it is still the same Logstore.
    fn see(&mut self, found: &LogStore) -> Result<(), ApplyError> {
        let known = match &self.last_seen {
            Some(seen) => Some(seen.create_time()?),
            None => self.wanted.create_time,
        };
        let create_time = found.create_time()?;
        match known {
            Some(known) if known != create_time => Err(ApplyError::Rebuilt { known, found: create_time }),
            _ => {
                self.last_seen = Some(found.clone());
                self.unread = false;
                Ok(())
            }
        }
    }

    /// The configuration to send: the stored one, letter by letter, but for `enable`. The service compares
    /// verbatim, so another spelling of the same thing would be refused.
    fn conf_to_send(&self, found: &LogStore) -> Result<EncryptConf, ApplyError> {
        let wanted = &self.wanted.conf;
        let Some(stored) = found.encrypt_conf()? else { return Ok(wanted.clone()) };
        let conflicts = conflicts(&(&stored).into(), &wanted.into());
        if !conflicts.is_empty() {
            return Err(ApplyError::Conflict { stored: Box::new(stored), conflicts });
        }
        let encrypt_type =
            if stored.encrypt_type.is_empty() { wanted.encrypt_type.clone() } else { stored.encrypt_type };
        Ok(EncryptConf { enable: wanted.enable, encrypt_type, user_cmk_info: stored.user_cmk_info })
    }

    /// Sends one update that is built from `base`.
    async fn update(&mut self, base: &LogStore, conf: &EncryptConf) -> Result<Next, ApplyError> {
        let (update, mut sent) = self.build(base, conf);
        match self.send(&update, &mut sent).await {
            Ok(false) => {
                self.too_late += 1;
                if self.too_late < MAX_TOO_LATE { Ok(Next::Read) } else { Err(ApplyError::TooLate) }
            }
            answer => {
                self.with_permit = None;
                match answer {
                    Ok(_) => {
                        self.confirmed += 1;
                        self.last_failure = None;
                        self.record(sent.confirmed());
                        Ok(Next::Read)
                    }
                    Err(error) => self.failed(base, sent, error).await,
                }
            }
        }
    }

    fn build(&self, base: &LogStore, conf: &EncryptConf) -> (Update, SentUpdate) {
        match self.calls.api() {
            EncryptionApi::UpdateLogStore => {
                let body = merge(base.fields(), &self.updates.to_restore(), conf, self.leaves_out_empty);
                let sent = SentUpdate::document(base, &body, conf);
                (Update::Document { body, send_by: send_by(base) }, sent)
            }
            EncryptionApi::UpdateLogStoreEncryption => {
                let members = complete(base.fields().get(ENCRYPT_CONF), conf);
                (Update::Encryption(conf.clone()), SentUpdate::encryption(base, members, conf))
            }
        }
    }

    /// Sends an update; while it takes long, reads the Logstore beside it.
    async fn send(&mut self, update: &Update, sent: &mut SentUpdate) -> Result<bool, Error> {
        let calls = self.with_permit.as_ref().unwrap_or(self.calls);
        let mut answer = pin!(calls.update(update));
        loop {
            let look = async {
                self.calls.wait(WATCH_EVERY).await?;
                Ok::<_, Error>(self.calls.get().await)
            };
            tokio::select! {
                biased;
                answer = &mut answer => return answer,
                look = look => match look {
                    Ok(Ok(found)) => {
                        self.updates.is_out_of_date(&found);
                        sent.observe_before(&found, 0);
                        // Once it shows, and no other can be the reason, it sets back nothing any more.
                        if sent.is_shown_by(&found) && !self.updates.any_may_still_be_carried_out() {
                            return answer.await;
                        }
                    }
                    // Looking is a precaution; the update's own answer decides.
                    Ok(Err(_)) => {}
                    Err(_over) => return answer.await,
                },
            }
        }
    }

    fn record(&mut self, sent: SentUpdate) {
        self.unread = true;
        self.updates.push(sent);
    }

    /// Decides what follows an update that SLS did not confirm.
    async fn failed(&mut self, base: &LogStore, sent: SentUpdate, error: Error) -> Result<Next, ApplyError> {
        if error.message().contains(REDUNDANT_KEY) {
            return self.leave_out_empty(&sent, error);
        }
        if sent.is_of(EncryptionApi::UpdateLogStoreEncryption) && is_not_offered(&error) {
            return Err(ApplyError::NotOffered(error));
        }
        let in_doubt = error.may_have_been_applied();
        if in_doubt {
            self.record(sent);
        }
        if matches!(error.kind(), ErrorKind::Invalid | ErrorKind::Conflict) {
            // Another writer may have configured the Logstore first: that is the better explanation.
            if let Ok(found) = self.calls.get().await {
                self.see(&found)?;
                self.observe_at_the_end(&found);
                self.conf_to_send(&found)?;
            }
            return Err(error.into());
        }
        // Fetching other credentials takes time. The next read has them fetched, and is fresh.
        let reads_again = in_doubt || error.is_expired_token();
        self.failures += 1;
        self.last_failure = Some(error.clone());
        self.calls.pause(self.failures, error).await?;
        Ok(if reads_again || !self.is_fresh(base) { Next::Read } else { Next::SameRead })
    }

    /// Leaves out the newer members that have no value, for a server that does not know them.
    fn leave_out_empty(&mut self, sent: &SentUpdate, error: Error) -> Result<Next, ApplyError> {
        let (empty, valued) = newer_members(sent.body());
        if !self.leaves_out_empty && !empty.is_empty() {
            tracing::debug!(left_out = ?empty, "the server refuses members it does not know");
            self.leaves_out_empty = true;
            return Ok(Next::SameRead);
        }
        if valued.is_empty() {
            Err(error.into())
        } else {
            Err(ApplyError::CannotLeaveOut { error, members: valued })
        }
    }

    /// Reads the Logstore once more, if the sequence ends with an update that nothing was read after, or whose effects
    /// were not seen.
    async fn final_read(&mut self) -> Option<Result<(), ApplyError>> {
        if !self.unread && !self.updates.any_confirmed_is_unseen() {
            return None;
        }
        Some(match self.calls.final_read().await {
            Ok(found) => self.see(&found).map(|()| self.observe_at_the_end(&found)),
            Err(error) => Err(error.into()),
        })
    }

    /// Finds out what the updates did from a read that no other one follows.
    fn observe_at_the_end(&mut self, found: &LogStore) {
        if self.updates.currency(found) != Currency::OutOfDate {
            self.updates.observe(found);
        }
    }
}

/// The last moment at which an update may be sent that is built from this read.
fn send_by(read: &LogStore) -> Duration {
    read.requested_at().saturating_add(MAX_AGE)
}

/// True if SLS says that it has no such action: only its own word about a Logstore or project is a 404 about those.
fn is_not_offered(error: &Error) -> bool {
    error.kind() != ErrorKind::NotFound
        && (matches!(error.status(), Some(404 | 405)) || error.is_code("InvalidMethod"))
}

fn not_in_effect(found: &LogStore) -> ApplyError {
    match found.encrypt_conf() {
        Ok(stored) => ApplyError::NotInEffect { stored },
        Err(error) => error.into(),
    }
}
