//! What there is: names, schemas, capabilities.

use super::{guard, pb, to_proto};
use crate::schema_to_proto;
use schema::{Diagnostics, ProviderServer};

/// What this provider can do.
///
/// Destroys are planned, which is the only place to warn of what they leave. A host may use a cached schema, because no
/// call needs that the host has asked for the schema before. Objects of other resource types are offered, which most
/// resources refuse in words of their own.
const CAPABILITIES: pb::ServerCapabilities = pb::ServerCapabilities {
    plan_destroy: true,
    get_provider_schema_optional: true,
    move_resource_state: true,
    generate_resource_config: true,
};

pub(super) async fn metadata(server: &ProviderServer) -> pb::get_metadata::Response {
    let call = async {
        let schemas = server.schemas();
        let type_named = |name: &str| pb::get_metadata::TypeMetadata { type_name: name.to_owned() };
        let function_named = |name: &str| pb::get_metadata::FunctionMetadata { name: name.to_owned() };
        pb::get_metadata::Response {
            server_capabilities: Some(CAPABILITIES),
            resources: schemas.resources.into_keys().map(type_named).collect(),
            data_sources: schemas.data_sources.into_keys().map(type_named).collect(),
            list_resources: schemas.list_resources.into_keys().map(type_named).collect(),
            actions: schemas.actions.into_keys().map(type_named).collect(),
            functions: schemas.functions.into_keys().map(function_named).collect(),
            ..Default::default()
        }
    };
    guard("GetMetadata", call).await.unwrap_or_else(|panic| pb::get_metadata::Response {
        diagnostics: to_proto::diagnostics(panic),
        ..Default::default()
    })
}

/// Everything at once. Hosts pass over the fields that they do not know: functions before Terraform 1.8 and
/// OpenTofu 1.7, list resources and actions before Terraform 1.14.
pub(super) async fn schemas(server: &ProviderServer) -> pb::get_provider_schema::Response {
    let call = async {
        let schemas = server.schemas();
        pb::get_provider_schema::Response {
            provider: Some(schema_to_proto::schema(schemas.provider)),
            resource_schemas: schema_to_proto::schemas(&schemas.resources),
            data_source_schemas: schema_to_proto::schemas(&schemas.data_sources),
            list_resource_schemas: schema_to_proto::schemas(&schemas.list_resources),
            action_schemas: schema_to_proto::action_schemas(&schemas.actions),
            functions: schema_to_proto::functions(&schemas.functions),
            server_capabilities: Some(CAPABILITIES),
            ..Default::default()
        }
    };
    let failed = |panic: Diagnostics| pb::get_provider_schema::Response {
        diagnostics: to_proto::diagnostics(panic),
        ..Default::default()
    };
    guard("GetProviderSchema", call).await.unwrap_or_else(failed)
}

pub(super) async fn identity_schemas(server: &ProviderServer) -> pb::get_resource_identity_schemas::Response {
    let call = async {
        let each = server.schemas().identities.into_iter();
        let identity_schemas =
            each.map(|(name, schema)| (name.to_owned(), schema_to_proto::identity_schema(schema))).collect();
        pb::get_resource_identity_schemas::Response { identity_schemas, diagnostics: Vec::new() }
    };
    let failed = |panic: Diagnostics| pb::get_resource_identity_schemas::Response {
        diagnostics: to_proto::diagnostics(panic),
        ..Default::default()
    };
    guard("GetResourceIdentitySchemas", call).await.unwrap_or_else(failed)
}
