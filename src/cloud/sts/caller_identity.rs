//! Who the caller is.

use crate::cloud::CallContext;
use crate::cloud::error::Error;
use crate::cloud::rpc::{Call, Parameters};
use crate::cloud::shape::Object;
use crate::cloud::sts::StsClient;

/// The caller as `GetCallerIdentity` describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallerIdentity {
    /// `IdentityType`
    pub identity_type: IdentityType,
    /// `AccountId`
    pub account_id: String,
    /// `Arn`: `acs:ram::<account id>:root`, `...:user/<name>` or `...:assumed-role/<role>/<session>`.
    pub arn: String,
    /// `PrincipalId`
    pub principal_id: Option<String>,
    /// `UserId`, of a RAM user.
    pub user_id: Option<String>,
    /// `RoleId`, of a role session.
    pub role_id: Option<String>,
}

/// `IdentityType`
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IdentityType {
    /// `Account`: the account's own key, which may do everything.
    Account,
    /// `RAMUser`
    RamUser,
    /// `AssumedRoleUser`: a session of a role.
    AssumedRoleUser,
    /// A type that no page names.
    Other(String),
}

impl StsClient {
    /// `GetCallerIdentity`
    ///
    /// # Errors
    /// Any kind.
    pub async fn get_caller_identity(&self, context: &CallContext) -> Result<CallerIdentity, Error> {
        let call = Call::new("GetCallerIdentity", "the caller", Parameters::new());
        self.rpc.read(context, call, &CallerIdentity::read).await
    }
}

impl CallerIdentity {
    /// The name of the RAM user, when the caller is one.
    pub fn user_name(&self) -> Option<&str> {
        self.arn
            .split_once(":user/")
            .map(|(_, name)| name)
            .filter(|_| self.identity_type == IdentityType::RamUser)
    }

    /// The name of the role, in lower case, when the caller is a session of one.
    pub fn role_name(&self) -> Option<&str> {
        let (_, session) = self.arn.split_once(":assumed-role/")?;
        session.split_once('/').map(|(role, _)| role)
    }

    fn read(answer: &Object<'_>) -> Result<Self, Error> {
        let optional = |name| Ok::<_, Error>(answer.optional_text(name)?.map(str::to_owned));
        let identity_type = match answer.text("IdentityType")? {
            "Account" => IdentityType::Account,
            "RAMUser" => IdentityType::RamUser,
            "AssumedRoleUser" => IdentityType::AssumedRoleUser,
            other => IdentityType::Other(other.to_owned()),
        };
        Ok(Self {
            identity_type,
            account_id: answer.text("AccountId")?.to_owned(),
            arn: answer.text("Arn")?.to_owned(),
            principal_id: optional("PrincipalId")?,
            user_id: optional("UserId")?,
            role_id: optional("RoleId")?,
        })
    }
}
