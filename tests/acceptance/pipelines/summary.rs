//! The page that `examples/ci/summary` makes of a plan.

use std::path::Path;
use std::process::Command;

use expect_test::{ExpectFile, expect_file};
use serde_json::{Value, json};

use crate::given::{byok, service_key};
use crate::harness::{Host, Scene};

const KEY: &str = "f5136b95-2420-ab31-1234-0123456789ab";
const ROLE: &str = "acs:ram::1234567890123456:role/sls-byok";

/// Logstores `app-0`, `app-1`, ... of a project that were never configured.
fn project(name: &str, count: usize) -> Value {
    let logstores: Vec<_> =
        (0..count).map(|number| json!({"logstoreName": format!("app-{number}")})).collect();
    json!({"name": name, "logstores": logstores})
}

fn scene(projects: &[Value]) -> Scene {
    Scene::new(&json!({"projects": projects}))
}

/// The resource `this`, with these further arguments.
fn encryption(name: &str, logstore: &str, arguments: &str) -> String {
    format!(
        "resource \"alicloud_log_store_encryption\" {name:?} {{\n  project_name = \"audit\"\n  logstore_name = {logstore:?}\n{arguments}\n}}\n"
    )
}

fn cmk() -> String {
    format!("  user_cmk_info = {{\n    cmk_key_id = {KEY:?}\n    arn = {ROLE:?}\n  }}\n")
}

/// Runs the tool on files of a scene.
fn run(scene: &Scene, arguments: &[&str]) -> (Option<i32>, String, String) {
    let tool = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/ci/summary");
    let output = Command::new(tool).args(arguments).current_dir(scene.path("")).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

/// The page of a plan that was made with these arguments.
#[track_caller]
fn page_of(scene: &Scene, plan: &[&str], tool: &[&str]) -> String {
    let plan = scene.try_plan_with(plan);
    assert_ne!(plan.ran.exit_code, Some(1), "{:#?}", plan.ran.diagnostics());
    scene.write("plan.json", &plan.json().to_string());
    // What the harness adds to a command is not part of the plan.
    let is_of_the_plan = |line: &&str| !line.contains("Provider development overrides are in effect");
    let log: Vec<_> = plan.ran.stdout.lines().filter(is_of_the_plan).collect();
    scene.write("plan.log", &log.join("\n"));
    let (code, page, errors) = run(scene, &[tool, &["plan.json"]].concat());
    assert_eq!((code, errors.as_str()), (Some(0), ""));
    page
}

const WITH_LOG: &[&str] = &["--log", "plan.log"];
const AS_TEXT: &[&str] = &["--format", "text", "--log", "plan.log"];

#[track_caller]
fn is(page: &str, expected: &ExpectFile) {
    expected.assert_eq(page);
}

/// [`project`] three times, with forty Logstores, and their encryption.
const FORTY: &str = r#"locals {
  projects = { audit = 14, firewall = 13, waf = 13 }
  logstores = merge([
    for name, count in local.projects : { for n in range(count) : "${name}:app-${n}" => [name, "app-${n}"] }
  ]...)
}

resource "alicloud_log_store_encryption" "this" {
  for_each      = local.logstores
  project_name  = each.value[0]
  logstore_name = each.value[1]
CMK}
"#;

#[test]
fn forty_logstores_are_three_lines() {
    for host in Host::ALL {
        let projects = [project("audit", 14), project("firewall", 13), project("waf", 13)];
        let scene = Scene::on(host, &json!({"projects": projects}));
        scene.write("main.tf", &FORTY.replace("CMK", &cmk()));
        let text = page_of(&scene, &[], AS_TEXT);
        is(&text, &expect_file!["expected/forty.txt"]);
        let markdown = page_of(&scene, &[], WITH_LOG);
        let lines = markdown.lines().filter(|line| line.starts_with("| configure |"));
        assert_eq!(lines.count(), 3);
        assert!(markdown.contains("- configure in `waf`: `waf:app-0`, `waf:app-1`,"), "{markdown}");
    }
}

#[test]
fn what_happens_to_each_logstore_is_told_apart() {
    let configured = |name: &str, conf: &Value| json!({"logstoreName": name, "encrypt_conf": conf});
    let scene = scene(&[json!({"name": "audit", "logstores": [
        {"logstoreName": "first"}, configured("adopted", &service_key(true, "default")),
        {"logstoreName": "kept"}, {"logstoreName": "disabled"}, {"logstoreName": "off"}, {"logstoreName": "settings"},
        {"logstoreName": "on"}, {"logstoreName": "forgotten"}, {"logstoreName": "moved"}, {"logstoreName": "replaced"},
        configured("imported", &byok(true)), {"logstoreName": "same"},
    ]})]);
    let same = encryption("same", "same", "");
    let before = [
        encryption("kept", "kept", ""),
        encryption("disabled", "disabled", "  on_destroy = \"disable\""),
        encryption("off", "off", ""),
        encryption("on", "on", "  enable = false"),
        encryption("settings", "settings", ""),
        encryption("forgotten", "forgotten", ""),
        encryption("old", "moved", ""),
        encryption("replaced", "replaced", ""),
        same.clone(),
    ];
    scene.write("main.tf", &before.concat());
    scene.apply();
    let after = [
        encryption("first", "first", ""),
        encryption("adopted", "adopted", ""),
        encryption("off", "off", "  enable = false"),
        encryption("on", "on", ""),
        encryption("settings", "settings", "  on_destroy = \"disable\""),
        "removed {\n  from = alicloud_log_store_encryption.forgotten\n  lifecycle {\n    destroy = false\n  }\n}\n".to_owned(),
        "moved {\n  from = alicloud_log_store_encryption.old\n  to   = alicloud_log_store_encryption.new\n}\n".to_owned(),
        encryption("new", "moved", ""),
        encryption("replaced", "replaced", "  encrypt_type = \"sm4_gcm\"\n  on_immutable_change = \"replace\""),
        "import {\n  to = alicloud_log_store_encryption.imported\n  id = \"audit:imported\"\n}\n".to_owned(),
        encryption(
            "imported",
            "imported",
            "  user_cmk_info = {\n    cmk_key_id = \"key-1\"\n    arn = \"acs:ram::1234567890123456:role/Sls-Byok\"\n  }",
        ),
        "resource \"terraform_data\" \"other\" {}\n".to_owned(),
        same,
    ];
    scene.write("main.tf", &after.concat());
    is(&page_of(&scene, &[], WITH_LOG), &expect_file!["expected/each.md"]);
    is(&page_of(&scene, &[], &[]), &expect_file!["expected/each_without_log.md"]);
}

#[test]
fn values_that_are_not_known_yet_are_named() {
    let scene = scene(&[project("audit", 3)]);
    let unknown_arn = format!(
        "  user_cmk_info = {{\n    cmk_key_id = {KEY:?}\n    arn = alicloud_ram_byok_role.sls.arn\n  }}\n"
    );
    let unknown_key = format!(
        "  user_cmk_info = {{\n    cmk_key_id = terraform_data.key.output\n    arn = {ROLE:?}\n  }}\n"
    );
    let unknown_all = "  user_cmk_info = terraform_data.cmk.output\n";
    scene.write(
        "main.tf",
        &[
            "resource \"alicloud_ram_byok_role\" \"sls\" {\n  role_name = \"sls-byok\"\n}\nresource \"terraform_data\" \"key\" {\n  input = \"key\"\n}\n".to_owned(),
            format!("resource \"terraform_data\" \"cmk\" {{\n  input = {{ cmk_key_id = \"key\", arn = {ROLE:?} }}\n}}\n"),
            encryption("arn", "app-0", &unknown_arn),
            encryption("key", "app-1", &unknown_key),
            encryption("all", "app-2", unknown_all),
        ]
        .concat(),
    );
    is(&page_of(&scene, &[], AS_TEXT), &expect_file!["expected/unknown.txt"]);
}

#[test]
fn roles_that_are_deleted_say_what_that_does() {
    let scene = scene(&[]);
    let role = |name: &str, role_name: &str, arguments: &str| {
        format!(
            "resource \"alicloud_ram_byok_role\" {name:?} {{\n  role_name = {role_name:?}\n{arguments}}}\n"
        )
    };
    scene.write(
        "main.tf",
        &[role("gone", "gone", ""), role("renamed", "old", ""), role("changed", "changed", "")].concat(),
    );
    scene.apply();
    let after = [
        role("new", "new", ""),
        role("renamed", "renamed", ""),
        role("changed", "changed", "  description = \"changed\"\n"),
    ];
    scene.write("main.tf", &after.concat());
    is(&page_of(&scene, &[], &[]), &expect_file!["expected/roles.md"]);
}

#[test]
fn a_leftover_of_a_replacement_sends_nothing() {
    let scene = scene(&[project("audit", 2)]);
    let with = |logstore: &str| {
        encryption(
            "this",
            logstore,
            "  on_destroy = \"disable\"\n  lifecycle {\n    create_before_destroy = true\n  }",
        )
    };
    scene.write("main.tf", &with("app-0"));
    scene.apply();
    // As a replacement leaves it whose create failed.
    let mut state = scene.state();
    state["resources"][0]["instances"][0]["deposed"] = json!("0badcafe");
    scene.write("terraform.tfstate", &state.to_string());
    scene.write("main.tf", &with("app-1"));
    is(&page_of(&scene, &[], AS_TEXT), &expect_file!["expected/leftover.txt"]);
}

#[test]
fn what_changed_outside_of_terraform_is_named() {
    let scene = scene(&[project("audit", 2)]);
    scene.write("main.tf", &[encryption("off", "app-0", ""), encryption("gone", "app-1", "")].concat());
    scene.apply();
    scene.patch_log_store("audit", "app-0", &json!({"encrypt_conf": service_key(false, "default")}));
    scene.delete_log_store("audit", "app-1");
    is(&page_of(&scene, &[], AS_TEXT), &expect_file!["expected/outside.txt"]);
}

#[test]
fn no_value_is_taken_for_markup() {
    let scene = scene(&[project("audit", 5)]);
    let hostile = "`|<b>x</b>|``[l](u) @team #1 \\n ![i](u)\u{202e}\u{7}é";
    let key = hostile.replace('\\', "\\\\").replace('\u{7}', "\\u0007");
    let resource = "resource \"alicloud_log_store_encryption\" \"this\" {\n  for_each = { for n in range(5) : \"KEY ${n}\" => n }\n  project_name = \"audit\"\n  logstore_name = \"app-${each.value}\"\n  enable = false\n}\ncheck \"hostile\" {\n  assert {\n    condition = length(alicloud_log_store_encryption.this) == 0\n    error_message = \"KEY\\n```\\n# heading.\"\n  }\n}\n";
    scene.write("main.tf", &resource.replace("KEY", &key));
    is(&page_of(&scene, &[], WITH_LOG), &expect_file!["expected/markup.md"]);
}

#[test]
fn a_sensitive_value_is_not_printed() {
    let scene = scene(&[project("audit", 1)]);
    let sensitive = "  user_cmk_info = {\n    cmk_key_id = sensitive(\"hidden-key\")\n    arn = \"acs:ram::1234567890123456:role/sls-byok\"\n  }";
    scene.write("main.tf", &encryption("this", "app-0", sensitive));
    let page = page_of(&scene, &[], &[]);
    assert!(page.contains("(sensitive)") && !page.contains("hidden-key"), "{page}");
}

#[test]
fn an_empty_plan_and_wrong_files_are_told() {
    let scene = scene(&[]);
    scene.write("main.tf", "");
    is(&page_of(&scene, &[], WITH_LOG), &expect_file!["expected/nothing.md"]);
    let state = scene.run(&["show", "-json"]).succeeded().stdout;
    scene.write("state.json", &state);
    for (arguments, says) in [
        (&["state.json"][..], "this is not the JSON of a plan. Make it with: terraform show -json plan.bin"),
        (&["main.tf"], "the plan is not JSON"),
        (&["gone.json"], "gone.json"),
        (&["--log", "state.tf", "plan.json"], "state.tf"),
        (&[], "give a plan, a log, or both"),
    ] {
        let (code, page, errors) = run(&scene, arguments);
        assert_ne!(code, Some(0), "{arguments:?}");
        assert!(page.is_empty() && errors.contains(says), "{arguments:?}: {errors}");
    }
}

/// The log of a plan that failed is a page of its errors.
#[test]
fn the_log_alone_is_a_page() {
    let scene = scene(&[project("audit", 1)]);
    scene.write("main.tf", &encryption("this", "app-0", "  encrypt_type = \"rot13\""));
    let plan = scene.try_plan();
    let is_of_the_plan = |line: &&str| !line.contains("Provider development overrides are in effect");
    let log: Vec<_> = plan.stdout.lines().filter(is_of_the_plan).collect();
    scene.write("plan.log", &log.join("\n"));
    let (code, page, _) = run(&scene, &["--log", "plan.log"]);
    assert_eq!(code, Some(0));
    is(&page, &expect_file!["expected/log_alone.md"]);
}
