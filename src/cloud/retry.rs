//! How many attempts a call has, and how long the pauses between them are.

use std::time::Duration;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

use crate::error::{Error, ErrorKind};
use crate::http::Headers;

/// Exponential back-off with full jitter. The pause before retry `n` (from 1) is a random part of
/// `min(cap, base × 2^(n-1))`, so that clients which were refused together do not retry together.
///
/// A throttled call that has a deadline is retried until then, however often it is refused. Under a quota, new calls
/// take the place of those that back off; with a limited number of retries some calls would fail although the service
/// accepts as many calls as the quota allows. Its pauses do not grow: `cloud::rate_limiter` decides how fast a service
/// is called, and a longer pause would leave a turn unused.
///
/// A call whose token has expired is retried without a pause. It waits until other credentials are fetched, together
/// with all other calls whose token has expired.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// How many attempts may follow the first. With 0 there are no retries, also not of throttled calls.
    pub max_retries: u32,
    /// The longest pause before the first retry.
    pub base: Duration,
    /// The longest pause before any retry.
    pub cap: Duration,
}

/// Five retries. The longest pause grows from 200 ms to 2 s; the five pauses together take 2.5 s on average.
impl Default for RetryPolicy {
    fn default() -> Self {
        Self { max_retries: 5, base: Duration::from_millis(200), cap: Duration::from_secs(2) }
    }
}

impl RetryPolicy {
    /// How long to wait before another attempt, or `None` when there must not be one.
    ///
    /// There must not be one when the error is not retryable, when the pause would not end before `remaining` has
    /// passed, or when `attempts` (made so far, from 1) have used up the retries. The last does not hold for a
    /// throttled call that has a deadline. A pause that the service has requested (`Retry-After`) is kept in full; the
    /// jitter is added to it, so that clients do not retry together.
    ///
    /// `random` returns numbers from 0 (inclusive) to 1 (exclusive).
    pub fn pause(
        &self,
        attempts: u32,
        error: &Error,
        remaining: Option<Duration>,
        random: &mut dyn FnMut() -> f64,
    ) -> Option<Duration> {
        let waits_its_turn = error.kind() == ErrorKind::Throttled && remaining.is_some();
        let used_up = self.max_retries == 0 || (attempts > self.max_retries && !waits_its_turn);
        if used_up || !error.is_retryable() {
            return None;
        }
        let ceiling = if error.is_expired_token() {
            Duration::ZERO
        } else {
            self.ceiling(if waits_its_turn { 1 } else { attempts })
        };
        let jitter = Duration::try_from_secs_f64(ceiling.as_secs_f64() * random()).unwrap_or(ceiling);
        let pause = error.retry_after().unwrap_or_default().saturating_add(jitter);
        remaining.is_none_or(|left| pause < left).then_some(pause)
    }

    fn ceiling(&self, attempts: u32) -> Duration {
        let factor = 2_u32.saturating_pow(attempts.saturating_sub(1));
        self.base.saturating_mul(factor).min(self.cap)
    }
}

/// The longest wait that an answer can request. No operation is allowed to take longer.
const LONGEST_WAIT: Duration = Duration::from_hours(24);

/// The wait before the next attempt that an answer requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RequestedWait {
    wait: Option<Duration>,
    /// Whether the header itself shows that the service throttles calls, whatever the code of the answer is.
    is_throttling: bool,
}

/// Reads `Retry-After` and `x-acs-retry-after`. Services send the second, in milliseconds, when they throttle a call.
/// Source: `aliyun/aliyun-cli`, `openapi/throttling_retry.go`, which repeats a call because of this header alone.
pub(crate) fn requested_wait(headers: &Headers, now: OffsetDateTime) -> RequestedWait {
    let millis = headers.get("x-acs-retry-after").and_then(|value| value.trim().parse().ok());
    let of_service = millis.map(Duration::from_millis);
    let usual = headers.get("retry-after").and_then(|value| parse_retry_after(value, now));
    let wait = of_service.max(usual).map(|wait| wait.min(LONGEST_WAIT));
    RequestedWait { wait, is_throttling: of_service.is_some() }
}

impl RequestedWait {
    /// Adds the wait to the error of the answer.
    pub(crate) fn apply_to(self, error: Error) -> Error {
        let error = error.with_retry_after(self.wait);
        if self.is_throttling && error.status().is_some_and(|status| status >= 400) {
            error.with_kind(ErrorKind::Throttled).with_retryable(true)
        } else {
            error
        }
    }
}

/// Parses `Retry-After` in both its forms, seconds and a date (RFC 9110 section 10.2.3); `None` when it is neither. A
/// date that has passed is a wait of zero.
fn parse_retry_after(value: &str, now: OffsetDateTime) -> Option<Duration> {
    if let Ok(seconds) = value.trim().parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = OffsetDateTime::parse(value.trim(), &Rfc2822).ok()?;
    Some(Duration::try_from(date - now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;
    use crate::error::Operation;

    const POLICY: RetryPolicy =
        RetryPolicy { max_retries: 3, base: Duration::from_millis(200), cap: Duration::from_millis(500) };

    fn throttled() -> Error {
        Error::from_answer(&Operation::new("SLS", "GetLogStore", "p/l"), 429, None, "slow down")
    }

    #[track_caller]
    fn check(attempts: u32, remaining: Option<u64>, random: f64, millis: Option<u64>) {
        let pause =
            POLICY.pause(attempts, &throttled(), remaining.map(Duration::from_millis), &mut || random);
        assert_eq!(pause, millis.map(Duration::from_millis));
    }

    #[test]
    fn a_pause_doubles_up_to_the_cap_and_has_full_jitter() {
        check(1, None, 1.0, Some(200));
        check(2, None, 1.0, Some(400));
        check(3, None, 1.0, Some(500));
        check(2, None, 0.25, Some(100));
        check(3, None, 0.0, Some(0));
    }

    #[test]
    fn there_are_no_more_than_max_retries() {
        check(3, None, 0.5, Some(250));
        check(4, None, 0.5, None);
        check(u32::MAX, None, 0.5, None);
    }

    #[test]
    fn a_throttled_call_is_retried_until_its_deadline() {
        check(400, Some(201), 1.0, Some(200));
        check(400, Some(200), 1.0, None);
        let fault = Error::from_answer(&Operation::new("SLS", "GetLogStore", "p/l"), 500, None, "fault");
        let hour = Some(Duration::from_hours(1));
        assert_eq!(
            POLICY.pause(4, &fault, hour, &mut || 0.5),
            None,
            "the retries of other failures are limited"
        );
        let none = RetryPolicy { max_retries: 0, ..POLICY };
        assert_eq!(none.pause(1, &throttled(), hour, &mut || 0.5), None);
    }

    #[test]
    fn a_pause_that_would_outlast_the_deadline_is_not_begun() {
        check(1, Some(101), 0.5, Some(100));
        check(1, Some(100), 0.5, None);
        check(1, Some(0), 0.0, None);
    }

    #[test]
    fn retry_after_is_kept_in_full() {
        let error = throttled().with_retry_after(Some(Duration::from_secs(7)));
        let pause = |remaining| POLICY.pause(1, &error, remaining, &mut || 0.5);
        assert_eq!(pause(None), Some(Duration::from_millis(7100)));
        assert_eq!(pause(Some(Duration::from_secs(7))), None);
    }

    #[test]
    fn a_call_with_an_expired_token_is_retried_without_a_pause() {
        let operation = Operation::new("SLS", "GetLogStore", "p/l");
        let error = Error::from_answer(&operation, 401, Some("SecurityTokenExpired".to_owned()), "m");
        assert_eq!(POLICY.pause(1, &error, None, &mut || 0.5), None, "there are no other credentials");
        let error = error.with_retryable(true);
        assert_eq!(POLICY.pause(3, &error, None, &mut || 0.5), Some(Duration::ZERO));
        assert_eq!(POLICY.pause(4, &error, None, &mut || 0.5), None);
        let error = error.with_retry_after(Some(Duration::from_secs(7)));
        assert_eq!(POLICY.pause(1, &error, None, &mut || 0.5), Some(Duration::from_secs(7)));
    }

    #[test]
    fn an_error_that_is_not_retryable_has_no_pause() {
        let error = Error::new(ErrorKind::Denied, &Operation::new("SLS", "GetLogStore", "p/l"), "no");
        assert_eq!(POLICY.pause(1, &error, None, &mut || 0.0), None);
    }

    #[test]
    fn huge_numbers_do_not_overflow() {
        let policy = RetryPolicy { max_retries: u32::MAX, base: Duration::from_secs(1), cap: Duration::MAX };
        let pause = policy.pause(200, &throttled().with_retry_after(Some(Duration::MAX)), None, &mut || 0.5);
        assert_eq!(pause, Some(Duration::MAX));
    }

    #[test]
    fn x_acs_retry_after_is_in_milliseconds_and_marks_throttling() {
        let operation = Operation::new("RAM", "GetRole", "r");
        // (status, x-acs-retry-after, Retry-After, kind, retryable, wait in milliseconds)
        for (status, own, usual, kind, retryable, wait) in [
            (403, Some("3000"), None, ErrorKind::Throttled, true, Some(3000)),
            (400, Some(" 0 "), None, ErrorKind::Throttled, true, Some(0)),
            (503, Some("10"), Some("2"), ErrorKind::Throttled, true, Some(2000)),
            (403, Some("-1"), Some("2"), ErrorKind::Denied, false, Some(2000)),
            (403, Some("18446744073709551615"), Some("2"), ErrorKind::Throttled, true, Some(86_400_000)),
            (403, None, Some("18446744073709551615"), ErrorKind::Denied, false, Some(86_400_000)),
            (403, None, Some("Fri, 31 Dec 9999 23:59:59 GMT"), ErrorKind::Denied, false, Some(86_400_000)),
            (403, Some("soon"), None, ErrorKind::Denied, false, None),
            (403, None, None, ErrorKind::Denied, false, None),
            (200, Some("10"), None, ErrorKind::Unexpected, false, Some(10)),
        ] {
            let mut headers = Headers::default();
            for (name, value) in [("x-acs-retry-after", own), ("retry-after", usual)] {
                if let Some(value) = value {
                    headers.set(name, value);
                }
            }
            let error = Error::from_answer(&operation, status, Some("RequestLimitExceeded".into()), "m");
            let error = requested_wait(&headers, datetime!(2026-11-20 08:00:00 UTC)).apply_to(error);
            let actual = (error.kind(), error.is_retryable(), error.retry_after());
            assert_eq!(
                actual,
                (kind, retryable, wait.map(Duration::from_millis)),
                "{status} {own:?} {usual:?}"
            );
        }
        let huge = u64::MAX.to_string();
        let mut headers = Headers::default();
        headers.set("x-acs-retry-after", huge.as_str());
        headers.set("retry-after", huge.as_str());
        let wait = requested_wait(&headers, datetime!(9999-12-31 23:59:59 UTC)).wait;
        assert_eq!(wait, Some(LONGEST_WAIT));
    }

    #[test]
    fn retry_after_is_parsed_as_seconds_and_as_a_date() {
        let now = datetime!(2026-11-20 08:00:00 UTC);
        let table = [
            ("7", Some(7)),
            (" 0 ", Some(0)),
            ("Fri, 20 Nov 2026 08:01:00 GMT", Some(60)),
            ("Fri, 20 Nov 2026 07:59:00 GMT", Some(0)),
            ("-1", None),
            ("soon", None),
            ("", None),
        ];
        for (value, seconds) in table {
            assert_eq!(parse_retry_after(value, now), seconds.map(Duration::from_secs), "{value}");
        }
    }
}
