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

/// Which members go into the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Breadth {
    /// All that `UpdateLogStore` accepts.
    Full,
    /// Without the newer ones, for servers that answer "redundant key exist in json".
    Original,
}

/// Builds the body from what the Logstore has (`base`), what has to be put right (`restore`, whatever
/// its name) and the configuration. A member that is null was never set and is left out.
pub(super) fn merge(
    base: &Map<String, Value>,
    restore: &Map<String, Value>,
    conf: &EncryptConf,
    breadth: Breadth,
) -> Map<String, Value> {
    let sent = |name: &str| ACCEPTED.iter().any(|(accepted, age)| *accepted == name && breadth.holds(*age));
    let mut body: Map<String, Value> = base
        .iter()
        .filter(|(name, _)| sent(name))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    body.extend(restore.iter().map(|(name, value)| (name.clone(), value.clone())));
    body.retain(|_, value| !value.is_null());
    body.insert(ENCRYPT_CONF.to_owned(), complete(base.get(ENCRYPT_CONF), conf));
    body
}

/// The configuration as it is stored, members nobody here has heard of included, with those of `conf`.
fn complete(stored: Option<&Value>, conf: &EncryptConf) -> Value {
    let mut members = stored.and_then(Value::as_object).cloned().unwrap_or_default();
    if let Value::Object(ours) = conf.to_json() {
        members.extend(ours);
    }
    Value::Object(members)
}

impl Breadth {
    /// The members of a full body that go when only the original ones are sent.
    pub(super) fn dropped(body: &Map<String, Value>) -> Vec<&str> {
        let newer =
            |name: &str| ACCEPTED.iter().any(|(accepted, age)| *accepted == name && *age == Age::Newer);
        body.keys().map(String::as_str).filter(|name| newer(name)).collect()
    }

    fn holds(self, age: Age) -> bool {
        self == Breadth::Full || age == Age::Original
    }
}

/// True if `UpdateLogStore` accepts the member, so that leaving it out may reset it.
pub(super) fn is_accepted(name: &str) -> bool {
    ACCEPTED.iter().any(|(accepted, _)| *accepted == name)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

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
        assert_eq!(merge(&rich(), &Map::new(), &conf(), Breadth::Full), expected);
    }

    #[test]
    fn newer_members_are_dropped_on_demand_but_never_the_configuration() {
        let body = merge(&rich(), &Map::new(), &conf(), Breadth::Original);
        let names: Vec<&str> = body.keys().map(String::as_str).collect();
        assert_eq!(
            names,
            [
                "appendMeta",
                "autoSplit",
                "enable_tracking",
                "encrypt_conf",
                "logstoreName",
                "maxSplitShard",
                "shardCount",
                "ttl"
            ]
        );
    }

    #[test]
    fn what_has_to_be_put_right_is_sent_whatever_its_name() {
        let body = merge(&rich(), &object(json!({"ttl": 90, "invented": [1.50]})), &conf(), Breadth::Full);
        assert_eq!(body.get("ttl"), Some(&json!(90)));
        assert!(body.contains_key("invented"));
    }

    #[test]
    fn numbers_go_back_digit_for_digit() {
        let base: Map<String, Value> =
            serde_json::from_str(r#"{"ttl":30,"shardingPolicy":{"x":1.50}}"#).unwrap();
        let body = Value::Object(merge(&base, &Map::new(), &conf(), Breadth::Full)).to_string();
        assert!(body.contains(r#""ttl":30"#) && body.contains("1.50"), "{body}");
    }
}
