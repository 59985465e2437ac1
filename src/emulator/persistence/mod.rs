//! How the models are written to the store and restored from it.
//!
//! Persisted are the account, its users, roles, policies and access keys, sessions, the keys of KMS, projects,
//! Logstores, and how far the clock was moved. Not kept are the request log, ordered faults,
//! what stale answers look back to, and the nonces of signatures: a call that was signed shortly before a
//! restart can be repeated after it, for as long as its time is taken (15 minutes), because noting nonces
//! would make a write of every read.
//!
//! A model is changed and its change handed to the store under one lock, so that the store has the changes
//! in the order in which they were made. The lock is released, and every answer, whether its call read or wrote,
//! waits until what was submitted before is durable: [`State::wait_durable`](super::state::State::wait_durable).

mod account;
#[cfg(test)]
mod document_tests;
mod restore;
#[cfg(test)]
mod tests;

use super::identity::Directory;
use super::seed::Seed;
use super::stored::{Unreadable, Unwritable};
use super::{kms, sls};
use storage::{Document, Kind, Store, WriteBatch};

pub use account::write_clock;
#[cfg(any(test, fuzzing))]
pub use restore::restore_from;
pub use restore::{RestoreError, restore};

/// A model that has a document of the store for each thing in it.
pub trait Persisted: Clone + Default + Send + Sync {
    /// The kind of its documents.
    const KIND: Kind;

    /// Writes into a change of the store what is not as it was in `before`.
    ///
    /// # Errors
    ///
    /// [`Unwritable`]
    fn write_changes(&self, before: &Self, batch: &mut WriteBatch) -> Result<(), Unwritable>;

    /// Reads the documents of its kind.
    ///
    /// # Errors
    ///
    /// [`Unreadable`]
    fn from_documents(documents: &[Document]) -> Result<Self, Unreadable>;
}

impl Persisted for Directory {
    const KIND: Kind = Kind::Identity;

    fn write_changes(&self, before: &Self, batch: &mut WriteBatch) -> Result<(), Unwritable> {
        self.write_changes(before, batch)
    }

    fn from_documents(documents: &[Document]) -> Result<Self, Unreadable> {
        Self::from_documents(documents)
    }
}

impl Persisted for kms::Keys {
    const KIND: Kind = Kind::Keys;

    fn write_changes(&self, before: &Self, batch: &mut WriteBatch) -> Result<(), Unwritable> {
        self.write_changes(before, batch)
    }

    fn from_documents(documents: &[Document]) -> Result<Self, Unreadable> {
        Self::from_documents(documents)
    }
}

/// Submits what was changed in a model to the store.
///
/// # Errors
///
/// [`Unwritable`]
pub fn submit<M: Persisted>(before: &M, model: &M, store: &Store) -> Result<(), Unwritable> {
    let mut batch = WriteBatch::new();
    model.write_changes(before, &mut batch)?;
    if !batch.is_empty() {
        store.submit(batch);
    }
    Ok(())
}

/// The change after which a store has these contents and nothing else, and a clock that was not moved.
/// Projects and Logstores are those of `sls`.
///
/// # Errors
///
/// [`Unwritable`]
pub fn initial_batch(contents: &Seed, sls: &sls::Model) -> Result<WriteBatch, Unwritable> {
    let mut batch = WriteBatch::new();
    batch.clear();
    account::write(contents, &mut batch)?;
    write_clock(0, &mut batch)?;
    contents.directory.write_changes(&Directory::default(), &mut batch)?;
    contents.keys.write_changes(&kms::Keys::default(), &mut batch)?;
    sls.write_all(&mut batch)?;
    Ok(batch)
}
