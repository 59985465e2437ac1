//! Files and folders: their entries last, they are their owner's, and none is reached through a link by mistake.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::Path;

use tempfile::NamedTempFile;

/// What is done with a file that is there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// It stays as it is, and its name is an error of the kind `AlreadyExists`.
    Keep,
    /// A regular file is replaced. Anything else stays as it is and is an error: a link, a folder, a device.
    Replace,
}

/// Makes a folder, and those above it, if it is not there; a new one's entry is on disk when this returns. A new one
/// is its owner's only (on Unix), whatever the umask: mode 0700.
///
/// # Errors
///
/// When it cannot be made, or something else has its name.
pub fn create_folder(path: &Path) -> io::Result<()> {
    if path.as_os_str().is_empty() || path.is_dir() {
        return Ok(());
    }
    if let Some(parent) = path.parent() {
        create_folder(parent)?;
    }
    match create_private(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists || !path.is_dir() => Err(error),
        _ => sync_parent(path),
    }
}

#[cfg(unix)]
fn create_private(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
    fs::DirBuilder::new().mode(0o700).create(path)?;
    // The umask may have taken from that.
    fs::set_permissions(path, fs::Permissions::from_mode(0o700))
}

#[cfg(not(unix))]
fn create_private(path: &Path) -> io::Result<()> {
    fs::create_dir(path)
}

/// Writes a whole file with this mode (on Unix, whatever the umask); it is on disk, with its entry, when this returns.
///
/// It is made under a name of its own in the same folder, which nobody else can have made, and then given its name: no
/// link is followed, and whoever opens it finds all of it.
///
/// # Errors
///
/// When it cannot be made, or what is there is in the way.
pub fn write_file(path: &Path, content: &[u8], mode: u32, existing: Existing) -> io::Result<()> {
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new().prefix(".new-").tempfile_in(folder)?;
    file.write_all(content)?;
    set_mode(&file, mode)?;
    file.as_file().sync_all()?;
    match existing {
        Existing::Keep => file.persist_noclobber(path)?,
        Existing::Replace => {
            if fs::symlink_metadata(path).is_ok_and(|there| !there.is_file()) {
                return Err(io::Error::other("what is there is not a regular file, and is not replaced"));
            }
            file.persist(path)?
        }
    };
    sync_parent(path)
}

#[cfg(unix)]
pub(super) fn set_mode(file: &NamedTempFile, mode: u32) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    file.as_file().set_permissions(fs::Permissions::from_mode(mode))
}

#[cfg(not(unix))]
pub(super) fn set_mode(_file: &NamedTempFile, _mode: u32) -> io::Result<()> {
    Ok(())
}

/// Opens a regular file. Opening a FIFO would wait until somebody opens its other end, and reading a device may never
/// end: they are an error.
///
/// # Errors
///
/// When there is none, or it cannot be opened.
pub(super) fn open(path: &Path, options: &OpenOptions) -> io::Result<File> {
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file"));
    }
    options.open(path)
}

/// Reads a whole regular file of at most this many MiB.
///
/// # Errors
///
/// When it is none, is larger, or cannot be read.
pub fn read_file(path: &Path, longest_mib: u64) -> io::Result<Vec<u8>> {
    let longest = longest_mib << 20;
    let mut bytes = Vec::new();
    open(path, OpenOptions::new().read(true))?.take(longest + 1).read_to_end(&mut bytes)?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > longest {
        let problem = format!("it is larger than {longest_mib} MiB");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, problem));
    }
    Ok(bytes)
}

/// The bits of a file's or folder's mode that let its group or others do something; none where there are no modes.
#[cfg(unix)]
pub(super) fn open_to_others(metadata: &fs::Metadata) -> u32 {
    std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o077
}

#[cfg(not(unix))]
pub(super) fn open_to_others(_metadata: &fs::Metadata) -> u32 {
    0
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
        create_folder(&path).unwrap();
        create_folder(&path).unwrap();
        assert!(path.is_dir());
    }

    #[test]
    fn a_file_of_the_name_is_an_error() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("a");
        fs::write(&path, "").unwrap();
        assert!(create_folder(&path).is_err());
        assert!(create_folder(&path.join("b")).is_err());
    }

    /// What is in a folder, by name.
    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_is_made_whole_and_replaced_only_on_request() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("file");
        write_file(&path, b"one", 0o600, Existing::Keep).unwrap();
        let error = write_file(&path, b"two", 0o600, Existing::Keep).unwrap_err();
        assert_eq!((error.kind(), fs::read(&path).unwrap()), (io::ErrorKind::AlreadyExists, b"one".to_vec()));
        write_file(&path, b"three", 0o600, Existing::Replace).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"three");
        assert!(write_file(&root.path().join("missing/file"), b"", 0o600, Existing::Replace).is_err());
        assert_eq!(names(root.path()), ["file"], "nothing else is left behind");
    }

    #[cfg(unix)]
    #[test]
    fn what_is_no_regular_file_is_neither_followed_nor_replaced_nor_opened() {
        use std::os::unix::fs::{PermissionsExt as _, symlink};
        let root = tempfile::tempdir().unwrap();
        let at = |name: &str| root.path().join(name);
        fs::write(at("target"), "untouched").unwrap();
        symlink(at("target"), at("link")).unwrap();
        symlink(at("nothing"), at("dangling")).unwrap();
        fs::create_dir(at("folder")).unwrap();
        assert!(std::process::Command::new("mkfifo").arg(at("fifo")).status().unwrap().success());
        let before = names(root.path());
        for name in ["link", "dangling", "folder", "fifo"] {
            for existing in [Existing::Keep, Existing::Replace] {
                assert!(write_file(&at(name), b"", 0o600, existing).is_err(), "{name} {existing:?}");
            }
            assert!(!fs::symlink_metadata(at(name)).unwrap().is_file(), "{name}");
        }
        assert_eq!(names(root.path()), before);
        assert_eq!(fs::read(at("target")).unwrap(), b"untouched");
        for path in [at("folder"), at("fifo"), "/dev/zero".into(), "/dev/full".into()] {
            let error = open(&path, OpenOptions::new().read(true)).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidInput, "{}", path.display());
        }
        // A link to a file may be read: what is mounted into containers are links.
        open(&at("link"), OpenOptions::new().read(true)).unwrap();
        for mode in [0o600, 0o644] {
            write_file(&at("target"), b"", mode, Existing::Replace).unwrap();
            assert_eq!(fs::metadata(at("target")).unwrap().permissions().mode() & 0o7777, mode);
        }
    }
}
