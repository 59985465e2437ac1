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
    /// The project's name.
    pub project: &'a str,
    /// The Logstore's name.
    pub logstore: &'a str,
    /// The shard in the path, or 0.
    pub shard: u32,
    /// The region the endpoint names, so that it serves no other.
    pub region: Option<&'a str>,
    /// Whether a write is carried out, and not only answered as if it were.
    pub is_applied: bool,
}

/// An operation on the logs in a Logstore.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DataOperation {
    /// `PutLogs`
    PutLogs,
    /// `GetCursor`
    GetCursor,
    /// `GetCursorTime`
    GetCursorTime,
    /// `PullLogs`
    PullLogs,
    /// `GetLogs`
    GetLogs,
    /// `GetLogsV2`
    GetLogsV2,
}

/// Carries out a call to the data plane.
///
/// # Errors
///
/// The service's own error.
pub async fn serve(operation: DataOperation, call: &DataCall<'_>) -> Result<Reply, Error> {
    match operation {
        DataOperation::PutLogs => put::put_logs(call).await,
        DataOperation::GetCursor => cursor::get_cursor(call),
        DataOperation::GetCursorTime => cursor::get_cursor_time(call),
        DataOperation::PullLogs => pull::pull_logs(call),
        DataOperation::GetLogs => search::get_logs(call).await,
        DataOperation::GetLogsV2 => search::get_logs_v2(call).await,
    }
}
