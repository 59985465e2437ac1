//! A transport that answers from a list and records the requests.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use futures_util::future::BoxFuture;

use crate::http::{Headers, HttpRequest, HttpResponse, HttpTransport, TransportError, TransportErrorKind};

/// The outcome of one request.
#[derive(Debug)]
pub enum Reply {
    /// An answer.
    Answer(HttpResponse),
    /// No answer.
    Fail(TransportErrorKind),
    /// Silence: the request waits without end.
    Hang,
}

impl Reply {
    /// An answer with a body and the request id `REQ`.
    pub fn answer(status: u16, body: &str) -> Self {
        Self::answer_with(status, body, &[])
    }

    /// Adds headers to an answer.
    pub fn answer_with(status: u16, body: &str, extra: &[(&str, &str)]) -> Self {
        let mut headers = Headers::default();
        headers.set("x-log-requestid", "REQ");
        for (name, value) in extra {
            headers.set(name, *value);
        }
        Self::Answer(HttpResponse { status, headers, body: body.as_bytes().to_vec() })
    }

    /// An error in the form of SLS.
    pub fn refusal(status: u16, code: &str, message: &str) -> Self {
        let body = serde_json::json!({ "errorCode": code, "errorMessage": message });
        Self::answer(status, &body.to_string())
    }
}

/// A transport for tests: each request takes the next reply. A request without a reply panics.
#[derive(Debug, Default)]
pub struct ScriptedTransport {
    replies: Mutex<VecDeque<Reply>>,
    requests: Mutex<Vec<HttpRequest>>,
}

impl ScriptedTransport {
    /// A transport that gives these replies in this order.
    pub fn new(replies: impl IntoIterator<Item = Reply>) -> Self {
        Self { replies: Mutex::new(replies.into_iter().collect()), requests: Mutex::default() }
    }

    /// The requests so far.
    pub fn requests(&self) -> Vec<HttpRequest> {
        held(&self.requests).clone()
    }

    /// How many replies were not taken.
    pub fn unused(&self) -> usize {
        held(&self.replies).len()
    }
}

impl HttpTransport for ScriptedTransport {
    fn send<'a>(&'a self, request: &'a HttpRequest) -> BoxFuture<'a, Result<HttpResponse, TransportError>> {
        held(&self.requests).push(request.clone());
        let reply = held(&self.replies).pop_front();
        Box::pin(async move {
            match reply.expect("the script has no reply left for this request") {
                Reply::Answer(response) => Ok(response),
                Reply::Fail(kind) => Err(TransportError::new(kind, format!("scripted: {kind:?}"))),
                Reply::Hang => std::future::pending().await,
            }
        })
    }
}

/// Locks the content, also after a test that held the lock has panicked.
fn held<T>(content: &Mutex<T>) -> MutexGuard<'_, T> {
    content.lock().unwrap_or_else(PoisonError::into_inner)
}
