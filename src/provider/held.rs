//! What a phase of a run is working on: one lock per Logstore, what was read, and who configures it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::{Mutex as AsyncMutex, OnceCell, OwnedMutexGuard};

use super::{claims::Claims, held_roles::HeldRoles, log_store_id::LogStoreId, readiness::Memory};
use crate::cloud::sls::LogStore;

/// The Logstores this phase, plan or apply, has to do with.
#[derive(Debug, Default)]
pub(super) struct Held {
    locks: Mutex<HashMap<LogStoreId, Arc<AsyncMutex<()>>>>,
    writes: Mutex<HashMap<LogStoreId, u64>>,
    reads: Mutex<HashMap<LogStoreId, KeptRead>>,
    /// Which resources of this phase configure or destroy the encryption of which Logstore.
    pub(super) claims: Claims,
    /// What this phase has found out about roles.
    pub(super) roles: HeldRoles,
    readiness: Mutex<Arc<Memory>>,
    account_to_store: Mutex<Arc<AccountToStore>>,
}

/// The account that is stored with objects of this phase. It holds `None` if STS did not answer, and is not asked again.
pub(super) type AccountToStore = OnceCell<Option<String>>;

/// An answer of `GetLogStore` kept for an apply.
#[derive(Debug)]
struct KeptRead {
    log_store: LogStore,
    writes: u64,
}

impl Held {
    /// Forgets what was read and planned before.
    pub(super) fn begin_phase(&self) {
        open(&self.reads).clear();
        self.claims.begin_phase();
        self.roles.begin_phase();
        *open(&self.readiness) = Arc::default();
        *open(&self.account_to_store) = Arc::default();
    }

    /// What this phase has read about keys, roles and policies.
    pub(super) fn readiness(&self) -> Arc<Memory> {
        Arc::clone(&open(&self.readiness))
    }

    /// The account that is stored with objects of this phase.
    pub(super) fn account_to_store(&self) -> Arc<AccountToStore> {
        Arc::clone(&open(&self.account_to_store))
    }

    /// Waits until no other call of this process writes to the Logstore. Writers of other processes are not
    /// kept out; the apply sequence finds their traces.
    pub(super) async fn lock(&self, id: &LogStoreId) -> OwnedMutexGuard<()> {
        let lock = Arc::clone(open(&self.locks).entry(id.clone()).or_default());
        lock.lock_owned().await
    }

    /// How many times a write of this process to the Logstore has begun or ended.
    pub(super) fn writes(&self, id: &LogStoreId) -> u64 {
        open(&self.writes).get(id).copied().unwrap_or_default()
    }

    /// Notes, under the [`Held::lock`] of the Logstore, that it may be written to until the answer is dropped: what
    /// was asked for before that, or meanwhile, is out of date. Plans look at a Logstore without its lock, so one
    /// may read it while a write is under way.
    pub(super) fn begin_write<'a>(&'a self, id: &'a LogStoreId) -> Writing<'a> {
        self.count_write(id);
        Writing { held: self, id }
    }

    fn count_write(&self, id: &LogStoreId) {
        *open(&self.writes).entry(id.clone()).or_default() += 1;
    }

    /// Keeps an answer for the apply that core may ask for next: it plans once more right before. `writes` is
    /// [`Held::writes`] from before the Logstore was read.
    pub(super) fn keep_read(&self, id: &LogStoreId, log_store: LogStore, writes: u64) {
        open(&self.reads).insert(id.clone(), KeptRead { log_store, writes });
    }

    /// Takes the answer that was kept, under the [`Held::lock`] of the Logstore. There is none if this process may have
    /// written to the Logstore since it was asked for.
    pub(super) fn take_read(&self, id: &LogStoreId) -> Option<LogStore> {
        let kept = open(&self.reads).remove(id)?;
        (kept.writes == self.writes(id)).then_some(kept.log_store)
    }
}

/// A write to a Logstore that is under way.
#[derive(Debug)]
#[must_use = "the write is over when this is dropped"]
pub(super) struct Writing<'a> {
    held: &'a Held,
    id: &'a LogStoreId,
}

impl Drop for Writing<'_> {
    fn drop(&mut self) {
        self.held.count_write(self.id);
    }
}

/// A panic elsewhere does not make these maps wrong: each change is one insertion or removal.
fn open<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::Map;

    use super::*;
    use crate::cloud::{error::Operation, names::Region};

    fn id() -> LogStoreId {
        LogStoreId::of(Region::parse("cn-hangzhou").unwrap(), "audit", "app").unwrap()
    }

    fn log_store() -> LogStore {
        LogStore::from_fields(Operation::new("SLS", "GetLogStore", "audit/app"), Map::new(), Duration::ZERO)
    }

    #[test]
    fn a_phase_begins_with_nothing_known() {
        let held = Held::default();
        assert!(held.claims.claim(&id(), None).is_ok());
        held.keep_read(&id(), log_store(), 0);
        held.begin_phase();
        assert!(held.claims.claim(&id(), None).is_ok());
        assert!(held.take_read(&id()).is_none());
    }

    #[test]
    fn a_kept_answer_is_taken_once() {
        let held = Held::default();
        drop(held.begin_write(&id()));
        held.keep_read(&id(), log_store(), held.writes(&id()));
        assert!(held.take_read(&id()).is_some());
        assert!(held.take_read(&id()).is_none());
    }

    #[test]
    fn an_answer_that_was_asked_for_before_a_write_is_not_given_out() {
        let held = Held::default();
        let (id, writes) = (id(), held.writes(&id()));
        let writing = held.begin_write(&id);
        held.keep_read(&id, log_store(), writes);
        assert!(held.take_read(&id).is_none());
        held.keep_read(&id, log_store(), writes);
        drop(writing);
        assert!(held.take_read(&id).is_none());
    }

    #[test]
    fn an_answer_that_was_asked_for_while_a_write_was_under_way_is_not_given_out_after_it() {
        let (held, id) = (Held::default(), id());
        let writing = held.begin_write(&id);
        let writes = held.writes(&id);
        held.keep_read(&id, log_store(), writes);
        drop(writing);
        assert!(held.take_read(&id).is_none());
        held.keep_read(&id, log_store(), writes);
        assert!(held.take_read(&id).is_none(), "nor if it comes late");
    }
}
