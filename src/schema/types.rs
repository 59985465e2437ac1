//! Terraform's type constraints, and their JSON notation on the wire.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

/// A type a value can have in Terraform's language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Type {
    /// Unicode text.
    String,
    /// A number of any size and precision.
    Number,
    /// True or false.
    Bool,
    /// Any type; the value says which on the wire.
    Dynamic,
    /// A sequence of one element type.
    List(Box<Type>),
    /// A collection without order or duplicates.
    Set(Box<Type>),
    /// Text keys to values of one type.
    Map(Box<Type>),
    /// A fixed sequence of types.
    Tuple(Vec<Type>),
    /// Named attributes, each of its own type.
    Object(BTreeMap<String, Type>),
}

impl Type {
    /// Returns the list type with the given element type.
    pub fn list(element: Type) -> Type {
        Type::List(Box::new(element))
    }

    /// Returns the set type with the given element type.
    pub fn set(element: Type) -> Type {
        Type::Set(Box::new(element))
    }

    /// Returns the map type with the given element type.
    pub fn map(element: Type) -> Type {
        Type::Map(Box::new(element))
    }

    /// Returns the JSON notation core uses in schemas, for example `["list","string"]`.
    pub fn to_json(&self) -> Json {
        match self {
            Type::String => json!("string"),
            Type::Number => json!("number"),
            Type::Bool => json!("bool"),
            Type::Dynamic => json!("dynamic"),
            Type::List(element) => json!(["list", element.to_json()]),
            Type::Set(element) => json!(["set", element.to_json()]),
            Type::Map(element) => json!(["map", element.to_json()]),
            Type::Tuple(elements) => {
                json!(["tuple", elements.iter().map(Type::to_json).collect::<Vec<_>>()])
            }
            Type::Object(attributes) => {
                let members: serde_json::Map<String, Json> =
                    attributes.iter().map(|(name, of)| (name.clone(), of.to_json())).collect();
                json!(["object", members])
            }
        }
    }

    /// Reads the JSON notation core uses beside values of the dynamic type.
    ///
    /// Returns `None` for anything that is not a type.
    pub fn from_json(json: &Json) -> Option<Type> {
        if let Some(name) = json.as_str() {
            return match name {
                "string" => Some(Type::String),
                "number" => Some(Type::Number),
                "bool" => Some(Type::Bool),
                "dynamic" => Some(Type::Dynamic),
                _ => None,
            };
        }
        // An object type may carry a third element: the names of its optional attributes.
        let (kind, of) = match json.as_array()?.as_slice() {
            [kind, of] | [kind, of, _] => (kind.as_str()?, of),
            _ => return None,
        };
        match kind {
            "list" => Type::from_json(of).map(Type::list),
            "set" => Type::from_json(of).map(Type::set),
            "map" => Type::from_json(of).map(Type::map),
            "tuple" => of.as_array()?.iter().map(Type::from_json).collect::<Option<_>>().map(Type::Tuple),
            "object" => of
                .as_object()?
                .iter()
                .map(|(name, of)| Some((name.clone(), Type::from_json(of)?)))
                .collect::<Option<_>>()
                .map(Type::Object),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(of: &Type, notation: &str) {
        assert_eq!(of.to_json().to_string(), notation);
        assert_eq!(Type::from_json(&serde_json::from_str(notation).unwrap()).as_ref(), Some(of));
    }

    #[test]
    fn notation_is_the_one_core_reads() {
        check(&Type::String, r#""string""#);
        check(&Type::Dynamic, r#""dynamic""#);
        check(&Type::list(Type::Number), r#"["list","number"]"#);
        check(&Type::set(Type::map(Type::Bool)), r#"["set",["map","bool"]]"#);
        check(&Type::Tuple(vec![Type::String, Type::Bool]), r#"["tuple",["string","bool"]]"#);
        check(
            &Type::Object(BTreeMap::from([("a".into(), Type::String), ("b".into(), Type::Number)])),
            r#"["object",{"a":"string","b":"number"}]"#,
        );
    }

    #[test]
    fn what_is_not_a_type_is_refused() {
        for text in [r#""text""#, "[]", r#"["list"]"#, r#"["bag","string"]"#, "3", r#"["object",["a"]]"#] {
            assert_eq!(Type::from_json(&serde_json::from_str(text).unwrap()), None, "{text}");
        }
    }
}
