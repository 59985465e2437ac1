//! Where the master key of a data folder is.
//!
//! This key protects every secret in the folder, so it is not stored there: anyone who copies,
//! backs up or hands on the folder hands on no secret with it. It lies beside the folder instead, so that an
//! emulator that is started again finds it without being told. That protects nothing from somebody who reads
//! both: who needs that keeps the key elsewhere and names it, or gives it in the environment.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use storage::{MasterKey, MasterKeyError, Store, create_folder};

/// The environment variable that a master key can be given in, as the emulator's binary reads it.
pub const MASTER_KEY_VARIABLE: &str = "ALICLOUD_EMULATOR_MASTER_KEY";

/// Why a master key cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum NoMasterKey {
    /// Its file cannot be read or made.
    #[error(transparent)]
    File(#[from] MasterKeyError),
    /// [`MASTER_KEY_VARIABLE`] holds something else. What it holds is not said.
    #[error("{MASTER_KEY_VARIABLE} holds no master key: 32 bytes are expected, as 64 hexadecimal digits")]
    Variable,
    /// There is a store, and no key where it was made with one.
    #[error(
        "what is stored in {} cannot be read without its master key, which is expected in {}: put it back there, or \
         say where it is with --master-key-file or {MASTER_KEY_VARIABLE}",
        directory.display(), expected.display()
    )]
    Missing {
        /// The folder.
        directory: PathBuf,
        /// Where the key was looked for.
        expected: PathBuf,
    },
    /// The folder cannot be read or created.
    #[error("{}: {source}", directory.display())]
    Folder {
        /// The folder.
        directory: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The folder is one that has nothing beside it, as `/`.
    #[error("there is no place for a master key beside {}: say where it is with --master-key-file", .0.display())]
    NoPlace(PathBuf),
}

/// The master key of a folder: that in `file`; else the one in `variable`, the text of
/// [`MASTER_KEY_VARIABLE`]; else that in `<folder>.master-key` beside the folder, where one is made, readable
/// by its owner only, if nothing was ever stored in the folder.
///
/// # Errors
///
/// [`NoMasterKey`]
pub fn master_key(
    directory: &Path,
    file: Option<&Path>,
    variable: Option<&str>,
) -> Result<MasterKey, NoMasterKey> {
    match (file, variable) {
        (Some(file), _) => Ok(MasterKey::from_file(file)?),
        (None, Some(text)) => MasterKey::from_text(text).ok_or(NoMasterKey::Variable),
        (None, None) => key_beside(directory),
    }
}

fn key_beside(directory: &Path) -> Result<MasterKey, NoMasterKey> {
    let in_folder = |source| NoMasterKey::Folder { directory: directory.to_owned(), source };
    let path = place_beside(directory).map_err(in_folder)?;
    let path = path.ok_or_else(|| NoMasterKey::NoPlace(directory.to_owned()))?;
    if path.try_exists().map_err(in_folder)? {
        return Ok(MasterKey::from_file(&path)?);
    }
    if Store::exists_in(directory).map_err(in_folder)? {
        return Err(NoMasterKey::Missing { directory: directory.to_owned(), expected: path });
    }
    // Nothing else can be beside a folder that has no parent yet.
    create_folder(directory).map_err(in_folder)?;
    match MasterKey::create_file(&path) {
        // Another process was faster.
        Err(MasterKeyError::Exists(path)) => Ok(MasterKey::from_file(&path)?),
        created => Ok(created?),
    }
}

/// `<folder>.master-key`; `None` for a path that does not end in a name.
fn place_beside(directory: &Path) -> io::Result<Option<PathBuf>> {
    let absolute = std::path::absolute(directory)?;
    Ok(absolute.file_name().map(|name| {
        let mut name = OsString::from(name);
        name.push(".master-key");
        absolute.with_file_name(name)
    }))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const DIGITS: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

    fn same(one: &MasterKey, other: &MasterKey) -> bool {
        one.derived("test") == other.derived("test")
    }

    #[test]
    fn without_more_a_key_is_made_beside_a_new_folder_and_found_again() {
        let parent = tempfile::tempdir().unwrap();
        let directory = parent.path().join("a/data");
        let made = master_key(&directory, None, None).unwrap();
        assert!(parent.path().join("a/data.master-key").is_file());
        assert_eq!(fs::read_dir(&directory).unwrap().count(), 0);
        let again = master_key(&parent.path().join("a/data/"), None, None).unwrap();
        assert!(same(&made, &again));
    }

    #[test]
    fn what_is_stored_needs_the_key_it_was_stored_with() {
        let parent = tempfile::tempdir().unwrap();
        let directory = parent.path().join("data");
        Store::open(&directory, &MasterKey::generate()).unwrap();
        let error = master_key(&directory, None, None).unwrap_err().to_string();
        assert!(error.contains(&format!("{}", parent.path().join("data.master-key").display())), "{error}");
        assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_file_that_is_named_goes_before_the_variable_and_that_before_the_place_beside() {
        let parent = tempfile::tempdir().unwrap();
        let (directory, file) = (parent.path().join("data"), parent.path().join("named"));
        fs::write(&file, DIGITS).unwrap();
        let digits = MasterKey::from_text(DIGITS).unwrap();
        let other = "f".repeat(64);
        assert!(same(&master_key(&directory, Some(&file), Some(&other)).unwrap(), &digits));
        assert!(same(&master_key(&directory, None, Some(DIGITS)).unwrap(), &digits));
        assert!(!parent.path().join("data.master-key").exists());
    }

    #[test]
    fn a_variable_that_is_no_key_is_not_shown() {
        let error = master_key(Path::new("data"), None, Some("canary")).unwrap_err();
        assert!(matches!(error, NoMasterKey::Variable) && !format!("{error} {error:?}").contains("canary"));
    }

    #[test]
    fn a_root_has_nothing_beside_it() {
        assert!(matches!(master_key(Path::new("/"), None, None), Err(NoMasterKey::NoPlace(_))));
    }
}
