//! Somebody else changes the same Logstore at the same time: nothing of theirs is lost.

use serde_json::{Value, json};

use crate::given::{THIS, byok, encryption, plain, service_key, stored};
use crate::harness::{Call, Run, Scene};

/// A create whose update is held by the service.
fn held_create(scene: &Scene) -> Run<'_> {
    scene.write("main.tf", &encryption(""));
    scene.fault(&json!({"action": "UpdateLogStore", "effect": "hold"}));
    let run = scene.start_apply();
    scene.await_calls("the update", |calls| calls.iter().any(|call| call.action == "UpdateLogStore"));
    run
}

fn reads(calls: &[Call]) -> usize {
    calls.iter().filter(|call| call.action == "GetLogStore" && call.status.is_some()).count()
}

/// Waits until the provider has read the Logstore from beginning to end since this is called.
#[track_caller]
fn await_a_look(scene: &Scene) {
    // One may be under way that has seen the past.
    let enough = reads(&scene.calls()) + 2;
    scene.await_calls("a look at the Logstore", |calls| reads(calls) >= enough);
}

/// Holds the next read of the Logstore, and returns once it is held. `meanwhile` runs after the fault is ordered.
#[track_caller]
fn hold_a_read(scene: &Scene, meanwhile: impl FnOnce()) {
    scene.fault(&json!({"action": "GetLogStore", "effect": "hold"}));
    meanwhile();
    scene.await_faults();
}

fn updates(scene: &Scene) -> Vec<Call> {
    scene.calls().into_iter().filter(|call| call.action == "UpdateLogStore").collect()
}

#[test]
fn a_setting_changed_while_the_update_is_under_way_survives() {
    let scene = Scene::new(&plain());
    let run = held_create(&scene);
    scene.patch_log_store("audit", "app", &json!({"ttl": 90, "autoSplit": true, "maxSplitShard": 32}));
    await_a_look(&scene);
    scene.release();
    run.wait().succeeded();
    let log_store = scene.log_store("audit", "app");
    assert_eq!(log_store["ttl"], 90);
    assert_eq!((&log_store["autoSplit"], &log_store["maxSplitShard"]), (&json!(true), &json!(32)));
    assert_eq!(stored(&scene), service_key(true, "default"));
    let ttls: Vec<_> = updates(&scene).into_iter().map(|call| call.body["ttl"].clone()).collect();
    assert_eq!(ttls, [30, 90], "set back by the first, put right by the second");
    scene.plan().expect_empty();
}

#[test]
fn a_setting_changed_between_the_update_and_its_reading_back_stands() {
    let scene = Scene::new(&plain());
    scene.write("main.tf", &encryption(""));
    scene.fault(&json!({"action": "GetLogStore", "skip": 2, "effect": "hold"}));
    let run = scene.start_apply();
    scene.await_calls("the reading back", |calls| {
        let after_update = calls.iter().skip_while(|call| call.action != "UpdateLogStore");
        after_update.skip(1).any(|call| call.action == "GetLogStore")
    });
    scene.patch_log_store("audit", "app", &json!({"ttl": 90}));
    scene.release();
    run.wait().succeeded();
    assert_eq!(scene.log_store("audit", "app")["ttl"], 90);
    assert_eq!(updates(&scene).len(), 1);
}

#[test]
fn another_configuration_that_comes_first_is_not_overwritten() {
    let scene = Scene::new(&plain());
    let run = held_create(&scene);
    scene.patch_log_store("audit", "app", &json!({"encrypt_conf": byok(true)}));
    scene.release();
    let error = run.wait().failed().error();
    error.says(&["A Logstore has another encryption configuration", r#"is "byok" on the Logstore"#]);
    assert_eq!(stored(&scene), byok(true));
    assert_eq!(updates(&scene).len(), 1);
    assert!(scene.addresses().is_empty(), "nothing of ours is there");
}

#[test]
fn a_writer_that_configures_the_same_first_is_joined() {
    let scene = Scene::new(&plain());
    let run = held_create(&scene);
    scene.patch_log_store("audit", "app", &json!({"encrypt_conf": service_key(true, "default")}));
    scene.release();
    run.wait().succeeded();
    assert_eq!(stored(&scene), service_key(true, "default"));
    assert_eq!(scene.attributes(THIS)["id"], "audit:app");
    scene.plan().expect_empty();
}

#[test]
fn a_logstore_that_is_rebuilt_during_the_update_is_noticed() {
    let scene = Scene::new(&plain());
    let run = held_create(&scene);
    scene.put_log_store("audit", "app", &json!({"createTime": 1_800_000_000}));
    scene.release();
    let error = run.wait().failed().error();
    error.says(&[
        "A Logstore was deleted and created again",
        "Logstore audit:app:",
        "1700000000",
        "1800000000",
        "terraform plan again",
    ]);
    scene.apply();
    scene.plan().expect_empty();
    assert_eq!(scene.attributes(THIS)["logstore_create_time"], 1_800_000_000);
    assert_eq!(stored(&scene)["enable"], true);
}

#[test]
fn a_logstore_that_is_deleted_during_the_update_is_an_error_without_a_trace() {
    let scene = Scene::new(&plain());
    let run = held_create(&scene);
    scene.delete_log_store("audit", "app");
    scene.release();
    run.wait().failed().error().says(&["LogStoreNotExist", "request id ", "never creates a Logstore"]);
    assert_eq!(scene.state()["resources"], Value::Array(Vec::new()));
}

#[test]
fn a_writer_that_does_not_stop_is_reported_not_overwritten_in_silence() {
    let scene = Scene::new(&plain());
    scene.fault(&json!({"action": "UpdateLogStore", "skip": 1, "times": 10, "effect": "hold"}));
    let run = held_create(&scene);
    for sent in 1..=5 {
        scene.await_calls("another update", |calls| {
            calls.iter().filter(|call| call.action == "UpdateLogStore").count() == sent
        });
        scene.patch_log_store("audit", "app", &json!({"ttl": 40 + sent}));
        await_a_look(&scene);
        scene.release();
    }
    let errors = run.wait().failed().errors();
    errors[0].says(&["A Logstore keeps changing", "Logstore audit:app", "Stop the other writer"]);
    errors[1].says(&["Settings of a Logstore were set back", "ttl: 45, is now 44"]);
    assert_eq!(stored(&scene), service_key(true, "default"));
}

#[test]
fn an_interrupted_run_names_the_setting_that_its_update_set_back() {
    let scene = Scene::new(&plain());
    let run = held_create(&scene);
    scene.patch_log_store("audit", "app", &json!({"ttl": 365}));
    await_a_look(&scene);
    // A look, and then the read-back.
    hold_a_read(&scene, || {});
    hold_a_read(&scene, || scene.release());
    run.interrupt();
    let errors = run.wait().failed().errors();
    errors[1].says(&["Settings of a Logstore were set back", "ttl: 365, is now 30"]);
}

#[test]
fn a_logstore_that_was_just_created_is_waited_for() {
    let scene = Scene::new(&plain());
    scene.write("main.tf", &encryption(""));
    let error = json!({"error": {"status": 404, "code": "LogStoreNotExist", "message": "logstore app does not exist"}});
    scene.fault(&json!({"action": "GetLogStore", "times": 4, "effect": error}));
    scene.apply();
    assert_eq!(stored(&scene), service_key(true, "default"));
    scene.plan().expect_empty();
}

const DEDICATED: &str = "  encryption_api = \"update_logstore_encryption\"";

#[test]
fn the_dedicated_action_leaves_every_other_setting_alone() {
    let scene = Scene::new(&plain());
    scene.provider(DEDICATED);
    scene.write("main.tf", &encryption(""));
    scene.fault(&json!({"action": "UpdateLogStoreEncryption", "effect": "hold"}));
    let run = scene.start_apply();
    scene.await_calls("the update", |calls| {
        calls.iter().any(|call| call.action == "UpdateLogStoreEncryption")
    });
    scene.patch_log_store("audit", "app", &json!({"ttl": 365}));
    scene.release();
    run.wait().succeeded();
    assert_eq!(
        (scene.log_store("audit", "app")["ttl"].clone(), stored(&scene)),
        (json!(365), service_key(true, "default"))
    );
    assert_eq!(scene.writes().len(), 1);
    scene.write("main.tf", &encryption("  enable = false"));
    scene.apply();
    assert_eq!(stored(&scene), service_key(false, "default"));
    scene.plan().expect_empty();
}

#[test]
fn where_the_dedicated_action_is_not_offered_the_default_is_named_and_nothing_is_sent_by_it() {
    let scene = Scene::new(&plain());
    scene.provider(DEDICATED);
    scene.write("main.tf", &encryption(""));
    let refusal = json!({"error": {"status": 405, "code": "InvalidMethod", "message": "invalid request method: /logstores/app/encryption"}});
    scene.fault(&json!({"action": "UpdateLogStoreEncryption", "effect": refusal}));
    let error = scene.try_apply().failed().error();
    error.says(&[
        "SLS does not offer UpdateLogStoreEncryption",
        "audit:app",
        "encryption_api = \"update_logstore\"",
    ]);
    assert_eq!(scene.log_store("audit", "app").get("encrypt_conf"), None);
    scene.provider("");
    scene.apply();
    assert_eq!(stored(&scene), service_key(true, "default"));
}
