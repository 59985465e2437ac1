//! Ctrl-C while a call is under way: the run ends at once, leaves nothing running, and the next apply
//! finishes.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::given::{THIS, applied, encryption, plain, service_key, stored};
use crate::harness::{Call, Diagnostic, Ran, Run, Scene};

/// How long an interrupted run may go on. It needs a fraction of a second; without a reaction it would
/// wait 30 s for the answer.
const PROMPT: Duration = Duration::from_secs(10);

/// Interrupts a run once it has sent `action`, which is held; the run must fail promptly.
#[track_caller]
fn interrupted_during(scene: &Scene, action: &str, run: Run<'_>) -> Ran {
    scene.await_calls(action, |calls: &[Call]| {
        calls.iter().any(|call| call.action == action && call.status.is_none())
    });
    let group = run.group();
    let began = Instant::now();
    run.interrupt();
    let ran = run.wait().failed();
    assert!(began.elapsed() < PROMPT, "it took {:?}", began.elapsed());
    assert!(!Run::group_is_alive(group), "a process was left behind");
    assert_eq!(std::fs::read_dir(scene.root().join("tmp")).unwrap().count(), 0, "a socket was left behind");
    ran
}

/// The errors without those the host adds of its own, that it was halted.
fn of_the_resource(ran: &Ran) -> Vec<Diagnostic> {
    ran.errors().into_iter().filter(|error| error.address.starts_with(THIS)).collect()
}

fn hold(scene: &Scene, action: &str, skip: u64) {
    scene.fault(&json!({"action": action, "skip": skip, "effect": "hold"}));
}

/// Lets the held call be carried out after all, as a service would that got it in time.
#[track_caller]
fn carried_out_late(scene: &Scene) {
    scene.release();
    scene.await_calls("the end of the held call", |calls| calls.iter().all(|call| call.status.is_some()));
}

#[track_caller]
fn converges(scene: &Scene, enable: bool) {
    scene.apply();
    scene.plan().expect_empty();
    assert_eq!(stored(scene), service_key(enable, "default"));
}

#[test]
fn a_create_that_is_interrupted_is_finished_by_the_next_apply() {
    for late in [true, false] {
        let scene = Scene::new(&plain());
        scene.write("main.tf", &encryption(""));
        hold(&scene, "UpdateLogStore", 0);
        let ran = interrupted_during(&scene, "UpdateLogStore", scene.start_apply());
        let errors = of_the_resource(&ran);
        assert_eq!(errors.len(), 1, "{errors:#?}");
        errors[0].says(&[
            "SLS UpdateLogStore on audit/app was cancelled",
            "interrupted",
            "Run again to finish",
        ]);
        assert_eq!(scene.instance(THIS)["status"], "tainted", "the update may have been carried out");
        if late {
            carried_out_late(&scene);
            assert_eq!(stored(&scene)["enable"], true);
        }
        converges(&scene, true);
        for call in scene.writes() {
            assert_eq!(call.body["encrypt_conf"]["enable"], true, "{call:?}");
        }
    }
}

#[test]
fn a_toggle_that_is_interrupted_is_finished_by_the_next_apply() {
    for late in [true, false] {
        let scene = applied(&encryption(""));
        scene.write("main.tf", &encryption("  enable = false"));
        hold(&scene, "UpdateLogStore", 0);
        interrupted_during(&scene, "UpdateLogStore", scene.start_apply());
        assert_eq!(scene.attributes(THIS)["enable"], true);
        if late {
            carried_out_late(&scene);
        }
        converges(&scene, false);
    }
}

#[test]
fn a_destroy_that_is_interrupted_is_finished_by_the_next_one() {
    let scene = applied(&encryption(""));
    hold(&scene, "UpdateLogStore", 0);
    let run = scene.start(&["destroy", "-auto-approve", "-input=false", "-json"]);
    interrupted_during(&scene, "UpdateLogStore", run);
    assert_eq!(scene.addresses(), [THIS]);
    scene.destroy();
    assert_eq!(stored(&scene)["enable"], false);
}

#[test]
fn a_refresh_that_is_interrupted_keeps_the_state() {
    let scene = applied(&encryption(""));
    let state = scene.read("terraform.tfstate");
    hold(&scene, "GetLogStore", 0);
    interrupted_during(&scene, "GetLogStore", scene.start(&["plan", "-input=false", "-json"]));
    assert_eq!(scene.read("terraform.tfstate"), state);
    scene.plan().expect_empty();
}

#[test]
fn a_pause_between_attempts_is_interrupted_too() {
    let scene = applied(&encryption(""));
    let wait = json!({"error": {"status": 500, "code": "InternalServerError", "message": "later"}});
    scene.fault(&json!({"action": "GetLogStore", "times": 4, "effect": wait}));
    hold(&scene, "GetLogStore", 0);
    let run = scene.start(&["plan", "-input=false", "-json"]);
    let failed = |calls: &[Call]| calls.iter().filter(|call| call.status == Some(500)).count() >= 3;
    scene.await_calls("the third failure", failed);
    let began = Instant::now();
    run.interrupt();
    run.wait().failed();
    assert!(began.elapsed() < PROMPT);
}

#[test]
fn many_updates_are_interrupted_at_once() {
    let names: Vec<String> = (0..5).map(|number| format!("app-{number}")).collect();
    let log_stores: Vec<_> = names.iter().map(|name| json!({"logstoreName": name})).collect();
    let scene = Scene::new(&json!({"projects": [{"name": "audit", "logstores": log_stores}]}));
    scene.write(
        "main.tf",
        "resource \"alicloud_log_store_encryption\" \"this\" {\n  count = 5\n  project_name = \"audit\"\n  logstore_name = \"app-${count.index}\"\n}\n",
    );
    scene.fault(&json!({"action": "UpdateLogStore", "times": 5, "effect": "hold"}));
    let run = scene.start_apply();
    let updates = |calls: &[Call]| calls.iter().filter(|call| call.action == "UpdateLogStore").count();
    scene.await_calls("five updates", |calls| updates(calls) == 5);
    let ran = interrupted_during(&scene, "UpdateLogStore", run);
    assert_eq!(of_the_resource(&ran).len(), 5);
    carried_out_late(&scene);
    scene.apply();
    scene.plan().expect_empty();
    for name in &names {
        assert_eq!(scene.log_store("audit", name)["encrypt_conf"], service_key(true, "default"));
    }
}
