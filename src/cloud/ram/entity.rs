//! Who holds a policy.

use crate::cloud::CallContext;
use crate::cloud::error::Error;
use crate::cloud::names::{GroupName, RoleName, UserName};
use crate::cloud::ram::client::list;
use crate::cloud::ram::role::read_arn;
use crate::cloud::ram::{PolicyId, RamClient, RoleArn};
use crate::cloud::rpc::Call;
use crate::cloud::shape::Object;

/// Everything a policy is attached to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PolicyEntities {
    /// `Users`
    pub users: Vec<AttachedUser>,
    /// `Groups`
    pub groups: Vec<AttachedGroup>,
    /// `Roles`
    pub roles: Vec<AttachedRole>,
}

/// A user that holds a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttachedUser {
    /// `UserName`
    pub user_name: UserName,
    /// `UserId`, digits.
    pub user_id: Option<String>,
}

/// A group that holds a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttachedGroup {
    /// `GroupName`
    pub group_name: GroupName,
}

/// A role that holds a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttachedRole {
    /// `RoleName`
    pub role_name: RoleName,
    /// `Arn`
    pub arn: RoleArn,
}

impl RamClient {
    /// `ListEntitiesForPolicy`: all of them.
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
        self.rpc.read(context, call, &PolicyEntities::read).await
    }
}

impl PolicyEntities {
    fn read(answer: &Object<'_>) -> Result<Self, Error> {
        let user = |user: &Object<'_>| {
            let user_id = user.optional_text("UserId")?.map(str::to_owned);
            Ok(AttachedUser { user_name: UserName::answered(user.text("UserName")?), user_id })
        };
        let group = |group: &Object<'_>| {
            Ok(AttachedGroup { group_name: GroupName::answered(group.text("GroupName")?) })
        };
        let role = |role: &Object<'_>| {
            Ok(AttachedRole { role_name: RoleName::answered(role.text("RoleName")?), arn: read_arn(role)? })
        };
        Ok(Self {
            users: list(answer, ("Users", "User"), user)?,
            groups: list(answer, ("Groups", "Group"), group)?,
            roles: list(answer, ("Roles", "Role"), role)?,
        })
    }
}
