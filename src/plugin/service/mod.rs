//! The Provider service: each call is converted, made, and its answer converted back.
//!
//! What goes wrong is said in diagnostics. A gRPC status would lose the address of the object and
//! what is known of it, so none is ever answered, except UNIMPLEMENTED for methods not served.

mod action;
mod data_source;
mod events;
mod function;
mod guard;
mod list_resource;
mod metadata;
mod resource;

use std::sync::Arc;

use tonic::{Request, Response, Status, codegen::BoxStream};

use self::guard::guard;
use super::{
    from_proto,
    pb::tfplugin6::{self as pb, provider_server::Provider},
    to_proto,
};
use schema::ProviderServer;

/// What the host calls.
#[derive(Debug)]
pub(super) struct ProviderService {
    pub(super) server: Arc<ProviderServer>,
}

/// The answer of a call, as gRPC wants it.
type Answer<T> = Result<Response<T>, Status>;

#[tonic::async_trait]
impl Provider for ProviderService {
    async fn get_metadata(
        &self,
        _request: Request<pb::get_metadata::Request>,
    ) -> Answer<pb::get_metadata::Response> {
        Ok(Response::new(metadata::metadata(&self.server).await))
    }

    async fn get_provider_schema(
        &self,
        _request: Request<pb::get_provider_schema::Request>,
    ) -> Answer<pb::get_provider_schema::Response> {
        Ok(Response::new(metadata::schemas(&self.server).await))
    }

    async fn get_resource_identity_schemas(
        &self,
        _request: Request<pb::get_resource_identity_schemas::Request>,
    ) -> Answer<pb::get_resource_identity_schemas::Response> {
        Ok(Response::new(metadata::identity_schemas(&self.server).await))
    }

    async fn validate_provider_config(
        &self,
        request: Request<pb::validate_provider_config::Request>,
    ) -> Answer<pb::validate_provider_config::Response> {
        let config = from_proto::value(request.into_inner().config);
        let call = async { self.server.validate_provider_config(&config) };
        let found = guard("ValidateProviderConfig", call).await.unwrap_or_else(Into::into);
        let diagnostics = to_proto::diagnostics(found);
        Ok(Response::new(pb::validate_provider_config::Response { diagnostics }))
    }

    async fn configure_provider(
        &self,
        request: Request<pb::configure_provider::Request>,
    ) -> Answer<pb::configure_provider::Response> {
        let call = self.server.configure_provider(from_proto::configure(request.into_inner()));
        let found = guard("ConfigureProvider", call).await.unwrap_or_else(Into::into);
        let diagnostics = to_proto::diagnostics(found);
        Ok(Response::new(pb::configure_provider::Response { diagnostics }))
    }

    async fn stop_provider(
        &self,
        _request: Request<pb::stop_provider::Request>,
    ) -> Answer<pb::stop_provider::Response> {
        tracing::debug!("the host asked to stop what is running");
        self.server.stop();
        Ok(Response::new(pb::stop_provider::Response::default()))
    }

    async fn validate_resource_config(
        &self,
        request: Request<pb::validate_resource_config::Request>,
    ) -> Answer<pb::validate_resource_config::Response> {
        Ok(Response::new(resource::validate(&self.server, request.into_inner()).await))
    }

    async fn upgrade_resource_state(
        &self,
        request: Request<pb::upgrade_resource_state::Request>,
    ) -> Answer<pb::upgrade_resource_state::Response> {
        Ok(Response::new(resource::upgrade_state(&self.server, request.into_inner()).await))
    }

    async fn upgrade_resource_identity(
        &self,
        request: Request<pb::upgrade_resource_identity::Request>,
    ) -> Answer<pb::upgrade_resource_identity::Response> {
        Ok(Response::new(resource::upgrade_identity(&self.server, request.into_inner()).await))
    }

    async fn read_resource(
        &self,
        request: Request<pb::read_resource::Request>,
    ) -> Answer<pb::read_resource::Response> {
        Ok(Response::new(resource::read(&self.server, request.into_inner()).await))
    }

    async fn plan_resource_change(
        &self,
        request: Request<pb::plan_resource_change::Request>,
    ) -> Answer<pb::plan_resource_change::Response> {
        Ok(Response::new(resource::plan(&self.server, request.into_inner()).await))
    }

    async fn apply_resource_change(
        &self,
        request: Request<pb::apply_resource_change::Request>,
    ) -> Answer<pb::apply_resource_change::Response> {
        Ok(Response::new(resource::apply(&self.server, request.into_inner()).await))
    }

    async fn import_resource_state(
        &self,
        request: Request<pb::import_resource_state::Request>,
    ) -> Answer<pb::import_resource_state::Response> {
        Ok(Response::new(resource::import(&self.server, request.into_inner()).await))
    }

    async fn generate_resource_config(
        &self,
        request: Request<pb::generate_resource_config::Request>,
    ) -> Answer<pb::generate_resource_config::Response> {
        Ok(Response::new(resource::generate_config(&self.server, request.into_inner()).await))
    }

    async fn move_resource_state(
        &self,
        request: Request<pb::move_resource_state::Request>,
    ) -> Answer<pb::move_resource_state::Response> {
        Ok(Response::new(resource::r#move(&self.server, request.into_inner()).await))
    }

    async fn validate_data_resource_config(
        &self,
        request: Request<pb::validate_data_resource_config::Request>,
    ) -> Answer<pb::validate_data_resource_config::Response> {
        Ok(Response::new(data_source::validate(&self.server, request.into_inner()).await))
    }

    async fn read_data_source(
        &self,
        request: Request<pb::read_data_source::Request>,
    ) -> Answer<pb::read_data_source::Response> {
        Ok(Response::new(data_source::read(&self.server, request.into_inner()).await))
    }

    async fn validate_list_resource_config(
        &self,
        request: Request<pb::validate_list_resource_config::Request>,
    ) -> Answer<pb::validate_list_resource_config::Response> {
        Ok(Response::new(list_resource::validate(&self.server, request.into_inner()).await))
    }

    async fn list_resource(
        &self,
        request: Request<pb::list_resource::Request>,
    ) -> Answer<BoxStream<pb::list_resource::Event>> {
        Ok(Response::new(list_resource::list(self.server.clone(), request.into_inner())))
    }

    async fn validate_action_config(
        &self,
        request: Request<pb::validate_action_config::Request>,
    ) -> Answer<pb::validate_action_config::Response> {
        Ok(Response::new(action::validate(&self.server, request.into_inner()).await))
    }

    async fn plan_action(
        &self,
        request: Request<pb::plan_action::Request>,
    ) -> Answer<pb::plan_action::Response> {
        Ok(Response::new(action::plan(&self.server, request.into_inner()).await))
    }

    async fn invoke_action(
        &self,
        request: Request<pb::invoke_action::Request>,
    ) -> Answer<BoxStream<pb::invoke_action::Event>> {
        Ok(Response::new(action::invoke(self.server.clone(), request.into_inner())))
    }

    async fn get_functions(
        &self,
        _request: Request<pb::get_functions::Request>,
    ) -> Answer<pb::get_functions::Response> {
        Ok(Response::new(function::list(&self.server).await))
    }

    async fn call_function(
        &self,
        request: Request<pb::call_function::Request>,
    ) -> Answer<pb::call_function::Response> {
        Ok(Response::new(function::call(&self.server, request.into_inner()).await))
    }
}
