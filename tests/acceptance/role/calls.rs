//! How many calls of RAM each operation costs.

use super::given::{self, THIS, role, role_for};
use crate::harness::Scene;

/// The plan looks whether there is a role of the name, and so does the plan that core makes again before it applies.
#[test]
fn a_create_costs_ten_with_its_plan() {
    let scene = Scene::new(&given::people());
    scene.write("main.tf", &role(""));
    scene.apply();
    assert_eq!(
        scene.ram_actions(),
        [
            "GetRole",
            "GetRole",
            "CreateRole",
            "AttachPolicyToRole",
            "AttachPolicyToRole",
            "UpdateRole",
            "GetRole",
            "ListPoliciesForRole",
            "GetRole",
            "ListPoliciesForRole",
        ]
    );
}

#[test]
fn a_create_for_one_user_costs_twenty() {
    let scene = Scene::new(&given::people());
    scene.write("main.tf", &role_for(&["alice"], ""));
    scene.apply();
    // Each of the two plans looks whether the name of the policy is free and whether the user exists.
    assert_eq!(scene.ram_actions().len(), 20, "{:?}", scene.ram_actions());
}

#[test]
fn a_refresh_costs_three_and_five_with_a_pass_role_policy() {
    let scene = given::applied(&role(""));
    scene.plan().expect_empty();
    assert_eq!(scene.ram_actions(), ["GetRole", "ListPoliciesForRole", "ListTagResources"]);
    let scene = given::applied(&role_for(&["alice"], ""));
    scene.plan().expect_empty();
    let calls = ["GetRole", "ListPoliciesForRole", "ListTagResources", "GetPolicy", "ListEntitiesForPolicy"];
    assert_eq!(scene.ram_actions(), calls);
}

#[test]
fn one_more_user_costs_a_refresh_two_looks_an_attach_and_two_reads() {
    let scene = given::applied(&role_for(&["alice"], ""));
    scene.write("main.tf", &role_for(&["alice", "bob"], ""));
    scene.apply();
    let calls = scene.ram_actions().split_off(5);
    let looks = ["GetUser", "GetUser"];
    let writes = ["AttachPolicyToUser", "ListEntitiesForPolicy", "ListEntitiesForPolicy"];
    assert_eq!(calls, [&looks[..], &writes[..]].concat());
}

#[test]
fn validation_costs_none() {
    let scene = Scene::new(&given::people());
    scene.write("main.tf", &role_for(&["alice"], ""));
    scene.validate().succeeded();
    assert_eq!(scene.calls().len(), 0);
}

#[test]
fn a_destroy_costs_a_refresh_and_five() {
    let scene = given::applied(&role(""));
    scene.destroy();
    let calls = scene.ram_actions().split_off(3);
    assert_eq!(
        calls,
        ["ListPoliciesForRole", "DetachPolicyFromRole", "DetachPolicyFromRole", "DeleteRole"],
        "of {THIS}"
    );
}
