//! Attaching policies to roles, users and groups.

use serde::Deserialize;

use crate::CallContext;
use crate::error::{Error, ErrorKind};
use crate::names::{GroupName, RoleName, UserName};
use crate::ram::{PolicyId, RamClient};
use crate::rpc::members::{list, or_default};
use crate::rpc::{Call, Parameters};

/// A policy as `ListPoliciesForRole`, `ListPoliciesForUser` and `ListPoliciesForGroup` describe it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AttachedPolicy {
    /// `PolicyType` and `PolicyName`, the name as the service spells it.
    #[serde(flatten)]
    pub id: PolicyId,
    /// `Description`; empty when there is none.
    #[serde(default, deserialize_with = "or_default")]
    pub description: String,
}

/// Whether an attach failed because the policy is already attached.
pub fn is_already_attached(error: &Error) -> bool {
    error.kind() == ErrorKind::AlreadyExists && is_about_attachment(error, "EntityAlreadyExists")
}

/// Whether a detach failed because the policy is not attached. If the policy, or the role, user or group, does not
/// exist, that is another error.
pub fn is_not_attached(error: &Error) -> bool {
    error.kind() == ErrorKind::NotFound && is_about_attachment(error, "EntityNotExist")
}

fn is_about_attachment(error: &Error, code: &str) -> bool {
    ["Role", "User", "Group"].iter().any(|holder| error.is_code(&format!("{code}.{holder}.Policy")))
}

/// The role, user or group that a policy is attached to: the parameter that names it, and its name.
type Holder<'a> = (&'static str, &'a str);

impl RamClient {
    /// `AttachPolicyToRole`
    ///
    /// # Errors
    /// `AlreadyExists` with code `EntityAlreadyExists.Role.Policy` when it is attached already
    /// ([`is_already_attached`]); `NotFound` with code `EntityNotExist.Role` or `EntityNotExist.Policy`; otherwise
    /// any kind.
    pub async fn attach_policy_to_role(
        &self,
        context: &CallContext,
        policy: &PolicyId,
        role: &RoleName,
    ) -> Result<(), Error> {
        self.change(context, "AttachPolicyToRole", policy, ("RoleName", role.as_str())).await
    }

    /// `AttachPolicyToUser`
    ///
    /// # Errors
    /// As [`RamClient::attach_policy_to_role`], with `User` in the codes.
    pub async fn attach_policy_to_user(
        &self,
        context: &CallContext,
        policy: &PolicyId,
        user: &UserName,
    ) -> Result<(), Error> {
        self.change(context, "AttachPolicyToUser", policy, ("UserName", user.as_str())).await
    }

    /// `AttachPolicyToGroup`
    ///
    /// # Errors
    /// As [`RamClient::attach_policy_to_role`], with `Group` in the codes.
    pub async fn attach_policy_to_group(
        &self,
        context: &CallContext,
        policy: &PolicyId,
        group: &GroupName,
    ) -> Result<(), Error> {
        self.change(context, "AttachPolicyToGroup", policy, ("GroupName", group.as_str())).await
    }

    /// `DetachPolicyFromRole`
    ///
    /// # Errors
    /// `NotFound` with code `EntityNotExist.Role.Policy` when it is not attached ([`is_not_attached`]), or with code
    /// `EntityNotExist.Role` or `EntityNotExist.Policy`; otherwise any kind.
    pub async fn detach_policy_from_role(
        &self,
        context: &CallContext,
        policy: &PolicyId,
        role: &RoleName,
    ) -> Result<(), Error> {
        self.change(context, "DetachPolicyFromRole", policy, ("RoleName", role.as_str())).await
    }

    /// `DetachPolicyFromUser`
    ///
    /// # Errors
    /// As [`RamClient::detach_policy_from_role`], with `User` in the codes.
    pub async fn detach_policy_from_user(
        &self,
        context: &CallContext,
        policy: &PolicyId,
        user: &UserName,
    ) -> Result<(), Error> {
        self.change(context, "DetachPolicyFromUser", policy, ("UserName", user.as_str())).await
    }

    /// `DetachPolicyFromGroup`
    ///
    /// # Errors
    /// As [`RamClient::detach_policy_from_role`], with `Group` in the codes.
    pub async fn detach_policy_from_group(
        &self,
        context: &CallContext,
        policy: &PolicyId,
        group: &GroupName,
    ) -> Result<(), Error> {
        self.change(context, "DetachPolicyFromGroup", policy, ("GroupName", group.as_str())).await
    }

    /// `ListPoliciesForRole`: all of them.
    ///
    /// # Errors
    /// `NotFound` with code `EntityNotExist.Role`; otherwise any kind.
    pub async fn list_policies_for_role(
        &self,
        context: &CallContext,
        role: &RoleName,
    ) -> Result<Vec<AttachedPolicy>, Error> {
        self.policies(context, "ListPoliciesForRole", ("RoleName", role.as_str())).await
    }

    /// `ListPoliciesForUser`: all of them, without the policies of the user's groups.
    ///
    /// # Errors
    /// `NotFound` with code `EntityNotExist.User`; otherwise any kind.
    pub async fn list_policies_for_user(
        &self,
        context: &CallContext,
        user: &UserName,
    ) -> Result<Vec<AttachedPolicy>, Error> {
        self.policies(context, "ListPoliciesForUser", ("UserName", user.as_str())).await
    }

    /// `ListPoliciesForGroup`: all of them.
    ///
    /// # Errors
    /// `NotFound` with code `EntityNotExist.Group`; otherwise any kind.
    pub async fn list_policies_for_group(
        &self,
        context: &CallContext,
        group: &GroupName,
    ) -> Result<Vec<AttachedPolicy>, Error> {
        self.policies(context, "ListPoliciesForGroup", ("GroupName", group.as_str())).await
    }

    async fn change(
        &self,
        context: &CallContext,
        action: &'static str,
        policy: &PolicyId,
        (parameter, name): Holder<'_>,
    ) -> Result<(), Error> {
        let target = format!("{name} ({policy})");
        let parameters = policy.parameters().with(parameter, name);
        self.rpc.run(context, Call::new(action, &target, parameters)).await
    }

    async fn policies(
        &self,
        context: &CallContext,
        action: &'static str,
        (parameter, name): Holder<'_>,
    ) -> Result<Vec<AttachedPolicy>, Error> {
        let call = Call::new(action, name, Parameters::new().with(parameter, name));
        self.rpc.read(context, call, |Policies { policies }| Ok(policies)).await
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Policies {
    #[serde(default, deserialize_with = "list")]
    policies: Vec<AttachedPolicy>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Operation;

    #[test]
    fn already_attached_and_not_attached_differ_from_missing_objects() {
        let operation = Operation::new("RAM", "AttachPolicyToRole", "demo");
        let error = |status, code: &str| Error::from_answer(&operation, status, Some(code.to_owned()), "m");
        for holder in ["Role", "User", "Group"] {
            assert!(is_already_attached(&error(409, &format!("EntityAlreadyExists.{holder}.Policy"))));
            assert!(is_not_attached(&error(404, &format!("EntityNotExist.{holder}.Policy"))));
            assert!(!is_not_attached(&error(404, &format!("EntityNotExist.{holder}"))));
        }
        assert!(!is_not_attached(&error(404, "EntityNotExist.Policy")));
        assert!(!is_already_attached(&error(409, "EntityAlreadyExists.Role")));
        assert!(!is_not_attached(&error(500, "EntityNotExist.Role.Policy")));
    }
}
