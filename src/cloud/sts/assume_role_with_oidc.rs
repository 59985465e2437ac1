//! Sessions of roles that are opened with the token of an identity provider.

use crate::CallContext;
use crate::error::Error;
use crate::ram::RoleArn;
use crate::rpc::{Call, Parameters};
use crate::sts::assume_role::SessionAnswer;
use crate::sts::{AssumedRole, StsClient};
use crypto::Secret;

/// The parameters of `AssumeRoleWithOIDC`. A parameter that is `None` is not sent.
///
/// Source: STS documentation, `AssumeRoleWithOIDC`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssumeRoleWithOidc {
    /// `RoleArn`
    pub role_arn: RoleArn,
    /// `OIDCProviderArn`: `acs:ram::<account id>:oidc-provider/<name>`.
    pub oidc_provider_arn: String,
    /// `OIDCToken`: the token that the identity provider signed, 4 to 20000 characters.
    pub oidc_token: Secret,
    /// `RoleSessionName`: 2 to 64 letters, digits, `.`, `@`, `-` or `_`.
    pub role_session_name: String,
    /// `DurationSeconds`: 900 to the maximum of the role; the service's default is 3600.
    pub duration_seconds: Option<u32>,
    /// `Policy`: a policy document that limits the permissions of the session, up to 2048 characters.
    pub policy: Option<String>,
}

impl StsClient {
    /// `AssumeRoleWithOIDC`: opens a session of a role. The call is not signed, so the client's credentials are not
    /// used.
    ///
    /// # Errors
    /// `AuthenticationFail.OIDCToken.*` when the token is not accepted; otherwise any kind. No error shows a secret.
    pub async fn assume_role_with_oidc(
        &self,
        context: &CallContext,
        assume: &AssumeRoleWithOidc,
    ) -> Result<AssumedRole, Error> {
        let parameters = Parameters::new()
            .with("RoleArn", &assume.role_arn)
            .with("OIDCProviderArn", &assume.oidc_provider_arn)
            .with("OIDCToken", assume.oidc_token.expose())
            .with("RoleSessionName", &assume.role_session_name)
            .with_optional("DurationSeconds", assume.duration_seconds)
            .with_optional("Policy", assume.policy.as_ref());
        let call = Call::anonymous("AssumeRoleWithOIDC", assume.role_arn.as_str(), parameters)
            .hiding(Some(assume.oidc_token.expose()));
        self.rpc.read_secret(context, call, |SessionAnswer { credentials }| Ok(credentials)).await
    }
}
