//! The configuration that Terraform writes for an object without one.

use schema::Value;

use crate::{
    client::pb::tfplugin6 as pb,
    served::Served,
    thing::{PANICS, TYPE_NAME, UNSAID, decode, encode, named, thing},
};

async fn generate(type_name: &str, state: &Value) -> pb::generate_resource_config::Response {
    let served = Served::start().await;
    let (_, mut provider) = served.connect().await;
    let request =
        pb::generate_resource_config::Request { type_name: type_name.to_owned(), state: encode(state) };
    provider.generate_resource_config(request).await.unwrap().into_inner()
}

#[track_caller]
fn refused(response: &pb::generate_resource_config::Response, says: &str) {
    let [error] = &response.diagnostics[..] else { panic!("{:?}", response.diagnostics) };
    assert!(error.detail.contains(says), "{}", error.detail);
    assert_eq!(response.config, None);
}

#[tokio::test]
async fn it_holds_what_is_configured_and_not_what_the_provider_sets() {
    let numbers = Value::List(vec![Value::Number("0.1".parse().unwrap())]);
    let given = [("name", "a".into()), ("text", "t".into()), ("numbers", numbers)];
    let mut state = given.to_vec();
    state.push(("id", "made".into()));
    let response = generate(TYPE_NAME, &thing(&state)).await;
    assert_eq!(response.diagnostics, []);
    assert_eq!(decode(response.config.as_ref()), thing(&given));
}

#[tokio::test]
async fn the_resource_leaves_out_more() {
    let state = thing(&[("name", "a".into()), ("text", UNSAID.into()), ("id", "made".into())]);
    let response = generate(TYPE_NAME, &state).await;
    assert_eq!(response.diagnostics, []);
    assert_eq!(decode(response.config.as_ref()), named("a"));
}

#[tokio::test]
async fn without_an_object_or_a_type_there_is_an_error() {
    refused(&generate(TYPE_NAME, &Value::Null).await, "sent no state");
    refused(&generate("own_other", &named("a")).await, "own_other");
}

#[tokio::test]
async fn a_panic_is_a_diagnostic() {
    let response = generate(TYPE_NAME, &named(PANICS)).await;
    refused(&response, "GenerateResourceConfig: the provider panicked (asked to panic)");
    assert!(!response.diagnostics[0].detail.contains("state"), "no state depends on it");
}
