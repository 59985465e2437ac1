//! A Logstore that already has the wanted configuration is taken over.

use serde_json::{Value, json};

use crate::given::{self, ARN, THIS};
use crate::harness::Scene;

const MIXED_CASE_ARN: &str = "acs:ram::1234567890123456:role/SLS-Byok";

/// Plans and applies on a Logstore with this configuration, and gives back the scene afterwards.
#[track_caller]
fn adopt(conf: &Value, main: &str, announced: &str) -> Scene {
    let scene = Scene::new(&given::configured(conf));
    scene.write("main.tf", main);
    let plan = scene.plan().expect_changes();
    plan.ran.warning().says(&["audit:app", announced]);
    assert_eq!(scene.writes().len(), 0);
    assert_eq!(scene.try_apply_plan().succeeded().changes(), (1, 0, 0));
    scene.plan().expect_empty();
    scene
}

/// As [`adopt`], where nothing has to be written.
#[track_caller]
fn adopt_as_it_is(conf: &Value, main: &str) -> Scene {
    let scene = adopt(conf, main, "nothing is sent");
    assert_eq!(scene.writes().len(), 0);
    assert_eq!(given::stored(&scene), *conf);
    scene
}

/// As [`adopt`], where encryption has to be switched.
#[track_caller]
fn adopt_and_switch(conf: &Value, main: &str, announced: &str) -> Scene {
    let scene = adopt(conf, main, announced);
    assert_eq!(scene.writes().len(), 1);
    let mut expected = conf.clone();
    expected["enable"] = (conf["enable"] == false).into();
    assert_eq!(given::stored(&scene), expected);
    scene
}

#[test]
fn the_same_configuration_is_adopted_without_a_write() {
    adopt_as_it_is(&given::service_key(true, "aes_gcm"), &given::encryption("  encrypt_type = \"aes_gcm\""));
    adopt_as_it_is(&given::byok(true), &given::byok_encryption(""));
}

#[test]
fn the_same_disabled_configuration_is_adopted_without_a_write() {
    adopt_as_it_is(&given::service_key(false, "default"), &given::encryption("  enable = false"));
}

#[test]
fn only_enable_is_switched_where_only_enable_differs() {
    let off = given::service_key(false, "default");
    adopt_and_switch(&off, &given::encryption(""), "encryption is switched on, nothing else");
    let on = given::byok(true);
    adopt_and_switch(&on, &given::byok_encryption("  enable = false"), "stored in clear");
}

#[test]
fn two_spellings_of_one_algorithm_are_the_same() {
    for (on_logstore, configured) in [("m4", "sm4"), ("sm4", "m4")] {
        let main = |more: &str| given::encryption(&format!("  encrypt_type = {configured:?}\n{more}"));
        let scene = adopt_as_it_is(&given::service_key(true, on_logstore), &main(""));
        assert_eq!(scene.attributes(THIS)["encrypt_type"], configured);
        // The service compares letter by letter: what is sent is what it has.
        scene.write("main.tf", &main("  enable = false"));
        scene.apply();
        assert_eq!(given::stored(&scene), given::service_key(false, on_logstore));
        assert_eq!(scene.attributes(THIS)["encrypt_type"], configured);
        scene.plan().expect_empty();
    }
}

#[test]
fn letter_case_of_the_role_name_does_not_count() {
    for (on_logstore, configured) in [(ARN, MIXED_CASE_ARN), (MIXED_CASE_ARN, ARN)] {
        let conf = |enable| {
            let mut conf = given::byok(enable);
            conf["user_cmk_info"]["arn"] = on_logstore.into();
            conf
        };
        let main = |more: &str| given::byok_encryption(more).replace(ARN, configured);
        let scene = adopt_as_it_is(&conf(true), &main(""));
        assert_eq!(scene.attributes(THIS)["user_cmk_info"]["arn"], configured);
        scene.write("main.tf", &main("  enable = false"));
        scene.apply();
        assert_eq!(given::stored(&scene), conf(false));
        assert_eq!(scene.attributes(THIS)["user_cmk_info"]["arn"], configured);
        scene.plan().expect_empty();
    }
}

#[test]
fn a_change_of_spelling_alone_is_no_change() {
    let scene = given::applied(&given::byok_encryption("  encrypt_type = \"m4\""));
    let other = given::byok_encryption("  encrypt_type = \"sm4\"").replace(ARN, MIXED_CASE_ARN);
    scene.write("main.tf", &other);
    scene.plan().expect_empty();
    scene.apply();
    assert_eq!(scene.writes().len(), 0);
}

/// Servers may leave out the algorithm of a configuration that is off.
#[test]
fn a_disabled_configuration_without_an_algorithm_is_adopted() {
    let scene = Scene::new(&given::plain());
    scene.patch_log_store("audit", "app", &json!({"encrypt_conf": {"enable": false}}));
    scene.write("main.tf", &given::encryption("  enable = false"));
    scene.apply();
    assert_eq!(scene.writes().len(), 0);
    scene.plan().expect_empty();
}

#[test]
fn a_disabled_configuration_that_loses_its_algorithm_is_no_drift() {
    let scene = given::applied(&given::encryption("  enable = false\n  encrypt_type = \"aes_gcm\""));
    scene.patch_log_store("audit", "app", &json!({"encrypt_conf": {"enable": false}}));
    scene.plan().expect_empty();
    assert_eq!(scene.attributes(THIS)["encrypt_type"], "aes_gcm");
}
