//! The one look at a thing after a write of which nobody knows what came of it, when the operation is over.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::cloud::CallContext;
use crate::cloud::clock::Clock;

/// How long such a look may take in all, waiting for its turn and repeated attempts included. Whoever interrupted the
/// run is waiting for it.
pub const LAST_LOOK_AT_MOST: Duration = Duration::from_secs(5);

impl CallContext {
    /// The bounds of one look once an operation is over: its cancellation does not end the look, and its deadline has
    /// not passed for it. It asks also an endpoint that has not answered before, and takes at most
    /// [`LAST_LOOK_AT_MOST`] from this moment.
    pub(crate) fn for_last_look(clock: &dyn Clock) -> Self {
        let bounds = Self::new(CancellationToken::new()).with_timeout(clock, LAST_LOOK_AT_MOST);
        Self { asks_silent: true, ..bounds }
    }
}
