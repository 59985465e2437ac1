//! Errors of fetching credentials. They name the source, and say nothing about the object of the call that needs the
//! credentials.

use crate::error::{Error, ErrorKind, Operation};

/// The service in the errors of this module, unless a service itself refused.
pub const OPERATION_SERVICE: &str = "Credentials";

/// The error of a source that exists and cannot be used.
pub(super) fn unusable(source: &str, problem: impl Into<String>) -> Error {
    Error::new(ErrorKind::Unauthenticated, &operation(source), problem).about_credentials()
}

/// A name, path or address of a configuration, a variable or a file, as errors show it: one line of bounded length.
pub(super) fn shown(name: impl std::fmt::Display) -> String {
    text::short_line(&name.to_string())
}

/// The operation of asking a source.
pub(super) fn operation(source: &str) -> Operation {
    Operation::new(OPERATION_SERVICE, "lookup", source)
}

/// The error of a call that fetches credentials, as an error of the call that needs them.
///
/// The kind must not say anything about the object of that call. A role that does not exist does not mean that the
/// Logstore does not exist; a session that may have been opened is not a change that may have been made. A source that
/// refuses to answer is not a missing permission.
pub(super) fn source_error(error: Error, source: &str) -> Error {
    use ErrorKind::{AlreadyExists, Conflict, Denied, Invalid, NotFound};
    let kind = match error.kind() {
        NotFound | AlreadyExists | Conflict | Invalid => ErrorKind::Unauthenticated,
        Denied if error.service() == OPERATION_SERVICE => ErrorKind::Unauthenticated,
        other => other,
    };
    let message = format!("{} (credentials from {source})", error.message().trim_end_matches('.'));
    error.with_kind(kind).with_message(message).with_may_have_been_applied(false).about_credentials()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_of_a_source_is_unauthenticated_and_one_of_sts_stays_denied() {
        let refused = |service: &'static str| {
            let operation = Operation::new(service, "lookup", "there");
            source_error(Error::new(ErrorKind::Denied, &operation, "no"), "the test").kind()
        };
        assert_eq!(refused(OPERATION_SERVICE), ErrorKind::Unauthenticated);
        assert_eq!(refused("STS"), ErrorKind::Denied);
    }
}
