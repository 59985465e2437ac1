//! The file that the master key is kept in.

use std::fs::{Metadata, OpenOptions};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::MasterKey;
use super::files::{self, Existing};

/// Bytes a file may have: every form of the key is shorter.
const LONGEST: u64 = 128;

/// Why a master key cannot be read from a file, or made there.
#[derive(Debug, thiserror::Error)]
pub enum MasterKeyError {
    /// The file cannot be read.
    #[error("the master key in {} cannot be read: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file holds something else. What it holds is not said: it may be a secret.
    #[error("{} holds no master key: 32 bytes are expected, as 64 hexadecimal digits or in base64", .0.display())]
    Malformed(PathBuf),
    /// There is a file already; a key that something was sealed under is never replaced.
    #[error("{} exists already, and a master key is not overwritten", .0.display())]
    Exists(PathBuf),
    /// The file cannot be made.
    #[error("the master key cannot be written to {}: {source}", path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl MasterKey {
    /// Reads the key from a text of the form that a file has; `None` for any other.
    pub fn from_text(text: &str) -> Option<Self> {
        parsed(text.as_bytes())
    }

    /// Reads the key from a file: 64 hexadecimal digits or base64 (RFC 4648 section 4, with padding), and
    /// nothing else but one line end behind it and a byte order mark in front of it.
    ///
    /// A file that its group or others may read is taken all the same, with a warning in the log: secrets
    /// that a container runtime mounts commonly are world-readable inside of the container, where nobody
    /// else is. A FIFO or a device is refused at once.
    ///
    /// # Errors
    ///
    /// [`MasterKeyError::Unreadable`], [`MasterKeyError::Malformed`]
    pub fn from_file(path: &Path) -> Result<Self, MasterKeyError> {
        let unreadable = |source| MasterKeyError::Unreadable { path: path.to_owned(), source };
        let file = files::open(path, OpenOptions::new().read(true)).map_err(unreadable)?;
        warn_if_shared(path, &file.metadata().map_err(unreadable)?);
        let mut text = Zeroizing::new(Vec::with_capacity(256));
        file.take(LONGEST).read_to_end(&mut text).map_err(unreadable)?;
        parsed(&text).ok_or_else(|| MasterKeyError::Malformed(path.to_owned()))
    }

    /// Makes a new key and the file it is kept in: in hexadecimal, readable by its owner only (on Unix),
    /// and on disk, with its folder's entry, when this returns.
    ///
    /// # Errors
    ///
    /// [`MasterKeyError::Exists`], and the file there is untouched; [`MasterKeyError::Unwritable`].
    pub fn create_file(path: &Path) -> Result<Self, MasterKeyError> {
        let key = Self::generate();
        match write_new(path, &key) {
            Ok(()) => Ok(key),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                Err(MasterKeyError::Exists(path.to_owned()))
            }
            Err(source) => Err(MasterKeyError::Unwritable { path: path.to_owned(), source }),
        }
    }
}

fn write_new(path: &Path, key: &MasterKey) -> io::Result<()> {
    let mut line = Zeroizing::new([0; 65]);
    let (digits, end) = line.split_at_mut(64);
    hex::encode_to_slice(key.expose(), digits).map_err(io::Error::other)?;
    end.copy_from_slice(b"\n");
    files::write_file(path, &line[..], 0o600, Existing::Keep)
}

fn parsed(text: &[u8]) -> Option<MasterKey> {
    // The byte order mark that some editors write.
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let line = text.strip_suffix(b"\n").unwrap_or(text);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let mut key = Zeroizing::new([0; 32]);
    if line.len() == 64 {
        hex::decode_to_slice(line, &mut key[..]).ok()?;
    } else {
        let bytes = Zeroizing::new(STANDARD.decode(line).ok()?);
        *key = bytes.as_slice().try_into().ok()?;
    }
    Some(MasterKey::from_bytes(*key))
}

fn warn_if_shared(path: &Path, metadata: &Metadata) {
    if files::open_to_others(metadata) != 0 {
        tracing::warn!("the master key in {} is open to others (chmod 600)", path.display());
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const HEX: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

    #[track_caller]
    fn check(text: &str, expected: bool) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        fs::write(&path, text).unwrap();
        let bytes: [u8; 32] = std::array::from_fn(|at| u8::try_from(at).unwrap());
        match MasterKey::from_file(&path) {
            Ok(key) => assert!(expected && key.expose() == &bytes, "{text:?}"),
            Err(MasterKeyError::Malformed(at)) => assert!(!expected && at == path, "{text:?}"),
            Err(error) => panic!("{text:?}: {error}"),
        }
    }

    #[test]
    fn a_key_is_read_in_hexadecimal_and_base64_with_at_most_one_line_end() {
        let base64 = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
        for text in [HEX, &HEX.to_uppercase(), base64] {
            check(text, true);
            check(&format!("{text}\n"), true);
            check(&format!("{text}\r\n"), true);
            check(&format!("\u{feff}{text}\n"), true);
            check(&format!("\u{feff}\u{feff}{text}"), false);
            check(&format!("{text}\n\n"), false);
            check(&format!(" {text}"), false);
            check(&text[1..], false);
            check(&format!("{text}{text}"), false);
        }
        check("", false);
        check(&HEX.replace('0', "g"), false);
        check(&"0".repeat(1_000), false);
    }

    #[test]
    fn what_a_malformed_file_holds_is_not_in_the_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        fs::write(&path, "canary").unwrap();
        let error = MasterKey::from_file(&path).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("canary"));
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = MasterKey::from_file(Path::new("/nonexistent/key")).unwrap_err();
        assert!(matches!(error, MasterKeyError::Unreadable { .. }));
        assert!(error.to_string().contains("/nonexistent/key"), "{error}");
    }

    #[test]
    fn a_created_file_is_read_back_and_never_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let key = MasterKey::create_file(&path).unwrap();
        assert_eq!(MasterKey::from_file(&path).unwrap().expose(), key.expose());
        let before = fs::read(&path).unwrap();
        assert!(matches!(MasterKey::create_file(&path), Err(MasterKeyError::Exists(at)) if at == path));
        assert_eq!(fs::read(&path).unwrap(), before);
    }

    #[test]
    fn a_file_cannot_be_created_in_a_folder_that_is_not_there() {
        let folder = tempfile::tempdir().unwrap();
        let error = MasterKey::create_file(&folder.path().join("missing/key")).unwrap_err();
        assert!(matches!(error, MasterKeyError::Unwritable { .. }));
    }

    #[cfg(unix)]
    #[test]
    fn a_created_file_is_the_owners_only() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        MasterKey::create_file(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
