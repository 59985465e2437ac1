//! Many Logstores in one run.

use serde_json::{Value, json};

use crate::given::{DISABLING, service_key};
use crate::harness::Scene;

const COUNT: usize = 50;

fn name(number: usize) -> String {
    format!("app-{number}")
}

fn seed() -> Value {
    let log_stores: Vec<_> =
        (0..COUNT).map(|number| json!({"logstoreName": name(number), "ttl": number + 1})).collect();
    json!({"projects": [{"name": "audit", "logstores": log_stores}]})
}

fn main(arguments: &str) -> String {
    format!(
        "resource \"alicloud_log_store_encryption\" \"this\" {{\n  count = {COUNT}\n  project_name = \"audit\"\n  \
         logstore_name = \"app-${{count.index}}\"\n{arguments}\n}}\n"
    )
}

#[track_caller]
fn all_are(scene: &Scene, enable: bool) {
    for number in 0..COUNT {
        let log_store = scene.log_store("audit", &name(number));
        assert_eq!(log_store["encrypt_conf"], service_key(enable, "default"), "{number}");
        assert_eq!(log_store["ttl"], number + 1);
    }
}

#[track_caller]
fn calls_are(scene: &Scene, reads: usize, updates: usize) {
    let count = |action: &str| scene.actions().iter().filter(|called| *called == action).count();
    assert_eq!((count("GetLogStore"), count("UpdateLogStore")), (reads, updates));
    scene.forget_calls();
}

#[test]
fn fifty_logstores_are_encrypted_switched_off_and_released_in_parallel() {
    let scene = Scene::new(&seed());
    scene.host_starts_provider();
    scene.write("main.tf", &main(""));
    assert_eq!(scene.apply().changes(), (50, 0, 0));
    all_are(&scene, true);
    calls_are(&scene, 3 * COUNT, COUNT);
    scene.plan().expect_empty();
    calls_are(&scene, COUNT, 0);

    scene.write("main.tf", &main("  enable = false"));
    assert_eq!(scene.try_apply_with(&["-parallelism=50"]).succeeded().changes(), (0, 50, 0));
    all_are(&scene, false);
    scene.write("main.tf", &main(DISABLING));
    scene.apply();
    scene.destroy();
    all_are(&scene, false);
}

#[test]
fn one_that_fails_does_not_keep_the_others_from_finishing() {
    let scene = Scene::new(&seed());
    scene.host_starts_provider();
    scene.write("main.tf", &main(""));
    let refusal = json!({"error": {"status": 400, "code": "ParameterInvalid", "message": "not this one"}});
    scene.fault(&json!({"action": "UpdateLogStore", "logstore": "app-7", "effect": refusal}));
    let error = scene.try_apply().failed().error();
    error.says(&["Logstore audit:app-7", "not this one"]);
    assert_eq!(error.address, "alicloud_log_store_encryption.this[7]");
    scene.forget_calls();
    assert_eq!(scene.apply().changes(), (1, 0, 0));
    assert_eq!(scene.writes().len(), 1);
    all_are(&scene, true);
}

#[test]
fn throttling_slows_many_down_and_fails_none() {
    let scene = Scene::new(&seed());
    scene.host_starts_provider();
    scene.write("main.tf", &main(""));
    scene.fault(&json!({"action": "*", "skip": 20, "times": 40, "effect": "throttle"}));
    scene.apply();
    all_are(&scene, true);
    scene.plan().expect_empty();
}

#[test]
fn a_quota_slows_many_down_and_fails_none() {
    let scene = Scene::new(&seed());
    scene.host_starts_provider();
    scene.write("main.tf", &main(""));
    scene.quota(&json!({"service": "sls", "requests_per_second": 25, "burst": 5}));
    assert_eq!(scene.try_apply_with(&["-parallelism=30"]).succeeded().changes(), (50, 0, 0));
    let refused = scene.calls().iter().filter(|call| call.status == Some(403)).count();
    assert!(refused > 0, "the quota was not felt");
    assert!(refused < 2 * COUNT, "{refused} calls were in vain");
    all_are(&scene, true);
}
