//! The identity of an object: upgraded, planned, and kept after failures.

use schema::Value;

use crate::{
    client::pb::tfplugin6::{self as pb, diagnostic::Severity},
    served::Served,
    thing::{HALF, TYPE_NAME, decode, encode, identity_name, named, thing},
};

async fn upgrade(version: i64, identity: &str) -> pb::upgrade_resource_identity::Response {
    let served = Served::start().await;
    let (_, mut provider) = served.connect().await;
    let request = pb::upgrade_resource_identity::Request {
        type_name: TYPE_NAME.to_owned(),
        version,
        raw_identity: Some(pb::RawState { json: identity.into(), ..Default::default() }),
    };
    provider.upgrade_resource_identity(request).await.unwrap().into_inner()
}

#[tokio::test]
async fn it_is_brought_to_the_present_version() {
    for (version, identity) in
        [(0, r#"{"label":"a"}"#), (1, r#"{"name":"a"}"#), (1, r#"{"name":"a","more":1}"#)]
    {
        let upgraded = upgrade(version, identity).await;
        assert_eq!(upgraded.diagnostics, [], "{identity}");
        assert_eq!(identity_name(upgraded.upgraded_identity.as_ref()), Some("a".to_owned()), "{identity}");
    }
}

#[tokio::test]
async fn an_upgrade_never_gives_null_for_what_an_import_must_give() {
    for (version, identity) in
        [(0, r#"{"label":null}"#), (0, r#"{"name":"a"}"#), (1, r#"{"name":null}"#), (1, "{}"), (1, "null")]
    {
        let upgraded = upgrade(version, identity).await;
        let [error] = &upgraded.diagnostics[..] else { panic!("{identity}: {upgraded:?}") };
        assert_eq!((error.severity(), &upgraded.upgraded_identity), (Severity::Error, &None), "{identity}");
        assert!(error.detail.contains("its identity has no name"), "{identity}: {}", error.detail);
    }
    for damaged in ["{", "[]"] {
        let upgraded = upgrade(1, damaged).await;
        assert_eq!((upgraded.diagnostics.len(), upgraded.upgraded_identity), (1, None), "{damaged}");
    }
}

#[tokio::test]
async fn a_state_of_a_host_that_knows_no_identities_has_none_to_upgrade() {
    assert_eq!(upgrade(0, "").await, pb::upgrade_resource_identity::Response::default());
}

async fn plan(
    prior: &Value,
    proposed: &Value,
    prior_identity: Option<pb::ResourceIdentityData>,
) -> Option<String> {
    let served = Served::start().await;
    let (_, mut provider) = served.connect().await;
    let request = pb::plan_resource_change::Request {
        type_name: TYPE_NAME.to_owned(),
        prior_state: encode(prior),
        proposed_new_state: encode(proposed),
        config: encode(proposed),
        prior_identity,
        ..Default::default()
    };
    let planned = provider.plan_resource_change(request).await.unwrap().into_inner();
    assert!(planned.diagnostics.iter().all(|found| found.severity() == Severity::Warning));
    identity_name(planned.planned_identity.as_ref())
}

#[tokio::test]
async fn it_is_planned_where_the_object_stays() {
    let identity = upgrade(1, r#"{"name":"a"}"#).await.upgraded_identity;
    let (prior, changed) = (named("a"), thing(&[("name", "a".into()), ("text", "t".into())]));
    assert_eq!(plan(&prior, &changed, identity.clone()).await, Some("a".to_owned()));
    assert_eq!(plan(&Value::Null, &changed, None).await, None, "a create finds it");
    assert_eq!(plan(&prior, &Value::Null, identity).await, None, "a destroy ends it");
    assert_eq!(plan(&prior, &changed, None).await, None, "an older host has none");
}

#[tokio::test]
async fn it_is_kept_after_a_failed_create_update_and_destroy() {
    let served = Served::start().await;
    let (_, mut provider) = served.connect().await;
    let half = |text: &str, id: Value| thing(&[("name", HALF.into()), ("text", text.into()), ("id", id)]);
    for (prior, planned, stored) in [
        (Value::Null, half("new", Value::UNKNOWN), half("new", "made".into())),
        (half("old", "made".into()), half("new", "made".into()), half("new", "made".into())),
        (half("old", "made".into()), Value::Null, half("old", "made".into())),
    ] {
        let config = if planned.is_null() { Value::Null } else { half("new", Value::Null) };
        let request = pb::apply_resource_change::Request {
            type_name: TYPE_NAME.to_owned(),
            prior_state: encode(&prior),
            planned_state: encode(&planned),
            config: encode(&config),
            planned_private: b"{}".to_vec(),
            ..Default::default()
        };
        let applied = provider.apply_resource_change(request).await.unwrap().into_inner();
        assert_eq!((applied.diagnostics.len(), applied.diagnostics[0].summary.as_str()), (1, "Half done"));
        assert_eq!(decode(applied.new_state.as_ref()), stored);
        assert_eq!(identity_name(applied.new_identity.as_ref()), Some(HALF.to_owned()), "{prior:?}");
    }
}
