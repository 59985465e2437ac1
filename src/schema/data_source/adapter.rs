//! Carries encoded requests to a typed [`DataSource`] and its answers back.

use std::fmt;

use futures_util::future::BoxFuture;

use super::DataSource;
use crate::{
    Diagnostic, Diagnostics, Model, Schema, Value,
    codec::{Codec, require, to_model},
    messages::{DataReadRequest, DataReadResponse, Encoded},
    planning,
    resource::Context,
    validation,
};

/// A data source of any model, as the server keeps it.
pub struct AnyDataSource(Box<dyn Erased>);

impl AnyDataSource {
    /// Wraps a data source.
    pub fn new<D: DataSource>(data_source: D) -> AnyDataSource {
        let codec = Codec::new(data_source.schema());
        AnyDataSource(Box::new(Adapter { data_source, codec }))
    }

    pub(crate) fn erased(&self) -> &dyn Erased {
        self.0.as_ref()
    }
}

impl fmt::Debug for AnyDataSource {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_tuple("AnyDataSource").field(&self.0.type_name()).finish()
    }
}

/// [`DataSource`] without its model.
pub(crate) trait Erased: Send + Sync {
    fn type_name(&self) -> &'static str;
    fn schema(&self) -> &Schema;
    fn validate(&self, config: &Encoded) -> Diagnostics;
    fn read<'a>(&'a self, context: &'a Context, request: DataReadRequest) -> BoxFuture<'a, DataReadResponse>;
}

struct Adapter<D> {
    data_source: D,
    codec: Codec,
}

impl<D: DataSource> Erased for Adapter<D> {
    fn type_name(&self) -> &'static str {
        self.data_source.type_name()
    }

    fn schema(&self) -> &Schema {
        &self.codec.schema
    }

    fn validate(&self, config: &Encoded) -> Diagnostics {
        self.codec.validate(config, |config| self.data_source.validate(config))
    }

    fn read<'a>(&'a self, context: &'a Context, request: DataReadRequest) -> BoxFuture<'a, DataReadResponse> {
        Box::pin(async move {
            let response = self.try_read(context, request).await.unwrap_or_else(DataReadResponse::failed);
            DataReadResponse { diagnostics: self.codec.locate(response.diagnostics), ..response }
        })
    }
}

impl<D: DataSource> Adapter<D> {
    async fn try_read(
        &self,
        context: &Context,
        request: DataReadRequest,
    ) -> Result<DataReadResponse, Diagnostics> {
        let config = require(self.codec.decode(&request.config)?, self.type_name(), "configuration")?;
        validation::validate_required(&self.codec.schema, &config)?;
        if !config.is_wholly_known() {
            return Ok(self.deferred(&config, request.deferral_allowed)?);
        }
        let config = planning::with_defaults(&self.codec.schema, &config);
        let model = to_model(config.clone())?;
        let reading = self.data_source.read(context, model).await;
        if reading.diagnostics.has_errors() {
            return Err(reading.diagnostics);
        }
        let found = reading.found.map_or(Value::Null, Model::into_object);
        self.check(&config, &found)?;
        Ok(DataReadResponse {
            state: self.codec.encode(found)?,
            diagnostics: reading.diagnostics,
            config_unknown: false,
        })
    }

    /// Answers a configuration that is not known yet: hosts wait until it is, except those that want to
    /// hear that the reading has to wait.
    fn deferred(&self, config: &Value, allowed: bool) -> Result<DataReadResponse, Diagnostic> {
        if !allowed {
            return Err(Diagnostic::error(
                "Configuration not known yet",
                format!(
                    "{} cannot be read while one of its arguments is unknown, and this Terraform does not let the provider wait for it. This is a bug in Terraform.",
                    self.type_name()
                ),
            ));
        }
        let draft = planning::plan(&self.codec.schema, config, &Value::Null, config.clone());
        Ok(DataReadResponse {
            state: self.codec.encode(draft.planned)?,
            diagnostics: Diagnostics::new(),
            config_unknown: true,
        })
    }

    /// Checks what was found. The host checks too, but its message does not name the attribute.
    fn check(&self, config: &Value, found: &Value) -> Result<(), Diagnostic> {
        let problem = if found.is_null() {
            Some("it found nothing and gave no reason".to_owned())
        } else if !found.is_wholly_known() {
            Some("it left a value unknown".to_owned())
        } else {
            let attributes = self.codec.schema.attributes.iter().map(|attribute| attribute.name);
            let mut names = attributes.chain(self.codec.schema.blocks.iter().map(|block| block.name));
            let changed = names.find(|name| !repeats(config.attribute(name), found.attribute(name)));
            changed.map(|name| format!("it changed the configured {name}"))
        };
        problem.map_or(Ok(()), |problem| {
            Err(Diagnostic::error(
                "A data source gave an unusable answer",
                format!(
                    "The provider read {}, but {problem}. This is a bug in the provider.",
                    self.type_name()
                ),
            ))
        })
    }
}

/// True if `found` holds every value that is configured; what is null inside of it is the provider's.
fn repeats(configured: &Value, found: &Value) -> bool {
    match (configured, found) {
        (Value::Null, _) => true,
        (Value::Object(configured), Value::Object(_)) => {
            configured.iter().all(|(name, value)| repeats(value, found.attribute(name)))
        }
        (Value::List(configured), Value::List(found)) => {
            configured.len() == found.len() && configured.iter().zip(found).all(|(a, b)| repeats(a, b))
        }
        (Value::Map(configured), Value::Map(found)) => {
            configured.len() == found.len()
                && configured.iter().all(|(key, a)| found.get(key).is_some_and(|b| repeats(a, b)))
        }
        (Value::Set(configured), Value::Set(found)) => {
            configured.len() == found.len() && configured.iter().all(|a| found.iter().any(|b| repeats(a, b)))
        }
        (configured, found) => configured == found,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn map(members: &[(&str, Value)]) -> BTreeMap<String, Value> {
        members.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
    }

    #[track_caller]
    fn check(configured: &Value, found: &Value, repeated: bool) {
        assert_eq!(repeats(configured, found), repeated, "{configured:?} {found:?}");
    }

    #[test]
    fn what_is_not_configured_is_the_providers_at_every_depth() {
        let object = |a: Value| Value::Object(map(&[("a", a), ("b", "b".into())]));
        check(&Value::Null, &"x".into(), true);
        check(&object(Value::Null), &object("x".into()), true);
        check(&Value::List(vec![object(Value::Null)]), &Value::List(vec![object("x".into())]), true);
        check(&Value::Set(vec![object(Value::Null)]), &Value::Set(vec![object("x".into())]), true);
    }

    #[test]
    fn what_is_configured_is_repeated_at_every_depth() {
        let object = |a: &str| Value::Object(map(&[("a", a.into())]));
        let entry = |key: &str| Value::Map(map(&[(key, object("x"))]));
        check(&object("x"), &object("y"), false);
        check(&object("x"), &Value::Null, false);
        check(&Value::List(vec![object("x")]), &Value::List(vec![object("y")]), false);
        check(&Value::List(vec![]), &Value::List(vec![object("y")]), false);
        check(&Value::Set(vec![object("x")]), &Value::Set(vec![object("x"), object("y")]), false);
        check(&entry("k"), &entry("k"), true);
        check(&entry("k"), &entry("l"), false);
    }
}
