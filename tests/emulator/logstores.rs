//! Logstores over the wire.

use emulator::Rules;
use serde_json::{Value, json};
use test_support::async_http::exchange;

use crate::client::{START, TestServer, signed};

fn byok(enable: bool) -> Value {
    json!({"enable": enable, "encrypt_type": "sm4_gcm", "user_cmk_info": {
        "cmk_key_id": "key-1", "arn": "acs:ram::1234567890123456:role/byok", "region_id": "cn-hangzhou"}})
}

#[tokio::test]
async fn a_logstore_lives_from_creation_to_deletion() {
    let bench = TestServer::start(Rules::Default).await;
    let body = r#"{"logstoreName":"new","ttl":30,"shardCount":2}"#;
    bench.call("POST", "/logstores", body).await.assert_done();
    bench.call("POST", "/logstores", body).await.assert_error(
        400,
        "LogStoreAlreadyExist",
        "logstore new already exists",
    );
    assert_eq!(bench.logstore("new").await["createTime"], START);

    bench.control("POST", "clock", r#"{"advance_seconds":60}"#).await;
    bench.call("PUT", "/logstores/new", r#"{"ttl":31}"#).await.assert_done();
    let updated = bench.logstore("new").await;
    assert_eq!((&updated["ttl"], &updated["lastModifyTime"]), (&json!(31), &json!(START + 60)));

    bench.call("DELETE", "/logstores/new", "").await.assert_done();
    for method in ["GET", "DELETE"] {
        bench.call(method, "/logstores/new", "").await.assert_error(
            404,
            "LogStoreNotExist",
            "logstore new does not exist",
        );
    }
}

#[tokio::test]
async fn the_first_encryption_configuration_is_for_good() {
    let bench = TestServer::start(Rules::Default).await;
    assert_eq!(bench.logstore("app").await.get("encrypt_conf"), None);

    for enable in [true, false, true] {
        let body = json!({"ttl": 90, "encrypt_conf": byok(enable)}).to_string();
        bench.call("PUT", "/logstores/app", &body).await.assert_done();
        assert_eq!(bench.logstore("app").await["encrypt_conf"], byok(enable));
    }
    let mut other = byok(true);
    other["encrypt_type"] = "aes_gcm".into();
    let body = json!({"ttl": 90, "encrypt_conf": other}).to_string();
    bench.call("PUT", "/logstores/app", &body).await.assert_error(
        400,
        "ParameterInvalid",
        "encrypt_conf is set, only enable can be changed",
    );
    bench.call("PUT", "/logstores/app", r#"{"ttl":90}"#).await.assert_error(
        400,
        "ParameterInvalid",
        "encrypt_conf is set and must be complete in every update",
    );
    assert_eq!(bench.logstore("app").await["encrypt_conf"], byok(true));
}

#[tokio::test]
async fn a_refused_update_changes_nothing() {
    let bench = TestServer::start(Rules::Default).await;
    let before = bench.logstore("app").await;
    bench.control("POST", "clock", r#"{"advance_seconds":60}"#).await;
    let body = r#"{"ttl":30,"encrypt_conf":{"enable":true,"encrypt_type":"rot13"}}"#;
    bench.call("PUT", "/logstores/app", body).await.assert_error(
        400,
        "LogStoreInfoInvalid",
        "The encrypt_conf is invalid, [encrypt_type] key is missing or not supported",
    );
    assert_eq!(bench.logstore("app").await, before);
}

#[tokio::test]
async fn the_rules_differ_in_what_an_update_leaves_out() {
    for (rules, hot_ttl, append_meta) in [
        (Rules::Default, None, json!(false)),
        (Rules::Strict, None, json!(false)),
        (Rules::Lenient, Some(json!(30)), json!(true)),
    ] {
        let bench = TestServer::start(rules).await;
        bench.call("PUT", "/logstores/app", r#"{"ttl":90}"#).await.assert_done();
        let updated = bench.logstore("app").await;
        assert_eq!((updated.get("hot_ttl"), &updated["appendMeta"]), (hot_ttl.as_ref(), &append_meta));
        assert_eq!(updated["futureField"].to_string(), r#"{"a":1.50}"#);
    }
}

#[tokio::test]
async fn lenient_rules_keep_an_encryption_configuration_that_is_left_out() {
    let bench = TestServer::start(Rules::Lenient).await;
    let body = json!({"ttl": 90, "encrypt_conf": byok(true)}).to_string();
    bench.call("PUT", "/logstores/app", &body).await.assert_done();
    bench.call("PUT", "/logstores/app", r#"{"ttl":80}"#).await.assert_done();
    assert_eq!(bench.logstore("app").await["encrypt_conf"], byok(true));
}

#[tokio::test]
async fn strict_rules_refuse_members_an_update_does_not_have() {
    let bench = TestServer::start(Rules::Strict).await;
    let body = bench.logstore("app").await.to_string();
    bench.call("PUT", "/logstores/app", &body).await.assert_error(
        400,
        "LogStoreInfoInvalid",
        "redundant key exist in json",
    );
    let default = TestServer::start(Rules::Default).await;
    default.call("PUT", "/logstores/app", &body).await.assert_done();
}

#[tokio::test]
async fn the_name_in_an_update_must_be_that_in_the_path() {
    let bench = TestServer::start(Rules::Default).await;
    bench.call("PUT", "/logstores/app", r#"{"logstoreName":"app","ttl":90}"#).await.assert_done();
    bench.call("PUT", "/logstores/app", r#"{"logstoreName":"other","ttl":90}"#).await.assert_error(
        400,
        "LogStoreInfoInvalid",
        "logstoreName is not app, the one in the path",
    );
}

#[tokio::test]
async fn a_logstore_can_be_made_encrypted() {
    let bench = TestServer::start(Rules::Strict).await;
    let body =
        json!({"logstoreName": "new", "ttl": 30, "shardCount": 1, "encrypt_conf": byok(true)}).to_string();
    bench.call("POST", "/logstores", &body).await.assert_done();
    assert_eq!(bench.logstore("new").await["encrypt_conf"], byok(true));
}

#[tokio::test]
async fn bad_names_are_refused_in_body_and_path() {
    let bench = TestServer::start(Rules::Default).await;
    let body = r#"{"logstoreName":"A.b","ttl":30,"shardCount":2}"#;
    bench.call("POST", "/logstores", body).await.assert_error(
        400,
        "LogStoreInfoInvalid",
        "store name A.b is invalid",
    );
    bench.call("GET", "/logstores/a.b", "").await.assert_error(
        405,
        "InvalidMethod",
        "invalid request method: /logstores/a.b",
    );
}

#[tokio::test]
async fn the_dedicated_operation_sets_the_same_configuration() {
    let bench = TestServer::start(Rules::Strict).await;
    let conf = json!({"enable": true, "encryptType": "sm4_gcm", "userCmkInfo": {
        "keyId": "key-1", "roleArn": "acs:ram::1234567890123456:role/byok", "regionId": "cn-hangzhou"}});
    bench.call("PUT", "/logstores/app/encryption", &conf.to_string()).await.assert_done();
    assert_eq!(bench.logstore("app").await["encrypt_conf"], byok(true));
    bench.call("PUT", "/logstores/app/encryption", r#"{"enable":false}"#).await.assert_done();
    let logstore = bench.logstore("app").await;
    assert_eq!((&logstore["encrypt_conf"], &logstore["hot_ttl"]), (&byok(false), &json!(30)));
    bench
        .call("PUT", "/logstores/app/encryption", r#"{"enable":true,"encryptType":"m4"}"#)
        .await
        .assert_error(400, "ParameterInvalid", "encryption is set, only enable can be changed");
}

#[tokio::test]
async fn metering_decides_whether_a_standard_logstore_may_change_its_mode() {
    let bench = TestServer::start(Rules::Default).await;
    let mode = |bench: &TestServer| {
        let addr = bench.addr();
        async move {
            let request = signed("proj.localhost", "GET", "/logstores/app/meteringmode", "");
            exchange(addr, &request).await.unwrap().json()
        }
    };
    assert_eq!(mode(&bench).await, json!({"meteringMode": "ChargeByFunction"}));
    bench.call("PUT", "/logstores/app", r#"{"ttl":90,"mode":"lite"}"#).await.assert_error(
        400,
        "NotSupported",
        "The logstore mode or telemetryType is not supported for current metering mode.",
    );
    bench.call("PUT", "/logstores/app/meteringmode", r#"{"meteringMode":"Free"}"#).await.assert_error(
        400,
        "ParameterInvalid",
        "[meteringMode] key is missing or not supported",
    );
    let body = r#"{"meteringMode":"ChargeByDataIngest"}"#;
    bench.call("PUT", "/logstores/app/meteringmode", body).await.assert_done();
    assert_eq!(mode(&bench).await, json!({"meteringMode": "ChargeByDataIngest"}));
    bench.call("PUT", "/logstores/app", r#"{"ttl":90,"mode":"lite"}"#).await.assert_done();
    bench.call("PUT", "/logstores/app", r#"{"ttl":90,"mode":"standard"}"#).await.assert_done();
}

#[tokio::test]
async fn lists_are_filtered_sorted_and_paged() {
    let seed = r#"{"projects": [{"name": "proj", "logstores": [
        {"logstoreName": "web-b"}, {"logstoreName": "web-a", "mode": "query"},
        {"logstoreName": "metric", "telemetryType": "Metrics"}]}]}"#;
    let bench = TestServer::with_seed(seed, Rules::Default, START).await;
    for (query, total, names) in [
        ("", 3, json!(["metric", "web-a", "web-b"])),
        ("?offset=1&size=1", 3, json!(["web-a"])),
        ("?logstoreName=web", 2, json!(["web-a", "web-b"])),
        ("?telemetryType=None", 2, json!(["web-a", "web-b"])),
        ("?telemetryType=Metrics", 1, json!(["metric"])),
        ("?telemetryType=", 3, json!(["metric", "web-a", "web-b"])),
        ("?mode=query", 1, json!(["web-a"])),
        ("?mode=unheard-of", 0, json!([])),
    ] {
        let list = bench.call("GET", &format!("/logstores{query}"), "").await.json();
        let expected = json!({"count": names.as_array().unwrap().len(), "total": total, "logstores": names});
        assert_eq!(list, expected, "{query}");
    }
    bench.call("GET", "/logstores?size=501", "").await.assert_error(
        400,
        "ParameterInvalid",
        "Invalid parameter size, (0.6.0].",
    );
}

#[tokio::test]
async fn a_project_holds_200_logstores() {
    let bench = TestServer::start(Rules::Default).await;
    for i in 1..200 {
        bench.control("PUT", &format!("projects/proj/logstores/store-{i}"), "{}").await;
    }
    let body = r#"{"logstoreName":"one-more","ttl":30,"shardCount":2}"#;
    bench.call("POST", "/logstores", body).await.assert_error(
        400,
        "ProjectQuotaExceed",
        "Project Quota Exceed.",
    );
}
