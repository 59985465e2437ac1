//! What the host stores, and states that other versions or people wrote.

use serde_json::json;

use crate::given::{self, THIS};

#[test]
fn a_resource_can_be_renamed() {
    let scene = given::applied(&given::encryption(""));
    let renamed = given::encryption("").replace("\"this\"", "\"that\"");
    let that = "alicloud_log_store_encryption.that";
    scene.write("main.tf", &renamed);
    scene.write("moved.tf", &format!("moved {{\n  from = {THIS}\n  to   = {that}\n}}\n"));
    let change = scene.plan().expect_changes().change(that);
    assert_eq!((&change["actions"], change["before"] == change["after"]), (&json!(["no-op"]), true));
    assert_eq!(scene.apply().changes(), (0, 0, 0));
    assert_eq!(scene.addresses(), [that]);
    assert_eq!(scene.writes().len(), 0);
    scene.plan().expect_empty();
}

#[test]
fn attributes_that_a_state_lacks_are_filled_in() {
    let scene = given::applied(&given::byok_encryption(""));
    let whole = scene.attributes(THIS);
    scene.edit_attributes(THIS, |attributes| {
        for name in ["timeouts", "mechanism", "id", "logstore_create_time", "region"] {
            attributes.remove(name).unwrap();
        }
    });
    scene.plan().expect_empty();
    scene.apply();
    assert_eq!(scene.attributes(THIS), whole);
    assert_eq!(scene.writes().len(), 0);
}

#[test]
fn attributes_that_nobody_knows_are_passed_over() {
    let scene = given::applied(&given::byok_encryption(""));
    scene.edit_attributes(THIS, |attributes| {
        attributes.insert("of_a_later_version".to_owned(), json!({"deep": [1, null]}));
        attributes["user_cmk_info"]["of_a_later_version"] = json!(true);
    });
    assert_eq!(scene.plan().expect_empty().ran.diagnostics().len(), 0);
}

#[test]
fn attributes_that_have_defaults_may_be_missing_from_a_state() {
    let scene = given::applied(&given::encryption(""));
    scene.edit_attributes(THIS, |attributes| {
        attributes.remove("on_destroy").unwrap();
        attributes.remove("on_immutable_change").unwrap();
    });
    scene.plan().expect_empty();
}

#[test]
fn an_attribute_of_the_wrong_type_is_told() {
    let scene = given::applied(&given::encryption(""));
    scene.edit_attributes(THIS, |attributes| attributes["enable"] = json!(["not", "a", "bool"]));
    let error = scene.try_plan().failed().error();
    error.says(&["enable"]);
    assert_eq!(error.address, THIS);
}

#[test]
fn timeouts_are_stored_as_they_are_written() {
    let scene = given::applied(&given::encryption("  timeouts = { create = \"90s\", delete = \"1h30m\" }"));
    let expected = json!({"create": "90s", "read": null, "update": null, "delete": "1h30m"});
    assert_eq!(scene.attributes(THIS)["timeouts"], expected);
    scene.plan().expect_empty();
}
