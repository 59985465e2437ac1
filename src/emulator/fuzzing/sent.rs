//! Requests as inputs have them: the text on the wire, with any ends of lines and without what is said of the
//! connection.

use std::fmt::Write as _;

use axum::body::Bytes;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::{Request, Uri};

use crate::captured::encoded;
use crate::clock::{iso_8601, rfc_1123};
use crate::http::Call;
use crate::target::Query;
use crypto::{hmac_sha1, md5_upper_hex};

/// The key that requests are signed with.
pub const KEY: (&str, &str) = ("ak", "sk of the account");

/// What is said by whoever sends the request, or must not be said.
const NOT_SENT: [&str; 5] = ["authorization", "connection", "content-length", "transfer-encoding", "upgrade"];

/// The parts of an input that lines of `###` part.
pub fn parted(bytes: &[u8]) -> Vec<&[u8]> {
    let (mut parts, mut start, mut at) = (Vec::new(), 0, 0);
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        if line.trim_ascii() == b"###" {
            parts.push(&bytes[start..at]);
            start = at + line.len();
        }
        at += line.len();
    }
    parts.push(&bytes[start..]);
    parts
}

/// A request.
pub struct Sent {
    /// The method.
    pub method: String,
    target: String,
    headers: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
}

impl Sent {
    /// Reads a request; `None` if there is nothing like one. One end of line at its end is not a part of its body.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let (mut lines, mut length) = (Vec::new(), 0);
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            length += line.len();
            match line.trim_ascii() {
                b"" => break,
                line => lines.push(line),
            }
        }
        let (first, headers) = lines.split_first()?;
        let mut words = std::str::from_utf8(first).ok()?.split_ascii_whitespace();
        let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
        let headers = headers.iter().filter_map(|line| {
            let colon = line.iter().position(|byte| *byte == b':')?;
            let name = std::str::from_utf8(&line[..colon]).ok()?;
            Some((name.to_ascii_lowercase(), line[colon + 1..].trim_ascii().to_vec()))
        });
        let body = &bytes[length..];
        let body = body.strip_suffix(b"\n").unwrap_or(body).to_vec();
        Some(Self { method, target, headers: headers.collect(), body })
    }

    /// The call that it is; `None` if HTTP has no such.
    pub fn call(&self) -> Option<Call> {
        let mut request = Request::builder().method(self.method.as_str()).uri(&self.target);
        for (name, value) in &self.headers {
            request = request.header(name, value.as_slice());
        }
        let head = request.body(()).ok()?.into_parts().0;
        Some(Call::new(&head, Bytes::copy_from_slice(&self.body)))
    }

    /// The request on the wire, signed by the account: by version 1 of the RPC services if it names an action, else by
    /// version 1 of SLS, and not at all if it is for the control API. It is the last one of its connection.
    pub fn signed(mut self, now: i64, number: usize) -> Option<Vec<u8>> {
        let target: Uri = self.target.parse().ok()?;
        let query = target.query().unwrap_or_default();
        self.headers.retain(|(name, _)| !NOT_SENT.contains(&name.as_str()));
        self.add("host", "proj.localhost");
        if !target.path().starts_with("/_emulator") {
            let parameters = self.parameters(query);
            let names_action = parameters.iter().any(|(name, _)| name == "Action");
            if names_action && !self.has("x-log-apiversion") {
                self.sign_rpc(&target, parameters, now, number);
            } else {
                self.sign_sls(&target, now);
            }
        }
        let mut request = format!("{} {} HTTP/1.1\r\n", self.method, self.target).into_bytes();
        for (name, value) in &self.headers {
            request.extend([name.as_bytes(), b": ", value, b"\r\n"].concat());
        }
        let length = self.body.len();
        request.extend(format!("content-length: {length}\r\nconnection: close\r\n\r\n").into_bytes());
        request.extend(self.body);
        Some(request)
    }

    /// The parameters in query and form.
    fn parameters(&self, query: &str) -> Vec<(String, String)> {
        let is_form = self.header("content-type").starts_with("application/x-www-form-urlencoded");
        let form = if is_form { std::str::from_utf8(&self.body).unwrap_or_default() } else { "" };
        let (query, form) = (Query::parse(query), Query::parse(form));
        let parameters = query.iter().chain(form.iter());
        parameters.map(|one| (one.name.clone(), one.value.clone().unwrap_or_default())).collect()
    }

    fn sign_rpc(&mut self, target: &Uri, mut parameters: Vec<(String, String)>, now: i64, number: usize) {
        let mut query = target.query().unwrap_or_default().to_owned();
        for (name, value) in [
            ("AccessKeyId", KEY.0.to_owned()),
            ("SignatureMethod", "HMAC-SHA1".to_owned()),
            ("SignatureVersion", "1.0".to_owned()),
            ("SignatureNonce", number.to_string()),
            ("Timestamp", iso_8601(now)),
        ] {
            write!(query, "&{name}={}", encoded(&value)).unwrap();
            parameters.push((name.to_owned(), value));
        }
        let mut pairs: Vec<_> =
            parameters.iter().map(|(name, value)| (encoded(name), encoded(value))).collect();
        pairs.sort();
        let pairs: Vec<String> = pairs.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
        let path = target.path().strip_prefix("/open-api").unwrap_or(target.path());
        let text = format!("{}&{}&{}", self.method, encoded(path), encoded(&pairs.join("&")));
        let signature = STANDARD.encode(hmac_sha1(format!("{}&", KEY.1).as_bytes(), text.as_bytes()));
        self.target = format!("{}?{query}&Signature={}", target.path(), encoded(&signature));
    }

    fn sign_sls(&mut self, target: &Uri, now: i64) {
        let date = rfc_1123(now);
        self.headers.retain(|(name, _)| !["date", "x-log-date", "content-md5"].contains(&name.as_str()));
        self.add("date", &date);
        self.add("x-log-apiversion", "0.6.0");
        self.headers.retain(|(name, _)| name != "x-log-signaturemethod");
        self.add("x-log-signaturemethod", "hmac-sha1");
        let md5 = if self.body.is_empty() { String::new() } else { md5_upper_hex(&self.body) };
        self.add("content-md5", &md5);
        let content_type = self.header("content-type");
        let mut text = format!("{}\n{md5}\n{content_type}\n{date}\n", self.method);
        let is_signed = |name: &str| {
            (name.starts_with("x-log-") && !name.starts_with("x-log-meta-")) || name.starts_with("x-acs-")
        };
        let mut signed: Vec<&str> =
            self.headers.iter().map(|(name, _)| name.as_str()).filter(|name| is_signed(name)).collect();
        signed.sort_unstable();
        for name in signed {
            writeln!(text, "{name}:{}", self.header(name)).unwrap();
        }
        text.push_str(target.path());
        let query = Query::parse(target.query().unwrap_or_default());
        let mut pairs: Vec<_> =
            query.iter().map(|one| (one.name.as_str(), one.value.as_deref().unwrap_or_default())).collect();
        pairs.sort_by_key(|(name, _)| *name);
        for (number, (name, value)) in pairs.into_iter().enumerate() {
            write!(text, "{}{name}={value}", if number == 0 { '?' } else { '&' }).unwrap();
        }
        let signature = STANDARD.encode(hmac_sha1(KEY.1.as_bytes(), text.as_bytes()));
        self.add("authorization", &format!("LOG {}:{signature}", KEY.0));
    }

    fn has(&self, name: &str) -> bool {
        self.headers.iter().any(|(header, _)| header == name)
    }

    /// The first value of a header, if it is text.
    fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(header, _)| header == name);
        found.and_then(|(_, value)| std::str::from_utf8(value).ok()).unwrap_or_default()
    }

    /// Adds a header, if there is none of its name.
    fn add(&mut self, name: &str, value: &str) {
        if !self.has(name) {
            self.headers.push((name.to_owned(), value.into()));
        }
    }
}
