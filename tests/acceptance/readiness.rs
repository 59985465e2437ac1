//! `alicloud_byok_readiness`: what it finds, what it may not read, and where it is used.

use std::{collections::BTreeMap, fs, path::Path};

use serde_json::{Value, json};

use crate::harness::Scene;

/// The names of the checks, in their order.
const CHECKS: [&str; 11] = [
    "key_exists",
    "key_id",
    "key_enabled",
    "key_symmetric",
    "key_usage",
    "key_region",
    "role_exists",
    "role_trust",
    "role_reads_keys",
    "role_uses_keys",
    "pass_role",
];

/// The data source `this` about what is as it has to be.
pub const THIS: &str = "data \"alicloud_byok_readiness\" \"this\" {\n  cmk_key_id = \"key-1\"\n  role_arn = \"acs:ram::1234567890123456:role/Sls-Byok\"\n}\n";

fn trusting(services: &Value) -> Value {
    json!({"Version": "1", "Statement": [
        {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": services}}]})
}

fn custom(name: &str, statements: &Value) -> Value {
    json!({"name": name, "document": {"Version": "1", "Statement": statements}})
}

fn allow(name: &str, action: &Value, resource: &str) -> Value {
    custom(name, &json!([{"Effect": "Allow", "Action": action, "Resource": resource}]))
}

/// Keys, roles and principals; all that is called `key-1`, `Sls-Byok` and `ci` is as it has to be.
pub fn seed() -> Value {
    let log = trusting(&json!(["log.aliyuncs.com"]));
    let (reads, uses) = ("AliyunKMSReadOnlyAccess", "AliyunKMSCryptoUserAccess");
    let role = |name: &str, trust: &Value, policies: Value| json!({"name": name, "assume_role_policy_document": trust, "policies": policies});
    let pass = allow("pass", &json!("ram:PassRole"), "acs:ram::1234567890123456:role/sls-byok");
    let conditional = custom(
        "office",
        &json!([{"Effect": "Allow", "Action": "ram:PassRole", "Resource": "*",
        "Condition": {"IpAddress": {"acs:SourceIp": "10.0.0.0/8"}}}]),
    );
    let cage = custom("cage", &json!([{"Effect": "Deny", "Action": "ram:Pass*", "Resource": "*"}]));
    let look = allow(
        "look",
        &json!(["ram:GetRole", "ram:ListPoliciesForRole", "ram:ListPoliciesForUser", "kms:DescribeKey"]),
        "*",
    );
    json!({
        "keys": [
            {"id": "key-1"},
            {"id": "disabled", "state": "Disabled"},
            {"id": "doomed", "state": "PendingDeletion"},
            {"id": "asymmetric", "spec": "RSA_2048"},
            {"id": "elsewhere", "region": "cn-beijing"},
        ],
        "groups": [{"name": "ops", "policies": [pass]}],
        "users": [
            {"name": "ci", "policies": ["pass", "AliyunRAMReadOnlyAccess", "AliyunKMSReadOnlyAccess"]},
            {"name": "member", "groups": ["ops"]},
            {"name": "nobody"},
            {"name": "writer", "policies": ["pass", "AliyunLogFullAccess"]},
            {"name": "caged", "policies": ["AdministratorAccess", cage]},
            {"name": "conditional", "policies": [conditional]},
            {"name": "looker", "policies": [look]},
        ],
        "roles": [
            role("Sls-Byok", &log, json!([reads, uses])),
            role("wider", &trusting(&json!(["fc.aliyuncs.com", "log.aliyuncs.com"])), json!([reads, uses])),
            role("untrusting", &trusting(&json!("fc.aliyuncs.com")), json!([reads, uses])),
            role("bare", &log, json!([])),
            role("blind", &log, json!([uses])),
            role("idle", &log, json!([reads])),
            role("own", &log, json!([allow("own-kms", &json!(["kms:Describe*", "kms:*crypt", "kms:GenerateDataKey"]), "acs:kms:*:*:key/key-1")])),
            role("runner", &log, json!(["pass"])),
        ],
        "access_keys": [
            {"id": "ak-root", "secret": "sk-root"},
            {"id": "ak-ci", "secret": "sk-ci", "user": "ci"},
            {"id": "ak-nobody", "secret": "sk-nobody", "user": "nobody"},
            {"id": "ak-writer", "secret": "sk-writer", "user": "writer"},
            {"id": "ak-looker", "secret": "sk-looker", "user": "looker"},
        ],
        "projects": [{"name": "audit", "logstores": [{"logstoreName": "app"}]}],
    })
}

/// A scene with these keys and roles; every service is the emulator.
fn scene() -> Scene {
    let scene = Scene::new(&seed());
    scene.look_at_keys_and_roles();
    scene
}

/// Signs in as somebody else.
pub fn sign_in(scene: &Scene, user: &str) {
    let provider = scene.read("provider.tf");
    scene.write(
        "provider.tf",
        &provider.replace("ak-root", &format!("ak-{user}")).replace("sk-root", &format!("sk-{user}")),
    );
}

/// What the data source in the state says, by check: whether it is so, and all its words.
fn found(attributes: &Value) -> BTreeMap<String, (Value, String)> {
    let checks = attributes["checks"].as_array().unwrap();
    assert_eq!(checks.iter().map(|check| check["name"].as_str().unwrap()).collect::<Vec<_>>(), CHECKS);
    let text = |check: &Value| {
        format!("{} {}", check["detail"].as_str().unwrap(), check["fix"].as_str().unwrap_or_default())
    };
    checks
        .iter()
        .map(|check| (check["name"].as_str().unwrap().to_owned(), (check["ok"].clone(), text(check))))
        .collect()
}

fn this(scene: &Scene) -> Value {
    Value::Object(scene.attributes("alicloud_byok_readiness.this"))
}

#[test]
fn all_is_ready_and_the_calls_are_few() {
    let scene = scene();
    scene.write("main.tf", THIS);
    scene.apply();
    let this = this(&scene);
    assert_eq!((&this["ready"], &this["complete"]), (&json!(true), &json!(true)));
    assert_eq!((&this["region_id"], &this["principal"]), (&json!("cn-hangzhou"), &json!(null)));
    for (name, (ok, text)) in found(&this) {
        assert_eq!(ok, true, "{name}: {text}");
    }
    scene.forget_calls();
    scene.plan().expect_empty();
    let mut actions = scene.actions();
    actions.sort();
    assert_eq!(actions, ["DescribeKey", "GetCallerIdentity", "GetRole", "ListPoliciesForRole"]);
}

/// Arguments that differ from the good ones, and what then fails (`false`) or is open (`null`), with words of the
/// first of them.
type Case = (
    &'static str,
    &'static [(&'static str, &'static str)],
    &'static [(&'static str, Option<bool>)],
    &'static [&'static str],
);

const NO: Option<bool> = Some(false);

const CASES: [Case; 19] = [
    (
        "no key",
        &[("cmk_key_id", "gone")],
        &[
            ("key_exists", NO),
            ("key_id", None),
            ("key_enabled", None),
            ("key_symmetric", None),
            ("key_usage", None),
            ("key_region", None),
        ],
        &["\"gone\" does not exist in cn-hangzhou", "aliyun kms CreateKey"],
    ),
    (
        "disabled",
        &[("cmk_key_id", "disabled")],
        &[("key_enabled", NO)],
        &["aliyun kms EnableKey --RegionId cn-hangzhou --KeyId disabled"],
    ),
    (
        "doomed",
        &[("cmk_key_id", "doomed")],
        &[("key_enabled", NO)],
        &["PendingDeletion", "aliyun kms CancelKeyDeletion"],
    ),
    ("asymmetric", &[("cmk_key_id", "asymmetric")], &[("key_symmetric", NO)], &["RSA_2048"]),
    ("elsewhere", &[("cmk_key_id", "elsewhere")], &[("key_region", NO)], &["region_id = \"cn-beijing\""]),
    ("there", &[("cmk_key_id", "elsewhere"), ("region_id", "cn-beijing")], &[], &[]),
    (
        "no role",
        &[("role_arn", "gone")],
        &[("role_exists", NO), ("role_trust", None), ("role_reads_keys", None), ("role_uses_keys", None)],
        &["resource \"alicloud_ram_byok_role\"", "role_name = \"gone\""],
    ),
    ("wider", &[("role_arn", "wider")], &[], &[]),
    (
        "untrusting",
        &[("role_arn", "untrusting")],
        &[("role_trust", NO)],
        &["aliyun ram UpdateRole", "log.aliyuncs.com"],
    ),
    (
        "blind",
        &[("role_arn", "blind")],
        &[("role_reads_keys", NO)],
        &["AliyunKMSReadOnlyAccess", "kms:DescribeKey"],
    ),
    (
        "idle",
        &[("role_arn", "idle")],
        &[("role_uses_keys", NO)],
        &["AliyunKMSCryptoUserAccess", "kms:GenerateDataKey"],
    ),
    (
        "bare",
        &[("role_arn", "bare")],
        &[("role_reads_keys", NO), ("role_uses_keys", NO)],
        &["AttachPolicyToRole"],
    ),
    ("own policy", &[("role_arn", "own")], &[], &[]),
    ("user", &[("principal", "user/ci")], &[], &[]),
    ("group", &[("principal", "user/member")], &[], &[]),
    ("role", &[("principal", "role/runner")], &[], &[]),
    (
        "nobody",
        &[("principal", "user/nobody")],
        &[("pass_role", NO)],
        &["\"Resource\":\"acs:ram::1234567890123456:role/sls-byok\"", "users = [\"nobody\"]"],
    ),
    ("caged", &[("principal", "user/caged")], &[("pass_role", NO)], &["cage"]),
    ("conditional", &[("principal", "user/conditional")], &[("pass_role", None)], &["condition"]),
];

fn argument(name: &str, value: &str) -> String {
    let value = match name {
        "role_arn" => format!("acs:ram::1234567890123456:role/{value}"),
        "principal" => format!("acs:ram::1234567890123456:{value}"),
        _ => value.to_owned(),
    };
    format!("{name} = {value:?}")
}

#[test]
fn each_check_fails_alone() {
    let scene = scene();
    let cases = (0..).zip(CASES).map(|(number, (_, arguments, ..))| {
        let mut lines = BTreeMap::from([("cmk_key_id", "key-1"), ("role_arn", "Sls-Byok")]);
        lines.extend(arguments.iter().copied());
        let lines: Vec<String> = lines.into_iter().map(|(name, value)| argument(name, value)).collect();
        format!("data \"alicloud_byok_readiness\" \"case_{number}\" {{\n{}\n}}\n", lines.join("\n"))
    });
    scene.write("main.tf", &cases.collect::<String>());
    scene.apply();
    for (number, (case, _, outcomes, says)) in (0..).zip(CASES) {
        let attributes = Value::Object(scene.attributes(&format!("alicloud_byok_readiness.case_{number}")));
        let mut found = found(&attributes);
        let first = outcomes.first().map(|(name, _)| found[*name].1.clone()).unwrap_or_default();
        for part in says {
            assert!(first.contains(part), "{case}: {part:?} is not said in: {first}");
        }
        for (name, ok) in outcomes {
            assert_eq!(found.remove(*name).unwrap().0, json!(ok), "{case}: {name}");
        }
        assert!(found.values().all(|(ok, _)| *ok == true), "{case}: {found:#?}");
        let none = |unwanted: Option<bool>| outcomes.iter().all(|(_, ok)| *ok != unwanted);
        assert_eq!(attributes["ready"], none(NO), "{case}");
        assert_eq!(attributes["complete"], none(None), "{case}");
    }
}

#[test]
fn a_caller_is_judged_by_its_own_policies() {
    let scene = scene();
    scene.write("main.tf", THIS);
    sign_in(&scene, "ci");
    scene.apply();
    assert_eq!(this(&scene)["ready"], true);
    assert_eq!(found(&this(&scene))["pass_role"].0, true, "{:#?}", this(&scene));
}

#[test]
fn what_may_not_be_read_is_null_and_says_what_is_missing() {
    let scene = scene();
    scene.write("main.tf", THIS);
    sign_in(&scene, "nobody");
    let ran = scene.apply();
    assert!(ran.warnings().is_empty());
    let attributes = this(&scene);
    assert_eq!((&attributes["ready"], &attributes["complete"]), (&json!(true), &json!(false)));
    let checks = found(&attributes);
    assert!(checks.values().all(|(ok, _)| ok.is_null()), "{checks:#?}");
    for (name, action) in [
        ("key_exists", "kms:DescribeKey"),
        ("role_exists", "ram:GetRole"),
        ("pass_role", "ram:ListPoliciesForUser"),
    ] {
        assert!(checks[name].1.contains(action), "{:#?}", checks[name]);
    }

    // One that may look at most of it, but not at groups and policies.
    scene.write("provider.tf", &scene.read("provider.tf").replace("nobody", "looker"));
    scene.apply();
    let checks = found(&this(&scene));
    let open: Vec<&String> =
        checks.iter().filter(|(_, (ok, _))| ok.is_null()).map(|(name, _)| name).collect();
    assert_eq!(open, ["pass_role"], "{checks:#?}");
    assert!(checks["pass_role"].1.contains("ram:GetPolicy"), "{:#?}", checks["pass_role"]);
}

#[test]
fn a_service_that_does_not_answer_and_a_wrong_key_are_errors() {
    let scene = scene();
    scene.write("main.tf", THIS);
    let provider = scene.read("provider.tf");
    scene.write("provider.tf", &provider.replace("sk-root", "sk-wrong"));
    scene.try_plan().failed().error().says(&["Cannot read whether", "SignatureDoesNotMatch"]);
    scene.provider("  max_retries = 0");
    scene.stop_emulator();
    scene.try_plan().failed().error().says(&["Cannot read whether", "Check the network"]);
}

#[test]
fn a_reading_keeps_its_time_limit() {
    let scene = scene();
    scene.write("main.tf", &THIS.replace("\n}\n", "\n  timeouts = { read = \"1s\" }\n}\n"));
    scene.fault_of("kms", &json!({"action": "DescribeKey", "times": 99, "effect": "hold"}));
    scene.try_plan().failed().error().says(&[
        "Cannot read whether",
        "DescribeKey",
        "the time allowed for the whole operation has passed",
    ]);
    scene.clear_faults();
    scene.apply();
    assert_eq!(this(&scene)["timeouts"], json!({"read": "1s"}));
    assert_eq!(this(&scene)["ready"], true);
}

#[test]
fn malformed_arguments_are_found_before_any_call() {
    let scene = scene();
    for (line, says) in [
        ("role_arn = \"sls-byok\"", "acs:ram::<account id>:role/<role name>"),
        ("principal = \"ci\"", "acs:ram::<account id>:user/<name>"),
        ("region_id = \"Hangzhou\"", "region"),
        ("cmk_key_id = \"\"", "empty"),
        ("timeouts = { read = \"soon\" }", "timeouts.read"),
    ] {
        let (name, _) = line.split_once(' ').unwrap();
        let mut lines = BTreeMap::from([
            ("cmk_key_id", "cmk_key_id = \"key-1\""),
            ("role_arn", "role_arn = \"acs:ram::1:role/a\""),
        ]);
        lines.insert(name, line);
        let lines: Vec<_> = lines.into_values().collect();
        scene.write(
            "main.tf",
            &format!("data \"alicloud_byok_readiness\" \"this\" {{\n{}\n}}\n", lines.join("\n")),
        );
        let error = scene.validate().failed().error();
        error.says(&[name, says]);
        error.at("main.tf", scene.line_of("main.tf", line));
    }
    assert!(scene.calls().is_empty());
}

#[test]
fn unknown_arguments_are_waited_for() {
    let scene = scene();
    scene.write(
        "main.tf",
        "resource \"terraform_data\" \"key\" {\n  input = \"disabled\"\n}\ndata \"alicloud_byok_readiness\" \"this\" {\n  cmk_key_id = terraform_data.key.output\n  role_arn = \"acs:ram::1234567890123456:role/sls-byok\"\n}\noutput \"ready\" {\n  value = data.alicloud_byok_readiness.this.ready\n}\n",
    );
    let plan = scene.plan().expect_changes().json();
    assert_eq!(plan["output_changes"]["ready"]["after_unknown"], true);
    assert!(scene.calls().is_empty());
    scene.try_apply_plan().succeeded();
    assert_eq!(scene.state()["outputs"]["ready"]["value"], false);
}

/// The example with a key of these tests; its provider is that of the scene.
fn checks_example(key: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/checks/main.tf");
    let text = fs::read_to_string(path).unwrap();
    let body = &text[text.find("locals {").unwrap()..];
    body.replace("  provider = alicloud-encryption\n", "")
        .replace("f5136b95-2420-ab31-1234-0123456789ab", key)
        .replace("cloudfirewall-project-1234567890123456-cn-hangzhou", "audit")
        .replace("cloudfirewall-logstore", "app")
}

#[test]
fn a_precondition_stops_the_run() {
    let scene = scene();
    scene.write("main.tf", &checks_example("disabled"));
    let ran = scene.try_apply().failed();
    ran.error().says(&["key_enabled", "aliyun kms EnableKey --RegionId cn-hangzhou --KeyId disabled"]);
    assert!(scene.log_store("audit", "app").get("encrypt_conf").is_none());

    scene.write("main.tf", &checks_example("key-1"));
    let ran = scene.apply();
    assert!(ran.warnings().is_empty(), "{:#?}", ran.warnings());
    assert_eq!(scene.log_store("audit", "app")["encrypt_conf"]["user_cmk_info"]["cmk_key_id"], "key-1");
    scene.plan().expect_empty();
}

#[test]
fn a_check_block_warns_and_does_not_stop_the_run() {
    let scene = scene();
    let example = checks_example("doomed");
    let data = &example[..example.find("resource ").unwrap()];
    let check = &example[example.find("check \"byok\"").unwrap()..];
    scene.write("main.tf", &format!("{data}{check}"));
    scene.apply().warning().says(&["key_enabled: Key \"doomed\" is PendingDeletion"]);
}
