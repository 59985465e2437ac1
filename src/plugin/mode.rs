//! Who the process serves.

/// Who started the process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mode {
    /// A host, which reads the handshake line and ends the process when it is done.
    Plugin,
    /// A person, who reads a line to paste, and ends the process with Ctrl-C. No cookie, no TLS.
    Debug {
        /// The provider's address in the registry, by which the host looks it up.
        source_address: String,
    },
}
