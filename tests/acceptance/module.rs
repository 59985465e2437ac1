//! The resource inside a module, as platform teams hand it to others.

use serde_json::json;

use crate::given;
use crate::harness::Scene;

/// A module that encrypts the Logstores it is given, all with one key or with the service's.
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

variable "key" {
  type = object({
    cmk_key_id = string
    arn        = string
    region_id  = string
  })
  default = null
}

resource "alicloud_log_store_encryption" "this" {
  for_each      = var.logstores
  project_name  = each.value.project
  logstore_name = each.key
  enable        = each.value.enable
  encrypt_type  = each.value.encrypt_type
  user_cmk_info = var.key
}

output "mechanisms" {
  value = { for name, encryption in alicloud_log_store_encryption.this : encryption.id => encryption.mechanism }
}
"#;

fn scene(arguments: &str) -> Scene {
    let logstores = ["app", "web"].map(|name| json!({"logstoreName": name}));
    let scene = Scene::new(&json!({"projects": [{"name": "audit", "logstores": logstores}]}));
    scene.host_starts_provider();
    std::fs::create_dir(scene.path("encryption")).unwrap();
    scene.write("encryption/main.tf", MODULE);
    let main = format!("module \"encryption\" {{\n  source = \"./encryption\"\n{arguments}\n}}\n");
    let output = "output \"mechanisms\" {\n  value = module.encryption.mechanisms\n}\n";
    scene.write("main.tf", &(main + output));
    scene.run(&["get"]).succeeded();
    scene
}

#[test]
fn what_the_caller_leaves_out_is_left_out() {
    let logstores = "  logstores = {\n    app = { project = \"audit\" }\n    web = { project = \"audit\", enable = false, encrypt_type = \"sm4\" }\n  }";
    let scene = scene(logstores);
    assert_eq!(scene.apply().changes(), (2, 0, 0));
    assert_eq!(scene.log_store("audit", "app")["encrypt_conf"], given::service_key(true, "default"));
    assert_eq!(scene.log_store("audit", "web")["encrypt_conf"], given::service_key(false, "sm4"));
    let mechanisms = json!({"audit:app": "service_key", "audit:web": "service_key"});
    assert_eq!(scene.state()["outputs"]["mechanisms"]["value"], mechanisms);
    scene.plan().expect_empty();
}

#[test]
fn a_key_is_shared_by_all() {
    let key = format!(
        "  key = {{\n    cmk_key_id = \"key-1\"\n    arn = {:?}\n    region_id = \"cn-hangzhou\"\n  }}",
        given::ARN
    );
    let logstores = "  logstores = { app = { project = \"audit\" }, web = { project = \"audit\" } }";
    let scene = scene(&format!("{logstores}\n{key}"));
    assert_eq!(scene.apply().changes(), (2, 0, 0));
    for name in ["app", "web"] {
        assert_eq!(scene.log_store("audit", name)["encrypt_conf"], given::byok(true));
    }
    scene.plan().expect_empty();
    assert_eq!(scene.destroy().changes(), (0, 0, 2));
    assert_eq!(scene.log_store("audit", "web")["encrypt_conf"], given::byok(true));
}

/// The host's own test command keeps the state in memory and destroys everything at the end.
#[test]
fn a_module_can_be_tested_by_the_host() {
    let scene = scene("  logstores = { app = { project = \"audit\" } }");
    std::fs::create_dir(scene.path("tests")).unwrap();
    scene.write(
        "tests/encryption.tftest.hcl",
        r#"run "planned" {
  command = plan
  assert {
    condition     = output.mechanisms == { "audit:app" = "service_key" }
    error_message = "the mechanism is known before anything is applied"
  }
}

run "applied" {
  assert {
    condition     = output.mechanisms["audit:app"] == "service_key"
    error_message = "the mechanism is still the same"
  }
}
"#,
    );
    let ran = scene.run(&["test", "-json"]).succeeded();
    let summary = ran.events().into_iter().rfind(|event| event["type"] == "test_summary").unwrap();
    assert_eq!(
        (&summary["test_summary"]["passed"], &summary["test_summary"]["status"]),
        (&json!(2), &json!("pass"))
    );
    assert_eq!(scene.log_store("audit", "app")["encrypt_conf"], given::service_key(true, "default"));
    assert_eq!(scene.writes().len(), 1);
}
