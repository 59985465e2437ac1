//! A command of the host that is under way.

use std::fs::File;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::{Ran, Scene, host};

/// How long a command may take. Far more than any needs, so that only one that hangs is ended.
const LONGEST_RUN: Duration = Duration::from_mins(3);

/// How often a command is asked whether it has ended.
const POLL_EVERY: Duration = Duration::from_millis(5);

/// A command of the host, in a process group of its own as a shell would start it; the whole group is
/// killed when dropped.
pub struct Run<'a> {
    scene: &'a Scene,
    process: Child,
    command: String,
    output: [PathBuf; 2],
    ended: bool,
}

impl<'a> Run<'a> {
    pub(super) fn start(scene: &'a Scene, number: usize, arguments: &[&str], input: Stdio) -> Run<'a> {
        let output =
            ["stdout", "stderr"].map(|stream| scene.root().join(format!("command-{number}.{stream}")));
        let [stdout, stderr] = &output;
        let process = host::command(scene.root(), arguments)
            .envs(scene.environment())
            .process_group(0)
            .stdin(input)
            .stdout(File::create(stdout).unwrap())
            .stderr(File::create(stderr).unwrap())
            .spawn()
            .unwrap();
        Run { scene, process, command: arguments.join(" "), output, ended: false }
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
    pub fn wait(mut self) -> Ran {
        let deadline = Instant::now() + LONGEST_RUN;
        let exit_code = loop {
            if let Some(status) = self.process.try_wait().unwrap() {
                self.ended = true;
                break status.code();
            }
            assert!(Instant::now() < deadline, "`{}` did not end", self.command);
            thread::sleep(POLL_EVERY);
        };
        let ran = self.so_far(exit_code);
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
