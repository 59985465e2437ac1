//! Metric stores: the provider finds out what a store holds, and speaks the vocabulary of its actions.

use serde_json::{Map, Value, json};

use crate::given::{self, ARN, DISABLING, THIS};
use crate::harness::{Call, Scene};

/// A metric store with every setting that `UpdateMetricStore` accepts, none of them at its default.
fn seed() -> Value {
    given::holding(&json!({
        "telemetryType": "Metrics", "ttl": 365, "shardCount": 4, "enable_tracking": true, "autoSplit": true,
        "maxSplitShard": 128, "appendMeta": true, "hot_ttl": 30, "infrequentAccessTTL": 60, "mode": "query",
        "processorId": "processor-1", "shardingPolicy": {"enabled": true, "shardHash": {"keys": ["a"], "maxHashCount": 8}},
        "invented": {"deep": 1},
    }))
}

/// `encryptConf` with the key of [`given::byok`].
fn byok(enable: bool) -> Value {
    json!({"enable": enable, "encryptType": "default",
        "userCmkInfo": {"cmkKeyId": "key-1", "arn": ARN, "regionId": "cn-hangzhou"}})
}

fn actions(scene: &Scene) -> Vec<String> {
    let sls: Vec<Call> = scene.calls().into_iter().filter(|call| call.service == "sls").collect();
    sls.into_iter().map(|call| call.action).collect()
}

/// Creates, disables, enables, imports and destroys; no write touches another setting.
#[test]
fn the_whole_life_goes_through_the_actions_of_metric_stores() {
    let scene = Scene::with_flags(&seed(), &["--strict"]);
    let before = given::unmanaged(&scene);
    scene.write("main.tf", &given::byok_encryption(DISABLING));
    // One read more than a Logstore takes at each plan; none more in the sequence.
    scene.plan().expect_changes();
    assert_eq!(actions(&scene), ["GetLogStore", "GetMetricStore"]);
    scene.apply();
    assert_eq!(given::stored(&scene), given::byok(true));
    scene.forget_calls();
    scene.write("main.tf", &given::byok_encryption(&format!("{DISABLING}\n  enable = false")));
    scene.apply();
    assert_eq!(given::stored(&scene), given::byok(false));
    assert_eq!(given::unmanaged(&scene), before);
    let writes = scene.writes();
    let [write] = &writes[..] else { panic!("{writes:?}") };
    let mut expected: Map<String, Value> = before.clone();
    for name in ["logstoreName", "telemetryType", "processorId", "invented", "createTime"] {
        expected.remove(name);
    }
    expected.retain(|name, _| write.body.get(name).is_some());
    for name in [
        "ttl",
        "shardCount",
        "autoSplit",
        "maxSplitShard",
        "mode",
        "hot_ttl",
        "infrequentAccessTTL",
        "appendMeta",
        "shardingPolicy",
        "enable_tracking",
    ] {
        assert!(expected.contains_key(name), "{name}");
    }
    expected.insert("name".to_owned(), "app".into());
    expected.insert("encryptConf".to_owned(), byok(false));
    assert_eq!((write.action.as_str(), &write.body), ("UpdateMetricStore", &Value::Object(expected)));

    scene.write("main.tf", &given::byok_encryption(DISABLING));
    scene.apply();
    scene.plan().expect_empty();
    // The read back of UpdateMetricStore, and the permanent values: no other key, and no other algorithm.
    let other = given::byok_encryption(DISABLING).replace("key-1", "key-2");
    scene.write("main.tf", &other);
    scene.try_plan().failed().error().says(&["audit:app", "user_cmk_info.cmk_key_id", "key-1", "key-2"]);
    scene.write("main.tf", &given::byok_encryption(DISABLING));
    let state = scene.attributes(THIS);
    scene.run(&["state", "rm", THIS]).succeeded();
    scene.import(THIS, "audit:app").succeeded();
    assert_eq!(scene.attributes(THIS)["logstore_create_time"], state["logstore_create_time"]);
    scene.apply();
    scene.destroy();
    assert_eq!(given::stored(&scene), given::byok(false));
    assert_eq!(given::unmanaged(&scene), before);
    let wrong: Vec<String> = scene.writes().into_iter().map(|call| call.action).collect();
    assert!(wrong.iter().all(|action| action == "UpdateMetricStore"), "{wrong:?}");
}

/// Drift, another writer, a permanent value of somebody else, and a store that is deleted and created again as another
/// kind.
#[test]
fn what_others_do_to_a_metric_store_is_seen_kept_and_not_overwritten() {
    let scene = Scene::new(&seed());
    scene.write("main.tf", &given::encryption(""));
    scene.fault(&json!({"action": "UpdateMetricStore", "times": 1, "effect": "drop_after"}));
    scene.apply();
    assert_eq!(given::stored(&scene), given::service_key(true, "default"));
    scene.patch_log_store(
        "audit",
        "app",
        &json!({"encrypt_conf": given::service_key(false, "default"), "ttl": 90}),
    );
    let plan = scene.plan().expect_changes();
    assert_eq!(plan.drift(THIS), [("enable".to_owned(), json!(true), json!(false))]);
    scene.apply();
    assert_eq!(given::stored(&scene)["enable"], true);
    assert_eq!(scene.log_store("audit", "app")["ttl"], 90);
    // GetMetricStore does not know what GetLogStore shows: nothing says that it is gone.
    let code = json!({"error": {"status": 404, "code": "LogStoreNotExist", "message": "logstore app does not exist"}});
    scene.fault(&json!({"action": "GetMetricStore", "times": 1, "effect": code}));
    let said = scene.try_plan().failed().error();
    said.says(&[
        "Logstore audit:app",
        "GetLogStore shows a metric store, and GetMetricStore says: logstore app does not exist",
    ]);
    assert_eq!(scene.addresses(), [THIS]);
    // A Logstore of the same name and creation time is read as a Logstore.
    scene.patch_log_store("audit", "app", &json!({"telemetryType": "None"}));
    scene.forget_calls();
    scene.plan().expect_empty();
    assert_eq!(actions(&scene), ["GetLogStore"]);
    scene.patch_log_store("audit", "app", &json!({"telemetryType": "metrics"}));
    scene.plan().expect_empty();
    assert_eq!(actions(&scene), ["GetLogStore", "GetLogStore", "GetMetricStore"]);

    // The action that sets nothing but encryption is for Logstores; nothing is sent, by a plan or by an apply.
    scene.provider("  encryption_api = \"update_logstore_encryption\"");
    scene.forget_calls();
    scene.plan().expect_empty();
    scene.write("main.tf", &given::encryption("  enable = false"));
    let said = scene.try_apply().failed().error();
    said.says(&["audit:app: it is a metric store", "encryption_api = \"update_logstore\""]);
    scene.run(&["state", "rm", THIS]).succeeded();
    scene.try_plan().failed().error().says(&["audit:app: it is a metric store", "Nothing was sent"]);
    assert_eq!(scene.writes().len(), 0);
}
