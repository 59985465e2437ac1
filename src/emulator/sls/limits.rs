//! The ranges of a Logstore's members
//! (<https://www.alibabacloud.com/help/en/sls/developer-reference/api-sls-2020-12-30-createlogstore>).

use std::ops::RangeInclusive;

use serde_json::{Map, Value};

use super::violation::{Violation, missing};

/// Days of `ttl`; 3650 means for ever.
const TTL: RangeInclusive<i64> = 1..=3650;
/// Shards a Logstore may be made with.
const SHARD_COUNT: RangeInclusive<i64> = 1..=256;
/// Shards automatic splitting may reach.
const MAX_SPLIT_SHARD: RangeInclusive<i64> = 1..=256;
/// Least days of `hot_ttl`, unless it says "all of them".
const LEAST_HOT_TTL: i64 = 7;
/// Values of `hot_ttl` that mean "all of `ttl`".
const ALL_HOT: [i64; 2] = [-1, 0];
/// Least days of `infrequentAccessTTL`, unless it is 0.
const LEAST_INFREQUENT_TTL: i64 = 30;
/// Least days that may remain for the archive, unless none remain.
const LEAST_ARCHIVE_TTL: i64 = 60;
/// The modes; `lite` is an older word for `query`.
const MODES: [&str; 3] = ["standard", "query", "lite"];

/// Checks the number of shards of a Logstore that is made; later it does not change by updates.
///
/// # Errors
///
/// When there are too few or too many.
pub fn check_shard_count(logstore: &Map<String, Value>) -> Result<(), Violation> {
    if integer(logstore, "shardCount").is_some_and(|count| SHARD_COUNT.contains(&count)) {
        return Ok(());
    }
    Err(Violation::new("shardCount", "shardCount must be within range [1, 256]"))
}

/// Checks the members of a whole Logstore that have a range.
///
/// # Errors
///
/// The first member out of its range.
pub fn validate(logstore: &Map<String, Value>) -> Result<(), Violation> {
    let ttl = integer(logstore, "ttl").ok_or_else(|| missing("ttl"))?;
    if !TTL.contains(&ttl) {
        return Err(Violation::new("ttl", "ttl value is out of range"));
    }
    check_split(logstore)?;
    check_tiers(logstore, ttl)?;
    let mode = logstore.get("mode").and_then(Value::as_str).unwrap_or_default();
    if !MODES.contains(&mode) {
        return Err(Violation::new("mode", format!("mode {mode} is not supported")));
    }
    Ok(())
}

fn check_split(logstore: &Map<String, Value>) -> Result<(), Violation> {
    let splits = logstore.get("autoSplit").and_then(Value::as_bool).unwrap_or_default();
    let limit = integer(logstore, "maxSplitShard");
    if splits && !limit.is_some_and(|limit| MAX_SPLIT_SHARD.contains(&limit)) {
        return Err(Violation::new("maxSplitShard", "maxSplitShard must be within range [1, 256]"));
    }
    Ok(())
}

/// Days pass from hot storage through infrequent access to the archive.
fn check_tiers(logstore: &Map<String, Value>, ttl: i64) -> Result<(), Violation> {
    let hot = integer(logstore, "hot_ttl").filter(|days| !ALL_HOT.contains(days));
    if hot.is_some_and(|days| !(LEAST_HOT_TTL..=ttl).contains(&days)) {
        return Err(Violation::new("hot_ttl", "hot_ttl value is out of range"));
    }
    let Some(infrequent) = integer(logstore, "infrequentAccessTTL") else { return Ok(()) };
    if infrequent != 0 && infrequent < LEAST_INFREQUENT_TTL {
        return Err(Violation::new("infrequentAccessTTL", "infrequentAccessTTL must large than 30"));
    }
    let Some(hot) = hot else { return Ok(()) };
    let archive = ttl.saturating_sub(hot).saturating_sub(infrequent);
    if archive != 0 && archive < LEAST_ARCHIVE_TTL {
        return Err(Violation::new("infrequentAccessTTL", "archiveTTL must large than 60"));
    }
    Ok(())
}

fn integer(logstore: &Map<String, Value>, name: &str) -> Option<i64> {
    logstore.get(name).and_then(Value::as_i64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn with(change: Value) -> Map<String, Value> {
        let start =
            json!({"ttl": 30, "shardCount": 2, "autoSplit": false, "maxSplitShard": 64, "mode": "standard"});
        let mut logstore: Map<String, Value> = serde_json::from_value(start).unwrap();
        logstore.extend(serde_json::from_value::<Map<String, Value>>(change).unwrap());
        logstore
    }

    #[track_caller]
    fn refused(change: Value, message: &str) {
        assert_eq!(validate(&with(change)).unwrap_err().message, message);
    }

    #[track_caller]
    fn accepted(change: Value) {
        assert_eq!(validate(&with(change)), Ok(()));
    }

    #[test]
    fn values_out_of_range_are_refused() {
        for ttl in [0, -1, 3651] {
            refused(json!({"ttl": ttl}), "ttl value is out of range");
        }
        for limit in [0, 257] {
            refused(
                json!({"autoSplit": true, "maxSplitShard": limit}),
                "maxSplitShard must be within range [1, 256]",
            );
        }
        for days in [-2, 6, 31] {
            refused(json!({"hot_ttl": days}), "hot_ttl value is out of range");
        }
        refused(json!({"infrequentAccessTTL": 29}), "infrequentAccessTTL must large than 30");
        refused(
            json!({"ttl": 119, "hot_ttl": 30, "infrequentAccessTTL": 30}),
            "archiveTTL must large than 60",
        );
        refused(
            json!({"ttl": 50, "hot_ttl": 30, "infrequentAccessTTL": 30}),
            "archiveTTL must large than 60",
        );
        refused(json!({"mode": "fast"}), "mode fast is not supported");
    }

    #[test]
    fn values_at_the_edge_and_with_a_meaning_of_their_own_are_accepted() {
        accepted(json!({"ttl": 1}));
        accepted(json!({"ttl": 3650}));
        accepted(json!({"autoSplit": true, "maxSplitShard": 256}));
        accepted(json!({"maxSplitShard": -1}));
        for days in [-1, 0, 7, 30] {
            accepted(json!({"hot_ttl": days}));
        }
        accepted(json!({"ttl": 60, "hot_ttl": 30, "infrequentAccessTTL": 30}));
        accepted(json!({"ttl": 120, "hot_ttl": 30, "infrequentAccessTTL": 30}));
        accepted(json!({"ttl": 90, "hot_ttl": 30, "infrequentAccessTTL": 0}));
        accepted(json!({"mode": "lite"}));
    }

    #[test]
    fn a_logstore_is_made_with_1_to_256_shards() {
        for (count, good) in [(0, false), (1, true), (256, true), (257, false)] {
            assert_eq!(check_shard_count(&with(json!({"shardCount": count}))).is_ok(), good, "{count}");
        }
    }
}
