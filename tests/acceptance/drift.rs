//! What another writer changed is seen at the next plan, and nothing else is.

use serde_json::{Value, json};

use crate::given::{self, ARN, THIS};
use crate::harness::Scene;

/// Changes one member of the Logstore's configuration outside of Terraform.
fn set(scene: &Scene, pointer: &str, value: Value) {
    let mut conf = given::stored(scene);
    *conf.pointer_mut(pointer).unwrap() = value;
    scene.patch_log_store("audit", "app", &json!({"encrypt_conf": conf}));
}

/// What a refresh alone finds: paths, and values before and after. The exit code says nothing of it:
/// Terraform's is 2 whenever a resource was read (hashicorp/terraform issue 36403).
#[track_caller]
fn drift(scene: &Scene) -> Vec<(String, Value, Value)> {
    let plan = scene.try_plan_with(&["-refresh-only"]);
    assert_ne!(plan.ran.exit_code, Some(1));
    plan.drift(THIS)
}

#[test]
fn each_leaf_drifts_by_itself() {
    let scene = given::applied(&given::byok_encryption(""));
    for (pointer, attribute, before, after) in [
        ("/enable", "enable", json!(true), json!(false)),
        ("/encrypt_type", "encrypt_type", json!("default"), json!("aes_gcm")),
        ("/user_cmk_info/cmk_key_id", "user_cmk_info.cmk_key_id", json!("key-1"), json!("key-2")),
        ("/user_cmk_info/arn", "user_cmk_info.arn", json!(ARN), json!("acs:ram::1:role/other")),
        ("/user_cmk_info/region_id", "user_cmk_info.region_id", json!("cn-hangzhou"), json!("cn-beijing")),
    ] {
        set(&scene, pointer, after.clone());
        assert_eq!(drift(&scene), [(attribute.to_owned(), before.clone(), after)]);
        set(&scene, pointer, before);
    }
    assert_eq!(drift(&scene), []);
    assert_eq!(scene.writes().len(), 0);
}

/// An algorithm that is newer than the provider: it cannot be configured, and does no other harm.
#[test]
fn an_algorithm_that_the_provider_does_not_know_is_kept() {
    let scene = given::applied(&given::encryption(""));
    scene.patch_log_store("audit", "app", &json!({"encrypt_conf": given::service_key(true, "aes_xts")}));
    let error = scene.try_plan().failed().error();
    error.says(&["\"aes_xts\"", "does not know", "newer version", "ignore_changes = [encrypt_type]"]);
    let ignoring = given::encryption("  lifecycle {\n    ignore_changes = [encrypt_type]\n  }");
    scene.write("main.tf", &ignoring);
    scene.plan().expect_empty();
    assert_eq!(scene.writes().len(), 0);

    scene.run(&["state", "rm", THIS]).succeeded();
    scene.import(THIS, "audit:app").succeeded();
    assert_eq!(scene.attributes(THIS)["encrypt_type"], "aes_xts");
    scene.plan().expect_empty();
    scene.destroy();
}

#[test]
fn the_mechanism_drifts_with_its_key() {
    let scene = given::applied(&given::byok_encryption(""));
    scene.patch_log_store("audit", "app", &json!({"encrypt_conf": given::service_key(true, "default")}));
    let drift = drift(&scene);
    let names: Vec<_> = drift.iter().map(|(name, ..)| name.as_str()).collect();
    assert_eq!(names, ["mechanism", "user_cmk_info"]);
    assert_eq!(drift[0].2, "service_key");
    assert_eq!(drift[1].2, Value::Null);
}

#[test]
fn another_spelling_is_no_drift() {
    let scene = given::applied(&given::byok_encryption("  encrypt_type = \"m4\""));
    set(&scene, "/encrypt_type", json!("sm4"));
    set(&scene, "/user_cmk_info/arn", json!("acs:ram::1234567890123456:role/SLS-BYOK"));
    assert_eq!(drift(&scene), []);
    scene.plan().expect_empty();
}

#[test]
fn settings_that_are_not_managed_are_no_drift() {
    let scene = given::applied(&given::encryption(""));
    scene.patch_log_store("audit", "app", &json!({"ttl": 7, "autoSplit": true, "invented": [1]}));
    assert_eq!(drift(&scene), []);
    scene.plan().expect_empty();
}

#[test]
fn a_disabled_logstore_is_enabled_again() {
    let scene = given::applied(&given::encryption(""));
    set(&scene, "/enable", json!(false));
    let change = scene.plan().expect_changes().change(THIS);
    assert_eq!(change["actions"], json!(["update"]));
    assert_eq!((&change["before"]["enable"], &change["after"]["enable"]), (&json!(false), &json!(true)));
    scene.apply();
    assert_eq!(given::stored(&scene), given::service_key(true, "default"));
    scene.plan().expect_empty();
}

/// Such a change cannot come from the service's API. If it shows up, the provider cannot correct it either.
#[test]
fn a_permanent_value_that_drifted_is_refused_at_plan() {
    let scene = given::applied(&given::encryption("  encrypt_type = \"default\""));
    set(&scene, "/encrypt_type", json!("aes_gcm"));
    let error = scene.try_plan().failed().error();
    error.says(&["encrypt_type", "\"aes_gcm\"", "\"default\""]);
    error.at("main.tf", scene.line_of("main.tf", "encrypt_type ="));
    assert_eq!(scene.writes().len(), 0);
    assert_eq!(scene.attributes(THIS)["encrypt_type"], "default");
}
