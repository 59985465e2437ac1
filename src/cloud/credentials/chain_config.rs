//! Which sources a chain asks, and for which role.

use std::sync::Arc;

use crate::credentials::{Chain, CredentialSource, RoleSession, RoleToAssume, SourceContext};

/// Which sources are asked, and which role is assumed with what they give.
#[derive(Clone, Debug, Default)]
pub struct ChainConfig {
    /// The sources, in the order they are asked. One that is absent passes on to the next; one that is there and
    /// cannot be used is an error.
    pub sources: Vec<Arc<dyn CredentialSource>>,
    /// A role to assume with what they give.
    pub assume_role: Option<RoleToAssume>,
}

impl ChainConfig {
    /// The chain of these sources. Nothing is read or dialled before the first call.
    pub fn chain(self, means: SourceContext) -> Chain {
        let of_role = |base: Arc<dyn CredentialSource>| match &self.assume_role {
            Some(role) => Arc::new(RoleSession { base, role: role.clone() }),
            None => base,
        };
        Chain::new(self.sources.into_iter().map(of_role).collect(), means)
    }
}
