//! Commands of the real terraform.

use std::fs::File;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use test_support::waiting::{first_line, wait_for};

use crate::host::{self, Host};
use crate::stage::Stage;

/// The longest that a command may take: more is a violation.
const LONGEST_RUN: Duration = Duration::from_mins(3);

/// Where the commands of an episode run.
pub struct Folder(TempDir);

/// A command that has ended.
#[derive(Clone, Debug)]
pub struct Ran {
    /// Its number among the commands of the stage.
    pub command: usize,
    /// What was run.
    pub arguments: String,
    /// `None` if a signal ended it.
    pub exit_code: Option<i32>,
    /// Everything that it printed, without frames and line breaks.
    pub output: String,
    /// What it left behind: processes, files.
    pub left: Vec<String>,
}

/// An instance of a resource in the state.
#[derive(Clone, Debug)]
pub struct Instance {
    /// Its address.
    pub address: String,
    /// Its attributes.
    pub attributes: Value,
    /// Whether it is neither tainted nor deposed.
    pub is_whole: bool,
}

impl Folder {
    /// A folder of its own.
    pub fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("chaos-").tempdir().unwrap();
        for part in ["work", "home", "tmp", "sockets"] {
            std::fs::create_dir(folder.path().join(part)).unwrap();
        }
        host::write_cli_config(&folder.path().join("cli.tfrc"));
        Self(folder)
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Writes a file of the configuration.
    pub fn write(&self, file: &str, text: &str) {
        std::fs::write(self.path().join("work").join(file), text).unwrap();
    }

    /// What the state holds.
    pub fn state(&self) -> Vec<Instance> {
        let text = std::fs::read_to_string(self.path().join("work/terraform.tfstate")).unwrap_or_default();
        let state: Value = serde_json::from_str(&text).unwrap_or_default();
        let mut instances = Vec::new();
        for resource in state["resources"].as_array().into_iter().flatten() {
            let text = |name: &str| resource[name].as_str().unwrap_or_default();
            for instance in resource["instances"].as_array().into_iter().flatten() {
                let index =
                    instance["index_key"].as_str().map(|key| format!("[{key:?}]")).unwrap_or_default();
                instances.push(Instance {
                    address: format!("{}.{}{index}", text("type"), text("name")),
                    attributes: instance["attributes"].clone(),
                    is_whole: instance["status"].is_null() && instance["deposed"].is_null(),
                });
            }
        }
        instances
    }

    /// Runs a command while the disturbances of the stage wait for its calls.
    pub fn run(&self, stage: &Stage, host: Host, arguments: &[&str], by_host: bool) -> Ran {
        let command = stage.command();
        let output = ["stdout", "stderr"].map(|stream| self.path().join(stream));
        let provider = (!by_host).then(|| Provider::start(self.path()));
        let mut terraform = host::command(host, self.path(), arguments);
        terraform.envs(provider.iter().map(|provider| ("TF_REATTACH_PROVIDERS", &provider.address)));
        terraform.process_group(0).stdin(Stdio::null());
        terraform.stdout(File::create(&output[0]).unwrap()).stderr(File::create(&output[1]).unwrap());
        let mut process = terraform.spawn().unwrap();
        let group = process.id();
        stage.group(group);
        let status = wait_for("the end of the command", LONGEST_RUN, || process.try_wait());
        let mut left = Vec::new();
        let exit_code = match status {
            Ok(status) => status.code(),
            Err(error) => {
                left.push(error.to_string());
                None
            }
        };
        drop(provider);
        left.extend(self.clear_away(group));
        let _ = process.wait();
        let printed = output.map(|file| String::from_utf8_lossy(&std::fs::read(file).unwrap()).into_owned());
        let output = printed.concat().replace(['│', '╷', '╵'], " ");
        let output = output.split_whitespace().collect::<Vec<_>>().join(" ");
        Ran { command, arguments: arguments.join(" "), exit_code, output, left }
    }

    /// Ends what is left of a group, and removes what is left in the folder for temporary files: what there was.
    fn clear_away(&self, group: u32) -> Vec<String> {
        let mut left = Vec::new();
        let group = format!("-{group}");
        let mut kill = Command::new("kill");
        if kill.args(["-KILL", "--", &group]).stderr(Stdio::null()).status().unwrap().success() {
            left.push("a process".to_owned());
        }
        let tmp = self.path().join("tmp");
        for entry in std::fs::read_dir(&tmp).unwrap().flatten() {
            left.push(entry.path().display().to_string());
        }
        std::fs::remove_dir_all(&tmp).unwrap();
        std::fs::create_dir(&tmp).unwrap();
        left
    }
}

/// A provider in debug mode, to which the host attaches; it is killed when dropped.
struct Provider {
    process: Child,
    address: String,
}

impl Provider {
    fn start(root: &Path) -> Self {
        let mut process = host::provider(root)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let (line, _) = first_line(process.stdout.take().unwrap()).unwrap();
        let address = line.trim_end().strip_prefix("TF_REATTACH_PROVIDERS=").unwrap_or_default();
        let address = address.trim_matches('\'').to_owned();
        Self { process, address }
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
