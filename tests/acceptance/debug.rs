//! One provider process, started by hand in debug mode, serves every command.

use serde_json::json;

use crate::given::{self, THIS};
use crate::harness::{DebugProvider, Scene};

#[test]
fn one_process_serves_a_whole_life() {
    let scene = Scene::new(&given::plain());
    let provider = DebugProvider::start(&scene);
    scene.env(DebugProvider::VARIABLE, provider.address());
    scene.write("main.tf", &given::encryption(given::DISABLING));
    scene.apply();
    scene.plan().expect_empty();
    // What an earlier command did in the same process must not speak for a later one.
    scene.run(&["apply", "-auto-approve", "-input=false", &format!("-replace={THIS}")]).succeeded();
    assert_eq!(given::stored(&scene), given::service_key(true, "default"));
    assert_eq!(scene.destroy().changes(), (0, 0, 1));
    assert_eq!(given::stored(&scene)["enable"], json!(false));
}

#[test]
fn each_provider_block_has_its_own_settings_in_one_process() {
    let scene = Scene::new(&given::plain());
    let refused = scene.provider_block("  alias = \"refused\"").replace("sk-root", "sk-wrong");
    scene.write("aliases.tf", &refused);
    let other = given::encryption("  provider = alicloud.refused").replace("\"this\"", "\"refused\"");
    scene.write("main.tf", &(given::encryption("") + &other));
    let provider = DebugProvider::start(&scene);
    scene.env(DebugProvider::VARIABLE, provider.address());
    // It is not known which block the host configures last, and it does not matter.
    let error = scene.try_plan().error();
    assert_eq!(error.address, "alicloud_log_store_encryption.refused", "{error:#?}");
}
