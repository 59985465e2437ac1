//! Answers that are not what the service documents: the error names what is wrong and where, the state
//! stays as it was, and nothing panics.

use serde_json::{Value, json};

use crate::given::{THIS, applied, encryption, plain, service_key, stored};
use crate::harness::Scene;

/// Orders that every read is answered with this.
fn answer_reads(scene: &Scene, skip: u64, content_type: &str, body: &str) {
    let effect = json!({"respond": {"status": 200, "content_type": content_type, "body": body}});
    scene.fault(&json!({"action": "GetLogStore", "skip": skip, "times": 1000, "effect": effect}));
}

/// A refresh that is answered with this must fail with one error that says this, and keep the state.
#[track_caller]
fn refresh_fails(scene: &Scene, content_type: &str, body: &str, says: &[&str]) {
    let state = scene.read("terraform.tfstate");
    answer_reads(scene, 0, content_type, body);
    scene.forget_calls();
    let ran = scene.try_apply().failed();
    scene.clear_faults();
    let error = ran.error();
    error.says(&["Logstore audit:app"]);
    error.says(says);
    assert_eq!(error.address, THIS);
    assert!(!ran.prose().contains("panicked") && !ran.prose().contains("plugin crashed"), "{ran:?}");
    // An answer that is not JSON may have been damaged on its way; any other answer would be the same again.
    let reads = if serde_json::from_str::<Value>(body).is_ok() { 1 } else { 2 };
    assert_eq!(scene.actions(), vec!["GetLogStore"; reads]);
    assert_eq!(scene.read("terraform.tfstate"), state);
}

/// [`refresh_fails`] for Logstores with this member instead of their own, or without it if it is null.
#[track_caller]
fn refresh_fails_with(members: &[(&str, Value, &str)]) {
    let scene = applied(&encryption(""));
    for (member, value, says) in members {
        let mut log_store = scene.log_store("audit", "app");
        log_store.remove(*member);
        if !value.is_null() {
            log_store.insert((*member).to_owned(), value.clone());
        }
        refresh_fails(
            &scene,
            "application/json",
            &Value::Object(log_store).to_string(),
            &["SLS GetLogStore on audit/app gave an answer that cannot be used", says, "request id "],
        );
    }
    scene.plan().expect_empty();
}

#[test]
fn members_of_wrong_types_are_named() {
    refresh_fails_with(&[
        ("createTime", json!("soon"), r#"`createTime` should be a whole number; found the text "soon""#),
        ("createTime", json!(1.5), "`createTime` should be a whole number; found the number 1.5"),
        ("logstoreName", json!(7), "`logstoreName` should be a text; found the number 7"),
        ("encrypt_conf", json!("on"), r#"`encrypt_conf` should be an object; found the text "on""#),
        ("encrypt_conf", json!([]), "`encrypt_conf` should be an object; found a list"),
    ]);
}

#[test]
fn members_of_the_configuration_are_named_with_their_place() {
    let with = |member: &str, value: Value| {
        let mut conf = service_key(true, "default");
        conf[member] = value;
        conf
    };
    refresh_fails_with(&[
        (
            "encrypt_conf",
            with("enable", json!("yes")),
            r#"`encrypt_conf.enable` should be true or false; found the text "yes""#,
        ),
        (
            "encrypt_conf",
            with("encrypt_type", json!(5)),
            "`encrypt_conf.encrypt_type` should be a text; found the number 5",
        ),
        (
            "encrypt_conf",
            json!({"enable": true}),
            "`encrypt_conf.encrypt_type` should be a text; found nothing",
        ),
        (
            "encrypt_conf",
            with("user_cmk_info", json!({"cmk_key_id": "key-1", "arn": 3})),
            "`encrypt_conf.user_cmk_info.arn` should be a text; found the number 3",
        ),
    ]);
}

#[test]
fn missing_members_are_named() {
    refresh_fails_with(&[
        ("createTime", Value::Null, "`createTime` should be a whole number; found nothing"),
        ("logstoreName", Value::Null, "`logstoreName` should be a text; found nothing"),
    ]);
}

#[test]
fn an_answer_about_another_logstore_is_refused() {
    refresh_fails_with(&[(
        "logstoreName",
        json!("other"),
        r#"should be the text "app"; found the text "other""#,
    )]);
}

#[test]
fn an_algorithm_that_the_provider_does_not_know_is_an_error_of_the_plan_only_where_another_is_configured() {
    let scene = applied(&encryption(""));
    scene.patch_log_store("audit", "app", &json!({"encrypt_conf": service_key(true, "rot13")}));
    let state = scene.read("terraform.tfstate");
    let error = scene.try_plan().failed().error();
    error.says(&["Logstore audit:app", "\"rot13\"", "ignore_changes"]);
    assert_eq!(scene.read("terraform.tfstate"), state);
    assert_eq!(scene.writes().len(), 0);
}

#[test]
fn answers_that_are_not_json_objects_are_shown() {
    let scene = applied(&encryption(""));
    let no_object = "it should be a JSON object; found ";
    for (content_type, body, found) in [
        (
            "text/html",
            "<html><body>Please log in</body></html>",
            "39 bytes that begin with \"<html><body>Please log in",
        ),
        ("application/json", "", "an empty body"),
        ("application/json", r#"{"logstoreName": "app", "ttl": "#, "31 bytes that begin with"),
        ("application/json", "[]", "a list"),
        ("application/json", "null", "null"),
    ] {
        let says = format!("{no_object}{found}");
        refresh_fails(&scene, content_type, body, &[&says, "no proxy answers in its place"]);
    }
    scene.plan().expect_empty();
}

#[test]
fn a_bare_404_is_not_taken_for_a_logstore_that_is_gone() {
    let scene = applied(&encryption(""));
    let state = scene.read("terraform.tfstate");
    for body in ["<html>404 page not found</html>", "{}"] {
        let effect = json!({"respond": {"status": 404, "content_type": "text/html", "body": body}});
        scene.fault(&json!({"action": "GetLogStore", "effect": effect}));
        let error = scene.try_apply().failed().error();
        error.says(&[
            "Cannot read a Logstore",
            "Logstore audit:app:",
            "the answer is not one of SLS",
            "HTTP 404",
        ]);
        assert_eq!(scene.read("terraform.tfstate"), state);
    }
    scene.plan().expect_empty();
}

#[test]
fn a_malformed_answer_stops_a_create_at_plan() {
    let scene = Scene::new(&plain());
    scene.write("main.tf", &encryption(""));
    answer_reads(&scene, 0, "text/html", "<html>");
    scene.try_plan().failed().error().says(&[
        "Cannot read a Logstore",
        "Logstore audit:app:",
        "should be a JSON object",
    ]);
    assert_eq!(scene.writes().len(), 0);
}

#[test]
fn a_malformed_reading_back_keeps_what_was_created() {
    let scene = Scene::new(&plain());
    scene.write("main.tf", &encryption(""));
    answer_reads(&scene, 2, "application/json", r#"{"logstoreName": "app", "createTime": "#);
    scene.try_apply().failed().error().says(&[
        "Cannot configure the encryption of a Logstore",
        "Logstore audit:app:",
        "JSON object",
    ]);
    assert_eq!(scene.instance(THIS)["status"], "tainted");
    scene.clear_faults();
    scene.apply();
    scene.plan().expect_empty();
    assert_eq!(stored(&scene), service_key(true, "default"));
}

#[test]
fn a_page_in_the_place_of_an_updates_answer_is_not_success() {
    let scene = Scene::new(&plain());
    scene.write("main.tf", &encryption(""));
    let page =
        json!({"respond": {"status": 200, "content_type": "text/html", "body": "<html>Please log in"}});
    scene.fault(&json!({"action": "UpdateLogStore", "times": 1000, "effect": page}));
    let error = scene.try_apply().failed().error();
    error.says(&["SLS UpdateLogStore on audit/app gave an answer that cannot be used", "it should be empty"]);
    assert_eq!(stored(&scene), Value::Null);
    scene.clear_faults();
    scene.apply();
    assert_eq!(stored(&scene), service_key(true, "default"));
    scene.plan().expect_empty();
}
