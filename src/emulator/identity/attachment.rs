//! What policies are attached to.

use super::directory::folded;

/// What kind of thing holds policies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum HolderKind {
    /// A user.
    User,
    /// A group.
    Group,
    /// A role.
    Role,
}

impl HolderKind {
    /// The word in action names and error codes.
    pub fn name(self) -> &'static str {
        match self {
            Self::User => "User",
            Self::Group => "Group",
            Self::Role => "Role",
        }
    }
}

/// Something that holds policies.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Holder {
    /// What it is.
    pub kind: HolderKind,
    /// Its folded name.
    pub name: String,
}

impl Holder {
    /// The holder of a name in any case.
    pub fn new(kind: HolderKind, name: &str) -> Self {
        Self { kind, name: folded(name) }
    }
}
