//! What all calls share.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio_util::sync::CancellationToken;

use super::access::AccessKey;
use super::clock::OutOfSpan;
use super::faults::{Arrival, Effect, Fault, FaultTarget, Faults};
use super::heavy_work::HeavyWork;
use super::identity::Directory;
use super::persistence;
use super::quotas::Quotas;
use super::requests::RequestLog;
use super::rpc::Nonces;
use super::seed::Seed;
use super::sessions::Sessions;
use super::snapshots::Snapshots;
use super::stored::{PersistError, Unwritable};
use super::{Clock, Rules, kms, sls};
use storage::{Committed, Store, WriteBatch};

/// Why the clock is not moved.
#[derive(Debug, thiserror::Error)]
pub enum ClockError {
    /// It cannot be moved so far.
    #[error(transparent)]
    OutOfSpan(#[from] OutOfSpan),
    /// The move cannot be encoded.
    #[error(transparent)]
    Unwritable(#[from] Unwritable),
}

/// The emulator without its socket.
///
/// Whoever locks several models locks them in this order: SLS, sessions, identity, KMS, the clock.
#[derive(Debug)]
pub struct State {
    /// The account everything belongs to.
    pub account_id: String,
    /// The region of what does not say another.
    pub region: String,
    /// The identities, their permissions and their access keys.
    pub identity: Snapshots<Directory>,
    /// The access keys of sessions.
    pub sessions: Sessions,
    /// The keys of KMS.
    pub keys: Snapshots<kms::Keys>,
    references_must_exist: AtomicBool,
    /// The nonces that calls were signed with.
    pub nonces: Nonces,
    /// How strictly calls are read.
    pub rules: Rules,
    /// The services' clock.
    pub clock: Clock,
    /// Locked while the clock is moved and that is handed to the store.
    clock_is_moved: Mutex<()>,
    /// Every call so far.
    pub requests: RequestLog,
    /// What goes wrong on order.
    pub faults: Faults,
    /// How many calls the services admit.
    pub quotas: Quotas,
    /// What is kept: documents and blocks.
    pub store: Store,
    is_poisoned: AtomicBool,
    /// Where logs are read and opened.
    pub reading: HeavyWork,
    /// Where logs are checked and sealed: no number of reads holds a write up.
    pub writing: HeavyWork,
    /// Who appends to shards.
    pub writers: sls::Writers,
    /// The data keys of Logstores.
    pub data_keys: sls::DataKeys,
    /// Cancelled when the emulator stops: what waits, stops waiting.
    pub stopping: CancellationToken,
    sls: Mutex<sls::Model>,
    /// The contents after a reset.
    seed: Seed,
}

impl State {
    /// The state a seed describes, with its data in `store`; nothing is stored by this.
    pub fn new(seed: Seed, rules: Rules, clock: Clock, store: Store) -> Self {
        Self::with_contents(seed.clone(), seed, rules, clock, store)
    }

    /// A state with these contents. A reset restores `seed`.
    pub fn with_contents(contents: Seed, seed: Seed, rules: Rules, clock: Clock, store: Store) -> Self {
        Self {
            account_id: contents.account_id,
            region: contents.region,
            identity: Snapshots::new(contents.directory),
            sessions: Sessions::new(contents.sessions),
            keys: Snapshots::new(contents.keys),
            references_must_exist: AtomicBool::new(contents.references_must_exist),
            nonces: Nonces::default(),
            rules,
            clock,
            clock_is_moved: Mutex::default(),
            requests: RequestLog::default(),
            faults: Faults::default(),
            quotas: Quotas::default(),
            data_keys: sls::DataKeys::new(&store),
            store,
            is_poisoned: AtomicBool::new(false),
            reading: HeavyWork::default(),
            writing: HeavyWork::default(),
            writers: sls::Writers::default(),
            stopping: CancellationToken::new(),
            sls: Mutex::new(contents.sls),
            seed,
        }
    }

    /// The projects and Logstores. Hold it for one evaluation, never across an await.
    pub fn sls(&self) -> MutexGuard<'_, sls::Model> {
        self.sls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Identities and keys as they are now, for the use of customers' keys.
    pub fn snapshot(&self) -> sls::Snapshot {
        sls::Snapshot {
            directory: self.identity.current(),
            keys: self.keys.current(),
            now: self.clock.unix(),
        }
    }

    /// The access key of an id: the account's, a user's or a session's.
    pub fn access_key(&self, directory: &Directory, id: &str) -> Option<AccessKey> {
        directory.access_keys.get(id).cloned().or_else(|| self.sessions.lock().get(id).cloned())
    }

    /// Whether role and key of an encryption configuration have to be there.
    pub fn references_must_exist(&self) -> bool {
        self.references_must_exist.load(Ordering::Relaxed)
    }

    /// What goes wrong with a call: a fault that was ordered, or else a quota that is used up.
    pub fn fault_for(&self, subject: FaultTarget<'_>, arrival: &Arrival) -> Option<Fault<'_>> {
        let is_admitted = || self.quotas.admits(subject.service, Instant::now());
        let throttled = || (!is_admitted()).then(|| Effect::Throttle.into());
        self.faults.fire(subject, arrival).or_else(throttled)
    }

    /// Waits as a fault demands. False if the emulator stops before that: nothing is done or answered then.
    pub async fn wait_or_stop(&self, wait: impl Future<Output = ()>) -> bool {
        tokio::select! {
            () = wait => true,
            () = self.stopping.cancelled() => false,
        }
    }

    /// Submits the changes of projects and Logstores to the store, while `model` is still locked.
    /// Shards and Logstores that are closed take nothing any more, and what was in a Logstore goes with it.
    ///
    /// # Errors
    ///
    /// [`Unwritable`], and from then on [`State::is_poisoned`]: the model is not what is stored.
    pub fn submit_changes(&self, model: &mut sls::Model) -> Result<(), Unwritable> {
        let mut batch = WriteBatch::new();
        let closed = model.take_closed();
        for (logstore, shard) in closed.shards {
            self.writers.close(logstore, shard);
        }
        for logstore in closed.logstores {
            self.writers.close_all(logstore);
            batch.remove_blocks(logstore);
        }
        model.write_changes(&mut batch).inspect_err(|error| self.poison(error))?;
        if !batch.is_empty() {
            self.store.submit(batch);
        }
        Ok(())
    }

    /// Hands the seed over to a store that nothing was written to yet.
    ///
    /// # Errors
    ///
    /// [`Unwritable`]
    pub fn store_seed(&self) -> Result<(), Unwritable> {
        let batch = persistence::initial_batch(&self.seed, &self.seed.sls)?;
        self.store.submit(batch);
        Ok(())
    }

    /// Waits until everything that the models show is durable. Every answer waits for it, whether the call read or
    /// wrote: who called and whether they may was read too. It returns at once when nothing was submitted.
    ///
    /// # Errors
    ///
    /// [`PersistError`], and from then on [`State::is_poisoned`]: nothing that the models show is answered.
    pub async fn wait_durable(&self) -> Result<(), PersistError> {
        let outcome = self.store.documents_durable().await;
        outcome.inspect_err(|error| self.poison(error)).map_err(|_| PersistError::NotStored)?;
        if self.is_poisoned() { Err(PersistError::NotStored) } else { Ok(()) }
    }

    /// Waits until a block that was submitted is durable.
    ///
    /// # Errors
    ///
    /// [`PersistError`], and from then on [`State::is_poisoned`].
    pub async fn wait_appended(&self, block: Committed) -> Result<(), PersistError> {
        block.wait().await.inspect_err(|error| self.poison(error)).map_err(|_| PersistError::NotStored)
    }

    /// Whether a change was not stored, so that what is known here is not what is stored.
    pub fn is_poisoned(&self) -> bool {
        self.is_poisoned.load(Ordering::Acquire)
    }

    fn poison(&self, error: &dyn std::error::Error) {
        if !self.is_poisoned.swap(true, Ordering::AcqRel) {
            tracing::error!(%error, "a change is not stored; nothing is answered until a restart");
        }
    }

    /// Moves the clock by `seconds`.
    ///
    /// # Errors
    ///
    /// [`ClockError`]
    pub fn advance_clock(&self, seconds: i64) -> Result<(), ClockError> {
        let _moved = self.clock_is_moved.lock().unwrap_or_else(PoisonError::into_inner);
        self.clock.advance(seconds)?;
        let mut batch = WriteBatch::new();
        let written = persistence::write_clock(self.clock.advanced(), &mut batch);
        written.inspect_err(|error| self.poison(error))?;
        self.store.submit(batch);
        Ok(())
    }

    /// Goes back to the seed: data, identities, sessions, keys, faults, quotas, nonces, request log and clock.
    ///
    /// # Errors
    ///
    /// [`Unwritable`], and then only faults, quotas, nonces and request log are gone.
    pub fn reset(&self) -> Result<(), Unwritable> {
        self.faults.clear();
        self.quotas.clear();
        self.requests.clear();
        self.nonces.clear();
        self.data_keys.clear();
        let mut model = self.sls();
        let mut sessions = self.sessions.lock();
        let mut next = model.clone();
        next.reset_to(&self.seed.sls);
        let batch = persistence::initial_batch(&self.seed, &next)?;
        *model = next;
        sessions.clear();
        self.writers.close_everything();
        self.identity.replace(self.seed.directory.clone(), || {
            self.keys.replace(self.seed.keys.clone(), || {
                let _moved = self.clock_is_moved.lock().unwrap_or_else(PoisonError::into_inner);
                self.clock.reset();
                self.references_must_exist.store(self.seed.references_must_exist, Ordering::Relaxed);
                self.store.submit(batch);
            });
        });
        Ok(())
    }
}
