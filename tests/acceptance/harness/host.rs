//! The host: which binary, in which surroundings.

use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf, absolute};
use std::process::Command;
use std::sync::OnceLock;

/// The provider's address without the registry's host, which Terraform and OpenTofu each fill in.
pub const SOURCE: &str = "sls-encryption/alicloud-encryption";

/// A host that tests run on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Host {
    /// The one of most tests: `TF_ACC_TERRAFORM_PATH`, else `terraform` or `tofu` on `PATH`.
    Main,
    /// The oldest Terraform that the provider is tested with, `TF_ACC_TERRAFORM_OLDEST`.
    Oldest,
    /// The newest one, `TF_ACC_TERRAFORM_NEWEST`.
    Newest,
}

impl Host {
    /// All of them.
    pub const ALL: [Host; 3] = [Host::Oldest, Host::Main, Host::Newest];

    /// Its version, major and minor, as the host tells it.
    pub fn version(self) -> (u32, u32) {
        static VERSIONS: [OnceLock<(u32, u32)>; 3] = [const { OnceLock::new() }; 3];
        *VERSIONS[self as usize].get_or_init(|| {
            let mut command = Command::new(self.binary());
            command
                .args(["version", "-json"])
                .env("CHECKPOINT_DISABLE", "1")
                .env_remove("TF_CLI_CONFIG_FILE");
            let output = command.output().unwrap();
            let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
            let mut parts =
                told["terraform_version"].as_str().unwrap().split('.').map(|part| part.parse().unwrap());
            (parts.next().unwrap(), parts.next().unwrap())
        })
    }

    /// Its program.
    pub fn binary(self) -> &'static Path {
        static BINARIES: [OnceLock<PathBuf>; 3] = [const { OnceLock::new() }; 3];
        BINARIES[self as usize].get_or_init(|| self.find())
    }

    fn find(self) -> PathBuf {
        let variable = match self {
            Host::Main => "TF_ACC_TERRAFORM_PATH",
            Host::Oldest => "TF_ACC_TERRAFORM_OLDEST",
            Host::Newest => "TF_ACC_TERRAFORM_NEWEST",
        };
        if let Some(named) = env::var_os(variable).filter(|named| !named.is_empty()) {
            // Commands run in directories of their own.
            let named = absolute(named).unwrap();
            assert!(named.is_file(), "{variable} names {}, which is not a file", named.display());
            return named;
        }
        match self {
            Host::Main => on_path(),
            Host::Oldest => panic!("set {variable} to what ./scripts/terraform-host oldest prints"),
            Host::Newest => panic!("set {variable} to what ./scripts/terraform-host newest prints"),
        }
    }
}

fn on_path() -> PathBuf {
    let path = env::var_os("PATH").unwrap_or_default();
    let directories: Vec<_> =
        env::split_paths(&path).filter_map(|directory| absolute(directory).ok()).collect();
    let mut candidates =
        ["terraform", "tofu"].into_iter().flat_map(|name| directories.iter().map(move |of| of.join(name)));
    candidates.find(|candidate| candidate.is_file()).unwrap_or_else(|| {
        panic!("there is no terraform and no tofu on PATH: install one, or name one in TF_ACC_TERRAFORM_PATH")
    })
}

/// Writes the CLI configuration: the provider just built is used, and nothing is ever downloaded.
pub fn write_cli_config(file: &Path) {
    let provider = Path::new(env!("CARGO_BIN_EXE_terraform-provider-alicloud-encryption"));
    let directory = provider.parent().unwrap().to_str().unwrap();
    let config = format!("provider_installation {{\n  dev_overrides {{ {SOURCE:?} = {directory:?} }}\n}}\n");
    std::fs::write(file, config).unwrap();
}

/// A command of the host in the directory `work` below `root`, with nothing of the caller's environment
/// but `PATH`.
pub(super) fn command<A: AsRef<OsStr>>(host: Host, root: &Path, arguments: &[A]) -> Command {
    let mut command = in_surroundings(host.binary(), root);
    command.args(arguments);
    command
}

/// The provider in debug mode, in the surroundings in which the host would start it.
pub(super) fn provider(root: &Path) -> Command {
    let provider = Path::new(env!("CARGO_BIN_EXE_terraform-provider-alicloud-encryption"));
    let mut command = in_surroundings(provider, root);
    // It is killed, and leaves its socket behind.
    command.arg("--debug").env("TMPDIR", root.join("sockets"));
    command
}

fn in_surroundings(program: &Path, root: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .current_dir(root.join("work"))
        .env_clear()
        .env("PATH", env::var_os("PATH").unwrap_or_default())
        .env("HOME", root.join("home"))
        .env("TMPDIR", root.join("tmp"))
        .env("TF_CLI_CONFIG_FILE", root.join("cli.tfrc"))
        .env("TF_IN_AUTOMATION", "1")
        .env("CHECKPOINT_DISABLE", "1")
        .env("NO_COLOR", "1")
        // A command is over before collecting garbage would have paid.
        .env("GOGC", "off");
    command
}
