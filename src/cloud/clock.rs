//! The clock of the clients: the time of day, the time passed, and waiting. Tests replace it.

use std::fmt::Debug;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use time::OffsetDateTime;

/// The clock of the cloud clients.
pub trait Clock: Send + Sync + Debug {
    /// The time of day, for the date in signatures.
    fn now(&self) -> OffsetDateTime;

    /// The time passed since a fixed point in the life of the process; it never decreases.
    fn monotonic(&self) -> Duration;

    /// Ends when [`Clock::monotonic`] has advanced by `duration`.
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()>;
}

/// The clock of the machine.
///
/// All values of this type share one origin, so a deadline from one is valid for the others.
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
    fn system_clocks_share_their_origin_and_never_go_back() {
        let first = SystemClock.monotonic();
        let second = SystemClock.monotonic();
        assert!(second >= first);
        assert!(second.saturating_sub(first) < Duration::from_mins(1));
    }
}
