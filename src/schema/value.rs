//! A Terraform value of any type, before it is read into a typed model.

use std::collections::{BTreeMap, BTreeSet};

use super::{Number, Type, refinement::Refinements};

/// A value as core sends it: known, null or not known yet, at every level.
#[derive(Clone, Debug)]
pub enum Value {
    /// No value: an argument that was not set, an object that does not exist.
    Null,
    /// A value that will be known only after something else was applied.
    Unknown(Option<Box<Refinements>>),
    /// A truth value.
    Bool(bool),
    /// A number of any size.
    Number(Number),
    /// Unicode text.
    String(String),
    /// The elements of a list or tuple, in order.
    List(Vec<Value>),
    /// The elements of a set, in the order they came.
    Set(Vec<Value>),
    /// The elements of a map.
    Map(BTreeMap<String, Value>),
    /// The attributes of an object; every attribute of its type is present.
    Object(BTreeMap<String, Value>),
    /// A value whose type travels with it.
    Dynamic(Box<Type>, Box<Value>),
}

impl Value {
    /// An unknown value about which nothing is promised.
    pub const UNKNOWN: Value = Value::Unknown(None);

    /// True if this value itself is null.
    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }

    /// True if this value itself is unknown; elements of a known collection may still be.
    pub fn is_unknown(&self) -> bool {
        matches!(self, Value::Unknown(_))
    }

    /// True if neither this value nor anything inside it is unknown.
    pub fn is_wholly_known(&self) -> bool {
        match self {
            Value::Unknown(_) => false,
            Value::List(elements) | Value::Set(elements) => elements.iter().all(Value::is_wholly_known),
            Value::Map(members) | Value::Object(members) => members.values().all(Value::is_wholly_known),
            Value::Dynamic(_, value) => value.is_wholly_known(),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => true,
        }
    }

    /// The members of an object that are not known, each by the names that lead to it: `endpoints.log`. What is in a
    /// list or a set has the name of that.
    pub fn unknown_members(&self) -> Vec<String> {
        match self {
            Value::Unknown(_) => vec![String::new()],
            Value::List(elements) | Value::Set(elements) => {
                let unknown: BTreeSet<String> = elements.iter().flat_map(Value::unknown_members).collect();
                unknown.into_iter().collect()
            }
            Value::Map(members) | Value::Object(members) => {
                let named = |(name, value): (&String, &Value)| {
                    let dotted = |inner: String| {
                        if inner.is_empty() { name.clone() } else { format!("{name}.{inner}") }
                    };
                    value.unknown_members().into_iter().map(dotted).collect::<Vec<_>>()
                };
                members.iter().flat_map(named).collect()
            }
            Value::Dynamic(_, value) => value.unknown_members(),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
        }
    }

    /// What kind of value this is, with its article, for messages.
    pub fn kind(&self) -> &'static str {
        match self {
            Value::Null => "null",
            Value::Unknown(_) => "an unknown value",
            Value::Bool(_) => "a bool",
            Value::Number(_) => "a number",
            Value::String(_) => "a string",
            Value::List(_) => "a list",
            Value::Set(_) => "a set",
            Value::Map(_) => "a map",
            Value::Object(_) => "an object",
            Value::Dynamic(..) => "a value of dynamic type",
        }
    }

    /// The attributes, if this is a known object.
    pub fn as_object(&self) -> Option<&BTreeMap<String, Value>> {
        match self {
            Value::Object(attributes) => Some(attributes),
            _ => None,
        }
    }

    /// The text, if this is a known string.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// The attribute of that name, or null where this is not a known object that has it.
    pub fn attribute(&self, name: &str) -> &Value {
        self.as_object().and_then(|attributes| attributes.get(name)).unwrap_or(&Value::Null)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Value::String(text.to_owned())
    }
}

impl From<bool> for Value {
    fn from(truth: bool) -> Self {
        Value::Bool(truth)
    }
}

/// Equal as Terraform sees it: sets regardless of order, numbers by amount, unknowns alike whatever
/// is promised about them.
impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Value::Null, Value::Null) | (Value::Unknown(_), Value::Unknown(_)) => true,
            (Value::Bool(a), Value::Bool(b)) => a == b,
            (Value::Number(a), Value::Number(b)) => a == b,
            (Value::String(a), Value::String(b)) => a == b,
            (Value::List(a), Value::List(b)) => a == b,
            (Value::Set(a), Value::Set(b)) => same_elements(a, b),
            (Value::Map(a), Value::Map(b)) | (Value::Object(a), Value::Object(b)) => a == b,
            (Value::Dynamic(type_a, a), Value::Dynamic(type_b, b)) => type_a == type_b && a == b,
            _ => false,
        }
    }
}

/// True if the two hold the same elements, each as often.
fn same_elements(a: &[Value], b: &[Value]) -> bool {
    let mut left: Vec<&Value> = b.iter().collect();
    a.len() == b.len()
        && a.iter().all(|element| {
            let found = left.iter().position(|candidate| *candidate == element);
            found.map(|index| left.swap_remove(index)).is_some()
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(texts: &[&str]) -> Value {
        Value::Set(texts.iter().map(|text| Value::from(*text)).collect())
    }

    #[test]
    fn sets_are_equal_regardless_of_order_but_not_of_content() {
        assert_eq!(set(&["a", "b"]), set(&["b", "a"]));
        assert_ne!(set(&["a", "b"]), set(&["a", "a"]));
        assert_ne!(set(&["a"]), set(&["a", "b"]));
    }

    #[test]
    fn an_unknown_deep_inside_is_found() {
        let deep = Value::Object(BTreeMap::from([("a".to_owned(), Value::List(vec![Value::UNKNOWN]))]));
        assert!(!deep.is_unknown());
        assert!(!deep.is_wholly_known());
    }

    #[test]
    fn null_unknown_and_empty_are_three_different_things() {
        assert_ne!(Value::Null, Value::UNKNOWN);
        assert_ne!(Value::Null, Value::from(""));
        assert_ne!(Value::List(vec![]), Value::Null);
    }
}
