//! Policies.

use serde_json::{Map, Value, json};

use super::paging::Page;
use super::policy_version;
use super::tag::{carries, tag_list};
use super::{error, input};
use crate::clock::iso_8601;
use crate::identity::{Directory, Policy, PolicyKind, PolicyTargetKind};
use crate::rpc::{Error, Outcome, Request, answer, empty_answer, members};
use crate::stored::Keyed as _;

/// Custom policies in one account (<https://www.alibabacloud.com/help/en/ram/product-overview/limits>).
const PER_ACCOUNT: usize = 1_500;

/// `CreatePolicy`
pub fn create(directory: &mut Directory, request: &Request<'_>) -> Outcome {
    let parameters = request.parameters;
    let name = input::new_policy_name(parameters)?;
    let document = input::policy_document(parameters)?;
    let mut policy = Policy::new(PolicyKind::Custom, name, document, request.now);
    input::description(parameters, "Description")?.unwrap_or_default().clone_into(&mut policy.description);
    policy.tags = input::tags(parameters)?;
    if directory.policies.contains_key(&policy.key()) {
        return Err(error::already_exists("Policy"));
    }
    if directory.policies.len() >= PER_ACCOUNT {
        return Err(error::limit_exceeded("Policy"));
    }
    let mut created = to_members(&policy);
    created.insert("CreateDate".to_owned(), iso_8601(policy.created).into());
    directory.policies.insert(policy);
    answer(json!({"Policy": created}))
}

/// `GetPolicy`
pub fn get(directory: &Directory, request: &Request<'_>) -> Outcome {
    let key = input::policy_key(request.parameters)?;
    let policy = directory.policy(&key).ok_or_else(error::policy_not_exist)?;
    let version = policy.in_force().ok_or_else(error::version_not_exist)?;
    answer(json!({
        "Policy": dated(policy, directory.targets_of(&key).count()),
        "DefaultPolicyVersion": policy_version::to_members(policy, version),
    }))
}

/// `DeletePolicy`: only what nothing holds, and with one version unless all go with it.
pub fn delete(directory: &mut Directory, request: &Request<'_>) -> Outcome {
    let key = input::custom_policy_key(request.parameters)?;
    let policy = directory.policies.get(&key).ok_or_else(error::policy_not_exist)?;
    for kind in [PolicyTargetKind::User, PolicyTargetKind::Group, PolicyTargetKind::Role] {
        if directory.targets_of(&key).any(|(target, _)| target.kind == kind) {
            return Err(error::policy_delete_conflict(kind));
        }
    }
    let cascading = request.parameters.flag("CascadingDelete")?.unwrap_or_default();
    if policy.versions.len() > 1 && !cascading {
        let message = "The policy CAN NOT has any version except the default version.";
        return Err(Error::new(409, "DeleteConflict.Policy.Version", message));
    }
    directory.policies.remove(&key);
    empty_answer()
}

/// `ListPolicies`: the account's first.
pub fn list(directory: &Directory, request: &Request<'_>) -> Outcome {
    let page = Page::from_parameters(request.parameters)?;
    let kind = input::policy_kind(request.parameters)?;
    let wanted = input::tags(request.parameters)?;
    let policies = directory
        .all_policies()
        .filter(|(key, policy)| kind.is_none_or(|kind| key.kind == kind) && carries(&policy.tags, &wanted));
    let attachments = directory.attachment_counts();
    let mut policies: Vec<(String, Value)> = policies
        .map(|(key, policy)| {
            let mut listed = dated(policy, attachments.get(key).copied().unwrap_or_default());
            listed.insert("Tags".to_owned(), tag_list(&policy.tags));
            (format!("{}/{}", key.kind.name(), key.name), Value::Object(listed))
        })
        .collect();
    policies.sort_by(|(left, _), (right, _)| left.cmp(right));
    let policies = policies.iter().map(|(key, listed)| (key.as_str(), listed.clone()));
    Ok(page.select(policies, ("Policies", "Policy")))
}

/// `UpdatePolicyDescription`
pub fn update_description(directory: &mut Directory, request: &Request<'_>) -> Outcome {
    let key = input::custom_policy_key(request.parameters)?;
    let description =
        input::description(request.parameters, "NewDescription")?.unwrap_or_default().to_owned();
    let policy = directory.policies.get_mut(&key).ok_or_else(error::policy_not_exist)?;
    policy.description = description;
    policy.updated = request.now;
    let policy = policy.clone();
    answer(json!({"Policy": dated(&policy, directory.targets_of(&key).count())}))
}

/// The members every list of policies has.
pub fn to_members(policy: &Policy) -> Map<String, Value> {
    members(json!({
        "PolicyName": policy.name,
        "PolicyType": policy.kind.name(),
        "Description": policy.description,
        "DefaultVersion": format!("v{}", policy.default_version),
    }))
}

fn dated(policy: &Policy, attachments: usize) -> Map<String, Value> {
    let mut dated = to_members(policy);
    dated.insert("CreateDate".to_owned(), iso_8601(policy.created).into());
    dated.insert("UpdateDate".to_owned(), iso_8601(policy.updated).into());
    dated.insert("AttachmentCount".to_owned(), attachments.into());
    dated
}
