//! The calls about actions.

use futures_util::StreamExt as _;
use schema::Value;
use tokio::time::timeout;
use tonic::Streaming;

use crate::{
    action::{ENDLESS, FAILS, PRESS, encode, press},
    client::pb::tfplugin6::{
        self as pb, attribute_path::step::Selector, diagnostic::Severity, invoke_action::event::Type,
    },
    served::{PATIENCE, Served},
    thing::{PANICS, WAITS},
};

fn named(name: &str) -> Value {
    press(&[("name", name.into())])
}

async fn validate(served: &Served, config: &Value) -> Vec<pb::Diagnostic> {
    let (_, mut provider) = served.connect().await;
    let request = pb::validate_action_config::Request { type_name: PRESS.to_owned(), config: encode(config) };
    provider.validate_action_config(request).await.unwrap().into_inner().diagnostics
}

async fn plan(served: &Served, config: &Value) -> Vec<pb::Diagnostic> {
    let (_, mut provider) = served.connect().await;
    let request = pb::plan_action::Request {
        action_type: PRESS.to_owned(),
        config: encode(config),
        client_capabilities: None,
    };
    let planned = provider.plan_action(request).await.unwrap().into_inner();
    assert_eq!(planned.deferred, None);
    planned.diagnostics
}

fn invocation(config: &Value) -> pb::invoke_action::Request {
    pb::invoke_action::Request {
        action_type: PRESS.to_owned(),
        config: encode(config),
        client_capabilities: None,
    }
}

async fn begin(served: &Served, request: pb::invoke_action::Request) -> Streaming<pb::invoke_action::Event> {
    let (_, mut provider) = served.connect().await;
    provider.invoke_action(request).await.unwrap().into_inner()
}

/// The lines of progress, and what came with the one event of the end, which is the last.
async fn end(mut events: Streaming<pb::invoke_action::Event>) -> (Vec<String>, Vec<pb::Diagnostic>) {
    let (mut lines, mut completed) = (Vec::new(), None);
    while let Some(event) = timeout(PATIENCE, events.next()).await.expect("no event in time") {
        assert_eq!(completed, None, "an event after the end");
        match event.unwrap().r#type.unwrap() {
            Type::Progress(progress) => lines.push(progress.message),
            Type::Completed(end) => completed = Some(end.diagnostics),
        }
    }
    (lines, completed.expect("no end"))
}

async fn invoke(served: &Served, request: pb::invoke_action::Request) -> (Vec<String>, Vec<pb::Diagnostic>) {
    let events = begin(served, request).await;
    end(events).await
}

#[track_caller]
fn only(diagnostics: &[pb::Diagnostic], severity: Severity) -> &pb::Diagnostic {
    let [diagnostic] = diagnostics else { panic!("{diagnostics:?}") };
    assert_eq!(diagnostic.severity(), severity);
    diagnostic
}

#[track_caller]
fn at_name(diagnostic: &pb::Diagnostic) {
    let steps = &diagnostic.attribute.as_ref().unwrap().steps;
    assert_eq!(steps[0].selector, Some(Selector::AttributeName("name".to_owned())));
}

#[tokio::test]
async fn it_is_announced_with_the_schema_of_its_block() {
    let served = Served::start().await;
    let (_, mut provider) = served.connect().await;
    let metadata = provider.get_metadata(pb::get_metadata::Request {}).await.unwrap().into_inner();
    assert_eq!(metadata.actions, [pb::get_metadata::TypeMetadata { type_name: PRESS.to_owned() }]);
    let schema =
        provider.get_provider_schema(pb::get_provider_schema::Request {}).await.unwrap().into_inner();
    let block = schema.action_schemas[PRESS].schema.as_ref().unwrap().block.as_ref().unwrap();
    let names: Vec<_> = block.attributes.iter().map(|attribute| attribute.name.as_str()).collect();
    assert_eq!(names, ["name", "times"]);
}

#[tokio::test]
async fn its_block_is_checked_in_each_state() {
    let served = Served::start().await;
    assert_eq!(validate(&served, &named("a")).await, []);
    assert_eq!(validate(&served, &press(&[("name", Value::UNKNOWN), ("times", Value::UNKNOWN)])).await, []);
    at_name(only(&validate(&served, &named("")).await, Severity::Error));
    at_name(only(&validate(&served, &press(&[])).await, Severity::Error));
}

#[tokio::test]
async fn a_plan_warns_and_fails() {
    let served = Served::start().await;
    let warned = plan(&served, &named("a")).await;
    assert_eq!(only(&warned, Severity::Warning).detail, "pressed 2 times", "times has a default");
    let unknown = press(&[("name", "a".into()), ("times", Value::UNKNOWN)]);
    assert_eq!(only(&plan(&served, &unknown).await, Severity::Warning).detail, "pressed unknown times");
    let failed = plan(&served, &named(FAILS)).await;
    at_name(only(&failed, Severity::Error));
}

#[tokio::test]
async fn an_invocation_tells_its_progress_and_ends_once() {
    let served = Served::start().await;
    let (lines, found) = invoke(&served, invocation(&named("a"))).await;
    assert_eq!(lines, ["press 0", "press 1"]);
    assert_eq!(only(&found, Severity::Warning).detail, "it is worn out");

    let (lines, found) = invoke(&served, invocation(&named(FAILS))).await;
    assert_eq!(lines, ["press 0"]);
    at_name(only(&found, Severity::Error));
}

#[tokio::test]
async fn an_invocation_ends_once_after_a_panic_too() {
    let served = Served::start().await;
    let (lines, found) = invoke(&served, invocation(&named(PANICS))).await;
    assert_eq!(lines, ["press 0"]);
    let error = only(&found, Severity::Error);
    assert!(error.detail.starts_with("InvokeAction: the provider panicked (asked to panic)"), "{error:?}");
    assert!(error.detail.contains("may have taken effect"), "{error:?}");

    for (method, found) in [
        ("ValidateActionConfig", validate(&served, &named(PANICS)).await),
        ("PlanAction", plan(&served, &named(PANICS)).await),
    ] {
        assert!(only(&found, Severity::Error).detail.starts_with(method), "{found:?}");
    }
}

#[tokio::test]
async fn an_invocation_ends_by_itself_when_the_host_stops_it() {
    let served = Served::start().await;
    let (_, mut provider) = served.connect().await;
    let events = begin(&served, invocation(&named(WAITS))).await;
    served.watch.waiting.notified().await;
    provider.stop_provider(pb::stop_provider::Request {}).await.unwrap();
    let (lines, found) = end(events).await;
    assert_eq!(lines, ["press 0"]);
    assert_eq!(only(&found, Severity::Error).summary, "Cancelled");
}

#[tokio::test]
async fn an_invocation_ends_when_the_host_drops_the_stream() {
    let served = Served::start().await;
    let mut events = begin(&served, invocation(&named(ENDLESS))).await;
    timeout(PATIENCE, events.next()).await.unwrap().unwrap().unwrap();
    drop(events);
    timeout(PATIENCE, served.watch.ended.notified()).await.expect("the invocation goes on");
}

#[tokio::test]
async fn a_configuration_that_cannot_be_used_is_an_error_of_the_end() {
    let served = Served::start().await;
    let unknown = press(&[("name", "a".into()), ("times", Value::UNKNOWN)]);
    for (config, says) in [
        (encode(&press(&[])), "name"),
        (encode(&unknown), "times is unknown"),
        (None, "no configuration"),
        (Some(pb::DynamicValue { msgpack: b"\xc1".to_vec(), json: vec![] }), "does not fit"),
    ] {
        let request = pb::invoke_action::Request { config, ..invocation(&unknown) };
        let (lines, found) = invoke(&served, request).await;
        assert_eq!(lines, [""; 0]);
        assert!(only(&found, Severity::Error).detail.contains(says), "{says}: {found:?}");
    }
}

#[tokio::test]
async fn an_unknown_type_is_named() {
    let served = Served::start().await;
    let action_type = "own_other".to_owned();
    let (_, mut provider) = served.connect().await;
    let request = pb::validate_action_config::Request { type_name: action_type.clone(), config: None };
    let validated = provider.validate_action_config(request).await.unwrap().into_inner();
    let request = pb::plan_action::Request { action_type: action_type.clone(), ..Default::default() };
    let planned = provider.plan_action(request).await.unwrap().into_inner();
    let request = pb::invoke_action::Request { action_type: action_type.clone(), ..Default::default() };
    let (_, invoked) = invoke(&served, request).await;
    for found in [validated.diagnostics, planned.diagnostics, invoked] {
        assert!(only(&found, Severity::Error).detail.contains(&action_type), "{found:?}");
    }
}
