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

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::identity::Directory;
use super::seed::Seed;
use super::stored::{Unwritable, encode};
use super::{kms, sls};
use storage::{Kind, Store, WriteBatch};

use account::ONLY;
pub use account::write_clock;
pub use restore::{RestoreError, restore};

/// A model that is one document of the store.
pub trait Persisted: Serialize + DeserializeOwned + Send + Sync {
    /// Which one.
    const KIND: Kind;
}

impl Persisted for Directory {
    const KIND: Kind = Kind::Identity;
}

impl Persisted for kms::Keys {
    const KIND: Kind = Kind::Keys;
}

/// Writes a model into a change.
///
/// # Errors
///
/// [`Unwritable`]
pub fn write<M: Persisted>(model: &M, batch: &mut WriteBatch) -> Result<(), Unwritable> {
    batch.write(M::KIND, ONLY, encode(model)?);
    Ok(())
}

/// Submits a changed model to the store.
///
/// # Errors
///
/// [`Unwritable`]
pub fn submit<M: Persisted>(model: &M, store: &Store) -> Result<(), Unwritable> {
    let mut batch = WriteBatch::new();
    write(model, &mut batch)?;
    store.submit(batch);
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
    write(&contents.directory, &mut batch)?;
    write(&contents.keys, &mut batch)?;
    sls.write_all(&mut batch)?;
    Ok(batch)
}
