//! The data source of the provider under test, `own_source`, whose name says how its calls go.

use std::{collections::BTreeMap, sync::Arc};

use schema::{
    Attribute, Block, DataSource, Diagnostic, Diagnostics, Field, Nesting, Number, Path, Schema, Type, Value,
    data_source::Reading, model, msgpack, resource::Context,
};

use crate::{
    client::pb::tfplugin6::DynamicValue,
    thing::{PANICS, WAITS, Watch},
};

pub const SOURCE: &str = "own_source";

/// Fails in `read`, at `name`.
pub const FAILS: &str = "fails";

/// Finds nothing in `read` and says nothing.
pub const SILENT: &str = "silent";

/// Leaves a value unknown in `read`.
pub const VAGUE: &str = "vague";

/// Changes a configured value in `read`.
pub const CHANGES: &str = "changes";

model! {
    /// The data source block.
    pub struct SourceModel {
        /// How its calls go.
        pub name: String,
        /// Set by the provider if it is not configured.
        pub text: String,
        /// Has a default.
        pub limit: Number,
        /// Set by the provider.
        pub found: Vec<Field<String>>,
        /// Blocks.
        pub filter: Vec<Field<FilterModel>>,
    }
}

model! {
    /// A block.
    pub struct FilterModel {
        /// Anything.
        pub key: String,
    }
}

#[derive(Debug)]
pub struct Source(pub Arc<Watch>);

impl DataSource for Source {
    type Model = SourceModel;

    fn type_name(&self) -> &'static str {
        SOURCE
    }

    fn schema(&self) -> Schema {
        Schema {
            attributes: vec![
                Attribute::string("name").required(),
                Attribute::string("text").optional().computed(),
                Attribute::number("limit").default_value(Value::Number(10_i64.into())),
                Attribute::new("found", Type::list(Type::String)).computed(),
            ],
            blocks: vec![Block::new("filter", Nesting::List, vec![Attribute::string("key").optional()])],
            ..Schema::default()
        }
    }

    fn validate(&self, config: &SourceModel) -> Diagnostics {
        assert!(config.name != Field::from(PANICS), "asked to panic");
        if config.name == Field::from("") {
            return Diagnostic::error("Empty", "name is empty").at(Path::of("name")).into();
        }
        Diagnostics::new()
    }

    async fn read(&self, context: &Context, config: SourceModel) -> Reading<SourceModel> {
        let name = config.name.known().cloned().unwrap_or_default();
        assert!(name != PANICS, "asked to panic");
        let found = SourceModel {
            found: Field::Known(vec![Field::from(name.as_str())]),
            text: if config.text.is_null() { Field::from("chosen") } else { config.text.clone() },
            ..config
        };
        match name.as_str() {
            FAILS => Reading {
                diagnostics: Diagnostic::error("Not there", "no such thing").at(Path::of("name")).into(),
                found: Some(found),
            },
            SILENT => Reading { found: None, diagnostics: Diagnostics::new() },
            VAGUE => Reading::found(SourceModel { found: Field::Unknown, ..found }),
            CHANGES => Reading::found(SourceModel { text: Field::from("other"), ..found }),
            WAITS => {
                self.0.waiting.notify_one();
                context.cancel.cancelled().await;
                Reading::failed(Diagnostic::error("Cancelled", "the call was cancelled"))
            }
            _ => Reading {
                found: Some(found),
                diagnostics: Diagnostic::warning("Careful", "it is old").at(Path::of("text")).into(),
            },
        }
    }
}

/// An object of the data source; what is not given is null.
pub fn source(given: &[(&str, Value)]) -> Value {
    let names = ["name", "text", "limit", "found"];
    let mut members = BTreeMap::from(names.map(|name| (name.to_owned(), Value::Null)));
    members.insert("filter".to_owned(), Value::List(vec![]));
    members.extend(given.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
    Value::Object(members)
}

fn source_type() -> Type {
    Source(Arc::default()).schema().implied_type()
}

/// A value of the data source as hosts send it.
#[expect(clippy::unnecessary_wraps, reason = "the fields that take it are optional")]
pub fn encode(value: &Value) -> Option<DynamicValue> {
    Some(DynamicValue { msgpack: msgpack::encode(value, &source_type()).unwrap(), json: vec![] })
}

/// A value of the data source as the provider sent it.
#[track_caller]
pub fn decode(value: Option<&DynamicValue>) -> Value {
    msgpack::decode(&value.unwrap().msgpack, &source_type()).unwrap()
}
