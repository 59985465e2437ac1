//! A session of a role, opened with other credentials.

use std::sync::Arc;

use crate::cloud::context::CallContext;
use crate::cloud::credentials::error::of_source;
use crate::cloud::credentials::source::Fetched;
use crate::cloud::credentials::{Chain, Credentials, Means, Source};
use crate::cloud::endpoint::Endpoint;
use crate::cloud::error::Error;
use crate::cloud::sts::{AssumeRole, AssumedRole};

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

impl RoleToAssume {
    /// Opens a session with what was fetched from `base`, which is asked again if STS says that it has expired.
    pub(super) async fn assume(
        &self,
        base: &Source,
        fetched: Fetched,
        means: &Means,
        context: &CallContext,
    ) -> Result<Fetched, Error> {
        let source =
            format!("role {} of {} by {}", self.assume.role_arn, self.source, fetched.credentials.source);
        let base = Chain::holding(base.clone(), fetched, means.clone());
        let sts = means.sts(Arc::new(base), self.endpoint.clone());
        let session = sts.assume_role(context, &self.assume).await;
        session.map(|session| of_session(session, &source)).map_err(|error| of_source(error, &source))
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
