//! What policies are attached to.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::names::folded;
use super::policy::{PolicyKey, PolicyKind};

/// What kind of thing holds policies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
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

/// What is attached to what, and since when in seconds since the epoch.
pub type Attachments = BTreeMap<(Holder, PolicyKey), i64>;

/// An attachment as it is stored.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredAttachment {
    holder_kind: HolderKind,
    holder: String,
    policy_kind: PolicyKind,
    policy: String,
    since: i64,
}

/// Attachments as a list, by `#[serde(with)]`.
pub mod listed {
    use serde::{Deserialize as _, Deserializer, Serializer};

    use super::{Attachments, Holder, StoredAttachment};
    use crate::emulator::identity::PolicyKey;

    /// Writes the list.
    ///
    /// # Errors
    ///
    /// Those of the serializer.
    pub fn serialize<S: Serializer>(attachments: &Attachments, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(attachments.iter().map(|((holder, policy), since)| StoredAttachment {
            holder_kind: holder.kind,
            holder: holder.name.clone(),
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
            let holder = Holder { kind: stored.holder_kind, name: stored.holder };
            ((holder, PolicyKey { kind: stored.policy_kind, name: stored.policy }), stored.since)
        });
        Ok(attachments.collect())
    }
}
