//! The error of the cloud clients: what failed, where, and whether the call may be repeated.

mod classify;
mod kind;
mod reason;

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use classify::classify;
pub use kind::ErrorKind;
pub use reason::Reason;

use crate::http::{TransportError, TransportErrorKind};
use crate::names::Region;

/// The call that an error belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    /// The name of the service: `SLS`, `RAM`, `KMS`, `STS`.
    pub service: &'static str,
    /// The API action: `GetLogStore`.
    pub action: &'static str,
    /// The object of the call, for example `project/logstore`.
    pub target: String,
    /// The region of the call, if the service has an endpoint in each region.
    pub region: Option<Region>,
}

impl Operation {
    /// Names a call.
    pub fn new(service: &'static str, action: &'static str, target: impl Into<String>) -> Self {
        Self { service, action, target: target.into(), region: None }
    }

    /// The same call in a region.
    #[must_use]
    pub fn in_region(self, region: &Region) -> Self {
        Self { region: Some(region.clone()), ..self }
    }
}

/// A call that failed.
///
/// `Display` is a sentence for a person, with all that the service's support needs. It never contains a secret.
#[derive(Clone)]
pub struct Error(Box<ErrorData>);

/// The purpose of the call that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Purpose {
    OwnCall,
    Credentials,
}

#[derive(Clone, Debug)]
struct ErrorData {
    kind: ErrorKind,
    reason: Option<Reason>,
    operation: Operation,
    message: String,
    status: Option<u16>,
    code: Option<String>,
    request_id: Option<String>,
    retry_after: Option<Duration>,
    clock_ahead: Option<time::Duration>,
    attempts: u32,
    elapsed: Duration,
    retryable: bool,
    may_have_been_applied: bool,
    renewal_refused: bool,
    purpose: Purpose,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

impl Error {
    /// An error without an answer of the service.
    ///
    /// It is not retryable and says that the call was not applied, unless a `with_` method changes that.
    pub fn new(kind: ErrorKind, operation: &Operation, message: impl Into<String>) -> Self {
        Self(Box::new(ErrorData {
            kind,
            reason: None,
            operation: operation.clone(),
            message: message.into(),
            status: None,
            code: None,
            request_id: None,
            retry_after: None,
            clock_ahead: None,
            attempts: 0,
            elapsed: Duration::ZERO,
            retryable: false,
            may_have_been_applied: false,
            renewal_refused: false,
            purpose: Purpose::OwnCall,
            source: None,
        }))
    }

    /// A refusal of the service. Kind, reason and whether to retry follow from the service, status, code and message.
    pub fn from_answer(
        operation: &Operation,
        status: u16,
        code: Option<String>,
        message: impl Into<String>,
    ) -> Self {
        let message = message.into();
        let (kind, reason) = classify(operation.service, status, code.as_deref(), &message);
        // The answer to the first request was lost: the service may have carried it out.
        let sent_twice = reason == Some(Reason::RequestSentTwice);
        let mut error = Self::new(kind, operation, message);
        error.0.retryable =
            status >= 500 || matches!(kind, ErrorKind::Throttled | ErrorKind::Timeout) || sent_twice;
        // With a 4xx the service says that it has not carried out the call. After a timeout it may have done so in
        // part.
        error.0.may_have_been_applied =
            !(400..500).contains(&status) || kind == ErrorKind::Timeout || sent_twice;
        error.0.reason = reason;
        error.0.status = Some(status);
        error.0.code = code;
        error
    }

    /// Adds the id the service gave the request.
    #[must_use]
    pub fn with_request_id(mut self, request_id: Option<String>) -> Self {
        self.0.request_id = request_id;
        self
    }

    /// Adds the HTTP status of an answer that is not a refusal.
    #[must_use]
    pub fn with_status(mut self, status: u16) -> Self {
        self.0.status = Some(status);
        self
    }

    /// Adds how long the service asked to wait before the next attempt.
    #[must_use]
    pub fn with_retry_after(mut self, retry_after: Option<Duration>) -> Self {
        self.0.retry_after = retry_after;
        self
    }

    /// Adds how far the local clock is ahead of the service's; negative when it is behind.
    #[must_use]
    pub fn with_clock_ahead(mut self, ahead: Option<time::Duration>) -> Self {
        self.0.clock_ahead = ahead;
        self
    }

    /// Replaces the kind.
    #[must_use]
    pub fn with_kind(mut self, kind: ErrorKind) -> Self {
        self.0.kind = kind;
        self
    }

    /// Replaces the message.
    #[must_use]
    pub fn with_message(mut self, message: String) -> Self {
        self.0.message = message;
        self
    }

    /// Says whether repeating the same call can help.
    #[must_use]
    pub fn with_retryable(mut self, retryable: bool) -> Self {
        self.0.retryable = retryable;
        self
    }

    /// Says whether the service may have carried out the call.
    #[must_use]
    pub fn with_may_have_been_applied(mut self, may: bool) -> Self {
        self.0.may_have_been_applied = may;
        self
    }

    /// Says that the refused credentials were fetched because the ones before them were refused as expired, too.
    #[must_use]
    pub fn with_renewal_refused(mut self) -> Self {
        self.0.renewal_refused = true;
        self
    }

    /// Says that fetching credentials failed, and not the call that needed them.
    #[must_use]
    pub fn about_credentials(mut self) -> Self {
        self.0.purpose = Purpose::Credentials;
        self
    }

    /// Adds how often the call was sent and how long it took, including waits.
    #[must_use]
    pub fn with_effort(mut self, attempts: u32, elapsed: Duration) -> Self {
        self.0.attempts = attempts;
        self.0.elapsed = elapsed;
        self
    }

    /// Adds the error that caused this one.
    #[must_use]
    pub fn with_source(mut self, source: impl StdError + Send + Sync + 'static) -> Self {
        self.0.source = Some(Arc::new(source));
        self
    }

    /// The kind of failure.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Why the service refused the call, if its answer says so.
    pub fn reason(&self) -> Option<Reason> {
        self.0.reason
    }

    /// The call that failed.
    pub fn operation(&self) -> &Operation {
        &self.0.operation
    }

    /// The service: `SLS`.
    pub fn service(&self) -> &'static str {
        self.0.operation.service
    }

    /// The API action: `GetLogStore`.
    pub fn action(&self) -> &'static str {
        self.0.operation.action
    }

    /// The object of the call, for example `project/logstore`.
    pub fn target(&self) -> &str {
        &self.0.operation.target
    }

    /// The region of the call, if the service has an endpoint in each region.
    pub fn region(&self) -> Option<&Region> {
        self.0.operation.region.as_ref()
    }

    /// The HTTP status, when there was an answer.
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// The service's error code, if it sent one.
    pub fn code(&self) -> Option<&str> {
        self.0.code.as_deref()
    }

    /// The service's message, or this library's if there was no answer.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The id that the service gave the request. Its support asks for it.
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// How often the request was sent; 0 when it never was.
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// How long the call took, including waits.
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed
    }

    /// How long the service asked to wait before the next attempt.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// How far the local clock was ahead of the service's when the answer came; negative when it was behind. It is
    /// exact to a second plus the time that the answer took. `None` when the answer had no date.
    pub fn clock_ahead(&self) -> Option<time::Duration> {
        self.0.clock_ahead
    }

    /// How the transport failed, when there was no complete answer.
    pub fn transport(&self) -> Option<TransportErrorKind> {
        self.source()?.downcast_ref::<TransportError>().map(TransportError::kind)
    }

    /// Whether the same call may succeed a little later. Whether repeating it is safe is another question: see
    /// [`Error::may_have_been_applied`].
    pub fn is_retryable(&self) -> bool {
        self.0.retryable
    }

    /// Whether the service answered with this code. Letter case does not count, because the pages of the documentation
    /// disagree on it (`LogstoreNotExist`, `LogStoreNotExist`).
    pub fn is_code(&self, code: &str) -> bool {
        self.0.code.as_deref().is_some_and(|ours| ours.eq_ignore_ascii_case(code))
    }

    /// Whether the service refused the call because the token of its credentials has expired. The service has certainly
    /// not carried out such a call.
    pub fn is_expired_token(&self) -> bool {
        self.0.kind == ErrorKind::Unauthenticated
            && !self.0.may_have_been_applied
            && self.0.reason == Some(Reason::ExpiredToken)
    }

    /// Whether the refused credentials were fetched because the ones before them were refused as expired, too.
    pub fn is_renewal_refused(&self) -> bool {
        self.0.renewal_refused
    }

    /// Whether fetching credentials failed, and not the call that needed them.
    pub fn is_about_credentials(&self) -> bool {
        self.0.purpose == Purpose::Credentials
    }

    /// Whether the service may have carried out the call.
    ///
    /// `false` when the request was not sent or the service refused it (4xx); `true` when the answer was lost, came too
    /// late, was a server error or could not be parsed.
    pub fn may_have_been_applied(&self) -> bool {
        self.0.may_have_been_applied
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let data = &*self.0;
        let Operation { service, action, target, .. } = &data.operation;
        write!(f, "{service} {action} on {target} ")?;
        match data.kind {
            ErrorKind::Cancelled => f.write_str("was cancelled")?,
            ErrorKind::Malformed => f.write_str("gave an answer that cannot be used")?,
            _ if data.status.is_some_and(|status| (400..500).contains(&status)) => {
                f.write_str("was refused")?;
            }
            _ => f.write_str("failed")?,
        }
        write!(f, ": {}", data.message.trim_end_matches('.'))?;
        let details = data.details();
        if !details.is_empty() {
            write!(f, " ({})", details.join(", "))?;
        }
        f.write_str(".")
    }
}

impl ErrorData {
    /// The facts that the service's support asks for, and the attempts.
    fn details(&self) -> Vec<String> {
        let mut details = Vec::new();
        details.extend(self.status.map(|status| format!("HTTP {status}")));
        details.extend(self.code.as_ref().map(|code| format!("code {code}")));
        details.extend(self.request_id.as_ref().map(|id| format!("request id {id}")));
        match self.attempts {
            0 if self.status.is_none() && may_end_before_sending(self.kind) => {
                details.push("never sent".to_owned());
            }
            0 => {}
            1 => details.push("1 attempt".to_owned()),
            attempts => details.push(format!("{attempts} attempts")),
        }
        if !self.elapsed.is_zero() {
            details.push(in_words(self.elapsed));
        }
        details
    }
}

fn in_words(elapsed: Duration) -> String {
    if elapsed < Duration::from_secs(1) {
        format!("{} ms", elapsed.as_millis())
    } else {
        format!("{:.1} s", elapsed.as_secs_f64())
    }
}

/// Whether a call can end with this kind of error before it is sent.
fn may_end_before_sending(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::Cancelled | ErrorKind::Timeout | ErrorKind::Throttled)
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_ref().map(|source| &**source as &(dyn StdError + 'static))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn operation() -> Operation {
        Operation::new("SLS", "GetLogStore", "proj/app")
    }

    #[test]
    fn a_refusal_reads_as_a_sentence_with_all_facts() {
        let error = Error::from_answer(
            &operation(),
            404,
            Some("LogStoreNotExist".into()),
            "logstore app does not exist.",
        )
        .with_request_id(Some("5FC458AE54F7D19F960DB515".into()))
        .with_effort(1, Duration::from_millis(35));
        assert_eq!(
            error.to_string(),
            "SLS GetLogStore on proj/app was refused: logstore app does not exist (HTTP 404, code \
             LogStoreNotExist, request id 5FC458AE54F7D19F960DB515, 1 attempt, 35 ms)."
        );
        assert!(error.is_code("LogstoreNotExist") && !error.is_code("ProjectNotExist"));
    }

    #[test]
    fn an_error_before_sending_says_so() {
        let error = Error::new(ErrorKind::Cancelled, &operation(), "the run was interrupted");
        assert_eq!(
            error.to_string(),
            "SLS GetLogStore on proj/app was cancelled: the run was interrupted (never sent)."
        );
        assert!(!error.is_retryable() && !error.may_have_been_applied());
        let error = Error::new(ErrorKind::Conflict, &operation(), "somebody else keeps changing it");
        assert_eq!(error.to_string(), "SLS GetLogStore on proj/app failed: somebody else keeps changing it.");
    }

    #[test]
    fn retryable_and_may_have_been_applied_follow_from_the_answer() {
        // (status, code, retryable, may have been applied)
        let table = [
            (400, Some("ParameterInvalid"), false, false),
            (401, Some("Unauthorized"), false, false),
            (403, Some("WriteQuotaExceed"), true, false),
            (404, None, false, false),
            (408, None, true, true),
            (429, None, true, false),
            (400, Some("SignatureNonceUsed"), true, true),
            (302, None, false, true),
            (500, Some("InternalServerError"), true, true),
            (502, None, true, true),
            (503, Some("ServerBusy"), true, true),
        ];
        for (status, code, retryable, may_have_been_applied) in table {
            let error = Error::from_answer(&operation(), status, code.map(str::to_owned), "m");
            assert_eq!(error.is_retryable(), retryable, "{status} {code:?}");
            assert_eq!(error.may_have_been_applied(), may_have_been_applied, "{status} {code:?}");
        }
    }

    #[test]
    fn a_server_error_does_not_mean_that_a_token_has_expired() {
        let with =
            |status| Error::from_answer(&operation(), status, Some("SecurityTokenExpired".into()), "m");
        assert!(with(400).is_expired_token() && !with(400).is_retryable());
        assert!(!with(500).is_expired_token());
    }
}
