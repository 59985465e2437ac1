//! The bodies of the fuzz targets of this room: encoded values of any type.
#![allow(
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a panic is the report"
)]

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::{
    Attribute, Block, Nesting, Schema, Type, Value,
    encoding::{DecodeError, MAX_DEPTH},
    json, msgpack, validation,
};

#[cfg(test)]
#[path = "../../fuzz/corpus.rs"]
mod corpus;

/// The first byte chooses a type, the others are MessagePack. What is accepted is of that type, and comes back the same
/// when it is written and read again. An error shows a bounded part of the document.
pub fn msgpack(bytes: &[u8]) {
    let Some((choice, document)) = bytes.split_first() else { return };
    let of = chosen(*choice);
    match msgpack::decode(document, &of) {
        Err(error) => check_error(&error),
        Ok(value) => check_msgpack(&value, &of, document.len()),
    }
}

/// The first byte chooses a type, the others are JSON: a value in its exact form, or a stored state. The same holds as
/// for MessagePack, and what can be read in its exact form is read the same as a stored state.
pub fn json(bytes: &[u8]) {
    let Some((choice, document)) = bytes.split_first() else { return };
    let of = chosen(*choice);
    let exact = json::decode(document, &of);
    if let Err(error) = &exact {
        check_error(error);
    }
    let Ok(parsed) = serde_json::from_slice::<Json>(document) else {
        assert!(exact.is_err());
        return;
    };
    let stored = json::decode_state(&parsed, &of);
    if let Ok(value) = exact {
        assert_eq!(stored.as_ref(), Ok(&value));
    }
    match stored {
        Err(error) => check_error(&error),
        Ok(value) => {
            let written = json::encode(&value, &of).unwrap();
            check_length(written.len(), document.len());
            assert_eq!(json::decode(&written, &of).unwrap(), value);
            check_msgpack(&value, &of, document.len());
        }
    }
}

/// Checks a value of that type that was read from `length` bytes.
fn check_msgpack(value: &Value, of: &Type, length: usize) {
    assert!(conforms(value, of), "{value:?} is not of {of:?}");
    let written = msgpack::encode(value, of).unwrap();
    check_length(written.len(), length);
    let again = msgpack::decode(&written, of).unwrap();
    assert_eq!(msgpack::encode(&again, of).unwrap(), written);
    // A set is written without duplicates.
    if !holds_set(value) {
        assert_eq!(&again, value);
    }
    if *of == store().implied_type() {
        for found in &validation::validate(&store(), value) {
            check_text(&found.summary, 0);
            check_text(&found.detail, found.path.as_ref().map_or(0, |path| path.steps().len()));
        }
    }
}

/// A number of eight bytes such as `1e-4999` is written with thousands of digits.
fn check_length(written: usize, read: usize) {
    assert!(written <= 1024 * (read + 1), "{written} bytes come of {read}");
}

fn check_error(error: &DecodeError) {
    let steps = error.path.steps().len();
    assert!(steps <= MAX_DEPTH, "{steps}");
    check_text(&error.to_string(), steps);
}

/// A step shows a bounded part of a name, in which one character may be an escape of ten.
fn check_text(said: &str, steps: usize) {
    assert!(said.chars().all(text::is_printable), "{said:?}");
    let most = 500 + (steps + 1) * (10 * text::LONGEST_QUOTATION + 40);
    assert!(said.chars().count() <= most, "{} characters", said.chars().count());
}

/// True if a value is one of the type, down to its innermost values.
fn conforms(value: &Value, of: &Type) -> bool {
    match (of, value) {
        (_, Value::Null | Value::Unknown(_))
        | (Type::Bool, Value::Bool(_))
        | (Type::Number, Value::Number(_))
        | (Type::String, Value::String(_)) => true,
        (Type::List(of), Value::List(elements)) | (Type::Set(of), Value::Set(elements)) => {
            elements.iter().all(|element| conforms(element, of))
        }
        (Type::Tuple(types), Value::List(elements)) => {
            types.len() == elements.len()
                && types.iter().zip(elements).all(|(of, element)| conforms(element, of))
        }
        (Type::Map(of), Value::Map(members)) => members.values().all(|member| conforms(member, of)),
        (Type::Object(types), Value::Object(members)) => {
            types.keys().eq(members.keys())
                && types.values().zip(members.values()).all(|(of, member)| conforms(member, of))
        }
        (Type::Dynamic, Value::Dynamic(of, value)) => conforms(value, of),
        _ => false,
    }
}

fn holds_set(value: &Value) -> bool {
    match value {
        Value::Set(_) => true,
        Value::List(elements) => elements.iter().any(holds_set),
        Value::Map(members) | Value::Object(members) => members.values().any(holds_set),
        Value::Dynamic(_, value) => holds_set(value),
        _ => false,
    }
}

/// A schema with attributes of many kinds.
fn store() -> Schema {
    let key = vec![Attribute::string("arn").required(), Attribute::string("region").optional()];
    let log = Attribute::string("log").optional();
    Schema {
        attributes: vec![
            Attribute::string("name").required(),
            Attribute::new("enabled", Type::Bool).optional(),
            Attribute::new("days", Type::Number).optional(),
            Attribute::new("tags", Type::map(Type::String)).optional(),
            Attribute::new("ids", Type::set(Type::String)).optional(),
            Attribute::nested("key", Nesting::Single, key).optional(),
            Attribute::string("id").computed(),
        ],
        blocks: vec![Block::new("endpoints", Nesting::List, vec![log])],
        ..Schema::default()
    }
}

/// The types that a byte chooses from. A value of the dynamic type brings any other type.
fn chosen(choice: u8) -> Type {
    let pair = Type::Tuple(vec![Type::String, Type::Number]);
    let dynamic = Type::Object(BTreeMap::from([("any".to_owned(), Type::Dynamic)]));
    let types = [
        Type::String,
        Type::Number,
        Type::Bool,
        Type::Dynamic,
        Type::list(Type::Number),
        Type::set(Type::set(Type::Number)),
        Type::map(pair),
        dynamic,
        store().implied_type(),
        Type::list(store().implied_type()),
    ];
    types[usize::from(choice) % types.len()].clone()
}

#[cfg(test)]
mod tests {
    use super::corpus;

    #[test]
    fn msgpack() {
        corpus::run("msgpack", super::msgpack);
    }

    #[test]
    fn json() {
        corpus::run("json", super::json);
    }
}
