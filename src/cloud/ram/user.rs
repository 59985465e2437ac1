//! Users.

use serde::Deserialize;

use crate::CallContext;
use crate::error::Error;
use crate::names::UserName;
use crate::ram::RamClient;
use crate::rpc::members::expect_name;
use crate::rpc::{Call, Parameters};

/// A user in the answer of `GetUser`. Only its name is used.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct User {
    /// `UserName`, as the service spells it.
    pub user_name: UserName,
}

impl RamClient {
    /// `GetUser`
    ///
    /// # Errors
    /// `NotFound` with code `EntityNotExist.User`; otherwise any kind.
    pub async fn get_user(&self, context: &CallContext, name: &UserName) -> Result<User, Error> {
        let call = Call::new("GetUser", name.as_str(), Parameters::new().with("UserName", name));
        let take = |UserAnswer { user }| {
            expect_name("User.UserName", user.user_name.as_str(), name.as_str()).map(|()| user)
        };
        self.rpc.read(context, call, take).await
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct UserAnswer {
    user: User,
}
