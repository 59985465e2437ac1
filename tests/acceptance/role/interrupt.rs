//! Ctrl-C in the middle of a create, a change and a destroy: the state keeps the role, and the next run finishes.

use std::time::{Duration, Instant};

use serde_json::json;

use super::given::{self, THIS, role_for};
use crate::harness::{Call, Run, Scene};

/// How long an interrupted run may go on.
const PROMPT: Duration = Duration::from_secs(10);

/// Interrupts a run once it has sent this action, which is held; lets it be carried out afterwards if `late`.
#[track_caller]
fn interrupted_during(scene: &Scene, action: &str, arguments: &[&str], late: bool) {
    scene.ram_fault(&json!({"action": action, "effect": "hold"}));
    let run = scene.start(arguments);
    scene.await_calls(action, |calls: &[Call]| {
        calls.iter().any(|call| call.action == action && call.status.is_none())
    });
    let (group, began) = (run.group(), Instant::now());
    run.interrupt();
    run.wait().failed();
    assert!(began.elapsed() < PROMPT, "it took {:?}", began.elapsed());
    assert!(!Run::group_is_alive(group), "a process was left behind");
    if late {
        scene.release();
        let ended = |calls: &[Call]| calls.iter().all(|call| call.status.is_some());
        scene.await_calls("the end of the held call", ended);
    }
}

const APPLY: [&str; 4] = ["apply", "-auto-approve", "-input=false", "-json"];

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
        interrupted_during(&scene, action, &["destroy", "-auto-approve", "-input=false", "-json"], false);
        assert_eq!(scene.addresses(), [THIS]);
        scene.destroy();
        given::is_gone(&scene);
    }
}
