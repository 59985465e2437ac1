//! Replacing the resource: alone it cannot succeed and harms nothing, together with the Logstore it
//! does, and in no case does the destroyed half switch encryption off.

use serde_json::json;

use crate::given::{DISABLING, THIS, applied, byok_encryption, configured, encryption, service_key, stored};
use crate::harness::{Ran, Scene};

/// Algorithm and `replace` mode, from line 4 on.
fn replaceable(encrypt_type: &str) -> String {
    encryption(&format!("  encrypt_type = {encrypt_type:?}\n  on_immutable_change = \"replace\""))
}

/// Checks that no update since the calls were last forgotten switches encryption off.
#[track_caller]
fn never_switched_off(scene: &Scene) {
    for call in scene.writes() {
        assert_eq!(call.body["encrypt_conf"]["enable"], true, "{call:?}");
    }
}

/// What the resource's plan is, with the resource's address left out.
#[track_caller]
fn planned(scene: &Scene, arguments: &[&str]) -> (Vec<String>, Ran) {
    let plan = scene.try_plan_with(arguments).expect_changes();
    let actions = plan.actions().into_iter().filter(|(address, _)| address == THIS);
    (actions.map(|(_, action)| action).collect(), plan.ran)
}

/// A stand-in for the Logstore's own resource: each new `generation` deletes the Logstore and creates it
/// again.
pub fn log_store_resource(scene: &Scene, log_store: &str, generation: u64) -> String {
    let endpoint = scene.endpoint();
    let (host, port) = endpoint.strip_prefix("http://").unwrap().rsplit_once(':').unwrap();
    let body = json!({"createTime": 1_700_000_000 + generation}).to_string();
    let call = |method: &str, body: &str| {
        let head = format!(
            "{method} /_emulator/projects/audit/logstores/{log_store} HTTP/1.1\\r\\nHost: {host}\\r\\nConnection: close\\r\\n"
        );
        format!(
            "exec 3<>/dev/tcp/{host}/{port}; printf '{head}Content-Length: {}\\r\\n\\r\\n{body}' >&3; \
             read -r status <&3; [[ $status == *' 200 '* ]] || exit 1",
            body.len()
        )
    };
    format!(
        "resource \"terraform_data\" \"log_store\" {{\n  triggers_replace = {generation}\n  \
         provisioner \"local-exec\" {{\n    interpreter = [\"bash\", \"-c\"]\n    command = <<-EOT\n      {}\n      {}\n    EOT\n  }}\n}}\n",
        call("DELETE", ""),
        call("PUT", &body)
    )
}

#[test]
fn a_replacement_alone_is_warned_of_and_stops_before_anything_is_switched_off() {
    let scene = applied(&replaceable("default"));
    scene.write("main.tf", &replaceable("aes_gcm"));
    let (actions, plan) = planned(&scene, &[]);
    assert_eq!(actions, ["replace"]);
    let warning = plan.warning();
    warning.says(&[
        "Replacement succeeds only together with the Logstore",
        r#"Logstore audit:app: encrypt_type is "default" and cannot change"#,
        "before anything is switched off",
        "replace_triggered_by",
    ]);
    warning.at("main.tf", 4);

    let before = scene.log_store("audit", "app");
    let error = scene.try_apply_plan().failed().error();
    error.says(&[
        "A Logstore has another encryption configuration",
        "Logstore audit:app:",
        r#"encrypt_type is "default" on the Logstore, but "aes_gcm" is configured"#,
        "Configure what the Logstore has:\n\n  encrypt_type = \"default\"",
        "terraform import ADDRESS audit:app",
        "Nothing was sent.",
    ]);
    error.at("main.tf", 4);
    assert_eq!(scene.writes().len(), 0);
    assert_eq!(scene.log_store("audit", "app"), before);

    // The way on that the message names.
    scene.write("main.tf", &replaceable("default"));
    scene.apply();
    scene.plan().expect_empty();
    assert_eq!(scene.writes().len(), 0);
}

#[test]
fn a_replacement_because_of_the_mechanism_alone_leaves_the_logstore_encrypted_too() {
    let replace = "  on_immutable_change = \"replace\"";
    let scene = applied(&byok_encryption(replace));
    scene.write("main.tf", &encryption(replace));
    assert_eq!(planned(&scene, &[]).0, ["replace"]);
    scene
        .try_apply_plan()
        .failed()
        .error()
        .says(&[r#"is "byok" on the Logstore, but "service_key" is configured"#]);
    assert_eq!(scene.writes().len(), 0);
    assert_eq!(stored(&scene)["enable"], true);
}

#[test]
fn a_replacement_together_with_the_logstore_succeeds() {
    let with_log_store = |scene: &Scene, generation, encrypt_type| {
        let lifecycle = "\n  lifecycle {\n    replace_triggered_by = [terraform_data.log_store]\n  }";
        let mode =
            format!("  encrypt_type = {encrypt_type:?}\n  on_immutable_change = \"replace\"{lifecycle}");
        log_store_resource(scene, "app", generation) + &encryption(&mode)
    };
    let scene = Scene::new(&configured(&service_key(true, "sm4")));
    scene.write("main.tf", &with_log_store(&scene, 1, "default"));
    // The Logstore that is there has another algorithm, and a plan looks at it: its own resource comes first.
    scene.try_apply_with(&["-target=terraform_data.log_store"]).succeeded();
    scene.apply();
    assert_eq!(stored(&scene), service_key(true, "default"));
    scene.forget_calls();

    scene.write("main.tf", &with_log_store(&scene, 2, "aes_gcm"));
    let (actions, plan) = planned(&scene, &[]);
    assert_eq!(actions, ["replace"]);
    plan.warning().says(&["Replacement succeeds only together with the Logstore"]);
    scene.try_apply_plan().succeeded();
    assert_eq!(stored(&scene), service_key(true, "aes_gcm"));
    assert_eq!(scene.attributes(THIS)["encrypt_type"], "aes_gcm");
    assert_eq!(scene.attributes(THIS)["logstore_create_time"], 1_700_000_002);
    never_switched_off(&scene);
    scene.plan().expect_empty();
}

#[test]
fn another_logstore_is_a_replacement_that_leaves_the_old_one_encrypted() {
    let seed = json!({"projects": [{"name": "audit", "logstores": [{"logstoreName": "app"}, {"logstoreName": "other"}]},
        {"name": "second", "logstores": [{"logstoreName": "other"}]}]});
    let scene = Scene::new(&seed);
    let main = encryption(DISABLING);
    scene.write("main.tf", &main);
    scene.apply();
    scene.forget_calls();

    let other_name = main.replace("\"app\"", "\"other\"");
    let other_project = other_name.replace("\"audit\"", "\"second\"");
    for (text, project, old) in [(other_name, "audit", "audit:app"), (other_project, "second", "audit:other")]
    {
        scene.write("main.tf", &text);
        let (actions, plan) = planned(&scene, &[]);
        assert_eq!(actions, ["replace"]);
        plan.warning().says(&["The old Logstore keeps its encryption", old, "never switches encryption off"]);
        scene.try_apply_plan().succeeded();
        assert_eq!(scene.attributes(THIS)["id"], format!("{project}:other"));
        assert_eq!(scene.log_store(project, "other")["encrypt_conf"]["enable"], true);
        assert_eq!(scene.log_store("audit", "app")["encrypt_conf"]["enable"], true);
    }
    assert_eq!(scene.log_store("audit", "other")["encrypt_conf"]["enable"], true);
    never_switched_off(&scene);
    scene.plan().expect_empty();
}

#[test]
fn a_forced_replacement_sends_nothing() {
    let scene = applied(&byok_encryption(DISABLING));
    let (actions, _) = planned(&scene, &[&format!("-replace={THIS}")]);
    assert_eq!(actions, ["replace"]);
    scene.try_apply_plan().succeeded();
    assert_eq!(scene.writes().len(), 0);
    assert_eq!(stored(&scene)["enable"], true);
    scene.plan().expect_empty();
}

#[test]
fn a_tainted_resource_is_replaced_without_sending_anything() {
    let scene = applied(&byok_encryption(DISABLING));
    scene.run(&["taint", THIS]).succeeded();
    assert_eq!(planned(&scene, &[]).0, ["replace"]);
    scene.try_apply_plan().succeeded();
    assert_eq!(scene.writes().len(), 0);
    assert_eq!(stored(&scene)["enable"], true);
    scene.plan().expect_empty();
}

#[test]
fn created_before_destroyed_the_logstore_stays_encrypted() {
    let lifecycle = "\n  lifecycle {\n    create_before_destroy = true\n  }";
    let scene = applied(&encryption(&format!("{DISABLING}{lifecycle}")));
    let (actions, _) = planned(&scene, &[&format!("-replace={THIS}")]);
    assert_eq!(actions, ["replace"]);
    scene.try_apply_plan().succeeded();
    assert_eq!(scene.writes().len(), 0);
    scene.run(&["taint", THIS]).succeeded();
    scene.apply();
    assert_eq!(scene.writes().len(), 0);
    assert_eq!(stored(&scene)["enable"], true);
    scene.plan().expect_empty();
}

#[test]
fn a_destroy_after_a_replacement_switches_off_again() {
    let scene = applied(&encryption(DISABLING));
    scene.try_apply_with(&[&format!("-replace={THIS}")]).succeeded();
    scene.destroy();
    assert_eq!(stored(&scene)["enable"], false);
}
