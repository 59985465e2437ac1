//! The files of pipelines, as JSON.

use std::fs::{self, File};
use std::process::Command;

use serde_json::{Map, Value};

use super::checkout::example;
use crate::harness::Host;

/// Reads a file of the examples, as Terraform reads YAML.
pub fn read(file: &str) -> Value {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("file"), example(file)).unwrap();
    let expression = folder.path().join("expression");
    fs::write(&expression, "jsonencode(yamldecode(file(\"file\")))\n").unwrap();
    let mut command = Command::new(Host::Main.binary());
    command
        .arg("console")
        .current_dir(&folder)
        .env("CHECKPOINT_DISABLE", "1")
        .env_remove("TF_CLI_CONFIG_FILE");
    let output = command.stdin(File::open(expression).unwrap()).output().unwrap();
    // A text that holds JSON.
    let text = serde_json::from_slice::<String>(&output.stdout);
    let text = text.unwrap_or_else(|_| panic!("{file}: {}", String::from_utf8_lossy(&output.stderr)));
    serde_json::from_str(&text).unwrap()
}

/// The members of an object, none if it is not there.
pub fn members(value: &Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}

/// The elements of a list, none if it is not there.
pub fn elements(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// A text, or a number or a truth as one.
pub fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The one list of an object of lists, as rows of one member.
pub fn rows_of_lists(lists: &Map<String, Value>) -> Vec<Map<String, Value>> {
    let [(name, values)] = lists.iter().collect::<Vec<_>>()[..] else {
        panic!("one list was expected: {lists:?}")
    };
    elements(values).iter().map(|value| Map::from_iter([(name.clone(), value.clone())])).collect()
}
