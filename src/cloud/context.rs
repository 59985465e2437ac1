//! The limits of an operation: the user's cancellation and a deadline.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::OwnedSemaphorePermit;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::effort::Efforts;

/// The limits of one operation, for each of its calls.
///
/// Once the token is cancelled or the deadline has passed, a call returns promptly, whatever it waits for. Clones share
/// the token and the counts of attempts. The default has no limits.
#[derive(Clone, Debug, Default)]
pub struct CallContext {
    /// Cancelled when the user interrupts the run.
    pub cancel: CancellationToken,
    /// When the operation must end, a time of [`Clock::monotonic`]; `None` is never.
    pub deadline: Option<Duration>,
    /// A reserved permit, which the calls with this context use one after the other, instead of waiting for one each.
    pub(crate) permit: Option<Arc<OwnedSemaphorePermit>>,
    /// Whether calls go also to an endpoint that has not answered an earlier call.
    pub(crate) asks_silent_endpoints: bool,
    /// How often, and since when, the operation has called each action.
    pub(crate) efforts: Efforts,
}

/// Why a wait ended early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interrupted {
    /// The token was cancelled.
    Cancelled,
    /// The deadline has passed.
    DeadlineExceeded,
}

impl CallContext {
    /// A context without a deadline.
    pub fn new(cancel: CancellationToken) -> Self {
        Self { cancel, ..Self::default() }
    }

    /// The same context with a deadline `limit` from now; an earlier deadline stays.
    #[must_use]
    pub fn with_timeout(self, clock: &dyn Clock, limit: Duration) -> Self {
        let deadline = clock.monotonic().saturating_add(limit);
        self.with_deadline(deadline)
    }

    /// The same context with a deadline at a time of [`Clock::monotonic`]; an earlier deadline stays.
    #[must_use]
    pub(crate) fn with_deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(self.deadline.map_or(deadline, |earlier| earlier.min(deadline)));
        self
    }

    /// How long the operation may still take; `None` when there is no deadline.
    pub fn remaining(&self, clock: &dyn Clock) -> Option<Duration> {
        self.deadline.map(|deadline| deadline.saturating_sub(clock.monotonic()))
    }

    /// Whether the operation is cancelled or its deadline has passed.
    pub(crate) fn is_over(&self, clock: &dyn Clock) -> bool {
        self.cancel.is_cancelled() || self.remaining(clock).is_some_and(|left| left.is_zero())
    }

    /// Waits for `work` within the limits. If `work` is ready at the same time, cancellation and a passed deadline come
    /// first.
    ///
    /// # Errors
    /// The limit that has ended the wait.
    pub async fn bound<F: Future>(&self, clock: &dyn Clock, work: F) -> Result<F::Output, Interrupted> {
        if self.cancel.is_cancelled() {
            return Err(Interrupted::Cancelled);
        }
        let remaining = self.remaining(clock);
        if remaining.is_some_and(|left| left.is_zero()) {
            return Err(Interrupted::DeadlineExceeded);
        }
        let deadline = async {
            match remaining {
                Some(left) => clock.sleep(left).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            () = self.cancel.cancelled() => Err(Interrupted::Cancelled),
            () = deadline => Err(Interrupted::DeadlineExceeded),
            output = work => Ok(output),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::ManualClock;

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test]
    async fn work_within_the_limits_returns_its_value() {
        let clock = ManualClock::new();
        let context = CallContext::default().with_timeout(&clock, SECOND * 3);
        let work = async {
            clock.sleep(SECOND).await;
            7
        };
        assert_eq!(clock.run(context.bound(&clock, work)).await, Ok(7));
        assert_eq!(context.remaining(&clock), Some(SECOND * 2));
    }

    #[tokio::test]
    async fn the_deadline_ends_work_that_takes_longer() {
        let clock = ManualClock::new();
        let context = CallContext::default().with_timeout(&clock, SECOND);
        let outcome = clock.run(context.bound(&clock, clock.sleep(SECOND * 2))).await;
        assert_eq!((outcome, clock.monotonic()), (Err(Interrupted::DeadlineExceeded), SECOND));
        let outcome = context.bound(&clock, std::future::ready(())).await;
        assert_eq!(
            outcome,
            Err(Interrupted::DeadlineExceeded),
            "ready work does not count after the deadline"
        );
    }

    #[tokio::test]
    async fn cancellation_ends_work_that_never_ends() {
        let clock = ManualClock::new();
        let context = CallContext::default();
        let work = async {
            context.cancel.cancel();
            std::future::pending::<()>().await;
        };
        assert_eq!(context.bound(&clock, work).await, Err(Interrupted::Cancelled));
        assert_eq!(context.bound(&clock, std::future::ready(())).await, Err(Interrupted::Cancelled));
    }

    #[test]
    fn a_second_timeout_can_only_shorten_the_first() {
        let clock = ManualClock::new();
        let context = CallContext::default().with_timeout(&clock, SECOND * 2);
        assert_eq!(context.clone().with_timeout(&clock, SECOND * 9).deadline, Some(SECOND * 2));
        assert_eq!(context.with_timeout(&clock, SECOND).deadline, Some(SECOND));
    }
}
