//! The emulator of one scenario.

use std::path::Path;

use serde_json::Value;
use test_support::EmulatorProcess;

/// Starts an emulator with this seed, whose log is kept in `directory`, and waits until it serves.
pub fn start_emulator(directory: &Path, seed: &Path, flags: &[&str]) -> EmulatorProcess {
    let mut command = EmulatorProcess::command(env!("CARGO_BIN_EXE_alicloud-emulator"));
    command.arg("--seed").arg(seed).args(flags);
    EmulatorProcess::start(command, &directory.join("emulator.log")).unwrap()
}

/// Every call that an emulator was sent, one line each; or why it does not say.
pub fn requests(emulator: &EmulatorProcess) -> String {
    match emulator.control("GET", "requests", None) {
        Ok(Value::Array(requests)) => requests.iter().map(Value::to_string).collect::<Vec<_>>().join("\n"),
        Ok(other) => format!("{other}\n"),
        Err(error) => format!("it does not answer: {error}\n"),
    }
}
