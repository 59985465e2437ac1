//! Customer keys: what a configuration refers to has to be there, and the caller has to be allowed to hand
//! the role over.

use emulator::Rules;
use serde_json::{Value, json};
use test_support::Key;

use crate::client::{START, TestServer};

const RAM: &str = "2015-05-01";
const KMS: &str = "2016-01-20";

fn trust(service: &str) -> Value {
    json!({"Version": "1", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": {"Service": [service]}}]})
}

/// `Byok` is complete, and each other role lacks one thing. `alice` may pass `Byok`.
fn seed() -> Value {
    let both = json!(["AliyunKMSReadOnlyAccess", "AliyunKMSCryptoUserAccess"]);
    let role = |name: &str, service: &str, policies: &Value| json!({"name": name, "assume_role_policy_document": trust(service), "policies": policies});
    let pass = json!({"name": "pass", "document": {"Version": "1", "Statement": [{"Effect": "Allow",
        "Action": "ram:PassRole", "Resource": "acs:ram::1234567890123456:role/byok"}]}});
    json!({
        "access_keys": [
            {"id": "ak-root", "secret": "sk-root"},
            {"id": "ak-alice", "secret": "sk-alice", "user": "alice"}],
        "users": [{"name": "alice", "policies": ["AliyunLogFullAccess", pass]}],
        "roles": [
            role("Byok", "log.aliyuncs.com", &both),
            role("untrusting", "oss.aliyuncs.com", &both),
            role("unseeing", "log.aliyuncs.com", &json!(["AliyunKMSCryptoUserAccess"])),
            role("stripped", "log.aliyuncs.com", &json!(["AliyunKMSReadOnlyAccess"]))],
        "keys": [
            {"id": "key-1"},
            {"id": "key-off", "state": "Disabled"},
            {"id": "key-rsa", "spec": "RSA_2048"},
            {"id": "key-far", "region": "cn-beijing"}],
        "projects": [{"name": "proj", "logstores": [{"logstoreName": "app"}]}],
    })
}

async fn bench() -> TestServer {
    TestServer::with_seed(&seed().to_string(), Rules::Default, START).await
}

fn alice() -> Key {
    Key::new("ak-alice", "sk-alice")
}

fn update(role: &str, key: &str, region: &str, enable: bool) -> String {
    let arn = format!("acs:ram::1234567890123456:role/{role}");
    let conf = json!({"enable": enable, "encrypt_type": "default",
        "user_cmk_info": {"cmk_key_id": key, "arn": arn, "region_id": region}});
    json!({"logstoreName": "app", "ttl": 30, "encrypt_conf": conf}).to_string()
}

#[tokio::test]
async fn a_configuration_whose_role_and_key_are_right_is_stored_as_sent() {
    let bench = bench().await;
    let body = update("Byok", "key-1", "cn-hangzhou", true);
    bench.call_by(&alice(), "PUT", "/logstores/app", &body).await.assert_done();
    let stored = &bench.logstore("app").await["encrypt_conf"]["user_cmk_info"];
    assert_eq!(stored["arn"], "acs:ram::1234567890123456:role/Byok");
}

#[tokio::test]
async fn what_is_wrong_with_role_or_key_is_said() {
    let bench = bench().await;
    let no_trust = "STS answers NoPermission: You are not authorized to do this action. You should be authorized by RAM.";
    let gone = "STS answers EntityNotExist.Role: The role not exists: acs:ram::1234567890123456:role/none";
    let no_permission =
        "KMS answers Forbidden.NoPermission: This operation is forbidden by permission system.";
    let no_key = "KMS answers Forbidden.KeyNotFound: The specified Key is not found.";
    let disabled =
        "KMS answers Rejected.Disabled: The request was rejected because the key state is Disabled.";
    let asymmetric =
        "KMS answers UnsupportedOperation: This action is not allowed for the type of the specified key.";
    for (role, key, action, why) in [
        ("none", "key-1", "DescribeKey", gone),
        ("untrusting", "key-1", "DescribeKey", no_trust),
        ("unseeing", "key-1", "DescribeKey", no_permission),
        ("stripped", "key-1", "GenerateDataKey", no_permission),
        ("byok", "key-2", "DescribeKey", no_key),
        ("byok", "key-off", "GenerateDataKey", disabled),
        ("byok", "key-far", "DescribeKey", no_key),
        ("byok", "key-rsa", "GenerateDataKey", asymmetric),
    ] {
        let body = update(role, key, "cn-hangzhou", true);
        let expected = format!(
            "The key {key} in cn-hangzhou of logstore app cannot be used for kms:{action} through the role \
             acs:ram::1234567890123456:role/{role}: {why}"
        );
        bench.call("PUT", "/logstores/app", &body).await.assert_error(400, "ParameterInvalid", &expected);
        assert!(bench.logstore("app").await.get("encrypt_conf").is_none(), "{why}");
    }
    let elsewhere = "The key key-far is said to be in cn-beijing, and the Logstore is in cn-hangzhou.";
    let body = update("byok", "key-far", "cn-beijing", true);
    bench.call("PUT", "/logstores/app", &body).await.assert_error(400, "ParameterInvalid", elsewhere);
}

#[tokio::test]
async fn a_user_needs_to_be_allowed_to_pass_the_role_on() {
    let bench = bench().await;
    let body = update("stripped", "key-1", "cn-hangzhou", true);
    bench.call_by(&alice(), "PUT", "/logstores/app", &body).await.assert_error(
        401,
        "Unauthorized",
        "acs:ram::1234567890123456:user/alice is not allowed to perform ram:PassRole on \
         acs:ram::1234567890123456:role/stripped",
    );
    let dedicated = json!({"enable": true, "encryptType": "default", "userCmkInfo": {"keyId": "key-1",
        "roleArn": "acs:ram::1234567890123456:role/stripped", "regionId": "cn-hangzhou"}});
    let dedicated = bench.call_by(&alice(), "PUT", "/logstores/app/encryption", &dedicated.to_string()).await;
    assert_eq!(dedicated.json()["errorCode"], "Unauthorized");
}

#[tokio::test]
async fn encryption_can_be_switched_off_when_the_key_is_gone_and_on_when_it_is_back() {
    let bench = bench().await;
    let (on, off) =
        (update("byok", "key-1", "cn-hangzhou", true), update("byok", "key-1", "cn-hangzhou", false));
    bench.call("PUT", "/logstores/app", &on).await.assert_done();
    let key = [("KeyId", "key-1")];
    assert_eq!(bench.rpc(&Key::root(), (KMS, "DisableKey"), &key).await.status, 200);
    assert_eq!(bench.call("PUT", "/logstores/app", &on).await.json()["errorCode"], "ParameterInvalid");
    bench.call("PUT", "/logstores/app", &off).await.assert_done();
    assert_eq!(bench.rpc(&Key::root(), (KMS, "EnableKey"), &key).await.status, 200);
    bench.call("PUT", "/logstores/app", &on).await.assert_done();
}

#[tokio::test]
async fn a_role_that_is_made_over_the_wire_serves_as_well() {
    let bench = bench().await;
    let body = update("made", "key-1", "cn-hangzhou", true);
    assert_eq!(bench.call("PUT", "/logstores/app", &body).await.status, 400);
    let document = trust("log.aliyuncs.com").to_string();
    let role = [("RoleName", "Made"), ("AssumeRolePolicyDocument", document.as_str())];
    assert_eq!(bench.rpc(&Key::root(), (RAM, "CreateRole"), &role).await.status, 200);
    for policy in ["AliyunKMSReadOnlyAccess", "AliyunKMSCryptoUserAccess"] {
        let attach = [("RoleName", "Made"), ("PolicyType", "System"), ("PolicyName", policy)];
        assert_eq!(bench.rpc(&Key::root(), (RAM, "AttachPolicyToRole"), &attach).await.status, 200);
    }
    bench.call("PUT", "/logstores/app", &body).await.assert_done();
}

#[tokio::test]
async fn without_roles_and_keys_in_the_seed_references_are_not_looked_up() {
    let body = update("anything", "any-key", "cn-beijing", true);
    for (sections, status) in
        [(&[][..], 400), (&["keys"][..], 400), (&["roles"][..], 400), (&["roles", "keys"][..], 200)]
    {
        let mut seed = seed();
        for section in sections {
            seed.as_object_mut().unwrap().remove(*section);
        }
        let bench = TestServer::with_seed(&seed.to_string(), Rules::Default, START).await;
        let response = bench.call("PUT", "/logstores/app", &body).await;
        assert_eq!(response.status, status, "without {sections:?}: {}", response.text());
    }
}

#[tokio::test]
async fn kms_answers_over_the_wire_in_its_own_shape() {
    let bench = bench().await;
    let key = bench.rpc(&Key::root(), (KMS, "DescribeKey"), &[("KeyId", "key-1")]).await.json();
    assert_eq!(key["KeyMetadata"]["Arn"], "acs:kms:cn-hangzhou:1234567890123456:key/key-1");
    let unknown = bench.rpc(&Key::root(), (KMS, "DescribeKey"), &[("KeyId", "key-2")]).await;
    unknown.assert_rpc_error(404, "Forbidden.KeyNotFound");
    assert_eq!(unknown.json()["HttpStatus"], 404);
    let forbidden = bench.rpc(&alice(), (KMS, "DescribeKey"), &[("KeyId", "key-1")]).await;
    forbidden.assert_rpc_error(403, "Forbidden.NoPermission");
    bench.fault(r#"{"service": "kms", "action": "DescribeKey", "effect": "throttle"}"#).await;
    let throttled = bench.rpc(&Key::root(), (KMS, "DescribeKey"), &[("KeyId", "key-1")]).await;
    throttled.assert_rpc_error(400, "Rejected.Throttling");
    bench.rpc(&Key::root(), (KMS, "DisableKey"), &[("KeyId", "key-1")]).await;
    bench.control("POST", "reset", "").await;
    // The clock went back to the start, and so did the nonces.
    let key = bench.rpc(&Key::root(), (KMS, "DescribeKey"), &[("KeyId", "key-1")]).await.json();
    assert_eq!(key["KeyMetadata"]["KeyState"], "Enabled");
}
