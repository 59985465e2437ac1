//! The account that the matrix begins with.

use serde_json::{Value, json};
use test_support::identity::{PROVIDER, seeded_provider};

/// `alice` may do everything. Beside her are people, roles and policies that only the action under test changes.
pub fn seed() -> Value {
    let held = json!({ "name": "held", "document": allow(&json!("ram:GetRole")) });
    json!({
        "access_keys": [{ "id": "ak-alice", "secret": "sk-alice", "user": "alice" }],
        "groups": [{ "name": "readers", "policies": [held] }, { "name": "writers" }],
        "users": [
            { "name": "alice", "policies": [{ "name": "all", "document": allow(&json!("*")) }, "held"] },
            { "name": "bob", "groups": ["readers"], "policies": ["held"] },
            { "name": "carol" },
        ],
        "roles": [
            { "name": "idle", "description": "before", "assume_role_policy_document": trust(&json!({
                "RAM": ["acs:ram::1234567890123456:root"], "Federated": [PROVIDER] })) },
            { "name": "Sls-Byok", "policies": ["held", "AliyunKMSReadOnlyAccess", "AliyunKMSCryptoUserAccess"],
                "assume_role_policy_document": trust(&json!({ "Service": ["log.aliyuncs.com"] })) },
        ],
        "oidc_providers": [seeded_provider()],
        "keys": [{ "id": "key-aes", "spec": "Aliyun_AES_256" }],
        "projects": [{ "name": "audit", "logstores": [
            { "logstoreName": "app", "ttl": 30 },
            { "logstoreName": "cpu", "ttl": 30, "telemetryType": "Metrics" },
        ] }],
    })
}

fn allow(action: &Value) -> Value {
    json!({ "Version": "1", "Statement": [{ "Effect": "Allow", "Action": action, "Resource": "*" }] })
}

fn trust(principal: &Value) -> Value {
    json!({ "Version": "1",
        "Statement": [{ "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal }] })
}
