//! What this process is working on: one lock per Logstore, and which Logstores it has set up.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};

use super::log_store_id::LogStoreId;
use crate::cloud::sls::LogStore;

/// The Logstores this process has to do with.
#[derive(Debug, Default)]
pub(super) struct Held {
    locks: Mutex<HashMap<LogStoreId, Arc<AsyncMutex<()>>>>,
    set_up: Mutex<HashSet<LogStoreId>>,
    reads: Mutex<HashMap<LogStoreId, (LogStore, Duration)>>,
}

impl Held {
    /// Waits until no other call of this process writes to the Logstore. Writers of other processes are not
    /// kept out; the apply sequence finds their traces.
    pub(super) async fn lock(&self, id: &LogStoreId) -> OwnedMutexGuard<()> {
        let lock = Arc::clone(open(&self.locks).entry(id.clone()).or_default());
        lock.lock_owned().await
    }

    /// Notes that a resource of this run has set up the Logstore's encryption.
    pub(super) fn note_set_up(&self, id: &LogStoreId) {
        open(&self.set_up).insert(id.clone());
    }

    /// True if a resource of this run has set up the Logstore's encryption. With `create_before_destroy`
    /// the old object is destroyed after that, and must not switch off what the new one has just switched on.
    pub(super) fn is_set_up(&self, id: &LogStoreId) -> bool {
        open(&self.set_up).contains(id)
    }

    /// Keeps an answer for the apply that core may ask for next: it plans once more right before.
    pub(super) fn keep_read(&self, id: &LogStoreId, log_store: LogStore, at: Duration) {
        open(&self.reads).insert(id.clone(), (log_store, at));
    }

    /// Takes the answer that was kept, with the time it came.
    pub(super) fn take_read(&self, id: &LogStoreId) -> Option<(LogStore, Duration)> {
        open(&self.reads).remove(id)
    }
}

/// A panic elsewhere does not make these maps wrong: each change is one insertion or removal.
fn open<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
