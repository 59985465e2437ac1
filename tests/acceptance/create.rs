//! Encrypting a Logstore for the first time.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::given::{self, THIS};
use crate::harness::Scene;

const ENCRYPT_TYPES: [&str; 11] = [
    "default", "m4", "sm4", "sm4_ecb", "sm4_cbc", "sm4_gcm", "aes_ecb", "aes_cbc", "aes_cfb", "aes_ofb",
    "aes_gcm",
];

#[test]
fn with_the_key_of_the_service() {
    let scene = given::applied(&given::encryption(""));
    assert_eq!(given::stored(&scene), given::service_key(true, "default"));
    let expected = json!({
        "id": "audit:app", "project_name": "audit", "logstore_name": "app", "enable": true,
        "encrypt_type": "default", "user_cmk_info": null, "on_immutable_change": "error",
        "on_destroy": "keep", "timeouts": null, "mechanism": "service_key",
        "logstore_create_time": 1_700_000_000, "region": "cn-hangzhou",
    });
    assert_eq!(Value::Object(scene.attributes(THIS)), expected);
    assert_eq!(scene.plan().expect_empty().ran.diagnostics().len(), 0);
}

#[test]
fn with_a_key_of_ones_own() {
    let scene = given::applied(&given::byok_encryption(""));
    assert_eq!(given::stored(&scene), given::byok(true));
    let state = scene.attributes(THIS);
    assert_eq!(state["mechanism"], "byok");
    assert_eq!(state["user_cmk_info"], given::byok(true)["user_cmk_info"]);
    assert_eq!(scene.plan().expect_empty().ran.diagnostics().len(), 0);
}

#[test]
fn configured_but_disabled() {
    let scene = given::applied(&given::encryption("  enable = false\n  encrypt_type = \"aes_gcm\""));
    assert_eq!(given::stored(&scene), given::service_key(false, "aes_gcm"));
    assert_eq!(scene.attributes(THIS)["enable"], false);
    scene.plan().expect_empty();
}

#[test]
fn with_every_algorithm() {
    let name = |encrypt_type: &str| format!("app-{}", encrypt_type.replace('_', "-"));
    let logstores: Vec<_> = ENCRYPT_TYPES.iter().map(|of| json!({"logstoreName": name(of)})).collect();
    let scene = Scene::new(&json!({"projects": [{"name": "audit", "logstores": logstores}]}));
    let types: BTreeMap<_, _> = ENCRYPT_TYPES.iter().map(|of| (name(of), *of)).collect();
    scene.write(
        "main.tf",
        &format!(
            r#"resource "alicloud_log_store_encryption" "this" {{
  for_each      = jsondecode({:?})
  project_name  = "audit"
  logstore_name = each.key
  encrypt_type  = each.value
}}
"#,
            serde_json::to_string(&types).unwrap()
        ),
    );
    assert_eq!(scene.apply().changes(), (11, 0, 0));
    for encrypt_type in ENCRYPT_TYPES {
        let stored = &scene.log_store("audit", &name(encrypt_type))["encrypt_conf"];
        assert_eq!(*stored, given::service_key(true, encrypt_type));
    }
    scene.plan().expect_empty();
}

#[test]
fn the_plan_tells_all_but_the_time_the_logstore_was_created() {
    let scene = Scene::new(&given::plain());
    scene.write("main.tf", &given::byok_encryption(""));
    let change = scene.plan().expect_changes().change(THIS);
    assert_eq!(change["actions"], json!(["create"]));
    let mut unknown = change["after_unknown"].clone();
    unknown.as_object_mut().unwrap().retain(|_, value| *value == true);
    assert_eq!(unknown, json!({"logstore_create_time": true}));
    assert_eq!(change["after"]["id"], "audit:app");
    assert_eq!(change["after"]["mechanism"], "byok");
    assert_eq!(scene.writes().len(), 0);
}

#[test]
fn a_saved_plan_is_applied() {
    let scene = Scene::new(&given::plain());
    scene.write("main.tf", &given::encryption(""));
    scene.plan().expect_changes();
    assert_eq!(scene.try_apply_plan().succeeded().changes(), (1, 0, 0));
    assert_eq!(given::stored(&scene), given::service_key(true, "default"));
    scene.plan().expect_empty();
}

#[test]
fn of_a_logstore_that_does_not_exist_fails_at_apply_only() {
    let scene = Scene::new(&json!({"projects": [{"name": "audit"}]}));
    scene.write("main.tf", &given::encryption("  timeouts = { create = \"2s\" }"));
    scene.plan().expect_changes();
    let error = scene.try_apply().failed().error();
    error.says(&["audit:app", "LogStoreNotExist", "This resource never creates a Logstore"]);
    assert_eq!(scene.addresses(), [""; 0]);
    assert_eq!(scene.writes().len(), 0);
}

/// As a module passes on what its caller left out.
#[test]
fn a_null_means_the_default() {
    let names = ["enable", "encrypt_type", "user_cmk_info", "on_immutable_change", "on_destroy", "timeouts"];
    let nulls: Vec<_> = names.iter().map(|name| format!("  {name} = null")).collect();
    let scene = given::applied(&given::encryption(&nulls.join("\n")));
    assert_eq!(given::stored(&scene), given::service_key(true, "default"));
    scene.write("main.tf", &given::encryption(""));
    scene.plan().expect_empty();
}

/// The Logstore is made by another resource of the same apply, as it is where one configuration owns both.
#[test]
fn of_a_logstore_that_is_made_in_the_same_apply() {
    let scene = Scene::new(&json!({"projects": [{"name": "audit"}]}));
    let (host, port) = scene
        .endpoint()
        .strip_prefix("http://")
        .and_then(|address| address.split_once(':'))
        .map(|(host, port)| (host.to_owned(), port.to_owned()))
        .unwrap();
    scene.write(
        "logstore.tf",
        &format!(
            r#"resource "terraform_data" "logstore" {{
  input = "app"
  provisioner "local-exec" {{
    interpreter = ["bash", "-ec"]
    command     = <<-SCRIPT
      exec 3<>/dev/tcp/{host}/{port}
      printf 'PUT /_emulator/projects/audit/logstores/app HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 9\r\n\r\n{{"ttl":7}}' >&3
      grep -q '200 OK' <&3
    SCRIPT
  }}
}}
"#
        ),
    );
    scene.write("main.tf", &given::encryption("  depends_on = [terraform_data.logstore]"));
    assert_eq!(scene.apply().changes(), (2, 0, 0));
    assert_eq!(given::stored(&scene), given::service_key(true, "default"));
    assert_eq!(scene.log_store("audit", "app")["ttl"], 7);
    scene.plan().expect_empty();
}
