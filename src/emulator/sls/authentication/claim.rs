//! What a call claims about its origin, and the forms that both versions share.

use crate::error::Error;
use crate::http::Call;

/// What a call claims about its origin, not yet believed.
#[derive(Debug)]
pub struct Claim<'a> {
    pub access_key_id: &'a str,
    pub signature: &'a str,
    /// The date as sent.
    pub date: &'a str,
    /// The date in seconds since the epoch.
    pub time: i64,
    pub scheme: Scheme<'a>,
}

#[derive(Debug)]
pub enum Scheme<'a> {
    V1(Method),
    V4(Scope<'a>),
}

/// The hash named by `x-log-signaturemethod`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// `hmac-sha1`
    HmacSha1,
    /// `hmac-sha256`
    HmacSha256,
}

/// What the signing key was derived for.
#[derive(Debug)]
pub struct Scope<'a> {
    /// The day, `YYYYMMDD`; the same as the date's.
    pub date: &'a str,
    /// The region.
    pub region: &'a str,
}

pub fn invalid_method(method: &str) -> Error {
    Error::new(400, "InvalidSignatureMethod", format!("signature method {method} is unsupported."))
}

pub fn invalid_date(date: &str) -> Error {
    Error::new(400, "InvalidDateFormat", format!("Date {date} must follow RFC822."))
}

/// The headers that take part in both versions: `x-log-*` without `x-log-meta-*`, and `x-acs-*`.
pub fn is_signed_by_prefix(name: &str) -> bool {
    (name.starts_with("x-log-") && !name.starts_with("x-log-meta-")) || name.starts_with("x-acs-")
}

/// `name:value` lines.
pub fn lines(headers: &[(&str, &str)]) -> String {
    let mut lines = String::new();
    for (name, value) in headers {
        for part in [name, ":", value, "\n"] {
            lines.push_str(part);
        }
    }
    lines
}

/// Names and trimmed values of the headers `include` picks, sorted by name.
pub fn picked_headers(call: &Call, include: impl Fn(&str) -> bool) -> Vec<(&str, &str)> {
    let names = call.headers.keys().map(hyper::header::HeaderName::as_str).filter(|name| include(name));
    let mut headers: Vec<_> = names.map(|name| (name, call.header(name).unwrap_or_default())).collect();
    headers.sort_unstable();
    headers
}
