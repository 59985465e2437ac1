//! Calls that cannot succeed as they are: the error says who refused, gives the request id, and tells
//! what to do.

use serde_json::{Value, json};

use crate::given::{applied, encryption, plain, stored};
use crate::harness::{Diagnostic, Scene};

const DENIED: &str = "denied by sts or ram, action: log:UpdateLogStore, resource: acs:log:cn-hangzhou:1234567890123456:project/audit/logstore/app";

fn denied() -> Value {
    json!({"error": {"status": 401, "code": "Unauthorized", "message": DENIED}})
}

/// Plans a refresh with this provider block; it must fail and leave the state alone.
#[track_caller]
fn refresh_fails(scene: &Scene, says: &[&str]) -> Diagnostic {
    let state = scene.read("terraform.tfstate");
    let error = scene.try_plan().failed().error();
    error.says(&["Cannot read a Logstore", "Logstore audit:app:", "SLS GetLogStore on audit/app"]);
    error.says(says);
    scene.try_apply().failed();
    assert_eq!(scene.read("terraform.tfstate"), state);
    error
}

/// Writes the provider block with another key.
fn with_key(scene: &Scene, id: &str, secret: &str) {
    let block = scene.provider_block("").replace("ak-root", id).replace("sk-root", secret);
    scene.write("provider.tf", &(scene.required_providers() + &block));
}

#[test]
fn a_read_that_is_denied_names_the_permission() {
    let scene = applied(&encryption(""));
    scene.fault(&json!({"action": "GetLogStore", "times": 1000, "effect": denied()}));
    refresh_fails(
        &scene,
        &[
            "was refused: denied by sts or ram",
            "HTTP 401",
            "code Unauthorized",
            "request id ",
            "The resource alicloud_log_store_encryption needs log:GetLogStore and log:UpdateLogStore on the Logstore",
        ],
    );
    assert_eq!(scene.calls().len(), 2, "asking again would not help");
}

#[test]
fn a_create_that_may_not_look_first_is_warned_of_and_checked_at_apply() {
    let scene = Scene::new(&plain());
    scene.write("main.tf", &encryption(""));
    scene.fault(&json!({"action": "GetLogStore", "effect": denied()}));
    let warning = scene.plan().expect_changes().ran.warning();
    warning.says(&[
        "Cannot read a Logstore",
        "Logstore audit:app:",
        "The apply checks whether the Logstore already has another encryption configuration",
        "request id ",
    ]);
    scene.try_apply_plan().succeeded();
    assert_eq!(stored(&scene)["enable"], true);
}

#[test]
fn an_update_that_is_denied_names_the_permissions_and_leaves_no_trace() {
    let scene = Scene::new(&plain());
    scene.write("main.tf", &encryption(""));
    scene.fault(&json!({"action": "UpdateLogStore", "times": 1000, "effect": denied()}));
    let error = scene.try_apply().failed().error();
    error.says(&[
        "SLS UpdateLogStore on audit/app was refused",
        DENIED,
        "request id ",
        "Grant the caller log:UpdateLogStore on acs:log:cn-hangzhou:1234567890123456:project/audit/logstore/app.",
        "\"Action\":\"log:UpdateLogStore\"",
        "ram:PassRole",
    ]);
    assert_eq!(scene.writes().len(), 1);
    assert_eq!(stored(&scene), Value::Null);
    assert!(scene.addresses().is_empty());
}

#[test]
fn a_wrong_secret_is_told_without_the_secret() {
    let scene = applied(&encryption(""));
    with_key(&scene, "ak-root", "sk-wrong");
    let error = refresh_fails(
        &scene,
        &[
            "HTTP 401",
            "code SignatureNotMatch",
            "request id ",
            "the secret does not belong to the AccessKey id",
        ],
    );
    assert!(!error.text().contains("sk-wrong"));
}

#[test]
fn an_unknown_key_is_told_and_stops_a_create_at_plan() {
    let scene = Scene::new(&plain());
    scene.write("main.tf", &encryption(""));
    with_key(&scene, "ak-nobody", "sk-nobody");
    let error = scene.try_plan().failed().error();
    error.says(&[
        "AccessKeyId not found: ak-nobody",
        "request id ",
        "The service does not know this AccessKey",
    ]);
    assert_eq!(scene.calls().len(), 1);
}

#[test]
fn a_clock_that_is_off_is_told() {
    let scene = applied(&encryption(""));
    // The emulator compares signatures with the machine's clock, but dates its answers by its own.
    scene.advance_clock(3600);
    let expired =
        json!({"status": 400, "code": "RequestTimeExpired", "message": "Request time has been expired."});
    scene.fault(&json!({"action": "GetLogStore", "times": 99, "effect": {"error": expired}}));
    refresh_fails(
        &scene,
        &[
            "HTTP 400",
            "code RequestTimeExpired",
            "request id ",
            "This machine's clock is 60 minutes behind the service's.",
        ],
    );
    scene.advance_clock(-3600);
    scene.clear_faults();
    scene.plan().expect_empty();
}

#[test]
fn a_security_token_nobody_issued_is_told_without_the_token() {
    let scene = applied(&encryption(""));
    scene.provider("security_token = \"sts-canary\"");
    let error = refresh_fails(
        &scene,
        &["security token", "HTTP 401", "request id ", "security_token come from the same answer"],
    );
    assert!(!error.text().contains("sts-canary"));
}

#[test]
fn a_connection_that_is_refused_is_told() {
    let scene = applied(&encryption(""));
    scene.provider("max_retries = 1");
    scene.stop_emulator();
    refresh_fails(
        &scene,
        &["no connection to audit.127.0.0.1", "2 attempts", "Check the network, the proxy settings"],
    );
}

#[test]
fn a_project_that_is_not_there_hints_at_the_region() {
    let scene = Scene::new(&plain());
    scene.write(
        "main.tf",
        &encryption("  timeouts = { create = \"2s\" }").replace("\"audit\"", "\"elsewhere\""),
    );
    // The project may be created in the same apply, so the plan succeeds.
    scene.plan().expect_changes();
    let error = scene.try_apply_plan().failed().error();
    error.says(&[
        "code ProjectNotExist",
        "request id ",
        "asked SLS in cn-hangzhou for the project",
        "only found in its own region",
    ]);
    assert_eq!(scene.writes().len(), 0);
}

#[test]
fn without_credentials_nothing_is_called() {
    let scene = Scene::new(&plain());
    scene.write("main.tf", &encryption(""));
    let endpoint = scene.endpoint();
    let block = format!(
        "provider \"alicloud\" {{\n  region = \"cn-hangzhou\"\n  endpoints {{\n    log = {endpoint:?}\n  }}\n}}\n"
    );
    scene.write("provider.tf", &(scene.required_providers() + &block));
    scene.env("ALIBABA_CLOUD_ECS_METADATA_DISABLED", "true");
    scene.try_plan().failed().error().says(&["there are none", "config.json", "ALIBABA_CLOUD_ACCESS_KEY_ID"]);
    scene.env("ALICLOUD_ACCESS_KEY", "ak-root");
    scene.try_plan().failed().error().says(&[
        "Incomplete credentials",
        "ALICLOUD_ACCESS_KEY",
        "ALICLOUD_SECRET_KEY",
    ]);
    assert_eq!(scene.calls().len(), 0);
    scene.env("ALICLOUD_SECRET_KEY", "sk-root");
    scene.plan().expect_changes();
}
