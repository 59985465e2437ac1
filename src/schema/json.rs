//! Values as states keep them: JSON, directed by the type.
//!
//! Unlike MessagePack it cannot say "unknown". Numbers keep every digit.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};

use super::{
    Type, Value,
    encoding::{self, DecodeError, EncodeError, Problem, Reason, deeper, name_of},
};

/// Reads one value of the given type, which must have exactly its shape.
///
/// # Errors
///
/// The bytes are not a JSON document of that type; the error names the place inside the value, and
/// never holds any of its contents.
pub fn decode(bytes: &[u8], of: &Type) -> Result<Value, DecodeError> {
    // The parser itself refuses documents nested too deep for the stack.
    let document: Json = serde_json::from_slice(bytes).map_err(|error| Problem::from(syntax(&error)))?;
    Ok(value(&document, of, Shape::Exact, 0)?)
}

/// Reads a stored state, which an earlier or later version of the schema may have written.
///
/// Attributes the state lacks become null, and those the type lacks are dropped. Text, numbers and
/// truth values are converted into each other where the type of an attribute has changed and the
/// meaning is plain. The same goes for every object inside.
///
/// # Errors
///
/// The state is not of that type, beyond that leniency; the error is as for [`decode`].
pub fn decode_state(state: &Json, of: &Type) -> Result<Value, DecodeError> {
    Ok(value(state, of, Shape::Stored, 0)?)
}

/// Writes a value of the given type.
///
/// # Errors
///
/// The value is not of that type, or is unknown somewhere; the error names the place inside it.
pub fn encode(value: &Value, of: &Type) -> Result<Vec<u8>, EncodeError> {
    Ok(write(value, of, 0)?.to_string().into_bytes())
}

/// How closely a document must follow the type.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    Exact,
    Stored,
}

/// Why a document is not JSON. The parser's own message may quote the document.
fn syntax(error: &serde_json::Error) -> Reason {
    match error.classify() {
        serde_json::error::Category::Eof => Reason::Truncated,
        _ => Reason::Syntax(format!("not valid JSON at line {}, column {}", error.line(), error.column())),
    }
}

fn value(json: &Json, of: &Type, shape: Shape, depth: usize) -> Result<Value, Problem> {
    let depth = deeper(depth)?;
    match (of, json) {
        (_, Json::Null) => Ok(Value::Null),
        (Type::String, Json::String(text)) => Ok(Value::String(text.clone())),
        (Type::Bool, Json::Bool(truth)) => Ok(Value::Bool(*truth)),
        (Type::Number, Json::Number(number)) => encoding::number(number.as_str()),
        (Type::Number, Json::String(text)) => encoding::number(text),
        (Type::List(of), Json::Array(items)) => elements(items, of, shape, depth).map(Value::List),
        (Type::Set(of), Json::Array(items)) => elements(items, of, shape, depth).map(Value::Set),
        (Type::Tuple(types), Json::Array(items)) => tuple(items, types, shape, depth),
        (Type::Map(of), Json::Object(members)) => map(members, of, shape, depth),
        (Type::Object(types), Json::Object(members)) => object(members, types, shape, depth),
        (Type::Dynamic, Json::Object(members)) => dynamic(members, shape, depth),
        (Type::String | Type::Bool, json) if shape == Shape::Stored => converted(json, of),
        (of, json) => Err(wrong_type(of, json)),
    }
}

/// Reads a value whose attribute once had another plain type.
fn converted(json: &Json, of: &Type) -> Result<Value, Problem> {
    match (of, json) {
        (Type::String, Json::Number(number)) => Ok(Value::String(number.to_string())),
        (Type::String, Json::Bool(truth)) => Ok(Value::String(truth.to_string())),
        (Type::Bool, Json::String(text)) if text == "true" => Ok(Value::Bool(true)),
        (Type::Bool, Json::String(text)) if text == "false" => Ok(Value::Bool(false)),
        _ => Err(wrong_type(of, json)),
    }
}

fn elements(items: &[Json], of: &Type, shape: Shape, depth: usize) -> Result<Vec<Value>, Problem> {
    let read = |(index, item)| value(item, of, shape, depth).map_err(|problem| problem.in_element(index));
    items.iter().enumerate().map(read).collect()
}

fn tuple(items: &[Json], types: &[Type], shape: Shape, depth: usize) -> Result<Value, Problem> {
    if items.len() != types.len() {
        return Err(Reason::WrongLength { wanted: types.len(), found: items.len() }.into());
    }
    let read =
        |(index, (item, of))| value(item, of, shape, depth).map_err(|problem| problem.in_element(index));
    items.iter().zip(types).enumerate().map(read).collect::<Result<_, _>>().map(Value::List)
}

fn map(members: &Map<String, Json>, of: &Type, shape: Shape, depth: usize) -> Result<Value, Problem> {
    let read = |(key, member): (&String, &Json)| match value(member, of, shape, depth) {
        Ok(member) => Ok((key.clone(), member)),
        Err(problem) => Err(problem.in_key(key)),
    };
    members.iter().map(read).collect::<Result<_, _>>().map(Value::Map)
}

fn object(
    members: &Map<String, Json>,
    types: &BTreeMap<String, Type>,
    shape: Shape,
    depth: usize,
) -> Result<Value, Problem> {
    let extra = members.keys().find(|name| !types.contains_key(*name));
    if let (Some(extra), Shape::Exact) = (extra, shape) {
        return Err(Problem::from(Reason::ExtraAttribute).in_attribute(extra));
    }
    let read = |(name, of): (&String, &Type)| {
        let attribute = match members.get(name) {
            Some(member) => value(member, of, shape, depth),
            None if shape == Shape::Stored => Ok(Value::Null),
            None => Err(Reason::MissingAttribute.into()),
        };
        attribute.map(|value| (name.clone(), value)).map_err(|problem| problem.in_attribute(name))
    };
    types.iter().map(read).collect::<Result<_, _>>().map(Value::Object)
}

/// A value of the dynamic type: `{"type": ..., "value": ...}`.
fn dynamic(members: &Map<String, Json>, shape: Shape, depth: usize) -> Result<Value, Problem> {
    let of = members.get("type").and_then(Type::from_json).ok_or(Reason::NotAType)?;
    let missing = || Problem::from(Reason::MissingAttribute).in_attribute("value");
    let value = value(members.get("value").ok_or_else(missing)?, &of, shape, depth)?;
    Ok(Value::Dynamic(Box::new(of), Box::new(value)))
}

fn wrong_type(of: &Type, found: &Json) -> Problem {
    let found = match found {
        Json::Null => "null",
        Json::Bool(_) => "a bool",
        Json::Number(_) => "a number",
        Json::String(_) => "a string",
        Json::Array(_) => "a sequence",
        Json::Object(_) => "an object",
    };
    Reason::WrongType { wanted: name_of(of), found }.into()
}

fn write(value: &Value, of: &Type, depth: usize) -> Result<Json, Problem> {
    let depth = deeper(depth)?;
    match (of, value) {
        (_, Value::Null) => Ok(Json::Null),
        (_, Value::Unknown(_)) => Err(Reason::Unknown.into()),
        (Type::Bool, Value::Bool(truth)) => Ok(Json::Bool(*truth)),
        (Type::String, Value::String(text)) => Ok(Json::String(text.clone())),
        (Type::Number, Value::Number(number)) => {
            let plain: serde_json::Number =
                number.to_string().parse().map_err(|_| Reason::wrong_type(of, value))?;
            Ok(Json::Number(plain))
        }
        (Type::List(of), Value::List(elements)) | (Type::Set(of), Value::Set(elements)) => {
            let of = std::iter::repeat(of.as_ref());
            write_elements(elements.iter().zip(of), depth)
        }
        (Type::Tuple(types), Value::List(elements)) if types.len() == elements.len() => {
            write_elements(elements.iter().zip(types), depth)
        }
        (Type::Tuple(types), Value::List(elements)) => {
            Err(Reason::WrongLength { wanted: types.len(), found: elements.len() }.into())
        }
        (Type::Map(of), Value::Map(members)) => write_map(members, of, depth),
        (Type::Object(types), Value::Object(attributes)) => write_object(attributes, types, depth),
        (Type::Dynamic, Value::Dynamic(of, value)) => {
            Ok(json!({ "type": of.to_json(), "value": write(value, of, depth)? }))
        }
        (of, found) => Err(Reason::wrong_type(of, found).into()),
    }
}

fn write_elements<'a>(
    elements: impl Iterator<Item = (&'a Value, &'a Type)>,
    depth: usize,
) -> Result<Json, Problem> {
    let write =
        |(index, (element, of))| write(element, of, depth).map_err(|problem| problem.in_element(index));
    elements.enumerate().map(write).collect::<Result<_, _>>().map(Json::Array)
}

fn write_map(members: &BTreeMap<String, Value>, of: &Type, depth: usize) -> Result<Json, Problem> {
    let write = |(key, member): (&String, &Value)| match write(member, of, depth) {
        Ok(json) => Ok((key.clone(), json)),
        Err(problem) => Err(problem.in_key(key)),
    };
    members.iter().map(write).collect::<Result<_, _>>().map(Json::Object)
}

fn write_object(
    attributes: &BTreeMap<String, Value>,
    types: &BTreeMap<String, Type>,
    depth: usize,
) -> Result<Json, Problem> {
    if let Some(extra) = attributes.keys().find(|name| !types.contains_key(*name)) {
        return Err(Problem::from(Reason::ExtraAttribute).in_attribute(extra));
    }
    let write = |(name, of): (&String, &Type)| {
        let attribute = attributes.get(name).ok_or_else(|| Problem::from(Reason::MissingAttribute));
        match attribute.and_then(|attribute| write(attribute, of, depth)) {
            Ok(json) => Ok((name.clone(), json)),
            Err(problem) => Err(problem.in_attribute(name)),
        }
    };
    types.iter().map(write).collect::<Result<_, _>>().map(Json::Object)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        Path,
        msgpack::tests::{types, values},
    };

    fn object_type(attributes: &[(&str, Type)]) -> Type {
        Type::Object(attributes.iter().map(|(name, of)| ((*name).to_owned(), of.clone())).collect())
    }

    fn state(text: &str) -> Json {
        serde_json::from_str(text).unwrap()
    }

    fn object(attributes: &[(&str, Value)]) -> Value {
        Value::Object(attributes.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect())
    }

    #[track_caller]
    fn check_both_ways(of: &Type, text: &str, value: &Value) {
        assert_eq!(&decode(text.as_bytes(), of).unwrap(), value);
        assert_eq!(String::from_utf8(encode(value, of).unwrap()).unwrap(), text);
    }

    #[track_caller]
    fn check_refused(of: &Type, text: &str, path: &Path, reason: &Reason) {
        let error = decode(text.as_bytes(), of).unwrap_err();
        assert_eq!((&error.path, &error.reason), (path, reason));
    }

    #[test]
    fn known_values_and_null_of_each_type() {
        check_both_ways(&Type::String, r#""a\"é""#, &"a\"é".into());
        check_both_ways(&Type::Bool, "true", &true.into());
        check_both_ways(&Type::list(Type::Bool), "[true,null]", &Value::List(vec![true.into(), Value::Null]));
        check_both_ways(&Type::set(Type::String), r#"["b","a"]"#, &Value::Set(vec!["b".into(), "a".into()]));
        let map = Value::Map(BTreeMap::from([("k".to_owned(), "v".into())]));
        check_both_ways(&Type::map(Type::String), r#"{"k":"v"}"#, &map);
        let pair = Type::Tuple(vec![Type::String, Type::Bool]);
        check_both_ways(&pair, r#"["a",false]"#, &Value::List(vec!["a".into(), false.into()]));
        let of = object_type(&[("a", Type::String), ("b", Type::Bool)]);
        check_both_ways(&of, r#"{"a":"x","b":null}"#, &object(&[("a", "x".into()), ("b", Value::Null)]));
        let dynamic = Value::Dynamic(Box::new(Type::String), Box::new("a".into()));
        check_both_ways(&Type::Dynamic, r#"{"type":"string","value":"a"}"#, &dynamic);
        for of in [Type::String, Type::Number, Type::Bool, Type::Dynamic, pair, of, Type::list(Type::Bool)] {
            check_both_ways(&of, "null", &Value::Null);
        }
    }

    #[test]
    fn numbers_keep_every_digit() {
        for text in
            ["9007199254740993", "0.1", "99999999999999999999999999999.000000000000000000000000000001"]
        {
            check_both_ways(&Type::Number, text, &Value::Number(text.parse().unwrap()));
        }
        assert_eq!(decode(b"1e3", &Type::Number), decode(br#""1000""#, &Type::Number));
    }

    #[test]
    fn numbers_that_would_fill_the_memory_are_refused() {
        let error = decode(b"1e999999999", &Type::Number).unwrap_err();
        assert!(matches!(error.reason, Reason::Number(_)), "{error}");
    }

    #[test]
    fn unknown_cannot_be_written() {
        let error =
            encode(&object(&[("a", Value::UNKNOWN)]), &object_type(&[("a", Type::Bool)])).unwrap_err();
        assert_eq!(error.to_string(), "a: the value is unknown, which cannot be expressed here");
    }

    #[test]
    fn exact_reading_refuses_another_shape() {
        let of = object_type(&[("a", Type::list(Type::String))]);
        check_refused(&of, "{}", &Path::of("a"), &Reason::MissingAttribute);
        check_refused(&of, r#"{"a":null,"b":1}"#, &Path::of("b"), &Reason::ExtraAttribute);
        let wrong = Reason::WrongType { wanted: "a string", found: "a number" };
        check_refused(&of, r#"{"a":["x",1]}"#, &Path::of("a").index(1), &wrong);
        check_refused(&of, "{", &Path::root(), &Reason::Truncated);
        let two = Reason::Syntax("not valid JSON at line 1, column 4".to_owned());
        check_refused(&of, "{} {}", &Path::root(), &two);
    }

    #[test]
    fn a_stored_state_may_lack_attributes_and_have_others() {
        let inner = object_type(&[("arn", Type::String), ("region", Type::String)]);
        let of = object_type(&[("name", Type::String), ("key", inner)]);
        let stored = state(r#"{"key":{"arn":"x","old":{"deep":[1]}},"gone":true}"#);
        let key = object(&[("arn", "x".into()), ("region", Value::Null)]);
        let expected = object(&[("name", Value::Null), ("key", key)]);
        assert_eq!(decode_state(&stored, &of).unwrap(), expected);
        assert_eq!(decode_state(&Json::Null, &of).unwrap(), Value::Null);
    }

    #[test]
    fn a_stored_plain_value_is_converted_where_its_meaning_is_plain() {
        let of = object_type(&[("a", Type::String), ("b", Type::Bool), ("c", Type::Number)]);
        let expected = object(&[("a", "10".into()), ("b", true.into()), ("c", Value::Number(5_i64.into()))]);
        assert_eq!(decode_state(&state(r#"{"a":10,"b":"true","c":"5"}"#), &of).unwrap(), expected);
        assert!(decode_state(&state(r#"{"b":"yes"}"#), &of).is_err());
        assert!(decode_state(&state(r#"{"a":[]}"#), &of).is_err());
    }

    #[test]
    fn an_error_never_quotes_the_document() {
        let of = object_type(&[("secret_key", Type::Bool)]);
        for document in [r#"{"secret_key":"canary"}"#, r#"{"secret_key":canary}"#, r#"{"secret_key":"canary"#]
        {
            let error = decode(document.as_bytes(), &of).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("canary"), "{error:?}");
        }
    }

    #[test]
    fn nesting_without_end_is_refused_before_the_stack_overflows() {
        let bomb = "[".repeat(1_000_000);
        assert!(decode(bomb.as_bytes(), &Type::Dynamic).is_err());
        let bomb = r#"{"type":"dynamic","value":"#.repeat(1_000_000);
        assert!(decode(bomb.as_bytes(), &Type::Dynamic).is_err());
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(
            (of, value) in types().prop_flat_map(|of| (Just(of.clone()), values(&of, false)))
        ) {
            let bytes = encode(&value, &of).unwrap();
            prop_assert_eq!(&decode(&bytes, &of).unwrap(), &value);
            prop_assert_eq!(decode_state(&serde_json::from_slice(&bytes).unwrap(), &of).unwrap(), value);
        }
    }
}
