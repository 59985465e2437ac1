//! Whether an error says that an object does not exist.

use cloud::error::{Error, ErrorKind, Reason};

/// True if the service said that the Logstore or its project does not exist. A bare 404, as a proxy may
/// answer, is not that: dropping a resource from the state needs the service's own word.
pub(crate) fn is_gone(error: &Error) -> bool {
    error.kind() == ErrorKind::NotFound
}

/// True if the service said that the project does not exist.
pub(crate) fn is_project_gone(error: &Error) -> bool {
    is_gone(error) && error.reason() == Some(Reason::NoSuchProject)
}
