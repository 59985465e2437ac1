//! Typed models: a Rust struct for an object of a schema.

use std::collections::BTreeMap;

use super::{Diagnostic, Path, Value, field::wrong_type};

/// A Rust struct that mirrors the attributes of a schema, written with [`model!`](macro@crate::model).
pub trait Model: Clone + Send + Sync + Sized + 'static {
    /// Reads a known object.
    ///
    /// # Errors
    ///
    /// The value is not an object, an attribute is missing, or an attribute has another type than the schema
    /// says. A missing attribute is never taken for null: core sends every attribute of an object.
    fn from_object(value: Value, path: &Path) -> Result<Self, Diagnostic>;

    /// Writes the object, every attribute included.
    fn into_object(self) -> Value;
}

/// The attributes of an object that a model is being read from.
#[derive(Debug)]
pub struct Members {
    members: BTreeMap<String, Value>,
    path: Path,
}

impl Members {
    /// Opens a known object.
    ///
    /// # Errors
    ///
    /// The value is not an object.
    pub fn open(value: Value, path: &Path) -> Result<Members, Diagnostic> {
        match value {
            Value::Object(members) => Ok(Members { members, path: path.clone() }),
            other => Err(wrong_type(path, "an object", &other)),
        }
    }

    /// Takes the attribute of that name, with its path.
    ///
    /// # Errors
    ///
    /// The object has no such attribute.
    pub fn take(&mut self, name: &str) -> Result<(Value, Path), Diagnostic> {
        let path = self.path.attribute(name);
        match self.members.remove(name) {
            Some(value) => Ok((value, path)),
            None => Err(Diagnostic::error(
                "Attribute missing",
                format!("{path} was not sent at all. Terraform and the provider disagree about the provider's schema."),
            )
            .at(path)),
        }
    }
}

/// Defines a model: a struct whose fields are [`Field`](crate::Field)s named after the
/// attributes of a schema, readable from and writable to a [`Value`].
///
/// ```
/// use schema::model;
/// use schema::{Field, Model, Path, Value};
///
/// model! {
///     /// A key.
///     pub struct Key {
///         /// Its id.
///         pub id: String,
///     }
/// }
///
/// let key = Key { id: Field::from("k-1") };
/// let read = Key::from_object(key.clone().into_object(), &Path::root()).unwrap();
/// assert_eq!(read, key);
/// ```
#[macro_export]
macro_rules! model {
    (
        $(#[$outer:meta])*
        pub struct $name:ident {
            $( $(#[$inner:meta])* pub $field:ident: $of:ty, )*
        }
    ) => {
        $(#[$outer])*
        #[derive(Clone, Debug, Default, PartialEq)]
        pub struct $name {
            $( $(#[$inner])* pub $field: $crate::Field<$of>, )*
        }

        impl $crate::Model for $name {
            fn from_object(
                value: $crate::Value,
                path: &$crate::Path,
            ) -> Result<Self, $crate::Diagnostic> {
                let mut members = $crate::model::Members::open(value, path)?;
                Ok(Self {
                    $( $field: {
                        let (value, path) = members.take(stringify!($field))?;
                        $crate::Field::from_value(value, &path)?
                    }, )*
                })
            }

            fn into_object(self) -> $crate::Value {
                $crate::Value::Object(std::collections::BTreeMap::from([
                    $( (stringify!($field).to_owned(), self.$field.into_value()), )*
                ]))
            }
        }

        impl $crate::field::Typed for $name {
            fn from_value(
                value: $crate::Value,
                path: &$crate::Path,
            ) -> Result<Self, $crate::Diagnostic> {
                <Self as $crate::Model>::from_object(value, path)
            }

            fn into_value(self) -> $crate::Value {
                <Self as $crate::Model>::into_object(self)
            }
        }
    };
}
