//! An emulator process of one scenario's own.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
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
    pub fn start(directory: &Path, seed: &Path, flags: &[&str]) -> Self {
        let log = directory.join("emulator.log");
        let mut process = Command::new(env!("CARGO_BIN_EXE_alicloud-emulator"))
            .args(["serve", "--listen", "127.0.0.1:0", "--seed"])
            .arg(seed)
            .args(flags)
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(File::create(&log).unwrap())
            .spawn()
            .unwrap();
        let mut ready = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut ready).unwrap();
        let mut emulator = Self { process, log, address: String::new() };
        let Ok(ready) = serde_json::from_str::<Value>(&ready) else {
            panic!("the emulator did not start: {}", emulator.log());
        };
        ready["listening"].as_str().unwrap().clone_into(&mut emulator.address);
        emulator
    }

    /// What it has logged.
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Every call it was sent, one line each; or why it does not say.
    pub fn requests(&self) -> String {
        let answer = match self.get("/_emulator/requests") {
            Ok(answer) => answer,
            Err(error) => return format!("it does not answer: {error}\n"),
        };
        match serde_json::from_str::<Vec<Value>>(&answer) {
            Ok(requests) => requests.iter().map(Value::to_string).collect::<Vec<_>>().join("\n"),
            Err(error) => format!("{error}: {answer}\n"),
        }
    }

    fn get(&self, path: &str) -> io::Result<String> {
        let mut stream = TcpStream::connect(&self.address)?;
        // HTTP/1.0: the answer ends with the connection.
        write!(stream, "GET {path} HTTP/1.0\r\nHost: emulator\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer.split_once("\r\n\r\n").map_or_else(String::new, |(_, body)| body.to_owned()))
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
