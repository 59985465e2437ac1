//! `PutLogs` (<https://www.alibabacloud.com/help/en/sls/developer-reference/api-sls-2020-12-30-putlogs>).

use std::sync::Arc;

use super::DataCall;
use super::body;
use super::log_group;
use super::record::to_plaintext;
use super::target::Target;
use super::writers::ShardWriter;
use crate::error::Error;
use crate::http::Reply;
use crate::sls::model::{Shard, ShardStatus};
use crate::sls::shards;
use storage::{DataKey, seal};

/// `PutLogs`: appends a log group to a shard, by turns or by the hash key of the call. It is durable when
/// this returns. A group without logs is taken and leaves nothing behind.
///
/// # Errors
///
/// `ProjectNotExist`, `LogStoreNotExist`, `ParameterInvalid` for a bad hash key, those of the body and of
/// the log group, and that the customer's key cannot be used.
pub async fn put_logs(call: &DataCall) -> Result<Reply, Error> {
    // Until it is durable, a group is in memory as it was sent, sealed, and as the store writes it.
    let share = call.state.writing.share(Some(body::announced_size(&call.call))).await;
    let (sent, clock) = (Arc::clone(&call.call), call.state.clock.clone());
    let (log_group, logs) = share
        .run(move || {
            let log_group = body::decompressed(&sent)?;
            let logs = log_group::validate(&log_group, &clock)?;
            Ok((log_group, logs))
        })
        .await?;
    let hash_key = hash_key(call)?;
    loop {
        let (target, writer) = find(call, hash_key)?;
        let Some(key) = sealing_key(call, &target)? else { continue };
        if !call.is_applied || logs == 0 {
            return Ok(Reply::empty());
        }
        let turn = writer.turn().await;
        let (state, group) = (Arc::clone(&call.state), log_group.clone());
        let appended = share.run(move || {
            let appended = turn.append(&state.store, |address| {
                // In this turn: receive times follow the order of the blocks.
                let plaintext = to_plaintext(state.clock.unix(), &group);
                seal(target.algorithm, &key, address, &plaintext)
            });
            appended.map_err(|error| Error::storage(&error))
        });
        if let Some(committed) = appended.await? {
            drop(log_group);
            let durable = call.state.wait_appended(committed).await;
            durable.map_err(|_| Error::internal_server_error())?;
            return Ok(Reply::empty());
        }
        // The shard was split, merged or deleted in between: look again.
    }
}

/// The hash key in the query of `/shards/route`: 32 hexadecimal digits.
fn hash_key(call: &DataCall) -> Result<Option<u128>, Error> {
    if !call.call.path.ends_with("/shards/route") {
        return Ok(None);
    }
    let text = call.call.query.get("key").unwrap_or_default();
    shards::read_key(text).map(Some)
}

/// The Logstore, and the writer of the shard the group goes to.
fn find(call: &DataCall, hash_key: Option<u128>) -> Result<(Target, Arc<ShardWriter>), Error> {
    let model = call.state.sls();
    let target = Target::find(call, &model)?;
    let number = target.owner.number;
    let open: Vec<&Shard> =
        target.shards.iter().filter(|shard| shard.status == ShardStatus::ReadWrite).collect();
    let shard = match hash_key {
        Some(key) => open.iter().find(|shard| shard.holds(key)),
        None if !call.is_applied => open.first(),
        None => open.get(call.state.writers.next_turn(number).checked_rem(open.len()).unwrap_or_default()),
    };
    let shard = shard.ok_or_else(|| {
        Error::new(400, "LogStoreWithoutShard", format!("logstore {} has no shard", call.logstore))
    })?;
    let writer = call.state.writers.shard_writer(number, shard.id);
    Ok((target, writer))
}

/// The key the group is sealed with. A data key that is made here is stored with the Logstore first;
/// `None` when another call was quicker, or the Logstore is another by now.
fn sealing_key(call: &DataCall, target: &Target) -> Result<Option<DataKey>, Error> {
    let keys = &call.state.data_keys;
    if target.algorithm.is_none() {
        return Ok(Some(keys.for_clear().clone()));
    }
    let owner = &target.owner;
    let (key, made) = keys.for_writing(&call.state.snapshot(), owner, target.data_key.as_ref())?;
    let Some(made) = made.filter(|_| call.is_applied) else { return Ok(Some(key)) };
    let mut model = call.state.sls();
    if !model.set_data_key(&owner.project, &owner.logstore, owner.number, made) {
        return Ok(None);
    }
    call.state.submit_changes(&mut model).map_err(|_| Error::internal_server_error())?;
    Ok(Some(key))
}
