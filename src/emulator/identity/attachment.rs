//! The users, groups and roles that policies are attached to.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::names::folded;
use super::policy::{PolicyKey, PolicyKind};

/// The kind of a policy target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PolicyTargetKind {
    /// A user.
    User,
    /// A group.
    Group,
    /// A role.
    Role,
}

impl PolicyTargetKind {
    /// The word in action names and error codes.
    pub fn name(self) -> &'static str {
        match self {
            Self::User => "User",
            Self::Group => "Group",
            Self::Role => "Role",
        }
    }
}

/// A user, group or role that policies are attached to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PolicyTarget {
    /// What it is.
    pub kind: PolicyTargetKind,
    /// Its folded name.
    pub name: String,
}

impl PolicyTarget {
    /// The target of a name in any letter case.
    pub fn new(kind: PolicyTargetKind, name: &str) -> Self {
        Self { kind, name: folded(name) }
    }
}

/// What is attached to what, and since when in seconds since the epoch.
pub type Attachments = BTreeMap<(PolicyTarget, PolicyKey), i64>;

/// An attachment as it is stored.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredAttachment {
    target_kind: PolicyTargetKind,
    target: String,
    policy_kind: PolicyKind,
    policy: String,
    since: i64,
}

/// Attachments as a list, by `#[serde(with)]`.
pub mod listed {
    use serde::{Deserialize as _, Deserializer, Serializer};

    use super::{Attachments, PolicyTarget, StoredAttachment};
    use crate::identity::PolicyKey;

    /// Writes the list.
    ///
    /// # Errors
    ///
    /// Those of the serializer.
    pub fn serialize<S: Serializer>(attachments: &Attachments, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(attachments.iter().map(|((target, policy), since)| StoredAttachment {
            target_kind: target.kind,
            target: target.name.clone(),
            policy_kind: policy.kind,
            policy: policy.name.clone(),
            since: *since,
        }))
    }

    /// Reads the list.
    ///
    /// # Errors
    ///
    /// Those of the deserializer.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Attachments, D::Error> {
        let attachments = Vec::<StoredAttachment>::deserialize(deserializer)?.into_iter().map(|stored| {
            let target = PolicyTarget { kind: stored.target_kind, name: stored.target };
            ((target, PolicyKey { kind: stored.policy_kind, name: stored.policy }), stored.since)
        });
        Ok(attachments.collect())
    }
}
