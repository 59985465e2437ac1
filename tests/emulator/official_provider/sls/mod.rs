//! What the official provider (aliyun/terraform-provider-alicloud) sends for its resources of projects, Logstores,
//! metric stores and indexes, written from its source and that of the clients it uses, and what its code and its
//! acceptance tests, which run on the real service, expect to be answered.

mod indexes;
mod stores;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use emulator::{Clock, Config, Seed};
use hmac::{Hmac, KeyInit as _, Mac as _};
use md5::{Digest as _, Md5};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use sha2::Sha256;
use test_support::async_http::exchange_on;
use test_support::{Key, Response, SlsRequest};

use crate::client::{START, START_DATE, TestServer};
use crate::tls::{direct, tunnel};

pub(super) const SLS: &str = "cn-hangzhou.log.aliyuncs.com";

/// The client that a call comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    /// `alibabacloud-go/alibabacloud-gateway-sls`, by which most calls come: V1, HMAC-SHA256.
    Gateway,
    /// `aliyun/aliyun-log-go-sdk`: V1, HMAC-SHA1.
    LogSdk,
}
use By::{Gateway, LogSdk};

/// What is expected of an answer.
pub(super) enum Expected {
    /// Success without a body.
    Done,
    /// A document with these members at least; `null` for a member that is absent, empty or `null`.
    Has(Value),
    /// The body, word for word.
    Is(&'static str),
    /// An error with this status and code.
    Refused(u16, &'static str),
}
use Expected::{Done, Has, Is, Refused};

/// A step of a resource: who sends what to which project, if to one, and what is expected.
type Step = (By, &'static str, &'static str, Value, Expected);

pub(super) async fn bench() -> TestServer {
    let clock = Clock::fixed(START);
    let seed = Seed::from_json("{}", &clock).unwrap();
    TestServer::with_config(Config { seed, clock, tls: true, ..Config::default() }).await
}

/// Sends every call of a table in its order, each through a tunnel of its own to the name that it has in the cloud.
async fn play(bench: &TestServer, steps: impl IntoIterator<Item = Step>) {
    play_at(bench, SLS, steps).await;
}

/// Sends every call of a table in its order to an endpoint: that of the cloud, or one of this machine.
async fn play_at(bench: &TestServer, endpoint: &str, steps: impl IntoIterator<Item = Step>) {
    for (by, project, call, body, expected) in steps {
        let host = if project.is_empty() { endpoint.to_owned() } else { format!("{project}.{endpoint}") };
        let (method, target) = call.split_once(' ').unwrap();
        let body = if body.is_null() { String::new() } else { text_of(&body) };
        let request = match by {
            Gateway => gateway_request(&host, method, target, &body),
            LogSdk => log_sdk_request(&host, method, target, &body),
        };
        let mut stream = match host.split_once(':') {
            None => tunnel(bench, &host).await,
            Some((name, _)) => direct(bench, name).await,
        };
        let response = exchange_on(&mut stream, &request).await.unwrap();
        check(&format!("{by:?} {call} {body}"), &response, &expected);
    }
}

/// A string is sent as it is, everything else as JSON.
fn text_of(body: &Value) -> String {
    body.as_str().map_or_else(|| body.to_string(), str::to_owned)
}

#[track_caller]
pub(super) fn check(call: &str, response: &Response, expected: &Expected) {
    let text = response.text();
    match expected {
        Done => assert_eq!((response.status, text.as_str()), (200, ""), "{call}"),
        Is(body) => assert_eq!((response.status, text.as_str()), (200, *body), "{call}"),
        Refused(status, code) => {
            assert_eq!(
                (response.status, &response.json()["errorCode"]),
                (*status, &json!(code)),
                "{call}: {text}"
            );
        }
        Has(members) => {
            assert_eq!(response.status, 200, "{call}: {text}");
            has(call, "", &response.json(), members);
        }
    }
}

#[track_caller]
fn has(call: &str, place: &str, found: &Value, expected: &Value) {
    match expected {
        Value::Object(members) => {
            for (name, expected) in members {
                has(call, &format!("{place}/{name}"), &found[name], expected);
            }
        }
        Value::Null => {
            let is_empty = found.is_null() || *found == json!([]) || *found == json!("");
            assert!(is_empty, "{call}: {place} is {found}");
        }
        expected => assert_eq!(found, expected, "{call}: {place}"),
    }
}

/// As `Client.Do("Sls", …)` sends it. The headers are those of the gateway, in its letters; the value of a query is
/// encoded on the wire and decoded where it is signed.
fn gateway_request(host: &str, method: &str, target: &str, body: &str) -> Vec<u8> {
    let md5 = if body.is_empty() { String::new() } else { hex::encode_upper(Md5::digest(body)) };
    let content_type = if body.is_empty() { "" } else { "application/json" };
    let length = body.len().to_string();
    let signed = [
        ("x-log-apiversion", "0.6.0"),
        ("x-log-bodyrawsize", &length),
        ("x-log-signaturemethod", "hmac-sha256"),
    ];
    let lines = signed.map(|(name, value)| format!("{name}:{value}\n")).concat();
    let text = format!("{method}\n{md5}\n{content_type}\n{START_DATE}\n{lines}{target}");
    let mut mac = Hmac::<Sha256>::new_from_slice(b"sk-root").unwrap();
    mac.update(text.as_bytes());
    let signature = STANDARD.encode(mac.finalize().into_bytes());
    let mut head = format!(
        "{method} {} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: AlibabaCloud (linux; amd64) Golang/1.24.4 Core/0.01 \
         TeaDSL/1 Terraform/1.15.0\r\naccept: application/json\r\ndate: {START_DATE}\r\ncontent-md5: {md5}\r\n\
         authorization: LOG ak-root:{signature}\r\nContent-Length: {length}\r\n",
        on_the_wire(target)
    );
    if !content_type.is_empty() {
        head += "content-type: application/json\r\n";
    }
    head.extend(signed.map(|(name, value)| format!("{name}: {value}\r\n")));
    (head + "Accept-Encoding: gzip\r\n\r\n" + body).into_bytes()
}

/// As the vendor's Go SDK sends it. It says what type a body has where there is none, too.
fn log_sdk_request(host: &str, method: &str, target: &str, body: &str) -> Vec<u8> {
    let length = body.len().to_string();
    let headers = [
        ("x-log-bodyrawsize", length.as_str()),
        ("Content-Type", "application/json"),
        ("Accept-Encoding", "deflate"),
        ("User-Agent", "Terraform/1.15.0 Provider/1.284.0 Module/"),
    ];
    let (date, body) = (START_DATE, body.as_bytes());
    SlsRequest { host, method, target, resource: target, date, headers: &headers, body }.signed(&Key::root())
}

fn on_the_wire(target: &str) -> String {
    let Some((path, query)) = target.split_once('?') else { return target.to_owned() };
    let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let pairs = query.split('&').map(|pair| pair.split_once('=').unwrap());
    let pairs: Vec<String> = pairs.map(|(name, value)| format!("{name}={}", encoded(value))).collect();
    format!("{path}?{}", pairs.join("&"))
}

/// How a project is made and read: the tags and the policy belong to what is read.
fn project(name: &'static str) -> Vec<Step> {
    let tags: &'static str =
        Box::leak(format!(r#"GET /tags?resourceId=["{name}"]&resourceType=PROJECT"#).into_boxed_str());
    vec![
        (Gateway, "", "POST /", json!({"projectName": name, "description": "tf"}), Done),
        (
            Gateway,
            name,
            "GET /",
            Value::Null,
            Has(json!({"projectName": name, "description": "tf", "status": "Normal",
                "createTime": "2026-11-20 08:00:00"})),
        ),
        (Gateway, "", tags, Value::Null, Has(json!({"tagResources": null}))),
        (LogSdk, name, "GET /policy", Value::Null, Is("")),
    ]
}

/// How a Logstore is read, whatever it is.
fn logstore_read(project: &'static str, expected: Value, metering_mode: &str, shards: Value) -> Vec<Step> {
    vec![
        (Gateway, project, "GET /logstores/app", Value::Null, Has(expected.clone())),
        (
            Gateway,
            project,
            "GET /logstores/app/meteringmode",
            Value::Null,
            Has(json!({"meteringMode": metering_mode})),
        ),
        (LogSdk, project, "GET /logstores/app", Value::Null, Has(expected)),
        (LogSdk, project, "GET /logstores/app/shards", Value::Null, Has(shards)),
    ]
}

fn two_shards() -> Value {
    let middle = "80000000000000000000000000000000";
    let shard = |id: u32, begin: &str, end: &str| {
        json!({"shardID": id, "status": "readwrite", "inclusiveBeginKey": begin, "exclusiveEndKey": end,
            "createTime": START})
    };
    json!([shard(0, &"0".repeat(32), middle), shard(1, middle, &"f".repeat(32))])
}

/// A project with a Logstore `app`.
fn with_logstore(name: &'static str) -> Vec<Step> {
    let mut steps = project(name);
    let logstore =
        json!({"logstoreName": "app", "shardCount": 2, "appendMeta": true, "ttl": 30, "hot_ttl": 7});
    steps.push((Gateway, name, "POST /logstores", logstore, Done));
    steps
}

/// `alicloud_log_projects` and `alicloud_log_stores`.
#[tokio::test]
async fn data_sources_of_projects_and_logstores() {
    let bench = bench().await;
    let mut steps = with_logstore("tf-source");
    steps.extend([
        (LogSdk, "tf-source", "POST /metricstores", json!({"name": "cpu", "ttl": 1, "shardCount": 1}), Done),
        (
            LogSdk,
            "tf-source",
            "GET /",
            Value::Null,
            Has(json!({"projectName": "tf-source", "description": "tf", "region": "cn-hangzhou", "status": "Normal",
                "owner": "1234567890123456", "lastModifyTime": "2026-11-20 08:00:00"})),
        ),
        (LogSdk, "tf-source", "GET /policy", Value::Null, Is("")),
        (LogSdk, "tf-source", "GET /logstores", Value::Null, Has(json!({"logstores": ["app", "cpu"]}))),
        (LogSdk, "tf-none", "GET /logstores", Value::Null, Refused(404, "ProjectNotExist")),
    ]);
    play(&bench, steps).await;
    let mut stream = tunnel(&bench, SLS).await;
    let listed = exchange_on(&mut stream, &log_sdk_request(SLS, "GET", "/", "")).await.unwrap().json();
    let names: Vec<&Value> =
        listed["projects"].as_array().unwrap().iter().map(|one| &one["projectName"]).collect();
    assert_eq!(names, ["tf-source"]);
}

/// `endpoints { log = "localhost:8700" }` in the provider block.
#[tokio::test]
async fn at_an_endpoint_of_the_emulator() {
    let bench = bench().await;
    let mut steps = with_logstore("tf-own");
    steps.extend(logstore_read("tf-own", json!({"hot_ttl": 7}), "ChargeByFunction", two_shards()));
    for by in [Gateway, LogSdk] {
        steps.extend([
            (by, "tf-own", "POST /logstores/app/index", json!({"line": {"token": [","]}}), Done),
            (by, "tf-own", "GET /logstores/app/index", Value::Null, Has(json!({"line": {"token": [","]}}))),
            (by, "tf-own", "DELETE /logstores/app/index", Value::Null, Done),
        ]);
    }
    play_at(&bench, &format!("localhost:{}", bench.addr().port()), steps).await;
}
