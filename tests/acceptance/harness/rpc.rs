//! Signed calls of the RPC services, as somebody else would send them beside Terraform.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use sha1::Sha1;
use time::OffsetDateTime;
use time::macros::format_description;

/// How long an answer may take: the emulator answers from memory.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

/// What RFC 3986 leaves as it is (section 2.3).
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// An AccessKey: id and secret.
pub(super) type Key<'a> = (&'a str, &'a str);

/// A service: its host, and the version of its API.
#[derive(Clone, Copy)]
pub(super) struct Service {
    host: &'static str,
    version: &'static str,
}

pub(super) const RAM: Service = Service { host: "ram.aliyuncs.com", version: "2015-05-01" };
pub(super) const KMS: Service = Service { host: "kms.cn-hangzhou.aliyuncs.com", version: "2016-01-20" };
pub(super) const STS: Service = Service { host: "sts.aliyuncs.com", version: "2015-04-01" };

/// Sends one call, signed as version 1 of the RPC style demands; gives the HTTP status and the JSON of the answer.
#[track_caller]
pub(super) fn call(
    address: &str,
    service: Service,
    key: Key<'_>,
    action: &str,
    parameters: &[(&str, &str)],
) -> (u16, Value) {
    let query = signed_query(service, key, action, parameters);
    let host = service.host;
    let request = format!("GET /?{query} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(ANSWER_TIMEOUT)).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, serde_json::from_str(body).unwrap())
}

fn signed_query(service: Service, key: Key<'_>, action: &str, parameters: &[(&str, &str)]) -> String {
    let form = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z");
    let (timestamp, nonce) = (OffsetDateTime::now_utc().format(form).unwrap(), nonce());
    let common = [
        ("Action", action),
        ("Version", service.version),
        ("Format", "JSON"),
        ("AccessKeyId", key.0),
        ("SignatureMethod", "HMAC-SHA1"),
        ("SignatureVersion", "1.0"),
        ("SignatureNonce", &nonce),
        ("Timestamp", &timestamp),
    ];
    let mut pairs: Vec<String> = common
        .iter()
        .chain(parameters)
        .map(|(name, value)| format!("{}={}", encoded(name), encoded(value)))
        .collect();
    pairs.sort();
    let query = pairs.join("&");
    let text = format!("GET&%2F&{}", encoded(&query));
    let mut mac = Hmac::<Sha1>::new_from_slice(format!("{}&", key.1).as_bytes()).unwrap();
    mac.update(text.as_bytes());
    let signature = STANDARD.encode(mac.finalize().into_bytes());
    format!("{query}&Signature={}", encoded(&signature))
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

fn nonce() -> String {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    format!("acceptance-{}-{}", process::id(), NUMBER.fetch_add(1, Ordering::Relaxed))
}
