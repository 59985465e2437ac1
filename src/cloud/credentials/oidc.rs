//! A session of a role that is assumed with a token of an identity provider (OIDC).

use std::path::PathBuf;

use crate::context::CallContext;
use crate::credentials::assume_role::from_session;
use crate::credentials::error::{operation, shown, source_error, unusable};
use crate::credentials::source_context::anonymous;
use crate::credentials::{CredentialSource, Fetched, Fetching, SourceContext, host};
use crate::endpoint::Endpoint;
use crate::error::Error;
use crate::ram::RoleArn;
use crate::sts::AssumeRoleWithOidc;
use crypto::Secret;

/// A role to assume with a token of an identity provider. The token is read for each session, because the platforms
/// that write such files replace them before they expire.
#[derive(Clone, Debug)]
pub struct OidcRole {
    /// The role.
    pub role_arn: RoleArn,
    /// `acs:ram::<account id>:oidc-provider/<name>`
    pub oidc_provider_arn: String,
    /// The token, or its file.
    pub token: TokenOrigin,
    /// 2 to 64 letters, digits, `.`, `@`, `-` or `_`.
    pub role_session_name: String,
    /// 900 to the maximum of the role; the default of STS is 3600.
    pub duration_seconds: Option<u32>,
    /// A policy document that restricts the session.
    pub policy: Option<String>,
    /// The endpoint of STS.
    pub endpoint: Endpoint,
    /// The setting or profile that names the role, for messages.
    pub source: String,
}

/// Where the token of an identity provider comes from.
#[derive(Clone, Debug)]
pub enum TokenOrigin {
    /// The token itself.
    Given(Secret),
    /// A file with the token, which may have white space around it.
    File(PathBuf),
}

impl OidcRole {
    async fn open(&self, source_context: &SourceContext, context: &CallContext) -> Result<Fetched, Error> {
        let assume = AssumeRoleWithOidc {
            role_arn: self.role_arn.clone(),
            oidc_provider_arn: self.oidc_provider_arn.clone(),
            oidc_token: self.token(source_context, context).await?,
            role_session_name: self.role_session_name.clone(),
            duration_seconds: self.duration_seconds,
            policy: self.policy.clone(),
        };
        let source = self.describe();
        let session = source_context
            .sts(anonymous(), self.endpoint.clone())
            .assume_role_with_oidc(context, &assume)
            .await;
        session.map(|session| from_session(session, &source)).map_err(|error| source_error(error, &source))
    }

    async fn token(&self, source_context: &SourceContext, context: &CallContext) -> Result<Secret, Error> {
        let path = match &self.token {
            TokenOrigin::Given(token) => return Ok(token.clone()),
            TokenOrigin::File(path) => path,
        };
        let source = format!("the OIDC token file {} of {}", shown(path.display()), self.source);
        let bytes =
            source_context.bounded(context, &operation(&source), source_context.host.read(path)).await?;
        let bytes = bytes.map_err(|error| unusable(&source, format!("it cannot be read: {error}")))?;
        match host::text(&bytes).map(str::trim) {
            Some("") => Err(unusable(&source, "it is empty")),
            Some(token) => Ok(token.into()),
            None => Err(unusable(&source, "it is not UTF-8 text")),
        }
    }
}

impl CredentialSource for OidcRole {
    fn fetch<'a>(&'a self, source_context: &'a SourceContext, context: &'a CallContext) -> Fetching<'a> {
        Box::pin(async move { self.open(source_context, context).await.map(Some) })
    }

    fn describe(&self) -> String {
        format!("role {} with OIDC of {}", self.role_arn, self.source)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use super::*;
    use crate::http::form;
    use crate::testing::{ManualClock, Reply, ScriptedHost, ScriptedTransport, scripted_source_context};

    const SESSION: &str = r#"{"RequestId":"R","Credentials":{"AccessKeyId":"STS.o","AccessKeySecret":"canary-secret","SecurityToken":"canary-token","Expiration":"2026-11-20T09:00:00Z"}}"#;

    fn role(token: TokenOrigin) -> OidcRole {
        OidcRole {
            role_arn: RoleArn::parse("acs:ram::1:role/demo").unwrap(),
            oidc_provider_arn: "acs:ram::1:oidc-provider/ci".into(),
            token,
            role_session_name: "s1".into(),
            duration_seconds: Some(900),
            policy: None,
            endpoint: Endpoint::global_sts(),
            source: "the test".into(),
        }
    }

    async fn fetch(
        role: &OidcRole,
        host: &Arc<ScriptedHost>,
        replies: impl IntoIterator<Item = Reply>,
    ) -> (Result<Fetched, Error>, Arc<ScriptedTransport>) {
        let transport = Arc::new(ScriptedTransport::new(replies));
        let source_context = scripted_source_context(host, &transport, &ManualClock::new());
        (role.open(&source_context, &CallContext::default()).await, transport)
    }

    #[tokio::test]
    async fn the_token_is_sent_without_a_signature() {
        let host = Arc::new(ScriptedHost::with_files([("/t", " canary-1\n")]));
        let role = role(TokenOrigin::File("/t".into()));
        let (fetched, transport) = fetch(&role, &host, [Reply::answer(200, SESSION)]).await;
        assert_eq!(fetched.unwrap().credentials.access_key_id, "STS.o");
        let [request] = transport.requests().try_into().unwrap();
        let query: Vec<_> = request.query.keys().map(String::as_str).collect();
        assert_eq!(query, ["Action", "Format", "SignatureNonce", "Timestamp", "Version"]);
        assert_eq!(request.query["Action"], "AssumeRoleWithOIDC");
        assert!(request.headers.get("authorization").is_none());
        let form: BTreeMap<_, _> = form::decode(str::from_utf8(&request.body).unwrap()).into_iter().collect();
        assert_eq!((form["OIDCToken"].as_str(), form["RoleSessionName"].as_str()), ("canary-1", "s1"));
        assert!(!format!("{request:?}").contains("canary"));

        // The platform writes a new token, and the next session uses it.
        host.write("/t", "canary-2");
        let (_, transport) = fetch(&role, &host, [Reply::answer(200, SESSION)]).await;
        let body = String::from_utf8(transport.requests()[0].body.clone()).unwrap();
        assert!(body.contains("OIDCToken=canary-2"), "{body}");
    }

    #[tokio::test]
    async fn no_error_quotes_the_token() {
        let refusal = r#"{"Code":"AuthenticationFail.OIDCToken.Invalid","Message":"canary-1 is bad"}"#;
        let given = role(TokenOrigin::Given("canary-1".into()));
        let host = Arc::default();
        let error = fetch(&given, &host, [Reply::answer(400, refusal)]).await.0.unwrap_err();
        let text = format!("{error} {error:?} {given:?}");
        assert!(text.contains("[secret] is bad") && text.contains("of the test"), "{text}");
        assert!(!text.contains("canary"), "{text}");
    }

    #[tokio::test]
    async fn a_file_without_a_token_is_named() {
        let host = Arc::new(ScriptedHost::with_files([("/empty", " \n")]));
        for path in ["/empty", "/gone"] {
            let error = fetch(&role(TokenOrigin::File(path.into())), &host, []).await.0.unwrap_err();
            assert!(error.to_string().contains(&format!("token file {path} of the test")), "{error}");
        }
    }
}
