//! What must hold of the files of `examples/ci` without running them.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::checkout::{example, examples};
use super::github::{FILES, text_of_run};
use super::workflow::{elements, members, read, text};

#[test]
fn actions_are_pinned_and_scripts_hold_no_expressions() {
    for file in FILES {
        let workflow = read(file);
        assert_eq!(workflow["permissions"], json!({"contents": "read"}), "{file}");
        for line in example(file).lines().filter(|line| line.contains("uses:")) {
            let (reference, version) =
                line.split_once(" # v").unwrap_or_else(|| panic!("no version: {line}"));
            let (_, commit) = reference.split_once('@').unwrap();
            assert!(commit.len() == 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit()), "{line}");
            assert_eq!(version.split('.').count(), 3, "{line}");
        }
        for (name, job) in members(&workflow["jobs"]) {
            assert!(job["timeout-minutes"].is_number(), "{file} {name}");
            for step in elements(&job["steps"]) {
                // What a person may have written, such as the name of a branch, would be run.
                assert!(!text_of_run(step).contains("${{"), "{file} {name}: {step}");
            }
        }
    }
}

/// The values that the rows of a matrix have for a name.
fn values(matrix: &Value, name: &str) -> Vec<String> {
    let of_entry = |entry: &Value| match &entry[name] {
        Value::Array(values) => values.iter().map(text).collect(),
        Value::Null => Vec::new(),
        value => vec![text(value)],
    };
    let mut values: Vec<String> = elements(matrix).iter().flat_map(of_entry).collect();
    values.sort();
    values
}

#[test]
fn every_directory_is_in_every_matrix() {
    let entries = fs::read_dir(examples().join("ci/live")).unwrap();
    let mut directories: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    directories.sort();
    let mut jobs: Vec<(String, Vec<String>)> = Vec::new();
    for file in FILES {
        for (name, job) in members(&read(file)["jobs"]) {
            let matrix = &job["strategy"]["matrix"];
            let rows = if matrix["include"].is_array() { matrix["include"].clone() } else { json!([matrix]) };
            jobs.push((format!("{file} {name}"), values(&rows, "name")));
        }
    }
    for (name, job) in members(&read("ci/gitlab/.gitlab-ci.yml")) {
        if job["script"].is_array() {
            jobs.push((name, values(&job["parallel"]["matrix"], "NAME")));
        }
    }
    assert_eq!(jobs.len(), 11);
    // `report` is about accounts.
    for (name, found) in jobs.into_iter().filter(|(name, _)| !name.ends_with("report")) {
        assert_eq!(found, directories, "{name}");
    }
}

#[test]
fn the_page_shows_the_trust_policies_of_the_files() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/guides/ci.md");
    let page = fs::read_to_string(page).unwrap();
    for name in ["plan", "apply"] {
        let policy = example(&format!("ci/github/trust-{name}.json"));
        assert!(page.contains(&format!("```json\n{policy}```\n")), "{name}");
    }
}

#[test]
fn the_rego_engine_is_the_one_that_the_policies_are_tested_with() {
    let tested = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/policies/requirements.txt");
    let tested = fs::read_to_string(tested).unwrap();
    let pinned = example("ci/requirements.txt");
    let (_, pinned) = pinned.split_once('\n').unwrap();
    assert!(pinned.starts_with("opa-eval==") && tested.contains(pinned), "{pinned}");
}
