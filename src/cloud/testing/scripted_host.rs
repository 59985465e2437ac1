//! A host with files and commands that a test lists.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use futures_util::future::BoxFuture;
use zeroize::Zeroizing;

use crate::credentials::{CommandOutput, Host};

/// A host with these files, and with these commands by their whole line: whether each succeeds, and what it prints.
#[derive(Debug, Default)]
pub struct ScriptedHost {
    files: Mutex<BTreeMap<String, String>>,
    commands: BTreeMap<String, (bool, String)>,
    /// What each command prints on standard error.
    complaint: String,
}

impl ScriptedHost {
    /// A host with these files.
    pub fn with_files<const N: usize>(files: [(&str, &str); N]) -> Self {
        let files = files.map(|(path, text)| (path.to_owned(), text.to_owned()));
        Self { files: Mutex::new(files.into()), ..Self::default() }
    }

    /// Adds a command.
    #[must_use]
    pub fn command(mut self, line: &str, success: bool, stdout: &str) -> Self {
        self.commands.insert(line.to_owned(), (success, stdout.to_owned()));
        self
    }

    /// Sets what each command prints on standard error.
    #[must_use]
    pub fn complaining(self, complaint: &str) -> Self {
        Self { complaint: complaint.to_owned(), ..self }
    }

    /// Writes a file.
    pub fn write(&self, path: &str, text: &str) {
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        files.insert(path.to_owned(), text.to_owned());
    }
}

impl Host for ScriptedHost {
    fn read<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, io::Result<Zeroizing<Vec<u8>>>> {
        let files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        let found = files.get(path.to_str().unwrap_or_default()).map(|text| text.clone().into_bytes());
        let read = found.map(Zeroizing::new).ok_or_else(|| io::ErrorKind::NotFound.into());
        Box::pin(std::future::ready(read))
    }

    fn run<'a>(
        &'a self,
        program: &'a str,
        arguments: &'a [String],
    ) -> BoxFuture<'a, io::Result<CommandOutput>> {
        let line = [&[program.to_owned()], arguments].concat().join(" ");
        let output = self.commands.get(&line).map(|(success, stdout)| CommandOutput {
            status: if *success { "exit status: 0" } else { "exit status: 3" }.to_owned(),
            success: *success,
            stdout: Zeroizing::new(stdout.clone().into_bytes()),
            stderr: Zeroizing::new(self.complaint.clone().into_bytes()),
        });
        Box::pin(std::future::ready(output.ok_or_else(|| io::ErrorKind::NotFound.into())))
    }
}
