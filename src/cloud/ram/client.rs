//! The client; its actions are methods, grouped in the files beside this one.

use crate::CallContext;
use crate::clock::Clock;
use crate::error::Error;
use crate::rpc::{RpcClient, RpcConfig, Service};

/// A client of RAM.
///
/// Reads are repeated as the retry policy says, each attempt signed afresh. Writes are repeated only when it is
/// certain that nothing was applied; [`Error::may_have_been_applied`] tells a lost answer, after which the caller
/// looks before it writes again. Every method returns promptly when its
/// [`CallContext`] is cancelled or its deadline passes, and writes one line to the log.
#[derive(Debug)]
pub struct RamClient {
    pub(super) rpc: RpcClient,
}

const RAM: Service = Service { name: "RAM", version: "2015-05-01" };

impl RamClient {
    /// A client; nothing is connected, loaded or asked for before the first call.
    pub fn new(config: RpcConfig) -> Self {
        Self { rpc: RpcClient::new(RAM, config) }
    }

    /// The clock that deadlines of a [`CallContext`] are measured on.
    pub fn clock(&self) -> &dyn Clock {
        self.rpc.clock()
    }

    /// Waits, as the retry policy says, before a write that failed with `error` is sent again; `attempts` is how many
    /// attempts were made, from 1.
    ///
    /// # Errors
    /// `error` itself, when it is not retryable or attempts or time are used up; `Cancelled` when the operation is
    /// cancelled during the pause.
    pub async fn pause_before_retry(
        &self,
        context: &CallContext,
        attempts: u32,
        error: &Error,
    ) -> Result<(), Error> {
        self.rpc.pause(context, attempts, error).await
    }
}

#[cfg(test)]
mod tests;
