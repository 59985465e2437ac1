//! Updates that SLS refuses, and updates whose answer is lost.

use std::time::Duration;

use serde_json::{Value, json};

use super::{
    desired, encrypted, object, plain, run,
    simulated_log_store::{SimulatedLogStore, UpdateOutcome, operation},
};
use crate::error::ErrorKind;
use crate::sls::LogStore;
use crate::sls::encryption::{ApplyError, apply};

#[tokio::test]
async fn after_a_lost_answer_the_sequence_reads_before_it_sends_again() {
    let store = SimulatedLogStore::new(plain()).with([UpdateOutcome::AnswerLost]);
    run(&store, &desired(true, "default")).await.unwrap();
    assert_eq!(store.calls(), "get update pause get");
}

#[tokio::test]
async fn a_throttled_update_is_repeated_from_the_same_read_while_that_is_fresh() {
    let throttled = || UpdateOutcome::Refused(ErrorKind::Throttled, "slow down");
    let soon = SimulatedLogStore::new(plain()).with([throttled()]);
    run(&soon, &desired(true, "default")).await.unwrap();
    assert_eq!(soon.calls(), "get update pause update get");

    // Each pause takes 400 ms.
    let later = SimulatedLogStore::new(plain()).with((0..3).map(|_| throttled()));
    run(&later, &desired(true, "default")).await.unwrap();
    assert_eq!(later.calls(), "get update pause update pause update pause get update get");
}

/// Fetching new credentials takes time, in which another writer may change the Logstore.
#[tokio::test]
async fn an_update_refused_for_an_expired_token_is_repeated_from_a_new_read() {
    let store = SimulatedLogStore::new(plain()).with([UpdateOutcome::TokenExpired(|fields| {
        fields.insert("ttl".into(), json!(90));
    })]);
    let applied = apply(&&store, &desired(true, "default"), None).await.unwrap();
    assert!(applied.written);
    assert_eq!(store.calls(), "get update pause get update get");
    assert_eq!(store.fields()["ttl"], 90);

    let store = SimulatedLogStore::new(plain())
        .with([UpdateOutcome::Refused(ErrorKind::Unauthenticated, "has expired")]);
    let failure = apply(&&store, &desired(true, "default"), None).await.unwrap_err();
    assert!(!failure.written, "{}", failure.error);
    assert_eq!(store.calls(), "get update pause");
}

#[tokio::test]
async fn the_retry_policy_limits_failed_updates() {
    let throttled = || UpdateOutcome::Refused(ErrorKind::Throttled, "slow down");
    let many = SimulatedLogStore::new(plain()).with((0..9).map(|_| throttled()));
    assert!(run(&many, &desired(true, "default")).await.is_ok());
    let endless = SimulatedLogStore::new(plain()).with((0..20).map(|_| throttled()));
    assert!(matches!(run(&endless, &desired(true, "default")).await, Err(ApplyError::Call(_))));
}

/// Chance decides which call the time limit ends. The reported error must not depend on it.
#[tokio::test]
async fn a_time_limit_that_ends_a_read_reports_the_failure_before_it() {
    let refused = || (0..3).map(|_| UpdateOutcome::Refused(ErrorKind::Throttled, "slow down"));
    let lost = || [UpdateOutcome::RequestLost];
    let cases: [(Vec<UpdateOutcome>, u64, &str); 4] = [
        (refused().collect(), 100, "slow down"),
        (lost().into(), 100, "connection reset"),
        // Three refusals, and then no answer for six seconds.
        (refused().collect(), 6_000, "the time is over"),
        (vec![], 100, "the time is over"),
    ];
    for (updates, read_millis, message) in cases {
        let store = SimulatedLogStore::new(plain());
        let base = LogStore::from_fields(operation(), object(plain()), Duration::ZERO);
        let base = (!updates.is_empty()).then_some(base);
        let store = SimulatedLogStore { read_millis, ..store.with(updates) };
        store.scripted_reads.lock().unwrap().push_back(Value::Bool(false));
        let failure = apply(&&store, &desired(true, "default"), base).await.unwrap_err();
        assert!(failure.error.to_string().contains(message), "{message}: {}", failure.error);
    }
}

#[tokio::test]
async fn newer_members_without_a_value_are_left_out_once_a_server_refuses_them() {
    let refused = || UpdateOutcome::Refused(ErrorKind::Invalid, "redundant key exist in json");
    let with = |members: &[(&str, Value)]| {
        let mut fields = object(plain());
        fields.extend(members.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        SimulatedLogStore::new(Value::Object(fields))
    };
    let empty = with(&[("telemetryType", json!(""))]).with([refused()]);
    run(&empty, &desired(true, "default")).await.unwrap();
    assert_eq!(empty.calls(), "get update update get");

    let valued = with(&[("telemetryType", json!("")), ("mode", json!("query"))]).with([refused(), refused()]);
    match run(&valued, &desired(true, "default")).await.unwrap_err() {
        ApplyError::UnsupportedMembers { members, .. } => assert_eq!(members, ["mode"]),
        other => panic!("{other}"),
    }
    assert_eq!(valued.fields()["mode"], "query");

    let mut conf = encrypted(false, "default");
    conf["encrypt_conf"]["invented"] = json!(1);
    let unknown = with(&[("mode", json!("query")), ("encrypt_conf", conf["encrypt_conf"].clone())]);
    match run(&unknown.with([refused()]), &desired(true, "default")).await.unwrap_err() {
        ApplyError::UnsupportedMembers { members, .. } => {
            assert_eq!(members, ["encrypt_conf.invented", "mode"], "what no server may know comes first");
        }
        other => panic!("{other}"),
    }

    let none = SimulatedLogStore::new(plain()).with([refused()]);
    assert!(matches!(run(&none, &desired(true, "default")).await, Err(ApplyError::Call(_))));
}

#[tokio::test]
async fn a_success_reports_an_update_in_doubt() {
    let store = SimulatedLogStore::new(plain()).with([UpdateOutcome::RequestLost]);
    let applied = apply(&&store, &desired(true, "default"), None).await.unwrap();
    assert!(applied.update_in_doubt);
    let answered = SimulatedLogStore::new(plain()).with([UpdateOutcome::AnswerLost]);
    let applied = apply(&&answered, &desired(true, "default"), None).await.unwrap();
    assert!(!applied.update_in_doubt, "the read shows that SLS has carried it out");
}
