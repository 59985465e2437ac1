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

#[test]
fn the_examples_of_the_pages_are_applied_and_imported_as_written() {
    let logstore = |project: &str, name| {
        let region = if project.ends_with("beijing") { "cn-beijing" } else { "cn-hangzhou" };
        json!({"name": project, "region": region, "logstores": [{"logstoreName": name}]})
    };
    let waf = "waf-project-1234567890123456-cn-hangzhou";
    let firewall = "cloudfirewall-project-1234567890123456-cn-hangzhou";
    let scene = scene(&json!({"projects": [
        logstore(waf, "waf-logstore"),
        logstore("waf-project-1234567890123456-cn-beijing", "waf-logstore"),
        logstore(firewall, "cloudfirewall-logstore"),
    ]}));
    scene.write("provider.tf", &example("provider/provider.tf"));
    scene.write("main.tf", &example("resources/alicloud_log_store_encryption/resource.tf"));
    scene.apply();
    assert_eq!(scene.log_store(waf, "waf-logstore")["encrypt_conf"]["encrypt_type"], "sm4_gcm");

    let script = example("resources/alicloud_log_store_encryption/import.sh");
    let commands: Vec<_> = script.lines().filter_map(|line| line.strip_prefix("terraform import ")).collect();
    assert_eq!(commands.len(), 2);
    for command in commands {
        let (address, id) = command.split_once(' ').unwrap();
        scene.run(&["state", "rm", address]).succeeded();
        scene.import(address, id).succeeded();
    }
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
fn the_example_of_the_role_is_applied_and_imported_as_written() {
    let scene = scene(&json!({
        "users": [{"name": "log-admin"}],
        "groups": [{"name": "log-operators"}],
        "roles": [{"name": "deployer", "assume_role_policy_document": {"Version": "1", "Statement": [
            {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"RAM": ["acs:ram::1234567890123456:root"]}}
        ]}}],
        "keys": [{"id": "f5136b95-2420-ab31-1234-0123456789ab", "spec": "Aliyun_AES_256",
            "usage": "ENCRYPT/DECRYPT", "state": "Enabled", "region": "cn-hangzhou"}],
        "projects": [{"name": "audit-project", "logstores": [{"logstoreName": "app-log"}]}],
    }));
    scene.env("ALIBABA_CLOUD_ENDPOINT_RAM", &scene.endpoint());
    scene.write("provider.tf", &example("provider/provider.tf"));
    scene.write("main.tf", &example("resources/alicloud_ram_byok_role/resource.tf"));
    scene.apply();
    let conf = scene.log_store("audit-project", "app-log")["encrypt_conf"].clone();
    assert_eq!(conf["user_cmk_info"]["arn"], "acs:ram::1234567890123456:role/sls-byok");
    let holders = scene.policy("sls-byok-pass-role").unwrap().holders;
    assert_eq!(holders, ["user log-admin", "group log-operators", "role deployer"]);

    let script = example("resources/alicloud_ram_byok_role/import.sh");
    let command = script.lines().find_map(|line| line.strip_prefix("terraform import ")).unwrap();
    let (address, id) = command.split_once(' ').unwrap();
    scene.run(&["state", "rm", address]).succeeded();
    scene.import(address, id).succeeded();
    scene.plan().expect_empty();
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
