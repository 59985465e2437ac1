//! Tests of the apply sequence.

mod failed_updates;
mod final_read;
mod final_read_limits;
mod interleavings;
mod metric_stores;
mod other_writers;
mod read_age;
mod sequence;
mod simulated_log_store;

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::{ApplyError, DesiredEncryption, apply};
use crate::error::Operation;
use crate::sls::{EncryptConf, LogStore, TelemetryType};
use simulated_log_store::SimulatedLogStore;

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        other => panic!("{other}"),
    }
}

/// What the names of Logstores and those of metric stores are, in the order in which they are translated.
const NAMES: [(&str, &str); 2] = [("logstoreName", "name"), ("encrypt_conf", "encryptConf")];
const CONF_NAMES: [(&str, &str); 2] = [("encrypt_type", "encryptType"), ("user_cmk_info", "userCmkInfo")];
const CMK_NAMES: [(&str, &str); 2] = [("cmk_key_id", "cmkKeyId"), ("region_id", "regionId")];

/// Renames members by pairs; `rename` picks the names to look for and to set.
fn rename(fields: &mut Map<String, Value>, names: &[(&str, &str)], pick: Pick) {
    for (from, to) in names.iter().map(|pair| pick(*pair)) {
        if let Some(value) = fields.remove(from) {
            fields.insert(to.to_owned(), value);
        }
    }
}

type Pick = for<'a> fn((&'a str, &'a str)) -> (&'a str, &'a str);

/// The same fields in the other vocabulary.
fn translated(mut fields: Map<String, Value>, pick: Pick) -> Map<String, Value> {
    rename(&mut fields, &NAMES, pick);
    if let Some(conf) = fields.get_mut(pick(NAMES[1]).1).and_then(Value::as_object_mut) {
        rename(conf, &CONF_NAMES, pick);
        if let Some(cmk) = conf.get_mut(pick(CONF_NAMES[1]).1).and_then(Value::as_object_mut) {
            rename(cmk, &CMK_NAMES, pick);
        }
    }
    fields
}

/// The answer to a read of a Logstore or metric store with these fields, which have the names of Logstores.
fn read_answer(
    kind: TelemetryType,
    operation: Operation,
    fields: Map<String, Value>,
    requested_at: Duration,
) -> LogStore {
    let fields = match kind {
        TelemetryType::Logs => fields,
        TelemetryType::Metrics => {
            let mut fields = translated(fields, |pair| pair);
            fields.remove("telemetryType");
            fields
        }
    };
    LogStore::from_fields(operation, fields, requested_at).with_vocabulary_of(kind)
}

/// The body of an update with the names of Logstores.
fn update_body(kind: TelemetryType, body: &Map<String, Value>) -> Map<String, Value> {
    match kind {
        TelemetryType::Logs => body.clone(),
        TelemetryType::Metrics => {
            let unknown = ["logstoreName", "telemetryType", "encrypt_conf", "metricType"];
            assert!(!unknown.iter().any(|name| body.contains_key(*name)), "{body:?}");
            translated(body.clone(), |(log_store, metric_store)| (metric_store, log_store))
        }
    }
}

/// A Logstore without an encryption configuration.
fn plain() -> Value {
    json!({"logstoreName": "app", "ttl": 30, "shardCount": 2, "createTime": 100, "lastModifyTime": 100, "invented": 1.50})
}

fn encrypted(enable: bool, encrypt_type: &str) -> Value {
    let mut fields = object(plain());
    fields.insert("encrypt_conf".into(), json!({"enable": enable, "encrypt_type": encrypt_type}));
    Value::Object(fields)
}

fn desired(enable: bool, encrypt_type: &str) -> DesiredEncryption {
    let conf = EncryptConf { enable, encrypt_type: encrypt_type.into(), user_cmk_info: None };
    DesiredEncryption { conf, create_time: None, may_be_new: false }
}

/// Runs the sequence. True if it has sent an update.
async fn run(store: &SimulatedLogStore, desired: &DesiredEncryption) -> Result<bool, ApplyError> {
    apply(&store, desired, None).await.map(|applied| applied.written).map_err(|failure| failure.error)
}
