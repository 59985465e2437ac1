//! Keys, roles, users, groups and identity providers: what they are, and nothing that is secret about them.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::bounds::{LONGEST_TEXT, pick};
use crate::access::Principal;
use crate::clock::iso_8601;
use crate::identity::{
    Directory, Group, OidcProvider, PolicyTarget, PolicyTargetKind, Role, User, folded, oidc_provider_arn,
    role_arn, user_arn,
};
use crate::kms::{Key, KeyState, Keys};
use crate::requests::cut;

/// How many names of what belongs to something are shown.
const MOST_NAMES: usize = 50;

/// What is shown of one kind, and how many are left out.
pub type Shown = (Vec<Value>, usize);

/// The keys of every region, without their material; those whose ids are `wanted` before others.
pub fn keys(keys: &Keys, account_id: &str, now: i64, wanted: &BTreeSet<String>) -> Shown {
    let (picked, left_out) = pick(keys.all(None, now).collect(), |key| wanted.contains(&key.id));
    (picked.into_iter().map(|key| shown_key(keys, key, account_id)).collect(), left_out)
}

fn shown_key(keys: &Keys, key: &Key, account_id: &str) -> Value {
    let aliases = keys.aliases.values().filter(|alias| alias.key_id == key.id);
    let deletion = match key.state {
        KeyState::PendingDeletion { at } => Some(iso_8601(at)),
        _ => None,
    };
    json!({
        "id": key.id,
        "arn": key.arn(account_id),
        "region": key.region,
        "state": key.state.name(),
        "deletion": deletion,
        "spec": key.spec,
        "usage": key.usage,
        "origin": key.origin,
        "description": cut(&key.description, LONGEST_TEXT),
        "aliases": names(aliases.map(|alias| alias.name.as_str())),
    })
}

/// The roles, with who may assume them and the policies attached to them; those whose folded names are `wanted`
/// before others.
pub fn roles(directory: &Directory, wanted: &BTreeSet<String>) -> Shown {
    let all: Vec<(&String, &Role)> = directory.roles.iter().collect();
    let (picked, left_out) = pick(all, |(folded, _)| wanted.contains(*folded));
    let shown = picked.into_iter().map(|(_, role)| {
        json!({
            "name": role.name,
            "arn": role_arn(&directory.account_id, &role.name),
            "description": cut(&role.description, LONGEST_TEXT),
            "trust_policy": role.trust.as_str(),
            "policies": policies(directory, PolicyTargetKind::Role, &role.name),
        })
    });
    (shown.collect(), left_out)
}

/// The users, with the policies attached to them, their groups, and the ids of their access keys.
pub fn users(directory: &Directory) -> Shown {
    let (picked, left_out) = pick(directory.users.values().collect(), |_: &&User| false);
    let shown = picked.into_iter().map(|user| {
        let name = folded(&user.name);
        let groups = directory.groups.values().filter(|group| group.members.contains(&name));
        let is_theirs =
            |of: &Principal| matches!(of, Principal::User { name: owner, .. } if folded(owner) == name);
        let access_keys = directory.access_keys.values().filter(|key| is_theirs(&key.principal));
        json!({
            "name": user.name,
            "arn": user_arn(&directory.account_id, &user.name),
            "comments": cut(&user.comments, LONGEST_TEXT),
            "policies": policies(directory, PolicyTargetKind::User, &user.name),
            "groups": names(groups.map(|group| group.name.as_str())),
            "access_keys": names(access_keys.map(|key| key.id.as_str())),
        })
    });
    (shown.collect(), left_out)
}

/// The groups, with the policies attached to them and their users.
pub fn groups(directory: &Directory) -> Shown {
    let (picked, left_out) = pick(directory.groups.values().collect(), |_: &&Group| false);
    let shown = picked.into_iter().map(|group| {
        let members = group.members.iter().filter_map(|name| directory.users.get(name));
        json!({
            "name": group.name,
            "comments": cut(&group.comments, LONGEST_TEXT),
            "policies": policies(directory, PolicyTargetKind::Group, &group.name),
            "users": names(members.map(|user| user.name.as_str())),
        })
    });
    (shown.collect(), left_out)
}

/// The identity providers. The keys that tokens are verified with are not shown: some are secrets.
pub fn oidc_providers(directory: &Directory) -> Shown {
    let (picked, left_out) = pick(directory.oidc_providers.values().collect(), |_: &&OidcProvider| false);
    let shown = picked.into_iter().map(|provider| {
        json!({
            "name": provider.name,
            "arn": oidc_provider_arn(&directory.account_id, &provider.name),
            "issuer": cut(&provider.issuer, LONGEST_TEXT),
            "client_ids": names(provider.client_ids.iter().map(String::as_str)),
            "keys": provider.keys.len(),
        })
    });
    (shown.collect(), left_out)
}

fn policies(directory: &Directory, kind: PolicyTargetKind, name: &str) -> Vec<Value> {
    let target = PolicyTarget::new(kind, name);
    let attached = directory.policies_of(&target).take(MOST_NAMES);
    attached.map(|(policy, _)| json!({"name": policy.name, "type": policy.kind.name()})).collect()
}

fn names<'a>(names: impl Iterator<Item = &'a str>) -> Vec<String> {
    names.take(MOST_NAMES).map(|name| cut(name, LONGEST_TEXT)).collect()
}
