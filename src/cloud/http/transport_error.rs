//! Why no complete answer came.

use std::error::Error as StdError;

/// A request without a complete answer.
///
/// The text names the cause down to the operating system's; it never holds headers or bodies.
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
    /// The transport cannot work at all, for example because certificates cannot be read. Nothing was sent,
    /// and trying again changes nothing.
    Setup,
    /// The machine has no certificate authorities, so no other side can prove who it is. Nothing was sent, and
    /// trying again changes nothing.
    NoAuthorities,
    /// The name of the host has no address. Nothing was sent.
    Resolve,
    /// The proxy could not be reached, or made no connection. Nothing was sent.
    Proxy,
    /// The proxy asks for a user name and a password. Nothing was sent, and trying again changes nothing.
    ProxyAuthentication,
    /// No connection was made. Nothing was sent.
    Connect,
    /// No connection was made in time. Nothing was sent.
    ConnectTimeout,
    /// The other side could not prove who it is, or speaks no TLS. Nothing was sent, and trying again
    /// changes nothing.
    Tls,
    /// The connection broke after the request may have left.
    Broken,
    /// The other side was silent too long after the request may have left.
    Silent,
    /// The answer is larger than the limit.
    TooLarge,
    /// The answer is compressed, and cannot be decompressed.
    Encoding,
}

impl TransportError {
    /// An error with a sentence for a person.
    pub fn new(kind: TransportErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), source: None }
    }

    /// Adds the error underneath.
    #[must_use]
    pub fn with_source(mut self, source: impl StdError + Send + Sync + 'static) -> Self {
        self.source = Some(Box::new(source));
        self
    }

    /// How far the request came.
    pub fn kind(&self) -> TransportErrorKind {
        self.kind
    }

    /// Whether the service may have seen the request.
    pub fn may_have_arrived(&self) -> bool {
        use TransportErrorKind::{Broken, Encoding, Silent, TooLarge};
        matches!(self.kind, Broken | Silent | TooLarge | Encoding)
    }
}
