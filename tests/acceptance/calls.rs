//! How many calls each operation costs. The service bills and throttles by the call.

use std::collections::BTreeSet;

use serde_json::json;

use crate::given::{self, THIS};
use crate::harness::Scene;

#[test]
fn a_refreshing_plan_costs_one() {
    let scene = given::applied(&given::byok_encryption(""));
    scene.plan().expect_empty();
    assert_eq!(scene.actions(), ["GetLogStore"]);
}

/// The host plans once more right before it applies; that read serves as the apply's first.
#[test]
fn a_create_costs_four_with_its_plan() {
    let scene = Scene::new(&given::plain());
    scene.write("main.tf", &given::byok_encryption(""));
    scene.apply();
    assert_eq!(scene.actions(), ["GetLogStore", "GetLogStore", "UpdateLogStore", "GetLogStore"]);
}

#[test]
fn a_toggle_costs_four_with_its_refresh() {
    let scene = given::applied(&given::byok_encryption(""));
    scene.write("main.tf", &given::byok_encryption("  enable = false"));
    scene.apply();
    assert_eq!(scene.actions(), ["GetLogStore", "GetLogStore", "UpdateLogStore", "GetLogStore"]);
}

#[test]
fn an_apply_with_nothing_to_do_costs_one() {
    let scene = given::applied(&given::byok_encryption(""));
    assert_eq!(scene.apply().changes(), (0, 0, 0));
    assert_eq!(scene.actions(), ["GetLogStore"]);
}

#[test]
fn an_adoption_costs_two_and_no_write() {
    let scene = Scene::new(&given::configured(&given::byok(true)));
    scene.write("main.tf", &given::byok_encryption(""));
    scene.apply();
    assert_eq!(scene.actions(), ["GetLogStore"; 2]);
}

#[test]
fn a_destroy_costs_four_with_its_refresh() {
    let scene = given::applied(&given::byok_encryption(given::DISABLING));
    scene.destroy();
    assert_eq!(scene.actions(), ["GetLogStore", "GetLogStore", "UpdateLogStore", "GetLogStore"]);
}

#[test]
fn a_destroy_that_keeps_costs_its_refresh_alone() {
    let scene = given::applied(&given::byok_encryption(""));
    scene.destroy();
    assert_eq!(scene.actions(), ["GetLogStore"]);
}

#[test]
fn validation_costs_none() {
    let scene = Scene::new(&given::plain());
    scene.write("main.tf", &given::byok_encryption(""));
    scene.validate().succeeded();
    assert_eq!(scene.calls().len(), 0);
}

#[test]
fn many_logstores_cost_as_many_times_as_much() {
    let logstores: Vec<_> = (0..20).map(|number| json!({"logstoreName": format!("app-{number}")})).collect();
    let scene = Scene::new(&json!({"projects": [{"name": "audit", "logstores": logstores}]}));
    let main = given::encryption("  count = 20").replace("\"app\"", "\"app-${count.index}\"");
    scene.write("main.tf", &main);
    assert_eq!(scene.apply().changes(), (20, 0, 0));
    assert_eq!(scene.calls().len(), 4 * 20 + 1, "GetCallerIdentity is called once");
    scene.forget_calls();
    scene.plan().expect_empty();
    assert_eq!(scene.actions(), ["GetLogStore"; 20]);
    let read: BTreeSet<_> = scene.calls().into_iter().map(|call| call.path).collect();
    assert_eq!(read, (0..20).map(|number| format!("/logstores/app-{number}")).collect());
    assert_eq!(scene.addresses(), [THIS]);
}
