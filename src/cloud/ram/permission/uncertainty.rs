//! Why a request stays undecided.

use std::fmt;

/// Why a request stays undecided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Uncertainty {
    /// A statement that decides has a condition.
    Condition,
    /// A statement would match if letter case did not count.
    LetterCase,
    /// A trust policy names the service by a pattern, or every principal.
    WidePrincipal,
    /// A statement does not have the documented form.
    Unreadable,
}

impl fmt::Display for Uncertainty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Condition => "a statement depends on a condition",
            Self::LetterCase => "a statement is written in other letter case",
            Self::WidePrincipal => "a statement names its principal by a pattern",
            Self::Unreadable => "a statement is not of the documented form",
        })
    }
}

impl Uncertainty {
    /// The stronger of two uncertainties. Their order does not matter.
    pub(super) fn or_stronger(self, other: Option<Self>) -> Self {
        let rank = |reason: Self| match reason {
            Self::Condition => 3,
            Self::LetterCase => 2,
            Self::WidePrincipal => 1,
            Self::Unreadable => 0,
        };
        other.filter(|other| rank(*other) >= rank(self)).unwrap_or(self)
    }
}
