//! Importing a role by its name.

use serde_json::{Value, json};

use super::given::{self, ARN, NAME, POLICY, THIS, role, role_for};
use crate::harness::Scene;

/// Forgets the resource.
#[track_caller]
fn forget(scene: &Scene) {
    scene.run(&["state", "rm", THIS]).succeeded();
}

#[test]
fn what_was_made_is_imported_and_there_is_nothing_to_do() {
    for main in [
        role(""),
        role_for(&["alice", "bob"], ""),
        role(
            "  description = \"Other\"\n  max_session_duration = 7200\n  tags = { a = \"1\" }\n  pass_role = { groups = [\"auditors\"] }",
        ),
    ] {
        let scene = given::applied(&main);
        let before = scene.attributes(THIS);
        forget(&scene);
        scene.import(THIS, NAME).succeeded();
        assert_eq!(scene.plan().expect_empty().ran.diagnostics().len(), 0);
        assert_eq!(scene.attributes(THIS), before);
        assert_eq!(scene.ram_writes(), [""; 0]);
    }
}

#[test]
fn letter_case_of_the_name_does_not_count() {
    let scene = given::applied(&role(""));
    forget(&scene);
    scene.import(THIS, "SLS-BYOK").succeeded();
    assert_eq!(scene.attributes(THIS)["role_name"], NAME);
    scene.plan().expect_empty();
}

/// A policy of another name is not found: the plan makes the one that is configured.
#[test]
fn a_policy_of_another_name_is_not_the_roles_own() {
    let named = role("  pass_role = {\n    policy_name = \"hand-over\"\n    users = [\"alice\"]\n  }");
    let scene = given::applied(&named);
    forget(&scene);
    scene.import(THIS, NAME).succeeded();
    assert_eq!(scene.attributes(THIS)["pass_role"], Value::Null);
    // It is ours by its description, so it is taken over.
    scene.apply();
    assert_eq!(scene.policy("hand-over").unwrap().holders, ["user alice"]);
    assert_eq!(scene.custom_policies(), ["hand-over"]);
    scene.plan().expect_empty();
}

/// A policy of the default name that says something else is somebody else's.
#[test]
fn a_policy_that_says_something_else_is_not_the_roles_own() {
    let scene = given::applied(&role(""));
    let document =
        json!({"Version": "1", "Statement": [{"Effect": "Allow", "Action": "oss:*", "Resource": "*"}]});
    scene.ram("CreatePolicy", &[("PolicyName", POLICY), ("PolicyDocument", &document.to_string())]);
    forget(&scene);
    scene.import(THIS, NAME).succeeded();
    assert_eq!(scene.attributes(THIS)["pass_role"], Value::Null);
    scene.plan().expect_empty();
    scene.destroy();
    assert_eq!(scene.custom_policies(), [POLICY]);
}

/// A role made by hand: the plan shows what would be changed.
#[test]
fn a_role_that_was_made_by_hand_is_put_right() {
    let scene = Scene::new(&given::people());
    let trust = json!({"Version": "1", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": {"RAM": ["acs:ram::1234567890123456:root"]}}]});
    scene.ram("CreateRole", &[("RoleName", NAME), ("AssumeRolePolicyDocument", &trust.to_string())]);
    let made = given::stored(&scene).role_id;
    scene.write("main.tf", &role_for(&["alice"], ""));
    scene.import(THIS, NAME).succeeded();
    let state = scene.attributes(THIS);
    assert_eq!(state["arn"], ARN);
    assert_eq!(serde_json::from_str::<Value>(state["trust_policy"].as_str().unwrap()).unwrap(), trust);
    assert_eq!(scene.apply().changes(), (0, 1, 0));
    assert_eq!(given::stored(&scene).role_id, made);
    given::is_whole(&scene, &["user alice"]);
    scene.plan().expect_empty();
}

#[test]
fn an_import_block_takes_a_name() {
    let scene = given::applied(&role(""));
    forget(&scene);
    scene.write("import.tf", &format!("import {{\n  to = {THIS}\n  id = {NAME:?}\n}}\n"));
    assert_eq!(scene.plan().ran.exit_code, Some(2));
    scene.apply();
    scene.remove("import.tf");
    scene.plan().expect_empty();
}

#[test]
fn a_role_that_is_not_there_is_not_imported() {
    let scene = Scene::new(&given::people());
    scene.write("main.tf", &role(""));
    let ran = scene.import(THIS, NAME).failed();
    assert!(ran.prose().contains("Role sls-byok: RAM"), "{}", ran.prose());
    let ran = scene.import(THIS, ARN).failed();
    assert!(ran.prose().contains("A role is imported by its name"), "{}", ran.prose());
}
