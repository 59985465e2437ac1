//! From MessagePack to values.

use std::collections::{BTreeMap, btree_map::Entry};

use super::{
    REFINED_UNKNOWN,
    reader::{Kind, Reader},
};
use crate::{
    Type, Value,
    encoding::{DecodeError, Problem, Reason, deeper},
    refinement::{Bound, Refinements},
};

/// Reads one value of the given type.
///
/// Unknown values may stand anywhere. Objects must have exactly the attributes of their type.
/// Hostile input costs no more memory than a fixed multiple of its length, and a fixed depth of
/// stack.
///
/// # Errors
///
/// The bytes are not one whole value of that type; the error names the place inside the value, and
/// never holds any of its contents.
pub fn decode(bytes: &[u8], of: &Type) -> Result<Value, DecodeError> {
    let mut reader = Reader::new(bytes);
    let value = value(&mut reader, of, 0)?;
    if !reader.is_at_end() {
        return Err(Problem::from(Reason::TrailingBytes).into());
    }
    Ok(value)
}

fn value(reader: &mut Reader<'_>, of: &Type, depth: usize) -> Result<Value, Problem> {
    let depth = deeper(depth)?;
    match reader.kind()? {
        Kind::Nil => {
            reader.nil()?;
            return Ok(Value::Null);
        }
        Kind::Extension => return Ok(unknown(reader)?),
        _ => {}
    }
    match of {
        Type::String => Ok(Value::String(reader.text()?.to_owned())),
        Type::Bool => Ok(Value::Bool(reader.bool()?)),
        Type::Number => Ok(Value::Number(reader.number()?)),
        Type::List(element) => {
            let length = reader.array("a list")?;
            elements(reader, element, length, depth).map(Value::List)
        }
        Type::Set(element) => {
            let length = reader.array("a set")?;
            elements(reader, element, length, depth).map(Value::Set)
        }
        Type::Tuple(types) => tuple(reader, types, depth),
        Type::Map(element) => map(reader, element, depth),
        Type::Object(attributes) => object(reader, attributes, depth),
        Type::Dynamic => dynamic(reader, depth),
    }
}

fn elements(reader: &mut Reader<'_>, of: &Type, length: u32, depth: usize) -> Result<Vec<Value>, Problem> {
    // Not reserved in advance: the length is only a claim.
    let mut elements = Vec::new();
    for _ in 0..length {
        let element = value(reader, of, depth).map_err(|problem| problem.in_element(elements.len()))?;
        elements.push(element);
    }
    Ok(elements)
}

fn tuple(reader: &mut Reader<'_>, types: &[Type], depth: usize) -> Result<Value, Problem> {
    let found = usize::try_from(reader.array("a tuple")?).unwrap_or(usize::MAX);
    if found != types.len() {
        return Err(Reason::WrongLength { wanted: types.len(), found }.into());
    }
    let read = |(index, of)| value(reader, of, depth).map_err(|problem| problem.in_element(index));
    types.iter().enumerate().map(read).collect::<Result<_, _>>().map(Value::List)
}

fn map(reader: &mut Reader<'_>, of: &Type, depth: usize) -> Result<Value, Problem> {
    let mut members = BTreeMap::new();
    for _ in 0..reader.map("a map")? {
        let Entry::Vacant(place) = members.entry(reader.text()?.to_owned()) else {
            return Err(Reason::DuplicateKey.into());
        };
        let member = value(reader, of, depth).map_err(|problem| problem.in_key(place.key()))?;
        place.insert(member);
    }
    Ok(Value::Map(members))
}

fn object(reader: &mut Reader<'_>, types: &BTreeMap<String, Type>, depth: usize) -> Result<Value, Problem> {
    let mut attributes = BTreeMap::new();
    for _ in 0..reader.map("an object")? {
        let name = reader.text()?;
        let place = |problem: Problem| problem.in_attribute(name);
        let of = types.get(name).ok_or(Reason::ExtraAttribute).map_err(Problem::from).map_err(place)?;
        let attribute = value(reader, of, depth).map_err(place)?;
        if attributes.insert(name.to_owned(), attribute).is_some() {
            return Err(place(Reason::DuplicateKey.into()));
        }
    }
    match types.keys().find(|name| !attributes.contains_key(*name)) {
        Some(missing) => Err(Problem::from(Reason::MissingAttribute).in_attribute(missing)),
        None => Ok(Value::Object(attributes)),
    }
}

/// A value of the dynamic type: its own type in JSON, then the value.
fn dynamic(reader: &mut Reader<'_>, depth: usize) -> Result<Value, Problem> {
    let found = usize::try_from(reader.array("a type and a value")?).unwrap_or(usize::MAX);
    if found != 2 {
        return Err(Reason::WrongLength { wanted: 2, found }.into());
    }
    let notation = serde_json::from_slice(reader.bytes()?).map_err(|_| Reason::NotAType)?;
    let of = Type::from_json(&notation).ok_or(Reason::NotAType)?;
    let value = value(reader, &of, depth)?;
    Ok(Value::Dynamic(Box::new(of), Box::new(value)))
}

fn unknown(reader: &mut Reader<'_>) -> Result<Value, Reason> {
    let (code, payload) = reader.extension()?;
    if code != REFINED_UNKNOWN {
        return Ok(Value::UNKNOWN);
    }
    // A promise in a form we do not know is one we do not rely on: the value is unknown all the same.
    Ok(Value::Unknown(refinements(payload).ok().map(Box::new)))
}

/// Reads the promises about an unknown value; keys of later protocol versions are passed over.
fn refinements(payload: &[u8]) -> Result<Refinements, Reason> {
    let mut reader = Reader::new(payload);
    let mut promised = Refinements::default();
    for _ in 0..reader.map("a map of promises")? {
        match reader.number()?.to_i64() {
            Some(1) => promised.is_null = Some(reader.bool()?),
            Some(2) => promised.string_prefix = Some(reader.text()?.to_owned()),
            Some(3) => promised.number_lower = Some(bound(&mut reader)?),
            Some(4) => promised.number_upper = Some(bound(&mut reader)?),
            Some(5) => promised.length_lower = reader.number()?.to_i64(),
            Some(6) => promised.length_upper = reader.number()?.to_i64(),
            _ => reader.skip()?,
        }
    }
    Ok(promised)
}

fn bound(reader: &mut Reader<'_>) -> Result<Bound, Reason> {
    match reader.array("a number and a bool")? {
        2 => Ok(Bound { number: reader.number()?, inclusive: reader.bool()? }),
        found => Err(Reason::WrongLength { wanted: 2, found: usize::try_from(found).unwrap_or(usize::MAX) }),
    }
}
