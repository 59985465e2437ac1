//! Taking over an encrypted Logstore by import.

use serde_json::{Value, json};

use crate::given::{self, THIS};
use crate::harness::Scene;

#[track_caller]
fn imported(conf: &Value, main: &str) -> Scene {
    let scene = Scene::new(&given::configured(conf));
    scene.write("main.tf", main);
    scene.import(THIS, "audit:app").succeeded();
    assert_eq!(scene.attributes(THIS)["id"], "audit:app");
    scene
}

#[test]
fn by_command_the_plan_after_it_is_empty() {
    let scene =
        imported(&given::service_key(true, "sm4_cbc"), &given::encryption("  encrypt_type = \"sm4_cbc\""));
    assert_eq!(scene.attributes(THIS)["mechanism"], "service_key");
    assert_eq!(scene.attributes(THIS)["on_destroy"], "keep");
    scene.plan().expect_empty();
    let scene = imported(&given::byok(false), &given::byok_encryption("  enable = false"));
    assert_eq!(scene.attributes(THIS)["mechanism"], "byok");
    scene.plan().expect_empty();
    assert_eq!(scene.writes().len(), 0);
}

#[test]
fn what_differs_is_planned_after_it() {
    let scene = imported(&given::byok(false), &given::byok_encryption(""));
    assert_eq!(scene.apply().changes(), (0, 1, 0));
    assert_eq!(given::stored(&scene), given::byok(true));
}

#[test]
fn what_cannot_be_is_refused_after_it() {
    let scene = imported(&given::byok(true), &given::encryption("  encrypt_type = \"default\""));
    scene.try_plan().failed().error().says(&["\"byok\"", "\"service_key\""]);
    assert_eq!(scene.writes().len(), 0);
}

#[test]
fn a_bad_id_is_told_with_the_form() {
    let scene = Scene::new(&given::configured(&given::byok(true)));
    scene.write("main.tf", &given::byok_encryption(""));
    for id in ["app", "audit/app", "audit:", ":app", "Audit:app", "audit:app:more", "au:app"] {
        let prose = scene.import(THIS, id).failed().prose();
        assert!(prose.contains("Malformed import id"), "{id}: {prose}");
        assert!(prose.contains("terraform import ADDRESS audit-project:app-log"), "{id}: {prose}");
    }
    assert_eq!(scene.calls().len(), 0);
}

#[test]
fn what_is_not_there_cannot_be_imported() {
    let scene = Scene::new(&given::plain());
    scene.write("main.tf", &given::encryption(""));
    for (id, says) in [
        ("audit:other", "LogStoreNotExist"),
        ("nowhere:app", "ProjectNotExist"),
        ("audit:app", "There is no encryption configuration to import"),
    ] {
        let prose = scene.import(THIS, id).failed().prose();
        assert!(prose.contains(says), "{id}: {prose}");
    }
    assert!(!scene.path("terraform.tfstate").exists());
    assert_eq!(scene.writes().len(), 0);
}

#[test]
fn a_bad_id_in_an_import_block_is_told_too() {
    let scene = Scene::new(&given::configured(&given::byok(true)));
    scene.write("main.tf", &given::byok_encryption(""));
    scene.write("import.tf", &format!("import {{\n  to = {THIS}\n  id = \"audit\"\n}}\n"));
    scene.try_plan().failed().error().says(&["Malformed import id", "<project>:<logstore>"]);
}

/// Writes the configuration of what is there. The host names the provider in it by its type, whatever its
/// local name in the configuration is.
#[track_caller]
fn generate(scene: &Scene, argument: &str) -> String {
    let import = format!("import {{\n  to = {THIS}\n  id = \"audit:app\"\n{argument}}}\n");
    scene.write("import.tf", &import);
    let plan = scene.try_plan_with(&["-generate-config-out=generated.tf"]).expect_changes();
    let change = plan.change(THIS);
    assert_eq!(change["actions"], json!(["no-op"]));
    assert_eq!(change["importing"]["id"], "audit:app");
    scene.read("generated.tf")
}

/// Applies a generated configuration; there must be nothing to do.
#[track_caller]
fn apply_generated(scene: &Scene) {
    assert_eq!(scene.validate().succeeded().diagnostics().len(), 0);
    assert_eq!(scene.apply().changes(), (0, 0, 0));
    assert_eq!(scene.plan().expect_empty().ran.diagnostics().len(), 0);
    assert_eq!(scene.writes().len(), 0);
    assert_eq!(scene.addresses(), [THIS]);
}

#[test]
fn the_configuration_can_be_generated() {
    for conf in [given::service_key(true, "aes_cfb"), given::byok(true), given::byok(false)] {
        let scene = Scene::new(&given::configured(&conf));
        let provider = scene.read("provider.tf").replace("alicloud = {", "alicloud-encryption = {");
        let provider = provider.replace("provider \"alicloud\"", "provider \"alicloud-encryption\"");
        scene.write("provider.tf", &provider);
        let generated = generate(&scene, "  provider = alicloud-encryption\n");
        for name in ["id", "mechanism", "logstore_create_time"] {
            assert!(
                !generated.contains(&format!("  {name} ")),
                "{name} is not to be configured: {generated}"
            );
        }
        apply_generated(&scene);
    }
}

#[test]
fn the_configuration_can_be_generated_for_a_local_name_of_ones_own() {
    let scene = Scene::new(&given::configured(&given::service_key(true, "m4")));
    let generated = generate(&scene, "");
    let kept: Vec<_> = generated.lines().filter(|line| !line.contains(" provider ")).collect();
    scene.write("generated.tf", &kept.join("\n"));
    apply_generated(&scene);
}

#[test]
fn another_spelling_in_the_configuration_is_no_change_after_it() {
    let mut conf = given::byok(true);
    conf["encrypt_type"] = "m4".into();
    let main = given::byok_encryption("  encrypt_type = \"sm4\"").replace("sls-byok", "SLS-Byok");
    let scene = imported(&conf, &main);
    scene.plan().expect_empty();
    scene.apply();
    assert_eq!(scene.writes().len(), 0);
    assert_eq!(given::stored(&scene), conf);
}
