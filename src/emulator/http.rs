//! Calls and answers, between the wire and the services.

use std::net::IpAddr;

use axum::body::{Body, Bytes};
use hyper::header::{CONTENT_TYPE, HOST, HeaderName, HeaderValue};
use hyper::http::request::Parts;
use hyper::{HeaderMap, Response, StatusCode, Version};
use serde_json::Value;

use super::endpoint::{Endpoint, without_port};
use super::error::Error;
use super::hosts::Hosts;
use super::target::Query;

/// A request, whole, as a service sees it.
#[derive(Clone, Debug)]
pub struct Call {
    /// The method, in upper case.
    pub method: String,
    /// The path exactly as sent, still percent-encoded: it is part of what is signed.
    pub path: String,
    /// The decoded query.
    pub query: Query,
    /// The headers; names are lower case.
    pub headers: HeaderMap,
    /// The `Host` header as sent, empty when there was none.
    pub host: String,
    /// The authority of an absolute-form target (RFC 9112, section 3.2.2), as a proxy receives it.
    pub authority: Option<String>,
    /// The body as sent.
    pub body: Bytes,
    /// The address it came from, where that is known.
    pub peer: Option<IpAddr>,
    /// Whether it came over TLS.
    pub secure: bool,
    /// Whether it is for a name that the emulator was told it has ([`Hosts`]), with no project in front of it.
    pub is_for_named_host: bool,
}

impl Call {
    /// Joins the head of a request and its body.
    pub fn new(head: &Parts, body: Bytes) -> Self {
        Self {
            method: head.method.as_str().to_owned(),
            path: head.uri.path().to_owned(),
            query: Query::parse(head.uri.query().unwrap_or_default()),
            headers: head.headers.clone(),
            host: header_text(&head.headers, HOST.as_str()).unwrap_or_default().to_owned(),
            authority: head.uri.authority().map(|authority| authority.as_str().to_owned()),
            body,
            peer: None,
            secure: false,
            is_for_named_host: false,
        }
    }

    /// The call as it came from `peer`, over TLS or in clear text.
    pub fn coming_from(self, peer: IpAddr, secure: bool) -> Self {
        Self { peer: Some(peer), secure, ..self }
    }

    /// The call where these hosts are the emulator's.
    pub fn with_hosts(self, hosts: &Hosts) -> Self {
        Self { is_for_named_host: hosts.is_named(self.addressed()), ..self }
    }

    /// The host in an absolute-form target when there is one, else that in `Host`.
    fn addressed(&self) -> &str {
        self.authority.as_deref().unwrap_or(&self.host)
    }

    /// A header's value without surrounding blanks; `None` when absent or not text.
    pub fn header(&self, name: &str) -> Option<&str> {
        header_text(&self.headers, name).map(str::trim)
    }

    /// The first header that is sent more than once, among those that `include` picks.
    pub fn repeated_header(&self, include: impl Fn(&str) -> bool) -> Option<&str> {
        let names = self.headers.keys().map(HeaderName::as_str);
        names.into_iter().find(|name| include(name) && self.headers.get_all(*name).iter().nth(1).is_some())
    }

    /// The project and region addressed: by an absolute-form target when there is one, else by `Host`.
    pub fn endpoint(&self) -> Endpoint {
        if self.is_for_named_host { Endpoint::default() } else { Endpoint::from_host(self.addressed()) }
    }

    /// Whether an absolute-form target and `Host` name different hosts. A signature covers `Host`, so
    /// the target must not be able to say something else.
    pub fn hosts_disagree(&self) -> bool {
        self.authority
            .as_deref()
            .is_some_and(|authority| !without_port(authority).eq_ignore_ascii_case(without_port(&self.host)))
    }
}

/// Refuses a request that does not say which host it is for, or says it more than once (RFC 9112, section 3.2).
///
/// # Errors
///
/// The answer that refuses it.
pub fn check_host(version: Version, headers: &HeaderMap) -> Result<(), Reply> {
    match headers.get_all(HOST).iter().count() {
        0 if version >= Version::HTTP_11 => Err(Reply::bad_request("the request has no Host header")),
        0 | 1 => Ok(()),
        _ => Err(Reply::bad_request("the request has more than one Host header")),
    }
}

fn header_text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| std::str::from_utf8(value.as_bytes()).ok())
}

/// What a service does with a call.
#[derive(Clone, Debug)]
pub enum Answer {
    /// Answer it.
    Reply(Reply),
    /// Close the connection without a word.
    Drop,
}

/// A response of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The error that it is, for the request log.
    pub error: Option<Box<Error>>,
    /// The `Content-Type` of the body.
    pub content_type: String,
    /// Headers of the service's own.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Reply {
    /// A JSON document.
    pub fn json(status: u16, body: &Value) -> Self {
        Self::raw(status, "application/json", body.to_string().into_bytes())
    }

    /// Success with nothing to say.
    pub fn empty() -> Self {
        Self::raw(200, "application/json", Vec::new())
    }

    /// Any bytes.
    pub fn raw(status: u16, content_type: &str, body: Vec<u8>) -> Self {
        let content_type = content_type.to_owned();
        Self { status, error: None, content_type, headers: Vec::new(), body }
    }

    /// The answer to a request that breaks HTTP's own rules, in plain text: no service has seen it.
    pub fn bad_request(problem: &str) -> Self {
        Self::raw(400, "text/plain; charset=utf-8", format!("{problem}\n").into_bytes())
    }

    /// Adds a header.
    pub fn with_header(mut self, name: &'static str, value: String) -> Self {
        self.headers.push((name, value));
        self
    }

    /// The response on the wire. A response without a body has no `Content-Type`, as the service's have none. Headers
    /// that cannot be written as HTTP are left out.
    pub fn into_response(self) -> Response<Body> {
        let has_body = !self.body.is_empty();
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() =
            StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        if has_body && let Ok(value) = HeaderValue::from_str(&self.content_type) {
            headers.insert(CONTENT_TYPE, value);
        }
        for (name, value) in self.headers {
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.insert(HeaderName::from_static(name), value);
            }
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::Request;

    fn call(target: &str, host: &str) -> Call {
        let request = Request::builder().uri(target).header("Host", host).body(()).unwrap();
        Call::new(&request.into_parts().0, Bytes::new())
    }

    #[test]
    fn an_absolute_form_target_addresses_the_project() {
        let call = call(
            "http://demo-proj.cn-hangzhou.log.aliyuncs.com:80/logstores/app",
            "demo-proj.cn-hangzhou.log.aliyuncs.com",
        );
        assert_eq!(call.path, "/logstores/app");
        assert_eq!(call.endpoint().project.as_deref(), Some("demo-proj"));
        assert!(!call.hosts_disagree());
    }

    #[test]
    fn target_and_host_must_name_the_same_host() {
        assert!(call("http://a.localhost/logstores", "b.localhost").hosts_disagree());
        assert!(!call("/logstores", "b.localhost").hosts_disagree());
    }

    #[test]
    fn the_path_stays_encoded() {
        assert_eq!(call("/logstores/a%2Fb?x=%20", "h").path, "/logstores/a%2Fb");
    }
}
