//! Request signatures, one module per scheme family. Pure functions: no clock, no network.

pub mod rpc;
mod signing_error;
pub mod sls;

pub use signing_error::SigningError;
