//! What the emulator keeps: documents and blocks, in one crash-safe file or in memory only.

mod block;
mod change;
mod data_key;
mod envelope;
mod error;
mod folder;
mod inspection;
mod master_key;
mod master_key_file;
mod store;

pub use block::{Algorithm, BlockAddress, BlockError, Described, describe, open, seal};
pub use change::{Change, Document, Kind};
pub use data_key::DataKey;
pub use error::StoreError;
pub use folder::create as create_folder;
pub use master_key::{MasterKey, UnwrapError};
pub use master_key_file::MasterKeyError;
pub use store::{Committed, Store};
