//! What the RPC-style services RAM, STS and KMS share: how a call names its service and action, where its
//! parameters are, how it is signed, and how it is answered
//! (<https://www.alibabacloud.com/help/en/sdk/product-overview/rpc-mechanism>).

mod action;
mod answer;
mod api;
mod authentication;
mod error;
mod parameters;
mod service;
#[cfg(test)]
pub mod testing;

pub use crate::error::Error;
pub use action::{Action, ArnOf, IssuedCredentials, Outcome, Request, Resource, Run, Service, call_as};
pub use answer::{answer, empty_answer, members};
pub use api::{Api, RpcCall, rpc_call};
pub use authentication::{Nonces, authenticate};
pub use parameters::Parameters;
pub use service::serve;
