//! Running one scenario.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use test_support::EmulatorProcess;

use crate::emulator::{requests, start_emulator};

/// A language whose official SDKs drive the emulator.
pub struct Language {
    /// Where its scenarios are, below this folder.
    folder: &'static str,
    /// What the names of its files end in.
    extension: &'static str,
    /// Its files that hold no scenarios, without their extension.
    helpers: &'static [&'static str],
    /// What stands before and after the name of a scenario on the line that begins it.
    scenario: (&'static str, &'static str),
    /// The environment variable that names its interpreter, which has the SDKs.
    variable: &'static str,
    /// What prints the path of such an interpreter.
    script: &'static str,
    /// What the interpreter is given before the program that runs a scenario.
    arguments: &'static [&'static str],
}

pub const PYTHON: Language = Language {
    folder: "",
    extension: "py",
    helpers: &["clients", "control", "given", "given_logs", "recorder", "refusals", "run"],
    scenario: ("def ", "():"),
    variable: "CONFORMANCE_PYTHON",
    script: "./scripts/python-environment sdks",
    arguments: &[],
};

pub const NODE: Language = Language {
    folder: "node",
    extension: "js",
    helpers: &["clients", "given", "refused", "run"],
    scenario: ("exports.", " = async () => {"),
    variable: "CONFORMANCE_NODE",
    script: "./scripts/node-environment",
    // The clients ask nobody for a proxy: this sends what they ask for through one.
    arguments: &["--require", "global-agent/bootstrap"],
};

impl Language {
    /// Runs the function `name` of the file `subject` and shows everything about it when it fails.
    #[track_caller]
    pub fn run(&self, subject: &str, name: &str) {
        let interpreter = self.interpreter();
        let directory = tempfile::tempdir().unwrap();
        let authority = directory.path().join("ca.pem");
        let tls = ["--tls", "--ca-out", authority.to_str().unwrap()];
        let emulator =
            start_emulator(directory.path(), &folder().join("seed.json"), &[flags(subject), &tls].concat());
        let output = Command::new(&interpreter)
            .args(self.arguments)
            .arg(self.folder().join("run").with_extension(self.extension))
            .args([subject, name])
            // The SDKs read proxies, keys and regions from the environment, and keys from the home directory.
            .env_clear()
            .env("HOME", directory.path())
            .env("EMULATOR", emulator.address().to_string())
            .env("GLOBAL_AGENT_HTTP_PROXY", format!("http://{}", emulator.address()))
            .env("NODE_EXTRA_CA_CERTS", &authority)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .envs(std::env::var("UPDATE_EXPECT").map(|value| ("UPDATE_EXPECT", value)))
            .current_dir(directory.path())
            .output()
            .unwrap_or_else(|error| panic!("{} cannot be run: {error}", interpreter.display()));
        assert!(output.status.success(), "{}", report(subject, name, &output, &emulator));
    }

    /// Checks that exactly these scenarios are written.
    pub fn check_list(&self, scenarios: &[(&str, &[&str])]) {
        for (subject, names) in scenarios {
            let file = self.folder().join(subject).with_extension(self.extension);
            let text =
                fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
            let written: BTreeSet<&str> = text.lines().filter_map(|line| self.scenario_in(line)).collect();
            assert_eq!(written, names.iter().copied().collect(), "{}", file.display());
        }
        let listed: BTreeSet<String> = scenarios.iter().map(|(subject, _)| (*subject).to_owned()).collect();
        let files = fs::read_dir(self.folder()).unwrap().map(|entry| entry.unwrap().path());
        let of_language = files.filter(|path| path.extension().is_some_and(|found| found == self.extension));
        let names = of_language.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned());
        assert_eq!(listed, names.filter(|name| !self.helpers.contains(&name.as_str())).collect());
    }

    /// The name of the scenario that a line begins: a function without parameters.
    fn scenario_in<'line>(&self, line: &'line str) -> Option<&'line str> {
        let (before, after) = self.scenario;
        line.strip_prefix(before)?.strip_suffix(after).filter(|name| !name.starts_with('_'))
    }

    fn folder(&self) -> PathBuf {
        folder().join(self.folder)
    }

    fn interpreter(&self) -> PathBuf {
        let path = std::env::var_os(self.variable).filter(|path| !path.is_empty());
        let Self { variable, script, .. } = self;
        let hint = "the official SDKs are needed: run ./scripts/test, or";
        path.unwrap_or_else(|| panic!("{hint} set {variable} to what {script} prints")).into()
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance")
}

/// How the emulator is started for a file.
fn flags(subject: &str) -> &'static [&'static str] {
    match subject {
        "strict" => &["--strict"],
        "lenient" => &["--lenient"],
        _ => &[],
    }
}

fn report(subject: &str, name: &str, output: &Output, emulator: &EmulatorProcess) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let sections = [
        ("standard output", text(&output.stdout)),
        ("standard error", text(&output.stderr)),
        ("what the emulator was asked", requests(emulator)),
        ("what the emulator logged", emulator.log()),
    ];
    let sections = sections.iter().map(|(title, text)| format!("\n--- {title}\n{text}"));
    format!("{subject}.{name}: {}{}", output.status, sections.collect::<String>())
}
