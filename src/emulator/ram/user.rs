//! Users.

use serde_json::{Map, Value, json};

use super::paging::Page;
use super::{error, input};
use crate::access::Principal;
use crate::clock::iso_8601;
use crate::identity::{Directory, PolicyTarget, PolicyTargetKind, User, folded};
use crate::rpc::{Error, Outcome, Request, answer, empty_answer, members};

/// Users in one account (<https://www.alibabacloud.com/help/en/ram/product-overview/limits>).
const PER_ACCOUNT: usize = 1_000;

/// `CreateUser`
pub fn create(directory: &mut Directory, request: &Request<'_>) -> Outcome {
    let parameters = request.parameters;
    let name = input::new_name(parameters, PolicyTargetKind::User)?;
    let mut user = User::new(name, request.now);
    if parameters.get("DisplayName").is_some() {
        user.display_name = input::comment(parameters, "DisplayName")?;
    }
    user.comments = input::comment(parameters, "Comments")?;
    parameters.get("Email").unwrap_or_default().clone_into(&mut user.email);
    parameters.get("MobilePhone").unwrap_or_default().clone_into(&mut user.mobile_phone);
    if directory.user(name).is_some() {
        return Err(error::already_exists("User"));
    }
    if directory.users.len() >= PER_ACCOUNT {
        return Err(error::limit_exceeded("User"));
    }
    let created = to_members(&user);
    directory.users.insert(folded(name), user);
    answer(json!({"User": created}))
}

/// `GetUser`
pub fn get(directory: &Directory, request: &Request<'_>) -> Outcome {
    answer(json!({"User": dated(existing(directory, request)?)}))
}

/// `DeleteUser`: only without groups, policies and access keys.
pub fn delete(directory: &mut Directory, request: &Request<'_>) -> Outcome {
    let user = existing(directory, request)?;
    let target = PolicyTarget::new(PolicyTargetKind::User, &user.name);
    let in_group = directory.groups.values().any(|group| group.members.contains(&target.name));
    let has_policy = directory.policies_of(&target).next().is_some();
    let is_theirs = |who: &Principal| matches!(who, Principal::User { name, .. } if *name == user.name);
    let has_key = directory.access_keys.values().any(|key| is_theirs(&key.principal));
    for (is_tied, what) in [(in_group, "Group"), (has_policy, "Policy"), (has_key, "AccessKey")] {
        if is_tied {
            return Err(error::delete_conflict(PolicyTargetKind::User, what));
        }
    }
    directory.users.remove(&target.name);
    empty_answer()
}

/// `ListUsers`
pub fn list(directory: &Directory, request: &Request<'_>) -> Outcome {
    let page = Page::from_parameters(request.parameters)?;
    let users = directory.users.iter().map(|(key, user)| (key.as_str(), Value::Object(dated(user))));
    Ok(page.select(users, ("Users", "User")))
}

/// The user in `UserName`.
pub fn existing<'d>(directory: &'d Directory, request: &Request<'_>) -> Result<&'d User, Error> {
    let name = request.parameters.required("UserName")?;
    directory.user(name).ok_or_else(|| error::not_exist(PolicyTargetKind::User, name))
}

fn to_members(user: &User) -> Map<String, Value> {
    members(json!({
        "UserId": user.id,
        "UserName": user.name,
        "DisplayName": user.display_name,
        "Comments": user.comments,
        "Email": user.email,
        "MobilePhone": user.mobile_phone,
        "CreateDate": iso_8601(user.created),
    }))
}

/// With the members that only reading gives. Nobody here signs in to a console.
fn dated(user: &User) -> Map<String, Value> {
    let mut dated = to_members(user);
    dated.insert("UpdateDate".to_owned(), iso_8601(user.updated).into());
    dated.insert("LastLoginDate".to_owned(), "".into());
    dated
}
