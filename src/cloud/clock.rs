//! Time as a seam: what the clock says, how much has passed, and waiting.

use std::fmt::Debug;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use time::OffsetDateTime;

/// Where the cloud clients get the time from.
pub trait Clock: Send + Sync + Debug {
    /// The time of day, for the date that is signed.
    fn now(&self) -> OffsetDateTime;

    /// Time passed since a moment that stays the same as long as the process runs; it never goes back.
    fn monotonic(&self) -> Duration;

    /// Becomes ready once [`Clock::monotonic`] has advanced by `duration`.
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()>;
}

/// The clock of the machine.
///
/// All values of this type share one origin, so a deadline taken from one holds for every other.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

static ORIGIN: LazyLock<Instant> = LazyLock::new(Instant::now);

impl Clock for SystemClock {
    fn now(&self) -> OffsetDateTime {
        OffsetDateTime::now_utc()
    }

    fn monotonic(&self) -> Duration {
        ORIGIN.elapsed()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(duration))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_system_clocks_share_their_origin_and_never_go_back() {
        let first = SystemClock.monotonic();
        let second = SystemClock.monotonic();
        assert!(second >= first);
        assert!(second.saturating_sub(first) < Duration::from_mins(1));
    }
}
