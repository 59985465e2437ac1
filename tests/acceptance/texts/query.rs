//! Situations of `terraform query` and of imports by identity, which the host of the other situations does not know.

use serde_json::{Value, json};

use super::Printed;
use super::set_up::{denied, encryption, error, fault, seed, service_key};
use crate::harness::{Host, Scene};

const QUERY: [&str; 1] = ["query"];

fn scene(log_stores: &[(&str, Value)]) -> Scene {
    Scene::on(Host::Newest, &seed(log_stores))
}

fn list(of: &str, label: &str, config: &str) -> String {
    format!("list \"alicloud_{of}\" {label:?} {{\n  provider = alicloud\n  config {{\n{config}\n  }}\n}}\n")
}

/// What a query says to a caller who may do nothing.
pub fn query_of_nobody() -> Printed {
    let scene = scene(&[("app", service_key(true, "default"))]);
    let block = scene.provider_block("").replace("-root\"", "-nobody\"");
    scene.write("provider.tf", &format!("{}{block}", scene.required_providers()));
    let lists = [
        list("log_store_encryption", "all", ""),
        list("log_store_encryption", "audit", "    project_name = \"audit\""),
        list("ram_byok_role", "roles", ""),
    ];
    scene.write("all.tfquery.hcl", &lists.concat());
    Printed::by(scene, &QUERY)
}

/// What a query says of Logstores and roles that it cannot read.
pub fn query_of_some() -> Printed {
    let encrypted = || service_key(true, "default");
    let scene = scene(&[("app", encrypted()), ("other", encrypted()), ("secret", encrypted())]);
    for log_store in ["app", "secret"] {
        fault(&scene, log_store, "GetLogStore", &denied("GetLogStore", log_store));
    }
    let refusal = error(403, "NoPermission", "You are not authorized to do this action.");
    scene.ram_fault(&json!({"action": "GetRole", "times": 1, "effect": refusal}));
    let lists =
        [list("log_store_encryption", "all", ""), list("ram_byok_role", "roles", "    name_prefix = \"f\"")];
    scene.write("all.tfquery.hcl", &lists.concat());
    Printed::by(scene, &QUERY)
}

/// What imports say by identities that name nothing.
pub fn malformed_identity() -> Printed {
    let scene = scene(&[("app", service_key(true, "default"))]);
    let role = "resource \"alicloud_ram_byok_role\" \"role\" {\n  role_name = \"sls\"\n}\n";
    scene.write("main.tf", &[encryption("app", ""), encryption("other", ""), role.to_owned()].concat());
    let import =
        |to: &str, identity: &str| format!("import {{\n  to = {to}\n  identity = {{\n{identity}\n  }}\n}}\n");
    let imports = [
        import("alicloud_log_store_encryption.app", "    project_name = \"audit\"\n    logstore_name = null"),
        import(
            "alicloud_log_store_encryption.other",
            "    project_name = \"audit\"\n    logstore_name = \"Other\"",
        ),
        import("alicloud_ram_byok_role.role", "    role_name = null"),
    ];
    scene.write("import.tf", &imports.concat());
    Printed::by_plan(scene)
}
