//! The functions in expressions of every kind, mostly without any configuration of the provider.

use serde_json::{Value, json};

use crate::given;
use crate::harness::Scene;

/// What the functions return for a role of these tests.
const TRUST: &str = r#"{"Statement":[{"Action":"sts:AssumeRole","Effect":"Allow","Principal":{"Service":["log.aliyuncs.com"]}}],"Version":"1"}"#;
const PASS_ROLE: &str = r#"{"Statement":[{"Action":"ram:PassRole","Effect":"Allow","Resource":"acs:ram::1234567890123456:role/sls-byok"}],"Version":"1"}"#;

/// A scene where the provider is required and not configured, and could not be: it has no keys.
fn scene(main: &str) -> Scene {
    let scene = Scene::new(&given::plain());
    scene.write("provider.tf", &scene.required_providers());
    scene.write("main.tf", main);
    scene
}

/// The value of an output in the state.
#[track_caller]
fn output(scene: &Scene, name: &str) -> Value {
    scene.state()["outputs"][name]["value"].clone()
}

#[track_caller]
fn evaluates(scene: &Scene, expression: &str, printed: &str) {
    let ran = scene.console(expression).succeeded();
    assert_eq!(ran.stdout.lines().last(), Some(printed), "{expression}");
}

#[test]
fn each_is_evaluated_in_the_console() {
    let scene = scene("");
    evaluates(&scene, "provider::alicloud::log_store_id_parse(\"audit:app\").logstore_name", "\"app\"");
    let arn = "provider::alicloud::role_arn_parse(\"acs:ram::0123:role/Sls-Byok\")";
    evaluates(&scene, &format!("{arn}.account_id"), "\"0123\"");
    evaluates(&scene, &format!("{arn}.role_name"), "\"Sls-Byok\"");
    let trusted = "jsondecode(provider::alicloud::byok_trust_policy()).Statement[0].Principal.Service[0]";
    evaluates(&scene, trusted, "\"log.aliyuncs.com\"");
    let passed = format!("provider::alicloud::pass_role_policy({:?})", given::ARN);
    evaluates(&scene, &format!("jsondecode({passed}).Statement[0].Resource"), &format!("{:?}", given::ARN));
}

#[test]
fn each_is_an_output_without_any_call_of_the_service() {
    let scene = scene(
        r#"output "id" { value = provider::alicloud::log_store_id_parse("audit-project:app_log") }
output "arn" { value = provider::alicloud::role_arn_parse("acs:ram::1234567890123456:role/sls-byok") }
output "trust" { value = provider::alicloud::byok_trust_policy() }
output "pass" { value = provider::alicloud::pass_role_policy("acs:ram::1234567890123456:role/Sls-Byok") }
"#,
    );
    scene.apply();
    assert_eq!(output(&scene, "id"), json!({"project_name": "audit-project", "logstore_name": "app_log"}));
    assert_eq!(output(&scene, "arn"), json!({"account_id": "1234567890123456", "role_name": "sls-byok"}));
    assert_eq!(output(&scene, "trust"), TRUST);
    assert_eq!(output(&scene, "pass"), PASS_ROLE);
    scene.plan().expect_empty();
    assert!(scene.calls().is_empty());
}

#[track_caller]
fn refused(function: &str, argument: &str, says: &[&str]) {
    let main =
        format!("output \"o\" {{\n  value = provider::alicloud::{function}(\n    {argument}\n  )\n}}\n");
    let scene = scene(&main);
    let error = scene.validate().failed().error();
    error.says(says);
    // Host and provider both know how to end a sentence; one of them has to.
    assert!(error.detail.ends_with('.') && !error.detail.ends_with(".."), "{}", error.detail);
    error.at("main.tf", 3);
}

#[test]
fn an_error_stands_at_its_argument_and_shows_a_right_one() {
    refused("log_store_id_parse", "\"audit\"", &["\"id\" parameter", "no colon", "audit-project:app-log"]);
    refused("log_store_id_parse", "\"audit:App\"", &["'A'", "audit-project:app-log"]);
    let example = "acs:ram::1234567890123456:role/sls-byok";
    refused("role_arn_parse", "\"sls-byok\"", &["\"arn\" parameter", "\"sls-byok\"", example]);
    refused("pass_role_policy", "\"acs:ram::1:user/a\"", &["\"role_arn\" parameter", example]);
    refused("role_arn_parse", "null", &["\"arn\" parameter", "must not be null"]);
}

#[test]
fn an_unknown_argument_is_waited_for() {
    let scene = scene(
        r#"resource "terraform_data" "role" {
  input = "acs:ram::1234567890123456:role/Sls-Byok"
}
output "name" { value = provider::alicloud::role_arn_parse(terraform_data.role.output).role_name }
output "pass" { value = provider::alicloud::pass_role_policy(terraform_data.role.output) }
"#,
    );
    let plan = scene.plan().expect_changes().json();
    for name in ["name", "pass"] {
        assert_eq!(plan["output_changes"][name]["after_unknown"], true, "{name}");
    }
    scene.try_apply_plan().succeeded();
    assert_eq!(output(&scene, "name"), "Sls-Byok");
    assert_eq!(output(&scene, "pass"), PASS_ROLE);
    scene.plan().expect_empty();
}

#[test]
fn an_argument_that_turns_out_wrong_fails_the_apply() {
    let scene = scene(
        r#"resource "terraform_data" "id" { input = "no-colon" }
output "id" { value = provider::alicloud::log_store_id_parse(terraform_data.id.output) }
"#,
    );
    scene.plan();
    let error = scene.try_apply_plan().failed().error();
    error.says(&["no colon"]);
    error.at("main.tf", 2);
}

#[test]
fn they_serve_in_checks_and_preconditions() {
    let main = |account: &str| {
        format!(
            r#"locals {{
  role = provider::alicloud::role_arn_parse("acs:ram::1234567890123456:role/sls-byok")
  id   = "audit:App"
}}
check "account" {{
  assert {{
    condition     = local.role.account_id == "{account}"
    error_message = "The role is of account ${{local.role.account_id}}."
  }}
}}
resource "terraform_data" "this" {{
  lifecycle {{
    precondition {{
      condition     = can(provider::alicloud::log_store_id_parse(local.id))
      error_message = "That is not an id."
    }}
  }}
}}
"#
        )
    };
    let scene = scene(&main("1234567890123456"));
    let ran = scene.try_plan().failed();
    ran.error().says(&["That is not an id."]);
    assert!(ran.warnings().is_empty());

    scene.write("main.tf", &main("1").replace("audit:App", "audit:app"));
    let ran = scene.apply();
    ran.warning().says(&["The role is of account 1234567890123456."]);
}

#[test]
fn a_resource_takes_its_arguments_from_them() {
    let scene = Scene::new(&given::plain());
    scene.write(
        "main.tf",
        r#"locals {
  app = provider::alicloud::log_store_id_parse("audit:app")
}
resource "alicloud_log_store_encryption" "this" {
  project_name  = local.app.project_name
  logstore_name = local.app.logstore_name
}
"#,
    );
    scene.apply();
    assert_eq!(given::stored(&scene), given::service_key(true, "default"));
    let id = "alicloud_log_store_encryption.this.id";
    evaluates(&scene, &format!("provider::alicloud::log_store_id_parse({id}).project_name"), "\"audit\"");
}

#[test]
fn the_host_lists_them_with_their_signatures() {
    let scene = scene("");
    let ran = scene.run(&["providers", "schema", "-json"]).succeeded();
    let schemas: Value = serde_json::from_str(&ran.stdout).unwrap();
    let provider = schemas["provider_schemas"].as_object().unwrap().values().next().unwrap();
    let functions = provider["functions"].as_object().unwrap();
    let names: Vec<&String> = functions.keys().collect();
    assert_eq!(names, ["byok_trust_policy", "log_store_id_parse", "pass_role_policy", "role_arn_parse"]);
    let parse = &functions["log_store_id_parse"];
    assert_eq!(
        parse["return_type"],
        json!(["object", {"logstore_name": "string", "project_name": "string"}])
    );
    assert_eq!(
        (&parse["parameters"][0]["name"], &parse["parameters"][0]["type"]),
        (&json!("id"), &json!("string"))
    );
    for function in functions.values() {
        assert!(!function["summary"].as_str().unwrap().is_empty());
        assert!(!function["description"].as_str().unwrap().is_empty());
    }
}
