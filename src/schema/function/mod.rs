//! The trait a provider function implements.

pub(super) mod adapter;
pub mod argument;
pub mod definition;

use std::fmt;

pub use adapter::AnyFunction;
pub use argument::{Arguments, Returned, Variadic};
pub use definition::{Definition, Parameter, Signature};

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

/// Why a function has no result, for the person who wrote the expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionError {
    /// What is wrong and what a right argument looks like, in sentences.
    pub text: String,
    /// The argument it is about, counted from zero, those of a variadic parameter included.
    pub argument: Option<usize>,
}

impl FunctionError {
    /// An error about the call as a whole.
    pub fn new(text: impl Into<String>) -> FunctionError {
        FunctionError { text: text.into(), argument: None }
    }

    /// An error about the argument with that index, counted from zero.
    pub fn at(argument: usize, text: impl Into<String>) -> FunctionError {
        FunctionError { text: text.into(), argument: Some(argument) }
    }
}
