//! The emulator as a process.

use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::http::exchange;

/// A running emulator; it is killed when dropped.
#[derive(Debug)]
pub struct EmulatorProcess {
    child: Child,
    /// Kept open: the process writes its ready line there.
    _stdout: BufReader<ChildStdout>,
    address: SocketAddr,
    log: PathBuf,
    started_in: Duration,
}

impl EmulatorProcess {
    /// The command that serves on a free port of 127.0.0.1, with an empty environment. Arguments are added to it.
    pub fn command(program: impl AsRef<Path>) -> Command {
        let mut command = Command::new(program.as_ref());
        command.args(["serve", "--listen", "127.0.0.1:0"]).env_clear();
        command
    }

    /// Starts an emulator and waits until it serves. `log` is the file for what it logs.
    ///
    /// # Errors
    /// If it does not start: what it has logged.
    pub fn start(mut command: Command, log: &Path) -> io::Result<Self> {
        let began = Instant::now();
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(File::create(log)?);
        let mut child = command.spawn()?;
        let stdout = child.stdout.take().ok_or_else(|| io::Error::other("no standard output"))?;
        let mut stdout = BufReader::new(stdout);
        let mut ready = String::new();
        stdout.read_line(&mut ready)?;
        let started_in = began.elapsed();
        let Some(address) = address(&ready) else {
            // It may have ended by itself.
            let _ = child.kill();
            child.wait()?;
            let logged = fs::read_to_string(log)?;
            return Err(io::Error::other(format!("the emulator did not start: {logged}")));
        };
        Ok(Self { child, _stdout: stdout, address, log: log.to_owned(), started_in })
    }

    /// Where it serves.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// From the start of the process to its ready line.
    pub fn started_in(&self) -> Duration {
        self.started_in
    }

    /// What it has logged so far.
    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Calls its control API: `path` is what follows `/_emulator/`.
    ///
    /// # Errors
    /// If it does not answer, or not with success.
    pub fn control(&self, method: &str, path: &str, body: Option<&Value>) -> io::Result<Value> {
        control(self.address, method, path, body)
    }

    /// Ends it at once (SIGKILL), so that connections to its address are refused.
    pub fn kill(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Asks it to end (SIGTERM) and waits until it has.
    ///
    /// # Errors
    /// If it cannot be asked.
    pub fn terminate(&mut self) -> io::Result<ExitStatus> {
        Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status()?;
        self.child.wait()
    }
}

impl Drop for EmulatorProcess {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Calls the control API of the emulator at an address.
///
/// # Errors
/// If it does not answer, or not with success.
pub fn control(address: SocketAddr, method: &str, path: &str, body: Option<&Value>) -> io::Result<Value> {
    let body = body.map(Value::to_string).unwrap_or_default();
    let request = format!(
        "{method} /_emulator/{path} HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let response = exchange(address, request.as_bytes())?;
    if response.status != 200 {
        return Err(io::Error::other(format!("{method} /_emulator/{path}: {}", response.text())));
    }
    Ok(serde_json::from_slice(&response.body)?)
}

/// The address in the ready line.
fn address(ready: &str) -> Option<SocketAddr> {
    serde_json::from_str::<Value>(ready).ok()?.get("listening")?.as_str()?.parse().ok()
}
