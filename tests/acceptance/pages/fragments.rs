//! Configuration that stands on a page is validated and formatted; data parses.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::page::{Block, Data, Fault, Page, Step};
use super::session::Surroundings;
use crate::harness::Host;

/// What a file of Terraform's language ends with.
const FORMATTED: [&str; 4] = [".tf", ".tfvars", ".tftest.hcl", ".tfquery.hcl"];

impl Surroundings {
    /// Validates the fragments of a page with the newest host, which knows all kinds of blocks.
    pub fn fragment_faults(&self, page: &Page) -> Vec<Fault> {
        let mut faults = Vec::new();
        for (name, blocks) in &page.fragments {
            let folder = self.path("fragments").join(name);
            fs::create_dir(&folder).unwrap();
            for block in blocks {
                fs::write(folder.join(file_name(block)), &block.text).unwrap();
            }
            if !blocks.iter().any(|block| block.text.contains("required_providers")) {
                fs::write(folder.join("required_providers.tf"), required_providers(blocks)).unwrap();
            }
            faults.extend(self.validate(&folder, blocks));
        }
        let is_formatted = |path: &str| FORMATTED.iter().any(|end| path.ends_with(end));
        for step in &page.steps {
            if let Step::Write { path, block } = step
                && is_formatted(path)
            {
                fs::write(self.path("fragments").join(file_name(block)), &block.text).unwrap();
            }
        }
        faults.extend(self.unformatted());
        faults
    }

    fn validate(&self, folder: &Path, blocks: &[Block]) -> Vec<Fault> {
        let mut command = self.command(Host::Newest.binary(), "fragments.tfrc");
        command.args(["validate", "-json"]).current_dir(folder);
        if blocks.iter().any(is_query) {
            command.arg("-query");
        }
        let output = command.output().unwrap();
        let first = blocks.first().map_or(1, |block| block.line);
        let Ok(document) = serde_json::from_slice::<Value>(&output.stdout) else {
            return vec![Fault::at(first, String::from_utf8_lossy(&output.stderr))];
        };
        let diagnostics = document["diagnostics"].as_array().into_iter().flatten();
        let errors = diagnostics.filter(|diagnostic| diagnostic["severity"] == "error");
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        errors
            .map(|error| {
                let file = text(&error["range"]["filename"]);
                let at =
                    blocks.iter().find(|block| file_name(block) == file).map_or(first, |block| block.line);
                let within = error["range"]["start"]["line"].as_u64().unwrap_or_default();
                let line = at + usize::try_from(within).unwrap();
                Fault::at(line, format!("{}: {}", text(&error["summary"]), text(&error["detail"])))
            })
            .collect()
    }

    /// The blocks that `terraform fmt` would write otherwise.
    fn unformatted(&self) -> Vec<Fault> {
        let mut command = self.command(Host::Main.binary(), "fragments.tfrc");
        let output = command
            .args(["fmt", "-check", "-recursive"])
            .current_dir(self.path("fragments"))
            .output()
            .unwrap();
        let printed =
            String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        if output.status.success() {
            return Vec::new();
        }
        let numbers: Vec<usize> = printed.lines().filter_map(line_of).collect();
        if numbers.is_empty() {
            return vec![Fault::at(1, printed)];
        }
        let fault = |line| Fault::at(line, "`terraform fmt` formats this block otherwise");
        numbers.into_iter().map(fault).collect()
    }
}

/// A block's file, which tells where it stands on the page.
fn file_name(block: &Block) -> String {
    let kind = if is_query(block) { "tfquery.hcl" } else { "tf" };
    format!("line-{}.{kind}", block.line)
}

fn line_of(path: &str) -> Option<usize> {
    path.rsplit('/').next()?.strip_prefix("line-")?.split('.').next()?.parse().ok()
}

fn is_query(block: &Block) -> bool {
    block.text.lines().any(|line| line.starts_with("list \""))
}

/// The provider, under the name that the blocks give it.
fn required_providers(blocks: &[Block]) -> String {
    let named = blocks.iter().any(|block| block.text.contains("alicloud-encryption"));
    let name = if named { "alicloud-encryption" } else { "alicloud" };
    format!(
        "terraform {{\n  required_providers {{\n    {name} = {{\n      source = \"sls-encryption/alicloud-encryption\"\n    }}\n  }}\n}}\n"
    )
}

/// JSON and YAML that do not parse.
pub fn data_faults(surroundings: &Surroundings, data: &[Data]) -> Vec<Fault> {
    let fault = |data: &Data| match data {
        Data::Json(block) => {
            let error = serde_json::from_str::<Value>(&block.text).err()?;
            Some(Fault::at(block.line + error.line(), error.to_string()))
        }
        Data::Yaml(block) => {
            let document = yaml(surroundings, block);
            let is_data = document.starts_with("\"{") || document.starts_with("\"[");
            (!is_data).then(|| {
                Fault::at(block.line, format!("this is not YAML of a list or an object:\n{document}"))
            })
        }
    };
    data.iter().filter_map(fault).collect()
}

/// What Terraform reads from YAML, as a text that holds JSON; or why it cannot read it.
fn yaml(surroundings: &Surroundings, block: &Block) -> String {
    let folder = surroundings.path("tmp");
    fs::write(folder.join("data.yaml"), &block.text).unwrap();
    fs::write(folder.join("expression"), "jsonencode(yamldecode(file(\"data.yaml\")))\n").unwrap();
    let mut command = surroundings.command(Host::Main.binary(), "fragments.tfrc");
    command.arg("console").current_dir(&folder).stdin(fs::File::open(folder.join("expression")).unwrap());
    let output = command.output().unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}
