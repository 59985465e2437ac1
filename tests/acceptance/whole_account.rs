//! A whole account is taken under management: the audit finds what is written in clear, a query writes imports of what
//! is encrypted, one apply does the rest, and a check holds it.

use serde_json::{Value, json};

use crate::given::{byok, service_key};
use crate::harness::Scene;
use crate::query::{ENCRYPTION, list, query, scene};

/// Logstores of the account, in three projects.
const LOG_STORES: usize = 300;
/// The first of them are encrypted, in four ways.
const ENCRYPTED: usize = 40;
/// The last of them may not be read at first.
const UNREADABLE: usize = 5;

fn project(number: usize) -> String {
    format!("team-{}", number % 3)
}

fn name(number: usize) -> String {
    format!("log-{number:03}")
}

fn seed() -> Value {
    let ways =
        [service_key(true, "default"), service_key(true, "aes_gcm"), service_key(true, "sm4"), byok(true)];
    let log_store = |number: usize| match ways.get(number % ways.len()) {
        Some(conf) if number < ENCRYPTED => json!({"logstoreName": name(number), "encrypt_conf": conf}),
        _ => json!({"logstoreName": name(number)}),
    };
    let of_project = |project: usize| {
        let log_stores: Vec<_> = (project..LOG_STORES).step_by(3).map(log_store).collect();
        json!({"name": self::project(project), "logstores": log_stores})
    };
    json!({"projects": [of_project(0), of_project(1), of_project(2)]})
}

/// Denies the last Logstores to the caller.
fn deny(scene: &Scene) {
    let effect = json!({"error": {"status": 403, "code": "Unauthorized", "message": "not allowed"}});
    for number in LOG_STORES - UNREADABLE..LOG_STORES {
        scene.fault(&json!({"action": "GetLogStore", "project": project(number), "logstore": name(number),
            "times": 9, "effect": effect}));
    }
}

const AUDIT: &str = r#"data "alicloud_log_store_encryptions" "all" {
  provider = alicloud-encryption
}

output "in_clear" {
  value = {
    for logstore in data.alicloud_log_store_encryptions.all.logstores : logstore.id => {
      project_name  = logstore.project_name
      logstore_name = logstore.logstore_name
    } if !logstore.encrypted
  }
}
"#;

const ENCRYPT: &str = r#"resource "alicloud_log_store_encryption" "all" {
  provider = alicloud-encryption
  for_each = jsondecode(file("in_clear.json"))

  project_name  = each.value.project_name
  logstore_name = each.value.logstore_name
}

# Not in the check: with a data source in a check, each plan says that it reads it, and is not empty.
data "alicloud_log_store_encryptions" "now" {
  provider   = alicloud-encryption
  depends_on = [alicloud_log_store_encryption.all]
}

check "nothing_is_in_clear" {
  assert {
    condition     = data.alicloud_log_store_encryptions.now.in_clear_total == 0
    error_message = "Some Logstores are written in clear."
  }
  assert {
    condition     = data.alicloud_log_store_encryptions.now.unreadable_total == 0
    error_message = "Some Logstores cannot be read."
  }
}
"#;

fn totals(scene: &Scene) -> [i64; 4] {
    let found = scene.attributes("alicloud_log_store_encryptions.all");
    ["total", "encrypted_total", "in_clear_total", "unreadable_total"]
        .map(|name| found[name].as_i64().unwrap())
}

#[test]
fn an_account_is_audited_imported_encrypted_and_checked() {
    let scene = scene(&seed());
    scene.write("audit.tf", AUDIT);

    // The audit says what is in clear, and what it does not know.
    deny(&scene);
    scene.apply().warning().says(&["Not every Logstore could be read", "log-295", "log-299", "Unauthorized"]);
    let in_clear = LOG_STORES - ENCRYPTED - UNREADABLE;
    let counts = [LOG_STORES - UNREADABLE, ENCRYPTED, in_clear, UNREADABLE];
    assert_eq!(totals(&scene), counts.map(|count| i64::try_from(count).unwrap()));

    // So does the query. Then the caller is allowed to read all.
    scene.write("all.tfquery.hcl", &list(ENCRYPTION, "all", "  limit = 1000", ""));
    query(&scene, &[list(ENCRYPTION, "all", "  limit = 1000", "")])
        .succeeded()
        .warning()
        .says(&["Not every Logstore could be read", "(5)"]);
    scene.clear_faults();
    scene.apply();
    assert_eq!(totals(&scene)[1..], [40, 260, 0]);

    // A query writes the imports, and the audit what is left to encrypt.
    scene.run(&["query", "-generate-config-out=imported.tf"]).succeeded();
    let in_clear = scene.state()["outputs"]["in_clear"]["value"].clone();
    scene.write("in_clear.json", &in_clear.to_string());
    scene.remove("audit.tf");
    scene.write("main.tf", ENCRYPT);

    scene.forget_calls();
    let ran = scene.apply();
    assert_eq!(ran.changes(), (260, 0, 0));
    assert_eq!(scene.writes().len(), 260, "what is imported is not written");
    assert_eq!(scene.attributes("alicloud_log_store_encryptions.now")["encrypted_total"], LOG_STORES);
    let warned: Vec<_> = ran.warnings().into_iter().map(|warning| warning.summary).collect();
    assert!(!warned.iter().any(|summary| summary.contains("Check")), "{warned:?}");

    let plan = scene.plan().expect_empty();
    assert_eq!(plan.ran.warnings().len(), 0, "{:?}", plan.ran.warnings());
}
