//! Ctrl-C in the middle of a create, a change and a destroy: the state keeps the role, and the next run finishes.

use std::time::Duration;

use serde_json::{Value, json};

use super::given::{self, THIS, role_for};
use crate::harness::{Call, Diagnostic, Ran, Run, Scene};

/// How long an interrupted run may go on.
const PROMPT: Duration = Duration::from_secs(10);

/// Interrupts a run once it has sent this action, which is held; lets it be carried out afterwards if `late`.
#[track_caller]
fn interrupted_during(scene: &Scene, action: &str, arguments: &[&str], late: bool) -> Ran {
    scene.ram_fault(&json!({"action": action, "effect": "hold"}));
    let ran = interrupted_once(scene, action, arguments, || true);
    if late {
        scene.release();
        let ended = |calls: &[Call]| calls.iter().all(|call| call.status.is_some());
        scene.await_calls("the end of the held call", ended);
    }
    ran
}

/// Interrupts a run once it has sent this action, whose answer is held, and it is carried out.
#[track_caller]
fn interrupted_after(
    scene: &Scene,
    action: &str,
    arguments: &[&str],
    is_carried_out: impl Fn() -> bool,
) -> Ran {
    scene.ram_fault(&json!({"action": action, "effect": "hold_after"}));
    interrupted_once(scene, action, arguments, is_carried_out)
}

/// Interrupts a run once this action is under way and something is so.
#[track_caller]
fn interrupted_once(scene: &Scene, action: &str, arguments: &[&str], is_so: impl Fn() -> bool) -> Ran {
    let run = scene.start(arguments);
    let is_held = |calls: &[Call]| calls.iter().any(|call| call.action == action && call.status.is_none());
    scene.await_calls(action, |calls| is_held(calls) && is_so());
    let group = run.group();
    run.interrupt();
    let ran = run.wait_at_most(PROMPT).failed();
    assert!(!Run::group_is_alive(group), "a process was left behind");
    ran
}

/// The error of the resource: the host adds that it was halted.
#[track_caller]
fn error_of(ran: &Ran) -> Diagnostic {
    ran.errors().into_iter().find(|error| error.summary != "execution halted").unwrap()
}

const APPLY: [&str; 4] = ["apply", "-auto-approve", "-input=false", "-json"];
const DESTROY: [&str; 4] = ["destroy", "-auto-approve", "-input=false", "-json"];

#[test]
fn a_create_is_finished_by_the_next_apply() {
    for late in [true, false] {
        for action in ["CreateRole", "AttachPolicyToRole", "CreatePolicy", "AttachPolicyToUser"] {
            let scene = Scene::new(&given::people());
            scene.write("main.tf", &role_for(&["alice"], ""));
            interrupted_during(&scene, action, &APPLY, late);
            assert_eq!(scene.instance(THIS)["status"], "tainted", "{action}");
            let made = scene.role(given::NAME).map(|role| role.role_id);
            assert_eq!(made.is_some(), late || action != "CreateRole");
            scene.apply();
            let now = given::stored(&scene).role_id;
            assert!(made.is_none_or(|made| made == now), "{action}: the role was made anew");
            given::is_whole(&scene, &["user alice"]);
            scene.plan().expect_empty();
        }
    }
}

#[test]
fn a_wait_is_given_up_and_the_role_is_whole() {
    let scene = Scene::new(&given::people());
    scene.write("main.tf", &role_for(&["alice"], ""));
    interrupted_during(&scene, "ListEntitiesForPolicy", &APPLY, true);
}

#[test]
fn a_change_is_finished_by_the_next_apply() {
    for late in [true, false] {
        let scene = given::applied(&role_for(&["alice"], ""));
        scene.write("main.tf", &role_for(&["bob"], ""));
        interrupted_during(&scene, "AttachPolicyToUser", &APPLY, late);
        scene.apply();
        given::is_whole(&scene, &["user bob"]);
        scene.plan().expect_empty();
    }
}

#[test]
fn a_destroy_is_finished_by_the_next_one() {
    for action in ["DeletePolicy", "DetachPolicyFromRole", "DeleteRole"] {
        let scene = given::applied(&role_for(&["alice"], ""));
        interrupted_during(&scene, action, &DESTROY, false);
        assert_eq!(scene.addresses(), [THIS]);
        scene.destroy();
        given::is_gone(&scene);
    }
}

/// Whether something is so in a scene.
type Condition = fn(&Scene) -> bool;

/// Whether the state shows the role that is there, the number of its policies, the PassRole policy and its users.
fn in_state(scene: &Scene) -> (bool, usize, bool, Value) {
    let attributes = scene.attributes(THIS);
    let role_id = scene.role(given::NAME).map(|role| role.role_id);
    (
        role_id.is_some_and(|role_id| attributes["role_id"] == role_id),
        attributes["kms_policies"].as_array().unwrap().len(),
        !attributes["pass_role_policy"].is_null(),
        attributes["pass_role"].get("users").cloned().unwrap_or_default(),
    )
}

#[test]
fn what_a_create_has_made_before_it_was_interrupted_is_in_the_state() {
    let users = || json!(["alice"]);
    let table: [(&str, Condition, _); 4] = [
        ("CreateRole", |scene| scene.role(given::NAME).is_some(), (true, 0, false, json!(null))),
        (
            "AttachPolicyToRole",
            |scene| given::stored(scene).policies.len() == 1,
            (true, 1, false, json!(null)),
        ),
        ("CreatePolicy", |scene| scene.policy(given::POLICY).is_some(), (true, 2, true, json!([]))),
        (
            "AttachPolicyToUser",
            |scene| given::stored_policy(scene).holders.len() == 1,
            (true, 2, true, users()),
        ),
    ];
    for (action, is_carried_out, expected) in table {
        let scene = Scene::new(&given::people());
        scene.write("main.tf", &role_for(&["alice"], ""));
        let ran = interrupted_after(&scene, action, &APPLY, || is_carried_out(&scene));
        error_of(&ran).says(&[
            "was cancelled",
            "After that, the provider read the role",
            "may change that",
            "Run again",
        ]);
        assert_eq!(scene.instance(THIS)["status"], "tainted", "{action}");
        assert_eq!(in_state(&scene), expected, "{action}");
        let made = given::stored(&scene).role_id;
        scene.apply();
        assert_eq!(given::stored(&scene).role_id, made, "{action}: the role was made anew");
        given::is_whole(&scene, &["user alice"]);
        scene.plan().expect_empty();
    }
}

#[test]
fn a_role_that_is_not_there_yet_is_kept_in_mind() {
    let scene = Scene::new(&given::people());
    scene.write("main.tf", &role_for(&["alice"], ""));
    let ran = interrupted_during(&scene, "CreateRole", &APPLY, false);
    error_of(&ran)
        .says(&["After that RAM said that there is no such role.", "still under way may change that"]);
    assert_eq!(scene.attributes(THIS)["role_id"], json!(null));
}

#[test]
fn a_role_that_cannot_be_read_before_and_after_is_told_of() {
    let scene = Scene::new(&given::people());
    scene.write("main.tf", &role_for(&["alice"], ""));
    let refusal = json!({"error": {"status": 403, "code": "NoPermission", "message": "not today"}});
    scene.ram_fault(&json!({"action": "GetRole", "times": 1000, "effect": refusal}));
    let ran = interrupted_during(&scene, "CreateRole", &APPLY, false);
    error_of(&ran).says(&[
        "RAM CreateRole",
        "The role may have been created all the same.",
        "terraform import ADDRESS sls-byok",
    ]);
    assert_eq!(scene.addresses(), [""; 0]);
}

#[test]
fn what_a_change_has_done_before_it_was_interrupted_is_in_the_state() {
    let scene = given::applied(&role_for(&["alice"], ""));
    scene.write("main.tf", &role_for(&["bob"], ""));
    let both = || given::stored_policy(&scene).holders.len() == 2;
    let ran = interrupted_after(&scene, "AttachPolicyToUser", &APPLY, both);
    error_of(&ran).says(&["was cancelled", "After that, the provider read the role"]);
    assert_eq!(in_state(&scene), (true, 2, true, json!(["alice", "bob"])));
    scene.apply();
    given::is_whole(&scene, &["user bob"]);
    scene.plan().expect_empty();
}

#[test]
fn where_the_role_cannot_be_looked_at_what_was_known_stays_in_the_state() {
    let scene = given::applied(&role_for(&["alice"], ""));
    scene.write("main.tf", &role_for(&["bob"], ""));
    let refusal = json!({"error": {"status": 403, "code": "NoPermission", "message": "not today"}});
    // The first one is that of the refresh.
    scene.ram_fault(&json!({"action": "GetRole", "skip": 1, "times": 1000, "effect": refusal}));
    let ran = interrupted_during(&scene, "AttachPolicyToUser", &APPLY, false);
    error_of(&ran).says(&["the provider could not read the role after that", "not today"]);
    scene.clear_faults();
    assert_eq!(in_state(&scene), (true, 2, true, json!(["alice"])));
}

#[test]
fn what_a_destroy_has_removed_before_it_was_interrupted_is_not_in_the_state() {
    let table: [(&str, Condition, _, _); 3] = [
        (
            "DeletePolicy",
            |scene| scene.policy(given::POLICY).is_none(),
            (true, 2, false),
            "After that, the provider read the role",
        ),
        (
            "DetachPolicyFromRole",
            |scene| given::stored(scene).policies.len() == 1,
            (true, 1, false),
            "After that, the provider read the role",
        ),
        (
            "DeleteRole",
            |scene| scene.role(given::NAME).is_none(),
            (false, 2, true),
            "After that RAM said that there is no such role.",
        ),
    ];
    for (action, is_carried_out, expected, says) in table {
        let scene = given::applied(&role_for(&["alice"], ""));
        let ran = interrupted_after(&scene, action, &DESTROY, || is_carried_out(&scene));
        error_of(&ran).says(&["was cancelled", says]);
        assert_eq!(scene.addresses(), [THIS]);
        let (role, policies, policy, _) = in_state(&scene);
        assert_eq!((role, policies, policy), expected, "{action}");
        scene.destroy();
        given::is_gone(&scene);
    }
}

#[test]
fn a_write_that_takes_too_long_is_looked_at_too() {
    let scene = Scene::new(&given::people());
    scene.write("main.tf", &role_for(&["alice"], "  timeouts = { create = \"2s\" }"));
    scene.ram_fault(&json!({"action": "AttachPolicyToRole", "effect": "hold_after"}));
    let failed = scene.try_apply().failed();
    error_of(&failed).says(&[
        "RAM AttachPolicyToRole",
        "the time allowed for the whole operation has passed",
        "After that, the provider read the role",
    ]);
    assert_eq!(in_state(&scene), (true, 1, false, json!(null)));
    scene.clear_faults();
    scene.write("main.tf", &role_for(&["alice"], ""));
    let made = given::stored(&scene).role_id;
    scene.apply();
    assert_eq!(given::stored(&scene).role_id, made, "the role was made anew");
    given::is_whole(&scene, &["user alice"]);
}
