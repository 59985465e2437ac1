//! The plan shows what others have changed and nothing else, and the apply corrects it.

use serde_json::{Value, json};

use super::given::{self, NAME, POLICY, THIS, role, role_for};
use crate::harness::Scene;

/// The paths in which the planned change differs from what is there.
#[track_caller]
fn planned_leaves(scene: &Scene) -> Vec<String> {
    let plan = scene.plan().expect_changes();
    assert_eq!(plan.actions(), [(THIS.to_owned(), "update".to_owned())]);
    let change = plan.change(THIS);
    let unknown = change["after_unknown"].as_object().unwrap().iter().filter(|(_, value)| **value == true);
    // Of a role that SLS cannot use before it is repaired.
    assert!(unknown.map(|(name, _)| name).all(|name| name == "arn"), "{change:#}");
    let mut leaves = Vec::new();
    collect("", &change["before"], &change["after"], &mut leaves);
    leaves
}

fn collect(path: &str, before: &Value, after: &Value, leaves: &mut Vec<String>) {
    match (before, after) {
        (Value::Object(old), Value::Object(new)) => {
            for name in old.keys().chain(new.keys().filter(|name| !old.contains_key(*name))) {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                collect(&path, &before[name.as_str()], &after[name.as_str()], leaves);
            }
        }
        _ if before == after => {}
        _ => leaves.push(path.to_owned()),
    }
}

/// Checks that what `disturb` does shows as these leaves, and that an apply writes just these calls and puts it right.
#[track_caller]
fn check(disturb: impl FnOnce(&Scene), leaves: &[&str], writes: &[&str]) {
    let scene = given::applied(&role_for(&["alice"], "  tags = { team = \"audit\" }"));
    let before = given::stored(&scene);
    disturb(&scene);
    assert_eq!(planned_leaves(&scene), leaves);
    scene.forget_calls();
    assert_eq!(scene.apply().changes(), (0, 1, 0));
    assert_eq!(scene.ram_writes(), writes);
    assert_eq!(given::stored(&scene), before);
    given::is_whole(&scene, &["user alice"]);
    scene.plan().expect_empty();
}

#[test]
fn a_trust_policy_that_was_edited() {
    let others = json!({"Version": "1", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": {"Service": ["log.aliyuncs.com", "ecs.aliyuncs.com"]}}]})
    .to_string();
    check(
        |scene| {
            scene.ram("UpdateRole", &[("RoleName", NAME), ("NewAssumeRolePolicyDocument", &others)]);
        },
        &["trust_policy"],
        &["UpdateRole"],
    );
}

#[test]
fn a_policy_for_kms_that_was_detached() {
    let policy = [("PolicyName", "AliyunKMSCryptoUserAccess"), ("PolicyType", "System"), ("RoleName", NAME)];
    check(
        |scene| drop(scene.ram("DetachPolicyFromRole", &policy)),
        // What refers to the ARN is checked once the role is repaired.
        &["arn", "kms_policies"],
        &["AttachPolicyToRole"],
    );
}

#[test]
fn a_pass_role_policy_that_was_widened() {
    let wide = json!({"Version": "1", "Statement": [{"Effect": "Allow", "Action": "ram:PassRole", "Resource": "*"}]})
        .to_string();
    check(
        |scene| {
            let version = [("PolicyName", POLICY), ("PolicyDocument", &wide), ("SetAsDefault", "true")];
            scene.ram("CreatePolicyVersion", &version);
        },
        &["pass_role_policy"],
        &["CreatePolicyVersion"],
    );
}

#[test]
fn a_pass_role_policy_that_was_detached() {
    let policy = [("PolicyName", POLICY), ("PolicyType", "Custom"), ("UserName", "alice")];
    check(
        |scene| drop(scene.ram("DetachPolicyFromUser", &policy)),
        &["pass_role.users"],
        &["AttachPolicyToUser"],
    );
}

#[test]
fn a_pass_role_policy_that_somebody_else_was_given() {
    let policy = [("PolicyName", POLICY), ("PolicyType", "Custom"), ("GroupName", "auditors")];
    check(
        |scene| drop(scene.ram("AttachPolicyToGroup", &policy)),
        &["pass_role.groups"],
        &["DetachPolicyFromGroup"],
    );
}

#[test]
fn a_pass_role_policy_that_was_deleted() {
    check(
        |scene| {
            let attached = [("PolicyName", POLICY), ("PolicyType", "Custom"), ("UserName", "alice")];
            scene.ram("DetachPolicyFromUser", &attached);
            scene.ram("DeletePolicy", &[("PolicyName", POLICY)]);
        },
        &["pass_role.users", "pass_role_policy"],
        &["CreatePolicy", "AttachPolicyToUser"],
    );
}

#[test]
fn a_description_that_was_edited() {
    check(
        |scene| drop(scene.ram("UpdateRole", &[("RoleName", NAME), ("NewDescription", "Mine")])),
        &["description"],
        &["UpdateRole"],
    );
}

#[test]
fn a_session_duration_that_was_edited() {
    check(
        |scene| drop(scene.ram("UpdateRole", &[("RoleName", NAME), ("NewMaxSessionDuration", "7200")])),
        &["max_session_duration"],
        &["UpdateRole"],
    );
}

#[test]
fn tags_that_were_added_changed_and_removed() {
    let tag = |tags: &Value| {
        let tags = tags.to_string();
        move |scene: &Scene| {
            let names = json!([NAME]).to_string();
            scene.ram("TagResources", &[("ResourceType", "role"), ("ResourceNames", &names), ("Tag", &tags)]);
        }
    };
    check(tag(&json!([{"Key": "owner", "Value": "x"}])), &["tags.owner"], &["UntagResources"]);
    check(tag(&json!([{"Key": "team", "Value": "x"}])), &["tags.team"], &["TagResources"]);
    check(
        |scene| {
            let (names, keys) = (json!([NAME]).to_string(), json!(["team"]).to_string());
            let untag = [("ResourceType", "role"), ("ResourceNames", &*names), ("TagKeys", &*keys)];
            scene.ram("UntagResources", &untag);
        },
        &["tags.team"],
        &["TagResources"],
    );
}

#[test]
fn everything_at_once_is_put_right_in_one_apply() {
    let scene = given::applied(&role_for(&["alice"], ""));
    let before = given::stored(&scene);
    let wide =
        json!({"Version": "1", "Statement": [{"Effect": "Allow", "Action": "ram:*", "Resource": "*"}]})
            .to_string();
    let trust = json!({"Version": "1", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": {"RAM": ["acs:ram::1234567890123456:root"]}}]})
    .to_string();
    scene.ram(
        "UpdateRole",
        &[("RoleName", NAME), ("NewAssumeRolePolicyDocument", &trust), ("NewDescription", "Mine")],
    );
    for name in ["AliyunKMSCryptoUserAccess", "AliyunKMSReadOnlyAccess"] {
        scene.ram(
            "DetachPolicyFromRole",
            &[("PolicyName", name), ("PolicyType", "System"), ("RoleName", NAME)],
        );
    }
    scene.ram(
        "CreatePolicyVersion",
        &[("PolicyName", POLICY), ("PolicyDocument", &wide), ("SetAsDefault", "true")],
    );
    scene.ram(
        "DetachPolicyFromUser",
        &[("PolicyName", POLICY), ("PolicyType", "Custom"), ("UserName", "alice")],
    );
    assert_eq!(scene.apply().changes(), (0, 1, 0));
    assert_eq!(given::stored(&scene), before);
    given::is_whole(&scene, &["user alice"]);
    scene.plan().expect_empty();
}

#[test]
fn a_role_that_was_deleted_is_made_anew() {
    let scene = given::applied(&role_for(&["alice"], ""));
    remove_role(&scene);
    let ran = scene.apply();
    assert_eq!(ran.changes(), (1, 0, 0));
    ran.warning().says(&[
        "A role does not exist",
        "Role sls-byok: RAM says",
        "can be neither read nor written",
    ]);
    // Its PassRole policy was there all along.
    given::is_whole(&scene, &["user alice"]);
    scene.plan().expect_empty();
}

#[test]
fn a_role_that_was_made_anew_by_others_is_said_to_be() {
    let scene = given::applied(&role_for(&["alice"], ""));
    remove_role(&scene);
    scene.ram("CreateRole", &[("RoleName", NAME), ("AssumeRolePolicyDocument", &given::trust().to_string())]);
    let ran = scene.apply();
    ran.warning().says(&["A role was deleted and created again", "Role sls-byok"]);
    given::is_whole(&scene, &["user alice"]);
    assert_eq!(scene.attributes(THIS)["role_id"], given::stored(&scene).role_id.as_str());
    scene.plan().expect_empty();
}

#[track_caller]
fn remove_role(scene: &Scene) {
    for name in ["AliyunKMSCryptoUserAccess", "AliyunKMSReadOnlyAccess"] {
        scene.ram(
            "DetachPolicyFromRole",
            &[("PolicyName", name), ("PolicyType", "System"), ("RoleName", NAME)],
        );
    }
    scene.ram("DeleteRole", &[("RoleName", NAME)]);
}

#[test]
fn policies_of_others_are_listed_and_left_alone() {
    let scene = given::applied(&role(""));
    let document =
        json!({"Version": "1", "Statement": [{"Effect": "Allow", "Action": "oss:*", "Resource": "*"}]});
    scene.ram("CreatePolicy", &[("PolicyName", "theirs"), ("PolicyDocument", &document.to_string())]);
    for (name, of) in [("theirs", "Custom"), ("AliyunLogReadOnlyAccess", "System")] {
        scene.ram("AttachPolicyToRole", &[("PolicyName", name), ("PolicyType", of), ("RoleName", NAME)]);
    }
    scene.forget_calls();
    scene.plan().expect_empty();
    scene.apply();
    assert_eq!(
        scene.attributes(THIS)["foreign_policies"],
        json!([
            {"policy_name": "AliyunLogReadOnlyAccess", "policy_type": "System"},
            {"policy_name": "theirs", "policy_type": "Custom"},
        ])
    );
    scene.write("main.tf", &role("  description = \"Other\""));
    scene.apply();
    assert_eq!(scene.ram_writes(), ["UpdateRole"]);
    assert_eq!(given::stored(&scene).policies.len(), 4);
    scene.plan().expect_empty();
}

/// What is attached by a name of the other kind is not one of the policies for KMS.
#[test]
fn a_custom_policy_cannot_stand_in_for_a_system_policy() {
    let scene = given::applied(&role(""));
    let name = "AliyunKMSReadOnlyAccess";
    let document =
        json!({"Version": "1", "Statement": [{"Effect": "Allow", "Action": "oss:*", "Resource": "*"}]});
    scene.ram("CreatePolicy", &[("PolicyName", name), ("PolicyDocument", &document.to_string())]);
    scene.ram("AttachPolicyToRole", &[("PolicyName", name), ("PolicyType", "Custom"), ("RoleName", NAME)]);
    scene.ram("DetachPolicyFromRole", &[("PolicyName", name), ("PolicyType", "System"), ("RoleName", NAME)]);
    assert_eq!(planned_leaves(&scene), ["arn", "kms_policies"]);
    scene.apply();
    assert!(given::stored(&scene).policies.contains(&format!("System/{name}")));
}

/// Not ours to remove: the cloud would set them again, or refuse.
#[test]
fn tags_that_the_cloud_sets_are_left_alone() {
    let cloud = r#"[{"Key":"acs:tag:createdby","Value":"sub:1"},{"Key":"aliyun.created","Value":"x"}]"#;
    for arguments in ["", "  tags = { team = \"audit\" }"] {
        let scene = given::applied(&role(arguments));
        scene.ram(
            "TagResources",
            &[("ResourceType", "role"), ("ResourceNames", "[\"sls-byok\"]"), ("Tag", cloud)],
        );
        scene.plan().expect_empty();
        scene.write("main.tf", &role("  tags = { team = \"other\" }"));
        scene.apply();
        let tags = given::stored(&scene).tags;
        assert_eq!(tags.len(), 3, "{tags:?}");
        assert_eq!(tags["team"], "other");
    }
}

#[test]
fn a_name_in_two_spellings_is_one_principal() {
    let pass_role =
        "  pass_role = {\n    users = [\"alice\", \"Alice\"]\n    roles = [\"deployer\", \"DEPLOYER\"]\n  }";
    let scene = given::applied(&role(pass_role));
    scene.plan().expect_empty();
    given::is_whole(&scene, &["user alice", "role deployer"]);
    scene.write("main.tf", &role(&pass_role.replace(", \"Alice\"", "").replace("\"deployer\", ", "")));
    scene.apply();
    scene.plan().expect_empty();
    given::is_whole(&scene, &["user alice", "role deployer"]);
}

#[test]
fn a_role_without_a_description_stays_as_it_is() {
    let mut seed = given::people();
    let policies = ["AliyunKMSReadOnlyAccess", "AliyunKMSCryptoUserAccess"];
    seed["roles"]
        .as_array_mut()
        .unwrap()
        .push(json!({"name": NAME, "assume_role_policy_document": given::trust(), "policies": policies}));
    let scene = Scene::new(&seed);
    scene.write("main.tf", &role("  description = \"\""));
    scene.import(THIS, NAME).succeeded();
    scene.plan().expect_empty();
    scene.write("main.tf", &role("  description = \"Of SLS\""));
    scene.apply();
    scene.write("main.tf", &role("  description = \"\""));
    scene.apply();
    scene.plan().expect_empty();
}
