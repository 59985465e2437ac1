//! Roles.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use serde_json::{Map, Value, json};

use super::paging::Page;
use super::tag::{carries, tag_list};
use super::{error, input};
use crate::clock::iso_8601;
use crate::identity::{Directory, PolicyTarget, PolicyTargetKind, Role, role_arn};
use crate::rpc::{Error, Outcome, Parameters, Request, answer, empty_answer, members};

/// Roles in one account (<https://www.alibabacloud.com/help/en/ram/product-overview/limits>).
const PER_ACCOUNT: usize = 1_000;

/// How long a session may be, in seconds.
const SESSION_DURATIONS: RangeInclusive<i64> = 3_600..=43_200;

/// `CreateRole`
pub fn create(directory: &mut Directory, request: &Request<'_>) -> Outcome {
    let parameters = request.parameters;
    let name = input::new_name(parameters, PolicyTargetKind::Role)?;
    let trust = input::trust(parameters, "AssumeRolePolicyDocument")?
        .ok_or_else(|| Error::missing_parameter("AssumeRolePolicyDocument"))?;
    let mut role = Role::new(name, trust, request.now);
    input::description(parameters, "Description")?.unwrap_or_default().clone_into(&mut role.description);
    if let Some(duration) = session_duration(parameters, "MaxSessionDuration")? {
        role.max_session_duration = duration;
    }
    if let Some(allow) = parameters.flag("AllowConsoleLogin")? {
        role.allow_console_login = allow;
    }
    role.tags = input::tags(parameters)?;
    if directory.role(name).is_some() {
        return Err(error::already_exists("Role"));
    }
    if directory.roles.len() >= PER_ACCOUNT {
        return Err(error::limit_exceeded("Role"));
    }
    let created = to_members(&role, request, &["AssumeRolePolicyDocument"]);
    directory.roles.insert(role);
    answer(json!({"Role": created}))
}

/// `GetRole`
pub fn get(directory: &Directory, request: &Request<'_>) -> Outcome {
    let role = existing(directory, request)?;
    let mut described = to_members(role, request, &["AssumeRolePolicyDocument", "UpdateDate"]);
    let principal_name = format!("{}@role.{}.onaliyunservice.com", role.name, request.account_id);
    described.insert("RolePrincipalName".to_owned(), principal_name.into());
    described.insert("IsServiceLinkedRole".to_owned(), role.is_service_linked.into());
    // The deletion of a service-linked role is a task; none is ever started here.
    described.insert("LatestDeletionTask".to_owned(), json!({"CreateDate": "", "DeletionTaskId": ""}));
    answer(json!({"Role": described}))
}

/// `UpdateRole`: what is left out stays.
pub fn update(directory: &mut Directory, request: &Request<'_>) -> Outcome {
    let parameters = request.parameters;
    let mut role = existing(directory, request)?.clone();
    if let Some(trust) = input::trust(parameters, "NewAssumeRolePolicyDocument")? {
        role.trust = trust;
    }
    if let Some(description) = input::description(parameters, "NewDescription")? {
        description.clone_into(&mut role.description);
    }
    if let Some(duration) = session_duration(parameters, "NewMaxSessionDuration")? {
        role.max_session_duration = duration;
    }
    if let Some(allow) = parameters.flag("NewAllowConsoleLogin")? {
        role.allow_console_login = allow;
    }
    role.updated = request.now;
    let updated = to_members(&role, request, &["AssumeRolePolicyDocument", "UpdateDate"]);
    directory.roles.insert(role);
    answer(json!({"Role": updated}))
}

/// `DeleteRole`: only without policies.
pub fn delete(directory: &mut Directory, request: &Request<'_>) -> Outcome {
    let role = PolicyTarget::new(PolicyTargetKind::Role, &existing(directory, request)?.name);
    if directory.policies_of(&role).next().is_some() {
        return Err(error::delete_conflict(PolicyTargetKind::Role, "Policy"));
    }
    directory.roles.remove(&role.name);
    empty_answer()
}

/// `ListRoles`: without the trust policies.
pub fn list(directory: &Directory, request: &Request<'_>) -> Outcome {
    let page = Page::from_parameters(request.parameters)?;
    let wanted = input::tags(request.parameters)?;
    let roles = directory.roles.iter().filter(|(_, role)| carries(&role.tags, &wanted));
    let roles = roles.map(|(key, role)| (key.as_str(), to_list_entry(role, request)));
    Ok(page.select(roles, ("Roles", "Role")))
}

fn existing<'d>(directory: &'d Directory, request: &Request<'_>) -> Result<&'d Role, Error> {
    let name = request.parameters.required("RoleName")?;
    directory.role(name).ok_or_else(|| error::not_exist(PolicyTargetKind::Role, name))
}

fn session_duration(parameters: &Parameters, name: &str) -> Result<Option<i64>, Error> {
    match parameters.number(name)? {
        Some(duration) if !SESSION_DURATIONS.contains(&duration) => Err(Error::incorrect(name)),
        duration => Ok(duration),
    }
}

/// The members every action gives, and those of `more` that only some do.
fn to_members(role: &Role, request: &Request<'_>, more: &[&str]) -> Map<String, Value> {
    let mut described = members(json!({
        "RoleId": role.id,
        "RoleName": role.name,
        "Arn": role_arn(request.account_id, &role.name),
        "Description": role.description,
        "CreateDate": iso_8601(role.created),
        "MaxSessionDuration": role.max_session_duration,
        "AllowConsoleLogin": role.allow_console_login,
    }));
    let rare = BTreeMap::from([
        ("AssumeRolePolicyDocument", role.trust.as_str().to_owned()),
        ("UpdateDate", iso_8601(role.updated)),
    ]);
    let rare = rare.into_iter().filter(|(name, _)| more.contains(name));
    described.extend(rare.map(|(name, value)| (name.to_owned(), value.into())));
    described
}

fn to_list_entry(role: &Role, request: &Request<'_>) -> Value {
    let mut listed = to_members(role, request, &["UpdateDate"]);
    listed.insert("Tags".to_owned(), tag_list(&role.tags));
    Value::Object(listed)
}
