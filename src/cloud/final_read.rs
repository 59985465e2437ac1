//! The final read: one read of an object after the operation has ended, when a write may or may not have been carried
//! out.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::CallContext;
use crate::clock::Clock;

/// How long a final read may take, including its waits and retries. The user who interrupted the run waits for it.
pub const FINAL_READ_LIMIT: Duration = Duration::from_secs(5);

impl CallContext {
    /// The limits of a final read. It does not end with the cancellation or the deadline of the operation, calls an
    /// endpoint also if that has not answered before, and takes at most [`FINAL_READ_LIMIT`] from now.
    pub(crate) fn for_final_read(clock: &dyn Clock) -> Self {
        let bounds = Self::new(CancellationToken::new()).with_timeout(clock, FINAL_READ_LIMIT);
        Self { asks_silent_endpoints: true, ..bounds }
    }
}
