//! The trait a provider implements.

use std::{fmt, future::Future};

use super::{Diagnostics, Model, Schema, adapter::AnyResource, resource::Context};

/// A provider: its configuration and its resources.
pub trait Provider: fmt::Debug + Send + Sync + 'static {
    /// The provider block as a struct.
    type Model: Model;

    /// The schema of the provider block.
    fn schema(&self) -> Schema;

    /// Checks rules between attributes of the provider block; values may be unknown.
    fn validate(&self, _config: &Self::Model) -> Diagnostics {
        Diagnostics::new()
    }

    /// Takes the configuration. Called once per process, before any call of a resource, and never by
    /// `terraform validate`. During plan, values may be unknown. Must not dial.
    fn configure(
        &self,
        context: &Context,
        request: Configure<Self::Model>,
    ) -> impl Future<Output = Diagnostics> + Send;

    /// The resource types served, wrapped with [`AnyResource::new`].
    fn resources(&self) -> Vec<AnyResource>;
}

/// Asks to configure the provider.
#[derive(Clone, Debug)]
pub struct Configure<M> {
    /// The version of the host.
    pub terraform_version: String,
    /// The provider block.
    pub config: M,
}
