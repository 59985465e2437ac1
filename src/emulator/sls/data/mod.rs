//! The data plane: writing log groups, pulling them back, and searching them.
//!
//! A log group is kept as it was sent, one to a block, sealed where the Logstore's encryption is switched
//! on. Bodies are read and blocks are opened outside of any lock. Who appends to a shard waits for its turn; then a
//! block gets its place, is sealed and handed to the store. Nothing waits for a turn while a model is locked, and
//! nothing is locked while the store writes. What works on more than a few bytes or reads from the disk does so as
//! [`HeavyWork`](crate::heavy_work::HeavyWork). No index is needed to search: here that is a walk through all of a
//! Logstore.

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

use std::sync::Arc;

use crate::error::Error;
use crate::http::Reply;

pub use call::{DataCall, DataOperation};
pub use compression::Compression;
pub use target::check_readable;
pub use writers::Writers;
#[cfg(any(test, fuzzing))]
pub use {
    body::decompressed,
    log_group::{Log, LogGroup, Pair, push_group, validate},
    record::{Record, to_plaintext},
    search::{Query, entries},
};

/// Carries out a call to the data plane.
///
/// # Errors
///
/// The service's own error.
pub async fn serve(operation: DataOperation, call: DataCall) -> Result<Reply, Error> {
    let read = match operation {
        DataOperation::PutLogs => return put::put_logs(&call).await,
        DataOperation::GetCursor => cursor::get_cursor,
        DataOperation::GetCursorTime => cursor::get_cursor_time,
        DataOperation::PullLogs => pull::pull_logs,
        DataOperation::GetLogs => search::get_logs,
        DataOperation::GetLogsV2 => search::get_logs_v2,
    };
    let state = Arc::clone(&call.state);
    state.reading.share(None).await.run(move || read(&call)).await
}
