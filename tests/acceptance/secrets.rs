//! Secrets appear in no byte that a run leaves behind: not on stdout, not in the host's or the
//! provider's log at the highest level, not in the plan, not in the state.

use std::path::{Path, PathBuf};

use serde_json::json;

use crate::given::{encryption, stored};
use crate::harness::Scene;

const SECRET: &str = "sk-canary-5f2c9d7e";
const TOKEN: &str = "sts-canary-83b1a6f0";

/// A Logstore, and a key whose secret is the canary.
fn scene() -> Scene {
    let scene = Scene::new(&json!({
        "access_keys": [{"id": "ak-canary", "secret": SECRET}],
        "projects": [{"name": "audit", "logstores": [{"logstoreName": "app"}]}],
    }));
    scene.write("main.tf", &encryption(""));
    scene.env("TF_LOG", "trace");
    scene
}

/// Every file below a directory.
fn files_below(directory: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files_below(&path, files) } else { files.push(path) }
    }
}

/// Searches everything in the scene's directory, which holds what every command printed, for the canaries.
/// Only the files that a test itself `wrote` them into have them, and those do: the search finds them.
#[track_caller]
fn nothing_leaked(scene: &Scene, wrote: &[&str]) {
    let mut files = Vec::new();
    files_below(scene.root(), &mut files);
    assert!(files.iter().any(|file| file.ends_with("command-1.stdout")), "{files:?}");
    let mut found: Vec<_> = files.iter().filter(|file| holds_a_canary(file)).collect();
    found.sort();
    let names: Vec<_> = found.iter().map(|file| file.file_name().unwrap().to_str().unwrap()).collect();
    assert_eq!(names, wrote, "{found:?}");
}

fn holds_a_canary(file: &Path) -> bool {
    let bytes = std::fs::read(file).unwrap();
    let holds = |canary: &str| bytes.windows(canary.len()).any(|window| window == canary.as_bytes());
    holds(SECRET) || holds(TOKEN)
}

/// A whole life: plan, apply, look at both, change, refused calls, destroy. Checks that the provider's own
/// log is there, since a silent one proves nothing.
#[track_caller]
fn live(scene: &Scene) {
    scene.plan().expect_changes().json();
    scene.try_apply_plan().succeeded();
    let shown = scene.run(&["show", "-json"]).succeeded();
    assert!(shown.stdout.contains("audit:app"));
    assert!(shown.stderr.contains("terraform-provider-alicloud-encryption"));
    scene.write("main.tf", &encryption("  enable = false"));
    scene.fault(&json!({"action": "*", "times": 2, "effect": "throttle"}));
    let applied = scene.apply();
    assert_eq!(stored(scene)["enable"], false);
    for line in
        ["called: ", "trying again: ", "sending: ", "answered: ", "calls in all: ", "credentials found: "]
    {
        assert!(applied.stderr.contains(line), "the provider's log is not there");
    }
    scene.write("main.tf", &encryption("  encrypt_type = \"sm4\""));
    scene.try_plan().failed();
    scene.run(&["state", "pull"]).succeeded();
    scene.write("main.tf", &encryption(""));
    scene.destroy();
}

/// The provider block without keys, and further arguments.
fn provider(scene: &Scene, arguments: &str) {
    let endpoint = scene.endpoint();
    let block = format!(
        "provider \"alicloud\" {{\n  region = \"cn-hangzhou\"\n{arguments}\n  endpoints {{\n    log = {endpoint:?}\n  }}\n}}\n"
    );
    scene.write("provider.tf", &(scene.required_providers() + &block));
}

#[test]
fn a_secret_from_the_environment_is_nowhere() {
    let scene = scene();
    provider(&scene, "");
    scene.env("ALICLOUD_ACCESS_KEY", "ak-canary");
    scene.env("ALICLOUD_SECRET_KEY", SECRET);
    live(&scene);
    nothing_leaked(&scene, &["seed.json"]);
}

#[test]
fn a_secret_from_the_provider_block_is_nowhere_but_in_the_configuration() {
    let scene = scene();
    provider(&scene, &format!("  access_key = \"ak-canary\"\n  secret_key = {SECRET:?}"));
    // A plan file holds a copy of the configuration, so none is made here.
    scene.apply();
    scene.write("main.tf", &encryption("  enable = false"));
    scene.apply();
    scene.run(&["show", "-json"]).succeeded();
    scene.destroy();
    nothing_leaked(&scene, &["seed.json", "provider.tf"]);
}

#[test]
fn a_secret_from_a_profile_is_nowhere_but_in_its_file() {
    let scene = scene();
    provider(&scene, "");
    let profile =
        json!({"name": "p", "mode": "AK", "access_key_id": "ak-canary", "access_key_secret": SECRET});
    scene.home(".aliyun/config.json", &json!({"current": "p", "profiles": [profile]}).to_string());
    live(&scene);
    nothing_leaked(&scene, &["config.json", "seed.json"]);
}

#[test]
fn a_token_and_a_secret_that_are_refused_are_nowhere() {
    let scene = scene();
    provider(&scene, "");
    scene.env("ALICLOUD_ACCESS_KEY", "ak-canary");
    scene.env("ALICLOUD_SECRET_KEY", SECRET);
    scene.env("ALICLOUD_SECURITY_TOKEN", TOKEN);
    scene.try_plan().failed().error().says(&["security token"]);
    // Services quote requests back.
    let message = format!("the signature of {SECRET} is wrong");
    let effect = json!({"error": {"status": 401, "code": "SignatureNotMatch", "message": message}});
    scene.env("ALICLOUD_SECURITY_TOKEN", "");
    scene.fault(&json!({"action": "*", "times": 1000, "effect": effect}));
    scene.try_apply().failed().error().says(&["the signature of [secret] is wrong"]);
    nothing_leaked(&scene, &["seed.json"]);
}
