//! What bounds a call from outside: the user's cancellation and a deadline.

use std::future::Future;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::cloud::clock::Clock;

/// The bounds of one operation; every call takes one.
///
/// A call returns promptly from whatever it is waiting for once the token is cancelled or the deadline has
/// passed. Cloning shares the token. The default has no bounds.
#[derive(Clone, Debug, Default)]
pub struct CallContext {
    /// Cancelled when the user interrupts the run.
    pub cancel: CancellationToken,
    /// When the operation must be over, on the scale of [`Clock::monotonic`]; `None` is never.
    pub deadline: Option<Duration>,
}

/// Why a wait was given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Interrupted {
    /// The token was cancelled.
    Cancelled,
    /// The deadline has passed.
    DeadlineExceeded,
}

impl CallContext {
    /// A context without a deadline.
    pub fn new(cancel: CancellationToken) -> Self {
        Self { cancel, deadline: None }
    }

    /// The same cancellation, bounded to `limit` from this moment; an earlier deadline stays.
    #[must_use]
    pub fn with_timeout(mut self, clock: &dyn Clock, limit: Duration) -> Self {
        let deadline = clock.monotonic().saturating_add(limit);
        self.deadline = Some(self.deadline.map_or(deadline, |earlier| earlier.min(deadline)));
        self
    }

    /// How long the operation may still take; `None` when there is no deadline.
    pub fn remaining(&self, clock: &dyn Clock) -> Option<Duration> {
        self.deadline.map(|deadline| deadline.saturating_sub(clock.monotonic()))
    }

    /// Waits for `work` within the bounds. Cancellation and a passed deadline win over work that is ready too.
    pub(crate) async fn bound<F: Future>(
        &self,
        clock: &dyn Clock,
        work: F,
    ) -> Result<F::Output, Interrupted> {
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
