//! What ends a call before it is answered, or holds it back: cancellation, the deadline, throttling and permits.

use super::*;

#[tokio::test]
async fn cancellation_ends_a_call_wherever_it_waits() {
    let (project, logstore) = (project(), logstore());
    // On the wire.
    let harness = Harness::new([Reply::Hang]);
    let get = harness.client.get_log_store(&harness.context, &project, &logstore);
    let (result, ()) = tokio::join!(get, async { harness.context.cancel.cancel() });
    let error = result.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Cancelled, 1));
    assert!(error.may_have_been_applied());

    // In the pause.
    let harness = Harness::new([busy()]);
    let get = harness.client.get_log_store(&harness.context, &project, &logstore);
    let (result, ()) = tokio::join!(get, async { harness.context.cancel.cancel() });
    assert_eq!(result.unwrap_err().kind(), ErrorKind::Cancelled);
    assert_eq!(harness.transport.requests().len(), 1);

    // Before anything.
    let harness = Harness::new([]);
    harness.context.cancel.cancel();
    let error = harness.get().await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Cancelled, 0));
    assert!(!error.may_have_been_applied());
}

#[tokio::test]
async fn cancellation_ends_the_wait_for_a_permit_and_for_credentials() {
    let harness = Harness::with([Reply::Hang], 1, Arc::new(credentials()));
    let waiting = CallContext::default();
    let (project, logstore) = (project(), logstore());
    let first = harness.client.get_log_store(&harness.context, &project, &logstore);
    let second = harness.client.get_log_store(&waiting, &project, &logstore);
    let (first, second, ()) = tokio::join!(first, second, async {
        waiting.cancel.cancel();
        harness.context.cancel.cancel();
    });
    assert_eq!((first.unwrap_err().attempts(), second.unwrap_err().attempts()), (1, 0));
    assert_eq!(harness.transport.requests().len(), 1, "the second never had a permit");

    let harness = Harness::with([], 1, Arc::new(NeverCredentials));
    let get = harness.client.get_log_store(&harness.context, &project, &logstore);
    let (result, ()) = tokio::join!(get, async { harness.context.cancel.cancel() });
    assert_eq!(result.unwrap_err().kind(), ErrorKind::Cancelled);
}

#[tokio::test]
async fn the_deadline_bounds_attempts_and_pauses() {
    let mut harness = Harness::new([Reply::Hang]);
    harness.context = CallContext::default().with_timeout(&harness.clock, SECOND * 3);
    let error = harness.get().await.unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Timeout, false));
    assert_eq!(harness.clock.monotonic(), SECOND * 3);

    // The pause the service asks for would end too late: its refusal is the better error, and comes at once.
    let mut harness = Harness::new([Reply::answer_with(429, "", &[("retry-after", "5")])]);
    harness.context = CallContext::default().with_timeout(&harness.clock, SECOND * 3);
    let error = harness.get().await.unwrap_err();
    assert_eq!((error.kind(), harness.clock.monotonic()), (ErrorKind::Throttled, Duration::ZERO));
}

#[tokio::test]
async fn a_throttled_call_waits_its_turn_until_the_deadline() {
    let busy_for_long = (0..50).map(|_| busy());
    let mut harness = Harness::new(busy_for_long.chain([Reply::answer(200, STORE)]));
    harness.context = CallContext::default().with_timeout(&harness.clock, SECOND * 1000);
    harness.get().await.unwrap();
    assert_eq!(harness.transport.requests().len(), 51);

    let mut harness = Harness::new((0..50).map(|_| busy()));
    harness.context = CallContext::default().with_timeout(&harness.clock, SECOND * 3);
    let error = harness.get().await.unwrap_err();
    assert_eq!((error.kind(), error.is_code("ServerBusy")), (ErrorKind::Throttled, true));
    assert!(harness.clock.monotonic() <= SECOND * 3);
}

#[tokio::test]
async fn a_time_limit_that_ends_repeats_is_told_by_the_refusal_they_follow() {
    let quota = || Reply::refusal(403, "WriteQuotaExceed", "Project write quota exceed");
    let server_error = || Reply::refusal(500, "InternalServerError", "again");
    for (refusal, code) in [
        (quota as fn() -> Reply, "WriteQuotaExceed"),
        (server_error, "InternalServerError"),
        (busy, "ServerBusy"),
    ] {
        // The limit passes while the second attempt is on the wire. The first pause takes one second at most.
        for (limit, is_told) in [(SECOND * 2, true), (SECOND * 4, true), (SECOND * 8, false)] {
            let mut harness = Harness::new([refusal(), Reply::Hang]);
            harness.context = CallContext::default().with_timeout(&harness.clock, limit);
            let error = harness.get().await.unwrap_err();
            assert_eq!(error.is_code(code), is_told, "{limit:?}: {error}");
            assert_eq!(error.kind() == ErrorKind::Timeout, !is_told, "a long silence is the reason: {error}");
            assert_eq!((error.attempts(), error.is_retryable()), (2, false));
            assert!(error.may_have_been_applied(), "nothing has said what became of the second: {error}");
            // A write is repeated by someone who looks first, with the same bounds.
            let mut harness = Harness::new([refusal(), Reply::Hang]);
            harness.context = CallContext::default().with_timeout(&harness.clock, limit);
            harness.update(&json!({})).await.unwrap_err();
            let error = harness.update(&json!({})).await.unwrap_err();
            assert_eq!(error.is_code(code), is_told, "{limit:?}: {error}");
            assert!(error.may_have_been_applied());
        }
        // A success clears the refusal.
        let mut harness = Harness::new([refusal(), Reply::answer(200, STORE), Reply::Hang]);
        harness.context = CallContext::default().with_timeout(&harness.clock, SECOND * 5);
        harness.get().await.unwrap();
        assert_eq!(harness.get().await.unwrap_err().kind(), ErrorKind::Timeout);
    }
}

#[tokio::test]
async fn the_permits_bound_what_is_on_the_wire_and_a_pause_holds_none() {
    // The first call is throttled for an hour; with one permit the second gets through meanwhile.
    let hour = Reply::answer_with(429, "", &[("retry-after", "3600")]);
    let harness = Harness::with(
        [hour, Reply::answer(200, STORE), Reply::answer(200, STORE)],
        1,
        Arc::new(credentials()),
    );
    let (project, logstore) = (project(), logstore());
    let timed = async {
        harness.client.get_log_store(&harness.context, &project, &logstore).await.unwrap();
        harness.clock.monotonic()
    };
    let other = async {
        harness.client.get_log_store(&harness.context, &project, &logstore).await.unwrap();
        harness.clock.monotonic()
    };
    let (first, second) = Box::pin(harness.clock.run(async { tokio::join!(timed, other) })).await;
    assert!(first >= SECOND * 3600 && second < SECOND, "{first:?} {second:?}");
}
