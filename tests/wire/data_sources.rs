//! The calls about data sources.

use schema::Value;
use tokio::time::timeout;

use crate::{
    client::pb::tfplugin6::{self as pb, attribute_path::step::Selector, diagnostic::Severity},
    served::{PATIENCE, Served},
    source::{CHANGES, FAILS, SILENT, SOURCE, VAGUE, decode, encode, source},
    thing::{PANICS, WAITS},
};

fn named(name: &str) -> Value {
    source(&[("name", name.into())])
}

fn reading(config: &Value) -> pb::read_data_source::Request {
    pb::read_data_source::Request {
        type_name: SOURCE.to_owned(),
        config: encode(config),
        ..Default::default()
    }
}

async fn read(served: &Served, request: pb::read_data_source::Request) -> pb::read_data_source::Response {
    let (_, mut provider) = served.connect().await;
    provider.read_data_source(request).await.unwrap().into_inner()
}

async fn validate(served: &Served, config: &Value) -> Vec<pb::Diagnostic> {
    let (_, mut provider) = served.connect().await;
    let request =
        pb::validate_data_resource_config::Request { type_name: SOURCE.to_owned(), config: encode(config) };
    provider.validate_data_resource_config(request).await.unwrap().into_inner().diagnostics
}

/// Checks that nothing was read because of one error, and hands it back.
#[track_caller]
fn refused(response: &pb::read_data_source::Response) -> &pb::Diagnostic {
    let [error] = &response.diagnostics[..] else { panic!("{:?}", response.diagnostics) };
    assert_eq!(error.severity(), Severity::Error);
    assert_eq!((&response.state, &response.deferred), (&None, &None));
    error
}

#[track_caller]
fn at(diagnostic: &pb::Diagnostic, attribute: &str) {
    let steps = &diagnostic.attribute.as_ref().unwrap().steps;
    assert_eq!(steps[0].selector, Some(Selector::AttributeName(attribute.to_owned())));
}

#[tokio::test]
async fn it_is_announced_with_its_schema() {
    let served = Served::start().await;
    let (_, mut provider) = served.connect().await;
    let metadata = provider.get_metadata(pb::get_metadata::Request {}).await.unwrap().into_inner();
    assert_eq!(metadata.data_sources, [pb::get_metadata::TypeMetadata { type_name: SOURCE.to_owned() }]);
    let schema =
        provider.get_provider_schema(pb::get_provider_schema::Request {}).await.unwrap().into_inner();
    let block = schema.data_source_schemas[SOURCE].block.as_ref().unwrap();
    assert_eq!(block.attributes[3].name, "found");
    assert_eq!(block.block_types[0].type_name, "filter");
    assert!(!schema.resource_schemas.contains_key(SOURCE));
}

#[tokio::test]
async fn its_block_is_checked_in_each_state() {
    let served = Served::start().await;
    assert_eq!(validate(&served, &named("a")).await, []);
    let unknown = source(&[("name", Value::UNKNOWN), ("filter", Value::UNKNOWN)]);
    assert_eq!(validate(&served, &unknown).await, []);
    let found = validate(&served, &named("")).await;
    assert_eq!((found.len(), found[0].severity()), (1, Severity::Error));
    at(&found[0], "name");
}

#[tokio::test]
async fn what_is_found_completes_the_configuration() {
    let served = Served::start().await;
    let found = |text: &str, limit: i64| {
        source(&[
            ("name", "a".into()),
            ("text", text.into()),
            ("limit", Value::Number(limit.into())),
            ("found", Value::List(vec!["a".into()])),
        ])
    };
    // What is not configured is the default's or the provider's.
    let response = read(&served, reading(&named("a"))).await;
    assert_eq!(decode(response.state.as_ref()), found("chosen", 10));
    let [warning] = &response.diagnostics[..] else { panic!("{:?}", response.diagnostics) };
    assert_eq!(warning.severity(), Severity::Warning);
    at(warning, "text");

    let limit = Value::Number(3_i64.into());
    let config = source(&[("name", "a".into()), ("text", "given".into()), ("limit", limit)]);
    let response = read(&served, reading(&config)).await;
    assert_eq!(decode(response.state.as_ref()), found("given", 3));
}

#[tokio::test]
async fn an_error_keeps_its_place_and_brings_no_state() {
    let served = Served::start().await;
    let response = read(&served, reading(&named(FAILS))).await;
    let error = refused(&response);
    assert_eq!((error.summary.as_str(), error.detail.as_str()), ("Not there", "no such thing"));
    at(error, "name");
}

#[tokio::test]
async fn an_unusable_answer_is_not_passed_on() {
    let served = Served::start().await;
    for (name, says) in [(SILENT, "found nothing"), (VAGUE, "value unknown"), (CHANGES, "configured text")] {
        let config = source(&[("name", name.into()), ("text", "given".into())]);
        let response = read(&served, reading(&config)).await;
        let error = refused(&response);
        assert!(error.detail.contains(says), "{name}: {}", error.detail);
    }
}

#[tokio::test]
async fn an_unknown_configuration_waits_where_the_host_can_and_is_refused_elsewhere() {
    let served = Served::start().await;
    let config = source(&[("name", "a".into()), ("text", Value::UNKNOWN)]);
    let response = read(&served, reading(&config)).await;
    assert!(refused(&response).detail.contains("unknown"));

    let client_capabilities = Some(pb::ClientCapabilities { deferral_allowed: true, ..Default::default() });
    let request = pb::read_data_source::Request { client_capabilities, ..reading(&config) };
    let response = read(&served, request.clone()).await;
    assert_eq!(response.diagnostics, []);
    assert_eq!(response.deferred.unwrap().reason(), pb::deferred::Reason::ResourceConfigUnknown);
    let expected = source(&[
        ("name", "a".into()),
        ("text", Value::UNKNOWN),
        ("limit", Value::Number(10_i64.into())),
        ("found", Value::UNKNOWN),
    ]);
    assert_eq!(decode(response.state.as_ref()), expected);

    // What is known is read at once, whatever the host allows.
    let request = pb::read_data_source::Request { config: encode(&named("a")), ..request };
    assert_eq!(read(&served, request).await.deferred, None);
}

#[tokio::test]
async fn a_panic_is_a_diagnostic() {
    let served = Served::start().await;
    let found = validate(&served, &named(PANICS)).await;
    assert!(found[0].detail.contains("ValidateDataResourceConfig"), "{found:?}");
    let response = read(&served, reading(&named(PANICS))).await;
    let error = refused(&response);
    assert!(error.detail.contains("ReadDataSource") && error.detail.contains("asked to panic"), "{error:?}");
    assert!(!error.detail.contains("state"), "no state depends on it: {}", error.detail);
}

#[tokio::test]
async fn a_reading_ends_when_the_host_stops_it() {
    let served = Served::start().await;
    let (_, mut provider) = served.connect().await;
    let mut other = provider.clone();
    let call = tokio::spawn(async move { other.read_data_source(reading(&named(WAITS))).await });
    served.watch.waiting.notified().await;
    provider.stop_provider(pb::stop_provider::Request {}).await.unwrap();
    let response = timeout(PATIENCE, call).await.unwrap().unwrap().unwrap().into_inner();
    assert_eq!(refused(&response).summary, "Cancelled");
}

#[tokio::test]
async fn a_configuration_that_cannot_be_read_is_a_diagnostic() {
    let served = Served::start().await;
    for msgpack in [&b"\xc1"[..], b"\x84", b"\x80", b"\xc0", b""] {
        let config = Some(pb::DynamicValue { msgpack: msgpack.to_vec(), json: vec![] });
        let request = pb::read_data_source::Request { config, ..reading(&named("a")) };
        refused(&read(&served, request).await);
    }
}

#[tokio::test]
async fn an_unknown_type_is_named() {
    let served = Served::start().await;
    let (_, mut provider) = served.connect().await;
    let type_name = "own_other".to_owned();
    let request = pb::validate_data_resource_config::Request { type_name: type_name.clone(), config: None };
    let validated = provider.validate_data_resource_config(request).await.unwrap().into_inner();
    assert!(validated.diagnostics[0].detail.contains(&type_name));
    let request = pb::read_data_source::Request { type_name: type_name.clone(), ..Default::default() };
    assert!(refused(&read(&served, request).await).detail.contains(&type_name));
}
