//! Logstores of several regions in one provider block, and a provider whose region changes. The region is a part of
//! what is signed, so that the emulator refuses calls that are made for another one.

use serde_json::{Value, json};

use crate::given::{self, THIS};
use crate::harness::Scene;

const FAR: &str = "alicloud_log_store_encryption.far";

/// `audit` in the provider's region, `far` in another one, each with a Logstore `app` of this `encrypt_conf`.
fn seed(conf: Option<&Value>) -> Value {
    let mut log_store = json!({"logstoreName": "app", "createTime": 1_700_000_000});
    if let Some(conf) = conf {
        log_store["encrypt_conf"] = conf.clone();
    }
    json!({"projects": [
        {"name": "audit", "logstores": [log_store.clone()]},
        {"name": "far", "region": "cn-beijing", "logstores": [log_store]},
    ]})
}

/// The resource `far`.
fn far(arguments: &str) -> String {
    given::encryption(arguments).replace("\"this\"", "\"far\"").replace("\"audit\"", "\"far\"")
}

/// The resource `far` in its region, whose key is in the region that is left out.
fn far_byok() -> String {
    let cmk = format!("  user_cmk_info = {{\n    cmk_key_id = \"key-1\"\n    arn = {:?}\n  }}", given::ARN);
    far(&format!("  region = \"cn-beijing\"\n{cmk}"))
}

fn move_provider(scene: &Scene) {
    let moved = scene.read("provider.tf").replace("\"cn-hangzhou\"", "\"cn-beijing\"");
    scene.write("provider.tf", &moved);
}

#[test]
fn one_provider_block_serves_two_regions() {
    let scene = Scene::new(&seed(None));
    scene.write("main.tf", &(given::encryption("") + &far_byok()));
    assert_eq!(scene.apply().changes(), (2, 0, 0));
    let regions = [THIS, FAR].map(|address| scene.attributes(address)["region"].clone());
    assert_eq!(regions, [json!("cn-hangzhou"), json!("cn-beijing")]);
    let stored = scene.log_store("far", "app")["encrypt_conf"].clone();
    assert_eq!(stored["user_cmk_info"]["region_id"], "cn-beijing");
    assert_eq!(scene.attributes(FAR)["user_cmk_info"]["region_id"], "cn-beijing");
    scene.forget_calls();
    scene.plan().expect_empty();
    assert_eq!(scene.actions(), ["GetLogStore", "GetLogStore"]);
}

#[test]
fn another_region_of_the_provider_changes_nothing() {
    let scene = given::applied(&given::byok_encryption(""));
    let before = scene.attributes(THIS);
    move_provider(&scene);
    assert_eq!(scene.plan().expect_empty().ran.diagnostics().len(), 0);
    assert_eq!(scene.apply().changes(), (0, 0, 0));
    scene.write("main.tf", &given::byok_encryption("  enable = false"));
    assert_eq!(scene.apply().changes(), (0, 1, 0));
    assert_eq!(
        (&before["region"], &scene.attributes(THIS)["region"]),
        (&json!("cn-hangzhou"), &json!("cn-hangzhou"))
    );
    assert_eq!(scene.destroy().changes(), (0, 0, 1));
}

#[test]
fn a_state_without_a_region_gets_that_of_the_provider() {
    let scene = given::applied(&given::encryption(""));
    let without_region = || scene.edit_attributes(THIS, |attributes| drop(attributes.remove("region")));
    without_region();
    scene.try_plan_with(&["-refresh=false"]).expect_empty();
    scene.plan().expect_empty();
    for region in ["", "  region = \"cn-hangzhou\""] {
        without_region();
        scene.write("main.tf", &given::encryption(region));
        let actions = scene.try_plan_with(&["-refresh=false"]).actions();
        assert!(
            actions.iter().all(|(_, action)| action == "no-op" || action == "update"),
            "{region}: {actions:?}"
        );
        scene.plan().expect_empty();
    }
    scene.write("main.tf", &given::encryption("  enable = false"));
    scene.run(&["apply", "-auto-approve", "-refresh=false", "-json"]).succeeded();
    assert_eq!(scene.attributes(THIS)["region"], "cn-hangzhou");
    without_region();
    scene.write("main.tf", &given::encryption("  enable = false\n  region = \"cn-beijing\""));
    assert_eq!(scene.try_plan_with(&["-refresh=false"]).change(THIS)["actions"], json!(["delete", "create"]));
}

#[test]
fn another_region_is_another_log_store() {
    let scene = given::applied(&given::encryption(""));
    scene.write("main.tf", &given::encryption("  region = \"cn-beijing\""));
    let plan = scene.try_plan_with(&[]);
    assert_eq!(plan.change(THIS)["actions"], json!(["delete", "create"]));
    assert_eq!(plan.change(THIS)["replace_paths"], json!([["region"]]));
}

#[test]
fn an_import_may_name_the_region() {
    let scene = Scene::new(&seed(Some(&given::service_key(true, "default"))));
    scene.write("main.tf", &far("  region = \"cn-beijing\""));
    scene.import(FAR, "far:app@cn-beijing").succeeded();
    let imported = scene.attributes(FAR);
    assert_eq!((&imported["id"], &imported["region"]), (&json!("far:app"), &json!("cn-beijing")));
    scene.plan().expect_empty();
    scene.write("main.tf", &far(""));
    scene.plan().expect_empty();
    assert_eq!(scene.writes().len(), 0);
}

#[test]
fn a_region_that_is_not_known_yet_is_looked_up_at_apply() {
    let scene = Scene::new(&seed(None));
    let unknown = "resource \"terraform_data\" \"region\" {\n  input = \"cn-beijing\"\n}\n";
    scene.write("main.tf", &(unknown.to_owned() + &far("  region = terraform_data.region.output")));
    scene.plan().expect_changes();
    assert_eq!(scene.calls().len(), 0);
    scene.try_apply_plan().succeeded();
    assert_eq!(scene.attributes(FAR)["region"], "cn-beijing");
    scene.plan().expect_empty();
}

#[test]
fn what_is_gone_names_the_region_it_was_looked_for_in() {
    let scene = given::applied(&given::encryption(""));
    scene.delete_project("audit");
    scene.plan().expect_changes().ran.warning().says(&["SLS in cn-hangzhou says"]);
}

#[test]
fn a_malformed_region_is_refused_at_its_attribute() {
    let scene = Scene::new(&given::plain());
    scene.write("main.tf", &given::encryption("  region = \"Hangzhou\""));
    let error = scene.validate().failed().error();
    error.says(&["Invalid value", "region"]);
    assert_eq!(error.line, 4);
}
