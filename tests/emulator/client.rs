//! A client small enough to send what no proper client would, and an emulator to send it to.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use emulator::{Clock, Config, Emulator, Limits, Rules, Seed, Storage};
use hmac::{Hmac, KeyInit, Mac};
use md5::{Digest, Md5};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use sha1::Sha1;
use storage::MasterKey;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Fri, 20 Nov 2026 08:00:00 GMT: what every emulator here starts at.
pub const START: i64 = 1_795_161_600;

/// What RFC 3986 leaves as it is (section 2.3).
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// `START` as SLS V1 signs it.
pub const START_DATE: &str = "Fri, 20 Nov 2026 08:00:00 GMT";

/// A project `proj` with a Logstore `app`.
const SEED: &str = r#"{"projects": [{"name": "proj", "logstores": [
    {"logstoreName": "app", "ttl": 90, "hot_ttl": 30, "appendMeta": true, "futureField": {"a": 1.50}}]}]}"#;

/// How [`TestServer::start`] starts an emulator, with the default rules.
pub fn config() -> Config {
    let clock = Clock::fixed(START);
    Config { seed: Seed::from_json(SEED, &clock).unwrap(), clock, ..Config::default() }
}

/// An emulator whose clock stands still, and a client of it.
pub struct TestServer {
    emulator: Emulator,
}

impl TestServer {
    pub async fn start(rules: Rules) -> Self {
        Self::with_seed(SEED, rules, START).await
    }

    pub async fn with_seed(seed: &str, rules: Rules, time: i64) -> Self {
        let clock = Clock::fixed(time);
        let seed = Seed::from_json(seed, &clock).unwrap();
        Self::with_config(Config { seed, rules, clock, ..Config::default() }).await
    }

    /// An emulator with the seed and the clock of [`TestServer::start`], and bounds of its own.
    pub async fn with_limits(limits: Limits) -> Self {
        Self::with_config(Config { limits, ..config() }).await
    }

    pub async fn with_config(config: Config) -> Self {
        Self { emulator: Emulator::start(config).await.unwrap() }
    }

    /// An emulator that keeps what it knows in a folder.
    pub async fn in_folder(seed: &str, folder: &Path) -> Self {
        let clock = Clock::fixed(START);
        let seed = Seed::from_json(seed, &clock).unwrap();
        let storage = Storage::Folder { path: folder.to_owned(), key: MasterKey::from_bytes([7; 32]) };
        let config = Config { seed, clock, storage, ..Config::default() };
        Self { emulator: Emulator::start(config).await.unwrap() }
    }

    pub fn emulator(&self) -> &Emulator {
        &self.emulator
    }

    pub fn addr(&self) -> SocketAddr {
        self.emulator.addr()
    }

    pub async fn shutdown(self) {
        self.emulator.shutdown().await;
    }

    /// A signed call to the project `proj`.
    pub async fn call(&self, method: &str, target: &str, body: &str) -> Response {
        self.call_host("proj.localhost", method, target, body).await
    }

    /// A signed call to any host.
    pub async fn call_host(&self, host: &str, method: &str, target: &str, body: &str) -> Response {
        exchange(self.addr(), &signed(host, method, target, body)).await.unwrap()
    }

    /// A signed call whose outcome is an answer or a closed connection.
    pub async fn try_call(&self, method: &str, target: &str, body: &str) -> io::Result<Response> {
        exchange(self.addr(), &signed("proj.localhost", method, target, body)).await
    }

    /// A call to the project `proj`, signed by `key`.
    pub async fn call_by(&self, key: &Key, method: &str, target: &str, body: &str) -> Response {
        exchange(self.addr(), &signed_by(key, "proj.localhost", method, target, body)).await.unwrap()
    }

    /// A call of an RPC action at the time every emulator here starts at.
    pub async fn rpc(&self, key: &Key, action: (&str, &str), parameters: &[(&str, &str)]) -> Response {
        let request = rpc_signed(key, action, "2026-11-20T08:00:00Z", parameters);
        exchange(self.addr(), &request).await.unwrap()
    }

    /// A call to the control API that succeeds.
    #[track_caller]
    pub fn control<'a>(
        &'a self,
        method: &'a str,
        path: &'a str,
        body: &'a str,
    ) -> impl Future<Output = Value> + 'a {
        let caller = std::panic::Location::caller();
        async move {
            let response = self.try_control(method, path, body).await;
            assert_eq!(response.status, 200, "{caller}: {}", response.body);
            response.json()
        }
    }

    pub async fn try_control(&self, method: &str, path: &str, body: &str) -> Response {
        let request = format!(
            "{method} /_emulator/{path} HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        exchange(self.addr(), request.as_bytes()).await.unwrap()
    }

    pub async fn fault(&self, rule: &str) {
        self.control("POST", "faults", rule).await;
    }

    /// The members of a Logstore of `proj`, as GetLogStore answers.
    pub async fn logstore(&self, name: &str) -> Value {
        let response = self.call("GET", &format!("/logstores/{name}"), "").await;
        assert_eq!(response.status, 200, "{}", response.body);
        response.json()
    }

    /// Waits until as many calls have arrived since the log was last forgotten; the log then.
    pub async fn arrived(&self, count: usize) -> Value {
        loop {
            let log = self.control("GET", "requests", "").await;
            if log.as_array().unwrap().len() >= count {
                return log;
            }
            tokio::task::yield_now().await;
        }
    }
}

/// A response.
#[derive(Debug)]
pub struct Response {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Response {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(header, _)| header.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    #[track_caller]
    pub fn assert_done(&self) {
        assert_eq!((self.status, self.body.as_str()), (200, ""));
        assert_eq!(self.header("content-length"), Some("0"));
    }

    /// Checks an error of an RPC service.
    #[track_caller]
    pub fn assert_rpc_error(&self, status: u16, code: &str) {
        let body = self.json();
        assert_eq!((self.status, body["Code"].as_str()), (status, Some(code)), "{body}");
        assert_eq!(body["RequestId"].as_str(), self.header("x-acs-request-id"));
    }

    #[track_caller]
    pub fn assert_error(&self, status: u16, code: &str, message: &str) {
        let body = self.json();
        assert_eq!(
            (self.status, body["errorCode"].as_str(), body["errorMessage"].as_str()),
            (status, Some(code), Some(message))
        );
        assert_eq!(self.header("content-type"), Some("application/json"));
        let id = self.header("x-log-requestid").unwrap();
        assert_eq!(id.len(), 24, "{id}");
    }
}

/// Sends bytes on a fresh connection and reads one response.
pub async fn exchange(addr: SocketAddr, request: &[u8]) -> io::Result<Response> {
    exchange_on(&mut TcpStream::connect(addr).await?, request).await
}

/// Sends bytes on a connection and reads one response. A connection closed before it is complete is an
/// error.
pub async fn exchange_on<S>(stream: &mut S, request: &[u8]) -> io::Result<Response>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    stream.write_all(request).await?;
    response_on(stream).await
}

/// Reads one response off a connection.
pub async fn response_on<S: AsyncRead + Unpin>(stream: &mut S) -> io::Result<Response> {
    let mut received = Vec::new();
    loop {
        if let Some(response) = parse(&received) {
            return Ok(response);
        }
        if stream.read_buf(&mut received).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
}

fn parse(received: &[u8]) -> Option<Response> {
    let text = std::str::from_utf8(received).ok()?;
    let (head, body) = text.split_once("\r\n\r\n")?;
    let mut lines = head.split("\r\n");
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let headers: Vec<_> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let response = Response { status, headers, body: body.to_owned() };
    let length: usize = response.header("content-length")?.parse().ok()?;
    (body.len() >= length).then_some(response)
}

/// An access key, with the token of a session or without.
pub struct Key {
    pub id: String,
    pub secret: String,
    pub token: Option<String>,
}

impl Key {
    pub fn new(id: &str, secret: &str) -> Self {
        Self { id: id.to_owned(), secret: secret.to_owned(), token: None }
    }

    pub fn root() -> Self {
        Self::new("ak-root", "sk-root")
    }

    /// The key in an answer of `AssumeRole`.
    pub fn of_session(answer: &Value) -> Self {
        let text = |name: &str| answer["Credentials"][name].as_str().unwrap().to_owned();
        let (id, secret) = (text("AccessKeyId"), text("AccessKeySecret"));
        Self { id, secret, token: Some(text("SecurityToken")) }
    }
}

/// A request signed with SLS V1, HMAC-SHA1, by the default root key.
pub fn signed(host: &str, method: &str, target: &str, body: &str) -> Vec<u8> {
    signed_by(&Key::root(), host, method, target, body)
}

/// A request signed with SLS V1, HMAC-SHA1.
pub fn signed_by(key: &Key, host: &str, method: &str, target: &str, body: &str) -> Vec<u8> {
    let token = key.token.as_deref();
    let (signed_token, sent_token) = match token {
        Some(token) => {
            (format!("x-acs-security-token:{token}\n"), format!("x-acs-security-token: {token}\r\n"))
        }
        None => (String::new(), String::new()),
    };
    let (md5, content_type) = match body {
        "" => (String::new(), ""),
        body => (hex::encode_upper(Md5::digest(body)), "application/json"),
    };
    // The targets of these tests need no encoding, so that they are their own canonical form.
    let path =
        target.strip_prefix("http://").and_then(|rest| rest.find('/').map(|i| &rest[i..])).unwrap_or(target);
    let text = format!(
        "{method}\n{md5}\n{content_type}\n{START_DATE}\n{signed_token}x-log-apiversion:0.6.0\nx-log-bodyrawsize:0\n\
         x-log-signaturemethod:hmac-sha1\n{path}"
    );
    let mut mac = Hmac::<Sha1>::new_from_slice(key.secret.as_bytes()).unwrap();
    mac.update(text.as_bytes());
    let signature = STANDARD.encode(mac.finalize().into_bytes());
    let mut request = format!(
        "{method} {target} HTTP/1.1\r\nHost: {host}\r\nDate: {START_DATE}\r\nx-log-apiversion: 0.6.0\r\n\
         x-log-bodyrawsize: 0\r\nx-log-signaturemethod: hmac-sha1\r\nContent-Length: {}\r\n\
         Authorization: LOG {}:{signature}\r\n{sent_token}",
        body.len(),
        key.id
    );
    if !body.is_empty() {
        request.push_str("Content-Type: application/json\r\nContent-MD5: ");
        request.push_str(&md5);
        request.push_str("\r\n");
    }
    request.push_str("\r\n");
    request.push_str(body);
    request.into_bytes()
}

/// A call of an RPC action, signed with RPC version 1.
pub fn rpc_signed(
    key: &Key,
    (version, action): (&str, &str),
    time: &str,
    parameters: &[(&str, &str)],
) -> Vec<u8> {
    static NONCE: AtomicU64 = AtomicU64::new(0);
    let nonce = NONCE.fetch_add(1, Ordering::Relaxed).to_string();
    let encoded = |text: &str| utf8_percent_encode(text, RESERVED).to_string();
    let mut all: Vec<(&str, &str)> = parameters.to_vec();
    all.extend([
        ("Action", action),
        ("Version", version),
        ("AccessKeyId", &key.id),
        ("SignatureMethod", "HMAC-SHA1"),
        ("SignatureVersion", "1.0"),
        ("SignatureNonce", &nonce),
        ("Timestamp", time),
    ]);
    all.extend(key.token.as_deref().map(|token| ("SecurityToken", token)));
    if !parameters.iter().any(|(name, _)| *name == "Format") {
        all.push(("Format", "JSON"));
    }
    all.sort_unstable();
    let query: Vec<String> =
        all.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect();
    let query = query.join("&");
    let mut mac = Hmac::<Sha1>::new_from_slice(format!("{}&", key.secret).as_bytes()).unwrap();
    mac.update(format!("GET&%2F&{}", encoded(&query)).as_bytes());
    let signature = encoded(&STANDARD.encode(mac.finalize().into_bytes()));
    format!("GET /?{query}&Signature={signature} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n").into_bytes()
}
