//! Destroying a role: at once or not at all without `force`, and with it whatever others do meanwhile.

use serde_json::json;

use super::given::{self, NAME, POLICY, THIS, role, role_for};
use crate::harness::{Ran, Scene};

const DESTROY: [&str; 4] = ["destroy", "-auto-approve", "-input=false", "-json"];

#[test]
fn nothing_of_it_is_left() {
    let scene = given::applied(&role(
        "  pass_role = {\n    users = [\"alice\", \"bob\"]\n    groups = [\"auditors\"]\n    roles = [\"deployer\"]\n  }",
    ));
    let ran = scene.destroy();
    given::is_gone(&scene);
    ran.warning().says(&[
        "Destroying a role cuts off what is encrypted through it",
        "also if encryption was disabled later",
    ]);
    assert!(scene.role("deployer").is_some());
}

/// Attaches a custom policy of somebody else to the role.
#[track_caller]
fn attach_theirs(scene: &Scene) {
    let document =
        json!({"Version": "1", "Statement": [{"Effect": "Allow", "Action": "oss:*", "Resource": "*"}]});
    scene.try_ram("CreatePolicy", &[("PolicyName", "theirs"), ("PolicyDocument", &document.to_string())]);
    scene
        .ram("AttachPolicyToRole", &[("PolicyName", "theirs"), ("PolicyType", "Custom"), ("RoleName", NAME)]);
}

#[test]
fn without_force_it_fails_at_once_while_others_have_attached_policies() {
    let scene = given::applied(&role_for(&["alice"], ""));
    attach_theirs(&scene);
    scene.ram(
        "AttachPolicyToRole",
        &[("PolicyName", "AliyunLogReadOnlyAccess"), ("PolicyType", "System"), ("RoleName", NAME)],
    );
    let before = (given::stored(&scene), given::stored_policy(&scene));
    scene.forget_calls();
    let ran = scene.run(&DESTROY).failed();
    ran.error().says(&[
        "Others have attached policies to a role",
        "Role sls-byok",
        "nothing was changed",
        "AliyunLogReadOnlyAccess (System)",
        "theirs (Custom)",
        "force = true",
    ]);
    assert!(
        ran.warnings().iter().any(|warning| warning.text().contains("the destroy fails and changes nothing"))
    );
    assert_eq!(scene.ram_writes(), [""; 0]);
    assert_eq!((given::stored(&scene), given::stored_policy(&scene)), before);
    assert_eq!(scene.addresses(), [THIS]);
}

#[test]
fn with_force_the_policies_of_others_are_detached_and_not_deleted() {
    let scene = given::applied(&role_for(&["alice"], "  force = true"));
    attach_theirs(&scene);
    let ran = scene.destroy();
    assert!(
        ran.warnings()
            .iter()
            .any(|warning| warning.summary == "The policies of others are going to be detached from a role")
    );
    assert_eq!(scene.role(NAME), None);
    assert_eq!(scene.custom_policies(), ["theirs"]);
}

#[test]
fn force_counts_as_it_is_in_the_state() {
    let scene = given::applied(&role(""));
    attach_theirs(&scene);
    scene.write("main.tf", &role("  force = true"));
    scene.run(&DESTROY).failed().error().says(&["Others have attached policies"]);
    assert!(scene.role(NAME).is_some());
    scene.apply();
    scene.destroy();
    assert_eq!(scene.role(NAME), None);

    let scene = given::applied(&role("  force = true"));
    attach_theirs(&scene);
    scene.write("main.tf", "");
    scene.apply();
    assert_eq!(scene.role(NAME), None);
}

/// Runs a destroy, and does something while this call is held.
#[track_caller]
fn destroyed_while(scene: &Scene, action: &str, meanwhile: impl FnOnce(&Scene)) -> Ran {
    scene.ram_fault(&json!({"action": action, "effect": "hold"}));
    let run = scene.start(&DESTROY);
    scene.await_faults();
    meanwhile(scene);
    scene.release();
    run.wait()
}

#[test]
fn policies_that_are_attached_meanwhile_are_detached_with_force() {
    let scene = given::applied(&role_for(&["alice"], "  force = true"));
    destroyed_while(&scene, "DeleteRole", attach_theirs).succeeded();
    assert_eq!(scene.role(NAME), None);
    assert_eq!(scene.custom_policies(), ["theirs"]);
}

#[test]
fn policies_that_are_attached_meanwhile_are_left_without_force() {
    let scene = given::applied(&role_for(&["alice"], ""));
    let error = destroyed_while(&scene, "DeleteRole", attach_theirs).failed().error();
    error.says(&["Others attach policies to a role while it is deleted", "Role sls-byok", "theirs (Custom)"]);
    assert_eq!(given::stored(&scene).policies, ["Custom/theirs"]);
    assert_eq!(scene.addresses(), [THIS]);
}

#[test]
fn what_is_detached_meanwhile_is_no_error() {
    let scene = given::applied(&role_for(&["alice"], ""));
    let policy = [("PolicyName", "AliyunKMSReadOnlyAccess"), ("PolicyType", "System"), ("RoleName", NAME)];
    destroyed_while(&scene, "DetachPolicyFromRole", |scene| drop(scene.ram("DetachPolicyFromRole", &policy)))
        .succeeded();
    given::is_gone(&scene);
}

#[test]
fn a_pass_role_policy_that_somebody_is_given_meanwhile_goes_too() {
    let scene = given::applied(&role_for(&["alice"], ""));
    let policy = [("PolicyName", POLICY), ("PolicyType", "Custom"), ("UserName", "bob")];
    destroyed_while(&scene, "DeletePolicy", |scene| drop(scene.ram("AttachPolicyToUser", &policy)))
        .succeeded();
    given::is_gone(&scene);
}

#[test]
fn a_role_that_goes_meanwhile_is_no_error() {
    let scene = given::applied(&role(""));
    destroyed_while(&scene, "DeleteRole", |scene| drop(scene.ram("DeleteRole", &[("RoleName", NAME)])))
        .succeeded();
    given::is_gone(&scene);
}

/// A server that deletes may not have seen yet that the last policy is detached.
#[test]
fn what_was_detached_and_is_not_seen_yet_is_waited_for() {
    let scene = given::applied(&role(""));
    let conflict = json!({"error": {"status": 409, "code": "DeleteConflict.Role.Policy",
        "message": "The role CAN NOT has any attached policy while deleting the role."}});
    scene.ram_fault(&json!({"action": "DeleteRole", "times": 2, "effect": conflict}));
    scene.destroy();
    given::is_gone(&scene);
}

#[test]
fn a_destroy_that_fails_is_finished_by_the_next_one() {
    for action in ["DetachPolicyFromUser", "DeletePolicy", "DetachPolicyFromRole", "DeleteRole"] {
        let scene = given::applied(&role_for(&["alice"], ""));
        let denied = json!({"error": {"status": 403, "code": "NoPermission", "message": "No."}});
        scene.ram_fault(&json!({"action": action, "effect": denied}));
        scene.run(&DESTROY).failed().error().says(&["Cannot delete a role", "Role sls-byok", action]);
        assert_eq!(scene.addresses(), [THIS]);
        scene.destroy();
        given::is_gone(&scene);
    }
}

/// The principals that may pass a role may be BYOK roles themselves: such a policy does not belong to another writer.
#[test]
fn roles_that_may_pass_themselves_or_each_other_can_be_destroyed() {
    let role = |label: &str, name: &str, passed_by: &str| {
        format!(
            "resource \"alicloud_ram_byok_role\" \"{label}\" {{\n  role_name = \"{name}\"\n  pass_role = {{ roles = {passed_by} }}\n}}\n"
        )
    };
    for (a, b) in [
        ("[\"ra\"]", "[\"rb\"]"),
        ("[\"rb\"]", "[]"),
        ("[\"rb\"]", "[\"ra\"]"),
        ("[\"ra\", \"rb\"]", "[\"ra\", \"rb\"]"),
    ] {
        let scene = Scene::new(&given::people());
        scene.write("main.tf", &(role("a", "ra", a) + &role("b", "rb", b)));
        scene.apply();
        scene.plan().expect_empty();
        let ran = scene.destroy();
        assert!(
            !ran.diagnostics().iter().any(|told| told.text().contains("Others have")),
            "{:#?}",
            ran.diagnostics()
        );
        assert_eq!((scene.role("ra"), scene.role("rb")), (None, None), "{a} {b}");
        assert_eq!(scene.custom_policies(), [""; 0], "{a} {b}");
    }
}
