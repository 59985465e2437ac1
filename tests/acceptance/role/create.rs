//! Making a role, with everything that belongs to it.

use serde_json::{Value, json};

use super::given::{self, ARN, KMS_POLICIES, NAME, POLICY, THIS, role, role_for};
use crate::harness::Scene;

#[test]
fn with_its_trust_policy_and_both_policies_for_kms() {
    let scene = given::applied(&role(""));
    let made = given::stored(&scene);
    assert_eq!(made.trust, given::trust());
    assert_eq!(made.policies, KMS_POLICIES);
    assert_eq!(made.max_session_duration, 3_600);
    assert!(made.tags.is_empty());
    assert_eq!(scene.custom_policies(), [""; 0]);

    let mut state = scene.attributes(THIS);
    assert_eq!(state.remove("role_id").unwrap(), made.role_id.as_str());
    assert_eq!(state.remove("description").unwrap(), made.description.as_str());
    let date = state.remove("create_date").unwrap();
    assert!(date.as_str().is_some_and(|date| date.len() == 20 && date.ends_with('Z')), "{date}");
    let trust: Value = serde_json::from_str(state.remove("trust_policy").unwrap().as_str().unwrap()).unwrap();
    assert_eq!(trust, given::trust());
    let expected = json!({
        "id": NAME, "role_name": NAME, "max_session_duration": 3600, "tags": null, "pass_role": null,
        "force": false, "timeouts": null, "arn": ARN, "pass_role_policy": null, "foreign_policies": [],
        "kms_policies": ["AliyunKMSCryptoUserAccess", "AliyunKMSReadOnlyAccess"],
    });
    assert_eq!(Value::Object(state), expected);
    assert_eq!(scene.plan().expect_empty().ran.diagnostics().len(), 0);
}

#[test]
fn with_a_policy_that_lets_users_groups_and_roles_hand_it_over() {
    let scene = given::applied(&role(
        "  pass_role = {\n    users = [\"bob\", \"alice\"]\n    groups = [\"auditors\"]\n    roles = [\"deployer\"]\n  }",
    ));
    given::is_whole(&scene, &["user alice", "user bob", "group auditors", "role deployer"]);
    let state = scene.attributes(THIS);
    assert_eq!(state["pass_role"]["policy_name"], POLICY);
    let document = state["pass_role_policy"].as_str().unwrap();
    assert_eq!(serde_json::from_str::<Value>(document).unwrap(), given::pass_role());
    assert_eq!(scene.plan().expect_empty().ran.diagnostics().len(), 0);
}

#[test]
fn with_everything_that_can_be_configured() {
    let scene = given::applied(&role(
        "  description = \"For the auditors: 审计\"\n  max_session_duration = 43200\n  tags = { team = \"audit\", \"cost:center\" = \"\" }\n  force = true\n  timeouts = { create = \"1m\", read = \"1m\", update = \"1m\", delete = \"1m\" }\n  pass_role = {\n    policy_name = \"hand-over\"\n    users = [\"alice\"]\n  }",
    ));
    let made = given::stored(&scene);
    assert_eq!(made.description, "For the auditors: 审计");
    assert_eq!(made.max_session_duration, 43_200);
    let tags =
        [("cost:center", ""), ("team", "audit")].map(|(key, value)| (key.to_owned(), value.to_owned()));
    assert_eq!(made.tags, tags.into_iter().collect());
    assert_eq!(scene.policy("hand-over").unwrap().holders, ["user alice"]);
    assert_eq!(scene.custom_policies(), ["hand-over"]);
    scene.plan().expect_empty();
}

#[test]
fn the_plan_tells_all_but_what_ram_gives() {
    let scene = Scene::new(&given::people());
    scene.write("main.tf", &role_for(&["alice"], ""));
    let change = scene.plan().expect_changes().change(THIS);
    assert_eq!(change["actions"], json!(["create"]));
    let mut unknown = change["after_unknown"].clone();
    unknown.as_object_mut().unwrap().retain(|_, value| *value == true);
    assert_eq!(unknown, json!({"arn": true, "role_id": true, "create_date": true, "pass_role_policy": true}));
    assert_eq!(change["after"]["pass_role"]["policy_name"], POLICY);
    assert_eq!(scene.ram_writes(), [""; 0]);
}

#[test]
fn a_saved_plan_is_applied() {
    let scene = Scene::new(&given::people());
    scene.write("main.tf", &role_for(&["alice"], ""));
    scene.plan().expect_changes();
    scene.try_apply_plan().succeeded();
    given::is_whole(&scene, &["user alice"]);
    scene.plan().expect_empty();
}

/// As a module passes on what its caller left out.
#[test]
fn a_null_means_the_default() {
    let names = ["description", "max_session_duration", "tags", "pass_role", "force", "timeouts"];
    let nulls: Vec<_> = names.iter().map(|name| format!("  {name} = null")).collect();
    let scene = given::applied(&role(&nulls.join("\n")));
    scene.write("main.tf", &role(""));
    scene.plan().expect_empty();
}

#[test]
fn nobody_holds_the_policy_where_nobody_is_named() {
    for pass_role in ["{}", "{ users = [] }"] {
        let scene = given::applied(&role(&format!("  pass_role = {pass_role}")));
        given::is_whole(&scene, &[]);
        scene.plan().expect_empty();
    }
}

#[test]
fn the_default_name_of_the_policy_has_only_what_a_policy_may_have() {
    let main = role_for(&["alice"], "").replace(NAME, "Sls.Byok");
    let scene = given::applied(&main);
    assert_eq!(scene.custom_policies(), ["Sls-Byok-pass-role"]);
    assert_eq!(scene.attributes(THIS)["arn"], "acs:ram::1234567890123456:role/sls.byok");
    scene.plan().expect_empty();
}
