//! Values that are known only during apply: a plan never fails because of them, and what they turn out
//! to be is checked before anything is sent.

use serde_json::json;

use crate::given::{ARN, THIS, plain, service_key, stored};
use crate::harness::{Call, Scene};

/// A source of values that are unknown whenever `input` is new.
fn source(input: &str) -> String {
    format!("resource \"terraform_data\" \"source\" {{\n  input = {input}\n}}\n")
}

/// The resource `this`, with arguments in which `UNKNOWN` stands for the source's output.
fn from_source(input: &str, arguments: &str) -> String {
    let arguments = arguments.replace("UNKNOWN", "terraform_data.source.output");
    format!("{}resource \"alicloud_log_store_encryption\" \"this\" {{\n{arguments}\n}}\n", source(input))
}

const NAMES: &str = "  project_name = \"audit\"\n  logstore_name = \"app\"\n";

fn named(arguments: &str) -> String {
    format!("{NAMES}{arguments}")
}

/// Applied from nothing; the calls are forgotten.
#[track_caller]
fn created(main: &str) -> Scene {
    let scene = Scene::new(&plain());
    scene.write("main.tf", main);
    scene.apply();
    scene.plan().expect_empty();
    scene.forget_calls();
    scene
}

/// Checks what is planned for the resource, from the events of a plan with changes.
#[track_caller]
fn plans(scene: &Scene, action: &str) {
    let actions = scene.plan().expect_changes().actions();
    assert!(actions.contains(&(THIS.to_owned(), action.to_owned())), "{actions:?}");
}

#[test]
fn every_argument_may_be_unknown_at_create() {
    let input = format!(
        r#"{{ project = "audit", logstore = "app", enable = false, type = "aes_gcm", key = "key-1", arn = {ARN:?}, region = "cn-hangzhou", mode = "replace", destroy = "keep", limit = "90s" }}"#
    );
    let arguments = "  project_name = UNKNOWN.project\n  logstore_name = UNKNOWN.logstore\n  enable = UNKNOWN.enable\n  \
        encrypt_type = UNKNOWN.type\n  user_cmk_info = {\n    cmk_key_id = UNKNOWN.key\n    arn = UNKNOWN.arn\n    region_id = UNKNOWN.region\n  }\n  \
        on_immutable_change = UNKNOWN.mode\n  on_destroy = UNKNOWN.destroy\n  \
        timeouts = {\n    create = UNKNOWN.limit\n    read = UNKNOWN.limit\n    update = UNKNOWN.limit\n    delete = UNKNOWN.limit\n  }";
    let scene = Scene::new(&plain());
    scene.write("main.tf", &from_source(&input, arguments));
    let change = scene.plan().expect_changes().change(THIS);
    for unknown in ["id", "project_name", "logstore_name", "enable", "encrypt_type", "mechanism"] {
        // The mechanism is not a guess: the block is there, whatever it holds.
        let expected = if unknown == "mechanism" { json!("byok") } else { json!(null) };
        assert_eq!(change["after"][unknown], expected, "{unknown}");
    }
    assert_eq!(scene.calls().len(), 0, "nothing can be looked at");
    scene.try_apply_plan().succeeded();
    assert_eq!(
        stored(&scene),
        json!({"enable": false, "encrypt_type": "aes_gcm",
            "user_cmk_info": {"cmk_key_id": "key-1", "arn": ARN, "region_id": "cn-hangzhou"}})
    );
    assert_eq!(scene.attributes(THIS)["id"], "audit:app");
    assert_eq!(scene.attributes(THIS)["on_destroy"], "keep");
    scene.plan().expect_empty();
}

#[test]
fn the_users_key_as_a_whole_may_be_unknown_at_create() {
    for (input, mechanism) in [
        (
            format!(r#"{{ cmk = {{ cmk_key_id = "key-1", arn = {ARN:?}, region_id = "cn-hangzhou" }} }}"#),
            "byok",
        ),
        ("{ cmk = null }".to_owned(), "service_key"),
    ] {
        let scene = Scene::new(&plain());
        scene.write("main.tf", &from_source(&input, &named("  user_cmk_info = UNKNOWN.cmk")));
        let change = scene.plan().expect_changes().change(THIS);
        assert_eq!(change["after_unknown"]["mechanism"], true);
        scene.try_apply_plan().succeeded();
        assert_eq!(scene.attributes(THIS)["mechanism"], mechanism);
        assert_eq!(stored(&scene).get("user_cmk_info").is_some(), mechanism == "byok");
        scene.plan().expect_empty();
    }
}

#[test]
fn unknown_values_of_which_a_part_is_known_are_taken_as_unknown() {
    let arguments = format!(
        "  project_name = \"aud${{UNKNOWN.a}}\"\n  logstore_name = \"app\"\n  user_cmk_info = {{\n    \
         cmk_key_id = \"key-${{UNKNOWN.b}}\"\n    arn = \"{}${{UNKNOWN.c}}\"\n    region_id = \"cn-${{UNKNOWN.d}}\"\n  }}",
        "acs:ram::1234567890123456:role/"
    );
    let scene = created(&from_source(r#"{ a = "it", b = "1", c = "sls-byok", d = "hangzhou" }"#, &arguments));
    assert_eq!(stored(&scene)["user_cmk_info"]["arn"], ARN);
    assert_eq!(scene.attributes(THIS)["id"], "audit:app");
}

#[test]
fn a_value_that_turns_out_to_break_a_rule_is_refused_before_anything_is_sent() {
    let scene = Scene::new(&plain());
    scene.write("main.tf", &from_source(r#"{ type = "aes-gcm" }"#, &named("  encrypt_type = UNKNOWN.type")));
    scene.plan().expect_changes();
    let error = scene.try_apply_plan().failed().error();
    error.says(&["encrypt_type", "aes-gcm", "Did you mean \"aes_gcm\"?"]);
    assert_eq!(scene.writes().len(), 0);
}

#[test]
fn a_required_value_that_turns_out_null_is_refused_before_anything_is_sent() {
    let null_key =
        format!(r#"{{ cmk = {{ cmk_key_id = null, arn = {ARN:?}, region_id = "cn-hangzhou" }} }}"#);
    for (input, arguments, missing) in [
        (null_key.as_str(), named("  user_cmk_info = UNKNOWN.cmk"), "user_cmk_info.cmk_key_id"),
        (
            "{ app = null }",
            "  project_name = \"audit\"\n  logstore_name = UNKNOWN.app\n".into(),
            "logstore_name",
        ),
    ] {
        let scene = Scene::new(&plain());
        scene.write("main.tf", &from_source(input, &arguments));
        scene.plan().expect_changes();
        let error = scene.try_apply_plan().failed().error();
        error.says(&["Missing required argument", &format!("{missing} is required, but its value is null")]);
        assert_eq!(scene.writes().len(), 0);
        assert!(!scene.addresses().contains(&THIS.to_owned()));
    }
}

#[test]
fn an_unknown_that_stays_the_same_sends_nothing() {
    let main = |round: u32| {
        let input = format!(
            r#"{{ round = {round}, type = "sm4", enable = true, cmk = {{ cmk_key_id = "key-1", arn = {ARN:?}, region_id = "cn-hangzhou" }} }}"#
        );
        from_source(
            &input,
            &named("  encrypt_type = UNKNOWN.type\n  enable = UNKNOWN.enable\n  user_cmk_info = UNKNOWN.cmk"),
        )
    };
    let scene = created(&main(1));
    scene.write("main.tf", &main(2));
    plans(&scene, "update");
    scene.try_apply_plan().succeeded();
    assert_eq!(scene.writes().len(), 0);
    scene.plan().expect_empty();
}

#[test]
fn an_unknown_toggle_is_carried_out() {
    let main = |enable: bool| from_source(&format!("{{ on = {enable} }}"), &named("  enable = UNKNOWN.on"));
    let scene = created(&main(true));
    scene.write("main.tf", &main(false));
    plans(&scene, "update");
    scene.try_apply_plan().succeeded();
    assert_eq!(stored(&scene), service_key(false, "default"));
    assert_eq!(scene.writes().len(), 1);
    scene.plan().expect_empty();
}

/// An update that turns out, during apply, to be a change that cannot be: the apply fails, sends nothing,
/// and a plan with the old value is empty.
#[track_caller]
fn forbidden_at_apply(old: &str, new: &str, arguments: &str, says: &[&str]) {
    let main = |input: &str| from_source(input, &named(arguments));
    let scene = created(&main(old));
    let before = scene.log_store("audit", "app");
    scene.write("main.tf", &main(new));
    plans(&scene, "update");
    let error = scene.try_apply_plan().failed().error();
    error.says(says);
    error.says(&["Nothing was sent."]);
    assert_eq!(scene.writes().len(), 0);
    assert_eq!(scene.log_store("audit", "app"), before);
    scene.write("main.tf", &main(old));
    scene.apply();
    scene.plan().expect_empty();
    assert_eq!(scene.writes().len(), 0);
}

#[test]
fn an_algorithm_that_turns_out_to_be_another_is_refused_at_apply() {
    forbidden_at_apply(
        r#"{ type = "default" }"#,
        r#"{ type = "sm4" }"#,
        "  encrypt_type = UNKNOWN.type",
        &[r#"encrypt_type is "default" and cannot become "sm4""#],
    );
}

#[test]
fn a_kms_key_that_turns_out_to_be_another_is_refused_at_apply() {
    forbidden_at_apply(
        r#"{ key = "key-1" }"#,
        r#"{ key = "key-2" }"#,
        &format!(
            "  user_cmk_info = {{\n    cmk_key_id = UNKNOWN.key\n    arn = {ARN:?}\n    region_id = \"cn-hangzhou\"\n  }}"
        ),
        &[r#"user_cmk_info.cmk_key_id is "key-1" and cannot become "key-2""#],
    );
}

#[test]
fn a_mechanism_that_turns_out_to_be_another_is_refused_at_apply() {
    let byok = format!(r#"{{ cmk = {{ cmk_key_id = "key-1", arn = {ARN:?}, region_id = "cn-hangzhou" }} }}"#);
    forbidden_at_apply(
        &byok,
        "{ cmk = null }",
        "  user_cmk_info = UNKNOWN.cmk",
        &[r#"is "byok" and cannot become "service_key""#],
    );
}

#[test]
fn an_unknown_algorithm_with_replace_is_planned_as_a_replacement_that_harms_nothing() {
    let main = |input: &str| {
        from_source(input, &named("  encrypt_type = UNKNOWN.type\n  on_immutable_change = \"replace\""))
    };
    let scene = created(&main(r#"{ round = 1, type = "default" }"#));
    scene.write("main.tf", &main(r#"{ round = 2, type = "default" }"#));
    plans(&scene, "replace");
    scene.try_apply_plan().succeeded();
    scene.plan().expect_empty();

    scene.write("main.tf", &main(r#"{ round = 2, type = "sm4" }"#));
    plans(&scene, "replace");
    scene.try_apply_plan().failed().error().says(&["Nothing was sent."]);
    assert_eq!(scene.writes().len(), 0);
    assert_eq!(stored(&scene), service_key(true, "default"));
}

#[test]
fn an_unknown_name_is_planned_as_a_replacement_that_harms_nothing() {
    let main = |round: u32| {
        from_source(
            &format!(r#"{{ round = {round}, name = "app" }}"#),
            "  project_name = \"audit\"\n  logstore_name = UNKNOWN.name",
        )
    };
    let scene = created(&main(1));
    scene.write("main.tf", &main(2));
    plans(&scene, "replace");
    scene.try_apply_plan().succeeded();
    assert_eq!(scene.writes().len(), 0);
    assert_eq!(stored(&scene)["enable"], true);
    scene.plan().expect_empty();
}

#[test]
fn a_provider_that_is_configured_during_apply_plans_a_create() {
    let scene = Scene::new(&plain());
    let endpoint = scene.endpoint();
    let provider = scene.provider_block("");
    assert!(provider.contains(&format!("{endpoint:?}")));
    let provider = provider.replace(&format!("{endpoint:?}"), "terraform_data.source.output");
    scene.write("provider.tf", &(scene.required_providers() + &provider));
    scene.write("main.tf", &from_source(&format!("{endpoint:?}"), NAMES));
    plans(&scene, "create");
    assert_eq!(scene.calls().len(), 0);
    scene.try_apply_plan().succeeded();
    assert_eq!(stored(&scene), service_key(true, "default"));
    let of_sls = |call: &Call| call.service == "sls";
    let hosts: Vec<_> = scene.calls().into_iter().filter(of_sls).map(|call| call.host).collect();
    assert!(hosts.iter().all(|host| host.starts_with("audit.")), "{hosts:?}");
}
