//! Tags of projects
//! (<https://www.alibabacloud.com/help/en/sls/developer-reference/api-sls-2020-12-30-tagresources>).

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::context::{Outcome, Request};
use super::model::{Model, Project};
use super::project::PROJECT;
use super::versioned::View;
use crate::error::Error;
use crate::http::Call;

/// Tags of one resource. No source has the limit; it is that of other services.
const TAGS: usize = 20;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Tagged {
    resource_type: String,
    resource_id: Vec<String>,
    tags: Vec<Tag>,
}

#[derive(Deserialize)]
struct Tag {
    key: String,
    value: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Untagged {
    resource_type: String,
    resource_id: Vec<String>,
    #[serde(default)]
    tags: Vec<String>,
    #[serde(default)]
    all: bool,
}

/// `TagResources`: a tag whose key is there gets the new value.
///
/// # Errors
///
/// `ProjectNotExist`, `ParameterInvalid`.
pub fn add(model: &mut Model, request: &Request<'_>) -> Outcome {
    let Tagged { resource_type, resource_id, tags } = parsed(request.body)?;
    check_type(&resource_type)?;
    if tags.iter().any(|tag| tag.key.is_empty()) {
        return Err(Error::parameter_invalid("the key of a tag is empty"));
    }
    change(model, request, &resource_id, |project| {
        project.tags.extend(tags.iter().map(|tag| (tag.key.clone(), tag.value.clone())));
    })
}

/// `UntagResources`: the tags of these keys, or with `all` every one.
///
/// # Errors
///
/// `ProjectNotExist`, `ParameterInvalid`.
pub fn remove(model: &mut Model, request: &Request<'_>) -> Outcome {
    let Untagged { resource_type, resource_id, tags, all } = parsed(request.body)?;
    check_type(&resource_type)?;
    change(model, request, &resource_id, |project| {
        project.tags.retain(|key, _| !all && !tags.contains(key));
    })
}

/// `ListTagResources`: of the projects that are named, or of all. What is listed comes at once.
///
/// # Errors
///
/// `ProjectNotExist`, `ParameterInvalid`, `NotSupported` where the tags themselves are looked for.
pub fn list(model: &Model, request: &Request<'_>) -> Outcome {
    let &Request { query, context, .. } = request;
    check_type(query.get("resourceType").unwrap_or_default())?;
    if query.get("tags").is_some_and(|tags| !matches!(tags, "" | "[]")) {
        return Err(Error::not_emulated("tags of", "/tags"));
    }
    let ids = query.get("resourceId").filter(|ids| !ids.is_empty());
    let ids = ids.map(serde_json::from_str::<Vec<String>>).transpose();
    let ids = ids.map_err(|_| Error::parameter_invalid("resourceId is not a list of strings"))?;
    let projects: Vec<(String, &Project)> = match ids {
        Some(ids) => ids
            .into_iter()
            .map(|name| Ok((name.clone(), model.served_project(&name, context, context.view)?)))
            .collect::<Result<_, Error>>()?,
        None => model
            .projects(context.view)
            .filter(|(_, project)| project.region == context.region)
            .map(|(name, project)| (name.to_owned(), project))
            .collect(),
    };
    let tags = projects.iter().flat_map(|(name, project)| {
        project.tags.iter().map(move |(key, value)| {
            json!({"resourceType": PROJECT, "resourceId": name, "tagKey": key, "tagValue": value})
        })
    });
    Ok(json!({"tagResources": tags.collect::<Vec<_>>(), "nextToken": ""}))
}

/// The project that a call is about, if it is one.
pub fn named_project(call: &Call) -> Option<String> {
    let named: Value = match call.method.as_str() {
        "GET" => serde_json::from_str(call.query.get("resourceId")?).ok()?,
        _ => serde_json::from_slice::<Value>(&call.body).ok()?.get("resourceId")?.clone(),
    };
    match named.as_array()?.as_slice() {
        [name] => name.as_str().map(str::to_owned),
        _ => None,
    }
}

fn change(
    model: &mut Model,
    request: &Request<'_>,
    names: &[String],
    change: impl Fn(&mut Project),
) -> Outcome {
    let mut changed = Vec::new();
    for name in names {
        let mut project = model.served_project(name, request.context, View::Current)?.clone();
        change(&mut project);
        if project.tags.len() > TAGS {
            return Err(Error::parameter_invalid(format!("a project has {TAGS} tags at most")));
        }
        changed.push((name, project));
    }
    for (name, project) in changed {
        model.set_project(name, project);
    }
    Ok(Value::Null)
}

fn check_type(resource_type: &str) -> Result<(), Error> {
    if resource_type.eq_ignore_ascii_case(PROJECT) {
        return Ok(());
    }
    Err(Error::parameter_invalid(format!("resourceType {resource_type} is not supported")))
}

fn parsed<T: DeserializeOwned>(body: &Map<String, Value>) -> Result<T, Error> {
    serde_json::from_value(Value::Object(body.clone()))
        .map_err(|error| Error::parameter_invalid(format!("The body is not valid: {error}")))
}
