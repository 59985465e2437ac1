//! Data in Logstores whose encryption is switched on, off and on again.

use emulator::Rules;
use serde_json::{Value, json};

use super::{DataCall, content, cursor, group, pull, pulled, put};
use test_support::Key;

use crate::client::{START, TestServer};

const KMS: &str = "2016-01-20";

const ENCRYPT_TYPES: [&str; 11] = [
    "default", "m4", "sm4", "sm4_ecb", "sm4_cbc", "sm4_gcm", "aes_ecb", "aes_cbc", "aes_cfb", "aes_ofb",
    "aes_gcm",
];

async fn set(bench: &TestServer, conf: &Value) {
    let body = json!({"logstoreName": "app", "ttl": 30, "encrypt_conf": conf}).to_string();
    bench.call("PUT", "/logstores/app", &body).await.assert_done();
}

async fn one_shard() -> TestServer {
    let seed =
        json!({"projects": [{"name": "proj", "logstores": [{"logstoreName": "app", "shardCount": 1}]}]});
    TestServer::with_seed(&seed.to_string(), Rules::Default, START).await
}

#[tokio::test]
async fn every_algorithm_gives_back_what_was_written_before_and_after() {
    for encrypt_type in ENCRYPT_TYPES {
        let bench = one_shard().await;
        let conf = |enable: bool| json!({"enable": enable, "encrypt_type": encrypt_type});
        put(&bench, &group("in clear")).await.assert_done();
        set(&bench, &conf(true)).await;
        put(&bench, &group("sealed")).await.assert_done();
        set(&bench, &conf(false)).await;
        put(&bench, &group("in clear again")).await.assert_done();
        set(&bench, &conf(true)).await;
        put(&bench, &group("sealed again")).await.assert_done();
        let expected = ["in clear", "sealed", "in clear again", "sealed again"].map(group);
        assert_eq!(content(&bench, 0).await, expected, "{encrypt_type}");
    }
}

/// A Logstore `app` of one shard whose encryption is switched on with the customer's key `key-1`.
async fn byok() -> TestServer {
    let trust = json!({"Version": "1", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": {"Service": ["log.aliyuncs.com"]}}]});
    let seed = json!({
        "roles": [{"name": "byok", "assume_role_policy_document": trust,
            "policies": ["AliyunKMSReadOnlyAccess", "AliyunKMSCryptoUserAccess"]}],
        "keys": [{"id": "key-1"}],
        "projects": [{"name": "proj",
            "logstores": [{"logstoreName": "app", "shardCount": 1, "encrypt_conf": byok_conf(true)}]}],
    });
    TestServer::with_seed(&seed.to_string(), Rules::Default, START).await
}

fn byok_conf(enable: bool) -> Value {
    json!({"enable": enable, "encrypt_type": "default", "user_cmk_info": {"cmk_key_id": "key-1",
        "arn": "acs:ram::1234567890123456:role/byok", "region_id": "cn-hangzhou"}})
}

async fn switch_key(bench: &TestServer, action: &str) {
    let response = bench.rpc(&Key::root(), (KMS, action), &[("KeyId", "key-1")]).await;
    assert_eq!(response.status, 200, "{}", response.text());
}

#[tokio::test]
async fn without_its_key_nothing_of_a_logstore_is_read_or_written() {
    let bench = byok().await;
    put(&bench, &group("sealed")).await.assert_done();
    assert_eq!(content(&bench, 0).await, [group("sealed")]);
    let begin = cursor(&bench, 0, "begin").await;

    switch_key(&bench, "DisableKey").await;
    let shard = "/logstores/app/shards/0";
    let search = json!({"from": START, "to": START + 1}).to_string();
    for call in [
        pull(shard, &begin),
        DataCall::new("GET", shard).query("type", "cursor").query("from", "begin"),
        DataCall::new("GET", shard).query("type", "cursor_time").query("cursor", &begin),
        DataCall::new("GET", "/logstores/app")
            .query("type", "log")
            .query("from", START)
            .query("to", START + 1),
        DataCall::new("POST", "/logstores/app/logs")
            .header("Content-Type", "application/json")
            .body(search.as_bytes()),
    ] {
        call.send(&bench).await.assert_error_code(400, "ParameterInvalid");
    }
    put(&bench, &group("more")).await.assert_error_code(400, "ParameterInvalid");

    switch_key(&bench, "EnableKey").await;
    put(&bench, &group("again")).await.assert_done();
    assert_eq!(content(&bench, 0).await, ["sealed", "again"].map(group));
}

#[tokio::test]
async fn a_key_that_was_never_used_is_needed_all_the_same() {
    let bench = byok().await;
    switch_key(&bench, "DisableKey").await;
    pull("/logstores/app/shards/0", "MA==").send(&bench).await.assert_error_code(400, "ParameterInvalid");
    put(&bench, &group("more")).await.assert_error_code(400, "ParameterInvalid");
}

/// The control API writes past the rules, one of which is that a customer's key stays.
#[tokio::test]
async fn what_was_sealed_with_a_key_that_the_configuration_lost_is_refused_until_it_is_back() {
    let without_key = json!({"enable": true, "encrypt_type": "default"});
    for lost in [Value::Null, json!({"enable": true}), without_key] {
        let bench = byok().await;
        put(&bench, &group("sealed")).await.assert_done();
        let begin = cursor(&bench, 0, "begin").await;
        let path = "projects/proj/logstores/app";
        bench.control("PATCH", path, &json!({"encrypt_conf": lost}).to_string()).await;
        let refused = pull("/logstores/app/shards/0", &begin).send(&bench).await;
        refused.assert_error_code(400, "ParameterInvalid");
        assert!(refused.text().contains("no user_cmk_info"), "{}", refused.text());
        if lost["enable"] == true {
            put(&bench, &group("more")).await.assert_error_code(400, "ParameterInvalid");
        }
        let read = bench.try_control("GET", &format!("{path}/logs"), "").await;
        assert_eq!(read.status, 400, "{}", read.text());
        bench.control("PATCH", path, &json!({"encrypt_conf": byok_conf(true)}).to_string()).await;
        assert_eq!(content(&bench, 0).await, [group("sealed")]);
    }
}

#[tokio::test]
async fn with_encryption_switched_off_only_what_is_sealed_needs_the_key() {
    let bench = byok().await;
    put(&bench, &group("sealed")).await.assert_done();
    set(&bench, &byok_conf(false)).await;
    put(&bench, &group("in clear")).await.assert_done();

    switch_key(&bench, "DisableKey").await;
    put(&bench, &group("in clear too")).await.assert_done();
    let shard = "/logstores/app/shards/0";
    pull(shard, &cursor(&bench, 0, "begin").await)
        .send(&bench)
        .await
        .assert_error_code(400, "ParameterInvalid");
    // Of "1", the place behind the sealed block.
    assert_eq!(pulled(&pull(shard, "MQ==").send(&bench).await).0, ["in clear", "in clear too"].map(group));
}
