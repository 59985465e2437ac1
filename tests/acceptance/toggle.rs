//! Switching encryption off and on again: the one change there is.

use serde_json::json;

use crate::given::{self, THIS};
use crate::harness::Scene;

#[track_caller]
fn switch(scene: &Scene, main: &str, enable: bool) {
    scene.write("main.tf", main);
    let plan = scene.plan().expect_changes();
    let change = plan.change(THIS);
    assert_eq!(change["actions"], json!(["update"]));
    let mut expected = change["before"].clone();
    expected["enable"] = enable.into();
    assert_eq!(change["after"], expected);
    assert_eq!(scene.try_apply_plan().succeeded().changes(), (0, 1, 0));
    assert_eq!(scene.attributes(THIS)["enable"], enable);
    scene.plan().expect_empty();
}

#[test]
fn off_and_on_with_the_key_of_the_service() {
    let scene = given::applied(&given::encryption("  encrypt_type = \"sm4_gcm\""));
    switch(&scene, &given::encryption("  encrypt_type = \"sm4_gcm\"\n  enable = false"), false);
    assert_eq!(given::stored(&scene), given::service_key(false, "sm4_gcm"));
    switch(&scene, &given::encryption("  encrypt_type = \"sm4_gcm\"\n  enable = true"), true);
    assert_eq!(given::stored(&scene), given::service_key(true, "sm4_gcm"));
}

#[test]
fn off_and_on_with_a_key_of_ones_own() {
    let scene = given::applied(&given::byok_encryption(""));
    switch(&scene, &given::byok_encryption("  enable = false"), false);
    assert_eq!(given::stored(&scene), given::byok(false));
    switch(&scene, &given::byok_encryption(""), true);
    assert_eq!(given::stored(&scene), given::byok(true));
}

#[test]
fn every_update_carries_the_complete_configuration() {
    let scene = given::applied(&given::byok_encryption(""));
    scene.write("main.tf", &given::byok_encryption("  enable = false"));
    scene.apply();
    let writes = scene.writes();
    assert_eq!(writes.len(), 1);
    assert_eq!(writes[0].body["encrypt_conf"], given::byok(false));
}

#[test]
fn what_concerns_the_resource_alone_is_not_sent() {
    let scene = given::applied(&given::encryption(""));
    let main = "  on_destroy = \"keep\"\n  on_immutable_change = \"replace\"\n  timeouts = { read = \"1m\" }";
    scene.write("main.tf", &given::encryption(main));
    assert_eq!(scene.apply().changes(), (0, 1, 0));
    assert_eq!(scene.actions(), ["GetLogStore"]);
    assert_eq!(scene.attributes(THIS)["on_destroy"], "keep");
    scene.plan().expect_empty();
}
