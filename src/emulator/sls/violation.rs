//! A member of a description that breaks a rule.

use crate::error::Error;

/// A member that breaks a rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Violation {
    /// The member, for example `encrypt_conf.encrypt_type`.
    pub field: String,
    /// The service's text.
    pub message: String,
}

impl Violation {
    /// A member and what to say about it.
    pub fn new(field: &str, message: impl Into<String>) -> Self {
        Self { field: field.to_owned(), message: message.into() }
    }
}

impl From<Violation> for Error {
    fn from(violation: Violation) -> Self {
        Self::logstore_info_invalid(violation.message)
    }
}

/// The violation of a required member that is missing.
pub fn missing(name: &str) -> Violation {
    Violation::new(name, format!("The logstore info is invalid, [{name}] key is missing"))
}
