//! Attaching policies to users, groups and roles.

use serde_json::{Value, json};

use super::policy::described;
use super::{error, input};
use crate::emulator::clock::iso_8601;
use crate::emulator::identity::{Directory, Holder, HolderKind, PolicyKind, role_arn};
use crate::emulator::rpc::{Error, Outcome, Request, answer, done};

/// System policies on one holder (<https://www.alibabacloud.com/help/en/ram/product-overview/limits>).
const SYSTEM_POLICIES: usize = 20;
/// Custom policies on one holder.
const CUSTOM_POLICIES: usize = 5;

/// `AttachPolicyToUser`, `AttachPolicyToGroup`, `AttachPolicyToRole`: refused where it is attached already.
pub fn attach(directory: &mut Directory, request: &Request<'_>, kind: HolderKind) -> Outcome {
    let key = input::policy_key(request.parameters)?;
    let holder = existing(directory, request, kind)?;
    if !directory.policies.contains_key(&key) {
        return Err(error::policy_not_exist());
    }
    let limit = match key.kind {
        PolicyKind::System => SYSTEM_POLICIES,
        PolicyKind::Custom => CUSTOM_POLICIES,
    };
    let held = directory.policies_of(&holder).filter(|(policy, _)| policy.kind == key.kind).count();
    let attachment = (holder, key);
    if directory.attachments.contains_key(&attachment) {
        return Err(error::already_attached(kind));
    }
    if held >= limit {
        return Err(error::limit_exceeded(&format!("{}.Policy", kind.name())));
    }
    directory.attachments.insert(attachment, request.now);
    done()
}

/// `DetachPolicyFromUser`, `DetachPolicyFromGroup`, `DetachPolicyFromRole`: refused where it is not attached.
pub fn detach(directory: &mut Directory, request: &Request<'_>, kind: HolderKind) -> Outcome {
    let key = input::policy_key(request.parameters)?;
    let holder = existing(directory, request, kind)?;
    if !directory.policies.contains_key(&key) {
        return Err(error::policy_not_exist());
    }
    match directory.attachments.remove(&(holder, key)) {
        Some(_) => done(),
        None => Err(error::not_attached(kind)),
    }
}

/// `ListPoliciesForUser`, `ListPoliciesForGroup`, `ListPoliciesForRole`: all at once.
pub fn policies_for(directory: &Directory, request: &Request<'_>, kind: HolderKind) -> Outcome {
    let holder = existing(directory, request, kind)?;
    let policies = directory.policies_of(&holder).map(|(policy, since)| {
        let mut listed = described(policy);
        listed.insert("AttachDate".to_owned(), iso_8601(since).into());
        Value::Object(listed)
    });
    let policies: Vec<Value> = policies.collect();
    answer(json!({"Policies": {"Policy": policies}}))
}

/// `ListEntitiesForPolicy`: all at once.
pub fn entities_for_policy(directory: &Directory, request: &Request<'_>) -> Outcome {
    let key = input::policy_key(request.parameters)?;
    if !directory.policies.contains_key(&key) {
        return Err(error::policy_not_exist());
    }
    let of = |kind: HolderKind| {
        let holders = directory.holders_of(&key).filter(|(holder, _)| holder.kind == kind);
        let entities =
            holders.filter_map(|(holder, since)| entity(directory, holder, &iso_8601(since), request));
        entities.collect::<Vec<Value>>()
    };
    answer(json!({
        "Users": {"User": of(HolderKind::User)},
        "Groups": {"Group": of(HolderKind::Group)},
        "Roles": {"Role": of(HolderKind::Role)},
    }))
}

fn entity(directory: &Directory, holder: &Holder, since: &str, request: &Request<'_>) -> Option<Value> {
    let entity = match holder.kind {
        HolderKind::User => {
            let user = directory.users.get(&holder.name)?;
            json!({"UserName": user.name, "UserId": user.id, "DisplayName": user.display_name, "AttachDate": since})
        }
        HolderKind::Group => {
            let group = directory.groups.get(&holder.name)?;
            json!({"GroupName": group.name, "Comments": group.comments, "AttachDate": since})
        }
        HolderKind::Role => {
            let role = directory.roles.get(&holder.name)?;
            let arn = role_arn(request.account_id, &role.name);
            json!({"RoleName": role.name, "RoleId": role.id, "Arn": arn, "Description": role.description,
                "AttachDate": since})
        }
    };
    Some(entity)
}

fn existing(directory: &Directory, request: &Request<'_>, kind: HolderKind) -> Result<Holder, Error> {
    let name = request.parameters.required(&format!("{}Name", kind.name()))?;
    let holder = Holder::new(kind, name);
    if directory.has(&holder) { Ok(holder) } else { Err(error::not_exist(kind, name)) }
}
