//! Ctrl-C while a call is under way: the run ends at once, leaves nothing running, and the next apply
//! finishes.

use std::time::Duration;

use serde_json::json;

use crate::given::{DISABLING, THIS, applied, encryption, plain, service_key, stored};
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
    run.interrupt();
    let ran = run.wait_at_most(PROMPT).failed();
    assert!(!Run::group_is_alive(group), "a process was left behind");
    assert_eq!(std::fs::read_dir(scene.root().join("tmp")).unwrap().count(), 0, "a socket was left behind");
    ran
}

/// The errors without those the host adds of its own, that it was halted. It gives no address to those of a destroy.
fn of_the_resource(ran: &Ran) -> Vec<Diagnostic> {
    ran.errors().into_iter().filter(|error| error.summary != "execution halted").collect()
}

fn hold(scene: &Scene, action: &str, skip: u64) {
    scene.fault(&json!({"action": action, "skip": skip, "effect": "hold"}));
}

/// Lets updates be carried out, and holds their answers.
fn hold_answers(scene: &Scene) {
    scene.fault(&json!({"action": "UpdateLogStore", "effect": "hold_after"}));
}

/// Waits until an update whose answer is held has switched encryption on or off.
#[track_caller]
fn await_enable(scene: &Scene, enable: bool) {
    let is_so =
        || scene.log_store("audit", "app").get("encrypt_conf").is_some_and(|conf| conf["enable"] == enable);
    scene.await_calls("the update", |_| is_so());
}

/// Makes every further read fail.
fn refuse_reads(scene: &Scene) {
    let refusal = json!({"error": {"status": 403, "code": "Unauthorized", "message": "not today"}});
    scene.fault(&json!({"action": "GetLogStore", "times": 1000, "effect": refusal}));
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
            "After that, a read shows the Logstore with no encryption configuration.",
            "still under way may change that",
        ]);
        assert_eq!(scene.instance(THIS)["status"], "tainted", "the update may have been carried out");
        assert_eq!(scene.attributes(THIS)["enable"], false, "nothing is encrypted yet");
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
        let ran = interrupted_during(&scene, "UpdateLogStore", scene.start_apply());
        of_the_resource(&ran)[0].says(&["After that, a read shows the Logstore with encryption enabled"]);
        assert_eq!(scene.attributes(THIS)["enable"], true);
        if late {
            carried_out_late(&scene);
        }
        converges(&scene, false);
    }
}

#[test]
fn a_destroy_that_is_interrupted_is_finished_by_the_next_one() {
    let scene = applied(&encryption(DISABLING));
    hold(&scene, "UpdateLogStore", 0);
    let run = scene.start(&["destroy", "-auto-approve", "-input=false", "-json"]);
    interrupted_during(&scene, "UpdateLogStore", run);
    assert_eq!(scene.addresses(), [THIS]);
    scene.destroy();
    assert_eq!(stored(&scene)["enable"], false);
}

#[test]
fn a_create_that_is_interrupted_after_it_was_carried_out_is_in_the_state_as_it_was_found() {
    let scene = Scene::new(&plain());
    scene.write("main.tf", &encryption(""));
    hold_answers(&scene);
    let run = scene.start_apply();
    await_enable(&scene, true);
    let ran = interrupted_during(&scene, "UpdateLogStore", run);
    of_the_resource(&ran)[0].says(&[
        "SLS UpdateLogStore on audit/app was cancelled",
        "After that, a read shows the Logstore with encryption enabled, encrypt_type \"default\", with the service's key.",
    ]);
    assert_eq!(scene.instance(THIS)["status"], "tainted", "nothing is final");
    assert_eq!(scene.attributes(THIS)["enable"], true);
    converges(&scene, true);
    assert_eq!(scene.writes().len(), 1, "it was adopted");
}

#[test]
fn a_toggle_that_is_interrupted_after_it_was_carried_out_is_in_the_state() {
    let scene = applied(&encryption(""));
    scene.write("main.tf", &encryption("  enable = false"));
    hold_answers(&scene);
    let run = scene.start_apply();
    await_enable(&scene, false);
    let ran = interrupted_during(&scene, "UpdateLogStore", run);
    of_the_resource(&ran)[0].says(&["After that, a read shows the Logstore with encryption disabled"]);
    assert_eq!(scene.attributes(THIS)["enable"], false);
    scene.plan().expect_empty();
}

#[test]
fn a_destroy_that_is_interrupted_after_it_was_carried_out_leaves_what_was_found_in_the_state() {
    let scene = applied(&encryption(DISABLING));
    hold_answers(&scene);
    let run = scene.start(&["destroy", "-auto-approve", "-input=false", "-json"]);
    await_enable(&scene, false);
    let ran = interrupted_during(&scene, "UpdateLogStore", run);
    of_the_resource(&ran)[0].says(&["After that, a read shows the Logstore with encryption disabled"]);
    assert_eq!(scene.addresses(), [THIS]);
    assert_eq!(scene.attributes(THIS)["enable"], false);
    scene.destroy();
    assert_eq!(scene.addresses(), [] as [&str; 0]);
}

#[test]
fn a_read_back_that_is_interrupted_leaves_what_was_found_in_the_state() {
    let scene = applied(&encryption(""));
    scene.write("main.tf", &encryption("  enable = false"));
    // One read to refresh, one before the update.
    hold(&scene, "GetLogStore", 2);
    let run = scene.start_apply();
    let ran = interrupted_during(&scene, "GetLogStore", run);
    of_the_resource(&ran)[0].says(&["SLS GetLogStore on audit/app was cancelled", "encryption disabled"]);
    assert_eq!(scene.attributes(THIS)["enable"], false);
    scene.plan().expect_empty();
}

#[test]
fn where_the_logstore_cannot_be_looked_at_what_was_known_stays_in_the_state() {
    for create in [true, false] {
        let scene = if create { Scene::new(&plain()) } else { applied(&encryption("")) };
        scene.write("main.tf", &encryption(if create { "" } else { "  enable = false" }));
        hold_answers(&scene);
        let run = scene.start_apply();
        await_enable(&scene, create);
        refuse_reads(&scene);
        let ran = interrupted_during(&scene, "UpdateLogStore", run);
        of_the_resource(&ran)[0].says(&[
            "SLS UpdateLogStore on audit/app was cancelled",
            "the provider could not read the Logstore after that",
            "not today",
        ]);
        let status = if create { json!("tainted") } else { json!(null) };
        assert_eq!(scene.instance(THIS)["status"], status);
        assert_eq!(scene.attributes(THIS)["enable"], !create, "as it was known before the update");
        scene.clear_faults();
        converges(&scene, create);
    }
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
    run.interrupt();
    run.wait_at_most(PROMPT).failed();
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
    let errors = of_the_resource(&ran);
    assert_eq!(errors.len(), 5);
    for error in errors {
        error.says(&["After that, a read shows the Logstore with no encryption configuration."]);
    }
    carried_out_late(&scene);
    scene.apply();
    scene.plan().expect_empty();
    for name in &names {
        assert_eq!(scene.log_store("audit", name)["encrypt_conf"], service_key(true, "default"));
    }
}
