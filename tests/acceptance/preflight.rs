//! Keys and roles are looked at while a plan is made that relies on them, and while Logstores are refreshed.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::given;
use crate::harness::Scene;
use crate::readiness::{seed, sign_in};

/// The provider's own part of a call count: what is not SLS.
const OTHERS: [&str; 4] = ["DescribeKey", "GetCallerIdentity", "GetRole", "ListPoliciesForRole"];

fn scene() -> Scene {
    scene_of(1)
}

/// A scene with so many Logstores: `app`, or `app-0` and so on.
fn scene_of(count: usize) -> Scene {
    let log_stores: Vec<_> = (0..count).map(|number| json!({"logstoreName": name(count, number)})).collect();
    with_log_stores(&log_stores)
}

fn with_log_stores(log_stores: &[Value]) -> Scene {
    let mut seed = seed();
    seed["projects"] = json!([{"name": "audit", "logstores": log_stores}]);
    let scene = Scene::new(&seed);
    scene.look_at_keys_and_roles();
    scene
}

fn name(count: usize, number: usize) -> String {
    if count == 1 { "app".to_owned() } else { format!("app-{number}") }
}

/// The encryption of `app` with a key and a role; `user_cmk_info` begins in line 4.
fn main(key: &str, role: &str, arguments: &str) -> String {
    given::encryption(&format!(
        "  user_cmk_info = {{\n    cmk_key_id = {key:?}\n    arn = \"acs:ram::1234567890123456:role/{role}\"\n    region_id = \"cn-hangzhou\"\n  }}\n{arguments}"
    ))
}

/// [`main`] for so many Logstores.
fn many(count: usize, key: &str, role: &str) -> String {
    main(key, role, &format!("  count = {count}")).replace("\"app\"", "\"app-${count.index}\"")
}

/// How often each action was called.
fn counts(scene: &Scene) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for action in scene.actions() {
        *counts.entry(action).or_default() += 1;
    }
    counts
}

#[test]
fn what_is_ready_is_planned_and_applied_in_silence() {
    let scene = scene();
    scene.write("main.tf", &main("key-1", "sls-byok", ""));
    let ran = scene.apply();
    assert!(ran.warnings().is_empty(), "{:#?}", ran.warnings());
    // The host plans in one process, and once more in the one that applies.
    let mut wanted = BTreeMap::from(OTHERS.map(|action| (action.to_owned(), 2)));
    wanted.extend([("GetLogStore".to_owned(), 3), ("UpdateLogStore".to_owned(), 1)]);
    assert_eq!(counts(&scene), wanted);
    scene.forget_calls();
    scene.plan().expect_empty();
    assert_eq!(
        counts(&scene),
        BTreeMap::from([("DescribeKey".to_owned(), 1), ("GetLogStore".to_owned(), 1)])
    );
}

#[test]
fn many_resources_with_one_key_and_role_cost_one_look() {
    let scene = scene_of(200);
    scene.write("main.tf", &many(200, "key-1", "sls-byok"));
    scene.try_plan_with(&["-parallelism=50"]).expect_changes();
    let mut wanted = BTreeMap::from(OTHERS.map(|action| (action.to_owned(), 1)));
    wanted.insert("GetLogStore".to_owned(), 200);
    assert_eq!(counts(&scene), wanted);
}

#[test]
fn each_failed_check_is_an_error_at_plan_and_nothing_is_sent() {
    for (key, role, says) in [
        ("disabled", "sls-byok", ["The KMS key is not ready", "aliyun kms EnableKey"]),
        ("gone", "sls-byok", ["key_exists", "aliyun kms CreateKey"]),
        ("elsewhere", "sls-byok", ["another region", "region_id = \"cn-beijing\""]),
        ("key-1", "untrusting", ["The RAM role is not ready", "log.aliyuncs.com"]),
        ("key-1", "gone", ["role_exists", "resource \"alicloud_ram_byok_role\""]),
        ("key-1", "idle", ["role_uses_keys", "AliyunKMSCryptoUserAccess"]),
    ] {
        let scene = scene();
        scene.write("main.tf", &main(key, role, ""));
        let error = scene.try_apply().failed().error();
        error.says(&says);
        error.says(&["preflight = \"warn\""]);
        error.at("main.tf", 4);
        assert!(!scene.actions().contains(&"UpdateLogStore".to_owned()));
    }
    let scene = scene();
    scene.write("main.tf", &main("disabled", "bare", ""));
    assert_eq!(scene.try_plan().failed().errors().len(), 3);
    // A key that is ready, but not where the Logstore is.
    scene.write("main.tf", &main("elsewhere", "sls-byok", "").replace("\"cn-hangzhou\"", "\"cn-beijing\""));
    scene
        .try_plan()
        .failed()
        .error()
        .says(&["the region of the Logstore is cn-hangzhou", "region_id = \"cn-hangzhou\""]);
}

#[test]
fn the_provider_block_says_whether_it_fails_warns_or_does_not_look() {
    let scene = scene();
    scene.write("main.tf", &main("disabled", "sls-byok", ""));
    scene.provider("  preflight = \"warn\"");
    scene.plan().expect_changes().ran.warning().says(&["The KMS key is not ready", "EnableKey"]);
    scene.provider("  preflight = \"off\"");
    scene.forget_calls();
    let plan = scene.plan().expect_changes();
    assert!(plan.ran.warnings().is_empty());
    assert_eq!(scene.actions(), ["GetLogStore"]);
    scene.provider("");
    scene.env("ALICLOUD_ENCRYPTION_PREFLIGHT", "warn");
    scene.plan().expect_changes().ran.warning().says(&["EnableKey"]);
    scene.provider("  preflight = \"sometimes\"");
    scene.try_plan().failed().error().says(&["\"error\", \"warn\", \"off\""]);
}

/// The user may do everything with Logstores and pass the role, and look at nothing else.
#[test]
fn denied_reads_are_one_warning_and_no_error() {
    let scene = scene_of(20);
    sign_in(&scene, "writer");
    scene.write("main.tf", &many(20, "key-1", "sls-byok"));
    let plan = scene.plan().expect_changes();
    let warning = plan.ran.warning();
    warning.says(&["could be checked", "kms:DescribeKey", "ram:GetRole", "ram:ListPoliciesForUser"]);
    warning.at("main.tf", 4);
    let ran = scene.apply();
    assert_eq!(ran.changes(), (20, 0, 0));
    assert!(ran.errors().is_empty());
    scene.plan().expect_empty();
}

#[test]
fn a_service_that_does_not_answer_is_one_warning() {
    let scene = scene_of(5);
    // A port that was free a moment ago, on which nothing listens.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    scene.env("ALIBABA_CLOUD_ENDPOINT_KMS", &format!("http://{port}"));
    scene.provider("  max_retries = 0");
    scene.write("main.tf", &many(5, "key-1", "sls-byok"));
    let plan = scene.plan().expect_changes();
    plan.ran.warning().says(&["were not checked", "DescribeKey", "preflight = \"off\""]);
    // The same goes for what has been applied: a refresh looks too.
    scene.apply();
    let plan = scene.plan().expect_empty();
    plan.ran.warning().says(&["were not checked", "DescribeKey"]);
}

#[test]
fn what_is_not_known_yet_is_not_checked() {
    let scene = scene();
    let text = main("disabled", "sls-byok", "").replace("\"disabled\"", "terraform_data.key.output");
    scene.write(
        "main.tf",
        &format!("{text}resource \"terraform_data\" \"key\" {{\n  input = \"disabled\"\n}}\n"),
    );
    scene.plan().expect_changes();
    assert_eq!(scene.actions(), ["GetLogStore"]);
    // It is known once the host plans again right before it applies.
    scene.try_apply_plan().failed().error().says(&["key_enabled", "EnableKey"]);
    assert!(!scene.actions().contains(&"UpdateLogStore".to_owned()));
}

#[test]
fn a_change_that_enables_is_checked_and_one_that_disables_is_not() {
    let conf = json!({"enable": false, "encrypt_type": "default", "user_cmk_info":
        {"cmk_key_id": "key-1", "arn": "acs:ram::1234567890123456:role/idle", "region_id": "cn-hangzhou"}});
    let scene = with_log_stores(&[json!({"logstoreName": "app", "encrypt_conf": conf})]);
    scene.write("main.tf", &main("key-1", "idle", "  enable = false"));
    scene.provider("  preflight = \"off\"");
    scene.apply();
    scene.provider("");
    scene.plan().expect_empty();
    scene.write("main.tf", &main("key-1", "idle", ""));
    scene.try_plan().failed().error().says(&["role_uses_keys"]);

    scene.patch_log_store(
        "audit",
        "app",
        &json!({"encrypt_conf": {"enable": true, "encrypt_type": "default",
        "user_cmk_info": conf["user_cmk_info"]}}),
    );
    scene.write("main.tf", &main("key-1", "idle", "  enable = false"));
    assert!(scene.plan().expect_changes().ran.warnings().is_empty());
}

#[test]
fn a_refresh_warns_of_a_key_that_cannot_be_used() {
    for (key, says) in [
        ("disabled", "aliyun kms EnableKey --RegionId cn-hangzhou --KeyId disabled"),
        ("doomed", "aliyun kms CancelKeyDeletion --RegionId cn-hangzhou --KeyId doomed"),
        ("gone", "KMS has no such key in cn-hangzhou"),
    ] {
        let conf = json!({"enable": true, "encrypt_type": "default", "user_cmk_info":
            {"cmk_key_id": key, "arn": "acs:ram::1234567890123456:role/sls-byok", "region_id": "cn-hangzhou"}});
        let log_store = |number: usize| json!({"logstoreName": name(2, number), "encrypt_conf": conf});
        let scene = with_log_stores(&[log_store(0), log_store(1)]);
        scene.write("main.tf", &many(2, key, "sls-byok"));
        scene.provider("  preflight = \"off\"");
        scene.apply();
        scene.plan().expect_empty();
        scene.provider("");
        scene.forget_calls();
        let plan = scene.plan().expect_empty();
        let warnings = plan.ran.warnings();
        assert_eq!(warnings.len(), 2, "{warnings:#?}");
        for warning in warnings {
            warning.says(&[key, says, "can be neither read nor written"]);
            warning.at("main.tf", 4);
        }
        assert_eq!(counts(&scene)["DescribeKey"], 1);
    }
}

/// What is wrong about a role of the same configuration is put right before the Logstore's turn comes.
#[test]
fn a_role_of_the_same_configuration_need_not_be_there_yet() {
    let scene = scene();
    let role = "resource \"alicloud_ram_byok_role\" \"byok\" {\n  role_name = \"made-here\"\n}\n";
    let with = |text: String| scene.write("main.tf", &format!("{text}{role}"));
    with(main("key-1", "made-here", "  depends_on = [alicloud_ram_byok_role.byok]"));
    scene.plan().expect_changes();
    with(
        main("key-1", "x", "")
            .replace("\"acs:ram::1234567890123456:role/x\"", "alicloud_ram_byok_role.byok.arn"),
    );
    let ran = scene.apply();
    assert_eq!(ran.changes(), (2, 0, 0));
    assert!(ran.warnings().is_empty(), "{:#?}", ran.warnings());
    scene.plan().expect_empty();
}
