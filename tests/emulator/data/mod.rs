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

use std::fmt::Display;
use std::io;
use std::net::SocketAddr;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use prost::Message as _;
use prost::encoding::encode_varint;
use test_support::async_http::exchange;
use test_support::log_group::LogGroupList;
use test_support::{Key, Response, SlsRequest};

use crate::client::{START, START_DATE, TestServer};

pub const PROTOBUF: (&str, &str) = ("Content-Type", "application/x-protobuf");

/// No shard here takes more.
const MOST_PULLS: usize = 100;

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
        let mut sorted = self.query.clone();
        sorted.sort();
        let encoded = |value: &str| utf8_percent_encode(value, NON_ALPHANUMERIC).to_string();
        let request = SlsRequest {
            host: "proj.localhost",
            method: self.method,
            target: &format!("{}{}", self.path, joined(&self.query, encoded)),
            resource: &format!("{}{}", self.path, joined(&sorted, str::to_owned)),
            date: START_DATE,
            headers: &self.headers,
            body: &self.body,
        };
        request.signed(&self.key)
    }

    pub async fn send(&self, bench: &TestServer) -> Response {
        self.try_send(bench.addr()).await.unwrap()
    }

    pub async fn try_send(&self, addr: SocketAddr) -> io::Result<Response> {
        exchange(addr, &self.signed()).await
    }
}

fn joined(query: &[(&str, String)], encoded: impl Fn(&str) -> String) -> String {
    let pairs: Vec<String> = query.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
    if pairs.is_empty() { String::new() } else { format!("?{}", pairs.join("&")) }
}

/// What `PullLogs` answered: the groups, and the cursor behind them.
#[track_caller]
pub fn pulled(response: &Response) -> (Vec<Vec<u8>>, String) {
    assert_eq!(response.status, 200, "{}", response.text());
    let number = |name: &str| response.header(name).unwrap().parse::<usize>().unwrap();
    let raw = if number("x-log-bodyrawsize") == 0 {
        assert_eq!(response.body, b"");
        Vec::new()
    } else {
        decompressed(&response.body, response.header("x-log-compresstype"), number("x-log-bodyrawsize"))
    };
    assert_eq!(raw.len(), number("x-log-bodyrawsize"));
    let groups = LogGroupList::decode(raw.as_slice()).unwrap().groups;
    assert_eq!(groups.len(), number("x-log-count"));
    (groups, response.header("x-log-cursor").unwrap().to_owned())
}

pub fn decompressed(data: &[u8], compression: Option<&str>, size: usize) -> Vec<u8> {
    use std::io::Read as _;
    let mut out = Vec::new();
    match compression {
        None => out.extend_from_slice(data),
        Some("lz4") => out = lz4_flex::block::decompress(data, size).unwrap(),
        Some("zstd") => out = zstd::bulk::decompress(data, size).unwrap(),
        // SLS writes what it names gzip as zlib.
        Some("deflate" | "gzip") => drop(flate2::read::ZlibDecoder::new(data).read_to_end(&mut out).unwrap()),
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

fn varint(number: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode_varint(number, &mut bytes);
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
pub async fn put(bench: &TestServer, group: &[u8]) -> Response {
    put_to(bench, "/logstores/app/shards/lb", group).await
}

pub async fn put_to(bench: &TestServer, path: &str, group: &[u8]) -> Response {
    DataCall::new("POST", path).header(PROTOBUF.0, PROTOBUF.1).body(group).send(bench).await
}

pub async fn cursor(bench: &TestServer, shard: u32, from: impl Display) -> String {
    let path = format!("/logstores/app/shards/{shard}");
    let reply = DataCall::new("GET", &path).query("type", "cursor").query("from", from).send(bench).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
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
    for _ in 0..MOST_PULLS {
        let (groups, next) = pulled(&pull(&path, &at).send(bench).await);
        if groups.is_empty() {
            assert_eq!(at, cursor(bench, shard, "end").await);
            return all;
        }
        all.extend(groups);
        at = next;
    }
    panic!("after {MOST_PULLS} pulls the end of shard {shard} has not come");
}

/// The texts of the logs in a Logstore that a query matches.
pub async fn searching_for(bench: &TestServer, logstore: &str, query: &str) -> Vec<String> {
    let path = format!("/logstores/{logstore}");
    let call = DataCall::new("GET", &path).query("type", "log").query("query", query);
    let reply = call.query("from", START).query("to", START + 1).send(bench).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    let logs = reply.json();
    logs.as_array().unwrap().iter().map(|log| log["text"].as_str().unwrap().to_owned()).collect()
}
