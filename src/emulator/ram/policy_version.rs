//! Versions of policies.

use serde_json::{Map, Value, json};

use super::{error, input};
use crate::clock::iso_8601;
use crate::identity::{Directory, Policy, PolicyVersion};
use crate::rpc::{Error, Outcome, Parameters, Request, answer, empty_answer, members};

/// Versions of one policy (<https://www.alibabacloud.com/help/en/ram/product-overview/limits>).
const PER_POLICY: usize = 5;

/// `RotateStrategy` that makes room for a new version.
const DELETE_OLDEST: &str = "DeleteOldestNonDefaultVersionWhenLimitExceeded";

/// `CreatePolicyVersion`
pub fn create(directory: &mut Directory, request: &Request<'_>) -> Outcome {
    let parameters = request.parameters;
    let document = input::policy_document(parameters)?;
    let rotates = match parameters.get("RotateStrategy") {
        None | Some("None") => false,
        Some(DELETE_OLDEST) => true,
        Some(_) => return Err(Error::incorrect("RotateStrategy")),
    };
    let set_as_default = parameters.flag("SetAsDefault")?.unwrap_or_default();
    let policy = custom_mut(directory, parameters)?;
    if policy.versions.len() >= PER_POLICY {
        let oldest = policy.versions.keys().find(|number| **number != policy.default_version).copied();
        match oldest {
            Some(oldest) if rotates => policy.versions.remove(&oldest),
            _ => return Err(error::limit_exceeded("Policy.Version")),
        };
    }
    policy.last_version += 1;
    let number = policy.last_version;
    let version = PolicyVersion { number, document, created: request.now };
    policy.versions.insert(number, version.clone());
    policy.updated = request.now;
    if set_as_default {
        policy.default_version = number;
    }
    answer(json!({"PolicyVersion": to_members(policy, &version)}))
}

/// `GetPolicyVersion`
pub fn get(directory: &Directory, request: &Request<'_>) -> Outcome {
    let policy = existing(directory, request.parameters)?;
    let number = version_id(request.parameters)?;
    let version = policy.versions.get(&number).ok_or_else(error::version_not_exist)?;
    answer(json!({"PolicyVersion": to_members(policy, version)}))
}

/// `SetDefaultPolicyVersion`
pub fn set_default(directory: &mut Directory, request: &Request<'_>) -> Outcome {
    let number = version_id(request.parameters)?;
    let policy = custom_mut(directory, request.parameters)?;
    if !policy.versions.contains_key(&number) {
        return Err(error::version_not_exist());
    }
    policy.default_version = number;
    policy.updated = request.now;
    empty_answer()
}

/// `DeletePolicyVersion`: any but the one in force.
pub fn delete(directory: &mut Directory, request: &Request<'_>) -> Outcome {
    let number = version_id(request.parameters)?;
    let policy = custom_mut(directory, request.parameters)?;
    if number == policy.default_version {
        let message = "The default policy version CAN NOT been deleted directly.";
        return Err(Error::new(409, "DeleteConflict.Policy.Version.Default", message));
    }
    policy.versions.remove(&number).ok_or_else(error::version_not_exist)?;
    policy.updated = request.now;
    empty_answer()
}

/// `ListPolicyVersions`
pub fn list(directory: &Directory, request: &Request<'_>) -> Outcome {
    let policy = existing(directory, request.parameters)?;
    let versions = policy.versions.values().map(|version| to_members(policy, version));
    let versions: Vec<Map<String, Value>> = versions.collect();
    answer(json!({"PolicyVersions": {"PolicyVersion": versions}}))
}

/// The members of a version.
pub fn to_members(policy: &Policy, version: &PolicyVersion) -> Map<String, Value> {
    members(json!({
        "VersionId": format!("v{}", version.number),
        "IsDefaultVersion": version.number == policy.default_version,
        "CreateDate": iso_8601(version.created),
        "PolicyDocument": version.document.as_str(),
    }))
}

fn existing<'d>(directory: &'d Directory, parameters: &Parameters) -> Result<&'d Policy, Error> {
    directory.policy(&input::policy_key(parameters)?).ok_or_else(error::policy_not_exist)
}

fn custom_mut<'d>(directory: &'d mut Directory, parameters: &Parameters) -> Result<&'d mut Policy, Error> {
    let key = input::custom_policy_key(parameters)?;
    directory.policies.get_mut(&key).ok_or_else(error::policy_not_exist)
}

/// `VersionId`: `v` and a number.
fn version_id(parameters: &Parameters) -> Result<u32, Error> {
    let number = parameters.required("VersionId")?.strip_prefix('v').and_then(|number| number.parse().ok());
    let message = "The parameter - \"VersionId\" is not well formatted.";
    number.ok_or_else(|| Error::new(400, "InvalidParameter.VersionId.Format", message))
}
