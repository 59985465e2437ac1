//! A client of one connection, signing with the present time.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use md5::{Digest, Md5};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use prost::Message;
use serde_json::{Value, json};
use sha1::Sha1;
use time::OffsetDateTime;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;

const RFC_1123: &[BorrowedFormatItem<'_>] =
    format_description!("[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT");
const ISO_8601: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z");

/// What RFC 3986 leaves as it is (section 2.3).
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

const JSON: &str = "application/json";
const PROTOBUF: &str = "application/x-protobuf";

/// An access key, with the token of a session or without.
#[derive(Clone)]
pub struct Key {
    pub id: String,
    pub secret: String,
    pub token: Option<String>,
}

impl Key {
    pub fn root() -> Self {
        Self { id: "ak-root".to_owned(), secret: "sk-root".to_owned(), token: None }
    }
}

#[derive(Debug)]
pub struct Response {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Response {
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(header, _)| header.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&self.body)))
    }

    #[track_caller]
    pub fn done(self) -> Self {
        assert_eq!(self.status, 200, "{}", String::from_utf8_lossy(&self.body));
        self
    }
}

pub struct Client {
    addr: SocketAddr,
    key: Key,
    connection: Option<BufReader<TcpStream>>,
}

impl Client {
    pub fn new(addr: SocketAddr) -> Self {
        Self { addr, key: Key::root(), connection: None }
    }

    /// Signs with another key from now on.
    pub fn with_key(mut self, key: Key) -> Self {
        self.key = key;
        self
    }

    /// A call of SLS with a JSON body, to the project `proj`.
    pub fn try_sls(&mut self, method: &str, target: &str, body: &Value) -> io::Result<Response> {
        let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        let request = self.signed(method, target, JSON, &body);
        self.exchange(&request)
    }

    #[track_caller]
    pub fn sls(&mut self, method: &str, target: &str, body: &Value) -> Response {
        self.try_sls(method, target, body).unwrap()
    }

    /// Creates a Logstore of one shard in the project `proj`.
    #[track_caller]
    pub fn create_logstore(&mut self, name: &str, encrypt_conf: Option<Value>) {
        let mut body = json!({"logstoreName": name, "ttl": 30, "shardCount": 1});
        if let Some(conf) = encrypt_conf {
            body["encrypt_conf"] = conf;
        }
        self.sls("POST", "/logstores", &body).done();
    }

    /// Creates the project `proj`.
    #[track_caller]
    pub fn create_project(&mut self) {
        self.sls("POST", "/", &json!({"projectName": "proj", "description": ""})).done();
    }

    /// `PutLogs` of an encoded log group.
    pub fn try_put(&mut self, logstore: &str, group: &[u8]) -> io::Result<Response> {
        let request = self.signed("POST", &format!("/logstores/{logstore}/shards/lb"), PROTOBUF, group);
        self.exchange(&request)
    }

    #[track_caller]
    pub fn put(&mut self, logstore: &str, group: &[u8]) {
        self.try_put(logstore, group).unwrap().done();
    }

    /// Every log group of a Logstore's first shard, in order.
    #[track_caller]
    pub fn pull(&mut self, logstore: &str) -> Vec<Vec<u8>> {
        let (mut groups, mut cursor) = (Vec::new(), STANDARD.encode("0"));
        loop {
            let response = self.try_pull(logstore, &cursor).done();
            if response.header("x-log-count") == Some("0") {
                return groups;
            }
            response.header("x-log-cursor").unwrap().clone_into(&mut cursor);
            groups.extend(LogGroupList::decode(response.body.as_slice()).unwrap().groups);
        }
    }

    pub fn try_pull(&mut self, logstore: &str, cursor: &str) -> Response {
        let target = format!("/logstores/{logstore}/shards/0?count=1000&cursor={cursor}&type=logs");
        let request = self.signed("GET", &target, JSON, b"");
        self.exchange(&request).unwrap()
    }

    /// A call of an RPC action.
    pub fn try_rpc(&mut self, action: (&str, &str), parameters: &[(&str, &str)]) -> io::Result<Response> {
        let request = self.rpc_signed(action, parameters);
        self.exchange(&request)
    }

    #[track_caller]
    pub fn rpc(&mut self, action: (&str, &str), parameters: &[(&str, &str)]) -> Value {
        self.try_rpc(action, parameters).unwrap().done().json()
    }

    /// A call of the control API.
    pub fn control(&mut self, method: &str, path: &str, body: &str) -> Response {
        let length = body.len();
        let request = format!(
            "{method} /_emulator/{path} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        self.exchange(request.as_bytes()).unwrap()
    }

    fn exchange(&mut self, request: &[u8]) -> io::Result<Response> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => BufReader::new(TcpStream::connect(self.addr)?),
        };
        connection.get_mut().write_all(request)?;
        let response = read_response(&mut connection)?;
        self.connection = Some(connection);
        Ok(response)
    }

    /// A request signed with SLS V1, HMAC-SHA1. The targets here are their own canonical form.
    fn signed(&self, method: &str, target: &str, kind: &str, body: &[u8]) -> Vec<u8> {
        let date = OffsetDateTime::now_utc().format(RFC_1123).unwrap();
        let (md5, kind) = match body {
            [] => (String::new(), ""),
            body => (hex::encode_upper(Md5::digest(body)), kind),
        };
        let length = body.len();
        let token = self.key.token.as_deref();
        let signed_token = token.map(|token| format!("x-acs-security-token:{token}\n")).unwrap_or_default();
        let text = format!(
            "{method}\n{md5}\n{kind}\n{date}\n{signed_token}x-log-apiversion:0.6.0\nx-log-bodyrawsize:{length}\n\
             x-log-signaturemethod:hmac-sha1\n{target}"
        );
        let signature = mac(&self.key.secret, &text);
        let mut request = format!(
            "{method} {target} HTTP/1.1\r\nHost: proj.localhost\r\nDate: {date}\r\nx-log-apiversion: 0.6.0\r\n\
             x-log-bodyrawsize: {length}\r\nx-log-signaturemethod: hmac-sha1\r\nContent-Length: {length}\r\n\
             Authorization: LOG {}:{signature}\r\n",
            self.key.id
        );
        request.extend(token.map(|token| format!("x-acs-security-token: {token}\r\n")));
        if !body.is_empty() {
            request.extend([format!("Content-Type: {kind}\r\nContent-MD5: {md5}\r\n")]);
        }
        let mut request = (request + "\r\n").into_bytes();
        request.extend_from_slice(body);
        request
    }

    /// A call of an RPC action, signed with RPC version 1.
    fn rpc_signed(&self, (version, action): (&str, &str), parameters: &[(&str, &str)]) -> Vec<u8> {
        static NONCE: AtomicU64 = AtomicU64::new(0);
        let nonce = format!("{}-{}", std::process::id(), NONCE.fetch_add(1, Ordering::Relaxed));
        let time = OffsetDateTime::now_utc().format(ISO_8601).unwrap();
        let encoded = |text: &str| utf8_percent_encode(text, RESERVED).to_string();
        let mut all: Vec<(&str, &str)> = parameters.to_vec();
        all.extend([
            ("Action", action),
            ("Version", version),
            ("Format", "JSON"),
            ("AccessKeyId", &self.key.id),
            ("SignatureMethod", "HMAC-SHA1"),
            ("SignatureVersion", "1.0"),
            ("SignatureNonce", &nonce),
            ("Timestamp", &time),
        ]);
        all.extend(self.key.token.as_deref().map(|token| ("SecurityToken", token)));
        all.sort_unstable();
        let query: Vec<String> =
            all.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect();
        let query = query.join("&");
        let text = format!("GET&%2F&{}", encoded(&query));
        let signature = encoded(&mac(&format!("{}&", self.key.secret), &text));
        format!("GET /?{query}&Signature={signature} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n").into_bytes()
    }
}

fn mac(key: &str, text: &str) -> String {
    let mut mac = Hmac::<Sha1>::new_from_slice(key.as_bytes()).unwrap();
    mac.update(text.as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}

/// Reads one response; a connection that is closed before it is complete is an error.
fn read_response(connection: &mut BufReader<TcpStream>) -> io::Result<Response> {
    let mut head = Vec::new();
    loop {
        let mut line = String::new();
        if connection.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        match line.trim_end() {
            "" => break,
            line => head.push(line.to_owned()),
        }
    }
    let status = head.first().and_then(|line| line.split(' ').nth(1)).and_then(|status| status.parse().ok());
    let headers = head.iter().skip(1).filter_map(|line| line.split_once(": "));
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let mut response =
        Response { status: status.ok_or(io::ErrorKind::InvalidData)?, headers, body: Vec::new() };
    let length = response.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    response.body = vec![0; length];
    connection.read_exact(&mut response.body)?;
    Ok(response)
}

#[derive(Clone, PartialEq, Message)]
struct LogGroupList {
    #[prost(bytes = "vec", repeated, tag = "1")]
    groups: Vec<Vec<u8>>,
}

#[derive(Clone, PartialEq, Message)]
struct LogGroup {
    #[prost(message, repeated, tag = "1")]
    logs: Vec<Log>,
    #[prost(string, optional, tag = "3")]
    topic: Option<String>,
}

#[derive(Clone, PartialEq, Message)]
struct Log {
    #[prost(uint32, optional, tag = "1")]
    time: Option<u32>,
    #[prost(message, repeated, tag = "2")]
    contents: Vec<Content>,
}

#[derive(Clone, PartialEq, Message)]
struct Content {
    #[prost(string, optional, tag = "1")]
    key: Option<String>,
    #[prost(string, optional, tag = "2")]
    value: Option<String>,
}

/// A log group of one log, told apart by its topic.
pub fn log_group(topic: &str, value: &str) -> Vec<u8> {
    let time = u32::try_from(OffsetDateTime::now_utc().unix_timestamp()).ok();
    let content = Content { key: Some("message".to_owned()), value: Some(value.to_owned()) };
    let log = Log { time, contents: vec![content] };
    LogGroup { logs: vec![log], topic: Some(topic.to_owned()) }.encode_to_vec()
}

/// The topic of a log group.
pub fn topic_of(group: &[u8]) -> String {
    LogGroup::decode(group).unwrap().topic.unwrap()
}
