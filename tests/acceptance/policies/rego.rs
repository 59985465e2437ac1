//! The rules in Rego, as `examples/policy/check` evaluates them with regorus, and as OPA does.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::{env, fs};

use serde_json::{Value, json};

use super::plans::violations_on;
use super::{policy, python};
use crate::harness::Host;

/// What is found in a plan that is kept.
struct Case {
    plan: &'static str,
    denied: &'static [&'static str],
    warned: &'static [&'static str],
}

const fn case(plan: &'static str, denied: &'static [&'static str]) -> Case {
    Case { plan, denied, warned: &[] }
}

const ROLE_DELETED: &str = "alicloud_ram_byok_role.sls: the plan deletes the role: Logstores that are encrypted \
                            through it could be neither read nor written.";

/// With the data beside the rules.
const CASES: &[Case] = &[
    case("adopt", &[]),
    case(
        "changes",
        &[
            "alicloud_log_store_encryption.app: enable is false: SLS would store new logs in clear.",
            "alicloud_log_store_encryption.service_key: on_destroy is \"disable\": it must be \"keep\", so that a \
             destroy leaves encryption on.",
        ],
    ),
    case("compliant", &[]),
    case("deposed", &[]),
    case(
        "destroy",
        &[
            "alicloud_log_store_encryption.disable: on_destroy is not \"keep\" in the state: the destroy would \
             disable encryption.",
            ROLE_DELETED,
        ],
    ),
    case("forgotten", &[]),
    case(
        "import",
        &[
            "alicloud_log_store_encryption.off: enable is false: SLS would store new logs in clear.",
            "alicloud_log_store_encryption.off: user_cmk_info is not set: SLS would encrypt with a key of the \
             service.",
        ],
    ),
    case(
        "module",
        &[
            "module.logstores[\"weak\"].alicloud_log_store_encryption.this[\"web\"]: encrypt_type is \"aes_ecb\": it \
             is not in allowed_algorithms.",
        ],
    ),
    case("moved", &[]),
    case("replaced", &[ROLE_DELETED]),
    case(
        "sensitive",
        &["alicloud_log_store_encryption.app: user_cmk_info.cmk_key_id is a sensitive value: it is not in \
           allowed_keys."],
    ),
    case("unchanged", &[]),
    case("unknown", UNKNOWN),
    case(
        "violations",
        &[
            "alicloud_log_store_encryption.disable: on_destroy is \"disable\": it must be \"keep\", so that a destroy \
             leaves encryption on.",
            "alicloud_log_store_encryption.ecb: encrypt_type is \"sm4_ecb\": it is not in allowed_algorithms.",
            "alicloud_log_store_encryption.off: enable is false: SLS would store new logs in clear.",
            "alicloud_log_store_encryption.other_key: user_cmk_info.cmk_key_id is \"another-key\": it is not in \
             allowed_keys.",
            "alicloud_log_store_encryption.service_key: user_cmk_info is not set: SLS would encrypt with a key of the \
             service.",
        ],
    ),
];

const UNKNOWN: &[&str] = &[
    "alicloud_log_store_encryption.algorithm: encrypt_type is unknown: it is not known until apply, so it cannot be \
     checked.",
    "alicloud_log_store_encryption.enable: enable is unknown: it is not known until apply, so it cannot be checked.",
    "alicloud_log_store_encryption.key: user_cmk_info.cmk_key_id is unknown: it is not known until apply, so it \
     cannot be checked.",
    "alicloud_log_store_encryption.on_destroy: on_destroy is unknown: it is not known until apply, so it cannot be \
     checked.",
    "alicloud_log_store_encryption.whole: user_cmk_info is unknown: it is not known until apply, so it cannot be \
     checked.",
];

/// With [`allows_much`]. `enable` and `on_destroy` need not be known where they may have any value.
const CASES_THAT_ALLOW_MUCH: &[Case] = &[
    case("changes", &[]),
    case("destroy", &[ROLE_DELETED]),
    case("import", &[]),
    case("module", &[]),
    case("sensitive", &[]),
    case("violations", &[]),
    Case { plan: "unknown", denied: &[UNKNOWN[0]], warned: &[UNKNOWN[2], UNKNOWN[4]] },
];

/// Data that allows everything but a key and an algorithm that nobody knows yet; the key may be unknown.
fn allows_much() -> Value {
    json!({"logstore_encryption": {
        "allow_disable": true,
        "allow_service_key": true,
        "allow_unknown": ["user_cmk_info", "user_cmk_info.cmk_key_id"],
        "allowed_algorithms": ["default", "sm4", "sm4_ecb", "sm4_gcm", "aes_ecb", "aes_gcm"],
        "allowed_keys": ["another-key", "f5136b95-2420-ab31-1234-0123456789ab"],
    }})
}

/// What nothing can be said about: a plan, its data, and the reasons.
fn unusable() -> Vec<(Value, Value, Vec<String>)> {
    let read = |file: &str| serde_json::from_str(&fs::read_to_string(policy(file)).unwrap()).unwrap();
    let (plan, data): (Value, Value) = (read("fixtures/unchanged.json"), read("rego/data.json"));
    let no_plan = "The input is not a plan: it must be what `terraform show -json PLANFILE` prints, of format \
                   version 1.";
    let errored = "Terraform could not finish the plan (`errored` is true): it does not hold all changes.";
    let wrong = |(name, kind): &(&str, &str)| {
        format!("data.json: logstore_encryption.{name} is missing or is not of type {kind}.")
    };
    let settings = [
        ("allow_disable", "boolean"),
        ("allow_service_key", "boolean"),
        ("allow_unknown", "array"),
        ("allowed_algorithms", "array"),
        ("allowed_keys", "array"),
    ];
    let with = |mut value: Value, pointer: &str, member: Value| {
        *value.pointer_mut(pointer).unwrap() = member;
        value
    };
    vec![
        (read("fixtures/errored.json"), data.clone(), vec![errored.to_owned()]),
        (json!({}), data.clone(), vec![no_plan.to_owned()]),
        (json!([]), data.clone(), vec![no_plan.to_owned()]),
        // A state has a format version too.
        (json!({"format_version": "1.0", "values": {}}), data.clone(), vec![no_plan.to_owned()]),
        (with(plan.clone(), "/format_version", json!("2.0")), data.clone(), vec![no_plan.to_owned()]),
        (plan.clone(), json!({}), settings.iter().map(wrong).collect()),
        (plan.clone(), json!({"logstore_encryption": []}), settings.iter().map(wrong).collect()),
        (plan, with(data, "/logstore_encryption/allowed_keys", json!("key")), vec![wrong(&settings[4])]),
    ]
}

/// Runs `check` as a person does, with the engine's interpreter first on the path.
fn check(arguments: &[&Path]) -> Output {
    let directories = env::split_paths(&env::var_os("PATH").unwrap_or_default()).collect::<Vec<_>>();
    let path = env::join_paths(python().parent().map(Path::to_owned).into_iter().chain(directories)).unwrap();
    Command::new(policy("check")).args(arguments).env("PATH", path).output().unwrap()
}

fn lines(text: &[u8]) -> Vec<&str> {
    std::str::from_utf8(text).unwrap().lines().collect()
}

/// What OPA finds in these plans with this data, and the lines of the rules that none of them has reached.
fn evaluated_by_opa(inputs: &[(PathBuf, PathBuf)]) -> Value {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/policies/evaluate.py");
    let mut process = Command::new(python())
        .args([script, policy("rego/logstores.rego")])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    process.stdin.take().unwrap().write_all(json!(inputs).to_string().as_bytes()).unwrap();
    let output = process.wait_with_output().unwrap();
    assert!(output.status.success(), "evaluate.py failed");
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn both_engines_find_exactly_this_and_every_line_of_the_rules_is_reached() {
    let directory = tempfile::tempdir().unwrap();
    let write = |name: String, value: &Value| {
        let path = directory.path().join(name);
        fs::write(&path, value.to_string()).unwrap();
        path
    };
    let much = write("much.json".to_owned(), &allows_much());
    let mut inputs = Vec::new();
    let mut denied_by_opa = Vec::new();
    for (cases, data) in [(CASES, policy("rego/data.json")), (CASES_THAT_ALLOW_MUCH, much)] {
        for Case { plan, denied, warned } in cases {
            let file = policy(&format!("fixtures/{plan}.json"));
            let output = check(&[&file, &data]);
            let warnings: Vec<String> = warned.iter().map(|text| format!("warning: {text}")).collect();
            assert_eq!(lines(&output.stdout), *denied, "{plan}");
            assert_eq!(lines(&output.stderr), warnings, "{plan}");
            assert_eq!(output.status.code(), Some(i32::from(!denied.is_empty())), "{plan}");
            inputs.push((file, data.clone()));
            denied_by_opa.push(json!({"deny": denied, "warn": warned}));
        }
    }
    for (number, (plan, data, reasons)) in unusable().into_iter().enumerate() {
        let plan = write(format!("plan-{number}.json"), &plan);
        let data = write(format!("data-{number}.json"), &data);
        let output = check(&[&plan, &data]);
        assert_eq!(output.status.code(), Some(2), "{reasons:?}");
        assert_eq!(lines(&output.stdout), [""; 0], "{reasons:?}");
        let printed = String::from_utf8(output.stderr).unwrap();
        assert_eq!(printed, format!("check: {}\n", reasons.join("\n")));
        inputs.push((plan, data));
        denied_by_opa.push(json!({"deny": reasons, "warn": []}));
    }
    let by_opa = evaluated_by_opa(&inputs);
    for (number, ((plan, _), expected)) in inputs.iter().zip(&denied_by_opa).enumerate() {
        assert_eq!(&by_opa["found"][number], expected, "{}", plan.display());
    }
    assert_eq!(by_opa["not_reached"], json!([]), "no plan reaches these lines of the rules");
}

#[test]
fn plans_of_all_hosts_are_judged_alike() {
    let directory = tempfile::tempdir().unwrap();
    let expected = CASES.iter().find(|case| case.plan == "violations").unwrap();
    for host in [Host::Oldest, Host::Main] {
        let plan = directory.path().join("plan.json");
        fs::write(&plan, violations_on(host).to_string()).unwrap();
        assert_eq!(lines(&check(&[&plan]).stdout), expected.denied, "{host:?}");
    }
}

#[test]
fn each_plan_that_is_kept_is_judged() {
    let kept: BTreeSet<String> = fs::read_dir(policy("fixtures"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let judged = CASES.iter().map(|case| case.plan).chain(["errored"]);
    assert_eq!(kept, judged.map(|plan| format!("{plan}.json")).collect());
}

/// The page says that a plan does not tell an adopted Logstore from one that is configured for the first time.
#[test]
fn a_plan_does_not_tell_an_adopted_logstore() {
    let read = |name: &str| fs::read_to_string(policy(&format!("fixtures/{name}.json"))).unwrap();
    assert_eq!(read("adopt"), read("compliant"));
}

#[test]
fn what_cannot_be_checked_says_why() {
    let directory = tempfile::tempdir().unwrap();
    let (text, missing) = (directory.path().join("text"), directory.path().join("missing"));
    fs::write(&text, "Plan: 1 to add").unwrap();
    let plan = policy("fixtures/compliant.json");
    let cases: [(&[&Path], &str); 5] = [
        (&[], "check: usage: check PLAN.json [DATA.json]"),
        (&[&plan, &plan, &plan], "check: usage: check PLAN.json [DATA.json]"),
        (&[&missing], "missing cannot be read: No such file or directory"),
        (&[&text], "text is not JSON: Expecting value: line 1 column 1 (char 0)"),
        (&[&plan, &text], "text is not JSON: Expecting value: line 1 column 1 (char 0)"),
    ];
    for (arguments, reason) in cases {
        let output = check(arguments);
        let printed = String::from_utf8(output.stderr).unwrap();
        assert!(printed.ends_with(&format!("{reason}\n")), "{printed}");
        assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(2), "".as_bytes()));
    }

    // Without installed packages.
    let output = Command::new(python()).arg("-S").args([policy("check"), plan]).output().unwrap();
    let printed = String::from_utf8(output.stderr).unwrap();
    assert!(printed.contains("-m pip install opa-eval==0.1.1"), "{printed}");
    assert_eq!(output.status.code(), Some(2));
}
