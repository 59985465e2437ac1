//! The guide "Least privileges": each of its documents is all that its job needs, and without one action a run ends
//! as the guide says.

use std::{cell::RefCell, collections::BTreeSet, fs, path::Path};

use provider::privileges::{
    AUDIT, BYOK, CHECKS, ENCRYPTION, JOBS, Job, METRIC_STORES, Need, PASS_ROLE, Privilege, QUERY_ENCRYPTIONS,
    QUERY_ROLES, ROLE, VERIFY,
};
use serde_json::{Value, json};

use crate::harness::{Call, Host, Ran, Scene};
use crate::readiness::sign_in;

const PLAN: &[&str] = &["plan", "-input=false", "-json", "-detailed-exitcode"];
const APPLY: &[&str] = &["apply", "-auto-approve", "-input=false", "-json"];
const DESTROY: &[&str] = &["destroy", "-auto-approve", "-input=false", "-json"];

const KEY: &str = "f5136b95-2420-ab31-1234-0123456789ab";
const ARN: &str = "acs:ram::1234567890123456:role/sls-byok";

/// Says that a permission is missing, or that one may be.
const OF_PERMISSIONS: [&str; 3] = ["the caller lacks", "Grant the caller", "may not pass the RAM role"];

/// The caller's policy.
const POLICY: &str = "terraform";

/// The names of the guide's documents; the RAM user `ci` may do nothing yet.
fn seed() -> Value {
    let trust = json!({"Version": "1", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": {"RAM": ["acs:ram::1234567890123456:root"]}}]});
    json!({
        "access_keys": [
            {"id": "ak-root", "secret": "sk-root"},
            {"id": "ak-ci", "secret": "sk-ci", "user": "ci"},
        ],
        "keys": [{"id": KEY}],
        "groups": [{"name": "pipelines", "policies": ["AliyunOSSReadOnlyAccess"]}, {"name": "log-operators"}],
        "users": [{"name": "ci", "groups": ["pipelines"]}, {"name": "log-admin"}],
        "roles": [{"name": "deployer", "assume_role_policy_document": trust}],
        "projects": [{"name": "audit-project", "logstores": [{"logstoreName": "app-log"}]}],
    })
}

/// The encryption of the Logstore.
fn encryption(arguments: &str) -> String {
    format!(
        "resource \"alicloud_log_store_encryption\" \"app\" {{\n  project_name = \"audit-project\"\n  logstore_name = \"app-log\"\n{arguments}\n}}\n"
    )
}

/// [`encryption`] with the key, through the role of this ARN.
fn encryption_with_key(arn: &str, arguments: &str) -> String {
    encryption(&format!("  user_cmk_info = {{\n    cmk_key_id = {KEY:?}\n    arn = {arn}\n  }}\n{arguments}"))
}

fn role(arguments: &str) -> String {
    format!("resource \"alicloud_ram_byok_role\" \"sls\" {{\n  role_name = \"sls-byok\"\n{arguments}\n}}\n")
}

const PASSERS: &str = "  pass_role = {\n    users = [\"log-admin\"]\n    groups = [\"log-operators\"]\n    roles = [\"deployer\"]\n  }";

/// Who gets the policy of [`PASSERS`]: the parameters of each, and the ends of the actions' names.
const HOLDERS: [(&str, &str, &str); 3] = [
    ("UserName", "log-admin", "User"),
    ("GroupName", "log-operators", "Group"),
    ("RoleName", "deployer", "Role"),
];

/// A job of the guide, done by the user `ci`.
struct Trial {
    scene: Scene,
    job: &'static Job,
    document: Value,
    /// The actions of the calls that were made.
    called: RefCell<BTreeSet<String>>,
    /// The permissions that were taken away.
    tried: RefCell<BTreeSet<String>>,
    is_attached: RefCell<bool>,
}

impl Trial {
    fn new(title: &str) -> Trial {
        Trial::on(Host::Main, title)
    }

    fn on(host: Host, title: &str) -> Trial {
        let scene = Scene::on(host, &seed());
        scene.look_at_keys_and_roles();
        sign_in(&scene, "ci");
        let job = JOBS.iter().find(|job| job.title == title).unwrap();
        let document = document(title);
        let (called, tried, is_attached) = Default::default();
        Trial { scene, job, document, called, tried, is_attached }
    }

    /// The document without the statements that match.
    fn document_but(&self, is_removed: impl Fn(&Privilege, Need) -> bool) -> Value {
        let mut document = self.document.clone();
        for (privilege, _) in self.job.privileges().iter().filter(|(row, need)| is_removed(row, *need)) {
            let statements = document["Statement"].as_array_mut().unwrap();
            let statement = statements.iter_mut().find(|statement| {
                statement["Resource"] == json!(patterns(privilege))
                    && statement["Action"].as_array().unwrap().contains(&json!(privilege.action))
            });
            statement.unwrap()["Action"].as_array_mut().unwrap().retain(|action| action != privilege.action);
            statements.retain(|statement| statement["Action"] != json!([]));
        }
        document
    }

    /// What is needed of the document.
    fn needed(&self) -> Value {
        self.document_but(|_, need| need == Need::Optional)
    }

    /// The document without one permission. One that is needed is taken away also where it is optional.
    fn without(&self, privilege: &Privilege) -> Value {
        let is_needed = self.need(privilege) == Need::Needed;
        self.document_but(|row, need| {
            row.action == privilege.action
                && (row.resources == privilege.resources || (is_needed && need == Need::Optional))
        })
    }

    fn need(&self, privilege: &Privilege) -> Need {
        let rows = self.job.privileges();
        let is_same =
            |row: &Privilege| row.action == privilege.action && row.resources == privilege.resources;
        rows.iter().find(|(row, _)| is_same(row)).unwrap().1
    }

    /// Lets `ci` do just what a document says.
    fn grant(&self, document: &Value) {
        let text = document.to_string();
        let parameters = [("PolicyName", POLICY), ("PolicyDocument", &*text)];
        if self.is_attached.replace(true) {
            let rotation = ("RotateStrategy", "DeleteOldestNonDefaultVersionWhenLimitExceeded");
            let more = [("SetAsDefault", "true"), rotation];
            self.scene.ram("CreatePolicyVersion", &[&parameters[..], &more].concat());
        } else {
            self.scene.ram("CreatePolicy", &parameters);
            let to = [("PolicyName", POLICY), ("PolicyType", "Custom"), ("UserName", "ci")];
            self.scene.ram("AttachPolicyToUser", &to);
        }
    }

    /// Runs a command with a document; nothing is refused but what the document lacks.
    #[track_caller]
    fn run(&self, document: &Value, command: &[&str]) -> Ran {
        self.grant(document);
        self.scene.forget_calls();
        let ran = self.scene.run(command);
        let (whole, granted) = (grants(&self.document), grants(document));
        let lacking: Vec<&String> = whole.difference(&granted).map(|(action, _)| action).collect();
        for call in self.scene.calls() {
            let Some(action) = permission(&call) else { continue };
            // SLS refuses a configuration whose role the caller may not pass.
            let taken =
                if action == "log:UpdateLogStore" { vec![&*action, "ram:PassRole"] } else { vec![&*action] };
            let is_lacking = lacking.iter().any(|lacking| taken.contains(&lacking.as_str()));
            assert!(
                is_lacking || !matches!(call.status, Some(401 | 403)),
                "{action} was refused, lacking {lacking:?}"
            );
            self.called.borrow_mut().insert(action);
        }
        ran
    }

    /// Runs a command with the whole document: it succeeds, and says nothing about permissions.
    #[track_caller]
    fn succeeds(&self, command: &[&str]) -> Ran {
        let ran = self.run(&self.document, command);
        succeeded(&ran);
        for warning in ran.warnings() {
            let text = warning.text();
            assert!(!OF_PERMISSIONS.iter().any(|words| text.contains(words)), "{text}");
        }
        ran
    }

    /// Runs a command without each of these permissions of a part: it fails, and an error names the action.
    #[track_caller]
    fn fails_without(&self, part: &[Privilege], actions: &[&str], command: &[&str]) {
        for privilege in self.each(part, actions) {
            let action = privilege.action;
            assert_eq!(self.need(privilege), Need::Needed, "{action}");
            let ran = self.run(&self.without(privilege), command).failed();
            let errors = ran.errors();
            assert!(errors.iter().any(|error| error.text().contains(action)), "{action}: {errors:#?}");
        }
    }

    /// Runs a command without each of these permissions of a part: it succeeds.
    #[track_caller]
    fn succeeds_without(
        &self,
        part: &[Privilege],
        actions: &[&str],
        command: &[&str],
        judge: impl Fn(&str, &Ran),
    ) {
        for privilege in self.each(part, actions) {
            let action = privilege.action;
            assert_eq!(self.need(privilege), Need::Optional, "{action}");
            let ran = self.run(&self.without(privilege), command);
            succeeded(&ran);
            judge(action, &ran);
        }
    }

    /// The permissions of a part for these actions, which count as tried.
    fn each<'p>(&self, part: &'p [Privilege], actions: &[&str]) -> Vec<&'p Privilege> {
        let row = |action: &&str| part.iter().find(|privilege| privilege.action == *action).unwrap();
        let rows: Vec<&Privilege> = actions.iter().map(row).collect();
        self.tried.borrow_mut().extend(rows.iter().map(|row| name(row)));
        rows
    }

    /// Checks that the calls are those of the document, no more and no fewer, and that each permission of these parts
    /// was taken away once.
    #[track_caller]
    fn is_complete(&self, parts: &[&[Privilege]]) {
        let mut actions: BTreeSet<String> =
            grants(&self.document).into_iter().map(|(action, _)| action).collect();
        // SLS asks RAM for it; it is not a call of the provider.
        actions.remove("ram:PassRole");
        assert_eq!(*self.called.borrow(), actions);
        let rows = self.job.privileges();
        let of_parts = |row: &Privilege| parts.iter().any(|part| part.iter().any(|of| name(of) == name(row)));
        let rows: BTreeSet<String> =
            rows.iter().filter(|(row, _)| of_parts(row)).map(|(row, _)| name(row)).collect();
        assert_eq!(*self.tried.borrow(), rows);
    }
}

fn name(privilege: &Privilege) -> String {
    format!("{} on {:?}", privilege.action, privilege.resources)
}

fn patterns(privilege: &Privilege) -> Vec<&'static str> {
    privilege.resources.iter().flat_map(|resource| resource.patterns()).copied().collect()
}

/// The document under a heading of the guide.
/// A document of the guide.
pub fn document(title: &str) -> Value {
    let guide = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/guides/least-privileges.md");
    let guide = fs::read_to_string(guide).unwrap();
    let (_, section) = guide.split_once(&format!("### {title}\n")).unwrap();
    let (_, text) = section.split_once("```json\n").unwrap();
    serde_json::from_str(text.split_once("```").unwrap().0).unwrap()
}

/// The actions of a document, each with its resources.
fn grants(document: &Value) -> BTreeSet<(String, String)> {
    let statements = document["Statement"].as_array().unwrap().iter();
    let grants = statements.flat_map(|statement| {
        let actions = statement["Action"].as_array().unwrap().iter();
        actions.map(|action| (action.as_str().unwrap().to_owned(), statement["Resource"].to_string()))
    });
    grants.collect()
}

/// The permission that a call needs; none for `GetCallerIdentity`.
fn permission(call: &Call) -> Option<String> {
    let service = if call.service == "sls" { "log" } else { &call.service };
    (call.action != "GetCallerIdentity").then(|| format!("{service}:{}", call.action))
}

#[track_caller]
fn succeeded(ran: &Ran) {
    assert!(
        ran.errors().is_empty() && ran.exit_code != Some(1),
        "`{}`: {:#?}",
        ran.command,
        ran.diagnostics()
    );
}

/// The summaries of the warnings, in their order.
fn summaries(ran: &Ran) -> Vec<String> {
    let mut summaries: Vec<String> = ran.warnings().into_iter().map(|warning| warning.summary).collect();
    summaries.sort();
    summaries
}

const NOT_CHECKED: &str = "Not everything about the KMS key and the RAM role could be checked";
const MAY_NOT_PASS: &str = "Who runs this plan may not pass the RAM role";

/// A check that could not be made is a warning that names the action.
fn is_not_checked(action: &str, ran: &Ran) {
    let warnings = ran.warnings();
    let warning = warnings.iter().find(|warning| warning.summary == NOT_CHECKED);
    let warning = warning.unwrap_or_else(|| panic!("{action}: {warnings:#?}"));
    warning.says(&[&format!("the caller lacks {action}")]);
}

/// The optional permissions of the checks.
fn checks() -> Vec<&'static str> {
    CHECKS.iter().map(|privilege| privilege.action).collect()
}

/// A plan of everything before it is made; an audit that finds nothing; one that finds a Logstore switched off and a
/// policy taken from its holders.
#[test]
fn a_plan_and_an_audit_take_what_the_guide_says() {
    let trial = Trial::new("To plan and to audit");
    let (scene, needed) = (&trial.scene, trial.needed());
    scene.write("main.tf", &(role(PASSERS) + &encryption_with_key("alicloud_ram_byok_role.sls.arn", "")));
    for (document, warning) in [(&trial.document, MAY_NOT_PASS), (&needed, NOT_CHECKED)] {
        let ran = trial.run(document, PLAN);
        assert_eq!((ran.exit_code, summaries(&ran)), (Some(2), vec![warning.to_owned()]));
    }
    scene.provider("");
    scene.apply();
    sign_in(scene, "ci");
    for document in [&trial.document, &needed] {
        let ran = trial.run(document, PLAN);
        assert_eq!((ran.exit_code, summaries(&ran)), (Some(0), vec![]));
    }

    let conf = json!({"enable": false, "encrypt_type": "default", "user_cmk_info":
        {"cmk_key_id": KEY, "arn": ARN, "region_id": "cn-hangzhou"}});
    scene.patch_log_store("audit-project", "app-log", &json!({"encrypt_conf": conf}));
    for (parameter, holder, kind) in HOLDERS {
        let from = [("PolicyName", "sls-byok-pass-role"), ("PolicyType", "Custom"), (parameter, holder)];
        scene.ram(&format!("DetachPolicyFrom{kind}"), &from);
    }
    for (document, warning) in [(&trial.document, MAY_NOT_PASS), (&needed, NOT_CHECKED)] {
        let ran = trial.run(document, PLAN);
        assert_eq!((ran.exit_code, summaries(&ran)), (Some(2), vec![warning.to_owned()]));
    }
    trial.fails_without(ENCRYPTION, &["log:GetLogStore"], PLAN);
    trial.fails_without(ROLE, &REFRESH_OF_ROLE, PLAN);
    trial.fails_without(PASS_ROLE, &REFRESH_OF_PASS_ROLE, PLAN);
    let optional: Vec<&str> =
        checks().into_iter().filter(|action| !REFRESH_OF_ROLE.contains(action)).collect();
    trial.succeeds_without(CHECKS, &optional, PLAN, is_not_checked);
    trial.succeeds_without(PASS_ROLE, &LOOKS_AT_PASSERS, PLAN, |action, ran| {
        assert_eq!(summaries(ran), [MAY_NOT_PASS], "{action}");
    });
    trial.is_complete(&[ENCRYPTION, CHECKS, ROLE, PASS_ROLE]);
}

const REFRESH_OF_ROLE: [&str; 3] = ["ram:GetRole", "ram:ListPoliciesForRole", "ram:ListTagResources"];
const REFRESH_OF_PASS_ROLE: [&str; 2] = ["ram:GetPolicy", "ram:ListEntitiesForPolicy"];
const LOOKS_AT_PASSERS: [&str; 3] = ["ram:GetUser", "ram:ListPoliciesForGroup", "ram:GetRole"];

#[test]
fn encryption_with_the_key_of_the_service_takes_what_the_guide_says() {
    let trial = Trial::new("To apply alicloud_log_store_encryption with the service's key");
    let scene = &trial.scene;
    scene.write("main.tf", &encryption("  on_destroy = \"disable\""));
    trial.fails_without(ENCRYPTION, &["log:GetLogStore", "log:UpdateLogStore"], APPLY);
    trial.succeeds(APPLY);
    trial.succeeds(DESTROY);
    trial.is_complete(&[ENCRYPTION]);
    // The dedicated action of SLS, and the action that the guide names in its place.
    scene.provider("  encryption_api = \"update_logstore_encryption\"");
    sign_in(scene, "ci");
    let text = trial.document.to_string().replace("log:UpdateLogStore", "log:UpdateLogStoreEncryption");
    succeeded(&trial.run(&serde_json::from_str(&text).unwrap(), APPLY));
}

#[test]
fn encryption_of_a_metric_store_takes_what_the_guide_says() {
    let trial = Trial::new("To apply alicloud_log_store_encryption to a metric store");
    let scene = &trial.scene;
    scene.patch_log_store("audit-project", "app-log", &json!({"telemetryType": "Metrics"}));
    scene.write("main.tf", &encryption("  on_destroy = \"disable\""));
    let actions = ["log:GetLogStore", "log:GetMetricStore", "log:UpdateMetricStore"];
    trial.fails_without(METRIC_STORES, &actions, APPLY);
    trial.succeeds(APPLY);
    trial.succeeds(DESTROY);
    trial.is_complete(&[METRIC_STORES]);
}

#[test]
fn encryption_with_a_key_takes_what_the_guide_says() {
    let trial = Trial::new("To apply alicloud_log_store_encryption with a key of your own");
    let scene = &trial.scene;
    make_role(scene);
    let main = |arguments: &str| encryption_with_key(&format!("{ARN:?}"), arguments);
    scene.write("main.tf", &main("  on_destroy = \"disable\""));
    trial.fails_without(ENCRYPTION, &["log:GetLogStore", "log:UpdateLogStore"], APPLY);
    trial.fails_without(BYOK, &["ram:PassRole"], APPLY);
    trial.succeeds_without(CHECKS, &checks(), PLAN, is_not_checked);
    trial.succeeds(APPLY);
    trial.succeeds(DESTROY);
    // It is switched on again.
    let ran = trial.run(&trial.needed(), APPLY);
    succeeded(&ran);
    is_not_checked("kms:DescribeKey", &ran);
    trial.is_complete(&[ENCRYPTION, BYOK, CHECKS]);
}

/// The role, which something else has made some minutes ago.
fn make_role(scene: &Scene) {
    let trust = r#"{"Version":"1","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":["log.aliyuncs.com"]}}]}"#;
    scene.advance_clock(-600);
    scene.ram("CreateRole", &[("RoleName", "sls-byok"), ("AssumeRolePolicyDocument", trust)]);
    for policy in ["AliyunKMSReadOnlyAccess", "AliyunKMSCryptoUserAccess"] {
        let to = [("PolicyName", policy), ("PolicyType", "System"), ("RoleName", "sls-byok")];
        scene.ram("AttachPolicyToRole", &to);
    }
    scene.advance_clock(600);
}

#[test]
fn readiness_takes_what_the_guide_says() {
    let trial = Trial::new("To read alicloud_byok_readiness");
    make_role(&trial.scene);
    trial.scene.write(
        "main.tf",
        &format!(
            "data \"alicloud_byok_readiness\" \"this\" {{\n  cmk_key_id = {KEY:?}\n  role_arn = {ARN:?}\n}}\noutput \"open\" {{\n  value = [for check in data.alicloud_byok_readiness.this.checks : check.detail if check.ok == null]\n}}\n"
        ),
    );
    let open = || trial.scene.state()["outputs"]["open"]["value"].to_string();
    trial.succeeds(APPLY);
    assert_eq!(open(), "[]");
    trial.succeeds_without(CHECKS, &checks(), APPLY, |action, _| {
        assert!(open().contains(&format!("the caller lacks {action}")), "{action}: {}", open());
    });
    trial.is_complete(&[CHECKS]);
}

#[test]
fn an_audit_of_everything_takes_what_the_guide_says() {
    let trial = Trial::new("To read alicloud_log_store_encryptions");
    trial.scene.put_log_store("audit-project", "cpu", &json!({"telemetryType": "Metrics"}));
    trial.scene.write(
        "main.tf",
        "data \"alicloud_log_store_encryptions\" \"all\" {}\noutput \"unreadable\" {\n  value = data.alicloud_log_store_encryptions.all.unreadable[*].message\n}\n",
    );
    let unreadable = || trial.scene.state()["outputs"]["unreadable"]["value"].to_string();
    trial.succeeds(APPLY);
    assert_eq!(unreadable(), "[]");
    let actions: Vec<&str> = AUDIT.iter().map(|privilege| privilege.action).collect();
    trial.succeeds_without(AUDIT, &actions, APPLY, |action, ran| {
        assert!(unreadable().contains(action), "{action}: {}", unreadable());
        assert_eq!(summaries(ran), ["Not every Logstore could be read"], "{action}");
    });
    trial.is_complete(&[AUDIT]);
}

const QUERY: &[&str] = &["query", "-json"];

/// A query of everything on a host that has queries.
fn query(title: &str, of: &str) -> Trial {
    let trial = Trial::on(Host::Newest, title);
    make_role(&trial.scene);
    let block = format!("list {of:?} \"all\" {{\n  provider = alicloud\n  include_resource = true\n}}\n");
    trial.scene.write("all.tfquery.hcl", &block);
    trial
}

#[test]
fn a_query_of_logstores_takes_what_the_guide_says() {
    let trial = query("To query alicloud_log_store_encryption", "alicloud_log_store_encryption");
    trial.scene.put_log_store("audit-project", "cpu", &json!({"telemetryType": "Metrics"}));
    trial.succeeds(QUERY);
    trial.fails_without(QUERY_ENCRYPTIONS, &["log:ListProject"], QUERY);
    let optional = ["log:ListLogStores", "log:ListMetricStores", "log:GetLogStore", "log:GetMetricStore"];
    trial.succeeds_without(QUERY_ENCRYPTIONS, &optional, QUERY, |action, ran| {
        ran.warning().says(&["Not every Logstore could be read", action]);
    });
    trial.is_complete(&[QUERY_ENCRYPTIONS]);
}

#[test]
fn a_query_of_roles_takes_what_the_guide_says() {
    let trial = query("To query alicloud_ram_byok_role", "alicloud_ram_byok_role");
    let document =
        r#"{"Version":"1","Statement":[{"Effect":"Allow","Action":"ram:PassRole","Resource":"*"}]}"#;
    let policy = [("PolicyName", "sls-byok-pass-role"), ("PolicyDocument", document)];
    trial.scene.ram("CreatePolicy", &policy);
    trial.succeeds(QUERY);
    trial.fails_without(QUERY_ROLES, &["ram:ListRoles"], QUERY);
    let (_, optional) = QUERY_ROLES.split_first().unwrap();
    let optional: Vec<&str> = optional.iter().map(|privilege| privilege.action).collect();
    trial.succeeds_without(QUERY_ROLES, &optional, QUERY, |action, ran| {
        ran.warning().says(&["Not every role could be read", action]);
    });
    trial.is_complete(&[QUERY_ROLES]);
}

#[test]
fn a_verification_takes_what_the_guide_says() {
    let title = "To invoke alicloud_log_store_encryption_verify";
    let trial = Trial::on(Host::Newest, title);
    make_role(&trial.scene);
    let conf = json!({"enable": true, "encrypt_type": "default", "user_cmk_info":
        {"cmk_key_id": KEY, "arn": ARN, "region_id": "cn-hangzhou"}});
    // A policy that is read, in the place of the one that is known by its name.
    let uses_keys = r#"{"Version":"1","Statement":[{"Effect":"Allow","Action":"kms:*","Resource":"*"}]}"#;
    trial.scene.ram("CreatePolicy", &[("PolicyName", "uses-keys"), ("PolicyDocument", uses_keys)]);
    let to = [("PolicyName", "uses-keys"), ("PolicyType", "Custom"), ("RoleName", "sls-byok")];
    trial.scene.ram("AttachPolicyToRole", &to);
    for policy in ["AliyunKMSReadOnlyAccess", "AliyunKMSCryptoUserAccess"] {
        let from = [("PolicyName", policy), ("PolicyType", "System"), ("RoleName", "sls-byok")];
        trial.scene.ram("DetachPolicyFromRole", &from);
    }
    let members = json!({"telemetryType": "Metrics", "encrypt_conf": conf});
    trial.scene.patch_log_store("audit-project", "app-log", &members);
    trial.scene.write(
        "main.tf",
        "action \"alicloud_log_store_encryption_verify\" \"this\" {\n  config {\n    logstores = [{ project_name = \"audit-project\", logstore_name = \"app-log\" }]\n  }\n}\n",
    );
    let invoke = [APPLY, &["-invoke=action.alicloud_log_store_encryption_verify.this"]].concat();
    trial.succeeds(&invoke);
    trial.fails_without(VERIFY, &["log:GetLogStore", "log:GetMetricStore"], &invoke);
    let optional = ["kms:DescribeKey", "ram:GetRole", "ram:ListPoliciesForRole", "ram:GetPolicy"];
    trial.succeeds_without(VERIFY, &optional, &invoke, |action, ran| {
        // The host puts a summary of its own before that of an action.
        ran.warning().says(&[NOT_CHECKED, &format!("the caller lacks {action}")]);
    });
    trial.is_complete(&[VERIFY]);
}

const TAGGED: &str = "  tags = {\n    team = \"audit\"\n  }\n";

/// One tag less and one more.
const TAGGED_ANEW: &str = "  tags = {\n    owner = \"audit\"\n  }\n";

/// Each run goes on where the one before has failed.
#[test]
fn a_role_takes_what_the_guide_says() {
    let trial = Trial::new("To apply alicloud_ram_byok_role");
    let scene = &trial.scene;
    let (before, after) = (role(TAGGED), role(TAGGED_ANEW));
    for text in [&before, &after] {
        scene.write("main.tf", text);
        trial.succeeds(APPLY);
    }
    trial.succeeds(DESTROY);

    scene.write("main.tf", &before);
    trial.fails_without(ROLE, &["ram:CreateRole", "ram:AttachPolicyToRole", "ram:UpdateRole"], APPLY);
    trial.succeeds(APPLY);
    trial.fails_without(ROLE, &REFRESH_OF_ROLE, PLAN);
    scene.write("main.tf", &after);
    trial.fails_without(ROLE, &["ram:UntagResources", "ram:TagResources"], APPLY);
    trial.succeeds(APPLY);
    trial.fails_without(ROLE, &["ram:DetachPolicyFromRole", "ram:DeleteRole"], DESTROY);
    trial.succeeds(DESTROY);
    trial.is_complete(&[ROLE]);
}

/// Each run goes on where the one before has failed. The permissions of the role itself are tried above.
#[test]
fn a_role_with_pass_role_takes_what_the_guide_says() {
    let trial = Trial::new("To apply alicloud_ram_byok_role with pass_role");
    let scene = &trial.scene;
    let (before, after) =
        (role(&format!("{TAGGED}{PASSERS}")), role(&format!("{TAGGED_ANEW}  pass_role = {{}}")));
    let change = || {
        let widened =
            r#"{"Version":"1","Statement":[{"Effect":"Allow","Action":"ram:PassRole","Resource":"*"}]}"#;
        let version =
            [("PolicyName", "sls-byok-pass-role"), ("PolicyDocument", widened), ("SetAsDefault", "true")];
        scene.ram("CreatePolicyVersion", &version);
        scene.write("main.tf", &after);
    };
    scene.write("main.tf", &before);
    trial.succeeds(APPLY);
    change();
    trial.succeeds(APPLY);
    trial.succeeds(DESTROY);

    scene.write("main.tf", &before);
    trial.succeeds_without(PASS_ROLE, &LOOKS_AT_PASSERS, PLAN, |action, ran| {
        assert_eq!(summaries(ran), [""; 0], "{action}");
    });
    let create =
        ["ram:CreatePolicy", "ram:AttachPolicyToUser", "ram:AttachPolicyToGroup", "ram:AttachPolicyToRole"];
    trial.fails_without(PASS_ROLE, &create, APPLY);
    trial.succeeds(APPLY);
    trial.fails_without(PASS_ROLE, &REFRESH_OF_PASS_ROLE, PLAN);
    change();
    let update = [
        "ram:CreatePolicyVersion",
        "ram:DetachPolicyFromUser",
        "ram:DetachPolicyFromGroup",
        "ram:DetachPolicyFromRole",
    ];
    trial.fails_without(PASS_ROLE, &update, APPLY);
    trial.succeeds(APPLY);
    trial.fails_without(PASS_ROLE, &["ram:DeletePolicy"], DESTROY);
    trial.succeeds(DESTROY);
    trial.is_complete(&[PASS_ROLE]);
}
