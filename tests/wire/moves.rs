//! Objects of other resource types, which `moved` blocks name.

use crate::{
    client::pb::tfplugin6 as pb,
    served::Served,
    thing::{LABEL, PANICS, TYPE_NAME, decode, identity_name, named},
};

fn json(text: &str) -> pb::RawState {
    pb::RawState { json: text.into(), ..Default::default() }
}

/// Moves an object of the type that the resource takes over.
fn from_label(state: &str) -> pb::move_resource_state::Request {
    pb::move_resource_state::Request {
        source_provider_address: "example.test/other/other".into(),
        source_type_name: LABEL.into(),
        source_schema_version: 4,
        source_state: Some(json(state)),
        source_private: b"own".to_vec(),
        source_identity: Some(json(r#"{"label":"a"}"#)),
        target_type_name: TYPE_NAME.into(),
        ..Default::default()
    }
}

async fn moved(request: pb::move_resource_state::Request) -> pb::move_resource_state::Response {
    let served = Served::start().await;
    let (_, mut provider) = served.connect().await;
    provider.move_resource_state(request).await.unwrap().into_inner()
}

#[track_caller]
fn refused<'a>(response: &'a pb::move_resource_state::Response, says: &str) -> &'a pb::Diagnostic {
    let [error] = &response.diagnostics[..] else { panic!("{:?}", response.diagnostics) };
    assert!(error.detail.contains(says), "{}", error.detail);
    assert_eq!((&response.target_state, &response.target_identity), (&None, &None));
    error
}

#[tokio::test]
async fn a_resource_takes_over_what_it_knows() {
    let response = moved(from_label(r#"{"label":"a","more":1}"#)).await;
    assert_eq!(response.diagnostics, []);
    assert_eq!(decode(response.target_state.as_ref()), named("a"));
    assert_eq!(identity_name(response.target_identity.as_ref()), Some("a".to_owned()));
    let private = br#"{"identity":"{\"label\":\"a\"}","private":"own","version":"4"}"#;
    assert_eq!(response.target_private, private);

    // Not every type has identities, and not every provider stores more than a state.
    let request = pb::move_resource_state::Request {
        source_private: vec![],
        source_identity: None,
        ..from_label(r#"{"label":"a"}"#)
    };
    let response = moved(request).await;
    assert_eq!(response.target_private, br#"{"identity":"null","private":"","version":"4"}"#);
}

#[tokio::test]
async fn an_object_of_another_type_is_refused_with_what_to_do() {
    let request =
        pb::move_resource_state::Request { source_type_name: "other_thing".into(), ..from_label("{}") };
    let response = moved(request).await;
    let error =
        refused(&response, "own_thing cannot take over a other_thing of provider example.test/other/other");
    assert!(error.detail.ends_with("terraform import NEW_ADDRESS ID"), "{}", error.detail);
}

#[tokio::test]
async fn a_state_that_cannot_be_read_is_an_error() {
    refused(&moved(from_label("{")).await, "not valid JSON");
    let flatmap = [("label".to_owned(), "a".to_owned())].into();
    let source_state = Some(pb::RawState { json: vec![], flatmap });
    let request = pb::move_resource_state::Request { source_state, ..from_label("") };
    refused(&moved(request).await, "older than 0.12");
    // What is taken over has an identity, or it is not taken over.
    refused(&moved(from_label("{}")).await, "name of the identity is null");
}

#[tokio::test]
async fn a_panic_and_an_unknown_type_are_diagnostics() {
    let response = moved(from_label(&format!(r#"{{"label":"{PANICS}"}}"#))).await;
    refused(&response, "MoveResourceState: the provider panicked (asked to panic)");
    let request =
        pb::move_resource_state::Request { target_type_name: "own_other".into(), ..from_label("{}") };
    refused(&moved(request).await, "own_other");
}
