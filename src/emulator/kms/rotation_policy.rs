//! The rotation policy of a key and its versions, over the API.

use serde_json::{Map, Value, json};

use super::model::{ASYMMETRIC_SPECS, Key};
use super::paging::page;
use super::{KeyState, Keys, error};
use crate::clock::iso_8601;
use crate::rpc::{Error, Outcome, Parameters, Request, answer, empty_answer, members};

/// The shortest and longest interval, in seconds: 7 and 730 days
/// (<https://www.alibabacloud.com/help/en/kms/key-management-service/developer-reference/api-kms-2016-01-20-updaterotationpolicy>).
const INTERVALS: std::ops::RangeInclusive<i64> = 604_800..=63_072_000;
/// Versions of one key.
const VERSIONS: usize = 50;

/// The members that `KeyMetadata` has about the rotation of a key.
pub fn metadata(key: &Key, now: i64) -> Map<String, Value> {
    let last = key.versions_at(now).last().copied().unwrap_or(now);
    let mut described = members(json!({"LastRotationDate": iso_8601(last)}));
    let Some(interval) = key.rotation.interval() else {
        described.insert("AutomaticRotation".to_owned(), "Disabled".into());
        return described;
    };
    let is_on = if key.state == KeyState::Enabled { "Enabled" } else { "Suspended" };
    described.extend(members(json!({
        "AutomaticRotation": is_on,
        "RotationInterval": format!("{interval}s"),
        "NextRotationDate": iso_8601(last.saturating_add(interval)),
    })));
    described
}

/// `EnableAutomaticRotation` and `RotationInterval`: seconds (`604800s`) or days (`7d`); `None` for none.
///
/// # Errors
///
/// `InvalidParameter`, `MissingParameter`.
pub fn parse_interval(parameters: &Parameters) -> Result<Option<i64>, Error> {
    if !parameters.flag("EnableAutomaticRotation")?.unwrap_or_default() {
        return Ok(None);
    }
    let text = parameters.required("RotationInterval")?;
    let number = |suffix: char| text.strip_suffix(suffix).and_then(|number| number.parse::<i64>().ok());
    let seconds = number('s').or_else(|| number('d').and_then(|days| days.checked_mul(86_400)));
    let seconds = seconds.filter(|seconds| INTERVALS.contains(seconds));
    seconds.map(Some).ok_or_else(|| error::invalid("RotationInterval"))
}

/// `UpdateRotationPolicy`
pub fn update_policy(keys: &mut Keys, request: &Request<'_>) -> Outcome {
    let interval = parse_interval(request.parameters)?;
    let key = keys.required_mut(request)?;
    if !key.encrypts() || key.origin != "Aliyun_KMS" {
        return Err(error::unsupported_operation());
    }
    match key.state {
        KeyState::Enabled | KeyState::Disabled => key.rotation.set(interval, key.versions_at(request.now)),
        state => return Err(error::rejected(state.name())),
    }
    empty_answer()
}

/// `CreateKeyVersion`: of an enabled key pair, and not more often than every seven days
/// (<https://www.alibabacloud.com/help/en/kms/key-management-service/developer-reference/api-kms-2016-01-20-createkeyversion>).
pub fn create_version(keys: &mut Keys, request: &Request<'_>) -> Outcome {
    let key = keys.required_mut(request)?;
    if !ASYMMETRIC_SPECS.contains(&key.spec.as_str()) || key.origin != "Aliyun_KMS" {
        return Err(error::unsupported_operation());
    }
    if key.state != KeyState::Enabled {
        return Err(error::rejected(key.state.name()));
    }
    let mut versions = key.versions_at(request.now);
    let last = versions.last().copied().unwrap_or(request.now);
    if versions.len() >= VERSIONS || request.now.saturating_sub(last) < *INTERVALS.start() {
        return Err(error::limit_exceeded());
    }
    versions.push(request.now);
    let created = version_to_json(key, versions.len() - 1, request.now);
    key.rotation.set(None, versions);
    answer(json!({"KeyVersion": created}))
}

/// `ListKeyVersions`
pub fn list_versions(keys: &Keys, request: &Request<'_>) -> Outcome {
    let key = keys.required(request)?;
    let versions = key.versions_at(request.now).into_iter().enumerate();
    let versions = versions.map(|(number, created)| version_to_json(key, number, created)).collect();
    let (page, mut members) = page(request.parameters, versions)?;
    members.insert("KeyVersions".to_owned(), json!({"KeyVersion": page}));
    Ok(members)
}

/// `DescribeKeyVersion`
pub fn describe_version(keys: &Keys, request: &Request<'_>) -> Outcome {
    let key = keys.required(request)?;
    let wanted = request.parameters.required("KeyVersionId")?;
    let mut versions = key.versions_at(request.now).into_iter().enumerate();
    let (number, created) = versions
        .find(|(number, _)| key.root.version_id(*number) == wanted)
        .ok_or_else(error::version_not_found)?;
    answer(json!({"KeyVersion": version_to_json(key, number, created)}))
}

fn version_to_json(key: &Key, number: usize, created: i64) -> Value {
    json!({"KeyId": key.id, "KeyVersionId": key.root.version_id(number), "CreationDate": iso_8601(created)})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_rotates_while_it_is_enabled_and_makes_up_for_one_rotation_later() {
        let day = 86_400;
        let mut key = Key::new("k", "cn-hangzhou", 0);
        key.rotation.set(Some(7 * day), vec![0]);
        key.enter(KeyState::Disabled, 8 * day);
        assert_eq!(key.versions_at(30 * day), [0, 7 * day]);
        assert_eq!(metadata(&key, 30 * day)["AutomaticRotation"], "Suspended");
        key.enter(KeyState::Enabled, 30 * day);
        assert_eq!(key.versions_at(36 * day), [0, 7 * day, 30 * day]);
        assert_eq!(metadata(&key, 36 * day)["AutomaticRotation"], "Enabled");
        key.enter(KeyState::Disabled, 37 * day);
        key.enter(KeyState::Enabled, 38 * day);
        assert_eq!(key.versions_at(38 * day), [0, 7 * day, 30 * day, 37 * day]);
    }
}
