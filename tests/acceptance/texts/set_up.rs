//! What the situations are made of.

use serde_json::{Value, json};

use crate::harness::Scene;
use crate::readiness;

/// The role of the seed that is as it has to be.
pub const ROLE: &str = "Sls-Byok";

/// Keys, roles and users of every kind ([`readiness::seed`]), and these Logstores of project `audit`: a name and what
/// it has of `encrypt_conf`.
pub fn seed(log_stores: &[(&str, Value)]) -> Value {
    let mut seed = readiness::seed();
    let log_store = |(name, conf): &(&str, Value)| {
        let mut members = json!({"logstoreName": name, "createTime": 1_700_000_000});
        if !conf.is_null() {
            members["encrypt_conf"] = conf.clone();
        }
        members
    };
    seed["projects"] =
        json!([{"name": "audit", "logstores": log_stores.iter().map(log_store).collect::<Vec<_>>()}]);
    let keys = seed["keys"].as_array_mut().unwrap();
    keys.push(json!({"id": "empty", "state": "PendingImport"}));
    keys.push(json!({"id": "signing", "spec": "RSA_2048", "usage": "SIGN/VERIFY"}));
    let forbid = json!({"name": "no-kms", "document": {"Version": "1", "Statement": [
        {"Effect": "Deny", "Action": "kms:*", "Resource": "*"}]}});
    let log = json!({"Version": "1", "Statement": [
        {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": ["log.aliyuncs.com"]}}]});
    let policies = json!(["AliyunKMSReadOnlyAccess", "AliyunKMSCryptoUserAccess", forbid]);
    let roles = seed["roles"].as_array_mut().unwrap();
    roles.push(json!({"name": "forbidden", "assume_role_policy_document": log, "policies": policies}));
    let reads = ["AliyunLogFullAccess", "AliyunRAMReadOnlyAccess"];
    let users = seed["users"].as_array_mut().unwrap();
    users.push(json!({"name": "half", "policies": reads}));
    let reads = ["AliyunLogReadOnlyAccess", "AliyunRAMReadOnlyAccess", "AliyunKMSReadOnlyAccess"];
    users.push(json!({"name": "reader", "policies": reads}));
    let keys = seed["access_keys"].as_array_mut().unwrap();
    for user in ["half", "reader"] {
        keys.push(json!({"id": format!("ak-{user}"), "secret": format!("sk-{user}"), "user": user}));
    }
    seed
}

/// A scene in which the provider looks at keys and roles.
pub fn scene(log_stores: &[(&str, Value)]) -> Scene {
    let scene = Scene::new(&seed(log_stores));
    scene.look_at_keys_and_roles();
    scene
}

/// A scene in which this is applied, without a look at keys and roles.
pub fn applied(log_stores: &[(&str, Value)], main: &str) -> Scene {
    let scene = scene(log_stores);
    scene.provider("  preflight = \"off\"");
    scene.write("main.tf", main);
    scene.apply();
    scene.provider("");
    scene
}

pub fn arn(role: &str) -> String {
    format!("acs:ram::1234567890123456:role/{role}")
}

/// `encrypt_conf` with a key of the service.
pub fn service_key(enable: bool, encrypt_type: &str) -> Value {
    json!({"enable": enable, "encrypt_type": encrypt_type})
}

/// `encrypt_conf` with this key and role.
pub fn byok_conf(enable: bool, key: &str, role: &str) -> Value {
    json!({"enable": enable, "encrypt_type": "default",
        "user_cmk_info": {"cmk_key_id": key, "arn": arn(role), "region_id": "cn-hangzhou"}})
}

/// The encryption of a Logstore, with further arguments; its label is the Logstore's name with `_` for `-`.
pub fn encryption(log_store: &str, arguments: &str) -> String {
    named(&log_store.replace('-', "_"), log_store, arguments)
}

/// [`encryption`] under another label.
pub fn named(label: &str, log_store: &str, arguments: &str) -> String {
    format!(
        "resource \"alicloud_log_store_encryption\" {label:?} {{\n  project_name  = \"audit\"\n  logstore_name = {log_store:?}\n{arguments}\n}}\n"
    )
}

/// [`encryption`] with a key and a role.
pub fn byok(log_store: &str, key: &str, role: &str, arguments: &str) -> String {
    encryption(log_store, &format!("{}{arguments}", cmk(&format!("{key:?}"), &format!("{:?}", arn(role)))))
}

/// The argument `user_cmk_info`, of two expressions.
pub fn cmk(key: &str, arn: &str) -> String {
    format!(
        "  user_cmk_info = {{\n    cmk_key_id = {key}\n    arn        = {arn}\n    region_id  = \"cn-hangzhou\"\n  }}\n"
    )
}

/// Orders a fault of SLS about one Logstore.
pub fn fault(scene: &Scene, log_store: &str, action: &str, effect: &Value) {
    scene.fault(&json!({"action": action, "logstore": log_store, "times": 100_000, "effect": effect}));
}

/// A refusal.
pub fn error(status: u16, code: &str, message: &str) -> Value {
    json!({"error": {"status": status, "code": code, "message": message}})
}

/// A refusal of SLS for want of permission.
pub fn denied(action: &str, log_store: &str) -> Value {
    let message = format!(
        "denied by sts or ram, action: log:{action}, resource: acs:log:cn-hangzhou:1234567890123456:project/audit/logstore/{log_store}"
    );
    error(401, "Unauthorized", &message)
}

/// Replaces a Logstore by one that was created later.
pub fn rebuild(scene: &Scene, log_store: &str, conf: &Value) {
    scene.delete_log_store("audit", log_store);
    scene.put_log_store("audit", log_store, &json!({"createTime": 1_800_000_000}));
    scene.patch_log_store("audit", log_store, &json!({"encrypt_conf": conf}));
}
