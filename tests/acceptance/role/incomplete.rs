//! A create that fails half-way: what was made is in the state, and the next apply goes on with it.

use serde_json::{Value, json};

use super::given::{self, NAME, POLICY, THIS, role, role_for};
use crate::harness::Scene;

/// An error that is not temporary.
fn denied() -> Value {
    json!({"error": {"status": 403, "code": "NoPermission", "message": "You are not authorized to do this action."}})
}

/// A scene in which the create of the role failed at this action, after `skip` of them.
#[track_caller]
fn failed_at(action: &str, skip: u64, main: &str) -> Scene {
    let scene = Scene::new(&given::people());
    scene.write("main.tf", main);
    scene.ram_fault(&json!({"action": action, "skip": skip, "effect": denied()}));
    let error = scene.try_apply().failed().error();
    error.says(&[
        "Cannot configure a role",
        "Role sls-byok",
        action,
        "NoPermission",
        &format!("Grant the caller ram:{action}."),
    ]);
    assert_eq!(scene.instance(THIS)["status"], "tainted");
    scene.forget_calls();
    scene
}

fn main() -> String {
    role_for(&["alice", "bob"], "")
}

#[test]
fn the_next_apply_goes_on_with_the_same_role() {
    for (action, skip) in [
        ("AttachPolicyToRole", 0),
        ("AttachPolicyToRole", 1),
        ("CreatePolicy", 0),
        ("AttachPolicyToUser", 0),
        ("AttachPolicyToUser", 1),
        ("UpdateRole", 0),
    ] {
        let scene = failed_at(action, skip, &main());
        let made = given::stored(&scene).role_id;
        assert_eq!(scene.attributes(THIS)["role_id"], made.as_str());
        scene.apply();
        assert_eq!(given::stored(&scene).role_id, made);
        given::is_whole(&scene, &["user alice", "user bob"]);
        let writes = scene.ram_writes();
        assert!(!writes.contains(&"CreateRole".to_owned()) && !writes.contains(&"DeleteRole".to_owned()));
        assert_eq!(scene.instance(THIS)["status"], Value::Null);
        scene.plan().expect_empty();
    }
}

#[test]
fn what_was_done_is_in_the_state() {
    let scene = failed_at("AttachPolicyToUser", 1, &main());
    let state = scene.attributes(THIS);
    assert_eq!(state["kms_policies"], json!(["AliyunKMSCryptoUserAccess", "AliyunKMSReadOnlyAccess"]));
    assert_eq!(state["pass_role"]["users"], json!(["alice"]));
    assert!(state["pass_role_policy"].is_string());
    let scene = failed_at("AttachPolicyToRole", 1, &main());
    let state = scene.attributes(THIS);
    assert_eq!(state["kms_policies"], json!(["AliyunKMSReadOnlyAccess"]));
    assert_eq!(state["pass_role_policy"], Value::Null);
}

#[test]
fn only_what_is_missing_is_sent() {
    let scene = failed_at("AttachPolicyToUser", 1, &main());
    scene.apply();
    assert_eq!(scene.ram_writes(), ["AttachPolicyToUser", "UpdateRole"]);
}

#[test]
fn a_plan_and_an_apply_of_it_finish_too() {
    let scene = failed_at("CreatePolicy", 0, &main());
    let made = given::stored(&scene).role_id;
    scene.plan().expect_changes();
    scene.plan().expect_changes();
    scene.try_apply_plan().succeeded();
    assert_eq!(given::stored(&scene).role_id, made);
    given::is_whole(&scene, &["user alice", "user bob"]);
    scene.plan().expect_empty();
}

#[test]
fn a_second_failure_keeps_the_role_in_the_state() {
    let scene = failed_at("CreatePolicy", 0, &main());
    let made = given::stored(&scene).role_id;
    for rule in [
        json!({"action": "AttachPolicyToUser", "effect": denied()}),
        // The first read is of the plan, the second of the apply.
        json!({"action": "GetRole", "skip": 1, "effect": denied()}),
        json!({"action": "ListPoliciesForRole", "skip": 1, "effect": denied()}),
        json!({"action": "UpdateRole", "effect": denied()}),
    ] {
        scene.ram_fault(&rule);
        scene.try_apply().failed();
        scene.clear_faults();
        assert_eq!(scene.instance(THIS)["status"], "tainted", "{rule}");
        assert_eq!(scene.attributes(THIS)["role_id"], made.as_str(), "{rule}");
        assert_eq!(scene.attributes(THIS)["arn"], given::ARN, "{rule}");
    }
    scene.apply();
    assert_eq!(given::stored(&scene).role_id, made);
    given::is_whole(&scene, &["user alice", "user bob"]);
    scene.plan().expect_empty();
}

/// RAM tells then what was left.
#[test]
fn without_a_refresh_too() {
    let scene = failed_at("CreatePolicy", 0, &main());
    let made = given::stored(&scene).role_id;
    scene.try_apply_with(&["-refresh=false"]).succeeded();
    assert_eq!(given::stored(&scene).role_id, made);
    given::is_whole(&scene, &["user alice", "user bob"]);
    scene.plan().expect_empty();
}

#[test]
fn it_is_finished_with_another_configuration() {
    let scene = failed_at("AttachPolicyToUser", 1, &main());
    let made = given::stored(&scene).role_id;
    scene.write(
        "main.tf",
        &role("  description = \"Other\"\n  pass_role = {\n    policy_name = \"other\"\n    groups = [\"auditors\"]\n  }"),
    );
    scene.apply();
    let now = given::stored(&scene);
    assert_eq!((now.role_id, now.description), (made, "Other".to_owned()));
    assert_eq!(scene.custom_policies(), ["other"]);
    assert_eq!(scene.policy("other").unwrap().holders, ["group auditors"]);
    scene.plan().expect_empty();
}

#[test]
fn it_is_finished_without_the_policy_that_was_begun() {
    let scene = failed_at("AttachPolicyToUser", 1, &main());
    scene.write("main.tf", &role(""));
    scene.apply();
    assert_eq!(scene.custom_policies(), [""; 0]);
    scene.plan().expect_empty();
}

#[test]
fn under_another_name_another_role_is_made_and_this_one_goes() {
    let scene = failed_at("AttachPolicyToUser", 1, &main());
    scene.write("main.tf", &main().replace(NAME, "other"));
    scene.apply();
    assert_eq!(scene.role(NAME), None);
    assert_eq!(scene.custom_policies(), ["other-pass-role"]);
    assert!(scene.role("other").is_some());
    scene.plan().expect_empty();
}

#[test]
fn a_destroy_removes_it() {
    for (action, skip) in [("AttachPolicyToRole", 0), ("AttachPolicyToUser", 1)] {
        let scene = failed_at(action, skip, &main());
        scene.destroy();
        given::is_gone(&scene);
    }
}

#[test]
fn a_destroy_that_fails_is_finished_by_the_next_one() {
    let scene = failed_at("AttachPolicyToUser", 1, &main());
    scene.ram_fault(&json!({"action": "DeleteRole", "effect": denied()}));
    scene.run(&["destroy", "-auto-approve", "-input=false", "-json"]).failed();
    scene.destroy();
    given::is_gone(&scene);
}

#[test]
fn taken_out_of_the_configuration_it_is_removed() {
    let scene = failed_at("AttachPolicyToUser", 1, &main());
    scene.write("main.tf", "");
    scene.apply();
    given::is_gone(&scene);
}

#[test]
fn a_replacement_that_is_asked_for_finishes_it() {
    let scene = failed_at("CreatePolicy", 0, &main());
    let made = given::stored(&scene).role_id;
    scene.try_apply_with(&["-replace", THIS]).succeeded();
    assert_eq!(given::stored(&scene).role_id, made);
    given::is_whole(&scene, &["user alice", "user bob"]);
}

#[test]
fn untainted_it_is_finished_in_place() {
    let scene = failed_at("CreatePolicy", 0, &main());
    let made = given::stored(&scene).role_id;
    scene.run(&["untaint", THIS]).succeeded();
    assert_eq!(scene.apply().changes(), (0, 1, 0));
    assert_eq!(given::stored(&scene).role_id, made);
    given::is_whole(&scene, &["user alice", "user bob"]);
    scene.plan().expect_empty();
}

#[test]
fn a_role_that_is_whole_is_really_replaced() {
    let scene = given::applied(&main());
    let made = given::stored(&scene).role_id;
    for taint in [true, false] {
        let before = given::stored(&scene).role_id;
        if taint {
            scene.run(&["taint", THIS]).succeeded();
            assert_eq!(scene.apply().changes(), (1, 0, 1));
        } else {
            assert_eq!(scene.try_apply_with(&["-replace", THIS]).succeeded().changes(), (1, 0, 1));
        }
        assert_ne!(given::stored(&scene).role_id, before);
        given::is_whole(&scene, &["user alice", "user bob"]);
        scene.plan().expect_empty();
    }
    scene.run(&["taint", THIS]).succeeded();
    scene.try_apply_with(&["-refresh=false"]).succeeded();
    assert_ne!(given::stored(&scene).role_id, made);
    given::is_whole(&scene, &["user alice", "user bob"]);
}

/// Where the state was lost, RAM tells of the role too.
#[test]
fn a_role_that_is_in_no_state_is_finished() {
    let scene = failed_at("AttachPolicyToUser", 1, &main());
    let made = given::stored(&scene).role_id;
    scene.run(&["state", "rm", THIS]).succeeded();
    scene.apply();
    assert_eq!(given::stored(&scene).role_id, made);
    given::is_whole(&scene, &["user alice", "user bob"]);
    scene.plan().expect_empty();
}

/// The answer to the last write is lost: only the description is not known.
#[test]
fn a_role_that_lacks_at_most_its_description_is_made() {
    for effect in ["drop_after", "drop_before"] {
        let scene = Scene::new(&given::people());
        scene.provider("  max_retries = 0");
        scene.write("main.tf", &main());
        scene.ram_fault(&json!({"action": "UpdateRole", "times": 9, "effect": effect}));
        scene.apply().warning().says(&["Whether a role has its description is not known", "Role sls-byok"]);
        scene.clear_faults();
        let made = given::stored(&scene).role_id;
        scene.apply();
        assert_eq!(given::stored(&scene).role_id, made);
        assert_eq!(scene.attributes(THIS)["description"], given::stored(&scene).description.as_str());
        given::is_whole(&scene, &["user alice", "user bob"]);
        scene.plan().expect_empty();
    }
}

/// Somebody took the mark away: the plan says what to do, and that works.
#[test]
fn one_that_is_not_marked_any_more_is_an_error_of_the_plan_that_says_what_to_do() {
    let scene = failed_at("AttachPolicyToUser", 1, &main());
    let made = given::stored(&scene).role_id;
    scene.ram("UpdateRole", &[("RoleName", NAME), ("NewDescription", "Mine")]);
    let error = scene.try_plan().failed().error();
    error.says(&["Role sls-byok", "terraform untaint ADDRESS"]);
    error.at("main.tf", 2);
    scene.run(&["untaint", THIS]).succeeded();
    scene.apply();
    assert_eq!(given::stored(&scene).role_id, made);
    given::is_whole(&scene, &["user alice", "user bob"]);
    scene.plan().expect_empty();
}

/// Two roles cannot have one name: with `create_before_destroy` there is no way, and the error says so.
#[test]
fn create_before_destroy_is_an_error_that_says_why() {
    let lifecycle = "  lifecycle {\n    create_before_destroy = true\n  }";
    let scene = given::applied(&role_for(&["alice"], lifecycle));
    let made = given::stored(&scene).role_id;
    let error = scene.try_apply_with(&["-replace", THIS]).failed().error();
    error.says(&[
        "A role of this name exists already",
        "Role sls-byok",
        "Remove create_before_destroy",
        "terraform state rm",
    ]);
    assert_eq!(given::stored(&scene).role_id, made);
    given::is_whole(&scene, &["user alice"]);
    scene.write("main.tf", &role_for(&["alice"], ""));
    scene.run(&["state", "rm", THIS]).succeeded();
    scene.import(THIS, NAME).succeeded();
    scene.apply();
    assert_eq!(given::stored(&scene).role_id, made);
    given::is_whole(&scene, &["user alice"]);
    scene.plan().expect_empty();
}

#[test]
fn one_that_was_deleted_meanwhile_is_made_anew() {
    let scene = failed_at("AttachPolicyToRole", 0, &main());
    scene.ram("DeleteRole", &[("RoleName", NAME)]);
    assert_eq!(scene.apply().changes(), (1, 0, 0));
    given::is_whole(&scene, &["user alice", "user bob"]);
    scene.plan().expect_empty();
}

#[test]
fn one_that_somebody_else_has_made_meanwhile_is_left_alone() {
    let scene = failed_at("AttachPolicyToRole", 0, &main());
    scene.ram("DeleteRole", &[("RoleName", NAME)]);
    let trust = given::trust().to_string();
    scene.ram("CreateRole", &[("RoleName", NAME), ("AssumeRolePolicyDocument", &trust)]);
    let before = given::stored(&scene);
    let ran = scene.try_apply().failed();
    ran.error().says(&["A role of this name exists already", "Role sls-byok", "terraform import"]);
    assert!(ran.warnings().iter().any(|warning| warning.summary == "A role belongs to somebody else"));
    assert_eq!(given::stored(&scene), before);
}

/// The answer to the create is lost, and every call after it: it is not known whether the role exists.
#[test]
fn a_role_of_which_nobody_knows_is_looked_for_by_the_next_run() {
    for (effect, is_there) in [("drop_after", true), ("drop_before", false)] {
        let scene = Scene::new(&given::people());
        scene.provider("  max_retries = 0");
        scene.write("main.tf", &main());
        scene.ram_fault(&json!({"action": "CreateRole", "times": 9, "effect": effect}));
        scene.ram_fault(&json!({"action": "GetRole", "skip": 2, "times": 9, "effect": "drop_before"}));
        scene.try_apply().failed().error().says(&["Cannot create a role", "Role sls-byok"]);
        scene.clear_faults();
        assert_eq!(scene.role(NAME).is_some(), is_there);
        let made = scene.role(NAME).map(|role| role.role_id);
        scene.apply();
        let now = given::stored(&scene).role_id;
        assert!(made.is_none_or(|made| made == now));
        given::is_whole(&scene, &["user alice", "user bob"]);
        scene.plan().expect_empty();
    }
}

#[test]
fn a_role_of_which_nobody_knows_is_destroyed() {
    for refresh in ["-refresh=true", "-refresh=false"] {
        let scene = Scene::new(&given::people());
        scene.provider("  max_retries = 0");
        scene.write("main.tf", &main());
        scene.ram_fault(&json!({"action": "CreateRole", "times": 9, "effect": "drop_after"}));
        scene.ram_fault(&json!({"action": "GetRole", "skip": 2, "times": 9, "effect": "drop_before"}));
        scene.try_apply().failed();
        scene.clear_faults();
        scene.run(&["destroy", "-auto-approve", "-input=false", "-json", refresh]).succeeded();
        given::is_gone(&scene);
    }
}

#[test]
fn a_policy_whose_name_is_taken_is_an_error_and_nothing_is_orphaned() {
    let scene = Scene::new(&given::people());
    let document =
        json!({"Version": "1", "Statement": [{"Effect": "Allow", "Action": "oss:*", "Resource": "*"}]});
    scene.ram("CreatePolicy", &[("PolicyName", POLICY), ("PolicyDocument", &document.to_string())]);
    scene.write(
        "main.tf",
        &role("  pass_role = {\n    policy_name = \"sls-byok-pass-role\"\n    users = [\"alice\"]\n  }"),
    );
    let error = scene.try_apply().failed().error();
    error.says(&["Policy sls-byok-pass-role", "oss:*", "it was not changed"]);
    error.at("main.tf", scene.line_of("main.tf", "pass_role = {"));
    // As often as it is tried.
    scene.try_apply().failed().error().says(&["Policy sls-byok-pass-role"]);
    assert_eq!(scene.policy(POLICY).unwrap().document, document);
    assert_eq!(scene.policy(POLICY).unwrap().holders, [""; 0]);
    // Another name, and all is well; the other policy is as it was.
    scene.write(
        "main.tf",
        &role("  pass_role = {\n    policy_name = \"hand-over\"\n    users = [\"alice\"]\n  }"),
    );
    scene.apply();
    assert_eq!(scene.policy(POLICY).expect("the policy of others is gone").document, document);
    assert_eq!(scene.policy("hand-over").unwrap().holders, ["user alice"]);
    scene.plan().expect_empty();
    scene.destroy();
    assert_eq!(scene.custom_policies(), [POLICY]);
}

#[test]
fn a_principal_that_does_not_exist_is_named() {
    for (kind, name) in [("users", "nobody"), ("groups", "nobodies"), ("roles", "none")] {
        let scene = Scene::new(&given::people());
        scene.write("main.tf", &role(&format!("  pass_role = {{\n    {kind} = [\"{name}\"]\n  }}")));
        let error = scene.try_apply().failed().error();
        error.says(&["Role sls-byok", name, "EntityNotExist"]);
        error.at("main.tf", scene.line_of("main.tf", "pass_role = {"));
        scene.write("main.tf", &role_for(&["alice"], ""));
        scene.apply();
        given::is_whole(&scene, &["user alice"]);
        scene.plan().expect_empty();
    }
}
