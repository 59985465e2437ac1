//! The emulator as a process.

use std::fs::{self, File};
use std::io::{self, BufReader, Read as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};

use serde_json::Value;

use crate::http::{Response, exchange};
use crate::waiting::{first_line, wait_for_end};

/// A running emulator; it is killed when dropped.
#[derive(Debug)]
pub struct EmulatorProcess {
    child: Child,
    /// What follows the ready line, which is nothing.
    stdout: BufReader<ChildStdout>,
    ready: Value,
    address: SocketAddr,
    log: PathBuf,
}

impl EmulatorProcess {
    /// The command that serves on a free port of 127.0.0.1, with an environment that has it log every call and nothing
    /// else. Arguments are added to it.
    pub fn command(program: impl AsRef<Path>) -> Command {
        let mut command = Command::new(program.as_ref());
        command.args(["serve", "--listen", "127.0.0.1:0"]);
        command.env_clear().env("ALICLOUD_EMULATOR_LOG_LEVEL", "debug");
        command
    }

    /// Starts an emulator and waits until it serves. `log` is the file for what it logs.
    ///
    /// # Errors
    /// If it does not start: what it has logged.
    pub fn start(mut command: Command, log: &Path) -> io::Result<Self> {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(File::create(log)?);
        let mut child = command.spawn()?;
        let stdout = child.stdout.take().ok_or_else(|| io::Error::other("no standard output"))?;
        match first_line(stdout).and_then(|(line, stdout)| Ok((parse_ready(&line)?, stdout))) {
            Ok(((ready, address), stdout)) => Ok(Self { child, stdout, ready, address, log: log.to_owned() }),
            Err(error) => {
                // It may have ended by itself.
                let _ = child.kill();
                child.wait()?;
                let logged = fs::read_to_string(log)?;
                Err(io::Error::other(format!("the emulator did not start: {error}: {logged}")))
            }
        }
    }

    /// Where it serves.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The ready line.
    pub fn ready(&self) -> &Value {
        &self.ready
    }

    /// What it has logged so far.
    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
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
    /// If it cannot be asked, or does not end.
    pub fn terminate(&mut self) -> io::Result<ExitStatus> {
        Ok(self.end("TERM")?.0)
    }

    /// Asks it to end by a signal, for example `TERM`, and waits until it has: the exit status, and what else it has
    /// written to its standard output.
    ///
    /// # Errors
    /// If it cannot be asked, or does not end.
    pub fn end(&mut self, signal: &str) -> io::Result<(ExitStatus, String)> {
        Command::new("kill").args([&format!("-{signal}"), &self.child.id().to_string()]).status()?;
        let status = wait_for_end(&mut self.child)?;
        let mut written = String::new();
        self.stdout.read_to_string(&mut written)?;
        Ok((status, written))
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
    let request = control_request(address, method, path, &body.map(Value::to_string).unwrap_or_default());
    control_answer(method, path, &exchange(address, &request)?)
}

/// What the control API answers to a request that succeeds.
pub(crate) fn control_answer(method: &str, path: &str, response: &Response) -> io::Result<Value> {
    if response.status != 200 {
        return Err(io::Error::other(format!("{method} /_emulator/{path}: {}", response.text())));
    }
    Ok(serde_json::from_slice(&response.body)?)
}

/// A request to the control API of the emulator at an address; no body if it is empty.
pub fn control_request(address: SocketAddr, method: &str, path: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "{method} /_emulator/{path} HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\n\
         Content-Length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

/// The ready line, and the address in it.
fn parse_ready(line: &str) -> io::Result<(Value, SocketAddr)> {
    let ready: Value = serde_json::from_str(line)?;
    let address = ready.get("listening").and_then(Value::as_str).and_then(|address| address.parse().ok());
    let address = address.ok_or_else(|| io::Error::other(format!("no address in {ready}")))?;
    Ok((ready, address))
}
