//! What there is: Logstores in two regions, keys, people, and what the seed of an emulator says of them.

use serde_json::{Value, json};

/// The account.
pub const ACCOUNT: &str = "1234567890123456";

/// The role that the provider assumes in some episodes.
pub const OPERATOR: &str = "operator";

/// The users that `pass_role` may name.
pub const USERS: [&str; 2] = ["alice", "bob"];

/// The group that `pass_role` may name.
pub const GROUP: &str = "auditors";

/// The roles that configurations make.
pub const ROLES: [&str; 2] = ["byok-one", "byok-two"];

/// A Logstore.
#[derive(Clone, Copy, Debug)]
pub struct Store {
    /// Its project.
    pub project: &'static str,
    /// Its name.
    pub name: &'static str,
    /// Its region.
    pub region: &'static str,
}

/// The Logstores.
pub const STORES: [Store; 4] = [
    Store { project: "audit", name: "app", region: "cn-hangzhou" },
    Store { project: "audit", name: "db", region: "cn-hangzhou" },
    Store { project: "audit", name: "web", region: "cn-hangzhou" },
    Store { project: "far", name: "log", region: "cn-beijing" },
];

impl Store {
    /// The path of the control API.
    pub fn control_path(&self) -> String {
        format!("projects/{}/logstores/{}", self.project, self.name)
    }

    /// The id of the KMS key in its region.
    pub fn key(&self) -> String {
        format!("key-{}", self.region)
    }
}

/// The Logstore that a host and a path address.
pub fn store_at(host: &str, name: &str) -> Option<usize> {
    let project = host.split('.').next().unwrap_or_default();
    STORES.iter().position(|store| store.project == project && store.name == name)
}

/// What the emulator starts with: Logstores that were never configured, with settings of others.
pub fn seed() -> Value {
    let logstores = |project: &str| -> Vec<Value> {
        let of_project = STORES.iter().filter(|store| store.project == project);
        of_project
            .map(|store| {
                json!({"logstoreName": store.name, "createTime": 1_700_000_000, "ttl": 180, "shardCount": 2,
                    "autoSplit": true, "maxSplitShard": 64, "appendMeta": true, "hot_ttl": 30,
                    "processorId": "processor-1", "productType": "chaos", "ownerNote": "as it was"})
            })
            .collect()
    };
    let key = |region: &str| json!({"id": format!("key-{region}"), "region": region});
    json!({
        "account_id": ACCOUNT,
        "access_keys": [{"id": "ak-root", "secret": "sk-root"}, {"id": "ak-ops", "secret": "sk-ops", "user": "ops"}],
        "users": [{"name": "ops", "policies": ["AdministratorAccess"]}, {"name": USERS[0]}, {"name": USERS[1]}],
        "groups": [{"name": GROUP}],
        "roles": [{"name": OPERATOR, "policies": ["AdministratorAccess"], "assume_role_policy_document":
            {"Version": "1", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
                "Principal": {"RAM": [format!("acs:ram::{ACCOUNT}:root")]}}]}}],
        "keys": [key("cn-hangzhou"), key("cn-beijing")],
        "projects": [
            {"name": "audit", "region": "cn-hangzhou", "logstores": logstores("audit")},
            {"name": "far", "region": "cn-beijing", "logstores": logstores("far")},
        ],
    })
}
