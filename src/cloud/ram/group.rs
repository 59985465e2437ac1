//! User groups.

use serde::Deserialize;

use crate::CallContext;
use crate::error::Error;
use crate::names::{GroupName, UserName};
use crate::ram::RamClient;
use crate::rpc::members::list;
use crate::rpc::{Call, Parameters};

/// A group in the answer of `ListGroupsForUser`. Only its name is used.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Group {
    /// `GroupName`, as the service spells it.
    pub group_name: GroupName,
}

impl RamClient {
    /// `ListGroupsForUser`: all groups of the user.
    ///
    /// # Errors
    /// `NotFound` with code `EntityNotExist.User`; otherwise any kind.
    pub async fn list_groups_for_user(
        &self,
        context: &CallContext,
        user: &UserName,
    ) -> Result<Vec<Group>, Error> {
        let call = Call::new("ListGroupsForUser", user.as_str(), Parameters::new().with("UserName", user));
        self.rpc.read(context, call, |Groups { groups }| Ok(groups)).await
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Groups {
    #[serde(default, deserialize_with = "list")]
    groups: Vec<Group>,
}
