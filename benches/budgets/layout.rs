//! How the Logstores of a measurement lie over projects and regions.

use serde_json::{Value, json};

/// The first project, and the only one where there is no other.
pub const PROJECT: &str = "bench-project-0";

const KEY: &str = "f5136b95-2420-ab31-1234-0123456789ab";

const ROLE_ARN: &str = "acs:ram::1234567890123456:role/sls-byok";

/// Logstore `store-<i>` is in project `bench-project-<i modulo projects>`, and project `p` in region
/// `regions[p modulo the number of regions]`.
#[derive(Clone, Copy)]
pub struct Layout {
    /// How many Logstores there are.
    pub logstores: u16,
    /// How many projects they are in.
    pub projects: u16,
    /// The regions of the projects. The first one is the provider's.
    pub regions: &'static [&'static str],
    /// Whether they are encrypted already, with a key of SLS.
    pub encrypted: bool,
}

impl Layout {
    /// All of them in one project.
    pub const fn in_one_project(logstores: u16) -> Self {
        Self { logstores, projects: 1, regions: &["cn-hangzhou"], encrypted: false }
    }

    /// The seed of an emulator that has these Logstores.
    pub fn seed(&self) -> Value {
        let projects: Vec<_> = (0..self.projects).map(|project| self.project(project)).collect();
        json!({"region": self.region_of(0), "projects": projects, "keys": [key()], "roles": [role()]})
    }

    fn project(&self, number: u16) -> Value {
        let logstores: Vec<_> = (number..self.logstores)
            .step_by(self.projects.into())
            .map(|store| {
                let name = format!("store-{store}");
                let mut logstore =
                    json!({"logstoreName": name, "ttl": 30, "shardCount": 2, "createTime": 1_700_000_000});
                if let Some(members) = logstore.as_object_mut().filter(|_| self.encrypted) {
                    let conf = json!({"enable": true, "encrypt_type": "default"});
                    members.insert("encrypt_conf".to_owned(), conf);
                }
                logstore
            })
            .collect();
        json!({"name": format!("bench-project-{number}"), "region": self.region_of(number), "logstores": logstores})
    }

    /// The region of a project.
    pub fn region_of(&self, project: u16) -> &'static str {
        self.regions.iter().cycle().nth(project.into()).copied().unwrap_or_default()
    }

    /// The arguments of a resource that encrypt with the one KMS key of the emulator, through its one role.
    pub fn byok() -> String {
        format!("  user_cmk_info = {{\n    cmk_key_id = {KEY:?}\n    arn        = {ROLE_ARN:?}\n  }}\n")
    }

    /// The arguments of a resource that name the Logstore of the number `index`, an expression.
    pub fn arguments(&self, index: &str) -> String {
        let Self { projects, regions, .. } = self;
        let count = regions.len();
        format!(
            r#"  region        = {regions:?}[({index}) % {projects} % {count}]
  project_name  = "bench-project-${{({index}) % {projects}}}"
  logstore_name = "store-${{{index}}}"
"#
        )
    }
}

fn key() -> Value {
    json!({"id": KEY, "spec": "Aliyun_AES_256", "usage": "ENCRYPT/DECRYPT", "state": "Enabled", "region": "cn-hangzhou"})
}

fn role() -> Value {
    let trust = json!({"Version": "1", "Statement": [
        {"Action": "sts:AssumeRole", "Effect": "Allow", "Principal": {"Service": ["log.aliyuncs.com"]}}
    ]});
    json!({
        "name": "sls-byok",
        "assume_role_policy_document": trust.to_string(),
        "policies": ["AliyunKMSReadOnlyAccess", "AliyunKMSCryptoUserAccess"],
    })
}
