//! Policies: their documents, and what these decide about a request
//! (<https://www.alibabacloud.com/help/en/ram/user-guide/policy-structure-and-syntax>).

mod condition;
mod document;
mod evaluation;
mod pattern;
#[cfg(test)]
mod properties;
#[cfg(any(test, fuzzing))]
pub mod reference;
mod text;

pub use condition::ConditionContext;
pub use document::{Document, Grammar, Malformed};
pub use evaluation::{Decision, Request, TrustedEntity, decide};
pub use text::PolicyText;
