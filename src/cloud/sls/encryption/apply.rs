//! Get → merge → Update → Get: brings a Logstore's encryption to what is wanted and proves that it did.

use std::{future::Future, pin::pin, time::Duration};

use serde_json::{Map, Value};

use super::{
    super::{EncryptConf, LogStore},
    merge::{Breadth, merge},
    permanence::{Conflict, conflicts},
    read_back::{Around, Loss},
};
use crate::cloud::error::{Error, ErrorKind};

/// How old an answer of `GetLogStore` may be to build an update from. A writer that comes in between is
/// overwritten, so this bounds the window that is in our hands.
pub const MAX_AGE: Duration = Duration::from_secs(1);

/// How long an update may be under way before the Logstore is read beside it, and how often again.
const WATCH_EVERY: Duration = Duration::from_secs(1);

/// How many updates are answered with success at most. Each further one means that another writer came in
/// between. Updates that fail are bounded by the retry policy instead.
const MAX_ROUNDS: u32 = 5;

/// How long to wait before each further read when an update is not visible yet. The service documents no
/// figure for its consistency; official test suites read back at once.
const VISIBILITY: [Duration; 5] = [
    Duration::from_millis(200),
    Duration::from_millis(400),
    Duration::from_millis(800),
    Duration::from_millis(1600),
    Duration::from_millis(3200),
];

/// What older and private-cloud servers answer to a body with members they do not know
/// (`LogStoreInfoInvalid`; source: the fallback in aliyun-log-python-sdk).
const REDUNDANT_KEY: &str = "redundant key exist in json";

/// The action that writes.
const UPDATE: &str = "UpdateLogStore";

/// The calls the sequence makes, bound to one Logstore and to the bounds of one operation.
pub trait LogStoreCalls: Sync {
    /// `GetLogStore`; repeats itself as far as its policy allows.
    fn get(&self) -> impl Future<Output = Result<LogStore, Error>> + Send;

    /// `GetLogStore`, once the operation may be over: neither its cancellation nor its deadline ends it. It is
    /// bounded by itself, shortly.
    fn last_look(&self) -> impl Future<Output = Result<LogStore, Error>> + Send;

    /// `UpdateLogStore`, once.
    fn update(&self, body: &Map<String, Value>) -> impl Future<Output = Result<(), Error>> + Send;

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
}

/// The Logstore as the sequence left it, read after any update.
#[derive(Clone, Debug)]
pub struct Applied {
    /// The Logstore.
    pub log_store: LogStore,
    /// True if an update was needed.
    pub written: bool,
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
    /// What came of looking at the Logstore once more, because nothing had been read since that update: `Ok` if
    /// [`Failure::last_seen`] is what was found then. An update that is still under way may change it after that.
    pub last_look: Option<Result<(), ApplyError>>,
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
    /// The service accepted the update, but the configuration is not what was sent.
    #[error("the service accepted the update, but the configuration is not in effect")]
    NotInEffect {
        /// The configuration the Logstore has instead.
        stored: Option<EncryptConf>,
    },
    /// The update took away members of the Logstore and they could not be put right.
    #[error("the update changed members of the Logstore that it should not have changed")]
    Lost(Vec<Loss>),
    /// Another writer kept changing the Logstore.
    #[error("another writer kept changing the Logstore")]
    KeepsMoving,
}

/// Brings the Logstore's encryption to what is wanted.
///
/// `base` may give an answer of `GetLogStore` and the time it came; it saves a call while it is fresh.
/// Nothing is sent when nothing would change. A permanent value that differs is never sent.
///
/// # Errors
///
/// See [`ApplyError`]; [`Failure::written`] tells whether the Logstore may have been changed.
pub async fn apply<C: LogStoreCalls>(
    calls: &C,
    wanted: &Wanted,
    base: Option<(LogStore, Duration)>,
) -> Result<Applied, Box<Failure>> {
    let mut run = Run {
        calls,
        wanted,
        written: false,
        unread: false,
        last_seen: None,
        breadth: Breadth::Full,
        restore: Map::new(),
        failures: 0,
        unanswered: None,
    };
    match run.rounds(base).await {
        Ok(log_store) => Ok(Applied { log_store, written: run.written }),
        Err(error) => {
            let last_look = run.last_look(&error).await;
            let Run { written, last_seen, .. } = run;
            Err(Box::new(Failure { error, written, last_seen, last_look }))
        }
    }
}

struct Run<'a, C> {
    calls: &'a C,
    wanted: &'a Wanted,
    written: bool,
    /// True if nothing was read since an update that was, or may have been, carried out.
    unread: bool,
    last_seen: Option<LogStore>,
    breadth: Breadth,
    /// Members to put right with the next update.
    restore: Map<String, Value>,
    /// How many updates failed.
    failures: u32,
    /// An update whose answer was lost, and what it was built from.
    unanswered: Option<(LogStore, Map<String, Value>)>,
}

/// An answer of `GetLogStore` and the time it came.
type Read = (LogStore, Duration);

/// How a round ended.
enum Round {
    /// Everything is as it should be: this is how the Logstore was read last.
    Done(LogStore),
    /// Another update is needed, built from this as long as it is fresh.
    Again(Option<Read>),
    /// The update failed and may be repeated, built from this as long as it is fresh.
    Repeat(Option<Read>),
}

impl<C: LogStoreCalls> Run<'_, C> {
    async fn rounds(&mut self, mut base: Option<Read>) -> Result<LogStore, ApplyError> {
        let mut answered = 0;
        while answered < MAX_ROUNDS {
            let before = match base.take().filter(|(_, at)| self.is_fresh(*at)) {
                Some(read) => read,
                None => (self.calls.get().await?, self.calls.now()),
            };
            self.see(&before.0)?;
            self.settle_unanswered(&before.0)?;
            let conf = self.to_send(&before.0)?;
            if in_effect(&before.0, &conf)? && self.restore.is_empty() {
                return Ok(before.0);
            }
            match self.round(before, &conf).await? {
                Round::Done(log_store) => return Ok(log_store),
                Round::Again(read) => (base, answered) = (read, answered + 1),
                Round::Repeat(read) => base = read,
            }
        }
        Err(self.gave_up())
    }

    fn is_fresh(&self, at: Duration) -> bool {
        self.calls.now().saturating_sub(at) <= MAX_AGE
    }

    /// Remembers what was read, if it is still the same Logstore.
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
    fn to_send(&self, before: &LogStore) -> Result<EncryptConf, ApplyError> {
        let wanted = &self.wanted.conf;
        let Some(stored) = before.encrypt_conf()? else { return Ok(wanted.clone()) };
        let conflicts = conflicts(&(&stored).into(), &wanted.into());
        if !conflicts.is_empty() {
            return Err(ApplyError::Conflict { stored: Box::new(stored), conflicts });
        }
        let encrypt_type =
            if stored.encrypt_type.is_empty() { wanted.encrypt_type.clone() } else { stored.encrypt_type };
        Ok(EncryptConf { enable: wanted.enable, encrypt_type, user_cmk_info: stored.user_cmk_info })
    }

    /// One update and the proof that it did what it should and nothing else.
    async fn round(&mut self, read: Read, conf: &EncryptConf) -> Result<Round, ApplyError> {
        let body = merge(read.0.fields(), &self.restore, conf, self.breadth);
        let (answer, during) = self.send(&body).await;
        if let Err(error) = answer {
            return self.failed(read, body, error).await;
        }
        let (before, _) = read;
        (self.written, self.unread) = (true, true);
        let changes_conf = !in_effect(&before, conf)?;
        let after = self.visible(&before, conf).await?;
        // Read beside the update, the Logstore tells of another writer only while ours was not carried out.
        let during = during.filter(|seen| {
            let conf_is_to_come = changes_conf && in_effect(seen, conf).is_ok_and(|is| !is);
            conf_is_to_come || self.restores_are_to_come(seen)
        });
        let around = Around {
            before: before.fields(),
            sent: &body,
            during: during.as_ref().map(LogStore::fields),
            after: after.fields(),
        };
        self.note_restore(&around)?;
        if in_effect(&after, conf)? && self.restore.is_empty() {
            return Ok(Round::Done(after));
        }
        // What has to be put right was judged by this answer; anything else is worth another look.
        let judged = (!self.restore.is_empty()).then(|| (after, self.calls.now()));
        Ok(Round::Again(judged))
    }

    /// True if a member that the update under way puts right is not as it was sent.
    fn restores_are_to_come(&self, seen: &LogStore) -> bool {
        self.restore.iter().any(|(name, value)| seen.fields().get(name) != Some(value))
    }

    /// Takes down what has to be put right, unless that was tried before or cannot be.
    fn note_restore(&mut self, around: &Around<'_>) -> Result<(), ApplyError> {
        let restore = around.to_restore();
        let tried = restore.keys().any(|name| self.restore.contains_key(name));
        if !restore.is_empty() && (tried || self.breadth == Breadth::Original) {
            return Err(ApplyError::Lost(around.losses(&restore)));
        }
        self.restore = restore;
        Ok(())
    }

    /// Sends an update; while it takes long, reads the Logstore beside it.
    async fn send(&self, body: &Map<String, Value>) -> (Result<(), Error>, Option<LogStore>) {
        let mut update = pin!(self.calls.update(body));
        let mut during = None;
        loop {
            let look = async {
                self.calls.wait(WATCH_EVERY).await?;
                self.calls.get().await
            };
            tokio::select! {
                biased;
                answer = &mut update => return (answer, during),
                seen = look => match seen {
                    Ok(log_store) => during = Some(log_store),
                    // Looking is a precaution; the update's own answer decides.
                    Err(_) => return (update.await, during),
                },
            }
        }
    }

    /// Decides what follows an update that was not answered with success.
    async fn failed(
        &mut self,
        read: Read,
        body: Map<String, Value>,
        error: Error,
    ) -> Result<Round, ApplyError> {
        if error.message().contains(REDUNDANT_KEY) {
            return self.narrow(read, &body, error);
        }
        let base = if error.may_have_been_applied() {
            (self.written, self.unread) = (true, true);
            self.unanswered = Some((read.0, body));
            None
        } else if error.is_expired_token() {
            // Fetching other credentials takes time. The next read has them fetched, and is fresh.
            None
        } else {
            Some(read)
        };
        if matches!(error.kind(), ErrorKind::Invalid | ErrorKind::Conflict) {
            // Another writer may have configured the Logstore first: that is the better explanation.
            if let Ok(found) = self.calls.get().await {
                self.to_send(&found)?;
            }
            return Err(error.into());
        }
        self.failures += 1;
        self.calls.pause(self.failures, error).await?;
        Ok(Round::Repeat(base))
    }

    /// Drops the newer members for a server that does not know them. What had to be put right cannot be
    /// put right then, if it is one of them.
    fn narrow(&mut self, read: Read, body: &Map<String, Value>, error: Error) -> Result<Round, ApplyError> {
        if self.breadth == Breadth::Original {
            return Err(error.into());
        }
        if !self.restore.is_empty() {
            let around =
                Around { before: &self.restore, sent: &Map::new(), during: None, after: read.0.fields() };
            return Err(ApplyError::Lost(around.losses(&self.restore)));
        }
        tracing::debug!(dropped = ?Breadth::dropped(body), "the server refuses newer members; sending without them");
        self.breadth = Breadth::Original;
        Ok(Round::Repeat(Some(read)))
    }

    /// Finds out, from the next read, what an update whose answer was lost has done.
    fn settle_unanswered(&mut self, found: &LogStore) -> Result<(), ApplyError> {
        let Some((before, sent)) = self.unanswered.take() else { return Ok(()) };
        // The comparison only holds if that update was carried out: its configuration is there.
        if in_effect(found, &self.to_send(found)?)? && before.fields() != found.fields() {
            let around = Around { before: before.fields(), sent: &sent, during: None, after: found.fields() };
            self.note_restore(&around)?;
        }
        Ok(())
    }

    /// Reads until the update shows, or something else changed, or long enough.
    async fn visible(&mut self, before: &LogStore, conf: &EncryptConf) -> Result<LogStore, ApplyError> {
        for pause in VISIBILITY {
            let after = self.calls.get().await?;
            self.see(&after)?;
            if in_effect(&after, conf)? || after.fields() != before.fields() {
                return Ok(after);
            }
            self.calls.wait(pause).await?;
        }
        let after = self.calls.get().await?;
        self.see(&after)?;
        if in_effect(&after, conf)? { Ok(after) } else { Err(not_in_effect(&after)) }
    }

    /// Looks at the Logstore once more, if the sequence ends with an update that nothing was read after, and a read
    /// has not just failed by itself.
    async fn last_look(&mut self, ended_by: &ApplyError) -> Option<Result<(), ApplyError>> {
        let ApplyError::Call(error) = ended_by else { return None };
        let is_over = matches!(error.kind(), ErrorKind::Cancelled | ErrorKind::Timeout);
        if !self.unread || !(is_over || error.action() == UPDATE) {
            return None;
        }
        match self.calls.last_look().await {
            Ok(found) => Some(self.see(&found)),
            Err(error) => Some(Err(error.into())),
        }
    }

    /// The error when no further update is sent.
    fn gave_up(&self) -> ApplyError {
        match &self.last_seen {
            Some(seen) if !in_effect(seen, &self.wanted.conf).unwrap_or(false) => not_in_effect(seen),
            _ => ApplyError::KeepsMoving,
        }
    }
}

/// True if the Logstore has that configuration, in whatever spelling.
fn in_effect(log_store: &LogStore, conf: &EncryptConf) -> Result<bool, Error> {
    let stored = log_store.encrypt_conf()?;
    Ok(stored.is_some_and(|stored| {
        stored.enable == conf.enable && conflicts(&(&stored).into(), &conf.into()).is_empty()
    }))
}

fn not_in_effect(found: &LogStore) -> ApplyError {
    match found.encrypt_conf() {
        Ok(stored) => ApplyError::NotInEffect { stored },
        Err(error) => error.into(),
    }
}
