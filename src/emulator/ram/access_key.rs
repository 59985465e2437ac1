//! Access keys of users, and of the account itself.

use serde_json::{Map, Value, json};

use super::{error, user};
use crate::access::{AccessKey, Principal};
use crate::clock::iso_8601;
use crate::identity::Directory;
use crate::rpc::{Error, Outcome, Request, answer, empty_answer, members};
use crypto::{Secret, random_letters};

/// Access keys of one user, and of an account
/// (<https://www.alibabacloud.com/help/en/ram/product-overview/limits>).
const PER_OWNER: usize = 2;

/// `CreateAccessKey`: the only answer with the secret.
pub fn create(directory: &mut Directory, request: &Request<'_>) -> Outcome {
    let owner = owner(directory, request)?;
    if keys_of(directory, &owner).count() >= PER_OWNER {
        return Err(error::limit_exceeded("User.AccessKey"));
    }
    let (id, secret) = (format!("LTAI5t{}", random_letters(18)), random_letters(30));
    let key = AccessKey::lasting(&id, Secret::from(secret.as_str()), owner).created_at(request.now);
    let mut created = to_members(&key);
    created.insert("AccessKeySecret".to_owned(), secret.into());
    directory.access_keys.insert(key);
    answer(json!({"AccessKey": created}))
}

/// `ListAccessKeys`
pub fn list(directory: &Directory, request: &Request<'_>) -> Outcome {
    let owner = owner(directory, request)?;
    let keys: Vec<Map<String, Value>> = keys_of(directory, &owner).map(to_members).collect();
    answer(json!({"AccessKeys": {"AccessKey": keys}}))
}

/// `UpdateAccessKey`: whether it works.
pub fn update(directory: &mut Directory, request: &Request<'_>) -> Outcome {
    let is_active = match request.parameters.required("Status")? {
        "Active" => true,
        "Inactive" => false,
        _ => return Err(Error::incorrect("Status")),
    };
    let id = existing(directory, request)?;
    if let Some(key) = directory.access_keys.get_mut(&id) {
        key.is_inactive = !is_active;
    }
    empty_answer()
}

/// `DeleteAccessKey`
pub fn delete(directory: &mut Directory, request: &Request<'_>) -> Outcome {
    let id = existing(directory, request)?;
    directory.access_keys.remove(&id);
    empty_answer()
}

/// The user in `UserName`, or without it whoever calls. A session has no access keys of its own.
fn owner(directory: &Directory, request: &Request<'_>) -> Result<Principal, Error> {
    if request.parameters.get("UserName").is_some() {
        let account_id = request.account_id.to_owned();
        return Ok(Principal::User { account_id, name: user::existing(directory, request)?.name.clone() });
    }
    match request.caller {
        Some(caller @ (Principal::AccountRoot { .. } | Principal::User { .. })) => Ok(caller.clone()),
        _ => Err(Error::missing_parameter("UserName")),
    }
}

fn keys_of<'d>(directory: &'d Directory, owner: &'d Principal) -> impl Iterator<Item = &'d AccessKey> {
    directory.access_keys.values().filter(move |key| key.principal == *owner)
}

/// The id in `UserAccessKeyId`, of a key of its owner's.
fn existing(directory: &Directory, request: &Request<'_>) -> Result<String, Error> {
    let owner = owner(directory, request)?;
    let id = request.parameters.required("UserAccessKeyId")?;
    match keys_of(directory, &owner).find(|key| key.id == id) {
        Some(key) => Ok(key.id.clone()),
        None => Err(error::access_key_not_exist()),
    }
}

fn to_members(key: &AccessKey) -> Map<String, Value> {
    members(json!({
        "AccessKeyId": key.id,
        "Status": if key.is_inactive { "Inactive" } else { "Active" },
        "CreateDate": iso_8601(key.created),
    }))
}
