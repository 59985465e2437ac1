//! Request signatures, one module for each family of schemes. The functions are pure: no clock, no network.

pub mod rpc;
mod signing_error;
pub mod sls;

pub use signing_error::SigningError;
