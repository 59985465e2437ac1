//! The desired state of a BYOK role.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::same_name;
use crate::names::{PolicyName, RoleName};
use crate::ram::PolicyId;

pub use crate::ram::BYOK_SYSTEM_POLICIES as KMS_POLICIES;

/// The description of a role that is not finished. A role is created with it, and gets the desired description last.
pub const UNFINISHED_DESCRIPTION: &str =
    "Being set up by alicloud_ram_byok_role; the next apply goes on with it";

/// The desired state of a BYOK role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DesiredRole {
    /// The role's name.
    pub role_name: String,
    /// The description; 1 to 1024 characters.
    pub description: String,
    /// The longest session of the role, in seconds: 3600 to 43200.
    pub max_session_duration: i64,
    /// The role's tags.
    pub tags: BTreeMap<String, String>,
    /// The policy that lets principals pass the role to SLS, if it is managed.
    pub pass_role: Option<PassRole>,
}

/// The policy that lets principals pass the role to SLS.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PassRole {
    /// The custom policy's name.
    pub policy_name: String,
    /// The principals that the policy is attached to.
    pub principals: BTreeSet<Principal>,
}

/// The kind of a principal.
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

    /// The kind in words.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Group => "group",
            Self::Role => "role",
        }
    }
}

/// A user, group or role that a policy is attached to. As in RAM, names that differ only in letter case are the same.
#[derive(Clone, Debug)]
pub struct Principal {
    /// Its kind.
    pub kind: PrincipalKind,
    /// Its name, in the spelling that it was given.
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

/// The description of the policy that lets principals pass a role: the text before and after the role's name.
const DESCRIPTION: (&str, &str) =
    ("Lets its holders hand the role ", " to Simple Log Service (alicloud_ram_byok_role)");

/// The description of the policy that lets principals pass a role. It also marks the policy as ours.
pub fn pass_role_description(role: &RoleName) -> String {
    let (before, after) = DESCRIPTION;
    format!("{before}{role}{after}")
}

/// The role that the description of a policy names, if the description has the form of [`pass_role_description`].
pub(super) fn role_of_description(description: &str) -> Option<&str> {
    let (before, after) = DESCRIPTION;
    description.strip_prefix(before)?.strip_suffix(after)
}

/// One of the [`KMS_POLICIES`].
pub(super) fn system_policy(name: &'static str) -> PolicyId {
    PolicyId::system(PolicyName::from_answer(name))
}
