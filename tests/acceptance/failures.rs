//! A service that fails, loses answers, lags behind or does nothing: what can be finished is finished,
//! everything else ends with an error that says what to do, and the next run converges.

use serde_json::{Value, json};

use crate::given::{THIS, applied, configured, encryption, plain, service_key, stored};
use crate::harness::{Call, Scene};

/// A scene in which the encryption of a Logstore that was never configured can be applied.
fn ready(provider: &str, arguments: &str) -> Scene {
    let scene = Scene::new(&plain());
    scene.provider(provider);
    scene.write("main.tf", &encryption(arguments));
    scene
}

/// Orders a fault of one action.
fn fault(scene: &Scene, action: &str, skip: u64, times: u64, effect: &Value) {
    scene.fault(&json!({"action": action, "skip": skip, "times": times, "effect": effect}));
}

fn server_error() -> Value {
    json!({"error": {"status": 500, "code": "InternalServerError", "message": "Internal server error"}})
}

/// The next apply finishes; encryption is on and was never switched off.
#[track_caller]
fn converges(scene: &Scene) {
    scene.clear_faults();
    scene.apply();
    scene.plan().expect_empty();
    assert_eq!(stored(scene), service_key(true, "default"));
    for call in scene.writes() {
        assert_eq!(call.body["encrypt_conf"]["enable"], true, "{call:?}");
    }
}

fn updates(scene: &Scene) -> Vec<Call> {
    scene.calls().into_iter().filter(|call| call.action == "UpdateLogStore").collect()
}

#[test]
fn an_update_that_is_answered_but_not_done_is_an_error() {
    let scene = ready("", "  timeouts = { create = \"3s\" }");
    fault(&scene, "UpdateLogStore", 0, 10, &json!("ignore"));
    let error = scene.try_apply().failed().error();
    error.says(&[
        "The encryption of a Logstore is not as it was set",
        "Logstore audit:app:",
        "a read shows no encryption configuration",
        "may be stored in clear",
        "Run again",
    ]);
    assert_eq!(stored(&scene), Value::Null);
    assert_eq!(scene.instance(THIS)["status"], "tainted");
    converges(&scene);
}

#[test]
fn a_toggle_that_is_answered_but_not_done_is_an_error_and_stays_planned() {
    let scene = applied(&encryption(""));
    scene.write("main.tf", &encryption("  enable = false\n  timeouts = { update = \"3s\" }"));
    fault(&scene, "UpdateLogStore", 0, 10, &json!("ignore"));
    let error = scene.try_apply().failed().error();
    error.says(&["is not as it was set", "a read shows encryption enabled"]);
    assert_eq!(scene.attributes(THIS)["enable"], true);
    scene.clear_faults();
    scene.apply();
    assert_eq!(stored(&scene)["enable"], false);
    scene.plan().expect_empty();
}

#[test]
fn an_update_whose_answer_is_lost_is_found_to_be_done() {
    let scene = ready("", "");
    fault(&scene, "UpdateLogStore", 0, 1, &json!("drop_after"));
    scene.apply();
    assert_eq!(updates(&scene).len(), 1, "it is not sent twice");
    assert_eq!(stored(&scene), service_key(true, "default"));
    scene.plan().expect_empty();
}

#[test]
fn an_update_that_never_arrived_is_sent_again() {
    let scene = ready("", "");
    fault(&scene, "UpdateLogStore", 0, 1, &json!("drop_before"));
    scene.apply();
    let statuses: Vec<_> = updates(&scene).into_iter().map(|call| call.status).collect();
    assert_eq!(statuses, [Some(0), Some(200)]);
    scene.plan().expect_empty();
}

#[test]
fn reads_whose_connection_breaks_are_repeated() {
    let scene = ready("", "");
    fault(&scene, "GetLogStore", 0, 2, &json!("drop_before"));
    scene.apply();
    fault(&scene, "GetLogStore", 0, 2, &json!("drop_after"));
    scene.plan().expect_empty();
    assert_eq!(scene.calls().iter().filter(|call| call.status == Some(0)).count(), 4);
}

#[test]
fn reads_that_lag_behind_the_update_are_waited_for() {
    let scene = ready("", "");
    // The plan and the plan right before the apply each read once; then the update is read back.
    fault(&scene, "GetLogStore", 2, 1, &json!({"stale": {"reads": 3}}));
    scene.apply();
    assert_eq!(updates(&scene).len(), 1);
    let reads = scene.actions().iter().filter(|action| *action == "GetLogStore").count();
    assert_eq!(reads, 6, "{:?}", scene.actions());
    scene.plan().expect_empty();
}

#[test]
fn passing_server_errors_are_outlasted() {
    let scene = ready("", "");
    for action in ["GetLogStore", "UpdateLogStore"] {
        fault(&scene, action, 0, 1, &server_error());
    }
    let unavailable =
        json!({"respond": {"status": 503, "content_type": "text/html", "body": "<html>503</html>"}});
    fault(&scene, "GetLogStore", 1, 1, &unavailable);
    scene.apply();
    assert_eq!(stored(&scene), service_key(true, "default"));
    scene.plan().expect_empty();
}

#[test]
fn lasting_server_errors_end_a_refresh_and_keep_the_state() {
    let scene = applied(&encryption(""));
    scene.provider("max_retries = 1");
    let state = scene.read("terraform.tfstate");
    fault(&scene, "GetLogStore", 0, 100, &server_error());
    let error = scene.try_plan().failed().error();
    error.says(&[
        "Cannot read a Logstore",
        "Logstore audit:app:",
        "SLS GetLogStore on audit/app failed",
        "Internal server error",
        "HTTP 500",
        "code InternalServerError",
        "request id ",
        "2 attempts",
        "give the request id",
    ]);
    assert_eq!(scene.calls().len(), 2);
    scene.try_apply().failed();
    assert_eq!(scene.read("terraform.tfstate"), state);
    scene.clear_faults();
    scene.plan().expect_empty();
}

#[test]
fn lasting_server_errors_end_an_update() {
    let scene = ready("max_retries = 1", "");
    fault(&scene, "UpdateLogStore", 0, 100, &server_error());
    let error = scene.try_apply().failed().error();
    error.says(&[
        "Cannot configure the encryption of a Logstore",
        "Logstore audit:app:",
        "HTTP 500",
        "request id ",
    ]);
    assert_eq!(updates(&scene).len(), 2);
    converges(&scene);
}

#[test]
fn throttled_calls_wait_their_turn() {
    let scene = ready("", "");
    fault(&scene, "*", 0, 2, &json!("throttle"));
    fault(&scene, "UpdateLogStore", 0, 1, &json!("throttle"));
    scene.apply();
    let codes: Vec<_> = scene.calls().into_iter().filter_map(|call| call.error_code).collect();
    assert_eq!(codes, ["ReadQuotaExceed", "ReadQuotaExceed", "WriteQuotaExceed"]);
    assert_eq!(stored(&scene), service_key(true, "default"));
    scene.plan().expect_empty();
}

#[test]
fn throttling_without_end_is_an_error_within_the_time_allowed() {
    let scene = ready("", "  timeouts = { create = \"2s\" }");
    fault(&scene, "UpdateLogStore", 0, 10_000, &json!("throttle"));
    let error = scene.try_apply().failed().error();
    error.says(&[
        "Cannot configure the encryption of a Logstore",
        "Logstore audit:app:",
        "HTTP 403",
        "code WriteQuotaExceed",
        "request id ",
        "-parallelism",
    ]);
    converges(&scene);
}

#[test]
fn throttled_reads_without_end_are_an_error_and_keep_the_state() {
    let scene = applied(&encryption("  timeouts = { read = \"1s\" }"));
    let state = scene.read("terraform.tfstate");
    fault(&scene, "GetLogStore", 0, 10_000, &json!("throttle"));
    let error = scene.try_plan().failed().error();
    error.says(&["Cannot read a Logstore", "Logstore audit:app:", "code ReadQuotaExceed", "-parallelism"]);
    assert_eq!(scene.read("terraform.tfstate"), state);
}

#[test]
fn an_update_that_cannot_be_read_back_is_kept_and_finished_by_the_next_apply() {
    let scene = ready("max_retries = 0", "");
    fault(&scene, "GetLogStore", 2, 100, &server_error());
    let error = scene.try_apply().failed().error();
    error.says(&[
        "Cannot configure the encryption of a Logstore",
        "Logstore audit:app:",
        "SLS GetLogStore on audit/app failed",
    ]);
    assert_eq!(stored(&scene), service_key(true, "default"), "the update itself was carried out");
    assert_eq!(scene.instance(THIS)["status"], "tainted");
    assert_eq!(scene.attributes(THIS)["id"], "audit:app");
    let sent = updates(&scene).len();
    converges(&scene);
    assert_eq!(updates(&scene).len(), sent, "there is nothing left to send");
    assert_eq!(scene.instance(THIS).get("status"), None);
}

#[test]
fn a_toggle_that_cannot_be_read_back_is_found_by_the_next_refresh() {
    let scene = applied(&encryption(""));
    scene.provider("max_retries = 0");
    scene.write("main.tf", &encryption("  enable = false"));
    fault(&scene, "GetLogStore", 2, 100, &server_error());
    scene.try_apply().failed();
    assert_eq!(stored(&scene)["enable"], false);
    assert_eq!(scene.instance(THIS).get("status"), None, "a failed change does not taint");
    scene.clear_faults();
    scene.forget_calls();
    scene.apply();
    assert_eq!(scene.writes().len(), 0);
    scene.plan().expect_empty();
}

#[test]
fn a_create_that_was_refused_leaves_nothing_behind() {
    let scene = ready("", "");
    let refusal = json!({"error": {"status": 400, "code": "ParameterInvalid", "message": "not now"}});
    fault(&scene, "UpdateLogStore", 0, 1, &refusal);
    let error = scene.try_apply().failed().error();
    error.says(&["SLS UpdateLogStore on audit/app was refused: not now", "HTTP 400", "request id "]);
    assert!(scene.addresses().is_empty());
    converges(&scene);
}

#[test]
fn an_update_that_takes_too_long_ends_with_the_time_allowed() {
    let scene = applied(&encryption("  timeouts = { update = \"2s\" }"));
    scene.write("main.tf", &encryption("  enable = false\n  timeouts = { update = \"2s\" }"));
    fault(&scene, "UpdateLogStore", 0, 1, &json!("hold"));
    let error = scene.try_apply().failed().error();
    error.says(&[
        "Cannot configure the encryption of a Logstore",
        "Logstore audit:app:",
        "SLS UpdateLogStore on audit/app failed",
        "the time allowed for the whole operation has passed",
        "After that, a read shows the Logstore with encryption enabled",
        "allow more time with timeouts",
    ]);
    scene.release();
    scene.await_calls("the end of the held update", |calls| calls.iter().all(|call| call.status.is_some()));
    scene.apply();
    scene.plan().expect_empty();
    assert_eq!(stored(&scene)["enable"], false);
}

#[test]
fn every_operation_keeps_its_own_time() {
    let limits = |name: &str| encryption(&format!("  timeouts = {{ {name} = \"1s\" }}"));
    let held = |scene: &Scene, action: &str, skip: u64| fault(scene, action, skip, 100, &json!("hold"));
    let passed = "the time allowed for the whole operation has passed";

    let scene = Scene::new(&plain());
    scene.write("main.tf", &limits("create"));
    held(&scene, "UpdateLogStore", 0);
    scene.try_apply().failed().error().says(&[passed]);

    let scene = applied(&limits("read"));
    held(&scene, "GetLogStore", 0);
    scene.try_plan().failed().error().says(&["Cannot read a Logstore", "Logstore audit:app:", passed]);

    let scene = applied(&limits("delete").replace("  timeouts", "  on_destroy = \"disable\"\n  timeouts"));
    held(&scene, "UpdateLogStore", 0);
    let destroyed = scene.run(&["destroy", "-auto-approve", "-input=false", "-json"]);
    destroyed.failed().error().says(&[passed]);
    assert_eq!(scene.addresses(), [THIS], "what could not be destroyed is still known");
}

#[test]
fn an_attempt_that_takes_too_long_is_given_up_and_repeated() {
    let scene = Scene::new(&configured(&service_key(true, "default")));
    scene.provider("request_timeout = \"1s\"");
    scene.write("main.tf", &encryption(""));
    fault(&scene, "GetLogStore", 0, 1, &json!("hold"));
    scene.apply();
    assert_eq!(scene.writes().len(), 0);
}
