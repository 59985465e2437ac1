//! Logs without a signed call: what the control API writes and reads for people who have no SDK at hand. The data
//! plane does the rest as always, sealing and keys included.

use std::sync::Arc;

use axum::body::Bytes;
use hyper::Request;
use prost::Message as _;
use serde_json::{Map, Value};

use super::log_group::{Log, LogGroup, Pair};
use super::{DataCall, DataOperation, serve};
use crate::error::Error;
use crate::http::{Call, Reply};
use crate::state::State;

/// Logs that are given back at most, the newest.
const NEWEST: usize = 100;

/// Writes logs of this moment to a Logstore, as one log group.
///
/// # Errors
///
/// Those of `PutLogs`.
pub async fn put(
    state: &Arc<State>,
    project: &str,
    logstore: &str,
    logs: &[Map<String, Value>],
) -> Result<(), Error> {
    let time = u32::try_from(state.clock.unix()).unwrap_or(u32::MAX);
    let logs = logs.iter().map(|members| Log { time: Some(time), contents: pairs(members), time_ns: None });
    let body = LogGroup { logs: logs.collect(), ..LogGroup::default() }.encode_to_vec();
    let path = format!("/logstores/{logstore}/shards/lb");
    serve_directly(state, DataOperation::PutLogs, (project, logstore), ("POST", &path), body).await.map(drop)
}

/// The newest logs of a Logstore, as `GetLogs` gives them.
///
/// # Errors
///
/// Those of `GetLogs`.
pub async fn newest(state: &Arc<State>, project: &str, logstore: &str) -> Result<Value, Error> {
    // Logs may be of a moment that is a little ahead of the clock.
    let until = state.clock.unix().saturating_add(24 * 60 * 60);
    let target = format!("/logstores/{logstore}?type=log&from=0&to={until}&line={NEWEST}&reverse=true");
    let reply =
        serve_directly(state, DataOperation::GetLogs, (project, logstore), ("GET", &target), Vec::new())
            .await?;
    serde_json::from_slice(&reply.body).map_err(|_| Error::internal_server_error())
}

fn pairs(members: &Map<String, Value>) -> Vec<Pair> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let pair = |(key, value): (&String, &Value)| Pair {
        key: Some(key.clone().into_bytes()),
        value: Some(text(value).into_bytes()),
    };
    members.iter().map(pair).collect()
}

/// Serves an operation on data that does not come over HTTP, as [`serve`] serves one that does.
async fn serve_directly(
    state: &Arc<State>,
    operation: DataOperation,
    (project, logstore): (&str, &str),
    (method, target): (&str, &str),
    body: Vec<u8>,
) -> Result<Reply, Error> {
    let request = Request::builder()
        .method(method)
        .uri(target)
        .header("content-type", "application/x-protobuf")
        .header("x-log-bodyrawsize", body.len());
    let (head, ()) = request.body(()).map_err(|_| Error::logstore_not_exist(logstore))?.into_parts();
    let call = DataCall {
        state: Arc::clone(state),
        call: Arc::new(Call::new(&head, Bytes::from(body))),
        project: project.to_owned(),
        logstore: logstore.to_owned(),
        shard: 0,
        region: None,
        is_applied: true,
    };
    serve(operation, call).await
}
