//! Clients of the Alibaba Cloud services.

pub mod clock;
mod context;
pub mod credentials;
pub mod endpoint;
pub mod error;
pub mod http;
pub mod names;
pub mod retry;
pub mod signing;

pub use context::CallContext;
