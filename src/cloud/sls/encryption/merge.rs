//! The body of an `UpdateLogStore`: every setting of the Logstore that the action accepts, and the complete encryption
//! configuration.

use serde_json::{Map, Value};

use super::super::EncryptConf;

/// The member that holds the encryption configuration.
pub(super) const ENCRYPT_CONF: &str = "encrypt_conf";

/// The members that `UpdateLogStore` accepts besides `encrypt_conf`, and which servers accept them.
///
/// Source: SLS documentation, "`UpdateLogStore`", and the SDKs' models. SLS changes neither `logstoreName` nor
/// `shardCount`, but documents them as part of the body, so they are sent as they were read.
const ACCEPTED: [(&str, Support); 12] = [
    ("logstoreName", Support::AllServers),
    ("ttl", Support::AllServers),
    ("shardCount", Support::AllServers),
    ("enable_tracking", Support::AllServers),
    ("autoSplit", Support::AllServers),
    ("maxSplitShard", Support::AllServers),
    ("appendMeta", Support::AllServers),
    ("telemetryType", Support::NewerServers),
    ("hot_ttl", Support::NewerServers),
    ("infrequentAccessTTL", Support::NewerServers),
    ("mode", Support::NewerServers),
    ("shardingPolicy", Support::NewerServers),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Support {
    AllServers,
    NewerServers,
}

fn support(name: &str) -> Option<Support> {
    ACCEPTED.iter().find(|(accepted, _)| *accepted == name).map(|(_, support)| *support)
}

/// Builds the body from the settings of the Logstore (`base`), the members to restore (`restore`, whether the action
/// accepts them or not) and the configuration. A member that is null was never set and is left out. For servers that do
/// not know the newer members (`omit_empty`), those without a value are left out as well.
pub(super) fn merge(
    base: &Map<String, Value>,
    restore: &Map<String, Value>,
    conf: &EncryptConf,
    omit_empty: bool,
) -> Map<String, Value> {
    let mut body: Map<String, Value> = base
        .iter()
        .filter(|(name, _)| support(name).is_some())
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    body.extend(restore.iter().map(|(name, value)| (name.clone(), value.clone())));
    body.retain(|name, value| {
        let may_be_left_out = omit_empty && support(name) == Some(Support::NewerServers);
        !value.is_null() && (has_value(name, value) || !may_be_left_out)
    });
    let mut stored = base.get(ENCRYPT_CONF).cloned().unwrap_or(Value::Null);
    if let Some(unmanaged) = restore.get(ENCRYPT_CONF) {
        merge_into(&mut stored, unmanaged.clone());
    }
    body.insert(ENCRYPT_CONF.to_owned(), complete_conf(Some(&stored), conf));
    body
}

/// The stored configuration with the values of `conf`. It keeps the members that the provider does not know, at every
/// depth.
pub(super) fn complete_conf(stored: Option<&Value>, conf: &EncryptConf) -> Value {
    let mut members = stored.filter(|stored| stored.is_object()).cloned().unwrap_or_default();
    merge_into(&mut members, conf.to_json());
    members
}

/// Sets the members of `target` to those of `source`, at every depth.
fn merge_into(target: &mut Value, source: Value) {
    match (target, source) {
        (Value::Object(target), Value::Object(source)) => {
            for (name, value) in source {
                merge_into(target.entry(name).or_insert(Value::Null), value);
            }
        }
        (target, source) => *target = source,
    }
}

/// The members of a configuration that the provider does not manage; null if it has none.
pub(super) fn unmanaged_members(conf: &Value) -> Value {
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

/// False for a value that means the same as leaving the member out.
///
/// Source for `hot_ttl`: the Go SDK's model, where 0 means that the member was never set.
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

/// The newer members of a body: first those without a value, then those with one.
pub(super) fn newer_members(body: &Map<String, Value>) -> (Vec<String>, Vec<String>) {
    let newer = body.iter().filter(|(name, _)| support(name) == Some(Support::NewerServers));
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

    fn all_members() -> Map<String, Value> {
        object(json!({
            "logstoreName": "app", "ttl": 30, "shardCount": 2, "enable_tracking": false, "autoSplit": true,
            "maxSplitShard": 64, "appendMeta": true, "telemetryType": "", "hot_ttl": 7, "infrequentAccessTTL": 0,
            "mode": "query", "shardingPolicy": {"enabled": true}, "processorId": "p", "productType": "",
            "createTime": 1, "lastModifyTime": 2, "resourceQuota": {"storage": {"used": 1}}, "invented": [1.50],
            "encrypt_conf": {"enable": false, "encrypt_type": "default"},
        }))
    }

    #[test]
    fn body_has_every_accepted_member_and_no_other() {
        let expected = object(json!({
            "logstoreName": "app", "ttl": 30, "shardCount": 2, "enable_tracking": false, "autoSplit": true,
            "maxSplitShard": 64, "appendMeta": true, "telemetryType": "", "hot_ttl": 7, "infrequentAccessTTL": 0,
            "mode": "query", "shardingPolicy": {"enabled": true},
            "encrypt_conf": {"enable": true, "encrypt_type": "default"},
        }));
        assert_eq!(merge(&all_members(), &Map::new(), &conf(), false), expected);
    }

    #[test]
    fn omit_empty_leaves_out_only_newer_members_without_a_value() {
        let mut base = all_members();
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
    fn unknown_members_of_the_configuration_are_sent_back_at_every_depth() {
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
        assert_eq!(complete_conf(Some(&stored), &conf), expected);
        assert_eq!(
            unmanaged_members(&expected),
            json!({"invented": [1], "user_cmk_info": {"other": {"deep": 1}}})
        );
        assert_eq!(unmanaged_members(&conf.to_json()), Value::Null);
        // An unknown member that another writer has changed is restored like any other.
        let restore = object(json!({"encrypt_conf": {"user_cmk_info": {"other": {"deep": 2}}}}));
        let body = merge(&object(json!({"encrypt_conf": stored})), &restore, &conf, false);
        assert_eq!(body["encrypt_conf"]["user_cmk_info"]["other"], json!({"deep": 2}));
        assert_eq!(body["encrypt_conf"]["user_cmk_info"]["cmk_key_id"], "k");
    }

    #[test]
    fn members_to_restore_are_sent_even_if_the_action_does_not_accept_them() {
        let body = merge(&all_members(), &object(json!({"ttl": 90, "invented": [1.50]})), &conf(), false);
        assert_eq!(body.get("ttl"), Some(&json!(90)));
        assert!(body.contains_key("invented"));
    }

    #[test]
    fn numbers_are_sent_back_digit_for_digit() {
        let base: Map<String, Value> =
            serde_json::from_str(r#"{"ttl":30,"shardingPolicy":{"x":1.50}}"#).unwrap();
        let body = Value::Object(merge(&base, &Map::new(), &conf(), false)).to_string();
        assert!(body.contains(r#""ttl":30"#) && body.contains("1.50"), "{body}");
    }
}
