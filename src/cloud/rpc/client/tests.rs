//! The client with a scripted transport and a manual clock.

use std::time::Duration;

use super::*;
use crate::DispatcherConfig;
use crate::credentials::StaticCredentials;
use crate::http::TransportErrorKind;
use crate::retry::RetryPolicy;
use crate::testing::{ManualClock, Reply, ScriptedTransport, scripted_rpc};

const SECOND: Duration = Duration::from_secs(1);
const DONE: &str = r#"{"RequestId":"R"}"#;

struct Harness {
    client: RpcClient,
    transport: Arc<ScriptedTransport>,
    clock: ManualClock,
    context: CallContext,
}

impl Harness {
    fn new(signature: SignatureVersion, replies: impl IntoIterator<Item = Reply>) -> Self {
        let transport = Arc::new(ScriptedTransport::new(replies));
        let clock = ManualClock::new();
        let service = Service { name: "RAM", version: "2015-05-01" };
        let client = RpcClient::new(service, scripted_rpc(&transport, &clock, signature));
        Self { client, transport, clock, context: CallContext::default() }
    }

    fn acs3(replies: impl IntoIterator<Item = Reply>) -> Self {
        Self::new(SignatureVersion::Acs3HmacSha256, replies)
    }

    async fn read(&self) -> Result<(), Error> {
        let call = Call::new("GetRole", "demo", Parameters::new().with("RoleName", "demo"));
        self.clock.run(self.client.read(&self.context, call, |_: IgnoredAny| Ok(()))).await
    }

    async fn write(&self) -> Result<(), Error> {
        let call = Call::new("DeleteRole", "demo", Parameters::new().with("RoleName", "demo"));
        self.clock.run(self.client.write(&self.context, call, |_: IgnoredAny| Ok(()))).await
    }
}

fn refusal(status: u16, code: &str) -> Reply {
    let body = serde_json::json!({ "RequestId": "R", "Code": code, "Message": "why" });
    Reply::answer(status, &body.to_string())
}

#[tokio::test]
async fn an_acs3_call_names_its_action_in_headers_and_its_parameters_in_the_body() {
    let harness = Harness::acs3([Reply::answer(200, DONE)]);
    harness.read().await.unwrap();
    let [request] = &harness.transport.requests()[..] else { panic!("not one request") };
    assert_eq!((request.method, request.url().as_str()), (Method::Post, "http://127.0.0.1:8700/"));
    assert_eq!(request.body, b"RoleName=demo");
    for (name, value) in [
        ("host", "127.0.0.1:8700"),
        ("content-type", "application/x-www-form-urlencoded"),
        ("x-acs-action", "GetRole"),
        ("x-acs-version", "2015-05-01"),
        ("x-acs-date", "2026-11-20T08:00:00Z"),
        ("x-acs-signature-nonce", "nonce-1"),
        ("x-acs-security-token", "canary-token+/="),
    ] {
        assert_eq!(request.headers.get(name), Some(value), "{name}");
    }
    let authorization = request.headers.get("authorization").unwrap();
    assert!(
        authorization.starts_with("ACS3-HMAC-SHA256 Credential=ak,SignedHeaders=accept;content-type;host;")
    );
}

#[tokio::test]
async fn a_version_1_call_names_its_action_in_the_query() {
    let harness = Harness::new(SignatureVersion::V1HmacSha1, [Reply::answer(200, DONE)]);
    harness.read().await.unwrap();
    let [request] = &harness.transport.requests()[..] else { panic!("not one request") };
    assert_eq!((request.path.as_str(), request.body.as_slice()), ("/", &b"RoleName=demo"[..]));
    let names: Vec<&str> = request.query.keys().map(String::as_str).collect();
    let expected = "AccessKeyId Action Format SecurityToken Signature SignatureMethod SignatureNonce SignatureVersion \
                    Timestamp Version";
    assert_eq!(names.join(" "), expected);
    assert_eq!(
        (request.query["Action"].as_str(), request.query["SignatureNonce"].as_str()),
        ("GetRole", "nonce-1")
    );
    assert_eq!(request.headers.get("authorization"), None);
}

#[tokio::test]
async fn a_call_without_parameters_has_no_body() {
    let harness = Harness::acs3([Reply::answer(200, DONE)]);
    let call = Call::new("GetCallerIdentity", "the caller", Parameters::new());
    harness.client.read(&harness.context, call, |_: IgnoredAny| Ok(())).await.unwrap();
    let [request] = &harness.transport.requests()[..] else { panic!("not one request") };
    assert_eq!((request.body.len(), request.headers.get("content-type")), (0, None));
}

#[tokio::test]
async fn each_attempt_is_signed_with_a_new_nonce_and_date() {
    let harness = Harness::acs3([Reply::Hang, refusal(400, "SignatureNonceUsed"), Reply::answer(200, DONE)]);
    harness.read().await.unwrap();
    let requests = harness.transport.requests();
    let header = |name| requests.iter().map(|r| r.headers.get(name).unwrap()).collect::<Vec<_>>();
    assert_eq!(header("x-acs-signature-nonce"), ["nonce-1", "nonce-2", "nonce-3"]);
    assert!(header("x-acs-date")[1] >= "2026-11-20T08:00:10Z");
    let authorizations = header("authorization");
    assert!(authorizations[0] != authorizations[1] && authorizations[1] != authorizations[2]);
}

#[tokio::test]
async fn a_read_is_repeated_after_every_temporary_failure() {
    for failure in [
        Reply::Fail(TransportErrorKind::Connect),
        Reply::Fail(TransportErrorKind::Broken),
        refusal(400, "Throttling.User"),
        refusal(503, "ServiceUnavailable"),
        refusal(500, "InternalError"),
    ] {
        let harness = Harness::acs3([failure, Reply::answer(200, DONE)]);
        harness.read().await.unwrap();
        assert_eq!(harness.transport.unused(), 0);
    }
}

#[tokio::test]
async fn a_write_is_repeated_only_if_it_was_not_applied() {
    for failure in [
        Reply::Fail(TransportErrorKind::Connect),
        Reply::Fail(TransportErrorKind::ConnectTimeout),
        refusal(400, "Throttling.User"),
        refusal(429, "Throttling"),
    ] {
        let harness = Harness::acs3([failure, Reply::answer(200, DONE)]);
        harness.write().await.unwrap();
        assert_eq!(harness.transport.unused(), 0);
    }
}

#[tokio::test]
async fn a_write_with_a_lost_answer_is_not_repeated_and_may_have_been_applied() {
    for failure in [
        Reply::Fail(TransportErrorKind::Broken),
        Reply::Fail(TransportErrorKind::Silent),
        Reply::Hang,
        refusal(500, "InternalError"),
        refusal(503, "ServiceUnavailable"),
        refusal(400, "SignatureNonceUsed"),
        Reply::answer(200, "<html>welcome</html>"),
    ] {
        let shown = format!("{failure:?}");
        let harness = Harness::acs3([failure]);
        let error = harness.write().await.unwrap_err();
        assert_eq!((error.attempts(), error.may_have_been_applied()), (1, true), "{shown}");
    }
    // A lost answer of the second attempt counts as well.
    let harness = Harness::acs3([refusal(400, "Throttling.User"), Reply::Fail(TransportErrorKind::Broken)]);
    let error = harness.write().await.unwrap_err();
    assert_eq!((error.attempts(), error.may_have_been_applied()), (2, true));
}

#[tokio::test]
async fn a_refusal_is_not_repeated_and_has_code_request_id_and_status() {
    for (status, code, kind) in [
        (404, "EntityNotExist.Role", ErrorKind::NotFound),
        (409, "DeleteConflict.Role.Policy", ErrorKind::Conflict),
        (403, "NoPermission", ErrorKind::Denied),
        (400, "InvalidSecurityToken.Expired", ErrorKind::Unauthenticated),
        (400, "MissingParameter", ErrorKind::Invalid),
    ] {
        let harness = Harness::acs3([refusal(status, code)]);
        let error = harness.write().await.unwrap_err();
        assert_eq!((error.kind(), error.code(), error.status()), (kind, Some(code), Some(status)));
        assert_eq!((error.request_id(), error.message(), error.attempts()), (Some("R"), "why", 1));
        assert_eq!((error.service(), error.action(), error.target()), ("RAM", "DeleteRole", "demo"));
        assert!(!error.may_have_been_applied());
    }
}

#[tokio::test]
async fn errors_and_debug_forms_of_requests_have_no_secret() {
    for signature in [SignatureVersion::Acs3HmacSha256, SignatureVersion::V1HmacSha1] {
        let said = "bad: canary-token%2B%2F%3D canary-token%252B%252F%253D canary-token+/= canary-secret";
        let body = serde_json::json!({ "Code": "InvalidSecurityToken.Malformed", "Message": said });
        let harness = Harness::new(signature, [Reply::answer(400, &body.to_string())]);
        let error = harness.read().await.unwrap_err();
        assert_eq!(error.message(), "bad: [secret] [secret] [secret] [secret]");
        assert!(!format!("{:?}", harness.transport.requests()).contains("canary"));
    }
}

#[tokio::test]
async fn the_error_names_credentials_that_cannot_sign() {
    let mut harness = Harness::acs3([]);
    let dispatcher = DispatcherConfig {
        credentials: Arc::new(StaticCredentials::new(Credentials {
            access_key_id: "a k".into(),
            access_key_secret: "sk".into(),
            security_token: None,
            source: "the provider block".into(),
        })),
        transport: harness.transport.clone(),
        clock: Arc::new(harness.clock.clone()),
        retry: RetryPolicy::default(),
        request_timeout: SECOND,
        max_concurrency: 1,
    };
    harness.client.config.dispatcher = Arc::new(Dispatcher::new(dispatcher));
    let error = harness.read().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    assert!(
        error.message().contains("access key id") && error.message().contains("the provider block"),
        "{error}"
    );
}

#[tokio::test]
async fn a_cancelled_write_may_have_been_applied() {
    let harness = Harness::acs3([Reply::Hang]);
    let call = Call::new("DeleteRole", "demo", Parameters::new());
    let write = harness.client.write(&harness.context, call, |_: IgnoredAny| Ok(()));
    let (result, ()) = tokio::join!(write, async { harness.context.cancel.cancel() });
    let error = result.unwrap_err();
    assert_eq!((error.kind(), error.may_have_been_applied()), (ErrorKind::Cancelled, true));
}
