//! Files and commands as a seam.

use std::fmt::{self, Debug};
use std::io;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::io::AsyncReadExt as _;
use tokio::process::{ChildStderr, ChildStdout};
use tokio::time::timeout;
use zeroize::Zeroizing;

use crate::file;

/// Reads files and runs commands for sources of credentials.
pub trait Host: Send + Sync + Debug {
    /// Reads a whole file.
    ///
    /// # Errors
    /// Kind `NotFound` when the file does not exist. The message never quotes the content.
    fn read<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, io::Result<Zeroizing<Vec<u8>>>>;

    /// Runs a program without input until it ends. Dropping the future kills it.
    ///
    /// # Errors
    /// When it cannot be started or waited for.
    fn run<'a>(
        &'a self,
        program: &'a str,
        arguments: &'a [String],
    ) -> BoxFuture<'a, io::Result<CommandOutput>>;
}

/// The result of a program.
pub struct CommandOutput {
    /// How it ended, in words: `exit status: 1`.
    pub status: String,
    /// Whether it succeeded.
    pub success: bool,
    /// Its standard output, which may contain secrets.
    pub stdout: Zeroizing<Vec<u8>>,
    /// Its standard error, which may say why it failed.
    pub stderr: Zeroizing<Vec<u8>>,
}

/// The text of a file, without the byte order mark that some editors write; `None` if it is not UTF-8.
pub(super) fn text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok().map(|text| text.trim_start_matches('\u{feff}'))
}

impl Debug for CommandOutput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CommandOutput").field("status", &self.status).finish_non_exhaustive()
    }
}

/// The machine that the process runs on.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemHost;

/// The longest standard output of a command that is read, in bytes. What it should print is much shorter.
const LONGEST_OUTPUT: u64 = 1024 * 1024;

/// How much of the standard error of a command is kept, in bytes. An error quotes the beginning.
const LONGEST_COMPLAINT: u64 = 16 * 1024;

/// How long the output of a command that has ended may take to arrive.
const LAST_OUTPUT: Duration = Duration::from_secs(1);

impl Host for SystemHost {
    fn read<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, io::Result<Zeroizing<Vec<u8>>>> {
        let path = path.to_owned();
        Box::pin(async move {
            tokio::task::spawn_blocking(move || file::read(&path)).await.map_err(io::Error::other)?
        })
    }

    fn run<'a>(
        &'a self,
        program: &'a str,
        arguments: &'a [String],
    ) -> BoxFuture<'a, io::Result<CommandOutput>> {
        Box::pin(async move {
            // The command does not inherit standard error, which goes to the log. An error message quotes it instead.
            let mut command = tokio::process::Command::new(program)
                .args(arguments)
                .stdin(Stdio::null())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .kill_on_drop(true)
                .spawn()?;
            let (stdout, stderr) = (command.stdout.take(), command.stderr.take());
            let mut output = CommandOutput {
                status: String::new(),
                success: false,
                stdout: Zeroizing::new(Vec::new()),
                stderr: Zeroizing::new(Vec::new()),
            };
            let status = {
                let printed = read_output(stdout, &mut output.stdout);
                let complained = read_beginning(stderr, &mut output.stderr);
                let outputs = async { tokio::try_join!(printed, complained).map(|_| ()) };
                tokio::pin!(outputs);
                tokio::select! {
                    read = &mut outputs => {
                        read?;
                        command.wait().await?
                    }
                    status = command.wait() => {
                        // A program that the command has started may hold the pipes open for as long as it likes.
                        // Everything the command itself has printed is in them.
                        if let Ok(read) = timeout(LAST_OUTPUT, outputs).await {
                            read?;
                        }
                        status?
                    }
                }
            };
            output.status = status.to_string();
            output.success = status.success();
            Ok(output)
        })
    }
}

/// Reads the standard output of a command.
///
/// # Errors
/// When it is longer than [`LONGEST_OUTPUT`]. The command is killed then, because its future is dropped.
async fn read_output(pipe: Option<ChildStdout>, into: &mut Vec<u8>) -> io::Result<()> {
    let Some(pipe) = pipe else { return Ok(()) };
    pipe.take(LONGEST_OUTPUT + 1).read_to_end(into).await?;
    if u64::try_from(into.len()).unwrap_or(u64::MAX) > LONGEST_OUTPUT {
        let problem = format!("it prints more than {} MiB", LONGEST_OUTPUT >> 20);
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, problem));
    }
    Ok(())
}

/// Reads the standard error of a command, and keeps its beginning.
async fn read_beginning(pipe: Option<ChildStderr>, into: &mut Vec<u8>) -> io::Result<()> {
    let Some(mut pipe) = pipe else { return Ok(()) };
    (&mut pipe).take(LONGEST_COMPLAINT).read_to_end(into).await?;
    // A full pipe would stop the command.
    tokio::io::copy(&mut pipe, &mut tokio::io::sink()).await.map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[tokio::test]
    async fn commands_are_run_without_a_shell() {
        let output = SystemHost.run("echo", &["$HOME;x".to_owned()]).await.unwrap();
        assert!(output.success && output.stdout.as_slice() == b"$HOME;x\n");
        let output = SystemHost.run("false", &[]).await.unwrap();
        assert!(!output.success && output.status.contains('1'), "{output:?}");
        assert!(SystemHost.run("/nonexistent/program", &[]).await.is_err());
    }

    #[cfg(unix)]
    async fn shell(script: &str) -> io::Result<CommandOutput> {
        SystemHost.run("sh", &["-c".to_owned(), script.to_owned()]).await
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_command_that_prints_without_end_is_killed() {
        for script in ["exec yes", "yes", "exec cat /dev/zero"] {
            let error = shell(script).await.unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::FileTooLarge, "{error}");
        }
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn of_a_long_complaint_the_beginning_is_kept_and_the_command_ends() {
        let output = shell("echo keys; head -c 1000000 /dev/zero >&2").await.unwrap();
        assert!(output.success && output.stdout.as_slice() == b"keys\n");
        assert_eq!(output.stderr.len() as u64, LONGEST_COMPLAINT);
    }

    /// The program in the background ends with the test, which closes its standard input.
    #[cfg(unix)]
    #[tokio::test]
    async fn a_program_that_a_command_leaves_behind_does_not_hold_up_its_output() {
        let directory = tempfile::tempdir().unwrap();
        let fifo = directory.path().join("fifo");
        assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
        // Opened for reading and writing, a pipe needs no other side.
        let open = std::fs::File::options().read(true).write(true).open(&fifo).unwrap();
        let output = shell(&format!("cat {} & echo keys", fifo.display())).await.unwrap();
        assert!(output.success && output.stdout.as_slice() == b"keys\n", "{output:?}");
        drop(open);
    }
}
