//! The error of every service; each renders it in its own form.

/// An error that a service answers a call with.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{status} {code}: {message}")]
pub struct Error {
    /// The HTTP status.
    pub status: u16,
    /// `errorCode` of SLS, `Code` of the other services.
    pub code: String,
    /// `errorMessage` of SLS, `Message` of the other services.
    pub message: String,
}

impl Error {
    /// An error with these parts.
    pub fn new(status: u16, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { status, code: code.into(), message: message.into() }
    }
}
