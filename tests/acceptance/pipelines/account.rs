//! An account of the cloud with the roles of the pipelines.

use std::path::Path;

use serde_json::{Value, json};
use test_support::{EmulatorProcess, identity};

use super::checkout::example;
use crate::harness::{rpc, start_emulator};
use crate::privileges::document;

/// The audience of every token.
pub const AUDIENCE: &str = "sts.aliyuncs.com";

/// A system that runs pipelines: the folder of its example, and the name of the identity provider there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum System {
    GitHub,
    GitLab,
}

impl System {
    pub fn name(self) -> &'static str {
        match self {
            System::GitHub => "github",
            System::GitLab => "gitlab",
        }
    }

    pub fn issuer(self) -> &'static str {
        match self {
            System::GitHub => "https://token.actions.githubusercontent.com",
            System::GitLab => "https://gitlab.com",
        }
    }
}

/// What is in an account: its id, its region, the key, and the Logstores of each project.
pub struct Inventory {
    pub id: &'static str,
    pub region: &'static str,
    pub key: &'static str,
    pub projects: &'static [(&'static str, &'static [&'static str])],
}

/// The accounts of `examples/ci/live`.
pub const ACCOUNTS: [Inventory; 2] = [
    Inventory {
        id: "1234567890123456",
        region: "cn-hangzhou",
        key: "f5136b95-2420-ab31-1234-0123456789ab",
        projects: &[
            ("cloudfirewall-project-1234567890123456-cn-hangzhou", &["cloudfirewall-logstore"]),
            ("waf-project-1234567890123456-cn-hangzhou", &["waf-logstore"]),
        ],
    },
    Inventory {
        id: "2345678901234567",
        region: "cn-shanghai",
        key: "c0ffee95-2420-ab31-1234-0123456789ab",
        projects: &[("actiontrail-2345678901234567-cn-shanghai", &["actiontrail-logstore"])],
    },
];

impl Inventory {
    fn seed(&self, system: System) -> Value {
        let logstores = |names: &[&str]| -> Vec<Value> {
            names.iter().map(|name| json!({"logstoreName": name})).collect()
        };
        let projects: Vec<Value> = self
            .projects
            .iter()
            .map(|(name, names)| json!({"name": name, "region": self.region, "logstores": logstores(names)}))
            .collect();
        let sls = json!({"Version": "1", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
            "Principal": {"Service": ["log.aliyuncs.com"]}}]});
        json!({
            "account_id": self.id,
            "region": self.region,
            "keys": [{"id": self.key, "region": self.region}],
            "oidc_providers": [identity::seeded_provider_of(system.name(), system.issuer(), AUDIENCE)],
            "projects": projects,
            "roles": [
                {"name": "sls-byok", "assume_role_policy_document": sls,
                    "policies": ["AliyunKMSReadOnlyAccess", "AliyunKMSCryptoUserAccess"]},
                self.role(system, "plan", &["To plan and to audit", "To read alicloud_log_store_encryptions"]),
                self.role(system, "apply", &["To apply alicloud_log_store_encryption with a key of your own"]),
            ],
        })
    }

    /// The role `terraform-plan` or `terraform-apply`, with the trust policy of the example and these documents of the
    /// guide *Least privileges*.
    fn role(&self, system: System, name: &str, titles: &[&str]) -> Value {
        let trust =
            example(&format!("ci/{}/trust-{name}.json", system.name())).replace(ACCOUNTS[0].id, self.id);
        let policies: Vec<Value> = titles
            .iter()
            .enumerate()
            .map(|(number, title)| {
                let document = self.adapted(&format!("terraform-{name}"), &document(title));
                json!({"name": format!("terraform-{name}-{number}"), "document": document})
            })
            .collect();
        json!({"name": format!("terraform-{name}"), "policies": policies,
            "assume_role_policy_document": serde_json::from_str::<Value>(&trust).unwrap()})
    }

    /// A document with the names of this account, for a role, as the guide says.
    fn adapted(&self, role: &str, document: &Value) -> Value {
        let text = document
            .to_string()
            .replace("project/audit-project/logstore/app-log", "project/*/logstore/*")
            .replace("cn-hangzhou", self.region)
            .replace(ACCOUNTS[0].key, self.key)
            .replace(ACCOUNTS[0].id, self.id);
        let mut document: Value = serde_json::from_str(&text).unwrap();
        for statement in document["Statement"].as_array_mut().unwrap() {
            if statement["Resource"].to_string().contains(":user/ci\"") {
                statement["Action"] = json!(["ram:ListPoliciesForRole"]);
                statement["Resource"] = json!([format!("acs:ram:*:{}:role/{role}", self.id)]);
            }
        }
        document
    }
}

pub struct Account {
    pub inventory: &'static Inventory,
    emulator: EmulatorProcess,
}

impl Account {
    pub fn start(inventory: &'static Inventory, system: System, directory: &Path) -> Account {
        let directory = directory.join(inventory.id);
        std::fs::create_dir(&directory).unwrap();
        Account { inventory, emulator: start_emulator(&directory, &inventory.seed(system), &[]) }
    }

    /// Where its services are, as environment variables.
    pub fn endpoints(&self) -> Vec<(String, String)> {
        let address = format!("http://{}", self.emulator.address());
        let variable = |service| (format!("ALIBABA_CLOUD_ENDPOINT_{service}"), address.clone());
        ["SLS", "RAM", "KMS", "STS"].map(variable).into()
    }

    #[track_caller]
    pub fn control(&self, method: &str, path: &str, body: Option<&Value>) -> Value {
        self.emulator.control(method, path, body).unwrap()
    }

    /// A call of RAM by the account itself; must succeed.
    #[track_caller]
    pub fn ram(&self, action: &str, parameters: &[(&str, &str)]) {
        let key = ("ak-root", "sk-root");
        let (status, answer) = rpc::call(self.emulator.address(), rpc::RAM, key, action, parameters);
        assert_eq!(status, 200, "{action} {parameters:?}: {answer}");
    }

    pub fn forget_calls(&self) {
        self.control("DELETE", "requests", None);
    }

    /// The action and the principal of each call that may have changed something and was not refused.
    pub fn writes(&self) -> Vec<(String, String)> {
        let calls = self.control("GET", "requests", None);
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let is_write = |call: &&Value| {
            let action = call["action"].as_str().unwrap_or_default();
            let is_read =
                ["Get", "List", "Describe", "AssumeRole"].iter().any(|prefix| action.starts_with(prefix));
            !is_read && call["status"] == 200
        };
        let calls = calls.as_array().unwrap().iter().filter(is_write);
        calls.map(|call| (text(&call["action"]), text(&call["principal"]))).collect()
    }

    /// How a Logstore is encrypted.
    pub fn encrypt_conf(&self, project: &str, logstore: &str) -> Value {
        self.control("GET", &format!("projects/{project}/logstores/{logstore}"), None)["encrypt_conf"].clone()
    }

    /// Whether each Logstore of the account is encrypted with its key.
    pub fn is_encrypted(&self) -> bool {
        let all = self.inventory.projects.iter();
        all.flat_map(|(project, names)| names.iter().map(move |name| (project, name))).all(
            |(project, name)| {
                let conf = self.encrypt_conf(project, name);
                conf["enable"] == true && conf["user_cmk_info"]["cmk_key_id"] == self.inventory.key
            },
        )
    }
}
