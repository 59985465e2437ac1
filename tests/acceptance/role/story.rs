//! A RAM user applies the example: role, permission and encryption.

use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::harness::Scene;

const KEY: &str = "f5136b95-2420-ab31-1234-0123456789ab";
const ENCRYPTION: &str = "alicloud_log_store_encryption.this";

fn example(file: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/byok").join(file);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The scene of the example, with the keys of its operator.
fn scene() -> Scene {
    let seed: Value = serde_json::from_str(&example("emulator.json")).unwrap();
    let scene = Scene::new(&seed);
    scene.remove("provider.tf");
    for service in ["SLS", "RAM", "STS"] {
        scene.env(&format!("ALIBABA_CLOUD_ENDPOINT_{service}"), &scene.endpoint());
    }
    scene.env("ALIBABA_CLOUD_ACCESS_KEY_ID", "ak-operator");
    scene.env("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "sk-operator");
    scene.env("TF_VAR_cmk_key_id", KEY);
    scene
}

#[track_caller]
fn conf(scene: &Scene) -> Value {
    scene.log_store("audit-project", "app-log").get("encrypt_conf").cloned().unwrap_or_default()
}

#[test]
fn the_example_is_applied_by_its_operator() {
    let scene = scene();
    scene.write("main.tf", &example("main.tf"));
    let ran = scene.apply();
    assert_eq!(ran.diagnostics().len(), 0, "{:#?}", ran.diagnostics());
    assert_eq!(conf(&scene)["user_cmk_info"]["cmk_key_id"], KEY);
    assert_eq!(conf(&scene)["user_cmk_info"]["arn"], "acs:ram::1234567890123456:role/sls-byok");
    assert_eq!(scene.log_store("audit-project", "app-log")["ttl"], 180);
    scene.plan().expect_empty();
    an_official_sdk_writes_and_pulls_back(&scene);
    let ran = scene.run(&["destroy", "-auto-approve", "-input=false", "-json"]).failed();
    ran.error().says(&["alicloud_ram_byok_role.sls", "lifecycle.prevent_destroy"]);
    scene.write("main.tf", &example("main.tf").replace("prevent_destroy = true", "prevent_destroy = false"));
    scene.destroy();
    assert_eq!(scene.role("sls-byok"), None);
    assert_eq!(scene.custom_policies(), ["byok-operator"]);
}

/// Logs go through the key and the role to the disk and back: the role that was made is one that SLS can use.
#[track_caller]
fn an_official_sdk_writes_and_pulls_back(scene: &Scene) {
    let python = env::var_os("CONFORMANCE_PYTHON").filter(|python| !python.is_empty());
    let python = python.expect(
        "the official SDKs are needed: run ./scripts/test, or set CONFORMANCE_PYTHON to what ./scripts/python-environment sdks prints",
    );
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let output = Command::new(python)
        .arg(tests.join("acceptance/role/pull_back.py"))
        .env_clear()
        .env("HOME", scene.path(""))
        .env("EMULATOR", scene.endpoint().trim_start_matches("http://"))
        .env("PYTHONPATH", tests.join("conformance"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let state = scene.control("GET", "state", None).to_string();
    assert!(state.contains("AES-256-GCM"), "{state}");
}

/// The diagnostic has the policy to attach: attached as it is printed, it is enough.
#[test]
fn without_the_permission_it_is_refused_with_the_policy_to_attach() {
    let scene = scene();
    let pass_role = "  pass_role = {\n    users = [var.operator]\n  }\n";
    let without = example("main.tf").replace(pass_role, "").replace(
        "  logstore_name = var.logstore_name\n",
        "  logstore_name = var.logstore_name\n  timeouts      = { create = \"3s\" }\n",
    );
    assert!(!without.contains("pass_role ="));
    scene.write("main.tf", &without);
    let error = scene.try_apply().failed().error();
    assert_eq!(error.address, ENCRYPTION);
    error.says(&["Unauthorized", "ram:PassRole", "alicloud_ram_byok_role"]);
    assert_eq!(conf(&scene), Value::Null);

    let document =
        error.detail.lines().map(str::trim).find(|line| line.starts_with('{')).expect("no policy is printed");
    serde_json::from_str::<Value>(document).expect("the output is not JSON");
    scene.ram("CreatePolicy", &[("PolicyName", "by-hand"), ("PolicyDocument", document)]);
    scene.ram(
        "AttachPolicyToUser",
        &[("PolicyName", "by-hand"), ("PolicyType", "Custom"), ("UserName", "operator")],
    );
    scene.apply();
    assert_eq!(conf(&scene)["enable"], true);
    scene.plan().expect_empty();
}

/// The resource gives the permission in the next apply.
#[test]
fn with_the_permission_it_is_encrypted() {
    let scene = scene();
    let pass_role = "  pass_role = {\n    users = [var.operator]\n  }\n";
    scene.write("main.tf", &example("main.tf").replace(pass_role, ""));
    scene.try_apply_with(&["-target=alicloud_ram_byok_role.sls"]).succeeded();
    let error = scene.try_apply().failed().error();
    error.says(&["Unauthorized", "ram:PassRole"]);
    scene.write("main.tf", &example("main.tf"));
    scene.apply();
    assert_eq!(conf(&scene)["enable"], true);
    scene.plan().expect_empty();
}
