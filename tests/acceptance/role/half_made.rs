//! Creates that stop half-way, at every call, under every lifecycle: the next apply that nothing disturbs finishes
//! them, and a destroy removes them.
//!
//! One configuration holds a role for each lifecycle and each thing that may happen to its name, so that a fault stops
//! them all.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::thread;

use serde_json::{Value, json};

use super::given;
use crate::harness::Scene;

/// The calls of a create that may be refused, and how many come before.
const STOPS: [(&str, u64); 5] = [
    ("AttachPolicyToRole", 0),
    ("AttachPolicyToRole", 1),
    ("CreatePolicy", 0),
    ("AttachPolicyToUser", 0),
    ("UpdateRole", 0),
];

/// Where `create_before_destroy` comes from.
const LIFECYCLES: [&str; 3] = ["none", "explicit", "inherited"];

/// What happens to the role's name before the next apply.
const NAMES: [&str; 2] = ["same", "changed"];

/// A role for each lifecycle and each fate of its name; a changed name ends with `suffix`.
fn main(suffix: &str) -> String {
    let mut main = String::new();
    for (lifecycle, name) in each() {
        let resource = format!("{lifecycle}_{name}");
        let role_name = role_name(lifecycle, name, suffix);
        let before = "  lifecycle {\n    create_before_destroy = true\n  }\n";
        let explicit = if lifecycle == "explicit" { before } else { "" };
        writeln!(
            main,
            "resource \"alicloud_ram_byok_role\" \"{resource}\" {{\n  role_name = {role_name:?}\n  pass_role = {{\n    users = [\"{resource}\"]\n  }}\n{explicit}}}"
        )
        .unwrap();
        if lifecycle == "inherited" {
            writeln!(
                main,
                "resource \"terraform_data\" \"{resource}\" {{\n  input = alicloud_ram_byok_role.{resource}.arn\n{before}}}"
            )
            .unwrap();
        }
    }
    main
}

fn each() -> impl Iterator<Item = (&'static str, &'static str)> {
    LIFECYCLES.into_iter().flat_map(|lifecycle| NAMES.map(|name| (lifecycle, name)))
}

fn role_name(lifecycle: &str, name: &str, suffix: &str) -> String {
    let suffix = if name == "changed" { suffix } else { "" };
    format!("{lifecycle}-{name}{suffix}")
}

/// Refuses this call from now on.
fn refuse(scene: &Scene, (action, skip): (&str, u64)) {
    let denied =
        json!({"error": {"status": 403, "code": "NoPermission", "message": "You are not authorized."}});
    scene.ram_fault(&json!({"action": action, "skip": skip, "times": 99, "effect": denied}));
}

/// A scene in which every create was stopped at this call; `again` stops them once more, under their next names.
fn stopped(stop: (&str, u64), again: bool) -> Scene {
    // A user for each, because RAM limits the policies of a user.
    let users: Vec<Value> = each().map(|(life, name)| json!({"name": format!("{life}_{name}")})).collect();
    let scene = Scene::new(&json!({"users": users}));
    scene.write("main.tf", &main(""));
    refuse(&scene, stop);
    scene.try_apply_with(&["-parallelism=1"]).failed();
    scene.clear_faults();
    assert_eq!(each().filter(|(life, name)| scene.role(&role_name(life, name, "")).is_some()).count(), 6);
    if again {
        scene.write("main.tf", &main("-2"));
        refuse(&scene, ("UpdateRole", 0));
        scene.try_apply().failed();
        scene.clear_faults();
    }
    scene
}

/// The objects in the state, deposed ones included.
fn objects(scene: &Scene) -> Vec<Value> {
    let state = scene.state();
    let resources = state["resources"].as_array().unwrap().iter();
    resources.flat_map(|resource| resource["instances"].as_array().unwrap().clone()).collect()
}

/// What is stopped is finished by the next apply, under the same name as the same role.
fn finishes(stop: (&str, u64), again: bool) {
    let scene = stopped(stop, again);
    let id = |name: &str| scene.role(name).map(|role| role.role_id);
    let begun: Vec<_> = each().map(|(life, name)| id(&role_name(life, name, ""))).collect();
    scene.write("main.tf", &main("-2"));
    scene.apply();
    scene.plan().expect_empty();
    for ((lifecycle, name), begun) in each().zip(begun) {
        let now = role_name(lifecycle, name, "-2");
        let role = scene.role(&now).unwrap_or_else(|| panic!("{stop:?}: there is no {now}"));
        assert_eq!(role.policies, given::KMS_POLICIES, "{stop:?} {now}");
        let policy = scene.policy(&format!("{now}-pass-role")).unwrap();
        assert_eq!(policy.holders, [format!("user {lifecycle}_{name}")], "{stop:?} {now}");
        if name == "same" {
            assert_eq!(Some(role.role_id), begun, "{stop:?}: {now} was made anew");
        } else {
            assert_eq!(scene.role(&role_name(lifecycle, name, "")), None, "{stop:?}");
        }
    }
    let expected: BTreeSet<String> =
        each().map(|(life, name)| format!("{}-pass-role", role_name(life, name, "-2"))).collect();
    assert_eq!(scene.custom_policies().into_iter().collect::<BTreeSet<_>>(), expected, "{stop:?}");
    let is_left = |object: &&Value| object.get("deposed").is_some() || object.get("status").is_some();
    assert_eq!(objects(&scene).iter().find(is_left), None, "{stop:?}");
}

/// What is stopped is removed by a destroy.
fn is_destroyed(stop: (&str, u64), again: bool) {
    let scene = stopped(stop, again);
    scene.destroy();
    for suffix in ["", "-2"] {
        for (lifecycle, name) in each() {
            assert_eq!(scene.role(&role_name(lifecycle, name, suffix)), None, "{stop:?} {again}");
        }
    }
    assert_eq!(scene.custom_policies(), [""; 0], "{stop:?} {again}");
}

/// Runs for each call that may be refused, once and twice, two at a time.
fn sweep(check: fn((&str, u64), bool)) {
    thread::scope(|scope| {
        for again in [false, true] {
            scope.spawn(move || STOPS.into_iter().for_each(|stop| check(stop, again)));
        }
    });
}

#[test]
fn the_next_apply_finishes_what_stopped_at_any_call_under_any_lifecycle() {
    sweep(finishes);
}

#[test]
fn a_destroy_removes_what_stopped_at_any_call_under_any_lifecycle() {
    sweep(is_destroyed);
}

/// The finished role is the current object, and what its first create has left was not destroyed: it is forgotten, and
/// the role stays.
#[test]
fn a_leftover_of_a_role_that_is_finished_never_deletes_it() {
    let scene = Scene::new(&given::people());
    let before = "  lifecycle {\n    create_before_destroy = true\n  }";
    scene.write("main.tf", &given::role_for(&["alice"], before));
    refuse(&scene, ("AttachPolicyToUser", 0));
    scene.try_apply().failed();
    scene.clear_faults();
    let left = scene.instance(given::THIS);
    scene.apply();
    let made = given::stored(&scene).role_id;
    let mut state = scene.state();
    let mut left = left.as_object().unwrap().clone();
    left.insert("deposed".to_owned(), json!("0123abcd"));
    let instances = state["resources"][0]["instances"].as_array_mut().unwrap();
    instances.push(Value::Object(left));
    scene.write("terraform.tfstate", &state.to_string());
    let ran = scene.apply();
    assert!(ran.warnings().iter().any(|warning| warning.summary.contains("is finished, and stays")));
    assert_eq!(given::stored(&scene).role_id, made);
    given::is_whole(&scene, &["user alice"]);
    assert_eq!(objects(&scene).len(), 1);
    scene.plan().expect_empty();
}

/// Both roles want one policy: the new one gets it once the old one is deleted. Without `create_before_destroy` there
/// is nothing to wait for.
#[test]
fn another_name_with_the_same_policy_is_one_apply() {
    let scene = Scene::new(&given::people());
    let main = |name: &str| {
        given::role("  pass_role = {\n    policy_name = \"fixed\"\n    users = [\"alice\"]\n  }\n  lifecycle {\n    create_before_destroy = true\n  }")
            .replace(given::NAME, name)
    };
    scene.write("main.tf", &main("one"));
    scene.apply();
    scene.write("main.tf", &main("two"));
    let warnings = scene.apply().warnings();
    let of_policy = warnings.iter().find(|warning| warning.detail.contains("policy fixed")).unwrap();
    of_policy.says(&["Role two", "policy fixed belongs to role one", "in the same apply"]);
    assert!(scene.role("one").is_none() && scene.role("two").is_some());
    assert_eq!(scene.policy("fixed").unwrap().holders, ["user alice"]);
    scene.plan().expect_empty();
    scene.write("main.tf", &main("three").replace("create_before_destroy = true", ""));
    assert_eq!(scene.apply().diagnostics().iter().filter(|told| told.severity == "error").count(), 0);
    assert!(scene.role("two").is_none() && scene.role("three").is_some());
    scene.plan().expect_empty();
}

/// The policy belongs to another role and stays so: the plan says so at once, and the next apply fails.
#[test]
fn the_policy_of_a_role_that_stays_is_not_taken_over() {
    let scene = Scene::new(&given::people());
    let main = |resource: &str, name: &str| {
        given::role("  pass_role = {\n    policy_name = \"fixed\"\n    users = [\"alice\"]\n  }")
            .replace(given::NAME, name)
            .replace("\"this\"", &format!("{resource:?}"))
    };
    scene.write("main.tf", &main("one", "one"));
    scene.apply();
    let before = scene.policy("fixed").unwrap();
    scene.write("main.tf", &(main("one", "one") + &main("two", "two")));
    scene.apply().warning().says(&["Role two", "policy fixed belongs to role one"]);
    scene.try_apply().failed().error().says(&["is taken", "Policy fixed"]);
    scene.write("main.tf", &main("one", "one"));
    scene.apply();
    assert_eq!(scene.policy("fixed").unwrap(), before);
    assert!(scene.role("two").is_none());
}
