//! Whether one statement applies to a request.

use serde_json::{Map, Value};

use super::pattern::matches;
use super::request::{Request, Target};
use super::uncertainty::Uncertainty;

/// The effect of a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    Allow,
    Deny,
}

/// Whether a statement, or a member of one, applies to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Applies {
    Yes,
    No,
    Maybe(Uncertainty),
}

use Applies::{Maybe, No, Yes};

/// The effects of a statement on a request. A statement that cannot be parsed may have either effect.
pub(super) fn evaluate(statement: &Value, request: Request<'_>) -> Vec<(Effect, Applies)> {
    let unreadable = Maybe(Uncertainty::Unreadable);
    let Value::Object(members) = statement else {
        return vec![(Effect::Allow, unreadable), (Effect::Deny, unreadable)];
    };
    let applies = applies(members, request);
    match members.get("Effect").and_then(Value::as_str) {
        Some("Allow") => vec![(Effect::Allow, applies)],
        Some("Deny") => vec![(Effect::Deny, applies)],
        _ => vec![(Effect::Allow, applies.and(unreadable)), (Effect::Deny, applies.and(unreadable))],
    }
}

fn applies(members: &Map<String, Value>, request: Request<'_>) -> Applies {
    let target = match request.target {
        Target::Resource(resource) => matches_member(members, "Resource", "NotResource", resource),
        Target::Service(service) => match_service(members, service),
    };
    matches_member(members, "Action", "NotAction", request.action).and(target).and(condition(members))
}

/// Matches a text with the member that lists what the statement applies to, or with the one that lists the exceptions.
fn matches_member(members: &Map<String, Value>, listed: &str, unlisted: &str, text: &str) -> Applies {
    match (members.get(listed), members.get(unlisted)) {
        (Some(patterns), None) => any_of(patterns, |pattern| match_pattern(pattern, text)),
        (None, Some(patterns)) => any_of(patterns, |pattern| match_pattern(pattern, text)).not(),
        _ => Maybe(Uncertainty::Unreadable),
    }
}

fn match_service(members: &Map<String, Value>, service: &str) -> Applies {
    match members.get("Principal") {
        Some(Value::Object(principals)) => principals
            .get("Service")
            .map_or(No, |services| any_of(services, |named| match_service_name(named, service))),
        Some(Value::String(named)) if named == "*" => Maybe(Uncertainty::WidePrincipal),
        _ => Maybe(Uncertainty::Unreadable),
    }
}

/// No page says whether a trust policy may name a service by a pattern, or in capital letters.
fn match_service_name(named: &str, service: &str) -> Applies {
    match match_pattern(named, service) {
        Yes if named != service => Maybe(Uncertainty::WidePrincipal),
        other => other,
    }
}

fn match_pattern(pattern: &str, text: &str) -> Applies {
    if matches(pattern, text) {
        Yes
    } else if matches(&pattern.to_lowercase(), &text.to_lowercase()) {
        Maybe(Uncertainty::LetterCase)
    } else {
        No
    }
}

fn condition(members: &Map<String, Value>) -> Applies {
    match members.get("Condition") {
        None => Yes,
        Some(Value::Object(operators)) if operators.is_empty() => Yes,
        Some(_) => Maybe(Uncertainty::Condition),
    }
}

/// Whether one of the texts matches. `texts` is a list, or a single text.
fn any_of(texts: &Value, one: impl Fn(&str) -> Applies) -> Applies {
    let each = |value: &Value| value.as_str().map_or(Maybe(Uncertainty::Unreadable), &one);
    match texts {
        Value::Array(texts) => texts.iter().map(each).fold(No, Applies::or),
        text => each(text),
    }
}

impl Applies {
    fn and(self, other: Self) -> Self {
        match (self, other) {
            (No, _) | (_, No) => No,
            (Yes, Yes) => Yes,
            // The stronger uncertainty is reported; a condition comes first, because a person can check it.
            (Maybe(one), Maybe(two)) => Maybe(two.or_stronger(Some(one))),
            (Maybe(reason), Yes) | (Yes, Maybe(reason)) => Maybe(reason),
        }
    }

    fn or(self, other: Self) -> Self {
        self.not().and(other.not()).not()
    }

    fn not(self) -> Self {
        match self {
            Yes => No,
            No => Yes,
            reason @ Maybe(_) => reason,
        }
    }
}
