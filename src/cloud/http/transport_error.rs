//! Why there was no complete answer.

use std::error::Error as StdError;

/// A request without a complete answer.
///
/// The message names the causes, down to that of the operating system. It never contains headers or bodies.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct TransportError {
    kind: TransportErrorKind,
    message: String,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// How far a request came before it failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransportErrorKind {
    /// The transport cannot work at all, for example because certificates cannot be read. Nothing was sent; a retry
    /// does not help.
    Setup,
    /// The machine has no certificate authorities, so it can verify no server. Nothing was sent; a retry does not help.
    NoAuthorities,
    /// The name of the host has no address. Nothing was sent.
    Resolve,
    /// The proxy could not be reached, or did not connect to the host. Nothing was sent.
    Proxy,
    /// The proxy requires a user name and a password. Nothing was sent; a retry does not help.
    ProxyAuthentication,
    /// No connection was made. Nothing was sent.
    Connect,
    /// No connection was made in time. Nothing was sent.
    ConnectTimeout,
    /// The server could not be verified, or does not speak TLS. Nothing was sent; a retry does not help.
    Tls,
    /// The connection broke after the request may have been sent.
    Broken,
    /// The server was silent for too long after the request may have been sent.
    Silent,
    /// The answer is larger than the limit.
    TooLarge,
    /// The answer is compressed and cannot be decompressed.
    Encoding,
}

impl TransportError {
    /// An error with a sentence for a person.
    pub fn new(kind: TransportErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), source: None }
    }

    /// Adds the error that caused this one.
    #[must_use]
    pub fn with_source(mut self, source: impl StdError + Send + Sync + 'static) -> Self {
        self.source = Some(Box::new(source));
        self
    }

    /// How far the request came.
    pub fn kind(&self) -> TransportErrorKind {
        self.kind
    }

    /// Whether the service may have received the request.
    pub fn may_have_arrived(&self) -> bool {
        use TransportErrorKind::{Broken, Encoding, Silent, TooLarge};
        matches!(self.kind, Broken | Silent | TooLarge | Encoding)
    }
}
