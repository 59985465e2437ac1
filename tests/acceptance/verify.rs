//! The action `alicloud_log_store_encryption_verify`, which fails a run if new logs would not be stored encrypted.

use serde_json::{Value, json};

use crate::given::{self, THIS};
use crate::harness::{Host, Ran, Scene};

const VERIFY: &str = "action.alicloud_log_store_encryption_verify.this";
/// What Terraform begins each error of an action with; the summary of the action follows in the detail.
const OF_ACTION: &str = "Error when invoking action";
const NOT_ENCRYPTED: &str = "New logs would not be stored encrypted: ";

/// The action with this list.
fn action(logstores: &str) -> String {
    format!(
        "action \"alicloud_log_store_encryption_verify\" \"this\" {{\n  config {{\n    logstores = {logstores}\n  }}\n}}\n"
    )
}

/// A `logstores` with these Logstores of project `audit`.
fn named(names: &[&str]) -> String {
    let element = |name: &&str| format!("{{ project_name = \"audit\", logstore_name = {name:?} }}");
    format!("[{}]", names.iter().map(element).collect::<Vec<_>>().join(", "))
}

fn invoke(scene: &Scene) -> Ran {
    scene.try_apply_with(&["-invoke", VERIFY])
}

/// What people see who do not read JSON.
fn invoke_in_prose(scene: &Scene) -> String {
    scene.run(&["apply", "-auto-approve", "-input=false", "-no-color", "-invoke", VERIFY]).prose()
}

fn key(state: &str) -> Value {
    json!({"id": "key-1", "spec": "Aliyun_AES_256", "usage": "ENCRYPT/DECRYPT", "state": state, "region": "cn-hangzhou"})
}

/// Logstores of every kind, one key and one role.
fn seed() -> Value {
    let trust = json!({"Version": "1", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": {"Service": ["log.aliyuncs.com"]}}]});
    json!({
        "keys": [key("Enabled")],
        "roles": [{"name": "sls-byok", "assume_role_policy_document": trust,
            "policies": ["AliyunKMSReadOnlyAccess", "AliyunKMSCryptoUserAccess"]}],
        "projects": [{"name": "audit", "logstores": [
            {"logstoreName": "app"},
            {"logstoreName": "service", "encrypt_conf": given::service_key(true, "default")},
            {"logstoreName": "byok", "encrypt_conf": given::byok(true)},
            {"logstoreName": "byok-2", "encrypt_conf": given::byok(true)},
            {"logstoreName": "metrics", "telemetryType": "Metrics", "encrypt_conf": given::byok(true)},
            {"logstoreName": "off", "encrypt_conf": given::service_key(false, "sm4")},
        ]}],
    })
}

#[test]
fn an_invocation_names_each_logstore_that_is_not_encrypted_with_its_reason() {
    let scene = Scene::on(Host::Newest, &seed());
    scene.look_at_keys_and_roles();
    scene.write("main.tf", &action(&named(&["service", "byok", "byok-2", "metrics", "byok"])));
    let prose = invoke_in_prose(&scene);
    assert!(prose.contains("4 of 4 Logstores verified, 4 of them encrypted"), "{prose}");
    // Each store and each key once.
    let calls = scene.actions();
    let count = |action: &str| calls.iter().filter(|call| *call == action).count();
    assert_eq!((count("GetLogStore"), count("GetMetricStore")), (4, 1));
    assert_eq!((count("DescribeKey"), count("GetRole")), (1, 1));
    assert_eq!(scene.writes().len(), 0);

    scene.kms("DisableKey", &[("KeyId", "key-1")]);
    scene.write("main.tf", &action(&named(&["service", "byok", "metrics", "off", "app"])));
    let error = invoke(&scene).failed().error();
    assert_eq!(error.summary, OF_ACTION);
    error.says(&[
        NOT_ENCRYPTED,
        "Logstore audit:app in cn-hangzhou: no encryption configuration.",
        "Logstore audit:off in cn-hangzhou: encryption is disabled (enable = false).",
        // One cause is said once.
        "Logstore audit:byok in cn-hangzhou, Logstore audit:metrics in cn-hangzhou: neither readable nor writable",
        "aliyun kms EnableKey --RegionId cn-hangzhou --KeyId key-1",
        "This holds for 4 of 5 Logstores.",
        "Nothing was changed.",
    ]);
    assert!(!error.text().contains("audit:service"), "{error:?}");
    // The role.
    scene.kms("EnableKey", &[("KeyId", "key-1")]);
    let from =
        [("PolicyName", "AliyunKMSCryptoUserAccess"), ("PolicyType", "System"), ("RoleName", "sls-byok")];
    scene.ram("DetachPolicyFromRole", &from);
    scene.write("main.tf", &action(&named(&["byok"])));
    invoke(&scene).failed().error().says(&[
        "Logstore audit:byok in cn-hangzhou: neither readable nor writable",
        "--PolicyName AliyunKMSCryptoUserAccess --RoleName sls-byok",
    ]);
    scene.provider("  preflight = \"off\"");
    let prose = invoke_in_prose(&scene);
    assert!(prose.contains("Keys and roles are not checked"), "{prose}");
    assert!(prose.contains("1 of 1 Logstores verified"), "{prose}");
}

#[test]
fn what_cannot_be_read_fails_an_invocation_and_what_may_not_be_read_is_a_warning() {
    let scene = Scene::on(Host::Newest, &seed());
    scene.look_at_keys_and_roles();
    scene.write("main.tf", &action(&named(&["service", "missing", "off"])));
    let error = invoke(&scene).failed().error();
    error.says(&[
        NOT_ENCRYPTED,
        "Logstore audit:off in cn-hangzhou: encryption is disabled",
        "This holds for 1 of 3 Logstores.",
        "Logstore audit:missing in cn-hangzhou: SLS GetLogStore on audit/missing was refused",
        "Whether new logs of this Logstore are stored encrypted is not known.",
    ]);
    scene.write("main.tf", &action(&named(&["missing"])));
    invoke(&scene).failed().error().says(&["Not every Logstore could be verified: "]);

    scene.write("main.tf", &action(&named(&["byok"])));
    let denied = json!({"error": {"status": 403, "code": "Forbidden.NoPermission", "message": "no"}});
    scene.fault_of("kms", &json!({"action": "DescribeKey", "times": 1, "effect": denied}));
    let ran = invoke(&scene).succeeded();
    ran.warning().says(&["the caller lacks kms:DescribeKey", "This does not fail the run."]);

    scene.write("main.tf", &action("[]"));
    let error = invoke(&scene).failed().error();
    assert_eq!(error.summary, "Empty value");
    assert_eq!(scene.writes().len(), 0);
}

#[test]
fn a_trigger_verifies_after_each_change_and_fails_the_apply() {
    let scene = Scene::on(Host::Newest, &given::plain());
    let trigger = format!(
        "  lifecycle {{\n    action_trigger {{\n      events  = [after_create, after_update]\n      actions = [{VERIFY}]\n    }}\n  }}"
    );
    let main = |arguments: &str| {
        given::encryption(&format!("{arguments}\n{trigger}")) + &action(&format!("[{THIS}]"))
    };
    scene.write("main.tf", &main(""));
    scene.apply();
    scene.plan().expect_empty();
    scene.write("main.tf", &main("  enable = false"));
    let error = scene.try_apply().failed().error();
    assert_eq!(error.summary, OF_ACTION);
    error.says(&[NOT_ENCRYPTED, "Logstore audit:app in cn-hangzhou: encryption is disabled"]);
    assert_eq!(given::stored(&scene)["enable"], false);
}

#[test]
fn an_interrupt_ends_an_invocation_with_what_was_not_done() {
    let scene = Scene::on(Host::Newest, &seed());
    scene.write("main.tf", &action(&named(&["service", "off"])));
    scene.fault(&json!({"action": "GetLogStore", "logstore": "off", "times": 100, "effect": {"hold": {}}}));
    let ran = {
        let run = scene.start(&["apply", "-auto-approve", "-input=false", "-json", "-invoke", VERIFY]);
        scene.await_calls("the reads", |calls| {
            calls.iter().filter(|call| call.action == "GetLogStore").count() == 2
        });
        run.interrupt();
        run.wait()
    };
    let errors = ran.failed().errors();
    let said = errors.iter().find(|error| error.summary == OF_ACTION);
    let said = said.unwrap_or_else(|| panic!("{errors:#?}"));
    said.says(&[
        "Verification interrupted: ",
        " of 2 Logstores were verified before the run was interrupted.",
    ]);
}
