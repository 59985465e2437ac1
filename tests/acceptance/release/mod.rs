//! What `./scripts/release` makes, here as a static build in the profile for development: archives and sums, mirrors,
//! and an apply where there is nothing but `terraform` and a mirror.

mod archive;
mod chroot;
mod elf;
mod https;
mod mirror;
mod signature;

use std::env::{self, consts};
use std::ffi::OsStr;
use std::fs::{self, File};
use std::path::{Path, PathBuf, absolute};
use std::process::{Command, Stdio};

use tempfile::TempDir;
use test_support::waiting::wait_for_end;

use crate::harness::SOURCE;

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The name that the archives, the manifest and the sums of the provider begin with.
fn stem() -> String {
    format!("terraform-provider-alicloud-encryption_{VERSION}")
}

/// This machine, as Terraform names it.
pub fn platform() -> String {
    let arch = match consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => panic!("Terraform has no name for {other}"),
    };
    format!("{}_{arch}", if consts::OS == "macos" { "darwin" } else { consts::OS })
}

/// The name of the provider's archive for a platform.
fn archive_name(platform: &str) -> String {
    format!("{}_{platform}.zip", stem())
}

/// The folder that the release script has filled.
pub fn release() -> PathBuf {
    let named = env::var_os("ALICLOUD_RELEASE_DIST").unwrap_or_else(|| {
        panic!(
            "set ALICLOUD_RELEASE_DIST to target/release-dev, after ./scripts/release --snapshot --profile dev \
             --package provider --output target/release-dev"
        )
    });
    absolute(named).unwrap()
}

/// The archive of the provider for this machine.
fn archive() -> PathBuf {
    release().join(archive_name(&platform()))
}

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts").join(name)
}

fn folder() -> TempDir {
    tempfile::Builder::new().prefix("rel-").tempdir().unwrap()
}

/// What a command did: whether it succeeded, and all that it printed.
struct Outcome {
    succeeded: bool,
    printed: String,
}

/// Runs a command to its end, which must come within a limit.
#[track_caller]
fn outcome(command: &mut Command) -> Outcome {
    let directory = folder();
    let file = directory.path().join("printed");
    let printed = File::create(&file).unwrap();
    command.stdin(Stdio::null()).stdout(printed.try_clone().unwrap()).stderr(printed);
    let mut process = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let status = wait_for_end(&mut process);
    if status.is_err() {
        // It may end just now.
        let _ = process.kill();
        let _ = process.wait();
    }
    let printed = fs::read_to_string(&file).unwrap();
    let status = status.unwrap_or_else(|error| panic!("{command:?}: {error}:\n{printed}"));
    Outcome { succeeded: status.success(), printed }
}

/// What a command prints that must succeed.
#[track_caller]
fn run(command: &mut Command) -> String {
    let Outcome { succeeded, printed } = outcome(command);
    assert!(succeeded, "{command:?}:\n{printed}");
    printed
}

/// What a command prints that must fail.
#[track_caller]
fn refuse(command: &mut Command) -> String {
    let Outcome { succeeded, printed } = outcome(command);
    assert!(!succeeded, "{command:?} was to fail:\n{printed}");
    printed
}

/// Packs files, given as `MODE:NAME=PATH`, as the release script does.
#[track_caller]
fn pack<A: AsRef<OsStr>>(archive: &Path, files: &[A]) {
    let mut command = Command::new("python3");
    command.arg(script("release-files")).arg("archive").arg(archive).args(files);
    run(command.env("SOURCE_DATE_EPOCH", "1700000000"));
}

/// Makes a mirror of the release and of stand-ins for other platforms, which nothing here can run. Gives back the
/// folder of the provider in it.
#[track_caller]
fn mirror(directory: &Path, others: &[&str]) -> PathBuf {
    let dist = directory.join("dist");
    fs::create_dir(&dist).unwrap();
    let name = archive_name(&platform());
    fs::copy(archive(), dist.join(&name)).unwrap();
    for platform in others {
        let program = directory.join(platform);
        fs::write(&program, format!("the program for {platform}")).unwrap();
        let file = format!("755:terraform-provider-alicloud-encryption_v{VERSION}={}", program.display());
        pack(&dist.join(archive_name(platform)), &[file]);
    }
    run(Command::new("python3").arg(script("release-files")).arg("sums").arg(&dist).arg(stem()));
    let mirror = directory.join("mirror");
    run(Command::new(script("mirror")).arg(&dist).arg(&mirror));
    mirror.join("registry.terraform.io").join(SOURCE)
}
