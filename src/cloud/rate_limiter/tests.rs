//! Many concurrent calls to a service with a quota, on a manual clock: how many it accepts and how many it refuses.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use futures_util::future::{BoxFuture, join_all};

use super::*;
use crate::credentials::{Credentials, StaticCredentials};
use crate::dispatcher::ApiCall;
use crate::endpoint::Endpoint;
use crate::http::{Headers, HttpRequest, HttpResponse, HttpTransport, Method, TransportError};
use crate::retry::RetryPolicy;
use crate::testing::{ManualClock, credentials};
use crate::{CallContext, Dispatcher, DispatcherConfig};

const LATENCY: Duration = Duration::from_millis(50);

/// A service that admits a number of calls a second and a burst of calls at once, and throttles the others.
#[derive(Debug)]
struct Quota {
    clock: ManualClock,
    per_second: AtomicU32,
    burst: u32,
    full_at: Mutex<Duration>,
    refused: AtomicU32,
    /// How often a call arrives late (one call in this many), and how late.
    late: Mutex<Option<(u32, Duration)>>,
}

impl Quota {
    fn admits(&self) -> bool {
        let token = Duration::from_secs(1) / self.per_second.load(Ordering::Relaxed);
        let (now, mut full_at) = (self.clock.monotonic(), self.full_at.lock().unwrap());
        let next = (*full_at).max(now) + token;
        let admitted = next.saturating_sub(now) <= token * self.burst;
        if admitted {
            *full_at = next;
        } else {
            self.refused.fetch_add(1, Ordering::Relaxed);
        }
        admitted
    }
}

impl HttpTransport for Quota {
    fn send<'a>(&'a self, _: &'a HttpRequest) -> BoxFuture<'a, Result<HttpResponse, TransportError>> {
        Box::pin(async {
            let late = *self.late.lock().unwrap();
            if let Some((_, late)) = late.filter(|(one_in, _)| fastrand::u32(0..*one_in) == 0) {
                self.clock.sleep(late).await;
            }
            let status = if self.admits() { 200 } else { 429 };
            self.clock.sleep(LATENCY).await;
            Ok(HttpResponse { status, headers: Headers::default(), body: Vec::new() })
        })
    }
}

struct Service {
    clock: ManualClock,
    quota: Arc<Quota>,
    dispatcher: Dispatcher,
}

impl Service {
    fn admitting(per_second: u32, burst: u32) -> Self {
        // The jitter of retries, the same in each run.
        fastrand::seed(7);
        let clock = ManualClock::new();
        let quota = Arc::new(Quota {
            clock: clock.clone(),
            per_second: per_second.into(),
            burst,
            full_at: Mutex::default(),
            refused: AtomicU32::new(0),
            late: Mutex::default(),
        });
        let dispatcher = Dispatcher::new(DispatcherConfig {
            credentials: Arc::new(StaticCredentials::new(credentials("ak", None))),
            transport: quota.clone(),
            clock: Arc::new(clock.clone()),
            retry: RetryPolicy::default(),
            request_timeout: Duration::from_secs(30),
            max_concurrency: 64,
        });
        Self { clock, quota, dispatcher }
    }

    /// Makes `calls` calls with `workers` workers. Each call must succeed within ten minutes.
    async fn serve(&self, workers: usize, calls: u32) -> Duration {
        let began = self.clock.monotonic();
        let left = AtomicU32::new(calls);
        let work = |_| async {
            for _ in 0..calls {
                if left
                    .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1))
                    .is_err()
                {
                    break;
                }
                self.call().await.unwrap();
            }
        };
        self.clock.run(join_all((0..workers).map(work))).await;
        self.clock.monotonic().saturating_sub(began)
    }

    async fn call(&self) -> Result<(), Error> {
        self.call_within(Duration::from_mins(10)).await
    }

    async fn call_within(&self, limit: Duration) -> Result<(), Error> {
        let operation = operation();
        let origin = Endpoint::parse("http://127.0.0.1:1").unwrap().origin();
        let build = |_: &Credentials, _| Ok(HttpRequest::new(Method::Get, origin.clone(), "/"));
        let parse = |response: &HttpResponse, _| match response.status {
            200 => Ok(()),
            status => Err(Error::from_answer(&operation, status, None, "slow down")),
        };
        let api_call = ApiCall {
            operation: &operation,
            build: &build,
            parse: &parse,
            request_id: |_| None,
            secrets: &[],
        };
        let context = CallContext::default().with_timeout(&self.clock, limit);
        self.dispatcher.retry(&context, &api_call).await
    }

    fn refused(&self) -> u32 {
        self.quota.refused.load(Ordering::Relaxed)
    }
}

#[tokio::test]
async fn many_workers_use_a_small_quota_almost_fully_with_few_refusals() {
    // Under a quota without a burst, each refusal wastes a turn.
    for (per_second, burst, workers, calls, max_times, max_refused) in [
        (10, 10, 30, 2000, 1.02, 0.15),
        (20, 20, 10, 2000, 1.02, 0.15),
        (100, 100, 30, 5000, 1.02, 0.05),
        (5, 50, 30, 1000, 1.02, 0.35),
        (10, 2, 30, 2000, 1.02, 0.15),
        (10, 1, 30, 2000, 1.15, 0.15),
        (10, 1, 30, 200, 1.15, 0.3),
        (50, 5, 30, 500, 1.15, 0.15),
        (100, 10, 64, 5000, 1.05, 0.05),
        (100, 1, 64, 5000, 1.15, 0.05),
        (200, 20, 64, 5000, 1.05, 0.1),
        (3, 1, 30, 300, 1.15, 0.3),
        (1, 1, 10, 100, 1.2, 0.6),
        (1, 5, 30, 200, 1.05, 0.65),
    ] {
        let service = Service::admitting(per_second, burst);
        let took = service.serve(workers, calls).await.as_secs_f64();
        let bound = f64::from(calls - burst) / f64::from(per_second);
        let (times, refused) = (took / bound, f64::from(service.refused()) / f64::from(calls));
        let what = format!("{per_second}/s, bursts of {burst}, {workers} workers: {times:.3}, {refused:.3}");
        assert!(times <= max_times && refused <= max_refused, "{what}");
    }
}

#[tokio::test]
async fn calls_that_arrive_late_do_not_slow_down_the_others() {
    // Each late call makes the next one come too early for a quota without a burst.
    for (one_in, late) in [(50, 50), (20, 50), (20, 100)] {
        let service = Service::admitting(10, 1);
        *service.quota.late.lock().unwrap() = Some((one_in, Duration::from_millis(late)));
        let took = service.serve(30, 500).await.as_secs_f64();
        let times = took / 49.9;
        assert!(times <= 1.2, "one in {one_in} comes {late} ms late: {times:.3}");
    }
}

#[tokio::test]
async fn without_refusals_calls_are_not_delayed() {
    let service = Service::admitting(1_000_000, 1000);
    assert_eq!(service.serve(10, 1000).await, LATENCY * 100);
    assert_eq!(service.refused(), 0);
}

#[tokio::test]
async fn a_larger_quota_is_soon_used() {
    let service = Service::admitting(10, 10);
    service.serve(30, 300).await;
    service.quota.per_second.store(100, Ordering::Relaxed);
    let took = service.serve(30, 3000).await;
    assert!(took < Duration::from_secs(55), "{took:?}");
}

#[tokio::test]
async fn calls_wait_for_a_quota_that_another_client_has_used_up() {
    let service = Service::admitting(10, 10);
    *service.quota.full_at.lock().unwrap() = Duration::from_secs(30);
    let took = service.serve(30, 300).await;
    assert!(took < Duration::from_secs(30 + 45), "{took:?}");
}

#[tokio::test]
async fn services_and_regions_have_separate_limits() {
    let rate_limiters = RateLimiters::default();
    let clock = ManualClock::new();
    let region = |id| Region::parse(id).unwrap();
    let hangzhou = operation().in_region(&region("cn-hangzhou"));
    rate_limiters.for_operation(&hangzhou).on_response(
        "SLS",
        Some(&refusal()),
        Duration::ZERO,
        Duration::ZERO,
    );
    rate_limiters.for_operation(&hangzhou).acquire(&clock, None).await;
    clock.run(rate_limiters.for_operation(&hangzhou).acquire(&clock, None)).await;
    assert_eq!(clock.monotonic(), Duration::from_secs_f64(1.0 / (MIN_FIRST_RATE * (1.0 - LARGE_REDUCTION))));
    // The clock does not move here: a wait would never end.
    rate_limiters.for_operation(&operation().in_region(&region("cn-beijing"))).acquire(&clock, None).await;
    rate_limiters.for_operation(&Operation::new("RAM", "GetRole", "r")).acquire(&clock, None).await;
}

fn operation() -> Operation {
    Operation::new("SLS", "GetLogStore", "p/l")
}

fn refusal() -> Error {
    let code = Some("ReadQuotaExceed".to_owned());
    Error::from_answer(&operation(), 403, code, "too many reads").with_request_id(Some("R1".to_owned()))
}

/// The rate, rounded to a tenth of a call a second; `None` if there is no limit.
fn rate(limiter: &RateLimiter) -> Option<f64> {
    limiter.state().limit.map(|limit| (limit.rate() * 10.0).round() / 10.0)
}

/// A limiter without a limit, with 20 calls that were accepted in the last half second; and the current time.
fn limiter_after_40_calls_a_second() -> (RateLimiter, Duration) {
    let (limiter, began) = (RateLimiter::default(), Duration::from_secs(1));
    for taken in 1..=20 {
        limiter.on_response("SLS", None, Duration::ZERO, began + Duration::from_millis(25) * taken);
    }
    assert_eq!(rate(&limiter), None);
    (limiter, began + Duration::from_millis(525))
}

#[test]
fn refusals_of_calls_that_were_sent_before_a_reduction_do_not_reduce_the_rate_again() {
    let (limiter, now) = limiter_after_40_calls_a_second();
    for _ in 0..30 {
        limiter.on_response("SLS", Some(&refusal()), Duration::from_secs(1), now);
    }
    assert_eq!(rate(&limiter), Some(36.0));
    let later = now + Duration::from_secs(1);
    limiter.on_response("SLS", Some(&refusal()), later, later);
    assert_eq!(rate(&limiter), Some(32.4));
}

#[test]
fn a_sustained_rate_is_reduced_a_little_and_the_limit_ends_when_calls_stay_accepted() {
    let (limiter, now) = limiter_after_40_calls_a_second();
    limiter.on_response("SLS", Some(&refusal()), now, now);
    for _ in 0..10 {
        limiter.on_response("SLS", None, now, now);
    }
    assert_eq!(rate(&limiter), Some(40.0), "the first rate has recovered after ten calls");
    limiter.on_response("SLS", Some(&refusal()), now, now);
    assert_eq!(rate(&limiter), Some(38.0));
    for _ in 0..48 {
        limiter.on_response("SLS", None, now, now);
    }
    assert_eq!(rate(&limiter), Some(40.0), "the rate has recovered");
    for _ in 0..48 {
        limiter.on_response("SLS", None, now, now);
    }
    assert_eq!(rate(&limiter), Some(42.0), "past the refused rate it first rises slowly");
    for _ in 0..400 {
        limiter.on_response("SLS", None, now, now);
    }
    assert_eq!(rate(&limiter), None, "the limit has ended");
}

#[tokio::test]
async fn a_call_that_stops_waiting_does_not_delay_the_others() {
    let (limiter, clock) = (RateLimiter::default(), ManualClock::new());
    limiter.on_response("SLS", Some(&refusal()), Duration::ZERO, Duration::ZERO);
    limiter.acquire(&clock, None).await;
    {
        let mut given_up = Box::pin(limiter.acquire(&clock, None));
        assert!(futures_util::poll!(given_up.as_mut()).is_pending());
    }
    clock.run(limiter.acquire(&clock, None)).await;
    assert_eq!(clock.monotonic(), Duration::from_secs_f64(1.0 / (MIN_FIRST_RATE * (1.0 - LARGE_REDUCTION))));
}

#[tokio::test]
async fn a_deadline_that_passes_before_the_turn_reports_the_last_refusal() {
    let service = Service::admitting(1, 1);
    *service.quota.full_at.lock().unwrap() = Duration::from_hours(1);
    let (clock, call) = (&service.clock, |seconds| service.call_within(Duration::from_secs(seconds)));
    let error = clock.run(call(60)).await.unwrap_err();
    assert_eq!((error.kind(), error.status()), (ErrorKind::Throttled, Some(429)), "its own refusal");
    let (other, error) = clock.run(async { tokio::join!(call(60), call(1)) }).await;
    assert_eq!(other.unwrap_err().status(), Some(429));
    let error = error.unwrap_err();
    assert_eq!((error.kind(), error.attempts(), error.is_retryable()), (ErrorKind::Throttled, 0, false));
    assert!(!error.may_have_been_applied());
    let text = error.to_string();
    assert!(text.starts_with("SLS GetLogStore on p/l failed: the time allowed"), "{text}");
    for part in ["faster than about 0.5 a second", "slow down (HTTP 429)", "never sent"] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn without_a_limit_there_is_no_throttled_error() {
    let (limiter, now) = limiter_after_40_calls_a_second();
    assert!(limiter.throttled_error(&operation()).is_none());
    limiter.on_response("SLS", Some(&refusal()), now, now);
    let error = limiter.throttled_error(&operation()).unwrap();
    assert!(error.to_string().contains("(HTTP 403, code ReadQuotaExceed, request id R1)"), "{error}");
}
