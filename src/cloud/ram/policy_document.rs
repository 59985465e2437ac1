//! Policy documents, compared by their meaning.
//!
//! RAM stores a document as it was sent, and consoles and other tools spell the same rules differently: a text instead
//! of a list of one, another order of members and list elements, other white space. Source: RAM documentation, "Policy
//! structure and syntax". The lists of a statement are sets, and the order of statements has no meaning, because a
//! `Deny` wins in any order.

use std::fmt;

use serde_json::{Map, Value, json};

use crate::ram::RoleArn;

/// The policies that a BYOK role needs: to read KMS keys, and to encrypt and decrypt with them.
///
/// Source: SLS documentation, "Data encryption".
pub const BYOK_SYSTEM_POLICIES: [&str; 2] = ["AliyunKMSReadOnlyAccess", "AliyunKMSCryptoUserAccess"];

/// A policy document or a trust policy.
///
/// Two documents are equal when they have the same meaning. These do not count: white space, the spelling of lists, the
/// order of members and statements, and order and repetitions in `Action`, `NotAction`, `Resource`, `NotResource`, the
/// members of `Principal` and the values of `Condition`. Everything else counts, letter by letter, including unknown
/// members. If a member is written twice, the last one counts.
///
/// `Display` writes JSON without white space, with sorted members and unchanged lists.
#[derive(Clone, Debug)]
pub struct PolicyDocument(Map<String, Value>);

/// A text that is not a policy document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("The policy document is not a JSON object: {0}.")]
pub struct PolicyDocumentError(String);

impl PolicyDocument {
    /// Parses a document. It checks only that the text is a JSON object; RAM checks the rest.
    ///
    /// # Errors
    /// [`PolicyDocumentError`] when it is not a JSON object.
    pub fn parse(text: &str) -> Result<Self, PolicyDocumentError> {
        match serde_json::from_str(text) {
            Ok(Value::Object(members)) => Ok(Self(members)),
            Ok(_) => Err(PolicyDocumentError("it is another JSON value".to_owned())),
            Err(error) => Err(PolicyDocumentError(error.to_string())),
        }
    }

    /// The trust policy of a BYOK role: only SLS may assume it.
    ///
    /// Source: SLS documentation, "Data encryption".
    pub fn byok_trust() -> Self {
        Self::of_statement(json!({
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Principal": { "Service": ["log.aliyuncs.com"] },
        }))
    }

    /// The policy for principals that configure encryption with a role: they may pass the role to a service.
    ///
    /// The resource is the ARN in RAM's spelling, with the name of the role in lower case, because RAM compares the
    /// resource with that spelling.
    pub fn pass_role(role: &RoleArn) -> Self {
        Self::of_statement(json!({
            "Effect": "Allow",
            "Action": "ram:PassRole",
            "Resource": role.as_str(),
        }))
    }

    /// This document with the statements of another one after its own.
    #[must_use]
    pub fn and_statements_of(&self, other: &Self) -> Self {
        let list = |document: &Self| one_or_many(document.0.get("Statement")).to_vec();
        let mut members = self.0.clone();
        members.insert("Statement".to_owned(), Value::Array([list(self), list(other)].concat()));
        Self(members)
    }

    /// Whether a statement of this trust policy names the service as a principal. Letter case does not count: no page
    /// says whether it does for RAM. A pattern, such as `*` for everybody, is no name.
    pub fn names_service(&self, service: &str) -> bool {
        let is_named =
            |named: &Value| named.as_str().is_some_and(|named| named.eq_ignore_ascii_case(service));
        one_or_many(self.0.get("Statement")).iter().any(|statement| {
            let principals = statement.get("Principal").and_then(|principals| principals.get("Service"));
            one_or_many(principals).iter().any(is_named)
        })
    }

    /// The members, as they were parsed.
    pub fn members(&self) -> &Map<String, Value> {
        &self.0
    }

    /// Version `1` is the only one there is.
    fn of_statement(statement: Value) -> Self {
        Self(Map::from_iter([
            ("Version".to_owned(), "1".into()),
            ("Statement".to_owned(), Value::Array(vec![statement])),
        ]))
    }
}

impl PartialEq for PolicyDocument {
    fn eq(&self, other: &Self) -> bool {
        canonical(&self.0) == canonical(&other.0)
    }
}

impl Eq for PolicyDocument {}

impl fmt::Display for PolicyDocument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(&self.0).map_err(|_| fmt::Error)?)
    }
}

/// A list, or one value in the place of a list.
fn one_or_many(values: Option<&Value>) -> &[Value] {
    match values {
        Some(Value::Array(values)) => values,
        Some(one) => std::slice::from_ref(one),
        None => &[],
    }
}

/// The canonical form: equal for all documents with the same meaning.
fn canonical(document: &Map<String, Value>) -> Map<String, Value> {
    with_members(document, |name, value| match (name, value) {
        ("Statement", Value::Array(statements)) => sorted(statements.iter().map(statement).collect()),
        _ => value.clone(),
    })
}

fn statement(value: &Value) -> Value {
    let Value::Object(members) = value else { return value.clone() };
    Value::Object(with_members(members, |name, value| match (name, value) {
        ("Action" | "NotAction" | "Resource" | "NotResource", _) => set(value),
        ("Principal", Value::Object(principals)) => {
            Value::Object(with_members(principals, |_, value| set(value)))
        }
        ("Condition", Value::Object(operators)) => {
            Value::Object(with_members(operators, |_, keys| match keys {
                Value::Object(keys) => Value::Object(with_members(keys, |_, value| set(value))),
                _ => keys.clone(),
            }))
        }
        _ => value.clone(),
    }))
}

fn with_members(members: &Map<String, Value>, change: impl Fn(&str, &Value) -> Value) -> Map<String, Value> {
    members.iter().map(|(name, value)| (name.clone(), change(name, value))).collect()
}

/// One value or a list of them, as a sorted list without repetitions.
fn set(value: &Value) -> Value {
    let mut items = match value {
        Value::Array(items) => items.clone(),
        Value::Object(_) | Value::Null => return value.clone(),
        one => vec![one.clone()],
    };
    items.sort_by_cached_key(Value::to_string);
    items.dedup();
    Value::Array(items)
}

fn sorted(mut items: Vec<Value>) -> Value {
    items.sort_by_cached_key(Value::to_string);
    Value::Array(items)
}

#[cfg(test)]
mod tests;
