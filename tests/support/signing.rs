//! Requests signed in version 1 of SLS and of the RPC services, by hand.

use std::process;
use std::sync::atomic::{AtomicU64, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use md5::{Digest as _, Md5};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use sha1::Sha1;

/// What RFC 3986 leaves as it is (section 2.3).
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// An AccessKey, with the token of a session or without.
#[derive(Clone, Debug)]
pub struct Key {
    /// `AccessKeyId`
    pub id: String,
    /// `AccessKeySecret`
    pub secret: String,
    /// `SecurityToken`
    pub token: Option<String>,
}

impl Key {
    /// A key without a token.
    pub fn new(id: &str, secret: &str) -> Self {
        Self { id: id.to_owned(), secret: secret.to_owned(), token: None }
    }

    /// The key of the account that the emulator has from the start.
    pub fn root() -> Self {
        Self::new("ak-root", "sk-root")
    }

    /// The key in an answer of `AssumeRole`; members that are not there are empty.
    pub fn from_session(answer: &Value) -> Self {
        let member = |name: &str| {
            answer
                .pointer(&format!("/Credentials/{name}"))
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        Self {
            id: member("AccessKeyId"),
            secret: member("AccessKeySecret"),
            token: Some(member("SecurityToken")),
        }
    }

    fn mac(secret: &str, text: &str) -> String {
        // HMAC takes keys of every length.
        let mac =
            Hmac::<Sha1>::new_from_slice(secret.as_bytes()).map(|mac| mac.chain_update(text).finalize());
        mac.map_or_else(|_| String::new(), |mac| STANDARD.encode(mac.into_bytes()))
    }
}

/// A request to SLS.
#[derive(Clone, Debug)]
pub struct SlsRequest<'a> {
    /// The host: `<project>.localhost`.
    pub host: &'a str,
    /// The method.
    pub method: &'a str,
    /// The target as it is sent.
    pub target: &'a str,
    /// The path and the query as they are signed: values decoded, members sorted by name.
    pub resource: &'a str,
    /// The time in the form of [`crate::date::rfc_1123`].
    pub date: &'a str,
    /// Headers besides those that every request has.
    pub headers: &'a [(&'a str, &'a str)],
    /// The body.
    pub body: &'a [u8],
}

impl SlsRequest<'_> {
    /// The request signed with SLS V1, HMAC-SHA1.
    pub fn signed(&self, key: &Key) -> Vec<u8> {
        let Self { host, method, target, resource, date, headers, body } = self;
        let md5 = if body.is_empty() { String::new() } else { hex::encode_upper(Md5::digest(body)) };
        let mut sent = vec![("x-log-apiversion", "0.6.0"), ("x-log-signaturemethod", "hmac-sha1")];
        sent.extend(key.token.as_deref().map(|token| ("x-acs-security-token", token)));
        sent.extend(*headers);
        let content_type =
            sent.iter().find(|(name, _)| *name == "Content-Type").map_or("", |(_, value)| value);
        let mut signed: Vec<String> =
            sent.iter().map(|(name, value)| format!("{}:{value}\n", name.to_lowercase())).collect();
        signed.retain(|line| line.starts_with("x-log-") || line.starts_with("x-acs-"));
        signed.sort();
        let text = format!("{method}\n{md5}\n{content_type}\n{date}\n{}{resource}", signed.concat());
        let signature = Key::mac(&key.secret, &text);
        let mut request = format!(
            "{method} {target} HTTP/1.1\r\nHost: {host}\r\nDate: {date}\r\nContent-Length: {}\r\n\
             Authorization: LOG {}:{signature}\r\n",
            body.len(),
            key.id
        );
        request.extend(sent.iter().map(|(name, value)| format!("{name}: {value}\r\n")));
        if !md5.is_empty() {
            request.extend(["Content-MD5: ", &md5, "\r\n"]);
        }
        let mut request = (request + "\r\n").into_bytes();
        request.extend_from_slice(body);
        request
    }
}

/// A call of an RPC action, signed in version 1; `action` is the version of the API and the name, `time` has the form
/// of [`crate::date::iso_8601`].
pub fn rpc_request(
    key: &Key,
    host: &str,
    action: (&str, &str),
    time: &str,
    parameters: &[(&str, &str)],
) -> Vec<u8> {
    RpcRequest { method: "GET", host, action, time, query: parameters, form: None }.signed(key)
}

/// A call of an RPC action.
#[derive(Clone, Debug)]
pub struct RpcRequest<'a> {
    /// The method.
    pub method: &'a str,
    /// The host.
    pub host: &'a str,
    /// The version of the API and the name.
    pub action: (&'a str, &'a str),
    /// The time in the form of [`crate::date::iso_8601`].
    pub time: &'a str,
    /// Parameters in the query.
    pub query: &'a [(&'a str, &'a str)],
    /// Parameters in the body, which is a form.
    pub form: Option<&'a [(&'a str, &'a str)]>,
}

impl RpcRequest<'_> {
    /// The request signed in version 1.
    pub fn signed(&self, key: &Key) -> Vec<u8> {
        static NONCES: AtomicU64 = AtomicU64::new(0);
        let Self { method, host, action: (version, action), time, query, form } = self;
        let nonce = format!("{}-{}", process::id(), NONCES.fetch_add(1, Ordering::Relaxed));
        let mut all = vec![
            ("Action", *action),
            ("Version", version),
            ("AccessKeyId", &key.id),
            ("SignatureMethod", "HMAC-SHA1"),
            ("SignatureVersion", "1.0"),
            ("SignatureNonce", &nonce),
            ("Timestamp", time),
        ];
        all.extend(key.token.as_deref().map(|token| ("SecurityToken", token)));
        if !query.iter().any(|(name, _)| *name == "Format") {
            all.push(("Format", "JSON"));
        }
        all.extend(*query);
        let form = form.unwrap_or_default();
        let joined = |parameters: &[(&str, &str)]| {
            let pair = |(name, value): &(&str, &str)| format!("{}={}", encoded(name), encoded(value));
            let mut pairs: Vec<String> = parameters.iter().map(pair).collect();
            pairs.sort();
            pairs.join("&")
        };
        let signed = encoded(&joined(&[all.as_slice(), form].concat()));
        let signature = Key::mac(&format!("{}&", key.secret), &format!("{method}&%2F&{signed}"));
        let (query, body) = (joined(&all), joined(form));
        let content = match self.form {
            Some(_) => format!(
                "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n",
                body.len()
            ),
            None => String::new(),
        };
        format!(
            "{method} /?{query}&Signature={} HTTP/1.1\r\nHost: {host}\r\n{content}\r\n{body}",
            encoded(&signature)
        )
        .into_bytes()
    }
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, UNRESERVED).to_string()
}
