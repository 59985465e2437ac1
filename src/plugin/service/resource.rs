//! The calls about managed resources.
//!
//! After a panic nobody knows how far the call came. What is handed back then is what was known
//! before it: for an object that exists its prior state, so that it stays in Terraform's state and
//! the next refresh finds out; for a create nothing. Handing back the plan of a create instead would
//! store the object as tainted, and the next apply would destroy what the provider may never have
//! made: an encryption that was there before, for instance. Without it the next apply creates again,
//! which finds what is there, and adopts it or says how to import it.

use super::{from_proto, guard, pb, to_proto};
use schema::{
    ProviderServer,
    messages::{
        ApplyResponse, Encoded, GenerateConfigResponse, ImportResponse, MoveResponse, PlanResponse,
        ReadResponse, UpgradeIdentityResponse, UpgradeStateResponse,
    },
};

pub(super) async fn validate(
    server: &ProviderServer,
    request: pb::validate_resource_config::Request,
) -> pb::validate_resource_config::Response {
    let config = from_proto::value(request.config);
    let call = async { server.validate_resource_config(&request.type_name, &config) };
    let found = guard("ValidateResourceConfig", call).await.unwrap_or_else(Into::into);
    pb::validate_resource_config::Response { diagnostics: to_proto::diagnostics(found) }
}

pub(super) async fn upgrade_state(
    server: &ProviderServer,
    request: pb::upgrade_resource_state::Request,
) -> pb::upgrade_resource_state::Response {
    let request = from_proto::upgrade_state(request);
    let call = async { server.upgrade_resource_state(request) };
    // Without an upgraded state the host keeps the stored one.
    let response = guard("UpgradeResourceState", call)
        .await
        .unwrap_or_else(|diagnostics| UpgradeStateResponse { upgraded_state: Encoded::Absent, diagnostics });
    to_proto::upgrade_state(response)
}

pub(super) async fn upgrade_identity(
    server: &ProviderServer,
    request: pb::upgrade_resource_identity::Request,
) -> pb::upgrade_resource_identity::Response {
    let request = from_proto::upgrade_identity(request);
    let call = async { server.upgrade_resource_identity(request) };
    let response = guard("UpgradeResourceIdentity", call)
        .await
        .unwrap_or_else(|diagnostics| UpgradeIdentityResponse { upgraded_identity: None, diagnostics });
    to_proto::upgrade_identity(response)
}

pub(super) async fn read(
    server: &ProviderServer,
    request: pb::read_resource::Request,
) -> pb::read_resource::Response {
    let request = from_proto::read(request);
    let type_name = request.type_name.clone();
    let (new_state, private) = (request.current_state.clone(), request.private.clone());
    let response = match guard("ReadResource", server.read_resource(request)).await {
        Ok(response) => response,
        Err(diagnostics) => {
            let new_identity = identity(server, &type_name, &new_state).await;
            ReadResponse { new_state, private, new_identity, diagnostics }
        }
    };
    to_proto::read(response)
}

pub(super) async fn plan(
    server: &ProviderServer,
    request: pb::plan_resource_change::Request,
) -> pb::plan_resource_change::Response {
    let request = from_proto::plan(request);
    let (state, private) = (request.prior_state.clone(), request.prior_private.clone());
    let response = guard("PlanResourceChange", server.plan_resource_change(request)).await.unwrap_or_else(
        |diagnostics| PlanResponse {
            planned_state: state,
            planned_private: private,
            diagnostics,
            ..PlanResponse::default()
        },
    );
    to_proto::plan(response)
}

pub(super) async fn apply(
    server: &ProviderServer,
    request: pb::apply_resource_change::Request,
) -> pb::apply_resource_change::Response {
    let request = from_proto::apply(request);
    // The planned private data is the only one an apply is given, and an object keeps it.
    let (new_state, private) = (request.prior_state.clone(), request.planned_private.clone());
    let type_name = request.type_name.clone();
    let response = match guard("ApplyResourceChange", server.apply_resource_change(request)).await {
        Ok(response) => response,
        Err(diagnostics) => {
            let new_identity = identity(server, &type_name, &new_state).await;
            ApplyResponse { new_state, private, new_identity, diagnostics }
        }
    };
    to_proto::apply(response)
}

/// The identity of the object that is handed back after a panic; none if finding it panics too.
async fn identity(server: &ProviderServer, type_name: &str, state: &Encoded) -> Option<Encoded> {
    guard("identity", async { server.resource_identity(type_name, state) }).await.ok().flatten()
}

pub(super) async fn import(
    server: &ProviderServer,
    request: pb::import_resource_state::Request,
) -> pb::import_resource_state::Response {
    let request = from_proto::import(request);
    let response = guard("ImportResourceState", server.import_resource_state(request))
        .await
        .unwrap_or_else(|diagnostics| ImportResponse { imported: None, diagnostics });
    to_proto::import(response)
}

pub(super) async fn generate_config(
    server: &ProviderServer,
    request: pb::generate_resource_config::Request,
) -> pb::generate_resource_config::Response {
    let request = from_proto::generate_config(request);
    let call = async { server.generate_resource_config(&request) };
    let response = guard("GenerateResourceConfig", call)
        .await
        .unwrap_or_else(|diagnostics| GenerateConfigResponse { config: Encoded::Absent, diagnostics });
    to_proto::generate_config(response)
}

pub(super) async fn r#move(
    server: &ProviderServer,
    request: pb::move_resource_state::Request,
) -> pb::move_resource_state::Response {
    let request = from_proto::r#move(request);
    let call = async { server.move_resource_state(request) };
    to_proto::r#move(guard("MoveResourceState", call).await.unwrap_or_else(MoveResponse::refused))
}
