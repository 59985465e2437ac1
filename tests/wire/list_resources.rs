//! The calls about list resources.

use std::sync::atomic::Ordering;

use futures_util::StreamExt as _;
use schema::{Type, Value, msgpack};
use tokio::time::timeout;
use tonic::Streaming;

use crate::{
    client::pb::tfplugin6::{self as pb, attribute_path::step::Selector, diagnostic::Severity},
    listing::{BARE, ENDLESS, FAILS, NAMELESS, VAGUE, WARNS, config, encode},
    served::{PATIENCE, Served},
    thing::{PANICS, TYPE_NAME, WAITS, decode, identity_name, thing},
};

fn listing(mode: &str) -> pb::list_resource::Request {
    pb::list_resource::Request {
        type_name: TYPE_NAME.to_owned(),
        config: encode(&config(&[("mode", mode.into())])),
        include_resource_object: false,
        limit: 100,
    }
}

async fn begin(served: &Served, request: pb::list_resource::Request) -> Streaming<pb::list_resource::Event> {
    let (_, mut provider) = served.connect().await;
    provider.list_resource(request).await.unwrap().into_inner()
}

async fn next(events: &mut Streaming<pb::list_resource::Event>) -> Option<pb::list_resource::Event> {
    timeout(PATIENCE, events.next()).await.expect("no event in time").transpose().unwrap()
}

async fn rest(mut events: Streaming<pb::list_resource::Event>) -> Vec<pb::list_resource::Event> {
    let mut all = Vec::new();
    while let Some(event) = next(&mut events).await {
        all.push(event);
    }
    all
}

async fn list(served: &Served, request: pb::list_resource::Request) -> Vec<pb::list_resource::Event> {
    let events = begin(served, request).await;
    rest(events).await
}

async fn validate(
    served: &Served,
    request: pb::validate_list_resource_config::Request,
) -> Vec<pb::Diagnostic> {
    let (_, mut provider) = served.connect().await;
    let request = pb::validate_list_resource_config::Request { type_name: TYPE_NAME.to_owned(), ..request };
    provider.validate_list_resource_config(request).await.unwrap().into_inner().diagnostics
}

fn block(block: &Value) -> pb::validate_list_resource_config::Request {
    pb::validate_list_resource_config::Request { config: encode(block), ..Default::default() }
}

/// What an event lists: the name of the thing in its identity, after a check of what people see.
#[track_caller]
fn thing_of(event: &pb::list_resource::Event) -> String {
    assert_eq!(event.diagnostic, []);
    let name = identity_name(event.identity.as_ref()).unwrap();
    assert_eq!(event.display_name, format!("The {name}"));
    name
}

/// The one error of the last event, which lists nothing.
#[track_caller]
fn last_error(events: &[pb::list_resource::Event]) -> &pb::Diagnostic {
    let last = events.last().unwrap();
    let [error] = &last.diagnostic[..] else { panic!("{last:?}") };
    assert_eq!(error.severity(), Severity::Error);
    assert_eq!((&last.identity, last.display_name.as_str(), &last.resource_object), (&None, "", &None));
    assert_eq!(error.attribute, None, "hosts point at different places with it");
    error
}

fn things(events: &[pb::list_resource::Event]) -> Vec<String> {
    events.iter().map(thing_of).collect()
}

#[tokio::test]
async fn it_is_announced_with_the_schema_of_its_block() {
    let served = Served::start().await;
    let (_, mut provider) = served.connect().await;
    let metadata = provider.get_metadata(pb::get_metadata::Request {}).await.unwrap().into_inner();
    assert_eq!(metadata.list_resources, [pb::get_metadata::TypeMetadata { type_name: TYPE_NAME.to_owned() }]);
    let schema =
        provider.get_provider_schema(pb::get_provider_schema::Request {}).await.unwrap().into_inner();
    let block = schema.list_resource_schemas[TYPE_NAME].block.as_ref().unwrap();
    let names: Vec<_> = block.attributes.iter().map(|attribute| attribute.name.as_str()).collect();
    assert_eq!(names, ["mode", "count"]);
}

#[tokio::test]
async fn things_come_in_order_with_identity_and_name_only() {
    let served = Served::start().await;
    let events = list(&served, listing("all")).await;
    assert_eq!(things(&events), ["thing-0", "thing-1", "thing-2"], "count has a default");
    assert!(events.iter().all(|event| event.resource_object.is_none()));
}

#[tokio::test]
async fn attributes_come_if_they_are_asked_for() {
    let served = Served::start().await;
    let request = pb::list_resource::Request { include_resource_object: true, limit: 1, ..listing("all") };
    let events = list(&served, request).await;
    let expected = thing(&[("name", "thing-0".into()), ("text", "1".into())]);
    let [event] = &events[..] else { panic!("{events:?}") };
    assert_eq!(decode(event.resource_object.as_ref()), expected, "the list is told the limit, too");
}

#[tokio::test]
async fn a_listing_ends_at_the_limit() {
    let served = Served::start().await;
    let request = pb::list_resource::Request { limit: 5, ..listing(ENDLESS) };
    assert_eq!(list(&served, request).await.len(), 5);
    assert_eq!(served.watch.listed.load(Ordering::SeqCst), 5, "none is produced in vain");
}

#[tokio::test]
async fn with_a_limit_of_zero_nothing_is_listed() {
    let served = Served::start().await;
    for limit in [0, -1] {
        assert_eq!(list(&served, pb::list_resource::Request { limit, ..listing(PANICS) }).await, []);
    }
    assert_eq!(served.watch.listed.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_listing_ends_when_the_host_drops_the_stream() {
    let served = Served::start().await;
    let request =
        pb::list_resource::Request { include_resource_object: true, limit: i64::MAX, ..listing(ENDLESS) };
    let mut events = begin(&served, request).await;
    for index in 0..5 {
        assert_eq!(thing_of(&next(&mut events).await.unwrap()), format!("thing-{index}"));
    }
    drop(events);
    timeout(PATIENCE, served.watch.ended.notified()).await.expect("the listing goes on");
    // What waits in the connection was produced, too: a mebibyte, and the things in between.
    let listed = served.watch.listed.load(Ordering::SeqCst);
    assert!(listed < 50, "{listed} things were listed");
}

#[tokio::test]
async fn a_listing_that_waits_ends_when_the_host_drops_the_stream() {
    let served = Served::start().await;
    let mut events = begin(&served, listing(WAITS)).await;
    assert_eq!(thing_of(&next(&mut events).await.unwrap()), "thing-0");
    served.watch.waiting.notified().await;
    drop(events);
    timeout(PATIENCE, served.watch.ended.notified()).await.expect("the listing goes on");
}

#[tokio::test]
async fn a_listing_that_the_host_stops_is_no_whole_list() {
    let served = Served::start().await;
    let (_, mut provider) = served.connect().await;
    let events = begin(&served, listing(WAITS)).await;
    served.watch.waiting.notified().await;
    provider.stop_provider(pb::stop_provider::Request {}).await.unwrap();
    let events = rest(events).await;
    assert_eq!(things(&events[..1]), ["thing-0"]);
    assert_eq!((events.len(), last_error(&events).summary.as_str()), (2, "Listing interrupted"));
    timeout(PATIENCE, served.watch.ended.notified()).await.expect("the listing goes on");
}

#[tokio::test]
async fn an_error_is_the_last_event_and_names_the_attribute() {
    let served = Served::start().await;
    let events = list(&served, listing(FAILS)).await;
    assert_eq!(things(&events[..2]), ["thing-0", "thing-1"]);
    let error = last_error(&events);
    assert_eq!((error.summary.as_str(), error.detail.as_str()), ("Not there", "mode: no such thing"));
    assert_eq!(events.len(), 3);
}

#[tokio::test]
async fn a_panic_is_the_last_event() {
    let served = Served::start().await;
    let events = list(&served, listing(PANICS)).await;
    assert_eq!(things(&events[..2]), ["thing-0", "thing-1"]);
    let error = last_error(&events);
    assert!(error.detail.starts_with("ListResource: the provider panicked (asked to panic)"), "{error:?}");
    assert!(!error.detail.contains("state"), "no state depends on it: {}", error.detail);
    assert_eq!(events.len(), 3);
    assert_eq!(list(&served, listing("all")).await.len(), 3, "the server lives on");
}

#[tokio::test]
async fn warnings_are_one_event_at_the_end_that_lists_nothing() {
    let served = Served::start().await;
    let events = list(&served, listing(WARNS)).await;
    assert_eq!(things(&events[..3]), ["thing-0", "thing-1", "thing-2"]);
    assert_eq!((events.len(), &events[3].identity), (4, &None));
    let warned: Vec<_> = events[3].diagnostic.iter().map(|warning| warning.detail.as_str()).collect();
    assert_eq!(warned, ["before 0", "before 1", "before 2", "at the end"]);
    assert!(events[3].diagnostic.iter().all(|warning| warning.severity() == Severity::Warning));
}

#[tokio::test]
async fn warnings_come_before_the_last_thing_that_the_host_takes() {
    let served = Served::start().await;
    let events = list(&served, pb::list_resource::Request { limit: 2, ..listing(WARNS) }).await;
    assert_eq!((events.len(), thing_of(&events[0]).as_str()), (3, "thing-0"));
    let warned: Vec<_> = events[1].diagnostic.iter().map(|warning| warning.detail.as_str()).collect();
    assert_eq!(warned, ["before 0", "before 1"]);
    assert_eq!(thing_of(&events[2]), "thing-1");
}

#[tokio::test]
async fn an_identity_of_nulls_is_never_sent() {
    let served = Served::start().await;
    let events = list(&served, listing(NAMELESS)).await;
    assert_eq!((events.len(), thing_of(&events[0]).as_str()), (2, "thing-0"));
    let error = last_error(&events);
    assert_eq!(error.summary, "Identity is incomplete");
    assert!(error.detail.starts_with("The thing-1: name of the identity is null"), "{}", error.detail);
}

#[tokio::test]
async fn an_object_that_is_not_whole_is_never_sent() {
    let served = Served::start().await;
    for (mode, says) in [(BARE, "without the attributes"), (VAGUE, "left text unknown")] {
        let request = pb::list_resource::Request { include_resource_object: true, ..listing(mode) };
        let events = list(&served, request).await;
        let error = last_error(&events);
        assert_eq!((events.len(), error.summary.as_str()), (1, "Listed object is incomplete"), "{mode}");
        assert!(error.detail.starts_with("The thing-0: ") && error.detail.contains(says), "{}", error.detail);
    }
    // Where attributes are not asked for, they are not needed.
    assert_eq!(list(&served, listing(BARE)).await.len(), 3);
}

#[tokio::test]
async fn its_block_is_checked_in_each_state() {
    let served = Served::start().await;
    assert_eq!(validate(&served, block(&config(&[("mode", "all".into())]))).await, []);
    let unknown = config(&[("mode", Value::UNKNOWN), ("count", Value::UNKNOWN)]);
    assert_eq!(validate(&served, block(&unknown)).await, []);
    assert_eq!(validate(&served, block(&Value::UNKNOWN)).await, []);
    // Hosts leave out limit and include_resource; a host that sends them may send them as unknown.
    let sent = |of: &Type, value: Value| {
        Some(pb::DynamicValue { msgpack: msgpack::encode(&value, of).unwrap(), json: vec![] })
    };
    for (include_resource, limit) in
        [(Value::UNKNOWN, Value::UNKNOWN), (true.into(), Value::Number(1_i64.into()))]
    {
        let request = pb::validate_list_resource_config::Request {
            include_resource_object: sent(&Type::Bool, include_resource),
            limit: sent(&Type::Number, limit),
            ..block(&unknown)
        };
        assert_eq!(validate(&served, request).await, []);
    }
}

#[tokio::test]
async fn what_is_wrong_with_its_block_is_pointed_at_inside_of_config() {
    let served = Served::start().await;
    let steps = |diagnostic: &pb::Diagnostic| -> Vec<_> {
        diagnostic.attribute.iter().flat_map(|path| &path.steps).map(|step| step.selector.clone()).collect()
    };
    let mode = ["config", "mode"].map(|name| Some(Selector::AttributeName(name.to_owned())));
    let empty = validate(&served, block(&config(&[("mode", "".into())]))).await;
    assert_eq!((empty.len(), empty[0].summary.as_str()), (1, "Empty"));
    assert_eq!(steps(&empty[0]), mode);
    // What hosts send where there is no block at all.
    let missing = validate(&served, block(&config(&[]))).await;
    assert_eq!((missing.len(), missing[0].summary.as_str()), (1, "Missing required argument"));
    assert_eq!(steps(&missing[0]), mode);

    let found = validate(&served, block(&config(&[("mode", PANICS.into())]))).await;
    assert!(found[0].detail.contains("ValidateListResourceConfig"), "{found:?}");
}

#[tokio::test]
async fn a_configuration_that_cannot_be_used_is_an_error_event() {
    let served = Served::start().await;
    let request = |config| pb::list_resource::Request { config, ..listing("all") };
    for (config, says) in [
        (encode(&config(&[])), "mode"),
        (encode(&config(&[("mode", "all".into()), ("count", Value::UNKNOWN)])), "unknown"),
        (encode(&Value::Null), "no configuration"),
        (None, "no configuration"),
        (Some(pb::DynamicValue { msgpack: b"\xc1".to_vec(), json: vec![] }), "does not fit"),
    ] {
        let events = list(&served, request(config)).await;
        assert_eq!(events.len(), 1);
        assert!(last_error(&events).detail.contains(says), "{says}: {events:?}");
    }
}

#[tokio::test]
async fn an_unknown_type_is_named() {
    let served = Served::start().await;
    let type_name = "own_other".to_owned();
    let events =
        list(&served, pb::list_resource::Request { type_name: type_name.clone(), ..listing("all") }).await;
    assert!(last_error(&events).detail.contains(&type_name));
    let (_, mut provider) = served.connect().await;
    let request =
        pb::validate_list_resource_config::Request { type_name: type_name.clone(), ..Default::default() };
    let validated = provider.validate_list_resource_config(request).await.unwrap().into_inner();
    assert!(validated.diagnostics[0].detail.contains(&type_name));
}
