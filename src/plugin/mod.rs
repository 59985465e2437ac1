//! The wire between Terraform core and a provider.

pub mod environment;
pub mod handshake;
mod pb;
pub mod tls;

pub use environment::Environment;
