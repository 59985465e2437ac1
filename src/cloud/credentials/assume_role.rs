//! A session of a role that is assumed with other credentials.

use std::sync::Arc;

use crate::context::CallContext;
use crate::credentials::error::source_error;
use crate::credentials::{Chain, CredentialSource, Credentials, Fetched, Fetching, SourceContext};
use crate::endpoint::Endpoint;
use crate::error::Error;
use crate::sts::{AssumeRole, AssumedRole};

/// A role to assume, and the STS endpoint to call.
#[derive(Clone, Debug)]
pub struct RoleToAssume {
    /// The parameters of the call.
    pub assume: AssumeRole,
    /// The endpoint of STS.
    pub endpoint: Endpoint,
    /// The setting or profile that names the role, for messages.
    pub source: String,
}

/// The endpoints of STS, by where they are set.
#[derive(Clone, Debug)]
pub struct StsEndpoints {
    /// The configured endpoint; it wins over the one of a profile.
    pub configured: Option<Endpoint>,
    /// The endpoint that is set for the vendor's tools; the one of a profile wins over it.
    pub fallback: Option<Endpoint>,
    /// The endpoint if no other is set.
    pub default: Endpoint,
}

impl StsEndpoints {
    /// The endpoint for a role that is not from a profile.
    pub fn endpoint(&self) -> &Endpoint {
        self.configured.as_ref().or(self.fallback.as_ref()).unwrap_or(&self.default)
    }
}

/// A session of a role that is assumed with the credentials of another source. That source is asked again if STS
/// answers that its credentials have expired.
#[derive(Clone, Debug)]
pub struct RoleSession {
    /// The source of the credentials that open the session. If it does not exist, neither does the session.
    pub base: Arc<dyn CredentialSource>,
    /// The role.
    pub role: RoleToAssume,
}

impl RoleSession {
    async fn open(
        &self,
        source_context: &SourceContext,
        context: &CallContext,
    ) -> Result<Option<Fetched>, Error> {
        let Some(fetched) = self.base.fetch(source_context, context).await? else { return Ok(None) };
        fetched.check_expiration(source_context.clock.now())?;
        let RoleToAssume { assume, endpoint, source } = &self.role;
        let source = format!("role {} of {source} by {}", assume.role_arn, fetched.credentials.source);
        let base = Chain::with_cached(Arc::clone(&self.base), fetched, source_context.clone());
        let session = source_context.sts(Arc::new(base), endpoint.clone()).assume_role(context, assume).await;
        let session = session.map_err(|error| source_error(error, &source))?;
        Ok(Some(from_session(session, &source)))
    }
}

impl CredentialSource for RoleSession {
    fn fetch<'a>(&'a self, source_context: &'a SourceContext, context: &'a CallContext) -> Fetching<'a> {
        Box::pin(self.open(source_context, context))
    }

    fn describe(&self) -> String {
        self.base.describe()
    }
}

/// The credentials of a session.
pub(super) fn from_session(session: AssumedRole, source: &str) -> Fetched {
    Fetched {
        credentials: Credentials {
            access_key_id: session.access_key_id,
            access_key_secret: session.access_key_secret,
            security_token: Some(session.security_token),
            source: source.to_owned(),
        },
        expiration: Some(session.expiration),
    }
}
