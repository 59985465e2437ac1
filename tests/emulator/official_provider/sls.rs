//! What the official provider (aliyun/terraform-provider-alicloud) sends for its resources of projects, Logstores,
//! metric stores and indexes, written from its source and that of the clients it uses, and what its code and its
//! acceptance tests, which run on the real service, expect to be answered.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use emulator::{Clock, Config, Seed};
use hmac::{Hmac, KeyInit as _, Mac as _};
use md5::{Digest as _, Md5};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use sha1::Sha1;
use sha2::Sha256;
use test_support::async_http::exchange_on;
use test_support::{Key, Response, SlsRequest};

use crate::client::{START, START_DATE, TestServer};
use crate::tls::{direct, tunnel};

const SLS: &str = "cn-hangzhou.log.aliyuncs.com";

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
enum Expected {
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

async fn bench() -> TestServer {
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
fn check(call: &str, response: &Response, expected: &Expected) {
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

#[tokio::test]
async fn alicloud_log_project() {
    let bench = bench().await;
    let tags = r#"GET /tags?resourceId=["tf-proj"]&resourceType=PROJECT"#;
    let tag = |key: &str, value: &str| json!({"resourceType": "project", "resourceId": "tf-proj", "tagKey": key, "tagValue": value});
    let policy = r#"{"Version":"1","Statement":[{"Resource":"acs:log:*:*:project/exampleproject/*"}]}"#;
    let mut steps = project("tf-proj");
    steps.extend([
        (Gateway, "tf-proj", "PUT /", json!({"description": "new"}), Done),
        (Gateway, "tf-proj", "GET /", Value::Null, Has(json!({"description": "new"}))),
        (Gateway, "tf-proj", "PUT /", json!({"description": ""}), Done),
        (Gateway, "tf-proj", "GET /", Value::Null, Has(json!({"description": ""}))),
        (
            Gateway,
            "",
            "PUT /resourcegroup",
            json!({"resourceId": "tf-proj", "resourceGroupId": "rg-two", "resourceType": "PROJECT"}),
            Done,
        ),
        (Gateway, "tf-proj", "GET /", Value::Null, Has(json!({"resourceGroupId": "rg-two"}))),
        (
            Gateway,
            "",
            "POST /tag",
            json!({"resourceId": ["tf-proj"], "resourceType": "PROJECT",
                "tags": [{"key": "Created", "value": "TF"}, {"key": "For", "value": "Test"}]}),
            Done,
        ),
        (
            Gateway,
            "",
            tags,
            Value::Null,
            Has(json!({"tagResources": [tag("Created", "TF"), tag("For", "Test")]})),
        ),
        (
            Gateway,
            "",
            "POST /untag",
            json!({"resourceId": ["tf-proj"], "resourceType": "PROJECT", "tags": ["For"]}),
            Done,
        ),
        (Gateway, "", tags, Value::Null, Has(json!({"tagResources": [tag("Created", "TF")]}))),
        (LogSdk, "tf-proj", "POST /policy", json!(policy), Done),
        (LogSdk, "tf-proj", "GET /policy", Value::Null, Is(policy)),
        (LogSdk, "tf-proj", "DELETE /policy", Value::Null, Done),
        (LogSdk, "tf-proj", "GET /policy", Value::Null, Is("")),
        (Gateway, "tf-proj", "DELETE /", Value::Null, Done),
        // What the check that it is destroyed, and a refresh, take for "not there".
        (Gateway, "tf-proj", "GET /", Value::Null, Refused(404, "ProjectNotExist")),
        (LogSdk, "tf-proj", "GET /", Value::Null, Refused(404, "ProjectNotExist")),
    ]);
    play(&bench, steps).await;
}

#[tokio::test]
async fn a_project_without_anything_and_one_with_a_resource_group() {
    let bench = bench().await;
    play(
        &bench,
        [
            (Gateway, "", "POST /", json!({"projectName": "tf-bare"}), Done),
            (Gateway, "", "POST /", json!({"projectName": "tf-bare"}), Refused(400, "ProjectAlreadyExist")),
            (Gateway, "tf-bare", "GET /", Value::Null, Has(json!({"description": ""}))),
            (
                Gateway,
                "",
                "POST /",
                json!({"projectName": "tf-grouped", "description": "tf", "resourceGroupId": "rg-one"}),
                Done,
            ),
            (Gateway, "tf-grouped", "GET /", Value::Null, Has(json!({"resourceGroupId": "rg-one"}))),
            (
                Gateway,
                "",
                "PUT /resourcegroup",
                json!({"resourceId": "tf-bare", "resourceGroupId": "rg-two", "resourceType": "wrongType"}),
                Refused(400, "ParameterInvalid"),
            ),
            (
                Gateway,
                "",
                "PUT /resourcegroup",
                json!({"resourceId": "tf-none", "resourceGroupId": "rg-two", "resourceType": "PROJECT"}),
                Refused(404, "ProjectNotExist"),
            ),
        ],
    )
    .await;
    // An account has a group from the start, so that no project is without one.
    let response = bench.call_host("tf-bare.localhost", "GET", "/", "").await.json();
    assert!(!response["resourceGroupId"].as_str().unwrap().is_empty(), "{response}");
}

/// The steps of the acceptance tests `TestAccAliCloudLogStore_basic` and `…_infrequest_access_ttl`.
#[tokio::test]
async fn alicloud_log_store() {
    let bench = bench().await;
    let mut steps = project("tf-store");
    steps.push((
        Gateway,
        "tf-store",
        "POST /logstores",
        json!({"logstoreName": "app", "shardCount": 2, "autoSplit": true, "appendMeta": true, "mode": "standard",
            "ttl": 30, "maxSplitShard": 1}),
        Done,
    ));
    steps.extend(logstore_read(
        "tf-store",
        json!({"logstoreName": "app", "shardCount": 2, "autoSplit": true, "appendMeta": true, "ttl": 30,
            "maxSplitShard": 1, "mode": "standard", "telemetryType": "", "enable_tracking": false,
            "createTime": START, "hot_ttl": null, "infrequentAccessTTL": null, "encrypt_conf": null}),
        "ChargeByFunction",
        two_shards(),
    ));
    let update = |body, expected| {
        [
            (Gateway, "tf-store", "PUT /logstores/app", body, Done),
            (Gateway, "tf-store", "GET /logstores/app", Value::Null, Has(expected)),
        ]
    };
    let changes = [
        (
            json!({"autoSplit": true, "appendMeta": true, "mode": "standard", "ttl": 30, "maxSplitShard": 60}),
            json!({"maxSplitShard": 60}),
        ),
        (
            json!({"autoSplit": true, "appendMeta": true, "mode": "standard", "ttl": 35, "maxSplitShard": 60,
                "hot_ttl": 30}),
            json!({"ttl": 35, "hot_ttl": 30}),
        ),
        (
            json!({"autoSplit": true, "appendMeta": true, "mode": "standard", "ttl": 30, "maxSplitShard": 60,
                "hot_ttl": 0}),
            json!({"ttl": 30, "hot_ttl": 0}),
        ),
        (
            json!({"autoSplit": true, "appendMeta": false, "mode": "standard", "ttl": 30, "maxSplitShard": 60}),
            json!({"appendMeta": false}),
        ),
        // What is `false` and has not changed is left out.
        (
            json!({"autoSplit": true, "mode": "standard", "ttl": 30, "maxSplitShard": 60, "enable_tracking": true}),
            json!({"enable_tracking": true, "appendMeta": false}),
        ),
        (
            json!({"autoSplit": false, "appendMeta": true, "mode": "standard", "ttl": 30, "maxSplitShard": 0,
                "enable_tracking": false}),
            json!({"autoSplit": false, "maxSplitShard": 0, "appendMeta": true, "enable_tracking": false}),
        ),
        (
            json!({"autoSplit": true, "appendMeta": true, "mode": "standard", "ttl": 180, "maxSplitShard": 6,
                "hot_ttl": 30, "infrequentAccessTTL": 65}),
            json!({"ttl": 180, "hot_ttl": 30, "infrequentAccessTTL": 65}),
        ),
        // The provider cannot send 0, and expects that what it leaves out is reset.
        (
            json!({"autoSplit": true, "appendMeta": true, "mode": "standard", "ttl": 180, "maxSplitShard": 6,
                "hot_ttl": 180}),
            json!({"hot_ttl": 180, "infrequentAccessTTL": null}),
        ),
    ];
    steps.extend(changes.into_iter().flat_map(|(body, expected)| update(body, expected)));
    steps.extend([
        (Gateway, "tf-store", "DELETE /logstores/app", Value::Null, Done),
        (Gateway, "tf-store", "GET /logstores/app", Value::Null, Refused(404, "LogStoreNotExist")),
        (LogSdk, "tf-store", "GET /logstores/app", Value::Null, Refused(404, "LogStoreNotExist")),
    ]);
    play(&bench, steps).await;
}

/// The steps of `TestAccAliCloudLogStore_mode`, `…_lite` and `TestAccAliCloudSlsLogStore_basic5614_old_twin`.
#[tokio::test]
async fn alicloud_log_store_with_a_mode_and_a_metering_mode() {
    for mode in ["query", "lite"] {
        let bench = bench().await;
        let mut steps = project("tf-store");
        steps.push((
            Gateway,
            "tf-store",
            "POST /logstores",
            json!({"logstoreName": "app", "shardCount": 2, "autoSplit": true, "appendMeta": true, "mode": mode,
                "telemetryType": "None", "ttl": 30, "maxSplitShard": 1}),
            Done,
        ));
        let expected = json!({"mode": mode, "telemetryType": "None"});
        steps.extend(logstore_read("tf-store", expected, "ChargeByFunction", two_shards()));
        let by_ingest = json!({"meteringMode": "ChargeByDataIngest"});
        steps.extend([
            (
                Gateway,
                "tf-store",
                "PUT /logstores/app/meteringmode",
                by_ingest.clone(),
                Refused(400, "NotSupported"),
            ),
            (
                Gateway,
                "tf-store",
                "PUT /logstores/app",
                json!({"autoSplit": true, "appendMeta": true, "mode": "standard", "ttl": 30, "maxSplitShard": 1}),
                Done,
            ),
            (Gateway, "tf-store", "PUT /logstores/app/meteringmode", by_ingest, Done),
        ]);
        let expected = json!({"mode": "standard"});
        steps.extend(logstore_read("tf-store", expected, "ChargeByDataIngest", two_shards()));
        play(&bench, steps).await;
    }
}

/// The steps of `TestAccAliCloudLogStore_create_with_encrypt`.
#[tokio::test]
async fn alicloud_log_store_with_encrypt_conf() {
    let bench = bench().await;
    let conf = |enable: bool| {
        json!({"enable": enable, "encrypt_type": "default", "user_cmk_info": {"cmk_key_id": "key-1",
            "arn": "acs:ram::1234567890123456:role/aliyunlogdefaultrole", "region_id": "cn-hangzhou"}})
    };
    let mut steps = project("tf-store");
    let update =
        |enable| json!({"appendMeta": true, "mode": "standard", "ttl": 30, "encrypt_conf": conf(enable)});
    let mut new = update(true);
    new["logstoreName"] = json!("app");
    new["shardCount"] = json!(2);
    steps.push((Gateway, "tf-store", "POST /logstores", new, Done));
    steps.extend(logstore_read(
        "tf-store",
        json!({"encrypt_conf": conf(true)}),
        "ChargeByFunction",
        two_shards(),
    ));
    for enable in [false, true] {
        steps.push((Gateway, "tf-store", "PUT /logstores/app", update(enable), Done));
        let expected = json!({"encrypt_conf": conf(enable)});
        steps.extend(logstore_read("tf-store", expected, "ChargeByFunction", two_shards()));
    }
    play(&bench, steps).await;
}

/// The steps of `TestAccAliCloudLogStore_metric` and `…_metric_fix_bug_using_logstoreName`: a metric store is made and
/// updated as one, and read and deleted as a Logstore. An update follows on the creation.
#[tokio::test]
async fn alicloud_log_store_of_metrics() {
    let bench = bench().await;
    let conf = |enable: bool| {
        json!({"enable": enable, "encryptType": "default", "userCmkInfo": {"cmkKeyId": "key-1",
            "arn": "acs:ram::1234567890123456:role/aliyunlogdefaultrole", "regionId": "cn-hangzhou"}})
    };
    let store = |change: Value| {
        let mut store = json!({"name": "app", "ttl": 30, "shardCount": 2, "enable_tracking": false, "autoSplit": false,
            "maxSplitShard": 0, "appendMeta": true});
        store.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        store
    };
    let mut steps = project("tf-store");
    steps.extend([
        (LogSdk, "tf-store", "POST /metricstores", store(json!({})), Done),
        (LogSdk, "tf-store", "PUT /metricstores/app", store(json!({})), Done),
    ]);
    steps.extend(logstore_read(
        "tf-store",
        json!({"logstoreName": "app", "telemetryType": "Metrics", "shardCount": 2, "ttl": 30, "appendMeta": true,
            "autoSplit": false, "maxSplitShard": 0, "mode": "standard", "hot_ttl": null, "encrypt_conf": null}),
        "ChargeByFunction",
        two_shards(),
    ));
    for (change, expected) in [
        (json!({"mode": "standard", "ttl": 60, "hot_ttl": 10}), json!({"ttl": 60, "hot_ttl": 10})),
        (
            json!({"mode": "standard", "ttl": 120, "hot_ttl": 30, "infrequentAccessTTL": 90}),
            json!({"ttl": 120, "hot_ttl": 30, "infrequentAccessTTL": 90}),
        ),
    ] {
        steps.push((LogSdk, "tf-store", "PUT /metricstores/app", store(change), Done));
        steps.extend(logstore_read("tf-store", expected, "ChargeByFunction", two_shards()));
    }
    steps.extend([
        (Gateway, "tf-store", "DELETE /logstores/app", Value::Null, Done),
        (Gateway, "tf-store", "GET /logstores/app", Value::Null, Refused(404, "LogStoreNotExist")),
        (LogSdk, "tf-store", "POST /metricstores", store(json!({"encryptConf": conf(true)})), Done),
        (LogSdk, "tf-store", "PUT /metricstores/app", store(json!({"encryptConf": conf(true)})), Done),
        (LogSdk, "tf-store", "PUT /metricstores/app", store(json!({"encryptConf": conf(false)})), Done),
    ]);
    let as_logstore = json!({"enable": false, "encrypt_type": "default", "user_cmk_info": {"cmk_key_id": "key-1",
        "arn": "acs:ram::1234567890123456:role/aliyunlogdefaultrole", "region_id": "cn-hangzhou"}});
    let expected = json!({"encrypt_conf": as_logstore});
    steps.extend(logstore_read("tf-store", expected, "ChargeByFunction", two_shards()));
    let by_function = json!({"meteringMode": "ChargeByFunction"});
    steps.extend([
        // The SDK has these calls, and tests them on the service.
        (LogSdk, "tf-store", "GET /metricstores/app/meteringmode", Value::Null, Has(by_function.clone())),
        (LogSdk, "tf-store", "PUT /metricstores/app/meteringmode", by_function, Done),
        (
            LogSdk,
            "tf-store",
            "PUT /metricstores/app/meteringmode",
            json!({"meteringMode": "ChargeByDataIngest"}),
            Refused(400, "NotSupported"),
        ),
    ]);
    play(&bench, steps).await;
}

/// A project with a Logstore `app`.
fn with_logstore(name: &'static str) -> Vec<Step> {
    let mut steps = project(name);
    let logstore =
        json!({"logstoreName": "app", "shardCount": 2, "appendMeta": true, "ttl": 30, "hot_ttl": 7});
    steps.push((Gateway, name, "POST /logstores", logstore, Done));
    steps
}

/// The steps of `TestAccAliCloudSlsIndex_basic10982` and `…_keys_default_value`, and of the data source
/// `alicloud_sls_indexs`.
#[tokio::test]
async fn alicloud_sls_index() {
    let bench = bench().await;
    let text = json!({"caseSensitive": false, "token": ["\n", ",", "\"", "<"], "type": "text", "doc_value": false,
        "alias": "", "chn": false});
    let line = json!({"chn": true, "caseSensitive": true, "token": ["a"], "exclude_keys": ["t"]});
    let other_line = json!({"chn": false, "caseSensitive": false, "token": ["tt"], "include_keys": ["tt"]});
    let mut steps = with_logstore("tf-index");
    let mut push = |call, body, expected| steps.push((Gateway, "tf-index", call, body, expected));
    push("GET /logstores/app/index", Value::Null, Refused(400, "IndexConfigNotExist"));
    push("POST /logstores/app/index", json!({"line": line, "keys": {"test": text}}), Done);
    // A plan after this is empty only if what was not configured is not answered.
    let none = json!({"max_text_len": null, "log_reduce": null, "log_reduce_black_list": null,
        "log_reduce_white_list": null});
    let mut expected = none.clone();
    expected["line"] = line;
    expected["keys"] = json!({"test": text});
    expected["ttl"] = json!(30);
    push("GET /logstores/app/index", Value::Null, Has(expected));
    let changed = json!({"line": other_line, "max_text_len": 500, "keys": {"test": text}});
    push("PUT /logstores/app/index", changed.clone(), Done);
    push("GET /logstores/app/index", Value::Null, Has(changed));
    push("DELETE /logstores/app/index", Value::Null, Done);
    push("GET /logstores/app/index", Value::Null, Refused(400, "IndexConfigNotExist"));
    // Of what the service adds to a field, the provider overlooks these values.
    let cost = json!({"doc_value": true, "type": "long"});
    push("POST /logstores/app/index", json!({"keys": {"cost_ms": cost}}), Done);
    play(&bench, steps).await;
    let response = bench.call_host("tf-index.localhost", "GET", "/logstores/app/index", "").await.json();
    let mut found = response["keys"]["cost_ms"].as_object().unwrap().clone();
    for (member, overlooked) in [("alias", json!("")), ("caseSensitive", json!(false)), ("chn", json!(false))]
    {
        if found.get(member) == Some(&overlooked) {
            found.remove(member);
        }
    }
    assert_eq!(Value::Object(found), cost);
}

/// The steps of `TestAccAliCloudLogStoreIndex_basic`.
#[tokio::test]
async fn alicloud_log_store_index() {
    let bench = bench().await;
    let token: Vec<String> = " #$^*\r\n\t".chars().map(String::from).collect();
    let line = json!({"token": token, "caseSensitive": true, "chn": true});
    let first = json!({"line": line, "max_text_len": 2048, "log_reduce": true, "log_reduce_white_list": ["name"],
        "log_reduce_black_list": ["test"]});
    let field =
        json!({"token": token, "caseSensitive": false, "type": "text", "doc_value": true, "chn": false});
    let second = json!({"keys": {"tf": field}, "ttl": 30, "max_text_len": 1024, "log_reduce": false});
    let third = json!({
        "line": {"token": [","], "caseSensitive": true, "chn": false},
        "keys": {
            "tf-1": {"token": token, "caseSensitive": false, "type": "json", "doc_value": true, "chn": false,
                "json_keys": {"key2222": {"type": "long", "alias": "alisa22222", "doc_value": true},
                    "key1111": {"type": "text", "alias": "alisa1111"}}},
            "tf-2": {"token": [], "caseSensitive": true, "type": "json", "doc_value": true, "alias": "json_alias",
                "chn": true, "json_keys": {"key3333": {"type": "long", "alias": "alisa3333", "doc_value": true}}},
            "tf-3": {"token": [], "caseSensitive": false, "type": "text", "chn": false},
        },
        "log_reduce": false,
    });
    let mut steps = with_logstore("tf-index");
    let mut push = |call, body, expected| steps.push((LogSdk, "tf-index", call, body, expected));
    push("GET /logstores/app", Value::Null, Has(json!({"logstoreName": "app"})));
    push("GET /logstores/app/index", Value::Null, Refused(400, "IndexConfigNotExist"));
    push("POST /logstores/app/index", first.clone(), Done);
    let mut expected = first;
    expected["ttl"] = json!(30);
    push("GET /logstores/app/index", Value::Null, Has(expected));
    for body in [second, third] {
        push("PUT /logstores/app/index", body.clone(), Done);
        let mut expected = body;
        expected["log_reduce_black_list"] = Value::Null;
        expected["log_reduce_white_list"] = Value::Null;
        for absent in ["line", "max_text_len"] {
            if expected.get(absent).is_none() {
                expected[absent] = Value::Null;
            }
        }
        push("GET /logstores/app/index", Value::Null, Has(expected));
    }
    push("DELETE /logstores/app/index", Value::Null, Done);
    push("GET /logstores/app/index", Value::Null, Refused(400, "IndexConfigNotExist"));
    push("GET /logstores/none/index", Value::Null, Refused(404, "LogStoreNotExist"));
    play(&bench, steps).await;
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

/// An RPC call as `aliyun/alibaba-cloud-sdk-go` sends it: POST, all parameters in the query, no body. The path is
/// signed as `/`, also where the endpoint has one of its own.
fn pop_request(
    (host, path): (&str, &str),
    (version, action): (&str, &str),
    parameters: &[(&str, &str)],
) -> Vec<u8> {
    let encoded = |text: &str| {
        const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
        utf8_percent_encode(text, UNRESERVED).to_string()
    };
    let nonce = format!("{host}{action}{parameters:?}");
    let mut pairs = vec![
        ("AccessKeyId", "ak-root"),
        ("Action", action),
        ("Format", "JSON"),
        ("RegionId", "cn-hangzhou"),
        ("SignatureMethod", "HMAC-SHA1"),
        ("SignatureNonce", &nonce),
        ("SignatureType", ""),
        ("SignatureVersion", "1.0"),
        ("Timestamp", "2026-11-20T08:00:00Z"),
        ("Version", version),
    ];
    pairs.extend(parameters);
    pairs.sort_unstable();
    let query: Vec<String> =
        pairs.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect();
    let query = query.join("&");
    let mut mac = Hmac::<Sha1>::new_from_slice(b"sk-root&").unwrap();
    mac.update(format!("POST&%2F&{}", encoded(&query)).as_bytes());
    let signature = encoded(&STANDARD.encode(mac.finalize().into_bytes()));
    format!(
        "POST {path}/?{query}&Signature={signature} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: AlibabaCloud (linux; amd64) \
         Golang/1.24.4 Core/1.63.107 Terraform/1.15.0\r\nContent-Length: 0\r\nAccept-Encoding: identity\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nx-sdk-client: golang/1.0.0\r\n\
         x-sdk-invoke-type: normal\r\n\r\n"
    )
    .into_bytes()
}

/// What is asked before the first resource: of which site the account is, where a service is, who calls, and whether
/// the service is activated (`alicloud_log_service`).
#[tokio::test]
async fn before_the_first_resource() {
    let bench = bench().await;
    for (at, action, parameters, expected) in [
        (
            ("business.aliyuncs.com", ""),
            ("2017-12-14", "QueryAvailableInstances"),
            &[
                ("PageNum", "1"),
                ("PageSize", "50"),
                ("ProductCode", "vipcloudfw"),
                ("ProductType", "vipcloudfw"),
            ][..],
            // Any error would be one of an account of the international site, or be tried again.
            json!({"Success": true, "Code": "Success", "Data": {"TotalCount": 0, "InstanceList": null}}),
        ),
        (
            ("location.aliyuncs.com", ""),
            ("2015-06-12", "DescribeEndpoints"),
            &[("Id", "cn-hangzhou"), ("ServiceCode", "sls")][..],
            json!({"Success": true}),
        ),
        (
            ("sts.cn-hangzhou.aliyuncs.com", ""),
            ("2015-04-01", "GetCallerIdentity"),
            &[][..],
            json!({"AccountId": "1234567890123456"}),
        ),
        (
            (SLS, "/open-api"),
            ("2019-10-23", "GetSlsService"),
            &[][..],
            json!({"Success": true, "Enabled": true, "Status": "Opened"}),
        ),
    ] {
        let mut stream = tunnel(&bench, at.0).await;
        let response = exchange_on(&mut stream, &pop_request(at, action, parameters)).await.unwrap();
        check(&format!("{at:?} {action:?}"), &response, &Has(expected));
    }
}
