//! Users.

use crate::cloud::CallContext;
use crate::cloud::error::Error;
use crate::cloud::names::UserName;
use crate::cloud::ram::RamClient;
use crate::cloud::ram::client::expect_name;
use crate::cloud::rpc::{Call, Parameters};
use crate::cloud::shape::Object;

/// A user as `GetUser` describes it, as far as it is needed here: who it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// `UserId`, digits.
    pub user_id: String,
    /// `UserName`, as the service spells it.
    pub user_name: UserName,
    /// `DisplayName`; empty when there is none.
    pub display_name: String,
}

impl RamClient {
    /// `GetUser`
    ///
    /// # Errors
    /// `NotFound` with code `EntityNotExist.User`; otherwise any kind.
    pub async fn get_user(&self, context: &CallContext, name: &UserName) -> Result<User, Error> {
        let call = Call::new("GetUser", name.as_str(), Parameters::new().with("UserName", name));
        let read = |answer: &Object<'_>| {
            let user = answer.object("User")?;
            expect_name(&user, "UserName", name.as_str())?;
            Ok(User {
                user_id: user.text("UserId")?.to_owned(),
                user_name: UserName::answered(user.text("UserName")?),
                display_name: user.optional_text("DisplayName")?.unwrap_or_default().to_owned(),
            })
        };
        self.rpc.read(context, call, &read).await
    }
}
