//! The calls about actions.

use std::sync::Arc;

use tonic::codegen::BoxStream;

use super::{events, from_proto, guard, pb, to_proto};
use schema::{ProviderServer, messages::ActionEvent};

pub(super) async fn validate(
    server: &ProviderServer,
    request: pb::validate_action_config::Request,
) -> pb::validate_action_config::Response {
    let config = from_proto::value(request.config);
    let call = async { server.validate_action_config(&request.type_name, &config) };
    let found = guard("ValidateActionConfig", call).await.unwrap_or_else(Into::into);
    pb::validate_action_config::Response { diagnostics: to_proto::diagnostics(found) }
}

pub(super) async fn plan(
    server: &ProviderServer,
    request: pb::plan_action::Request,
) -> pb::plan_action::Response {
    let config = from_proto::value(request.config);
    let found = guard("PlanAction", server.plan_action(&request.action_type, &config))
        .await
        .unwrap_or_else(Into::into);
    pb::plan_action::Response { diagnostics: to_proto::diagnostics(found), deferred: None }
}

pub(super) fn invoke(
    server: Arc<ProviderServer>,
    request: pb::invoke_action::Request,
) -> BoxStream<pb::invoke_action::Event> {
    let config = from_proto::value(request.config);
    events::stream("InvokeAction", to_proto::action_event, ActionEvent::Completed, |mut sink| async move {
        server.invoke_action(&request.action_type, &config, &mut sink).await;
    })
}
