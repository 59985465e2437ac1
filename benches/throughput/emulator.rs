//! The emulator that is measured.

use std::path::Path;

use serde_json::{Value, json};
use test_support::EmulatorProcess;

use crate::Failure;

/// The one project.
pub const PROJECT: &str = "bench-project";

/// Starts an emulator with a Logstore for each of the configurations, `store-0`, `store-1`, …, of four shards each, and
/// waits until it serves. Its files are kept in `directory`.
///
/// # Errors
///
/// If it does not start.
pub fn start_emulator(directory: &Path, types: &[Option<&str>]) -> Result<EmulatorProcess, Failure> {
    let program = std::env::var_os("BENCH_EMULATOR").ok_or("BENCH_EMULATOR is not set: run scripts/bench")?;
    let seed = directory.join("seed.json");
    std::fs::write(&seed, seed_with(types).to_string())?;
    let mut command = EmulatorProcess::command(&program);
    command.arg("--seed").arg(seed).arg("--data-dir").arg(directory.join("data"));
    Ok(EmulatorProcess::start(command, &directory.join("emulator.log"))?)
}

fn seed_with(types: &[Option<&str>]) -> Value {
    let logstore = |(number, encrypt_type): (usize, Option<&str>)| {
        let mut logstore = json!({"logstoreName": format!("store-{number}"), "ttl": 30, "shardCount": 4});
        if let (Some(name), Some(members)) = (encrypt_type, logstore.as_object_mut()) {
            members.insert("encrypt_conf".to_owned(), json!({"enable": true, "encrypt_type": name}));
        }
        logstore
    };
    let logstores: Vec<Value> = types.iter().copied().enumerate().map(logstore).collect();
    json!({"region": "cn-hangzhou", "projects": [{"name": PROJECT, "logstores": logstores}]})
}
