//! The binary on a data folder.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::{NamedTempFile, TempDir};
use test_support::EmulatorProcess;
use test_support::usage::{Usage, forget_peak};

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

/// The command that serves a folder on a free port, with the program that `SOAK_EMULATOR` names, if it does.
pub fn serve(directory: &Path, arguments: &[&str]) -> Command {
    let built = || env!("CARGO_BIN_EXE_alicloud-emulator").into();
    let mut command = EmulatorProcess::command(std::env::var_os("SOAK_EMULATOR").unwrap_or_else(built));
    command.arg("--data-dir").arg(directory).args(arguments);
    command
}

/// A running emulator, killed when the test is over.
pub struct Server {
    process: EmulatorProcess,
    _log: NamedTempFile,
}

impl Server {
    #[track_caller]
    pub fn spawn(command: Command) -> Self {
        Self::try_spawn(command).unwrap()
    }

    pub fn try_spawn(command: Command) -> io::Result<Self> {
        let log = NamedTempFile::new()?;
        Ok(Self { process: EmulatorProcess::start(command, log.path())?, _log: log })
    }

    pub fn client(&self) -> Client {
        Client::new(self.process.address())
    }

    /// What it uses.
    #[track_caller]
    pub fn usage(&self) -> Usage {
        Usage::of(self.process.id()).unwrap()
    }

    /// Has the peak of its memory count from now on.
    #[track_caller]
    pub fn forget_peak(&self) {
        forget_peak(self.process.id()).unwrap();
    }

    /// SIGKILL.
    pub fn kill(mut self) {
        self.process.kill();
    }

    /// SIGTERM; what was logged.
    pub fn stop(mut self) -> String {
        self.end("TERM")
    }

    /// Ends it by `KILL` or `TERM`; what was logged.
    #[track_caller]
    pub fn end(&mut self, signal: &str) -> String {
        let (status, _) = self.process.end(signal).unwrap();
        assert_eq!(status.code(), (signal == "TERM").then_some(0), "{signal}");
        self.process.log()
    }
}
