//! The users, groups and roles that a policy is attached to.

use serde::Deserialize;

use crate::CallContext;
use crate::error::Error;
use crate::names::{GroupName, RoleName, UserName};
use crate::ram::{PolicyId, RamClient, RoleArn};
use crate::rpc::Call;
use crate::rpc::members::list;

/// All users, groups and roles that a policy is attached to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct PolicyEntities {
    /// `Users`
    #[serde(deserialize_with = "list")]
    pub users: Vec<AttachedUser>,
    /// `Groups`
    #[serde(deserialize_with = "list")]
    pub groups: Vec<AttachedGroup>,
    /// `Roles`
    #[serde(deserialize_with = "list")]
    pub roles: Vec<AttachedRole>,
}

/// A user that a policy is attached to.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AttachedUser {
    /// `UserName`
    pub user_name: UserName,
}

/// A group that a policy is attached to.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AttachedGroup {
    /// `GroupName`
    pub group_name: GroupName,
}

/// A role that a policy is attached to.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AttachedRole {
    /// `RoleName`
    pub role_name: RoleName,
    /// `Arn`
    pub arn: RoleArn,
}

impl RamClient {
    /// `ListEntitiesForPolicy`: all users, groups and roles.
    ///
    /// # Errors
    /// `NotFound` with code `EntityNotExist.Policy`; otherwise any kind.
    pub async fn list_entities_for_policy(
        &self,
        context: &CallContext,
        policy: &PolicyId,
    ) -> Result<PolicyEntities, Error> {
        let target = policy.to_string();
        let call = Call::new("ListEntitiesForPolicy", &target, policy.parameters());
        self.rpc.read(context, call, Ok).await
    }
}
