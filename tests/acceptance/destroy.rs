//! Destroying the resource: encryption cannot be removed, so it is switched off or kept.

use serde_json::json;

use crate::given::{self, THIS};
use crate::harness::{Ran, Scene};

/// Destroys without a refresh before, so that the destroy itself finds out how things are.
#[track_caller]
fn destroy_blindly(scene: &Scene) -> Ran {
    let ran = scene.run(&["destroy", "-auto-approve", "-input=false", "-refresh=false", "-json"]).succeeded();
    assert_eq!(ran.changes(), (0, 0, 1));
    assert_eq!(scene.addresses(), [""; 0]);
    ran
}

#[test]
fn encryption_is_switched_off_with_the_complete_configuration() {
    let scene = given::applied(&given::byok_encryption(given::DISABLING));
    assert_eq!(scene.destroy().changes(), (0, 0, 1));
    assert_eq!(given::stored(&scene), given::byok(false));
    assert_eq!(scene.writes().len(), 1);
    assert_eq!(scene.addresses(), [""; 0]);
}

#[test]
fn the_plan_warns_of_it() {
    let scene = given::applied(&given::encryption(given::DISABLING));
    let plan = scene.try_plan_with(&["-destroy"]).expect_changes();
    let warning = plan.ran.warning();
    warning.says(&["Destroying may switch encryption off", "Logstore audit:app", "on_destroy = \"keep\""]);
    assert_eq!(warning.address, THIS);
    assert_eq!(scene.writes().len(), 0);
}

#[test]
fn taking_the_resource_out_of_the_configuration_is_the_same() {
    let scene = given::applied(&given::encryption(given::DISABLING));
    scene.write("main.tf", "");
    scene.plan().expect_changes().ran.warning().says(&["Destroying may switch encryption off"]);
    assert_eq!(scene.apply().changes(), (0, 0, 1));
    assert_eq!(given::stored(&scene), given::service_key(false, "default"));
}

#[test]
fn encryption_is_kept_unless_the_configuration_says_otherwise() {
    for arguments in ["", "  on_destroy = \"keep\"", "  on_destroy = null"] {
        let scene = given::applied(&given::encryption(arguments));
        assert_eq!(scene.attributes(THIS)["on_destroy"], "keep");
        let plan = scene.try_plan_with(&["-destroy"]).expect_changes();
        plan.ran.warning().says(&["Destroying leaves the Logstore encrypting", "Logstore audit:app"]);
        scene.forget_calls();
        destroy_blindly(&scene);
        assert_eq!(scene.actions(), [""; 0], "nothing is sent, and nothing is read");
        assert_eq!(given::stored(&scene), given::service_key(true, "default"));
    }
}

/// As a state has it that a version wrote whose default was `disable`.
#[test]
fn what_the_state_says_counts_and_not_the_default() {
    let scene = given::applied(&given::encryption(given::DISABLING));
    destroy_blindly(&scene);
    assert_eq!(given::stored(&scene)["enable"], false);

    let scene = given::applied(&given::encryption(given::DISABLING));
    scene.edit_attributes(THIS, |attributes| drop(attributes.remove("on_destroy").unwrap()));
    destroy_blindly(&scene);
    assert_eq!(given::stored(&scene)["enable"], true, "who says nothing has not asked for it");
}

#[test]
fn a_disabled_logstore_needs_no_write_and_no_warning() {
    let scene = given::applied(&given::encryption("  enable = false\n  on_destroy = \"disable\""));
    let plan = scene.try_plan_with(&["-destroy"]).expect_changes();
    assert_eq!(plan.ran.diagnostics().len(), 0);
    scene.destroy();
    assert_eq!(scene.writes().len(), 0);
    assert_eq!(given::stored(&scene), given::service_key(false, "default"));
}

#[test]
fn a_logstore_that_somebody_else_disabled_needs_no_write() {
    let scene = given::applied(&given::encryption(given::DISABLING));
    scene.patch_log_store("audit", "app", &json!({"encrypt_conf": given::service_key(false, "default")}));
    destroy_blindly(&scene);
    assert_eq!(scene.writes().len(), 0);
}

#[test]
fn a_logstore_that_is_gone_is_success() {
    let scene = given::applied(&given::encryption(given::DISABLING));
    scene.delete_log_store("audit", "app");
    destroy_blindly(&scene);
    assert_eq!(scene.actions(), ["GetLogStore", "GetCallerIdentity"]);
}

#[test]
fn a_project_that_is_gone_is_success() {
    let scene = given::applied(&given::encryption(given::DISABLING));
    scene.delete_project("audit");
    destroy_blindly(&scene);
    assert_eq!(scene.actions(), ["GetLogStore", "GetCallerIdentity"]);
}

#[test]
fn with_a_refresh_what_is_gone_needs_no_destroy() {
    let scene = given::applied(&given::encryption(given::DISABLING));
    scene.delete_log_store("audit", "app");
    assert_eq!(scene.destroy().changes(), (0, 0, 0));
    assert_eq!(scene.addresses(), [""; 0]);
}

#[test]
fn a_logstore_made_anew_is_not_touched() {
    let scene = given::applied(&given::encryption(given::DISABLING));
    scene.delete_log_store("audit", "app");
    scene.put_log_store(
        "audit",
        "app",
        &json!({"createTime": 1_800_000_000, "encrypt_conf": given::byok(true)}),
    );
    let ran = destroy_blindly(&scene);
    ran.warnings()
        .last()
        .unwrap()
        .says(&["The Logstore stays as it is", "Logstore audit:app: it was deleted and created again"]);
    assert_eq!(scene.writes().len(), 0);
    assert_eq!(given::stored(&scene), given::byok(true));
}

#[test]
fn a_logstore_made_anew_that_was_never_configured_needs_no_write() {
    let scene = given::applied(&given::encryption(given::DISABLING));
    scene.delete_log_store("audit", "app");
    scene.put_log_store("audit", "app", &json!({"createTime": 1_800_000_000}));
    destroy_blindly(&scene);
    assert_eq!(scene.writes().len(), 0);
}

/// A replacement whose destroy failed leaves an object behind (deposed). What has come in its place stays encrypted,
/// whichever of the two core plans first.
#[test]
fn what_a_replacement_left_over_switches_nothing_off() {
    let scene = given::applied(&given::encryption(given::DISABLING));
    let mut state = scene.state();
    let instances = state["resources"][0]["instances"].as_array_mut().unwrap();
    let mut left = instances[0].clone();
    left["deposed"] = json!("0123abcd");
    // {"made_at":1}, which is long before.
    left["private"] = json!("eyJtYWRlX2F0IjoxfQ==");
    instances.push(left);
    scene.write("terraform.tfstate", &state.to_string());

    assert_eq!(scene.apply().changes(), (0, 0, 1));
    assert_eq!(scene.writes().len(), 0);
    assert_eq!(given::stored(&scene), given::service_key(true, "default"));
    assert!(scene.instance(THIS).get("deposed").is_none());
    scene.plan().expect_empty();
}

#[test]
fn a_destroy_that_fails_keeps_the_state() {
    let scene = given::applied(&given::encryption(given::DISABLING));
    let denied = json!({"status": 403, "code": "Forbidden", "message": "denied"});
    scene.fault(&json!({"action": "UpdateLogStore", "effect": {"error": denied}}));
    let ran = scene.run(&["destroy", "-auto-approve", "-input=false", "-json"]).failed();
    ran.error().says(&["audit:app", "denied", "log:UpdateLogStore"]);
    assert_eq!(scene.addresses(), [THIS]);
    scene.destroy();
    assert_eq!(given::stored(&scene), given::service_key(false, "default"));
}
