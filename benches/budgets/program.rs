//! The programs that are measured.

use std::env;
use std::path::{Path, PathBuf};

use crate::Failure;

/// Where the programs are. Cargo's own builds of them are not used: the provider is measured as it is
/// released, which is without the emulator.
#[derive(Clone)]
pub struct Programs {
    /// The provider, a release build.
    pub provider: PathBuf,
    /// A provider that does nothing, a release build.
    pub null: PathBuf,
    /// The emulator, a release build.
    pub emulator: PathBuf,
    /// Terraform or OpenTofu.
    pub terraform: PathBuf,
}

impl Programs {
    /// Takes the paths that `scripts/bench` has put into the environment.
    ///
    /// # Errors
    ///
    /// If one is missing or is no file.
    pub fn from_environment() -> Result<Self, Failure> {
        Ok(Self {
            provider: file("BENCH_PROVIDER")?,
            null: file("BENCH_NULL_PROVIDER")?,
            emulator: file("BENCH_EMULATOR")?,
            terraform: file("TF_ACC_TERRAFORM_PATH")?,
        })
    }

    /// The same, but for the provider: the one that does nothing.
    pub fn with_null(&self) -> Self {
        Self { provider: self.null.clone(), ..self.clone() }
    }
}

/// The directory of a program, as it goes into the host's settings.
///
/// # Errors
///
/// If it is not UTF-8.
pub fn directory_of(program: &Path) -> Result<&str, Failure> {
    let directory = program.parent().and_then(Path::to_str);
    directory.ok_or_else(|| format!("{}: not UTF-8", program.display()).into())
}

/// The file a variable names, as the system itself names it: `/proc` is searched for it.
fn file(variable: &str) -> Result<PathBuf, Failure> {
    let path = env::var_os(variable).ok_or_else(|| format!("{variable} is not set: run scripts/bench"))?;
    let path = Path::new(&path);
    let found = path.canonicalize().map_err(|error| format!("{variable}, {}: {error}", path.display()))?;
    if !found.is_file() {
        return Err(format!("{variable}, {}: not a file", path.display()).into());
    }
    Ok(found)
}
