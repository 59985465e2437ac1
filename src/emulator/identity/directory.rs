//! The contents of an account.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::attachment::{self, Attachments, PolicyTarget, PolicyTargetKind};
use super::entity::{Group, Role, User};
use super::names::folded;
use super::oidc_provider::OidcProvider;
use super::policy::{Policy, PolicyKey, PolicyKind};
use super::system_policies::{custom_policies, system_policies};
use crate::access::AccessKeys;
use crate::stored::by_key;

/// The contents of an account. Maps are keyed by folded names.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(PartialEq))]
#[serde(deny_unknown_fields)]
pub struct Directory {
    /// The account.
    pub account_id: String,
    /// The access keys of the account and of users; those of sessions are stored apart.
    #[serde(with = "by_key")]
    pub access_keys: AccessKeys,
    /// By folded name.
    #[serde(with = "by_key")]
    pub users: BTreeMap<String, User>,
    /// By folded name.
    #[serde(with = "by_key")]
    pub groups: BTreeMap<String, Group>,
    /// By folded name.
    #[serde(with = "by_key")]
    pub roles: BTreeMap<String, Role>,
    /// By folded name.
    #[serde(with = "by_key")]
    pub oidc_providers: BTreeMap<String, OidcProvider>,
    /// The cloud's and the account's.
    #[serde(with = "custom_policies")]
    pub policies: BTreeMap<PolicyKey, Policy>,
    /// The attached policies, each with the time it was attached in seconds since the epoch.
    #[serde(with = "attachment::listed")]
    pub attachments: Attachments,
}

impl Directory {
    /// An account with nothing in it but the cloud's own policies.
    pub fn new(account_id: &str, access_keys: AccessKeys) -> Self {
        Self {
            account_id: account_id.to_owned(),
            access_keys,
            users: BTreeMap::new(),
            groups: BTreeMap::new(),
            roles: BTreeMap::new(),
            oidc_providers: BTreeMap::new(),
            policies: system_policies(),
            attachments: BTreeMap::new(),
        }
    }

    /// A role by its name in any case.
    pub fn role(&self, name: &str) -> Option<&Role> {
        self.roles.get(&folded(name))
    }

    /// A user by its name in any case.
    pub fn user(&self, name: &str) -> Option<&User> {
        self.users.get(&folded(name))
    }

    /// An identity provider by its name in any case.
    pub fn oidc_provider(&self, name: &str) -> Option<&OidcProvider> {
        self.oidc_providers.get(&folded(name))
    }

    /// Whether a policy target exists.
    pub fn has(&self, target: &PolicyTarget) -> bool {
        match target.kind {
            PolicyTargetKind::User => self.users.contains_key(&target.name),
            PolicyTargetKind::Group => self.groups.contains_key(&target.name),
            PolicyTargetKind::Role => self.roles.contains_key(&target.name),
        }
    }

    /// The policies of a target, each with the time it was attached.
    pub fn policies_of(&self, target: &PolicyTarget) -> impl Iterator<Item = (&Policy, i64)> {
        // The first key there can be: what is attached to others is not looked at.
        let first = (target.clone(), PolicyKey { kind: PolicyKind::System, name: String::new() });
        let attached = self.attachments.range(first..).take_while(move |((of, _), _)| of == target);
        attached.filter_map(|((_, key), since)| Some((self.policies.get(key)?, *since)))
    }

    /// Gives what is attached to a target to one of another name.
    pub fn rename_target(&mut self, kind: PolicyTargetKind, from: &str, to: &str) {
        let (from, to) = (PolicyTarget::new(kind, from), PolicyTarget::new(kind, to));
        let attached = std::mem::take(&mut self.attachments).into_iter();
        self.attachments = attached
            .map(|((target, policy), since)| {
                let target = if target == from { to.clone() } else { target };
                ((target, policy), since)
            })
            .collect();
    }

    /// The targets of a policy, each with the time it was attached.
    pub fn targets_of(&self, key: &PolicyKey) -> impl Iterator<Item = (&PolicyTarget, i64)> {
        let attached = self.attachments.iter().filter(move |((_, attached), _)| attached == key);
        attached.map(|((target, _), since)| (target, *since))
    }
}
