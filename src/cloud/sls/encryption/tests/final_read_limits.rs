//! The time limit of the final read, with the real client on a scripted transport and a manual clock.

use std::{sync::Arc, time::Duration};

use crate::{
    CallContext, FINAL_READ_LIMIT,
    clock::Clock as _,
    error::ErrorKind,
    names::{LogstoreName, ProjectName, Region},
    signing::{rpc, sls},
    sls::{
        EncryptConf, EncryptionApi, SlsClient, SlsConfig,
        encryption::{ApplyError, ApplyFailure, BoundLogStore, DesiredEncryption, apply},
    },
    testing::{ManualClock, Reply, ScriptedTransport, scripted_rpc},
};

const SECOND: Duration = Duration::from_secs(1);

const PLAIN: &str = r#"{"logstoreName":"app","createTime":1700000000,"ttl":30}"#;
const ENCRYPTED: &str = r#"{"logstoreName":"app","createTime":1700000000,"ttl":30,"encrypt_conf":{"enable":true,"encrypt_type":"default"}}"#;

/// A sequence that failed, the methods of its requests, and how long it took.
struct FailedRun {
    failure: ApplyFailure,
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

fn bound_log_store<'a>(
    client: &'a SlsClient,
    context: &CallContext,
    (project, logstore): &'a (ProjectName, LogstoreName),
) -> BoundLogStore<'a> {
    BoundLogStore { client, context: context.clone(), project, logstore, api: EncryptionApi::default() }
}

/// Runs the sequence with a deadline, and cancels it at `cancelled_at`. The sequence must fail.
async fn run(
    replies: impl IntoIterator<Item = Reply>,
    deadline: Duration,
    cancelled_at: Duration,
) -> FailedRun {
    let (clock, transport) = (ManualClock::new(), Arc::new(ScriptedTransport::new(replies)));
    let client = client(&transport, &clock);
    let context = CallContext::default().with_timeout(&clock, deadline);
    let names = (ProjectName::parse("audit").unwrap(), LogstoreName::parse("app").unwrap());
    let calls = bound_log_store(&client, &context, &names);
    let conf = EncryptConf { enable: true, encrypt_type: "default".into(), user_cmk_info: None };
    let desired = DesiredEncryption { conf, create_time: None, may_be_new: false };
    let interrupt = async {
        clock.sleep(cancelled_at).await;
        context.cancel.cancel();
        std::future::pending::<()>().await;
    };
    let outcome = clock
        .run(async {
            tokio::select! {
                // The interrupt goes first, so that no time passes after it.
                biased;
                () = interrupt => unreachable!("the interrupt never returns"),
                outcome = apply(&calls, &desired, None) => outcome,
            }
        })
        .await;
    assert_eq!(transport.unused(), 0);
    let sent = transport.requests().iter().map(|request| request.method.as_str()).collect();
    FailedRun { failure: *outcome.unwrap_err(), sent, elapsed: clock.monotonic() }
}

fn get(body: &str) -> Reply {
    Reply::answer(200, body)
}

fn kind(error: &ApplyError) -> ErrorKind {
    let ApplyError::Call(error) = error else { panic!("{error}") };
    error.kind()
}

#[tokio::test]
async fn other_work_ends_with_the_operation() {
    let (clock, transport) = (ManualClock::new(), Arc::new(ScriptedTransport::new([])));
    let client = client(&transport, &clock);
    let names = (ProjectName::parse("audit").unwrap(), LogstoreName::parse("app").unwrap());
    let context = CallContext::default().with_timeout(&clock, SECOND);
    let calls = bound_log_store(&client, &context, &names);
    assert_eq!(calls.bounded(async { 7 }).await.unwrap(), 7);
    let error = clock.run(calls.bounded(std::future::pending::<()>())).await.unwrap_err();
    assert_eq!((error.kind(), clock.monotonic()), (ErrorKind::Timeout, SECOND));
    assert!(!error.may_have_been_applied());
    context.cancel.cancel();
    let error = calls.bounded(std::future::pending::<()>()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Cancelled);
}

#[tokio::test]
async fn a_cancelled_update_is_followed_by_one_read() {
    let failed = run([get(PLAIN), Reply::Hang, get(ENCRYPTED)], SECOND * 60, SECOND / 2).await;
    assert_eq!(failed.sent, ["GET", "PUT", "GET"]);
    assert_eq!((kind(&failed.failure.error), failed.elapsed), (ErrorKind::Cancelled, SECOND / 2));
    assert!(matches!(failed.failure.final_read, Some(Ok(()))));
    assert!(failed.failure.last_seen.unwrap().encrypt_conf().unwrap().unwrap().enable);
}

#[tokio::test]
async fn an_update_that_outlasts_the_deadline_is_followed_by_one_read() {
    let failed = run([get(PLAIN), Reply::Hang, get(PLAIN)], SECOND / 2, SECOND * 60).await;
    assert_eq!(failed.sent, ["GET", "PUT", "GET"]);
    assert_eq!((kind(&failed.failure.error), failed.elapsed), (ErrorKind::Timeout, SECOND / 2));
    assert!(matches!(failed.failure.final_read, Some(Ok(()))));
    assert!(failed.failure.last_seen.unwrap().encrypt_conf().unwrap().is_none());
}

#[tokio::test]
async fn a_final_read_without_an_answer_ends_at_its_limit() {
    let failed = run([get(PLAIN), Reply::Hang, Reply::Hang], SECOND * 60, SECOND / 2).await;
    assert_eq!(
        (kind(&failed.failure.error), failed.elapsed),
        (ErrorKind::Cancelled, SECOND / 2 + FINAL_READ_LIMIT)
    );
    let Some(Err(final_read)) = failed.failure.final_read else { panic!("there was no final read") };
    assert_eq!(kind(&final_read), ErrorKind::Timeout);
    assert!(
        failed.failure.last_seen.unwrap().encrypt_conf().unwrap().is_none(),
        "the read before the update"
    );
}

#[tokio::test]
async fn a_final_read_is_retried_within_its_limit() {
    let busy = Reply::refusal(503, "ServerBusy", "later");
    let failed = run([get(PLAIN), Reply::Hang, busy, get(ENCRYPTED)], SECOND * 60, SECOND / 2).await;
    assert!(matches!(failed.failure.final_read, Some(Ok(()))));
    assert!(failed.elapsed < SECOND / 2 + FINAL_READ_LIMIT);
}
