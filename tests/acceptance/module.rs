//! The resource inside a module, as platform teams hand it to others, and the module of `examples/modules` with its
//! tests.

use serde_json::{Value, json};

use crate::examples::{copy_example, example};
use crate::given;
use crate::harness::{Host, Scene};

/// A module that passes on what it is given.
const MODULE: &str = r#"terraform {
  required_providers {
    alicloud = { source = "sls-encryption/alicloud-encryption" }
  }
}

variable "logstores" {
  type = map(object({
    project      = string
    enable       = optional(bool)
    encrypt_type = optional(string)
  }))
}

resource "alicloud_log_store_encryption" "this" {
  for_each      = var.logstores
  project_name  = each.value.project
  logstore_name = each.key
  enable        = each.value.enable
  encrypt_type  = each.value.encrypt_type
}

output "mechanisms" {
  value = { for name, encryption in alicloud_log_store_encryption.this : encryption.id => encryption.mechanism }
}
"#;

#[test]
fn what_the_caller_leaves_out_is_left_out() {
    let logstores = ["app", "web"].map(|name| json!({"logstoreName": name}));
    let scene = Scene::new(&json!({"projects": [{"name": "audit", "logstores": logstores}]}));
    scene.host_starts_provider();
    std::fs::create_dir(scene.path("encryption")).unwrap();
    scene.write("encryption/main.tf", MODULE);
    scene.write(
        "main.tf",
        r#"module "encryption" {
  source = "./encryption"
  logstores = {
    app = { project = "audit" }
    web = { project = "audit", enable = false, encrypt_type = "sm4" }
  }
}

output "mechanisms" {
  value = module.encryption.mechanisms
}
"#,
    );
    scene.run(&["get"]).succeeded();
    assert_eq!(scene.apply().changes(), (2, 0, 0));
    assert_eq!(scene.log_store("audit", "app")["encrypt_conf"], given::service_key(true, "default"));
    assert_eq!(scene.log_store("audit", "web")["encrypt_conf"], given::service_key(false, "sm4"));
    let mechanisms = json!({"audit:app": "service_key", "audit:web": "service_key"});
    assert_eq!(scene.state()["outputs"]["mechanisms"]["value"], mechanisms);
    scene.plan().expect_empty();
}

/// Terraform 1.15 configures the provider once for all runs of a file, if the block is in that file; 1.11 for each
/// phase.
#[test]
fn a_provider_block_of_a_test_file_serves_all_of_its_runs() {
    for host in Host::ALL {
        let mut seed = given::plain();
        seed["keys"] = json!([{"id": "key-1", "spec": "Aliyun_AES_256", "usage": "ENCRYPT/DECRYPT",
            "state": "Enabled", "region": "cn-hangzhou"}]);
        let scene = Scene::on(host, &seed);
        scene.host_starts_provider();
        scene.look_at_keys_and_roles();
        scene.write("provider.tf", &scene.required_providers());
        let encryption = given::byok_encryption("  enable = var.enable\n  on_destroy = \"disable\"")
            .replace(&format!("{:?}", given::ARN), "alicloud_ram_byok_role.this.arn");
        let role = "resource \"alicloud_ram_byok_role\" \"this\" {\n  role_name = \"sls-byok\"\n}\n";
        let variable = "variable \"enable\" {\n  default = true\n}\n";
        scene.write("main.tf", &format!("{role}{encryption}{variable}"));
        let runs = r#"run "planned" {
  command = plan
}

run "applied" {
  assert {
    condition     = alicloud_log_store_encryption.this.mechanism == "byok"
    error_message = "it has another mechanism"
  }
}

run "planned_again" {
  command = plan
  variables {
    enable = false
  }
}

run "switched_off" {
  variables {
    enable = false
  }
}

run "switched_on" {
  assert {
    condition     = alicloud_log_store_encryption.this.enable
    error_message = "it is not enabled"
  }
}
"#;
        scene.write("it.tftest.hcl", &(scene.provider_block("") + runs));
        let ran = scene.run(&["test", "-json"]).succeeded();
        let summary = ran.events().into_iter().rfind(|event| event["type"] == "test_summary").unwrap();
        assert_eq!(summary["test_summary"]["passed"], 5, "{summary}");
        let enabled: Vec<Value> =
            updates(&scene).into_iter().map(|body| body["encrypt_conf"]["enable"].clone()).collect();
        assert_eq!(enabled, [true, false, true, false]);
        assert_eq!(scene.role("sls-byok"), None);
    }
}

/// The folder of the module that is shipped, as seen from the directory of a scene.
const SHIPPED: &str = "../modules/logstore-encryption";
const UNIT: &str = "tests/unit.tftest.hcl";
const EMULATOR: &str = "tests/emulator.tftest.hcl";

/// The module that is shipped, beside the mock file that it uses, with the emulator of its test.
fn shipped(host: Host) -> Scene {
    let seed = example("modules/logstore-encryption/tests/emulator/emulator.json");
    let scene = Scene::on(host, &serde_json::from_str(&seed).unwrap());
    scene.host_starts_provider();
    scene.look_at_keys_and_roles();
    for folder in ["modules", "testing"] {
        copy_example(folder, &scene.root().join(folder));
    }
    let caller = format!("{SHIPPED}/tests/emulator/main.tf");
    let text = scene.read(&caller);
    assert_eq!(text.matches("http://127.0.0.1:8700").count(), 4);
    scene.write(&caller, &text.replace("http://127.0.0.1:8700", &scene.endpoint()));
    scene
}

/// Runs a file of tests of the module, and checks that every `run` of it was run and passed.
#[track_caller]
fn all_passed(scene: &Scene, file: &str) {
    let text = scene.read(&format!("{SHIPPED}/{file}"));
    let runs = text.lines().filter(|line| line.starts_with("run \"")).count();
    let chdir = format!("-chdir={SHIPPED}");
    scene.run(&[&chdir, "get", "-test-directory=tests"]).succeeded();
    let ran = scene.run(&[&chdir, "test", "-json", &format!("-filter={file}")]).succeeded();
    let summary = ran.events().into_iter().rfind(|event| event["type"] == "test_summary").unwrap();
    assert_eq!(summary["test_summary"]["passed"], runs, "{summary}");
}

#[test]
fn the_tests_of_the_module_with_mocks_pass_without_any_call() {
    // An older host refuses mocks: see `hosts`.
    for host in [Host::Main, Host::Newest] {
        let scene = shipped(host);
        all_passed(&scene, UNIT);
        assert!(scene.calls().is_empty(), "{:?}", scene.actions());
    }
}

/// Its caller shows that mechanism, algorithm and key are planned while the ARN of the role is not known yet. The
/// teardown sends nothing.
#[test]
fn the_test_of_the_module_on_the_emulator_passes() {
    for host in Host::ALL {
        let scene = shipped(host);
        if host.version() < (1, 7) {
            // It reads all files of the folder, and does not know mocks.
            std::fs::remove_file(scene.path(&format!("{SHIPPED}/{UNIT}"))).unwrap();
        }
        all_passed(&scene, EMULATOR);
        let updates: Vec<String> = scene.writes().into_iter().map(|call| call.action).collect();
        assert_eq!(updates.iter().filter(|action| *action == "UpdateLogStore").count(), 3 + 1, "{updates:?}");
        for (project, name, enable) in [
            ("audit-project", "app-log", true),
            ("audit-project", "web-log", true),
            ("waf-project", "app-log", false),
        ] {
            let conf = &scene.log_store(project, name)["encrypt_conf"];
            assert_eq!((&conf["enable"], &conf["encrypt_type"]), (&json!(enable), &json!("default")));
            assert_eq!(conf["user_cmk_info"]["cmk_key_id"], "f5136b95-2420-ab31-1234-0123456789ab");
        }
    }
}

/// A test that reaches the cloud by a mistake has no keys of it.
#[test]
fn the_test_of_the_module_reaches_only_this_machine_whatever_the_environment_names() {
    let scene = shipped(Host::Main);
    let other = Scene::new(&json!({}));
    for service in ["SLS", "RAM", "KMS", "STS"] {
        scene.env(&format!("ALIBABA_CLOUD_ENDPOINT_{service}"), &other.endpoint());
    }
    scene.env("ALIBABA_CLOUD_ACCESS_KEY_ID", "ak-of-an-account");
    scene.env("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "sk-of-an-account");
    scene.env("ALIBABA_CLOUD_PROFILE", "of-an-account");
    all_passed(&scene, EMULATOR);
    assert!(other.calls().is_empty(), "{:?}", other.actions());
    assert!(scene.calls().iter().all(|call| call.status == Some(200)));
}

/// The module on the emulator, called with these arguments.
fn called(arguments: &str) -> Scene {
    let scene = shipped(Host::Main);
    scene.write("main.tf", &call("encryption", arguments));
    scene.run(&["get"]).succeeded();
    scene
}

fn call(name: &str, arguments: &str) -> String {
    format!(
        "module {name:?} {{\n  source = {SHIPPED:?}\n  region = \"cn-hangzhou\"\n{arguments}\n}}\n\n\
         output \"encryption\" {{\n  value = module.{name}\n}}\n"
    )
}

const ALL: &str =
    "  projects = { \"audit-project\" = [\"app-log\", \"web-log\"], \"waf-project\" = [\"app-log\"] }";

#[test]
fn without_a_key_the_outputs_name_the_key_of_the_service() {
    let scene = called(ALL);
    assert_eq!(scene.apply().changes(), (3, 0, 0));
    let outputs = scene.state()["outputs"]["encryption"]["value"].clone();
    let logstore = json!({"region": "cn-hangzhou", "mechanism": "service_key", "encrypt_type": "default",
        "cmk_key_id": null, "enable": true});
    assert_eq!(outputs["logstores"]["waf-project:app-log"], logstore);
    assert_eq!(outputs["not_encrypting"], json!([]));
    scene.plan().expect_empty();
}

#[test]
fn lists_that_are_arranged_otherwise_change_nothing() {
    let scene = called(ALL);
    scene.apply();
    scene.forget_calls();
    let arranged = "  projects = merge({ \"waf-project\" = [\"app-log\"] }, { \"audit-project\" = [\"web-log\", \"app-log\"] })";
    scene.write("main.tf", &call("encryption", arranged));
    scene.plan().expect_empty();
    assert!(scene.writes().is_empty());
}

#[test]
fn a_call_of_the_module_is_renamed_without_a_write() {
    let scene = called(ALL);
    scene.apply();
    scene.forget_calls();
    scene.write("main.tf", &call("renamed", ALL));
    scene.run(&["get"]).succeeded();
    let without = scene.plan().expect_changes();
    assert_eq!(without.ran.changes(), (3, 0, 3));
    scene.write("moved.tf", "moved {\n  from = module.encryption\n  to   = module.renamed\n}\n");
    assert_eq!(scene.apply().changes(), (0, 0, 0));
    scene.plan().expect_empty();
    // Without the block, the Logstores leave the state and are adopted as they are.
    scene.remove("moved.tf");
    scene.write("main.tf", &call("encryption", ALL));
    scene.run(&["get"]).succeeded();
    assert_eq!(scene.apply().changes(), (3, 0, 3));
    assert!(updates(&scene).is_empty());
    scene.plan().expect_empty();
}

#[test]
fn a_logstore_that_leaves_the_lists_stays_encrypted() {
    let scene = called(ALL);
    scene.apply();
    scene.forget_calls();
    scene.write("main.tf", &call("encryption", "  projects = { \"waf-project\" = [\"app-log\"] }"));
    assert_eq!(scene.apply().changes(), (0, 0, 2));
    assert!(updates(&scene).is_empty());
    assert_eq!(scene.log_store("audit-project", "app-log")["encrypt_conf"]["enable"], true);
}

fn updates(scene: &Scene) -> Vec<Value> {
    scene.writes().into_iter().filter(|call| call.action == "UpdateLogStore").map(|call| call.body).collect()
}
