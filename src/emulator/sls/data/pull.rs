//! `PullLogs` (<https://www.alibabacloud.com/help/en/sls/developer-reference/api-sls-2020-12-30-pulllogs>).

use std::ops::RangeInclusive;

use super::DataCall;
use super::compression::Compression;
use super::cursor::{Cursor, length};
use super::log_group::push_group;
use super::target::{Opener, Target};
use crate::error::Error;
use crate::http::Reply;

/// How many log groups a call may ask for.
const COUNT: RangeInclusive<u64> = 1..=1000;

/// About how many bytes of log groups one answer holds, but always one group at least.
const ANSWER: usize = 10 * 1024 * 1024;

/// `PullLogs`: the log groups from a cursor on, in the order they were written. Asked with `HEAD`, only the
/// headers.
///
/// # Errors
///
/// `ProjectNotExist`, `LogStoreNotExist`, `ShardNotExist`, `ParameterInvalid`, `NotSupported` for a
/// query, and that the customer's key cannot be used.
pub fn pull_logs(call: &DataCall) -> Result<Reply, Error> {
    let query = &call.call.query;
    let target = Target::find(call, &call.state.sls())?;
    let shard = target.shard(call)?.id;
    if query.get("query").is_some_and(|query| !query.is_empty()) {
        return Err(Error::not_emulated("query of", &call.call.path));
    }
    let count = query.get("count").and_then(|count| count.parse().ok()).filter(|count| COUNT.contains(count));
    let count = count.ok_or_else(|| Error::parameter_invalid("count must be within range [1, 1000]"))?;
    let mut opener = Opener::new(call, &target)?;
    let length = length(call, &target, shard)?;
    let Cursor(from) = Cursor::decode(query.get("cursor").unwrap_or_default(), length)?;
    let Cursor(end) = match query.get("end_cursor") {
        None | Some("") => Cursor(length),
        Some(cursor) => Cursor::decode(cursor, length)?,
    };
    let count = count.min(end.saturating_sub(from));
    let (list, groups) = list(call, &target, &mut opener, (shard, from), count)?;
    let next = Cursor(from + groups as u64);
    answer(call, list, groups, next)
}

/// The `LogGroupList` of the groups from a position on, and how many it has. Each block is let go of once it is in it.
fn list(
    call: &DataCall,
    target: &Target,
    opener: &mut Opener<'_>,
    (shard, from): (u32, u64),
    count: u64,
) -> Result<(Vec<u8>, usize), Error> {
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    if count == 0 {
        return Ok((Vec::new(), 0));
    }
    let blocks = call.state.store.blocks(target.address(shard, from), count, ANSWER);
    let blocks = blocks.map_err(|error| Error::storage(&error))?;
    let groups = blocks.len();
    // There is more around a group in its block than in the list.
    let mut list = Vec::with_capacity(blocks.iter().map(|(_, block)| block.len()).sum());
    for (address, block) in blocks {
        push_group(&mut list, &opener.open(address, &block)?.log_group);
    }
    Ok((list, groups))
}

/// What SDKs read are the headers: without the next cursor, the count and the size they do not go on.
fn answer(call: &DataCall, list: Vec<u8>, groups: usize, next: Cursor) -> Result<Reply, Error> {
    let size = list.len();
    let compression = Compression::accepted(call.call.header("accept-encoding"));
    let body = match compression {
        _ if call.call.method == "HEAD" || list.is_empty() => Vec::new(),
        Some(compression) => compression.compress(&list).map_err(|error| Error::compression(&error))?,
        None => list,
    };
    let mut reply = Reply::raw(200, "application/x-protobuf", body)
        .with_header("x-log-cursor", next.encode())
        .with_header("x-log-count", groups.to_string())
        .with_header("x-log-bodyrawsize", size.to_string());
    if let Some(compression) = compression {
        reply = reply.with_header("x-log-compresstype", compression.name().to_owned());
    }
    Ok(reply)
}
