//! Time that passes only while everybody waits for it.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use cloud::clock::Clock;
use futures_util::future::BoxFuture;
use time::OffsetDateTime;
use tokio::sync::Notify;
use tokio_util::task::AbortOnDropHandle;

/// A clock that does not advance while a request is on its way. When none is, it jumps to the next moment that
/// something waits for: a pause takes no time, and a request times out exactly when no answer will come.
///
/// Needs a runtime of one thread: a woken task always runs before the clock advances.
#[derive(Debug)]
pub struct VirtualClock {
    shared: Arc<Shared>,
    _driver: AbortOnDropHandle<()>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    now: Duration,
    sleepers: BTreeMap<(Duration, u64), Waker>,
    last_sleeper: u64,
    /// The requests that an answer may still come to.
    under_way: BTreeSet<u64>,
}

/// A request on its way, until this is dropped.
#[derive(Debug)]
pub struct UnderWay {
    shared: Arc<Shared>,
    number: u64,
}

impl VirtualClock {
    /// A clock at zero.
    pub fn start() -> Self {
        let shared = Arc::new(Shared::default());
        let driver = tokio::spawn(drive(Arc::clone(&shared)));
        Self { shared, _driver: AbortOnDropHandle::new(driver) }
    }

    /// Notes a request that an answer may come to.
    pub fn under_way(&self, number: u64) -> UnderWay {
        self.shared.state().under_way.insert(number);
        UnderWay { shared: Arc::clone(&self.shared), number }
    }

    /// Notes that no answer will come to a request.
    pub fn silent(&self, number: u64) {
        self.shared.is_over(number);
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> OffsetDateTime {
        OffsetDateTime::now_utc()
    }

    fn monotonic(&self) -> Duration {
        self.shared.state().now
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        let until = self.shared.state().now.saturating_add(duration);
        Box::pin(Sleep { shared: Arc::clone(&self.shared), until, key: None })
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.shared.is_over(self.number);
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    fn is_over(&self, number: u64) {
        self.state().under_way.remove(&number);
        self.changed.notify_one();
    }

    /// Goes to the next moment somebody waits for, unless an answer may still come. False if nothing has changed.
    fn advance(&self) -> bool {
        let mut state = self.state();
        if !state.under_way.is_empty() {
            return false;
        }
        let Some(((until, _), waker)) = state.sleepers.pop_first() else { return false };
        state.now = state.now.max(until);
        waker.wake();
        true
    }
}

async fn drive(shared: Arc<Shared>) {
    loop {
        shared.changed.notified().await;
        while shared.advance() {
            // The woken task now sends something or waits for something else.
            tokio::task::yield_now().await;
        }
    }
}

struct Sleep {
    shared: Arc<Shared>,
    until: Duration,
    key: Option<(Duration, u64)>,
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let shared = Arc::clone(&self.shared);
        let mut state = shared.state();
        if state.now >= self.until {
            return Poll::Ready(());
        }
        let key = self.key.unwrap_or_else(|| {
            state.last_sleeper += 1;
            (self.until, state.last_sleeper)
        });
        let is_new = self.key.replace(key).is_none();
        state.sleepers.insert(key, context.waker().clone());
        if is_new {
            shared.changed.notify_one();
        }
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let Some(key) = self.key {
            self.shared.state().sleepers.remove(&key);
        }
    }
}
