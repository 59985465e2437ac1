//! Users.

use serde_json::{Map, Value, json};

use super::paging::Page;
use super::{error, input};
use crate::access::Principal;
use crate::clock::iso_8601;
use crate::identity::{Directory, PolicyTarget, PolicyTargetKind, User};
use crate::rpc::{Error, Outcome, Request, answer, empty_answer, members};

/// Users in one account (<https://www.alibabacloud.com/help/en/ram/product-overview/limits>).
const PER_ACCOUNT: usize = 1_000;

/// `CreateUser`
pub fn create(directory: &mut Directory, request: &Request<'_>) -> Outcome {
    let parameters = request.parameters;
    let name = input::new_name(parameters, PolicyTargetKind::User)?;
    let mut user = User::new(name, request.now);
    user.display_name = input::comment(parameters, "DisplayName")?;
    user.comments = input::comment(parameters, "Comments")?;
    user.email = input::comment(parameters, "Email")?;
    user.mobile_phone = input::comment(parameters, "MobilePhone")?;
    if directory.user(name).is_some() {
        return Err(error::already_exists("User"));
    }
    if directory.users.len() >= PER_ACCOUNT {
        return Err(error::limit_exceeded("User"));
    }
    let created = to_members(&user);
    directory.users.insert(user);
    answer(json!({"User": created}))
}

/// `UpdateUser`: what is not given stays, what is given empty is cleared.
pub fn update(directory: &mut Directory, request: &Request<'_>) -> Outcome {
    let parameters = request.parameters;
    let mut user = existing(directory, request)?.clone();
    let name = match parameters.get("NewUserName") {
        Some(_) => input::new_user_name(parameters)?.to_owned(),
        None => user.name.clone(),
    };
    for (parameter, member) in [
        ("NewDisplayName", &mut user.display_name),
        ("NewComments", &mut user.comments),
        ("NewEmail", &mut user.email),
        ("NewMobilePhone", &mut user.mobile_phone),
    ] {
        if parameters.given(parameter).is_some() {
            *member = input::comment(parameters, parameter)?;
        }
    }
    user.updated = request.now;
    let updated = dated(&User { name: name.clone(), ..user.clone() });
    if !directory.rename_user(user, &name) {
        return Err(error::already_exists("User"));
    }
    answer(json!({"User": updated}))
}

/// `GetUser`
pub fn get(directory: &Directory, request: &Request<'_>) -> Outcome {
    answer(json!({"User": dated(existing(directory, request)?)}))
}

/// `DeleteUser`: only without groups, policies, access keys and a login profile.
pub fn delete(directory: &mut Directory, request: &Request<'_>) -> Outcome {
    let user = existing(directory, request)?;
    let target = PolicyTarget::new(PolicyTargetKind::User, &user.name);
    let in_group = directory.groups.values().any(|group| group.members.contains(&target.name));
    let has_policy = directory.policies_of(&target).next().is_some();
    let is_theirs = |who: &Principal| matches!(who, Principal::User { name, .. } if *name == user.name);
    let has_key = directory.access_keys.values().any(|key| is_theirs(&key.principal));
    let has_profile = user.login_profile.is_some();
    for (is_tied, what) in
        [(in_group, "Group"), (has_policy, "Policy"), (has_key, "AccessKey"), (has_profile, "LoginProfile")]
    {
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
