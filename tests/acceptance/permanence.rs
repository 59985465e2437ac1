//! What the first configuration fixes cannot change: the plan says no at the right place, and nothing is
//! sent.

use crate::given::{ARN, THIS, applied, byok_encryption, encryption, stored};
use crate::harness::{Ran, Scene};

/// Configures `before` with encryption on, and checks that a change to `after` is refused; then the same
/// with encryption off. The line that has `underlined` must be the one that is underlined.
#[track_caller]
fn refused(before: &str, after: &str, underlined: &str, says: &[&str]) {
    let scene = applied(before);
    refused_now(&scene, after, underlined, says);

    let (before, after) = (switched_off(before), switched_off(after));
    scene.write("main.tf", &before);
    scene.apply();
    assert_eq!(stored(&scene)["enable"], false);
    refused_now(&scene, &after, underlined, says);

    scene.write("main.tf", &before);
    scene.plan().expect_empty();
}

/// The same resource with `enable = false` as its last argument.
fn switched_off(configuration: &str) -> String {
    let open = configuration.trim_end().strip_suffix('}').unwrap();
    format!("{open}  enable = false\n}}\n")
}

/// Plans and applies `after`; both must be refused, and change nothing.
#[track_caller]
fn refused_now(scene: &Scene, after: &str, underlined: &str, says: &[&str]) {
    let (log_store, state) = (scene.log_store("audit", "app"), scene.read("terraform.tfstate"));
    scene.write("main.tf", after);
    let line = scene.line_of("main.tf", underlined);
    let commands: [fn(&Scene) -> Ran; 2] = [Scene::try_plan, Scene::try_apply];
    for command in commands {
        scene.forget_calls();
        let error = command(scene).failed().error();
        error.says(says);
        error.says(&[
            "Logstore audit:app",
            "fixed by its first encryption configuration",
            "Nothing was sent.",
        ]);
        error.at("main.tf", line);
        assert_eq!(error.address, THIS);
        assert_eq!(scene.actions(), ["GetLogStore"], "the refresh is all");
    }
    assert_eq!(scene.log_store("audit", "app"), log_store);
    assert_eq!(scene.read("terraform.tfstate"), state);
}

/// The BYOK configuration with one text changed.
#[track_caller]
fn byok_but(from: &str, to: &str) -> String {
    let before = byok_encryption("");
    assert_eq!(before.matches(from).count(), 1, "{before}");
    before.replace(from, to)
}

#[test]
fn the_users_key_cannot_be_taken_away() {
    refused(
        &byok_encryption(""),
        &encryption(""),
        "resource",
        &[r#"is "byok" and cannot become "service_key""#],
    );
}

#[test]
fn the_users_key_cannot_be_added() {
    refused(
        &encryption(""),
        &byok_encryption(""),
        "user_cmk_info",
        &[r#"is "service_key" and cannot become "byok""#],
    );
}

#[test]
fn the_algorithm_cannot_change() {
    refused(
        &encryption("  encrypt_type = \"aes_gcm\""),
        &encryption("  encrypt_type = \"sm4_gcm\""),
        "encrypt_type",
        &[r#"encrypt_type is "aes_gcm" and cannot become "sm4_gcm""#],
    );
}

#[test]
fn the_algorithm_cannot_fall_back_to_its_default() {
    refused(
        &encryption("  encrypt_type = \"aes_gcm\""),
        &encryption(""),
        "resource",
        &[r#"encrypt_type is "aes_gcm" and cannot become "default""#],
    );
}

#[test]
fn the_kms_key_cannot_change() {
    refused(
        &byok_encryption(""),
        &byok_but("key-1", "key-2"),
        "user_cmk_info",
        &[r#"user_cmk_info.cmk_key_id is "key-1" and cannot become "key-2""#],
    );
}

#[test]
fn the_role_cannot_change() {
    let other = "acs:ram::1234567890123456:role/sls-other";
    refused(
        &byok_encryption(""),
        &byok_but(ARN, other),
        "user_cmk_info",
        &[&format!("user_cmk_info.arn is {ARN:?} and cannot become {other:?}")],
    );
}

#[test]
fn the_region_of_the_key_cannot_change() {
    refused(
        &byok_encryption(""),
        &byok_but("\"cn-hangzhou\"", "\"cn-beijing\""),
        "user_cmk_info",
        &[r#"user_cmk_info.region_id is "cn-hangzhou" and cannot become "cn-beijing""#],
    );
}

#[test]
fn every_forbidden_change_is_told_at_once() {
    let scene = applied(&byok_encryption(""));
    let other = byok_but("key-1", "key-2").replace("cn-hangzhou", "cn-beijing");
    scene.write("main.tf", &other.replace("user_cmk_info", "encrypt_type = \"sm4\"\n  user_cmk_info"));
    let errors = scene.try_plan().failed().errors();
    assert_eq!(errors.len(), 3, "{errors:#?}");
    for (error, attribute) in
        errors.iter().zip(["encrypt_type", "user_cmk_info.cmk_key_id", "user_cmk_info.region_id"])
    {
        error.says(&["The encryption of a Logstore cannot be changed", attribute]);
    }
}

#[test]
fn a_forbidden_change_without_a_refresh_sends_nothing_at_all() {
    let scene = applied(&encryption(""));
    scene.write("main.tf", &encryption("  encrypt_type = \"sm4\""));
    scene.try_plan_with(&["-refresh=false"]).ran.failed().error().at("main.tf", 4);
    assert_eq!(scene.calls().len(), 0);
}
