//! Situations of `alicloud_ram_byok_role`.

use serde_json::{Value, json};

use super::Printed;
use super::set_up::{cmk, encryption, error};
use crate::harness::Scene;
use crate::role::given::{people, trust};

const ALL: &str = r#"{"Version":"1","Statement":[{"Effect":"Allow","Action":"oss:*","Resource":"*"}]}"#;
const BEFORE: &str = "  lifecycle {\n    create_before_destroy = true\n  }";

/// A role whose label is its name with `_` for `-`.
fn role(name: &str, arguments: &str) -> String {
    labelled(&name.replace('-', "_"), name, arguments)
}

fn labelled(label: &str, name: &str, arguments: &str) -> String {
    format!("resource \"alicloud_ram_byok_role\" {label:?} {{\n  role_name = {name:?}\n{arguments}\n}}\n")
}

fn address(name: &str) -> String {
    format!("alicloud_ram_byok_role.{}", name.replace('-', "_"))
}

/// People ([`people`]), somebody who may do nothing, and roles of others with these names.
fn scene(others: &[&str]) -> Scene {
    let mut seed = people();
    seed["users"].as_array_mut().unwrap().push(json!({"name": "nobody"}));
    let roles = seed["roles"].as_array_mut().unwrap();
    roles.extend(others.iter().map(|name| json!({"name": name, "assume_role_policy_document": trust()})));
    seed["access_keys"] = json!([
        {"id": "ak-root", "secret": "sk-root"},
        {"id": "ak-nobody", "secret": "sk-nobody", "user": "nobody"},
    ]);
    seed["keys"] = json!([{"id": "key-1"}]);
    seed["projects"] = json!([{"name": "audit", "logstores": [{"logstoreName": "app"}, {"logstoreName": "other"}, {"logstoreName": "movable"}]}]);
    let scene = Scene::new(&seed);
    let nobody = scene.provider_block("  alias = \"nobody\"").replace("-root\"", "-nobody\"");
    scene.write("nobody.tf", &nobody);
    scene
}

fn applied(main: &str) -> Scene {
    let scene = scene(&[]);
    scene.write("main.tf", main);
    scene.apply();
    scene
}

#[track_caller]
fn make(scene: &Scene, role: &str) {
    scene.ram("CreateRole", &[("RoleName", role), ("AssumeRolePolicyDocument", &trust().to_string())]);
}

#[track_caller]
fn remove(scene: &Scene, role: &str) {
    for name in ["AliyunKMSCryptoUserAccess", "AliyunKMSReadOnlyAccess"] {
        // A role that was never finished has none.
        scene.try_ram(
            "DetachPolicyFromRole",
            &[("PolicyName", name), ("PolicyType", "System"), ("RoleName", role)],
        );
    }
    scene.ram("DeleteRole", &[("RoleName", role)]);
}

/// Attaches a policy of somebody else.
#[track_caller]
fn attach(scene: &Scene, role: &str) {
    scene.try_ram("CreatePolicy", &[("PolicyName", "theirs"), ("PolicyDocument", ALL)]);
    scene
        .ram("AttachPolicyToRole", &[("PolicyName", "theirs"), ("PolicyType", "Custom"), ("RoleName", role)]);
}

fn no_permission() -> Value {
    error(403, "NoPermission", "You are not authorized to do this action.")
}

/// What a plan finds of roles that are to be created.
pub fn new_roles() -> Printed {
    let scene = scene(&["exists"]);
    scene.ram("CreatePolicy", &[("PolicyName", "taken"), ("PolicyDocument", ALL)]);
    let principals = "  pass_role = {\n    users  = [\"alice\", \"carol\"]\n    groups = [\"nobodies\"]\n    roles  = [\"runner\"]\n  }";
    let main = role("exists", "")
        + &role("policy-taken", "  pass_role = { policy_name = \"taken\" }")
        + &role("principals", principals)
        + &role("unseen", "  provider = alicloud.nobody");
    scene.write("main.tf", &main);
    Printed::by_plan(scene)
}

/// What a refresh finds of roles that are managed.
pub fn role_refresh() -> Printed {
    let whole = ["gone", "made-anew", "denied"];
    let begun = ["unmarked", "of-others"];
    let scene = scene(&[]);
    let main = |denied: &str| {
        let role_of = |name: &str| role(name, if name == "denied" { denied } else { "" });
        whole.iter().chain(&begun).map(|name| role_of(name)).collect::<String>()
    };
    scene.write("main.tf", &whole.map(|name| role(name, "")).concat());
    scene.apply();
    scene.write("main.tf", &main(""));
    scene.ram_fault(&json!({"action": "AttachPolicyToRole", "times": 99, "effect": no_permission()}));
    scene.try_apply().failed();
    scene.clear_faults();
    for name in ["gone", "made-anew", "of-others"] {
        remove(&scene, name);
    }
    for name in ["made-anew", "of-others"] {
        make(&scene, name);
    }
    scene.ram("UpdateRole", &[("RoleName", "unmarked"), ("NewDescription", "Mine")]);
    scene.write("main.tf", &main("  provider = alicloud.nobody"));
    Printed::by_plan(scene)
}

/// What a plan says of roles that change or go.
pub fn role_changes() -> Printed {
    let of = |role: &str| cmk("\"key-1\"", &format!("alicloud_ram_byok_role.{role}.arn"));
    let by_text = |role: &str| cmk("\"key-1\"", &format!("\"acs:ram::1234567890123456:role/{role}\""));
    let scene = scene(&[]);
    let movable = of("movable") + "  on_immutable_change = \"replace\"";
    let before = role("renamed", "")
        + &role("unused", "")
        + &role("removed", "")
        + &role("forced", "  force = true")
        + &role("foreign", "")
        + &role("movable", "")
        + &encryption("app", &of("renamed"))
        + &encryption("movable", &movable)
        + &encryption("other", &by_text("removed"));
    // The role is there before a configuration names it as text.
    scene.write("main.tf", &before.replace(&encryption("other", &by_text("removed")), ""));
    scene.apply();
    scene.write("main.tf", &before);
    scene.apply();
    attach(&scene, "forced");
    attach(&scene, "foreign");
    let after = labelled("renamed", "renamed-2", "")
        + &labelled("unused", "unused-2", "")
        + &labelled("movable", "movable-2", "")
        + &encryption("movable", &movable)
        + &encryption("app", &of("renamed"))
        + &encryption("other", &by_text("removed"));
    // The plan of what has left the configuration goes by the state as it was refreshed, and what a role knew then of a
    // Logstore that names it as text is chance.
    for _ in 0..20 {
        scene.write("main.tf", &before);
        scene.try_apply_with(&["-refresh-only"]).succeeded();
        scene.write("main.tf", &after);
        let plan = scene.run(&["plan", "-input=false"]);
        if plan.prose().contains("Known ones: audit:other") {
            break;
        }
    }
    Printed::by_plan(scene)
}

/// What creating a role may come to.
pub fn role_apply() -> Printed {
    let scene = scene(&["exists"]);
    let name = "resource \"terraform_data\" \"name\" {\n  input = \"exists\"\n}\n";
    let principals = "  pass_role = {\n    users  = [\"alice\", \"carol\"]\n    groups = [\"nobodies\"]\n    roles  = [\"runner\"]\n  }";
    let shared = "  pass_role = {\n    policy_name = \"fixed\"\n  }";
    scene.write("main.tf", &role("first", shared));
    scene.apply();
    let main =
        format!("{name}{}", role("exists", "").replace("\"exists\"\n\n", "terraform_data.name.output\n\n"))
            + &role("principals", principals)
            + &role("denied", "  provider = alicloud.nobody")
            + &role("first", shared)
            + &role("second", shared);
    scene.write("main.tf", &main);
    Printed::by_apply(scene)
}

/// A role that somebody manages who may do nothing.
pub fn role_of_nobody() -> Scene {
    let main = |more: &str| role("this", &format!("  pass_role = {{ users = [\"alice\"] }}\n{more}"));
    let scene = applied(&main(""));
    scene.write("main.tf", &main("  provider = alicloud.nobody"));
    scene
}

/// RAM answers neither a create nor the last write of one.
pub fn role_without_answers() -> Printed {
    let scene = scene(&[]);
    scene.provider("  max_retries = 0");
    scene.write("main.tf", &role("this", ""));
    scene.ram_fault(&json!({"action": "UpdateRole", "times": 9, "effect": "drop_after"}));
    Printed::by_apply(scene)
}

/// RAM does not show what was written, and then may not be read.
pub fn role_that_lags() -> Printed {
    let scene = scene(&[]);
    // The role is written in a part of this time, and is waited for in the rest of it.
    scene.write("main.tf", &role("this", "  timeouts = { create = \"6s\" }"));
    scene.ram_fault(
        &json!({"action": "ListPoliciesForRole", "effect": {"stale": {"reads": 99, "writes": 3}}}),
    );
    Printed::by_apply(scene)
}

/// What was written may not be read.
pub fn role_that_is_not_read_back() -> Printed {
    let scene = scene(&[]);
    scene.write("main.tf", &role("this", ""));
    scene.ram_fault(&json!({"action": "ListPoliciesForRole", "effect": no_permission()}));
    Printed::by_apply(scene)
}

/// A create that fails, at the role itself and at what belongs to it.
pub fn role_that_is_begun() -> Printed {
    let scene = scene(&[]);
    scene.provider("  max_retries = 0");
    let denied = "  pass_role = {\n    users = [\"alice\"]\n  }";
    scene.write("main.tf", &role("this", denied));
    scene.ram_fault(&json!({"action": "CreatePolicy", "times": 9, "effect": no_permission()}));
    Printed::by_apply(scene)
}

/// A policy that a create that failed has left may not be deleted.
pub fn role_policy_that_stays() -> Printed {
    let scene = scene(&[]);
    let main = |policy: &str| {
        role(
            "this",
            &format!("  pass_role = {{\n    policy_name = {policy:?}\n    users       = [\"alice\"]\n  }}"),
        )
    };
    scene.write("main.tf", &main("one"));
    scene.ram_fault(&json!({"action": "AttachPolicyToUser", "times": 9, "effect": no_permission()}));
    scene.try_apply().failed();
    scene.clear_faults();
    scene.write("main.tf", &main("two"));
    scene.ram_fault(&json!({"action": "DeletePolicy", "times": 9, "effect": no_permission()}));
    Printed::by_apply(scene)
}

/// It is not known whether the role was created.
pub fn role_that_may_be_there() -> Printed {
    let scene = scene(&[]);
    scene.provider("  max_retries = 0");
    scene.write("main.tf", &role("this", ""));
    scene.ram_fault(&json!({"action": "CreateRole", "times": 9, "effect": "drop_after"}));
    scene.ram_fault(&json!({"action": "GetRole", "skip": 2, "times": 9, "effect": "drop_before"}));
    Printed::by_apply(scene)
}

/// A destroy of roles that others have attached policies to, and of one that the caller may not delete.
pub fn role_destroy() -> Printed {
    let main = role("foreign", "") + &role("denied", "");
    let scene = applied(&main);
    attach(&scene, "foreign");
    let main = role("foreign", "") + &role("denied", "  provider = alicloud.nobody");
    scene.write("main.tf", &main);
    Printed::by(scene, &["destroy", "-auto-approve", "-input=false", "-refresh=false"])
}

/// Somebody attaches a policy while the role is deleted.
pub fn role_destroy_that_is_disturbed() -> Printed {
    let scene = applied(&role("this", ""));
    scene.ram_fault(&json!({"action": "DeleteRole", "effect": "hold"}));
    let ran = {
        let run = scene.start(&["destroy", "-auto-approve", "-input=false"]);
        scene.await_faults();
        attach(&scene, "this");
        scene.release();
        run.wait()
    };
    Printed { scene, ran }
}

/// The object that a failed create has left is destroyed after another create has finished the role.
pub fn role_leftover() -> Printed {
    let scene = scene(&[]);
    let main = role("this", &format!("  pass_role = {{ users = [\"alice\"] }}\n{BEFORE}"));
    scene.write("main.tf", &main);
    scene.ram_fault(&json!({"action": "AttachPolicyToUser", "times": 9, "effect": no_permission()}));
    scene.try_apply().failed();
    scene.clear_faults();
    let mut left = scene.instance(&address("this")).as_object().unwrap().clone();
    scene.apply();
    let mut state = scene.state();
    left.insert("deposed".to_owned(), json!("0123abcd"));
    state["resources"][0]["instances"].as_array_mut().unwrap().push(Value::Object(left));
    scene.write("terraform.tfstate", &state.to_string());
    Printed::by_apply(scene)
}

/// An import of a role that is not there.
pub fn role_import() -> Printed {
    let scene = scene(&[]);
    scene.write("main.tf", &role("this", ""));
    Printed::by(scene, &["import", "-input=false", &address("this"), "acs:ram::1234567890123456:role/this"])
}

/// An import of a role that a service keeps for itself.
pub fn service_linked_role() -> Printed {
    let scene = scene(&[]);
    scene.write("main.tf", &role("this", ""));
    Printed::by(scene, &["import", "-input=false", &address("this"), "AliyunServiceRoleForSLSAudit"])
}
