//! Everything there is in an account.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::attachment::{self, Attachments, Holder, HolderKind};
use super::entity::{Group, Role, User};
use super::names::folded;
use super::oidc_provider::OidcProvider;
use super::policy::{Policy, PolicyKey};
use super::system_policies::{custom_policies, system_policies};
use crate::emulator::access::AccessKeys;
use crate::emulator::stored::by_key;

/// Everything there is in an account. Names are keys in their folded form.
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
    /// What holds which policy, and since when in seconds since the epoch.
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

    /// Whether there is such a holder of policies.
    pub fn has(&self, holder: &Holder) -> bool {
        match holder.kind {
            HolderKind::User => self.users.contains_key(&holder.name),
            HolderKind::Group => self.groups.contains_key(&holder.name),
            HolderKind::Role => self.roles.contains_key(&holder.name),
        }
    }

    /// The policies of a holder, each with the time it was attached.
    pub fn policies_of(&self, holder: &Holder) -> impl Iterator<Item = (&Policy, i64)> {
        let attached = self.attachments.iter().filter(move |((of, _), _)| of == holder);
        attached.filter_map(|((_, key), since)| Some((self.policies.get(key)?, *since)))
    }

    /// What holds a policy, each with the time it was attached.
    pub fn holders_of(&self, key: &PolicyKey) -> impl Iterator<Item = (&Holder, i64)> {
        let attached = self.attachments.iter().filter(move |((_, attached), _)| attached == key);
        attached.map(|((holder, _), since)| (holder, *since))
    }
}
