//! Whether policies let somebody do something, as far as their documents tell.
//!
//! What a document cannot tell stays open: conditions depend on the request, and nothing public says whether RAM
//! tells letter case apart in actions and resources. Source: RAM documentation, "Policy structure and syntax" and
//! "Policy evaluation process": a denial wins over every permission, and what nothing allows is not allowed.

mod doubt;
mod pattern;
mod request;
mod statement;

use serde_json::Value;

use crate::ram::PolicyDocument;
pub use doubt::Doubt;
pub use request::{About, Request};
use statement::{Applies, Effect};

/// What policies say about a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// A statement allows it, and none denies it.
    Allowed,
    /// A statement denies it.
    Denied,
    /// No statement allows it.
    NotAllowed,
    /// The documents do not tell.
    Undecided(Doubt),
}

/// What policies say together about a request. The order of documents and statements does not count.
pub fn judge<'a>(documents: impl IntoIterator<Item = &'a PolicyDocument>, request: Request<'_>) -> Verdict {
    let mut found = Found::default();
    for statement in documents.into_iter().flat_map(statements) {
        for (effect, applies) in statement::apply(statement, request) {
            found.note(effect, applies);
        }
    }
    found.verdict()
}

/// The statements of a document; what is none of the documented forms counts as one that cannot be read.
fn statements(document: &PolicyDocument) -> &[Value] {
    match document.members().get("Statement") {
        Some(Value::Array(statements)) => statements,
        Some(one) => std::slice::from_ref(one),
        None => &[],
    }
}

/// What the statements seen so far come to: for each effect, whether one applies for sure, and why one may.
#[derive(Debug, Default)]
struct Found {
    allows: bool,
    denies: bool,
    may_allow: Option<Doubt>,
    may_deny: Option<Doubt>,
}

impl Found {
    fn note(&mut self, effect: Effect, applies: Applies) {
        let (surely, perhaps) = match effect {
            Effect::Allow => (&mut self.allows, &mut self.may_allow),
            Effect::Deny => (&mut self.denies, &mut self.may_deny),
        };
        match applies {
            Applies::Yes => *surely = true,
            Applies::Perhaps(doubt) => *perhaps = Some(doubt.or_stronger(*perhaps)),
            Applies::No => {}
        }
    }

    fn verdict(&self) -> Verdict {
        match (self.denies, self.allows, self.may_deny, self.may_allow) {
            (true, ..) => Verdict::Denied,
            (false, true, None, _) => Verdict::Allowed,
            (false, true, Some(doubt), _) | (false, false, _, Some(doubt)) => Verdict::Undecided(doubt),
            (false, false, _, None) => Verdict::NotAllowed,
        }
    }
}

#[cfg(test)]
mod tests;
