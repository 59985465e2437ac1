//! A client of one connection, signing with the present time.

use std::io;
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
    connection: Option<TcpStream>,
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
        self.sls("POST", "/logstores", &body).expect_success();
    }

    /// Creates the project `proj`.
    #[track_caller]
    pub fn create_project(&mut self) {
        self.sls("POST", "/", &json!({"projectName": "proj", "description": ""})).expect_success();
    }

    /// `PutLogs` of an encoded log group.
    pub fn try_put(&mut self, logstore: &str, group: &[u8]) -> io::Result<Response> {
        let request = self.signed("POST", &format!("/logstores/{logstore}/shards/lb"), PROTOBUF, group);
        self.exchange(&request)
    }

    #[track_caller]
    pub fn put(&mut self, logstore: &str, group: &[u8]) {
        self.try_put(logstore, group).unwrap().expect_success();
    }

    /// Every log group of a Logstore's first shard, in order.
    #[track_caller]
    pub fn pull(&mut self, logstore: &str) -> Vec<Vec<u8>> {
        let (mut groups, mut cursor) = (Vec::new(), STANDARD.encode("0"));
        for _ in 0..MOST_PULLS {
            let response = self.try_pull(logstore, &cursor).expect_success();
            if response.header("x-log-count") == Some("0") {
                return groups;
            }
            response.header("x-log-cursor").unwrap().clone_into(&mut cursor);
            groups.extend(LogGroupList::decode(response.body.as_slice()).unwrap().groups);
        }
        panic!("after {MOST_PULLS} pulls the end of {logstore} has not come");
    }

    pub fn try_pull(&mut self, logstore: &str, cursor: &str) -> Response {
        let target = format!("/logstores/{logstore}/shards/0?count=1000&cursor={cursor}&type=logs");
        let request = self.signed("GET", &target, JSON, b"");
        self.exchange(&request).unwrap()
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

    /// Any request.
    pub fn exchange(&mut self, request: &[u8]) -> io::Result<Response> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => TcpStream::connect(self.addr)?,
        };
        let response = exchange_on(&mut connection, request)?;
        self.connection = Some(connection);
        Ok(response)
    }

    /// A request to the project `proj`. The targets here are their own canonical form.
    fn signed(&self, method: &str, target: &str, kind: &str, body: &[u8]) -> Vec<u8> {
        let length = body.len().to_string();
        let headers = [("x-log-bodyrawsize", length.as_str()), ("Content-Type", kind)];
        let headers = if body.is_empty() { &headers[..1] } else { &headers };
        let (host, date) = ("proj.localhost", &date::rfc_1123());
        SlsRequest { host, method, target, resource: target, date, headers, body }.signed(&self.key)
    }
}

/// A log group of one log, identified by its topic.
pub fn log_group(topic: &str, value: &str) -> Vec<u8> {
    LogGroup::from_messages(Some(topic), [value.to_owned()]).encode_to_vec()
}

/// The topic of a log group.
pub fn topic_of(group: &[u8]) -> String {
    LogGroup::decode(group).unwrap().topic.unwrap()
}
