//! Endpoints that do not answer: a run waits only once for each of them.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::error::{Error, ErrorKind, Operation};
use crate::names::Region;

/// Which endpoints of one dispatcher are silent.
///
/// If an endpoint does not answer a call and its retries, further calls to it fail at once. A late answer to an earlier
/// call ends that.
#[derive(Debug, Default)]
pub(crate) struct SilentEndpoints(Mutex<BTreeMap<EndpointKey, State>>);

/// A service in a region, or a service with one endpoint for all regions.
type EndpointKey = (&'static str, Option<Region>);

#[derive(Clone, Copy, Debug, Default)]
struct State {
    /// When the endpoint last answered.
    answered: Option<Duration>,
    /// How long a call has waited without an answer.
    silent_for: Option<Duration>,
}

impl SilentEndpoints {
    /// Records an answer, whether success or refusal.
    pub(crate) fn record_answer(&self, operation: &Operation, now: Duration) {
        let mut endpoints = self.endpoints();
        *endpoints.entry(endpoint_key(operation)).or_default() =
            State { answered: Some(now), silent_for: None };
    }

    /// Records a call that began at `began` and ended without an answer. It does not count if the endpoint has answered
    /// another call since.
    pub(crate) fn record_silence(&self, operation: &Operation, began: Duration, now: Duration) {
        let mut endpoints = self.endpoints();
        let state = endpoints.entry(endpoint_key(operation)).or_default();
        if state.answered.is_none_or(|answered| answered <= began) {
            state.silent_for = Some(now.saturating_sub(began));
        }
    }

    /// # Errors
    /// `Timeout` if the endpoint of the call has not answered an earlier one.
    pub(crate) fn fail_if_silent(&self, operation: &Operation) -> Result<(), Error> {
        let Some(silent_for) =
            self.endpoints().get(&endpoint_key(operation)).and_then(|state| state.silent_for)
        else {
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

    fn endpoints(&self) -> MutexGuard<'_, BTreeMap<EndpointKey, State>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn endpoint_key(operation: &Operation) -> EndpointKey {
    (operation.service, operation.region.clone())
}
