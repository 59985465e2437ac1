//! Attaching policies to users, groups and roles.

use serde_json::{Value, json};

use super::policy::to_members;
use super::{error, input};
use crate::clock::iso_8601;
use crate::identity::{Directory, PolicyKind, PolicyTarget, PolicyTargetKind, role_arn};
use crate::rpc::{Error, Outcome, Request, answer, empty_answer};

/// System policies on one target (<https://www.alibabacloud.com/help/en/ram/product-overview/limits>).
const SYSTEM_POLICIES: usize = 20;
/// Custom policies on one target.
const CUSTOM_POLICIES: usize = 5;

/// `AttachPolicyToUser`, `AttachPolicyToGroup`, `AttachPolicyToRole`: refused where it is attached already.
pub fn attach(directory: &mut Directory, request: &Request<'_>, kind: PolicyTargetKind) -> Outcome {
    let key = input::policy_key(request.parameters)?;
    let target = existing(directory, request, kind)?;
    if directory.policy(&key).is_none() {
        return Err(error::policy_not_exist());
    }
    let limit = match key.kind {
        PolicyKind::System => SYSTEM_POLICIES,
        PolicyKind::Custom => CUSTOM_POLICIES,
    };
    let held = directory.policies_of(&target).filter(|(policy, _)| policy.kind == key.kind).count();
    if held >= limit && !directory.is_attached(&target, &key) {
        return Err(error::limit_exceeded(&format!("{}.Policy", kind.name())));
    }
    if directory.attach(&target, key, request.now) {
        empty_answer()
    } else {
        Err(error::already_attached(kind))
    }
}

/// `DetachPolicyFromUser`, `DetachPolicyFromGroup`, `DetachPolicyFromRole`: refused where it is not attached.
pub fn detach(directory: &mut Directory, request: &Request<'_>, kind: PolicyTargetKind) -> Outcome {
    let key = input::policy_key(request.parameters)?;
    let target = existing(directory, request, kind)?;
    if directory.policy(&key).is_none() {
        return Err(error::policy_not_exist());
    }
    if directory.detach(&target, &key) { empty_answer() } else { Err(error::not_attached(kind)) }
}

/// `ListPoliciesForUser`, `ListPoliciesForGroup`, `ListPoliciesForRole`: all at once.
pub fn policies_for(directory: &Directory, request: &Request<'_>, kind: PolicyTargetKind) -> Outcome {
    let target = existing(directory, request, kind)?;
    let policies = directory.policies_of(&target).map(|(policy, since)| {
        let mut listed = to_members(policy);
        listed.insert("AttachDate".to_owned(), iso_8601(since).into());
        Value::Object(listed)
    });
    let policies: Vec<Value> = policies.collect();
    answer(json!({"Policies": {"Policy": policies}}))
}

/// `ListEntitiesForPolicy`: all at once.
pub fn entities_for_policy(directory: &Directory, request: &Request<'_>) -> Outcome {
    let key = input::policy_key(request.parameters)?;
    if directory.policy(&key).is_none() {
        return Err(error::policy_not_exist());
    }
    let of = |kind: PolicyTargetKind| {
        let policy_targets = directory.targets_of(&key).filter(|(target, _)| target.kind == kind);
        let entities =
            policy_targets.filter_map(|(target, since)| entity(directory, target, &iso_8601(since), request));
        entities.collect::<Vec<Value>>()
    };
    answer(json!({
        "Users": {"User": of(PolicyTargetKind::User)},
        "Groups": {"Group": of(PolicyTargetKind::Group)},
        "Roles": {"Role": of(PolicyTargetKind::Role)},
    }))
}

fn entity(directory: &Directory, target: &PolicyTarget, since: &str, request: &Request<'_>) -> Option<Value> {
    let entity = match target.kind {
        PolicyTargetKind::User => {
            let user = directory.users.get(&target.name)?;
            json!({"UserName": user.name, "UserId": user.id, "DisplayName": user.display_name, "AttachDate": since})
        }
        PolicyTargetKind::Group => {
            let group = directory.groups.get(&target.name)?;
            json!({"GroupName": group.name, "Comments": group.comments, "AttachDate": since})
        }
        PolicyTargetKind::Role => {
            let role = directory.roles.get(&target.name)?;
            let arn = role_arn(request.account_id, &role.name);
            json!({"RoleName": role.name, "RoleId": role.id, "Arn": arn, "Description": role.description,
                "AttachDate": since})
        }
    };
    Some(entity)
}

fn existing(
    directory: &Directory,
    request: &Request<'_>,
    kind: PolicyTargetKind,
) -> Result<PolicyTarget, Error> {
    let name = request.parameters.required(&format!("{}Name", kind.name()))?;
    let target = PolicyTarget::new(kind, name);
    if directory.has(&target) { Ok(target) } else { Err(error::not_exist(kind, name)) }
}
