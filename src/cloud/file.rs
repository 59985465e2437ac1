//! The one way in which files are read.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::Path;

use zeroize::Zeroizing;

/// The longest file that is read, in bytes. Files with profiles, tokens or certificate authorities are shorter; a wrong
/// path may name any other file.
pub const LONGEST: u64 = 4 * 1024 * 1024;

/// The content of a file, which may be secret: it is wiped from memory when it is dropped.
pub type Content = Zeroizing<Vec<u8>>;

/// Reads a whole regular file of at most [`LONGEST`] bytes.
///
/// It blocks the thread, for ever if the file is on a file system that does not answer. So it runs on threads that may
/// be blocked (`tokio::task::spawn_blocking`), and whoever waits for it has a time limit.
///
/// # Errors
/// Kind `NotFound` when the file does not exist. A file that is not a regular one is refused without being opened,
/// because opening a named pipe blocks and a device may have no end. The message never quotes the content.
pub fn read(path: &Path) -> io::Result<Content> {
    check(path)?;
    let mut bytes = Content::default();
    File::open(path)?.take(LONGEST + 1).read_to_end(&mut bytes)?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > LONGEST {
        return Err(too_large());
    }
    Ok(bytes)
}

/// Checks that [`read`] would not refuse a file, for one that a library reads. It blocks the thread as [`read`] does.
///
/// # Errors
/// Those of [`read`].
pub fn check(path: &Path) -> io::Result<()> {
    let found = fs::metadata(path)?;
    if !found.is_file() {
        let kind = if found.is_dir() { "a directory" } else { "a pipe, a socket or a device" };
        return Err(io::Error::new(io::ErrorKind::InvalidInput, format!("it is {kind}, not a file")));
    }
    if found.len() > LONGEST { Err(too_large()) } else { Ok(()) }
}

/// Checks each file of a folder as [`check`] does, for one that a library reads. What is not a regular file is passed
/// over: the library opens no other, and a link that leads nowhere is no danger.
///
/// # Errors
/// Those of listing the folder; and that a file is too large, which names it.
pub fn check_folder(path: &Path) -> io::Result<()> {
    for entry in fs::read_dir(path)? {
        let file = entry?.path();
        if check(&file).is_err_and(|error| error.kind() == io::ErrorKind::FileTooLarge) {
            let file = text::quote(&file.display().to_string());
            let problem = format!("{file} is larger than {} MiB", LONGEST >> 20);
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, problem));
        }
    }
    Ok(())
}

fn too_large() -> io::Error {
    io::Error::new(io::ErrorKind::FileTooLarge, format!("it is larger than {} MiB", LONGEST >> 20))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_whole_or_not_at_all() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("f");
        assert_eq!(read(&path).unwrap_err().kind(), io::ErrorKind::NotFound);
        fs::write(&path, "content").unwrap();
        assert_eq!(read(&path).unwrap().as_slice(), b"content");
        let file = File::options().write(true).open(&path).unwrap();
        file.set_len(LONGEST).unwrap();
        assert_eq!(read(&path).unwrap().len() as u64, LONGEST);
        file.set_len(1 << 40).unwrap();
        assert_eq!(read(&path).unwrap_err().to_string(), "it is larger than 4 MiB");
    }

    #[cfg(unix)]
    #[test]
    fn what_is_no_regular_file_is_refused_and_not_opened() {
        use std::os::unix::fs::symlink;

        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        assert!(std::process::Command::new("mkfifo").arg(path("fifo")).status().unwrap().success());
        let _socket = std::os::unix::net::UnixListener::bind(path("socket")).unwrap();
        symlink(path("fifo"), path("link")).unwrap();
        symlink(path("loop"), path("loop")).unwrap();
        for (path, said) in [
            (path("fifo"), "a pipe"),
            (path("link"), "a pipe"),
            (path("socket"), "a socket"),
            ("/dev/zero".into(), "a device"),
            (directory.path().to_owned(), "a directory"),
        ] {
            let error = read(&path).unwrap_err();
            assert!(error.to_string().contains(said), "{}: {error}", path.display());
        }
        assert!(read(&path("loop")).is_err());
    }
}
