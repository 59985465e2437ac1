//! The body of an `UpdateLogStore`: everything the Logstore has that the action accepts, and the
//! complete encryption configuration.

use serde_json::{Map, Value};

use super::super::EncryptConf;

/// The member that holds the encryption configuration.
pub(super) const ENCRYPT_CONF: &str = "encrypt_conf";

/// The members `UpdateLogStore` accepts besides `encrypt_conf`, and whether even the oldest servers do.
///
/// Source: SLS documentation, "`UpdateLogStore`", and the SDKs' models; `logstoreName` and `shardCount`
/// are read-only in effect but documented as part of the body, and are sent back as they were read.
const ACCEPTED: [(&str, Age); 12] = [
    ("logstoreName", Age::Original),
    ("ttl", Age::Original),
    ("shardCount", Age::Original),
    ("enable_tracking", Age::Original),
    ("autoSplit", Age::Original),
    ("maxSplitShard", Age::Original),
    ("appendMeta", Age::Original),
    ("telemetryType", Age::Newer),
    ("hot_ttl", Age::Newer),
    ("infrequentAccessTTL", Age::Newer),
    ("mode", Age::Newer),
    ("shardingPolicy", Age::Newer),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Age {
    Original,
    Newer,
}

fn age(name: &str) -> Option<Age> {
    ACCEPTED.iter().find(|(accepted, _)| *accepted == name).map(|(_, age)| *age)
}

/// Builds the body from what the Logstore has (`base`), what has to be restored (`restore`, whatever its name) and
/// the configuration. A member that is null was never set and is left out; so are, for servers that do not know them
/// (`leave_out_empty`), the newer members that have no value.
pub(super) fn merge(
    base: &Map<String, Value>,
    restore: &Map<String, Value>,
    conf: &EncryptConf,
    leave_out_empty: bool,
) -> Map<String, Value> {
    let mut body: Map<String, Value> = base
        .iter()
        .filter(|(name, _)| age(name).is_some())
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    body.extend(restore.iter().map(|(name, value)| (name.clone(), value.clone())));
    body.retain(|name, value| {
        let may_be_left_out = leave_out_empty && age(name) == Some(Age::Newer);
        !value.is_null() && (has_value(name, value) || !may_be_left_out)
    });
    let mut stored = base.get(ENCRYPT_CONF).cloned().unwrap_or(Value::Null);
    if let Some(unmanaged) = restore.get(ENCRYPT_CONF) {
        overlay(&mut stored, unmanaged.clone());
    }
    body.insert(ENCRYPT_CONF.to_owned(), complete(Some(&stored), conf));
    body
}

/// The configuration as it is stored, members nobody here knows included at every depth, with those of `conf`.
pub(super) fn complete(stored: Option<&Value>, conf: &EncryptConf) -> Value {
    let mut members = stored.filter(|stored| stored.is_object()).cloned().unwrap_or_default();
    overlay(&mut members, conf.to_json());
    members
}

/// Puts the members of `over` into `under`, at every depth.
fn overlay(under: &mut Value, over: Value) {
    match (under, over) {
        (Value::Object(under), Value::Object(over)) => {
            for (name, value) in over {
                overlay(under.entry(name).or_insert(Value::Null), value);
            }
        }
        (under, over) => *under = over,
    }
}

/// What a configuration has besides the members this provider manages; null if there is nothing.
pub(super) fn unmanaged(conf: &Value) -> Value {
    let Value::Object(members) = conf else { return Value::Null };
    let mut members = members.clone();
    members.remove("enable");
    members.remove("encrypt_type");
    if let Some(Value::Object(cmk)) = members.get_mut("user_cmk_info") {
        for name in ["cmk_key_id", "arn", "region_id"] {
            cmk.remove(name);
        }
        if cmk.is_empty() {
            members.remove("user_cmk_info");
        }
    }
    if members.is_empty() { Value::Null } else { Value::Object(members) }
}

/// False for a value that says the same as leaving the member out: nothing is lost with it.
///
/// Source for `hot_ttl`: the Go SDK's model, where 0 stands for a member that was never set.
pub(super) fn has_value(name: &str, value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(elements) => !elements.is_empty(),
        Value::Object(members) => !members.is_empty(),
        Value::Number(number) => name != "hot_ttl" || number.as_i64() != Some(0),
        Value::Bool(_) => true,
    }
}

/// The newer members of a body: those without a value, and those that have one.
pub(super) fn newer_members(body: &Map<String, Value>) -> (Vec<String>, Vec<String>) {
    let newer = body.iter().filter(|(name, _)| age(name) == Some(Age::Newer));
    let (valued, empty): (Vec<_>, Vec<_>) = newer.partition(|(name, value)| has_value(name, value));
    let names = |members: Vec<(&String, &Value)>| members.into_iter().map(|(name, _)| name.clone()).collect();
    (names(empty), names(valued))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::sls::UserCmkInfo;

    fn object(value: Value) -> Map<String, Value> {
        match value {
            Value::Object(members) => members,
            other => panic!("{other}"),
        }
    }

    fn conf() -> EncryptConf {
        EncryptConf { enable: true, encrypt_type: "default".into(), user_cmk_info: None }
    }

    fn rich() -> Map<String, Value> {
        object(json!({
            "logstoreName": "app", "ttl": 30, "shardCount": 2, "enable_tracking": false, "autoSplit": true,
            "maxSplitShard": 64, "appendMeta": true, "telemetryType": "", "hot_ttl": 7, "infrequentAccessTTL": 0,
            "mode": "query", "shardingPolicy": {"enabled": true}, "processorId": "p", "productType": "",
            "createTime": 1, "lastModifyTime": 2, "resourceQuota": {"storage": {"used": 1}}, "invented": [1.50],
            "encrypt_conf": {"enable": false, "encrypt_type": "default"},
        }))
    }

    #[test]
    fn body_holds_all_accepted_members_and_no_other() {
        let expected = object(json!({
            "logstoreName": "app", "ttl": 30, "shardCount": 2, "enable_tracking": false, "autoSplit": true,
            "maxSplitShard": 64, "appendMeta": true, "telemetryType": "", "hot_ttl": 7, "infrequentAccessTTL": 0,
            "mode": "query", "shardingPolicy": {"enabled": true},
            "encrypt_conf": {"enable": true, "encrypt_type": "default"},
        }));
        assert_eq!(merge(&rich(), &Map::new(), &conf(), false), expected);
    }

    #[test]
    fn newer_members_without_a_value_are_left_out_on_demand_and_no_other() {
        let mut base = rich();
        base.insert("shardingPolicy".into(), json!({}));
        base.insert("hot_ttl".into(), json!(0));
        base.insert("ttl".into(), json!(0));
        let full = merge(&base, &Map::new(), &conf(), false);
        let body = merge(&base, &Map::new(), &conf(), true);
        let left_out: Vec<&str> =
            full.keys().filter(|name| !body.contains_key(*name)).map(String::as_str).collect();
        assert_eq!(left_out, ["hot_ttl", "shardingPolicy", "telemetryType"]);
        assert_eq!(newer_members(&full).0, left_out);
        assert_eq!(newer_members(&full).1, ["infrequentAccessTTL", "mode"]);
    }

    #[test]
    fn members_of_the_configuration_that_nobody_here_knows_are_sent_back_at_every_depth() {
        let stored = json!({"enable": false, "encrypt_type": "sm4", "invented": [1],
            "user_cmk_info": {"cmk_key_id": "k", "arn": "a", "region_id": "r", "other": {"deep": 1}}});
        let conf = EncryptConf {
            enable: true,
            encrypt_type: "sm4".into(),
            user_cmk_info: Some(UserCmkInfo {
                cmk_key_id: "k".into(),
                arn: "a".into(),
                region_id: "r".into(),
            }),
        };
        let mut expected = stored.clone();
        expected["enable"] = true.into();
        assert_eq!(complete(Some(&stored), &conf), expected);
        assert_eq!(unmanaged(&expected), json!({"invented": [1], "user_cmk_info": {"other": {"deep": 1}}}));
        assert_eq!(unmanaged(&conf.to_json()), Value::Null);
        // What another writer changed in there is restored like any other member.
        let restore = object(json!({"encrypt_conf": {"user_cmk_info": {"other": {"deep": 2}}}}));
        let body = merge(&object(json!({"encrypt_conf": stored})), &restore, &conf, false);
        assert_eq!(body["encrypt_conf"]["user_cmk_info"]["other"], json!({"deep": 2}));
        assert_eq!(body["encrypt_conf"]["user_cmk_info"]["cmk_key_id"], "k");
    }

    #[test]
    fn what_has_to_be_restored_is_sent_whatever_its_name() {
        let body = merge(&rich(), &object(json!({"ttl": 90, "invented": [1.50]})), &conf(), false);
        assert_eq!(body.get("ttl"), Some(&json!(90)));
        assert!(body.contains_key("invented"));
    }

    #[test]
    fn numbers_go_back_digit_for_digit() {
        let base: Map<String, Value> =
            serde_json::from_str(r#"{"ttl":30,"shardingPolicy":{"x":1.50}}"#).unwrap();
        let body = Value::Object(merge(&base, &Map::new(), &conf(), false)).to_string();
        assert!(body.contains(r#""ttl":30"#) && body.contains("1.50"), "{body}");
    }
}
