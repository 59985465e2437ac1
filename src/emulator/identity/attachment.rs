//! The users, groups and roles that policies are attached to.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::names::folded;
use super::policy::{PolicyKey, PolicyKind};
use crate::stored::Keyed;
use crate::table::{DocumentKey, OwnDocument};

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
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
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

/// What is attached to a target: one policy at least.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(PartialEq))]
#[serde(deny_unknown_fields)]
pub struct Attached {
    /// To whom.
    pub target: PolicyTarget,
    /// Each policy with the time it was attached, in seconds since the epoch.
    #[serde(with = "listed")]
    pub policies: BTreeMap<PolicyKey, i64>,
}

impl Keyed for Attached {
    type Key = PolicyTarget;

    fn key(&self) -> PolicyTarget {
        self.target.clone()
    }
}

impl OwnDocument for Attached {
    const PREFIX: &'static str = "attached";
}

impl DocumentKey for PolicyTarget {
    fn to_name(&self) -> String {
        format!("{}/{}", folded(self.kind.name()), self.name)
    }
}

/// An attachment as it is stored.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredAttachment {
    kind: PolicyKind,
    name: String,
    since: i64,
}

/// Policies with their times as a list, by `#[serde(with)]`.
mod listed {
    use std::collections::BTreeMap;

    use serde::{Deserialize as _, Deserializer, Serializer};

    use super::{PolicyKey, StoredAttachment};

    pub fn serialize<S: Serializer>(
        policies: &BTreeMap<PolicyKey, i64>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(policies.iter().map(|(policy, since)| StoredAttachment {
            kind: policy.kind,
            name: policy.name.clone(),
            since: *since,
        }))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<BTreeMap<PolicyKey, i64>, D::Error> {
        let stored = Vec::<StoredAttachment>::deserialize(deserializer)?.into_iter();
        Ok(stored.map(|policy| (PolicyKey { kind: policy.kind, name: policy.name }, policy.since)).collect())
    }
}
