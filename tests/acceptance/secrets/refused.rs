//! Keys that are not accepted, and services that quote them.

use serde_json::json;

use super::cast::{secret, seed};
use super::life::nothing_leaked;
use super::search::Secrets;
use crate::given;
use crate::harness::Scene;

const TOKEN: &str = "CAIS-c4n4ry+/token==of==nobody";

#[test]
fn a_token_and_a_secret_that_are_refused_are_nowhere() {
    let scene = Scene::new(&seed(&["env"], &[], &["app"]));
    scene.write("main.tf", &given::encryption(""));
    let log = scene.endpoint();
    let block = format!(
        "provider \"alicloud\" {{\n  region = \"cn-hangzhou\"\n  endpoints {{\n    log = {log:?}\n  }}\n}}\n"
    );
    scene.write("provider.tf", &(scene.required_providers() + &block));
    scene.env("TF_LOG", "trace");
    let (key, mut secrets) = (secret("env"), Secrets::default());
    secrets.add("secret of ak-env", &key);
    secrets.add("token", TOKEN);
    scene.env("ALICLOUD_ACCESS_KEY", "ak-env");
    scene.env("ALICLOUD_SECRET_KEY", &key);
    scene.env("ALICLOUD_SECURITY_TOKEN", TOKEN);
    scene.try_plan().failed().error().says(&["security token"]);
    // Services quote requests back.
    let message = format!("the signature of {key} is wrong");
    let effect = json!({"error": {"status": 401, "code": "SignatureNotMatch", "message": message}});
    scene.env("ALICLOUD_SECURITY_TOKEN", "");
    scene.fault(&json!({"action": "*", "times": 1000, "effect": effect}));
    scene.try_apply().failed().error().says(&["the signature of [secret] is wrong"]);
    nothing_leaked(&scene, &secrets, &["seed.json"]);
}
