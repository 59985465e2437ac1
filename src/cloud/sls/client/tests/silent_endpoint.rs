//! An endpoint that does not answer is waited for once.

use super::*;

/// A caller whose calls do not come to an answer until they are over.
fn silent(answers_before: usize, attempts: usize) -> Harness {
    let answers = (0..answers_before).map(|_| Reply::answer(200, STORE));
    Harness::new(answers.chain((0..attempts).map(|_| Reply::Hang)))
}

#[tokio::test]
async fn an_endpoint_that_does_not_answer_is_waited_for_once() {
    // Four attempts of ten seconds.
    let harness = silent(1, 4);
    harness.get().await.unwrap();
    let error = harness.get().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(error.message().contains("no complete answer"), "{error}");
    let waited = harness.clock.monotonic();
    assert!(waited >= SECOND * 40);
    for _ in 0..3 {
        let error = harness.get().await.unwrap_err();
        assert!(error.message().contains("SLS in cn-hangzhou did not answer an earlier call"), "{error}");
        assert!(!error.may_have_been_applied() && !error.is_retryable());
    }
    let error = harness.update(&json!({})).await.unwrap_err();
    assert!(error.to_string().ends_with("so this one was not sent (never sent)."), "{error}");
    assert_eq!((harness.clock.monotonic(), harness.transport.unused()), (waited, 0));
}

#[tokio::test]
async fn the_time_limit_of_an_operation_ends_the_wait_for_a_silent_endpoint_too() {
    for (limit, is_remembered) in [(SECOND * 4, false), (SECOND * 7, true), (SECOND * 12, true)] {
        let harness = silent(0, 2);
        let (project, logstore) = (project(), logstore());
        let read = || {
            let bounds = CallContext::default().with_timeout(&harness.clock, limit);
            let (client, project, logstore) = (&harness.client, &project, &logstore);
            async move { client.get_log_store(&bounds, project, logstore).await.unwrap_err() }
        };
        assert_eq!(harness.clock.run(read()).await.kind(), ErrorKind::Timeout);
        let sent = harness.transport.requests().len();
        harness.clock.run(read()).await;
        assert_eq!(harness.transport.requests().len() == sent, is_remembered, "{limit:?}");
    }
}

#[tokio::test]
async fn what_is_no_silence_of_the_endpoint_is_not_remembered() {
    let broken = || Reply::Fail(TransportErrorKind::Broken);
    for replies in [
        // It does answer, or nothing is there.
        vec![busy(), busy(), busy(), busy()],
        vec![Reply::Hang, Reply::Hang, Reply::Hang, broken()],
        vec![Reply::Fail(TransportErrorKind::Connect), broken(), broken(), broken()],
    ] {
        let harness = Harness::new(replies.into_iter().chain([Reply::answer(200, STORE)]));
        harness.get().await.unwrap_err();
        harness.get().await.unwrap();
    }
    // A write that takes long says nothing about reads.
    let harness = Harness::new([Reply::Hang, Reply::answer(200, STORE)]);
    harness.update(&json!({})).await.unwrap_err();
    harness.get().await.unwrap();
}

#[tokio::test]
async fn a_late_answer_ends_the_silence() {
    let harness = silent(0, 4);
    harness.get().await.unwrap_err();
    let operation = harness.client.operation("GetLogStore", "demo-proj/app");
    let silence = crate::silent_endpoints::SilentEndpoints::default();
    silence.record_silence(&operation, SECOND, SECOND * 9);
    let said = silence.fail_if_silent(&operation).unwrap_err();
    assert!(said.message().contains("within 8.0 s"), "{said}");
    let elsewhere = Operation { region: Some(Region::parse("cn-beijing").unwrap()), ..operation.clone() };
    silence.fail_if_silent(&elsewhere).unwrap();
    silence.fail_if_silent(&Operation::new("KMS", "DescribeKey", "k")).unwrap();
    silence.record_answer(&operation, SECOND * 10);
    silence.fail_if_silent(&operation).unwrap();
    silence.record_silence(&operation, SECOND * 2, SECOND * 11);
    silence.fail_if_silent(&operation).unwrap();
}
