//! What cannot be: roles that are there, names that are none, values out of bounds.

use serde_json::json;

use super::given::{self, NAME, THIS, role};
use crate::harness::Scene;

/// A scene with a role of the name, which the resource has not made.
fn existing() -> Scene {
    let mut seed = given::people();
    let roles = seed["roles"].as_array_mut().unwrap();
    roles.push(json!({"name": NAME, "assume_role_policy_document": given::trust(), "policies": ["AliyunKMSReadOnlyAccess"]}));
    Scene::new(&seed)
}

#[test]
fn a_role_that_exists_is_an_error_at_plan() {
    let scene = existing();
    let before = given::stored(&scene);
    for name in [NAME, "SLS-Byok"] {
        scene.write("main.tf", &role("").replace(NAME, name));
        let error = scene.try_plan().failed().error();
        error.says(&[
            "A role of this name exists already",
            "terraform import ADDRESS sls-byok",
            "Nothing was changed",
        ]);
        error.at("main.tf", 2);
    }
    assert_eq!(given::stored(&scene), before);
}

/// The name comes from a resource that is made in the same apply.
fn with_unknown_name() -> String {
    format!("resource \"terraform_data\" \"name\" {{\n  input = {NAME:?}\n}}\n")
        + &role("").replace(&format!("{NAME:?}"), "terraform_data.name.output")
}

#[test]
fn a_role_that_exists_is_an_error_at_apply_where_the_plan_does_not_know_the_name() {
    let scene = existing();
    let before = given::stored(&scene);
    scene.write("main.tf", &with_unknown_name());
    scene.plan().expect_changes();
    let error = scene.try_apply_plan().failed().error();
    error.says(&["A role of this name exists already", "Role sls-byok", "terraform import ADDRESS sls-byok"]);
    assert_eq!(given::stored(&scene), before);
    assert!(!scene.addresses().contains(&THIS.to_owned()));
}

#[test]
fn a_name_that_is_known_at_apply_only_is_made() {
    let scene = Scene::new(&given::people());
    scene.write(
        "main.tf",
        &with_unknown_name().replace("role_name = ", "pass_role = { users = [\"alice\"] }\n  role_name = "),
    );
    scene.apply();
    given::is_whole(&scene, &["user alice"]);
    scene.plan().expect_empty();
}

/// Between the plan and the apply somebody else makes the role.
#[test]
fn a_role_that_is_made_after_the_plan_is_an_error() {
    let scene = Scene::new(&given::people());
    scene.write("main.tf", &role(""));
    scene.plan().expect_changes();
    scene.ram("CreateRole", &[("RoleName", NAME), ("AssumeRolePolicyDocument", &given::trust().to_string())]);
    scene.try_apply_plan().failed().error().says(&[
        "A role of this name exists already",
        "Role sls-byok",
        "terraform import",
    ]);
    assert_eq!(scene.addresses(), [""; 0]);
    assert_eq!(given::stored(&scene).policies, [""; 0]);
}

/// The run warns a caller that may not read roles, and continues.
#[test]
fn a_role_that_cannot_be_looked_for_is_a_warning() {
    let scene = Scene::new(&given::people());
    scene.write("main.tf", &role(""));
    let denied = json!({"error": {"status": 403, "code": "NoPermission", "message": "No."}});
    scene.ram_fault(&json!({"action": "GetRole", "times": 1, "effect": denied}));
    let plan = scene.plan().expect_changes();
    plan.ran.warning().says(&["Cannot find out whether a role exists", "Role sls-byok", "NoPermission"]);
}

#[track_caller]
fn invalid(arguments: &str, says: &[&str]) {
    let scene = Scene::new(&given::people());
    scene.write("main.tf", &role(arguments));
    let error = scene.validate().failed().error();
    error.says(says);
    assert!(error.line >= 3, "{error:?}");
    assert_eq!(scene.calls().len(), 0);
}

#[test]
fn values_out_of_bounds_are_refused_before_anything_is_sent() {
    for (value, is_valid) in [(3_599, false), (3_600, true), (43_200, true), (43_201, false)] {
        let scene = Scene::new(&given::people());
        scene.write("main.tf", &role(&format!("  max_session_duration = {value}")));
        assert_eq!(scene.validate().exit_code == Some(0), is_valid, "{value}");
    }
    invalid("  max_session_duration = 3599", &["max_session_duration", "3600", "43200"]);
    invalid(&format!("  description = {:?}", "a".repeat(1_025)), &["1025"]);
    let tags: Vec<String> = (0..21).map(|number| format!("t{number} = \"\"")).collect();
    invalid(&format!("  tags = {{ {} }}", tags.join(", ")), &["at most 20 tags"]);
    invalid(&format!("  tags = {{ {} = \"\" }}", "k".repeat(129)), &["128"]);
    invalid(&format!("  tags = {{ k = {:?} }}", "v".repeat(257)), &["256"]);
    for key in ["acs:tag:createdby", "ACS:x", "aliyun", "Aliyun.x", "http://x", "https://x"] {
        invalid(
            &format!("  tags = {{ {key:?} = \"1\" }}"),
            &[&format!("the key {key:?} begins with"), "cloud keeps"],
        );
    }
    invalid("  timeouts = { create = \"soon\" }", &["timeouts.create", "duration"]);
}

#[test]
fn names_are_checked_before_anything_is_sent() {
    invalid("  pass_role = { policy_name = \"a.b\" }", &["policy_name", "letters, digits and hyphens"]);
    invalid("  pass_role = { users = [\"a b\"] }", &["users"]);
    invalid("  pass_role = { groups = [\"a b\"] }", &["groups"]);
    invalid("  pass_role = { roles = [\"a/b\"] }", &["roles"]);
    for name in ["", "a b", "a/b", "a_b", "角色", &"a".repeat(65)] {
        let scene = Scene::new(&given::people());
        scene.write("main.tf", &role("").replace(NAME, name));
        let error = scene.validate().failed().error();
        error.says(&["role_name"]);
        error.at("main.tf", 2);
    }
}

#[test]
fn a_name_that_is_null_is_refused_at_plan_and_the_role_stays() {
    let scene = given::applied(&role(""));
    let nothing = "variable \"nothing\" {\n  type = string\n  default = null\n}\n";
    scene.write("main.tf", &(role("").replace(&format!("{NAME:?}"), "var.nothing") + nothing));
    for ran in [scene.try_plan(), scene.try_apply()] {
        let error = ran.failed().error();
        error.says(&["Missing required argument", "role_name is required, but its value is null"]);
        error.at("main.tf", 2);
    }
    assert_eq!(scene.ram_writes(), [""; 0]);
    given::stored(&scene);
}

#[test]
fn null_among_names_is_refused() {
    invalid("  pass_role = { users = [\"alice\", null] }", &["Null element", "pass_role.users"]);
    invalid("  tags = { k = null }", &["Null element", "tags[\"k\"]"]);
}

#[test]
fn service_linked_roles_are_refused() {
    for name in ["AliyunServiceRoleForSLSAudit", "aliyunserviceroleforx"] {
        let scene = Scene::new(&given::people());
        scene.write("main.tf", &role("").replace(NAME, name));
        let error = scene.validate().failed().error();
        error.says(&["service-linked roles, which only the services themselves make"]);
        error.at("main.tf", 2);
        scene.write("main.tf", &role(""));
        let ran = scene.import(THIS, name).failed();
        assert!(ran.prose().contains("Service-linked roles are not managed here"), "{}", ran.prose());
        assert_eq!(scene.calls().len(), 0);
    }
}

/// All of them at once, and no error: they may be created in the same apply.
#[test]
fn principals_that_do_not_exist_are_found_at_plan() {
    let scene = Scene::new(&given::people());
    let pass_role = "  pass_role = {\n    users = [\"alice\", \"carol\"]\n    groups = [\"auditors\", \"nobodies\"]\n    roles = [\"deployer\", \"runner\", \"sls-byok\"]\n  }";
    scene.write("main.tf", &role(pass_role));
    let warning = scene.plan().expect_changes().ran.warning();
    warning.says(&["does not exist", "\n  RAM user carol", "\n  RAM group nobodies", "\n  RAM role runner"]);
    for known in ["alice", "auditors", "deployer", "role sls-byok"] {
        assert!(!warning.detail.contains(&format!(" {known}\n")), "{}", warning.detail);
    }
    warning.at("main.tf", 3);
    // Everybody else gets the policy.
    let ran = scene.try_apply().failed();
    let told: Vec<String> = ran.errors().into_iter().map(|error| error.detail).collect();
    assert_eq!(told.len(), 3, "{told:#?}");
    for remedy in ["pass_role.users", "pass_role.groups", "pass_role.roles"] {
        assert!(told.iter().any(|text| text.contains(&format!("from {remedy}"))), "{told:#?}");
    }
    let holders = given::stored_policy(&scene).holders;
    assert_eq!(holders, ["user alice", "group auditors", "role deployer", "role sls-byok"]);
    // The remedy as it is printed.
    let corrected =
        pass_role.replace(", \"carol\"", "").replace(", \"nobodies\"", "").replace(", \"runner\"", "");
    scene.write("main.tf", &role(&corrected));
    scene.apply();
    scene.plan().expect_empty();
}

#[test]
fn a_policy_name_that_is_taken_is_an_error_at_plan() {
    let scene = Scene::new(&given::people());
    let document = r#"{"Version":"1","Statement":[{"Effect":"Allow","Action":"oss:*","Resource":"*"}]}"#;
    scene.ram("CreatePolicy", &[("PolicyName", "taken"), ("PolicyDocument", document)]);
    let taken = "  pass_role = { policy_name = \"taken\" }";
    scene.write("main.tf", &role(taken));
    let error = scene.try_apply().failed().error();
    error.says(&[
        "name of the ram:PassRole policy is taken",
        "Policy taken",
        "\n  {\"Version\"",
        "pass_role.policy_name",
    ]);
    error.at("main.tf", 3);
    assert!(scene.role(NAME).is_none());
    scene.write("main.tf", &role(""));
    scene.apply();
    scene.write("main.tf", &role(taken));
    scene.try_plan().failed().error().says(&["is taken"]);
}

#[test]
fn a_limit_is_told_for_whom_it_holds() {
    let scene = Scene::new(&given::people());
    scene.write("main.tf", &given::role_for(&["alice"], ""));
    let full = json!({"error": {"status": 409, "code": "LimitExceeded.User.Policy", "message": "Full."}});
    scene.ram_fault(&json!({"action": "AttachPolicyToUser", "times": 1, "effect": full}));
    let error = scene.try_apply().failed().error();
    error.says(&["RAM user alice has reached its limit", "\"alice\" from pass_role.users"]);
    assert!(!error.detail.contains("account has"), "{}", error.detail);
}
