//! Keys, roles and users: what they are, and nothing that is secret about them.

use serde_json::{Value, json};

use crate::access::Principal;
use crate::clock::iso_8601;
use crate::identity::{Directory, PolicyTarget, PolicyTargetKind, folded, role_arn, user_arn};
use crate::kms::{KeyState, Keys};

/// The keys of every region, without their material.
pub fn keys(keys: &Keys, account_id: &str, now: i64) -> Vec<Value> {
    let shown = keys.all(None, now).map(|key| {
        let aliases = keys.aliases.iter().filter(|(_, id)| **id == key.id);
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
            "description": key.description,
            "aliases": aliases.map(|((_, alias), _)| alias.as_str()).collect::<Vec<&str>>(),
        })
    });
    shown.collect()
}

/// The roles, with the policies attached to them.
pub fn roles(directory: &Directory) -> Vec<Value> {
    let shown = directory.roles.values().map(|role| {
        json!({
            "name": role.name,
            "arn": role_arn(&directory.account_id, &role.name),
            "description": role.description,
            "policies": policies(directory, PolicyTargetKind::Role, &role.name),
        })
    });
    shown.collect()
}

/// The users, with the policies attached to them, their groups, and the ids of their access keys.
pub fn users(directory: &Directory) -> Vec<Value> {
    let shown = directory.users.values().map(|user| {
        let name = folded(&user.name);
        let groups = directory.groups.values().filter(|group| group.members.contains(&name));
        let is_theirs =
            |of: &Principal| matches!(of, Principal::User { name: owner, .. } if folded(owner) == name);
        let access_keys = directory.access_keys.iter().filter(|(_, key)| is_theirs(&key.principal));
        json!({
            "name": user.name,
            "arn": user_arn(&directory.account_id, &user.name),
            "comments": user.comments,
            "policies": policies(directory, PolicyTargetKind::User, &user.name),
            "groups": groups.map(|group| group.name.as_str()).collect::<Vec<&str>>(),
            "access_keys": access_keys.map(|(id, _)| id.as_str()).collect::<Vec<&str>>(),
        })
    });
    shown.collect()
}

fn policies(directory: &Directory, kind: PolicyTargetKind, name: &str) -> Vec<Value> {
    let target = PolicyTarget::new(kind, name);
    let attached = directory.policies_of(&target);
    attached.map(|(policy, _)| json!({"name": policy.name, "type": policy.kind.name()})).collect()
}
