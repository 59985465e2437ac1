//! A repository that has the examples as their pages say, and commands in checkouts of it.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::harness::Host;
use crate::pages::session::write_mirror;
use crate::policies::python;

pub fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples")
}

/// A file of the examples.
pub fn example(file: &str) -> String {
    let path = examples().join(file);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// What a command did.
#[derive(Clone, Debug)]
pub struct Outcome {
    pub command: String,
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Outcome {
    #[track_caller]
    pub fn ended_with(&self, code: i32) -> &Outcome {
        assert_eq!(
            self.code,
            Some(code),
            "{}\n--- stdout\n{}\n--- stderr\n{}",
            self.command,
            self.stdout,
            self.stderr
        );
        self
    }

    #[track_caller]
    pub fn says(&self, parts: &[&str]) {
        // As running text, without the frames and line breaks of the host.
        let all = format!("{}\n{}", self.stdout, self.stderr).replace(['│', '╷', '╵'], " ");
        let all = all.split_whitespace().collect::<Vec<_>>().join(" ");
        for part in parts {
            assert!(all.contains(part), "{part:?} is not in the output of {}:\n{all}", self.command);
        }
    }
}

/// The repository, and a machine with Terraform, Python and a mirror that has the provider.
pub struct Repository {
    root: TempDir,
}

impl Repository {
    pub fn new() -> Repository {
        let root = tempfile::Builder::new().prefix("ci-").tempdir().unwrap();
        let repository = Repository { root };
        for folder in ["bin", "home", "tmp"] {
            fs::create_dir(repository.path(folder)).unwrap();
        }
        std::os::unix::fs::symlink(Host::Main.binary(), repository.path("bin/terraform")).unwrap();
        write_mirror(&repository.path("mirror"), &repository.path("cli.tfrc"));
        copy(&examples(), &repository.path("repository"));
        repository.lock();
        repository
    }

    pub fn path(&self, file: &str) -> PathBuf {
        self.root.path().join(file)
    }

    /// Writes the lock files that are part of a repository.
    fn lock(&self) {
        let live = self.path("repository/ci/live");
        for entry in fs::read_dir(live).unwrap() {
            let mirror = self.path("mirror");
            let script = format!("terraform get && terraform providers lock -fs-mirror={}", mirror.display());
            self.run(&entry.unwrap().path(), &script, &[]).ended_with(0);
        }
    }

    /// A fresh checkout, as each job gets one.
    pub fn checkout(&self, name: &str) -> PathBuf {
        let path = self.path("jobs").join(name);
        // Nothing of an earlier run of the job is left.
        if path.exists() {
            fs::remove_dir_all(&path).unwrap();
        }
        copy(&self.path("repository"), &path);
        path
    }

    /// Runs a script as both systems do (`bash -eo pipefail`), with this environment and nothing else.
    pub fn run(&self, directory: &Path, script: &str, environment: &[(String, String)]) -> Outcome {
        let python = python().parent().unwrap().to_owned();
        let own = [self.path("bin"), python];
        let path = env::var_os("PATH").unwrap_or_default();
        let output = Command::new("bash")
            .args(["--noprofile", "--norc", "-eo", "pipefail", "-c", script])
            .current_dir(directory)
            .env_clear()
            .env("PATH", env::join_paths(own.into_iter().chain(env::split_paths(&path))).unwrap())
            .env("HOME", self.path("home"))
            .env("TMPDIR", self.path("tmp"))
            .env("TF_CLI_CONFIG_FILE", self.path("cli.tfrc"))
            .env("CHECKPOINT_DISABLE", "1")
            .env("GOGC", "off")
            .env("NO_COLOR", "1")
            .envs(environment.iter().cloned())
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Outcome {
            command: script.to_owned(),
            code: output.status.code(),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }
}

/// Copies a folder; what Terraform left in it stays behind.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        if entry.file_name() == ".terraform" {
            continue;
        }
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}
