//! The data plane: log groups as bytes, and the calls that write and read them.

mod concurrency;
mod encryption;
mod faults;
mod permissions;
mod pulling;
mod putting;
mod restart;
mod searching;
mod shards;

use std::fmt::{Display, Write as _};
use std::io;
use std::net::SocketAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use md5::{Digest, Md5};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use sha1::Sha1;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::client::{Key, START, START_DATE, TestServer};

pub const PROTOBUF: (&str, &str) = ("Content-Type", "application/x-protobuf");

/// A call to the project `proj`.
pub struct DataCall<'a> {
    pub key: Key,
    pub method: &'a str,
    pub path: &'a str,
    pub query: Vec<(&'a str, String)>,
    pub headers: Vec<(&'a str, &'a str)>,
    pub body: Vec<u8>,
}

impl<'a> DataCall<'a> {
    pub fn new(method: &'a str, path: &'a str) -> Self {
        Self { key: Key::root(), method, path, query: Vec::new(), headers: Vec::new(), body: Vec::new() }
    }

    pub fn by(self, key: Key) -> Self {
        Self { key, ..self }
    }

    pub fn query(mut self, name: &'a str, value: impl Display) -> Self {
        self.query.push((name, value.to_string()));
        self
    }

    pub fn header(mut self, name: &'a str, value: &'a str) -> Self {
        self.headers.push((name, value));
        self
    }

    pub fn body(self, body: &[u8]) -> Self {
        Self { body: body.to_vec(), ..self }
    }

    /// The request, signed with SLS V1, HMAC-SHA1.
    pub fn signed(&self) -> Vec<u8> {
        let md5 =
            if self.body.is_empty() { String::new() } else { hex::encode_upper(Md5::digest(&self.body)) };
        let content_type = self.headers.iter().find(|(name, _)| *name == "Content-Type");
        let content_type = content_type.map_or("", |(_, value)| value);
        let mut logged: Vec<(String, &str)> =
            self.headers.iter().map(|(name, value)| (name.to_lowercase(), *value)).collect();
        logged.retain(|(name, _)| name.starts_with("x-log-"));
        logged.extend([
            ("x-log-apiversion".to_owned(), "0.6.0"),
            ("x-log-signaturemethod".to_owned(), "hmac-sha1"),
        ]);
        logged.sort();
        let logged: Vec<String> = logged.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
        let logged = logged.concat();
        let mut sorted = self.query.clone();
        sorted.sort();
        let text = format!(
            "{}\n{md5}\n{content_type}\n{START_DATE}\n{logged}{}{}",
            self.method,
            self.path,
            joined(&sorted, str::to_owned)
        );
        let mut mac = Hmac::<Sha1>::new_from_slice(self.key.secret.as_bytes()).unwrap();
        mac.update(text.as_bytes());
        let signature = STANDARD.encode(mac.finalize().into_bytes());
        let target = joined(&self.query, |value| utf8_percent_encode(value, NON_ALPHANUMERIC).to_string());
        let mut request = format!(
            "{} {}{target} HTTP/1.1\r\nHost: proj.localhost\r\nDate: {START_DATE}\r\nx-log-apiversion: 0.6.0\r\n\
             x-log-signaturemethod: hmac-sha1\r\nContent-Length: {}\r\nContent-MD5: {md5}\r\n\
             Authorization: LOG {}:{signature}\r\n",
            self.method,
            self.path,
            self.body.len(),
            self.key.id
        );
        for (name, value) in &self.headers {
            write!(request, "{name}: {value}\r\n").unwrap();
        }
        let mut request = format!("{request}\r\n").into_bytes();
        request.extend_from_slice(&self.body);
        request
    }

    pub async fn send(&self, bench: &TestServer) -> Reply {
        self.try_send(bench.addr()).await.unwrap()
    }

    pub async fn try_send(&self, addr: SocketAddr) -> io::Result<Reply> {
        let mut stream = TcpStream::connect(addr).await?;
        stream.write_all(&self.signed()).await?;
        let mut received = Vec::new();
        loop {
            if let Some(reply) = Reply::parse(&received, self.method == "HEAD") {
                return Ok(reply);
            }
            if stream.read_buf(&mut received).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }
}

fn joined(query: &[(&str, String)], encoded: impl Fn(&str) -> String) -> String {
    let pairs: Vec<String> = query.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
    if pairs.is_empty() { String::new() } else { format!("?{}", pairs.join("&")) }
}

/// An answer whose body is bytes.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    head: String,
    pub body: Vec<u8>,
}

impl Reply {
    fn parse(received: &[u8], has_no_body: bool) -> Option<Self> {
        let end = received.windows(4).position(|window| window == b"\r\n\r\n")?;
        let head = std::str::from_utf8(&received[..end]).unwrap().to_owned();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let mut reply = Self { status, head, body: Vec::new() };
        let length = reply.header("content-length").map_or(0, |length| length.parse::<usize>().unwrap());
        let body = &received[end + 4..];
        if body.len() < length && !has_no_body {
            return None;
        }
        reply.body = body.to_vec();
        Some(reply)
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.into_iter().find(|(header, _)| header.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    #[track_caller]
    pub fn assert_done(&self) {
        assert_eq!((self.status, self.body.len()), (200, 0), "{:?}", String::from_utf8_lossy(&self.body));
    }

    #[track_caller]
    pub fn assert_error(&self, status: u16, code: &str) {
        let body = self.json();
        assert_eq!((self.status, body["errorCode"].as_str()), (status, Some(code)), "{body}");
        assert_eq!(self.header("x-log-requestid").unwrap().len(), 24);
    }

    /// What `PullLogs` answered: the groups, and the cursor behind them.
    #[track_caller]
    pub fn pulled(&self) -> (Vec<Vec<u8>>, String) {
        assert_eq!(self.status, 200, "{}", String::from_utf8_lossy(&self.body));
        let number = |name: &str| self.header(name).unwrap().parse::<usize>().unwrap();
        let raw = if number("x-log-bodyrawsize") == 0 {
            assert_eq!(self.body, b"");
            Vec::new()
        } else {
            decompressed(&self.body, self.header("x-log-compresstype"), number("x-log-bodyrawsize"))
        };
        assert_eq!(raw.len(), number("x-log-bodyrawsize"));
        let groups = groups(&raw);
        assert_eq!(groups.len(), number("x-log-count"));
        (groups, self.header("x-log-cursor").unwrap().to_owned())
    }
}

pub fn decompressed(data: &[u8], compression: Option<&str>, size: usize) -> Vec<u8> {
    use std::io::Read as _;
    let mut out = Vec::new();
    match compression {
        None => out.extend_from_slice(data),
        Some("lz4") => out = lz4_flex::block::decompress(data, size).unwrap(),
        Some("zstd") => out = zstd::bulk::decompress(data, size).unwrap(),
        Some("deflate") => drop(flate2::read::ZlibDecoder::new(data).read_to_end(&mut out).unwrap()),
        Some("gzip") => drop(flate2::read::GzDecoder::new(data).read_to_end(&mut out).unwrap()),
        Some(other) => panic!("{other}"),
    }
    out
}

pub fn compressed(data: &[u8], compression: &str) -> Vec<u8> {
    use std::io::Read as _;
    let level = flate2::Compression::best();
    let mut out = Vec::new();
    match compression {
        "lz4" => out = lz4_flex::block::compress(data),
        "zstd" => out = zstd::bulk::compress(data, 1).unwrap(),
        "deflate" => drop(flate2::read::ZlibEncoder::new(data, level).read_to_end(&mut out).unwrap()),
        "raw deflate" => drop(flate2::read::DeflateEncoder::new(data, level).read_to_end(&mut out).unwrap()),
        "gzip" => drop(flate2::read::GzEncoder::new(data, level).read_to_end(&mut out).unwrap()),
        other => panic!("{other}"),
    }
    out
}

/// The groups in a `LogGroupList`.
fn groups(mut list: &[u8]) -> Vec<Vec<u8>> {
    let mut groups = Vec::new();
    while let [0x0a, rest @ ..] = list {
        let digits = rest.iter().position(|byte| byte & 0x80 == 0).unwrap() + 1;
        let length = rest[..digits].iter().rev().fold(0, |sum, byte| sum << 7 | usize::from(byte & 0x7f));
        groups.push(rest[digits..digits + length].to_vec());
        list = &rest[digits + length..];
    }
    assert_eq!(list, b"");
    groups
}

fn varint(mut number: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number >= 0x80 {
        bytes.push(u8::try_from(number & 0x7f).unwrap() | 0x80);
        number >>= 7;
    }
    bytes.push(u8::try_from(number).unwrap());
    bytes
}

/// A member of a message: bytes, a text or another message.
pub fn member(number: u8, content: impl AsRef<[u8]>) -> Vec<u8> {
    let content = content.as_ref();
    [vec![number << 3 | 2], varint(content.len() as u64), content.to_vec()].concat()
}

pub fn pair(key: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> Vec<u8> {
    [member(1, key), member(2, value)].concat()
}

/// A `Log` in a group.
pub fn log(time: i64, contents: &[(&str, &str)]) -> Vec<u8> {
    let contents = contents.iter().map(|(key, value)| member(2, pair(key, value)));
    let time = [vec![8], varint(u64::try_from(time).unwrap())].concat();
    member(1, [vec![time], contents.collect()].concat().concat())
}

/// A group of one log at the time every emulator here starts at.
pub fn group(text: &str) -> Vec<u8> {
    log(START, &[("text", text)])
}

/// Writes a group as it is to the Logstore `app`.
pub async fn put(bench: &TestServer, group: &[u8]) -> Reply {
    put_to(bench, "/logstores/app/shards/lb", group).await
}

pub async fn put_to(bench: &TestServer, path: &str, group: &[u8]) -> Reply {
    DataCall::new("POST", path).header(PROTOBUF.0, PROTOBUF.1).body(group).send(bench).await
}

pub async fn cursor(bench: &TestServer, shard: u32, from: impl Display) -> String {
    let path = format!("/logstores/app/shards/{shard}");
    let reply = DataCall::new("GET", &path).query("type", "cursor").query("from", from).send(bench).await;
    assert_eq!(reply.status, 200, "{}", reply.json());
    reply.json()["cursor"].as_str().unwrap().to_owned()
}

/// A call of `PullLogs` for as many groups as it gives at once.
pub fn pull<'a>(path: &'a str, cursor: &str) -> DataCall<'a> {
    DataCall::new("GET", path).query("type", "log").query("cursor", cursor).query("count", 1000)
}

/// Everything in a shard of `app`.
pub async fn content(bench: &TestServer, shard: u32) -> Vec<Vec<u8>> {
    let path = format!("/logstores/app/shards/{shard}");
    let mut all = Vec::new();
    let mut at = cursor(bench, shard, "begin").await;
    loop {
        let (groups, next) = pull(&path, &at).send(bench).await.pulled();
        if groups.is_empty() {
            assert_eq!(at, cursor(bench, shard, "end").await);
            return all;
        }
        all.extend(groups);
        at = next;
    }
}

/// The texts of the logs in a Logstore that a query matches.
pub async fn searching_for(bench: &TestServer, logstore: &str, query: &str) -> Vec<String> {
    let path = format!("/logstores/{logstore}");
    let call = DataCall::new("GET", &path).query("type", "log").query("query", query);
    let reply = call.query("from", START).query("to", START + 1).send(bench).await;
    assert_eq!(reply.status, 200, "{}", reply.json());
    let logs = reply.json();
    logs.as_array().unwrap().iter().map(|log| log["text"].as_str().unwrap().to_owned()).collect()
}
