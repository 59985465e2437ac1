//! The identity of the caller.

use serde::Deserialize;

use crate::CallContext;
use crate::error::Error;
use crate::rpc::{Call, Parameters};
use crate::sts::StsClient;

/// The caller as `GetCallerIdentity` describes it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CallerIdentity {
    /// `IdentityType`
    pub identity_type: IdentityType,
    /// `AccountId`
    pub account_id: String,
    /// `Arn`: `acs:ram::<account id>:root`, `...:user/<name>` or `...:assumed-role/<role>/<session>`.
    pub arn: String,
}

/// `IdentityType`
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub enum IdentityType {
    /// `Account`: the account's own key, which has all permissions.
    Account,
    /// `RAMUser`
    #[serde(rename = "RAMUser")]
    RamUser,
    /// `AssumedRoleUser`: a session of a role.
    AssumedRoleUser,
    /// An undocumented type.
    #[serde(untagged)]
    Other(String),
}

impl StsClient {
    /// `GetCallerIdentity`
    ///
    /// # Errors
    /// Any kind.
    pub async fn get_caller_identity(&self, context: &CallContext) -> Result<CallerIdentity, Error> {
        let call = Call::new("GetCallerIdentity", "the caller", Parameters::new());
        self.rpc.read(context, call, Ok).await
    }
}

impl CallerIdentity {
    /// The name of the RAM user; `None` when the caller is not a RAM user.
    pub fn user_name(&self) -> Option<&str> {
        self.arn
            .split_once(":user/")
            .map(|(_, name)| name)
            .filter(|_| self.identity_type == IdentityType::RamUser)
    }

    /// The name of the role, in lower case; `None` when the caller is not a session of a role.
    pub fn role_name(&self) -> Option<&str> {
        let (_, session) = self.arn.split_once(":assumed-role/")?;
        session.split_once('/').map(|(role, _)| role)
    }
}
