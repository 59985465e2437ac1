//! RAM is eventually consistent: what was written is waited for, within bounds.

use serde_json::json;

use super::given::{self, POLICY, THIS, role, role_for};
use crate::harness::Scene;

#[test]
fn what_was_written_is_read_until_it_is_seen() {
    for (action, skip) in
        [("GetRole", 2), ("ListPoliciesForRole", 0), ("GetPolicy", 2), ("ListEntitiesForPolicy", 0)]
    {
        let scene = Scene::new(&given::people());
        scene.write("main.tf", &role_for(&["alice"], ""));
        let stale = json!({"stale": {"reads": 2, "writes": 6}});
        scene.ram_fault(&json!({"action": action, "skip": skip, "effect": stale}));
        let ran = scene.apply();
        assert_eq!(ran.diagnostics().len(), 0, "{action}: {:#?}", ran.diagnostics());
        let reads = scene.ram_actions().into_iter().filter(|called| called == action).count();
        let undisturbed = match action {
            "GetRole" | "GetPolicy" => 4,
            _ => 2,
        };
        assert_eq!(reads, undisturbed + 2, "{action}: {:?}", scene.ram_actions());
        given::is_whole(&scene, &["user alice"]);
        scene.plan().expect_empty();
    }
}

/// Different servers answer, and one that knows need not be the next one asked.
#[test]
fn what_was_written_has_to_be_seen_twice_in_a_row() {
    let scene = Scene::new(&given::people());
    scene.write("main.tf", &role(""));
    let stale = json!({"stale": {"reads": 1, "writes": 3}});
    scene.ram_fault(&json!({"action": "ListPoliciesForRole", "skip": 1, "effect": stale}));
    scene.apply();
    let reads = scene.ram_actions().into_iter().filter(|called| called == "ListPoliciesForRole").count();
    assert_eq!(reads, 4, "seen, not seen, seen, seen");
}

#[test]
fn a_change_is_waited_for_too() {
    let scene = given::applied(&role(""));
    scene.write("main.tf", &role("  description = \"Other\""));
    let stale = json!({"stale": {"reads": 2, "writes": 1}});
    scene.ram_fault(&json!({"action": "GetRole", "skip": 1, "effect": stale}));
    scene.apply();
    assert_eq!(scene.ram_actions().into_iter().filter(|called| called == "GetRole").count(), 5);
}

/// The run warns of what is not visible in time. RAM has accepted it, so nothing is tainted.
#[test]
fn what_is_not_seen_in_time_is_a_warning() {
    let scene = Scene::new(&given::people());
    scene.write("main.tf", &role("  timeouts = { create = \"2s\" }"));
    let stale = json!({"stale": {"reads": 99, "writes": 3}});
    scene.ram_fault(&json!({"action": "ListPoliciesForRole", "effect": stale}));
    let warning = scene.apply().warning();
    warning.says(&["RAM has accepted every change"]);
    scene.clear_faults();
    assert_eq!(scene.instance(THIS)["status"], serde_json::Value::Null);
    assert_eq!(given::stored(&scene).policies.len(), 2);
    scene.plan().expect_empty();
}

/// For a caller that may write and not read, the run warns that the result is not known.
#[test]
fn what_may_not_be_read_is_a_warning() {
    let scene = Scene::new(&given::people());
    scene.write("main.tf", &role(""));
    let denied = json!({"error": {"status": 403, "code": "NoPermission", "message": "No."}});
    scene.ram_fault(&json!({"action": "ListPoliciesForRole", "effect": denied}));
    let warning = scene.apply().warning();
    warning.says(&[
        "Cannot read a role after it was set",
        "Role sls-byok",
        "NoPermission",
        "RAM has accepted every change",
    ]);
    assert_eq!(given::stored(&scene).policies.len(), 2);
}

/// Without the answers to writes, what they did is found out or done again, once.
#[test]
fn lost_answers_are_made_up_for() {
    for effect in ["drop_after", "drop_before"] {
        let scene = Scene::new(&given::people());
        scene.write("main.tf", &role_for(&["alice"], ""));
        for action in ["CreateRole", "AttachPolicyToRole", "CreatePolicy", "AttachPolicyToUser"] {
            scene.ram_fault(&json!({"action": action, "effect": effect}));
        }
        assert_eq!(scene.apply().diagnostics().len(), 0);
        given::is_whole(&scene, &["user alice"]);
        scene.plan().expect_empty();
    }
}

/// Each version that is made counts: there are only five.
#[test]
fn a_version_whose_answer_is_lost_is_looked_for_before_another_is_made() {
    for (effect, calls) in [("drop_after", 1), ("drop_before", 2)] {
        let scene = given::applied(&role_for(&["alice"], ""));
        let wide = json!({"Version": "1", "Statement": [{"Effect": "Allow", "Action": "ram:PassRole", "Resource": "*"}]});
        let document = wide.to_string();
        let version = [("PolicyName", POLICY), ("PolicyDocument", &*document), ("SetAsDefault", "true")];
        scene.ram("CreatePolicyVersion", &version);
        scene.forget_calls();
        scene.ram_fault(&json!({"action": "CreatePolicyVersion", "effect": effect}));
        scene.apply();
        assert_eq!(scene.ram_writes().len(), calls, "{effect}");
        given::is_whole(&scene, &["user alice"]);
        let versions = scene.ram("ListPolicyVersions", &[("PolicyName", POLICY), ("PolicyType", "Custom")]);
        assert_eq!(versions["PolicyVersions"]["PolicyVersion"].as_array().unwrap().len(), 3);
    }
}
