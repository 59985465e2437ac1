//! A client of one connection, signing with the present time.

use std::io;
use std::mem;
use std::net::{SocketAddr, TcpStream};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use prost::Message as _;
use serde_json::{Value, json};
use test_support::http::exchange_on;
use test_support::log_group::{LogGroup, LogGroupList};
use test_support::{Key, Response, SlsRequest, control_request, date, rpc_request};

const JSON: &str = "application/json";
const PROTOBUF: &str = "application/x-protobuf";

/// No shard here takes more.
const MOST_PULLS: usize = 10_000;

pub struct Client {
    addr: SocketAddr,
    key: Key,
    project: String,
    connection: Option<TcpStream>,
    calls: u64,
}

impl Client {
    pub fn new(addr: SocketAddr) -> Self {
        Self { addr, key: Key::root(), project: "proj".to_owned(), connection: None, calls: 0 }
    }

    /// Calls another project than `proj` from now on.
    pub fn in_project(mut self, project: &str) -> Self {
        project.clone_into(&mut self.project);
        self
    }

    /// Signs with another key from now on.
    pub fn with_key(mut self, key: Key) -> Self {
        self.key = key;
        self
    }

    /// Makes calls that another key signs.
    pub fn as_key<T>(&mut self, key: Key, call: impl FnOnce(&mut Self) -> T) -> T {
        let own = mem::replace(&mut self.key, key);
        let made = call(self);
        self.key = own;
        made
    }

    /// A client of the same emulator with a connection of its own.
    pub fn another(&self) -> Self {
        Self::new(self.addr)
    }

    /// A call of SLS with a JSON body, to the project.
    pub fn try_sls(&mut self, method: &str, target: &str, body: &Value) -> io::Result<Response> {
        let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        let request = self.signed(method, target, &[("Content-Type", JSON)], &body, body.len());
        self.exchange(&request)
    }

    #[track_caller]
    pub fn sls(&mut self, method: &str, target: &str, body: &Value) -> Response {
        self.try_sls(method, target, body).unwrap()
    }

    /// Creates a Logstore of one shard in the project.
    #[track_caller]
    pub fn create_logstore(&mut self, name: &str, encrypt_conf: Option<Value>) {
        let mut body = json!({"logstoreName": name, "ttl": 30, "shardCount": 1});
        if let Some(conf) = encrypt_conf {
            body["encrypt_conf"] = conf;
        }
        self.sls("POST", "/logstores", &body).expect_success();
    }

    /// Creates the project.
    #[track_caller]
    pub fn create_project(&mut self) {
        self.sls("POST", "/", &json!({"projectName": self.project, "description": ""})).expect_success();
    }

    /// `PutLogs` of an encoded log group.
    pub fn try_put(&mut self, logstore: &str, group: &[u8]) -> io::Result<Response> {
        self.try_put_sent(logstore, &[], group, group.len())
    }

    /// `PutLogs` of an encoded log group, compressed as LZ4.
    pub fn try_put_compressed(&mut self, logstore: &str, group: &[u8]) -> io::Result<Response> {
        let sent = lz4_flex::block::compress(group);
        self.try_put_sent(logstore, &[("x-log-compresstype", "lz4")], &sent, group.len())
    }

    fn try_put_sent(
        &mut self,
        logstore: &str,
        headers: &[(&str, &str)],
        sent: &[u8],
        size: usize,
    ) -> io::Result<Response> {
        let headers = [headers, &[("Content-Type", PROTOBUF)]].concat();
        let request = self.signed("POST", &format!("/logstores/{logstore}/shards/lb"), &headers, sent, size);
        self.exchange(&request)
    }

    #[track_caller]
    pub fn put(&mut self, logstore: &str, group: &[u8]) {
        self.try_put(logstore, group).unwrap().expect_success();
    }

    /// Every log group of a Logstore's first shard, in order.
    #[track_caller]
    pub fn pull(&mut self, logstore: &str) -> Vec<Vec<u8>> {
        self.pull_shard(logstore, 0)
    }

    /// Every log group of a shard, in order.
    #[track_caller]
    pub fn pull_shard(&mut self, logstore: &str, shard: u32) -> Vec<Vec<u8>> {
        let (mut groups, mut cursor) = (Vec::new(), cursor(0));
        for _ in 0..MOST_PULLS {
            let response = self.try_pull(logstore, shard, &cursor).unwrap().expect_success();
            if response.header("x-log-count") == Some("0") {
                return groups;
            }
            response.header("x-log-cursor").unwrap().clone_into(&mut cursor);
            groups.extend(LogGroupList::decode(response.body.as_slice()).unwrap().groups);
        }
        panic!("after {MOST_PULLS} pulls the end of {logstore} has not come");
    }

    pub fn try_pull(&mut self, logstore: &str, shard: u32, cursor: &str) -> io::Result<Response> {
        let target = format!("/logstores/{logstore}/shards/{shard}?count=1000&cursor={cursor}&type=logs");
        let request = self.signed("GET", &target, &[], b"", 0);
        self.exchange(&request)
    }

    /// A call of an RPC action.
    pub fn try_rpc(&mut self, action: (&str, &str), parameters: &[(&str, &str)]) -> io::Result<Response> {
        let request = rpc_request(&self.key, "127.0.0.1", action, &date::iso_8601(), parameters);
        self.exchange(&request)
    }

    #[track_caller]
    pub fn rpc(&mut self, action: (&str, &str), parameters: &[(&str, &str)]) -> Value {
        self.try_rpc(action, parameters).unwrap().expect_success().json()
    }

    /// A call of the control API.
    pub fn try_control(&mut self, method: &str, path: &str, body: &str) -> io::Result<Response> {
        self.exchange(&control_request(self.addr, method, path, body))
    }

    #[track_caller]
    pub fn control(&mut self, method: &str, path: &str, body: &str) -> Response {
        self.try_control(method, path, body).unwrap()
    }

    /// How many calls it has made.
    pub fn calls(&self) -> u64 {
        self.calls
    }

    /// Any request.
    pub fn exchange(&mut self, request: &[u8]) -> io::Result<Response> {
        self.calls += 1;
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => TcpStream::connect(self.addr)?,
        };
        let response = exchange_on(&mut connection, request)?;
        self.connection = Some(connection);
        Ok(response)
    }

    /// A request to the project, whose body has `size` bytes before it is compressed. The targets here are their own
    /// canonical form.
    fn signed(
        &self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &[u8],
        size: usize,
    ) -> Vec<u8> {
        let size = size.to_string();
        let mut headers = [&[("x-log-bodyrawsize", size.as_str())], headers].concat();
        headers.retain(|(name, _)| *name != "Content-Type" || !body.is_empty());
        let (host, date) = (&format!("{}.localhost", self.project), &date::rfc_1123());
        SlsRequest { host, method, target, resource: target, date, headers: &headers, body }.signed(&self.key)
    }
}

/// The cursor of a position: here it is simply its number.
pub fn cursor(position: u64) -> String {
    STANDARD.encode(position.to_string())
}

/// The position of a cursor.
pub fn position_of(cursor: &str) -> u64 {
    let digits = STANDARD.decode(cursor).unwrap();
    String::from_utf8(digits).unwrap().parse().unwrap()
}

/// A log group of one log, identified by its topic.
pub fn log_group(topic: &str, value: &str) -> Vec<u8> {
    LogGroup::from_messages(Some(topic), [value.to_owned()]).encode_to_vec()
}

/// The topic of a log group.
pub fn topic_of(group: &[u8]) -> String {
    LogGroup::decode(group).unwrap().topic.unwrap()
}
