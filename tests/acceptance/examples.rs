//! The examples of the documentation do what they say.

use std::{fs, path::Path};

use serde_json::{Value, json};

use crate::harness::Scene;

/// An example as it is written.
pub fn example(file: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(file);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Copies a folder of examples, with all that is in it.
pub fn copy_example(folder: &str, to: &Path) {
    copy_folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(folder), to);
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap_or_else(|error| panic!("{}: {error}", from.display())) {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// A scene without a provider block of its own: endpoint and keys come from the environment.
pub fn scene(seed: &Value) -> Scene {
    let scene = Scene::new(seed);
    scene.host_starts_provider();
    scene.remove("provider.tf");
    for service in ["SLS", "STS"] {
        scene.env(&format!("ALIBABA_CLOUD_ENDPOINT_{service}"), &scene.endpoint());
    }
    scene.env("ALIBABA_CLOUD_ACCESS_KEY_ID", "ak-root");
    scene.env("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "sk-root");
    scene
}

#[test]
fn the_quickstart_encrypts_the_logstore_of_its_seed() {
    let seed: Value = serde_json::from_str(&example("quickstart/emulator.json")).unwrap();
    let scene = scene(&seed);
    scene.look_at_keys_and_roles();
    scene.write("main.tf", &example("quickstart/main.tf"));
    let warnings = scene.plan().expect_changes().ran.warnings();
    assert!(warnings.is_empty(), "{warnings:?}");
    scene.apply();
    let log_store =
        scene.log_store("cloudfirewall-project-1234567890123456-cn-hangzhou", "cloudfirewall-logstore");
    assert_eq!(log_store["encrypt_conf"]["enable"], true);
    assert_eq!(log_store["encrypt_conf"]["user_cmk_info"]["region_id"], "cn-hangzhou");
    assert_eq!(log_store["ttl"], 180);
    scene.plan().expect_empty();
}

/// A scene with the key and the role that the examples name, and the user of theirs, who lacks `ram:PassRole`.
fn scene_with_a_key_and_a_role() -> Scene {
    let mut seed: Value = serde_json::from_str(&example("quickstart/emulator.json")).unwrap();
    seed["users"] = json!([{"name": "ci"}]);
    let trust = json!({"Version": "1", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": {"Service": ["log.aliyuncs.com"]}}]});
    seed["roles"] = json!([{"name": "sls-byok", "assume_role_policy_document": trust,
        "policies": ["AliyunKMSReadOnlyAccess", "AliyunKMSCryptoUserAccess"]}]);
    let scene = scene(&seed);
    scene.look_at_keys_and_roles();
    scene
}

#[test]
fn the_example_of_the_readiness_is_applied_as_written() {
    let scene = scene_with_a_key_and_a_role();
    scene.write("provider.tf", &example("provider/provider.tf"));
    scene.write("main.tf", &example("data-sources/alicloud_byok_readiness/data-source.tf"));
    scene.apply();
    let outputs = &scene.state()["outputs"];
    let problems = outputs["byok_problems"]["value"].as_object().unwrap().clone();
    assert_eq!(problems.keys().collect::<Vec<_>>(), ["pass_role"]);
    assert!(problems["pass_role"].as_str().unwrap().contains("users = [\"ci\"]"), "{problems:?}");
    assert_eq!(outputs["byok_open_questions"]["value"], json!({}));
}

#[test]
fn the_example_of_checks_is_applied_as_written() {
    let scene = scene_with_a_key_and_a_role();
    scene.write("main.tf", &example("checks/main.tf"));
    let ran = scene.apply();
    assert!(ran.warnings().is_empty(), "{:?}", ran.warnings());
    scene.plan().expect_empty();
}

#[test]
fn the_example_of_a_test_with_mocks_passes_without_any_call() {
    let scene = Scene::new(&json!({}));
    scene.remove("provider.tf");
    for folder in ["mocks", "tests"] {
        fs::create_dir(scene.path(folder)).unwrap();
    }
    for file in ["main.tf", "mocks/alicloud-encryption.tfmock.hcl", "tests/encryption.tftest.hcl"] {
        scene.write(file, &example(&format!("testing/{file}")));
    }
    scene.run(&["test"]).succeeded();
    assert_eq!(scene.calls().len(), 0);
}

#[test]
fn the_examples_of_the_functions_are_applied_as_written() {
    let scene = scene(&json!({}));
    scene.write("provider.tf", &example("provider/provider.tf"));
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/functions");
    let names: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!names.is_empty());
    for name in &names {
        let name = name.to_str().unwrap();
        scene.write(&format!("{name}.tf"), &example(&format!("functions/{name}/function.tf")));
    }
    let ran = scene.apply();
    assert!(ran.warnings().is_empty(), "{:?}", ran.warnings());
    let outputs = &scene.state()["outputs"];
    // As the comments beside them say.
    assert_eq!(outputs["project"]["value"], "audit-project");
    assert_eq!(outputs["logstore"]["value"], "app-log");
    assert!(scene.calls().is_empty());
}
