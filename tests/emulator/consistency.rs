//! Roles and attachments that are seconds old, rehearsed with stale answers: what was written is there, and is
//! not seen yet.

use emulator::Rules;
use serde_json::{Value, json};
use test_support::Key;

use crate::client::{START, TestServer};

const RAM: &str = "2015-05-01";
const STS: &str = "2015-04-01";

const CONF: &str = r#"{"logstoreName": "app", "ttl": 30, "encrypt_conf": {"enable": true, "encrypt_type": "default",
    "user_cmk_info": {"cmk_key_id": "key-1", "arn": "acs:ram::1234567890123456:role/byok", "region_id": "cn-hangzhou"}}}"#;

fn trust(principal: &Value) -> String {
    json!({"Version": "1", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal}]})
        .to_string()
}

async fn bench() -> TestServer {
    let seed = json!({
        "access_keys": [
            {"id": "ak-root", "secret": "sk-root"},
            {"id": "ak-alice", "secret": "sk-alice", "user": "alice"}],
        "users": [{"name": "alice"}],
        "keys": [{"id": "key-1"}],
        "projects": [{"name": "proj", "logstores": [{"logstoreName": "app"}]}],
    });
    TestServer::with_seed(&seed.to_string(), Rules::Default, START).await
}

async fn ram(bench: &TestServer, action: &str, parameters: &[(&str, &str)]) {
    let response = bench.rpc(&Key::root(), (RAM, action), parameters).await;
    assert_eq!(response.status, 200, "{action}: {}", response.text());
}

async fn attach(bench: &TestServer, policy: &str) {
    let parameters = [("RoleName", "byok"), ("PolicyType", "System"), ("PolicyName", policy)];
    ram(bench, "AttachPolicyToRole", &parameters).await;
}

/// Three writes: a role that Log Service may assume, and its two policies.
async fn make_role(bench: &TestServer) {
    let trust = trust(&json!({"Service": ["log.aliyuncs.com"]}));
    ram(bench, "CreateRole", &[("RoleName", "byok"), ("AssumeRolePolicyDocument", &trust)]).await;
    attach(bench, "AliyunKMSReadOnlyAccess").await;
    attach(bench, "AliyunKMSCryptoUserAccess").await;
}

async fn stale(bench: &TestServer, service: &str, action: &str, reads: u64, writes: u64) {
    let effect = json!({"stale": {"reads": reads, "writes": writes}});
    bench.fault(&json!({"service": service, "action": action, "effect": effect}).to_string()).await;
}

#[tokio::test]
async fn log_service_may_not_see_a_role_or_its_policies_yet() {
    for (writes, why) in [
        (
            1,
            "kms:GenerateDataKey through the role acs:ram::1234567890123456:role/byok: KMS answers Forbidden",
        ),
        (2, "kms:DescribeKey through the role acs:ram::1234567890123456:role/byok: KMS answers Forbidden"),
        (
            3,
            "kms:DescribeKey through the role acs:ram::1234567890123456:role/byok: STS answers EntityNotExist",
        ),
    ] {
        let bench = bench().await;
        make_role(&bench).await;
        stale(&bench, "sls", "UpdateLogStore", 2, writes).await;
        for _ in 0..2 {
            let refused = bench.call("PUT", "/logstores/app", CONF).await.json();
            assert_eq!(refused["errorCode"], "ParameterInvalid");
            assert!(refused["errorMessage"].as_str().unwrap().contains(why), "{writes}: {refused}");
        }
        bench.call("PUT", "/logstores/app", CONF).await.assert_done();
    }
}

#[tokio::test]
async fn a_permission_to_pass_the_role_on_may_not_be_seen_yet() {
    let bench = bench().await;
    make_role(&bench).await;
    let to_alice = |name| [("UserName", "alice"), ("PolicyType", "System"), ("PolicyName", name)];
    ram(&bench, "AttachPolicyToUser", &to_alice("AliyunLogFullAccess")).await;
    ram(&bench, "AttachPolicyToUser", &to_alice("AliyunRAMFullAccess")).await;
    let alice = Key::new("ak-alice", "sk-alice");
    stale(&bench, "sls", "UpdateLogStore", 1, 1).await;
    let refused = bench.call_by(&alice, "PUT", "/logstores/app", CONF).await;
    assert_eq!((refused.status, &refused.json()["errorCode"]), (401, &json!("Unauthorized")));
    bench.call_by(&alice, "PUT", "/logstores/app", CONF).await.assert_done();
}

#[tokio::test]
async fn ram_itself_may_not_show_a_role_or_its_policies_yet() {
    let bench = bench().await;
    make_role(&bench).await;
    let named = [("RoleName", "byok")];
    stale(&bench, "ram", "*", 1, 3).await;
    let gone = bench.rpc(&Key::root(), (RAM, "GetRole"), &named).await;
    gone.assert_rpc_error(404, "EntityNotExist.Role");
    for (writes, expected) in [(2, 0), (1, 1)] {
        stale(&bench, "ram", "ListPoliciesForRole", 1, writes).await;
        let listed = bench.rpc(&Key::root(), (RAM, "ListPoliciesForRole"), &named).await.json();
        assert_eq!(listed["Policies"]["Policy"].as_array().unwrap().len(), expected, "{writes}");
    }
    let listed = bench.rpc(&Key::root(), (RAM, "ListPoliciesForRole"), &named).await.json();
    assert_eq!(listed["Policies"]["Policy"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn sts_may_not_see_a_role_or_the_permission_to_assume_it_yet() {
    let bench = bench().await;
    let trust = trust(&json!({"RAM": ["acs:ram::1234567890123456:root"]}));
    ram(&bench, "CreateRole", &[("RoleName", "deployer"), ("AssumeRolePolicyDocument", &trust)]).await;
    let may_assume =
        [("UserName", "alice"), ("PolicyType", "System"), ("PolicyName", "AliyunSTSAssumeRoleAccess")];
    ram(&bench, "AttachPolicyToUser", &may_assume).await;
    let alice = Key::new("ak-alice", "sk-alice");
    let wanted = [("RoleArn", "acs:ram::1234567890123456:role/deployer"), ("RoleSessionName", "s1")];
    let assume = || bench.rpc(&alice, (STS, "AssumeRole"), &wanted);
    stale(&bench, "sts", "AssumeRole", 1, 1).await;
    assume().await.assert_rpc_error(403, "NoPermission");
    let session = assume().await.json();
    let caller = bench.rpc(&Key::from_session(&session), (STS, "GetCallerIdentity"), &[]).await.json();
    assert_eq!(caller["Arn"], "acs:ram::1234567890123456:assumed-role/deployer/s1");
    // A session is not a write to the account: the last write is still the attachment.
    stale(&bench, "sts", "AssumeRole", 1, 1).await;
    assume().await.assert_rpc_error(403, "NoPermission");
    assert_eq!(assume().await.status, 200);
}
