//! Reading a store at the start.

use super::Persisted;
use super::account::{self, StoredAccount, find_document};
use crate::access::AccessKey;
use crate::identity::Directory;
use crate::seed::Seed;
use crate::stored::{Unreadable, decode};
use crate::{kms, sls};
use storage::{Document, Kind, Store, StoreError};

/// Why a store cannot be restored.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It can, but means nothing to this version.
    #[error("what is stored of the {what} cannot be used: {source}")]
    Unreadable {
        /// Which part.
        what: &'static str,
        /// Why not.
        source: Unreadable,
    },
}

/// What a store holds, in the form of a seed, and how far the clock was moved, in seconds; `None` for a store
/// that nothing was ever written to.
///
/// # Errors
///
/// [`RestoreError`]
pub fn restore(store: &Store) -> Result<Option<(Seed, i64)>, RestoreError> {
    restore_from(|kind| store.documents(kind))
}

/// As [`restore`], from the documents of each kind.
///
/// # Errors
///
/// [`RestoreError`]
pub fn restore_from(
    stored: impl Fn(Kind) -> Result<Vec<Document>, StoreError>,
) -> Result<Option<(Seed, i64)>, RestoreError> {
    let documents = stored(Kind::Account)?;
    let account = account::from_documents(&documents).map_err(unreadable("account"))?;
    let Some((account, advanced_seconds)) = account else { return Ok(None) };
    let StoredAccount { account_id, region, references_must_exist } = account;
    let directory = whole::<Directory>(&stored, "people and roles")?;
    let sessions = stored(Kind::Session)?;
    let sessions = sessions.iter().map(|document| decode::<AccessKey>(&document.content));
    let sessions = sessions.map(|key| key.map(|key| (key.id.clone(), key)));
    let sessions = sessions.collect::<Result<_, _>>().map_err(unreadable("sessions"))?;
    let keys = whole::<kms::Keys>(&stored, "keys")?;
    let (projects, logstores) = (stored(Kind::Project)?, stored(Kind::Logstore)?);
    let sls = find_document(&documents, sls::NUMBERS)
        .and_then(|numbers| sls::Model::from_documents(numbers, &projects, &logstores))
        .map_err(unreadable("projects"))?;
    let contents =
        Seed { account_id, region, directory, sessions, keys, references_must_exist, sls, is_given: false };
    Ok(Some((contents, advanced_seconds)))
}

/// The model that all documents of its kind are.
fn whole<M: Persisted>(
    stored: impl Fn(Kind) -> Result<Vec<Document>, StoreError>,
    what: &'static str,
) -> Result<M, RestoreError> {
    M::from_documents(&stored(M::KIND)?).map_err(unreadable(what))
}

fn unreadable(what: &'static str) -> impl FnOnce(Unreadable) -> RestoreError {
    move |source| RestoreError::Unreadable { what, source }
}
