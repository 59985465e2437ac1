//! Files and commands as a seam.

use std::fmt::{self, Debug};
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;
use std::process::Stdio;

use futures_util::future::BoxFuture;
use zeroize::Zeroizing;

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

/// The longest file that is read. Files with profiles or tokens are shorter; a wrong path may name any other file.
const LONGEST_FILE: u64 = 1024 * 1024;

impl Host for SystemHost {
    fn read<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, io::Result<Zeroizing<Vec<u8>>>> {
        let path = path.to_owned();
        Box::pin(
            async move { tokio::task::spawn_blocking(move || read(&path)).await.map_err(io::Error::other)? },
        )
    }

    fn run<'a>(
        &'a self,
        program: &'a str,
        arguments: &'a [String],
    ) -> BoxFuture<'a, io::Result<CommandOutput>> {
        Box::pin(async move {
            // The command does not inherit standard error, which goes to the log. An error message quotes it instead.
            let output = tokio::process::Command::new(program)
                .args(arguments)
                .stdin(Stdio::null())
                .kill_on_drop(true)
                .output()
                .await?;
            Ok(CommandOutput {
                status: output.status.to_string(),
                success: output.status.success(),
                stdout: Zeroizing::new(output.stdout),
                stderr: Zeroizing::new(output.stderr),
            })
        })
    }
}

fn read(path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(Vec::new());
    File::open(path)?.take(LONGEST_FILE + 1).read_to_end(&mut bytes)?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > LONGEST_FILE {
        return Err(io::Error::other("it is larger than 1 MiB"));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn files_are_read_and_bounded() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("f");
        assert_eq!(SystemHost.read(&path).await.unwrap_err().kind(), io::ErrorKind::NotFound);
        std::fs::write(&path, "content").unwrap();
        assert_eq!(SystemHost.read(&path).await.unwrap().as_slice(), b"content");
        std::fs::write(&path, vec![b'x'; 1024 * 1024 + 1]).unwrap();
        assert!(SystemHost.read(&path).await.unwrap_err().to_string().contains("larger"));
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn commands_are_run_without_a_shell() {
        let output = SystemHost.run("echo", &["$HOME;x".to_owned()]).await.unwrap();
        assert!(output.success && output.stdout.as_slice() == b"$HOME;x\n");
        let output = SystemHost.run("false", &[]).await.unwrap();
        assert!(!output.success && output.status.contains('1'), "{output:?}");
        assert!(SystemHost.run("/nonexistent/program", &[]).await.is_err());
    }
}
