//! Credentials that a service refuses as expired.

use super::*;
use crate::credentials::chain::cache::REPLACED_AFTER;
use crate::credentials::{MetadataService, ProfileSource};

const SECOND: Duration = Duration::from_secs(1);

impl Scene {
    async fn credentials(&self) -> Arc<Credentials> {
        self.clock.run(self.chain.credentials(&self.context)).await.unwrap()
    }
}

fn expired() -> Reply {
    let body =
        json!({"Code": "InvalidSecurityToken.Expired", "Message": "Specified SecurityToken is expired."});
    Reply::answer(400, &body.to_string())
}

/// A session of a role.
fn session(id: &str) -> Reply {
    let body = json!({"RequestId": "R", "Credentials": {"AccessKeyId": id, "AccessKeySecret": "canary-secret",
        "SecurityToken": "canary-token", "Expiration": "2026-11-20T09:00:00Z"}});
    Reply::answer(200, &body.to_string())
}

#[tokio::test]
async fn two_hundred_refusals_cause_one_renewal() {
    let (chain, gate, _clock) = gated([answer("one", HOUR), answer("two", HOUR)]);
    gate.open.add_permits(1);
    let one = chain.credentials(&CallContext::default()).await.unwrap();
    let tasks: Vec<_> = (0..200)
        .map(|_| {
            assert_eq!(chain.on_expired(&one), Refresh::Scheduled);
            spawn(&chain, &CallContext::default())
        })
        .collect();
    settle().await;
    assert_eq!(gate.inner.requests().len(), 2, "one of the callers fetches, the others wait");
    gate.open.add_permits(1);
    for id in join_all(tasks).await {
        assert_eq!(id.unwrap().unwrap(), "two");
    }
    assert_eq!(gate.inner.requests().len(), 2);
}

#[tokio::test]
async fn a_late_refusal_of_replaced_credentials_causes_no_renewal() {
    let scene = scene(vec![uri()], [answer("one", HOUR), answer("two", HOUR)]);
    let one = scene.credentials().await;
    scene.chain.on_expired(&one);
    assert_eq!(scene.id().await.unwrap(), "two");
    assert_eq!(scene.chain.on_expired(&one), Refresh::Scheduled);
    assert_eq!((scene.id().await.unwrap().as_str(), scene.sent()), ("two", 2));
}

#[tokio::test]
async fn renewed_credentials_are_not_renewed_again_for_five_minutes() {
    let replies = ["one", "two", "three", "four"].map(|id| answer(id, HOUR));
    let scene = scene(vec![uri()], replies);
    scene.chain.on_expired(&*scene.credentials().await);
    let two = scene.credentials().await;
    scene.clock.advance(REPLACED_AFTER.checked_sub(SECOND).unwrap());
    for _ in 0..3 {
        assert_eq!(scene.chain.on_expired(&two), Refresh::AlreadyTried);
        assert_eq!((scene.id().await.unwrap().as_str(), scene.sent()), ("two", 2));
    }
    scene.clock.advance(SECOND);
    assert_eq!(scene.chain.on_expired(&two), Refresh::Scheduled);
    let three = scene.credentials().await;
    assert_eq!((three.access_key_id.as_str(), scene.sent()), ("three", 3));
    assert_eq!(scene.chain.on_expired(&three), Refresh::AlreadyTried);
}

#[tokio::test]
async fn given_keys_cannot_be_renewed_but_sessions_opened_with_them_can() {
    let mut scene = scene(vec![keys("first", None)], [session("STS.1"), session("STS.2")]);
    let first = scene.credentials().await;
    assert_eq!(scene.chain.on_expired(&first), Refresh::Impossible);
    assert_eq!((scene.id().await.unwrap().as_str(), scene.sent()), ("first", 0));

    scene.chain = Chain::new(vec![session_of(keys("first", None))], scene.chain.source_context.clone());
    let one = scene.credentials().await;
    assert_eq!((one.access_key_id.as_str(), scene.chain.on_expired(&one)), ("STS.1", Refresh::Scheduled));
    assert_eq!((scene.id().await.unwrap().as_str(), scene.sent()), ("STS.2", 2));
}

#[tokio::test]
async fn a_source_that_returns_the_refused_credentials_again_is_an_error() {
    let replies = [answer("one", HOUR), answer("one", HOUR * 2), answer("two", HOUR)];
    let scene = scene(vec![uri()], replies);
    scene.chain.on_expired(&*scene.credentials().await);
    let error = scene.id().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    let text = format!("{error} {error:?}");
    assert!(text.contains("http://127.0.0.1:1/keys of the test") && text.contains("no others"), "{text}");
    assert!(!text.contains("canary"), "{text}");
    assert_eq!((scene.id().await.unwrap().as_str(), scene.sent()), ("two", 3));
}

#[tokio::test]
async fn a_failed_renewal_is_an_error_of_the_source_for_all_waiting_callers() {
    let (chain, gate, _clock) = gated([answer("one", HOUR), Reply::answer(403, ""), answer("two", HOUR)]);
    gate.open.add_permits(1);
    let one = chain.credentials(&CallContext::default()).await.unwrap();
    chain.on_expired(&one);
    let tasks: Vec<_> = (0..5).map(|_| spawn(&chain, &CallContext::default())).collect();
    settle().await;
    gate.open.add_permits(1);
    for outcome in join_all(tasks).await {
        let error = outcome.unwrap().unwrap_err();
        assert_eq!((error.service(), error.status()), ("Credentials", Some(403)));
    }
    assert_eq!(gate.inner.requests().len(), 2);
    gate.open.add_permits(1);
    assert_eq!(spawn(&chain, &CallContext::default()).await.unwrap().unwrap(), "two");
}

#[tokio::test]
async fn a_refusal_during_a_renewal_waits_for_that_renewal() {
    for (answered, id) in [(answer("two", HOUR * 2), Some("two")), (Reply::answer(403, ""), None)] {
        let (chain, gate, clock) = gated([answer("one", HOUR), answered]);
        gate.open.add_permits(1);
        let one = chain.credentials(&CallContext::default()).await.unwrap();
        clock.advance(MINUTE * 55);
        let renewing = spawn(&chain, &CallContext::default());
        settle().await;
        assert_eq!(chain.on_expired(&one), Refresh::Scheduled);
        let context = CallContext::default();
        let refused = spawn(&chain, &context);
        settle().await;
        gate.open.add_permits(1);
        // If the renewal fails, refused credentials are not used again.
        assert_eq!(renewing.await.unwrap().ok().as_deref(), id);
        assert_eq!(refused.await.unwrap().ok().as_deref(), id);
        assert_eq!(gate.inner.requests().len(), 2);
    }
}

#[tokio::test]
async fn a_refusal_causes_another_read_of_the_profile() {
    let host = Arc::new(ScriptedHost::default());
    let write = |id: &str| {
        let text = format!(
            r#"{{"current":"p","profiles":[{{"name":"p","mode":"StsToken","access_key_id":"{id}",
                "access_key_secret":"canary-secret","sts_token":"canary-token"}}]}}"#
        );
        host.write("/config.json", &text);
    };
    let profile = Arc::new(ProfileSource {
        files: vec!["/config.json".into()],
        name: None,
        required: true,
        sts: StsEndpoints { configured: None, fallback: None, default: Endpoint::global_sts() },
        metadata: MetadataService { endpoint: Endpoint::ecs_metadata(), version_1: true },
        session_name: "s1".to_owned(),
        external_forbidden_by: None,
    });
    let mut scene = scene(Vec::new(), []);
    let source_context = scripted_source_context(&host, &scene.transport, &scene.clock);
    scene.chain = Chain::new(vec![profile], source_context);
    write("one");
    let one = scene.credentials().await;
    write("two");
    assert_eq!(scene.id().await.unwrap(), "one", "without a refusal the file is not read again");
    assert_eq!(scene.chain.on_expired(&one), Refresh::Scheduled);
    assert_eq!(scene.id().await.unwrap(), "two");
    scene.chain.on_expired(&*scene.credentials().await);
    assert_eq!(scene.id().await.unwrap(), "two", "the file was read less than five minutes ago");
    scene.clock.advance(REPLACED_AFTER);
    scene.chain.on_expired(&*scene.credentials().await);
    let error = scene.id().await.unwrap_err();
    assert!(error.to_string().contains("profile `p` of /config.json"), "{error}");
}

#[tokio::test]
async fn base_credentials_that_sts_refuses_as_expired_are_renewed() {
    let replies = [answer("one", HOUR), expired(), answer("two", HOUR), session("STS.1")];
    let scene = scene(vec![session_of(uri())], replies);
    assert_eq!(scene.id().await.unwrap(), "STS.1");
    let requests = scene.transport.requests();
    let signed = requests.iter().filter_map(|request| request.headers.get("authorization"));
    let signed: Vec<_> = signed.map(|header| header.contains("Credential=two,")).collect();
    assert_eq!((requests.len(), signed), (4, vec![false, true]));
}

#[tokio::test]
async fn given_base_keys_that_sts_refuses_as_expired_are_named_in_the_error() {
    let scene = scene(vec![session_of(keys("first", None))], [expired()]);
    let error = scene.id().await.unwrap_err();
    assert!(error.is_expired_token() && !error.is_renewal_refused(), "{error:?}");
    assert!(
        error
            .to_string()
            .contains("(credentials from role acs:ram::1:role/demo of the test by source first)")
    );
    assert_eq!(scene.sent(), 1);
}

#[tokio::test]
async fn after_two_refusals_of_the_base_sts_is_not_asked_again() {
    let replies = [answer("one", HOUR), expired(), answer("two", HOUR), expired()];
    let scene = scene(vec![session_of(uri())], replies);
    let error = scene.id().await.unwrap_err();
    assert!(error.is_renewal_refused() && error.to_string().contains("new ones from"), "{error}");
    assert_eq!(scene.transport.unused(), 0);
}
