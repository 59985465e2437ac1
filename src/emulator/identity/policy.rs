//! Policies and their versions.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::names::folded;
use crate::policy::PolicyText;
use crate::stored::{Keyed, by_key};
use crate::table::{DocumentKey, OwnDocument};

/// Whose a policy is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PolicyKind {
    /// A system policy: every account has it, and no call changes it.
    System,
    /// The account's.
    Custom,
}

impl PolicyKind {
    /// `PolicyType` on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::System => "System",
            Self::Custom => "Custom",
        }
    }

    /// The kind of a `PolicyType`, in exactly that case.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::System, Self::Custom].into_iter().find(|kind| kind.name() == name)
    }
}

/// What identifies a policy: its kind and its folded name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PolicyKey {
    /// Whose it is.
    pub kind: PolicyKind,
    /// Folded.
    pub name: String,
}

impl PolicyKey {
    /// The key of a policy named in any case.
    pub fn new(kind: PolicyKind, name: &str) -> Self {
        Self { kind, name: folded(name) }
    }
}

/// A version of a policy.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(PartialEq))]
#[serde(deny_unknown_fields)]
pub struct PolicyVersion {
    /// 1 is `v1`.
    pub number: u32,
    /// What it says.
    pub document: PolicyText,
    /// Seconds since the epoch.
    pub created: i64,
}

/// A policy.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(PartialEq))]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// In its canonical case.
    pub name: String,
    /// Whose it is. The store has those of the account only.
    #[serde(skip, default = "custom")]
    pub kind: PolicyKind,
    /// Free text.
    pub description: String,
    /// By number. Never without the default one.
    #[serde(with = "by_key")]
    pub versions: BTreeMap<u32, PolicyVersion>,
    /// The number of the version in force.
    pub default_version: u32,
    /// The number of the version made last; numbers are not used again.
    pub last_version: u32,
    /// Seconds since the epoch.
    pub created: i64,
    /// Seconds since the epoch.
    pub updated: i64,
    /// By key.
    pub tags: BTreeMap<String, String>,
}

impl Policy {
    /// A policy of one version.
    pub fn new(kind: PolicyKind, name: &str, document: PolicyText, created: i64) -> Self {
        Self {
            name: name.to_owned(),
            kind,
            description: String::new(),
            versions: BTreeMap::from([(1, PolicyVersion { number: 1, document, created })]),
            default_version: 1,
            last_version: 1,
            created,
            updated: created,
            tags: BTreeMap::new(),
        }
    }

    /// The version in force.
    pub fn in_force(&self) -> Option<&PolicyVersion> {
        self.versions.get(&self.default_version)
    }
}

impl Keyed for PolicyVersion {
    type Key = u32;

    fn key(&self) -> u32 {
        self.number
    }
}

impl Keyed for Policy {
    type Key = PolicyKey;

    /// What identifies it.
    fn key(&self) -> PolicyKey {
        PolicyKey::new(self.kind, &self.name)
    }
}

impl OwnDocument for Policy {
    const PREFIX: &'static str = "policy";
}

/// Only the account's policies are documents.
impl DocumentKey for PolicyKey {
    fn to_name(&self) -> String {
        self.name.clone()
    }
}

fn custom() -> PolicyKind {
    PolicyKind::Custom
}
