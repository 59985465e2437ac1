//! How fast each service is called: as fast as calls come, until it refuses some for coming too fast.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::clock::Clock;
use crate::error::{Error, ErrorKind, Operation};
use crate::names::Region;

/// The paces of the services; all calls of one caller are of one account.
#[derive(Debug, Default)]
pub(crate) struct RateLimiters(Mutex<BTreeMap<Quota, Arc<RateLimiter>>>);

/// What has a quota of its own: a service in a region, or one that is the same in all.
type Quota = (&'static str, Option<Region>);

impl RateLimiters {
    /// The pace of a call: each region of a service has a quota of its own.
    pub(crate) fn of(&self, operation: &Operation) -> Arc<RateLimiter> {
        let mut limiters = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(limiters.entry((operation.service, operation.region.clone())).or_default())
    }
}

/// How fast one service is called.
///
/// There is no limit until the service refuses a call for coming too fast (throttling). Then calls are sent one
/// after the other, first come, first served, at a rate that each further refusal lowers and that calls which are
/// taken let grow: soon to near the rate that was refused last, slowly past it, and faster and faster from there on,
/// where the quota must have become larger (the shape of CUBIC, RFC 9438 section 4.2, over calls instead of time).
/// So hundreds of callers share a small quota, and few calls are sent in vain. The limit is dropped once it has grown
/// past [`HIGHEST`].
#[derive(Debug, Default)]
pub(crate) struct RateLimiter {
    /// Where calls without a time limit wait for their turn, in the order they came.
    queue: tokio::sync::Mutex<()>,
    /// Held by the one whose turn is next. A call with a time limit waits behind one call of the queue at most.
    turn: tokio::sync::Mutex<()>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    limit: Option<Limit>,
    /// When the calls of the last second were taken, oldest first; only while there is no limit.
    taken: VecDeque<Duration>,
    last_sent: Option<Duration>,
    last_refusal: Option<Error>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Limit {
    /// Calls a second: the rate that was refused last of those at which some calls were taken.
    refused_at: f64,
    /// Which part of that rate was taken away.
    lowered_by: f64,
    /// When that was. Refusals of calls sent before say nothing about the rate since.
    lowered: Duration,
    /// How many calls were taken since.
    taken: u32,
    /// After how many taken calls the rate is back at the one that was refused.
    grown_back_after: f64,
}

/// Which part is taken away from a rate at which calls were taken before one was refused. Every refusal costs a quota
/// that saves up nothing the turn of one call.
const LOWERED: f64 = 0.05;

/// Which part is taken away from a rate that is refused although it has just been lowered.
const LOWERED_AGAIN: f64 = 0.1;

/// How many calls, or those of how many seconds if that is more, have to be taken for a rate to be one at which calls
/// are taken.
const TAKEN: f64 = 3.0;
const TAKEN_SECONDS: f64 = 0.25;

/// The lowest rate: a call every two seconds finds out that a quota is free again.
const LOWEST: f64 = 0.5;

/// The lowest rate to begin with: a few calls before the first refusal say little about the quota.
const FIRST: f64 = 4.0;

/// Above this many calls a second there is no need for a limit.
const HIGHEST: f64 = 500.0;

/// After how many calls, or those of how many seconds if that is more, a rate has grown back to the one refused last.
///
/// Soon: a call that arrives late makes the next one come too early, which lowers a rate that was right. One in twenty
/// calls may do so, and what is refused for growing soon is about one in ten.
const GROWN_BACK: f64 = 12.0;
const GROWN_BACK_SECONDS: f64 = 1.2;

/// After how many calls the first rate has grown back: it is little more than a guess.
const FIRST_GROWN_BACK: f64 = 10.0;

/// Over how long the rate is measured at which calls are taken, at most and at least.
const MEASURED: Duration = Duration::from_secs(1);
const MEASURED_AT_LEAST: Duration = Duration::from_millis(100);

/// How long before its time limit an urgent call is sent at the latest: it still has to be signed.
const AHEAD_OF_LIMIT: Duration = Duration::from_millis(100);

impl RateLimiter {
    /// Waits until the next call may be sent.
    ///
    /// A call with a time limit (`send_by`) goes ahead of those that have none. If its turn would come too late, it is
    /// sent ahead of its turn, and the calls after it wait for longer: the rate stays what it is.
    pub(crate) async fn acquire(&self, clock: &dyn Clock, send_by: Option<Duration>) {
        if self.state().sends_without_limit(clock.monotonic()) {
            return;
        }
        let Some(send_by) = send_by else {
            let _queue = self.queue.lock().await;
            return self.acquire_in_order(clock).await;
        };
        let left = send_by.saturating_sub(AHEAD_OF_LIMIT).saturating_sub(clock.monotonic());
        tokio::select! {
            biased;
            () = self.acquire_in_order(clock) => {}
            () = clock.sleep(left) => self.state().send_ahead_of_turn(clock.monotonic()),
        }
    }

    async fn acquire_in_order(&self, clock: &dyn Clock) {
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

    /// Takes note of an answer to a call that was sent at `sent`; `refusal` is one for coming too fast.
    pub(crate) fn on_response(&self, service: &str, refusal: Option<&Error>, sent: Duration, now: Duration) {
        let mut state = self.state();
        let Some(refusal) = refusal else { return state.taken(now) };
        state.last_refusal = Some(refusal.clone());
        if let Some(rate) = state.refused(sent, now) {
            drop(state);
            tracing::debug!(
                service,
                calls_per_second = format!("{rate:.1}"),
                "throttled: calling more slowly"
            );
        }
    }

    /// The error of a call whose time is over before its turn has come; `None` if calls do not wait for a turn.
    pub(crate) fn throttled_error(&self, operation: &Operation) -> Option<Error> {
        let state = self.state();
        let (limit, refusal) = (state.limit?, state.last_refusal.as_ref()?);
        let message = format!(
            "the time allowed for the whole operation has passed before its turn came; {} refuses calls that come faster than about {:.1} a second, the last time: {}",
            operation.service,
            limit.rate(),
            refusal.to_string().trim_end_matches('.')
        );
        Some(Error::new(ErrorKind::Throttled, operation, message))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// How long to wait from `now` on before a call is sent.
    fn wait(&self, now: Duration) -> Duration {
        let (Some(limit), Some(last)) = (&self.limit, self.last_sent) else { return Duration::ZERO };
        last.saturating_add(limit.interval()).saturating_sub(now)
    }

    /// A call is sent before its turn: the next one waits for as long as if it had come in turn.
    fn send_ahead_of_turn(&mut self, now: Duration) {
        let interval = self.limit.map_or(Duration::ZERO, |limit| limit.interval());
        self.last_sent = Some(self.last_sent.map_or(now, |last| last.saturating_add(interval).max(now)));
    }

    /// Whether there is no limit; then a call is sent.
    fn sends_without_limit(&mut self, now: Duration) -> bool {
        if self.limit.is_some() {
            return false;
        }
        self.last_sent = Some(now);
        true
    }

    fn taken(&mut self, now: Duration) {
        if let Some(limit) = &mut self.limit {
            limit.taken = limit.taken.saturating_add(1);
            if limit.rate() > HIGHEST && f64::from(limit.taken) > limit.grown_back_after {
                self.limit = None;
            }
        } else {
            self.taken.push_back(now);
            self.forget_before(now.saturating_sub(MEASURED));
        }
    }

    /// Lowers the rate, and gives it, unless that was done since the call was sent.
    fn refused(&mut self, sent: Duration, now: Duration) -> Option<f64> {
        let limit = match &self.limit {
            Some(limit) if sent < limit.lowered => return None,
            Some(limit) => limit.lowered_again(now),
            None => Limit {
                refused_at: self.measured(now).clamp(FIRST, HIGHEST),
                lowered_by: LOWERED_AGAIN,
                lowered: now,
                taken: 0,
                grown_back_after: FIRST_GROWN_BACK,
            },
        };
        self.limit = Some(limit);
        Some(limit.rate())
    }

    /// How many calls were taken a second.
    fn measured(&mut self, now: Duration) -> f64 {
        self.forget_before(now.saturating_sub(MEASURED));
        let since = self.taken.front().map_or(MEASURED, |first| now.saturating_sub(*first));
        let count = u32::try_from(self.taken.len()).unwrap_or(u32::MAX);
        self.taken.clear();
        f64::from(count) / since.max(MEASURED_AT_LEAST).as_secs_f64()
    }

    fn forget_before(&mut self, then: Duration) {
        while self.taken.front().is_some_and(|taken| *taken < then) {
            self.taken.pop_front();
        }
    }
}

impl Limit {
    /// The limit after one more refusal.
    fn lowered_again(&self, now: Duration) -> Self {
        let rate = self.rate();
        let is_taken = f64::from(self.taken) >= TAKEN.max(rate * TAKEN_SECONDS);
        let part = if is_taken { LOWERED } else { LOWERED_AGAIN };
        if self.taken == 0 {
            // A service that takes nothing at all, because somebody else has used up the quota, says nothing about
            // how large that is: once it takes calls again, the rate of before is soon grown back to.
            let lowered_by = 1.0 - (1.0 - part) * rate / self.refused_at;
            return Self { lowered_by, lowered: now, ..*self };
        }
        let grown_back_after = (rate * GROWN_BACK_SECONDS).max(GROWN_BACK);
        Self { refused_at: rate, lowered_by: part, lowered: now, taken: 0, grown_back_after }
    }

    /// Calls a second; [`LOWEST`] at least.
    fn rate(&self) -> f64 {
        let way = f64::from(self.taken) / self.grown_back_after - 1.0;
        let part = if way < 0.0 { self.lowered_by } else { LOWERED };
        (self.refused_at * (1.0 + part * way.powi(3))).max(LOWEST)
    }

    fn interval(&self) -> Duration {
        Duration::from_secs_f64(1.0 / self.rate())
    }
}

#[cfg(test)]
mod tests;
