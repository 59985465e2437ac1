//! Shards: how they divide the space of hash keys, and how they are split and merged
//! (<https://www.alibabacloud.com/help/en/sls/product-overview/shard>).

use serde_json::{Value, json};

use super::context::{Outcome, Request};
use super::logstore::existing;
use super::model::{Logstore, Model, Shard, ShardStatus};
use crate::error::Error;
use crate::target::Query;

/// The most shards of a Logstore that take data.
const MOST_SHARDS: usize = 256;

impl Shard {
    /// Whether a hash key is in the shard's range.
    pub fn holds(&self, key: u128) -> bool {
        let is_before_end = key < self.exclusive_end_key || self.exclusive_end_key == u128::MAX;
        self.inclusive_begin_key <= key && is_before_end
    }

    /// The shard as `ListShards` answers.
    pub fn to_json(&self) -> Value {
        let status = match self.status {
            ShardStatus::ReadWrite => "readwrite",
            ShardStatus::ReadOnly => "readonly",
        };
        json!({
            "shardID": self.id,
            "status": status,
            "inclusiveBeginKey": format!("{:032x}", self.inclusive_begin_key),
            "exclusiveEndKey": format!("{:032x}", self.exclusive_end_key),
            "createTime": self.create_time,
        })
    }
}

impl Logstore {
    /// How many shards take data.
    pub fn open_shards(&self) -> usize {
        self.shards.iter().filter(|shard| shard.status == ShardStatus::ReadWrite).count()
    }

    /// Makes the shards what the member `shardCount` says: those there are, if there are so many; otherwise
    /// new ones in their place.
    pub fn fit_shards(&mut self, now: i64) {
        let count = self.members.get("shardCount").and_then(Value::as_u64);
        let count = count.and_then(|count| usize::try_from(count).ok()).unwrap_or_default();
        if (1..=MOST_SHARDS).contains(&count) && count != self.open_shards() {
            self.shards.iter_mut().for_each(|shard| shard.status = ShardStatus::ReadOnly);
            self.add_shards(&divided(0, u128::MAX, count), now);
        }
    }

    /// Adds shards between each two neighbours of `bounds`.
    fn add_shards(&mut self, bounds: &[u128], now: i64) {
        for range in bounds.windows(2) {
            let &[inclusive_begin_key, exclusive_end_key] = range else { continue };
            let id = self.shards.last().map_or(0, |shard| shard.id + 1);
            self.shards.push(Shard {
                id,
                status: ShardStatus::ReadWrite,
                inclusive_begin_key,
                exclusive_end_key,
                create_time: now,
            });
        }
    }

    /// Closes shards, opens others in their place, and answers with the new and the closed ones.
    fn replace_shards(&mut self, closed: &[u32], bounds: &[u128], now: i64) -> Value {
        let first_new = self.shards.len();
        for shard in self.shards.iter_mut().filter(|shard| closed.contains(&shard.id)) {
            shard.status = ShardStatus::ReadOnly;
        }
        self.add_shards(bounds, now);
        self.members.insert("shardCount".to_owned(), self.open_shards().into());
        let (old, new) = self.shards.split_at(first_new);
        let closed = old.iter().filter(|shard| closed.contains(&shard.id));
        closed.chain(new).map(Shard::to_json).collect()
    }
}

/// A shard by its id.
///
/// # Errors
///
/// `ShardNotExist`.
pub fn shard(shards: &[Shard], id: u32) -> Result<&Shard, Error> {
    shards.iter().find(|shard| shard.id == id).ok_or_else(|| Error::shard_not_exist(id))
}

/// Reads a hash key: 32 hexadecimal digits.
///
/// # Errors
///
/// `ParameterInvalid`.
pub fn read_key(text: &str) -> Result<u128, Error> {
    let is_key = text.len() == 32 && text.bytes().all(|digit| digit.is_ascii_hexdigit());
    let key = u128::from_str_radix(text, 16).ok().filter(|_| is_key);
    key.ok_or_else(|| Error::parameter_invalid(format!("Invalid hash key {text}.")))
}

/// `ListShards`.
///
/// # Errors
///
/// `ProjectNotExist`, `LogStoreNotExist`.
pub fn list(model: &Model, request: &Request<'_>) -> Outcome {
    let &Request { project, name, context, .. } = request;
    let logstore = existing(model, project, name, context)?;
    Ok(logstore.shards.iter().map(Shard::to_json).collect())
}

/// `SplitShard`: at `key`, into `shardCount` even parts, or in the middle.
///
/// # Errors
///
/// `ProjectNotExist`, `LogStoreNotExist`, `ShardNotExist`, `ParameterInvalid`, `ProjectQuotaExceed`.
pub fn split(model: &mut Model, request: &Request<'_>) -> Outcome {
    let &Request { project, name, shard: id, query, context, .. } = request;
    let mut logstore = existing(model, project, name, context)?.clone();
    let shard = writable(&logstore.shards, id)?;
    let bounds = split_bounds(shard, query)?;
    // One shard goes, and one comes between each two bounds.
    if logstore.open_shards() + bounds.len() - 2 > MOST_SHARDS {
        return Err(Error::project_quota_exceed());
    }
    let answer = logstore.replace_shards(&[id], &bounds, context.now);
    model.set_logstore(project, name, logstore);
    Ok(answer)
}

/// `MergeShards`: a shard and the one behind it.
///
/// # Errors
///
/// `ProjectNotExist`, `LogStoreNotExist`, `ShardNotExist`, `ParameterInvalid` for the last shard and for
/// one that takes no data.
pub fn merge(model: &mut Model, request: &Request<'_>) -> Outcome {
    let &Request { project, name, shard: id, context, .. } = request;
    let mut logstore = existing(model, project, name, context)?.clone();
    let left = writable(&logstore.shards, id)?;
    let right = logstore
        .shards
        .iter()
        .find(|right| {
            right.status == ShardStatus::ReadWrite && right.inclusive_begin_key == left.exclusive_end_key
        })
        .ok_or_else(|| Error::parameter_invalid("can not merge the last shard"))?;
    let (closed, bounds) = ([id, right.id], [left.inclusive_begin_key, right.exclusive_end_key]);
    let answer = logstore.replace_shards(&closed, &bounds, context.now);
    model.set_logstore(project, name, logstore);
    Ok(answer)
}

fn writable(shards: &[Shard], id: u32) -> Result<&Shard, Error> {
    let shard = shard(shards, id)?;
    match shard.status {
        ShardStatus::ReadWrite => Ok(shard),
        ShardStatus::ReadOnly => Err(Error::parameter_invalid(format!("shard {id} is readonly"))),
    }
}

/// Where the parts of a shard that is split begin and end.
fn split_bounds(shard: &Shard, query: &Query) -> Result<Vec<u128>, Error> {
    let (begin, end) = (shard.inclusive_begin_key, shard.exclusive_end_key);
    let given = |name: &str| query.get(name).filter(|value| !value.is_empty());
    if let Some(key) = given("key") {
        let key = read_key(key)?;
        if !(begin < key && key < end) {
            return Err(Error::parameter_invalid(format!("The key {key:032x} is not within the shard.")));
        }
        return Ok(vec![begin, key, end]);
    }
    let count = given("shardCount").map_or(Ok(2), str::parse);
    let count = count.ok().filter(|count| (2..=MOST_SHARDS).contains(count));
    let count = count.ok_or_else(|| Error::parameter_invalid("Invalid shardCount."))?;
    let bounds = divided(begin, end, count);
    if !bounds.is_sorted_by(|left, right| left < right) {
        return Err(Error::parameter_invalid("The shard is too small to be split."));
    }
    Ok(bounds)
}

/// The bounds of `count` even parts of a range, `begin` and `end` included. The largest key there is stands
/// for the end of the space, which is one behind it.
fn divided(begin: u128, end: u128, count: usize) -> Vec<u128> {
    let parts = count.max(1) as u128;
    let width = end - begin;
    let rest = width % parts + u128::from(end == u128::MAX);
    // Rounded down, like the width of a range whose end can be written.
    let step = (width / parts).saturating_add(rest / parts);
    let inner = (1..parts).map(|part| begin.saturating_add(step.saturating_mul(part)));
    std::iter::once(begin).chain(inner).chain([end]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Map;

    fn logstore(count: usize) -> Logstore {
        let members = Map::from_iter([("shardCount".to_owned(), count.into())]);
        let mut logstore = Logstore { members, ..Logstore::default() };
        logstore.fit_shards(7);
        logstore
    }

    fn ranges(logstore: &Logstore) -> Vec<(String, String)> {
        let shards = logstore.shards.iter().map(Shard::to_json);
        let text = |shard: &Value, name: &str| shard[name].as_str().unwrap().to_owned();
        shards.map(|shard| (text(&shard, "inclusiveBeginKey"), text(&shard, "exclusiveEndKey"))).collect()
    }

    #[test]
    fn two_shards_meet_in_the_middle() {
        let shard = |id, begin: &str, end: &str| {
            json!({"shardID": id, "status": "readwrite", "inclusiveBeginKey": begin, "exclusiveEndKey": end,
                "createTime": 7})
        };
        let middle = "80000000000000000000000000000000";
        let shards: Vec<Value> = logstore(2).shards.iter().map(Shard::to_json).collect();
        assert_eq!(
            shards,
            [
                shard(0, "00000000000000000000000000000000", middle),
                shard(1, middle, "ffffffffffffffffffffffffffffffff")
            ]
        );
    }

    #[test]
    fn shards_cover_every_key_once() {
        for count in [1, 2, 3, 7, 10, 256] {
            let logstore = logstore(count);
            assert_eq!((logstore.shards.len(), logstore.open_shards()), (count, count));
            let ranges = ranges(&logstore);
            assert!(ranges.windows(2).all(|pair| pair[0].1 == pair[1].0), "{count}");
            for key in [0, 1, u128::MAX / 3, u128::MAX / 2, u128::MAX - 1, u128::MAX] {
                assert_eq!(logstore.shards.iter().filter(|shard| shard.holds(key)).count(), 1, "{count}");
            }
        }
    }

    #[test]
    fn four_shards_begin_at_the_quarters() {
        let begins: Vec<String> = ranges(&logstore(4)).into_iter().map(|(begin, _)| begin).collect();
        let expected = ["0", "4", "8", "c"].map(|digit| format!("{digit:0<32}"));
        assert_eq!(begins, expected);
    }

    #[test]
    fn another_count_opens_new_shards_and_closes_the_old() {
        use ShardStatus::{ReadOnly, ReadWrite};
        let mut logstore = logstore(2);
        logstore.members.insert("shardCount".to_owned(), 3.into());
        logstore.fit_shards(8);
        let ids: Vec<_> = logstore.shards.iter().map(|shard| (shard.id, shard.status)).collect();
        assert_eq!(ids, [(0, ReadOnly), (1, ReadOnly), (2, ReadWrite), (3, ReadWrite), (4, ReadWrite)]);
        logstore.fit_shards(9);
        assert_eq!(logstore.shards.len(), 5);
    }

    #[test]
    fn splits_are_even_or_at_a_key_inside() {
        let whole = &logstore(1).shards[0];
        let bounds = |query: &str| split_bounds(whole, &Query::parse(query)).map_err(|error| error.code);
        let (half, quarter) = (1 << 127, 1 << 126);
        assert_eq!(bounds(""), Ok(vec![0, half, u128::MAX]));
        assert_eq!(bounds("shardCount=4"), Ok(vec![0, quarter, half, half + quarter, u128::MAX]));
        assert_eq!(bounds("key=0000000000000000000000000000000A"), Ok(vec![0, 10, u128::MAX]));
        for bad in [
            "key=00000000000000000000000000000000",
            "key=ffffffffffffffffffffffffffffffff",
            "key=+0000000000000000000000000000001",
            "key=1",
            "shardCount=1",
            "shardCount=257",
            "shardCount=x",
        ] {
            assert_eq!(bounds(bad), Err("ParameterInvalid".to_owned()), "{bad}");
        }
    }

    #[test]
    fn a_range_of_one_key_is_not_split() {
        let mut logstore = logstore(1);
        logstore.shards[0].exclusive_end_key = 1;
        assert!(split_bounds(&logstore.shards[0], &Query::default()).is_err());
    }
}
