//! How often and for how long one operation has called each action, over all its repeats.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::error::{Error, Operation};

/// The calls of one operation; clones count together.
///
/// A sequence of calls sends an action again and again, some by itself and some by the caller. Its error tells the
/// effort of all of them, not that of the last.
#[derive(Clone, Debug, Default)]
pub(crate) struct Efforts(Arc<Mutex<BTreeMap<Key, Effort>>>);

/// The service, the action and the target.
type Key = (&'static str, &'static str, String);

#[derive(Debug)]
struct Effort {
    /// On the scale of the clock that errors are measured with.
    began: Duration,
    attempts: u32,
    /// The last answer, if it was a refusal after which the action may be sent again.
    refusal: Option<Error>,
}

impl Efforts {
    /// Takes note that an action is asked for; only the first time counts.
    pub(crate) fn begin(&self, operation: &Operation, now: Duration) {
        self.efforts().entry(key(operation)).or_insert(Effort { began: now, attempts: 0, refusal: None });
    }

    /// Takes note that a request is sent.
    pub(crate) fn sent(&self, operation: &Operation) {
        if let Some(effort) = self.efforts().get_mut(&key(operation)) {
            effort.attempts = effort.attempts.saturating_add(1);
        }
    }

    /// Records what an answer came to: the refusal that it was, if the action may be sent again after it.
    pub(crate) fn answered(&self, operation: &Operation, refusal: Option<&Error>) {
        if let Some(effort) = self.efforts().get_mut(&key(operation)) {
            effort.refusal = refusal.filter(|error| error.is_retryable()).cloned();
        }
    }

    /// The last answer to an action, if it was a refusal after which the action may be sent again: when the time
    /// limit ends the repeats, that refusal is why.
    pub(crate) fn refusal(&self, operation: &Operation) -> Option<Error> {
        self.efforts().get(&key(operation))?.refusal.clone()
    }

    /// The error with the effort of its action; as it is if that was never asked for here.
    pub(crate) fn on(&self, error: Error, now: Duration) -> Error {
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
