//! What can go wrong with a store.

use std::path::PathBuf;

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
    /// An earlier write failed; nothing is written any more until the store is opened again.
    #[error("an earlier write failed, nothing is written until a restart")]
    Failed,
    /// The file cannot be read or written.
    #[error("{0}")]
    Io(String),
}
