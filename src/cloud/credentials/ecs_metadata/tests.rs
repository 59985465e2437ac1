//! Both versions of the metadata service, with scripted replies.

use std::sync::Arc;

use super::*;
use crate::error::ErrorKind;
use crate::http::TransportErrorKind;
use crate::testing::{ManualClock, Reply, ScriptedHost, ScriptedTransport, scripted_source_context};

const KEYS: &str = r#"{"Code":"Success","AccessKeyId":"STS.e","AccessKeySecret":"canary-secret","SecurityToken":"canary-token","Expiration":"2026-11-20T14:00:00Z"}"#;

struct Outcome {
    result: Result<Option<Fetched>, Error>,
    /// Each request: the method with the path, and the token.
    requests: Vec<(String, Option<String>)>,
}

impl Outcome {
    fn id(&self) -> &str {
        &self.result.as_ref().unwrap().as_ref().unwrap().credentials.access_key_id
    }

    fn paths(&self) -> Vec<&str> {
        self.requests.iter().map(|(path, _)| path.as_str()).collect()
    }
}

async fn fetch(source: &EcsMetadata, replies: impl IntoIterator<Item = Reply>) -> Outcome {
    let transport = Arc::new(ScriptedTransport::new(replies));
    let clock = ManualClock::new();
    let source_context = scripted_source_context(&Arc::new(ScriptedHost::default()), &transport, &clock);
    let result = clock.run(source.fetch(&source_context, &CallContext::default())).await;
    let requests = transport.requests();
    assert!(requests.iter().all(|request| request.origin.url == "http://100.100.100.200"));
    let requests = requests.iter().map(|request| {
        let token = request.headers.get("x-aliyun-ecs-metadata-token").map(str::to_owned);
        (format!("{} {}", request.method.as_str(), request.path), token)
    });
    Outcome { result, requests: requests.collect() }
}

fn source(role_name: Option<&str>) -> EcsMetadata {
    EcsMetadata {
        role_name: role_name.map(str::to_owned),
        required: role_name.is_some(),
        service: MetadataService { endpoint: Endpoint::ecs_metadata(), version_1: true },
        source: "the test".into(),
    }
}

fn refuse() -> Reply {
    Reply::answer(403, "canary-body")
}

#[tokio::test]
async fn version_2_fetches_a_token_and_sends_it_with_every_request() {
    let replies =
        [Reply::answer(200, "canary-t\n"), Reply::answer(200, "the-role"), Reply::answer(200, KEYS)];
    let outcome = fetch(&source(None), replies).await;
    assert_eq!(outcome.id(), "STS.e");
    assert_eq!(
        outcome.paths(),
        [
            "PUT /latest/api/token",
            "GET /latest/meta-data/ram/security-credentials/",
            "GET /latest/meta-data/ram/security-credentials/the-role",
        ]
    );
    let tokens: Vec<_> = outcome.requests.iter().map(|(_, token)| token.as_deref()).collect();
    assert_eq!(tokens, [None, Some("canary-t"), Some("canary-t")]);
}

#[tokio::test]
async fn errors_do_not_quote_an_answer_that_is_not_a_role_name() {
    let required = EcsMetadata { required: true, ..source(None) };
    let replies = [Reply::answer(200, "t"), Reply::answer(200, r#"{"AccessKeySecret":"canary"}"#)];
    let error = fetch(&required, replies).await.result.unwrap_err();
    let text = format!("{error} {error:?}");
    assert!(text.contains("not the name of a role") && !text.contains("canary"), "{text}");
}

#[tokio::test]
async fn a_configured_role_name_is_not_fetched() {
    let outcome = fetch(&source(Some("r")), [Reply::answer(200, "t"), Reply::answer(200, KEYS)]).await;
    assert_eq!(outcome.id(), "STS.e");
    assert_eq!(outcome.paths().last(), Some(&"GET /latest/meta-data/ram/security-credentials/r"));
}

#[tokio::test]
async fn version_1_is_asked_without_a_token_if_it_is_allowed() {
    let outcome = fetch(&source(Some("r")), [refuse(), Reply::answer(200, KEYS)]).await;
    assert_eq!(outcome.id(), "STS.e");
    assert!(outcome.requests.iter().all(|(_, token)| token.is_none()));

    let mut only_2 = source(Some("r"));
    only_2.service.version_1 = false;
    let error = fetch(&only_2, [refuse()]).await.result.unwrap_err();
    assert!(error.to_string().contains("the test"), "{error}");
    only_2.required = false;
    assert!(fetch(&only_2, [refuse()]).await.result.unwrap().is_none());
}

#[tokio::test]
async fn without_the_service_or_a_role_the_source_is_absent_unless_it_is_required() {
    let nowhere = || [Reply::Fail(TransportErrorKind::Connect), Reply::Fail(TransportErrorKind::Connect)];
    assert!(fetch(&source(None), nowhere()).await.result.unwrap().is_none());
    assert!(fetch(&source(None), [Reply::Hang, Reply::Hang]).await.result.unwrap().is_none());
    let no_role = [Reply::answer(200, "t"), Reply::answer(404, "")];
    assert!(fetch(&source(None), no_role).await.result.unwrap().is_none());

    let hangs = (0..6).map(|_| Reply::Hang);
    let error = fetch(&source(Some("r")), hangs).await.result.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(error.to_string().contains("100.100.100.200 of the test"), "{error}");
}

#[tokio::test]
async fn a_service_with_a_role_but_without_keys_is_an_error() {
    for (status, body) in [(500, "canary"), (200, r#"{"Code":"Failed","AccessKeySecret":"canary"}"#)] {
        let replies = [Reply::answer(200, "t"), Reply::answer(200, "the-role"), Reply::answer(status, body)];
        let error = fetch(&source(None), replies).await.result.unwrap_err();
        let text = format!("{error} {error:?}");
        assert!(text.contains("metadata service") && !text.contains("canary"), "{text}");
    }
}

#[tokio::test]
async fn cancellation_is_an_error_and_not_absence() {
    let context = CallContext::default();
    context.cancel.cancel();
    let transport = Arc::new(ScriptedTransport::default());
    let source_context =
        scripted_source_context(&Arc::new(ScriptedHost::default()), &transport, &ManualClock::new());
    let error = source(None).fetch(&source_context, &context).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Cancelled);
}
