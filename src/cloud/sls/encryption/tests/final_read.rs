//! When a sequence that fails reads the Logstore once more.

use std::sync::atomic::Ordering;

use super::{
    desired, plain,
    simulated_log_store::{SimulatedLogStore, UpdateOutcome},
};
use crate::error::ErrorKind;
use crate::sls::EncryptConf;
use crate::sls::encryption::{ApplyError, ApplyFailure, apply};

/// The configuration in the last read.
fn last_seen(failure: &ApplyFailure) -> Option<EncryptConf> {
    failure.last_seen.as_ref().unwrap().encrypt_conf().unwrap()
}

async fn cut_short(store: &SimulatedLogStore) -> Box<ApplyFailure> {
    let failure = apply(&store, &desired(true, "default"), None).await.unwrap_err();
    assert!(matches!(&failure.error, ApplyError::Call(error) if error.kind() == ErrorKind::Cancelled));
    failure
}

#[tokio::test]
async fn a_cancelled_update_is_followed_by_a_final_read() {
    for carried_out in [true, false] {
        let store = SimulatedLogStore::new(plain()).with([UpdateOutcome::Cancelled { carried_out }]);
        let failure = cut_short(&store).await;
        assert_eq!(store.calls(), "get update pause final-read");
        assert!(failure.written && matches!(failure.final_read, Some(Ok(()))));
        assert_eq!(last_seen(&failure), carried_out.then(|| desired(true, "default").conf));
    }
}

#[tokio::test]
async fn a_cancelled_read_back_is_followed_by_a_final_read() {
    let store = SimulatedLogStore::new(plain()).with([UpdateOutcome::AnsweredThenCancelled]);
    let failure = cut_short(&store).await;
    assert_eq!(store.calls(), "get update get final-read");
    assert_eq!(last_seen(&failure), Some(desired(true, "default").conf));
}

#[tokio::test]
async fn a_final_read_that_fails_leaves_the_last_read() {
    let store = SimulatedLogStore {
        final_read_fails: true,
        ..SimulatedLogStore::new(plain()).with([UpdateOutcome::Cancelled { carried_out: true }])
    };
    let failure = cut_short(&store).await;
    assert!(failure.written);
    assert!(
        matches!(&failure.final_read, Some(Err(ApplyError::Call(error))) if error.message() == "too late")
    );
    assert_eq!(last_seen(&failure), None);
}

#[tokio::test]
async fn a_final_read_of_a_recreated_logstore_is_an_error() {
    let store = SimulatedLogStore::new(plain()).with([UpdateOutcome::RecreatedThenCancelled]);
    let failure = cut_short(&store).await;
    assert!(matches!(failure.final_read, Some(Err(ApplyError::Recreated { known: 100, found: 200 }))));
    assert_eq!(failure.last_seen.unwrap().create_time().unwrap(), 100);
}

#[tokio::test]
async fn a_sequence_cancelled_before_its_update_has_no_final_read() {
    let store = SimulatedLogStore::new(plain());
    store.is_cancelled.store(true, Ordering::Relaxed);
    let failure = cut_short(&store).await;
    assert_eq!(store.calls(), "get");
    assert!(!failure.written && failure.final_read.is_none() && failure.last_seen.is_none());
}

#[tokio::test]
async fn an_update_in_doubt_at_the_last_attempt_is_followed_by_a_final_read() {
    let store = SimulatedLogStore::new(plain()).with((0..12).map(|_| UpdateOutcome::RequestLost));
    let failure = apply(&&store, &desired(true, "default"), None).await.unwrap_err();
    assert!(store.calls().ends_with("get update pause final-read"), "{}", store.calls());
    assert!(failure.written && matches!(failure.final_read, Some(Ok(()))));
}
