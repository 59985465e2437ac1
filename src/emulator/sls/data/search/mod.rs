//! `GetLogs` and `GetLogsV2`: searching a Logstore's logs
//! (<https://www.alibabacloud.com/help/en/sls/developer-reference/api-sls-2020-12-30-getlogsv2>).
//!
//! The logs of a time range that a query matches, ordered by time. What the service needs an index for is
//! done here by reading everything; analysis (`query | SQL`) is not emulated.

mod matching;
mod query;
mod request;

use std::time::Instant;

use serde_json::{Map, Value, json};

use super::DataCall;
use super::compression::Compression;
use super::cursor::length;
use super::target::{Opener, Target};
use crate::error::Error;
use crate::http::Reply;
pub use matching::{Entry, entries};
#[cfg(any(test, fuzzing))]
pub use query::Query;
use request::Request;

/// How many blocks are read at once.
const BLOCKS: usize = 100;

/// About how many bytes of blocks are read at once.
const BYTES: usize = 1024 * 1024;

/// About how many bytes of logs a search holds. The emulator has this bound to keep within its memory.
const HELD: usize = 64 * 1024 * 1024;

/// How many logs more than wanted are held before those that are not wanted are let go of.
const SURPLUS: usize = 1_000;

/// `GetLogs`: the logs as an array; progress and count in headers.
///
/// # Errors
///
/// `ProjectNotExist`, `LogStoreNotExist`, those of the parameters, and that the customer's key cannot be
/// used.
pub fn get_logs(call: &DataCall) -> Result<Reply, Error> {
    let request = Request::from_query(&call.call.query)?;
    let started = Instant::now();
    let found = search(call, &request)?;
    Ok(Reply::json(200, &found.to_json())
        .with_header("x-log-progress", "Complete".to_owned())
        .with_header("x-log-count", found.logs.len().to_string())
        .with_header("x-log-processed-rows", found.rows.to_string())
        .with_header("x-log-elapsed-millisecond", started.elapsed().as_millis().to_string())
        .with_header("x-log-has-sql", "false".to_owned()))
}

/// `GetLogsV2`: the logs as `data` beside a `meta`, compressed when the client asks for it.
///
/// # Errors
///
/// As for [`get_logs`].
pub fn get_logs_v2(call: &DataCall) -> Result<Reply, Error> {
    let body: Map<String, Value> =
        serde_json::from_slice(&call.call.body).map_err(|_| Error::post_body_invalid())?;
    let request = Request::from_body(&body)?;
    let started = Instant::now();
    let found = search(call, &request)?;
    let meta = json!({
        "progress": "Complete",
        "count": found.logs.len(),
        "processedRows": found.rows,
        "processedBytes": found.bytes,
        "elapsedMillisecond": u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
        "hasSQL": false,
        "isAccurate": true,
        "whereQuery": request.text,
        "aggQuery": "",
        "cpuSec": 0,
        "cpuCores": 0,
        "mode": 0,
    });
    let reply = Reply::json(200, &json!({"meta": meta, "data": found.to_json()}));
    match Compression::accepted(call.call.header("accept-encoding")) {
        Some(compression) => compressed(reply, compression),
        None => Ok(reply),
    }
}

fn compressed(reply: Reply, compression: Compression) -> Result<Reply, Error> {
    let size = reply.body.len();
    let body = compression.compress(&reply.body).map_err(|error| Error::compression(&error))?;
    Ok(Reply { body, ..reply }
        .with_header("x-log-bodyrawsize", size.to_string())
        .with_header("x-log-compresstype", compression.name().to_owned()))
}

/// What a search found.
#[derive(Debug, Default)]
struct Found {
    logs: Vec<Entry>,
    /// How many logs were read.
    rows: usize,
    /// How many bytes of log groups were read.
    bytes: usize,
}

impl Found {
    fn to_json(&self) -> Value {
        self.logs.iter().map(Entry::to_json).collect()
    }
}

fn search(call: &DataCall, request: &Request) -> Result<Found, Error> {
    let target = Target::find(call, &call.state.sls())?;
    let mut opener = Opener::new(call, &target)?;
    let mut found = Found::default();
    for shard in &target.shards {
        let end = length(call, &target, shard.id)?;
        let mut position = 0;
        while position < end {
            let from = target.address(shard.id, position);
            let blocks =
                call.state.store.blocks(from, BLOCKS, BYTES).map_err(|error| Error::storage(&error))?;
            if blocks.is_empty() {
                break;
            }
            position += blocks.len() as u64;
            for (address, block) in blocks {
                look_into(&opener.open(address, &block)?.log_group, request, &mut found)?;
            }
            keep_first(&mut found.logs, request);
            if found.logs.iter().map(Entry::size).sum::<usize>() > HELD {
                return Err(holds_too_much());
            }
        }
    }
    if request.reverse {
        found.logs.reverse();
    }
    found.logs.drain(..request.offset.min(found.logs.len()));
    Ok(found)
}

fn look_into(log_group: &[u8], request: &Request, found: &mut Found) -> Result<(), Error> {
    // It was checked before it was stored.
    let damaged = |_| Error::internal_server_error();
    let entries = entries(log_group).map_err(damaged)?;
    found.bytes += log_group.len();
    let most = wanted(request).saturating_add(SURPLUS);
    for entry in entries {
        let entry = entry.map_err(damaged)?;
        found.rows += 1;
        if request.wants(&entry) {
            found.logs.push(entry);
        }
        if found.logs.len() > most {
            keep_first(&mut found.logs, request);
        }
    }
    Ok(())
}

/// How many logs have to be held to find those that are asked for.
fn wanted(request: &Request) -> usize {
    request.offset.saturating_add(request.line)
}

fn holds_too_much() -> Error {
    let message = format!(
        "The emulator holds at most {HELD} bytes of logs for a search, those that offset skips included. Ask for fewer."
    );
    Error::new(400, "InvalidOffset", message)
}

/// Orders logs by time, those of one time as they were written, and lets go of those that cannot be among
/// the ones asked for: what a search holds does not grow with what it finds.
fn keep_first(logs: &mut Vec<Entry>, request: &Request) {
    logs.sort_by_key(Entry::moment);
    let wanted = wanted(request);
    if request.reverse {
        logs.drain(..logs.len().saturating_sub(wanted));
    } else {
        logs.truncate(wanted);
    }
}
