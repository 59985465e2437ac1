//! Running one scenario.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use test_support::EmulatorProcess;

use crate::emulator::{requests, start_emulator};

/// The folder the scenarios are in.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance")
}

/// Runs the function `name` of the file `subject` and shows everything about it when it fails.
#[track_caller]
pub fn run(subject: &str, name: &str) {
    let python = python();
    let directory = tempfile::tempdir().unwrap();
    let emulator = start_emulator(directory.path(), &folder().join("seed.json"), flags(subject));
    let output = Command::new(&python)
        .arg(folder().join("run.py"))
        .args([subject, name])
        // The SDKs read proxies, keys and regions from the environment, and keys from the home directory.
        .env_clear()
        .env("HOME", directory.path())
        .env("EMULATOR", emulator.address().to_string())
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .current_dir(directory.path())
        .output()
        .unwrap_or_else(|error| panic!("{} cannot be run: {error}", python.display()));
    assert!(output.status.success(), "{}", report(subject, name, &output, &emulator));
}

/// How the emulator is started for a file.
fn flags(subject: &str) -> &'static [&'static str] {
    match subject {
        "strict" => &["--strict"],
        "lenient" => &["--lenient"],
        _ => &[],
    }
}

fn python() -> PathBuf {
    let path = std::env::var_os("CONFORMANCE_PYTHON").filter(|path| !path.is_empty());
    let hint = "the official SDKs are needed: run ./scripts/test, or set CONFORMANCE_PYTHON to what \
                ./scripts/python-environment sdks prints";
    path.expect(hint).into()
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
