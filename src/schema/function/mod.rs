//! The trait a provider function implements.

pub(super) mod adapter;
pub mod argument;
pub mod definition;
pub mod error;

use std::fmt;

pub use adapter::AnyFunction;
pub use argument::{Arguments, Returned, Variadic};
pub use definition::{Definition, Parameter, Signature};
pub use error::FunctionError;

/// One function of Terraform's language, called as `provider::<name>::<function>(…)` (protocol 6.5:
/// Terraform 1.8, OpenTofu 1.7).
///
/// It is pure: the same arguments always give the same result, and nothing is read but the arguments.
/// Hosts call it at any time, also while the provider is not configured, and as often as they like.
pub trait Function: fmt::Debug + Send + Sync + 'static {
    /// The arguments: a tuple, whose last element may be [`Variadic`].
    ///
    /// Their Rust types say what hosts may pass: a plain type takes known values only, an [`Option`] also
    /// null, a [`Field`](super::Field) null and unknown values. Where a value is not taken, a null is refused and
    /// an unknown value makes the result unknown, without a call.
    type Arguments: Arguments;

    /// The result: a plain type, or a [`Field`](super::Field) if it can be null or unknown.
    type Returns: Returned;

    /// The name of the function.
    fn name(&self) -> &'static str;

    /// What it takes, what it returns and what it is for: as many parameters as there are arguments.
    fn signature(&self) -> Signature<<Self::Arguments as Arguments>::Parameters>;

    /// Computes the result.
    ///
    /// # Errors
    ///
    /// What is wrong with which argument.
    fn call(&self, arguments: Self::Arguments) -> Result<Self::Returns, FunctionError>;
}
