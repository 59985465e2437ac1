//! What is wrong in a configuration is said by `validate`, at the right place, without any call.

use crate::given::{ARN, THIS, applied, byok_encryption, encryption, plain};
use crate::harness::{Diagnostic, Scene};

/// Validates a configuration, which must have one error, in the line that has `underlined`.
#[track_caller]
fn invalid(scene: &Scene, main: &str, underlined: &str, says: &[&str]) {
    scene.write("main.tf", main);
    let line = scene.line_of("main.tf", underlined);
    let error = the_error(scene);
    error.says(says);
    error.at("main.tf", line);
    scene.try_plan().failed().error().says(says);
    assert_eq!(scene.calls().len(), 0);
}

#[track_caller]
fn the_error(scene: &Scene) -> Diagnostic {
    let ran = scene.validate();
    assert_eq!(ran.exit_code, Some(1));
    ran.error()
}

#[track_caller]
fn invalid_argument(argument: &str, says: &[&str]) {
    invalid(&Scene::new(&plain()), &encryption(&format!("  {argument}")), argument, says);
}

/// The BYOK configuration with one text changed.
#[track_caller]
fn invalid_byok(from: &str, to: &str, says: &[&str]) {
    let before = byok_encryption("");
    assert_eq!(before.matches(from).count(), 1, "{before}");
    // The host underlines the argument, not the member in it.
    invalid(&Scene::new(&plain()), &before.replace(from, to), "user_cmk_info", says);
}

#[test]
fn project_names_are_checked() {
    let scene = Scene::new(&plain());
    for (name, says) in [
        ("", "3 to 63 characters"),
        ("ab", "3 to 63 characters"),
        (&"a".repeat(64), "it has 64"),
        ("Audit", "contains 'A'"),
        ("audit_1", "contains '_'"),
        ("-audit", "must start and end with a lower-case letter or a digit"),
    ] {
        let main = encryption("").replace("\"audit\"", &format!("{name:?}"));
        invalid(&scene, &main, "project_name", &["Invalid value", "project_name", says]);
    }
}

#[test]
fn logstore_names_are_checked() {
    let scene = Scene::new(&plain());
    for (name, says) in [
        ("", "2 to 63 characters"),
        ("App", "contains 'A'"),
        ("a/b", "contains '/'"),
        ("app_", "must start and end with a lower-case letter or a digit"),
    ] {
        let main = encryption("").replace("\"app\"", &format!("{name:?}"));
        invalid(&scene, &main, "logstore_name", &["Invalid value", "logstore_name", says]);
    }
}

#[test]
fn algorithms_are_listed_and_the_nearest_is_named() {
    invalid_argument(
        "encrypt_type = \"AES-GCM\"",
        &[
            "Unsupported value",
            "encrypt_type",
            "Did you mean \"aes_gcm\"?",
            "\"default\", \"m4\", \"sm4\", \"sm4_ecb\"",
        ],
    );
    invalid_argument("encrypt_type = \"\"", &["encrypt_type is \"\"", "Use one of"]);
}

#[test]
fn modes_are_listed_and_the_nearest_is_named() {
    invalid_argument(
        "on_immutable_change = \"replaced\"",
        &["on_immutable_change is", "Did you mean \"replace\"?"],
    );
    invalid_argument("on_destroy = \"delete\"", &["on_destroy is", "\"keep\", \"disable\""]);
}

#[test]
fn roles_must_be_arns() {
    let arn = "acs:ram::1234567890123456:role/sls-byok";
    for wrong in [
        "sls-byok",
        "acs:ram::1234567890123456:user/sls-byok",
        "acs:ram::me:role/sls-byok",
        "arn:aws:iam::1:role/x",
        "",
    ] {
        invalid_byok(arn, wrong, &["user_cmk_info.arn", "acs:ram::<account id>:role/<role name>"]);
    }
}

#[test]
fn empty_texts_count_as_missing() {
    invalid_byok("\"key-1\"", "\"\"", &["user_cmk_info.cmk_key_id must not be empty", "counts as missing"]);
    invalid_byok("\"key-1\"", "\"  \"", &["user_cmk_info.cmk_key_id must not be empty"]);
    invalid_byok("\"cn-hangzhou\"", "\"\"", &["Invalid value", "user_cmk_info.region_id"]);
}

#[test]
fn every_member_of_the_users_key_is_needed() {
    let scene = Scene::new(&plain());
    scene.write("main.tf", &byok_encryption("").replace("    cmk_key_id = \"key-1\"\n", ""));
    the_error(&scene).says(&["cmk_key_id"]);
}

#[test]
fn time_limits_are_durations() {
    for wrong in ["5", "soon", "-5m", "0s", "5d"] {
        invalid_argument(
            &format!("timeouts = {{ update = {wrong:?} }}"),
            &["Invalid value", "timeouts.update", wrong],
        );
    }
}

#[test]
fn several_problems_are_told_at_once() {
    let scene = Scene::new(&plain());
    scene.write(
        "main.tf",
        &encryption("  encrypt_type = \"aes\"\n  on_destroy = \"drop\"").replace("audit", "A"),
    );
    let mut lines: Vec<_> = scene.validate().errors().into_iter().map(|error| error.line).collect();
    lines.sort_unstable();
    assert_eq!(lines, [2, 4, 5]);
}

/// Validates a provider block with this argument, which must be underlined.
#[track_caller]
fn invalid_provider(argument: &str, replaced: &str, says: &[&str]) {
    let scene = Scene::new(&plain());
    let block = scene.provider_block("");
    assert_eq!(block.matches(replaced).count(), 1, "{block}");
    scene.write("provider.tf", &(scene.required_providers() + &block.replace(replaced, argument)));
    scene.write("main.tf", &encryption(""));
    let line = scene.line_of("provider.tf", argument.lines().last().unwrap());
    let error = the_error(&scene);
    error.says(says);
    error.at("provider.tf", line);
}

#[test]
fn plain_http_is_for_this_machine_only() {
    let endpoint = |text: &str| {
        let scene = Scene::new(&plain());
        let of_log = |address: &str| format!("log = {address:?}");
        let block = scene.provider_block("").replace(&of_log(&scene.endpoint()), &of_log(text));
        scene.write("provider.tf", &(scene.required_providers() + &block));
        scene.write("main.tf", &encryption(""));
        let line = scene.line_of("provider.tf", "log =");
        let error = the_error(&scene);
        error.at("provider.tf", line);
        error
    };
    for remote in
        ["http://cn-hangzhou.log.aliyuncs.com", "http://10.0.0.1:8700", "http://127.0.0.1.example.com"]
    {
        endpoint(remote).says(&[
            remote,
            "without TLS to another machine",
            "127.0.0.0/8, [::1] and localhost only",
        ]);
    }
    endpoint("ftp://127.0.0.1").says(&["scheme \"ftp\""]);
    endpoint("https://log.example.com/path").says(&["without a path"]);
}

#[test]
fn arguments_of_the_provider_are_checked() {
    let region = "region = \"cn-hangzhou\"";
    invalid_provider("region = \"CN\"", region, &["Invalid value", "region", "contains 'C'"]);
    invalid_provider(&format!("{region}\n  max_retries = -1"), region, &["max_retries"]);
    invalid_provider(&format!("{region}\n  max_concurrency = 0"), region, &["max_concurrency"]);
    invalid_provider(
        &format!("{region}\n  request_timeout = \"soon\""),
        region,
        &["request_timeout", "soon"],
    );
    invalid_provider(
        "secret_key = \"\"",
        "secret_key = \"sk-root\"",
        &["Incomplete credentials", "secret_key is empty"],
    );
}

#[test]
fn good_configurations_are_valid_without_credentials_and_calls() {
    let scene = Scene::new(&plain());
    scene.write("provider.tf", &scene.required_providers());
    scene.write(
        "main.tf",
        &byok_encryption(
            "  timeouts = { create = \"1h30m\", read = \"1.5m\" }\n  encrypt_type = \"sm4_gcm\"",
        ),
    );
    assert!(scene.validate().succeeded().diagnostics().is_empty());
    assert_eq!(scene.calls().len(), 0);
}

#[test]
fn null_in_a_required_member_is_refused_at_its_path() {
    invalid_byok("\"key-1\"", "null", &["Missing required argument", "user_cmk_info.cmk_key_id is required"]);
    let (arn, required) = (format!("{ARN:?}"), "user_cmk_info.arn is required");
    invalid_byok(&arn, "null", &["Missing required argument", required]);
}

#[test]
fn a_value_for_a_read_only_attribute_is_refused() {
    for argument in ["mechanism = \"byok\"", "logstore_create_time = 1", "id = \"audit:app\""] {
        let says = ["Value for a read-only attribute", "is set by the provider"];
        invalid_argument(argument, &says);
    }
}

/// Core validates again in the plan, with the values of variables.
#[test]
fn a_variable_that_is_null_is_refused_at_plan_and_nothing_leaves_the_state() {
    let nothing = "variable \"nothing\" {\n  type = string\n  default = null\n}\n";
    for (name, given) in [("project_name", "\"audit\""), ("logstore_name", "\"app\"")] {
        let scene = applied(&encryption(""));
        scene.write("main.tf", &(encryption("").replace(given, "var.nothing") + nothing));
        let line = scene.line_of("main.tf", name);
        for ran in [scene.try_plan(), scene.try_apply()] {
            let error = ran.failed().error();
            error.says(&["Missing required argument", &format!("{name} is required, but its value is null")]);
            error.at("main.tf", line);
        }
        assert_eq!(scene.writes().len(), 0);
        assert_eq!(scene.addresses(), [THIS]);
    }
}
