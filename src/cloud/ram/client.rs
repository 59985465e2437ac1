//! The client. Its actions are methods in the other files of this folder.

use crate::CallContext;
use crate::clock::Clock;
use crate::error::Error;
use crate::rpc::{RpcClient, RpcConfig, Service};

/// A client of RAM.
///
/// The retry policy decides whether a call is repeated; each attempt has its own signature. A write is repeated only
/// when it was certainly not applied. [`Error::may_have_been_applied`] is true after a lost answer; the caller then
/// reads before it writes again. Every method returns promptly when its [`CallContext`] is cancelled or its deadline
/// passes, and writes one line to the log.
#[derive(Debug)]
pub struct RamClient {
    pub(super) rpc: RpcClient,
}

const RAM: Service = Service { name: "RAM", version: "2015-05-01" };

impl RamClient {
    /// A client. It connects and loads nothing before the first call.
    pub fn new(config: RpcConfig) -> Self {
        Self { rpc: RpcClient::new(RAM, config) }
    }

    /// The clock of the deadlines of a [`CallContext`].
    pub fn clock(&self) -> &dyn Clock {
        self.rpc.clock()
    }

    /// Waits before a write that failed with `error` is sent again. The retry policy decides how long. `attempts` is
    /// the number of attempts so far, from 1.
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
