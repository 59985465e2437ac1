//! Logstores and projects that are deleted, and Logstores that are created again.

use serde_json::{Value, json};

use crate::given::{self, THIS};
use crate::harness::Scene;

/// Replaces the Logstore by one that was created later, with this configuration or none.
fn rebuild(scene: &Scene, conf: &Value) {
    scene.delete_log_store("audit", "app");
    scene.put_log_store("audit", "app", &json!({"createTime": 1_800_000_000}));
    scene.patch_log_store("audit", "app", &json!({"encrypt_conf": conf}));
}

fn create() -> [(String, String); 1] {
    [(THIS.to_owned(), "create".to_owned())]
}

#[test]
fn a_deleted_logstore_is_planned_anew_and_waits_until_it_exists() {
    let scene = given::applied(&given::encryption("  timeouts = { create = \"2s\" }"));
    scene.delete_log_store("audit", "app");
    let plan = scene.plan().expect_changes();
    assert_eq!(plan.actions(), create());
    plan.ran.warning().says(&[
        "A Logstore does not exist any more",
        "Logstore audit:app:",
        "logstore app does not exist",
    ]);
    scene.try_apply().failed().error().says(&["audit:app", "LogStoreNotExist"]);
    assert_eq!(scene.writes().len(), 0);

    scene.put_log_store("audit", "app", &json!({"ttl": 7}));
    assert_eq!(scene.apply().changes(), (1, 0, 0));
    assert_eq!(given::stored(&scene), given::service_key(true, "default"));
    assert_eq!(scene.log_store("audit", "app")["ttl"], 7);
    scene.plan().expect_empty();
}

#[test]
fn a_deleted_project_is_told_as_such() {
    let scene = given::applied(&given::encryption("  timeouts = { create = \"2s\" }"));
    scene.delete_project("audit");
    let plan = scene.plan().expect_changes();
    assert_eq!(plan.actions(), create());
    plan.ran.warning().says(&["A Logstore does not exist any more", "Project"]);
    scene.try_apply().failed().error().says(&["ProjectNotExist", "project_name"]);
    assert_eq!(scene.writes().len(), 0);
}

#[test]
fn a_logstore_made_anew_is_encrypted_again() {
    let scene = given::applied(&given::encryption(""));
    rebuild(&scene, &Value::Null);
    let plan = scene.plan().expect_changes();
    assert_eq!(plan.actions(), create());
    plan.ran.warning().says(&["A Logstore is not encrypted", "deleted and created again"]);
    assert_eq!(scene.apply().changes(), (1, 0, 0));
    assert_eq!(given::stored(&scene), given::service_key(true, "default"));
    assert_eq!(scene.attributes(THIS)["logstore_create_time"], 1_800_000_000);
    scene.plan().expect_empty();
}

#[test]
fn for_a_logstore_made_anew_the_rules_start_afresh() {
    let scene = given::applied(&given::encryption(""));
    rebuild(&scene, &Value::Null);
    scene.write("main.tf", &given::byok_encryption("  encrypt_type = \"sm4_gcm\""));
    assert_eq!(scene.apply().changes(), (1, 0, 0));
    let mut expected = given::byok(true);
    expected["encrypt_type"] = "sm4_gcm".into();
    assert_eq!(given::stored(&scene), expected);
    scene.plan().expect_empty();
}

#[test]
fn a_logstore_made_anew_with_the_same_encryption_is_taken_over() {
    let scene = given::applied(&given::encryption(""));
    rebuild(&scene, &given::service_key(true, "default"));
    let plan = scene.plan().expect_empty();
    plan.ran.warning().says(&["A Logstore was deleted and created again"]);
    let create_time = "logstore_create_time".to_owned();
    assert_eq!(plan.drift(THIS), [(create_time, json!(1_700_000_000), json!(1_800_000_000))]);
    scene.apply();
    assert_eq!(scene.writes().len(), 0);
    assert_eq!(scene.attributes(THIS)["logstore_create_time"], 1_800_000_000);
    assert_eq!(scene.plan().expect_empty().ran.diagnostics().len(), 0);
}

#[test]
fn a_logstore_made_anew_and_disabled_is_enabled() {
    let scene = given::applied(&given::encryption(""));
    rebuild(&scene, &given::service_key(false, "default"));
    assert_eq!(scene.apply().changes(), (0, 1, 0));
    assert_eq!(given::stored(&scene), given::service_key(true, "default"));
}

#[test]
fn a_logstore_made_anew_with_another_encryption_is_refused() {
    let scene = given::applied(&given::encryption("  encrypt_type = \"default\""));
    rebuild(&scene, &given::service_key(true, "aes_gcm"));
    let plan = scene.try_plan().failed();
    plan.warning().says(&["A Logstore was deleted and created again"]);
    plan.error().says(&["encrypt_type", "\"aes_gcm\"", "\"default\""]);
    plan.error().at("main.tf", scene.line_of("main.tf", "encrypt_type ="));
    assert_eq!(scene.writes().len(), 0);

    // What is there can be configured instead.
    scene.write("main.tf", &given::encryption("  encrypt_type = \"aes_gcm\""));
    scene.apply();
    assert_eq!(scene.writes().len(), 0);
    scene.plan().expect_empty();
}

/// Between the plan and the apply of it.
#[test]
fn a_plan_for_the_old_logstore_is_not_carried_out_on_the_new_one() {
    let scene = given::applied(&given::encryption(""));
    scene.write("main.tf", &given::encryption("  enable = false"));
    scene.plan().expect_changes();
    rebuild(&scene, &given::service_key(true, "default"));
    scene.try_apply_plan().failed().error().says(&["A Logstore was deleted and created again", "1800000000"]);
    assert_eq!(scene.writes().len(), 0);
}

#[test]
fn an_encryption_that_is_no_longer_shown_stays_in_the_state_and_the_remedy_works() {
    let scene = given::applied(&given::encryption("  on_destroy = \"disable\""));
    scene.patch_log_store("audit", "app", &json!({"encrypt_conf": null}));
    scene.try_plan().failed().error().says(&["no longer shown", "audit:app", "terraform state rm ADDRESS"]);
    assert_eq!(scene.actions(), ["GetLogStore"; 4]);
    scene
        .run(&["destroy", "-auto-approve", "-refresh=false", "-json"])
        .failed()
        .error()
        .says(&["no longer shown"]);
    assert_eq!(scene.addresses(), [THIS]);
    assert_eq!(scene.writes().len(), 0);
    scene.run(&["state", "rm", THIS]).succeeded();
    scene.apply();
    assert_eq!(given::stored(&scene), given::service_key(true, "default"));
}

#[test]
fn an_answer_from_before_the_encryption_is_not_believed() {
    let scene = given::applied(&given::encryption(""));
    scene.fault_of("sls", &json!({"action": "GetLogStore", "times": 1, "effect": {"stale": {"reads": 2}}}));
    assert_eq!(scene.plan().expect_empty().ran.diagnostics().len(), 0);
    assert_eq!(scene.actions(), ["GetLogStore"; 3]);
}
