//! The one look at a thing after a write of which nobody knows what came of it, when the operation is over.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::CallContext;
use crate::clock::Clock;

/// How long such a look may take in all, waiting for its turn and repeated attempts included. Whoever interrupted the
/// run is waiting for it.
pub const FINAL_READ_LIMIT: Duration = Duration::from_secs(5);

impl CallContext {
    /// The bounds of one look once an operation is over: its cancellation does not end the look, and its deadline has
    /// not passed for it. It asks also an endpoint that has not answered before, and takes at most
    /// [`FINAL_READ_LIMIT`] from this moment.
    pub(crate) fn for_final_read(clock: &dyn Clock) -> Self {
        let bounds = Self::new(CancellationToken::new()).with_timeout(clock, FINAL_READ_LIMIT);
        Self { asks_silent_endpoints: true, ..bounds }
    }
}
