//! One place where credentials can come from.

use std::any::Any;
use std::fmt::Debug;
use std::path::Path;

use futures_util::future::BoxFuture;
use time::OffsetDateTime;

use crate::context::CallContext;
use crate::credentials::error::unusable;
use crate::credentials::{Credentials, SourceContext};
use crate::error::Error;

/// A place where credentials can come from, with everything that is needed to fetch them.
///
/// It keeps nothing: a [`Chain`](crate::credentials::Chain) does. Which one it is can be asked by [`Any`].
pub trait CredentialSource: Any + Debug + Send + Sync {
    /// Fetches credentials; `None` when the source is absent.
    ///
    /// # Errors
    /// When the source is there and cannot be used; the text names it.
    fn fetch<'a>(&'a self, means: &'a SourceContext, context: &'a CallContext) -> Fetching<'a>;

    /// Whether fetching again can give other credentials than before.
    fn is_renewable(&self) -> bool {
        true
    }

    /// The region that the source names beside its credentials; `read` reads a file.
    fn region(&self, _read: &dyn Fn(&Path) -> Option<Vec<u8>>) -> Option<String> {
        None
    }

    /// What messages call the source.
    fn describe(&self) -> String;
}

/// What [`CredentialSource::fetch`] returns.
pub type Fetching<'a> = BoxFuture<'a, Result<Option<Fetched>, Error>>;

/// Credentials and when they end.
#[derive(Clone, Debug)]
pub struct Fetched {
    /// The credentials.
    pub credentials: Credentials,
    /// `None` when they do not end, or nobody says when.
    pub expiration: Option<OffsetDateTime>,
}

impl Fetched {
    /// # Errors
    /// When the credentials have ended; the text names their source.
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
