//! A clock that a test moves.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use futures_util::future::BoxFuture;
use time::OffsetDateTime;
use time::macros::datetime;

use crate::clock::Clock;

/// A clock for tests. It begins at 2026-11-20 08:00:00 UTC; clones show the same time.
#[derive(Clone, Debug, Default)]
pub struct ManualClock(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    elapsed: Duration,
    next_id: u64,
    /// The wakers, by the time at which they are due and in the order of arrival.
    sleepers: BTreeMap<(Duration, u64), Waker>,
}

impl ManualClock {
    /// A clock on which no time has passed.
    pub fn new() -> Self {
        Self::default()
    }

    /// Moves the clock forward and wakes the sleepers that are due.
    pub fn advance(&self, duration: Duration) {
        let mut state = self.state();
        state.elapsed += duration;
        let later_than = (state.elapsed + Duration::from_nanos(1), 0);
        let later = state.sleepers.split_off(&later_than);
        let due = std::mem::replace(&mut state.sleepers, later);
        drop(state);
        due.into_values().for_each(Waker::wake);
    }

    /// Runs a future to its end. When the future can only wait, the clock moves to the time of the next sleeper.
    ///
    /// The future must wait only for this clock and for itself: the clock would also move while another task or the
    /// network is busy. A future that waits for something else stays pending.
    pub async fn run<F: Future>(&self, future: F) -> F::Output {
        // In one long poll tokio would make the future yield, which looks like waiting here.
        let mut future = std::pin::pin!(tokio::task::unconstrained(future));
        std::future::poll_fn(|context| {
            let woken = Arc::new(Woken { outer: context.waker().clone(), is_woken: AtomicBool::new(false) });
            let waker = Waker::from(Arc::clone(&woken));
            loop {
                woken.is_woken.store(false, Ordering::Relaxed);
                if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
                    return Poll::Ready(output);
                }
                // A part of the future may have made another part ready, which runs before the clock moves.
                if woken.is_woken.load(Ordering::Relaxed) {
                    continue;
                }
                let Some(wait) = self.until_next_sleeper() else { return Poll::Pending };
                self.advance(wait);
            }
        })
        .await
    }

    fn until_next_sleeper(&self) -> Option<Duration> {
        let state = self.state();
        let (when, _) = state.sleepers.keys().next()?;
        Some(when.saturating_sub(state.elapsed))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }
}

impl Clock for ManualClock {
    fn now(&self) -> OffsetDateTime {
        datetime!(2026-11-20 08:00:00 UTC) + self.monotonic()
    }

    fn monotonic(&self) -> Duration {
        self.state().elapsed
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        let mut state = self.state();
        state.next_id += 1;
        let key = (state.elapsed.saturating_add(duration), state.next_id);
        Box::pin(Sleep { clock: self.clone(), key })
    }
}

/// Whether something has become ready since the last check.
struct Woken {
    outer: Waker,
    is_woken: AtomicBool,
}

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.is_woken.store(true, Ordering::Relaxed);
        self.outer.wake_by_ref();
    }
}

struct Sleep {
    clock: ManualClock,
    key: (Duration, u64),
}

impl Future for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut state = self.clock.state();
        if state.elapsed >= self.key.0 {
            return Poll::Ready(());
        }
        state.sleepers.insert(self.key, context.waker().clone());
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        self.clock.state().sleepers.remove(&self.key);
    }
}

#[tokio::test]
async fn run_jumps_from_sleep_to_sleep() {
    let clock = ManualClock::new();
    clock
        .run(async {
            clock.sleep(Duration::from_secs(5)).await;
            clock.sleep(Duration::from_secs(7)).await;
        })
        .await;
    assert_eq!(clock.monotonic(), Duration::from_secs(12));
    assert_eq!(clock.now(), datetime!(2026-11-20 08:00:12 UTC));
}

#[tokio::test]
async fn a_dropped_sleep_does_not_move_time() {
    let clock = ManualClock::new();
    let short = Duration::from_secs(1);
    clock
        .run(async {
            tokio::select! {
                () = clock.sleep(short) => {}
                () = clock.sleep(short * 100) => panic!("the longer sleep ended first"),
            }
            clock.sleep(short).await;
        })
        .await;
    assert_eq!(clock.monotonic(), short * 2);
}
