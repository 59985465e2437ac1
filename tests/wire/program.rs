//! The real binary as a child process.

use std::{
    io::{BufRead, BufReader, Read},
    process::{Child, ChildStderr, ChildStdout, Command, ExitStatus, Output, Stdio},
};

use test_support::waiting::{first_line, wait_for_end};

use crate::{client::Handshake, served::COOKIE};

/// The provider with an environment of its own: nothing of the test's but where files go.
pub fn command(arguments: &[&str], variables: &[(&str, &str)]) -> Command {
    let built = || env!("CARGO_BIN_EXE_terraform-provider-alicloud-encryption").into();
    let mut command = Command::new(std::env::var_os("SOAK_PROVIDER").unwrap_or_else(built));
    command.args(arguments).env_clear().envs(variables.iter().copied());
    if let Some(directory) = std::env::var_os("TMPDIR") {
        command.env("TMPDIR", directory);
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Runs it to its end.
pub fn run(arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    command(arguments, variables).output().unwrap()
}

/// A provider that serves; killed when dropped.
pub struct Program {
    child: Child,
    stdout: BufReader<ChildStdout>,
    stderr: BufReader<ChildStderr>,
    /// The first line it wrote.
    pub line: String,
}

impl Program {
    /// Starts it as a host does.
    pub fn hosted(variables: &[(&str, &str)]) -> Program {
        Program::start(&[], &[&[COOKIE, ("PLUGIN_PROTOCOL_VERSIONS", "5,6")], variables].concat())
    }

    pub fn start(arguments: &[&str], variables: &[(&str, &str)]) -> Program {
        Program::spawn(command(arguments, variables))
    }

    /// Starts a shell that stands for a host: it starts the provider, and can be killed with [`Program::signal`].
    /// What it writes is the provider's but for one line on standard error, the provider's process id.
    #[cfg(unix)]
    pub fn under_a_shell() -> Program {
        let provider = command(&[], &[COOKIE, ("PLUGIN_PROTOCOL_VERSIONS", "5,6")]);
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", "\"$0\" & echo $! >&2; wait"]).arg(provider.get_program()).env_clear();
        shell.envs(provider.get_envs().filter_map(|(name, value)| Some((name, value?))));
        shell.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Program::spawn(shell)
    }

    pub fn spawn(mut command: Command) -> Program {
        let mut child = command.spawn().unwrap();
        let (mut line, stdout) = first_line(child.stdout.take().unwrap()).unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        assert!(line.ends_with('\n'), "{line:?}");
        line.pop();
        Program { child, stdout, stderr, line }
    }

    pub fn handshake(&self) -> Handshake {
        Handshake::parse(&self.line)
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends it a signal by name.
    pub fn signal(&self, name: &str) {
        let status = Command::new("kill").args([format!("-{name}"), self.id().to_string()]).status().unwrap();
        assert!(status.success());
    }

    /// Reads its standard error up to a line that holds this text.
    pub fn wait_for_log(&mut self, text: &str) {
        let mut lines = self.stderr.by_ref().lines();
        assert!(lines.any(|line| line.unwrap().contains(text)), "it ended without logging {text:?}");
    }

    /// Reads one line of its standard error.
    pub fn log_line(&mut self) -> String {
        let mut line = String::new();
        self.stderr.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    /// Waits for its end; returns how it ended, and the rest of its standard output and error.
    pub fn ended(mut self) -> (ExitStatus, String, String) {
        let status = wait_for_end(&mut self.child).unwrap();
        let (mut stdout, mut stderr) = (String::new(), String::new());
        self.stdout.read_to_string(&mut stdout).unwrap();
        self.stderr.read_to_string(&mut stderr).unwrap();
        (status, stdout, stderr)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended already, which is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
