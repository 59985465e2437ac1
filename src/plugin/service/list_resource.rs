//! The calls about list resources.

use std::sync::Arc;

use tonic::codegen::BoxStream;

use super::{events, from_proto, guard, pb, to_proto};
use schema::{ProviderServer, messages::ListEvent};

/// Checks the `config` block. The limit and whether attributes are wanted, which hosts leave out, need no check.
pub(super) async fn validate(
    server: &ProviderServer,
    request: pb::validate_list_resource_config::Request,
) -> pb::validate_list_resource_config::Response {
    let config = from_proto::value(request.config);
    let call = async { server.validate_list_resource_config(&request.type_name, &config) };
    let found = guard("ValidateListResourceConfig", call).await.unwrap_or_else(Into::into);
    pb::validate_list_resource_config::Response { diagnostics: to_proto::diagnostics(found) }
}

pub(super) fn list(
    server: Arc<ProviderServer>,
    request: pb::list_resource::Request,
) -> BoxStream<pb::list_resource::Event> {
    let request = from_proto::list(request);
    events::stream("ListResource", to_proto::list_event, ListEvent::about_the_list, |mut sink| async move {
        server.list_resource(request, &mut sink).await;
    })
}
