//! Each call, with known, null and unknown values.

use schema::{Type, Value, msgpack};
use tonic::{Code, Request, Status};

use crate::{
    client::pb::tfplugin6::{self as pb, attribute_path::step::Selector, diagnostic::Severity},
    served::Served,
    thing::{TYPE_NAME, decode, encode, named, provider_block, thing},
};

#[track_caller]
fn clean(diagnostics: &[pb::Diagnostic]) {
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
}

fn type_name() -> String {
    TYPE_NAME.to_owned()
}

fn identity(value: &[u8]) -> pb::ResourceIdentityData {
    let identity_data = Some(pb::DynamicValue { msgpack: value.to_vec(), json: vec![] });
    pb::ResourceIdentityData { identity_data }
}

/// A map of one entry, `name`: what identities of the resource look like.
const IDENTITY_A: &[u8] = b"\x81\xa4name\xa1a";

#[tokio::test]
async fn the_schema_says_what_there_is() {
    let served = Served::start().await;
    let (_, mut provider) = served.connect().await;
    let schema =
        provider.get_provider_schema(pb::get_provider_schema::Request {}).await.unwrap().into_inner();
    clean(&schema.diagnostics);
    assert_eq!(schema.provider.unwrap().block.unwrap().attributes[0].name, "region");
    let thing = &schema.resource_schemas[TYPE_NAME];
    assert_eq!(thing.version, 2);
    let attributes = &thing.block.as_ref().unwrap().attributes;
    assert_eq!(
        attributes.iter().map(|attribute| attribute.name.as_str()).collect::<Vec<_>>(),
        ["name", "text", "numbers", "id"]
    );
    assert_eq!(attributes[2].r#type, br#"["list","number"]"#);
    let capabilities = pb::ServerCapabilities {
        plan_destroy: true,
        get_provider_schema_optional: true,
        move_resource_state: true,
        generate_resource_config: true,
    };
    assert_eq!(schema.server_capabilities, Some(capabilities));

    let metadata = provider.get_metadata(pb::get_metadata::Request {}).await.unwrap().into_inner();
    assert_eq!(metadata.resources, [pb::get_metadata::TypeMetadata { type_name: type_name() }]);
    assert_eq!(metadata.server_capabilities, Some(capabilities));

    let request = pb::get_resource_identity_schemas::Request {};
    let identities = provider.get_resource_identity_schemas(request).await.unwrap().into_inner();
    assert_eq!(identities.identity_schemas[TYPE_NAME].identity_attributes[0].name, "name");
}

#[tokio::test]
async fn a_provider_block_is_checked_and_taken_in_each_state() {
    let served = Served::start().await;
    let (_, mut provider) = served.connect().await;
    for region in ["here".into(), Value::Null, Value::UNKNOWN] {
        let config = provider_block(region);
        let request = pb::validate_provider_config::Request { config: config.clone() };
        clean(&provider.validate_provider_config(request).await.unwrap().into_inner().diagnostics);
        let request = pb::configure_provider::Request {
            terraform_version: "1.11.4".to_owned(),
            config,
            client_capabilities: None,
        };
        clean(&provider.configure_provider(request).await.unwrap().into_inner().diagnostics);
        assert_eq!(served.watch.configured_by.lock().unwrap().take().as_deref(), Some("1.11.4"));
    }
}

#[tokio::test]
async fn a_resource_block_is_checked_in_each_state() {
    let served = Served::start().await;
    let (_, mut provider) = served.connect().await;
    let mut validate = async |name: Value| {
        let config = encode(&thing(&[("name", name)]));
        let request = pb::validate_resource_config::Request {
            type_name: type_name(),
            config,
            client_capabilities: None,
        };
        provider.validate_resource_config(request).await.unwrap().into_inner().diagnostics
    };
    clean(&validate("a".into()).await);
    clean(&validate(Value::UNKNOWN).await);
    let found = validate("".into()).await;
    assert_eq!((found.len(), found[0].severity()), (1, Severity::Error));
    let steps = &found[0].attribute.as_ref().unwrap().steps;
    assert_eq!(steps[0].selector, Some(Selector::AttributeName("name".to_owned())));
}

#[tokio::test]
async fn an_object_lives_from_plan_to_destroy() {
    let served = Served::start().await;
    let (_, mut provider) = served.connect().await;
    let numbers = Value::List(vec![
        Value::Number("99999999999999999999".parse().unwrap()),
        Value::Number("0.1".parse().unwrap()),
    ]);
    let config = thing(&[("name", "a".into()), ("text", Value::UNKNOWN), ("numbers", numbers.clone())]);

    let planned = provider
        .plan_resource_change(pb::plan_resource_change::Request {
            type_name: type_name(),
            prior_state: encode(&Value::Null),
            proposed_new_state: encode(&config),
            config: encode(&config),
            ..Default::default()
        })
        .await
        .unwrap()
        .into_inner();
    clean(&planned.diagnostics);
    assert!(!planned.legacy_type_system);
    let expected = thing(&[
        ("name", "a".into()),
        ("text", Value::UNKNOWN),
        ("numbers", numbers.clone()),
        ("id", Value::UNKNOWN),
    ]);
    assert_eq!(decode(planned.planned_state.as_ref()), expected);

    let config = thing(&[("name", "a".into()), ("text", "t".into()), ("numbers", numbers.clone())]);
    let planned_state =
        thing(&[("name", "a".into()), ("text", "t".into()), ("numbers", numbers), ("id", Value::UNKNOWN)]);
    let applied = provider
        .apply_resource_change(pb::apply_resource_change::Request {
            type_name: type_name(),
            prior_state: encode(&Value::Null),
            planned_state: encode(&planned_state),
            config: encode(&config),
            planned_private: planned.planned_private,
            ..Default::default()
        })
        .await
        .unwrap()
        .into_inner();
    clean(&applied.diagnostics);
    assert_eq!(decode(applied.new_state.as_ref()).attribute("id"), &"made".into());
    assert_eq!(applied.new_identity, Some(identity(IDENTITY_A)));
    assert_eq!(applied.private, br#"{"planned":"create"}"#);

    let read = provider
        .read_resource(pb::read_resource::Request {
            type_name: type_name(),
            current_state: applied.new_state.clone(),
            private: applied.private.clone(),
            current_identity: applied.new_identity,
            ..Default::default()
        })
        .await
        .unwrap()
        .into_inner();
    clean(&read.diagnostics);
    assert_eq!(decode(read.new_state.as_ref()), decode(applied.new_state.as_ref()));
    assert_eq!(read.private, applied.private);
    assert_eq!(read.new_identity, Some(identity(IDENTITY_A)));

    let destroy = provider
        .plan_resource_change(pb::plan_resource_change::Request {
            type_name: type_name(),
            prior_state: read.new_state.clone(),
            proposed_new_state: encode(&Value::Null),
            config: encode(&Value::Null),
            prior_private: read.private.clone(),
            ..Default::default()
        })
        .await
        .unwrap()
        .into_inner();
    assert_eq!(destroy.diagnostics[0].severity(), Severity::Warning);
    assert!(decode(destroy.planned_state.as_ref()).is_null());

    let destroyed = provider
        .apply_resource_change(pb::apply_resource_change::Request {
            type_name: type_name(),
            prior_state: read.new_state,
            planned_state: encode(&Value::Null),
            config: encode(&Value::Null),
            planned_private: destroy.planned_private,
            ..Default::default()
        })
        .await
        .unwrap()
        .into_inner();
    clean(&destroyed.diagnostics);
    assert!(decode(destroyed.new_state.as_ref()).is_null());
}

#[tokio::test]
async fn a_change_brings_paths_and_warnings() {
    let served = Served::start().await;
    let (_, mut provider) = served.connect().await;
    let prior = thing(&[("name", "a".into()), ("id", "made".into())]);
    let config = named("b");
    let planned = provider
        .plan_resource_change(pb::plan_resource_change::Request {
            type_name: type_name(),
            prior_state: encode(&prior),
            proposed_new_state: encode(&thing(&[("name", "b".into()), ("id", "made".into())])),
            config: encode(&config),
            prior_private: br#"{"k":"v"}"#.to_vec(),
            prior_identity: Some(identity(IDENTITY_A)),
            ..Default::default()
        })
        .await
        .unwrap()
        .into_inner();
    assert_eq!(planned.requires_replace.len(), 1);
    assert_eq!(
        planned.requires_replace[0].steps[0].selector,
        Some(Selector::AttributeName("name".to_owned()))
    );
    assert_eq!(planned.diagnostics[0].severity(), Severity::Warning);
    assert_eq!(planned.planned_private, br#"{"k":"v"}"#);
    assert_eq!(planned.planned_identity, Some(identity(IDENTITY_A)));
}

#[tokio::test]
async fn a_stored_state_is_upgraded() {
    let served = Served::start().await;
    let (_, mut provider) = served.connect().await;
    let mut upgrade = async |version: i64, raw_state: pb::RawState| {
        let raw_state = Some(raw_state);
        let request = pb::upgrade_resource_state::Request { type_name: type_name(), version, raw_state };
        provider.upgrade_resource_state(request).await.unwrap().into_inner()
    };
    let json = |text: &str| pb::RawState { json: text.into(), ..Default::default() };

    let same = upgrade(2, json(r#"{"name":"a","gone":1}"#)).await;
    clean(&same.diagnostics);
    assert_eq!(decode(same.upgraded_state.as_ref()), named("a"));

    let older = upgrade(1, json(r#"{"name":"a"}"#)).await;
    assert_eq!(decode(older.upgraded_state.as_ref()).attribute("id"), &"from 1".into());

    let flatmap = [("name".to_owned(), "a".to_owned())].into();
    let ancient = upgrade(0, pb::RawState { json: vec![], flatmap }).await;
    assert_eq!(ancient.diagnostics[0].severity(), Severity::Error);
    assert_eq!(ancient.upgraded_state, None);
}

#[tokio::test]
async fn an_object_is_imported_by_id_and_by_identity() {
    let served = Served::start().await;
    let (_, mut provider) = served.connect().await;
    let by_id =
        pb::import_resource_state::Request { type_name: type_name(), id: "a".into(), ..Default::default() };
    let by_identity = pb::import_resource_state::Request {
        type_name: type_name(),
        identity: Some(identity(IDENTITY_A)),
        ..Default::default()
    };
    for request in [by_id, by_identity] {
        let response = provider.import_resource_state(request).await.unwrap().into_inner();
        clean(&response.diagnostics);
        let [imported] = &response.imported_resources[..] else { panic!("{response:?}") };
        assert_eq!(imported.type_name, TYPE_NAME);
        assert_eq!(decode(imported.state.as_ref()), named("a"));
        assert_eq!(imported.identity, Some(identity(IDENTITY_A)));
    }
}

#[tokio::test]
async fn a_state_of_twenty_mebibytes_passes_both_ways() {
    let served = Served::start().await;
    let (_, mut provider) = served.connect().await;
    let text = "x".repeat(20 << 20);
    let json = format!(r#"{{"name":"a","text":"{text}"}}"#).into_bytes();
    let request = pb::upgrade_resource_state::Request {
        type_name: type_name(),
        version: 2,
        raw_state: Some(pb::RawState { json, ..Default::default() }),
    };
    let upgraded = provider.upgrade_resource_state(request).await.unwrap().into_inner();
    let request = pb::read_resource::Request {
        type_name: type_name(),
        current_state: upgraded.upgraded_state,
        ..Default::default()
    };
    let read = provider.read_resource(request).await.unwrap().into_inner();
    assert_eq!(decode(read.new_state.as_ref()).attribute("text").as_str().map(str::len), Some(text.len()));
}

#[tokio::test]
async fn values_may_come_as_json() {
    let served = Served::start().await;
    let (_, mut provider) = served.connect().await;
    let json = br#"{"name":"a","text":null,"numbers":[1.50],"id":null}"#.to_vec();
    let request = pb::read_resource::Request {
        type_name: type_name(),
        current_state: Some(pb::DynamicValue { msgpack: vec![], json }),
        ..Default::default()
    };
    let read = provider.read_resource(request).await.unwrap().into_inner();
    clean(&read.diagnostics);
    let numbers = Value::List(vec![Value::Number("1.5".parse().unwrap())]);
    assert_eq!(decode(read.new_state.as_ref()), thing(&[("name", "a".into()), ("numbers", numbers)]));
}

#[tokio::test]
async fn refined_unknown_values_are_taken_and_plain_ones_planned() {
    let served = Served::start().await;
    let (_, mut provider) = served.connect().await;
    // {"id": null, "name": "a", "numbers": null, "text": unknown, not null, with the prefix "pre"}
    let config =
        b"\x84\xa2id\xc0\xa4name\xa1a\xa7numbers\xc0\xa4text\xc7\x08\x0c\x82\x01\xc2\x02\xa3pre".to_vec();
    let config = Some(pb::DynamicValue { msgpack: config, json: vec![] });
    let request = pb::plan_resource_change::Request {
        type_name: type_name(),
        prior_state: encode(&Value::Null),
        proposed_new_state: config.clone(),
        config,
        ..Default::default()
    };
    let planned = provider.plan_resource_change(request).await.unwrap().into_inner();
    clean(&planned.diagnostics);
    let bytes = planned.planned_state.unwrap().msgpack;
    assert!(bytes.ends_with(b"\xa4text\xd4\x00\x00"), "{bytes:02x?}");
}

#[track_caller]
fn unimplemented<T: std::fmt::Debug>(method: &str, answer: Result<T, Status>) {
    let status = answer.expect_err(method);
    assert_eq!(status.code(), Code::Unimplemented, "{method}: {status}");
}

#[tokio::test]
async fn what_is_not_served_is_unimplemented() {
    let served = Served::start().await;
    let (_, mut p) = served.connect().await;
    unimplemented(
        "ValidateEphemeralResourceConfig",
        p.validate_ephemeral_resource_config(pb::validate_ephemeral_resource_config::Request::default())
            .await,
    );
    unimplemented(
        "OpenEphemeralResource",
        p.open_ephemeral_resource(pb::open_ephemeral_resource::Request::default()).await,
    );
    unimplemented(
        "RenewEphemeralResource",
        p.renew_ephemeral_resource(pb::renew_ephemeral_resource::Request::default()).await,
    );
    unimplemented(
        "CloseEphemeralResource",
        p.close_ephemeral_resource(pb::close_ephemeral_resource::Request::default()).await,
    );
    unimplemented(
        "ValidateStateStoreConfig",
        p.validate_state_store_config(pb::validate_state_store_config::Request::default()).await,
    );
    unimplemented(
        "ConfigureStateStore",
        p.configure_state_store(pb::configure_state_store::Request::default()).await,
    );
    unimplemented("ReadStateBytes", p.read_state_bytes(pb::read_state_bytes::Request::default()).await);
    unimplemented("WriteStateBytes", p.write_state_bytes(Request::new(futures_util::stream::empty())).await);
    unimplemented("LockState", p.lock_state(pb::lock_state::Request::default()).await);
    unimplemented("UnlockState", p.unlock_state(pb::unlock_state::Request::default()).await);
    unimplemented("GetStates", p.get_states(pb::get_states::Request::default()).await);
    unimplemented("DeleteState", p.delete_state(pb::delete_state::Request::default()).await);
}

#[test]
fn the_identity_used_here_is_one_of_the_resource() {
    let of = Type::Object([("name".to_owned(), Type::String)].into());
    assert_eq!(msgpack::decode(IDENTITY_A, &of).unwrap().attribute("name"), &"a".into());
}
