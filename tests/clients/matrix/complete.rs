//! The table of actions has every action that a client can send.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::actions;

/// The methods of clients that send nothing.
const SEND_NOTHING: [&str; 3] = ["pausebeforeretry", "within", "withpermit"];

/// The methods of clients whose calls are those of other methods.
const MADE_OF_OTHERS: [&str; 5] =
    ["allprojects", "alllogstores", "allmetricstores", "allroles", "getlogormetricstore"];

#[test]
fn every_method_of_a_client_that_sends_something_is_in_the_table() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/cloud");
    let mut methods = BTreeSet::new();
    for file in rust_files(&folder) {
        methods.extend(client_methods(&fs::read_to_string(file).unwrap()));
    }
    for name in SEND_NOTHING.into_iter().chain(MADE_OF_OTHERS) {
        assert!(methods.remove(name), "there is no method {name} any more");
    }
    let names: Vec<String> = actions::all().iter().map(|action| action.name.to_lowercase()).collect();
    let table: BTreeSet<String> = names.iter().cloned().collect();
    assert_eq!(table.len(), names.len(), "an action is in the table twice");
    assert_eq!(methods, table);
}

#[test]
fn a_method_that_a_table_may_lack_is_found() {
    let source = "impl RamClient {\n    pub fn clock(&self) {\n    }\n    pub async fn get_role(&self) {\n    }\n\
                  }\nimpl Role {\n    pub async fn other(&self) {\n    }\n}\n";
    assert_eq!(client_methods(source), ["getrole"]);
}

/// The public asynchronous methods of clients in a source file, in the spelling that they share with actions but
/// for letter case.
fn client_methods(source: &str) -> Vec<String> {
    let mut methods = Vec::new();
    let mut is_client = false;
    for line in source.lines() {
        if line.starts_with("impl ") {
            is_client = line.ends_with("Client {");
        }
        let method = line.strip_prefix("    pub async fn ").filter(|_| is_client);
        let name = method.and_then(|method| method.split(['(', '<']).next());
        methods.extend(name.map(|name| name.replace('_', "")));
    }
    methods
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| if path.is_dir() { rust_files(&path) } else { vec![path] })
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .collect()
}
