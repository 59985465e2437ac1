//! Sends one call of a service, the same way for all services: permits, credentials, attempts, pauses and limits.

use std::error::Error as _;
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::call_stats::CallStats;
use crate::clock::Clock;
use crate::context::{CallContext, Interrupted};
use crate::credentials::{self, CredentialProvider, Credentials};
use crate::error::{Error, ErrorKind, Operation};
use crate::http::{
    HttpRequest, HttpResponse, HttpTransport, TransportError, TransportErrorKind, redact, trace,
};
use crate::rate_limiter::RateLimiters;
use crate::retry::{RetryPolicy, requested_wait};
use crate::silent_endpoints::SilentEndpoints;
use crypto::Secret;

/// What a [`Dispatcher`] is made of.
#[derive(Debug)]
pub struct DispatcherConfig {
    /// The credentials that sign the calls.
    pub credentials: Arc<dyn CredentialProvider>,
    /// What sends the requests.
    pub transport: Arc<dyn HttpTransport>,
    /// Where the time comes from.
    pub clock: Arc<dyn Clock>,
    /// When a call is repeated.
    pub retry: RetryPolicy,
    /// The longest one attempt may take, from connecting to the last byte of the answer.
    pub request_timeout: Duration,
    /// How many requests may be on the wire at once; at least 1.
    pub max_concurrency: usize,
}

/// Sends the calls of the clients that share it, to whichever service. They share the credentials and the limit on
/// concurrent requests.
///
/// A call fetches its credentials while it has a permit. A credential provider that itself calls a service therefore
/// needs another dispatcher.
///
/// If a service refuses a call because its token has expired, it has not carried out the call. If the credential
/// provider has other credentials or can fetch them, the call may be repeated; that counts as an attempt.
#[derive(Debug)]
pub struct Dispatcher {
    credentials: Arc<dyn CredentialProvider>,
    transport: Arc<dyn HttpTransport>,
    clock: Arc<dyn Clock>,
    retry: RetryPolicy,
    /// The longest an attempt may take, from connecting to the last byte.
    request_timeout: Duration,
    /// One permit for each request on the wire. A call has none during a pause, or while it waits for the rate limiter.
    permits: Arc<Semaphore>,
    /// How fast each service is called.
    rate_limiters: RateLimiters,
    /// Which endpoints do not answer.
    silent_endpoints: SilentEndpoints,
    stats: CallStats,
}

/// The longest request id that is shown, in characters. Those of the services have 24 or 36.
const LONGEST_REQUEST_ID: usize = 100;

/// If the time limit of an operation ends a call that has waited at least this long without an answer, its endpoint
/// counts as silent. It is as long as connecting may take.
pub(crate) const SILENT_AFTER: Duration = Duration::from_secs(5);

/// How the request of one action is built, and how its answer is parsed.
pub(crate) struct ApiCall<'a, T> {
    /// The name of the call in errors and log lines.
    pub(crate) operation: &'a Operation,
    /// Builds and signs a request, again for each attempt, so that each has a current date.
    pub(crate) build: &'a (dyn Fn(&Credentials, OffsetDateTime) -> Result<HttpRequest, Error> + Send + Sync),
    /// Parses the answer: the value of the call, or the service's refusal. The second argument is when the request was
    /// sent, a time of [`Clock::monotonic`].
    pub(crate) parse: &'a (dyn Fn(&HttpResponse, Duration) -> Result<T, Error> + Send + Sync),
    /// Finds the request id in an answer, as it stands there.
    pub(crate) request_id: fn(&HttpResponse) -> Option<String>,
    /// Secrets of the request besides its credentials.
    pub(crate) secrets: &'a [&'a str],
}

/// The progress of a call, for its log line and its error.
#[derive(Default)]
struct Progress {
    attempts: u32,
    status: Option<u16>,
    request_id: Option<String>,
    /// When the first attempt since the last answer was sent.
    unanswered_since: Option<Duration>,
    /// Whether an answer of success could not be parsed.
    is_damaged: bool,
}

/// What a request needs before it can be sent.
struct Ready {
    /// Kept until the answer arrives.
    _permit: Arc<OwnedSemaphorePermit>,
    credentials: Arc<Credentials>,
}

impl Dispatcher {
    /// A dispatcher. It connects to nothing and fetches no credentials before the first call.
    pub fn new(config: DispatcherConfig) -> Self {
        let DispatcherConfig { credentials, transport, clock, retry, request_timeout, max_concurrency } =
            config;
        // A client that can send nothing would wait for ever.
        let permits = Arc::new(Semaphore::new(max_concurrency.clamp(1, Semaphore::MAX_PERMITS)));
        let (rate_limiters, silent_endpoints, stats) =
            (RateLimiters::default(), SilentEndpoints::default(), CallStats::default());
        Self {
            credentials,
            transport,
            clock,
            retry,
            request_timeout,
            permits,
            rate_limiters,
            silent_endpoints,
            stats,
        }
    }

    /// Sends a call once, without retries.
    pub(crate) async fn send_once<T>(
        &self,
        context: &CallContext,
        api_call: &ApiCall<'_, T>,
    ) -> Result<T, Error> {
        let started = self.begin(context, api_call.operation);
        let mut progress = Progress::default();
        let result = self.attempt(context, api_call, &mut progress).await;
        self.conclude(context, api_call.operation, started, &progress, result)
    }

    /// Sends a call once, but not after `send_by`, a time of [`Clock::monotonic`]. `None` if it was not sent because
    /// the rate limiter, a permit or credentials took too long.
    pub(crate) async fn send_once_by<T>(
        &self,
        context: &CallContext,
        api_call: &ApiCall<'_, T>,
        send_by: Duration,
    ) -> Result<Option<T>, Error> {
        let started = self.begin(context, api_call.operation);
        let mut progress = Progress::default();
        let in_time = context.clone().with_deadline(send_by);
        let ready = self.acquire(&in_time, api_call.operation, Some(send_by)).await;
        if self.clock.monotonic() >= send_by && !context.is_over(&*self.clock) {
            tracing::debug!(
                service = api_call.operation.service,
                action = api_call.operation.action,
                target = api_call.operation.target,
                waited_ms = millis(self.clock.monotonic().saturating_sub(started)),
                "not sent: its time has passed"
            );
            return Ok(None);
        }
        let result = match ready {
            Ok(ready) => self.send(context, api_call, ready, &mut progress).await,
            Err(error) => Err(error),
        };
        self.conclude(context, api_call.operation, started, &progress, result).map(Some)
    }

    /// The same context with a reserved permit, which its calls use one after the other. Dropping the context releases
    /// the permit.
    ///
    /// # Errors
    /// `Cancelled` or `Timeout` when the operation ends before there is a permit.
    pub(crate) async fn with_permit(
        &self,
        context: &CallContext,
        operation: &Operation,
    ) -> Result<CallContext, Error> {
        let permit = self.permit(context, operation).await?;
        Ok(CallContext { permit: Some(permit), ..context.clone() })
    }

    /// Sends a call until it succeeds, or until the policy allows no further attempt. For calls that may be repeated:
    /// after a damaged answer the call is sent once more.
    ///
    /// Once an endpoint has not answered such a call at all, other calls to it fail at once.
    pub(crate) async fn retry<T>(
        &self,
        context: &CallContext,
        api_call: &ApiCall<'_, T>,
    ) -> Result<T, Error> {
        let began = self.clock.monotonic();
        let mut progress = Progress::default();
        let result = self.retry_if(context, api_call, &mut progress, |_| true).await;
        if let Err(error) = &result
            && error.operation() == api_call.operation
            && self.is_silence(error, &progress)
        {
            self.silent_endpoints.record_silence(api_call.operation, began, self.clock.monotonic());
        }
        result
    }

    /// Whether a failed call has waited long enough to call its endpoint silent: for the time limit of a request, or,
    /// if the operation ended earlier, for [`SILENT_AFTER`].
    fn is_silence(&self, error: &Error, progress: &Progress) -> bool {
        let Some(since) = progress.unanswered_since else { return false };
        let waited = self.clock.monotonic().saturating_sub(since);
        error.kind() == ErrorKind::Timeout && (error.is_retryable() || waited >= SILENT_AFTER)
    }

    /// As [`Dispatcher::retry`], but ends with the first error after which the service may have carried out the call.
    /// For calls that change something: the caller of this method reads first, and then decides whether to repeat.
    pub(crate) async fn retry_unless_applied<T>(
        &self,
        context: &CallContext,
        api_call: &ApiCall<'_, T>,
    ) -> Result<T, Error> {
        let mut progress = Progress::default();
        self.retry_if(context, api_call, &mut progress, |error| !error.may_have_been_applied()).await
    }

    async fn retry_if<T>(
        &self,
        context: &CallContext,
        api_call: &ApiCall<'_, T>,
        progress: &mut Progress,
        may_repeat: fn(&Error) -> bool,
    ) -> Result<T, Error> {
        let started = self.begin(context, api_call.operation);
        let result = loop {
            match self.attempt(context, api_call, progress).await {
                Ok(value) => break Ok(value),
                // The error of another call is that of fetching credentials, which has its own retries.
                Err(error) if error.operation() != api_call.operation || !may_repeat(&error) => {
                    break Err(error);
                }
                Err(error) => {
                    let error = if is_damaged(&error) && !progress.is_damaged {
                        progress.is_damaged = true;
                        error.with_retryable(true)
                    } else {
                        error
                    };
                    if let Err(last) = self.pause_before_retry(context, progress.attempts, &error).await {
                        break Err(last);
                    }
                }
            }
        };
        self.conclude(context, api_call.operation, started, progress, result)
    }

    /// Waits as the policy says before the attempt that follows `attempts`.
    ///
    /// # Errors
    /// `error` itself when there must be no further attempt; `Cancelled` when the operation is cancelled during the
    /// pause.
    pub(crate) async fn pause_before_retry(
        &self,
        context: &CallContext,
        attempts: u32,
        error: &Error,
    ) -> Result<(), Error> {
        let with_effort = |error: Error| context.efforts.add_to(error, self.clock.monotonic());
        let last = || with_effort(error.clone());
        let remaining = context.remaining(&*self.clock);
        let Some(pause) = self.retry.pause(attempts, error, remaining, &mut fastrand::f64) else {
            return Err(last());
        };
        tracing::debug!(
            service = error.service(),
            action = error.action(),
            target = error.target(),
            attempts,
            pause_ms = millis(pause),
            status = error.status(),
            code = error.code(),
            reason = error.message(),
            "trying again"
        );
        match context.bound(&*self.clock, self.clock.sleep(pause)).await {
            Ok(()) => Ok(()),
            Err(Interrupted::DeadlineExceeded) => Err(last()),
            Err(why @ Interrupted::Cancelled) => {
                let doubt = error.may_have_been_applied();
                Err(with_effort(interrupted(error.operation(), why, doubt)))
            }
        }
    }

    async fn attempt<T>(
        &self,
        context: &CallContext,
        api_call: &ApiCall<'_, T>,
        progress: &mut Progress,
    ) -> Result<T, Error> {
        let ready = self.acquire(context, api_call.operation, None).await?;
        self.send(context, api_call, ready, progress).await
    }

    /// Waits until a request can be sent: for its turn, a permit and credentials.
    async fn acquire(
        &self,
        context: &CallContext,
        operation: &Operation,
        send_by: Option<Duration>,
    ) -> Result<Ready, Error> {
        self.fail_if_silent(context, operation)?;
        let limiter = self.rate_limiters.for_operation(operation);
        let turn = self.bounded(context, operation, false, limiter.acquire(&*self.clock, send_by)).await;
        turn.map_err(|error| match error.kind() {
            ErrorKind::Timeout => limiter.throttled_error(operation).unwrap_or(error),
            _ => error,
        })?;
        let permit = self.permit(context, operation).await?;
        // The call that had the permit before may have found that the endpoint is silent.
        self.fail_if_silent(context, operation)?;
        let credentials =
            self.bounded(context, operation, false, self.credentials.credentials(context)).await?;
        // The call itself was not sent, whatever was sent to the source of the credentials.
        let credentials = credentials.map_err(|error| error.with_may_have_been_applied(false))?;
        Ok(Ready { _permit: permit, credentials })
    }

    /// # Errors
    /// `Timeout` if the endpoint of a call has not answered an earlier one.
    fn fail_if_silent(&self, context: &CallContext, operation: &Operation) -> Result<(), Error> {
        if context.asks_silent_endpoints { Ok(()) } else { self.silent_endpoints.fail_if_silent(operation) }
    }

    async fn permit(
        &self,
        context: &CallContext,
        operation: &Operation,
    ) -> Result<Arc<OwnedSemaphorePermit>, Error> {
        if let Some(permit) = &context.permit {
            return Ok(Arc::clone(permit));
        }
        let acquired = Arc::clone(&self.permits).acquire_owned();
        let permit = self.bounded(context, operation, false, acquired).await?;
        permit.map(Arc::new).map_err(|closed| {
            Error::new(ErrorKind::Unexpected, operation, "the client is closed").with_source(closed)
        })
    }

    async fn send<T>(
        &self,
        context: &CallContext,
        api_call: &ApiCall<'_, T>,
        ready: Ready,
        progress: &mut Progress,
    ) -> Result<T, Error> {
        let (operation, credentials) = (api_call.operation, &ready.credentials);
        let secrets = secrets(credentials, api_call.secrets);
        let request = (api_call.build)(credentials, self.clock.now())?;
        let sent_at = self.clock.monotonic();

        progress.attempts = progress.attempts.saturating_add(1);
        context.efforts.sent(operation);
        progress.unanswered_since.get_or_insert(sent_at);
        progress.status = None;
        progress.request_id = None;
        log_exchange(operation, "sending", &secrets, || trace::request(&request));
        let response = self.bounded(context, operation, true, self.exchange(operation, &request)).await??;
        log_exchange(operation, "answered", &secrets, || trace::response(&response, &request));
        progress.unanswered_since = None;
        self.silent_endpoints.record_answer(operation, self.clock.monotonic());
        progress.status = Some(response.status);
        let request_id = (api_call.request_id)(&response);
        progress.request_id =
            request_id.map(|id| text::line_of(&redact::redact(&id, &secrets), LONGEST_REQUEST_ID));

        let outcome = (api_call.parse)(&response, sent_at).map_err(|error| {
            let error =
                without_secrets(error, &response, &secrets, |masked| (api_call.parse)(masked, sent_at).err());
            let error = requested_wait(&response.headers, self.clock.now())
                .apply_to(error)
                .with_request_id(progress.request_id.clone())
                .with_clock_ahead(clock_ahead(&response, self.clock.now()));
            credentials::on_expired_token(&*self.credentials, credentials, error)
        });
        let refusal = outcome.as_ref().err();
        context.efforts.answered(operation, refusal);
        let throttled = refusal.filter(|error| error.kind() == ErrorKind::Throttled);
        let limiter = self.rate_limiters.for_operation(operation);
        limiter.on_response(operation.service, throttled, sent_at, self.clock.monotonic());
        outcome
    }

    async fn exchange(&self, operation: &Operation, request: &HttpRequest) -> Result<HttpResponse, Error> {
        tokio::select! {
            biased;
            answer = self.transport.send(request) => answer.map_err(|error| transport_error(operation, error)),
            () = self.clock.sleep(self.request_timeout) => {
                let message = format!(
                    "no complete answer from {} within {} s",
                    request.origin.host_header,
                    self.request_timeout.as_secs_f64()
                );
                Err(Error::new(ErrorKind::Timeout, operation, message)
                    .with_retryable(true)
                    .with_may_have_been_applied(true))
            }
        }
    }

    /// The clock that deadlines are measured on.
    pub(crate) fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    /// Waits for `work` within the limits of the operation. `sent` says whether the service may have carried out the
    /// call if they end the wait.
    ///
    /// If the deadline ends a call that was refused before, the error is that refusal, unless the service has been
    /// silent since.
    pub(crate) async fn bounded<F: Future>(
        &self,
        context: &CallContext,
        operation: &Operation,
        sent: bool,
        work: F,
    ) -> Result<F::Output, Error> {
        let began = self.clock.monotonic();
        let bound = context.bound(&*self.clock, work).await;
        bound.map_err(|why| {
            let now = self.clock.monotonic();
            let is_silent = sent && now.saturating_sub(began) >= SILENT_AFTER;
            let refusal = match why {
                Interrupted::DeadlineExceeded if !is_silent => context.efforts.refusal(operation),
                _ => None,
            };
            let error = refusal.map_or_else(
                || interrupted(operation, why, sent),
                |refusal| refusal.with_retryable(false).with_may_have_been_applied(sent),
            );
            context.efforts.add_to(error, now)
        })
    }

    /// Begins a call, and returns the current time of [`Clock::monotonic`].
    fn begin(&self, context: &CallContext, operation: &Operation) -> Duration {
        let now = self.clock.monotonic();
        context.efforts.begin(operation, now);
        now
    }

    /// Adds the attempts and the time of the call to its error, and writes its one line in the log.
    fn conclude<T>(
        &self,
        context: &CallContext,
        operation: &Operation,
        started: Duration,
        progress: &Progress,
        result: Result<T, Error>,
    ) -> Result<T, Error> {
        let now = self.clock.monotonic();
        let elapsed = now.saturating_sub(started);
        let result = result.map_err(|error| {
            let ours = error.operation() == operation;
            if ours { context.efforts.add_to(error, now) } else { error }
        });
        let error = result.as_ref().err();
        self.stats.record(operation, progress.attempts, elapsed, error.is_some());
        tracing::info!(
            service = operation.service,
            action = operation.action,
            target = operation.target,
            status = progress.status,
            attempts = progress.attempts,
            elapsed_ms = millis(elapsed),
            request_id = progress.request_id,
            outcome = error.map_or_else(|| "Ok".to_owned(), |error| format!("{:?}", error.kind())),
            code = error.and_then(Error::code),
            "called"
        );
        result
    }
}

impl<T> fmt::Debug for ApiCall<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiCall").field("operation", self.operation).finish_non_exhaustive()
    }
}

fn interrupted(operation: &Operation, why: Interrupted, sent: bool) -> Error {
    let (kind, message) = match why {
        Interrupted::Cancelled => (ErrorKind::Cancelled, "the run was interrupted"),
        Interrupted::DeadlineExceeded => {
            (ErrorKind::Timeout, "the time allowed for the whole operation has passed")
        }
    };
    Error::new(kind, operation, message).with_may_have_been_applied(sent)
}

/// Whether an answer of success is not JSON: something between the client and the service may have damaged it. An
/// answer that is JSON and has wrong members is not damaged; it would have them again.
fn is_damaged(error: &Error) -> bool {
    let is_no_json = error.source().and_then(|source| source.downcast_ref::<serde_json::Error>()).is_some();
    error.kind() == ErrorKind::Malformed
        && (is_no_json || error.transport() == Some(TransportErrorKind::Encoding))
}

fn transport_error(operation: &Operation, error: TransportError) -> Error {
    use TransportErrorKind::{
        Broken, Connect, ConnectTimeout, Encoding, NoAuthorities, Proxy, ProxyAuthentication, Resolve, Setup,
        Silent, Tls, TooLarge,
    };
    let (kind, retryable) = match error.kind() {
        Setup | NoAuthorities | Tls | ProxyAuthentication => (ErrorKind::Transport, false),
        Connect | Resolve | Proxy | Broken => (ErrorKind::Transport, true),
        ConnectTimeout | Silent => (ErrorKind::Timeout, true),
        TooLarge | Encoding => (ErrorKind::Malformed, false),
    };
    Error::new(kind, operation, error.to_string())
        .with_retryable(retryable)
        .with_may_have_been_applied(error.may_have_arrived())
        .with_source(error)
}

/// Everything in a request that no text may show.
fn secrets<'a>(credentials: &'a Credentials, others: &[&'a str]) -> Vec<&'a str> {
    let token = credentials.security_token.as_ref().map(Secret::expose);
    std::iter::once(credentials.access_key_secret.expose())
        .chain(token)
        .chain(others.iter().copied())
        .collect()
}

/// The error of an answer that may quote any part of the request. If it quotes a secret, the answer is parsed again
/// without it, so that no part of the secret is left where a text was cut.
fn without_secrets(
    error: Error,
    response: &HttpResponse,
    secrets: &[&str],
    parse: impl FnOnce(&HttpResponse) -> Option<Error>,
) -> Error {
    match response.without(secrets) {
        None => error,
        Some(masked) => parse(&masked).unwrap_or_else(|| {
            let message = "the answer quotes a secret of the request, so it is not shown";
            Error::new(error.kind(), error.operation(), message)
                .with_retryable(error.is_retryable())
                .with_may_have_been_applied(error.may_have_been_applied())
        }),
    }
}

/// Writes a request or an answer to the debug log.
fn log_exchange(operation: &Operation, event: &'static str, secrets: &[&str], text: impl FnOnce() -> String) {
    if !tracing::enabled!(tracing::Level::DEBUG) {
        return;
    }
    // A service may quote any part of the request.
    let http = redact::redact(&text(), secrets);
    tracing::debug!(
        service = operation.service,
        action = operation.action,
        target = operation.target,
        http,
        "{event}"
    );
}

/// How far `now` is ahead of the date of an answer (RFC 9110 section 6.6.1).
fn clock_ahead(response: &HttpResponse, now: OffsetDateTime) -> Option<time::Duration> {
    let date = OffsetDateTime::parse(response.headers.get("date")?.trim(), &Rfc2822).ok()?;
    Some(now - date)
}

/// A message of a service as one line of limited length.
pub(crate) fn printable(message: &str) -> String {
    /// Enough for the longest documented message, and much less than a page of HTML.
    const LIMIT: usize = 1000;
    text::line_of(message, LIMIT)
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
