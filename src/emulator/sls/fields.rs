//! The members of a Logstore: types, starting values, and what an update does with each
//! (<https://www.alibabacloud.com/help/en/sls/developer-reference/api-sls-2020-12-30-struct-logstore>).

use serde_json::{Map, Value, json};

use super::limits;
use super::violation::{Violation, missing};
use crate::Rules;
use crate::error::Error;
use crate::json::kind_of;

/// The JSON type of a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A string.
    Text,
    /// A list of strings.
    Texts,
    /// A whole number.
    Integer,
    /// `true` or `false`.
    Flag,
    /// An object.
    Object,
}

/// What an update does with a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum OnUpdate {
    /// Sets it.
    Sets,
    /// Accepts and ignores it.
    Ignores,
    /// Has no such member: ignores it, or refuses it where unknown members are refused.
    Lacks,
}

/// The value of a member that was never set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Initial {
    Absent,
    Text(&'static str),
    Integer(i64),
    Flag(bool),
    UnlimitedQuota,
}

#[derive(Debug)]
struct Field {
    name: &'static str,
    kind: Kind,
    /// Whether CreateLogStore takes it.
    on_create: bool,
    on_update: OnUpdate,
    initial: Initial,
}

const fn field(
    name: &'static str,
    kind: Kind,
    on_create: bool,
    on_update: OnUpdate,
    initial: Initial,
) -> Field {
    Field { name, kind, on_create, on_update, initial }
}

const FIELDS: [Field; 20] = {
    use Initial::{Absent, UnlimitedQuota};
    use Kind::{Flag, Integer, Object, Text};
    use OnUpdate::{Ignores, Lacks, Sets};
    [
        field("logstoreName", Text, true, Ignores, Absent),
        field("ttl", Integer, true, Sets, Initial::Integer(30)),
        // Shards are split and merged, not set.
        field("shardCount", Integer, true, Ignores, Initial::Integer(2)),
        field("enable_tracking", Flag, true, Sets, Initial::Flag(false)),
        field("autoSplit", Flag, true, Sets, Initial::Flag(false)),
        field("maxSplitShard", Integer, true, Sets, Initial::Integer(0)),
        field("appendMeta", Flag, true, Sets, Initial::Flag(false)),
        field("telemetryType", Text, true, Ignores, Initial::Text("")),
        field("hot_ttl", Integer, true, Sets, Absent),
        field("infrequentAccessTTL", Integer, true, Sets, Absent),
        field("mode", Text, true, Sets, Initial::Text("standard")),
        field(ENCRYPT_CONF, Object, true, Sets, Absent),
        field("shardingPolicy", Object, true, Sets, Absent),
        field("processorId", Text, true, Lacks, Absent),
        field("resourceGroupId", Text, true, Lacks, Absent),
        field("enableModify", Flag, true, Lacks, Absent),
        field("createTime", Integer, false, Lacks, Initial::Integer(0)),
        field("lastModifyTime", Integer, false, Lacks, Initial::Integer(0)),
        field("productType", Text, false, Lacks, Initial::Text("")),
        field("resourceQuota", Object, false, Lacks, UnlimitedQuota),
    ]
};

/// The member that holds the encryption configuration; its rules are in `encryption`.
pub const ENCRYPT_CONF: &str = "encrypt_conf";

/// Checks the JSON type of every known member.
///
/// # Errors
///
/// The first member of another type.
pub fn check_types(members: &Map<String, Value>) -> Result<(), Violation> {
    for (name, value) in members {
        let Some(field) = field_named(name) else { continue };
        field.kind.check(name, value)?;
    }
    Ok(())
}

/// The members a new Logstore has, from what CreateLogStore was given. `encrypt_conf` is left to
/// `encryption`.
///
/// # Errors
///
/// A required member is missing, a type is wrong, a value is out of range, or, where unknown members are
/// refused, one is not CreateLogStore's.
pub fn created(body: &Map<String, Value>, rules: Rules, now: i64) -> Result<Map<String, Value>, Error> {
    check_types(body)?;
    let is_known = |name: &str| field_named(name).is_some_and(|field| field.on_create);
    check_redundancy(body, rules, is_known)?;
    for required in ["logstoreName", "ttl", "shardCount"] {
        if !body.contains_key(required) {
            return Err(missing(required).into());
        }
    }
    check_split_limit(body)?;
    let taken = body.iter().filter(|(name, _)| is_known(name) && *name != ENCRYPT_CONF);
    let mut logstore = taken.map(|(name, value)| (name.clone(), value.clone())).collect();
    fill_in(&mut logstore);
    logstore.insert("createTime".to_owned(), now.into());
    logstore.insert("lastModifyTime".to_owned(), now.into());
    limits::check_shard_count(&logstore)?;
    limits::validate(&logstore)?;
    Ok(logstore)
}

/// The members a Logstore has after an update. A member that was left out is reset to its initial
/// value, or keeps its value where the rules are lenient. Unknown members stay, and take the
/// value the update carries if it carries one. `encrypt_conf` is left to `encryption`.
///
/// # Errors
///
/// `ttl` is missing, a type is wrong, a value is out of range, or, where unknown members are refused,
/// one is not UpdateLogStore's.
pub fn updated(
    stored: &Map<String, Value>,
    body: &Map<String, Value>,
    rules: Rules,
    now: i64,
) -> Result<Map<String, Value>, Error> {
    check_types(body)?;
    check_redundancy(body, rules, |name| {
        field_named(name).is_some_and(|field| field.on_update != OnUpdate::Lacks)
    })?;
    if !body.contains_key("ttl") {
        return Err(missing("ttl").into());
    }
    if rules != Rules::Lenient {
        check_split_limit(body)?;
    }
    let mut logstore = stored.clone();
    for field in FIELDS.iter().filter(|field| field.on_update == OnUpdate::Sets && field.name != ENCRYPT_CONF)
    {
        match body.get(field.name).cloned().or_else(|| field.initial.value()) {
            _ if rules == Rules::Lenient && !body.contains_key(field.name) => {}
            Some(value) => drop(logstore.insert(field.name.to_owned(), value)),
            None => drop(logstore.remove(field.name)),
        }
    }
    for (name, value) in body.iter().filter(|(name, _)| field_named(name).is_none()) {
        if let Some(kept) = logstore.get_mut(name) {
            *kept = value.clone();
        }
    }
    clear_unused_split_limit(&mut logstore);
    logstore.insert("lastModifyTime".to_owned(), now.into());
    limits::validate(&logstore)?;
    Ok(logstore)
}

/// Gives every member that is always there its initial value, where it has none or can have no other.
pub fn fill_in(logstore: &mut Map<String, Value>) {
    for field in &FIELDS {
        if let Some(value) = field.initial.value()
            && !logstore.contains_key(field.name)
        {
            logstore.insert(field.name.to_owned(), value);
        }
    }
    clear_unused_split_limit(logstore);
}

/// The service answers 0 as the limit of a Logstore that is not split automatically, whatever it was given: see the
/// acceptance tests of `alicloud_log_store` in aliyun/terraform-provider-alicloud, which run on the real service.
fn clear_unused_split_limit(logstore: &mut Map<String, Value>) {
    if logstore.get("autoSplit") != Some(&Value::Bool(true)) {
        logstore.insert("maxSplitShard".to_owned(), 0.into());
    }
}

/// Automatic splitting needs to be told where to stop.
fn check_split_limit(body: &Map<String, Value>) -> Result<(), Violation> {
    let splits = body.get("autoSplit") == Some(&Value::Bool(true));
    if splits && !body.contains_key("maxSplitShard") {
        return Err(missing("maxSplitShard"));
    }
    Ok(())
}

fn check_redundancy(
    body: &Map<String, Value>,
    rules: Rules,
    is_known: impl Fn(&str) -> bool,
) -> Result<(), Error> {
    if rules == Rules::Strict && body.keys().any(|name| !is_known(name)) {
        return Err(Error::redundant_key());
    }
    Ok(())
}

fn field_named(name: &str) -> Option<&'static Field> {
    FIELDS.iter().find(|field| field.name == name)
}

impl Kind {
    /// Checks that a member has this type.
    ///
    /// # Errors
    ///
    /// It has another one.
    pub fn check(self, name: &str, value: &Value) -> Result<(), Violation> {
        if self.fits(value) {
            return Ok(());
        }
        let (expected, found) = (self.in_words(), kind_of(value));
        Err(Violation::new(name, format!("[{name}] must be {expected}, not {found}")))
    }

    /// Whether a value has this type.
    pub fn fits(self, value: &Value) -> bool {
        match self {
            Self::Text => value.is_string(),
            Self::Texts => value.as_array().is_some_and(|texts| texts.iter().all(Value::is_string)),
            Self::Integer => value.is_i64(),
            Self::Flag => value.is_boolean(),
            Self::Object => value.is_object(),
        }
    }

    fn in_words(self) -> &'static str {
        match self {
            Self::Text => "a string",
            Self::Texts => "a list of strings",
            Self::Integer => "an integer",
            Self::Flag => "a boolean",
            Self::Object => "an object",
        }
    }
}

impl Initial {
    fn value(self) -> Option<Value> {
        match self {
            Self::Absent => None,
            Self::Text(text) => Some(text.into()),
            Self::Integer(number) => Some(number.into()),
            Self::Flag(flag) => Some(flag.into()),
            Self::UnlimitedQuota => Some(json!({"storage": {"preserved": -1, "used": 0}})),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members(value: Value) -> Map<String, Value> {
        serde_json::from_value(value).unwrap()
    }

    fn stored() -> Map<String, Value> {
        let body = members(json!({
            "logstoreName": "app", "ttl": 90, "shardCount": 2, "hot_ttl": 30, "appendMeta": true,
            "processorId": "p-1", "resourceGroupId": "rg-1", "enableModify": true,
        }));
        let mut stored = created(&body, Rules::Default, 1_000).unwrap();
        stored.insert("futureField".to_owned(), json!({"deep": [1]}));
        stored
    }

    #[track_caller]
    fn refused(change: Value, message: &str) {
        let mut body = members(json!({"logstoreName": "app", "ttl": 30, "shardCount": 2}));
        body.extend(members(change));
        let created = created(&body, Rules::Default, 0).unwrap_err();
        assert_eq!((created.status, created.code.as_str()), (400, "LogStoreInfoInvalid"));
        assert_eq!(created.message, message);
        let updated = updated(&stored(), &body, Rules::Default, 0).unwrap_err();
        assert_eq!(updated, created);
    }

    #[test]
    fn a_new_logstore_has_every_member_get_promises() {
        let body = members(json!({"logstoreName": "app", "ttl": 30, "shardCount": 2}));
        let expected = json!({
            "logstoreName": "app", "ttl": 30, "shardCount": 2, "enable_tracking": false, "autoSplit": false,
            "maxSplitShard": 0, "appendMeta": false, "telemetryType": "", "mode": "standard",
            "createTime": 7, "lastModifyTime": 7, "productType": "",
            "resourceQuota": {"storage": {"preserved": -1, "used": 0}},
        });
        assert_eq!(Value::Object(created(&body, Rules::Default, 7).unwrap()), expected);
    }

    #[test]
    fn wrong_types_name_the_member() {
        refused(json!({"ttl": "30"}), "[ttl] must be an integer, not a string");
        refused(json!({"ttl": 30.0}), "[ttl] must be an integer, not a number");
        refused(json!({"hot_ttl": u64::MAX}), "[hot_ttl] must be an integer, not a number");
        refused(json!({"autoSplit": "true"}), "[autoSplit] must be a boolean, not a string");
        refused(json!({"hot_ttl": null}), "[hot_ttl] must be an integer, not null");
        refused(json!({"encrypt_conf": "default"}), "[encrypt_conf] must be an object, not a string");
        refused(json!({"telemetryType": 1}), "[telemetryType] must be a string, not a number");
    }

    #[test]
    fn required_members_are_required() {
        for required in ["logstoreName", "ttl", "shardCount"] {
            let mut body = members(json!({"logstoreName": "app", "ttl": 30, "shardCount": 2}));
            body.remove(required);
            let error = created(&body, Rules::Default, 0).unwrap_err();
            assert_eq!(error.message, format!("The logstore info is invalid, [{required}] key is missing"));
        }
        let error = updated(&stored(), &Map::new(), Rules::Lenient, 0).unwrap_err();
        assert_eq!(error.message, "The logstore info is invalid, [ttl] key is missing");
    }

    #[test]
    fn automatic_splitting_needs_its_limit() {
        refused(json!({"autoSplit": true}), "The logstore info is invalid, [maxSplitShard] key is missing");
        let body = members(json!({"ttl": 90, "autoSplit": true}));
        let error = updated(&stored(), &body, Rules::Lenient, 0).unwrap_err();
        assert_eq!(error.message, "maxSplitShard must be within range [1, 256]");
    }

    #[test]
    fn without_automatic_splitting_the_limit_is_0_whatever_was_sent() {
        let splitting =
            json!({"logstoreName": "app", "ttl": 90, "shardCount": 2, "autoSplit": true, "maxSplitShard": 8});
        let splitting = created(&members(splitting), Rules::Default, 0).unwrap();
        assert_eq!(splitting["maxSplitShard"], 8);
        for change in [
            json!({"autoSplit": false}),
            json!({"autoSplit": false, "maxSplitShard": 0}),
            json!({"autoSplit": false, "maxSplitShard": -1}),
            json!({"autoSplit": false, "maxSplitShard": 64}),
        ] {
            let mut body = members(json!({"logstoreName": "app", "ttl": 90, "shardCount": 2}));
            body.extend(members(change.clone()));
            let mut seeded = body.clone();
            fill_in(&mut seeded);
            for rules in [Rules::Default, Rules::Lenient, Rules::Strict] {
                let made = created(&body, rules, 0).unwrap();
                let stopped = updated(&splitting, &body, rules, 0).unwrap();
                for logstore in [&made, &stopped, &seeded] {
                    assert_eq!(logstore["maxSplitShard"], 0, "{change} {rules:?}");
                }
            }
        }
        let left_out = updated(&splitting, &members(json!({"ttl": 90})), Rules::Default, 0).unwrap();
        assert_eq!((&left_out["autoSplit"], &left_out["maxSplitShard"]), (&json!(false), &json!(0)));
        let kept = updated(&splitting, &members(json!({"ttl": 90})), Rules::Lenient, 0).unwrap();
        assert_eq!((&kept["autoSplit"], &kept["maxSplitShard"]), (&json!(true), &json!(8)));
    }

    #[test]
    fn limits_hold_for_creating_and_updating() {
        refused(json!({"ttl": 0}), "ttl value is out of range");
        refused(json!({"hot_ttl": 31}), "hot_ttl value is out of range");
    }

    #[test]
    fn an_update_resets_what_it_leaves_out() {
        let next = updated(&stored(), &members(json!({"ttl": 90})), Rules::Default, 2_000).unwrap();
        assert_eq!(next["appendMeta"], false);
        assert!(!next.contains_key("hot_ttl"));
        assert_eq!(next["lastModifyTime"], 2_000);
        assert_eq!(next["createTime"], 1_000);
    }

    #[test]
    fn a_lenient_update_keeps_what_it_leaves_out() {
        let next = updated(&stored(), &members(json!({"ttl": 91})), Rules::Lenient, 0).unwrap();
        assert_eq!(next["appendMeta"], true);
        assert_eq!(next["hot_ttl"], 30);
        assert_eq!(next["ttl"], 91);
    }

    #[test]
    fn an_update_never_changes_what_it_cannot_set() {
        let body = members(json!({
            "ttl": 90, "shardCount": 9, "telemetryType": "Metrics", "processorId": "p-2",
            "resourceGroupId": "rg-2", "enableModify": false, "productType": "x", "createTime": 5,
            "resourceQuota": {},
        }));
        for rules in [Rules::Default, Rules::Lenient] {
            let next = updated(&stored(), &body, rules, 0).unwrap();
            for name in [
                "shardCount",
                "telemetryType",
                "processorId",
                "resourceGroupId",
                "enableModify",
                "productType",
                "createTime",
                "resourceQuota",
            ] {
                assert_eq!(next[name], stored()[name], "{name}");
            }
        }
    }

    #[test]
    fn members_nobody_knows_survive_and_can_be_set() {
        let kept = updated(&stored(), &members(json!({"ttl": 90, "other": 1})), Rules::Default, 0).unwrap();
        assert_eq!(kept["futureField"], json!({"deep": [1]}));
        assert!(!kept.contains_key("other"));
        let set =
            updated(&stored(), &members(json!({"ttl": 90, "futureField": 2})), Rules::Default, 0).unwrap();
        assert_eq!(set["futureField"], 2);
    }

    #[test]
    fn strict_rules_refuse_members_that_are_not_the_operations() {
        for redundant in ["processorId", "enableModify", "resourceGroupId", "productType", "futureField"] {
            let mut body = members(json!({"ttl": 90}));
            body.insert(redundant.to_owned(), stored()[redundant].clone());
            let error = updated(&stored(), &body, Rules::Strict, 0).unwrap_err();
            assert_eq!(error, Error::redundant_key(), "{redundant}");
        }
        let body = members(json!({"ttl": 90, "logstoreName": "app", "shardCount": 2, "telemetryType": ""}));
        updated(&stored(), &body, Rules::Strict, 0).unwrap();

        let body = members(json!({"logstoreName": "app", "ttl": 30, "shardCount": 2, "createTime": 1}));
        assert_eq!(created(&body, Rules::Strict, 0).unwrap_err(), Error::redundant_key());
    }
}
