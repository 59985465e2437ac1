//! The binary on a data folder.

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::client::Client;

/// The file that everything is in.
const FILE: &str = "emulator.redb";

/// A data folder in a folder of its own, so that the master key's file has a place beside it.
pub struct Folder {
    parent: TempDir,
}

impl Folder {
    pub fn new() -> Self {
        Self { parent: tempfile::tempdir().unwrap() }
    }

    pub fn path(&self) -> PathBuf {
        self.parent.path().join("data")
    }

    /// A path outside of the data folder, beside it.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.parent.path().join(name)
    }

    pub fn file(&self) -> PathBuf {
        self.path().join(FILE)
    }

    /// Every byte of every file in the data folder.
    pub fn bytes(&self) -> Vec<u8> {
        let files = std::fs::read_dir(self.path()).unwrap().map(|entry| entry.unwrap().path());
        files.flat_map(|file| std::fs::read(file).unwrap()).collect()
    }

    /// Starts the emulator.
    pub fn start(&self) -> Server {
        self.start_with(&[])
    }

    pub fn start_with(&self, arguments: &[&str]) -> Server {
        Server::spawn(serve(&self.path(), arguments))
    }

    /// Starts an emulator that ends by itself: its output.
    pub fn refused(&self, arguments: &[&str]) -> (Output, String) {
        let output = serve(&self.path(), arguments).output().unwrap();
        let stderr = String::from_utf8(output.stderr.clone()).unwrap();
        assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0), "{stderr}");
        (output, stderr)
    }

    /// Runs `inspect`.
    pub fn inspect(&self, arguments: &[&str]) -> Output {
        let path = self.path();
        let mut command = Command::new(env!("CARGO_BIN_EXE_alicloud-emulator"));
        command.args(["inspect", "--data-dir", path.to_str().unwrap()]).args(arguments).output().unwrap()
    }
}

/// The command that serves a folder on a free port.
pub fn serve(directory: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_alicloud-emulator"));
    command
        .args(["serve", "--listen", "127.0.0.1:0", "--data-dir", directory.to_str().unwrap()])
        .args(arguments)
        .env_remove("ALICLOUD_EMULATOR_MASTER_KEY")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// A running emulator, killed when the test is over.
pub struct Server {
    child: Child,
    _stdout: BufReader<ChildStdout>,
    addr: SocketAddr,
    /// From the start of the process to its ready line.
    pub started_in: Duration,
    log: Option<std::thread::JoinHandle<String>>,
}

impl Server {
    pub fn spawn(mut command: Command) -> Self {
        let begun = Instant::now();
        let mut child = command.spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut stderr = child.stderr.take().unwrap();
        // Read all along: a full pipe would stop the process.
        let log = std::thread::spawn(move || {
            let mut log = String::new();
            stderr.read_to_string(&mut log).unwrap();
            log
        });
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let started_in = begun.elapsed();
        let Ok(ready) = serde_json::from_str::<Value>(&line) else {
            panic!("no ready line but {line:?}, and on stderr: {}", log.join().unwrap());
        };
        let addr = ready["listening"].as_str().unwrap().parse().unwrap();
        Self { child, _stdout: stdout, addr, started_in, log: Some(log) }
    }

    pub fn client(&self) -> Client {
        Client::new(self.addr)
    }

    /// SIGKILL.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SIGTERM; what was logged.
    pub fn stop(mut self) -> String {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        assert_eq!(self.child.wait().unwrap().code(), Some(0));
        self.log.take().unwrap().join().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
