//! Errors in RAM's own words
//! (<https://www.alibabacloud.com/help/en/ram/developer-reference/api-ram-2015-05-01-errorcodes>).

use crate::identity::PolicyTargetKind;
use crate::policy::Malformed;
use crate::rpc::Error;

/// No such user, group or role. The text for roles is the one live answers have.
pub fn not_exist(kind: PolicyTargetKind, name: &str) -> Error {
    let code = format!("EntityNotExist.{}", kind.name());
    let message = match kind {
        PolicyTargetKind::Role => format!("The role not exists: {name}"),
        PolicyTargetKind::User => "The user does not exist.".to_owned(),
        PolicyTargetKind::Group => "The group does not exist.".to_owned(),
    };
    Error::new(404, code, message)
}

/// The name is taken.
pub fn already_exists(kind: &str) -> Error {
    let message = format!("The {} does already EXIST.", kind.to_lowercase());
    Error::new(409, format!("EntityAlreadyExists.{kind}"), message)
}

/// No such policy.
pub fn policy_not_exist() -> Error {
    Error::new(404, "EntityNotExist.Policy", "The policy does not exist.")
}

/// No such access key of this user. The code is that of the official provider.
pub fn access_key_not_exist() -> Error {
    Error::new(404, "EntityNotExist.User.AccessKey", "The access key does not exist.")
}

/// The user does not sign in to the console. The code is that of the official provider.
pub fn login_profile_not_exist() -> Error {
    Error::new(404, "EntityNotExist.User.LoginProfile", "The login profile of the user does not exist.")
}

/// The user has no MFA device. The code is that of the official provider.
pub fn mfa_device_not_exist() -> Error {
    Error::new(404, "EntityNotExist.User.MFADevice", "The MFA device of the user does not exist.")
}

/// The account has no alias. The official provider knows the beginning of the code; the rest is a guess.
pub fn account_alias_not_exist() -> Error {
    Error::new(404, "EntityNotExist.Alias", "The alias of the account does not exist.")
}

/// No such version of the policy.
pub fn version_not_exist() -> Error {
    Error::new(404, "EntityNotExist.Policy.Version", "The policy version does not exist.")
}

/// The policy is attached already.
pub fn already_attached(kind: PolicyTargetKind) -> Error {
    let message = match kind {
        PolicyTargetKind::Role => "The policy has already been attached to the role.",
        PolicyTargetKind::User => "The user has already been attached this policy.",
        PolicyTargetKind::Group => "The group has already been attached this policy.",
    };
    Error::new(409, format!("EntityAlreadyExists.{}.Policy", kind.name()), message)
}

/// The policy is not attached.
pub fn not_attached(kind: PolicyTargetKind) -> Error {
    let message = match kind {
        PolicyTargetKind::Role => "The indicate policy of the role does not exist.",
        PolicyTargetKind::User => "The indicate policy of the user does not exist.",
        PolicyTargetKind::Group => "The indicate policy attached to the group does not exist.",
    };
    Error::new(404, format!("EntityNotExist.{}.Policy", kind.name()), message)
}

/// A user, group or role cannot be deleted while something depends on it; `what` is the last part of the code.
pub fn delete_conflict(kind: PolicyTargetKind, what: &str) -> Error {
    let name = kind.name().to_lowercase();
    let tied = match what {
        "Policy" => "attached policy",
        "AccessKey" => "access key",
        "LoginProfile" => "login profile",
        "Group" => "group",
        other => other,
    };
    let message = format!("The {name} CAN NOT has any {tied} while deleting the {name}.");
    Error::new(409, format!("DeleteConflict.{}.{what}", kind.name()), message)
}

/// A policy cannot be deleted while something holds it.
pub fn policy_delete_conflict(kind: PolicyTargetKind) -> Error {
    let message = format!(
        "The policy CAN NOT been attached to any {} while deleting the policy.",
        kind.name().to_lowercase()
    );
    Error::new(409, format!("DeleteConflict.Policy.{}", kind.name()), message)
}

/// There are as many as there can be; `what` is the last part of the code.
pub fn limit_exceeded(what: &str) -> Error {
    let things = what.replace('.', " ").to_lowercase();
    let message = format!("The count of {things} beyond the current limits.");
    Error::new(409, format!("LimitExceeded.{what}"), message)
}

/// A parameter holds letters it may not.
pub fn invalid_chars(parameter: &str) -> Error {
    let message = format!("The parameter - \"{parameter}\" contains invalid chars.");
    Error::new(400, format!("InvalidParameter.{parameter}.InvalidChars"), message)
}

/// A parameter is too long.
pub fn too_long(parameter: &str) -> Error {
    let message = format!("The parameter - \"{parameter}\" beyond the length limit.");
    Error::new(400, format!("InvalidParameter.{parameter}.Length"), message)
}

/// A document cannot be read.
pub fn malformed_policy(why: &Malformed) -> Error {
    Error::new(400, "MalformedPolicyDocument", format!("The policy document is malformed: {why}."))
}
