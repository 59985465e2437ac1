//! Tags on roles and policies.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::input::TAGS;
use super::{error, input};
use crate::identity::{Directory, PolicyKey, PolicyKind, PolicyTargetKind, folded};
use crate::rpc::{Error, Outcome, Parameters, Request, answer, empty_answer};

/// Resources in one call.
const RESOURCES: usize = 50;

type Tags = BTreeMap<String, String>;

/// What can be tagged.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Role,
    Policy,
}

/// `TagResources`
pub fn add(directory: &mut Directory, request: &Request<'_>) -> Outcome {
    let (kind, names) = (kind(request.parameters)?, names(request.parameters)?);
    let added = input::tags(request.parameters)?;
    if added.is_empty() {
        return Err(Error::missing_parameter("Tag"));
    }
    for name in &names {
        let tags = tags_mut(directory, kind, name)?;
        tags.extend(added.clone());
        if tags.len() > TAGS {
            return Err(error::limit_exceeded("Tag"));
        }
    }
    empty_answer()
}

/// `UntagResources`: the tags in `TagKeys`, or with `All` every one.
pub fn remove(directory: &mut Directory, request: &Request<'_>) -> Outcome {
    let parameters = request.parameters;
    let (kind, names) = (kind(parameters)?, names(parameters)?);
    let mut keys = input::texts(parameters, "TagKeys")?;
    keys.extend(input::texts(parameters, "TagKey")?);
    let all = parameters.flag("All")?.unwrap_or_default();
    for name in &names {
        let tags = tags_mut(directory, kind, name)?;
        if all && keys.is_empty() {
            tags.clear();
        }
        tags.retain(|key, _| !keys.contains(key));
    }
    empty_answer()
}

/// `ListTagResources`: of the resources named, or of all; those that carry the tags given, or all.
pub fn list(directory: &Directory, request: &Request<'_>) -> Outcome {
    let parameters = request.parameters;
    let (kind, wanted) = (kind(parameters)?, input::tags(parameters)?);
    let names = input::texts(parameters, "ResourceNames")?;
    let tagged: Vec<(&str, &Tags)> = match kind {
        Kind::Role => directory.roles.values().map(|role| (role.name.as_str(), &role.tags)).collect(),
        Kind::Policy => {
            directory.policies.values().map(|policy| (policy.name.as_str(), &policy.tags)).collect()
        }
    };
    let type_name = parameters.required("ResourceType")?;
    let is_named = |name: &str| names.is_empty() || names.iter().any(|wanted| folded(wanted) == folded(name));
    let tags = tagged
        .into_iter()
        .filter(|(name, tags)| is_named(name) && carries(tags, &wanted))
        .flat_map(|(name, tags)| tags.iter().map(move |(key, value)| (name, key, value)));
    let tags: Vec<Value> = tags
        .map(|(name, key, value)| {
            json!({"ResourceType": type_name, "ResourceName": name, "TagKey": key, "TagValue": value})
        })
        .collect();
    paged(parameters, tags)
}

/// Cuts the page that `NextToken` and `PageSize` ask for.
fn paged(parameters: &Parameters, tags: Vec<Value>) -> Outcome {
    let size = match parameters.number("PageSize")?.unwrap_or(100) {
        size @ 1..=100 => usize::try_from(size).map_err(|_| Error::incorrect("PageSize"))?,
        _ => return Err(Error::incorrect("PageSize")),
    };
    let start: usize = match parameters.get("NextToken") {
        Some(token) => token.parse().map_err(|_| Error::incorrect("NextToken"))?,
        None => 0,
    };
    let end = start.saturating_add(size);
    let next = if end < tags.len() { end.to_string() } else { String::new() };
    let page: Vec<Value> = tags.into_iter().skip(start).take(size).collect();
    answer(json!({"TagResources": page, "NextToken": next}))
}

/// Whether something carries all these tags; an empty value asks for the key alone.
pub fn carries(tags: &Tags, wanted: &Tags) -> bool {
    wanted.iter().all(|(key, value)| tags.get(key).is_some_and(|own| value.is_empty() || own == value))
}

/// Tags as lists of roles and policies show them.
pub fn tag_list(tags: &Tags) -> Value {
    let tags: Vec<Value> =
        tags.iter().map(|(key, value)| json!({"TagKey": key, "TagValue": value})).collect();
    json!({"Tag": tags})
}

fn kind(parameters: &Parameters) -> Result<Kind, Error> {
    match parameters.required("ResourceType")? {
        "role" => Ok(Kind::Role),
        "policy" => Ok(Kind::Policy),
        _ => Err(Error::incorrect("ResourceType")),
    }
}

fn names(parameters: &Parameters) -> Result<Vec<String>, Error> {
    let names = input::texts(parameters, "ResourceNames")?;
    match names.len() {
        0 => Err(Error::missing_parameter("ResourceNames")),
        1..=RESOURCES => Ok(names),
        _ => Err(Error::incorrect("ResourceNames")),
    }
}

fn tags_mut<'d>(directory: &'d mut Directory, kind: Kind, name: &str) -> Result<&'d mut Tags, Error> {
    match kind {
        Kind::Role => {
            let role = directory.roles.get_mut(&folded(name));
            role.map(|role| &mut role.tags).ok_or_else(|| error::not_exist(PolicyTargetKind::Role, name))
        }
        Kind::Policy => {
            let policy = directory.policies.get_mut(&PolicyKey::new(PolicyKind::Custom, name));
            policy.map(|policy| &mut policy.tags).ok_or_else(error::policy_not_exist)
        }
    }
}
