//! Keys and roles are looked at while a plan is made that relies on them, and while Logstores are refreshed.

mod refresh;
mod warnings;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::given;
use crate::harness::{Ran, Scene};
use crate::readiness::{seed, sign_in};

/// What is read of a key and a role.
const OTHERS: [&str; 4] = ["DescribeKey", "GetCallerIdentity", "GetRole", "ListPoliciesForRole"];

/// A trust policy without SLS.
const UNTRUSTING: &str = r#"{"Version":"1","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":["ecs.aliyuncs.com"]}}]}"#;

fn scene() -> Scene {
    scene_of(1)
}

/// The lines of a large terminal window.
const SCREEN: usize = 50;

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
    let mut wanted = BTreeMap::from(OTHERS.map(|action| (action.to_owned(), 1)));
    wanted.insert("GetLogStore".to_owned(), 1);
    assert_eq!(counts(&scene), wanted);
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

/// The host prints the plan of the others too, and under it what went wrong.
#[test]
fn errors_and_warnings_about_many_resources_fit_one_screen() {
    let scene = scene_of(200);
    scene.write("main.tf", &many(200, "disabled", "sls-byok"));
    let ran = scene.run(&["plan", "-input=false"]).failed();
    assert_fits_screen(&ran, "aliyun kms EnableKey");

    let adopted: Vec<Value> = (0..50)
        .map(|number| json!({"logstoreName": name(50, number), "encrypt_conf": given::byok(true)}))
        .collect();
    let scene = with_log_stores(&adopted);
    scene.write("main.tf", &many(50, "key-1", "sls-byok"));
    let ran = scene.run(&["plan", "-input=false"]).succeeded();
    assert_fits_screen(&ran, "(and 49 more similar warnings elsewhere)");
}

/// Errors and warnings are framed. They fit, and `once` is among them once.
#[track_caller]
fn assert_fits_screen(ran: &Ran, once: &str) {
    let lines = ran.stdout.lines().chain(ran.stderr.lines());
    let framed: Vec<&str> = lines.filter(|line| line.contains(['╷', '│', '╵'])).collect();
    assert!(framed.len() <= SCREEN, "{} lines", framed.len());
    assert_eq!(framed.iter().filter(|line| line.contains(once)).count(), 1, "{once}");
}

#[test]
fn each_failed_check_is_an_error_at_plan_and_nothing_is_sent() {
    for (key, role, says) in [
        ("disabled", "sls-byok", ["The KMS key is not ready", "aliyun kms EnableKey"]),
        ("gone", "sls-byok", ["\"gone\" does not exist", "aliyun kms CreateKey"]),
        ("elsewhere", "sls-byok", ["another region", "region_id = \"cn-beijing\""]),
        ("key-1", "untrusting", ["The RAM role is not ready", "log.aliyuncs.com"]),
        ("key-1", "gone", ["refer to it", "resource \"alicloud_ram_byok_role\""]),
        ("key-1", "idle", ["kms:GenerateDataKey", "AliyunKMSCryptoUserAccess"]),
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
    // One for the key and one for the role, with both policies that it lacks.
    assert_eq!(scene.try_plan().failed().errors().len(), 2);
    // A key that is ready, but not where the Logstore is.
    scene.write("main.tf", &main("elsewhere", "sls-byok", "").replace("\"cn-hangzhou\"", "\"cn-beijing\""));
    scene
        .try_plan()
        .failed()
        .error()
        .says(&["the Logstore is looked for in cn-hangzhou", "region_id = \"cn-hangzhou\""]);
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
    assert!(!scene.actions().contains(&"DescribeKey".to_owned()), "{:?}", scene.actions());
    // It is known once the host plans again right before it applies.
    scene.try_apply_plan().failed().error().says(&["is Disabled", "EnableKey"]);
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
    scene.try_plan().failed().error().says(&["kms:GenerateDataKey"]);

    scene.patch_log_store(
        "audit",
        "app",
        &json!({"encrypt_conf": {"enable": true, "encrypt_type": "default",
        "user_cmk_info": conf["user_cmk_info"]}}),
    );
    scene.write("main.tf", &main("key-1", "idle", "  enable = false"));
    let ran = scene.plan().expect_changes().ran;
    let [switched_off, outage] = &ran.warnings()[..] else { panic!("{:#?}", ran.warnings()) };
    let (switched_off, outage) = if switched_off.detail.contains("in clear") {
        (switched_off, outage)
    } else {
        (outage, switched_off)
    };
    switched_off.says(&["Logstore audit:app", "stored in clear", "stay fixed"]);
    outage.says(&["may not use the KMS key"]);
}

/// The apply corrects a role of the same configuration before it configures the Logstore.
#[test]
fn a_role_of_the_same_configuration_need_not_be_there_yet() {
    let scene = scene();
    let role = "resource \"alicloud_ram_byok_role\" \"byok\" {\n  role_name = \"made-here\"\n}\n";
    let with = |text: String| scene.write("main.tf", &format!("{text}{role}"));
    // A role that is named by text is one that should be there.
    with(main("key-1", "made-here", "  depends_on = [alicloud_ram_byok_role.byok]"));
    scene.try_plan().failed().error().says(&["refer to it", "\n  arn = alicloud_ram_byok_role.byok.arn\n"]);
    with(
        main("key-1", "x", "")
            .replace("\"acs:ram::1234567890123456:role/x\"", "alicloud_ram_byok_role.byok.arn"),
    );
    let ran = scene.apply();
    assert_eq!(ran.changes(), (2, 0, 0));
    assert!(ran.warnings().is_empty(), "{:#?}", ran.warnings());
    scene.plan().expect_empty();
}

fn role(arguments: &str) -> String {
    format!("resource \"alicloud_ram_byok_role\" \"byok\" {{\n{arguments}\n}}\n")
}

/// [`main`] with the ARN of the role of [`role`].
fn of_role(key: &str, arguments: &str) -> String {
    main(key, "x", arguments)
        .replace("\"acs:ram::1234567890123456:role/x\"", "alicloud_ram_byok_role.byok.arn")
}

/// A misspelt key is found although the role's ARN is only known after the apply: nothing is made, nothing sent.
#[test]
fn a_key_is_checked_while_the_role_is_not_known() {
    let scene = scene();
    scene.write("main.tf", &(of_role("key-2", "") + &role("  role_name = \"made-here\"")));
    scene.try_apply().failed().error().says(&["\"key-2\" does not exist in cn-hangzhou"]);
    assert!(scene.role("made-here").is_none());
    assert!(!scene.actions().iter().any(|action| action == "UpdateLogStore" || action == "CreateRole"));
}

/// What is an error does not depend on the order in which the host visits resources.
#[test]
fn a_role_that_is_repaired_is_known_by_the_reference_and_one_named_by_text_is_not() {
    let scene = scene();
    let managed = role("  role_name = \"untrusting\"");
    scene.write("main.tf", &managed);
    scene.import("alicloud_ram_byok_role.byok", "untrusting").succeeded();
    scene.write("main.tf", &(main("key-1", "untrusting", "") + &managed));
    for _ in 0..6 {
        let ran = scene.try_plan_with(&["-parallelism=1"]).ran.failed();
        ran.error().says(&["does not let log.aliyuncs.com assume it"]);
    }
    scene.write("main.tf", &(of_role("key-1", "") + &managed));
    scene.try_plan_with(&["-parallelism=1"]).expect_changes();
    assert_eq!(scene.apply().changes(), (1, 1, 0));
    // A Logstore that is configured already is not changed by a repair of its role.
    scene.ram("UpdateRole", &[("RoleName", "untrusting"), ("NewAssumeRolePolicyDocument", UNTRUSTING)]);
    let plan = scene.plan().expect_changes();
    assert_eq!(plan.actions(), [("alicloud_ram_byok_role.byok".to_owned(), "update".to_owned())]);
    scene.try_apply_plan().succeeded();
    scene.plan().expect_empty();
}

/// SLS keeps the text that was sent permanently: KMS knows a key by several names, SLS by its id.
#[test]
fn a_key_is_named_by_its_id_alone() {
    let scene = scene();
    scene.kms("CreateAlias", &[("AliasName", "alias/logs"), ("KeyId", "key-1")]);
    scene.write("main.tf", &main("alias/logs", "sls-byok", ""));
    let error = scene.try_plan().failed().error();
    error.says(&["another name of the key \"key-1\"", "\n\n  cmk_key_id = \"key-1\""]);
    error.at("main.tf", 4);
    for (text, says) in [
        ("acs:kms:cn-hangzhou:1234567890123456:key/key-1", "use the id alone: \"key-1\""),
        (" key-1", "no blanks"),
        ("key-1\\n", "no blanks"),
    ] {
        scene.write("main.tf", &main("x", "sls-byok", "").replace("\"x\"", &format!("\"{text}\"")));
        scene.validate().failed().error().says(&["cmk_key_id", says]);
    }
}

/// Who plans is often not who applies: with more permissions to read, a plan does not fail that passes with fewer.
#[test]
fn that_the_caller_may_not_pass_the_role_is_a_warning() {
    for user in ["nobody", "looker", "reader"] {
        let mut seed = seed();
        let reads = ["AliyunLogReadOnlyAccess", "AliyunRAMReadOnlyAccess", "AliyunKMSReadOnlyAccess"];
        let users = seed["users"].as_array_mut().unwrap();
        users.push(json!({"name": "reader", "policies": reads}));
        users.iter_mut().filter(|user| user["name"] == "nobody" || user["name"] == "looker").for_each(
            |user| {
                let mut policies = user["policies"].as_array().cloned().unwrap_or_default();
                policies.push(json!("AliyunLogReadOnlyAccess"));
                user["policies"] = policies.into();
            },
        );
        seed["access_keys"]
            .as_array_mut()
            .unwrap()
            .push(json!({"id": "ak-reader", "secret": "sk-reader", "user": "reader"}));
        let scene = Scene::new(&seed);
        scene.look_at_keys_and_roles();
        sign_in(&scene, user);
        scene.write("main.tf", &main("key-1", "sls-byok", ""));
        let warning = scene.plan().expect_changes().ran.warning();
        if user == "reader" {
            warning.says(&["RAM user reader", "ram:PassRole", "another caller applies"]);
        }
    }
}

/// [`seed`] with the user `maker` of the group `makers`, who may do everything but pass a role.
fn seed_with_maker() -> Value {
    let mut seed = seed();
    let all = json!({"name": "all", "document": {"Version": "1", "Statement": [{"Effect": "Allow", "Resource": "*",
        "Action": ["log:*", "kms:*", "ram:Get*", "ram:List*", "ram:Create*", "ram:Attach*", "ram:Update*", "ram:Tag*"]}]}});
    seed["users"]
        .as_array_mut()
        .unwrap()
        .push(json!({"name": "maker", "policies": [all], "groups": ["makers"]}));
    seed["access_keys"]
        .as_array_mut()
        .unwrap()
        .push(json!({"id": "ak-maker", "secret": "sk-maker", "user": "maker"}));
    seed["groups"].as_array_mut().unwrap().push(json!({"name": "makers"}));
    seed
}

/// The role is in the state, and its plan makes whether the caller may pass it.
#[test]
fn the_permission_to_pass_a_role_counts_as_it_is_planned() {
    let scene = Scene::new(&seed_with_maker());
    scene.look_at_keys_and_roles();
    sign_in(&scene, "maker");
    let with = |more: &str| role(&format!("  role_name = \"made-here\"\n{more}"));
    scene.write("main.tf", &with(""));
    scene.apply();
    scene.write("main.tf", &(of_role("key-1", "") + &with("")));
    scene.plan().expect_changes().ran.warning().says(&["RAM user maker", "ram:PassRole"]);
    for holder in ["users = [\"maker\"]", "groups = [\"makers\"]"] {
        scene.write("main.tf", &(of_role("key-1", "") + &with(&format!("  pass_role = {{ {holder} }}"))));
        assert!(scene.plan().expect_changes().ran.warnings().is_empty(), "{holder}");
    }
    assert!(scene.apply().warnings().is_empty());
}

/// The ARN of a role that the plan makes is not known, but its name and the account are.
#[test]
fn the_permission_to_pass_a_role_is_looked_at_before_the_role_is_made() {
    let scene = Scene::new(&seed_with_maker());
    scene.look_at_keys_and_roles();
    sign_in(&scene, "maker");
    let with = |more: &str| of_role("key-1", "") + &role(&format!("  role_name = \"Made-here\"\n{more}"));
    let warnings = |text: &str| {
        scene.write("main.tf", text);
        scene.plan().expect_changes().ran.warnings()
    };
    let [warning] = &warnings(&with(""))[..] else { panic!("one warning was expected") };
    warning.says(&["RAM user maker", "ram:PassRole", "role/made-here", "another caller applies"]);
    for holder in ["users = [\"maker\"]", "groups = [\"makers\"]"] {
        assert!(warnings(&with(&format!("  pass_role = {{ {holder} }}"))).is_empty(), "{holder}");
    }
    // Which of two roles is meant is not known: the caller may pass one of them.
    let other = "resource \"alicloud_ram_byok_role\" \"other\" {\n  role_name = \"other\"\n  pass_role = { users = [\"maker\"] }\n}\n";
    let text = with("  depends_on = [alicloud_ram_byok_role.other]") + other;
    assert!(warnings(&text).is_empty());
    // A role that something else makes.
    let elsewhere =
        of_role("key-1", "").replace("alicloud_ram_byok_role.byok.arn", "terraform_data.arn.output");
    let arn =
        "resource \"terraform_data\" \"arn\" {\n  input = \"acs:ram::1234567890123456:role/sls-byok\"\n}\n";
    assert!(warnings(&(elsewhere + arn)).is_empty());
}

#[test]
fn nothing_is_checked_where_nothing_would_be_sent() {
    let conf = json!({"enable": true, "encrypt_type": "default", "user_cmk_info":
        {"cmk_key_id": "disabled", "arn": "acs:ram::1234567890123456:role/bare", "region_id": "cn-hangzhou"}});
    let scene = with_log_stores(&[json!({"logstoreName": "app", "encrypt_conf": conf})]);
    for (arguments, says) in [("", "nothing is sent"), ("  enable = false", "stored in clear")] {
        scene.write("main.tf", &main("disabled", "bare", arguments));
        scene.plan().expect_changes().ran.warning().says(&[says]);
        assert!(!scene.actions().contains(&"DescribeKey".to_owned()));
    }
}

/// Every refusal of KMS and RAM: its meaning for the key decides, not its status.
#[test]
fn refusals_are_told_by_their_meaning() {
    let scene = scene();
    scene.write("main.tf", &main("key-1", "sls-byok", ""));
    for (service, action, status, code, fails) in [
        ("kms", "DescribeKey", 404, "Forbidden.KeyNotFound", true),
        ("kms", "DescribeKey", 404, "Forbidden.ResourceNotFound", true),
        ("kms", "DescribeKey", 404, "Forbidden.AliasNotFound", true),
        ("kms", "DescribeKey", 403, "Forbidden.NoPermission", false),
        ("kms", "DescribeKey", 403, "Forbidden.KmsServiceNotEnabled", true),
        ("kms", "DescribeKey", 403, "Forbidden.InDebt", true),
        ("kms", "DescribeKey", 403, "Forbidden.InDebtOverdue", true),
        ("kms", "DescribeKey", 403, "Forbidden.DKMSInstanceStateInvalid", true),
        ("kms", "DescribeKey", 403, "Forbidden.KMSInstanceInUpgrade", true),
        ("kms", "DescribeKey", 400, "UnsupportedOperation", false),
        ("ram", "GetRole", 404, "EntityNotExist.Role", true),
        ("ram", "GetRole", 403, "NoPermission", false),
        ("ram", "ListPoliciesForRole", 403, "NoPermission", false),
    ] {
        let error = json!({"error": {"status": status, "code": code, "message": "As ordered."}});
        scene.fault_of(service, &json!({"action": action, "times": 99, "effect": error}));
        let ran = scene.try_plan();
        let told = ran.stdout.clone();
        assert_eq!(ran.exit_code, Some(if fails { 1 } else { 2 }), "{code}: {told}");
        let is_denied = code.ends_with("NoPermission");
        assert_eq!(told.contains("the caller lacks"), is_denied, "{code}: {told}");
        let is_absent = code.contains("NotFound") || code.contains("NotExist");
        assert_eq!(told.contains(code), !is_denied && !is_absent, "{code}: {told}");
        scene.clear_faults();
    }
}

/// The document that is printed, attached as it is printed, is all there is to grant.
#[test]
fn one_document_grants_everything_that_is_read() {
    let scene = scene();
    sign_in(&scene, "writer");
    scene.write("main.tf", &main("key-1", "sls-byok", ""));
    let warning = scene.plan().expect_changes().ran.warning();
    let documents: Vec<&str> =
        warning.detail.lines().filter(|line| line.starts_with("  {")).map(str::trim).collect();
    let [document] = documents[..] else { panic!("{}", warning.detail) };
    scene.ram("CreatePolicy", &[("PolicyName", "printed"), ("PolicyDocument", document)]);
    scene.ram(
        "AttachPolicyToUser",
        &[("PolicyName", "printed"), ("PolicyType", "Custom"), ("UserName", "writer")],
    );
    assert!(scene.plan().expect_changes().ran.warnings().is_empty());
}

/// What a person sees of 200 Logstores with one cause fits a screen.
#[test]
fn many_resources_with_one_cause_are_one_finding() {
    for (key, role) in [("disabled", "sls-byok"), ("key-1", "gone"), ("key-1", "bare")] {
        let scene = scene_of(200);
        scene.write("main.tf", &many(200, key, role));
        let ran = scene.run(&["plan", "-input=false", "-no-color"]);
        assert_eq!(ran.exit_code, Some(1));
        let lines = ran.stderr.lines().count();
        assert!((5..50).contains(&lines), "{lines} lines: {}", ran.stderr);
    }
}

/// A finding that is reported with one Logstore stops the others as well, also if it only turns up at apply.
#[test]
fn a_finding_of_an_apply_holds_for_every_logstore() {
    let scene = scene_of(5);
    let text = many(5, "disabled", "sls-byok").replace("\"disabled\"", "terraform_data.key.output");
    scene.write(
        "main.tf",
        &format!("{text}resource \"terraform_data\" \"key\" {{\n  input = \"disabled\"\n}}\n"),
    );
    let ran = scene.try_apply().failed();
    let errors = ran.errors();
    assert_eq!(errors.len(), 5, "{errors:#?}");
    assert_eq!(errors.iter().filter(|error| error.detail.contains("EnableKey")).count(), 1);
    for error in errors {
        error.says(&["is Disabled"]);
    }
    assert!(!scene.actions().contains(&"UpdateLogStore".to_owned()));
}
