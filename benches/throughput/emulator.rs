//! The emulator that is measured.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use crate::Failure;

/// The one project.
pub const PROJECT: &str = "bench-project";

/// An emulator process with a data folder, killed when dropped.
pub struct Emulator {
    process: Child,
    address: SocketAddr,
}

impl Emulator {
    /// Starts an emulator with a Logstore for each of the configurations, `store-0`, `store-1`, …, of four shards
    /// each, and waits until it serves. Its files are kept in `directory`.
    ///
    /// # Errors
    ///
    /// If it does not start.
    pub fn start(directory: &Path, types: &[Option<&str>]) -> Result<Self, Failure> {
        let program =
            std::env::var_os("BENCH_EMULATOR").ok_or("BENCH_EMULATOR is not set: run scripts/bench")?;
        let (seed, log) = (directory.join("seed.json"), directory.join("emulator.log"));
        std::fs::write(&seed, seed_with(types).to_string())?;
        let mut process = Command::new(program)
            .args(["serve", "--listen", "127.0.0.1:0", "--seed"])
            .arg(&seed)
            .arg("--data-dir")
            .arg(directory.join("data"))
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(File::create(&log)?)
            .spawn()?;
        let ready = process.stdout.take().and_then(ready_address);
        if let Some(address) = ready {
            return Ok(Self { process, address });
        }
        let _ = process.kill();
        Err(format!("no emulator: {}", std::fs::read_to_string(&log).unwrap_or_default()).into())
    }

    /// Where it is reached.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The address of the ready line.
fn ready_address(stdout: impl std::io::Read) -> Option<SocketAddr> {
    let mut line = String::new();
    BufReader::new(stdout).read_line(&mut line).ok()?;
    let ready: Value = serde_json::from_str(&line).ok()?;
    ready.get("listening")?.as_str()?.parse().ok()
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
