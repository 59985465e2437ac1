//! An emulator in this process, and what it is sent.

use std::io;
use std::net::SocketAddr;
use std::path::Path;

use emulator::{Clock, Config, Emulator, Limits, Rules, Seed, Storage};
use serde_json::Value;
use storage::MasterKey;
use test_support::async_http::exchange;
use test_support::waiting::wait_for_in_task;
use test_support::{Key, Response, SlsRequest, control_request, rpc_request};

/// Fri, 20 Nov 2026 08:00:00 GMT: what every emulator here starts at.
pub const START: i64 = 1_795_161_600;

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

/// An emulator whose clock does not advance, and a client of it.
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
        exchange(self.addr(), &rpc_signed(key, "127.0.0.1", action, parameters)).await.unwrap()
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
            assert_eq!(response.status, 200, "{caller}: {}", response.text());
            response.json()
        }
    }

    pub async fn try_control(&self, method: &str, path: &str, body: &str) -> Response {
        exchange(self.addr(), &control_request(self.addr(), method, path, body)).await.unwrap()
    }

    pub async fn fault(&self, rule: &str) {
        self.control("POST", "faults", rule).await;
    }

    /// The members of a Logstore of `proj`, as GetLogStore answers.
    pub async fn logstore(&self, name: &str) -> Value {
        let response = self.call("GET", &format!("/logstores/{name}"), "").await;
        assert_eq!(response.status, 200, "{}", response.text());
        response.json()
    }

    /// Waits until as many calls have arrived since the log was last forgotten; the log then.
    pub async fn arrived(&self, count: usize) -> Value {
        let all = async || {
            let log = self.control("GET", "requests", "").await;
            (log.as_array().unwrap().len() >= count).then_some(log)
        };
        wait_for_in_task("a call", all).await.unwrap()
    }
}

/// A request signed with SLS V1, HMAC-SHA1, by the default root key.
pub fn signed(host: &str, method: &str, target: &str, body: &str) -> Vec<u8> {
    signed_by(&Key::root(), host, method, target, body)
}

/// A request signed with SLS V1, HMAC-SHA1.
pub fn signed_by(key: &Key, host: &str, method: &str, target: &str, body: &str) -> Vec<u8> {
    // The targets of these tests need no encoding, so that they are their own canonical form.
    let resource =
        target.strip_prefix("http://").and_then(|rest| rest.find('/').map(|i| &rest[i..])).unwrap_or(target);
    let length = body.len().to_string();
    let headers = [("x-log-bodyrawsize", length.as_str()), ("Content-Type", "application/json")];
    let headers = if body.is_empty() { &headers[..1] } else { &headers };
    let body = body.as_bytes();
    SlsRequest { host, method, target, resource, date: START_DATE, headers, body }.signed(key)
}

/// A call of an RPC action, signed with RPC version 1 at the time every emulator here starts at.
pub fn rpc_signed(key: &Key, host: &str, action: (&str, &str), parameters: &[(&str, &str)]) -> Vec<u8> {
    rpc_request(key, host, action, "2026-11-20T08:00:00Z", parameters)
}
