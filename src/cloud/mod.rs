//! Clients of the Alibaba Cloud services.
//!
//! From the outside in: a client ([`sls::SlsClient`], [`ram::RamClient`], [`kms::KmsClient`], [`sts::StsClient`])
//! knows the actions of one service; [`rpc`] is what the last three have in common; a [`Caller`] sends an action
//! with permits, retries and bounds; [`signing`] signs it; [`http`] carries it. Time ([`clock`]), the network
//! ([`http::HttpTransport`]), nonces ([`nonce`]), jitter ([`retry`]) and credentials ([`credentials`]) are seams.

mod call;
pub mod clock;
mod context;
pub mod credentials;
mod effort;
pub mod endpoint;
pub mod error;
pub mod http;
pub mod kms;
mod last_look;
pub mod names;
pub mod network;
pub mod nonce;
pub mod ram;
mod rate;
pub mod regions;
pub mod retry;
pub mod rpc;
mod shape;
pub mod signing;
mod silence;
pub mod sls;
pub mod sts;
#[cfg(test)]
pub mod testing;
mod totals;

pub use call::{Caller, CallerConfig};
pub use context::CallContext;
pub use last_look::LAST_LOOK_AT_MOST;
