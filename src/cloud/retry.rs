//! How often and how long after each other attempts are made.

use std::time::Duration;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

use crate::error::{Error, ErrorKind};
use crate::http::Headers;

/// Exponential back-off with full jitter: before retry `n` (from 1) a random part of
/// `min(cap, base × 2^(n-1))`, so that clients refused together do not come back together.
///
/// Throttled calls that have a deadline wait their turn until then, however often they are refused: under a
/// quota, new calls keep taking the place of those that back off, and a count would make some of them fail
/// although the quota is served in full. Their pauses do not grow: how fast a service is called is up to
/// `cloud::rate`, and a call that waits for longer leaves a turn unused.
///
/// A call whose token has expired is repeated without a pause of its own: it waits for other credentials, and together
/// with all that were refused like it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// How many attempts may follow the first; with 0 nothing is tried again, throttled or not.
    pub max_retries: u32,
    /// The longest pause before the first retry.
    pub base: Duration,
    /// The longest pause before any retry.
    pub cap: Duration,
}

/// Five retries, pauses of up to 200 ms that grow to 2 s.
///
/// The five pauses together take 2.5 s on average.
impl Default for RetryPolicy {
    fn default() -> Self {
        Self { max_retries: 5, base: Duration::from_millis(200), cap: Duration::from_secs(2) }
    }
}

impl RetryPolicy {
    /// How long to wait before another attempt, or `None` when there must not be one.
    ///
    /// There is none when the error is not retryable, when `attempts` (already made, from 1) have used up
    /// the retries and it is not throttling within a deadline, or when the pause would not end before
    /// `remaining` has passed. A pause the service asked for (`Retry-After`) is kept in full, with the jitter
    /// on top so that callers spread there too.
    ///
    /// `random` gives numbers from 0 (inclusive) to 1 (exclusive).
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

/// What an answer asks for before the next attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AskedWait {
    wait: Option<Duration>,
    /// Whether the service says with it that calls come too fast, whatever code it gives.
    is_throttling: bool,
}

/// Reads `x-acs-retry-after`, in milliseconds, which services send with a refusal for coming too fast, and
/// `Retry-After`. Source of the first: `aliyun/aliyun-cli`, `openapi/throttling_retry.go`, which repeats a call for this
/// header alone.
pub(crate) fn asked_wait(headers: &Headers, now: OffsetDateTime) -> AskedWait {
    let millis = headers.get("x-acs-retry-after").and_then(|value| value.trim().parse().ok());
    let of_service = millis.map(Duration::from_millis);
    let usual = headers.get("retry-after").and_then(|value| parse_retry_after(value, now));
    AskedWait { wait: of_service.max(usual), is_throttling: of_service.is_some() }
}

impl AskedWait {
    /// The error of that answer.
    pub(crate) fn on(self, error: Error) -> Error {
        let error = error.with_retry_after(self.wait);
        if self.is_throttling && error.status().is_some_and(|status| status >= 400) {
            error.with_kind(ErrorKind::Throttled).with_retryable(true)
        } else {
            error
        }
    }
}

/// Reads `Retry-After` in both its forms, seconds and a date (RFC 9110 section 10.2.3); `None` when it is
/// neither. A date that has passed is no wait.
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
    fn the_pause_doubles_up_to_the_cap_and_is_jittered_over_its_whole_length() {
        check(1, None, 1.0, Some(200));
        check(2, None, 1.0, Some(400));
        check(3, None, 1.0, Some(500));
        check(2, None, 0.25, Some(100));
        check(3, None, 0.0, Some(0));
    }

    #[test]
    fn retries_end_with_their_number() {
        check(3, None, 0.5, Some(250));
        check(4, None, 0.5, None);
        check(u32::MAX, None, 0.5, None);
    }

    #[test]
    fn throttling_waits_its_turn_within_a_deadline() {
        check(400, Some(201), 1.0, Some(200));
        check(400, Some(200), 1.0, None);
        let fault = Error::from_answer(&Operation::new("SLS", "GetLogStore", "p/l"), 500, None, "fault");
        let hour = Some(Duration::from_hours(1));
        assert_eq!(POLICY.pause(4, &fault, hour, &mut || 0.5), None, "other failures are counted");
        let none = RetryPolicy { max_retries: 0, ..POLICY };
        assert_eq!(none.pause(1, &throttled(), hour, &mut || 0.5), None);
    }

    #[test]
    fn no_pause_is_begun_that_the_deadline_would_cut() {
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
    fn an_expired_token_is_an_attempt_without_a_pause() {
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
    fn an_error_that_is_not_retryable_ends_it_at_once() {
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
    fn the_services_own_header_is_in_milliseconds_and_marks_throttling() {
        let operation = Operation::new("RAM", "GetRole", "r");
        // (status, x-acs-retry-after, Retry-After, kind, retryable, wait in milliseconds)
        for (status, own, usual, kind, retryable, wait) in [
            (403, Some("3000"), None, ErrorKind::Throttled, true, Some(3000)),
            (400, Some(" 0 "), None, ErrorKind::Throttled, true, Some(0)),
            (503, Some("10"), Some("2"), ErrorKind::Throttled, true, Some(2000)),
            (403, Some("-1"), Some("2"), ErrorKind::Denied, false, Some(2000)),
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
            let error = asked_wait(&headers, datetime!(2026-11-20 08:00:00 UTC)).on(error);
            let told = (error.kind(), error.is_retryable(), error.retry_after());
            assert_eq!(
                told,
                (kind, retryable, wait.map(Duration::from_millis)),
                "{status} {own:?} {usual:?}"
            );
        }
        let huge = u64::MAX.to_string();
        let mut headers = Headers::default();
        headers.set("x-acs-retry-after", huge.as_str());
        headers.set("retry-after", huge.as_str());
        let wait = asked_wait(&headers, datetime!(9999-12-31 23:59:59 UTC)).wait;
        assert_eq!(wait, Some(Duration::from_secs(u64::MAX)));
    }

    #[test]
    fn retry_after_is_read_as_seconds_and_as_a_date() {
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
