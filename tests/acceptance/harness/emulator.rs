//! An emulator process of one test's own.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

/// An emulator; it is killed when dropped.
pub struct Emulator {
    process: Child,
    log: PathBuf,
    /// `127.0.0.1:<port>`.
    pub address: String,
}

impl Emulator {
    /// Starts an emulator on a free port with this seed and waits until it serves.
    pub fn start(directory: &Path, seed: &Value, flags: &[&str]) -> Emulator {
        let seed_file = directory.join("seed.json");
        std::fs::write(&seed_file, seed.to_string()).unwrap();
        let log = directory.join("emulator.log");
        let mut process = Command::new(env!("CARGO_BIN_EXE_alicloud-emulator"))
            .args(["serve", "--listen", "127.0.0.1:0", "--seed"])
            .arg(&seed_file)
            .args(flags)
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(File::create(&log).unwrap())
            .spawn()
            .unwrap();
        let mut ready = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut ready).unwrap();
        let Ok(ready) = serde_json::from_str::<Value>(&ready) else {
            let _ = process.kill();
            let _ = process.wait();
            panic!("the emulator did not start: {}", std::fs::read_to_string(&log).unwrap_or_default());
        };
        let address = ready["listening"].as_str().unwrap().to_owned();
        Emulator { process, log, address }
    }

    /// What it has logged.
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Ends it, so that connections to its address are refused.
    pub fn stop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        self.stop();
    }
}
