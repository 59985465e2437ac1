//! The calls of an ordinary sequence, and what it refuses to write.

use std::{sync::atomic::Ordering, time::Duration};

use serde_json::{Value, json};

use super::{
    desired, encrypted, object, plain, run,
    simulated_log_store::{SimulatedLogStore, UpdateOutcome, operation},
};
use crate::error::ErrorKind;
use crate::sls::encryption::{ApplyError, DesiredEncryption, LogStoreCalls as _, apply};
use crate::sls::{EncryptionApi, LogStore, UserCmkInfo};

#[tokio::test]
async fn an_ordinary_write_is_get_update_get() {
    let store = SimulatedLogStore::new(plain());
    assert!(run(&store, &desired(true, "default")).await.unwrap());
    assert_eq!(store.calls(), "get update get");
    assert_eq!(store.fields(), encrypted(true, "default"));
}

#[tokio::test]
async fn a_logstore_that_is_as_desired_gets_no_update() {
    let store = SimulatedLogStore::new(encrypted(true, "m4"));
    assert!(!run(&store, &desired(true, "sm4")).await.unwrap());
    assert_eq!(store.calls(), "get");
}

#[tokio::test]
async fn a_fresh_base_saves_a_read_and_an_old_one_does_not() {
    for (age, calls) in [(0, "update get"), (2, "get update get")] {
        let store = SimulatedLogStore::new(plain());
        let base = LogStore::from_fields(operation(), object(plain()), Duration::ZERO);
        store.time.fetch_add(age * 1000, Ordering::Relaxed);
        apply(&&store, &desired(true, "default"), Some(base)).await.unwrap();
        assert_eq!(store.calls(), calls);
    }
}

#[tokio::test]
async fn a_toggle_sends_the_stored_spelling_and_unknown_members() {
    let mut fields = object(plain());
    let conf = json!({"enable": false, "encrypt_type": "m4", "invented": true,
        "user_cmk_info": {"cmk_key_id": "k", "arn": "acs:ram::1:role/x", "region_id": "r"}});
    fields.insert("encrypt_conf".into(), conf.clone());
    let store = SimulatedLogStore::new(Value::Object(fields));
    let mut desired = desired(true, "sm4");
    desired.conf.user_cmk_info =
        Some(UserCmkInfo { cmk_key_id: "k".into(), arn: "acs:ram::1:role/X".into(), region_id: "r".into() });
    run(&store, &desired).await.unwrap();
    let mut expected = object(conf);
    expected.insert("enable".into(), true.into());
    assert_eq!(store.fields().get("encrypt_conf"), Some(&Value::Object(expected)));
}

#[tokio::test]
async fn a_permanent_value_that_differs_is_not_sent() {
    let store = SimulatedLogStore::new(encrypted(true, "aes_gcm"));
    let error = run(&store, &desired(true, "default")).await.unwrap_err();
    assert!(matches!(error, ApplyError::Conflict { .. }), "{error}");
    assert_eq!(store.calls(), "get");
}

#[tokio::test]
async fn a_logstore_recreated_since_the_plan_gets_no_update() {
    let store = SimulatedLogStore::new(plain());
    let desired = DesiredEncryption { create_time: Some(99), ..desired(true, "default") };
    let error = run(&store, &desired).await.unwrap_err();
    assert!(matches!(error, ApplyError::Recreated { known: 99, found: 100 }), "{error}");
    assert_eq!(store.calls(), "get");
}

#[tokio::test]
async fn a_confirmed_update_that_has_no_effect_is_an_error_at_the_time_limit() {
    let store = SimulatedLogStore::new(plain()).with([UpdateOutcome::Ignored]);
    let failure = apply(&&store, &desired(true, "default"), None).await.unwrap_err();
    assert!(matches!(failure.error, ApplyError::NotInEffect { stored: None }), "{}", failure.error);
    assert!(failure.written && (&store).now() > Duration::from_mins(2));
    assert_eq!(store.calls().matches("update").count(), 1);
}

#[tokio::test]
async fn the_sequence_reads_until_the_update_is_visible() {
    let store = SimulatedLogStore::new(plain());
    store.scripted_reads.lock().unwrap().extend([plain(), plain(), plain()]);
    run(&store, &desired(true, "default")).await.unwrap();
    assert_eq!(store.calls(), "get update get get get");
}

#[tokio::test]
async fn a_missing_logstore_is_waited_for_only_if_it_may_be_new() {
    let new_log_store = || {
        let store = SimulatedLogStore::new(plain());
        store.scripted_reads.lock().unwrap().extend((0..5).map(|_| Value::Null));
        store
    };
    let (created, known) = (new_log_store(), new_log_store());
    let desired = desired(true, "default");
    run(&created, &DesiredEncryption { may_be_new: true, ..desired.clone() }).await.unwrap();
    assert_eq!(created.calls(), "get get get get get get update get");
    let error = run(&known, &desired).await.unwrap_err();
    assert!(matches!(&error, ApplyError::Call(error) if error.kind() == ErrorKind::NotFound), "{error}");
    assert_eq!(known.calls(), "get");

    let never = SimulatedLogStore::new(plain());
    never.scripted_reads.lock().unwrap().extend((0..50).map(|_| Value::Null));
    let error = run(&never, &DesiredEncryption { may_be_new: true, ..desired }).await.unwrap_err();
    assert!(matches!(&error, ApplyError::Call(error) if error.kind() == ErrorKind::NotFound), "{error}");
    assert!(
        (Duration::from_mins(1)..Duration::from_secs(70)).contains(&(&never).now()),
        "{:?}",
        (&never).now()
    );
}

/// After the first update that is too late, the sequence reserves a permit.
#[tokio::test]
async fn an_update_built_from_an_old_read_is_not_sent() {
    let slow = SimulatedLogStore { read_millis: 1100, ..SimulatedLogStore::new(plain()) };
    let failure = apply(&&slow, &desired(true, "default"), None).await.unwrap_err();
    assert!(matches!(failure.error, ApplyError::ReadsTooOld) && !failure.written, "{}", failure.error);
    assert_eq!(slow.calls(), format!("get permit{}", " get".repeat(9)));
    assert_eq!(slow.fields(), plain());
}

#[tokio::test]
async fn the_dedicated_action_sets_nothing_but_encryption() {
    let api = EncryptionApi::UpdateLogStoreEncryption;
    let slow = SimulatedLogStore { api, read_millis: 1100, ..SimulatedLogStore::new(plain()) };
    run(&slow, &desired(true, "default")).await.unwrap();
    assert_eq!(slow.calls(), "get update get", "it is not built from a read, so no read is too old");
    assert_eq!(slow.fields(), encrypted(true, "default"));

    let overtaken =
        SimulatedLogStore { api, ..SimulatedLogStore::new(plain()) }.with([UpdateOutcome::PrecededBy(
            |fields| {
                fields.insert("ttl".into(), json!(90));
            },
        )]);
    run(&overtaken, &desired(true, "default")).await.unwrap();
    assert_eq!((overtaken.calls().as_str(), &overtaken.fields()["ttl"]), ("get update get get", &json!(90)));
}

#[tokio::test]
async fn a_dedicated_action_that_is_not_offered_has_an_error_of_its_own() {
    let api = EncryptionApi::UpdateLogStoreEncryption;
    for (status, code) in [(405, Some("InvalidMethod")), (404, None), (405, None)] {
        let store = SimulatedLogStore { api, ..SimulatedLogStore::new(plain()) }
            .with([UpdateOutcome::NotOffered(status, code)]);
        let error = run(&store, &desired(true, "default")).await.unwrap_err();
        assert!(matches!(error, ApplyError::NotOffered(_)), "{status}: {error}");
    }
    let store = SimulatedLogStore { api, ..SimulatedLogStore::new(plain()) }
        .with([UpdateOutcome::NotOffered(404, Some("LogStoreNotExist"))]);
    let error = run(&store, &desired(true, "default")).await.unwrap_err();
    assert!(matches!(error, ApplyError::Call(_)), "{error}");
}
