//! Why documents do not tell.

use std::fmt;

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

impl Doubt {
    /// One of two doubts, the same whichever came first.
    pub(super) fn or_stronger(self, other: Option<Self>) -> Self {
        let rank = |doubt: Self| match doubt {
            Self::Condition => 3,
            Self::LetterCase => 2,
            Self::WidePrincipal => 1,
            Self::Unreadable => 0,
        };
        other.filter(|other| rank(*other) >= rank(self)).unwrap_or(self)
    }
}
