//! The bodies of the fuzz targets of this room: answers of the services, policy documents, and what credentials are
//! read from.
#![allow(
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a panic is the report"
)]

mod answers;
mod credential_files;
mod policy_document;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

pub use answers::{rpc_answer, sls_answer};
pub use credential_files::credential_files;
pub use policy_document::policy_document;

use crate::CallContext;
use crate::endpoint::Endpoint;
use crate::error::Error;
use crate::http::{HttpRequest, HttpResponse, HttpTransport, TransportError};
use crate::retry::RetryPolicy;
use crate::rpc::RpcConfig;
use crate::signing::rpc::SignatureVersion;
use crate::testing::{ManualClock, NumberedNonces, credentials};
use crate::{Dispatcher, DispatcherConfig, credentials::StaticCredentials};

#[cfg(test)]
#[path = "../../../fuzz/corpus.rs"]
mod corpus;

const SECOND: Duration = Duration::from_secs(1);

/// The secrets of the calls, which an answer may quote and no error may. The first one is that of
/// [`credentials`].
const SECRETS: [&str; 2] = ["canary-secret", "canary-token+/="];

/// The longest error, in characters: message, denial, recommendation and code of 1,000 each at most, and the object.
const LONGEST_ERROR: usize = 4_500;

/// A transport that gives the same answer to every request, and checks each request.
#[derive(Debug)]
struct Answering {
    answer: HttpResponse,
    requests: Mutex<Vec<HttpRequest>>,
}

impl Answering {
    fn new(answer: HttpResponse) -> Arc<Self> {
        Arc::new(Self { answer, requests: Mutex::default() })
    }

    /// The requests since the last time.
    fn take_requests(&self) -> Vec<HttpRequest> {
        std::mem::take(&mut *self.requests.lock().unwrap())
    }
}

impl HttpTransport for Answering {
    fn send<'a>(&'a self, request: &'a HttpRequest) -> BoxFuture<'a, Result<HttpResponse, TransportError>> {
        check_request(request);
        self.requests.lock().unwrap().push(request.clone());
        Box::pin(std::future::ready(Ok(self.answer.clone())))
    }
}

/// Nothing that was read can begin another header or another request.
fn check_request(request: &HttpRequest) {
    let url = request.url();
    assert!(url.bytes().all(|byte| byte.is_ascii_graphic()), "{url:?}");
    assert!(request.path.starts_with('/'), "{url}");
    for (name, value) in request.headers.iter() {
        let visible = value.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ');
        assert!(visible && name.bytes().all(|byte| byte.is_ascii_graphic()), "{name:?}: {value:?}");
    }
}

/// Runs calls that wait for the clock and for nothing else.
fn run<T>(clock: &ManualClock, calls: impl Future<Output = T>) -> T {
    clock.run(calls).now_or_never().expect("a call waits for what never comes")
}

/// The bounds of one call.
fn within(clock: &ManualClock, limit: Duration) -> CallContext {
    CallContext::default().with_timeout(clock, limit)
}

/// What sends calls to this transport, with [`SECRETS`].
fn dispatcher(transport: &Arc<Answering>, clock: &ManualClock) -> Arc<Dispatcher> {
    Arc::new(Dispatcher::new(DispatcherConfig {
        credentials: Arc::new(StaticCredentials::new(credentials("ak", Some(SECRETS[1])))),
        transport: transport.clone(),
        clock: Arc::new(clock.clone()),
        retry: RetryPolicy { max_retries: 1, base: SECOND, cap: SECOND },
        request_timeout: 10 * SECOND,
        max_concurrency: 1,
    }))
}

fn rpc_config(dispatcher: &Arc<Dispatcher>) -> RpcConfig {
    RpcConfig {
        endpoint: Endpoint::parse("http://127.0.0.1:8700").unwrap(),
        signature: SignatureVersion::Acs3HmacSha256,
        dispatcher: Arc::clone(dispatcher),
        nonces: Arc::new(NumberedNonces::default()),
    }
}

/// An error is one line of bounded length.
fn check_error(error: &Error) {
    let said = error.to_string();
    assert!(said.chars().all(text::is_printable), "{said:?}");
    assert!(said.chars().count() <= LONGEST_ERROR, "{} characters", said.chars().count());
}

/// A text of a success that is shown, stored or sent back.
fn check_line(shown: &str) {
    assert!(shown.chars().all(text::is_printable), "{shown:?}");
}

fn check_lines(shown: impl IntoIterator<Item = impl AsRef<str>>) {
    for line in shown {
        check_line(line.as_ref());
    }
}

#[cfg(test)]
mod tests {
    use super::corpus;

    #[test]
    fn sls_answer() {
        corpus::run("sls_answer", super::sls_answer);
    }

    #[test]
    fn rpc_answer() {
        corpus::run("rpc_answer", super::rpc_answer);
    }

    #[test]
    fn policy_document() {
        corpus::run("policy_document", super::policy_document);
    }

    #[test]
    fn credential_files() {
        corpus::run("credential_files", super::credential_files);
    }
}
