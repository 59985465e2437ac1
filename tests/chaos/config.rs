//! The configuration of an episode as it is at a moment, and its HCL.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::episode::{Change, Choice, Setting};
use crate::world::{ACCOUNT, GROUP, OPERATOR, ROLES, STORES, Store, USERS};

/// The type of the resource of a Logstore.
pub const ENCRYPTION: &str = "alicloud_log_store_encryption";
/// The type of the resource of a role.
pub const ROLE: &str = "alicloud_ram_byok_role";
/// The name of the resource that has the Logstores with `for_each`.
const EACH: &str = "each";

/// How a Logstore is configured.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is an argument, or has a meaning of its own")]
pub struct Entry {
    /// The name of the resource, or the key of `for_each`. Each is used once, so that `moved` blocks make no circle.
    name: String,
    for_each: bool,
    second_alias: bool,
    pub enable: bool,
    pub disable_on_destroy: bool,
}

/// How a role is configured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleEntry {
    pub description: u32,
    pub max_session_duration: u32,
    pub tags: u32,
    /// A bit for each user, and one for the group; without any there is no `pass_role`.
    pub pass_role: u32,
}

/// The configuration.
#[derive(Clone, Debug)]
pub struct Config {
    setting: Setting,
    endpoint: String,
    stores: [Option<Entry>; STORES.len()],
    roles: [Option<RoleEntry>; ROLES.len()],
    /// `moved` and `removed` blocks, which stay.
    blocks: Vec<String>,
    names: usize,
    /// The Logstore whose permanent values are written otherwise, and whether with `on_immutable_change = "replace"`.
    wrong: Option<(usize, bool)>,
    /// Logstores that may be in the state with `on_destroy = "disable"`.
    may_disable: [bool; STORES.len()],
    /// Logstores that the state may have in the other provider block.
    may_have_moved: [bool; STORES.len()],
    /// Where the state may have a Logstore that is not configured any more.
    left: [Option<String>; STORES.len()],
    /// The names of the roles' resources. A role that comes back has its old one.
    role_names: [String; ROLES.len()],
    /// `moved` blocks that are missing in this round, so that its plan is an error.
    missing: Vec<String>,
}

impl Config {
    /// A configuration of nothing.
    pub fn new(setting: &Setting, endpoint: String) -> Self {
        Self {
            setting: setting.clone(),
            endpoint,
            stores: Default::default(),
            roles: Default::default(),
            blocks: Vec::new(),
            names: 0,
            wrong: None,
            may_disable: [false; STORES.len()],
            may_have_moved: [false; STORES.len()],
            left: Default::default(),
            role_names: std::array::from_fn(|role| format!("r{role}")),
            missing: Vec::new(),
        }
    }

    /// How a Logstore is configured, if it is.
    pub fn store(&self, store: usize) -> Option<&Entry> {
        self.stores[store].as_ref()
    }

    /// How a role is configured, if it is: also if a Logstore needs it.
    pub fn role(&self, role: usize) -> Option<&RoleEntry> {
        self.roles[role].as_ref()
    }

    /// True if a destroy of this Logstore's resource may switch encryption off.
    pub fn may_disable(&self, store: usize) -> bool {
        self.may_disable[store]
    }

    /// Takes note that the state is as configured.
    pub fn settled(&mut self) {
        for (store, entry) in self.stores.iter().enumerate() {
            self.may_disable[store] = entry.as_ref().is_some_and(|entry| entry.disable_on_destroy);
            self.may_have_moved[store] = false;
            self.left[store] = None;
        }
    }

    /// Ends what holds for one round only.
    pub fn end_round(&mut self) {
        self.wrong = None;
        self.blocks.append(&mut self.missing);
    }

    /// `encrypt_conf` of a Logstore without `enable`, as it is to be.
    pub fn permanent_values(&self, store: usize) -> Value {
        let Choice { encrypt_type, role } = &self.setting.choices[store];
        let mut conf = json!({"encrypt_type": encrypt_type});
        if let Some(role) = role {
            conf["user_cmk_info"] = json!({"cmk_key_id": STORES[store].key(), "arn": arn(*role),
                "region_id": STORES[store].region});
        }
        conf
    }

    /// The addresses of everything that is configured, with what an import is asked for.
    pub fn addresses(&self) -> Vec<(String, String)> {
        let stores = self.stores.iter().zip(STORES).filter_map(|(entry, store)| {
            let id = format!("{}:{}@{}", store.project, store.name, store.region);
            Some((entry.as_ref()?.address(), id))
        });
        let roles = (0..ROLES.len()).filter(|role| self.role(*role).is_some());
        let roles = roles.map(|role| (self.role_address(role), ROLES[role].to_owned()));
        stores.chain(roles).collect()
    }

    /// The address of a role's resource.
    pub fn role_address(&self, role: usize) -> String {
        format!("{ROLE}.{}", self.role_names[role])
    }

    /// Carries a change out. It is none if there is nothing that it could change.
    pub fn change(&mut self, change: &Change) {
        match *change {
            Change::Put { store, for_each, second_alias, enable, disable_on_destroy } => {
                self.put(
                    store,
                    &Entry { name: String::new(), for_each, second_alias, enable, disable_on_destroy },
                );
            }
            Change::Leave { store } => {
                if let Some(entry) = self.stores[store].take() {
                    self.left[store] = Some(entry.address());
                }
            }
            Change::Remove { store, destroy } => {
                if let Some(entry) = self.stores[store].take_if(|entry| !entry.for_each) {
                    let address = entry.address();
                    self.blocks.retain(|block| !block.contains(&format!("to = {address}\n")));
                    self.blocks.push(format!(
                        "removed {{\n  from = {address}\n  lifecycle {{\n    destroy = {destroy}\n  }}\n}}\n"
                    ));
                    self.left[store] = Some(address);
                }
            }
            Change::Enable { store } => self.edit(store, |entry| entry.enable = !entry.enable),
            Change::OnDestroy { store } => {
                self.edit(store, |entry| entry.disable_on_destroy = !entry.disable_on_destroy);
                self.may_disable[store] |=
                    self.stores[store].as_ref().is_some_and(|entry| entry.disable_on_destroy);
            }
            Change::Alias { store } => {
                self.edit(store, |entry| entry.second_alias = !entry.second_alias);
                self.may_have_moved[store] = true;
                self.blocks.append(&mut self.missing);
            }
            Change::Rename { store, moved, for_each } => self.rename(store, moved, for_each),
            Change::Wrong { store, replace } => {
                self.wrong = self.stores[store].is_some().then_some((store, replace));
            }
            Change::Role { role, ref entry } => self.change_role(role, entry.as_ref()),
            Change::RenameRole { role } => {
                if self.roles[role].is_some() {
                    let name = self.new_name(&format!("r{role}"));
                    let from = std::mem::replace(&mut self.role_names[role], name);
                    let to = &self.role_names[role];
                    self.blocks.push(moved(&format!("{ROLE}.{from}"), &format!("{ROLE}.{to}")));
                }
            }
        }
        self.complete_roles();
    }

    fn put(&mut self, store: usize, entry: &Entry) {
        if self.stores[store].is_some() {
            return;
        }
        let entry = Entry { name: self.new_name(&format!("s{store}")), ..entry.clone() };
        let left = self.left[store].take();
        // The state may have it at its old address, where a destroy would switch encryption off.
        if let Some(from) = left.filter(|_| self.may_disable[store]) {
            self.blocks.retain(|block| !block.starts_with(&format!("removed {{\n  from = {from}\n")));
            self.blocks.push(moved(&from, &entry.address()));
        }
        self.may_disable[store] |= entry.disable_on_destroy;
        self.stores[store] = Some(entry);
    }

    fn edit(&mut self, store: usize, edit: impl FnOnce(&mut Entry)) {
        if let Some(entry) = &mut self.stores[store] {
            edit(entry);
        }
    }

    fn new_name(&mut self, prefix: &str) -> String {
        self.names += 1;
        format!("{prefix}_{}", self.names)
    }

    fn rename(&mut self, store: usize, with_block: bool, for_each: bool) {
        let name = self.new_name(&format!("s{store}"));
        let Some(entry) = &mut self.stores[store] else { return };
        let from = entry.address();
        // All that `for_each` makes has the first provider block.
        let to_other_block = entry.second_alias && entry.for_each != for_each;
        (entry.name, entry.for_each) = (name, for_each);
        let block = moved(&from, &entry.address());
        // Two provider blocks are two processes: with another name in another block, one would switch off what the
        // other switches on, as the page of the resource says.
        if with_block || self.may_disable[store] && (to_other_block || self.may_have_moved[store]) {
            self.blocks.push(block);
        } else if self.may_disable[store] {
            self.missing.push(block);
        }
    }

    fn change_role(&mut self, role: usize, wanted: Option<&[u32; 4]>) {
        match wanted {
            None if !self.role_is_used(role) => self.roles[role] = None,
            None => {}
            Some(&[description, max_session_duration, tags, pass_role]) => {
                self.roles[role] = Some(RoleEntry { description, max_session_duration, tags, pass_role });
            }
        }
    }

    fn role_is_used(&self, role: usize) -> bool {
        let choices = self.setting.choices.iter().zip(&self.stores);
        choices.into_iter().any(|(choice, entry)| choice.role == Some(role) && entry.is_some())
    }

    /// A Logstore refers to its role.
    fn complete_roles(&mut self) {
        for role in 0..ROLES.len() {
            if self.role_is_used(role) && self.roles[role].is_none() {
                self.change_role(role, Some(&[0, 3600, 0, 0]));
            }
        }
    }

    /// The whole configuration.
    pub fn hcl(&self) -> String {
        let mut text = format!(
            "terraform {{\n  required_providers {{\n    alicloud = {{ source = {:?} }}\n  }}\n}}\n",
            crate::host::SOURCE
        );
        text += &self.provider("");
        text += &self.provider("  alias = \"second\"\n");
        for (role, entry) in self.roles.iter().enumerate() {
            text.extend(entry.as_ref().map(|entry| entry.hcl(role, &self.role_names[role])));
        }
        let each: Vec<usize> = (0..STORES.len())
            .filter(|store| self.store(*store).is_some_and(|entry| entry.for_each))
            .collect();
        if !each.is_empty() {
            text += &self.for_each(&each);
        }
        for store in (0..STORES.len()).filter(|store| !each.contains(store)) {
            text.extend(self.store(store).map(|entry| self.resource(store, entry)));
        }
        text + &self.blocks.concat()
    }

    fn provider(&self, alias: &str) -> String {
        let region = if alias.is_empty() { "cn-hangzhou" } else { "cn-beijing" };
        let Setting { request_timeout, assume_role, dedicated_api, preflight, .. } = &self.setting;
        let endpoint = &self.endpoint;
        // The account itself cannot assume a role.
        let key = if *assume_role { "ops" } else { "root" };
        let mut text = format!(
            "provider \"alicloud\" {{\n{alias}  access_key = \"ak-{key}\"\n  secret_key = \"sk-{key}\"\n  region = {region:?}\n  request_timeout = \"{request_timeout}ms\"\n  preflight = {preflight:?}\n"
        );
        if *dedicated_api {
            text += "  encryption_api = \"update_logstore_encryption\"\n";
        }
        if *assume_role {
            let _ = writeln!(
                text,
                "  assume_role {{\n    role_arn = \"acs:ram::{ACCOUNT}:role/{OPERATOR}\"\n    session_name = \"chaos\"\n  }}"
            );
        }
        let services = ["log", "ram", "kms", "sts"].map(|service| format!("    {service} = {endpoint:?}\n"));
        text + &format!("  endpoints {{\n{}  }}\n}}\n", services.concat())
    }

    /// The arguments of a Logstore's resource, each as the HCL of its value.
    fn arguments(&self, store: usize, entry: &Entry) -> Vec<(&'static str, String)> {
        let Choice { encrypt_type, role } = &self.setting.choices[store];
        let wrong = self.wrong.filter(|(wrong, _)| *wrong == store);
        let encrypt_type = if wrong.is_some() { "aes_cbc" } else { *encrypt_type };
        let Store { project, name, region } = STORES[store];
        let cmk = match role {
            Some(role) => {
                format!(
                    "{{ cmk_key_id = {:?}, arn = {}.arn }}",
                    STORES[store].key(),
                    self.role_address(*role)
                )
            }
            None => "null".to_owned(),
        };
        vec![
            ("project_name", format!("{project:?}")),
            ("logstore_name", format!("{name:?}")),
            ("region", format!("{region:?}")),
            ("enable", entry.enable.to_string()),
            ("encrypt_type", format!("{encrypt_type:?}")),
            ("user_cmk_info", cmk),
            ("on_destroy", format!("{:?}", if entry.disable_on_destroy { "disable" } else { "keep" })),
            (
                "on_immutable_change",
                format!("{:?}", if wrong.is_some_and(|(_, replace)| replace) { "replace" } else { "error" }),
            ),
        ]
    }

    fn resource(&self, store: usize, entry: &Entry) -> String {
        let home = if entry.second_alias { "cn-beijing" } else { "cn-hangzhou" };
        // The region may be left out where it is the provider's.
        let may_be_left_out = STORES[store].region == home && store.is_multiple_of(2);
        let mut text = format!("resource {ENCRYPTION:?} {:?} {{\n", entry.name);
        if entry.second_alias {
            text += "  provider = alicloud.second\n";
        }
        for (name, value) in self.arguments(store, entry) {
            if !(name == "region" && may_be_left_out || value == "null") {
                let _ = writeln!(text, "  {name} = {value}");
            }
        }
        text + TIMEOUTS + "}\n"
    }

    fn for_each(&self, stores: &[usize]) -> String {
        let mut text = format!("resource {ENCRYPTION:?} {EACH:?} {{\n  for_each = {{\n");
        let mut names = Vec::new();
        for store in stores {
            let Some(entry) = self.store(*store) else { continue };
            let arguments = self.arguments(*store, entry);
            names = arguments.iter().map(|(name, _)| *name).collect();
            let members: Vec<String> =
                arguments.iter().map(|(name, value)| format!("{name} = {value}")).collect();
            let _ = writeln!(text, "    {:?} = {{ {} }}", entry.name, members.join(", "));
        }
        text += "  }\n";
        for name in names {
            let _ = writeln!(text, "  {name} = each.value.{name}");
        }
        text + TIMEOUTS + "}\n"
    }
}

/// What is lost, ignored or not seen is waited for no longer than this.
const TIMEOUTS: &str =
    "  timeouts = {\n    create = \"8s\"\n    read = \"8s\"\n    update = \"8s\"\n    delete = \"8s\"\n  }\n";

impl Entry {
    /// Its address.
    pub fn address(&self) -> String {
        let name = &self.name;
        if self.for_each { format!("{ENCRYPTION}.{EACH}[{name:?}]") } else { format!("{ENCRYPTION}.{name}") }
    }
}

impl RoleEntry {
    /// The description.
    pub fn description(&self) -> String {
        format!("description {}", self.description)
    }

    /// The tags.
    pub fn tags(&self) -> Value {
        (0..self.tags).map(|tag| (format!("tag-{tag}"), json!(format!("of {}", self.description)))).collect()
    }

    /// Users and groups that may pass the role: `user alice`.
    pub fn holders(&self) -> Vec<String> {
        let users = USERS.iter().enumerate().filter(|(bit, _)| self.pass_role >> bit & 1 == 1);
        let mut holders: Vec<String> = users.map(|(_, name)| format!("user {name}")).collect();
        if self.pass_role >> USERS.len() & 1 == 1 {
            holders.push(format!("group {GROUP}"));
        }
        holders
    }

    fn hcl(&self, role: usize, name: &str) -> String {
        let mut text = format!(
            "resource {ROLE:?} {:?} {{\n  role_name = {:?}\n  description = {:?}\n  max_session_duration = {}\n  tags = {}\n",
            name,
            ROLES[role],
            self.description(),
            self.max_session_duration,
            self.tags().to_string().replace("\":\"", "\" = \"")
        );
        let names = |kind: &str| -> Vec<String> {
            let of_kind = self.holders().into_iter();
            of_kind.filter_map(|holder| Some(holder.strip_prefix(kind)?.trim().to_owned())).collect()
        };
        if self.pass_role > 0 {
            let (users, groups) = (names("user"), names("group"));
            let _ = writeln!(text, "  pass_role = {{\n    users = {users:?}\n    groups = {groups:?}\n  }}");
        }
        text + TIMEOUTS + "}\n"
    }
}

fn moved(from: &str, to: &str) -> String {
    format!("moved {{\n  from = {from}\n  to = {to}\n}}\n")
}

/// The ARN of a role.
pub fn arn(role: usize) -> String {
    format!("acs:ram::{ACCOUNT}:role/{}", ROLES[role])
}
