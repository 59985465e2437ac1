//! Whether policies let somebody do something, as far as their documents tell.
//!
//! What a document cannot tell stays open: conditions depend on the request, and nothing public says whether RAM
//! tells letter case apart in actions and resources. Source: RAM documentation, "Policy structure and syntax" and
//! "Policy evaluation process": a denial wins over every permission, and what nothing allows is not allowed.

mod pattern;
mod statement;

use std::fmt;

use serde_json::Value;

use crate::cloud::ram::PolicyDocument;
use statement::{Applies, Effect};

/// Something that somebody wants to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request<'a> {
    /// The action: `kms:Decrypt`.
    pub action: &'a str,
    /// What policies compare besides the action.
    pub about: About<'a>,
}

/// What a statement is compared with besides the action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About<'a> {
    /// The resource of a policy that somebody holds: an ARN.
    Resource(&'a str),
    /// The service that a trust policy has to name in `Principal`: `log.aliyuncs.com`.
    Service(&'a str),
}

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

/// Why documents do not tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// A statement that matters holds under a condition.
    Condition,
    /// A statement would match if letter case did not count.
    LetterCase,
    /// A trust policy names the service by a pattern, or names everybody.
    WidePrincipal,
    /// A statement is not of the documented form.
    Unreadable,
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Condition => "a statement depends on a condition",
            Self::LetterCase => "a statement is written in other letter case",
            Self::WidePrincipal => "a statement names its principal by a pattern",
            Self::Unreadable => "a statement is not of the documented form",
        })
    }
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
            Applies::Perhaps(doubt) => *perhaps = Some(stronger(*perhaps, doubt)),
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

/// One of two doubts, the same whichever came first.
fn stronger(one: Option<Doubt>, other: Doubt) -> Doubt {
    let rank = |doubt: Doubt| match doubt {
        Doubt::Condition => 3,
        Doubt::LetterCase => 2,
        Doubt::WidePrincipal => 1,
        Doubt::Unreadable => 0,
    };
    one.filter(|one| rank(*one) >= rank(other)).unwrap_or(other)
}

#[cfg(test)]
mod tests;
