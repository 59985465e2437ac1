//! TLS: a certificate authority of the emulator's own, the certificates it makes, and the tunnels of HTTPS
//! proxying.
//!
//! A new authority is generated at each start and kept in memory only. Only its certificate leaves the
//! process; clients are told to trust it, and should do so only while they are pointed at the emulator.

mod acceptance;
mod authority;
mod certificates;
mod tunnel;

pub use acceptance::{CertResolver, accept};
pub use authority::{Authority, TlsError};
pub use tunnel::Tunnel;
