//! Where the provider finds its credentials, and which of several it takes.

use serde_json::{Value, json};

use crate::given;
use crate::harness::Scene;

const ROLE: &str = "acs:ram::1234567890123456:role/deployer";

/// `ak-alice` may do nothing but assume the role `deployer`, which may do everything with SLS; `ak-bob` may do
/// nothing.
fn scene() -> Scene {
    let allow = |action: &str| json!({"Version": "1", "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]});
    let trust = json!({"Version": "1", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": {"RAM": ["acs:ram::1234567890123456:root"]}}]});
    let scene = Scene::new(&json!({
        "access_keys": [
            {"id": "ak-root", "secret": "sk-root"},
            {"id": "ak-alice", "secret": "sk-alice", "user": "alice"},
            {"id": "ak-bob", "secret": "sk-bob", "user": "bob"},
        ],
        "users": [
            {"name": "alice", "policies": [{"name": "assume", "document": allow("sts:AssumeRole")}]},
            {"name": "bob"},
        ],
        "roles": [{"name": "deployer", "assume_role_policy_document": trust,
            "policies": [{"name": "log", "document": allow("log:*")}]}],
        "projects": [{"name": "audit", "logstores": [{"logstoreName": "app"}]}],
    }));
    scene.write("main.tf", &given::encryption(""));
    scene.env("ALIBABA_CLOUD_ECS_METADATA_DISABLED", "true");
    scene
}

/// A provider block without keys.
fn provider(scene: &Scene, arguments: &str) {
    let endpoint = scene.endpoint();
    let block = format!(
        "provider \"alicloud\" {{\n  region = \"cn-hangzhou\"\n{arguments}\n  endpoints {{\n    log = {endpoint:?}\n    sts = {endpoint:?}\n  }}\n}}\n"
    );
    scene.write("provider.tf", &(scene.required_providers() + &block));
}

fn key(name: &str, who: &str) -> Value {
    json!({"name": name, "mode": "AK", "access_key_id": format!("ak-{who}"),
        "access_key_secret": format!("sk-{who}")})
}

fn profiles(scene: &Scene, current: &str, profiles: &Value) {
    let file = json!({"current": current, "profiles": profiles});
    scene.home(".aliyun/config.json", &file.to_string());
}

#[track_caller]
fn applies(scene: &Scene) {
    scene.apply();
    assert_eq!(given::stored(scene), given::service_key(true, "default"));
}

#[test]
fn a_role_is_assumed_with_the_profile_of_the_command_line_tool() {
    let scene = scene();
    profiles(&scene, "a", &json!([key("a", "alice")]));
    provider(&scene, "");
    scene.try_apply().failed().error().says(&["Unauthorized"]);
    provider(&scene, &format!("  assume_role {{\n    role_arn = {ROLE:?}\n  }}"));
    applies(&scene);
}

#[test]
fn a_profile_can_hold_the_role_and_be_chosen_by_name() {
    let scene = scene();
    let role =
        json!({"name": "r", "mode": "ChainableRamRoleArn", "source_profile": "a", "ram_role_arn": ROLE});
    profiles(&scene, "b", &json!([key("b", "bob"), key("a", "alice"), role]));
    provider(&scene, "  profile = \"r\"");
    applies(&scene);
}

#[test]
fn keys_of_the_environment_win_over_a_profile_that_is_broken() {
    let scene = scene();
    scene.home(".aliyun/config.json", "broken");
    provider(&scene, "");
    scene.try_plan().failed().error().says(&["config.json", "key = value"]);
    assert_eq!(scene.calls().len(), 0);
    scene.env("ALICLOUD_ACCESS_KEY", "ak-root");
    scene.env("ALICLOUD_SECRET_KEY", "sk-root");
    applies(&scene);
}

#[test]
fn the_ini_file_of_the_libraries_is_found() {
    let scene = scene();
    let text = "[default]\ntype = access_key\naccess_key_id = ak-root\naccess_key_secret = sk-root\n";
    scene.home(".alibabacloud/credentials", text);
    provider(&scene, "");
    applies(&scene);
    provider(&scene, "  profile = \"gone\"");
    scene.try_plan().failed().error().says(&["profile `gone` of the provider block", "no such profile"]);
}

#[test]
fn a_command_is_run() {
    let scene = scene();
    let printed = json!({"mode": "AK", "access_key_id": "ak-root", "access_key_secret": "sk-root"});
    scene.home("key.json", &printed.to_string());
    let file = scene.root().join("home/key.json");
    let command = format!("cat {}", file.display());
    profiles(&scene, "c", &json!([{"name": "c", "mode": "External", "process_command": command}]));
    provider(&scene, "");
    applies(&scene);
}

#[test]
fn a_role_that_does_not_exist_leaves_the_state_as_it_was() {
    let scene = scene();
    profiles(&scene, "a", &json!([key("a", "alice")]));
    let assume = |role: &str| format!("  assume_role {{\n    role_arn = {role:?}\n  }}");
    provider(&scene, &assume(ROLE));
    applies(&scene);
    provider(&scene, &assume("acs:ram::1234567890123456:role/gone"));
    scene.try_plan().failed().error().says(&["EntityNotExist.Role", "role/gone"]);
    provider(&scene, &assume(ROLE));
    scene.plan().expect_empty();
}

const COUNT: usize = 200;

/// As [`scene`], with many Logstores, which are configured with the role assumed.
fn scene_of_many() -> Scene {
    let scene = scene();
    for number in 0..COUNT {
        scene.put_log_store("audit", &format!("app-{number}"), &json!({"ttl": number + 1}));
    }
    scene.write(
        "main.tf",
        &format!(
            "resource \"alicloud_log_store_encryption\" \"this\" {{\n  count = {COUNT}\n  project_name = \"audit\"\n  logstore_name = \"app-${{count.index}}\"\n}}\n"
        ),
    );
    profiles(&scene, "a", &json!([key("a", "alice")]));
    provider(&scene, &format!("  assume_role {{\n    role_arn = {ROLE:?}\n  }}"));
    scene
}

/// SLS says so often that the token has expired, after it has taken so many calls.
fn expires(scene: &Scene, action: &str, skip: usize, times: usize) {
    let refusal = json!({"error": {"status": 401, "code": "Unauthorized",
        "message": "The security token you provided has expired."}});
    scene.fault(&json!({"action": action, "skip": skip, "times": times, "effect": refusal}));
}

fn count(scene: &Scene, action: &str) -> usize {
    scene.actions().iter().filter(|called| *called == action).count()
}

#[test]
fn a_session_that_expires_in_the_middle_of_an_apply_is_renewed_once() {
    let undisturbed = scene_of_many();
    undisturbed.apply();

    let scene = scene_of_many();
    expires(&scene, "UpdateLogStore", COUNT / 2, 1);
    assert_eq!(scene.apply().changes(), (u64::try_from(COUNT).unwrap(), 0, 0));
    for number in 0..COUNT {
        let log_store = scene.log_store("audit", &format!("app-{number}"));
        assert_eq!(log_store["encrypt_conf"], given::service_key(true, "default"), "{number}");
        assert_eq!(log_store["ttl"], number + 1);
    }
    assert_eq!(count(&scene, "AssumeRole"), count(&undisturbed, "AssumeRole") + 1);
    // What was refused is read again before it is sent again.
    for action in ["UpdateLogStore", "GetLogStore"] {
        assert_eq!(count(&scene, action), count(&undisturbed, action) + 1, "{action}");
    }
    scene.plan().expect_empty();
}

#[test]
fn a_service_that_says_so_of_every_session_is_not_asked_for_ever() {
    let scene = scene_of_many();
    expires(&scene, "GetLogStore", 0, 100_000);
    let failed = scene.try_apply().failed();
    let told: Vec<String> = failed.errors().into_iter().map(|error| error.detail).collect();
    let is_said = |text: &str| told.iter().any(|detail| detail.contains(text));
    assert!(is_said("the new ones have expired too. Check this machine's clock"), "{told:#?}");
    assert_eq!(count(&scene, "AssumeRole"), 2);
    assert_eq!(count(&scene, "UpdateLogStore"), 0);
}

#[test]
fn a_token_that_is_given_is_refused_at_once() {
    let scene = scene();
    let session = scene.open_session(("ak-alice", "sk-alice"), ROLE);
    provider(&scene, "");
    scene.env("ALICLOUD_ACCESS_KEY", &session.id);
    scene.env("ALICLOUD_SECRET_KEY", &session.secret);
    scene.env("ALICLOUD_SECURITY_TOKEN", &session.token);
    scene.forget_calls();
    expires(&scene, "GetLogStore", 0, 1);
    let error = scene.try_apply().failed().error();
    error.says(&["has expired", "The temporary credentials have expired. Get new ones"]);
    assert_eq!(scene.actions(), ["GetLogStore"]);
}
