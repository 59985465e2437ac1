//! From values to MessagePack.

use std::{
    collections::{BTreeMap, BTreeSet},
    convert::Infallible,
};

use rmp::{
    Marker,
    encode::{self as write, ByteBuf, ValueWriteError},
};

use super::UNKNOWN;
use crate::{
    Number, Type, Value,
    encoding::{EncodeError, Problem, Reason, deeper},
};

/// Writes a value of the given type.
///
/// Promises about unknown values are left out, because core would hold the provider to them. A set
/// is written without duplicates.
///
/// # Errors
///
/// The value is not of that type; the error names the place inside the value.
pub fn encode(value: &Value, of: &Type) -> Result<Vec<u8>, EncodeError> {
    let mut out = ByteBuf::new();
    write_value(&mut out, value, of, 0)?;
    Ok(out.into_vec())
}

fn write_value(out: &mut ByteBuf, value: &Value, of: &Type, depth: usize) -> Result<(), Problem> {
    let depth = deeper(depth)?;
    match (of, value) {
        (_, Value::Null) => write_marker(out, Marker::Null),
        (_, Value::Unknown(_)) => write_unknown(out),
        (Type::Bool, Value::Bool(true)) => write_marker(out, Marker::True),
        (Type::Bool, Value::Bool(false)) => write_marker(out, Marker::False),
        (Type::Number, Value::Number(number)) => write_number(out, number)?,
        (Type::String, Value::String(text)) => write_text(out, text)?,
        (Type::List(of), Value::List(elements)) => write_list(out, elements, of, depth)?,
        (Type::Set(of), Value::Set(elements)) => write_set(out, elements, of, depth)?,
        (Type::Tuple(types), Value::List(elements)) => write_tuple(out, elements, types, depth)?,
        (Type::Map(of), Value::Map(members)) => write_map(out, members, of, depth)?,
        (Type::Object(types), Value::Object(attributes)) => write_object(out, attributes, types, depth)?,
        (Type::Dynamic, Value::Dynamic(of, value)) => write_dynamic(out, value, of, depth)?,
        (of, found) => return Err(Reason::wrong_type(of, found).into()),
    }
    Ok(())
}

fn write_marker(out: &mut ByteBuf, marker: Marker) {
    out.as_mut_vec().push(marker.to_u8());
}

/// Writes the extension a host of any version reads as "unknown"; its payload means nothing.
fn write_unknown(out: &mut ByteBuf) {
    sure(write::write_ext_meta(out, 1, UNKNOWN));
    out.as_mut_vec().push(0);
}

/// Writes an integer if the number is one of 64 bits, a float if one is exactly the number, else text.
fn write_number(out: &mut ByteBuf, number: &Number) -> Result<(), Reason> {
    if let Some(whole) = number.to_i64() {
        sure(write::write_sint(out, whole));
    } else if let Some(whole) = number.to_u64() {
        sure(write::write_uint(out, whole));
    } else if let Some(float) = number.to_exact_f64() {
        sure(write::write_f64(out, float));
    } else {
        write_text(out, &number.to_string())?;
    }
    Ok(())
}

fn write_text(out: &mut ByteBuf, text: &str) -> Result<(), Reason> {
    length(text.len())?;
    sure(write::write_str(out, text));
    Ok(())
}

fn write_list(out: &mut ByteBuf, elements: &[Value], of: &Type, depth: usize) -> Result<(), Problem> {
    sure(write::write_array_len(out, length(elements.len())?));
    for (index, element) in elements.iter().enumerate() {
        write_value(out, element, of, depth).map_err(|problem| problem.in_element(index))?;
    }
    Ok(())
}

fn write_set(out: &mut ByteBuf, elements: &[Value], of: &Type, depth: usize) -> Result<(), Problem> {
    let mut known = BTreeSet::new();
    let mut written = Vec::new();
    for (index, element) in elements.iter().enumerate() {
        let mut bytes = ByteBuf::new();
        write_value(&mut bytes, element, of, depth).map_err(|problem| problem.in_element(index))?;
        // Two unknown elements look alike and may yet become different ones.
        if !element.is_wholly_known() || known.insert(bytes.as_vec().clone()) {
            written.push(bytes.into_vec());
        }
    }
    sure(write::write_array_len(out, length(written.len())?));
    for bytes in written {
        out.as_mut_vec().extend(bytes);
    }
    Ok(())
}

fn write_tuple(out: &mut ByteBuf, elements: &[Value], types: &[Type], depth: usize) -> Result<(), Problem> {
    if elements.len() != types.len() {
        return Err(Reason::WrongLength { wanted: types.len(), found: elements.len() }.into());
    }
    sure(write::write_array_len(out, length(elements.len())?));
    for (index, (element, of)) in elements.iter().zip(types).enumerate() {
        write_value(out, element, of, depth).map_err(|problem| problem.in_element(index))?;
    }
    Ok(())
}

fn write_map(
    out: &mut ByteBuf,
    members: &BTreeMap<String, Value>,
    of: &Type,
    depth: usize,
) -> Result<(), Problem> {
    sure(write::write_map_len(out, length(members.len())?));
    for (key, member) in members {
        write_text(out, key)?;
        write_value(out, member, of, depth).map_err(|problem| problem.in_key(key))?;
    }
    Ok(())
}

fn write_object(
    out: &mut ByteBuf,
    attributes: &BTreeMap<String, Value>,
    types: &BTreeMap<String, Type>,
    depth: usize,
) -> Result<(), Problem> {
    if let Some(extra) = attributes.keys().find(|name| !types.contains_key(*name)) {
        return Err(Problem::from(Reason::ExtraAttribute).in_attribute(extra));
    }
    sure(write::write_map_len(out, length(types.len())?));
    for (name, of) in types {
        let attribute =
            attributes.get(name).ok_or_else(|| Problem::from(Reason::MissingAttribute).in_attribute(name))?;
        write_text(out, name)?;
        write_value(out, attribute, of, depth).map_err(|problem| problem.in_attribute(name))?;
    }
    Ok(())
}

fn write_dynamic(out: &mut ByteBuf, value: &Value, of: &Type, depth: usize) -> Result<(), Problem> {
    let notation = of.to_json().to_string();
    length(notation.len())?;
    sure(write::write_array_len(out, 2));
    sure(write::write_bin(out, notation.as_bytes()));
    write_value(out, value, of, depth)
}

/// A length as the format can say it.
fn length(length: usize) -> Result<u32, Reason> {
    u32::try_from(length).map_err(|_| Reason::TooLong)
}

/// Writing to memory cannot fail, and the compiler knows it.
fn sure<T>(written: Result<T, ValueWriteError<Infallible>>) -> T {
    match written {
        Ok(done) => done,
        Err(ValueWriteError::InvalidMarkerWrite(never) | ValueWriteError::InvalidDataWrite(never)) => {
            match never {}
        }
    }
}
