//! The operations on projects.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;

use super::context::{Context, Outcome, Request};
use super::model::{Model, Project};
use super::names::is_project_name;
use super::paging::Page;
use super::versioned::View;
use crate::Rules;
use crate::clock::formatted;
use crate::error::Error;
use crate::json::kind_of;
use crate::rpc::members;
use crate::target::Query;

/// What the service calls a project where it may be another kind of resource. The official provider writes it in
/// capitals.
pub const PROJECT: &str = "project";

/// The size of a list when the call does not say.
const DEFAULT_LIST_SIZE: usize = 100;

/// The resource group of what is not put into another one. Each account has one, and the service answers it: see the
/// function tests of the vendor's Java SDK.
const DEFAULT_RESOURCE_GROUP: &str = "rg-acfmdefault";

/// How GetProject writes times.
const TIME: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day] [hour]:[minute]:[second]");

impl Project {
    /// A project with nothing but defaults.
    pub fn new(region: &str, now: i64) -> Self {
        Self {
            region: region.to_owned(),
            description: String::new(),
            data_redundancy_type: "LRS".to_owned(),
            resource_group_id: DEFAULT_RESOURCE_GROUP.to_owned(),
            recycle_bin_enabled: false,
            create_time: now,
            last_modify_time: now,
            tags: BTreeMap::new(),
            policy: None,
        }
    }
}

/// `CreateProject`. The name is in the body; a host that names a project has to name the same.
///
/// # Errors
///
/// `ParameterInvalid`, `ProjectAlreadyExist`.
pub fn create(model: &mut Model, request: &Request<'_>) -> Outcome {
    const KNOWN: [&str; 5] =
        ["projectName", "description", "resourceGroupId", "dataRedundancyType", "recycleBinEnabled"];
    let &Request { host_project, body, context, .. } = request;
    check_redundancy(body, &KNOWN, context.rules)?;
    let name = text(body, "projectName")?.ok_or_else(|| missing("projectName"))?;
    if !is_project_name(name) {
        return Err(Error::parameter_invalid(format!("project name {name} is invalid")));
    }
    if host_project.is_some_and(|host_project| host_project != name) {
        return Err(Error::parameter_invalid(format!("projectName {name} is not the project in the host")));
    }
    let mut project = Project::new(context.region, context.now);
    // The documentation requires it. The service does not: see the acceptance tests of `alicloud_log_project` in
    // aliyun/terraform-provider-alicloud.
    text(body, "description")?.unwrap_or_default().clone_into(&mut project.description);
    if let Some(group) = text(body, "resourceGroupId")?.filter(|group| !group.is_empty()) {
        group.clone_into(&mut project.resource_group_id);
    }
    match text(body, "dataRedundancyType")? {
        None | Some("") => {}
        Some(kind @ ("LRS" | "ZRS")) => kind.clone_into(&mut project.data_redundancy_type),
        Some(_) => return Err(Error::parameter_invalid("[dataRedundancyType] must be LRS or ZRS")),
    }
    project.recycle_bin_enabled = flag(body, "recycleBinEnabled")?.unwrap_or_default();
    if model.project(name, View::Current).is_some() {
        return Err(Error::project_already_exist(name));
    }
    model.set_project(name, project);
    Ok(Value::Null)
}

/// GetProject.
///
/// # Errors
///
/// `ProjectNotExist`.
pub fn get(model: &Model, request: &Request<'_>) -> Outcome {
    let &Request { project: name, context, .. } = request;
    let project = model.served_project(name, context, context.view)?;
    let mut json = to_members(name, project, context);
    let region = &project.region;
    json.extend(members(json!({
        "createTime": formatted(project.create_time, TIME),
        "lastModifyTime": formatted(project.last_modify_time, TIME),
        "quota": {},
        "internetEndpoint": format!("{region}.log.aliyuncs.com"),
        "internalEndpoint": format!("{region}-intranet.log.aliyuncs.com"),
        "shareEndpoint": format!("{region}-share.log.aliyuncs.com"),
        "location": "",
    })));
    Ok(Value::Object(json))
}

/// `ListProject`: the projects of the endpoint's region.
///
/// # Errors
///
/// Those of [`Page::from_query`].
pub fn list(model: &Model, request: &Request<'_>) -> Outcome {
    let &Request { query, context, .. } = request;
    let page = Page::from_query(query, DEFAULT_LIST_SIZE)?;
    let matching: Vec<Value> = model
        .projects(context.view)
        .filter(|(name, project)| project.region == context.region && is_listed(name, project, query))
        .map(|(name, project)| to_list_entry(name, project, context))
        .collect();
    let total = matching.len();
    let projects = page.select(matching);
    Ok(json!({"count": projects.len(), "total": total, "projects": projects}))
}

/// `UpdateProject`: what is left out stays.
///
/// # Errors
///
/// `ProjectNotExist`, `ParameterInvalid`.
pub fn update(model: &mut Model, request: &Request<'_>) -> Outcome {
    let &Request { project: name, body, context, .. } = request;
    let mut project = model.served_project(name, context, View::Current)?.clone();
    check_redundancy(body, &["projectName", "description", "recycleBinEnabled"], context.rules)?;
    if let Some(description) = text(body, "description")? {
        description.clone_into(&mut project.description);
    }
    project.recycle_bin_enabled = flag(body, "recycleBinEnabled")?.unwrap_or(project.recycle_bin_enabled);
    project.last_modify_time = context.now;
    model.set_project(name, project);
    Ok(Value::Null)
}

/// `ChangeResourceGroup`: of a project, into any group that is named, for groups are not emulated.
///
/// # Errors
///
/// `ProjectNotExist`, `ParameterInvalid`.
pub fn change_resource_group(model: &mut Model, request: &Request<'_>) -> Outcome {
    let &Request { body, context, .. } = request;
    let required = |name: &str| {
        let value = text(body, name)?.filter(|value| !value.is_empty());
        value.ok_or_else(|| missing(name))
    };
    let resource_type = required("resourceType")?;
    if !resource_type.eq_ignore_ascii_case(PROJECT) {
        return Err(Error::parameter_invalid(format!("resourceType {resource_type} is not supported")));
    }
    let name = required("resourceId")?;
    let mut project = model.served_project(name, context, View::Current)?.clone();
    required("resourceGroupId")?.clone_into(&mut project.resource_group_id);
    model.set_project(name, project);
    Ok(Value::Null)
}

/// `DeleteProject`, with everything in it.
///
/// # Errors
///
/// `ProjectNotExist`.
pub fn delete(model: &mut Model, request: &Request<'_>) -> Outcome {
    let &Request { project: name, context, .. } = request;
    model.served_project(name, context, View::Current)?;
    model.remove_project(name);
    Ok(Value::Null)
}

/// `GetProjectPolicy`: the text that was put, or nothing.
///
/// # Errors
///
/// `ProjectNotExist`.
pub fn get_policy(model: &Model, request: &Request<'_>) -> Outcome {
    let &Request { project: name, context, .. } = request;
    let project = model.served_project(name, context, context.view)?;
    Ok(project.policy.clone().map_or(Value::Null, Value::String))
}

/// `PutProjectPolicy`: any JSON object, which is kept as it is and decides nothing here.
///
/// # Errors
///
/// `ProjectNotExist`.
pub fn put_policy(model: &mut Model, request: &Request<'_>) -> Outcome {
    set_policy(model, request, Some(request.text.to_owned()))
}

/// `DeleteProjectPolicy`
///
/// # Errors
///
/// `ProjectNotExist`.
pub fn delete_policy(model: &mut Model, request: &Request<'_>) -> Outcome {
    set_policy(model, request, None)
}

fn set_policy(model: &mut Model, request: &Request<'_>, policy: Option<String>) -> Outcome {
    let &Request { project: name, context, .. } = request;
    let mut project = model.served_project(name, context, View::Current)?.clone();
    project.policy = policy;
    model.set_project(name, project);
    Ok(Value::Null)
}

/// The members GetProject and `ListProject` have in common.
fn to_members(name: &str, project: &Project, context: &Context<'_>) -> Map<String, Value> {
    members(json!({
        "projectName": name,
        "description": project.description,
        "status": "Normal",
        "owner": context.account_id,
        "region": project.region,
        "dataRedundancyType": project.data_redundancy_type,
        "resourceGroupId": project.resource_group_id,
        "recycleBinEnabled": project.recycle_bin_enabled,
    }))
}

fn to_list_entry(name: &str, project: &Project, context: &Context<'_>) -> Value {
    let mut json = to_members(name, project, context);
    json.insert("createTime".to_owned(), project.create_time.to_string().into());
    json.insert("lastModifyTime".to_owned(), project.last_modify_time.to_string().into());
    Value::Object(json)
}

/// Whether a project matches the filters of a list. An empty filter matches all.
fn is_listed(name: &str, project: &Project, query: &Query) -> bool {
    let filter = |name: &str| query.get(name).filter(|value| !value.is_empty());
    filter("projectName").is_none_or(|part| name.contains(part))
        && filter("description").is_none_or(|part| project.description.contains(part))
        && filter("resourceGroupId").is_none_or(|id| id == project.resource_group_id)
}

fn text<'a>(body: &'a Map<String, Value>, name: &str) -> Result<Option<&'a str>, Error> {
    match body.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(other) => {
            Err(Error::parameter_invalid(format!("[{name}] must be a string, not {}", kind_of(other))))
        }
    }
}

fn flag(body: &Map<String, Value>, name: &str) -> Result<Option<bool>, Error> {
    match body.get(name) {
        None => Ok(None),
        Some(Value::Bool(flag)) => Ok(Some(*flag)),
        Some(other) => {
            Err(Error::parameter_invalid(format!("[{name}] must be a boolean, not {}", kind_of(other))))
        }
    }
}

fn missing(name: &str) -> Error {
    Error::parameter_invalid(format!("[{name}] key is missing"))
}

fn check_redundancy(body: &Map<String, Value>, known: &[&str], rules: Rules) -> Result<(), Error> {
    if rules == Rules::Strict && body.keys().any(|name| !known.contains(&name.as_str())) {
        return Err(Error::parameter_invalid("redundant key exist in json"));
    }
    Ok(())
}
