//! How often, and since when, one operation has called each action.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::error::{Error, Operation};

/// The calls of one operation; clones share the counts.
///
/// An operation may call an action several times, and each call may have retries. Its error shows the attempts of all
/// these calls, not only of the last one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Efforts(Arc<Mutex<BTreeMap<Key, Effort>>>);

/// The service, the action and the target.
type Key = (&'static str, &'static str, String);

#[derive(Debug)]
struct Effort {
    /// A time of [`Clock::monotonic`](crate::clock::Clock::monotonic).
    began: Duration,
    attempts: u32,
    /// The last answer, if it was a retryable refusal.
    refusal: Option<Error>,
}

impl Efforts {
    /// Records that an action is called. Only the first call sets the time.
    pub(crate) fn begin(&self, operation: &Operation, now: Duration) {
        self.efforts().entry(key(operation)).or_insert(Effort { began: now, attempts: 0, refusal: None });
    }

    /// Records that a request is sent.
    pub(crate) fn sent(&self, operation: &Operation) {
        if let Some(effort) = self.efforts().get_mut(&key(operation)) {
            effort.attempts = effort.attempts.saturating_add(1);
        }
    }

    /// Records an answer, with the refusal that it was.
    pub(crate) fn answered(&self, operation: &Operation, refusal: Option<&Error>) {
        if let Some(effort) = self.efforts().get_mut(&key(operation)) {
            effort.refusal = refusal.filter(|error| error.is_retryable()).cloned();
        }
    }

    /// The last answer to an action, if it was a retryable refusal. When the deadline ends the retries, the error is
    /// this refusal.
    pub(crate) fn refusal(&self, operation: &Operation) -> Option<Error> {
        self.efforts().get(&key(operation))?.refusal.clone()
    }

    /// Adds the attempts and the time of its action to an error. The error of an action that was not recorded is
    /// unchanged.
    pub(crate) fn add_to(&self, error: Error, now: Duration) -> Error {
        match self.efforts().get(&key(error.operation())) {
            Some(Effort { began, attempts, .. }) => error.with_effort(*attempts, now.saturating_sub(*began)),
            None => error,
        }
    }

    fn efforts(&self) -> MutexGuard<'_, BTreeMap<Key, Effort>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn key(operation: &Operation) -> Key {
    (operation.service, operation.action, operation.target.clone())
}
