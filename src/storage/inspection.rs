//! Looking at a store without opening it.

use std::io;
use std::path::Path;

use super::Store;

/// The file in the folder.
const FILE: &str = "emulator.redb";

impl Store {
    /// Whether there is a store in a folder.
    ///
    /// # Errors
    ///
    /// When that cannot be found out.
    pub fn exists_in(directory: &Path) -> io::Result<bool> {
        directory.join(FILE).try_exists()
    }
}
