//! Values of one schema: from what a host sends to models and back.

use super::{
    Diagnostic, Diagnostics, Model, Path, Schema, Type, Value, blocks, json, messages::Encoded, msgpack,
    validation,
};

/// Decodes, checks and encodes the values of one schema, and points diagnostics at them.
pub(super) struct Codec {
    /// The schema.
    pub(super) schema: Schema,
    value_type: Type,
}

impl Codec {
    pub(super) fn new(schema: Schema) -> Codec {
        let value_type = schema.implied_type();
        Codec { schema, value_type }
    }

    /// The type of the values.
    pub(super) fn value_type(&self) -> &Type {
        &self.value_type
    }

    /// Decodes an object; null if there is none.
    ///
    /// # Errors
    ///
    /// The bytes are not a value of the schema.
    pub(super) fn decode(&self, encoded: &Encoded) -> Result<Value, Diagnostic> {
        decode(encoded, &self.value_type)
    }

    /// Encodes an object, or null. A block that a model left null becomes an empty collection.
    ///
    /// # Errors
    ///
    /// The object is not a value of the schema.
    pub(super) fn encode(&self, object: Value) -> Result<Encoded, Diagnostic> {
        encode(&blocks::with_empty_blocks(&self.schema, object), &self.value_type)
    }

    /// Decodes a configuration whose required values must be there.
    ///
    /// # Errors
    ///
    /// The bytes are not a value of the schema, or a required value is null.
    pub(super) fn decode_config(&self, config: &Encoded) -> Result<Value, Diagnostics> {
        let config = self.decode(config)?;
        validation::validate_required(&self.schema, &config)?;
        Ok(config)
    }

    /// Decodes a configuration that a call needs: it is there, its required values are there, and nothing is unknown.
    ///
    /// # Errors
    ///
    /// One of these does not hold, or the bytes are not a value of the schema.
    pub(super) fn decode_known_config(
        &self,
        config: &Encoded,
        type_name: &str,
    ) -> Result<Value, Diagnostics> {
        let config = require(self.decode_config(config)?, type_name, "configuration")?;
        if config.is_wholly_known() {
            return Ok(config);
        }
        let problem = Diagnostic::error(
            "Configuration not known yet",
            format!(
                "{type_name}: the provider was called while {} is unknown. This is a bug in Terraform.",
                config.unknown_members().join(", ")
            ),
        );
        Err(problem.into())
    }

    /// Checks a configuration by the rules of the schema and then by `rules`, which may rely on those of the schema.
    pub(super) fn validate<M: Model>(
        &self,
        config: &Encoded,
        rules: impl FnOnce(&M) -> Diagnostics,
    ) -> Diagnostics {
        let validate = || {
            let config = self.decode(config)?;
            let mut found = validation::validate(&self.schema, &config);
            if !found.has_errors() && config.as_object().is_some() {
                found.extend(rules(&to_model(config)?));
            }
            Ok(found)
        };
        self.locate(validate().unwrap_or_else(|problem: Diagnostic| problem.into()))
    }

    /// Cuts the path of each diagnostic to what a host can point at.
    pub(super) fn locate(&self, diagnostics: impl Into<Diagnostics>) -> Diagnostics {
        let located = |diagnostic: Diagnostic| Diagnostic {
            path: diagnostic.path.map(|path| self.schema.locatable(&path)),
            ..diagnostic
        };
        diagnostics.into().into_iter().map(located).collect()
    }
}

/// Reads an object of a schema as its model.
///
/// # Errors
///
/// The object does not fit the model.
pub(super) fn to_model<M: Model>(object: Value) -> Result<M, Diagnostic> {
    M::from_object(object, &Path::root())
}

/// Refuses a null in place of an object that a call needs.
///
/// # Errors
///
/// There is no object.
pub(super) fn require(object: Value, type_name: &str, what: &str) -> Result<Value, Diagnostic> {
    if object.is_null() {
        return Err(Diagnostic::error(
            "A value that a call needs was not sent",
            format!(
                "{type_name}: Terraform or OpenTofu sent no {what}, which they must not do. Report it to them, with the version that terraform version prints."
            ),
        ));
    }
    Ok(object)
}

/// Decodes a value of that type; none sent reads as null.
///
/// # Errors
///
/// The bytes are not a value of that type.
pub(super) fn decode(encoded: &Encoded, of: &Type) -> Result<Value, Diagnostic> {
    let decoded = match encoded {
        Encoded::Absent => return Ok(Value::Null),
        Encoded::Msgpack(bytes) => msgpack::decode(bytes, of).map_err(|error| error.to_string()),
        Encoded::Json(bytes) => json::decode(bytes, of).map_err(|error| error.to_string()),
    };
    decoded.map_err(|error| {
        Diagnostic::error(
            "Value cannot be read",
            format!("Terraform sent a value that does not fit the provider's schema: {error}."),
        )
    })
}

/// Encodes a value of that type.
///
/// # Errors
///
/// The value is not of that type.
pub(super) fn encode(value: &Value, of: &Type) -> Result<Encoded, Diagnostic> {
    msgpack::encode(value, of).map(Encoded::Msgpack).map_err(|error| {
        Diagnostic::error(
            "Value cannot be written",
            format!("The provider made a value that does not fit its own schema: {error}. This is a bug in the provider."),
        )
    })
}
