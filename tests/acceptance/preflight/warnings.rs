//! What a plan warns of besides the key and the role.

use super::*;

#[test]
fn a_first_configuration_says_what_is_permanent_unless_that_is_switched_off() {
    const VARIABLE: &str = "ALICLOUD_ENCRYPTION_PERMANENCE_WARNING";
    let says = |argument: &str, environment: &[(&str, &str)], expected: bool| {
        let scene = scene_of(3);
        scene.provider(argument);
        for (name, value) in environment {
            scene.env(name, value);
        }
        scene.write("main.tf", &many(3, "key-1", "sls-byok"));
        let warnings = scene.plan().expect_changes().ran.warnings();
        assert_eq!(warnings.len(), if expected { 3 } else { 0 }, "{argument} {environment:?}: {warnings:#?}");
        for warning in &warnings {
            assert_eq!(warning.summary, warnings[0].summary);
            warning.says(&[
                "Logstore audit:app-",
                "byok",
                "key-1",
                "role/sls-byok",
                "cn-hangzhou",
                "default",
            ]);
        }
        scene.apply();
        assert!(scene.plan().expect_empty().ran.warnings().is_empty());
    };
    // The tests run in automation.
    says("", &[], false);
    says("", &[("TF_IN_AUTOMATION", "")], true);
    says("", &[(VARIABLE, "true")], true);
    says("", &[("TF_IN_AUTOMATION", ""), (VARIABLE, "false")], false);
    says("  permanence_warning = true", &[(VARIABLE, "false")], true);
    says("  permanence_warning = false", &[("TF_IN_AUTOMATION", ""), (VARIABLE, "true")], false);
    let scene = scene();
    scene.write("main.tf", &main("key-1", "sls-byok", ""));
    scene.env(VARIABLE, "sometimes");
    scene.try_plan().failed().error().says(&[VARIABLE, "\"sometimes\"; it must be true or false"]);
}

#[test]
fn a_plan_warns_of_a_logstore_that_is_not_there_and_of_a_mode_that_shows_patterns() {
    let scene = scene();
    scene.write("main.tf", &given::encryption("").replace("\"app\"", "\"ap\""));
    let warning = scene.plan().expect_changes().ran.warning();
    warning.says(&["A Logstore does not exist yet", "Logstore audit:ap", "never creates a Logstore"]);
    warning.at("main.tf", 3);
    scene.write("main.tf", &given::encryption("").replace("\"audit\"", "\"audits\""));
    scene.plan().expect_changes().ran.warning().says(&["only found in its own region", "cn-hangzhou"]);
    for (algorithm, better) in [("sm4_ecb", "sm4_gcm"), ("aes_ecb", "aes_gcm")] {
        scene.write("main.tf", &given::encryption(&format!("  encrypt_type = {algorithm:?}")));
        let warning = scene.plan().expect_changes().ran.warning();
        warning.says(&["ECB", algorithm, &format!("\n  encrypt_type = {better:?}")]);
    }
}
