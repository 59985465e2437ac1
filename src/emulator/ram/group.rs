//! Groups, and the users in them.

use serde_json::{Map, Value, json};

use super::paging::Page;
use super::{error, input, user};
use crate::clock::iso_8601;
use crate::identity::{Directory, Group, PolicyTarget, PolicyTargetKind, folded};
use crate::rpc::{Error, Outcome, Request, answer, empty_answer, members};

/// `CreateGroup`
pub fn create(directory: &mut Directory, request: &Request<'_>) -> Outcome {
    let name = input::new_name(request.parameters, PolicyTargetKind::Group)?;
    let mut group = Group::new(name, request.now);
    group.comments = input::comment(request.parameters, "Comments")?;
    if directory.groups.contains_key(&folded(name)) {
        return Err(error::already_exists("Group"));
    }
    let created = to_members(&group);
    directory.groups.insert(group);
    answer(json!({"Group": created}))
}

/// `GetGroup`
pub fn get(directory: &Directory, request: &Request<'_>) -> Outcome {
    answer(json!({"Group": to_members(existing(directory, request)?)}))
}

/// `UpdateGroup`: its name and its comments; what is not given stays.
pub fn update(directory: &mut Directory, request: &Request<'_>) -> Outcome {
    let parameters = request.parameters;
    let mut group = existing(directory, request)?.clone();
    let key = folded(&group.name);
    if parameters.get("NewGroupName").is_some() {
        input::new_group_name(parameters)?.clone_into(&mut group.name);
    }
    if parameters.given("NewComments").is_some() {
        group.comments = input::comment(parameters, "NewComments")?;
    }
    group.updated = request.now;
    if folded(&group.name) != key {
        if directory.groups.contains_key(&folded(&group.name)) {
            return Err(error::already_exists("Group"));
        }
        directory.groups.remove(&key);
        directory.rename_target(PolicyTargetKind::Group, &key, &group.name);
    }
    let updated = to_members(&group);
    directory.groups.insert(group);
    answer(json!({"Group": updated}))
}

/// `DeleteGroup`: only without users and policies.
pub fn delete(directory: &mut Directory, request: &Request<'_>) -> Outcome {
    let group = existing(directory, request)?;
    let target = PolicyTarget::new(PolicyTargetKind::Group, &group.name);
    if !group.members.is_empty() {
        return Err(error::delete_conflict(PolicyTargetKind::Group, "User"));
    }
    if directory.policies_of(&target).next().is_some() {
        return Err(error::delete_conflict(PolicyTargetKind::Group, "Policy"));
    }
    directory.groups.remove(&target.name);
    empty_answer()
}

/// `ListGroups`
pub fn list(directory: &Directory, request: &Request<'_>) -> Outcome {
    let page = Page::from_parameters(request.parameters)?;
    let groups = directory.groups.iter().map(|(key, group)| (key.as_str(), Value::Object(to_members(group))));
    Ok(page.select(groups, ("Groups", "Group")))
}

/// `AddUserToGroup`
pub fn add_user(directory: &mut Directory, request: &Request<'_>) -> Outcome {
    let user = folded(&user::existing(directory, request)?.name);
    let group = existing_mut(directory, request)?;
    if group.members.insert(user) { empty_answer() } else { Err(error::already_exists("User.Group")) }
}

/// `RemoveUserFromGroup`
pub fn remove_user(directory: &mut Directory, request: &Request<'_>) -> Outcome {
    let user = folded(&user::existing(directory, request)?.name);
    let group = existing_mut(directory, request)?;
    if group.members.remove(&user) {
        return empty_answer();
    }
    Err(Error::new(404, "EntityNotExist.User.Group", "The user does not belong to the group."))
}

/// `ListGroupsForUser`: all at once.
pub fn list_for_user(directory: &Directory, request: &Request<'_>) -> Outcome {
    let user = folded(&user::existing(directory, request)?.name);
    let groups = directory.groups.values().filter(|group| group.members.contains(&user));
    let groups: Vec<Map<String, Value>> = groups.map(to_members).collect();
    answer(json!({"Groups": {"Group": groups}}))
}

/// `ListUsersForGroup`
pub fn users_of(directory: &Directory, request: &Request<'_>) -> Outcome {
    let page = Page::from_parameters(request.parameters)?;
    let group = existing(directory, request)?;
    let users = group.members.iter().filter_map(|key| {
        let user = directory.users.get(key)?;
        Some((key.as_str(), json!({"UserName": user.name, "DisplayName": user.display_name})))
    });
    Ok(page.select(users, ("Users", "User")))
}

fn existing<'d>(directory: &'d Directory, request: &Request<'_>) -> Result<&'d Group, Error> {
    let name = request.parameters.required("GroupName")?;
    directory.groups.get(&folded(name)).ok_or_else(|| error::not_exist(PolicyTargetKind::Group, name))
}

fn existing_mut<'d>(directory: &'d mut Directory, request: &Request<'_>) -> Result<&'d mut Group, Error> {
    let name = request.parameters.required("GroupName")?;
    directory.groups.get_mut(&folded(name)).ok_or_else(|| error::not_exist(PolicyTargetKind::Group, name))
}

fn to_members(group: &Group) -> Map<String, Value> {
    members(json!({
        "GroupName": group.name,
        "Comments": group.comments,
        "CreateDate": iso_8601(group.created),
        "UpdateDate": iso_8601(group.updated),
    }))
}
