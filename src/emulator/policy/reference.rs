//! What the documentation says comes out of a policy, written down once more without any haste: for tests to compare
//! with.

#![allow(clippy::indexing_slicing, reason = "only tests and fuzz targets have it")]

use serde_json::Value;

use super::{Decision, TrustedEntity};

/// How many letters of a text count.
const COMPARED: usize = 1_024;

/// A request, and what is known about it.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// The action.
    pub action: &'a str,
    /// What the action is about.
    pub resource: &'a str,
    /// Who wants to assume a role; `None` for a permission.
    pub trusted_entity: Option<TrustedEntity<'a>>,
    /// Condition keys with their values; the last one of a name counts.
    pub facts: &'a [(&'a str, &'a str)],
}

/// What comes out of a document that is well-formed. `None` if that depends on numbers, dates or addresses.
pub fn decision(document: &Value, question: &Question<'_>) -> Option<Decision> {
    let mut effects = Vec::new();
    for statement in each(&document["Statement"]) {
        let is_about =
            element_fits(statement, "Action", |pattern| fits(pattern, question.action, alike_in_any_case))
                && element_fits(statement, "Resource", |pattern| fits(pattern, question.resource, alike))
                && question.trusted_entity.is_none_or(|entity| names(&statement["Principal"], entity))
                && conditions_hold(statement, question.facts)?;
        if is_about {
            effects.push(statement["Effect"].as_str()?);
        }
    }
    Some(match () {
        () if effects.contains(&"Deny") => Decision::Denied,
        () if effects.contains(&"Allow") => Decision::Allowed,
        () => Decision::NotMentioned,
    })
}

/// Whether a pattern describes a text: which beginnings of the text each beginning of the pattern describes.
pub fn fits(pattern: &str, text: &str, alike: fn(char, char) -> bool) -> bool {
    let text: Vec<char> = text.chars().take(COMPARED).collect();
    let mut described = vec![false; text.len() + 1];
    described[0] = true;
    for wanted in pattern.chars() {
        let mut next = vec![false; text.len() + 1];
        for length in 0..=text.len() {
            next[length] = match wanted {
                '*' => described[length] || (length > 0 && next[length - 1]),
                _ if length == 0 => false,
                _ => described[length - 1] && (wanted == '?' || alike(wanted, text[length - 1])),
            };
        }
        described = next;
    }
    described[text.len()]
}

/// Whether two letters are the same.
pub fn alike(one: char, other: char) -> bool {
    one == other
}

/// Whether two letters are the same, or only their cases differ.
pub fn alike_in_any_case(one: char, other: char) -> bool {
    one.to_lowercase().eq(other.to_lowercase())
}

/// The elements of a list, or the one thing that stands in the place of a list.
fn each(value: &Value) -> impl Iterator<Item = &Value> {
    let (list, one) = match value {
        Value::Array(list) => (list.as_slice(), None),
        Value::Null => (&[][..], None),
        one => (&[][..], Some(one)),
    };
    list.iter().chain(one)
}

fn texts(value: &Value) -> impl Iterator<Item = &str> {
    each(value).filter_map(Value::as_str)
}

/// Whether what a statement says of `name` or `Not<name>` fits. A statement that says neither is about everything.
fn element_fits(statement: &Value, name: &str, fits: impl Fn(&str) -> bool) -> bool {
    let negated = format!("Not{name}");
    match (statement.get(name), statement.get(&negated)) {
        (Some(patterns), _) => texts(patterns).any(fits),
        (None, Some(patterns)) => !texts(patterns).any(fits),
        (None, None) => true,
    }
}

fn names(principal: &Value, entity: TrustedEntity<'_>) -> bool {
    let among =
        |kind: &str, text: &str| texts(&principal[kind]).any(|named| named.eq_ignore_ascii_case(text));
    match entity {
        TrustedEntity::Service(host) => among("Service", host),
        TrustedEntity::Federated(arn) => among("Federated", arn),
        TrustedEntity::Ram { arn, account_id } => {
            let root = format!("acs:ram::{account_id}:root");
            among("RAM", arn) || texts(&principal["RAM"]).any(|named| named == root || named == "*")
        }
    }
}

fn conditions_hold(statement: &Value, facts: &[(&str, &str)]) -> Option<bool> {
    let operators = statement.get("Condition").and_then(Value::as_object).into_iter().flatten();
    let mut hold = true;
    for (operator, keys) in operators {
        for (key, values) in keys.as_object().into_iter().flatten() {
            let fact =
                facts.iter().rev().find(|(name, _)| name.eq_ignore_ascii_case(key)).map(|(_, fact)| *fact);
            hold &= condition_holds(operator, fact, values)?;
        }
    }
    Some(hold)
}

fn condition_holds(operator: &str, fact: Option<&str>, values: &Value) -> Option<bool> {
    let among = |one: fn(&str, &str) -> bool| {
        let values: Vec<String> = each(values)
            .map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned))
            .collect();
        fact.is_some_and(|fact| values.iter().any(|value| one(value, fact)))
    };
    match operator {
        "StringEquals" => Some(among(|value, fact| value == fact)),
        "StringNotEquals" => Some(!among(|value, fact| value == fact)),
        "StringEqualsIgnoreCase" | "Bool" => Some(among(str::eq_ignore_ascii_case)),
        "StringNotEqualsIgnoreCase" => Some(!among(str::eq_ignore_ascii_case)),
        "StringLike" => Some(among(|value, fact| fits(value, fact, alike))),
        "StringNotLike" => Some(!among(|value, fact| fits(value, fact, alike))),
        _ => None,
    }
}
