//! How a request came here.

use std::net::SocketAddr;

/// How a request came here.
#[derive(Clone, Copy, Debug)]
pub struct ConnectionInfo {
    /// The other end of the TCP connection.
    pub peer: SocketAddr,
    /// Whether it came over TLS.
    pub secure: bool,
    /// Whether it came through a tunnel that CONNECT opened.
    pub tunnelled: bool,
}
