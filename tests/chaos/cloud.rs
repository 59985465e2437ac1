//! The emulator of an episode, and others who write there.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde_json::{Map, Value, json};
use test_support::{EmulatorProcess, Key, SlsRequest, control, date, exchange, rpc_request};

use crate::world::{GROUP, ROLES, STORES, Store, USERS, seed};

/// The emulator with what it has stored; it may be killed and started again.
pub struct Cloud {
    folder: PathBuf,
    rules: Option<&'static str>,
    running: Mutex<EmulatorProcess>,
}

impl Cloud {
    /// Starts it, with its data in a folder.
    pub fn start(folder: &Path, rules: Option<&'static str>) -> Self {
        std::fs::write(folder.join("seed.json"), seed().to_string()).unwrap();
        Self { folder: folder.to_owned(), rules, running: Mutex::new(spawn(folder, rules)) }
    }

    /// Where it serves now. Waits while it is started again.
    pub fn address(&self) -> SocketAddr {
        self.running.lock().unwrap().address()
    }

    /// Whether it refuses members that it does not know.
    pub fn is_strict(&self) -> bool {
        self.rules == Some("--strict")
    }

    /// SIGKILL, and a new start.
    pub fn kill_and_restart(&self) {
        let mut running = self.running.lock().unwrap();
        running.kill();
        *running = spawn(&self.folder, self.rules);
    }

    /// Ends it.
    pub fn stop(&self) {
        self.running.lock().unwrap_or_else(PoisonError::into_inner).kill();
    }

    /// One call of the control API.
    pub fn control(&self, method: &str, path: &str, body: Option<&Value>) -> Value {
        control(self.address(), method, path, body).unwrap()
    }

    /// All members of a Logstore.
    pub fn members(&self, store: usize) -> Map<String, Value> {
        let members = self.control("GET", &STORES[store].control_path(), None);
        members.as_object().unwrap().clone()
    }

    /// Sets members past the service's rules.
    pub fn patch(&self, store: usize, members: &Value) {
        self.control("PATCH", &STORES[store].control_path(), Some(members));
    }

    /// Sets members as another client does: reads the Logstore, and sends all of it. `false` if the service did not
    /// take that, or a fault is waiting for such a call, which is meant for the provider.
    pub fn try_update(&self, store: usize, members: &Map<String, Value>) -> bool {
        if self.awaits("UpdateLogStore") {
            return false;
        }
        let mut all = self.members(store);
        all.extend(members.clone());
        let known = [
            "logstoreName",
            "ttl",
            "shardCount",
            "enable_tracking",
            "autoSplit",
            "maxSplitShard",
            "appendMeta",
            "telemetryType",
            "hot_ttl",
            "mode",
            "encrypt_conf",
        ];
        all.retain(|name, value| known.contains(&name.as_str()) && !value.is_null());
        let Store { project, name, .. } = STORES[store];
        let body = Value::Object(all).to_string().into_bytes();
        let length = body.len().to_string();
        let headers = [("x-log-bodyrawsize", length.as_str()), ("Content-Type", "application/json")];
        let (host, target) = (&format!("{project}.localhost"), &format!("/logstores/{name}"));
        let date = &date::rfc_1123();
        let request = SlsRequest {
            host,
            method: "PUT",
            target,
            resource: target,
            date,
            headers: &headers,
            body: &body,
        };
        exchange(self.address(), &request.signed(&Key::root())).unwrap().status == 200
    }

    /// Whether a fault waits for a call of an action.
    pub fn awaits(&self, action: &str) -> bool {
        let faults = self.control("GET", "faults", None);
        faults.as_array().into_iter().flatten().any(|rule| rule["action"] == action)
    }

    /// A call of RAM by the account: the status and the answer.
    pub fn ram(&self, action: &str, parameters: &[(&str, &str)]) -> (u16, Value) {
        let action = ("2015-05-01", action);
        let request = rpc_request(&Key::root(), "ram.aliyuncs.com", action, &date::iso_8601(), parameters);
        let response = exchange(self.address(), &request).unwrap();
        (response.status, response.json())
    }

    /// What RAM holds of a role: description, session duration, tags, attached policies. `None` if there is none.
    pub fn role(&self, role: usize) -> Option<Value> {
        let by_name = [("RoleName", ROLES[role])];
        let (status, answer) = self.ram("GetRole", &by_name);
        if status == 404 {
            return None;
        }
        let attached = self.ram("ListPoliciesForRole", &by_name).1;
        let policies = names(&attached["Policies"]["Policy"], "PolicyName");
        let resources = json!([ROLES[role]]).to_string();
        let tags = self.ram("ListTagResources", &[("ResourceType", "role"), ("ResourceNames", &resources)]).1;
        let tags = tags["TagResources"].as_array().into_iter().flatten();
        let tags: Map<String, Value> = tags
            .map(|tag| (tag["TagKey"].as_str().unwrap_or_default().to_owned(), tag["TagValue"].clone()))
            .collect();
        let of_role = &answer["Role"];
        Some(
            json!({"description": of_role["Description"], "max_session_duration": of_role["MaxSessionDuration"],
            "tags": tags, "policies": policies}),
        )
    }

    /// Deletes a role with its policies, as a person would that nothing else manages. Whether there was one.
    pub fn delete_role(&self, role: usize) -> bool {
        let Some(there) = self.role(role) else { return false };
        for policy in there["policies"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            let kind = if policy.starts_with("Aliyun") { "System" } else { "Custom" };
            self.ram(
                "DetachPolicyFromRole",
                &[("RoleName", ROLES[role]), ("PolicyName", policy), ("PolicyType", kind)],
            );
        }
        self.ram("DeleteRole", &[("RoleName", ROLES[role])]);
        self.delete_policy(&format!("{}-pass-role", ROLES[role]));
        true
    }

    fn delete_policy(&self, name: &str) {
        let by_name = [("PolicyName", name), ("PolicyType", "Custom")];
        for user in USERS {
            self.ram("DetachPolicyFromUser", &[&by_name[..], &[("UserName", user)]].concat());
        }
        self.ram("DetachPolicyFromGroup", &[&by_name[..], &[("GroupName", GROUP)]].concat());
        self.ram("DeletePolicy", &[("PolicyName", name)]);
    }

    /// Custom policies, each with whom it is attached to: `user alice`.
    pub fn custom_policies(&self) -> Value {
        let answer = self.ram("ListPolicies", &[("PolicyType", "Custom")]).1;
        let of = |name: &String| {
            let by_name = [("PolicyName", name.as_str()), ("PolicyType", "Custom")];
            let entities = self.ram("ListEntitiesForPolicy", &by_name).1;
            let held = |list: &str, item: &str| -> Vec<String> {
                let names = names(&entities[list][item], &format!("{item}Name"));
                names.iter().map(|name| format!("{} {name}", item.to_lowercase())).collect()
            };
            [held("Users", "User"), held("Groups", "Group"), held("Roles", "Role")].concat()
        };
        let policies = names(&answer["Policies"]["Policy"], "PolicyName");
        policies.iter().map(|name| (name.clone(), json!(of(name)))).collect()
    }
}

fn names(list: &Value, member: &str) -> Vec<String> {
    let mut names: Vec<String> = list
        .as_array()
        .into_iter()
        .flatten()
        .map(|element| element[member].as_str().unwrap_or_default().to_owned())
        .collect();
    names.sort();
    names
}

fn spawn(folder: &Path, rules: Option<&'static str>) -> EmulatorProcess {
    let mut command = EmulatorProcess::command(env!("CARGO_BIN_EXE_alicloud-emulator"));
    command
        .arg("--data-dir")
        .arg(folder.join("data"))
        .arg("--seed")
        .arg(folder.join("seed.json"))
        .args(rules);
    EmulatorProcess::start(command, &folder.join("emulator.log")).unwrap()
}
