//! Answers about things this provider does not announce: data sources and functions.
//!
//! A host asks for them only if its schema is not ours, so the answer says which name was asked for.

use super::{pb, to_proto};
use crate::schema::Diagnostic;

pub(super) fn validate_data_source(
    request: &pb::validate_data_resource_config::Request,
) -> pb::validate_data_resource_config::Response {
    pb::validate_data_resource_config::Response { diagnostics: vec![unknown_data_source(&request.type_name)] }
}

pub(super) fn read_data_source(request: &pb::read_data_source::Request) -> pb::read_data_source::Response {
    pb::read_data_source::Response {
        diagnostics: vec![unknown_data_source(&request.type_name)],
        ..Default::default()
    }
}

pub(super) fn call_function(request: &pb::call_function::Request) -> pb::call_function::Response {
    let text = format!(
        "This provider has no function {:?}; Terraform and the provider disagree about its schema.",
        request.name
    );
    let error = pb::FunctionError { text, function_argument: None };
    pb::call_function::Response { result: None, error: Some(error) }
}

fn unknown_data_source(type_name: &str) -> pb::Diagnostic {
    to_proto::diagnostic(Diagnostic::error(
        "Unknown data source type",
        format!(
            "This provider has no data source {type_name:?}; Terraform and the provider disagree about its schema."
        ),
    ))
}
