//! The sequence over the client, on a scripted transport and a clock that is moved by hand: what bounds its last look.

use std::{sync::Arc, time::Duration};

use super::{
    super::{EncryptConf, EncryptionApi, SlsClient, SlsConfig},
    ApplyError, BoundLogStore, Failure, Wanted, apply,
};
use crate::{
    CallContext, FINAL_READ_LIMIT,
    clock::Clock as _,
    error::ErrorKind,
    names::{LogstoreName, ProjectName, Region},
    signing::{rpc, sls},
    testing::{ManualClock, Reply, ScriptedTransport, scripted_rpc},
};

const SECOND: Duration = Duration::from_secs(1);

const PLAIN: &str = r#"{"logstoreName":"app","createTime":1700000000,"ttl":30}"#;
const ENCRYPTED: &str = r#"{"logstoreName":"app","createTime":1700000000,"ttl":30,"encrypt_conf":{"enable":true,"encrypt_type":"default"}}"#;

/// A sequence that did not reach what it should, what was sent for it, and how long it took.
struct CutShort {
    failure: Failure,
    sent: Vec<&'static str>,
    elapsed: Duration,
}

fn client(transport: &Arc<ScriptedTransport>, clock: &ManualClock) -> SlsClient {
    let rpc = scripted_rpc(transport, clock, rpc::SignatureVersion::Acs3HmacSha256);
    SlsClient::new(SlsConfig {
        endpoint: rpc.endpoint,
        region: Region::parse("cn-hangzhou").unwrap(),
        signature: sls::SignatureVersion::V4,
        encryption_api: EncryptionApi::default(),
        dispatcher: rpc.dispatcher,
    })
}

fn bound<'a>(
    client: &'a SlsClient,
    context: &CallContext,
    (project, logstore): &'a (ProjectName, LogstoreName),
) -> BoundLogStore<'a> {
    BoundLogStore { client, context: context.clone(), project, logstore, api: EncryptionApi::default() }
}

/// Runs the sequence within a deadline; cancels it at a moment.
async fn run(
    replies: impl IntoIterator<Item = Reply>,
    deadline: Duration,
    cancelled_at: Duration,
) -> CutShort {
    let (clock, transport) = (ManualClock::new(), Arc::new(ScriptedTransport::new(replies)));
    let client = client(&transport, &clock);
    let context = CallContext::default().with_timeout(&clock, deadline);
    let names = (ProjectName::parse("audit").unwrap(), LogstoreName::parse("app").unwrap());
    let calls = bound(&client, &context, &names);
    let conf = EncryptConf { enable: true, encrypt_type: "default".into(), user_cmk_info: None };
    let wanted = Wanted { conf, create_time: None, may_be_new: false };
    let interrupt = async {
        clock.sleep(cancelled_at).await;
        context.cancel.cancel();
        std::future::pending::<()>().await;
    };
    let outcome = clock
        .run(async {
            tokio::select! {
                // So that no time passes between the interrupt and what it ends.
                biased;
                () = interrupt => unreachable!("it waits for ever"),
                outcome = apply(&calls, &wanted, None) => outcome,
            }
        })
        .await;
    assert_eq!(transport.unused(), 0);
    let sent = transport.requests().iter().map(|request| request.method.as_str()).collect();
    CutShort { failure: *outcome.unwrap_err(), sent, elapsed: clock.monotonic() }
}

fn get(body: &str) -> Reply {
    Reply::answer(200, body)
}

fn kind(error: &ApplyError) -> ErrorKind {
    let ApplyError::Call(error) = error else { panic!("{error}") };
    error.kind()
}

#[tokio::test]
async fn whatever_else_is_waited_for_ends_with_the_operation() {
    let (clock, transport) = (ManualClock::new(), Arc::new(ScriptedTransport::new([])));
    let client = client(&transport, &clock);
    let names = (ProjectName::parse("audit").unwrap(), LogstoreName::parse("app").unwrap());
    let context = CallContext::default().with_timeout(&clock, SECOND);
    let calls = bound(&client, &context, &names);
    assert_eq!(calls.within(async { 7 }).await.unwrap(), 7);
    let error = clock.run(calls.within(std::future::pending::<()>())).await.unwrap_err();
    assert_eq!((error.kind(), clock.monotonic()), (ErrorKind::Timeout, SECOND));
    assert!(!error.may_have_been_applied());
    context.cancel.cancel();
    let error = calls.within(std::future::pending::<()>()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Cancelled);
}

#[tokio::test]
async fn a_cancelled_update_is_followed_by_one_look() {
    let cut = run([get(PLAIN), Reply::Hang, get(ENCRYPTED)], SECOND * 60, SECOND / 2).await;
    assert_eq!(cut.sent, ["GET", "PUT", "GET"]);
    assert_eq!((kind(&cut.failure.error), cut.elapsed), (ErrorKind::Cancelled, SECOND / 2));
    assert!(matches!(cut.failure.final_read, Some(Ok(()))));
    assert!(cut.failure.last_seen.unwrap().encrypt_conf().unwrap().unwrap().enable);
}

#[tokio::test]
async fn an_update_that_outlasts_the_deadline_is_followed_by_one_look() {
    let cut = run([get(PLAIN), Reply::Hang, get(PLAIN)], SECOND / 2, SECOND * 60).await;
    assert_eq!(cut.sent, ["GET", "PUT", "GET"]);
    assert_eq!((kind(&cut.failure.error), cut.elapsed), (ErrorKind::Timeout, SECOND / 2));
    assert!(matches!(cut.failure.final_read, Some(Ok(()))));
    assert!(cut.failure.last_seen.unwrap().encrypt_conf().unwrap().is_none());
}

#[tokio::test]
async fn a_look_that_is_not_answered_is_given_up() {
    let cut = run([get(PLAIN), Reply::Hang, Reply::Hang], SECOND * 60, SECOND / 2).await;
    assert_eq!(
        (kind(&cut.failure.error), cut.elapsed),
        (ErrorKind::Cancelled, SECOND / 2 + FINAL_READ_LIMIT)
    );
    let Some(Err(look)) = cut.failure.final_read else { panic!("it was looked at") };
    assert_eq!(kind(&look), ErrorKind::Timeout);
    assert!(cut.failure.last_seen.unwrap().encrypt_conf().unwrap().is_none(), "as it was before");
}

#[tokio::test]
async fn a_look_that_fails_for_a_passing_reason_is_repeated_within_its_bound() {
    let busy = Reply::refusal(503, "ServerBusy", "later");
    let cut = run([get(PLAIN), Reply::Hang, busy, get(ENCRYPTED)], SECOND * 60, SECOND / 2).await;
    assert!(matches!(cut.failure.final_read, Some(Ok(()))));
    assert!(cut.elapsed < SECOND / 2 + FINAL_READ_LIMIT);
}
