//! Everything about a Logstore that is not its encryption stays as it is, whatever is written.

use serde_json::{Value, json};

use crate::given;
use crate::harness::Scene;

/// A Logstore with every documented member of GetLogStore, none of them at its default, and two unknown members.
fn rich() -> Value {
    given::holding(&json!({
        "ttl": 365, "shardCount": 4, "enable_tracking": true, "autoSplit": true, "maxSplitShard": 128,
        "appendMeta": true, "telemetryType": "Event", "hot_ttl": 30, "infrequentAccessTTL": 60,
        "mode": "query", "processorId": "processor-1", "resourceGroupId": "rg-1", "enableModify": true,
        "productType": "aliyun", "resourceQuota": {"storage": {"preserved": -1, "used": 123}},
        "shardingPolicy": {"enabled": true, "queryActiveTime": 5, "shardHash": {"keys": ["a"], "maxHashCount": 8},
            "shardGroup": {"keys": ["b"], "groupCount": 2}},
        "inventedNumber": 1, "inventedObject": {"list": [1, null, "x"], "deep": {"flag": false}},
    }))
}

/// A Logstore that has only what every Logstore has.
fn poor() -> Value {
    given::plain()
}

/// Creates, disables, enables and destroys; after each write the Logstore is compared.
fn check(seed: &Value, flags: &[&str], main: fn(&str) -> String) {
    let scene = Scene::with_flags(seed, flags);
    let before = given::unmanaged(&scene);
    for (step, enable) in [("", true), ("  enable = false", false), (given::DISABLING, true)] {
        scene.write("main.tf", &main(step));
        scene.apply();
        assert_eq!(given::stored(&scene)["enable"], enable);
        assert_eq!(given::unmanaged(&scene), before, "after {step:?}");
    }
    scene.destroy();
    assert_eq!(given::stored(&scene)["enable"], false);
    assert_eq!(given::unmanaged(&scene), before, "after the destroy");
    assert_eq!(scene.writes().len(), 4);
}

#[test]
fn of_a_rich_logstore() {
    check(&rich(), &[], given::encryption);
}

#[test]
fn of_a_rich_logstore_with_a_key_of_ones_own() {
    check(&rich(), &[], given::byok_encryption);
}

#[test]
fn where_unknown_members_are_refused() {
    check(&rich(), &["--strict"], given::byok_encryption);
}

#[test]
fn where_omitted_members_are_kept() {
    check(&rich(), &["--lenient"], given::byok_encryption);
}

#[test]
fn of_a_poor_logstore() {
    check(&poor(), &["--strict"], given::encryption);
}

#[test]
fn numbers_keep_every_digit() {
    let scene = Scene::new(&given::holding(&json!({"resourceQuota": {"storage": {"used": 0}}})));
    // More digits than a float holds, and a fraction that a float would rewrite.
    let number: Value = serde_json::from_str("123456789012345678901234567890").unwrap();
    let fraction: Value = serde_json::from_str("1.50").unwrap();
    let policy = json!({"enabled": true, "queryActiveTime": number, "ratio": fraction});
    scene.patch_log_store("audit", "app", &json!({"shardingPolicy": policy}));
    scene.write("main.tf", &given::encryption(""));
    scene.apply();
    assert_eq!(scene.log_store("audit", "app")["shardingPolicy"].to_string(), policy.to_string());
    assert_eq!(scene.writes()[0].body["shardingPolicy"].to_string(), policy.to_string());
}
