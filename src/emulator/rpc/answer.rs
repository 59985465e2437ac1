//! Members of answers, in the forms all RPC services use.

use serde_json::{Map, Value};

use super::Outcome;

/// The members of an object built with `json!`.
pub fn members(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

/// An answer with these members.
#[expect(clippy::unnecessary_wraps, reason = "what an action ends with is a result")]
pub fn answer(value: Value) -> Outcome {
    Ok(members(value))
}

/// An answer with the request id only.
pub fn empty_answer() -> Outcome {
    answer(Value::Null)
}
