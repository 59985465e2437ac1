//! A source of credentials.

use std::any::Any;
use std::fmt::Debug;
use std::path::Path;

use futures_util::future::BoxFuture;
use time::OffsetDateTime;

use crate::context::CallContext;
use crate::credentials::error::unusable;
use crate::credentials::{Credentials, SourceContext};
use crate::error::Error;
use crate::file::Content;

/// A source of credentials, with all settings that it needs to fetch them.
///
/// It caches nothing; a [`Chain`](crate::credentials::Chain) does. [`Any`] makes its type known.
pub trait CredentialSource: Any + Debug + Send + Sync {
    /// Fetches credentials; `None` when the source does not exist.
    ///
    /// # Errors
    /// When the source exists and cannot be used; the message names it.
    fn fetch<'a>(&'a self, source_context: &'a SourceContext, context: &'a CallContext) -> Fetching<'a>;

    /// Whether the source can return other credentials when it is asked again.
    fn is_renewable(&self) -> bool {
        true
    }

    /// The region that the source names besides its credentials; `read` reads a file.
    fn region(&self, _read: &dyn Fn(&Path) -> Option<Content>) -> Option<String> {
        None
    }

    /// The name of the source in messages.
    fn describe(&self) -> String;
}

/// What [`CredentialSource::fetch`] returns.
pub type Fetching<'a> = BoxFuture<'a, Result<Option<Fetched>, Error>>;

/// Credentials and when they expire.
#[derive(Clone, Debug)]
pub struct Fetched {
    /// The credentials.
    pub credentials: Credentials,
    /// `None` when they do not expire, or the source does not say when.
    pub expiration: Option<OffsetDateTime>,
}

impl Fetched {
    /// # Errors
    /// When the credentials have expired; the message names their source.
    pub(super) fn check_expiration(&self, now: OffsetDateTime) -> Result<(), Error> {
        match self.expiration {
            Some(expiration) if expiration <= now => {
                let problem = format!("its credentials expired at {expiration}");
                Err(unusable(&self.credentials.source, problem))
            }
            _ => Ok(()),
        }
    }
}
