//! The binary on a data folder.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::{NamedTempFile, TempDir};
use test_support::EmulatorProcess;

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
    let mut command = EmulatorProcess::command(env!("CARGO_BIN_EXE_alicloud-emulator"));
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

    /// The most memory it has had so far, in bytes.
    #[track_caller]
    pub fn peak_memory(&self) -> usize {
        self.process.peak_memory().unwrap()
    }

    /// SIGKILL.
    pub fn kill(mut self) {
        self.process.kill();
    }

    /// SIGTERM; what was logged.
    pub fn stop(mut self) -> String {
        assert_eq!(self.process.terminate().unwrap().code(), Some(0));
        self.process.log()
    }
}
