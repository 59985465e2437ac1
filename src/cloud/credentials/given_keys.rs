//! Keys that are given in a setting or a file.

use time::OffsetDateTime;

use crate::context::CallContext;
use crate::credentials::{CredentialSource, Credentials, Fetched, Fetching, SourceContext};

/// Keys that are given, and when they expire, if that is known.
#[derive(Clone, Debug)]
pub struct GivenKeys {
    /// The keys.
    pub credentials: Credentials,
    /// When they expire; `None` is never, or not known.
    pub expiration: Option<OffsetDateTime>,
}

impl CredentialSource for GivenKeys {
    fn fetch<'a>(&'a self, _source_context: &'a SourceContext, _context: &'a CallContext) -> Fetching<'a> {
        let Self { credentials, expiration } = self.clone();
        Box::pin(async move { Ok(Some(Fetched { credentials, expiration })) })
    }

    fn is_renewable(&self) -> bool {
        false
    }

    fn describe(&self) -> String {
        self.credentials.source.clone()
    }
}
