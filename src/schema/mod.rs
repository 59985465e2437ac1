//! Terraform's values, types, schemas, diagnostics and the traits a provider implements.
//!
//! Nothing here knows how Terraform is reached (that is the room `plugin`) or what is managed
//! (that is the room `provider`). A resource is written against [`Resource`] with a typed model, a data
//! source against [`DataSource`], a list against [`ListResource`], an action against [`Action`], a function against
//! [`Function`]; [`ProviderServer`] turns what core asks into calls of those traits.

pub mod action;
pub mod adapter;
pub mod attribute;
mod blocks;
mod codec;
pub mod data_source;
pub mod diagnostic;
pub mod encoding;
pub mod events;
pub mod field;
pub mod function;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
pub mod generation;
pub mod json;
pub mod list_resource;
pub mod messages;
pub mod model;
pub mod modifier;
pub mod msgpack;
pub mod number;
pub mod path;
pub mod planning;
pub mod provider;
pub mod refinement;
pub mod resource;
pub mod server;
pub mod types;
pub mod validation;
pub mod validator;
pub mod value;

pub use action::Action;
pub use attribute::{Attribute, Block, Nested, Nesting, Schema};
pub use data_source::DataSource;
pub use diagnostic::{Diagnostic, Diagnostics, Severity};
pub use field::Field;
pub use function::Function;
pub use list_resource::ListResource;
pub use model::Model;
pub use number::Number;
pub use path::{Path, Step};
pub use provider::Provider;
pub use resource::Resource;
pub use server::ProviderServer;
pub use types::Type;
pub use value::Value;
