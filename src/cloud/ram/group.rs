//! User groups.

use crate::cloud::CallContext;
use crate::cloud::error::Error;
use crate::cloud::names::{GroupName, UserName};
use crate::cloud::ram::RamClient;
use crate::cloud::ram::client::list;
use crate::cloud::rpc::{Call, Parameters};
use crate::cloud::shape::Object;

/// A group as `ListGroupsForUser` describes it, as far as it is needed here: which it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// `GroupName`, as the service spells it.
    pub group_name: GroupName,
}

impl RamClient {
    /// `ListGroupsForUser`: all of them.
    ///
    /// # Errors
    /// `NotFound` with code `EntityNotExist.User`; otherwise any kind.
    pub async fn list_groups_for_user(
        &self,
        context: &CallContext,
        user: &UserName,
    ) -> Result<Vec<Group>, Error> {
        let call = Call::new("ListGroupsForUser", user.as_str(), Parameters::new().with("UserName", user));
        let group =
            |group: &Object<'_>| Ok(Group { group_name: GroupName::answered(group.text("GroupName")?) });
        let read = |answer: &Object<'_>| list(answer, ("Groups", "Group"), group);
        self.rpc.read(context, call, &read).await
    }
}
