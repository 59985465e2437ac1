//! A configuration with its state, in a directory of its own.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;

use crate::Failure;
use crate::emulator::Emulator;
use crate::layout::{Layout, PROJECT};
use crate::program::{Programs, directory_of};

/// The provider's address in the registry.
const SOURCE: &str = "sls-encryption/alicloud-encryption";

/// The address of the provider that does nothing.
const NULL_SOURCE: &str = "sls-encryption/null";

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
        let (provider, null) = (directory_of(&programs.provider)?, directory_of(&programs.null)?);
        let settings = format!(
            "provider_installation {{\n  dev_overrides {{\n    {SOURCE:?} = {provider:?}\n    {NULL_SOURCE:?} = {null:?}\n  }}\n}}\n"
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

    /// Makes the configuration one that encrypts the Logstores of the emulator through one provider block.
    ///
    /// # Errors
    ///
    /// If files cannot be written.
    pub fn encrypt(&self, emulator: &Emulator, layout: Layout, arguments: &str) -> Result<(), Failure> {
        let block = provider_block(emulator, layout.region_of(0), "");
        let resource = encryption("it", layout.logstores, &layout.arguments("count.index"), arguments);
        self.write(&format!("{}{block}{resource}", required_providers("alicloud", SOURCE)))
    }

    /// Makes the configuration one that encrypts them through a provider block for each region, as a provider needs it
    /// whose blocks have one region each. `layout` has a project for each region.
    ///
    /// # Errors
    ///
    /// If files cannot be written.
    pub fn encrypt_with_aliases(&self, emulator: &Emulator, layout: Layout) -> Result<(), Failure> {
        let regions = layout.regions.len();
        let mut configuration = required_providers("alicloud", SOURCE);
        for (number, region) in layout.regions.iter().enumerate() {
            let alias = format!("  alias      = \"of_{number}\"\n");
            configuration += &provider_block(emulator, region, &alias);
            let logstores = layout.arguments(&format!("count.index * {regions} + {number}"));
            let count = layout.logstores / u16::try_from(regions)?;
            let provider = format!("  provider      = alicloud.of_{number}\n");
            configuration += &encryption(&format!("of_{number}"), count, &logstores, &provider);
        }
        self.write(&configuration)
    }

    /// Makes the configuration one of as many resources that the host itself provides, without a provider
    /// and without a network, and that hold the same.
    ///
    /// # Errors
    ///
    /// If files cannot be written.
    pub fn only_data(&self, layout: Layout) -> Result<(), Failure> {
        let Layout { logstores, .. } = layout;
        let arguments = layout.arguments("count.index");
        self.write(&format!(
            "resource \"terraform_data\" \"it\" {{\n  count = {logstores}\n  input = {{\n{arguments}  }}\n}}\n"
        ))
    }

    /// Makes the configuration one of as many resources of the provider that does nothing, which hold the same.
    ///
    /// # Errors
    ///
    /// If files cannot be written.
    pub fn only_null(&self, layout: Layout) -> Result<(), Failure> {
        let Layout { logstores, .. } = layout;
        let arguments = layout.arguments("count.index");
        self.write(&format!(
            "{}\nresource \"null_log_store\" \"it\" {{\n  count = {logstores}\n{arguments}}}\n",
            required_providers("null", NULL_SOURCE)
        ))
    }

    /// Writes the state of all of `layout`: the one object that it has, `store-0`, once for each Logstore. An apply of
    /// thousands takes Terraform minutes, because it writes the state anew after each object.
    ///
    /// # Errors
    ///
    /// If there is no such state.
    pub fn repeat_the_object(&self, layout: Layout) -> Result<(), Failure> {
        let file = self.path("work").join("terraform.tfstate");
        let mut state: Value = serde_json::from_str(&fs::read_to_string(&file)?)?;
        let instances = state.pointer_mut("/resources/0/instances").ok_or("the state has no resource")?;
        let first = instances.get(0).ok_or("the state has no object")?.to_string();
        let repeated = (0..layout.logstores).map(|number| {
            let project = number % layout.projects;
            let object = first
                .replace("\"index_key\":0", &format!("\"index_key\":{number}"))
                .replace(PROJECT, &format!("bench-project-{project}"))
                .replace("store-0", &format!("store-{number}"))
                .replace(layout.region_of(0), layout.region_of(project));
            serde_json::from_str(&object)
        });
        *instances = Value::Array(repeated.collect::<Result<_, _>>()?);
        Ok(fs::write(file, state.to_string())?)
    }

    fn write(&self, configuration: &str) -> Result<(), Failure> {
        Ok(fs::write(self.path("work").join("main.tf"), configuration)?)
    }
}

fn required_providers(name: &str, source: &str) -> String {
    format!("terraform {{\n  required_providers {{\n    {name} = {{ source = {source:?} }}\n  }}\n}}\n")
}

fn provider_block(emulator: &Emulator, region: &str, arguments: &str) -> String {
    let endpoint = emulator.endpoint();
    format!(
        r#"
provider "alicloud" {{
{arguments}  access_key = "ak-root"
  secret_key = "sk-root"
  region     = "{region}"
  endpoints {{
    log = "{endpoint}"
    ram = "{endpoint}"
    kms = "{endpoint}"
    sts = "{endpoint}"
  }}
}}
"#
    )
}

fn encryption(name: &str, count: u16, logstores: &str, arguments: &str) -> String {
    format!(
        "\nresource \"alicloud_log_store_encryption\" \"{name}\" {{\n  count = {count}\n{logstores}{arguments}}}\n"
    )
}
