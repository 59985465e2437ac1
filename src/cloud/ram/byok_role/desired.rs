//! What a BYOK role should be.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::same_name;
use crate::names::{PolicyName, RoleName};
use crate::ram::PolicyId;

pub use crate::ram::BYOK_SYSTEM_POLICIES as KMS_POLICIES;

/// What people read on a role that is not finished, and what tells that it is not: a role is made with this
/// description, and gets its own one last.
pub const UNFINISHED_DESCRIPTION: &str =
    "Being set up by alicloud_ram_byok_role; the next apply goes on with it";

/// What a BYOK role should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DesiredRole {
    /// The role's name.
    pub role_name: String,
    /// What people read; 1 to 1024 characters.
    pub description: String,
    /// How long a session may be, in seconds: 3600 to 43200.
    pub max_session_duration: i64,
    /// The role's tags.
    pub tags: BTreeMap<String, String>,
    /// Who may hand the role to the service, if that is looked after.
    pub pass_role: Option<PassRole>,
}

/// Who may hand the role to the service, and by which policy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PassRole {
    /// The custom policy's name.
    pub policy_name: String,
    /// Whom it is attached to.
    pub principals: BTreeSet<Principal>,
}

/// What kind of principal holds a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PrincipalKind {
    /// A RAM user.
    User,
    /// A RAM user group.
    Group,
    /// A RAM role.
    Role,
}

impl PrincipalKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::User, Self::Group, Self::Role];

    /// The word for people.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Group => "group",
            Self::Role => "role",
        }
    }
}

/// Someone who holds a policy. Names that differ only in letter case are the same, as RAM takes them.
#[derive(Clone, Debug)]
pub struct Principal {
    /// What it is.
    pub kind: PrincipalKind,
    /// Its name, as written.
    pub name: String,
}

impl Principal {
    fn key(&self) -> (PrincipalKind, String) {
        (self.kind, self.name.to_lowercase())
    }
}

impl PartialEq for Principal {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind && same_name(&self.name, &other.name)
    }
}

impl Eq for Principal {}

impl PartialOrd for Principal {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Principal {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.key().cmp(&other.key())
    }
}

impl fmt::Display for Principal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {}", self.kind.as_str(), self.name)
    }
}

/// What people read before and after the role's name on the policy that lets principals pass the role.
const DESCRIPTION: (&str, &str) =
    ("Lets its holders hand the role ", " to Simple Log Service (alicloud_ram_byok_role)");

/// What people read on the policy that lets principals pass a role; it also tells that it is ours.
pub fn pass_role_description(role: &RoleName) -> String {
    let (before, after) = DESCRIPTION;
    format!("{before}{role}{after}")
}

/// The role of a policy with the description that only we give.
pub(super) fn role_of_description(description: &str) -> Option<&str> {
    let (before, after) = DESCRIPTION;
    description.strip_prefix(before)?.strip_suffix(after)
}

/// One of the cloud's own policies, by a name from our own list.
pub(super) fn system_policy(name: &'static str) -> PolicyId {
    PolicyId::system(PolicyName::answered(name))
}
