//! The body of the fuzz target of this room: the calls of the protocol, answered by the real provider.
#![allow(
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a panic is the report"
)]

mod answers;
mod drawn;

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use prost::Message;
use provider::{AlicloudEncryption, Environment};
use schema::{ProviderServer, Type, msgpack};
use tonic::Request;

use self::{
    answers::Answers,
    drawn::{Choices, Memory},
};
use crate::{
    pb::tfplugin6::{self as pb, provider_server::Provider as _},
    service::ProviderService,
};

#[cfg(test)]
#[path = "../../../fuzz/corpus.rs"]
mod corpus;

/// More calls of one input are not made.
const MOST_CALLS: usize = 12;

/// The longest summary, and the longest detail that a call has reason for, in characters.
const LONGEST_TEXTS: (usize, usize) = (100, 12_000);

/// The input is a list of parts: a byte that says what the part is, two bytes of length, and so many bytes.
///
/// A part below 64 is a call with these bytes as its message; one below 128 is a call with a message in which they
/// choose the values; any other is an answer of the cloud. The answers are given in their order to whatever the calls
/// ask.
///
/// No call is answered with a status or panics, takes for ever, or blames the provider; its diagnostics are printable
/// and bounded; an answer without an error has values of the schema, and is not much longer than all of the input.
pub fn rpc(bytes: &[u8]) {
    let parts = parts(bytes);
    let answers = parts.iter().filter(|(kind, _)| *kind >= 128).map(|(kind, body)| (kind - 128, *body));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    // The clock stands while a call works, and jumps to the next timer when it waits.
    runtime.unwrap().block_on(async {
        let provider = AlicloudEncryption::in_world(Answers::world(answers), environment());
        let service = ProviderService { server: Arc::new(ProviderServer::new(provider)) };
        let mut memory = Memory::default();
        configure(&service).await;
        for (kind, part) in parts.iter().filter(|(kind, _)| *kind < 128).take(MOST_CALLS) {
            let method = METHODS[usize::from(kind % 64) % METHODS.len()];
            let message = match *kind {
                0..64 => part.to_vec(),
                _ => drawn::message(method, &service.server, &memory, &mut Choices::new(part)),
            };
            let answered = call(&service, method, &message);
            let answered = tokio::time::timeout(Duration::from_hours(100), answered);
            let Some(answer) = answered.await.expect("a call takes for ever") else { continue };
            assert!(answer.bytes.len() <= 256 * 1024 + 64 * bytes.len(), "{method}: {}", answer.bytes.len());
            for diagnostic in &answer.diagnostics {
                check(method, diagnostic);
            }
            if !answer.diagnostics.iter().any(|told| told.severity() == pb::diagnostic::Severity::Error) {
                check_values(&service.server, method, &message, &answer.bytes);
                memory.remember(&service.server, method, &message, &answer.bytes);
            }
        }
    });
}

fn parts(mut bytes: &[u8]) -> Vec<(u8, &[u8])> {
    let mut parts = Vec::new();
    while let [kind, high, low, rest @ ..] = bytes {
        let (part, rest) = rest.split_at(usize::from(u16::from_be_bytes([*high, *low])).min(rest.len()));
        parts.push((*kind, part));
        bytes = rest;
    }
    parts
}

/// Keys and a region, and nothing of the machine.
fn environment() -> Environment {
    Environment::from([
        ("ALICLOUD_ACCESS_KEY", "ak-ci"),
        ("ALICLOUD_SECRET_KEY", "sk-of-the-pipeline"),
        ("ALICLOUD_REGION", "cn-hangzhou"),
    ])
}

/// Configures the provider by its environment alone.
async fn configure(service: &ProviderService) {
    let config = drawn::nothing(service.server.schemas().provider);
    let request = pb::configure_provider::Request { config: Some(config), ..Default::default() };
    let answer = call(service, "configure_provider", &request.encode_to_vec()).await.unwrap();
    assert!(answer.diagnostics.is_empty(), "{:?}", answer.diagnostics);
}

/// What a call was answered.
struct Answer {
    diagnostics: Vec<pb::Diagnostic>,
    bytes: Vec<u8>,
}

/// The calls that are answered with one message, which has diagnostics.
macro_rules! calls {
    ($($method:ident)*) => {
        /// Every call that is served.
        const METHODS: &[&str] =
            &[$(stringify!($method),)* "stop_provider", "list_resource", "invoke_action", "call_function"];

        /// Makes a call; nothing if the message is none of that call.
        async fn call(service: &ProviderService, method: &str, message: &[u8]) -> Option<Answer> {
            match method {
                $(stringify!($method) => {
                    let request = Request::new(pb::$method::Request::decode(message).ok()?);
                    let response = service.$method(request).await.expect("no status").into_inner();
                    Some(Answer { bytes: response.encode_to_vec(), diagnostics: response.diagnostics })
                })*
                _ => other_call(service, method, message).await,
            }
        }
    };
}

calls! {
    get_metadata get_provider_schema get_resource_identity_schemas get_functions
    validate_provider_config configure_provider
    validate_resource_config upgrade_resource_state upgrade_resource_identity read_resource plan_resource_change
    apply_resource_change import_resource_state generate_resource_config move_resource_state
    validate_data_resource_config read_data_source
    validate_list_resource_config validate_action_config plan_action
}

async fn other_call(service: &ProviderService, method: &str, message: &[u8]) -> Option<Answer> {
    match method {
        "stop_provider" => {
            let request = Request::new(pb::stop_provider::Request::decode(message).ok()?);
            let response = service.stop_provider(request).await.expect("no status").into_inner();
            assert_eq!(response.error, "");
            Some(Answer { bytes: Vec::new(), diagnostics: Vec::new() })
        }
        "list_resource" => {
            let request = Request::new(pb::list_resource::Request::decode(message).ok()?);
            let events = service.list_resource(request).await.expect("no status").into_inner();
            let events: Vec<_> = events.map(|event| event.expect("no status")).collect().await;
            for event in &events {
                assert!(event.display_name.chars().all(text::is_printable), "{event:?}");
            }
            let bytes = events.iter().flat_map(Message::encode_to_vec).collect();
            Some(Answer {
                bytes,
                diagnostics: events.into_iter().flat_map(|event| event.diagnostic).collect(),
            })
        }
        "invoke_action" => {
            let request = Request::new(pb::invoke_action::Request::decode(message).ok()?);
            let events = service.invoke_action(request).await.expect("no status").into_inner();
            let events: Vec<_> = events.map(|event| event.expect("no status")).collect().await;
            let bytes = events.iter().flat_map(Message::encode_to_vec).collect();
            let last = events.into_iter().next_back().and_then(|event| event.r#type);
            let Some(pb::invoke_action::event::Type::Completed(completed)) = last else {
                panic!("an action ends without being completed")
            };
            Some(Answer { bytes, diagnostics: completed.diagnostics })
        }
        "call_function" => {
            let request = Request::new(pb::call_function::Request::decode(message).ok()?);
            let response = service.call_function(request).await.expect("no status").into_inner();
            let bytes = response.encode_to_vec();
            let diagnostic = |error: pb::FunctionError| pb::Diagnostic {
                severity: pb::diagnostic::Severity::Error.into(),
                detail: error.text,
                ..Default::default()
            };
            Some(Answer { bytes, diagnostics: response.error.into_iter().map(diagnostic).collect() })
        }
        other => panic!("{other} is not called"),
    }
}

/// A diagnostic is printable, bounded, and not about a mistake of the provider.
fn check(method: &str, told: &pb::Diagnostic) {
    let pb::Diagnostic { summary, detail, .. } = told;
    assert!(summary.chars().all(text::is_printable), "{method}: {summary:?}");
    assert_eq!(&text::lines(detail), detail, "{method}");
    let lengths = (summary.chars().count(), detail.chars().count());
    assert!(lengths.0 <= LONGEST_TEXTS.0 && lengths.1 <= LONGEST_TEXTS.1, "{method}: {lengths:?}: {summary}");
    assert!(!detail.contains("bug in the provider"), "{method}: {summary}: {detail}");
    assert!(!detail.contains("sk-of-the-pipeline"), "{method}: {summary}: {detail}");
}

/// The values of an answer without an error are of the schema.
fn check_values(server: &ProviderServer, method: &str, message: &[u8], answer: &[u8]) {
    let schemas = server.schemas();
    let of_resource = |name: &str| schemas.resources[name].implied_type();
    match method {
        "plan_resource_change" => {
            let request = pb::plan_resource_change::Request::decode(message).unwrap();
            let response = pb::plan_resource_change::Response::decode(answer).unwrap();
            check_value(response.planned_state.as_ref(), &of_resource(&request.type_name));
        }
        "apply_resource_change" => {
            let request = pb::apply_resource_change::Request::decode(message).unwrap();
            let response = pb::apply_resource_change::Response::decode(answer).unwrap();
            check_value(response.new_state.as_ref(), &of_resource(&request.type_name));
        }
        "read_resource" => {
            let request = pb::read_resource::Request::decode(message).unwrap();
            let response = pb::read_resource::Response::decode(answer).unwrap();
            check_value(response.new_state.as_ref(), &of_resource(&request.type_name));
        }
        "upgrade_resource_state" => {
            let request = pb::upgrade_resource_state::Request::decode(message).unwrap();
            let response = pb::upgrade_resource_state::Response::decode(answer).unwrap();
            check_value(response.upgraded_state.as_ref(), &of_resource(&request.type_name));
        }
        "import_resource_state" => {
            let response = pb::import_resource_state::Response::decode(answer).unwrap();
            for imported in &response.imported_resources {
                check_value(imported.state.as_ref(), &of_resource(&imported.type_name));
            }
        }
        "read_data_source" => {
            let request = pb::read_data_source::Request::decode(message).unwrap();
            let response = pb::read_data_source::Response::decode(answer).unwrap();
            let of = schemas.data_sources[request.type_name.as_str()].implied_type();
            check_value(response.state.as_ref(), &of);
        }
        _ => {}
    }
}

fn check_value(value: Option<&pb::DynamicValue>, of: &Type) {
    let Some(value) = value else { return };
    assert!(value.json.is_empty());
    msgpack::decode(&value.msgpack, of).unwrap();
}

#[cfg(test)]
mod tests {
    use super::corpus;

    #[test]
    fn rpc() {
        corpus::run("rpc", super::rpc);
    }
}
