//! The sequence with a metric store: the same rules in the vocabulary of `GetMetricStore` and `UpdateMetricStore`.

use serde_json::{Value, json};

use super::{
    desired, encrypted, object, plain, run,
    simulated_log_store::{Edit, SimulatedLogStore, UpdateOutcome},
};
use crate::error::ErrorKind;
use crate::sls::encryption::{ApplyError, apply};
use crate::sls::{EncryptionApi, TelemetryType, UserCmkInfo};

fn metric_store(fields: Value) -> SimulatedLogStore {
    SimulatedLogStore { kind: TelemetryType::Metrics, ..SimulatedLogStore::new(fields) }
}

#[tokio::test]
async fn a_first_configuration_is_get_update_get_and_a_second_run_is_one_read() {
    let store = metric_store(plain());
    assert!(run(&store, &desired(true, "default")).await.unwrap());
    assert_eq!(store.calls(), "get update get");
    assert_eq!(store.fields(), encrypted(true, "default"));
    assert!(!run(&store, &desired(true, "default")).await.unwrap());
    assert_eq!(store.calls(), "get update get get");
}

#[tokio::test]
async fn a_toggle_keeps_unknown_members_at_every_depth() {
    let mut fields = object(plain());
    let conf = json!({"enable": false, "encrypt_type": "m4", "invented": true,
        "user_cmk_info": {"cmk_key_id": "k", "arn": "acs:ram::1:role/x", "region_id": "r", "other": {"deep": 1}}});
    fields.insert("encrypt_conf".into(), conf.clone());
    let store = metric_store(Value::Object(fields));
    let mut desired = desired(true, "sm4");
    desired.conf.user_cmk_info =
        Some(UserCmkInfo { cmk_key_id: "k".into(), arn: "acs:ram::1:role/X".into(), region_id: "r".into() });
    run(&store, &desired).await.unwrap();
    let mut expected = object(conf);
    expected.insert("enable".into(), true.into());
    assert_eq!(store.fields().get("encrypt_conf"), Some(&Value::Object(expected)));
}

#[tokio::test]
async fn permanent_values_that_differ_are_not_sent() {
    let store = metric_store(encrypted(true, "aes_gcm"));
    let error = run(&store, &desired(true, "default")).await.unwrap_err();
    assert!(matches!(error, ApplyError::Conflict { .. }), "{error}");
    assert_eq!(store.calls(), "get");
}

#[tokio::test]
async fn changes_of_other_writers_are_kept_or_restored() {
    let store = metric_store(plain()).with([UpdateOutcome::PrecededBy(|fields| {
        fields.insert("ttl".into(), json!(90));
    })]);
    run(&store, &desired(true, "default")).await.unwrap();
    assert_eq!(store.fields()["ttl"], 90);
    let conf: Edit = |fields| fields["encrypt_conf"]["invented"] = json!(2);
    let mut fields = object(encrypted(false, "default"));
    fields["encrypt_conf"]["invented"] = json!(1);
    let store = metric_store(Value::Object(fields)).with([UpdateOutcome::PrecededBy(conf)]);
    run(&store, &desired(true, "default")).await.unwrap();
    assert_eq!(
        store.fields()["encrypt_conf"],
        json!({"enable": true, "encrypt_type": "default", "invented": 2})
    );
}

#[tokio::test]
async fn a_server_that_refuses_newer_members_gets_none_without_a_value() {
    let mut fields = object(plain());
    fields.insert("hot_ttl".into(), json!(0));
    fields.insert("mode".into(), json!("query"));
    let refused = || UpdateOutcome::Refused(ErrorKind::Invalid, "redundant key exist in json");
    let store = metric_store(Value::Object(fields)).with([refused(), refused()]);
    let failure = apply(&&store, &desired(true, "default"), None).await.unwrap_err();
    let ApplyError::UnsupportedMembers { members, .. } = &failure.error else { panic!("{}", failure.error) };
    assert_eq!(members, &["mode"]);
    assert!(!failure.written);
}

/// `UpdateLogStoreEncryption` is an action on Logstores.
#[tokio::test]
async fn the_dedicated_action_is_not_sent_for_a_metric_store() {
    let store = SimulatedLogStore { api: EncryptionApi::UpdateLogStoreEncryption, ..metric_store(plain()) };
    let failure = apply(&&store, &desired(true, "default"), None).await.unwrap_err();
    assert!(matches!(failure.error, ApplyError::MetricStore), "{}", failure.error);
    assert!(!failure.written);
    // One that is as desired needs no update.
    let store = SimulatedLogStore { fields: object(encrypted(true, "default")).into(), ..store };
    assert!(!run(&store, &desired(true, "default")).await.unwrap());
    assert_eq!(store.calls(), "get get");
}
