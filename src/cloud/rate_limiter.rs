//! How fast each service is called: without a limit, until it throttles a call.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::clock::Clock;
use crate::error::{Error, ErrorKind, Operation};
use crate::names::Region;

/// The rate limiters of the services. All calls of one dispatcher are made for one account.
#[derive(Debug, Default)]
pub(crate) struct RateLimiters(Mutex<BTreeMap<Quota, Arc<RateLimiter>>>);

/// What has a separate quota: a service in a region, or a service with one endpoint for all regions.
type Quota = (&'static str, Option<Region>);

impl RateLimiters {
    /// The rate limiter of a call: each region of a service has a separate quota.
    pub(crate) fn for_operation(&self, operation: &Operation) -> Arc<RateLimiter> {
        let mut limiters = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(limiters.entry((operation.service, operation.region.clone())).or_default())
    }
}

/// How fast one service is called.
///
/// There is no limit until the service refuses a call because calls come too fast (throttling). From then on calls are
/// sent one after the other, in the order they came, at a limited rate. Each further refusal lowers the rate; each
/// accepted call raises it: quickly to near the rate that was refused last, slowly past it, and then faster and faster,
/// because the quota must have become larger (the curve of CUBIC, RFC 9438 section 4.2, over calls instead of time).
/// So hundreds of concurrent calls share a small quota, and few of them are refused. Once the rate is higher than
/// [`MAX_RATE`], there is no limit any more.
#[derive(Debug, Default)]
pub(crate) struct RateLimiter {
    /// Where calls without `send_by` wait, in the order they came.
    queue: tokio::sync::Mutex<()>,
    /// Locked by the call whose turn is next. A call with `send_by` waits for at most one call of the queue.
    turn: tokio::sync::Mutex<()>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    limit: Option<Limit>,
    /// When the calls of the last second were accepted, oldest first; only while there is no limit.
    accepted: VecDeque<Duration>,
    last_sent: Option<Duration>,
    last_refusal: Option<Error>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Limit {
    /// Calls a second: the last rate at which the service accepted some calls and then refused one.
    refused_at: f64,
    /// The fraction by which the rate was reduced then.
    reduction: f64,
    /// When it was reduced. A refusal of a call that was sent earlier does not reduce it again.
    reduced_at: Duration,
    /// How many calls were accepted since.
    accepted: u32,
    /// After how many accepted calls the rate is back at `refused_at`.
    recovery_calls: f64,
}

/// The fraction by which a sustained rate is reduced after a refusal. Under a quota without a burst, each refusal
/// wastes the turn of one call.
const SMALL_REDUCTION: f64 = 0.05;

/// The fraction by which a rate is reduced if it was reduced shortly before.
const LARGE_REDUCTION: f64 = 0.1;

/// A rate is sustained after this many accepted calls, or after the calls of this many seconds if those are more.
const SUSTAINED_CALLS: f64 = 3.0;
const SUSTAINED_SECONDS: f64 = 0.25;

/// The lowest rate, in calls a second. A call every two seconds is enough to find out that the quota is free again.
const MIN_RATE: f64 = 0.5;

/// The lowest first rate, in calls a second. A few calls before the first refusal do not show how large the quota is.
const MIN_FIRST_RATE: f64 = 4.0;

/// A rate above this many calls a second needs no limit.
const MAX_RATE: f64 = 500.0;

/// After this many accepted calls, or after the calls of this many seconds if those are more, the rate is back at the
/// one that was refused last.
///
/// It recovers quickly, because a right rate is sometimes reduced: a call that arrives late makes the next one too
/// early. If one in twenty calls does so, about one call in ten is refused because the rate recovers quickly.
const RECOVERY_CALLS: f64 = 12.0;
const RECOVERY_SECONDS: f64 = 1.2;

/// After how many accepted calls the first rate has recovered. It is little more than a guess.
const FIRST_RECOVERY_CALLS: f64 = 10.0;

/// The longest and the shortest time over which the rate of accepted calls is measured.
const MEASURED_TIME: Duration = Duration::from_secs(1);
const MIN_MEASURED_TIME: Duration = Duration::from_millis(100);

/// How long before `send_by` a call gets its turn at the latest, because it must still be signed.
const SIGNING_TIME: Duration = Duration::from_millis(100);

impl RateLimiter {
    /// Waits until the next call may be sent.
    ///
    /// A call with `send_by` goes ahead of those without. If its turn would come too late, it is sent before its turn,
    /// and the next calls wait longer, so that the rate does not change.
    pub(crate) async fn acquire(&self, clock: &dyn Clock, send_by: Option<Duration>) {
        if self.state().sends_without_limit(clock.monotonic()) {
            return;
        }
        let Some(send_by) = send_by else {
            let _queue = self.queue.lock().await;
            return self.acquire_in_order(clock).await;
        };
        let left = send_by.saturating_sub(SIGNING_TIME).saturating_sub(clock.monotonic());
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

    /// Records the answer to a call that was sent at `sent`. `refusal` is the error, if the service throttled the call.
    pub(crate) fn on_response(&self, service: &str, refusal: Option<&Error>, sent: Duration, now: Duration) {
        let mut state = self.state();
        let Some(refusal) = refusal else { return state.record_accepted(now) };
        state.last_refusal = Some(refusal.clone());
        if let Some(rate) = state.record_refusal(sent, now) {
            drop(state);
            tracing::debug!(
                service,
                calls_per_second = format!("{rate:.1}"),
                "throttled: calling more slowly"
            );
        }
    }

    /// The error of a call whose deadline has passed before its turn; `None` if there is no limit.
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
    /// How long after `now` the next call may be sent.
    fn wait(&self, now: Duration) -> Duration {
        let (Some(limit), Some(last)) = (&self.limit, self.last_sent) else { return Duration::ZERO };
        last.saturating_add(limit.interval()).saturating_sub(now)
    }

    /// Records a call that is sent before its turn. The next call waits as long as if this one had waited for its turn.
    fn send_ahead_of_turn(&mut self, now: Duration) {
        let interval = self.limit.map_or(Duration::ZERO, |limit| limit.interval());
        self.last_sent = Some(self.last_sent.map_or(now, |last| last.saturating_add(interval).max(now)));
    }

    /// True if there is no limit. The call is then recorded as sent.
    fn sends_without_limit(&mut self, now: Duration) -> bool {
        if self.limit.is_some() {
            return false;
        }
        self.last_sent = Some(now);
        true
    }

    fn record_accepted(&mut self, now: Duration) {
        if let Some(limit) = &mut self.limit {
            limit.accepted = limit.accepted.saturating_add(1);
            if limit.rate() > MAX_RATE && f64::from(limit.accepted) > limit.recovery_calls {
                self.limit = None;
            }
        } else {
            self.accepted.push_back(now);
            self.forget_before(now.saturating_sub(MEASURED_TIME));
        }
    }

    /// Reduces the rate, unless it was reduced after the call was sent. Returns the new rate.
    fn record_refusal(&mut self, sent: Duration, now: Duration) -> Option<f64> {
        let limit = match &self.limit {
            Some(limit) if sent < limit.reduced_at => return None,
            Some(limit) => limit.reduced(now),
            None => Limit {
                refused_at: self.accepted_rate(now).clamp(MIN_FIRST_RATE, MAX_RATE),
                reduction: LARGE_REDUCTION,
                reduced_at: now,
                accepted: 0,
                recovery_calls: FIRST_RECOVERY_CALLS,
            },
        };
        self.limit = Some(limit);
        Some(limit.rate())
    }

    /// How many calls a second were accepted.
    fn accepted_rate(&mut self, now: Duration) -> f64 {
        self.forget_before(now.saturating_sub(MEASURED_TIME));
        let since = self.accepted.front().map_or(MEASURED_TIME, |first| now.saturating_sub(*first));
        let count = u32::try_from(self.accepted.len()).unwrap_or(u32::MAX);
        self.accepted.clear();
        f64::from(count) / since.max(MIN_MEASURED_TIME).as_secs_f64()
    }

    fn forget_before(&mut self, then: Duration) {
        while self.accepted.front().is_some_and(|taken| *taken < then) {
            self.accepted.pop_front();
        }
    }
}

impl Limit {
    /// The limit after one more refusal.
    fn reduced(&self, now: Duration) -> Self {
        let rate = self.rate();
        let is_sustained = f64::from(self.accepted) >= SUSTAINED_CALLS.max(rate * SUSTAINED_SECONDS);
        let part = if is_sustained { SMALL_REDUCTION } else { LARGE_REDUCTION };
        if self.accepted == 0 {
            // No call was accepted since the last reduction: another client may have used up the quota. That does not
            // show how large the quota is, so `refused_at` stays, and the rate recovers quickly once calls are
            // accepted.
            let reduction = 1.0 - (1.0 - part) * rate / self.refused_at;
            return Self { reduction, reduced_at: now, ..*self };
        }
        let recovery_calls = (rate * RECOVERY_SECONDS).max(RECOVERY_CALLS);
        Self { refused_at: rate, reduction: part, reduced_at: now, accepted: 0, recovery_calls }
    }

    /// Calls a second, at least [`MIN_RATE`].
    fn rate(&self) -> f64 {
        let way = f64::from(self.accepted) / self.recovery_calls - 1.0;
        let part = if way < 0.0 { self.reduction } else { SMALL_REDUCTION };
        (self.refused_at * (1.0 + part * way.powi(3))).max(MIN_RATE)
    }

    fn interval(&self) -> Duration {
        Duration::from_secs_f64(1.0 / self.rate())
    }
}

#[cfg(test)]
mod tests;
