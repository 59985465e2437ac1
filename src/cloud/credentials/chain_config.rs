//! The sources of a chain, and the role that it assumes.

use std::sync::Arc;

use crate::credentials::{Chain, CredentialSource, RoleSession, RoleToAssume, SourceContext};

/// The sources of a chain, and the role that is assumed with their credentials.
#[derive(Clone, Debug, Default)]
pub struct ChainConfig {
    /// The sources, in the order they are asked. A source that does not exist is skipped; a source that exists and
    /// cannot be used is an error.
    pub sources: Vec<Arc<dyn CredentialSource>>,
    /// The role to assume with their credentials.
    pub assume_role: Option<RoleToAssume>,
}

impl ChainConfig {
    /// The chain of these sources. It reads no file and sends no request before the first call.
    pub fn chain(self, source_context: SourceContext) -> Chain {
        let with_role = |base: Arc<dyn CredentialSource>| match &self.assume_role {
            Some(role) => Arc::new(RoleSession { base, role: role.clone() }),
            None => base,
        };
        Chain::new(self.sources.into_iter().map(with_role).collect(), source_context)
    }
}
