//! Evaluates policy documents: whether they allow a request.
//!
//! Some requests stay undecided. Conditions depend on the real request, and no public source says whether letter case
//! counts in actions and resources. Source: RAM documentation, "Policy structure and syntax" and "Policy evaluation
//! process": a `Deny` wins over every `Allow`, and a request that no statement allows is not allowed.

mod pattern;
mod request;
mod statement;
mod uncertainty;

use serde_json::Value;

use crate::ram::PolicyDocument;
pub use pattern::matches as matches_pattern;
pub use request::{Request, Target};
use statement::{Applies, Effect};
pub use uncertainty::Uncertainty;

/// The result of evaluating policies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// A statement allows the request, and no statement denies it.
    Allowed,
    /// A statement denies the request.
    Denied,
    /// No statement allows the request.
    NotAllowed,
    /// The documents alone do not decide it.
    Undecided(Uncertainty),
}

/// Evaluates a request by all these documents together. The order of documents and statements does not count.
pub fn evaluate_documents<'a>(
    documents: impl IntoIterator<Item = &'a PolicyDocument>,
    request: Request<'_>,
) -> Verdict {
    let mut evaluation = Evaluation::default();
    for statement in documents.into_iter().flat_map(statements) {
        for (effect, applies) in statement::evaluate(statement, request) {
            evaluation.record(effect, applies);
        }
    }
    evaluation.verdict()
}

/// The statements of a document. A value in an undocumented form counts as one statement, which cannot be parsed.
fn statements(document: &PolicyDocument) -> &[Value] {
    match document.members().get("Statement") {
        Some(Value::Array(statements)) => statements,
        Some(one) => std::slice::from_ref(one),
        None => &[],
    }
}

/// The effects of the statements so far: for each effect, whether a statement applies, and why it is uncertain whether
/// another one applies.
#[derive(Debug, Default)]
struct Evaluation {
    allows: bool,
    denies: bool,
    may_allow: Option<Uncertainty>,
    may_deny: Option<Uncertainty>,
}

impl Evaluation {
    fn record(&mut self, effect: Effect, applies: Applies) {
        let (surely, perhaps) = match effect {
            Effect::Allow => (&mut self.allows, &mut self.may_allow),
            Effect::Deny => (&mut self.denies, &mut self.may_deny),
        };
        match applies {
            Applies::Yes => *surely = true,
            Applies::Maybe(reason) => *perhaps = Some(reason.or_stronger(*perhaps)),
            Applies::No => {}
        }
    }

    fn verdict(&self) -> Verdict {
        match (self.denies, self.allows, self.may_deny, self.may_allow) {
            (true, ..) => Verdict::Denied,
            (false, true, None, _) => Verdict::Allowed,
            (false, true, Some(reason), _) | (false, false, _, Some(reason)) => Verdict::Undecided(reason),
            (false, false, _, None) => Verdict::NotAllowed,
        }
    }
}

#[cfg(test)]
mod tests;
