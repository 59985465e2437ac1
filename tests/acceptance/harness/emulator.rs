//! The emulator of one test.

use std::path::Path;

use serde_json::Value;
use test_support::EmulatorProcess;

/// Starts an emulator with this seed, which it keeps in `directory` with its log, and waits until it serves.
#[track_caller]
pub fn start_emulator(directory: &Path, seed: &Value, flags: &[&str]) -> EmulatorProcess {
    let seed_file = directory.join("seed.json");
    std::fs::write(&seed_file, seed.to_string()).unwrap();
    let mut command = EmulatorProcess::command(env!("CARGO_BIN_EXE_alicloud-emulator"));
    command.arg("--seed").arg(seed_file).args(flags);
    EmulatorProcess::start(command, &directory.join("emulator.log")).unwrap()
}
