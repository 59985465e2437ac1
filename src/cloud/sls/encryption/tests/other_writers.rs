//! Other writers that change the Logstore before or after an update.

use serde_json::{Value, json};

use super::{
    desired, encrypted, object, plain, run,
    simulated_log_store::{Edit, SimulatedLogStore, UpdateOutcome},
};
use crate::error::ErrorKind;
use crate::sls::encryption::{ApplyError, apply};

#[tokio::test]
async fn a_change_between_get_and_update_is_kept() {
    let store = SimulatedLogStore::new(plain()).with([UpdateOutcome::PrecededBy(|fields| {
        fields.insert("ttl".into(), json!(90));
    })]);
    run(&store, &desired(true, "default")).await.unwrap();
    let fields = store.fields();
    assert_eq!(fields.get("ttl"), Some(&json!(90)));
    assert_eq!(fields.get("encrypt_conf"), encrypted(true, "default").get("encrypt_conf"));
}

#[tokio::test]
async fn a_change_before_each_update_is_kept_or_reported() {
    let edits: [Edit; 5] = [
        |fields| drop(fields.insert("ttl".into(), json!(41))),
        |fields| drop(fields.insert("ttl".into(), json!(42))),
        |fields| drop(fields.insert("ttl".into(), json!(43))),
        |fields| drop(fields.insert("ttl".into(), json!(44))),
        |fields| drop(fields.insert("ttl".into(), json!(45))),
    ];
    let twice =
        SimulatedLogStore::new(plain()).with(edits.into_iter().take(2).map(UpdateOutcome::PrecededBy));
    run(&twice, &desired(true, "default")).await.unwrap();
    assert_eq!((twice.calls().matches("update").count(), &twice.fields()["ttl"]), (3, &json!(42)));

    let always = SimulatedLogStore::new(plain()).with(edits.map(UpdateOutcome::PrecededBy));
    let failure = apply(&&always, &desired(true, "default"), None).await.unwrap_err();
    assert!(matches!(failure.error, ApplyError::ConcurrentWriter), "{}", failure.error);
    assert_eq!(failure.unrestored.iter().map(|setting| setting.member.as_str()).collect::<Vec<_>>(), ["ttl"]);
}

#[tokio::test]
async fn a_change_after_the_update_is_kept() {
    let store = SimulatedLogStore::new(plain()).with([UpdateOutcome::FollowedBy(|fields| {
        fields.insert("ttl".into(), json!(90));
    })]);
    run(&store, &desired(true, "default")).await.unwrap();
    assert_eq!(store.calls(), "get update get");
    assert_eq!(store.fields().get("ttl"), Some(&json!(90)));
}

#[tokio::test]
async fn encryption_that_another_writer_disables_is_enabled_again_a_limited_number_of_times() {
    let off: Edit = |fields| {
        fields.insert("encrypt_conf".into(), json!({"enable": false, "encrypt_type": "default"}));
    };
    let once = SimulatedLogStore::new(plain()).with([UpdateOutcome::FollowedBy(off)]);
    run(&once, &desired(true, "default")).await.unwrap();
    assert_eq!(
        once.calls(),
        "get update get get update get",
        "a second read shows that the change came after the update"
    );

    let always = SimulatedLogStore::new(plain()).with((0..9).map(|_| UpdateOutcome::FollowedBy(off)));
    let error = run(&always, &desired(true, "default")).await.unwrap_err();
    assert!(matches!(error, ApplyError::NotInEffect { stored: Some(_) }), "{error}");
}

/// SLS changes counters and times itself. They neither end the wait for an update nor cause another one.
#[tokio::test]
async fn counters_that_change_are_not_another_writer() {
    let store = SimulatedLogStore::new(plain()).with([UpdateOutcome::FollowedBy(|fields| {
        fields.insert("lastModifyTime".into(), json!(200));
        fields.insert("resourceQuota".into(), json!({"storage": {"used": 9}}));
    })]);
    let stale = (0..4).map(|used| {
        let mut fields = object(plain());
        fields.insert("lastModifyTime".into(), json!(100 + used));
        fields.insert("resourceQuota".into(), json!({"storage": {"used": used}}));
        Value::Object(fields)
    });
    store.scripted_reads.lock().unwrap().extend(stale);
    run(&store, &desired(true, "default")).await.unwrap();
    assert_eq!(store.calls(), "get update get get get get");
}

#[tokio::test]
async fn a_member_that_sls_drops_is_restored_or_reported() {
    let drop_it: Edit = |fields| {
        fields.remove("invented");
    };
    let once = SimulatedLogStore::new(plain()).with([UpdateOutcome::CarriedOutWithLoss(drop_it)]);
    run(&once, &desired(true, "default")).await.unwrap();
    assert_eq!(once.calls(), "get update get update get");
    assert_eq!(once.fields().get("invented"), plain().get("invented"));

    let always =
        SimulatedLogStore::new(plain()).with((0..5).map(|_| UpdateOutcome::CarriedOutWithLoss(drop_it)));
    let failure = apply(&&always, &desired(true, "default"), None).await.unwrap_err();
    let unrestored: Vec<_> =
        failure.unrestored.iter().map(|setting| (setting.member.as_str(), setting.actual.as_str())).collect();
    assert_eq!(unrestored, [("invented", "null")]);
}

#[tokio::test]
async fn a_refusal_after_another_writer_configured_first_is_a_conflict() {
    let store = SimulatedLogStore::new(encrypted(true, "aes_gcm"))
        .with([UpdateOutcome::Refused(ErrorKind::Invalid, "encrypt_conf cannot be changed")]);
    store.scripted_reads.lock().unwrap().push_back(plain());
    let error = run(&store, &desired(true, "default")).await.unwrap_err();
    assert!(matches!(error, ApplyError::Conflict { .. }), "{error}");
}
