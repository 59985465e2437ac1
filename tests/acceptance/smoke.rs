//! The harness itself: the emulator answers and terraform runs.

use serde_json::json;

use crate::given;
use crate::harness::{Run, Scene};

#[test]
fn a_scene_has_an_emulator_and_a_terraform() {
    let scene = Scene::new(&json!({"projects": [{"name": "audit", "logstores": [{"logstoreName": "app"}]}]}));
    assert_eq!(scene.log_store("audit", "app")["ttl"], 30);
    scene.patch_log_store("audit", "app", &json!({"ttl": 7}));
    assert_eq!(scene.log_store("audit", "app")["ttl"], 7);
    scene.write("only.tf", r#"resource "terraform_data" "this" { input = "x" }"#);
    scene.remove("provider.tf");
    scene.apply();
    assert_eq!(scene.attributes("terraform_data.this")["output"]["value"], "x");
    assert!(scene.calls().is_empty());
}

#[test]
fn the_host_finds_the_provider_and_the_provider_finds_the_emulator() {
    let scene = Scene::new(&given::plain());
    scene.host_starts_provider();
    scene.write("main.tf", &given::encryption(given::DISABLING));
    scene.apply();
    assert_eq!(given::stored(&scene), given::service_key(true, "default"));
    scene.forget_calls();
    let plan = scene.plan().expect_empty();
    assert_eq!(plan.actions(), []);
    assert_eq!(scene.actions(), ["GetLogStore"]);
    assert_eq!(scene.destroy().changes(), (0, 0, 1));
    assert_eq!(given::stored(&scene), given::service_key(false, "default"));
}

/// The host and the provider put sockets and other things into the temporary directory while they run.
#[test]
fn nothing_is_left_behind() {
    let scene = Scene::new(&given::plain());
    scene.write("main.tf", &given::encryption(""));
    let run = scene.start_apply();
    let group = run.group();
    run.wait().succeeded();
    assert!(!Run::group_is_alive(group));
    let left: Vec<_> = std::fs::read_dir(scene.root().join("tmp")).unwrap().flatten().collect();
    assert!(left.is_empty(), "{left:?}");
}
