//! The client on a scripted transport and a manual clock.

mod expired_tokens;
mod limits;
mod lists;
mod silent_endpoint;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::SubscriberExt;

use super::*;
use crate::DispatcherConfig;
use crate::credentials::{CredentialProvider, StaticCredentials};
use crate::http::TransportErrorKind;
use crate::retry::RetryPolicy;
use crate::testing::{self, ManualClock, Reply, ScriptedTransport};

const SECOND: Duration = Duration::from_secs(1);
const STORE: &str = r#"{"logstoreName":"app","createTime":1700000000,"ttl":30}"#;

/// A client and what it stands on.
struct Harness {
    client: SlsClient,
    transport: Arc<ScriptedTransport>,
    clock: ManualClock,
    context: CallContext,
}

impl Harness {
    fn new(replies: impl IntoIterator<Item = Reply>) -> Self {
        Self::with(replies, 4, Arc::new(credentials()))
    }

    fn with(
        replies: impl IntoIterator<Item = Reply>,
        max_concurrency: usize,
        credentials: Arc<dyn CredentialProvider>,
    ) -> Self {
        let transport = Arc::new(ScriptedTransport::new(replies));
        let clock = ManualClock::new();
        let client = SlsClient::new(SlsConfig {
            endpoint: Endpoint::parse("http://127.0.0.1:8700").unwrap(),
            region: Region::parse("cn-hangzhou").unwrap(),
            signature: SignatureVersion::V4,
            encryption_api: EncryptionApi::default(),
            dispatcher: Arc::new(Dispatcher::new(DispatcherConfig {
                credentials,
                transport: transport.clone(),
                clock: Arc::new(clock.clone()),
                retry: RetryPolicy { max_retries: 3, base: SECOND, cap: SECOND * 4 },
                request_timeout: SECOND * 10,
                max_concurrency,
            })),
        });
        Self { client, transport, clock, context: CallContext::default() }
    }

    async fn get(&self) -> Result<LogStore, Error> {
        self.clock.run(self.client.get_log_store(&self.context, &project(), &logstore())).await
    }

    async fn update(&self, body: &Value) -> Result<(), Error> {
        let body = body.as_object().unwrap();
        self.clock
            .run(self.client.update_log_store(
                &self.context,
                &project(),
                &logstore(),
                body,
                Duration::from_hours(1000),
            ))
            .await
            .map(drop)
    }
}

fn project() -> ProjectName {
    ProjectName::parse("demo-proj").unwrap()
}

fn logstore() -> LogstoreName {
    LogstoreName::parse("app").unwrap()
}

fn credentials() -> StaticCredentials {
    StaticCredentials::new(testing::credentials("ak", Some("canary-token")))
}

fn busy() -> Reply {
    Reply::refusal(503, "ServerBusy", "The server is busy, please try again later.")
}

#[tokio::test]
async fn a_read_is_one_signed_request_to_the_project_host() {
    let harness = Harness::new([Reply::answer(200, STORE)]);
    let store = harness.get().await.unwrap();
    assert_eq!((store.create_time().unwrap(), store.encrypt_conf().unwrap()), (1_700_000_000, None));

    let [request] = &harness.transport.requests()[..] else { panic!("not one request") };
    assert_eq!(
        (request.method, request.url().as_str()),
        (Method::Get, "http://127.0.0.1:8700/logstores/app")
    );
    let header = |name| request.headers.get(name);
    assert_eq!(header("host"), Some("demo-proj.127.0.0.1:8700"));
    assert_eq!(header("x-log-apiversion"), Some("0.6.0"));
    assert_eq!(header("x-log-date"), Some("20261120T080000Z"));
    assert_eq!(header("x-acs-security-token"), Some("canary-token"));
    assert_eq!(header("content-type"), None);
    assert!(
        header("authorization").unwrap().starts_with("SLS4-HMAC-SHA256 Credential=ak/20261120/cn-hangzhou/")
    );
}

#[tokio::test]
async fn reads_are_tried_again_and_signed_with_a_fresh_date() {
    let failures = [Reply::Fail(TransportErrorKind::Connect), busy(), Reply::Hang];
    let harness = Harness::new(failures.into_iter().chain([Reply::answer(200, STORE)]));
    harness.get().await.unwrap();

    let dates: Vec<_> = harness
        .transport
        .requests()
        .iter()
        .map(|r| r.headers.get("x-log-date").unwrap().to_owned())
        .collect();
    assert_eq!(dates.len(), 4);
    // The third attempt took its ten seconds before it was given up.
    assert!(dates[3].as_str() >= "20261120T080010Z", "{dates:?}");
    let first = &harness.transport.requests()[0];
    assert_ne!(
        first.headers.get("authorization"),
        harness.transport.requests()[3].headers.get("authorization")
    );
}

#[tokio::test]
async fn the_last_error_tells_how_often_and_how_long() {
    let harness = Harness::new([busy(), busy(), busy(), Reply::Fail(TransportErrorKind::Broken)]);
    let error = harness.get().await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Transport, 4));
    assert_eq!(error.elapsed(), harness.clock.monotonic());
    assert_eq!(error.target(), "demo-proj/app");
    assert_eq!(harness.transport.unused(), 0);
}

#[tokio::test]
async fn retry_after_is_waited_for() {
    let wait = Reply::answer_with(429, "", &[("retry-after", "90")]);
    let harness = Harness::new([wait, Reply::answer(200, STORE)]);
    harness.get().await.unwrap();
    let waited = harness.clock.monotonic();
    assert!((SECOND * 90..SECOND * 91).contains(&waited), "{waited:?}");
}

/// Answers of success that are not JSON: something on the way has damaged them, or has answered instead of SLS.
#[tokio::test]
async fn a_damaged_answer_is_asked_for_once_more_and_no_oftener() {
    for damaged in ["", "<html>one moment</html>", r#"{"logstoreName":"app","createTi"#] {
        let harness = Harness::new([Reply::answer(200, damaged), Reply::answer(200, STORE)]);
        harness.get().await.unwrap();
        let harness = Harness::new([Reply::answer(200, damaged), busy(), Reply::answer(200, damaged)]);
        let error = harness.get().await.unwrap_err();
        assert_eq!((error.kind(), error.attempts()), (ErrorKind::Malformed, 3), "{damaged:?}");
        assert!(!error.is_retryable());
    }
    let harness = Harness::new([Reply::Fail(TransportErrorKind::Encoding), Reply::answer(200, STORE)]);
    harness.get().await.unwrap();
    // The same answer would come again.
    for wrong in ["[]", "{}", r#"{"logstoreName":"other","createTime":1}"#] {
        let harness = Harness::new([Reply::answer(200, wrong)]);
        assert_eq!(harness.get().await.unwrap_err().attempts(), 1, "{wrong}");
    }
}

#[tokio::test]
async fn the_services_own_header_marks_throttling_and_is_waited_for() {
    let refusal = r#"{"errorCode":"RequestLimitExceeded","errorMessage":"m"}"#;
    let wait = Reply::answer_with(403, refusal, &[("x-acs-retry-after", "3000")]);
    let harness = Harness::new([wait, Reply::answer(200, STORE)]);
    harness.get().await.unwrap();
    let waited = harness.clock.monotonic();
    assert!((SECOND * 3..SECOND * 4).contains(&waited), "{waited:?}");
}

#[tokio::test]
async fn an_error_tells_the_effort_of_all_calls_of_the_operation() {
    let harness = Harness::new([busy(), Reply::answer(200, STORE), busy(), busy(), busy(), busy()]);
    harness.get().await.unwrap();
    let error = harness.get().await.unwrap_err();
    assert_eq!((error.attempts(), error.elapsed()), (6, harness.clock.monotonic()));
    let update = harness.client.operation("UpdateLogStore", "demo-proj/app");
    let error = Error::from_answer(&update, 400, None, "no").with_effort(7, SECOND);
    let told = harness.client.pause_before_retry(&harness.context, 1, &error).await.unwrap_err();
    assert_eq!((told.attempts(), told.elapsed()), (7, SECOND), "it was never called with these bounds");
    // The bounds run out while something else is waited for.
    let late = harness.context.clone().with_timeout(&harness.clock, Duration::ZERO);
    let (project, logstore) = (project(), logstore());
    let error = harness.client.within(&late, &project, &logstore, async {}).await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Throttled, 6), "the refusal is why");
    let other = CallContext::default();
    let read = harness.client.get_log_store(&other, &project, &logstore);
    other.cancel.cancel();
    assert_eq!(harness.clock.run(read).await.unwrap_err().attempts(), 0, "another operation");
}

/// Failures after which a read is not tried again.
#[tokio::test]
async fn refusals_are_final_at_once() {
    let table = [
        (404, "LogStoreNotExist", ErrorKind::NotFound),
        (404, "ProjectNotExist", ErrorKind::NotFound),
        (401, "Unauthorized", ErrorKind::Denied),
        (401, "SignatureNotMatch", ErrorKind::Unauthenticated),
        (400, "ParameterInvalid", ErrorKind::Invalid),
    ];
    for (status, code, kind) in table {
        let harness = Harness::new([Reply::refusal(status, code, "why")]);
        let error = harness.get().await.unwrap_err();
        assert_eq!((error.kind(), error.code(), error.status()), (kind, Some(code), Some(status)));
        assert_eq!((error.request_id(), error.message(), error.attempts()), (Some("REQ"), "why", 1));
        assert!(!error.may_have_been_applied());
    }
    for kind in [TransportErrorKind::Tls, TransportErrorKind::Setup, TransportErrorKind::TooLarge] {
        let harness = Harness::new([Reply::Fail(kind)]);
        assert_eq!(harness.get().await.unwrap_err().attempts(), 1, "{kind:?}");
    }
}

#[tokio::test]
async fn a_refusal_without_the_form_of_sls_says_what_came_instead() {
    let harness = Harness::new([Reply::answer(404, "<html>no such page</html>")]);
    let error = harness.get().await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Unexpected, None));
    assert!(error.message().contains("<html>no such page"), "{error}");

    let harness = Harness::new([Reply::answer(403, "")]);
    let error = harness.get().await.unwrap_err();
    assert!(error.message().contains("an empty body"), "{error}");
}

#[tokio::test]
async fn an_update_is_sent_exactly_once_and_tells_whether_it_may_be_done() {
    let table = [
        (busy(), true, true),
        (Reply::Fail(TransportErrorKind::Connect), true, false),
        (Reply::Fail(TransportErrorKind::ConnectTimeout), true, false),
        (Reply::Fail(TransportErrorKind::Broken), true, true),
        (Reply::Fail(TransportErrorKind::Silent), true, true),
        (Reply::Fail(TransportErrorKind::Tls), false, false),
        (Reply::Hang, true, true),
        (Reply::refusal(403, "WriteQuotaExceed", "m"), true, false),
        (Reply::refusal(400, "ParameterInvalid", "m"), false, false),
        (Reply::answer(200, "<html>welcome</html>"), false, true),
    ];
    for (reply, retryable, doubt) in table {
        let shown = format!("{reply:?}");
        let harness = Harness::new([reply]);
        let error = harness.update(&json!({ "ttl": 30 })).await.unwrap_err();
        let told = (error.attempts(), error.is_retryable(), error.may_have_been_applied());
        assert_eq!(told, (1, retryable, doubt), "{shown}");
    }
}

#[tokio::test]
async fn an_update_carries_the_document_digit_for_digit() {
    let text = r#"{"a":1.50,"b":123456789012345678901234567890,"c":{"x":[null,true,"é"]}}"#;
    let harness = Harness::new([Reply::answer(200, "")]);
    harness.update(&serde_json::from_str(text).unwrap()).await.unwrap();
    let [request] = &harness.transport.requests()[..] else { panic!("not one request") };
    assert_eq!(std::str::from_utf8(&request.body).unwrap(), text);
    assert_eq!((request.method, request.path.as_str()), (Method::Put, "/logstores/app"));
    assert_eq!(request.headers.get("content-type"), Some("application/json"));
    assert_eq!(request.headers.get("x-log-bodyrawsize"), Some(text.len().to_string().as_str()));
}

#[tokio::test]
async fn pausing_gives_the_error_back_when_there_is_nothing_to_wait_for() {
    let harness = Harness::new([]);
    let pause = |context: CallContext, attempt, error: Error| {
        let Harness { client, clock, .. } = &harness;
        async move { clock.run(client.pause_before_retry(&context, attempt, &error)).await }
    };
    let operation = Operation::new("SLS", "UpdateLogStore", "p/l");
    let busy = Error::from_answer(&operation, 503, Some("ServerBusy".into()), "busy");
    let refused = Error::from_answer(&operation, 400, Some("ParameterInvalid".into()), "no");
    let context = CallContext::default();

    pause(context.clone(), 3, busy.clone()).await.unwrap();
    assert!(harness.clock.monotonic() <= SECOND * 4);
    let error = pause(context.clone(), 4, busy.clone()).await.unwrap_err();
    assert_eq!(error.code(), Some("ServerBusy"));
    let error = pause(context.clone(), 1, refused).await.unwrap_err();
    assert_eq!(error.code(), Some("ParameterInvalid"));

    let late = busy.clone().with_retry_after(Some(SECOND * 60));
    let bounded = context.clone().with_timeout(&harness.clock, SECOND * 30);
    assert!(pause(bounded, 1, late).await.unwrap_err().is_code("ServerBusy"));

    context.cancel.cancel();
    let error = pause(context, 1, busy).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Cancelled);
    assert!(error.may_have_been_applied(), "the attempt before the pause may have been");
}

#[tokio::test]
async fn errors_of_the_credentials_are_passed_on_as_they_are() {
    let harness = Harness::with([], 1, Arc::new(BrokenCredentials));
    let error = harness.get().await.unwrap_err();
    assert_eq!((error.service(), error.attempts()), ("STS", 7));
}

#[tokio::test]
async fn a_write_whose_credentials_fail_was_never_sent() {
    let harness = Harness::with([], 1, Arc::new(BrokenCredentials));
    let error = harness.update(&json!({})).await.unwrap_err();
    assert_eq!((error.service(), error.is_retryable()), ("STS", true));
    assert!(!error.may_have_been_applied(), "whatever became of the call to STS");
}

#[tokio::test]
async fn what_a_service_quotes_back_never_holds_a_secret() {
    let text = "bad token canary-token for canary-secret";
    let harness = Harness::new([Reply::refusal(401, "Unauthorized", text)]);
    let error = harness.get().await.unwrap_err();
    assert_eq!(error.message(), "bad token [secret] for [secret]");
    assert!(!format!("{error:?} {error}").contains("canary"));
    assert!(!format!("{:?}", harness.transport.requests()).contains("canary"));
}

#[tokio::test]
async fn a_call_leaves_one_line_in_the_log_and_no_secret() {
    let script = || [busy(), Reply::answer(200, STORE), Reply::refusal(404, "ProjectNotExist", "none")];
    // Places that log and are first reached by another test just now would miss the subscriber.
    let unheard = Harness::new(script());
    unheard.get().await.unwrap();
    unheard.get().await.unwrap_err();
    let lines = Lines::default();
    // With a second one, what other threads log first does not decide what is recorded here.
    let _second = tracing::Dispatch::new(tracing_subscriber::registry());
    let harness = Harness::new(script());
    let subscriber = tracing_subscriber::registry().with(lines.clone());
    let guard = tracing::subscriber::set_default(subscriber);
    harness.get().await.unwrap();
    harness.get().await.unwrap_err();
    drop(guard);

    let lines = lines.0.lock().unwrap();
    let (wire, calls): (Vec<&String>, Vec<&String>) = lines.iter().partition(|line| line.contains(" http="));
    assert_eq!(wire.len(), 6, "each of three attempts is sent and answered: {wire:#?}");
    assert!(wire.iter().all(|line| line.starts_with("DEBUG")) && wire[0].contains("/logstores/app"));
    let [slower, retry, found, refused] = calls[..] else { panic!("not four lines: {calls:#?}") };
    assert!(slower.starts_with("DEBUG") && slower.contains("service=\"SLS\""), "{slower}");
    assert!(retry.starts_with("DEBUG") && retry.contains("code=\"ServerBusy\""), "{retry}");
    for part in [
        "INFO",
        "service=\"SLS\"",
        "action=\"GetLogStore\"",
        "target=\"demo-proj/app\"",
        "status=200",
        "attempts=2",
        "elapsed_ms=",
        "request_id=\"REQ\"",
        "outcome=\"Ok\"",
    ] {
        assert!(found.contains(part), "{part} is not in {found}");
    }
    assert!(
        refused.contains("outcome=\"NotFound\"") && refused.contains("code=\"ProjectNotExist\""),
        "{refused}"
    );
    assert!(lines.iter().all(|line| !line.contains("canary") && !line.contains("SLS4-HMAC")), "{lines:#?}");
}

/// Collects log lines: level, then `field=value` pairs.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<String>>>);

impl<S: tracing::Subscriber> Layer<S> for Lines {
    fn on_event(&self, event: &tracing::Event<'_>, _: tracing_subscriber::layer::Context<'_, S>) {
        let mut words = vec![event.metadata().level().to_string()];
        event.record(&mut |field: &tracing::field::Field, value: &dyn std::fmt::Debug| {
            words.push(format!("{field}={value:?}"));
        });
        self.0.lock().unwrap().push(words.join(" "));
    }
}

#[derive(Debug)]
struct NeverCredentials;

impl CredentialProvider for NeverCredentials {
    fn credentials<'a>(&'a self, _: &'a CallContext) -> BoxFuture<'a, Result<Arc<Credentials>, Error>> {
        Box::pin(std::future::pending())
    }
}

#[derive(Debug)]
struct BrokenCredentials;

impl CredentialProvider for BrokenCredentials {
    fn credentials<'a>(&'a self, _: &'a CallContext) -> BoxFuture<'a, Result<Arc<Credentials>, Error>> {
        let operation = Operation::new("STS", "AssumeRole", "role");
        let error = Error::from_answer(&operation, 503, None, "busy").with_effort(7, SECOND);
        Box::pin(std::future::ready(Err(error)))
    }
}
