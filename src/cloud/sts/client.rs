//! The client; its actions are methods, in the files beside this one.

use crate::rpc::{RpcClient, RpcConfig, Service};

/// A client of STS.
///
/// Calls are repeated as the retry policy says, each attempt signed afresh: a session that nobody got the key of
/// only expires. Every method returns promptly when its [`CallContext`](crate::CallContext) is cancelled or
/// its deadline passes, and writes one line to the log.
#[derive(Debug)]
pub struct StsClient {
    pub(super) rpc: RpcClient,
}

const STS: Service = Service { name: "STS", version: "2015-04-01" };

impl StsClient {
    /// A client; nothing is connected, loaded or asked for before the first call.
    pub fn new(config: RpcConfig) -> Self {
        Self { rpc: RpcClient::new(STS, config) }
    }
}

#[cfg(test)]
mod tests;
