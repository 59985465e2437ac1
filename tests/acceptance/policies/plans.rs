//! The plans that are kept in `examples/policy/fixtures`, made anew by Terraform and the emulator.

use serde_json::{Value, json};

use crate::given;
use crate::harness::{Host, Scene};

/// A file of the folder, without its ending, and what is to be in it.
pub type Fixture = (&'static str, Value);

const HEAD: &str = "provider \"alicloud\" {\n  region = \"cn-hangzhou\"\n}\n";

/// The key that `data.json` allows, and a role.
const BYOK: &str = r#"  user_cmk_info = {
    cmk_key_id = "f5136b95-2420-ab31-1234-0123456789ab"
    arn        = "acs:ram::1234567890123456:role/sls-byok"
  }"#;

const ROLE: &str = "resource \"alicloud_ram_byok_role\" \"sls\" {\n  role_name = \"sls-byok\"\n}\n";

/// An encryption of the Logstore that has its name.
fn encryption(name: &str, arguments: &str) -> String {
    format!(
        "resource \"alicloud_log_store_encryption\" {name:?} {{\n  project_name = \"audit\"\n  logstore_name = {name:?}\n{arguments}\n}}\n"
    )
}

/// An [`encryption`] with the allowed key.
fn byok(name: &str, arguments: &str) -> String {
    encryption(name, &format!("{BYOK}\n{arguments}"))
}

/// A scene whose project `audit` has these Logstores, with endpoints and keys in the environment: a plan file holds the
/// provider block. The host is a pinned one, since hosts differ in what they write.
fn scene(names: &[&str]) -> Scene {
    let logstores: Vec<Value> =
        names.iter().map(|name| json!({"logstoreName": name, "createTime": 1_700_000_000})).collect();
    let scene = Scene::on(Host::Newest, &json!({"projects": [{"name": "audit", "logstores": logstores}]}));
    for service in ["SLS", "RAM", "STS", "KMS"] {
        scene.env(&format!("ALIBABA_CLOUD_ENDPOINT_{service}"), &scene.endpoint());
    }
    scene.env("ALIBABA_CLOUD_ACCESS_KEY_ID", "ak-root");
    scene.env("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "sk-root");
    scene.write("provider.tf", &format!("{}{HEAD}", scene.required_providers()));
    scene
}

/// The plan of a configuration.
fn plan(scene: &Scene, main: &str, arguments: &[&str]) -> Value {
    scene.write("main.tf", main);
    let mut plan = scene.try_plan_with(arguments).json();
    normalise(&mut plan);
    plan
}

/// Gives one value to what differs from run to run and from release to release.
fn normalise(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (name, fixed) in [
                ("timestamp", json!("2026-01-01T00:00:00Z")),
                ("terraform_version", json!("1.0.0")),
                ("role_id", json!("300000000000000001")),
                ("create_date", json!("2026-01-01T00:00:00Z")),
            ] {
                // Where a value is not known yet, `after_unknown` has `true`.
                if let Some(member) = members.get_mut(name).filter(|member| member.is_string()) {
                    *member = fixed;
                }
            }
            members.values_mut().for_each(normalise);
        }
        Value::Array(members) => members.iter_mut().for_each(normalise),
        _ => {}
    }
}

/// Plans while nothing is in the state.
pub fn of_new_resources() -> Vec<Fixture> {
    let scene = scene(&["app", "web", "other_key", "ecb", "service_key", "off", "disable"]);
    let compliant = byok("app", "") + &byok("web", "  encrypt_type = \"sm4_gcm\"");
    let other_key = BYOK.replace("f5136b95-2420-ab31-1234-0123456789ab", "another-key");
    let violations = [
        encryption("service_key", ""),
        encryption("other_key", &other_key),
        byok("ecb", "  encrypt_type = \"sm4_ecb\""),
        byok("off", "  enable = false"),
        byok("disable", "  on_destroy = \"disable\""),
        ROLE.replace("}\n", "  force = true\n}\n"),
    ];
    let sensitive = "variable \"key\" {\n  default   = \"another-key\"\n  sensitive = true\n}\n".to_owned()
        + &encryption("app", &BYOK.replace("\"f5136b95-2420-ab31-1234-0123456789ab\"", "var.key"));
    let mut fixtures = vec![
        ("compliant", plan(&scene, &compliant, &[])),
        ("violations", plan(&scene, &violations.concat(), &[])),
        ("sensitive", plan(&scene, &sensitive, &[])),
        ("module", of_a_module(&scene)),
    ];
    scene.patch_log_store("audit", "app", &json!({"encrypt_conf": configured("default")}));
    scene.patch_log_store("audit", "web", &json!({"encrypt_conf": configured("sm4_gcm")}));
    fixtures.push(("adopt", plan(&scene, &compliant, &[])));
    scene.patch_log_store("audit", "off", &json!({"encrypt_conf": given::service_key(false, "default")}));
    let import = "import {\n  to = alicloud_log_store_encryption.off\n  id = \"audit:off\"\n}\n";
    fixtures
        .push(("import", plan(&scene, &(import.to_owned() + &encryption("off", "  enable = false")), &[])));
    fixtures
}

/// What GetLogStore answers of a Logstore that is configured with [`BYOK`].
fn configured(algorithm: &str) -> Value {
    let key = json!({"cmk_key_id": "f5136b95-2420-ab31-1234-0123456789ab",
        "arn": "acs:ram::1234567890123456:role/sls-byok", "region_id": "cn-hangzhou"});
    json!({"enable": true, "encrypt_type": algorithm, "user_cmk_info": key})
}

/// Two instances of a module, in which the resource has an instance for each Logstore.
fn of_a_module(scene: &Scene) -> Value {
    let resource = r#"variable "logstores" {
  type = map(string)
}
resource "alicloud_log_store_encryption" "this" {
  for_each      = var.logstores
  project_name  = "audit"
  logstore_name = each.key
  encrypt_type  = each.value
"#;
    let call = r#"module "logstores" {
  source    = "./logstores"
  for_each  = { strong = { app = "sm4_gcm" }, weak = { web = "aes_ecb", off = "aes_gcm" } }
  logstores = each.value
}
"#;
    std::fs::create_dir(scene.path("logstores")).unwrap();
    let module = format!("{}{resource}{BYOK}\n}}\n", scene.required_providers());
    scene.write("logstores/main.tf", &module);
    scene.write("main.tf", call);
    scene.run(&["get"]).succeeded();
    plan(scene, call, &[])
}

/// A plan that makes the role too. What only the apply will show is unknown, and a text of `terraform_data` is.
pub fn of_unknown_values() -> Vec<Fixture> {
    let scene = scene(&["role", "key", "whole", "algorithm", "enable", "on_destroy"]);
    let late = "resource \"terraform_data\" \"late\" {\n  input = \"text\"\n}\n";
    let key = |arguments: &str| format!("  user_cmk_info = {{\n{arguments}\n  }}");
    let arn = "    arn = alicloud_ram_byok_role.sls.arn";
    let id = "    cmk_key_id = \"f5136b95-2420-ab31-1234-0123456789ab\"";
    let main = [
        ROLE,
        late,
        &encryption("role", &key(&format!("{id}\n{arn}"))),
        &encryption("key", &key(&format!("    cmk_key_id = terraform_data.late.output\n{arn}"))),
        &encryption(
            "whole",
            &format!(
                "  user_cmk_info = terraform_data.late.output == \"text\" ? {{\n{id}\n{arn}\n  }} : null"
            ),
        ),
        &byok("algorithm", "  encrypt_type = terraform_data.late.output"),
        &byok("enable", "  enable = terraform_data.late.output == \"text\""),
        &byok("on_destroy", "  on_destroy = terraform_data.late.output"),
    ];
    vec![("unknown", plan(&scene, &main.concat(), &[]))]
}

/// The three encryptions of [`of_what_is_applied`]: as it should be, with `on_destroy = "disable"`, and with SLS's key.
fn applied() -> [String; 3] {
    [byok("app", ""), byok("disable", "  on_destroy = \"disable\""), encryption("service_key", "")]
}

/// Plans of what violates the rules already, in the state.
pub fn of_what_is_applied() -> Vec<Fixture> {
    let scene = scene(&["app", "disable", "service_key"]);
    let [app, disable, service_key] = applied();
    let whole = [ROLE, &app, &disable, &service_key].concat();
    scene.write("main.tf", &whole);
    scene.apply();
    let changes = [
        ROLE,
        &byok("app", "  enable = false"),
        &byok("disable", ""),
        &encryption("service_key", "  on_destroy = \"disable\""),
    ];
    let another = [ROLE, &byok("app", "  encrypt_type = \"sm4\""), &disable, &service_key].concat();
    let kept = [ROLE, &app, &byok("disable", ""), &service_key].concat();
    let replace = ["-replace=alicloud_log_store_encryption.disable", "-replace=alicloud_ram_byok_role.sls"];
    let mut fixtures = vec![
        ("unchanged", plan(&scene, &whole, &[])),
        ("changes", plan(&scene, &changes.concat(), &[])),
        ("errored", plan(&scene, &another, &[])),
        ("destroy", plan(&scene, &whole, &["-destroy"])),
        ("replaced", plan(&scene, &kept, &replace)),
        ("moved", plan(&scene, &moved(&whole), &[])),
        ("forgotten", plan(&scene, &forgotten(&[&app, &service_key].map(|text| text.as_str())), &[])),
    ];
    leave_deposed(&scene);
    fixtures.push(("deposed", plan(&scene, &whole, &[])));
    fixtures
}

fn moved(whole: &str) -> String {
    let block = "moved {\n  from = alicloud_log_store_encryption.service_key\n  to = alicloud_log_store_encryption.moved\n}\n";
    whole.replace(
        "\"alicloud_log_store_encryption\" \"service_key\"",
        "\"alicloud_log_store_encryption\" \"moved\"",
    ) + block
}

/// What stays, and the rest leaves the state without a destroy.
fn forgotten(stays: &[&str]) -> String {
    let removed = ["alicloud_log_store_encryption.disable", "alicloud_ram_byok_role.sls"]
        .map(|from| format!("removed {{\n  from = {from}\n  lifecycle {{\n    destroy = false\n  }}\n}}\n"));
    stays.concat() + &removed.concat()
}

/// Puts into the state what a replacement leaves there whose destroy has failed.
fn leave_deposed(scene: &Scene) {
    let mut state = scene.state();
    for resource in state["resources"].as_array_mut().unwrap() {
        if resource["name"] == "disable" {
            let instances = resource["instances"].as_array_mut().unwrap();
            let mut deposed = instances[0].clone();
            deposed["deposed"] = json!("0123abcd");
            instances.push(deposed);
        }
    }
    scene.write("terraform.tfstate", &state.to_string());
}
