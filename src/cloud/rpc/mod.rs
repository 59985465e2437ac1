//! What the services in RPC style have in common: RAM, KMS and STS.
//!
//! One path, an action named beside its parameters, flat parameters in, a JSON object out. Source: Alibaba Cloud
//! documentation, "Request structure" of the RPC style, and the official SDKs.

mod answer;
mod client;
pub(crate) mod members;
mod parameters;

pub use client::RpcConfig;
pub(crate) use client::{Call, RpcClient, Service};
pub(crate) use parameters::Parameters;
