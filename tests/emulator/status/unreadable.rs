//! A Logstore whose key or role is off is said to be so, in the words of the error that a read of it gets.

use emulator::Rules;
use serde_json::{Value, json};
use test_support::{Key, Response};

use crate::client::{START, TestServer};
use crate::data::{DataCall, group, put_to};

const RAM: &str = "2015-05-01";
const KMS: &str = "2016-01-20";

const ROLE: &str = "acs:ram::1234567890123456:role/byok";

/// Those that have a customer's key: encryption is switched on and was used, is switched on and was not used, and was
/// used and is switched off.
const CUSTOMERS: [&str; 3] = ["used", "unused", "switched-off"];

/// All.
const LOGSTORES: [&str; 5] = ["used", "unused", "switched-off", "service", "plain"];

fn trust(service: &str) -> Value {
    json!({"Version": "1", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": {"Service": [service]}}]})
}

fn conf(enable: bool, key: &str, role: &str, region: &str) -> Value {
    json!({"enable": enable, "encrypt_type": "default",
        "user_cmk_info": {"cmk_key_id": key, "arn": role, "region_id": region}})
}

async fn bench() -> TestServer {
    let logstore =
        |name: &str, conf: Value| json!({"logstoreName": name, "shardCount": 1, "encrypt_conf": conf});
    let of_ours = || conf(true, "key-1", ROLE, "cn-hangzhou");
    let mut logstores: Vec<Value> = CUSTOMERS.iter().map(|name| logstore(name, of_ours())).collect();
    logstores.push(logstore("service", json!({"enable": true, "encrypt_type": "default"})));
    logstores.push(json!({"logstoreName": "plain", "shardCount": 1}));
    let deny = json!({"name": "deny", "document": {"Version": "1", "Statement": [{"Effect": "Deny",
        "Action": "kms:Decrypt", "Resource": "*"}]}});
    let seed = json!({
        "roles": [
            {"name": "byok", "assume_role_policy_document": trust("log.aliyuncs.com"),
                "policies": ["AliyunKMSReadOnlyAccess", "AliyunKMSCryptoUserAccess"]},
            {"name": "other", "assume_role_policy_document": trust("log.aliyuncs.com"), "policies": [deny]}],
        "keys": [{"id": "key-1"}, {"id": "key-rsa", "spec": "RSA_2048"}, {"id": "key-far", "region": "cn-beijing"}],
        "projects": [{"name": "proj", "logstores": logstores}],
    });
    let bench = TestServer::with_seed(&seed.to_string(), Rules::Default, START).await;
    for name in LOGSTORES.iter().filter(|name| **name != "unused") {
        write(&bench, name).await.assert_done();
    }
    Step::Conf(&["switched-off"], conf(false, "key-1", ROLE, "cn-hangzhou")).take(&bench).await;
    bench
}

async fn write(bench: &TestServer, logstore: &str) -> Response {
    put_to(bench, &format!("/logstores/{logstore}/shards/lb"), &group("a")).await
}

async fn read(bench: &TestServer, logstore: &str) -> Response {
    let path = format!("/logstores/{logstore}");
    let call = DataCall::new("GET", &path).query("type", "log").query("from", START).query("to", START + 1);
    call.send(bench).await
}

/// Something that changes what keys and roles are good for.
enum Step {
    Rpc(&'static str, &'static str, Vec<(&'static str, String)>),
    Clock(i64),
    /// Writes an encryption configuration past the service's rules.
    Conf(&'static [&'static str], Value),
}

impl Step {
    async fn take(&self, bench: &TestServer) {
        match self {
            Self::Rpc(version, action, parameters) => {
                let parameters: Vec<(&str, &str)> =
                    parameters.iter().map(|(name, value)| (*name, value.as_str())).collect();
                let answer = bench.rpc(&Key::root(), (version, action), &parameters).await;
                assert_eq!(answer.status, 200, "{action}: {}", answer.text());
            }
            Self::Clock(seconds) => {
                bench.control("POST", "clock", &json!({"advance_seconds": seconds}).to_string()).await;
            }
            Self::Conf(logstores, conf) => {
                for logstore in *logstores {
                    let path = format!("projects/proj/logstores/{logstore}");
                    bench.control("PATCH", &path, &json!({"encrypt_conf": conf}).to_string()).await;
                }
            }
        }
    }
}

fn kms(action: &'static str, parameters: &[(&'static str, &str)]) -> Step {
    step(KMS, action, "KeyId", "key-1", parameters)
}

fn ram(action: &'static str, parameters: &[(&'static str, &str)]) -> Step {
    step(RAM, action, "RoleName", "byok", parameters)
}

fn step(
    version: &'static str,
    action: &'static str,
    of: &'static str,
    name: &str,
    parameters: &[(&'static str, &str)],
) -> Step {
    let all = [&[(of, name)], parameters].concat();
    Step::Rpc(version, action, all.into_iter().map(|(name, value)| (name, value.to_owned())).collect())
}

fn attachment(action: &'static str, policy: &str) -> Step {
    ram(action, &[("PolicyType", "System"), ("PolicyName", policy)])
}

fn trust_changed(service: &str) -> Step {
    ram("UpdateRole", &[("NewAssumeRolePolicyDocument", &trust(service).to_string())])
}

fn reconfigured(logstores: &'static [&'static str], key: &str, role: &str, region: &str) -> Step {
    Step::Conf(logstores, conf(true, key, role, region))
}

/// What switches keys and roles off: its name, what is done, which Logstores cannot be read from then on and with which
/// word in the reason, and what makes it undone, where that can be.
type Case = (&'static str, Vec<Step>, &'static [&'static str], &'static str, Vec<Step>);

const USED: &[&str] = &["used"];
const UNUSED: &[&str] = &["unused"];
const NONE: &[&str] = &[];

/// What happens to a key or a role.
fn switched_off() -> Vec<Case> {
    let (read_only, user) = ("AliyunKMSReadOnlyAccess", "AliyunKMSCryptoUserAccess");
    let schedule = || kms("ScheduleKeyDeletion", &[("PendingWindowInDays", "7")]);
    let detach = |policy| attachment("DetachPolicyFromRole", policy);
    let role_is_deleted = vec![detach(read_only), detach(user), ram("DeleteRole", &[])];
    let deny = |action| ram(action, &[("PolicyType", "Custom"), ("PolicyName", "deny")]);
    vec![
        (
            "the key is disabled",
            vec![kms("DisableKey", &[])],
            &CUSTOMERS,
            "Rejected.Disabled",
            vec![kms("EnableKey", &[])],
        ),
        (
            "the key is to be deleted",
            vec![schedule()],
            &CUSTOMERS,
            "Rejected.PendingDeletion",
            vec![kms("CancelKeyDeletion", &[])],
        ),
        (
            "the key is gone",
            vec![schedule(), Step::Clock(8 * 86_400)],
            &CUSTOMERS,
            "Forbidden.KeyNotFound",
            vec![],
        ),
        ("the role is gone", role_is_deleted, &CUSTOMERS, "EntityNotExist.Role", vec![]),
        (
            "the role trusts another service",
            vec![trust_changed("oss.aliyuncs.com")],
            &CUSTOMERS,
            "STS answers NoPermission",
            vec![trust_changed("log.aliyuncs.com")],
        ),
        (
            "the permission is detached",
            vec![detach(user)],
            &CUSTOMERS,
            "Forbidden.NoPermission",
            vec![attachment("AttachPolicyToRole", user)],
        ),
        ("a permission that is not needed is detached", vec![detach(read_only)], &[], "", vec![]),
        (
            "opening is denied",
            vec![deny("AttachPolicyToRole")],
            &CUSTOMERS,
            "Forbidden.NoPermission",
            vec![deny("DetachPolicyFromRole")],
        ),
    ]
}

/// What can be written into a configuration past the service's rules.
fn misconfigured() -> Vec<Case> {
    let no_permission = "acs:ram::1234567890123456:role/other";
    let elsewhere = "acs:ram::99:role/byok";
    let (here, far) = ("cn-hangzhou", "cn-beijing");
    let no_key = "Forbidden.KeyNotFound";
    let named = [
        ("another region", USED, ("key-1", ROLE, far), USED, no_key),
        ("another region before any use", UNUSED, ("key-1", ROLE, far), UNUSED, no_key),
        ("a key of another region", UNUSED, ("key-far", ROLE, here), UNUSED, no_key),
        ("no key that there is", UNUSED, ("key-2", ROLE, here), UNUSED, no_key),
        ("a key pair", UNUSED, ("key-rsa", ROLE, here), UNUSED, "UnsupportedOperation"),
        // What was wrapped says by which key.
        ("a key pair after the first use", USED, ("key-rsa", ROLE, here), NONE, ""),
        ("a role without permissions", USED, ("key-1", no_permission, here), USED, "Forbidden.NoPermission"),
        ("a role of another account", USED, ("key-1", elsewhere, here), USED, "EntityNotExist.Role"),
        ("something that is no role", USED, ("key-1", "byok", here), USED, "InvalidParameter.RoleArn"),
    ];
    let back = |logstores| vec![reconfigured(logstores, "key-1", ROLE, here)];
    let named = named.into_iter().map(|(case, logstores, (key, role, region), off, reason)| {
        (case, vec![reconfigured(logstores, key, role, region)], off, reason, back(logstores))
    });
    let without_key = json!({"enable": true, "encrypt_type": "default"});
    let without = [("no key any more", without_key), ("nothing any more", Value::Null)];
    let without = without.map(|(case, conf)| (case, vec![Step::Conf(USED, conf)], USED, "", back(USED)));
    named.chain(without).collect()
}

fn cases() -> Vec<Case> {
    switched_off().into_iter().chain(misconfigured()).collect()
}

/// What the state says a read of each Logstore is refused with.
async fn told(bench: &TestServer) -> Vec<Value> {
    let state = bench.control("GET", "state", "").await;
    let of = |name: &str| {
        let logstores = state["projects"][0]["logstores"].as_array().unwrap().iter();
        logstores.clone().find(|logstore| logstore["name"] == name).unwrap()["encryption"]["error"].clone()
    };
    let told: Vec<Value> = LOGSTORES.map(of).to_vec();
    let listed: Vec<Value> = LOGSTORES
        .iter()
        .zip(&told)
        .filter(|(_, error)| !error.is_null())
        .map(|(name, error)| json!({"project": "proj", "logstore": name, "error": error}))
        .collect();
    let mut unreadable = state["unreadable"].as_array().unwrap().clone();
    unreadable.sort_by_key(|entry| LOGSTORES.iter().position(|name| entry["logstore"] == *name));
    assert_eq!((&unreadable, &state["logstores"]["unreadable"]), (&listed, &json!(listed.len())));
    told
}

fn refusal(answer: &Response) -> Value {
    if answer.status == 200 {
        return Value::Null;
    }
    let body = answer.json();
    json!({"status": answer.status, "code": body["errorCode"], "message": body["errorMessage"]})
}

/// Checks that the state says what reads and writes are refused with.
async fn assert_true(bench: &TestServer, off: &[&str], reason: &str, case: &str) {
    let told = told(bench).await;
    for (name, told) in LOGSTORES.iter().zip(told) {
        assert_eq!(refusal(&read(bench, name).await), told, "{case}: reading {name}");
        assert_eq!(!told.is_null(), off.contains(name), "{case}: {name}: {told}");
        let says_why = told.is_null() || told["message"].as_str().unwrap().contains(reason);
        assert!(says_why, "{case}: {name}: {told}");
    }
}

#[tokio::test]
async fn the_state_says_what_a_read_is_refused_with_whatever_is_off() {
    for (case, steps, off, reason, undo) in cases() {
        let bench = bench().await;
        assert_true(&bench, &[], "", "before").await;
        for step in &steps {
            step.take(&bench).await;
        }
        assert_true(&bench, off, reason, case).await;
        for step in &undo {
            step.take(&bench).await;
        }
        if !undo.is_empty() {
            assert_true(&bench, &[], "", &format!("{case}, and undone")).await;
        }
    }
}

#[tokio::test]
async fn writes_are_refused_in_the_same_words_while_encryption_is_switched_on() {
    for (case, steps, ..) in cases() {
        let bench = bench().await;
        for step in &steps {
            step.take(&bench).await;
        }
        let told = told(&bench).await;
        for (name, told) in LOGSTORES.iter().zip(told) {
            let is_on = bench.logstore(name).await["encrypt_conf"]["enable"] == true;
            let expected = if is_on { told } else { Value::Null };
            assert_eq!(refusal(&write(&bench, name).await), expected, "{case}: writing {name}");
        }
    }
}
