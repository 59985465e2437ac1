//! Endpoints that do not answer: a run waits for each of them once.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::error::{Error, ErrorKind, Operation};
use crate::names::Region;

/// What is known of the endpoints of one caller.
///
/// After a call that was repeated until its time was over without an answer, further calls to that endpoint fail at
/// once. An answer, to a call that was sent before, ends that.
#[derive(Debug, Default)]
pub(crate) struct SilentEndpoints(Mutex<BTreeMap<Place, State>>);

/// What has an endpoint of its own: a service in a region, or one that is the same in all.
type Place = (&'static str, Option<Region>);

#[derive(Clone, Copy, Debug, Default)]
struct State {
    /// When it answered last.
    answered: Option<Duration>,
    /// For how long a whole call has waited in vain, if it did.
    silent_for: Option<Duration>,
}

impl SilentEndpoints {
    /// Takes note of an answer, whichever it is.
    pub(crate) fn answered(&self, operation: &Operation, now: Duration) {
        let mut places = self.places();
        *places.entry(place(operation)).or_default() = State { answered: Some(now), silent_for: None };
    }

    /// Takes note of a call that began at `began` and is over without an answer. It says nothing about an endpoint that
    /// has answered another call since.
    pub(crate) fn unanswered(&self, operation: &Operation, began: Duration, now: Duration) {
        let mut places = self.places();
        let state = places.entry(place(operation)).or_default();
        if state.answered.is_none_or(|answered| answered <= began) {
            state.silent_for = Some(now.saturating_sub(began));
        }
    }

    /// Whether the endpoint of a call can be expected to answer.
    ///
    /// # Errors
    /// `Timeout` if an earlier call has waited for it in vain.
    pub(crate) fn check(&self, operation: &Operation) -> Result<(), Error> {
        let Some(silent_for) = self.places().get(&place(operation)).and_then(|state| state.silent_for) else {
            return Ok(());
        };
        let region = operation.region.as_ref().map(|region| format!(" in {region}")).unwrap_or_default();
        let message = format!(
            "{}{region} did not answer an earlier call of this run within {:.1} s, so this one was not sent",
            operation.service,
            silent_for.as_secs_f64()
        );
        Err(Error::new(ErrorKind::Timeout, operation, message))
    }

    fn places(&self) -> MutexGuard<'_, BTreeMap<Place, State>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn place(operation: &Operation) -> Place {
    (operation.service, operation.region.clone())
}
