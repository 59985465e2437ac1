//! Order, expiry and renewal, with a manual clock.

mod refusals;

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::join_all;
use serde_json::json;

use time::OffsetDateTime;

use super::*;
use crate::clock::Clock;
use crate::credentials::{CredentialsUri, GivenKeys, RoleSession, RoleToAssume, StsEndpoints};
use crate::endpoint::Endpoint;
use crate::error::ErrorKind;
use crate::http::{HttpRequest, HttpResponse, HttpTransport, TransportError, TransportErrorKind};
use crate::ram::RoleArn;
use crate::sts::AssumeRole;
use crate::testing::{ManualClock, Reply, ScriptedHost, ScriptedTransport, scripted_source_context};

const HOUR: Duration = Duration::from_hours(1);
const MINUTE: Duration = Duration::from_mins(1);
/// One second less than 55 minutes.
const BEFORE_RENEWAL: Duration = Duration::from_secs(55 * 60 - 1);

struct Scene {
    chain: Chain,
    transport: Arc<ScriptedTransport>,
    clock: ManualClock,
    context: CallContext,
}

fn scene(sources: Vec<Arc<dyn CredentialSource>>, replies: impl IntoIterator<Item = Reply>) -> Scene {
    let transport = Arc::new(ScriptedTransport::new(replies));
    let clock = ManualClock::new();
    let source_context = scripted_source_context(&Arc::new(ScriptedHost::default()), &transport, &clock);
    Scene { chain: Chain::new(sources, source_context), transport, clock, context: CallContext::default() }
}

impl Scene {
    async fn id(&self) -> Result<String, Error> {
        let asked = self.chain.credentials(&self.context);
        self.clock.run(asked).await.map(|credentials| credentials.access_key_id.clone())
    }

    fn sent(&self) -> usize {
        self.transport.requests().len()
    }
}

fn keys(id: &str, expiration: Option<OffsetDateTime>) -> Arc<dyn CredentialSource> {
    let credentials = Credentials {
        access_key_id: id.to_owned(),
        access_key_secret: "canary-secret".into(),
        security_token: None,
        source: format!("source {id}"),
    };
    Arc::new(GivenKeys { credentials, expiration })
}

fn uri() -> Arc<dyn CredentialSource> {
    Arc::new(CredentialsUri::parse("http://127.0.0.1:1/keys?code=canary-code", "the test").unwrap())
}

/// Keys that expire this long after the beginning of the clock.
fn answer(id: &str, ends: Duration) -> Reply {
    let expiration = ManualClock::new().now() + ends;
    let expiration = expiration.format(&time::format_description::well_known::Rfc3339).unwrap();
    let body = json!({"Code": "Success", "AccessKeyId": id, "AccessKeySecret": "canary-secret",
        "SecurityToken": "canary-token", "Expiration": expiration});
    Reply::answer(200, &body.to_string())
}

#[tokio::test]
async fn sources_are_asked_at_the_first_call_up_to_the_first_that_has_credentials() {
    let scene = scene(vec![keys("first", None), uri()], []);
    assert_eq!(scene.sent(), 0);
    assert_eq!(scene.id().await.unwrap(), "first");
    scene.clock.advance(HOUR * 1000);
    assert_eq!(scene.id().await.unwrap(), "first");
}

#[tokio::test]
async fn a_source_that_fails_ends_the_search() {
    let scene = scene(vec![uri(), keys("second", None)], [Reply::answer(403, "canary-body")]);
    let error = scene.id().await.unwrap_err();
    let text = format!("{error} {error:?}");
    assert!(text.contains("http://127.0.0.1:1/keys of the test"), "{text}");
    assert!(!text.contains("canary"), "{text}");
}

#[tokio::test]
async fn a_chain_without_sources_is_an_error() {
    let error = scene(Vec::new(), []).id().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
}

#[tokio::test]
async fn keys_that_have_expired_are_an_error() {
    let now = ManualClock::new().now();
    let scene = scene(vec![keys("old", Some(now))], []);
    let error = scene.id().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    assert!(error.to_string().contains("source old failed: its credentials expired at"), "{error}");
}

#[tokio::test]
async fn keys_are_used_until_five_minutes_before_they_expire() {
    let scene = scene(vec![uri()], [answer("one", HOUR), answer("two", HOUR * 2)]);
    assert_eq!(scene.id().await.unwrap(), "one");
    scene.clock.advance(BEFORE_RENEWAL);
    assert_eq!(scene.id().await.unwrap(), "one");
    scene.clock.advance(Duration::from_secs(1));
    assert_eq!(scene.id().await.unwrap(), "two");
    assert_eq!(scene.sent(), 2);
}

#[tokio::test]
async fn keys_that_cannot_be_renewed_are_used_until_they_expire() {
    let refusal = || Reply::answer(403, "");
    let replies = [answer("one", HOUR), refusal(), answer("two", HOUR * 2)];
    let scene = scene(vec![uri()], replies);
    scene.id().await.unwrap();
    scene.clock.advance(MINUTE * 55);
    assert_eq!((scene.id().await.unwrap().as_str(), scene.sent()), ("one", 2));
    // The renewal is not repeated at once.
    assert_eq!((scene.id().await.unwrap().as_str(), scene.sent()), ("one", 2));
    scene.clock.advance(RENEW_AGAIN_AFTER.unsigned_abs());
    assert_eq!((scene.id().await.unwrap().as_str(), scene.sent()), ("two", 3));
}

#[tokio::test]
async fn expired_keys_are_not_used_and_the_next_call_asks_the_source() {
    let replies = [answer("one", HOUR), Reply::answer(403, ""), answer("two", HOUR * 2)];
    let scene = scene(vec![uri()], replies);
    scene.id().await.unwrap();
    scene.clock.advance(HOUR);
    assert!(scene.id().await.is_err());
    assert_eq!(scene.id().await.unwrap(), "two");
}

#[tokio::test]
async fn short_lived_keys_are_not_renewed_for_every_call() {
    let ends = MINUTE * 2;
    let scene = scene(vec![uri()], [answer("one", ends), answer("two", ends)]);
    scene.id().await.unwrap();
    assert_eq!((scene.id().await.unwrap().as_str(), scene.sent()), ("one", 1));
    scene.clock.advance(RENEW_AGAIN_AFTER.unsigned_abs());
    assert_eq!((scene.id().await.unwrap().as_str(), scene.sent()), ("two", 2));
}

/// A transport that waits for a permit before each answer.
#[derive(Debug)]
struct Gate {
    inner: ScriptedTransport,
    open: tokio::sync::Semaphore,
}

impl HttpTransport for Gate {
    fn send<'a>(&'a self, request: &'a HttpRequest) -> BoxFuture<'a, Result<HttpResponse, TransportError>> {
        Box::pin(async move {
            // The reply is taken before the wait, so that the request is counted when it arrives.
            let answer = self.inner.send(request);
            self.open.acquire().await.unwrap().forget();
            answer.await
        })
    }
}

fn gated(replies: impl IntoIterator<Item = Reply>) -> (Arc<Chain>, Arc<Gate>, ManualClock) {
    let gate =
        Arc::new(Gate { inner: ScriptedTransport::new(replies), open: tokio::sync::Semaphore::new(0) });
    let clock = ManualClock::new();
    let scripted = Arc::new(ScriptedTransport::default());
    let source_context = scripted_source_context(&Arc::new(ScriptedHost::default()), &scripted, &clock);
    let source_context = SourceContext { transport: gate.clone(), ..source_context };
    (Arc::new(Chain::new(vec![uri()], source_context)), gate, clock)
}

fn spawn(chain: &Arc<Chain>, context: &CallContext) -> tokio::task::JoinHandle<Result<String, Error>> {
    let (chain, context) = (Arc::clone(chain), context.clone());
    tokio::spawn(async move {
        let credentials = chain.credentials(&context).await?;
        Ok(credentials.access_key_id.clone())
    })
}

/// Runs every task until it can only wait.
async fn settle() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn concurrent_callers_cause_one_request() {
    let (chain, gate, _clock) = gated([answer("one", HOUR)]);
    let tasks: Vec<_> = (0..20).map(|_| spawn(&chain, &CallContext::default())).collect();
    settle().await;
    assert_eq!(gate.inner.requests().len(), 1);
    gate.open.add_permits(1);
    for id in join_all(tasks).await {
        assert_eq!(id.unwrap().unwrap(), "one");
    }
    assert_eq!(gate.inner.requests().len(), 1);
}

#[tokio::test]
async fn concurrent_callers_share_a_failure() {
    let (chain, gate, _clock) = gated([Reply::answer(403, ""), answer("one", HOUR)]);
    let tasks: Vec<_> = (0..5).map(|_| spawn(&chain, &CallContext::default())).collect();
    settle().await;
    gate.open.add_permits(1);
    for outcome in join_all(tasks).await {
        assert_eq!(outcome.unwrap().unwrap_err().status(), Some(403));
    }
    gate.open.add_permits(1);
    assert_eq!(spawn(&chain, &CallContext::default()).await.unwrap().unwrap(), "one");
}

#[tokio::test]
async fn during_a_renewal_other_callers_use_the_keys_that_are_still_valid() {
    let (chain, gate, clock) = gated([answer("one", HOUR), answer("two", HOUR * 2)]);
    gate.open.add_permits(1);
    assert_eq!(spawn(&chain, &CallContext::default()).await.unwrap().unwrap(), "one");
    clock.advance(MINUTE * 59);
    let renewing = spawn(&chain, &CallContext::default());
    settle().await;
    assert_eq!(gate.inner.requests().len(), 2);
    for _ in 0..5 {
        assert_eq!(spawn(&chain, &CallContext::default()).await.unwrap().unwrap(), "one");
    }
    gate.open.add_permits(1);
    assert_eq!(renewing.await.unwrap().unwrap(), "two");
    assert_eq!(gate.inner.requests().len(), 2);
}

#[tokio::test]
async fn when_the_asking_caller_is_cancelled_a_waiting_one_asks() {
    let (chain, gate, _clock) = gated([answer("lost", HOUR), answer("one", HOUR)]);
    let first = CallContext::default();
    let cancelled = spawn(&chain, &first);
    settle().await;
    let waiting = spawn(&chain, &CallContext::default());
    let also_cancelled = CallContext::default();
    let gone = spawn(&chain, &also_cancelled);
    settle().await;
    also_cancelled.cancel.cancel();
    assert_eq!(gone.await.unwrap().unwrap_err().kind(), ErrorKind::Cancelled);
    first.cancel.cancel();
    assert_eq!(cancelled.await.unwrap().unwrap_err().kind(), ErrorKind::Cancelled);
    gate.open.add_permits(1);
    assert_eq!(waiting.await.unwrap().unwrap(), "one");
}

#[tokio::test]
async fn a_role_is_assumed_with_the_credentials_of_its_base() {
    let session = json!({"RequestId": "R", "Credentials": {"AccessKeyId": "STS.1",
        "AccessKeySecret": "canary-session", "SecurityToken": "canary-token",
        "Expiration": "2026-11-20T09:00:00Z"}});
    let scene = scene(vec![session_of(keys("first", None))], [Reply::answer(200, &session.to_string())]);
    let credentials = scene.chain.credentials(&scene.context).await.unwrap();
    assert_eq!(credentials.access_key_id, "STS.1");
    assert_eq!(credentials.source, "role acs:ram::1:role/demo of the test by source first");
    let [request] = scene.transport.requests().try_into().unwrap();
    assert!(request.headers.get("authorization").unwrap().contains("Credential=first"));
    let form: BTreeMap<_, _> =
        crate::http::form::decode(str::from_utf8(&request.body).unwrap()).into_iter().collect();
    assert_eq!((form["RoleSessionName"].as_str(), form["ExternalId"].as_str()), ("s1", "e1"));
    let shown = format!("{:?} {credentials:?}", scene.chain);
    assert!(!shown.contains("canary"), "{shown}");
}

/// A session of a role, opened with the credentials of `base`.
fn session_of(base: Arc<dyn CredentialSource>) -> Arc<dyn CredentialSource> {
    let sts = StsEndpoints {
        configured: None,
        fallback: None,
        default: Endpoint::parse("http://127.0.0.1:1").unwrap(),
    };
    let role = RoleToAssume {
        assume: AssumeRole {
            role_arn: RoleArn::parse("acs:ram::1:role/demo").unwrap(),
            role_session_name: "s1".into(),
            duration_seconds: Some(900),
            policy: None,
            external_id: Some("e1".into()),
        },
        endpoint: sts.default,
        source: "the test".into(),
    };
    Arc::new(RoleSession { base, role })
}

/// `NotFound` would remove the resource from the state, and `may_have_been_applied` would cause a final read.
#[tokio::test]
async fn a_role_to_assume_that_does_not_exist_is_not_an_answer_about_the_object_of_the_call() {
    let gone = json!({"Code": "EntityNotExist.Role", "Message": "The role not exists.", "RequestId": "R"});
    let with_role = || vec![session_of(keys("first", None))];
    let scene = scene(with_role(), [Reply::answer(404, &gone.to_string())]);
    let error = scene.chain.credentials(&scene.context).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Unauthenticated, Some("EntityNotExist.Role")));
    assert!(error.to_string().contains("credentials from role acs:ram::1:role/demo"), "{error}");

    let scene = self::scene(with_role(), (0..4).map(|_| Reply::Fail(TransportErrorKind::Broken)));
    let lost = scene.clock.run(scene.chain.credentials(&scene.context)).await.unwrap_err();
    assert!(!lost.may_have_been_applied(), "{lost:?}");
}

#[tokio::test]
async fn a_silent_source_is_asked_once_and_a_refusing_source_each_time() {
    // Three attempts of five seconds.
    let silent = scene(vec![uri()], (0..3).map(|_| Reply::Hang));
    let error = silent.id().await.unwrap_err();
    assert_eq!((error.kind(), silent.sent()), (ErrorKind::Timeout, 3));
    let waited = silent.clock.monotonic();
    let error = silent.id().await.unwrap_err();
    assert!(
        error.is_about_credentials() && error.message().contains("not asked again in this run"),
        "{error}"
    );
    assert_eq!((silent.clock.monotonic(), silent.sent()), (waited, 3));

    let refusing = scene(vec![uri()], [Reply::answer(404, ""), Reply::answer(404, "")]);
    for sent in 1..=2 {
        let error = refusing.id().await.unwrap_err();
        assert!(error.is_about_credentials(), "{error}");
        assert_eq!(refusing.sent(), sent);
    }
}

#[tokio::test]
async fn a_silent_source_is_given_up_at_the_time_limit_of_the_call() {
    for (limit, is_remembered) in [(4, false), (7, true)] {
        let scene = scene(vec![uri()], (0..6).map(|_| Reply::Hang));
        for _ in 0..2 {
            let limit = Duration::from_secs(limit);
            let bounds = CallContext::default().with_timeout(&scene.clock, limit);
            scene.clock.run(scene.chain.credentials(&bounds)).await.unwrap_err();
        }
        assert_eq!(scene.clock.monotonic() == Duration::from_secs(limit), is_remembered, "{limit}");
    }
}
