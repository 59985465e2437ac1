//! The body of an `UpdateLogStore` or `UpdateMetricStore`: every setting of the store that the action accepts, and the
//! complete encryption configuration.

use serde_json::{Map, Value};

use super::super::{EncryptConf, LogStore, TelemetryType, encrypt_conf::ConfMembers};

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

/// The members that `UpdateMetricStore` accepts besides `encryptConf`.
///
/// Source: the Go SDK's model, whose updates include `encryptConf` and run on the real service, and that of the SDK for
/// all languages (`shardingPolicy`). No source says which servers accept which; a guess by the members of Logstores.
const ACCEPTED_OF_METRIC_STORES: [(&str, Support); 11] = [
    ("name", Support::AllServers),
    ("ttl", Support::AllServers),
    ("shardCount", Support::AllServers),
    ("enable_tracking", Support::AllServers),
    ("autoSplit", Support::AllServers),
    ("maxSplitShard", Support::AllServers),
    ("appendMeta", Support::AllServers),
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

fn support(telemetry_type: TelemetryType, name: &str) -> Option<Support> {
    let accepted: &[_] = match telemetry_type {
        TelemetryType::Logs => &ACCEPTED,
        TelemetryType::Metrics => &ACCEPTED_OF_METRIC_STORES,
    };
    accepted.iter().find(|(accepted, _)| *accepted == name).map(|(_, support)| *support)
}

/// The names that the members of an encryption configuration have.
pub(super) fn conf_members(telemetry_type: TelemetryType) -> &'static ConfMembers {
    telemetry_type.vocabulary().conf
}

/// Builds the body from the settings of the store (`base`), the members to restore (`restore`, whether the action
/// accepts them or not) and the configuration. A member that is null was never set and is left out. For servers that do
/// not know the newer members (`omit_empty`), those without a value are left out as well.
pub(super) fn merge(
    base: &LogStore,
    restore: &Map<String, Value>,
    conf: &EncryptConf,
    omit_empty: bool,
) -> Map<String, Value> {
    let (telemetry_type, fields) = (base.read_as(), base.fields());
    let support = |name: &str| support(telemetry_type, name);
    let mut body: Map<String, Value> = fields
        .iter()
        .filter(|(name, _)| support(name).is_some())
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    body.extend(restore.iter().map(|(name, value)| (name.clone(), value.clone())));
    body.retain(|name, value| {
        let may_be_left_out = omit_empty && support(name) == Some(Support::NewerServers);
        !value.is_null() && (has_value(name, value) || !may_be_left_out)
    });
    let names = conf_members(telemetry_type);
    let mut stored = fields.get(names.conf).cloned().unwrap_or(Value::Null);
    if let Some(unmanaged) = restore.get(names.conf) {
        merge_into(&mut stored, unmanaged.clone());
    }
    body.insert(names.conf.to_owned(), complete_conf(names, Some(&stored), conf));
    body
}

/// The stored configuration with the values of `conf`. It keeps the members that the provider does not know, at every
/// depth.
pub(super) fn complete_conf(names: &ConfMembers, stored: Option<&Value>, conf: &EncryptConf) -> Value {
    let mut members = stored.filter(|stored| stored.is_object()).cloned().unwrap_or_default();
    merge_into(&mut members, Value::Object(conf.to_members(names)));
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
pub(super) fn unmanaged_members(names: &ConfMembers, conf: &Value) -> Value {
    let Value::Object(members) = conf else { return Value::Null };
    let mut members = members.clone();
    members.remove("enable");
    members.remove(names.encrypt_type);
    if let Some(Value::Object(cmk)) = members.get_mut(names.user_cmk_info) {
        for name in [names.cmk_key_id, names.arn, names.region_id] {
            cmk.remove(name);
        }
        if cmk.is_empty() {
            members.remove(names.user_cmk_info);
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

/// The members of a body that a server may not know: first those without a value, then those with one. They are the
/// newer members, and in the encryption configuration what the provider does not manage.
pub(super) fn refusable_members(
    telemetry_type: TelemetryType,
    body: &Map<String, Value>,
) -> (Vec<String>, Vec<String>) {
    let newer = body.iter().filter(|(name, _)| support(telemetry_type, name) == Some(Support::NewerServers));
    let (valued, empty): (Vec<_>, Vec<_>) = newer.partition(|(name, value)| has_value(name, value));
    let names = |members: Vec<(&String, &Value)>| members.into_iter().map(|(name, _)| name.clone()).collect();
    let of_conf = unmanaged_names(conf_members(telemetry_type), body);
    (names(empty), [of_conf, names(valued)].concat())
}

/// Where the members that the provider does not manage stand in the encryption configuration of a body.
fn unmanaged_names(names: &ConfMembers, body: &Map<String, Value>) -> Vec<String> {
    let conf = body.get(names.conf).unwrap_or(&Value::Null);
    let Value::Object(unmanaged) = unmanaged_members(names, conf) else { return Vec::new() };
    let places = unmanaged.iter().flat_map(|(name, value)| match value {
        Value::Object(cmk) if name == names.user_cmk_info => {
            cmk.keys().map(|member| format!("{name}.{member}")).collect()
        }
        _ => vec![name.clone()],
    });
    places.map(|place| format!("{}.{place}", names.conf)).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use std::time::Duration;

    use super::*;
    use crate::error::Operation;
    use crate::sls::UserCmkInfo;
    use crate::sls::encrypt_conf::{OF_LOG_STORES, OF_METRIC_STORES};

    fn object(value: Value) -> Map<String, Value> {
        match value {
            Value::Object(members) => members,
            other => panic!("{other}"),
        }
    }

    /// The body for a Logstore or metric store with these fields.
    fn merged(
        telemetry_type: TelemetryType,
        fields: Map<String, Value>,
        restore: Value,
        conf: &EncryptConf,
        omit_empty: bool,
    ) -> Map<String, Value> {
        let operation = Operation::new("SLS", telemetry_type.vocabulary().get, "p/app");
        let base =
            LogStore::from_fields(operation, fields, Duration::ZERO).with_vocabulary_of(telemetry_type);
        merge(&base, &object(restore), conf, omit_empty)
    }

    fn of_log_store(fields: Map<String, Value>, omit_empty: bool) -> Map<String, Value> {
        merged(TelemetryType::Logs, fields, json!({}), &conf(), omit_empty)
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
        assert_eq!(of_log_store(all_members(), false), expected);
    }

    #[test]
    fn the_body_of_a_metric_store_has_the_members_of_its_own_action() {
        let mut base = all_members();
        base.remove("logstoreName");
        base.extend(object(json!({
            "name": "app", "metricType": "prometheus",
            "encryptConf": {"enable": false, "encryptType": "default", "invented": 1},
        })));
        let expected = object(json!({
            "name": "app", "ttl": 30, "shardCount": 2, "enable_tracking": false, "autoSplit": true,
            "maxSplitShard": 64, "appendMeta": true, "hot_ttl": 7, "infrequentAccessTTL": 0,
            "mode": "query", "shardingPolicy": {"enabled": true},
            "encryptConf": {"enable": true, "encryptType": "default", "invented": 1},
        }));
        let body = merged(TelemetryType::Metrics, base, json!({}), &conf(), false);
        assert_eq!(body, expected);
        assert_eq!(
            refusable_members(TelemetryType::Metrics, &body).1,
            ["encryptConf.invented", "hot_ttl", "infrequentAccessTTL", "mode", "shardingPolicy"]
        );
    }

    #[test]
    fn omit_empty_leaves_out_only_newer_members_without_a_value() {
        let mut base = all_members();
        base.insert("shardingPolicy".into(), json!({}));
        base.insert("hot_ttl".into(), json!(0));
        base.insert("ttl".into(), json!(0));
        let full = of_log_store(base.clone(), false);
        let body = of_log_store(base, true);
        let left_out: Vec<&str> =
            full.keys().filter(|name| !body.contains_key(*name)).map(String::as_str).collect();
        assert_eq!(left_out, ["hot_ttl", "shardingPolicy", "telemetryType"]);
        let (empty, valued) = refusable_members(TelemetryType::Logs, &full);
        assert_eq!(empty, left_out);
        assert_eq!(valued, ["infrequentAccessTTL", "mode"]);
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
        assert_eq!(complete_conf(&OF_LOG_STORES, Some(&stored), &conf), expected);
        assert_eq!(
            unmanaged_members(&OF_LOG_STORES, &expected),
            json!({"invented": [1], "user_cmk_info": {"other": {"deep": 1}}})
        );
        assert_eq!(unmanaged_members(&OF_LOG_STORES, &conf.to_json()), Value::Null);
        assert_eq!(unmanaged_members(&OF_METRIC_STORES, &conf.to_metric_store_json()), Value::Null);
        // An unknown member that another writer has changed is restored like any other.
        let restore = json!({"encrypt_conf": {"user_cmk_info": {"other": {"deep": 2}}}});
        let fields = object(json!({"encrypt_conf": stored}));
        let body = merged(TelemetryType::Logs, fields, restore, &conf, false);
        assert_eq!(body["encrypt_conf"]["user_cmk_info"]["other"], json!({"deep": 2}));
        assert_eq!(body["encrypt_conf"]["user_cmk_info"]["cmk_key_id"], "k");
    }

    #[test]
    fn members_to_restore_are_sent_even_if_the_action_does_not_accept_them() {
        let restore = json!({"ttl": 90, "invented": [1.50]});
        let body = merged(TelemetryType::Logs, all_members(), restore, &conf(), false);
        assert_eq!(body.get("ttl"), Some(&json!(90)));
        assert!(body.contains_key("invented"));
    }

    #[test]
    fn numbers_are_sent_back_digit_for_digit() {
        let base: Map<String, Value> =
            serde_json::from_str(r#"{"ttl":30,"shardingPolicy":{"x":1.50}}"#).unwrap();
        let body = Value::Object(of_log_store(base, false)).to_string();
        assert!(body.contains(r#""ttl":30"#) && body.contains("1.50"), "{body}");
    }
}
