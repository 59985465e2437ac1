//! Errors of the search for credentials: they name the source and are never taken for an answer about what the
//! credentials were wanted for.

use crate::error::{Error, ErrorKind, Operation};

/// What the errors of this room name as their service, unless a service itself refused.
pub const OPERATION_SERVICE: &str = "Credentials";

/// A source that is there and cannot be used.
pub(super) fn unusable(source: &str, problem: impl Into<String>) -> Error {
    Error::new(ErrorKind::Unauthenticated, &operation(source), problem).with_of_credentials()
}

/// The operation of looking into a source.
pub(super) fn operation(source: &str) -> Operation {
    Operation::new(OPERATION_SERVICE, "lookup", source)
}

/// The error of a call that was to give credentials, as an error of the call that wanted them.
///
/// Its kind says nothing about the object of that call any more: a role that does not exist is no Logstore that does
/// not exist, and a session that may have been opened is no change that may have been made. A source that refuses to
/// answer is not a service that a policy lets nobody call.
pub(super) fn of_source(error: Error, source: &str) -> Error {
    use ErrorKind::{AlreadyExists, Conflict, Denied, Invalid, NotFound};
    let kind = match error.kind() {
        NotFound | AlreadyExists | Conflict | Invalid => ErrorKind::Unauthenticated,
        Denied if error.service() == OPERATION_SERVICE => ErrorKind::Unauthenticated,
        other => other,
    };
    let message = format!("{} (credentials from {source})", error.message().trim_end_matches('.'));
    error.with_kind(kind).with_message(message).with_may_have_been_applied(false).with_of_credentials()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_that_refuses_is_no_call_that_a_policy_would_allow() {
        let refused = |service: &'static str| {
            let operation = Operation::new(service, "lookup", "there");
            of_source(Error::new(ErrorKind::Denied, &operation, "no"), "the test").kind()
        };
        assert_eq!(refused(OPERATION_SERVICE), ErrorKind::Unauthenticated);
        assert_eq!(refused("STS"), ErrorKind::Denied);
    }
}
