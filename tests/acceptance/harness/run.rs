//! A command of the host that is under way.

use std::fs::File;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use test_support::waiting::{first_line, wait_for};

use super::{Ran, Scene, host};

/// How long a command may take. Far more than any needs, so that only one that hangs is ended.
const LONGEST_RUN: Duration = Duration::from_mins(3);

/// A command of the host, in a process group of its own as a shell would start it; the whole group is
/// killed when dropped.
pub struct Run<'a> {
    scene: &'a Scene,
    process: Child,
    command: String,
    output: [PathBuf; 2],
    ended: bool,
    _provider: Option<DebugProvider>,
}

/// Who starts the provider of a command.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum ProviderStart {
    /// The host, once for each phase and provider block.
    ByHost,
    /// The harness, once for the command, in debug mode.
    ByHarness,
}

/// A provider in debug mode, in the surroundings in which the host would start it; it is killed when dropped.
pub struct DebugProvider {
    process: Child,
    address: String,
}

impl DebugProvider {
    /// The variable that leads the host to it.
    pub const VARIABLE: &str = "TF_REATTACH_PROVIDERS";

    /// Starts it, with what the scene's environment is now.
    pub fn start(scene: &Scene) -> DebugProvider {
        let mut process = host::provider(scene.root())
            .envs(scene.environment())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (line, _) = first_line(process.stdout.take().unwrap()).unwrap();
        let address = line.trim_end().strip_prefix(DebugProvider::VARIABLE);
        let address = address.unwrap_or_else(|| panic!("{line:?} leads to no provider"));
        let address = address.trim_start_matches('=').trim_matches('\'').to_owned();
        DebugProvider { process, address }
    }

    /// The value of [`DebugProvider::VARIABLE`].
    pub fn address(&self) -> &str {
        &self.address
    }
}

impl Drop for DebugProvider {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl<'a> Run<'a> {
    pub(super) fn start(
        scene: &'a Scene,
        number: usize,
        arguments: &[&str],
        input: Stdio,
        provider: ProviderStart,
    ) -> Run<'a> {
        let output =
            ["stdout", "stderr"].map(|stream| scene.root().join(format!("command-{number}.{stream}")));
        let [stdout, stderr] = &output;
        let provider = (provider == ProviderStart::ByHarness).then(|| DebugProvider::start(scene));
        let process = host::command(scene.host(), scene.root(), arguments)
            .envs(scene.environment())
            .envs(provider.iter().map(|provider| (DebugProvider::VARIABLE, provider.address())))
            .process_group(0)
            .stdin(input)
            .stdout(File::create(stdout).unwrap())
            .stderr(File::create(stderr).unwrap())
            .spawn()
            .unwrap();
        Run { scene, process, command: arguments.join(" "), output, ended: false, _provider: provider }
    }

    /// The process group: the host's process id, and the group of the providers it starts.
    pub fn group(&self) -> u32 {
        self.process.id()
    }

    /// Sends SIGINT to the whole group, as Ctrl-C in a terminal does.
    pub fn interrupt(&self) {
        assert!(self.signal("-INT"), "the group of `{}` is gone", self.command);
    }

    /// Waits until the command has ended.
    #[track_caller]
    pub fn wait(self) -> Ran {
        self.wait_at_most(LONGEST_RUN)
    }

    /// Waits until the command has ended, which it must within a limit.
    #[track_caller]
    pub fn wait_at_most(mut self, limit: Duration) -> Ran {
        let what = format!("the end of `{}`", self.command);
        let status = wait_for(&what, limit, || self.process.try_wait()).unwrap();
        self.ended = true;
        let ran = self.so_far(status.code());
        self.scene.remember(ran.clone());
        ran
    }

    /// True if a process of the group is alive: after the command has ended, one it left behind.
    pub fn group_is_alive(group: u32) -> bool {
        Command::new("kill")
            .args(["-0", "--", &format!("-{group}")])
            .stderr(Stdio::null())
            .status()
            .unwrap()
            .success()
    }

    fn so_far(&self, exit_code: Option<i32>) -> Ran {
        let [stdout, stderr] = self.output.each_ref().map(|file| std::fs::read(file).unwrap_or_default());
        Ran {
            command: self.command.clone(),
            exit_code,
            stdout: String::from_utf8_lossy(&stdout).into_owned(),
            stderr: String::from_utf8_lossy(&stderr).into_owned(),
        }
    }

    fn signal(&self, signal: &str) -> bool {
        let group = format!("-{}", self.group());
        Command::new("kill").args([signal, "--", &group]).stderr(Stdio::null()).status().unwrap().success()
    }
}

impl Drop for Run<'_> {
    fn drop(&mut self) {
        if !self.ended {
            self.signal("-KILL");
            let _ = self.process.wait();
            self.scene.remember(self.so_far(None));
        }
    }
}
