//! The store of the emulator: documents and blocks, in one crash-safe file or in memory only.
//!
//! - The content of the file, and its protection: `format`; the bytes of a block: `block`
//! - The file is checked before it is written to: `opening`, `write_buffer`
//! - Every write goes through one thread: `committer`
//!
//! What an acknowledged change has survived is proved in `model_tests` (crashes), `damage_tests` and `fuzzing` (damaged
//! files) and `fixture_tests` (older versions).

mod block;
mod committer;
#[cfg(test)]
mod damage_tests;
mod data_key;
mod error;
#[cfg(test)]
#[path = "../../tests/support/extent.rs"]
#[allow(dead_code, reason = "other long runs use the rest")]
mod extent;
mod files;
#[cfg(test)]
mod fixture_tests;
mod format;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
mod inspection;
mod master_key;
mod master_key_file;
#[cfg(any(test, fuzzing))]
mod model;
#[cfg(test)]
mod model_tests;
mod opening;
#[cfg(any(test, fuzzing))]
mod simulated_disk;
mod state;
mod store;
#[cfg(test)]
mod store_tests;
mod write_batch;
mod write_buffer;

pub use block::{Algorithm, BlockAddress, BlockError, BlockLayout, open, parse_layout, seal};

pub use data_key::DataKey;
pub use error::StoreError;
pub use files::{Existing, create_folder, read_file, write_file};
pub use inspection::{Inspection, ShardSize};
pub use master_key::{MasterKey, UnwrapError};
pub use master_key_file::MasterKeyError;
pub use store::{Committed, Store};
pub use write_batch::{Document, Kind, WriteBatch};
