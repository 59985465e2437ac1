//! Whether one statement applies to a request.

use serde_json::{Map, Value};

use super::doubt::Doubt;
use super::pattern::matches;
use super::request::{About, Request};

/// What a statement does to what it applies to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    Allow,
    Deny,
}

/// Whether a statement, or a part of one, applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Applies {
    Yes,
    No,
    Perhaps(Doubt),
}

use Applies::{No, Perhaps, Yes};

/// What the statement does about the request. One that cannot be read may do either.
pub(super) fn apply(statement: &Value, request: Request<'_>) -> Vec<(Effect, Applies)> {
    let unreadable = Perhaps(Doubt::Unreadable);
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
    let about = match request.about {
        About::Resource(resource) => either(members, "Resource", "NotResource", resource),
        About::Service(service) => names_service(members, service),
    };
    either(members, "Action", "NotAction", request.action).and(about).and(condition(members))
}

/// A statement has a member that lists what it is about, or one that lists what it is not about.
fn either(members: &Map<String, Value>, listed: &str, unlisted: &str, text: &str) -> Applies {
    match (members.get(listed), members.get(unlisted)) {
        (Some(patterns), None) => any(patterns, |pattern| fits(pattern, text)),
        (None, Some(patterns)) => any(patterns, |pattern| fits(pattern, text)).not(),
        _ => Perhaps(Doubt::Unreadable),
    }
}

fn names_service(members: &Map<String, Value>, service: &str) -> Applies {
    match members.get("Principal") {
        Some(Value::Object(principals)) => {
            principals.get("Service").map_or(No, |services| any(services, |named| is_service(named, service)))
        }
        Some(Value::String(named)) if named == "*" => Perhaps(Doubt::WidePrincipal),
        _ => Perhaps(Doubt::Unreadable),
    }
}

/// No page says whether a trust policy may name services by patterns, or in capitals.
fn is_service(named: &str, service: &str) -> Applies {
    match fits(named, service) {
        Yes if named != service => Perhaps(Doubt::WidePrincipal),
        other => other,
    }
}

fn fits(pattern: &str, text: &str) -> Applies {
    if matches(pattern, text) {
        Yes
    } else if matches(&pattern.to_lowercase(), &text.to_lowercase()) {
        Perhaps(Doubt::LetterCase)
    } else {
        No
    }
}

fn condition(members: &Map<String, Value>) -> Applies {
    match members.get("Condition") {
        None => Yes,
        Some(Value::Object(operators)) if operators.is_empty() => Yes,
        Some(_) => Perhaps(Doubt::Condition),
    }
}

/// Whether one of the texts does: of a list, or of one text in the place of a list.
fn any(texts: &Value, one: impl Fn(&str) -> Applies) -> Applies {
    let each = |value: &Value| value.as_str().map_or(Perhaps(Doubt::Unreadable), &one);
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
            // A condition is what a person can look at, so it is named first.
            (Perhaps(one), Perhaps(two)) => Perhaps(two.or_stronger(Some(one))),
            (Perhaps(doubt), Yes) | (Yes, Perhaps(doubt)) => Perhaps(doubt),
        }
    }

    fn or(self, other: Self) -> Self {
        self.not().and(other.not()).not()
    }

    fn not(self) -> Self {
        match self {
            Yes => No,
            No => Yes,
            doubt @ Perhaps(_) => doubt,
        }
    }
}
