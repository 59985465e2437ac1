//! Tests of the apply sequence.

mod failed_updates;
mod final_read;
mod final_read_limits;
mod interleavings;
mod other_writers;
mod read_age;
mod sequence;
mod simulated_log_store;

use serde_json::{Map, Value, json};

use super::{ApplyError, DesiredEncryption, apply};
use crate::sls::EncryptConf;
use simulated_log_store::SimulatedLogStore;

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        other => panic!("{other}"),
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
