//! What goes wrong comes back as a diagnostic, and the server lives on.

use schema::Value;

use crate::{
    client::pb::tfplugin6::{self as pb, diagnostic::Severity},
    served::Served,
    thing::{GARBLED, PANICS, STAYS, TYPE_NAME, decode, encode, identity_name, named, provider_block, thing},
};

fn type_name() -> String {
    TYPE_NAME.to_owned()
}

/// The one error there is.
#[track_caller]
fn only_error(diagnostics: &[pb::Diagnostic]) -> &pb::Diagnostic {
    let [diagnostic] = diagnostics else { panic!("{diagnostics:?}") };
    assert_eq!(diagnostic.severity(), Severity::Error);
    diagnostic
}

#[track_caller]
fn check_panic(method: &str, diagnostics: &[pb::Diagnostic]) {
    let error = only_error(diagnostics);
    assert_eq!(error.summary, "The provider panicked");
    assert!(error.detail.starts_with(&format!("{method}: ")), "{}", error.detail);
    assert!(
        error.detail.contains("asked to panic") || error.detail.contains("configured to panic"),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_panic_in_a_read_keeps_what_was_known() {
    let served = Served::start().await;
    let (_, mut provider) = served.connect().await;
    let request = pb::read_resource::Request {
        type_name: type_name(),
        current_state: encode(&named(PANICS)),
        private: b"{}".to_vec(),
        ..Default::default()
    };
    let read = provider.read_resource(request.clone()).await.unwrap().into_inner();
    check_panic("ReadResource", &read.diagnostics);
    assert_eq!(read.new_state, request.current_state);
    assert_eq!(read.private, request.private);
    assert_eq!(identity_name(read.new_identity.as_ref()), Some(PANICS.to_owned()));

    let current_state = encode(&named("a"));
    let request = pb::read_resource::Request { current_state, ..request };
    let read = provider.read_resource(request).await.unwrap().into_inner();
    assert_eq!(read.diagnostics, []);
}

#[tokio::test]
async fn a_panic_in_an_apply_keeps_the_object_as_it_was() {
    let served = Served::start().await;
    let (_, mut provider) = served.connect().await;
    let mut apply = async |prior: Value, planned: Value| {
        let request = pb::apply_resource_change::Request {
            type_name: type_name(),
            prior_state: encode(&prior),
            planned_state: encode(&planned),
            config: encode(&if planned.is_null() { Value::Null } else { named(PANICS) }),
            planned_private: b"{}".to_vec(),
            ..Default::default()
        };
        provider.apply_resource_change(request).await.unwrap().into_inner()
    };
    let prior = thing(&[("name", PANICS.into()), ("id", "made".into())]);

    let created = apply(Value::Null, thing(&[("name", PANICS.into()), ("id", Value::UNKNOWN)])).await;
    check_panic("ApplyResourceChange", &created.diagnostics);
    assert!(decode(created.new_state.as_ref()).is_null());
    assert_eq!(created.new_identity, None);

    let updated = apply(prior.clone(), prior.clone()).await;
    check_panic("ApplyResourceChange", &updated.diagnostics);
    assert_eq!(decode(updated.new_state.as_ref()), prior);
    assert_eq!(updated.private, b"{}");
    assert_eq!(identity_name(updated.new_identity.as_ref()), Some(PANICS.to_owned()));

    let deleted = apply(prior.clone(), Value::Null).await;
    check_panic("ApplyResourceChange", &deleted.diagnostics);
    assert_eq!(decode(deleted.new_state.as_ref()), prior);
    assert_eq!(identity_name(deleted.new_identity.as_ref()), Some(PANICS.to_owned()));
}

#[tokio::test]
async fn an_object_whose_state_cannot_be_encoded_is_stored_as_it_was_planned() {
    let served = Served::start().await;
    let (_, mut provider) = served.connect().await;
    let garbled =
        |text: &str, id: Value| thing(&[("name", GARBLED.into()), ("text", text.into()), ("id", id)]);
    for (prior, planned, stored) in [
        (Value::Null, garbled("new", Value::UNKNOWN), garbled("new", Value::Null)),
        (garbled("old", "made".into()), garbled("new", "made".into()), garbled("new", "made".into())),
    ] {
        let request = pb::apply_resource_change::Request {
            type_name: type_name(),
            prior_state: encode(&prior),
            planned_state: encode(&planned),
            config: encode(&garbled("new", Value::Null)),
            planned_private: b"{}".to_vec(),
            ..Default::default()
        };
        let applied = provider.apply_resource_change(request).await.unwrap().into_inner();
        assert_eq!(only_error(&applied.diagnostics).summary, "Value cannot be written");
        assert_eq!(decode(applied.new_state.as_ref()), stored);
        assert_eq!(applied.private, b"{}");
        assert_eq!(identity_name(applied.new_identity.as_ref()), Some(GARBLED.to_owned()));
    }
}

#[tokio::test]
async fn an_object_that_is_refused_at_apply_keeps_its_identity() {
    let served = Served::start().await;
    let (_, mut provider) = served.connect().await;
    let request = pb::apply_resource_change::Request {
        type_name: type_name(),
        prior_state: encode(&named("a")),
        planned_state: encode(&thing(&[])),
        config: encode(&thing(&[])),
        planned_private: b"{}".to_vec(),
        ..Default::default()
    };
    let applied = provider.apply_resource_change(request).await.unwrap().into_inner();
    assert_eq!(only_error(&applied.diagnostics).summary, "Missing required argument");
    assert_eq!(decode(applied.new_state.as_ref()), named("a"));
    assert_eq!(identity_name(applied.new_identity.as_ref()), Some("a".to_owned()));
}

#[tokio::test]
async fn an_object_that_is_not_destroyed_is_stored_as_it_was_found() {
    let served = Served::start().await;
    let (_, mut provider) = served.connect().await;
    let stays = |text: &str| thing(&[("name", STAYS.into()), ("text", text.into()), ("id", "made".into())]);
    let request = pb::apply_resource_change::Request {
        type_name: type_name(),
        prior_state: encode(&stays("before")),
        planned_state: encode(&Value::Null),
        config: encode(&Value::Null),
        planned_private: b"{\"a\":\"b\"}".to_vec(),
        ..Default::default()
    };
    let kept = provider.apply_resource_change(request.clone()).await.unwrap().into_inner();
    assert_eq!(only_error(&kept.diagnostics).summary, "Stays");
    assert_eq!(decode(kept.new_state.as_ref()), stays("found"));
    assert_eq!(kept.private, request.planned_private);
    assert_eq!(identity_name(kept.new_identity.as_ref()), Some(STAYS.to_owned()));
}

#[tokio::test]
async fn a_panic_in_any_other_call_is_a_diagnostic_that_names_it() {
    let served = Served::start().await;
    let (_, mut provider) = served.connect().await;

    let request =
        pb::configure_provider::Request { config: provider_block(PANICS.into()), ..Default::default() };
    let configured = provider.configure_provider(request).await.unwrap().into_inner();
    check_panic("ConfigureProvider", &configured.diagnostics);

    let request = pb::validate_resource_config::Request {
        type_name: type_name(),
        config: encode(&named(PANICS)),
        client_capabilities: None,
    };
    let validated = provider.validate_resource_config(request).await.unwrap().into_inner();
    check_panic("ValidateResourceConfig", &validated.diagnostics);

    let request = pb::plan_resource_change::Request {
        type_name: type_name(),
        prior_state: encode(&Value::Null),
        proposed_new_state: encode(&named(PANICS)),
        config: encode(&named(PANICS)),
        ..Default::default()
    };
    let planned = provider.plan_resource_change(request).await.unwrap().into_inner();
    check_panic("PlanResourceChange", &planned.diagnostics);

    let request = pb::import_resource_state::Request {
        type_name: type_name(),
        id: PANICS.into(),
        ..Default::default()
    };
    let imported = provider.import_resource_state(request).await.unwrap().into_inner();
    check_panic("ImportResourceState", &imported.diagnostics);
    assert_eq!(imported.imported_resources, []);

    let json = format!(r#"{{"name":"{PANICS}"}}"#).into_bytes();
    let request = pb::upgrade_resource_state::Request {
        type_name: type_name(),
        version: 1,
        raw_state: Some(pb::RawState { json, ..Default::default() }),
    };
    let upgraded = provider.upgrade_resource_state(request).await.unwrap().into_inner();
    check_panic("UpgradeResourceState", &upgraded.diagnostics);
    assert_eq!(upgraded.upgraded_state, None);
}

/// Bytes that are no MessagePack document of the resource.
fn malformed() -> Vec<Option<pb::DynamicValue>> {
    let msgpack = |bytes: &[u8]| Some(pb::DynamicValue { msgpack: bytes.to_vec(), json: vec![] });
    vec![
        msgpack(b"\xc1"),
        msgpack(b"\x84"),
        msgpack(b"\x80"),
        msgpack(b"\xdf\xff\xff\xff\xff"),
        msgpack(b"\x81\xa7unknown\xc0"),
        msgpack(b"\xc0\xc0"),
        msgpack(b"\x84\xa2id\xc0\xa4name\x05\xa7numbers\xc0\xa4text\xc0"),
        Some(pb::DynamicValue { msgpack: vec![], json: b"{".to_vec() }),
    ]
}

#[tokio::test]
async fn a_value_that_cannot_be_read_is_a_diagnostic_everywhere() {
    let served = Served::start().await;
    let (_, mut provider) = served.connect().await;
    for bytes in malformed() {
        let request = pb::validate_provider_config::Request { config: bytes.clone() };
        only_error(&provider.validate_provider_config(request).await.unwrap().into_inner().diagnostics);

        let request = pb::configure_provider::Request { config: bytes.clone(), ..Default::default() };
        only_error(&provider.configure_provider(request).await.unwrap().into_inner().diagnostics);

        let request = pb::validate_resource_config::Request {
            type_name: type_name(),
            config: bytes.clone(),
            client_capabilities: None,
        };
        only_error(&provider.validate_resource_config(request).await.unwrap().into_inner().diagnostics);

        let request = pb::plan_resource_change::Request {
            type_name: type_name(),
            prior_state: bytes.clone(),
            proposed_new_state: encode(&named("a")),
            config: encode(&named("a")),
            ..Default::default()
        };
        only_error(&provider.plan_resource_change(request).await.unwrap().into_inner().diagnostics);

        let request = pb::apply_resource_change::Request {
            type_name: type_name(),
            prior_state: encode(&Value::Null),
            planned_state: bytes.clone(),
            config: encode(&named("a")),
            ..Default::default()
        };
        only_error(&provider.apply_resource_change(request).await.unwrap().into_inner().diagnostics);

        let request = pb::read_resource::Request {
            type_name: type_name(),
            current_state: bytes.clone(),
            ..Default::default()
        };
        let read = provider.read_resource(request).await.unwrap().into_inner();
        only_error(&read.diagnostics);
        assert_eq!(read.new_state, bytes, "what was known is kept");
    }
}

#[tokio::test]
async fn a_value_that_was_not_sent_is_null_and_never_a_crash() {
    let served = Served::start().await;
    let (_, mut provider) = served.connect().await;
    let read = pb::read_resource::Request { type_name: type_name(), ..Default::default() };
    let read = provider.read_resource(read).await.unwrap().into_inner();
    only_error(&read.diagnostics);
    let apply = pb::apply_resource_change::Request { type_name: type_name(), ..Default::default() };
    only_error(&provider.apply_resource_change(apply).await.unwrap().into_inner().diagnostics);
    let upgrade = pb::upgrade_resource_state::Request { type_name: type_name(), ..Default::default() };
    only_error(&provider.upgrade_resource_state(upgrade).await.unwrap().into_inner().diagnostics);
}

#[tokio::test]
async fn an_unknown_resource_type_is_named() {
    let served = Served::start().await;
    let (_, mut provider) = served.connect().await;
    let request = pb::read_resource::Request {
        type_name: "own_other".into(),
        current_state: encode(&named("a")),
        ..Default::default()
    };
    let read = provider.read_resource(request.clone()).await.unwrap().into_inner();
    assert!(only_error(&read.diagnostics).detail.contains("own_other"));
    assert_eq!(read.new_state, request.current_state);
}
