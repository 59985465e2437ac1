//! How what the emulator knows comes to be in the store, and back from there.
//!
//! Persisted are the account, its users, roles, policies and access keys, sessions, the keys of KMS, projects,
//! Logstores, and how far the clock was moved. Not kept are the request log, ordered faults,
//! what stale answers look back to, and the nonces of signatures: a call that was signed shortly before a
//! restart can be repeated after it, for as long as its time is taken (15 minutes), because noting nonces
//! would make a write of every read.
//!
//! A model is changed and its change handed to the store under one lock, so that the store has the changes
//! in the order in which they were made. The lock is let go, and the answer waits until the change lasts.

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
use crate::storage::{Change, Committed, Kind, Store};

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
pub fn write<M: Persisted>(model: &M, change: &mut Change) -> Result<(), Unwritable> {
    change.write(M::KIND, ONLY, encode(model)?);
    Ok(())
}

/// Hands a model over to the store as it comes to be.
///
/// # Errors
///
/// [`Unwritable`]
pub fn submit<M: Persisted>(model: &M, store: &Store) -> Result<Committed, Unwritable> {
    let mut change = Change::new();
    write(model, &mut change)?;
    Ok(store.submit(change))
}

/// The change after which a store has these contents and nothing else, and a clock that was not moved.
/// Projects and Logstores are those of `sls`.
///
/// # Errors
///
/// [`Unwritable`]
pub fn beginning(contents: &Seed, sls: &sls::Model) -> Result<Change, Unwritable> {
    let mut change = Change::new();
    change.clear();
    account::write(contents, &mut change)?;
    write_clock(0, &mut change)?;
    write(&contents.directory, &mut change)?;
    write(&contents.keys, &mut change)?;
    sls.write_all(&mut change)?;
    Ok(change)
}
