//! `alicloud_log_store_encryptions` and the data source `alicloud_log_store_encryption`: what they find, what they do
//! not, and what that costs.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::given::{ARN, byok, service_key};
use crate::harness::{Call, Ran, Scene};

/// A data source about all Logstores, with arguments.
fn all(arguments: &str) -> String {
    format!("data \"alicloud_log_store_encryptions\" \"all\" {{\n{arguments}\n}}\n")
}

fn found(scene: &Scene) -> Value {
    Value::Object(scene.attributes("alicloud_log_store_encryptions.all"))
}

/// Reads with these arguments.
#[track_caller]
fn audit(scene: &Scene, arguments: &str) -> Value {
    scene.write("main.tf", &all(arguments));
    scene.apply();
    found(scene)
}

/// The ids of the Logstores that were found, in their order.
fn ids(found: &Value) -> Vec<String> {
    let logstores = found["logstores"].as_array().unwrap().iter();
    logstores
        .map(|logstore| {
            format!("{} {}", logstore["region"].as_str().unwrap(), logstore["id"].as_str().unwrap())
        })
        .collect()
}

fn counted(found: &Value) -> [i64; 4] {
    ["total", "encrypted_total", "in_clear_total", "unreadable_total"]
        .map(|name| found[name].as_i64().unwrap())
}

/// How often each action was called.
fn tally(calls: &[Call]) -> BTreeMap<String, usize> {
    let mut tally = BTreeMap::new();
    for call in calls.iter().filter(|call| call.service == "sls") {
        *tally.entry(call.action.clone()).or_default() += 1;
    }
    tally
}

#[track_caller]
fn cost(scene: &Scene, expected: &[(&str, usize)]) {
    let expected = expected.iter().map(|(action, count)| ((*action).to_owned(), *count)).collect();
    assert_eq!(tally(&scene.calls()), expected);
    scene.forget_calls();
}

pub fn logstore(name: &str) -> Value {
    json!({"logstoreName": name})
}

pub fn configured(name: &str, conf: &Value) -> Value {
    json!({"logstoreName": name, "encrypt_conf": conf})
}

/// Three projects in two regions, with each kind of Logstore.
fn seed() -> Value {
    let mut off = configured("off", &byok(false));
    off["productType"] = "aliyun".into();
    json!({
        "users": [{"name": "ci"}],
        "access_keys": [
            {"id": "ak-root", "secret": "sk-root"},
            {"id": "ak-ci", "secret": "sk-ci", "user": "ci"},
        ],
        "projects": [
            {"name": "waf-b", "logstores": [logstore("plain"), off, configured("own-key", &byok(true))]},
            {"name": "audit", "logstores": [
                configured("service", &service_key(true, "sm4_gcm")),
                {"logstoreName": "cpu", "telemetryType": "Metrics"},
                {"logstoreName": "memory", "telemetryType": "Metrics", "encrypt_conf": byok(true)},
            ]},
            {"name": "empty"},
            {"name": "far", "region": "cn-beijing", "logstores": [logstore("plain")]},
        ],
    })
}

#[test]
fn every_state_of_a_logstore_is_told() {
    let scene = Scene::new(&seed());
    let found = audit(&scene, "");
    cost(
        &scene,
        &[
            ("ListProject", 1),
            ("ListLogStores", 3),
            ("ListMetricStores", 3),
            ("GetLogStore", 4),
            ("GetMetricStore", 2),
        ],
    );
    assert_eq!(counted(&found), [6, 3, 3, 0]);
    assert_eq!(found["unreadable"], json!([]));
    let row = |project: &str, name: &str, kind: &str, encrypted: bool, rest: [Value; 7]| {
        let [product, enable, mechanism, encrypt_type, key, arn, region] = rest;
        json!({"id": format!("{project}:{name}"), "region": "cn-hangzhou", "project_name": project,
            "logstore_name": name, "telemetry_type": kind, "product_type": product, "encrypted": encrypted,
            "enable": enable, "mechanism": mechanism, "encrypt_type": encrypt_type, "cmk_key_id": key,
            "arn": arn, "cmk_region_id": region})
    };
    let never = || [(); 7].map(|()| Value::Null);
    let own = |product: Value, enable: bool| {
        [
            product,
            enable.into(),
            "byok".into(),
            "default".into(),
            "key-1".into(),
            ARN.into(),
            "cn-hangzhou".into(),
        ]
    };
    let service = [
        Value::Null,
        true.into(),
        "service_key".into(),
        "sm4_gcm".into(),
        Value::Null,
        Value::Null,
        Value::Null,
    ];
    assert_eq!(
        found["logstores"],
        json!([
            row("audit", "cpu", "Metrics", false, never()),
            row("audit", "memory", "Metrics", true, own(Value::Null, true)),
            row("audit", "service", "None", true, service),
            row("waf-b", "off", "None", false, own("aliyun".into(), false)),
            row("waf-b", "own-key", "None", true, own(Value::Null, true)),
            row("waf-b", "plain", "None", false, never()),
        ])
    );
    scene.plan().expect_empty();
}

#[test]
fn regions_projects_patterns_and_kinds_choose_what_is_read() {
    let scene = Scene::new(&seed());
    for (arguments, expected) in [
        ("  regions = [\"cn-beijing\"]", "cn-beijing far:plain"),
        ("  regions = [\"cn-shanghai\"]", ""),
        (
            "  regions = [\"cn-hangzhou\", \"cn-beijing\"]\n  logstore_name_pattern = \"plain\"",
            "cn-beijing far:plain, cn-hangzhou waf-b:plain",
        ),
        (
            "  project_name_pattern = \"waf-?\"\n  logstore_name_pattern = \"*-key\"",
            "cn-hangzhou waf-b:own-key",
        ),
        ("  project_name_pattern = \"waf\"", ""),
        ("  project_names = [\"audit\"]\n  telemetry_type = \"None\"", "cn-hangzhou audit:service"),
        (
            "  project_names = [\"audit\"]\n  telemetry_type = \"Metrics\"",
            "cn-hangzhou audit:cpu, cn-hangzhou audit:memory",
        ),
        (
            "  project_names = [\"audit\", \"waf-b\"]\n  project_name_pattern = \"aud*\"\n  logstore_name_pattern = \"*p*\"",
            "cn-hangzhou audit:cpu",
        ),
    ] {
        let found = audit(&scene, arguments);
        assert_eq!(ids(&found).join(", "), expected, "{arguments}");
        assert_eq!(found["unreadable_total"], 0, "{arguments}: {found:#}");
    }
    scene.forget_calls();
    audit(&scene, "  project_names = [\"audit\"]\n  telemetry_type = \"None\"");
    cost(&scene, &[("ListLogStores", 1), ("GetLogStore", 1)]);
}

/// A scene whose provider reaches the emulator by the host names of SLS, which tell the region: a project that is in
/// another one does not exist there.
fn scene_with_hosts_of_regions() -> (Scene, tempfile::TempDir) {
    let certificates = tempfile::tempdir().unwrap();
    let ca = certificates.path().join("ca.pem").display().to_string();
    let scene = Scene::with_flags(&seed(), &["--tls", "--ca-out", &ca]);
    let block = format!(
        "provider \"alicloud\" {{\n  region = \"cn-hangzhou\"\n  access_key = \"ak-root\"\n  secret_key = \"sk-root\"\n  ca_bundle = {ca:?}\n}}\n"
    );
    scene.write("provider.tf", &(scene.required_providers() + &block));
    scene.env("HTTPS_PROXY", &scene.endpoint());
    (scene, certificates)
}

#[test]
fn a_project_is_looked_for_in_each_region() {
    let (scene, _certificates) = scene_with_hosts_of_regions();
    let found = audit(&scene, "  regions = [\"cn-hangzhou\", \"cn-beijing\"]\n  project_names = [\"far\"]");
    cost(&scene, &[("ListLogStores", 2), ("ListMetricStores", 1), ("GetLogStore", 1)]);
    assert_eq!(
        (ids(&found).join(", "), &found["unreadable"]),
        ("cn-beijing far:plain".to_owned(), &json!([]))
    );
}

#[test]
fn a_project_that_is_nowhere_is_told() {
    let (scene, _certificates) = scene_with_hosts_of_regions();
    for (arguments, region, says) in [
        ("", json!("cn-hangzhou"), "was refused"),
        ("  regions = [\"cn-hangzhou\", \"cn-beijing\"]\n", json!(null), "is in none of the 2 regions"),
    ] {
        scene.write("main.tf", &all(&format!("{arguments}  project_names = [\"far\", \"audit\", \"gone\"]")));
        let ran = scene.apply();
        ran.warning().says(&["Not every Logstore could be read", "Project gone", says]);
        let unreadable = found(&scene)["unreadable"].clone();
        let gone = unreadable.as_array().unwrap().iter().find(|one| one["project_name"] == "gone").unwrap();
        assert_eq!(
            (&gone["region"], &gone["logstore_name"], &gone["code"]),
            (&region, &json!(null), &json!("ProjectNotExist"))
        );
        assert_eq!(unreadable.as_array().unwrap().len(), if region.is_null() { 1 } else { 2 });
    }
}

/// Refuses one call of an action.
fn refuse(scene: &Scene, action: &str, at: &Value) {
    let effect = json!({"error": {"status": 401, "code": "Unauthorized", "message": "denied"}});
    let mut rule = json!({"action": action, "effect": effect});
    rule.as_object_mut().unwrap().extend(at.as_object().unwrap().clone());
    scene.fault(&rule);
}

/// One Logstore, the metric stores of one project and one region are refused.
fn refuse_some(scene: &Scene) {
    refuse(scene, "GetLogStore", &json!({"project": "waf-b", "logstore": "plain"}));
    refuse(scene, "ListMetricStores", &json!({"project": "audit"}));
}

#[test]
fn what_cannot_be_read_is_listed_and_the_rest_is_read() {
    let scene = Scene::new(&seed());
    scene.write("main.tf", &all(""));
    refuse_some(&scene);
    let ran = scene.apply();
    ran.warning().says(&[
        "Not every Logstore could be read",
        "Project audit in cn-hangzhou: SLS ListMetricStores on audit was refused",
        "Logstore waf-b:plain in cn-hangzhou",
    ]);
    let found = found(&scene);
    // `ListLogStores` names the metric stores too, so that they are found all the same.
    assert_eq!(counted(&found), [5, 3, 2, 2]);
    let unreadable: Vec<Value> = found["unreadable"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            assert!(one["message"].as_str().unwrap().contains("request id"), "{one}");
            json!([one["region"], one["project_name"], one["logstore_name"], one["code"]])
        })
        .collect();
    assert_eq!(
        json!(unreadable),
        json!([
            ["cn-hangzhou", "audit", null, "Unauthorized"],
            ["cn-hangzhou", "waf-b", "plain", "Unauthorized"],
        ])
    );

    refuse(&scene, "ListProject", &json!({}));
    let found = audit(&scene, "");
    assert_eq!((counted(&found), &found["unreadable"][0]["project_name"]), ([0, 0, 0, 1], &json!(null)));
}

#[test]
fn what_cannot_be_read_is_an_error_if_that_is_wanted() {
    let scene = Scene::new(&seed());
    scene.write("main.tf", &all("  fail_on_unreadable = true"));
    scene.apply();
    refuse_some(&scene);
    let error = scene.try_apply().failed().error();
    error.says(&[
        "Not every Logstore could be read",
        "Logstore waf-b:plain in cn-hangzhou",
        "Least privileges",
    ]);
    error.at("main.tf", 2);
}

#[test]
fn what_would_fail_for_all_ends_the_audit() {
    let scene = Scene::new(&seed());
    scene.write("main.tf", &all(""));
    let provider = scene.read("provider.tf");
    scene.write("provider.tf", &provider.replace("sk-root", "sk-wrong"));
    scene.try_plan().failed().error().says(&["Cannot audit Logstores", "SignatureNotMatch", "secret_key"]);
    scene.provider("");
    scene.write("main.tf", &all("  timeouts = { read = \"1s\" }"));
    scene.fault(&json!({"action": "GetLogStore", "logstore": "off", "times": 9, "effect": "hold"}));
    scene.try_plan().failed().error().says(&[
        "Cannot audit Logstores",
        "5 of 6 Logstores had been read",
        "timeouts.read",
    ]);
}

#[test]
fn a_deleted_logstore_is_left_out() {
    let scene = Scene::new(&seed());
    let effect = json!({"error": {"status": 404, "code": "LogStoreNotExist", "message": "gone"}});
    scene.fault(&json!({"action": "GetLogStore", "logstore": "plain", "effect": effect}));
    let found = audit(&scene, "");
    assert_eq!(counted(&found), [5, 3, 2, 0]);
}

#[test]
fn malformed_arguments_are_found_before_any_call() {
    let scene = Scene::new(&json!({}));
    for (line, says) in [
        ("  regions = [\"Hangzhou\"]", "region"),
        ("  regions = []", "nothing would be audited"),
        ("  project_names = []", "nothing would be audited"),
        ("  project_names = [\"a_b\"]", "project name"),
        ("  project_name_pattern = \"\"", "empty"),
        ("  telemetry_type = \"Logs\"", "\"Metrics\""),
        ("  timeouts = { read = \"soon\" }", "timeouts.read"),
    ] {
        scene.write("main.tf", &all(line));
        let error = scene.validate().failed().error();
        error.says(&[says]);
        error.at("main.tf", 2);
    }
    assert!(scene.calls().is_empty());
}

#[test]
fn an_audit_of_nothing_has_empty_lists() {
    let scene = Scene::new(&json!({}));
    let found = audit(&scene, "");
    cost(&scene, &[("ListProject", 1)]);
    assert_eq!(
        (counted(&found), &found["logstores"], &found["unreadable"]),
        ([0; 4], &json!([]), &json!([]))
    );
}

/// 20 projects in three regions with 100 Logstores each, of which one in five is encrypted.
pub fn large_seed() -> Value {
    let logstores: Vec<Value> =
        (0..100)
            .map(|number| format!("store-{number:03}"))
            .enumerate()
            .map(|(number, name)| {
                if number % 5 == 0 {
                    configured(&name, &service_key(true, "default"))
                } else {
                    logstore(&name)
                }
            })
            .collect();
    let projects: Vec<Value> = (0..20)
        .map(|number| {
            let region = ["cn-hangzhou", "cn-beijing", "cn-shanghai"][number % 3];
            json!({"name": format!("project-{number:02}"), "region": region, "logstores": logstores})
        })
        .collect();
    json!({"projects": projects})
}

const THREE_REGIONS: &str = "  regions = [\"cn-hangzhou\", \"cn-beijing\", \"cn-shanghai\"]";

#[test]
fn two_thousand_logstores_cost_their_pages_and_one_read_each() {
    let scene = Scene::new(&large_seed());
    let found = audit(&scene, THREE_REGIONS);
    cost(
        &scene,
        &[("ListProject", 3), ("ListLogStores", 20), ("ListMetricStores", 20), ("GetLogStore", 2000)],
    );
    assert_eq!(counted(&found), [2000, 400, 1600, 0]);
    let ids = ids(&found);
    assert!(ids.is_sorted() && ids[0] == "cn-beijing project-01:store-000", "{:?}", &ids[..3]);
}

#[test]
fn lists_of_more_than_a_page_are_read_to_their_end() {
    let logstores: Vec<Value> = (0..501).map(|number| logstore(&format!("store-{number:03}"))).collect();
    let metrics: Vec<Value> = (0..501)
        .map(|number| json!({"logstoreName": format!("metric-{number:03}"), "telemetryType": "Metrics"}))
        .collect();
    let mut projects: Vec<Value> =
        (0..500).map(|number| json!({"name": format!("empty-{number:03}")})).collect();
    projects.push(json!({"name": "full", "logstores": ([logstores, metrics].concat())}));
    let scene = Scene::new(&json!({"projects": projects}));
    let found = audit(&scene, "  project_name_pattern = \"f*\"\n  logstore_name_pattern = \"*-500\"");
    cost(
        &scene,
        &[
            ("ListProject", 2),
            ("ListLogStores", 3),
            ("ListMetricStores", 2),
            ("GetLogStore", 1),
            ("GetMetricStore", 1),
        ],
    );
    assert_eq!(ids(&found), ["cn-hangzhou full:metric-500", "cn-hangzhou full:store-500"]);
}

#[test]
fn throttling_slows_an_audit_down_and_fails_nothing() {
    let scene = Scene::new(&large_seed());
    scene.quota(&json!({"service": "sls", "requests_per_second": 100, "burst": 5}));
    let found = audit(&scene, "  project_name_pattern = \"project-0[0-9]\"\n  regions = [\"cn-hangzhou\"]");
    assert_eq!(counted(&found), [0; 4], "brackets mean themselves");
    let found = audit(&scene, "  project_name_pattern = \"project-0*\"");
    assert_eq!(counted(&found), [400, 80, 320, 0]);
    let refused = scene.calls().iter().filter(|call| call.status == Some(403)).count();
    assert!(refused > 0, "the quota was not felt");
}

#[test]
fn an_interrupt_ends_an_audit() {
    let scene = Scene::new(&large_seed());
    scene.host_starts_provider();
    scene.write("main.tf", &all(THREE_REGIONS));
    scene.fault(&json!({"action": "GetLogStore", "skip": 100, "times": 5000, "effect": "hold"}));
    let run = scene.start(&["plan", "-input=false", "-json"]);
    scene.await_calls("the first reads", |calls| {
        tally(calls).get("GetLogStore").is_some_and(|count| *count > 100)
    });
    run.interrupt();
    let ran = run.wait();
    scene.clear_faults();
    assert_eq!(ran.exit_code, Some(1));
    let sent = tally(&scene.calls())["GetLogStore"];
    assert!(sent < 200, "{sent} reads were sent");
}

/// The data source about one.
fn one(arguments: &str) -> String {
    format!("data \"alicloud_log_store_encryption\" \"one\" {{\n{arguments}\n}}\n")
}

#[track_caller]
fn read_one(scene: &Scene, project: &str, name: &str, arguments: &str) -> Ran {
    scene.write(
        "main.tf",
        &one(&format!("  project_name = {project:?}\n  logstore_name = {name:?}\n{arguments}")),
    );
    scene.try_apply()
}

#[test]
fn one_logstore_is_read_in_one_call() {
    let scene = Scene::new(&seed());
    let attributes = || Value::Object(scene.attributes("alicloud_log_store_encryption.one"));
    read_one(&scene, "waf-b", "own-key", "").succeeded();
    cost(&scene, &[("GetLogStore", 1)]);
    let found = attributes();
    assert_eq!(
        json!([
            found["id"],
            found["region"],
            found["telemetry_type"],
            found["encrypted"],
            found["mechanism"],
            found["cmk_key_id"]
        ]),
        json!(["waf-b:own-key", "cn-hangzhou", "None", true, "byok", "key-1"])
    );

    read_one(&scene, "waf-b", "plain", "").succeeded();
    let found = attributes();
    assert_eq!(json!([found["encrypted"], found["enable"], found["mechanism"]]), json!([false, null, null]));
    read_one(&scene, "waf-b", "off", "").succeeded();
    let found = attributes();
    assert_eq!(
        json!([found["encrypted"], found["enable"], found["product_type"]]),
        json!([false, false, "aliyun"])
    );
    read_one(&scene, "far", "plain", "  region = \"cn-beijing\"").succeeded();
    scene.forget_calls();

    read_one(&scene, "audit", "memory", "").succeeded();
    cost(&scene, &[("GetLogStore", 1), ("GetMetricStore", 1)]);
    assert_eq!(json!([attributes()["encrypted"], attributes()["telemetry_type"]]), json!([true, "Metrics"]));
    read_one(&scene, "audit", "memory", "  telemetry_type = \"Metrics\"").succeeded();
    cost(&scene, &[("GetMetricStore", 1)]);
}

#[test]
fn one_that_is_not_there_or_holds_something_else_is_an_error() {
    let scene = Scene::new(&seed());
    let says = |ran: Ran, words: &[&str]| ran.failed().error().says(words);
    says(
        read_one(&scene, "waf-b", "gone", ""),
        &["Cannot read the encryption of a Logstore", "Logstore waf-b:gone", "LogStoreNotExist"],
    );
    says(read_one(&scene, "gone", "plain", ""), &["Logstore gone:plain", "ProjectNotExist"]);
    says(
        read_one(&scene, "audit", "memory", "  telemetry_type = \"None\""),
        &["Logstore audit:memory", "\"Metrics\""],
    );
}
