//! The calls about functions, which have errors of their own in place of diagnostics.

use super::{from_proto, guard, pb, to_proto};
use crate::schema_to_proto;
use schema::{Diagnostics, ProviderServer, function::FunctionError};

pub(super) async fn list(server: &ProviderServer) -> pb::get_functions::Response {
    let call = async {
        let functions = schema_to_proto::functions(&server.schemas().functions);
        pb::get_functions::Response { functions, diagnostics: Vec::new() }
    };
    let failed = |panic: Diagnostics| pb::get_functions::Response {
        diagnostics: to_proto::diagnostics(panic),
        ..Default::default()
    };
    guard("GetFunctions", call).await.unwrap_or_else(failed)
}

pub(super) async fn call(
    server: &ProviderServer,
    request: pb::call_function::Request,
) -> pb::call_function::Response {
    let arguments: Vec<_> =
        request.arguments.into_iter().map(|argument| from_proto::value(Some(argument))).collect();
    let call = async { server.call_function(&request.name, &arguments) };
    let outcome = guard("CallFunction", call).await.unwrap_or_else(|panic| Err(error(panic)));
    to_proto::call_function(outcome)
}

fn error(panic: Diagnostics) -> FunctionError {
    let sentences: Vec<_> =
        panic.into_iter().map(|panic| format!("{}. {}", panic.summary, panic.detail)).collect();
    FunctionError::new(sentences.join(" "))
}
