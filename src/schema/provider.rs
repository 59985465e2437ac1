//! The trait a provider implements.

use std::{fmt, future::Future};

use super::{
    Diagnostics, Model, Schema, action::AnyAction, adapter::AnyResource, data_source::AnyDataSource,
    function::AnyFunction, list_resource::AnyListResource, resource::Context,
};

/// A provider: its configuration, and what it serves.
pub trait Provider: fmt::Debug + Send + Sync + 'static {
    /// The provider block as a struct.
    type Model: Model;

    /// The schema of the provider block.
    fn schema(&self) -> Schema;

    /// Checks rules between attributes of the provider block; values may be unknown.
    fn validate(&self, _config: &Self::Model) -> Diagnostics {
        Diagnostics::new()
    }

    /// Takes the configuration. Called once per process, before any call of a resource or data source, and never by
    /// `terraform validate`; functions are called without it. During plan, values may be unknown. Must not dial.
    fn configure(
        &self,
        context: &Context,
        request: Configure<Self::Model>,
    ) -> impl Future<Output = Diagnostics> + Send;

    /// The resource types served, wrapped with [`AnyResource::new`].
    fn resources(&self) -> Vec<AnyResource>;

    /// The data source types served, wrapped with [`AnyDataSource::new`].
    fn data_sources(&self) -> Vec<AnyDataSource> {
        Vec::new()
    }

    /// The list resources served, wrapped with [`AnyListResource::new`]: each is of one of the resource types served.
    fn list_resources(&self) -> Vec<AnyListResource> {
        Vec::new()
    }

    /// The actions served, wrapped with [`AnyAction::new`].
    fn actions(&self) -> Vec<AnyAction> {
        Vec::new()
    }

    /// The functions served, wrapped with [`AnyFunction::new`].
    fn functions(&self) -> Vec<AnyFunction> {
        Vec::new()
    }
}

/// Asks to configure the provider.
#[derive(Clone, Debug)]
pub struct Configure<M> {
    /// The version of the host.
    pub terraform_version: String,
    /// The provider block.
    pub config: M,
}
