//! Parameters and the rules they are held to.

use std::collections::BTreeMap;

use serde_json::Value;

use super::error;
use crate::identity::{PolicyKey, PolicyKind, PolicyTargetKind};
use crate::policy::{Grammar, PolicyText};
use crate::rpc::{Error, Parameters};

/// Letters in the name of a user, group or role.
const NAME_LENGTH: usize = 64;
/// Letters in the alias of an account.
const ACCOUNT_ALIAS_LENGTH: usize = 50;
/// Letters in the name of a policy.
const POLICY_NAME_LENGTH: usize = 128;
/// Letters in a description.
const DESCRIPTION_LENGTH: usize = 1_024;
/// Letters in a user's display name or comments.
const COMMENT_LENGTH: usize = 128;
/// Bytes in a trust policy: the limit of the older pages, the only ones that name one.
const TRUST_LENGTH: usize = 2_048;
/// Bytes in a policy document.
const DOCUMENT_LENGTH: usize = 6_144;
/// Letters in a tag's key.
const TAG_KEY_LENGTH: usize = 128;
/// Letters in a tag's value.
const TAG_VALUE_LENGTH: usize = 256;
/// Tags on one resource.
pub const TAGS: usize = 20;

/// The name of a user, group or role, in `UserName`, `GroupName` or `RoleName`, that is to be created.
pub fn new_name(parameters: &Parameters, kind: PolicyTargetKind) -> Result<&str, Error> {
    let allowed = match kind {
        PolicyTargetKind::User => ".-_",
        PolicyTargetKind::Group => "-",
        PolicyTargetKind::Role => ".-",
    };
    made_of(parameters, &format!("{}Name", kind.name()), allowed, NAME_LENGTH)
}

/// `NewUserName`
pub fn new_user_name(parameters: &Parameters) -> Result<&str, Error> {
    made_of(parameters, "NewUserName", ".-_", NAME_LENGTH)
}

/// `NewGroupName`
pub fn new_group_name(parameters: &Parameters) -> Result<&str, Error> {
    made_of(parameters, "NewGroupName", "-", NAME_LENGTH)
}

/// `AccountAlias`: lower-case letters, digits and single hyphens inside
/// (<https://help.aliyun.com/en/ros/developer-reference/aliyun-ram-ramaccountalias>).
pub fn account_alias(parameters: &Parameters) -> Result<&str, Error> {
    let alias = made_of(parameters, "AccountAlias", "-", ACCOUNT_ALIAS_LENGTH)?;
    let hyphens_are_inside = alias.split('-').all(|part| !part.is_empty());
    let is_lower = !alias.contains(|c: char| c.is_ascii_uppercase());
    if hyphens_are_inside && is_lower { Ok(alias) } else { Err(error::invalid_chars("AccountAlias")) }
}

/// `PolicyName` of a policy that is to be created.
pub fn new_policy_name(parameters: &Parameters) -> Result<&str, Error> {
    made_of(parameters, "PolicyName", "-", POLICY_NAME_LENGTH)
}

fn made_of<'p>(
    parameters: &'p Parameters,
    name: &str,
    allowed: &str,
    length: usize,
) -> Result<&'p str, Error> {
    let value = parameters.required(name)?;
    if !value.chars().all(|c| c.is_ascii_alphanumeric() || allowed.contains(c)) {
        return Err(error::invalid_chars(name));
    }
    limited(value, name, length)
}

fn limited<'p>(value: &'p str, name: &str, length: usize) -> Result<&'p str, Error> {
    if value.chars().count() > length { Err(error::too_long(name)) } else { Ok(value) }
}

/// A description, in `name`; `None` when it is not there.
pub fn description<'p>(parameters: &'p Parameters, name: &str) -> Result<Option<&'p str>, Error> {
    parameters.given(name).map(|value| limited(value, name, DESCRIPTION_LENGTH)).transpose()
}

/// A user's or group's text, in `name`; empty when it is not there.
pub fn comment(parameters: &Parameters, name: &str) -> Result<String, Error> {
    Ok(limited(parameters.get(name).unwrap_or_default(), name, COMMENT_LENGTH)?.to_owned())
}

/// A trust policy, in `name`; `None` when it is not there.
pub fn trust(parameters: &Parameters, name: &str) -> Result<Option<PolicyText>, Error> {
    document(parameters, name, TRUST_LENGTH, Grammar::Trust)
}

/// `PolicyDocument`.
pub fn policy_document(parameters: &Parameters) -> Result<PolicyText, Error> {
    let document = document(parameters, "PolicyDocument", DOCUMENT_LENGTH, Grammar::Permission)?;
    document.ok_or_else(|| Error::missing_parameter("PolicyDocument"))
}

fn document(
    parameters: &Parameters,
    name: &str,
    length: usize,
    grammar: Grammar,
) -> Result<Option<PolicyText>, Error> {
    let Some(text) = parameters.get(name) else { return Ok(None) };
    if text.len() > length {
        return Err(error::too_long(name));
    }
    PolicyText::parse(text, grammar).map(Some).map_err(|why| error::malformed_policy(&why))
}

/// `PolicyType` and `PolicyName`.
pub fn policy_key(parameters: &Parameters) -> Result<PolicyKey, Error> {
    let kind = policy_kind(parameters)?.ok_or_else(|| Error::missing_parameter("PolicyType"))?;
    Ok(PolicyKey::new(kind, parameters.required("PolicyName")?))
}

/// `PolicyName` of a custom policy.
pub fn custom_policy_key(parameters: &Parameters) -> Result<PolicyKey, Error> {
    Ok(PolicyKey::new(PolicyKind::Custom, parameters.required("PolicyName")?))
}

/// `PolicyType`, in exactly the service's case.
pub fn policy_kind(parameters: &Parameters) -> Result<Option<PolicyKind>, Error> {
    let kind = |name: &str| PolicyKind::from_name(name).ok_or_else(|| Error::incorrect("PolicyType"));
    parameters.get("PolicyType").map(kind).transpose()
}

/// `Tag`: a JSON list of `Key` and `Value`, or `Tag.1.Key`, `Tag.1.Value` and so on.
pub fn tags(parameters: &Parameters) -> Result<BTreeMap<String, String>, Error> {
    let pairs = match parameters.get("Tag") {
        Some(text) => listed_tags(text)?,
        None => flat_tags(parameters),
    };
    for (key, value) in &pairs {
        limited(key, "Tag.Key", TAG_KEY_LENGTH)?;
        limited(value, "Tag.Value", TAG_VALUE_LENGTH)?;
    }
    if pairs.len() > TAGS { Err(Error::incorrect("Tag")) } else { Ok(pairs) }
}

fn listed_tags(text: &str) -> Result<BTreeMap<String, String>, Error> {
    let tags: Vec<Value> = serde_json::from_str(text).map_err(|_| Error::incorrect("Tag"))?;
    let pairs = tags.iter().map(|tag| {
        let key = tag.get("Key").and_then(Value::as_str).filter(|key| !key.is_empty());
        let value = tag.get("Value").map_or(Some(""), Value::as_str);
        key.zip(value).map(|(key, value)| (key.to_owned(), value.to_owned()))
    });
    pairs.collect::<Option<_>>().ok_or_else(|| Error::incorrect("Tag"))
}

fn flat_tags(parameters: &Parameters) -> BTreeMap<String, String> {
    let tags = (1..=TAGS + 1).map_while(|number| {
        let key = parameters.get(&format!("Tag.{number}.Key"))?;
        let value = parameters.get(&format!("Tag.{number}.Value")).unwrap_or_default();
        Some((key.to_owned(), value.to_owned()))
    });
    tags.collect()
}

/// A JSON list of texts, in `name`, or `name.1`, `name.2` and so on; empty when it is not there.
pub fn texts(parameters: &Parameters, name: &str) -> Result<Vec<String>, Error> {
    if let Some(text) = parameters.get(name) {
        return serde_json::from_str(text).map_err(|_| Error::incorrect(name));
    }
    Ok(parameters.listed(name).map(str::to_owned).collect())
}
