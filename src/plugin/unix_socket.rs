//! A unix socket in a directory of its own.

use std::{
    fs::{self, Permissions},
    io,
    os::unix::fs::{PermissionsExt, chown},
    path::{Path, PathBuf},
};

use tempfile::TempDir;
use tokio::net::{UnixListener, UnixStream};

use super::{environment::Environment, listen_error::ListenError};

/// The directory in which the host wants the socket; the system's for temporary files if not set.
const DIRECTORY: &str = "PLUGIN_UNIX_SOCKET_DIR";

/// Where the socket is if the system's directory for temporary files cannot hold one: it may not exist, or have a path
/// that is too long for a socket.
const SHORT_DIRECTORY: &str = "/tmp";

/// The group, by number or name, that may connect besides this user.
const GROUP: &str = "PLUGIN_UNIX_SOCKET_GROUP";

/// Where the numbers of groups are written down.
const GROUP_FILE: &str = "/etc/group";

/// The name of the socket; paths of sockets are limited to about 104 bytes in all.
const NAME: &str = "s";

/// A socket that accepts; dropped, it is removed together with its directory.
#[derive(Debug)]
pub(super) struct UnixSocket {
    listener: UnixListener,
    path: PathBuf,
    // Removes the directory, and the socket in it, when dropped.
    _directory: TempDir,
}

impl UnixSocket {
    /// Makes the directory and the socket. Others than this user, and the group the host names, are
    /// kept out by the directory's mode, so there is no moment at which they could connect.
    pub(super) fn open(environment: &Environment) -> Result<UnixSocket, ListenError> {
        let group = environment.get(GROUP).map(group_number).transpose()?;
        match environment.get(DIRECTORY) {
            Some(directory) => UnixSocket::open_in_first(&[directory.into()], group),
            None => UnixSocket::open_in_first(&[std::env::temp_dir(), SHORT_DIRECTORY.into()], group),
        }
    }

    /// Whether the host wants the socket in a directory of its own choice: there or nowhere.
    pub(super) fn is_placed_by_host(environment: &Environment) -> bool {
        environment.get(DIRECTORY).is_some()
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Waits for the next connection.
    pub(super) async fn accept(&self) -> io::Result<UnixStream> {
        self.listener.accept().await.map(|(stream, _)| stream)
    }

    /// Opens the socket in the first directory that can hold it. The error is that of the first.
    fn open_in_first(parents: &[PathBuf], group: Option<u32>) -> Result<UnixSocket, ListenError> {
        let mut first = None;
        for parent in parents {
            match UnixSocket::open_in(parent, group) {
                Ok(socket) => return Ok(socket),
                Err(source) => {
                    first
                        .get_or_insert(ListenError::Unix { directory: parent.display().to_string(), source });
                }
            }
        }
        Err(first.unwrap_or(ListenError::Unix {
            directory: String::new(),
            source: io::ErrorKind::NotFound.into(),
        }))
    }

    fn open_in(parent: &Path, group: Option<u32>) -> io::Result<UnixSocket> {
        let directory = tempfile::Builder::new()
            .prefix("tf")
            .permissions(Permissions::from_mode(0o700))
            .tempdir_in(parent)?;
        let path = directory.path().join(NAME);
        let listener = UnixListener::bind(&path)?;
        if let Some(group) = group {
            chown(&path, None, Some(group))?;
            fs::set_permissions(&path, Permissions::from_mode(0o660))?;
            chown(directory.path(), None, Some(group))?;
            fs::set_permissions(directory.path(), Permissions::from_mode(0o710))?;
        }
        Ok(UnixSocket { listener, path, _directory: directory })
    }
}

fn group_number(group: &str) -> Result<u32, ListenError> {
    let named = || number_in(&fs::read_to_string(GROUP_FILE).ok()?, group);
    group.parse().ok().or_else(named).ok_or_else(|| ListenError::Variable {
        name: GROUP,
        value: group.to_owned(),
        wanted: "a group of this machine",
    })
}

/// The number of a group in a group file, whose lines read `name:password:number:members`.
fn number_in(groups: &str, name: &str) -> Option<u32> {
    groups.lines().find_map(|line| {
        let mut fields = line.split(':');
        if fields.next() == Some(name) { fields.nth(1)?.parse().ok() } else { None }
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt;

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().mode() & 0o777
    }

    #[tokio::test]
    async fn only_this_user_may_enter_the_directory_and_it_goes_with_the_socket() {
        let parent = tempfile::tempdir().unwrap();
        let socket = UnixSocket::open_in(parent.path(), None).unwrap();
        let directory = socket.path().parent().unwrap().to_owned();
        assert_eq!(mode(&directory), 0o700);
        assert_eq!(directory.parent().unwrap(), parent.path());
        drop(socket);
        assert!(!directory.exists());
    }

    #[tokio::test]
    async fn a_directory_that_is_missing_or_too_long_is_replaced_by_a_shorter_one() {
        let parent = tempfile::tempdir().unwrap();
        let long = parent.path().join("x".repeat(100));
        fs::create_dir(&long).unwrap();
        for unfit in [long, "/nowhere/at/all".into()] {
            let error = UnixSocket::open_in_first(std::slice::from_ref(&unfit), None).unwrap_err();
            assert!(error.to_string().contains(unfit.to_str().unwrap()), "{error}");
            let socket = UnixSocket::open_in_first(&[unfit.clone(), parent.path().into()], None).unwrap();
            assert_eq!(socket.path().parent().unwrap().parent().unwrap(), parent.path());
            let left = unfit.read_dir().map_or(0, Iterator::count);
            assert_eq!(left, 0, "what cannot be used is cleaned up");
        }
    }

    #[tokio::test]
    async fn the_group_of_the_host_may_connect() {
        let parent = tempfile::tempdir().unwrap();
        let own_group = fs::metadata(parent.path()).unwrap().gid();
        let environment = Environment::from([
            (DIRECTORY, parent.path().to_str().unwrap()),
            (GROUP, own_group.to_string().as_str()),
        ]);
        let socket = UnixSocket::open(&environment).unwrap();
        assert_eq!(mode(socket.path()), 0o660);
        assert_eq!(mode(socket.path().parent().unwrap()), 0o710);
        assert_eq!(fs::metadata(socket.path()).unwrap().gid(), own_group);
    }

    #[tokio::test]
    async fn a_directory_that_cannot_hold_a_socket_is_named() {
        let error = UnixSocket::open(&Environment::from([(DIRECTORY, "/nowhere/at/all")])).unwrap_err();
        assert!(error.to_string().contains("/nowhere/at/all"), "{error}");
    }

    #[test]
    fn groups_are_known_by_number_and_by_name() {
        let groups = "root:x:0:\nstaff:x:50:ada,alan\n";
        assert_eq!(number_in(groups, "staff"), Some(50));
        assert_eq!(number_in(groups, "sta"), None);
        assert_eq!(group_number("42").unwrap(), 42);
        assert!(group_number("no such group").unwrap_err().to_string().contains(GROUP));
    }
}
