//! What the step `drift` says of each change that somebody else can make.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::account::System;
use super::checkout::{Outcome, example};
use super::servers::{WRITER, token};
use super::world::World;

const DIRECTORY: &str = "ci/live/prod-cn-hangzhou";
const PROJECT: &str = "waf-project-1234567890123456-cn-hangzhou";
const LOGSTORE: &str = "waf-logstore";

/// The Logstores of `prod-cn-hangzhou` after an apply.
struct Night {
    world: World,
    checkout: PathBuf,
}

impl Night {
    fn new() -> Night {
        let world = World::of(System::GitHub);
        let checkout = world.repository.checkout("night");
        let night = Night { world, checkout };
        night.step("plan", "plan", "repo:octo-org/logstores:ref:refs/heads/main").ended_with(0);
        night.step("apply", "apply", "repo:octo-org/logstores:environment:production").ended_with(0);
        night.drift().ended_with(0);
        night.world.forget_calls();
        night
    }

    fn step(&self, step: &str, role: &str, subject: &str) -> Outcome {
        let account = &self.world.accounts[0];
        let id = account.inventory.id;
        let own = [
            ("ALIBABA_CLOUD_OIDC_PROVIDER_ARN", format!("acs:ram::{id}:oidc-provider/github")),
            ("ALIBABA_CLOUD_ROLE_ARN", format!("acs:ram::{id}:role/terraform-{role}")),
            ("ALIBABA_CLOUD_OIDC_TOKEN", token(System::GitHub, subject)),
            ("TF_IN_AUTOMATION", "true".to_owned()),
            ("TF_HTTP_ADDRESS", format!("{}/state", self.world.states.url())),
            ("TF_HTTP_USERNAME", WRITER.0.to_owned()),
            ("TF_HTTP_PASSWORD", WRITER.1.to_owned()),
        ];
        let own = own.into_iter().map(|(name, value)| (name.to_owned(), value));
        let environment: Vec<_> = account.endpoints().into_iter().chain(own).collect();
        self.world.repository.run(&self.checkout, &format!("ci/steps/{step} {DIRECTORY}"), &environment)
    }

    fn drift(&self) -> Outcome {
        self.step("drift", "plan", "repo:octo-org/logstores:ref:refs/heads/main")
    }

    /// Runs the step after a change, and takes the change back.
    #[track_caller]
    fn after(
        &self,
        method: &str,
        path: &str,
        change: Option<&Value>,
        back: (&str, &Value),
        code: i32,
        says: &[&str],
    ) {
        let account = &self.world.accounts[0];
        account.control(method, path, change);
        let outcome = self.drift();
        outcome.ended_with(code).says(says);
        account.control(back.0, path, Some(back.1));
    }

    /// [`Night::after`] a change of the encryption of the Logstore.
    #[track_caller]
    fn after_encryption(&self, pointer: &str, value: Value, code: i32, says: &[&str]) {
        let before = self.world.accounts[0].encrypt_conf(PROJECT, LOGSTORE);
        let mut conf = before.clone();
        *conf.pointer_mut(pointer).unwrap() = value;
        let path = format!("projects/{PROJECT}/logstores/{LOGSTORE}");
        let (change, back) = (json!({"encrypt_conf": conf}), json!({"encrypt_conf": before}));
        self.after("PATCH", &path, Some(&change), ("PATCH", &back), code, says);
    }
}

/// As the table of the guide *Run in a pipeline* says.
#[test]
fn what_is_not_as_configured_is_told_apart_from_what_nobody_knows() {
    let night = Night::new();
    let account = &night.world.accounts[0];
    let switched_off =
        ["drift: the plan has changes (terraform plan ended with 2)", "enable was `true`, is `false`"];
    night.after_encryption("/enable", json!(false), 2, &switched_off);
    let cannot_change = "The encryption of a Logstore cannot be changed (terraform plan ended with 1)";
    night.after_encryption("/encrypt_type", json!("sm4"), 2, &[cannot_change, "\"sm4\""]);
    night.after_encryption("/user_cmk_info/cmk_key_id", json!("key-2"), 2, &[cannot_change, "\"key-2\""]);
    let other_role = json!("acs:ram::1234567890123456:role/other");
    night.after_encryption("/user_cmk_info/arn", other_role, 2, &[cannot_change, "role/other"]);

    let key = format!("keys/{}", account.inventory.key);
    let (disabled, enabled) = (json!({"state": "Disabled"}), json!({"state": "Enabled"}));
    let off = ["drift: The KMS key of a Logstore is disabled (terraform plan ended with 0)", "EnableKey"];
    night.after("PATCH", &key, Some(&disabled), ("PATCH", &enabled), 2, &off);

    let logstore = format!("projects/{PROJECT}/logstores/{LOGSTORE}");
    let before = account.control("GET", &logstore, None);
    let gone =
        ["drift: A Logstore does not exist any more (terraform plan ended with 2)", "is no longer there"];
    night.after("DELETE", &logstore, None, ("PUT", &before), 2, &gone);
    let mut anew = before.clone();
    anew["createTime"] = json!(before["createTime"].as_i64().unwrap() + 1);
    let created = ["drift: A Logstore was deleted and created again (terraform plan ended with 0)"];
    night.after("PUT", &logstore, Some(&anew), ("PUT", &before), 2, &created);
    anew.as_object_mut().unwrap().remove("encrypt_conf");
    let in_clear = ["drift: A Logstore is not encrypted (terraform plan ended with 2)"];
    night.after("PUT", &logstore, Some(&anew), ("PUT", &before), 2, &in_clear);
    night.drift().ended_with(0).says(&["drift: none (terraform plan ended with 0)"]);
    night.world.nothing_was_written();

    let detach =
        [("PolicyType", "System"), ("PolicyName", "AliyunKMSCryptoUserAccess"), ("RoleName", "sls-byok")];
    account.ram("DetachPolicyFromRole", &detach);
    let stripped =
        ["drift: The RAM role of a Logstore may not use the KMS key (terraform plan ended with 0)"];
    night.drift().ended_with(2).says(&stripped);
    account.ram("AttachPolicyToRole", &detach);
}

#[test]
fn an_error_is_not_taken_for_drift() {
    let night = Night::new();
    let account = &night.world.accounts[0];
    let refused = json!({"error": {"status": 500, "code": "InternalServerError", "message": "out of order"}});
    let rule = json!({"service": "sts", "action": "AssumeRoleWithOIDC", "times": 1000, "effect": refused});
    account.control("POST", "faults", Some(&rule));
    night.drift().ended_with(1).says(&["drift: error:", "out of order"]);
    account.control("DELETE", "faults", None);

    // Keys cannot be looked at: nobody knows whether they can be used.
    let rule = json!({"service": "kms", "action": "DescribeKey", "times": 1000, "effect": refused});
    account.control("POST", "faults", Some(&rule));
    let unknown = "drift: error: The KMS key and the RAM role were not checked (terraform plan ended with 0)";
    night.drift().ended_with(1).says(&[unknown]);
    account.control("DELETE", "faults", None);

    // A configuration cannot be removed from a Logstore: the answer may be out of date.
    let lost = json!({"encrypt_conf": null});
    let path = format!("projects/{PROJECT}/logstores/{LOGSTORE}");
    let back = json!({"encrypt_conf": account.encrypt_conf(PROJECT, LOGSTORE)});
    let vanished =
        "drift: error: An encryption configuration is no longer shown (terraform plan ended with 1)";
    night.after("PATCH", &path, Some(&lost), ("PATCH", &back), 1, &[vanished]);

    let other_branch = night.step("drift", "plan", "repo:octo-org/logstores:ref:refs/heads/other");
    other_branch.ended_with(1).says(&["drift: error:", "AssumeRoleWithOIDC", "trust policy"]);
    let broken = night.checkout.join(DIRECTORY).join("broken.tf");
    fs::write(broken, "locals {\n  a = var.gone\n}\n").unwrap();
    night.drift().ended_with(1).says(&["drift: error: Reference to undeclared input variable"]);
    night.world.nothing_was_written();
}

/// What the step calls drift is what the provider says.
#[test]
fn the_sentences_of_the_step_are_those_of_the_provider() {
    let step = example("ci/steps/drift");
    let sentences: Vec<_> =
        step.lines().filter_map(|line| line.strip_prefix("    \"")?.strip_suffix("\",")).collect();
    assert!(sentences.len() > 10, "{sentences:?}");
    let provider = sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/provider"));
    let unknown: Vec<_> =
        sentences.iter().filter(|sentence| !provider.contains(&format!("{sentence:?}"))).collect();
    assert_eq!(unknown, Vec::<&&str>::new());
}

/// Everything in a folder.
fn sources(folder: &Path) -> String {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .map(|path| if path.is_dir() { sources(&path) } else { fs::read_to_string(path).unwrap() })
        .collect()
}
