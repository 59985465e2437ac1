//! Finds the credentials that sign calls.
//!
//! A [`Chain`] asks its [`CredentialSource`]s in their order and caches the credentials of the first one that has any.
//! It renews them before they expire, or when a service answers that they have expired. Sources use files, commands and
//! the network only through [`SourceContext`]. Their formats are those of the official command line tool and the
//! official credentials libraries (`aliyun/credentials-go`, `alibabacloud-credentials`).

// Dates and numbers come from files and answers here, so operators that panic when a result is out of range are not
// used.
#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects))]

mod account;
mod answer;
mod assume_role;
mod chain;
mod chain_config;
mod cli_config;
mod credentials_uri;
mod ecs_metadata;
mod error;
mod expired_token;
mod external;
mod given_keys;
mod host;
mod ini;
mod oidc;
mod profile;
mod source;
mod source_context;

use std::fmt::Debug;
use std::sync::Arc;

use futures_util::future::BoxFuture;

use crate::context::CallContext;
use crate::error::Error;
use crypto::Secret;

pub use account::{AccountRule, CheckedAccount};
pub use assume_role::{RoleSession, RoleToAssume, StsEndpoints};
pub use chain::Chain;
pub use chain_config::ChainConfig;
pub use credentials_uri::{CredentialsUri, UriError};
pub use ecs_metadata::{EcsMetadata, MetadataService};
pub use error::OPERATION_SERVICE;
pub(crate) use expired_token::on_expired_token;
pub use external::ProcessCommand;
pub use given_keys::GivenKeys;
pub use host::{CommandOutput, Host, SystemHost};
pub use oidc::{OidcRole, TokenOrigin};
pub use profile::{NamedProfile, ProfileSource};
pub use source::{CredentialSource, Fetched, Fetching};
pub use source_context::SourceContext;

/// An AccessKey, and the token of temporary credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// The public half of the key.
    pub access_key_id: String,
    /// The secret half, which signs.
    pub access_key_secret: Secret,
    /// The token of temporary credentials (STS).
    pub security_token: Option<Secret>,
    /// Where they come from, for messages: an argument, a variable, a file with its profile.
    pub source: String,
}

/// Provides the credentials that sign requests.
///
/// The dispatcher asks for credentials before every attempt. An implementation that fetches credentials must cache them
/// while they are valid, and fetch once for concurrent calls.
pub trait CredentialProvider: Send + Sync + Debug {
    /// The credentials that sign the next request.
    ///
    /// # Errors
    /// Kind `Unauthenticated` when there are none or they cannot be used; the message names the source.
    fn credentials<'a>(&'a self, context: &'a CallContext) -> BoxFuture<'a, Result<Arc<Credentials>, Error>>;

    /// Records that a service has refused a call because these credentials have expired, and returns whether others
    /// will be fetched. It fetches nothing itself.
    ///
    /// If the refused credentials were replaced meanwhile, the refusal does not count for the new ones.
    fn on_expired(&self, _credentials: &Credentials) -> Refresh {
        Refresh::Impossible
    }
}

/// Whether other credentials follow those that a service has refused as expired.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refresh {
    /// The source has no others.
    Impossible,
    /// The next call fetches or gets others.
    Scheduled,
    /// The refused credentials were fetched shortly before, after an earlier refusal. Further ones would probably be
    /// refused as well.
    AlreadyTried,
}

/// Credentials that never change.
#[derive(Clone, Debug)]
pub struct StaticCredentials(Arc<Credentials>);

impl StaticCredentials {
    /// A provider that always returns `credentials`.
    pub fn new(credentials: Credentials) -> Self {
        Self(Arc::new(credentials))
    }
}

impl CredentialProvider for StaticCredentials {
    fn credentials<'a>(
        &'a self,
        _context: &'a CallContext,
    ) -> BoxFuture<'a, Result<Arc<Credentials>, Error>> {
        Box::pin(std::future::ready(Ok(Arc::clone(&self.0))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_whose_key_it_is_and_no_secret() {
        let text = format!(
            "{:?}",
            StaticCredentials::new(Credentials {
                access_key_id: "LTAI".into(),
                access_key_secret: "canary-secret".into(),
                security_token: Some("canary-token".into()),
                source: "argument access_key".into(),
            })
        );
        assert!(text.contains("LTAI") && text.contains("argument access_key"), "{text}");
        assert!(!text.contains("canary"), "{text}");
    }
}
