//! `examples/policy`: the plans that are kept there are what Terraform and the emulator make, and each policy engine
//! finds in them exactly what it should.

mod checkov;
mod plans;
mod rego;

use std::env;
use std::path::{Path, PathBuf};

use expect_test::expect_file;

/// A file of `examples/policy`.
fn policy(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/policy").join(file)
}

/// The interpreter that has the engines.
pub fn python() -> PathBuf {
    let path = env::var_os("POLICIES_PYTHON").filter(|path| !path.is_empty());
    let hint = "policy engines are needed: run ./scripts/test, or set POLICIES_PYTHON to what \
                ./scripts/python-environment policies prints";
    path.expect(hint).into()
}

/// `UPDATE_EXPECT=1 cargo test --test acceptance policies` writes the files again.
fn compare(fixtures: Vec<plans::Fixture>) {
    for (name, plan) in fixtures {
        expect_file![policy(&format!("fixtures/{name}.json"))].assert_eq(&format!("{plan:#}\n"));
    }
}

#[test]
fn plans_of_new_resources_are_as_they_are_kept() {
    compare(plans::of_new_resources());
}

#[test]
fn plans_of_unknown_values_are_as_they_are_kept() {
    compare(plans::of_unknown_values());
}

#[test]
fn plans_of_what_is_applied_are_as_they_are_kept() {
    compare(plans::of_what_is_applied());
}
