//! The trait an action implements.

pub(super) mod adapter;
pub mod progress;

use std::{fmt, future::Future};

pub use adapter::AnyAction;
pub use progress::Progress;

use super::{Diagnostics, Model, Schema, resource::Context};

/// One action: something done once, beside the life of a resource (protocol 6.10, Terraform 1.14). A person invokes it
/// with `-invoke`, or a resource triggers it (`action_trigger`).
///
/// The framework decodes and encodes, checks values against the schema's validators and fills in defaults; what is left
/// to an action is its own rules and the calls to its service.
pub trait Action: fmt::Debug + Send + Sync + 'static {
    /// The arguments of the `config` block as a struct.
    type Model: Model;

    /// The name of the action type.
    fn type_name(&self) -> &'static str;

    /// The schema of the `config` block: arguments only.
    fn schema(&self) -> Schema;

    /// Checks rules between arguments; values may be unknown.
    fn validate(&self, _config: &Self::Model) -> Diagnostics {
        Diagnostics::new()
    }

    /// Says, before anything is applied, what an invocation will not do or will do besides. The configuration has its
    /// defaults; values may be unknown. An error fails the plan.
    fn plan(&self, _context: &Context, _config: Self::Model) -> impl Future<Output = Diagnostics> + Send {
        async { Diagnostics::new() }
    }

    /// Carries out the action. An error fails the run.
    ///
    /// The configuration is wholly known, and has its defaults. When `context.cancel` is cancelled the action should
    /// end soon, with an error that says what was not done. It is dropped at an `await` if the host closes the stream.
    fn invoke(
        &self,
        context: &Context,
        config: Self::Model,
        progress: &mut Progress<'_>,
    ) -> impl Future<Output = Diagnostics> + Send;
}
