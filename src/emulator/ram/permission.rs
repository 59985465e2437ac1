//! What each action is about, for the policies of who calls it
//! (<https://www.alibabacloud.com/help/en/ram/developer-reference/api-ram-2015-05-01-ram>).
//!
//! Attaching and detaching is about the policy and its target, membership about the user and the group
//! (<https://www.alibabacloud.com/help/doc-detail/102666.htm>).

use crate::identity::{Directory, role_arn};
use crate::rpc::{Error, Request};

type Arn = Result<String, Error>;

/// The role in `RoleName`.
pub fn role(_: &Directory, request: &Request<'_>) -> Arn {
    Ok(role_arn(request.account_id, request.parameters.required("RoleName")?))
}

/// The user in `UserName`.
pub fn user(_: &Directory, request: &Request<'_>) -> Arn {
    arn_of(request, "user", request.parameters.required("UserName")?)
}

/// The user in `UserName`, or without it whoever calls.
pub fn user_of_key(directory: &Directory, request: &Request<'_>) -> Arn {
    match (request.parameters.get("UserName"), request.caller) {
        (None, Some(caller)) => Ok(caller.arn()),
        _ => user(directory, request),
    }
}

/// The group in `GroupName`.
pub fn group(_: &Directory, request: &Request<'_>) -> Arn {
    arn_of(request, "group", request.parameters.required("GroupName")?)
}

/// The policy in `PolicyName`: one of the account's, or of the cloud's where `PolicyType` says so.
pub fn policy(_: &Directory, request: &Request<'_>) -> Arn {
    let name = request.parameters.required("PolicyName")?;
    if request.parameters.get("PolicyType") == Some("System") {
        return Ok(format!("acs:ram:*:system:policy/{name}"));
    }
    arn_of(request, "policy", name)
}

/// The account. The form of this resource is a guess.
#[expect(
    clippy::unnecessary_wraps,
    reason = "the other resources are named by parameters that may be missing"
)]
pub fn account(_: &Directory, request: &Request<'_>) -> Arn {
    Ok(format!("acs:ram::{}:*", request.account_id))
}

/// All resources: RAM grants the actions on tags for none in particular, so that only a statement whose resource is `*`
/// is about them.
#[expect(
    clippy::unnecessary_wraps,
    reason = "the other resources are named by parameters that may be missing"
)]
pub fn all(_: &Directory, _: &Request<'_>) -> Arn {
    Ok("*".to_owned())
}

/// All roles.
pub fn every_role(_: &Directory, request: &Request<'_>) -> Arn {
    arn_of(request, "role", "*")
}

/// All users.
pub fn every_user(_: &Directory, request: &Request<'_>) -> Arn {
    arn_of(request, "user", "*")
}

/// All groups.
pub fn every_group(_: &Directory, request: &Request<'_>) -> Arn {
    arn_of(request, "group", "*")
}

/// All policies.
pub fn every_policy(_: &Directory, request: &Request<'_>) -> Arn {
    arn_of(request, "policy", "*")
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "the other resources are named by parameters that may be missing"
)]
fn arn_of(request: &Request<'_>, kind: &str, name: &str) -> Arn {
    Ok(format!("acs:ram::{}:{kind}/{name}", request.account_id))
}
