//! The data plane: writing log groups, pulling them back, and searching them.
//!
//! A log group is kept as it was sent, one to a block, sealed where the Logstore's encryption is switched
//! on. Bodies are read and blocks are opened outside of any lock; a shard is locked while a block gets its
//! place, is sealed and handed to the store; nothing is locked while the store writes. No index is needed
//! to search: here that is a walk through all of a Logstore.

mod body;
mod call;
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

use crate::error::Error;
use crate::http::Reply;

pub use call::{DataCall, DataOperation};
pub use compression::Compression;
pub use writers::Writers;

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
