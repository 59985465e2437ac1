//! Clients of the Alibaba Cloud services.
//!
//! From the outside in: a client ([`sls::SlsClient`], [`ram::RamClient`], [`kms::KmsClient`], [`sts::StsClient`]) has
//! the actions of one service; [`rpc`] has the common part of the last three; a [`Dispatcher`] sends a call with
//! permits, retries and limits; [`signing`] signs it; [`http`] transfers it. Tests can replace time ([`clock`]), the
//! network ([`http::HttpTransport`]), nonces ([`nonce`]), jitter ([`retry`]) and credentials ([`credentials`]).

mod call_stats;
pub mod clock;
mod context;
pub mod credentials;
mod dispatcher;
mod effort;
pub mod endpoint;
pub mod error;
pub mod file;
mod final_read;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
pub mod http;
mod json_object;
pub mod kms;
pub mod names;
pub mod network;
pub mod nonce;
pub mod ram;
mod rate_limiter;
pub mod regions;
pub mod retry;
pub mod rpc;
pub mod signing;
mod silent_endpoints;
pub mod sls;
pub mod sts;
#[cfg(any(test, fuzzing))]
pub mod testing;

pub use context::{CallContext, Interrupted};
pub use dispatcher::{Dispatcher, DispatcherConfig};
pub use final_read::FINAL_READ_LIMIT;
