//! The trait a list resource implements.

pub(super) mod adapter;
pub mod sink;

use std::{fmt, future::Future};

pub use adapter::AnyListResource;
pub use sink::{ListSink, Listed};

use super::{Diagnostics, Model, Schema, resource::Context};

/// The list of the objects of one resource type that exist, managed or not: `terraform query` (protocol 6.10, Terraform
/// 1.14).
///
/// The framework decodes and encodes, checks values against the schema's validators and fills in defaults, counts to
/// the limit, and ends the listing; what is left to a list resource is its own rules and the calls to its service.
pub trait ListResource: fmt::Debug + Send + Sync + 'static {
    /// The arguments of the `config` block as a struct.
    type Config: Model;

    /// The attributes of the resource type as a struct.
    type Resource: Model;

    /// The name of the resource type whose objects are listed. The type has an identity.
    fn type_name(&self) -> &'static str;

    /// The schema of the `config` block: arguments only.
    fn schema(&self) -> Schema;

    /// Checks rules between arguments; values may be unknown. All are null where there is no `config` block.
    fn validate(&self, _config: &Self::Config) -> Diagnostics {
        Diagnostics::new()
    }

    /// Sends each object to `sink`, in the order in which Terraform prints them.
    ///
    /// The configuration is wholly known, passed [`ListResource::validate`] before, and has its defaults. The listing
    /// ends when this returns. It is dropped at an `await` as soon as the limit is reached, the host closes the stream,
    /// or the person interrupts Terraform; `context.cancel` is cancelled then too.
    ///
    /// An object that cannot be read is not an error: it is left out, and [`ListSink::warn`] says so.
    ///
    /// # Errors
    ///
    /// Nothing can be listed at all. Terraform throws away what it was sent before, and ends the query. It cannot point
    /// at an attribute here, so the text names the attribute.
    fn list(
        &self,
        context: &Context,
        request: List<Self::Config>,
        sink: &mut ListSink<'_, Self::Resource>,
    ) -> impl Future<Output = Result<(), Diagnostics>> + Send;
}

/// Asks to list.
#[derive(Clone, Debug)]
pub struct List<C> {
    /// The arguments of the `config` block.
    pub config: C,
    /// How many objects the host takes at most; at least 1. Of no more need be asked the service.
    pub limit: u64,
    /// The host wants the attributes of each object.
    pub include_resource: bool,
}
