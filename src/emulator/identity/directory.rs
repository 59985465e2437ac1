//! The contents of an account.

use std::collections::BTreeMap;

use super::attachment::{Attached, PolicyTarget, PolicyTargetKind};
use super::entity::{Group, Role, User};
use super::names::folded;
use super::oidc_provider::OidcProvider;
use super::policy::{Policy, PolicyKey, PolicyKind};
use super::system_policies::{system_policies, system_policy};
use crate::access::{AccessKey, AccessKeys, Principal};
use crate::table::Table;

/// The contents of an account. Tables are keyed by folded names.
#[derive(Clone, Debug, Default)]
#[cfg_attr(test, derive(PartialEq))]
pub struct Directory {
    /// The account.
    pub account_id: String,
    /// The name of the account in the addresses of its users; none unless one was set.
    pub account_alias: Option<String>,
    /// The access keys of the account and of users, by id; those of sessions are stored apart.
    pub access_keys: Table<AccessKey>,
    /// By folded name.
    pub users: Table<User>,
    /// By folded name.
    pub groups: Table<Group>,
    /// By folded name.
    pub roles: Table<Role>,
    /// By folded name.
    pub oidc_providers: Table<OidcProvider>,
    /// The account's. The cloud's are the same in every account.
    pub policies: Table<Policy>,
    /// The attached policies, by whom they are attached to.
    pub attached: Table<Attached>,
}

impl Directory {
    /// An account with nothing in it but access keys.
    pub fn new(account_id: &str, access_keys: AccessKeys) -> Self {
        Self {
            account_id: account_id.to_owned(),
            access_keys: access_keys.into_values().collect(),
            ..Self::default()
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

    /// A policy of the account or of the cloud.
    pub fn policy(&self, key: &PolicyKey) -> Option<&Policy> {
        match key.kind {
            PolicyKind::System => system_policy(&key.name),
            PolicyKind::Custom => self.policies.get(key),
        }
    }

    /// Every policy by its key, the cloud's first.
    pub fn all_policies(&self) -> impl Iterator<Item = (&PolicyKey, &Policy)> {
        system_policies().chain(self.policies.iter())
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
        let attached = self.attached.get(target).into_iter().flat_map(|attached| &attached.policies);
        attached.filter_map(move |(key, since)| Some((self.policy(key)?, *since)))
    }

    /// Whether a policy is attached to a target.
    pub fn is_attached(&self, target: &PolicyTarget, policy: &PolicyKey) -> bool {
        self.attached.get(target).is_some_and(|attached| attached.policies.contains_key(policy))
    }

    /// Attaches a policy; false where it is attached already.
    pub fn attach(&mut self, target: &PolicyTarget, policy: PolicyKey, now: i64) -> bool {
        if self.is_attached(target, &policy) {
            return false;
        }
        self.attached.add(Attached { target: target.clone(), policies: BTreeMap::new() });
        if let Some(attached) = self.attached.get_mut(target) {
            attached.policies.insert(policy, now);
        }
        true
    }

    /// Detaches a policy; false where it is not attached.
    pub fn detach(&mut self, target: &PolicyTarget, policy: &PolicyKey) -> bool {
        if !self.is_attached(target, policy) {
            return false;
        }
        let Some(attached) = self.attached.get_mut(target) else { return false };
        attached.policies.remove(policy);
        if attached.policies.is_empty() {
            self.attached.remove(target);
        }
        true
    }

    /// Gives what is attached to a target to one of another name.
    pub fn rename_target(&mut self, kind: PolicyTargetKind, from: &str, to: &str) {
        let Some(attached) = self.attached.remove(&PolicyTarget::new(kind, from)) else { return };
        let policies = attached.policies.clone();
        self.attached.insert(Attached { target: PolicyTarget::new(kind, to), policies });
    }

    /// Gives a user another name, in groups, in what is attached to them and in their access keys too; false where it
    /// is taken.
    pub fn rename_user(&mut self, mut user: User, name: &str) -> bool {
        let (from, to) = (folded(&user.name), folded(name));
        if from != to {
            if self.users.contains_key(&to) {
                return false;
            }
            self.users.remove(&from);
            self.rename_target(PolicyTargetKind::User, &from, &to);
            let theirs = self.groups.values().filter(|group| group.members.contains(&from));
            for mut group in theirs.cloned().collect::<Vec<Group>>() {
                group.members.remove(&from);
                group.members.insert(to.clone());
                self.groups.insert(group);
            }
        }
        let is_outdated = |of: &Principal| match of {
            Principal::User { name: old, .. } => folded(old) == from && old != name,
            _ => false,
        };
        let keys = self.access_keys.values().filter(|key| is_outdated(&key.principal));
        for mut key in keys.cloned().collect::<Vec<AccessKey>>() {
            key.principal = Principal::User { account_id: self.account_id.clone(), name: name.to_owned() };
            self.access_keys.insert(key);
        }
        name.clone_into(&mut user.name);
        self.users.insert(user);
        true
    }

    /// The targets of a policy, each with the time it was attached.
    pub fn targets_of(&self, key: &PolicyKey) -> impl Iterator<Item = (&PolicyTarget, i64)> {
        let attached = self.attached.values();
        attached.filter_map(move |attached| Some((&attached.target, *attached.policies.get(key)?)))
    }

    /// To how many targets each policy is attached that is attached to any.
    pub fn attachment_counts(&self) -> BTreeMap<&PolicyKey, usize> {
        let mut counts = BTreeMap::new();
        for key in self.attached.values().flat_map(|attached| attached.policies.keys()) {
            *counts.entry(key).or_default() += 1;
        }
        counts
    }
}
