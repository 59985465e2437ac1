//! Policies and their versions.

use std::collections::BTreeMap;

use super::directory::folded;
use crate::emulator::policy::Document;

/// Whose a policy is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PolicyKind {
    /// The cloud's: there for everyone, and nobody changes it.
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
    pub fn named(name: &str) -> Option<Self> {
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
#[derive(Clone, Debug)]
#[cfg_attr(test, derive(PartialEq))]
pub struct PolicyVersion {
    /// As sent.
    pub text: String,
    /// As read.
    pub document: Document,
    /// Seconds since the epoch.
    pub created: i64,
}

/// A policy.
#[derive(Clone, Debug)]
#[cfg_attr(test, derive(PartialEq))]
pub struct Policy {
    /// In its canonical case.
    pub name: String,
    /// Whose it is.
    pub kind: PolicyKind,
    /// Free text.
    pub description: String,
    /// By number: 1 is `v1`. Never without the default one.
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
    pub fn new(kind: PolicyKind, name: &str, first: PolicyVersion) -> Self {
        let created = first.created;
        Self {
            name: name.to_owned(),
            kind,
            description: String::new(),
            versions: BTreeMap::from([(1, first)]),
            default_version: 1,
            last_version: 1,
            created,
            updated: created,
            tags: BTreeMap::new(),
        }
    }

    /// What identifies it.
    pub fn key(&self) -> PolicyKey {
        PolicyKey::new(self.kind, &self.name)
    }

    /// The version in force.
    pub fn in_force(&self) -> Option<&PolicyVersion> {
        self.versions.get(&self.default_version)
    }
}
