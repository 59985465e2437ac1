//! What can go wrong with a store.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;

use super::BlockAddress;

/// Why a store cannot be opened, read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process holds the folder.
    #[error("{} is in use by another process", .0.display())]
    InUse(PathBuf),
    /// The folder was written with another master key.
    #[error("the master key does not fit what is stored in {}", .0.display())]
    WrongMasterKey(PathBuf),
    /// The format is one this version does not read.
    #[error("{} is of format version {found}, and this program reads version {expected}", directory.display())]
    Version {
        /// The folder.
        directory: PathBuf,
        /// The version there.
        found: u32,
        /// The version read here.
        expected: u32,
    },
    /// What lies there is not what was written.
    #[error("{what} is not what was written")]
    Corrupt {
        /// Which part.
        what: String,
    },
    /// A block was to be appended elsewhere than at the end of its shard. Nothing of the change was written.
    #[error(
        "a block cannot be put at position {} of shard {} of Logstore number {}: the next one there is {expected}",
        address.position, address.shard, address.logstore
    )]
    Misplaced {
        /// Where it was to be.
        address: BlockAddress,
        /// The position the next block of the shard gets.
        expected: u64,
    },
    /// An earlier write failed; nothing is written or read any more until the store is opened again.
    #[error("an earlier write failed, nothing is written until a restart")]
    Failed,
    /// The store was closed.
    #[error("the store is closed")]
    Closed,
    /// The file cannot be read or written.
    #[error("{0}")]
    Io(String),
}

impl StoreError {
    /// What an error of redb comes to.
    pub(super) fn from_redb(error: impl Into<redb::Error>) -> Self {
        match error.into() {
            redb::Error::Corrupted(what) => Self::Corrupt { what: format!("the file ({what})") },
            redb::Error::PreviousIo => Self::Failed,
            redb::Error::DatabaseClosed => Self::Closed,
            redb::Error::Io(error) => Self::of_io(&error),
            error @ (redb::Error::TableDoesNotExist(_)
            | redb::Error::TableTypeMismatch { .. }
            | redb::Error::TableIsMultimap(_)
            | redb::Error::TableIsNotMultimap(_)
            | redb::Error::TypeDefinitionChanged { .. }
            | redb::Error::UpgradeRequired(_)) => Self::Corrupt { what: format!("the file ({error})") },
            error => Self::Io(error.to_string()),
        }
    }

    /// A file that ends too early or does not begin as it has to is corrupt; else the disk or the system is
    /// at fault.
    pub(super) fn of_io(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidData => {
                Self::Corrupt { what: format!("the file ({error})") }
            }
            _ => Self::Io(error.to_string()),
        }
    }

    /// Does something with redb, which may panic over a file that something else has written to: that is
    /// [`StoreError::Corrupt`] too.
    pub(super) fn catching<T>(work: impl FnOnce() -> Result<T, Self>) -> Result<T, Self> {
        catch_unwind(AssertUnwindSafe(work))
            .unwrap_or_else(|_| Err(Self::Corrupt { what: "the structure of the file".to_owned() }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_corrupt() {
        let error = StoreError::catching(|| -> Result<(), StoreError> { panic!("expected by this test") });
        assert!(matches!(error, Err(StoreError::Corrupt { .. })));
        assert!(StoreError::catching(|| Ok(())).is_ok());
    }

    #[test]
    fn a_short_file_is_corrupt_and_a_full_disk_is_not() {
        let corrupt = |kind| matches!(StoreError::of_io(&io::Error::from(kind)), StoreError::Corrupt { .. });
        assert!(corrupt(io::ErrorKind::UnexpectedEof));
        assert!(corrupt(io::ErrorKind::InvalidData));
        assert!(!corrupt(io::ErrorKind::StorageFull));
    }
}
