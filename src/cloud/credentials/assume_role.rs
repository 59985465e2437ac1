//! A session of a role, opened with other credentials.

use std::sync::Arc;

use crate::context::CallContext;
use crate::credentials::error::of_source;
use crate::credentials::{Chain, CredentialSource, Credentials, Fetched, Fetching, SourceContext};
use crate::endpoint::Endpoint;
use crate::error::Error;
use crate::sts::{AssumeRole, AssumedRole};

/// A role to assume, and where.
#[derive(Clone, Debug)]
pub struct RoleToAssume {
    /// The parameters of the call.
    pub assume: AssumeRole,
    /// Where STS is reached.
    pub endpoint: Endpoint,
    /// Where the role is named, for messages.
    pub source: String,
}

/// Where STS is reached.
#[derive(Clone, Debug)]
pub struct StsEndpoints {
    /// The endpoint that is set; it wins over what a profile says.
    pub configured: Option<Endpoint>,
    /// The endpoint that is set for the vendor's tools; the one of a profile wins over it.
    pub fallback: Option<Endpoint>,
    /// The endpoint where nothing is said.
    pub default: Endpoint,
}

impl StsEndpoints {
    /// The endpoint for a role that no profile names.
    pub fn endpoint(&self) -> &Endpoint {
        self.configured.as_ref().or(self.fallback.as_ref()).unwrap_or(&self.default)
    }
}

/// A session of a role, opened with the credentials of another source, which is asked again if STS says that they have
/// expired.
#[derive(Clone, Debug)]
pub struct RoleSession {
    /// Where the credentials come from that open the session. If it is absent, so is the session.
    pub base: Arc<dyn CredentialSource>,
    /// The role.
    pub role: RoleToAssume,
}

impl RoleSession {
    async fn open(&self, means: &SourceContext, context: &CallContext) -> Result<Option<Fetched>, Error> {
        let Some(fetched) = self.base.fetch(means, context).await? else { return Ok(None) };
        fetched.check_expiration(means.clock.now())?;
        let RoleToAssume { assume, endpoint, source } = &self.role;
        let source = format!("role {} of {source} by {}", assume.role_arn, fetched.credentials.source);
        let base = Chain::holding(Arc::clone(&self.base), fetched, means.clone());
        let session = means.sts(Arc::new(base), endpoint.clone()).assume_role(context, assume).await;
        let session = session.map_err(|error| of_source(error, &source))?;
        Ok(Some(of_session(session, &source)))
    }
}

impl CredentialSource for RoleSession {
    fn fetch<'a>(&'a self, means: &'a SourceContext, context: &'a CallContext) -> Fetching<'a> {
        Box::pin(self.open(means, context))
    }

    fn describe(&self) -> String {
        self.base.describe()
    }
}

/// The credentials of a session.
pub(super) fn of_session(session: AssumedRole, source: &str) -> Fetched {
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
