//! One attribute's value in a typed model: known, null or unknown.

use std::collections::BTreeMap;

use super::{Diagnostic, Number, Path, Value};

/// A value that is known, not set, or not known yet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Field<T> {
    /// Not set.
    #[default]
    Null,
    /// Known only after something else was applied.
    Unknown,
    /// This value.
    Known(T),
}

impl<T> Field<T> {
    /// The value, if it is known.
    pub fn known(&self) -> Option<&T> {
        match self {
            Field::Known(value) => Some(value),
            Field::Null | Field::Unknown => None,
        }
    }

    /// True if it is not set.
    pub fn is_null(&self) -> bool {
        matches!(self, Field::Null)
    }

    /// True if it is not known yet.
    pub fn is_unknown(&self) -> bool {
        matches!(self, Field::Unknown)
    }
}

impl From<&str> for Field<String> {
    fn from(text: &str) -> Self {
        Field::Known(text.to_owned())
    }
}

impl From<String> for Field<String> {
    fn from(text: String) -> Self {
        Field::Known(text)
    }
}

/// A Rust type that a Terraform value can be read into and written from.
pub trait Typed: Sized {
    /// Reads a value that is neither null nor unknown.
    ///
    /// # Errors
    ///
    /// The value at `path` is of another type than the schema says.
    fn from_value(value: Value, path: &Path) -> Result<Self, Diagnostic>;

    /// Writes the value.
    fn into_value(self) -> Value;
}

impl<T: Typed> Field<T> {
    /// Reads a value of any of the three states.
    ///
    /// # Errors
    ///
    /// The value at `path` is of another type than the schema says.
    pub fn from_value(value: Value, path: &Path) -> Result<Self, Diagnostic> {
        match value {
            Value::Null => Ok(Field::Null),
            Value::Unknown(_) => Ok(Field::Unknown),
            known => T::from_value(known, path).map(Field::Known),
        }
    }

    /// Writes the value in whichever state it is.
    pub fn into_value(self) -> Value {
        match self {
            Field::Null => Value::Null,
            Field::Unknown => Value::UNKNOWN,
            Field::Known(value) => value.into_value(),
        }
    }
}

/// The error for a value whose type is not the schema's: core and provider disagree.
pub fn wrong_type(path: &Path, wanted: &str, found: &Value) -> Diagnostic {
    let found = found.kind();
    Diagnostic::error(
        "Value of the wrong type",
        format!("{path} must be {wanted}, but {found} was sent. This is a disagreement between Terraform and the provider about its schema; a state written by another version is the usual cause."),
    )
    .at(path.clone())
}

impl Typed for String {
    fn from_value(value: Value, path: &Path) -> Result<Self, Diagnostic> {
        match value {
            Value::String(text) => Ok(text),
            other => Err(wrong_type(path, "a string", &other)),
        }
    }

    fn into_value(self) -> Value {
        Value::String(self)
    }
}

impl Typed for bool {
    fn from_value(value: Value, path: &Path) -> Result<Self, Diagnostic> {
        match value {
            Value::Bool(truth) => Ok(truth),
            other => Err(wrong_type(path, "a bool", &other)),
        }
    }

    fn into_value(self) -> Value {
        Value::Bool(self)
    }
}

impl Typed for i64 {
    fn from_value(value: Value, path: &Path) -> Result<Self, Diagnostic> {
        match value {
            Value::Number(number) => number
                .to_i64()
                .ok_or_else(|| wrong_type(path, "a whole number of at most 64 bits", &Value::Number(number))),
            other => Err(wrong_type(path, "a whole number", &other)),
        }
    }

    fn into_value(self) -> Value {
        Value::Number(Number::from(self))
    }
}

impl Typed for Number {
    fn from_value(value: Value, path: &Path) -> Result<Self, Diagnostic> {
        match value {
            Value::Number(number) => Ok(number),
            other => Err(wrong_type(path, "a number", &other)),
        }
    }

    fn into_value(self) -> Value {
        Value::Number(self)
    }
}

/// Lists and block lists; elements may be null or unknown one by one.
impl<T: Typed> Typed for Vec<Field<T>> {
    fn from_value(value: Value, path: &Path) -> Result<Self, Diagnostic> {
        match value {
            Value::List(elements) | Value::Set(elements) => elements
                .into_iter()
                .enumerate()
                .map(|(index, element)| Field::from_value(element, &path.index(index)))
                .collect(),
            other => Err(wrong_type(path, "a list", &other)),
        }
    }

    fn into_value(self) -> Value {
        Value::List(self.into_iter().map(Field::into_value).collect())
    }
}

/// The elements of a set, in no order that counts; they may be null or unknown one by one.
#[derive(Clone, Debug, Default)]
pub struct SetOf<T>(pub Vec<Field<T>>);

impl<T: PartialEq> PartialEq for SetOf<T> {
    /// Elements of a set are distinct, but for unknown ones, so that counting each one's likes tells sets apart.
    fn eq(&self, other: &Self) -> bool {
        let count = |elements: &[Field<T>], of: &Field<T>| elements.iter().filter(|one| *one == of).count();
        self.0.len() == other.0.len()
            && self.0.iter().all(|element| count(&self.0, element) == count(&other.0, element))
    }
}

impl<T: Typed> Typed for SetOf<T> {
    fn from_value(value: Value, path: &Path) -> Result<Self, Diagnostic> {
        match value {
            Value::Set(elements) => {
                let read = elements.into_iter().map(|element| Field::from_value(element, path));
                read.collect::<Result<_, _>>().map(SetOf)
            }
            other => Err(wrong_type(path, "a set", &other)),
        }
    }

    fn into_value(self) -> Value {
        Value::Set(self.0.into_iter().map(Field::into_value).collect())
    }
}

impl<T: Typed> Typed for BTreeMap<String, Field<T>> {
    fn from_value(value: Value, path: &Path) -> Result<Self, Diagnostic> {
        match value {
            Value::Map(members) => members
                .into_iter()
                .map(|(key, member)| {
                    let member = Field::from_value(member, &path.key(&key))?;
                    Ok((key, member))
                })
                .collect(),
            other => Err(wrong_type(path, "a map", &other)),
        }
    }

    fn into_value(self) -> Value {
        Value::Map(self.into_iter().map(|(key, member)| (key, member.into_value())).collect())
    }
}

/// Any value as it came, for attributes whose type is only known at run time.
impl Typed for Value {
    fn from_value(value: Value, _path: &Path) -> Result<Self, Diagnostic> {
        Ok(value)
    }

    fn into_value(self) -> Value {
        self
    }
}
