//! Changing a role: the calls that are needed, and no other.

use serde_json::{Value, json};

use super::given::{self, NAME, POLICY, THIS, role, role_for};
use crate::harness::Scene;

/// Changes the configuration and checks what is written.
#[track_caller]
fn check(before: &str, after: &str, writes: &[&str]) -> Scene {
    let scene = given::applied(before);
    let made = given::stored(&scene).role_id;
    scene.write("main.tf", after);
    assert_eq!(scene.apply().changes(), (0, 1, 0));
    assert_eq!(scene.ram_writes(), writes);
    assert_eq!(given::stored(&scene).role_id, made);
    assert_eq!(scene.plan().expect_empty().ran.diagnostics().len(), 0);
    scene
}

#[test]
fn one_more_user_is_one_attach() {
    let scene = check(&role_for(&["alice"], ""), &role_for(&["bob", "alice"], ""), &["AttachPolicyToUser"]);
    given::is_whole(&scene, &["user alice", "user bob"]);
}

#[test]
fn one_less_user_is_one_detach() {
    let scene = check(&role_for(&["alice", "bob"], ""), &role_for(&["bob"], ""), &["DetachPolicyFromUser"]);
    given::is_whole(&scene, &["user bob"]);
}

#[test]
fn one_user_in_place_of_another_is_attached_first() {
    let writes = ["AttachPolicyToUser", "DetachPolicyFromUser"];
    let scene = check(&role_for(&["alice"], ""), &role_for(&["bob"], ""), &writes);
    given::is_whole(&scene, &["user bob"]);
}

#[test]
fn description_and_session_duration_are_one_update() {
    let after = role("  description = \"Other\"\n  max_session_duration = 7200");
    let scene = check(&role(""), &after, &["UpdateRole"]);
    let now = given::stored(&scene);
    assert_eq!((now.description.as_str(), now.max_session_duration), ("Other", 7_200));
}

#[test]
fn tags_are_added_changed_and_removed() {
    let tags = |tags: &str| role(&format!("  tags = {{ {tags} }}"));
    check(&role(""), &tags("a = \"1\""), &["TagResources"]);
    check(&tags("a = \"1\""), &tags("a = \"2\", b = \"1\""), &["TagResources"]);
    check(&tags("a = \"1\", b = \"1\""), &tags("b = \"1\""), &["UntagResources"]);
    let scene = check(&tags("a = \"1\""), &tags("b = \"2\""), &["UntagResources", "TagResources"]);
    let tags = given::stored(&scene).tags;
    assert_eq!(tags.into_iter().collect::<Vec<_>>(), [("b".to_owned(), "2".to_owned())]);
}

#[test]
fn tags_that_are_taken_away_altogether_are_removed() {
    for after in ["", "  tags = {}"] {
        let scene = check(&role("  tags = { a = \"1\" }"), &role(after), &["UntagResources"]);
        assert!(given::stored(&scene).tags.is_empty());
    }
}

#[test]
fn what_concerns_nobody_but_the_resource_is_not_sent() {
    check(&role(""), &role("  force = true\n  timeouts = { create = \"9m\" }"), &[]);
}

#[test]
fn the_policy_is_made_when_it_is_asked_for_later() {
    let scene = check(&role(""), &role_for(&["alice"], ""), &["CreatePolicy", "AttachPolicyToUser"]);
    given::is_whole(&scene, &["user alice"]);
}

#[test]
fn the_policy_is_removed_when_it_is_not_wanted_any_more() {
    let scene = check(&role_for(&["alice"], ""), &role(""), &["DetachPolicyFromUser", "DeletePolicy"]);
    assert_eq!(scene.custom_policies(), [""; 0]);
    assert_eq!(scene.attributes(THIS)["pass_role_policy"], Value::Null);
}

#[test]
fn under_another_name_the_policy_is_held_before_the_old_one_goes() {
    let named = |name: &str| {
        role(&format!("  pass_role = {{\n    policy_name = {name:?}\n    users = [\"alice\"]\n  }}"))
    };
    let writes = ["CreatePolicy", "AttachPolicyToUser", "DetachPolicyFromUser", "DeletePolicy"];
    let scene = check(&named("first"), &named("second"), &writes);
    assert_eq!(scene.custom_policies(), ["second"]);
    // And back to the name it has by itself.
    scene.write("main.tf", &role_for(&["alice"], ""));
    scene.apply();
    assert_eq!(scene.custom_policies(), [POLICY]);
    scene.plan().expect_empty();
}

/// A change of the name that fails half-way, another name, and none at all: nothing is left behind.
#[test]
fn names_of_the_policy_that_were_begun_and_given_up_are_removed() {
    let named = |name: &str| {
        role(&format!("  pass_role = {{\n    policy_name = {name:?}\n    users = [\"alice\"]\n  }}"))
    };
    for last in [named("third"), named("first"), role("")] {
        let scene = given::applied(&named("first"));
        for name in ["second", "another"] {
            scene.write("main.tf", &named(name));
            let denied = json!({"error": {"status": 403, "code": "NoPermission", "message": "No."}});
            scene.ram_fault(&json!({"action": "AttachPolicyToUser", "effect": denied}));
            scene.try_apply().failed();
        }
        assert_eq!(scene.custom_policies().len(), 3);
        // The names survive a refresh.
        scene.run(&["apply", "-refresh-only", "-auto-approve", "-input=false"]).succeeded();
        scene.write("main.tf", &last);
        scene.apply();
        let expected: &[&str] = match &last {
            last if last.contains("third") => &["third"],
            last if last.contains("first") => &["first"],
            _ => &[],
        };
        assert_eq!(scene.custom_policies(), expected, "{last}");
        scene.plan().expect_empty();
        scene.destroy();
        given::is_gone(&scene);
    }
}

#[test]
fn a_destroy_removes_names_that_were_begun_too() {
    let scene = given::applied(&role_for(&["alice"], ""));
    scene.write(
        "main.tf",
        &role("  pass_role = {\n    policy_name = \"second\"\n    users = [\"alice\"]\n  }"),
    );
    let denied = json!({"error": {"status": 403, "code": "NoPermission", "message": "No."}});
    scene.ram_fault(&json!({"action": "AttachPolicyToUser", "effect": denied}));
    scene.try_apply().failed();
    scene.destroy();
    given::is_gone(&scene);
}

/// A policy has five versions at most: the oldest one that is not in force goes.
#[test]
fn the_policy_is_corrected_again_and_again() {
    let scene = given::applied(&role_for(&["alice"], ""));
    let wide = json!({"Version": "1", "Statement": [{"Effect": "Allow", "Action": "ram:PassRole", "Resource": "*"}]});
    for _ in 0..4 {
        scene.ram(
            "CreatePolicyVersion",
            &[
                ("PolicyName", POLICY),
                ("PolicyDocument", &wide.to_string()),
                ("SetAsDefault", "true"),
                ("RotateStrategy", "DeleteOldestNonDefaultVersionWhenLimitExceeded"),
            ],
        );
        scene.forget_calls();
        scene.apply();
        assert_eq!(scene.ram_writes(), ["CreatePolicyVersion"]);
        given::is_whole(&scene, &["user alice"]);
        scene.plan().expect_empty();
    }
    let versions = scene.ram("ListPolicyVersions", &[("PolicyName", POLICY), ("PolicyType", "Custom")]);
    assert_eq!(versions["PolicyVersions"]["PolicyVersion"].as_array().unwrap().len(), 5);
    scene.destroy();
    given::is_gone(&scene);
}

#[test]
fn letter_case_of_names_makes_no_difference() {
    let scene = given::applied(&role_for(&["Alice"], "").replace(NAME, "Sls-Byok"));
    scene.plan().expect_empty();
    scene.write(
        "main.tf",
        &role("  pass_role = {\n    policy_name = \"sls-BYOK-pass-role\"\n    users = [\"ALICE\"]\n  }"),
    );
    scene.forget_calls();
    assert_eq!(scene.apply().changes().2, 0);
    assert_eq!(scene.ram_writes(), [""; 0]);
    scene.plan().expect_empty();
}

#[test]
fn an_update_that_fails_is_finished_by_the_next_apply() {
    let scene = given::applied(&role_for(&["alice"], ""));
    let main = role(
        "  description = \"Other\"\n  tags = { a = \"1\" }\n  pass_role = {\n    users = [\"bob\"]\n    groups = [\"auditors\"]\n  }",
    );
    scene.write("main.tf", &main);
    let denied = json!({"error": {"status": 403, "code": "NoPermission", "message": "No."}});
    scene.ram_fault(&json!({"action": "AttachPolicyToGroup", "effect": denied}));
    scene.try_apply().failed().error().says(&["AttachPolicyToGroup"]);
    let state = scene.attributes(THIS);
    assert_eq!(state["description"], "Other");
    assert_eq!(state["pass_role"]["users"], json!(["alice", "bob"]));
    assert_eq!(scene.instance(THIS)["status"], Value::Null, "an update taints nothing");
    scene.forget_calls();
    scene.try_apply_with(&["-refresh=false"]).succeeded();
    assert_eq!(scene.ram_writes(), ["AttachPolicyToGroup", "DetachPolicyFromUser"]);
    given::is_whole(&scene, &["user bob", "group auditors"]);
    scene.plan().expect_empty();
}
