//! The checks of checkov. One run is for all plans: most of its time is its start.

use std::collections::BTreeMap;
use std::process::Command;

use serde_json::Value;

use super::{policy, python};

/// What each of the checks `CKV2_SLS_1`, `CKV2_SLS_2`, … says of a resource: `+` passed, `-` failed, `?` nothing.
type Findings = BTreeMap<String, String>;

const CHECKS: usize = 7;

/// Runs the checks of these folders on a folder.
fn findings(framework: &str, folder: &str, checks: &[&str]) -> Findings {
    let python = python();
    let mut command = Command::new(&python);
    command
        .arg(python.with_file_name("checkov"))
        .args(["--framework", framework, "--check", "CKV2_SLS_*", "--output", "json"])
        // Otherwise it asks a server for explanations of its own checks.
        .arg("--skip-download")
        .arg("--directory")
        .arg(policy(folder));
    for folder in checks {
        command.arg("--external-checks-dir").arg(policy(folder));
    }
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["summary"]["parsing_errors"], 0);
    let mut findings: BTreeMap<String, [char; CHECKS]> = BTreeMap::new();
    for (list, sign) in [("passed_checks", '+'), ("failed_checks", '-')] {
        for check in report["results"][list].as_array().unwrap() {
            let text = |name: &str| check[name].as_str().unwrap();
            let resource = format!("{} {}", text("file_path").trim_start_matches('/'), text("resource"));
            let number: usize = text("check_id").trim_start_matches("CKV2_SLS_").parse().unwrap();
            findings.entry(resource).or_insert(['?'; CHECKS])[number - 1] = sign;
        }
    }
    findings.into_iter().map(|(resource, signs)| (resource, signs.iter().collect())).collect()
}

fn compare(found: &Findings, expected: &str) {
    let found: Vec<String> = found.iter().map(|(resource, signs)| format!("{signs} {resource}")).collect();
    let expected: Vec<&str> = expected.lines().collect();
    assert_eq!(found, expected, "found:\n{}", found.join("\n"));
}

#[test]
fn of_a_configuration_exactly_this_is_found() {
    let found =
        findings("terraform", "checkov/fixtures", &["checkov/checks", "checkov/configuration_checks"]);
    compare(&found, CONFIGURATION);
}

#[test]
fn of_the_plans_exactly_this_is_found() {
    compare(&findings("terraform_plan", "fixtures", &["checkov/checks"]), PLANS);
}

const CONFIGURATION: &str = r"+-+++?? main.tf alicloud_log_store_encryption.another_key
+++++?? main.tf alicloud_log_store_encryption.ok_all_set
+++++?? main.tf alicloud_log_store_encryption.ok_defaults
--+++?? main.tf alicloud_log_store_encryption.service_key
+?+++?? main.tf alicloud_log_store_encryption.unknown_key
++---?? main.tf alicloud_log_store_encryption.weak
?????-- main.tf alicloud_ram_byok_role.careless
?????++ main.tf alicloud_ram_byok_role.ok_role
";

const PLANS: &str = r#"+++++?? adopt.json alicloud_log_store_encryption.app
+++++?? adopt.json alicloud_log_store_encryption.web
+++-+?? changes.json alicloud_log_store_encryption.app
+++++?? changes.json alicloud_log_store_encryption.disable
--++-?? changes.json alicloud_log_store_encryption.service_key
?????+? changes.json alicloud_ram_byok_role.sls
+++++?? compliant.json alicloud_log_store_encryption.app
+++++?? compliant.json alicloud_log_store_encryption.web
+++++?? deposed.json alicloud_log_store_encryption.app
++++-?? deposed.json alicloud_log_store_encryption.disable
--+++?? deposed.json alicloud_log_store_encryption.service_key
?????+? deposed.json alicloud_ram_byok_role.sls
++++-?? errored.json alicloud_log_store_encryption.disable
--+++?? errored.json alicloud_log_store_encryption.service_key
?????+? errored.json alicloud_ram_byok_role.sls
+++++?? forgotten.json alicloud_log_store_encryption.app
--+++?? forgotten.json alicloud_log_store_encryption.service_key
--+-+?? import.json alicloud_log_store_encryption.off
+++++?? module.json module.logstores["strong"].alicloud_log_store_encryption.this["app"]
+++++?? module.json module.logstores["weak"].alicloud_log_store_encryption.this["off"]
++-++?? module.json module.logstores["weak"].alicloud_log_store_encryption.this["web"]
+++++?? moved.json alicloud_log_store_encryption.app
++++-?? moved.json alicloud_log_store_encryption.disable
--+++?? moved.json alicloud_log_store_encryption.moved
?????+? moved.json alicloud_ram_byok_role.sls
+++++?? replaced.json alicloud_log_store_encryption.app
+++++?? replaced.json alicloud_log_store_encryption.disable
--+++?? replaced.json alicloud_log_store_encryption.service_key
?????+? replaced.json alicloud_ram_byok_role.sls
+-+++?? sensitive.json alicloud_log_store_encryption.app
+++++?? unchanged.json alicloud_log_store_encryption.app
++++-?? unchanged.json alicloud_log_store_encryption.disable
--+++?? unchanged.json alicloud_log_store_encryption.service_key
?????+? unchanged.json alicloud_ram_byok_role.sls
++-++?? unknown.json alicloud_log_store_encryption.algorithm
+++-+?? unknown.json alicloud_log_store_encryption.enable
--+++?? unknown.json alicloud_log_store_encryption.key
++++-?? unknown.json alicloud_log_store_encryption.on_destroy
+++++?? unknown.json alicloud_log_store_encryption.role
--+++?? unknown.json alicloud_log_store_encryption.whole
?????+? unknown.json alicloud_ram_byok_role.sls
++++-?? violations.json alicloud_log_store_encryption.disable
++-++?? violations.json alicloud_log_store_encryption.ecb
+++-+?? violations.json alicloud_log_store_encryption.off
+-+++?? violations.json alicloud_log_store_encryption.other_key
--+++?? violations.json alicloud_log_store_encryption.service_key
?????-? violations.json alicloud_ram_byok_role.careless
"#;
