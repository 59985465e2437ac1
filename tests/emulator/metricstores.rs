//! Metric stores over the wire.

use emulator::Rules;
use serde_json::{Value, json};
use test_support::Response;

use crate::client::{START, TestServer};

const NEW: &str = r#"{"name": "cpu", "ttl": 30, "shardCount": 1, "autoSplit": true, "maxSplitShard": 8}"#;

fn byok(enable: bool) -> Value {
    json!({"enable": enable, "encryptType": "m4", "userCmkInfo":
        {"cmkKeyId": "key-1", "arn": "acs:ram::1234567890123456:role/byok", "regionId": "cn-hangzhou"}})
}

async fn metric_store(bench: &TestServer, name: &str) -> Value {
    let response = bench.call("GET", &format!("/metricstores/{name}"), "").await;
    assert_eq!(response.status, 200, "{}", response.text());
    response.json()
}

async fn update(bench: &TestServer, body: &Value) -> Response {
    bench.call("PUT", "/metricstores/cpu", &body.to_string()).await
}

#[tokio::test]
async fn a_metric_store_is_made_read_listed_and_deleted() {
    let bench = TestServer::start(Rules::Default).await;
    bench.call("POST", "/metricstores", NEW).await.assert_done();
    let got = metric_store(&bench, "cpu").await;
    let expected = json!({"name": "cpu", "ttl": 30, "shardCount": 1, "autoSplit": true, "maxSplitShard": 8,
        "mode": "standard", "metricType": "prometheus", "appendMeta": false, "enable_tracking": false,
        "createTime": START, "lastModifyTime": START});
    assert_eq!(got, expected);
    update(&bench, &json!({"ttl": 60})).await.assert_done();
    let got = metric_store(&bench, "cpu").await;
    assert_eq!((&got["ttl"], &got["autoSplit"]), (&json!(60), &json!(true)), "what is left out stays");

    let listed = bench.call("GET", "/metricstores?mode=standard&name=c", "").await.json();
    assert_eq!(listed, json!({"count": 1, "total": 1, "metricstores": ["cpu"]}));
    for query in ["name=x", "mode=query", "offset=1"] {
        let listed = bench.call("GET", &format!("/metricstores?{query}"), "").await.json();
        assert_eq!(listed["metricstores"], json!([]), "{query}");
    }
    let metrics = bench.call("GET", "/logstores?telemetryType=Metrics", "").await.json();
    assert_eq!(metrics["logstores"], json!(["cpu"]));

    bench.call("DELETE", "/metricstores/cpu", "").await.assert_done();
    let gone = bench.call("GET", "/metricstores/cpu", "").await;
    gone.assert_error(404, "LogStoreNotExist", "logstore cpu does not exist");
}

#[tokio::test]
async fn a_logstore_is_no_metric_store() {
    let bench = TestServer::start(Rules::Default).await;
    for (method, body) in [("GET", ""), ("PUT", r#"{"ttl": 1}"#), ("DELETE", "")] {
        let response = bench.call(method, "/metricstores/app", body).await;
        response.assert_error(404, "LogStoreNotExist", "logstore app does not exist");
    }
    let same_name = NEW.replace("cpu", "app");
    let taken = bench.call("POST", "/metricstores", &same_name).await;
    taken.assert_error(400, "LogStoreAlreadyExist", "logstore app already exists");
}

#[tokio::test]
async fn encryption_is_set_once_and_switched_in_words_of_its_own() {
    let bench = TestServer::start(Rules::Default).await;
    let mut new: Value = serde_json::from_str(NEW).unwrap();
    new["encryptConf"] = byok(true);
    bench.call("POST", "/metricstores", &new.to_string()).await.assert_done();
    assert_eq!(metric_store(&bench, "cpu").await["encryptConf"], byok(true));
    let stored = &bench.logstore("cpu").await["encrypt_conf"];
    assert_eq!(stored["user_cmk_info"]["cmk_key_id"], "key-1", "the Logstore beneath has its own words");

    update(&bench, &json!({"ttl": 60})).await.assert_done();
    assert_eq!(metric_store(&bench, "cpu").await["encryptConf"], byok(true), "left out, it stays");
    update(&bench, &json!({"encryptConf": {"enable": false}})).await.assert_done();
    assert_eq!(metric_store(&bench, "cpu").await["encryptConf"], byok(false));
    update(&bench, &json!({"encryptConf": byok(true)})).await.assert_done();
    let other = json!({"encryptConf": {"enable": true, "encryptType": "m4"}});
    update(&bench, &other).await.assert_error(
        400,
        "ParameterInvalid",
        "encryptConf is set, only enable can be changed",
    );
    assert_eq!(metric_store(&bench, "cpu").await["encryptConf"], byok(true));
}

#[tokio::test]
async fn the_words_of_logstores_are_passed_over() {
    let bench = TestServer::start(Rules::Strict).await;
    let mut new: Value = serde_json::from_str(NEW).unwrap();
    new["encrypt_conf"] = json!({"enable": true, "encrypt_type": "m4"});
    bench.call("POST", "/metricstores", &new.to_string()).await.assert_done();
    let got = metric_store(&bench, "cpu").await;
    assert!(got.get("encryptConf").is_none() && got.get("encrypt_conf").is_none(), "{got}");
    let half = json!({"encryptConf": {"enable": true, "encrypt_type": "m4"}});
    let message = "The encryptConf is invalid, [encryptType] key is missing or not supported";
    update(&bench, &half).await.assert_error(400, "LogStoreInfoInvalid", message);
}

#[tokio::test]
async fn what_is_wrong_with_a_metric_store_is_said() {
    let bench = TestServer::start(Rules::Default).await;
    for (member, value) in [
        ("name", json!(null)),
        ("name", json!("C")),
        ("ttl", json!(0)),
        ("shardCount", json!("1")),
        ("metricType", json!("influx")),
        ("encryptConf", json!("m4")),
        ("encryptConf", json!({"enable": true, "encryptType": "rot13"})),
    ] {
        let mut new: Value = serde_json::from_str(NEW).unwrap();
        new[member] = value;
        let response = bench.call("POST", "/metricstores", &new.to_string()).await;
        assert_eq!((response.status, &response.json()["errorCode"]), (400, &json!("LogStoreInfoInvalid")));
    }
}
