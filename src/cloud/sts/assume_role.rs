//! Sessions of roles.

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::cloud::CallContext;
use crate::cloud::error::Error;
use crate::cloud::ram::RoleArn;
use crate::cloud::rpc::{Call, Parameters};
use crate::cloud::shape::Object;
use crate::cloud::sts::StsClient;
use crate::crypto::Secret;

/// The parameters of `AssumeRole`; what is `None` is left to the service.
///
/// Source: STS documentation, `AssumeRole`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssumeRole {
    /// `RoleArn`
    pub role_arn: RoleArn,
    /// `RoleSessionName`: 2 to 64 letters, digits, `.`, `@`, `-` or `_`.
    pub role_session_name: String,
    /// `DurationSeconds`: 900 to what the role allows; the service's default is 3600.
    pub duration_seconds: Option<u32>,
    /// `Policy`: a policy document the session is narrowed down with, up to 2048 characters.
    pub policy: Option<String>,
    /// `ExternalId`: 2 to 1224 characters. Who knows it may assume the role as far as the trust policy looks at it.
    pub external_id: Option<Secret>,
}

/// A session of a role: its key, and when that ends.
#[derive(Clone, Debug)]
pub struct AssumedRole {
    /// `AccessKeyId`: `STS.` and letters.
    pub access_key_id: String,
    /// `AccessKeySecret`
    pub access_key_secret: Secret,
    /// `SecurityToken`, which goes with every request the key signs.
    pub security_token: Secret,
    /// `Expiration`
    pub expiration: OffsetDateTime,
    /// `AssumedRoleUser.Arn`
    pub assumed_role_arn: Option<String>,
}

impl StsClient {
    /// `AssumeRole`: opens a session of a role.
    ///
    /// # Errors
    /// `Denied` with code `NoPermission` when the caller may not, or the role does not trust it; `NotFound` with code
    /// `EntityNotExist.Role`; `Invalid` with code `InvalidParameter.*`; otherwise any kind. No error shows a secret.
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
        self.rpc.read_secret(context, call, &AssumedRole::read).await
    }
}

impl AssumedRole {
    pub(super) fn read(answer: &Object<'_>) -> Result<Self, Error> {
        let credentials = answer.object("Credentials")?;
        let expiration = OffsetDateTime::parse(credentials.text("Expiration")?, &Rfc3339)
            .map_err(|_| credentials.wrong("Expiration", "a date such as 2026-11-20T08:00:00Z"))?;
        let user = answer.optional_object("AssumedRoleUser")?;
        let arn = user.and_then(|user| user.get("Arn")).and_then(|arn| arn.as_str());
        Ok(Self {
            access_key_id: credentials.text("AccessKeyId")?.to_owned(),
            access_key_secret: credentials.text("AccessKeySecret")?.into(),
            security_token: credentials.text("SecurityToken")?.into(),
            expiration,
            assumed_role_arn: arn.map(str::to_owned),
        })
    }
}
