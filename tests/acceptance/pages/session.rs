//! The shell of a page is run, in surroundings of the page's own.

use std::env;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;
use test_support::waiting::wait_for;

use super::page::{Expected, Fault, Shell, Step};
use super::repository;
use crate::harness::{Host, write_cli_config};
use crate::release::{self, platform};

/// How long a page may take. Far more than any needs, so that only one that hangs is ended.
const LONGEST_PAGE: Duration = Duration::from_mins(3);

/// The variables of this process that pages use: interpreters with the packages that a page needs.
const INTERPRETERS: [&str; 3] = ["CONFORMANCE_NODE", "CONFORMANCE_PYTHON", "POLICIES_PYTHON"];

/// The functions of a session.
const FUNCTIONS: &str = include_str!("session.sh");

/// A folder with what a reader of the page has: Terraform, the emulator, and a mirror that has the provider.
pub struct Surroundings {
    root: TempDir,
    /// Where the session begins.
    work: PathBuf,
}

impl Surroundings {
    /// The session of an example's page begins in a copy of the example, every other one in an empty folder.
    pub fn of_page(file: &str) -> Surroundings {
        let root = tempfile::Builder::new().prefix("page-").tempdir().unwrap();
        let path = |name: &str| root.path().join(name);
        for folder in ["bin", "blocks", "fragments", "home", "tmp", "work"] {
            fs::create_dir(path(folder)).unwrap();
        }
        symlink(Host::Main.binary(), path("bin/terraform")).unwrap();
        write_cli_config(&path("fragments.tfrc"));
        write_mirror(&path("mirror"), &path("session.tfrc"));
        let mut work = path("work");
        if let Some(page) = file.strip_prefix("examples/") {
            let copy =
                Command::new("cp").arg("-R").arg(repository().join("examples")).arg(&work).status().unwrap();
            assert!(copy.success());
            work = path("work/examples").join(page).parent().unwrap().to_owned();
        }
        Surroundings { root, work }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    /// A command with nothing of the caller's environment but `PATH`.
    pub fn command(&self, program: impl AsRef<Path>, cli_config: &str) -> Command {
        let path = env::var_os("PATH").unwrap_or_default();
        let folders = [self.path("bin")].into_iter().chain(env::split_paths(&path));
        let mut command = Command::new(program.as_ref());
        command
            .env_clear()
            .env("PATH", env::join_paths(folders).unwrap())
            .env("HOME", self.path("home"))
            .env("TMPDIR", self.path("tmp"))
            .env("TF_CLI_CONFIG_FILE", self.path(cli_config))
            .env("CHECKPOINT_DISABLE", "1")
            .env("NO_COLOR", "1")
            // A command is over before collecting garbage would have paid.
            .env("GOGC", "off");
        command
    }

    /// Runs the steps in one bash, up to the first that fails.
    pub fn session_faults(&self, steps: &[Step]) -> Vec<Fault> {
        if steps.is_empty() {
            return Vec::new();
        }
        let status = self.run_session(steps);
        let current = fs::read_to_string(self.block("current"));
        let Ok(Ok(last)) = current.map(|number| number.parse::<usize>()) else {
            return vec![Fault::at(1, format!("the session did not begin: {}", self.output("session")))];
        };
        let failed = (status != Some(0)).then_some(last);
        let runs = steps.iter().enumerate().take(failed.unwrap_or(steps.len()));
        let mut faults: Vec<Fault> = runs
            .filter_map(|(number, step)| match step {
                Step::Run(shell) => Some(not_printed(shell, &self.output(&number.to_string()))),
                Step::Write { .. } => None,
            })
            .flatten()
            .collect();
        if let Some(step) = failed.and_then(|number| steps.get(number)) {
            faults.push(self.failure(last, step, status));
        }
        faults
    }

    /// The exit code of the session's bash; `None` if a signal or the limit ended it.
    fn run_session(&self, steps: &[Step]) -> Option<i32> {
        let of_release = |step: &Step| step.block().text.contains("$RELEASE");
        let release = steps.iter().any(of_release).then(|| ("RELEASE", release::release()));
        let mut script = FUNCTIONS.to_owned();
        for (number, step) in steps.iter().enumerate() {
            let lines = match step {
                Step::Write { path, .. } => {
                    let path = format!("\"$WORK/{path}\"");
                    format!("mkdir -p \"$(dirname {path})\"\ncp \"$PAGE/{number}\" {path}\n")
                }
                Step::Run(shell) => run(number, shell.exit_code),
            };
            fs::write(self.block(&number.to_string()), &step.block().text).unwrap();
            let _ = write!(script, "begin {number}\n{lines}");
        }
        fs::write(self.block("session.sh"), script).unwrap();
        let output = File::create(self.block("session.output")).unwrap();
        let mut session = self
            .command("bash", "session.tfrc")
            .arg(self.block("session.sh"))
            .current_dir(&self.work)
            .env("PAGE", self.path("blocks"))
            .env("WORK", &self.work)
            .env("REPOSITORY", repository())
            .envs(release)
            .envs(env::vars_os().filter(|(name, _)| INTERPRETERS.iter().any(|each| name == each)))
            .env("EMULATOR", env!("CARGO_BIN_EXE_alicloud-emulator"))
            .env("TERRAFORM_NEWEST", Host::Newest.binary())
            .stdin(Stdio::null())
            .stdout(output.try_clone().unwrap())
            .stderr(output)
            .process_group(0)
            .spawn()
            .unwrap();
        let ended = wait_for("the end of the page", LONGEST_PAGE, || session.try_wait());
        // Its emulators, and all of it if it hangs. There may be nothing left.
        let group = format!("-{}", session.id());
        Command::new("kill").args(["-KILL", "--", &group]).stderr(Stdio::null()).status().unwrap();
        session.wait().unwrap();
        ended.ok().and_then(|status| status.code())
    }

    fn failure(&self, number: usize, step: &Step, status: Option<i32>) -> Fault {
        let output = self.output(&number.to_string()) + &self.output("session");
        match step {
            Step::Write { block, .. } => Fault::at(block.line, format!("cannot be written:\n{output}")),
            Step::Run(shell) => {
                let code = fs::read_to_string(self.block(&format!("{number}.code"))).ok();
                let code = code.or_else(|| status.map(|code| code.to_string()));
                let code = code.map_or("it did not end".to_owned(), |code| format!("exit code {code}"));
                Fault::at(shell.block.line, format!("{code}, not {}:\n{output}", shell.exit_code))
            }
        }
    }

    fn block(&self, name: &str) -> PathBuf {
        self.path("blocks").join(name)
    }

    /// What a block has printed, without colours.
    fn output(&self, name: &str) -> String {
        let printed = fs::read(self.block(&format!("{name}.output"))).unwrap_or_default();
        let printed = String::from_utf8_lossy(&printed).into_owned();
        let mut parts = printed.split("\u{1b}[");
        let first = parts.next().unwrap_or_default().to_owned();
        parts.fold(first, |text, part| text + part.split_once('m').map_or(part, |(_, rest)| rest))
    }
}

/// The lines that run a block. Terraform's questions are answered with `yes`.
fn run(number: usize, exit_code: i32) -> String {
    let end = format!("end {number} \"$?\" {exit_code}\n");
    let around = format!(">\"$PAGE/{number}.output\" 2>&1 < <(yes yes 2>\"$PAGE/yes.output\")");
    if exit_code == 0 {
        format!("{{ . \"$PAGE/{number}\"; }} {around}\n{end}")
    } else {
        // In a shell of its own, which ends with the first command that fails.
        format!(
            "set +e\n( set -e; . \"$PAGE/{number}\" ) {around}\nset -- \"$?\"\nset -e\nend {number} \"$1\" {exit_code}\n"
        )
    }
}

/// A mirror as users make it, and a CLI configuration that leads to nothing else.
pub fn write_mirror(mirror: &Path, cli_config: &Path) {
    let folder = mirror
        .join("registry.terraform.io/sls-encryption/alicloud-encryption")
        .join(env!("CARGO_PKG_VERSION"))
        .join(platform());
    fs::create_dir_all(&folder).unwrap();
    symlink(PROVIDER, folder.join(program_name())).unwrap();
    let mirror = mirror.to_str().unwrap();
    let config =
        format!("provider_installation {{\n  filesystem_mirror {{\n    path = {mirror:?}\n  }}\n}}\n");
    fs::write(cli_config, config).unwrap();
}

const PROVIDER: &str = env!("CARGO_BIN_EXE_terraform-provider-alicloud-encryption");

fn program_name() -> String {
    format!("terraform-provider-alicloud-encryption_v{}", env!("CARGO_PKG_VERSION"))
}

/// What a block did not print although the page says so.
fn not_printed(shell: &Shell, output: &str) -> Vec<Fault> {
    shell.expected.iter().filter_map(|expected| first_missing(expected, output)).collect()
}

fn first_missing(expected: &Expected, output: &str) -> Option<Fault> {
    let mut printed = output.lines();
    for (line, text) in (expected.line..).zip(&expected.lines) {
        let text = text.trim().strip_suffix("...").unwrap_or(text.trim()).trim_end();
        if !printed.any(|printed| printed.contains(text)) {
            return Some(Fault::at(
                line,
                format!("{text:?} is not printed, or not in this place:\n{output}"),
            ));
        }
    }
    None
}
