//! The plans that are kept in `examples/policy/fixtures`, made anew by Terraform and the emulator.

use serde_json::{Value, json};

use crate::given;
use crate::harness::{Host, Scene};

/// A file of the folder, without its ending, and what is to be in it.
pub type Fixture = (&'static str, Value);

const HEAD: &str = "provider \"alicloud\" {\n  region = \"cn-hangzhou\"\n}\n";

/// The key that `data.json` allows.
const KEY: &str = "f5136b95-2420-ab31-1234-0123456789ab";

const ROLE: &str = "resource \"alicloud_ram_byok_role\" \"sls\" {\n  role_name = \"sls-byok\"\n}\n";

/// An encryption of the Logstore that has its name.
fn encryption(name: &str, arguments: &str) -> String {
    format!(
        "resource \"alicloud_log_store_encryption\" {name:?} {{\n  project_name = \"audit\"\n  logstore_name = {name:?}\n{arguments}\n}}\n"
    )
}

/// The argument for a key, given as an expression, and a role.
fn key(expression: &str) -> String {
    format!("  user_cmk_info = {{\n    cmk_key_id = {expression}\n    arn = {:?}\n  }}", given::ARN)
}

/// An [`encryption`] with the allowed key.
fn byok(name: &str, arguments: &str) -> String {
    encryption(name, &format!("{}\n{arguments}", key(&format!("{KEY:?}"))))
}

/// A scene whose project `audit` has these Logstores, with endpoints and keys in the environment: a plan file holds the
/// provider block. Hosts differ in what they write, so what is kept comes from a pinned one.
fn scene(names: &[&str]) -> Scene {
    scene_on(Host::Newest, names)
}

fn scene_on(host: Host, names: &[&str]) -> Scene {
    let logstores: Vec<Value> =
        names.iter().map(|name| json!({"logstoreName": name, "createTime": 1_700_000_000})).collect();
    let scene = Scene::on(host, &json!({"projects": [{"name": "audit", "logstores": logstores}]}));
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

/// Logstores that break one rule each, and a role that checkov alone finds fault with.
const VIOLATING: [&str; 5] = ["service_key", "other_key", "ecb", "off", "disable"];

fn violations() -> String {
    let configuration = [
        encryption("service_key", ""),
        encryption("other_key", &key("\"another-key\"")),
        byok("ecb", "  encrypt_type = \"sm4_ecb\""),
        byok("off", "  enable = false"),
        byok("disable", "  on_destroy = \"disable\""),
        "resource \"alicloud_ram_byok_role\" \"careless\" {\n  role_name = \"careless\"\n  force = true\n}\n"
            .to_owned(),
    ];
    configuration.concat()
}

/// The plan `violations` of a host.
pub fn violations_on(host: Host) -> Value {
    plan(&scene_on(host, &VIOLATING), &violations(), &[])
}

/// Plans while nothing is in the state.
pub fn of_new_resources() -> Vec<Fixture> {
    let scene = scene(&[&["app", "web"], &VIOLATING[..]].concat());
    let compliant = byok("app", "") + &byok("web", "  encrypt_type = \"sm4_gcm\"");
    let sensitive = "variable \"key\" {\n  default   = \"another-key\"\n  sensitive = true\n}\n".to_owned()
        + &encryption("app", &key("var.key"));
    let mut fixtures = vec![
        ("compliant", plan(&scene, &compliant, &[])),
        ("violations", plan(&scene, &violations(), &[])),
        ("sensitive", plan(&scene, &sensitive, &[])),
        ("module", of_a_module(&scene)),
    ];
    scene.patch_log_store("audit", "app", &json!({"encrypt_conf": configured("default")}));
    scene.patch_log_store("audit", "web", &json!({"encrypt_conf": configured("sm4_gcm")}));
    fixtures.push(("adopt", plan(&scene, &compliant, &[])));
    scene.patch_log_store("audit", "off", &json!({"encrypt_conf": given::service_key(false, "default")}));
    let import = encryption("off", "  enable = false")
        + "import {\n  to = alicloud_log_store_encryption.off\n  id = \"audit:off\"\n}\n";
    fixtures.push(("import", plan(&scene, &import, &[])));
    fixtures
}

/// What GetLogStore answers of a Logstore that is configured with the allowed key.
fn configured(algorithm: &str) -> Value {
    let key = json!({"cmk_key_id": KEY, "arn": given::ARN, "region_id": "cn-hangzhou"});
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
    let module = format!("{}{resource}{}\n}}\n", scene.required_providers(), key(&format!("{KEY:?}")));
    scene.write("logstores/main.tf", &module);
    scene.write("main.tf", call);
    scene.run(&["get"]).succeeded();
    plan(scene, call, &[])
}

/// A plan that makes the role too. What only the apply will show is unknown, and a text of `terraform_data` is.
pub fn of_unknown_values() -> Vec<Fixture> {
    let scene = scene(&["role", "key", "whole", "algorithm", "enable", "on_destroy"]);
    let late = "resource \"terraform_data\" \"late\" {\n  input = \"text\"\n}\n";
    let with_arn =
        |arguments: &str| arguments.replace(&format!("{:?}", given::ARN), "alicloud_ram_byok_role.sls.arn");
    let whole =
        key(&format!("{KEY:?}")).replace("= {", "= terraform_data.late.output == \"text\" ? {") + " : null";
    let main = [
        ROLE,
        late,
        &with_arn(&byok("role", "")),
        &with_arn(&encryption("key", &key("terraform_data.late.output"))),
        &encryption("whole", &whole),
        &byok("algorithm", "  encrypt_type = terraform_data.late.output"),
        &byok("enable", "  enable = terraform_data.late.output == \"text\""),
        &byok("on_destroy", "  on_destroy = terraform_data.late.output"),
    ];
    vec![("unknown", plan(&scene, &main.concat(), &[]))]
}

/// Plans of what violates the rules already, in the state.
pub fn of_what_is_applied() -> Vec<Fixture> {
    let scene = scene(&["app", "disable", "service_key"]);
    let (app, service_key) = (byok("app", ""), encryption("service_key", ""));
    let disable = byok("disable", "  on_destroy = \"disable\"");
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
        ("forgotten", plan(&scene, &forgotten(&[&app, &service_key].map(String::as_str)), &[])),
    ];
    leave_deposed(&scene);
    fixtures.push(("deposed", plan(&scene, &whole, &[])));
    fixtures
}

fn moved(whole: &str) -> String {
    let [from, to] = ["service_key", "moved"];
    let renamed = whole.replace(&format!("encryption\" {from:?}"), &format!("encryption\" {to:?}"));
    let block = [("from", from), ("to", to)]
        .map(|(end, name)| format!("  {end} = alicloud_log_store_encryption.{name}\n"));
    format!("{renamed}moved {{\n{}}}\n", block.concat())
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
