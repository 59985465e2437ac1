//! Sessions of roles.

use serde::Deserialize;
use time::OffsetDateTime;

use crate::CallContext;
use crate::error::Error;
use crate::ram::RoleArn;
use crate::rpc::members::{date, secret};
use crate::rpc::{Call, Parameters};
use crate::sts::StsClient;
use crypto::Secret;

/// The parameters of `AssumeRole`. A parameter that is `None` is not sent.
///
/// Source: STS documentation, `AssumeRole`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssumeRole {
    /// `RoleArn`
    pub role_arn: RoleArn,
    /// `RoleSessionName`: 2 to 64 letters, digits, `.`, `@`, `-` or `_`.
    pub role_session_name: String,
    /// `DurationSeconds`: 900 to the maximum of the role; the service's default is 3600.
    pub duration_seconds: Option<u32>,
    /// `Policy`: a policy document that limits the permissions of the session, up to 2048 characters.
    pub policy: Option<String>,
    /// `ExternalId`: 2 to 1224 characters. It is a secret, because a trust policy may require it.
    pub external_id: Option<Secret>,
}

/// A session of a role: its key, and when the key expires.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AssumedRole {
    /// `AccessKeyId`: `STS.` and letters.
    pub access_key_id: String,
    /// `AccessKeySecret`
    #[serde(deserialize_with = "secret")]
    pub access_key_secret: Secret,
    /// `SecurityToken`, which is sent with every request that the key signs.
    #[serde(deserialize_with = "secret")]
    pub security_token: Secret,
    /// `Expiration`
    #[serde(deserialize_with = "date")]
    pub expiration: OffsetDateTime,
}

impl StsClient {
    /// `AssumeRole`: opens a session of a role.
    ///
    /// # Errors
    /// `Denied` with code `NoPermission` when the caller lacks the permission or the role does not trust it;
    /// `NotFound` with code `EntityNotExist.Role`; `Invalid` with code `InvalidParameter.*`; otherwise any kind. No
    /// error shows a secret.
    pub async fn assume_role(
        &self,
        context: &CallContext,
        assume: &AssumeRole,
    ) -> Result<AssumedRole, Error> {
        let external_id = assume.external_id.as_ref().map(Secret::expose);
        let parameters = Parameters::new()
            .with("RoleArn", &assume.role_arn)
            .with("RoleSessionName", &assume.role_session_name)
            .with_optional("DurationSeconds", assume.duration_seconds)
            .with_optional("Policy", assume.policy.as_ref())
            .with_optional("ExternalId", external_id);
        let call = Call::new("AssumeRole", assume.role_arn.as_str(), parameters).hiding(external_id);
        self.rpc.read_secret(context, call, |SessionAnswer { credentials }| Ok(credentials)).await
    }
}

/// The answer of the actions that open a session.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct SessionAnswer {
    pub(super) credentials: AssumedRole,
}
