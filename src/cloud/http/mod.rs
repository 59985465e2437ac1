//! Requests, answers and the transport that carries them. Tests replace the transport.

mod ca_bundle;
mod decoded;
mod encoding;
mod explain;
pub(crate) mod form;
mod proxy;
pub(crate) mod redact;
mod reqwest_transport;
pub(crate) mod trace;
mod transport_error;

use std::collections::BTreeMap;
use std::fmt::{self, Debug};

use futures_util::future::BoxFuture;

use crate::endpoint::Origin;

pub use ca_bundle::{CaBundle, CaBundleError};
pub(crate) use form::percent_encode;
pub use proxy::{Proxy, ProxyError};
pub use reqwest_transport::{ReqwestTransport, TransportConfig};
pub use transport_error::{TransportError, TransportErrorKind};

/// Sends requests to a service.
pub trait HttpTransport: Send + Sync + Debug {
    /// Sends the request once and reads the whole answer. It does not follow redirects.
    ///
    /// The future can be dropped at any time; its connection is then not used again.
    ///
    /// # Errors
    /// A [`TransportError`] when there was no complete answer. An answer with any HTTP status is a success.
    fn send<'a>(&'a self, request: &'a HttpRequest) -> BoxFuture<'a, Result<HttpResponse, TransportError>>;
}

/// The methods that the services use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Reads.
    Get,
    /// Creates.
    Post,
    /// Replaces.
    Put,
    /// Removes.
    Delete,
}

impl Method {
    /// The method as it is written in a request line and in a string to sign.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }
}

/// A request. The transport adds only `User-Agent` and `Content-Length`.
#[derive(Clone, PartialEq, Eq)]
pub struct HttpRequest {
    /// The method.
    pub method: Method,
    /// The host to connect to.
    pub origin: Origin,
    /// The path, percent-encoded where needed, beginning with `/`.
    pub path: String,
    /// The query parameters, not encoded.
    pub query: BTreeMap<String, String>,
    /// The headers, including `host`.
    pub headers: Headers,
    /// The body; empty for none.
    pub body: Vec<u8>,
    /// Whether the query, the body or the answer contains a secret. None of them is shown then.
    pub secret: bool,
}

impl HttpRequest {
    /// A request without query and body that names the host of `origin`.
    pub fn new(method: Method, origin: Origin, path: impl Into<String>) -> Self {
        let mut headers = Headers::default();
        headers.set("host", &origin.host_header);
        Self {
            method,
            origin,
            path: path.into(),
            query: BTreeMap::new(),
            headers,
            body: Vec::new(),
            secret: false,
        }
    }

    /// The address with the query in the form that is sent: sorted, with percent-encoded keys and values.
    pub fn url(&self) -> String {
        let mut url = format!("{}{}", self.origin.url, self.path);
        for (position, (key, value)) in self.query.iter().enumerate() {
            url.push(if position == 0 { '?' } else { '&' });
            url.push_str(&percent_encode(key));
            url.push('=');
            url.push_str(&percent_encode(value));
        }
        url
    }
}

/// Replaces the values that sign the request or identify the caller by a placeholder. RPC signatures of version 1 are
/// in the query.
impl Debug for HttpRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let query: BTreeMap<&str, &str> = self
            .query
            .iter()
            .map(|(name, value)| {
                let secret = self.secret || redact::is_secret_name(name);
                (name.as_str(), if secret { redact::MASK } else { value })
            })
            .collect();
        f.debug_struct("HttpRequest")
            .field("method", &self.method)
            .field("origin", &self.origin)
            .field("path", &self.path)
            .field("query", &query)
            .field("headers", &self.headers)
            .field("body", &if self.secret { redact::MASK.into() } else { redact::body(&self.body) })
            .finish()
    }
}

/// An answer, whatever its status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpResponse {
    /// The status code.
    pub status: u16,
    /// The headers. If a header is repeated, the last one counts. Values that are not text are left out.
    pub headers: Headers,
    /// The whole body.
    pub body: Vec<u8>,
}

impl HttpResponse {
    /// The same answer without these secrets of the request, which a service may quote; `None` if it quotes none.
    pub(crate) fn without(&self, secrets: &[&str]) -> Option<Self> {
        let mut answer = self.clone();
        for value in answer.headers.0.values_mut() {
            *value = redact::redact(value, secrets);
        }
        // What is not text is never shown.
        if let Ok(body) = std::str::from_utf8(&self.body) {
            answer.body = redact::redact(body, secrets).into_bytes();
        }
        (answer != *self).then_some(answer)
    }
}

/// Header values by lower-case name.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Headers(BTreeMap<String, String>);

impl Headers {
    /// Sets a header, and replaces an earlier one of the same name.
    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        self.0.insert(name.to_ascii_lowercase(), value.into());
    }

    /// The value of a header; `name` in lower case.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// All headers, sorted by their lower-case names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

/// Replaces the values that sign a request or identify the caller by a placeholder.
impl Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self
            .iter()
            .map(|(name, value)| (name, if redact::is_secret_header(name) { redact::MASK } else { value }));
        f.debug_map().entries(shown).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoint::Endpoint;

    #[test]
    fn the_query_is_encoded_on_the_wire() {
        let origin = Endpoint::parse("http://127.0.0.1:1").unwrap().origin();
        let mut request = HttpRequest::new(Method::Get, origin, "/logstores");
        request.query.insert("size".into(), "5".into());
        request.query.insert("logstoreName".into(), "a b/中~*+&=".into());
        assert_eq!(
            request.url(),
            "http://127.0.0.1:1/logstores?logstoreName=a%20b%2F%E4%B8%AD~%2A%2B%26%3D&size=5"
        );
    }

    #[test]
    fn debug_of_headers_hides_what_identifies_the_caller() {
        let mut headers = Headers::default();
        headers.set("Authorization", "canary-1");
        headers.set("X-Acs-Security-Token", "canary-2");
        headers.set("X-Aliyun-Ecs-Metadata-Token", "canary-3");
        headers.set("Host", "h.example");
        let text = format!("{headers:?}");
        assert!(!text.contains("canary") && text.contains("h.example"), "{text}");
    }

    #[test]
    fn debug_of_a_request_hides_what_identifies_the_caller_in_its_query() {
        let origin = Endpoint::parse("http://127.0.0.1:1").unwrap().origin();
        let mut request = HttpRequest::new(Method::Post, origin, "/");
        for (name, value) in [("SecurityToken", "canary-1"), ("Signature", "canary-2"), ("Action", "GetRole")]
        {
            request.query.insert(name.into(), value.into());
        }
        let text = format!("{request:?}");
        assert!(!text.contains("canary") && text.contains("GetRole"), "{text}");
        request.secret = true;
        request.query.insert("code".into(), "canary-3".into());
        request.body = b"canary-4".to_vec();
        let text = format!("{request:?}");
        assert!(!text.contains("canary"), "{text}");
    }
}
