//! The control API over the wire.

use emulator::Rules;
use serde_json::{Value, json};
use test_support::async_http::exchange;
use test_support::{Key, SlsRequest, rpc_request};

use crate::client::{START, TestServer, rpc_signed, signed};

#[tokio::test]
async fn health_names_account_region_and_time() {
    let bench = TestServer::start(Rules::Default).await;
    let expected = json!({"status": "ok", "account_id": "1234567890123456", "region": "cn-hangzhou",
        "time": "2026-11-20T08:00:00Z"});
    assert_eq!(bench.control("GET", "health", "").await, expected);
}

#[tokio::test]
async fn every_call_is_logged_also_refused_ones() {
    let bench = TestServer::start(Rules::Default).await;
    bench.call("PUT", "/logstores/app", r#"{"ttl":60}"#).await.assert_done();
    let request = String::from_utf8(signed("proj.localhost", "GET", "/logstores/app?x=1", "")).unwrap();
    exchange(bench.addr(), request.replace("x=1", "x=2").as_bytes()).await.unwrap();
    let log = bench.control("GET", "requests", "").await;
    let without_id = |entry: &Value| {
        let mut entry = entry.clone();
        entry.as_object_mut().unwrap().remove("id").unwrap();
        entry
    };
    let time = "2026-11-20T08:00:00Z";
    let root = "acs:ram::1234567890123456:root";
    let update = json!({"sequence": 1, "time": time, "service": "sls", "action": "UpdateLogStore", "method": "PUT",
        "path": "/logstores/app", "query": {}, "host": "proj.localhost", "principal": root, "status": 200,
        "body": {"ttl": 60}});
    let refused = json!({"sequence": 2, "time": time, "service": "sls", "action": "GetLogStore", "method": "GET",
        "path": "/logstores/app", "query": {"x": "2"}, "host": "proj.localhost", "principal": null,
        "status": 401, "error_code": "SignatureNotMatch", "error_message": "(hidden)", "body": null});
    assert_eq!(without_id(&log[0]), update);
    assert_eq!(without_id(&log[1]), refused);
    assert_eq!(log.as_array().unwrap().len(), 2, "control calls are not logged");
    bench.control("DELETE", "requests", "").await;
    assert_eq!(bench.control("GET", "requests", "").await, json!([]));
}

#[tokio::test]
async fn the_clock_moves_for_what_the_emulator_dates_and_no_signature_expires() {
    let bench = TestServer::start(Rules::Default).await;
    let day = 24 * 3600;
    let mut time = START;
    for (seconds, expected) in [
        (901, "2026-11-20T08:15:01Z"),
        (30 * day, "2026-12-20T08:15:01Z"),
        (-60 * day, "2026-10-21T08:15:01Z"),
    ] {
        time += seconds;
        let moved = bench.control("POST", "clock", &json!({"advance_seconds": seconds}).to_string()).await;
        assert_eq!(moved, json!({"time": expected}));
        bench.call("PUT", "/logstores/app", r#"{"ttl":60}"#).await.assert_done();
        assert_eq!(bench.logstore("app").await["lastModifyTime"], time);
        let identity = bench.rpc(&Key::root(), ("2015-04-01", "GetCallerIdentity"), &[]).await;
        assert_eq!(identity.status, 200, "{}", identity.text());
    }
}

#[tokio::test]
async fn signatures_go_by_the_machines_clock_wherever_the_emulators_is() {
    let bench = TestServer::start(Rules::Default).await;
    let action = ("2015-04-01", "GetCallerIdentity");
    let late = rpc_request(&Key::root(), "127.0.0.1", action, "2026-11-20T08:15:01Z", &[]);
    let call = rpc_signed(&Key::root(), "127.0.0.1", action, &[]);
    assert_eq!(exchange(bench.addr(), &call).await.unwrap().status, 200);
    for seconds in [0, 901, -901] {
        bench.control("POST", "clock", &json!({"advance_seconds": seconds}).to_string()).await;
        exchange(bench.addr(), &late).await.unwrap().assert_rpc_error(400, "InvalidTimeStamp.Expired");
        // No move makes the emulator forget a nonce whose call could be sent again.
        exchange(bench.addr(), &call).await.unwrap().assert_rpc_error(400, "SignatureNonceUsed");
        let request = SlsRequest {
            host: "proj.localhost",
            method: "GET",
            target: "/logstores/app",
            resource: "/logstores/app",
            date: "Fri, 20 Nov 2026 08:15:01 GMT",
            headers: &[("x-log-bodyrawsize", "0")],
            body: b"",
        };
        exchange(bench.addr(), &request.signed(&Key::root())).await.unwrap().assert_error(
            400,
            "RequestTimeExpired",
            "Request time 2026-11-20T08:15:01Z has been expired while server time is 2026-11-20T08:00:00Z.",
        );
    }
}

#[tokio::test]
async fn reset_goes_back_to_the_seed() {
    let bench = TestServer::start(Rules::Default).await;
    let before = bench.logstore("app").await;
    bench.control("POST", "clock", r#"{"advance_seconds":60}"#).await;
    bench.call("PUT", "/logstores/app", r#"{"ttl":60}"#).await.assert_done();
    bench.call("POST", "/logstores", r#"{"logstoreName":"new","ttl":1,"shardCount":1}"#).await.assert_done();
    bench.fault(r#"{"service":"sls","action":"*","effect":"throttle"}"#).await;
    bench.control("POST", "reset", "").await;
    assert_eq!(bench.control("GET", "requests", "").await, json!([]));
    assert_eq!(bench.logstore("app").await, before);
    assert_eq!(bench.call("GET", "/logstores/new", "").await.status, 404);
    assert_eq!(bench.control("GET", "health", "").await["time"], "2026-11-20T08:00:00Z");
}

#[tokio::test]
async fn direct_writes_bypass_the_rules() {
    let bench = TestServer::start(Rules::Strict).await;
    let path = "projects/proj/logstores/app";
    let conf = json!({"enable": true, "encrypt_type": "unheard-of"});
    let drift = json!({"encrypt_conf": conf, "hot_ttl": null, "ttl": 99_999}).to_string();
    bench.control("PATCH", path, &drift).await;
    let logstore = bench.logstore("app").await;
    assert_eq!((&logstore["encrypt_conf"], &logstore["ttl"]), (&conf, &json!(99_999)));
    assert_eq!(logstore.get("hot_ttl"), None);
    assert_eq!(logstore["appendMeta"], true);

    bench.control("PUT", path, r#"{"ttl":5,"other":[]}"#).await;
    let logstore = bench.control("GET", path, "").await;
    assert_eq!((&logstore["ttl"], &logstore["other"]), (&json!(5), &json!([])));
    assert_eq!((&logstore["logstoreName"], &logstore["appendMeta"]), (&json!("app"), &json!(false)));

    bench.control("DELETE", path, "").await;
    assert_eq!(bench.call("GET", "/logstores/app", "").await.status, 404);
    assert_eq!(bench.try_control("DELETE", path, "").await.status, 404);
}

#[tokio::test]
async fn direct_writes_make_and_remove_projects() {
    let bench = TestServer::start(Rules::Default).await;
    bench.control("PUT", "projects/far", r#"{"region":"cn-beijing","description":"d"}"#).await;
    let project = bench.call_host("far.cn-beijing.log.aliyuncs.com", "GET", "/", "").await.json();
    assert_eq!((&project["region"], &project["description"]), (&json!("cn-beijing"), &json!("d")));
    bench.control("PUT", "projects/far/logstores/app", "{}").await;
    bench.control("DELETE", "projects/far", "").await;
    assert_eq!(bench.try_control("GET", "projects/far/logstores/app", "").await.status, 404);
}

#[tokio::test]
async fn bad_control_calls_name_the_member() {
    let bench = TestServer::start(Rules::Default).await;
    for (method, path, body, status, error) in [
        ("POST", "clock", "{}", 400, "advance_seconds: this member is missing"),
        (
            "POST",
            "clock",
            r#"{"advance_seconds":"1"}"#,
            400,
            "advance_seconds: expected an integer, found a string",
        ),
        (
            "POST",
            "clock",
            r#"{"advance":1}"#,
            400,
            "advance: unknown member, expected one of: advance_seconds",
        ),
        ("POST", "faults", "{", 400, "the body is not JSON: EOF while parsing an object at line 1 column 1"),
        ("POST", "faults", "{}", 400, "service: this member is missing"),
        ("PATCH", "projects/proj/logstores/app", "[]", 400, "the body: expected an object, found an array"),
        ("PUT", "projects/proj/logstores/A", "{}", 400, r#"logstore: "A" is no Logstore name"#),
        ("PUT", "projects/A", "", 400, r#"project: "A" is not a project name"#),
        (
            "PUT",
            "projects/fresh",
            r#"{"name":1}"#,
            400,
            "name: unknown member, expected one of: region, description",
        ),
        ("PUT", "projects/none/logstores/app", "{}", 404, "there is no project none"),
        ("PATCH", "projects/proj/logstores/none", "{}", 404, "there is no Logstore none in project proj"),
        ("GET", "nothing", "", 404, "the control API has no such path"),
        ("PUT", "health", "", 405, "the control API has this path, but not with this method"),
    ] {
        let response = bench.try_control(method, path, body).await;
        assert_eq!((response.status, response.json()), (status, json!({"error": error})), "{method} {path}");
    }
}

/// A Logstore that a customer's key encrypts.
const ENCRYPTED: &str = r#"{
    "roles": [{"name": "byok", "policies": ["AliyunKMSReadOnlyAccess", "AliyunKMSCryptoUserAccess"],
        "assume_role_policy_document": {"Version": "1", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
            "Principal": {"Service": ["log.aliyuncs.com"]}}]}}],
    "keys": [{"id": "key-1"}],
    "projects": [{"name": "proj", "logstores": [{"logstoreName": "app", "encrypt_conf": {
        "enable": true, "encrypt_type": "sm4_gcm", "user_cmk_info": {"cmk_key_id": "key-1",
            "arn": "acs:ram::1234567890123456:role/byok", "region_id": "cn-hangzhou"}}}]}]}"#;

#[tokio::test]
async fn logs_are_written_and_read_without_an_sdk_as_long_as_their_key_is_on() {
    let bench = TestServer::with_seed(ENCRYPTED, Rules::Default, START).await;
    let logs = "projects/proj/logstores/app/logs";
    bench.control("POST", logs, r#"[{"user": "alice", "bytes": 7}, {"user": "bob"}]"#).await;
    let found = bench.control("GET", logs, "").await;
    let users: Vec<_> = found.as_array().unwrap().iter().map(|log| log["user"].as_str().unwrap()).collect();
    assert_eq!((users.len(), users.contains(&"alice"), users.contains(&"bob")), (2, true, true), "{found}");
    let state = bench.control("GET", "state", "").await.to_string();
    assert!(!state.contains(&hex::encode("alice")), "{state}");

    bench.control("PATCH", "keys/key-1", r#"{"state": "Disabled"}"#).await;
    for (method, body) in [("GET", ""), ("POST", r#"[{"user": "carol"}]"#)] {
        let refused = bench.try_control(method, logs, body).await;
        assert_eq!(refused.status, 400, "{}", refused.text());
        assert!(refused.text().contains("Rejected.Disabled"), "{}", refused.text());
    }
    bench.control("PATCH", "keys/key-1", r#"{"state": "Enabled"}"#).await;
    assert_eq!(bench.control("GET", logs, "").await.as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn bad_logs_and_keys_are_refused() {
    let bench = TestServer::with_seed(ENCRYPTED, Rules::Default, START).await;
    for (method, path, body, status) in [
        ("POST", "projects/proj/logstores/app/logs", "{}", 400),
        ("POST", "projects/proj/logstores/app/logs", "[1]", 400),
        ("POST", "projects/proj/logstores/none/logs", "[{}]", 404),
        ("GET", "projects/none/logstores/app/logs", "", 404),
        ("GET", "projects/proj/logstores/a%20b/logs", "", 404),
        ("PATCH", "keys/key-1", r#"{"state": "Off"}"#, 400),
        ("PATCH", "keys/key-2", r#"{"state": "Enabled"}"#, 404),
    ] {
        let refused = bench.try_control(method, path, body).await;
        assert_eq!(refused.status, status, "{method} {path} {body}: {}", refused.text());
    }
}
