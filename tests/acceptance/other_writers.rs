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
    error.says(&["already has another encryption configuration", r#"is "byok" on the Logstore"#]);
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
    error.says(&["Logstore audit:app was created anew", "1700000000", "1800000000", "terraform plan again"]);
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
    let mut ttl = 90;
    for sent in 1..=2 {
        scene.await_calls("another update", |calls| {
            calls.iter().filter(|call| call.action == "UpdateLogStore").count() == sent
        });
        scene.patch_log_store("audit", "app", &json!({"ttl": ttl}));
        await_a_look(&scene);
        scene.release();
        ttl -= 30;
    }
    let error = run.wait().failed().error();
    error.says(&["Logstore audit:app lost settings", "ttl was 60 and is 90", "Set them again by hand"]);
    assert_eq!(stored(&scene), service_key(true, "default"));
}
