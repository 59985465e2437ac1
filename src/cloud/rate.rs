//! How fast each service is called: as fast as calls come, until it refuses some for coming too fast.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::cloud::clock::Clock;

/// The paces of the services; all calls of one caller are of one account.
#[derive(Debug, Default)]
pub(crate) struct Rates(Mutex<BTreeMap<&'static str, Arc<Pace>>>);

impl Rates {
    /// The pace of a service.
    pub(crate) fn of(&self, service: &'static str) -> Arc<Pace> {
        let mut paces = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(paces.entry(service).or_default())
    }
}

/// How fast one service is called.
///
/// There is no limit until the service refuses a call for coming too fast (throttling). Then calls are sent one
/// after the other at a little less than the rate it took last, first come, first served. The rate grows while
/// calls are taken and is lowered by each further refusal, so that hundreds of callers share a small quota and few
/// calls are sent in vain. The limit is dropped once it has grown past [`HIGHEST`].
#[derive(Debug, Default)]
pub(crate) struct Pace {
    /// Held by the one whose turn is next; the others wait for it in the order they came.
    turn: tokio::sync::Mutex<()>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    limit: Option<Limit>,
    /// When the calls of the last second were taken, oldest first; only while there is no limit.
    taken: VecDeque<Duration>,
    last_sent: Option<Duration>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Limit {
    /// Calls a second; [`LOWEST`] at least.
    rate: f64,
    /// The rate at which the last refusal came.
    refused_at: f64,
    /// When the rate was lowered. Refusals of calls sent before that say nothing about the rate since.
    lowered: Duration,
    /// Up to when growth has been added.
    grown: Duration,
}

/// What is left of a rate that was too high. The quota is then met again within seconds.
const LOWERED: f64 = 0.9;

/// By which part a rate grows in a second near the one that was refused last.
const GROWTH: f64 = 0.04;

/// By which part it grows elsewhere: below it there is room, and above it the quota must have become larger.
const FAST_GROWTH: f64 = 0.5;

/// Near is what lies between this part of the rate that was refused and as much above it.
const NEAR: f64 = 0.8;

/// The lowest rate: a call every two seconds finds out that a quota is free again.
const LOWEST: f64 = 0.5;

/// The lowest rate to begin with: a few calls before the first refusal say little about the quota.
const FIRST: f64 = 4.0;

/// Above this many calls a second there is no need for a limit.
const HIGHEST: f64 = 500.0;

/// Over how long the rate is measured at which calls are taken.
const MEASURED: Duration = Duration::from_secs(1);

impl Pace {
    /// Waits until the next call may be sent.
    pub(crate) async fn turn(&self, clock: &dyn Clock) {
        if self.state().limit.is_none() {
            return;
        }
        let _turn = self.turn.lock().await;
        loop {
            let wait = self.state().wait(clock.monotonic());
            if wait.is_zero() {
                self.state().last_sent = Some(clock.monotonic());
                return;
            }
            clock.sleep(wait).await;
        }
    }

    /// Takes note of an answer to a call that was sent at `sent`.
    pub(crate) fn answered(&self, service: &str, is_throttled: bool, sent: Duration, now: Duration) {
        let mut state = self.state();
        if !is_throttled {
            state.taken(now);
        } else if let Some(rate) = state.refused(sent, now) {
            drop(state);
            tracing::debug!(
                service,
                calls_per_second = format!("{rate:.1}"),
                "throttled: calling more slowly"
            );
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// How long to wait from `now` on before a call is sent.
    fn wait(&self, now: Duration) -> Duration {
        let (Some(limit), Some(last)) = (&self.limit, self.last_sent) else { return Duration::ZERO };
        (last + limit.interval()).saturating_sub(now)
    }

    fn taken(&mut self, now: Duration) {
        if let Some(limit) = &mut self.limit {
            limit.grow(now);
            if limit.rate > HIGHEST {
                self.limit = None;
            }
        } else {
            self.taken.push_back(now);
            self.forget_before(now.saturating_sub(MEASURED));
        }
    }

    /// Lowers the rate, and gives it, unless that was done since the call was sent.
    fn refused(&mut self, sent: Duration, now: Duration) -> Option<f64> {
        let refused_at = match &self.limit {
            Some(limit) if sent < limit.lowered => return None,
            Some(limit) => limit.rate,
            None => self.measured(now).max(FIRST),
        };
        let rate = (refused_at * LOWERED).max(LOWEST);
        self.limit = Some(Limit { rate, refused_at, lowered: now, grown: now });
        Some(rate)
    }

    /// How many calls were taken in the last second.
    fn measured(&mut self, now: Duration) -> f64 {
        self.forget_before(now.saturating_sub(MEASURED));
        let count = u32::try_from(self.taken.len()).unwrap_or(u32::MAX);
        self.taken.clear();
        f64::from(count) / MEASURED.as_secs_f64()
    }

    fn forget_before(&mut self, then: Duration) {
        while self.taken.front().is_some_and(|taken| *taken < then) {
            self.taken.pop_front();
        }
    }
}

impl Limit {
    fn interval(&self) -> Duration {
        Duration::from_secs_f64(1.0 / self.rate)
    }

    /// Grows for the time since it last did. Only calls that are taken let it grow, so one that nobody calls for a
    /// while grows for two seconds of that at most.
    fn grow(&mut self, now: Duration) {
        let passed = now.saturating_sub(self.grown).min(Duration::from_secs(2)).as_secs_f64();
        let is_near = (self.refused_at * NEAR..=self.refused_at / NEAR).contains(&self.rate);
        self.rate *= 1.0 + passed * if is_near { GROWTH } else { FAST_GROWTH };
        self.grown = now;
    }
}

#[cfg(test)]
mod tests;
