//! Policy documents are compared by what they mean: however they are spelt, there is nothing to do.

use serde_json::json;

use super::given::{self, ARN, NAME, POLICY, role_for};

/// The trust policy, spelt in other ways.
fn trust_policies() -> Vec<String> {
    vec![
        // A text in place of a list of one.
        r#"{"Version":"1","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":"log.aliyuncs.com"}}]}"#.to_owned(),
        // A list of one in place of a text.
        r#"{"Version":"1","Statement":[{"Effect":"Allow","Action":["sts:AssumeRole"],"Principal":{"Service":["log.aliyuncs.com"]}}]}"#.to_owned(),
        // Members in another order.
        r#"{"Statement":[{"Principal":{"Service":["log.aliyuncs.com"]},"Action":"sts:AssumeRole","Effect":"Allow"}],"Version":"1"}"#.to_owned(),
        // White space.
        serde_json::to_string_pretty(&given::trust()).unwrap().replace('\n', "\r\n\t"),
        // All of it.
        "{ \"Statement\" : [ {\n \"Principal\" : { \"Service\" : \"log.aliyuncs.com\" }, \"Action\" : [ \"sts:AssumeRole\" ],\n \"Effect\" : \"Allow\" } ], \"Version\" : \"1\" }\n".to_owned(),
        // The same twice, in a list where order does not count.
        r#"{"Version":"1","Statement":[{"Effect":"Allow","Action":["sts:AssumeRole","sts:AssumeRole"],"Principal":{"Service":["log.aliyuncs.com","log.aliyuncs.com"]}}]}"#.to_owned(),
    ]
}

/// The PassRole policy, spelt in other ways.
fn pass_role_policies() -> Vec<String> {
    vec![
        format!(
            r#"{{"Version":"1","Statement":[{{"Effect":"Allow","Action":["ram:PassRole"],"Resource":{ARN:?}}}]}}"#
        ),
        format!(
            r#"{{"Version":"1","Statement":[{{"Effect":"Allow","Action":"ram:PassRole","Resource":[{ARN:?}]}}]}}"#
        ),
        format!(
            r#"{{"Statement":[{{"Resource":{ARN:?},"Effect":"Allow","Action":"ram:PassRole"}}],"Version":"1"}}"#
        ),
        serde_json::to_string_pretty(&given::pass_role()).unwrap(),
        format!(
            "{{ \"Statement\" : [ {{ \"Resource\" : [ {ARN:?} ],\n\t\"Action\" : [ \"ram:PassRole\" ], \"Effect\" : \"Allow\" }} ], \"Version\" : \"1\" }}"
        ),
    ]
}

#[test]
fn another_spelling_makes_no_difference() {
    let scene = given::applied(&role_for(&["alice"], ""));
    for document in trust_policies() {
        scene.ram("UpdateRole", &[("RoleName", NAME), ("NewAssumeRolePolicyDocument", &document)]);
        assert_eq!(scene.plan().expect_empty().ran.diagnostics().len(), 0, "{document}");
    }
    for document in pass_role_policies() {
        set_pass_role_policy(&scene, &document);
        assert_eq!(scene.plan().expect_empty().ran.diagnostics().len(), 0, "{document}");
    }
}

/// An apply of something else does not write them again either.
#[test]
fn another_spelling_is_not_corrected_on_the_way() {
    let scene = given::applied(&role_for(&["alice"], ""));
    let trust = trust_policies().swap_remove(4);
    scene.ram("UpdateRole", &[("RoleName", NAME), ("NewAssumeRolePolicyDocument", &trust)]);
    set_pass_role_policy(&scene, &pass_role_policies().swap_remove(4));
    scene.write("main.tf", &role_for(&["alice", "bob"], ""));
    scene.forget_calls();
    scene.apply();
    assert_eq!(scene.ram_writes(), ["AttachPolicyToUser"]);
}

#[test]
fn what_means_something_else_does_make_a_difference() {
    let scene = given::applied(&role_for(&["alice"], ""));
    let statement = |effect: &str| json!({"Effect": effect, "Action": "sts:AssumeRole", "Principal": {"Service": ["log.aliyuncs.com"]}});
    for document in [
        json!({"Version": "1", "Statement": [statement("Deny")]}),
        json!({"Version": "1", "Statement": [statement("Allow"), statement("Deny")]}),
        json!({"Version": "1", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": ["Log.aliyuncs.com"]}}]}),
        json!({"Version": "1", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": ["log.aliyuncs.com"]},
            "Condition": {"Bool": {"acs:SecureTransport": "true"}}}]}),
    ] {
        scene
            .ram("UpdateRole", &[("RoleName", NAME), ("NewAssumeRolePolicyDocument", &document.to_string())]);
        scene.plan().expect_changes();
    }
}

#[track_caller]
fn set_pass_role_policy(scene: &crate::harness::Scene, document: &str) {
    scene.ram(
        "CreatePolicyVersion",
        &[
            ("PolicyName", POLICY),
            ("PolicyDocument", document),
            ("SetAsDefault", "true"),
            ("RotateStrategy", "DeleteOldestNonDefaultVersionWhenLimitExceeded"),
        ],
    );
}
