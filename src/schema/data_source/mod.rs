//! The trait a data source implements.

pub(super) mod adapter;

use std::{fmt, future::Future};

pub use adapter::AnyDataSource;

use super::{Diagnostics, Model, Schema, resource::Context};

/// One data source type.
///
/// The framework decodes and encodes, checks values against the schema's validators and fills in
/// defaults; what is left to a data source is its own rules and the calls to its service.
pub trait DataSource: fmt::Debug + Send + Sync + 'static {
    /// The arguments and attributes as a struct.
    type Model: Model;

    /// The name of the data source type.
    fn type_name(&self) -> &'static str;

    /// Its schema. Plan modifiers and semantic equality mean nothing here: a data source is never planned.
    fn schema(&self) -> Schema;

    /// Checks rules between arguments; values may be unknown.
    fn validate(&self, _config: &Self::Model) -> Diagnostics {
        Diagnostics::new()
    }

    /// Reads what the configuration asks for.
    ///
    /// The configuration is wholly known, passed [`DataSource::validate`] before, and has its defaults;
    /// computed attributes that are not configured are null in it. What is found must be wholly known
    /// and repeat every configured value as it is; anything else is refused as a bug of the data source.
    fn read(
        &self,
        context: &Context,
        config: Self::Model,
    ) -> impl Future<Output = Reading<Self::Model>> + Send;
}

/// The result of reading a data source.
#[derive(Clone, Debug)]
pub struct Reading<M> {
    /// What was found; not passed on if a diagnostic is an error, and needed if none is.
    pub found: Option<M>,
    /// Errors and warnings.
    pub diagnostics: Diagnostics,
}

impl<M> Reading<M> {
    /// This was found, without a diagnostic.
    pub fn found(found: M) -> Reading<M> {
        Reading { found: Some(found), diagnostics: Diagnostics::new() }
    }

    /// Nothing was found; at least one of the diagnostics is an error.
    pub fn failed(diagnostics: impl Into<Diagnostics>) -> Reading<M> {
        Reading { found: None, diagnostics: diagnostics.into() }
    }
}
