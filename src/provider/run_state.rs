//! What the calls of one phase of a run share: a lock for each Logstore, cached reads, claims and roles.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::{Mutex as AsyncMutex, OnceCell, OwnedMutexGuard};

use super::{
    claims::{Claims, Span},
    log_store_id::LogStoreId,
    readiness::ReadCache,
    role_registry::RoleRegistry,
};
use cloud::sls::LogStore;

/// What the calls of this phase, plan or apply, share.
#[derive(Debug, Default)]
pub(super) struct RunState {
    span: Mutex<Span>,
    locks: Mutex<HashMap<LogStoreId, Arc<AsyncMutex<()>>>>,
    writes: Mutex<HashMap<LogStoreId, u64>>,
    reads: Mutex<HashMap<LogStoreId, CachedRead>>,
    /// Which resources of this phase configure or destroy the encryption of which Logstore.
    pub(super) claims: Claims,
    /// The roles that this phase has planned, read or changed.
    pub(super) roles: RoleRegistry,
    readiness: Mutex<Arc<ReadCache>>,
    account_to_store: Mutex<Arc<AccountToStore>>,
}

/// The account that is stored with objects of this phase: `None` if STS did not answer. STS is asked once.
pub(super) type AccountToStore = OnceCell<Option<String>>;

/// An answer of `GetLogStore` that an apply may use.
#[derive(Debug)]
struct CachedRead {
    log_store: LogStore,
    writes: u64,
}

impl RunState {
    /// Forgets what was read and planned before.
    pub(super) fn begin_phase(&self, span: Span) {
        *locked(&self.span) = span;
        locked(&self.reads).clear();
        self.claims.begin_phase(span);
        self.roles.begin_phase();
        *locked(&self.readiness) = Arc::default();
        *locked(&self.account_to_store) = Arc::default();
    }

    /// What this phase has read about keys, roles and policies.
    pub(super) fn readiness(&self) -> Arc<ReadCache> {
        match *locked(&self.span) {
            Span::OnePhase => Arc::clone(&locked(&self.readiness)),
            Span::ManyPhases => Arc::default(),
        }
    }

    /// The account that is stored with objects of this phase.
    pub(super) fn account_to_store(&self) -> Arc<AccountToStore> {
        Arc::clone(&locked(&self.account_to_store))
    }

    /// Waits until no other call of this process writes to the Logstore. Other processes may write meanwhile, which the
    /// apply sequence detects.
    pub(super) async fn lock(&self, id: &LogStoreId) -> OwnedMutexGuard<()> {
        let lock = Arc::clone(locked(&self.locks).entry(id.clone()).or_default());
        lock.lock_owned().await
    }

    /// How many times a write of this process to the Logstore has begun or ended.
    pub(super) fn write_count(&self, id: &LogStoreId) -> u64 {
        locked(&self.writes).get(id).copied().unwrap_or_default()
    }

    /// Records that this process may write to the Logstore until the guard is dropped. The caller has the
    /// [`RunState::lock`] of the Logstore. An answer that was requested before that moment is out of date: a plan reads
    /// a Logstore without its lock, possibly during a write.
    pub(super) fn begin_write<'a>(&'a self, id: &'a LogStoreId) -> WriteGuard<'a> {
        self.count_write(id);
        WriteGuard { run_state: self, id }
    }

    fn count_write(&self, id: &LogStoreId) {
        *locked(&self.writes).entry(id.clone()).or_default() += 1;
    }

    /// Caches an answer for the apply: core plans once more right before it applies. `writes` is
    /// [`RunState::write_count`] from before the Logstore was read.
    pub(super) fn cache_read(&self, id: &LogStoreId, log_store: LogStore, writes: u64) {
        if *locked(&self.span) == Span::ManyPhases {
            return;
        }
        locked(&self.reads).insert(id.clone(), CachedRead { log_store, writes });
    }

    /// Takes the cached answer; `None` if this process may have written to the Logstore since it was requested. The
    /// caller has the [`RunState::lock`] of the Logstore.
    pub(super) fn take_cached_read(&self, id: &LogStoreId) -> Option<LogStore> {
        let kept = locked(&self.reads).remove(id)?;
        (kept.writes == self.write_count(id)).then_some(kept.log_store)
    }
}

/// A write to a Logstore that is under way.
#[derive(Debug)]
#[must_use = "the write is over when this is dropped"]
pub(super) struct WriteGuard<'a> {
    run_state: &'a RunState,
    id: &'a LogStoreId,
}

impl Drop for WriteGuard<'_> {
    fn drop(&mut self) {
        self.run_state.count_write(self.id);
    }
}

/// A panic elsewhere does not make these maps wrong: each change is one insertion or removal.
fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::Map;

    use super::*;
    use cloud::{error::Operation, names::Region};

    fn id() -> LogStoreId {
        LogStoreId::from_names(Region::parse("cn-hangzhou").unwrap(), "audit", "app").unwrap()
    }

    fn log_store() -> LogStore {
        LogStore::from_fields(Operation::new("SLS", "GetLogStore", "audit/app"), Map::new(), Duration::ZERO)
    }

    #[test]
    fn where_phases_cannot_be_told_apart_no_answer_speaks_for_another_call() {
        let run_state = RunState::default();
        run_state.begin_phase(Span::ManyPhases);
        run_state.cache_read(&id(), log_store(), 0);
        assert!(run_state.take_cached_read(&id()).is_none());
        assert!(!Arc::ptr_eq(&run_state.readiness(), &run_state.readiness()));
        run_state.begin_phase(Span::OnePhase);
        assert!(Arc::ptr_eq(&run_state.readiness(), &run_state.readiness()));
    }

    #[test]
    fn a_phase_begins_with_nothing_known() {
        let run_state = RunState::default();
        assert!(run_state.claims.claim(&id(), None).is_ok());
        run_state.cache_read(&id(), log_store(), 0);
        run_state.begin_phase(Span::OnePhase);
        assert!(run_state.claims.claim(&id(), None).is_ok());
        assert!(run_state.take_cached_read(&id()).is_none());
    }

    #[test]
    fn a_kept_answer_is_taken_once() {
        let run_state = RunState::default();
        drop(run_state.begin_write(&id()));
        run_state.cache_read(&id(), log_store(), run_state.write_count(&id()));
        assert!(run_state.take_cached_read(&id()).is_some());
        assert!(run_state.take_cached_read(&id()).is_none());
    }

    #[test]
    fn an_answer_that_was_asked_for_before_a_write_is_not_given_out() {
        let run_state = RunState::default();
        let (id, writes) = (id(), run_state.write_count(&id()));
        let writing = run_state.begin_write(&id);
        run_state.cache_read(&id, log_store(), writes);
        assert!(run_state.take_cached_read(&id).is_none());
        run_state.cache_read(&id, log_store(), writes);
        drop(writing);
        assert!(run_state.take_cached_read(&id).is_none());
    }

    #[test]
    fn an_answer_that_was_asked_for_while_a_write_was_under_way_is_not_given_out_after_it() {
        let (run_state, id) = (RunState::default(), id());
        let writing = run_state.begin_write(&id);
        let writes = run_state.write_count(&id);
        run_state.cache_read(&id, log_store(), writes);
        drop(writing);
        assert!(run_state.take_cached_read(&id).is_none());
        run_state.cache_read(&id, log_store(), writes);
        assert!(run_state.take_cached_read(&id).is_none(), "nor if it comes late");
    }
}
