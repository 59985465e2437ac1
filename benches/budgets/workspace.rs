//! A configuration with its state, in a directory of its own.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::Failure;
use crate::emulator::{Emulator, PROJECT};
use crate::program::Programs;

/// The provider's address in the registry.
const SOURCE: &str = "sls-encryption/alicloud-encryption";

/// A directory that is removed when dropped. It holds `work` with the configuration, the host's settings,
/// and its temporary files.
pub struct Workspace {
    directory: TempDir,
}

impl Workspace {
    /// An empty configuration, whose host takes the provider from where it was built.
    ///
    /// # Errors
    ///
    /// If files cannot be written.
    pub fn new(programs: &Programs) -> Result<Self, Failure> {
        let directory = tempfile::Builder::new().prefix("bench-").tempdir()?;
        let workspace = Self { directory };
        for part in ["work", "home", "tmp"] {
            fs::create_dir(workspace.path(part))?;
        }
        let provider = programs.provider_directory()?;
        let settings = format!(
            "provider_installation {{\n  dev_overrides {{\n    {SOURCE:?} = {provider:?}\n  }}\n}}\n"
        );
        fs::write(workspace.path("cli.tfrc"), settings)?;
        Ok(workspace)
    }

    /// The directory, or what is in it.
    pub fn path(&self, part: &str) -> PathBuf {
        self.directory.path().join(part)
    }

    /// The directory.
    pub fn root(&self) -> &Path {
        self.directory.path()
    }

    /// Makes the configuration one that encrypts so many Logstores of the emulator.
    ///
    /// # Errors
    ///
    /// If files cannot be written.
    pub fn encrypt(&self, emulator: &Emulator, logstores: usize, enable: bool) -> Result<(), Failure> {
        let endpoint = emulator.endpoint();
        self.write(&format!(
            r#"terraform {{
  required_providers {{
    alicloud = {{
      source = "{SOURCE}"
    }}
  }}
}}

provider "alicloud" {{
  access_key = "ak-root"
  secret_key = "sk-root"
  region     = "cn-hangzhou"
  endpoints {{
    log = "{endpoint}"
    sts = "{endpoint}"
  }}
}}

resource "alicloud_log_store_encryption" "it" {{
  count         = {logstores}
  project_name  = "{PROJECT}"
  logstore_name = "store-${{count.index}}"
  enable        = {enable}
}}
"#
        ))
    }

    /// Makes the configuration one of as many resources that the host itself provides, without a provider
    /// and without a network, and that hold the same.
    ///
    /// # Errors
    ///
    /// If files cannot be written.
    pub fn only_data(&self, resources: usize) -> Result<(), Failure> {
        self.write(&format!(
            r#"resource "terraform_data" "it" {{
  count = {resources}
  input = {{
    project_name  = "{PROJECT}"
    logstore_name = "store-${{count.index}}"
    enable        = true
  }}
}}
"#
        ))
    }

    fn write(&self, configuration: &str) -> Result<(), Failure> {
        Ok(fs::write(self.path("work").join("main.tf"), configuration)?)
    }
}
