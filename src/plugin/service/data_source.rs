//! The calls about data sources.

use super::{from_proto, guard, pb, to_proto};
use schema::{ProviderServer, messages::DataReadResponse};

pub(super) async fn validate(
    server: &ProviderServer,
    request: pb::validate_data_resource_config::Request,
) -> pb::validate_data_resource_config::Response {
    let config = from_proto::value(request.config);
    let call = async { server.validate_data_source_config(&request.type_name, &config) };
    let found = guard("ValidateDataResourceConfig", call).await.unwrap_or_else(Into::into);
    pb::validate_data_resource_config::Response { diagnostics: to_proto::diagnostics(found) }
}

pub(super) async fn read(
    server: &ProviderServer,
    request: pb::read_data_source::Request,
) -> pb::read_data_source::Response {
    let request = from_proto::read_data_source(request);
    let response = guard("ReadDataSource", server.read_data_source(request))
        .await
        .unwrap_or_else(DataReadResponse::failed);
    to_proto::read_data_source(response)
}
