//! Tags of keys.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Keys, error, input, permission};
use crate::rpc::{Error, Outcome, Parameters, Request, answer, empty_answer};

/// Tags on one key.
const TAGS: usize = 20;

type Tags = BTreeMap<String, String>;

/// `TagResources`
pub fn add(keys: &mut Keys, request: &Request<'_>) -> Outcome {
    let parameters = request.parameters;
    let added: Tags = (1..)
        .map_while(|number| {
            let key = parameters.get(&format!("Tag.{number}.Key"))?;
            let value = parameters.get(&format!("Tag.{number}.Value")).unwrap_or_default();
            Some((key.to_owned(), value.to_owned()))
        })
        .collect();
    if added.is_empty() {
        return Err(Error::missing_parameter("Tag"));
    }
    change(keys, request, |tags| tags.extend(added.clone()))
}

/// `UntagResources`: the tags of the keys in `TagKey`, or with `All` every one.
pub fn remove(keys: &mut Keys, request: &Request<'_>) -> Outcome {
    let removed: Vec<&str> = request.parameters.listed("TagKey").collect();
    let all = removed.is_empty() && request.parameters.flag("All")?.unwrap_or_default();
    change(keys, request, |tags| tags.retain(|key, _| !all && !removed.contains(&key.as_str())))
}

/// `ListTagResources`: the tags of the keys that are named, all at once.
pub fn list(keys: &Keys, request: &Request<'_>) -> Outcome {
    let mut listed = Vec::new();
    for id in named(request.parameters)? {
        for (key, value) in &keys.named(id, request)?.tags {
            listed.push(json!({"ResourceId": id, "ResourceType": "key", "TagKey": key, "TagValue": value}));
        }
    }
    answer(json!({"TagResources": {"TagResource": listed}, "NextToken": ""}))
}

/// `Tags` of a key that is to be created: a JSON list of `TagKey` and `TagValue`.
pub fn of_new_key(parameters: &Parameters) -> Result<Tags, Error> {
    let invalid = || error::invalid("Tags");
    let Some(text) = input::json(parameters, "Tags")? else { return Ok(Tags::new()) };
    let tags: Vec<Value> = serde_json::from_str(text).map_err(|_| invalid())?;
    let pair = |tag: &Value| {
        let text = |name: &str| tag.get(name).and_then(Value::as_str).map(str::to_owned);
        text("TagKey").filter(|key| !key.is_empty()).zip(text("TagValue"))
    };
    let pairs = tags.iter().map(pair).collect::<Option<_>>().filter(|_| tags.len() <= TAGS);
    pairs.ok_or_else(invalid)
}

/// The key that a call names, or all keys where it names several.
pub fn arn(keys: &Keys, request: &Request<'_>) -> Result<String, Error> {
    match named(request.parameters)?.as_slice() {
        [id] => Ok(keys.named(id, request)?.arn(request.account_id)),
        _ => permission::every_key(keys, request),
    }
}

/// The ids in `ResourceId`; keys are the only resources with tags here.
fn named(parameters: &Parameters) -> Result<Vec<&str>, Error> {
    if parameters.required("ResourceType")? != "key" {
        return Err(error::invalid("ResourceType"));
    }
    let ids: Vec<&str> = parameters.listed("ResourceId").collect();
    if ids.is_empty() { Err(Error::missing_parameter("ResourceId")) } else { Ok(ids) }
}

fn change(keys: &mut Keys, request: &Request<'_>, change: impl Fn(&mut Tags)) -> Outcome {
    for id in named(request.parameters)? {
        let tags = &mut keys.named_mut(id, request)?.tags;
        change(tags);
        if tags.len() > TAGS {
            return Err(error::invalid("Tag"));
        }
    }
    empty_answer()
}
