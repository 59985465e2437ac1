//! Who signs a call.
//!
//! A [`Chain`] asks its [`CredentialSource`]s in their order, keeps what the first of them gives, and renews it before it
//! expires, or when a service says that it has. Sources reach files, commands and the network through [`SourceContext`] only. Their formats are those of the
//! official command line tool and the official credentials libraries (`aliyun/credentials-go`,
//! `alibabacloud-credentials`).

// Dates and numbers in here come from files and answers: an operator that panics on what is out of range is no choice.
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

/// An access key, and the token that goes with it when it is temporary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// The public half of the key.
    pub access_key_id: String,
    /// The secret half, which signs.
    pub access_key_secret: Secret,
    /// The token of temporary credentials (STS).
    pub security_token: Option<Secret>,
    /// Where they came from, for messages: an argument, a variable, a file with its profile.
    pub source: String,
}

/// Something that can say which credentials to use at this moment.
///
/// It is asked before every attempt, so an implementation that fetches credentials keeps them while they
/// are valid and fetches once for callers that ask at the same time.
pub trait CredentialProvider: Send + Sync + Debug {
    /// The credentials to sign the next request with.
    ///
    /// # Errors
    /// Kind `Unauthenticated` when there are none or they cannot be used; the text names the source.
    fn credentials<'a>(&'a self, context: &'a CallContext) -> BoxFuture<'a, Result<Arc<Credentials>, Error>>;

    /// Takes note that a service has refused a call with these credentials because they have expired, and says what
    /// follows. Returns at once: nothing is fetched here.
    ///
    /// A refusal of credentials that have been replaced since says nothing about the ones that replaced them.
    fn refused(&self, _credentials: &Credentials) -> Refresh {
        Refresh::Impossible
    }
}

/// What follows for credentials that a service has refused because they have expired.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refresh {
    /// There are no others.
    Impossible,
    /// Whoever asks for credentials next gets others.
    Scheduled,
    /// They are such others themselves, fetched a short while ago. More of them would be refused too.
    AlreadyTried,
}

/// Credentials that never change.
#[derive(Clone, Debug)]
pub struct StaticCredentials(Arc<Credentials>);

impl StaticCredentials {
    /// Always answers with `credentials`.
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
