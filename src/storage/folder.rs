//! Folders whose entries last.

use std::fs::{self, File};
use std::io;
use std::path::Path;

/// Makes a folder, and those above it, if it is not there; a new one's entry is on disk when this returns.
///
/// # Errors
///
/// When it cannot be made, or something else has its name.
pub fn create(path: &Path) -> io::Result<()> {
    if path.as_os_str().is_empty() || path.is_dir() {
        return Ok(());
    }
    if let Some(parent) = path.parent() {
        create(parent)?;
    }
    match fs::create_dir(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists || !path.is_dir() => Err(error),
        _ => sync_parent(path),
    }
}

/// Brings the entry of a file or folder to disk.
///
/// # Errors
///
/// When its parent cannot be opened or synced.
pub(super) fn sync_parent(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => sync(parent),
        _ => sync(Path::new(".")),
    }
}

#[cfg(unix)]
fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Elsewhere a folder cannot be opened as a file, and its entries are the file system's affair.
#[cfg(not(unix))]
fn sync(_folder: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_made_with_those_above_them_and_may_be_there_already() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("a/b/c");
        create(&path).unwrap();
        create(&path).unwrap();
        assert!(path.is_dir());
    }

    #[test]
    fn a_file_of_the_name_is_an_error() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("a");
        fs::write(&path, "").unwrap();
        assert!(create(&path).is_err());
        assert!(create(&path.join("b")).is_err());
    }
}
