//! The data plane: writing log groups, pulling them back, and searching them.
//!
//! A log group is kept as it was sent, one to a block, sealed where the Logstore's encryption is switched
//! on. Bodies are read and blocks are opened outside of any lock; a shard is locked while a block gets its
//! place, is sealed and handed to the store; nothing is locked while the store writes. No index is needed
//! to search: here that is a walk through all of a Logstore.

mod body;
mod compression;
mod cursor;
pub mod direct;
mod log_group;
mod pull;
mod put;
mod record;
mod search;
mod target;
#[cfg(test)]
mod tests;
mod writers;

use super::error::Error;
use super::routes::{Operation, Route};
use crate::emulator::http::{Call, Reply};
use crate::emulator::state::State;

pub use compression::Compression;
pub use writers::Writers;

/// A call to the data plane that may be carried out.
#[derive(Clone, Copy, Debug)]
pub struct DataCall<'a> {
    /// Everything there is.
    pub state: &'a State,
    /// The call.
    pub call: &'a Call,
    /// What it asks for.
    pub route: &'a Route,
    /// The region the endpoint names, so that it serves no other.
    pub region: Option<&'a str>,
    /// Whether a write is carried out, and not only answered as if it were.
    pub is_applied: bool,
}

impl DataCall<'_> {
    /// The project's name.
    fn project(&self) -> &str {
        self.route.project.as_deref().unwrap_or_default()
    }

    /// The Logstore's name.
    fn logstore(&self) -> &str {
        self.route.logstore.as_deref().unwrap_or_default()
    }
}

/// Carries out a call to the data plane.
///
/// # Errors
///
/// The service's own error.
pub async fn serve(call: &DataCall<'_>) -> Result<Reply, Error> {
    match call.route.operation {
        Operation::PutLogs => put::put_logs(call).await,
        Operation::GetCursor => cursor::get_cursor(call),
        Operation::GetCursorTime => cursor::get_cursor_time(call),
        Operation::PullLogs => pull::pull_logs(call),
        Operation::GetLogs => search::get_logs(call).await,
        Operation::GetLogsV2 => search::get_logs_v2(call).await,
        _ => Err(Error::not_emulated(&call.call.method, &call.call.path)),
    }
}
