//! Policy documents, compared by what they mean.
//!
//! RAM keeps a document as it was sent, and consoles and other tools write the same rules in other words: a text
//! where another writes a list of one, members and list elements in another order, other white space. Sources: RAM
//! documentation, "Policy structure and syntax"; a statement's lists are sets, and the order of statements has no
//! meaning because a denial wins wherever it stands.

use std::fmt;

use serde_json::{Map, Value, json};

use crate::ram::RoleArn;

/// The policies a BYOK role needs: KMS keys read, and used to encrypt and decrypt.
///
/// Source: SLS documentation, "Data encryption".
pub const BYOK_SYSTEM_POLICIES: [&str; 2] = ["AliyunKMSReadOnlyAccess", "AliyunKMSCryptoUserAccess"];

/// A policy document or a trust policy.
///
/// Two are equal when they mean the same: the spelling of lists, the order of members, of statements and of what is
/// in `Action`, `NotAction`, `Resource`, `NotResource`, the members of `Principal` and the values of `Condition`,
/// repetitions there, and white space do not count. Everything else does, letter by letter, members nobody here has
/// heard of included. Of a member that is written twice the last counts.
///
/// `Display` gives JSON without white space, the members sorted and the lists as they were.
#[derive(Clone, Debug)]
pub struct PolicyDocument(Map<String, Value>);

/// A text that is not a policy document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("The policy document is not a JSON object: {0}.")]
pub struct PolicyDocumentError(String);

impl PolicyDocument {
    /// Reads a document. Only that it is a JSON object is checked: what RAM accepts is for RAM to say.
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

    /// The trust policy of a BYOK role: SLS may assume it, nobody else.
    ///
    /// Source: SLS documentation, "Data encryption".
    pub fn byok_trust() -> Self {
        Self::of_statement(json!({
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Principal": { "Service": ["log.aliyuncs.com"] },
        }))
    }

    /// The policy of whoever configures encryption with a role: they may pass it to a service.
    ///
    /// The resource is the ARN as RAM answers it. A resource is a pattern that is compared with that spelling, where
    /// the name of the role is in lower case.
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
        let list = |document: &Self| match document.0.get("Statement") {
            Some(Value::Array(statements)) => statements.clone(),
            Some(one) => vec![one.clone()],
            None => Vec::new(),
        };
        let mut members = self.0.clone();
        members.insert("Statement".to_owned(), Value::Array([list(self), list(other)].concat()));
        Self(members)
    }

    /// The members, as they were read.
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

/// The one spelling of all documents that mean the same.
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
