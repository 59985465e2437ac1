//! The client. Its actions are methods in the other files of this folder.

use crate::rpc::{RpcClient, RpcConfig, Service};

/// A client of STS.
///
/// The retry policy decides whether a call is repeated; each attempt has its own signature. A repeated call is
/// harmless: a session whose answer was lost only expires. Every method returns promptly when its
/// [`CallContext`](crate::CallContext) is cancelled or its deadline passes, and writes one line to the log.
#[derive(Debug)]
pub struct StsClient {
    pub(super) rpc: RpcClient,
}

const STS: Service = Service { name: "STS", version: "2015-04-01" };

impl StsClient {
    /// A client. It connects and loads nothing before the first call.
    pub fn new(config: RpcConfig) -> Self {
        Self { rpc: RpcClient::new(STS, config) }
    }
}

#[cfg(test)]
mod tests;
