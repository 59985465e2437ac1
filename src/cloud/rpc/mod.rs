//! The RPC style of RAM, KMS and STS.
//!
//! All requests go to one path; the action is a parameter like the others. Parameters are flat, and the answer is a
//! JSON object. Source: Alibaba Cloud documentation, "Request structure" of the RPC style, and the official SDKs.

mod answer;
mod client;
pub(crate) mod members;
mod parameters;

pub use client::RpcConfig;
pub(crate) use client::{Call, RpcClient, Service};
pub(crate) use parameters::Parameters;
