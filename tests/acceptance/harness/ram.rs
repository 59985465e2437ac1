//! Looking at RAM and KMS and changing what is there, as the account itself would in the console.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Scene, rpc};

/// What RAM holds of a role, but for what is different in each run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RamRole {
    /// `RoleId`
    pub role_id: String,
    /// `Description`
    pub description: String,
    /// `MaxSessionDuration`
    pub max_session_duration: i64,
    /// The trust policy.
    pub trust: Value,
    /// The policies attached to it: `System/AliyunKMSReadOnlyAccess`, in their order.
    pub policies: Vec<String>,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
}

/// What RAM holds of a custom policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RamPolicy {
    /// The document in force.
    pub document: Value,
    /// Whom it is attached to: `user alice`, in their order.
    pub holders: Vec<String>,
}

impl Scene {
    /// A call of RAM by the account itself; must succeed.
    #[track_caller]
    pub fn ram(&self, action: &str, parameters: &[(&str, &str)]) -> Value {
        let (status, answer) = self.try_ram(action, parameters);
        assert_eq!(status, 200, "{action} {parameters:?}: {answer}");
        answer
    }

    /// A call of RAM by the account itself, with its HTTP status. It is in the log of calls, as any other.
    #[track_caller]
    pub fn try_ram(&self, action: &str, parameters: &[(&str, &str)]) -> (u16, Value) {
        rpc::call(self.address(), rpc::RAM, ("ak-root", "sk-root"), action, parameters)
    }

    /// A call of KMS by the account itself; must succeed.
    #[track_caller]
    pub fn kms(&self, action: &str, parameters: &[(&str, &str)]) -> Value {
        let key = ("ak-root", "sk-root");
        let (status, answer) = rpc::call(self.address(), rpc::KMS, key, action, parameters);
        assert_eq!(status, 200, "{action} {parameters:?}: {answer}");
        answer
    }

    /// A role, if it is there.
    #[track_caller]
    pub fn role(&self, name: &str) -> Option<RamRole> {
        let by_name = [("RoleName", name)];
        let (status, answer) = self.try_ram("GetRole", &by_name);
        if status == 404 {
            return None;
        }
        let role = &answer["Role"];
        let attached = self.ram("ListPoliciesForRole", &by_name);
        let mut policies: Vec<String> = attached["Policies"]["Policy"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|policy| format!("{}/{}", text(&policy["PolicyType"]), text(&policy["PolicyName"])))
            .collect();
        policies.sort();
        Some(RamRole {
            role_id: text(&role["RoleId"]),
            description: text(&role["Description"]),
            max_session_duration: role["MaxSessionDuration"].as_i64().unwrap(),
            trust: serde_json::from_str(role["AssumeRolePolicyDocument"].as_str().unwrap()).unwrap(),
            policies,
            tags: self.tags(name),
        })
    }

    #[track_caller]
    fn tags(&self, role: &str) -> BTreeMap<String, String> {
        let names = json!([role]).to_string();
        let answer = self.ram("ListTagResources", &[("ResourceType", "role"), ("ResourceNames", &names)]);
        let tags = answer["TagResources"].as_array().into_iter().flatten();
        tags.map(|tag| (text(&tag["TagKey"]), text(&tag["TagValue"]))).collect()
    }

    /// A custom policy, if it is there.
    #[track_caller]
    pub fn policy(&self, name: &str) -> Option<RamPolicy> {
        let by_name = [("PolicyName", name), ("PolicyType", "Custom")];
        let (status, answer) = self.try_ram("GetPolicy", &by_name);
        if status == 404 {
            return None;
        }
        let document = answer["DefaultPolicyVersion"]["PolicyDocument"].as_str().unwrap();
        let entities = self.ram("ListEntitiesForPolicy", &by_name);
        let names = |list: &str, item: &str, name: &str| -> Vec<String> {
            let items = entities[list][item].as_array().into_iter().flatten();
            items.map(|entity| format!("{} {}", item.to_lowercase(), text(&entity[name]))).collect()
        };
        let holders = [
            names("Users", "User", "UserName"),
            names("Groups", "Group", "GroupName"),
            names("Roles", "Role", "RoleName"),
        ];
        Some(RamPolicy { document: serde_json::from_str(document).unwrap(), holders: holders.concat() })
    }

    /// The names of all custom policies.
    #[track_caller]
    pub fn custom_policies(&self) -> Vec<String> {
        let answer = self.ram("ListPolicies", &[("PolicyType", "Custom")]);
        let policies = answer["Policies"]["Policy"].as_array().into_iter().flatten();
        policies.map(|policy| text(&policy["PolicyName"])).collect()
    }

    /// Orders a fault of RAM: `action` and `effect`, perhaps `skip` and `times`.
    #[track_caller]
    pub fn ram_fault(&self, rule: &Value) {
        self.fault_of("ram", rule);
    }

    /// The actions of RAM that were called, reads included.
    #[track_caller]
    pub fn ram_actions(&self) -> Vec<String> {
        self.calls().into_iter().filter(|call| call.service == "ram").map(|call| call.action).collect()
    }

    /// The actions of RAM that were called and may change something.
    #[track_caller]
    pub fn ram_writes(&self) -> Vec<String> {
        self.writes().into_iter().filter(|call| call.service == "ram").map(|call| call.action).collect()
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
