//! Calls that are refused because their token has expired.

use futures_util::future::join_all;
use tokio::sync::Barrier;

use super::*;
use crate::credentials::{Chain, CredentialsUri, SourceContext};
use crate::http::{HttpResponse, HttpTransport, TransportError};
use crate::testing::{ScriptedHost, scripted_source_context};

const AT_ONCE: usize = 200;

fn expired() -> Reply {
    Reply::refusal(401, "Unauthorized", "The security token you provided has expired.")
}

/// A transport that lets everybody else go on before it answers.
#[derive(Debug)]
struct Hesitating(Arc<ScriptedTransport>);

impl HttpTransport for Hesitating {
    fn send<'a>(&'a self, request: &'a HttpRequest) -> BoxFuture<'a, Result<HttpResponse, TransportError>> {
        Box::pin(async move {
            tokio::task::yield_now().await;
            self.0.send(request).await
        })
    }
}

/// Credentials as a credentials URI hands them out.
fn handed_out(id: &str) -> Reply {
    let body = json!({"Code": "Success", "AccessKeyId": id, "AccessKeySecret": "canary-secret",
        "SecurityToken": "canary-token", "Expiration": "2026-11-20T10:00:00Z"});
    Reply::answer(200, &body.to_string())
}

/// A chain of a credentials URI, and what the URI is asked through.
fn chain(replies: impl IntoIterator<Item = Reply>) -> (Arc<Chain>, Arc<ScriptedTransport>) {
    let transport = Arc::new(ScriptedTransport::new(replies));
    let source_context =
        scripted_source_context(&Arc::new(ScriptedHost::default()), &transport, &ManualClock::new());
    let source_context =
        SourceContext { transport: Arc::new(Hesitating(Arc::clone(&transport))), ..source_context };
    let uri = CredentialsUri::parse("http://127.0.0.1:1/keys", "the test").unwrap();
    (Arc::new(Chain::new(vec![Arc::new(uri)], source_context)), transport)
}

/// A caller that sends as much at once as it is asked to.
fn dispatcher(
    harness: &Harness,
    chain: Arc<Chain>,
    transport: Arc<dyn HttpTransport>,
    max_retries: u32,
) -> Arc<Dispatcher> {
    Arc::new(Dispatcher::new(DispatcherConfig {
        credentials: chain,
        transport,
        clock: Arc::new(harness.clock.clone()),
        retry: RetryPolicy { max_retries, base: SECOND, cap: SECOND },
        request_timeout: SECOND * 10,
        max_concurrency: AT_ONCE,
    }))
}

/// The ids of the keys that signed.
fn signed(requests: &[HttpRequest]) -> Vec<String> {
    let id = |request: &HttpRequest| {
        let header = request.headers.get("authorization").unwrap();
        header.split_once("Credential=").unwrap().1.split('/').next().unwrap().to_owned()
    };
    requests.iter().map(id).collect()
}

#[tokio::test]
async fn a_call_is_repeated_with_fresh_credentials() {
    let (chain, handing_out) = chain(["one", "two"].map(handed_out));
    let harness = Harness::with([expired(), Reply::answer(200, STORE)], 4, chain);
    harness.get().await.unwrap();
    assert_eq!(signed(&harness.transport.requests()), ["one", "two"]);
    assert_eq!(harness.clock.monotonic(), Duration::ZERO, "there is nothing to wait for");
    assert_eq!(handing_out.requests().len(), 2);
}

/// A call that is refused, and refused again with fresh credentials.
fn refused_twice() -> Harness {
    let (chain, _) = chain(["one", "two"].map(handed_out));
    Harness::with([expired(), expired()], 4, chain)
}

#[tokio::test]
async fn the_log_names_the_source_and_no_secret() {
    // Places that log and are first reached by another test just now would miss the subscriber.
    refused_twice().get().await.unwrap_err();
    let lines = Lines::default();
    // With a second one, what other threads log first does not decide what is recorded here.
    let _second = tracing::Dispatch::new(tracing_subscriber::registry());
    let harness = refused_twice();
    let guard = tracing::subscriber::set_default(tracing_subscriber::registry().with(lines.clone()));
    harness.get().await.unwrap_err();
    drop(guard);

    let lines = lines.0.lock().unwrap();
    let about = |what: &str| lines.iter().filter(|line| line.contains(what)).collect::<Vec<_>>();
    for (what, times) in [("a service says that credentials have expired", 1), ("credentials found", 2)] {
        let found = about(what);
        assert_eq!(found.len(), times, "{what}: {lines:#?}");
        let source = "source=\"the credentials URI http://127.0.0.1:1/keys of the test\"";
        assert!(found.iter().all(|line| line.starts_with("INFO") && line.contains(source)), "{found:#?}");
    }
    assert!(about("canary").is_empty(), "{lines:#?}");
}

#[tokio::test]
async fn without_retries_a_call_fails_at_once_and_the_next_has_fresh_credentials() {
    let (chain, handing_out) = chain(["one", "two"].map(handed_out));
    let replies = [expired(), Reply::answer(200, STORE)];
    let mut harness = Harness::with(replies, 4, chain.clone());
    harness.client.dispatcher = dispatcher(&harness, chain, harness.transport.clone(), 0);
    let error = harness.get().await.unwrap_err();
    assert_eq!((error.attempts(), error.is_expired_token(), handing_out.requests().len()), (1, true, 1));
    harness.get().await.unwrap();
    assert_eq!(signed(&harness.transport.requests()), ["one", "two"]);
}

#[tokio::test]
async fn fresh_credentials_that_are_refused_too_end_it() {
    let (chain, handing_out) = chain(["one", "two"].map(handed_out));
    let harness = Harness::with([expired(), expired(), expired()], 4, chain);
    let error = harness.get().await.unwrap_err();
    assert!(error.is_renewal_refused() && !error.is_retryable(), "{error:?}");
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Unauthenticated, 2));
    let text = error.to_string();
    assert!(text.contains("has expired; the credentials are new ones from"), "{text}");
    assert!(text.contains("http://127.0.0.1:1/keys of the test"), "{text}");
    // The next call tries again, and fetches nothing.
    assert_eq!(harness.get().await.unwrap_err().attempts(), 3);
    assert_eq!(handing_out.requests().len(), 2);
    assert!(!format!("{error} {error:?}").contains("canary"), "{error:?}");
}

#[tokio::test]
async fn a_failure_to_renew_is_what_is_told() {
    let (chain, _) = chain([handed_out("one"), Reply::answer(403, "")]);
    let harness = Harness::with([expired()], 4, chain);
    let error = harness.get().await.unwrap_err();
    assert_eq!((error.service(), error.status()), ("Credentials", Some(403)));
    assert!(error.target().contains("http://127.0.0.1:1/keys of the test"), "{error}");
    assert_eq!(harness.transport.unused(), 0);
}

#[tokio::test]
async fn given_credentials_are_refused_for_good() {
    let harness = Harness::new([expired()]);
    let error = harness.get().await.unwrap_err();
    assert_eq!((error.attempts(), error.is_retryable()), (1, false));
    assert_eq!(error.message(), "The security token you provided has expired.");
}

#[tokio::test]
async fn an_update_is_sent_once_and_told_to_be_repeatable() {
    let (chain, _) = chain(["one", "two"].map(handed_out));
    let harness = Harness::with([expired(), Reply::answer(200, "")], 4, chain);
    let (project, logstore, body) = (project(), logstore(), Map::new());
    // The clock stands still: the credentials are fetched beside the call.
    let update = || harness.client.update_log_store(&harness.context, &project, &logstore, &body, SECOND);
    let error = update().await.unwrap_err();
    assert!(error.is_retryable() && !error.may_have_been_applied(), "{error:?}");
    assert_eq!(error.attempts(), 1);
    assert!(update().await.unwrap());
    assert_eq!(signed(&harness.transport.requests()), ["one", "two"]);
}

/// A service that refuses the key `one` once all the calls are there.
#[derive(Debug)]
struct Refusing {
    all_there: Barrier,
    requests: Mutex<Vec<HttpRequest>>,
}

impl HttpTransport for Refusing {
    fn send<'a>(&'a self, request: &'a HttpRequest) -> BoxFuture<'a, Result<HttpResponse, TransportError>> {
        self.requests.lock().unwrap().push(request.clone());
        Box::pin(async move {
            let reply = if signed(std::slice::from_ref(request)) == ["one"] {
                self.all_there.wait().await;
                expired()
            } else {
                Reply::answer(200, STORE)
            };
            match reply {
                Reply::Answer(answer) => Ok(answer),
                other => panic!("{other:?}"),
            }
        })
    }
}

/// What comes of many calls that are under way together, and the ids of the keys that signed them.
async fn all_at_once(chain: Arc<Chain>) -> (Vec<Result<LogStore, Error>>, Vec<String>) {
    let service = Arc::new(Refusing { all_there: Barrier::new(AT_ONCE), requests: Mutex::default() });
    let mut harness = Harness::with([], 4, chain.clone());
    harness.client.dispatcher = dispatcher(&harness, chain, service.clone(), 1);
    let (project, logstore) = (project(), logstore());
    let calls = (0..AT_ONCE).map(|_| harness.client.get_log_store(&harness.context, &project, &logstore));
    let outcomes = harness.clock.run(join_all(calls)).await;
    let signed = signed(&service.requests.lock().unwrap());
    (outcomes, signed)
}

#[tokio::test]
async fn two_hundred_calls_that_are_refused_together_share_one_renewal() {
    let (chain, handing_out) = chain(["one", "two"].map(handed_out));
    let (outcomes, signed) = all_at_once(chain).await;
    assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
    let by = |id: &str| signed.iter().filter(|signed| *signed == id).count();
    assert_eq!((by("one"), by("two"), signed.len()), (AT_ONCE, AT_ONCE, 2 * AT_ONCE));
    assert_eq!(handing_out.requests().len(), 2);
}

#[tokio::test]
async fn two_hundred_calls_that_are_refused_together_share_a_failure_to_renew() {
    let (chain, handing_out) = chain([handed_out("one"), Reply::answer(403, "")]);
    let (outcomes, signed) = all_at_once(chain).await;
    for outcome in outcomes {
        let error = outcome.unwrap_err();
        assert_eq!((error.service(), error.status()), ("Credentials", Some(403)));
    }
    assert_eq!((signed.len(), handing_out.requests().len()), (AT_ONCE, 2));
}
