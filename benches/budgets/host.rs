//! Commands of the host, timed and watched.

use std::env;
use std::fs::{self, File};
use std::io;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use test_support::waiting::wait_for;

use crate::Failure;
use crate::program::Programs;
use crate::watch::{AtOnce, Children, Usage};
use crate::workspace::Workspace;

/// How long a command may take. Far more than any needs, so that only one that hangs is ended.
const LONGEST_RUN: Duration = Duration::from_mins(10);

/// How many resources the host works on at once if nobody tells it otherwise.
pub const PARALLELISM: u16 = 10;

/// Applies the configuration without asking.
pub const APPLY: &[&str] = &["apply", "-auto-approve"];

/// Plans after a refresh. Exit code 0 stands for a plan without changes, and every other fails the run.
pub const PLAN: &[&str] = &["plan", "-detailed-exitcode"];

/// What a command took.
pub struct Taken {
    /// From its start to its end.
    pub wall: Duration,
    /// What the provider processes it started had used when each was seen last; empty if this is not Linux.
    pub providers: Vec<Usage>,
    /// The most of them that ran at the same time, and the most memory that they used together.
    pub at_once: AtOnce,
}

impl Taken {
    /// The highest peak of memory among the provider's processes.
    pub fn peak_mib(&self) -> Option<f64> {
        self.providers.iter().map(|usage| usage.peak_mib).max_by(f64::total_cmp)
    }

    /// The processor time of all of the provider's processes.
    pub fn processor(&self) -> Option<Duration> {
        (!self.providers.is_empty()).then(|| self.providers.iter().map(|usage| usage.processor).sum())
    }
}

/// A command under way; it is killed when dropped.
pub struct Run<'a> {
    workspace: &'a Workspace,
    process: Child,
    children: Children,
    started: Instant,
}

impl<'a> Run<'a> {
    /// Starts a command that works on [`PARALLELISM`] resources at once.
    ///
    /// # Errors
    ///
    /// If it does not start.
    pub fn start(programs: &Programs, workspace: &'a Workspace, arguments: &[&str]) -> Result<Self, Failure> {
        Self::start_at(programs, workspace, arguments, PARALLELISM)
    }

    /// Starts a command that works on so many resources at once.
    ///
    /// # Errors
    ///
    /// If it does not start.
    pub fn start_at(
        programs: &Programs,
        workspace: &'a Workspace,
        arguments: &[&str],
        parallelism: u16,
    ) -> Result<Self, Failure> {
        let mut command = Command::new(&programs.terraform);
        command
            .args(arguments)
            .args(["-input=false", "-no-color", &format!("-parallelism={parallelism}")])
            .current_dir(workspace.path("work"))
            .env_clear()
            .env("PATH", env::var_os("PATH").unwrap_or_default())
            .env("HOME", workspace.path("home"))
            .env("TMPDIR", workspace.path("tmp"))
            .env("TF_CLI_CONFIG_FILE", workspace.path("cli.tfrc"))
            .env("TF_IN_AUTOMATION", "1")
            .env("CHECKPOINT_DISABLE", "1")
            .stdin(Stdio::null())
            .stdout(File::create(workspace.path("stdout"))?)
            .stderr(File::create(workspace.path("stderr"))?);
        let started = Instant::now();
        let process = command.spawn()?;
        let children = Children::of(process.id(), &programs.provider);
        Ok(Self { workspace, process, children, started })
    }

    /// Watches the provider's processes until the command ends, which must be with success.
    ///
    /// # Errors
    ///
    /// If it fails or takes far too long; the text is what it said.
    pub fn finish(mut self) -> Result<Taken, Failure> {
        let status = wait_for("the end of a command of the host", LONGEST_RUN, || {
            self.children.look();
            self.process.try_wait()
        })?;
        let wall = self.started.elapsed();
        self.check(status)?;
        Ok(Taken { wall, providers: self.children.seen().collect(), at_once: self.children.at_once() })
    }

    /// Watches until `reached` says so, and tells what the provider's processes had used by then.
    ///
    /// # Errors
    ///
    /// If the command ends before that, or takes far too long.
    pub fn until(
        &mut self,
        mut reached: impl FnMut() -> Result<bool, Failure>,
    ) -> Result<Vec<Usage>, Failure> {
        let ended = wait_for("what a command of the host is watched for", LONGEST_RUN, || {
            let is_reached = reached().map_err(|failure| io::Error::other(failure.to_string()))?;
            self.children.look();
            Ok(if is_reached { Some(None) } else { self.process.try_wait()?.map(Some) })
        })?;
        if let Some(status) = ended {
            self.check(status)?;
            return Err("a command of the host ended too early".into());
        }
        Ok(self.children.seen().collect())
    }

    fn check(&self, status: ExitStatus) -> Result<(), Failure> {
        if status.success() {
            return Ok(());
        }
        let said = ["stdout", "stderr"]
            .map(|file| fs::read_to_string(self.workspace.path(file)).unwrap_or_default());
        Err(format!("the host ended with {status}:\n{}", said.concat()).into())
    }
}

impl Drop for Run<'_> {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Runs a command to its end, which must be success.
///
/// # Errors
///
/// If it fails; the text is what it said.
pub fn run(programs: &Programs, workspace: &Workspace, arguments: &[&str]) -> Result<Taken, Failure> {
    Run::start(programs, workspace, arguments)?.finish()
}
