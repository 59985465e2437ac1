//! A call to the data plane.

use std::sync::Arc;

use crate::http::Call;
use crate::state::State;

/// A call to the data plane that may be carried out.
#[derive(Clone, Debug)]
pub struct DataCall {
    /// Everything there is.
    pub state: Arc<State>,
    /// The call.
    pub call: Arc<Call>,
    /// The project's name.
    pub project: String,
    /// The Logstore's name.
    pub logstore: String,
    /// The shard in the path, or 0.
    pub shard: u32,
    /// The region the endpoint names, so that it serves no other.
    pub region: Option<String>,
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
