//! What a BYOK role is.

use std::collections::{BTreeMap, BTreeSet};

use super::same_name;
use super::wanted::{KMS_POLICIES, Principal, UNFINISHED};

/// What a BYOK role is, with what belongs to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observed {
    /// What people read; empty if there is none.
    pub description: String,
    /// How long a session may be, in seconds.
    pub max_session_duration: i64,
    /// Whether the trust policy means what it should.
    pub trust_is_right: bool,
    /// The role's tags.
    pub tags: BTreeMap<String, String>,
    /// The policies attached to the role.
    pub attached: Vec<AttachedPolicy>,
    /// The policy that lets principals hand the role over; `None` if there is none, or none is looked after.
    pub pass_role: Option<ObservedPassRole>,
}

/// The policy that lets principals hand the role over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObservedPassRole {
    /// The custom policy's name.
    pub policy_name: String,
    /// Whether its document means what it should.
    pub document_is_right: bool,
    /// Whom it is attached to.
    pub principals: BTreeSet<Principal>,
}

/// A policy that is attached to the role.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AttachedPolicy {
    /// Its name.
    pub name: String,
    /// Whether it is one of Alibaba Cloud's own (`PolicyType` `System`), not of the account (`Custom`).
    pub is_system: bool,
    /// Whether it is a policy that lets its holders pass a BYOK role, by the description that only we give: the role's
    /// own, or that of another one that names this role among those that may pass it.
    pub is_pass_role: bool,
}

impl AttachedPolicy {
    /// `PolicyType` on the wire.
    pub fn policy_type(&self) -> &'static str {
        if self.is_system { "System" } else { "Custom" }
    }

    /// Whether somebody else has attached it.
    pub fn is_foreign(&self) -> bool {
        !self.is_for_kms() && !self.is_pass_role
    }

    /// Whether it is one of the [`KMS_POLICIES`].
    pub fn is_for_kms(&self) -> bool {
        self.is_system && KMS_POLICIES.iter().any(|name| same_name(name, &self.name))
    }
}

impl Observed {
    /// Whether a create has begun the role and not finished it.
    pub fn is_unfinished(&self) -> bool {
        self.description == UNFINISHED
    }

    /// Those of the [`KMS_POLICIES`] that are attached.
    pub fn kms_policies(&self) -> impl Iterator<Item = &'static str> {
        KMS_POLICIES.into_iter().filter(|name| {
            self.attached.iter().any(|policy| policy.is_system && same_name(&policy.name, name))
        })
    }

    /// The policies attached by somebody else.
    pub fn foreign_policies(&self) -> impl Iterator<Item = &AttachedPolicy> {
        self.attached.iter().filter(|policy| policy.is_foreign())
    }
}
