//! `terraform query`: what is encrypted, Logstores and metric stores, is listed, and written as a configuration that
//! takes it over.

use serde_json::{Value, json};

use crate::examples::example;
use crate::given::{byok, service_key};
use crate::harness::{Call, Host, Ran, Scene};
use crate::role::given::{people, trust};

/// Logstores of every kind, in projects of two regions.
fn seed() -> Value {
    json!({"projects": [
        {"name": "waf", "logstores": [
            {"logstoreName": "waf-logstore", "encrypt_conf": service_key(true, "sm4_gcm")},
        ]},
        {"name": "audit", "logstores": [
            {"logstoreName": "plain"},
            {"logstoreName": "off-log", "encrypt_conf": service_key(false, "aes_gcm")},
            {"logstoreName": "app-log", "encrypt_conf": byok(true)},
        ]},
        {"name": "empty", "logstores": []},
        {"name": "far", "region": "cn-beijing", "logstores": [
            {"logstoreName": "log", "encrypt_conf": service_key(true, "default")},
            {"logstoreName": "metrics", "telemetryType": "Metrics", "encrypt_conf": service_key(true, "aes_gcm")},
        ]},
    ]})
}

/// `many` holds 2,000 Logstores, of which every fourth is encrypted.
fn many() -> Value {
    let log_store = |number: usize| {
        let mut log_store = json!({"logstoreName": format!("log-{number:04}")});
        if number.is_multiple_of(4) {
            log_store["encrypt_conf"] = service_key(true, "default");
        }
        log_store
    };
    json!({"projects": [{"name": "many", "logstores": (0..2000).map(log_store).collect::<Vec<_>>()}]})
}

/// A scene of the newest host, in which the provider has the name that hosts write into generated configurations.
pub fn scene(seed: &Value) -> Scene {
    let scene = Scene::on(Host::Newest, seed);
    let provider = scene.read("provider.tf").replace("alicloud = {", "alicloud-encryption = {");
    scene
        .write("provider.tf", &provider.replace("provider \"alicloud\"", "provider \"alicloud-encryption\""));
    scene
}

pub const ENCRYPTION: &str = "alicloud_log_store_encryption";
const ROLE: &str = "alicloud_ram_byok_role";

pub fn list(of: &str, label: &str, arguments: &str, config: &str) -> String {
    format!(
        "list {of:?} {label:?} {{\n  provider = alicloud-encryption\n{arguments}\n  config {{\n{config}\n  }}\n}}\n"
    )
}

/// Lists Logstores with this `config`.
fn encrypted(label: &str, config: &str) -> String {
    list(ENCRYPTION, label, "", config)
}

pub fn query(scene: &Scene, lists: &[String]) -> Ran {
    scene.write("all.tfquery.hcl", &lists.concat());
    scene.run(&["query", "-json"])
}

/// What a list block found, in its order.
fn found(ran: &Ran, label: &str) -> Vec<Value> {
    let events = ran.events().into_iter().map(|event| event["list_resource_found"].clone());
    events
        .filter(|one| one["address"].as_str().is_some_and(|at| at.ends_with(&format!(".{label}"))))
        .collect()
}

fn names(ran: &Ran, label: &str) -> Vec<String> {
    found(ran, label).iter().map(|one| one["display_name"].as_str().unwrap().to_owned()).collect()
}

fn count(scene: &Scene, action: &str) -> usize {
    scene.actions().iter().filter(|called| *called == action).count()
}

const APP: &str = "audit/app-log (byok, default)";
const OFF: &str = "audit/off-log (service_key, aes_gcm, disabled)";
const WAF: &str = "waf/waf-logstore (service_key, sm4_gcm)";

#[test]
fn what_is_encrypted_is_listed_by_name_and_filtered() {
    let scene = scene(&seed());
    let lists: [(&str, &str, &[&str]); 10] = [
        ("all", "", &[APP, OFF, WAF]),
        ("project", "project_name = \"audit\"", &[APP, OFF]),
        ("empty", "project_name = \"empty\"", &[]),
        ("part", "logstore_name = \"off\"", &[OFF]),
        ("byok", "mechanism = \"byok\"", &[APP]),
        ("service", "mechanism = \"service_key\"", &[OFF, WAF]),
        ("disabled", "enable = false", &[OFF]),
        ("key", "cmk_key_id = \"key-1\"", &[APP]),
        ("other_key", "cmk_key_id = \"key-2\"", &[]),
        ("role", "role_arn = \"acs:ram::1234567890123456:role/SLS-BYOK\"", &[APP]),
    ];
    let mut blocks: Vec<String> = lists.iter().map(|(label, config, _)| encrypted(label, config)).collect();
    blocks.push(encrypted("far", "region = \"cn-beijing\""));
    blocks.push(list(ENCRYPTION, "none", "  limit = 0", ""));
    blocks.push(list(ENCRYPTION, "two", "  limit = 2", ""));
    let ran = query(&scene, &blocks).succeeded();
    for (label, _, expected) in lists {
        assert_eq!(names(&ran, label), expected, "{label}");
    }
    assert_eq!(names(&ran, "far"), ["far/log (service_key, default)", "far/metrics (service_key, aes_gcm)"]);
    assert_eq!(names(&ran, "none"), [""; 0]);
    assert_eq!(names(&ran, "two"), [APP, OFF]);
    let identity = json!({"project_name": "audit", "logstore_name": "app-log", "region": "cn-hangzhou"});
    let [app, ..] = &found(&ran, "all")[..] else { panic!("nothing is listed") };
    assert_eq!((&app["identity"], &app["resource_object"]), (&identity, &Value::Null));
    assert_eq!(ran.warnings().len(), 0);
    assert_eq!(scene.writes().len(), 0);
}

/// Applies what a query has written; it must change nothing.
#[track_caller]
fn takes_over(scene: &Scene, addresses: &[&str]) {
    scene.forget_calls();
    let ran = scene.apply();
    assert_eq!((ran.changes(), ran.warnings().len()), ((0, 0, 0), 0));
    assert_eq!(scene.addresses(), addresses);
    scene.plan().expect_empty();
    assert_eq!((scene.writes().len(), scene.ram_writes().len()), (0, 0));
}

#[test]
fn what_is_written_is_short_and_takes_over_without_a_change() {
    let scene = scene(&seed());
    let with_resource = |label, config| list(ENCRYPTION, label, "  include_resource = true", config);
    let other_region = with_resource("far", "region = \"cn-beijing\"");
    let lists = [with_resource("all", ""), other_region];
    let ran = query(&scene, &lists).succeeded();
    let objects: Vec<Value> = ["all", "far"]
        .iter()
        .flat_map(|label| found(&ran, label))
        .map(|one| one["resource_object"].clone())
        .collect();
    scene.run(&["query", "-generate-config-out=generated.tf"]).succeeded();
    let generated = scene.read("generated.tf");
    let resource = |label: &str| {
        let (_, rest) = generated.split_once(&format!("{label}\" {{\n")).unwrap();
        let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
        rest.split_once("\n}").unwrap().0.lines().map(words).collect::<Vec<_>>()
    };
    assert_eq!(
        resource("all_2"),
        [
            "provider = alicloud-encryption",
            "encrypt_type = \"sm4_gcm\"",
            "logstore_name = \"waf-logstore\"",
            "project_name = \"waf\"",
            "timeouts = null",
            "user_cmk_info = null",
        ]
    );
    assert!(resource("far_0").contains(&"region = \"cn-beijing\"".to_owned()));
    let cmk = [
        "user_cmk_info = {",
        "arn = \"acs:ram::1234567890123456:role/sls-byok\"",
        "cmk_key_id = \"key-1\"",
        "}",
    ];
    assert!(resource("all_0").ends_with(&cmk.map(str::to_owned)), "{generated}");

    let addresses =
        ["all_0", "all_1", "all_2", "far_0", "far_1"].map(|label| format!("{ENCRYPTION}.{label}"));
    takes_over(&scene, &addresses.each_ref().map(String::as_str));
    let stored = addresses.iter().map(|address| Value::Object(scene.attributes(address)));
    assert_eq!(stored.collect::<Vec<_>>(), objects, "the listed objects are what an import stores");

    // What is left out depends on the region of the provider block.
    let provider = scene.read("provider.tf").replace("\"cn-hangzhou\"", "\"cn-beijing\"");
    scene.write("provider.tf", &provider);
    query(&scene, &[encrypted("near", "")]).succeeded();
    scene.run(&["query", "-generate-config-out=near.tf"]).succeeded();
    let lines = scene.read("near.tf").lines().filter(|line| line.contains("region")).count();
    assert_eq!(lines, 2, "only the identities have it: {}", scene.read("near.tf"));
}

#[test]
fn what_cannot_be_read_is_one_warning_and_what_cannot_be_listed_an_error() {
    let mut seed = seed();
    let secrets = (0..22)
        .map(|number| json!({"logstoreName": format!("secret-{number:02}"), "encrypt_conf": byok(true)}));
    seed["projects"][1]["logstores"].as_array_mut().unwrap().extend(secrets);
    let scene = scene(&seed);
    let refusal = json!({"error": {"status": 403, "code": "Unauthorized", "message": "not today"}});
    for number in 0..22 {
        let name = format!("secret-{number:02}");
        scene.fault(&json!({"action": "GetLogStore", "logstore": name, "times": 9, "effect": refusal}));
    }
    let ran = query(&scene, &[encrypted("all", "")]).succeeded();
    assert_eq!(names(&ran, "all"), [APP, OFF, WAF]);
    let warning = ran.warning();
    assert_eq!(warning.summary, "Not every Logstore could be read");
    warning.says(&[
        "(22)",
        "Logstore audit:secret-00 in cn-hangzhou",
        "audit:secret-19",
        "and 2 more",
        "not today",
    ]);
    assert!(!warning.text().contains("audit:secret-20"), "{warning:?}");
    // The host takes no more after the limit, and is told before it.
    let ran = query(&scene, &[list(ENCRYPTION, "all", "  limit = 3", "")]).succeeded();
    assert_eq!((names(&ran, "all").len(), ran.warnings().len()), (3, 1));
    // A project whose Logstores cannot be listed is one of them, unless it is all that is asked for, and its metric
    // stores cannot be listed either.
    scene.clear_faults();
    scene.fault(&json!({"action": "ListLogStores", "project": "audit", "times": 9, "effect": refusal}));
    let ran = query(&scene, &[encrypted("all", "")]).succeeded();
    assert_eq!(names(&ran, "all"), [WAF]);
    ran.warning().says(&["Project audit in cn-hangzhou", "not today"]);
    let ran = query(&scene, &[encrypted("all", "project_name = \"audit\"")]).succeeded();
    ran.warning().says(&["Project audit in cn-hangzhou", "ListLogStores", "not today"]);
    scene.fault(&json!({"action": "ListMetricStores", "project": "audit", "times": 9, "effect": refusal}));
    let error = |scene: &Scene, config| query(scene, &[encrypted("all", config)]).failed().error();
    error(&scene, "project_name = \"audit\"").says(&["Cannot list Logstores", "Project audit", "not today"]);
    error(&scene, "project_name = \"nowhere\"").says(&["Project nowhere in cn-hangzhou", "ProjectNotExist"]);
    scene.fault(&json!({"action": "ListProject", "effect": refusal}));
    error(&scene, "").says(&["Cannot list projects", "Region cn-hangzhou", "log:ListProject"]);
}

#[test]
fn of_many_no_more_are_read_than_asked_for() {
    let scene = scene(&many());
    scene.run(&["validate", "-no-color"]).succeeded();
    let ran = query(&scene, &[list(ENCRYPTION, "all", "  limit = 2000", "")]).succeeded();
    let expected: Vec<String> =
        (0..500).map(|number| format!("many/log-{:04} (service_key, default)", number * 4)).collect();
    assert_eq!(names(&ran, "all"), expected);
    let calls = ["ListProject", "ListLogStores", "ListMetricStores", "GetLogStore"]
        .map(|action| count(&scene, action));
    assert_eq!((calls, scene.calls().len()), ([1, 4, 1, 2000], 2006));
    scene.forget_calls();
    scene.provider("");
    let lists = [list(ENCRYPTION, "all", "  limit = 10", "").replace("alicloud-encryption", "alicloud")];
    scene.provider("  max_concurrency = 5");
    assert_eq!(names(&query(&scene, &lists).succeeded(), "all"), expected[..10]);
    // The tenth is the 37th Logstore.
    let reads = count(&scene, "GetLogStore");
    assert!((37..=37 + 5).contains(&reads), "{reads}");
    // A query is checked without a call.
    scene.forget_calls();
    scene.run(&["validate", "-query", "-no-color"]).succeeded();
    scene.write(
        "all.tfquery.hcl",
        &encrypted("all", "mechanism = \"none\"").replace("alicloud-encryption", "alicloud"),
    );
    let error = scene.run(&["validate", "-query", "-json"]).failed().error();
    error.says(&["mechanism", "\"service_key\", \"byok\""]);
    error.at("all.tfquery.hcl", 5);
    assert_eq!(scene.calls().len(), 0);
}

#[test]
fn an_interrupt_ends_the_calls() {
    let scene = scene(&many());
    scene.host_starts_provider();
    scene.fault(&json!({"action": "GetLogStore", "skip": 300, "times": 2000, "effect": "hold"}));
    scene.write("all.tfquery.hcl", &list(ENCRYPTION, "all", "  limit = 2000", ""));
    let run = scene.start(&["query", "-json"]);
    let is_held = |call: &Call| call.action == "GetLogStore" && call.status.is_none();
    scene.await_calls("a read that is held", |calls| calls.iter().any(is_held));
    run.interrupt();
    assert_ne!(run.wait().exit_code, Some(0));
    let calls = count(&scene, "GetLogStore");
    assert!(calls < 400, "{calls} reads");
}

#[test]
fn roles_that_sls_may_assume_are_listed_and_taken_over() {
    let mut seed = people();
    let other = json!({"Version": "1", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": {"Service": ["ecs.aliyuncs.com"]}}]});
    seed["roles"] = json!([
        {"name": "sls-Other", "assume_role_policy_document": other},
        {"name": "Sls-bare", "description": "", "assume_role_policy_document": trust(),
            "policies": ["AliyunKMSReadOnlyAccess", "AliyunKMSCryptoUserAccess"]},
        {"name": "zeta", "assume_role_policy_document": trust()},
        {"name": "AliyunServiceRoleForSls", "assume_role_policy_document": trust()},
    ]);
    let scene = scene(&seed);
    let main = "resource \"alicloud_ram_byok_role\" \"this\" {\n  provider = alicloud-encryption\n  role_name = \"sls-app\"\n  tags = { team = \"audit\" }\n  pass_role = { users = [\"alice\"] }\n}\n";
    scene.write("main.tf", main);
    scene.apply();
    for file in ["main.tf", "terraform.tfstate"] {
        scene.remove(file);
    }
    scene.forget_calls();
    let lists = [
        list(ROLE, "all", "", ""),
        list(ROLE, "prefix", "", "name_prefix = \"SLS-\""),
        list(ROLE, "tagged", "", "tags = { team = \"audit\" }"),
        list(ROLE, "two", "  limit = 2", ""),
    ];
    let ran = query(&scene, &lists).succeeded();
    assert_eq!(names(&ran, "all"), ["sls-app", "Sls-bare", "zeta"]);
    assert_eq!(names(&ran, "prefix"), ["sls-app", "Sls-bare"]);
    assert_eq!(names(&ran, "tagged"), ["sls-app"]);
    assert_eq!(names(&ran, "two"), ["sls-app", "Sls-bare"]);
    let identity = json!({"role_name": "sls-app", "account_id": "1234567890123456"});
    assert_eq!(found(&ran, "tagged")[0]["identity"], identity);
    let called: std::collections::BTreeSet<String> = scene.ram_actions().into_iter().collect();
    assert_eq!(called, ["GetRole", "ListRoles"].map(str::to_owned).into());

    let prefix = list(ROLE, "sls", "  include_resource = true", "name_prefix = \"sls-\"");
    let objects: Vec<Value> =
        found(&query(&scene, &[prefix]), "sls").iter().map(|one| one["resource_object"].clone()).collect();
    scene.run(&["query", "-generate-config-out=generated.tf"]).succeeded();
    let generated = scene.read("generated.tf");
    for left_out in ["force", "max_session_duration", "policy_name", "arn"] {
        assert!(!generated.contains(&format!(" {left_out} ")), "{left_out}: {generated}");
    }
    assert!(generated.contains("alice") && generated.contains("team"), "{generated}");
    let addresses = ["sls_0", "sls_1"].map(|label| format!("{ROLE}.{label}"));
    takes_over(&scene, &addresses.each_ref().map(String::as_str));
    let stored = addresses.iter().map(|address| Value::Object(scene.attributes(address)));
    assert_eq!(stored.collect::<Vec<_>>(), objects, "the listed objects are what an import stores");

    let refusal = json!({"error": {"status": 403, "code": "NoPermission", "message": "not today"}});
    scene.ram_fault(&json!({"action": "GetRole", "times": 1, "effect": refusal}));
    let ran = query(&scene, &[list(ROLE, "all", "", "")]).succeeded();
    assert_eq!(names(&ran, "all").len(), 2);
    ran.warning().says(&["Not every role could be read", "Role ", "not today"]);
    scene.ram_fault(&json!({"action": "ListRoles", "effect": refusal}));
    query(&scene, &[list(ROLE, "all", "", "")])
        .failed()
        .error()
        .says(&["Cannot list roles", "ram:ListRoles"]);
}

#[test]
fn the_examples_of_the_pages_are_queries() {
    let scene = scene(&seed());
    for (file, of) in [("logstores", ENCRYPTION), ("roles", ROLE)] {
        let text = example(&format!("list-resources/{of}/list-resource.tfquery.hcl"));
        scene.write(&format!("{file}.tfquery.hcl"), &text.replace("\"all\"", &format!("\"all_{file}\"")));
    }
    assert_eq!(scene.run(&["validate", "-query", "-json"]).succeeded().diagnostics().len(), 0);
}

/// An `import` block by this identity of the Logstore in `main.tf`.
fn import(scene: &Scene, project: &str, logstore: &str, more: &str) -> Ran {
    let resource = format!(
        "resource \"{ENCRYPTION}\" \"this\" {{\n  provider = alicloud-encryption\n  project_name = {project:?}\n  logstore_name = {logstore:?}\n{more}\n}}\n"
    );
    let import = format!(
        "import {{\n  to = {ENCRYPTION}.this\n  provider = alicloud-encryption\n  identity = {{\n    project_name = {project:?}\n    logstore_name = {logstore:?}\n{more}\n  }}\n}}\n"
    );
    scene.write("main.tf", &resource);
    scene.write("import.tf", &import);
    scene.try_plan()
}

#[test]
fn an_import_by_identity_finds_the_logstore_or_says_why_not() {
    let scene = scene(&seed());
    let fails = |project: &str, logstore: &str, more: &str, says: &[&str]| {
        import(&scene, project, logstore, more).failed().error().says(says);
    };
    fails("audit", "gone", "", &["Logstore audit:gone", "LogStoreNotExist"]);
    fails("audit", "plain", "", &["There is no encryption configuration to import", "Logstore audit:plain"]);
    fails("far", "log", "", &["Logstore far:log", "signed for cn-hangzhou"]);
    fails("far", "log", "    region = \"Beijing\"", &["region"]);
    let far = "    region = \"cn-beijing\"";
    import(&scene, "far", "log", far);
    assert_eq!(scene.apply().changes(), (0, 0, 0));
    let this = format!("{ENCRYPTION}.this");
    let identity = json!({"project_name": "far", "logstore_name": "log", "region": "cn-beijing"});
    assert_eq!(scene.instance(&this)["identity"], identity);

    // What fails later keeps the identity.
    let refusal = json!({"error": {"status": 403, "code": "Unauthorized", "message": "not today"}});
    scene.remove("import.tf");
    manage(&scene, far, "  on_destroy = \"disable\"");
    scene.apply();
    scene.fault(&json!({"action": "UpdateLogStore", "times": 99, "effect": refusal}));
    manage(&scene, far, "  on_destroy = \"disable\"\n  enable = false");
    scene.try_apply().failed();
    assert_eq!(scene.instance(&this)["identity"], identity);
    scene.run(&["destroy", "-auto-approve", "-input=false"]).failed();
    assert_eq!(scene.instance(&this)["identity"], identity);
}

fn manage(scene: &Scene, region: &str, more: &str) {
    let resource = format!(
        "resource \"{ENCRYPTION}\" \"this\" {{\n  provider = alicloud-encryption\n  project_name = \"far\"\n  logstore_name = \"log\"\n{region}\n{more}\n}}\n"
    );
    scene.write("main.tf", &resource);
}
