//! How often, and after which pauses, a write is repeated after a lost answer.

use super::super::{ActualPassRole, Step, StepError};
use super::*;
use crate::error::{Error, ErrorKind};

const SECOND: Duration = Duration::from_secs(1);

/// A write that is harmless if RAM carries it out twice.
async fn tag(harness: &Harness) -> Result<(), Error> {
    let step = Step::Tag(BTreeMap::from([("a".to_owned(), "b".to_owned())]));
    harness.run(execute(harness, step)).await
}

/// A write that RAM must not carry out twice.
async fn correct(harness: &Harness) -> Result<(), Error> {
    harness.run(execute(harness, Step::CorrectPassRolePolicy("pass".to_owned()))).await
}

async fn execute(harness: &Harness, step: Step) -> Result<(), Error> {
    let document_matches = false;
    let pass_role =
        ActualPassRole { policy_name: "pass".to_owned(), document_matches, principals: BTreeSet::new() };
    let mut actual = ActualRole { pass_role: Some(pass_role), ..bare() };
    match harness.role().execute(&arn(), &[step], &mut actual).await {
        Ok(()) => Ok(()),
        Err(StepError::Call(error)) => Err(error),
        Err(other) => panic!("{other:?}"),
    }
}

fn wrong_policy() -> Reply {
    policy("{\"Version\":\"1\",\"Statement\":[]}", &our_description())
}

fn right_policy() -> Reply {
    policy(&right_document(), &our_description())
}

#[tokio::test]
async fn after_a_lost_answer_a_harmless_write_is_repeated_up_to_the_limit() {
    let harness = Harness::new([lost(), refused(500, "InternalError"), lost(), ok()]);
    tag(&harness).await.unwrap();
    assert!(harness.elapsed() > Duration::ZERO, "there are pauses");

    let harness = Harness::new([lost(), lost(), lost(), lost()]);
    let error = tag(&harness).await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Transport, 4));
    assert!(error.may_have_been_applied());
}

#[tokio::test]
async fn without_retries_no_write_is_repeated() {
    let harness = Harness::with_retries(0, [lost()]);
    assert_eq!(tag(&harness).await.unwrap_err().attempts(), 1);
    assert_eq!(harness.elapsed(), Duration::ZERO);
    // A read is not a repetition.
    let harness = Harness::with_retries(0, [lost(), right_policy()]);
    correct(&harness).await.unwrap();
    let harness = Harness::with_retries(0, [lost(), wrong_policy()]);
    let error = correct(&harness).await.unwrap_err();
    assert_eq!((error.action(), error.attempts()), ("CreatePolicyVersion", 1));
}

#[tokio::test]
async fn throttled_attempts_count() {
    let slow_down = || refused(429, "Throttling");
    let harness = Harness::new([slow_down(), slow_down(), slow_down(), lost()]);
    assert_eq!(tag(&harness).await.unwrap_err().attempts(), 4);
}

#[tokio::test]
async fn the_pause_of_retry_after_is_kept() {
    let later = || Reply::answer_with(503, "{}", &[("retry-after", "7")]);
    let harness = Harness::new([later(), ok()]);
    tag(&harness).await.unwrap();
    assert!((SECOND * 7..SECOND * 8).contains(&harness.elapsed()), "{:?}", harness.elapsed());
    // The pause would end after the operation.
    let mut harness = Harness::new([later()]);
    harness.context = harness.context.with_timeout(&harness.clock, SECOND * 7);
    assert_eq!(tag(&harness).await.unwrap_err().status(), Some(503));
    assert_eq!(harness.elapsed(), Duration::ZERO);
}

#[tokio::test]
async fn a_malformed_answer_is_not_asked_for_again() {
    let harness = Harness::new([Reply::answer(200, "<html>")]);
    let error = tag(&harness).await.unwrap_err();
    assert_eq!((error.kind(), error.may_have_been_applied()), (ErrorKind::Malformed, true));
    let harness = Harness::new([Reply::answer(200, "<html>"), wrong_policy()]);
    assert_eq!(correct(&harness).await.unwrap_err().kind(), ErrorKind::Malformed);
    let harness = Harness::new([Reply::answer(200, "<html>"), right_policy()]);
    correct(&harness).await.unwrap();
}

#[tokio::test]
async fn may_have_been_applied_stays_true_after_a_lost_attempt() {
    let harness = Harness::new([lost(), refused(403, "NoPermission")]);
    let error = tag(&harness).await.unwrap_err();
    assert_eq!((error.kind(), error.may_have_been_applied()), (ErrorKind::Denied, true));
    let harness = Harness::new([lost(), wrong_policy(), refused(403, "NoPermission")]);
    let error = correct(&harness).await.unwrap_err();
    assert_eq!((error.kind(), error.may_have_been_applied()), (ErrorKind::Denied, true));
    let harness = Harness::new([refused(403, "NoPermission")]);
    assert!(!tag(&harness).await.unwrap_err().may_have_been_applied());
}

#[tokio::test]
async fn cancelled_during_a_pause_may_have_been_applied_stays_true() {
    for step in
        [Step::Untag(BTreeSet::from(["a".to_owned()])), Step::CorrectPassRolePolicy("pass".to_owned())]
    {
        let harness = Harness::new([Reply::answer_with(503, "{}", &[("retry-after", "7")])]);
        let interrupt = async {
            harness.clock.sleep(SECOND).await;
            harness.context.cancel.cancel();
            std::future::pending::<()>().await;
        };
        let error = harness
            .run(async {
                tokio::select! {
                    biased;
                    () = interrupt => unreachable!("it waits without end"),
                    outcome = execute(&harness, step) => outcome.unwrap_err(),
                }
            })
            .await;
        assert_eq!((error.kind(), error.may_have_been_applied()), (ErrorKind::Cancelled, true));
        assert_ne!(error.action(), "GetPolicy", "the error is about the write");
        assert_eq!((harness.sent().len(), harness.elapsed()), (1, SECOND));
    }
}
