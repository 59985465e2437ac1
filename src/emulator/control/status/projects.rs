//! Projects and their Logstores: how each is encrypted, whether it can be read, and a glimpse of what is stored.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::bounds::{LONGEST_TEXT, pick};
use crate::error::Error;
use crate::identity::{folded, role_of_arn};
use crate::requests::cut;
use crate::sls::{self, Index, Logstore, Model, View};
use crate::state::State;
use storage::{Algorithm, BlockAddress, Store, StoreError, parse_layout};

/// How many Logstores that cannot be read are listed beside all others.
const MOST_UNREADABLE: usize = 20;

/// How many shards of a Logstore are shown.
const MOST_SHARDS: usize = 8;

/// How many bytes of blocks are read to show the beginnings of some.
const READ: usize = 32 * 1024 * 1024;

/// How many bytes of a block are shown.
const GLIMPSE: usize = 96;

/// Projects, Logstores, and what these refer to.
#[derive(Debug)]
pub struct Projects {
    /// Projects with the Logstores that are shown.
    pub shown: Vec<Value>,
    /// How many Logstores there are, match the filter, are shown, and cannot be read.
    pub logstores: Value,
    /// The first Logstores that cannot be read, whatever the filter.
    pub unreadable: Vec<Value>,
    /// How many projects that match the filter are not shown.
    pub left_out: usize,
    /// Ids of the keys of the Logstores that are shown.
    pub keys: BTreeSet<String>,
    /// Folded names of the roles of the Logstores that are shown.
    pub roles: BTreeSet<String>,
}

/// A project, as it was when the model was looked at.
struct Project {
    name: String,
    region: String,
    description: String,
    logstores: Vec<Found>,
}

/// A Logstore, as it was when the model was looked at.
struct Found {
    name: String,
    logstore: Arc<Logstore>,
    /// What a read of what is sealed in it is refused with.
    error: Option<Error>,
}

/// The projects and Logstores in whose names the filter is found. Those that cannot be read come first where there are
/// more than can be shown; the order is that of their names all the same.
pub fn projects(state: &State, filter: &str) -> Projects {
    let snapshot = state.snapshot();
    // Keys and the store are asked when the model is not locked any more.
    let mut projects = found_in(&state.sls());
    for project in &mut projects {
        for found in &mut project.logstores {
            let logstore = (project.name.as_str(), found.name.as_str(), found.logstore.as_ref());
            found.error = sls::check_readable(logstore, &state.data_keys, &snapshot).err();
        }
    }
    let count = |projects: &[Project]| projects.iter().map(|project| project.logstores.len()).sum::<usize>();
    let all = count(&projects);
    let unreadable: Vec<Value> = projects.iter().flat_map(Project::unreadable).collect();
    let filter = filter.to_lowercase();
    projects.retain_mut(|project| project.keep_matching(&filter));
    let matching = count(&projects);
    keep_most(&mut projects);
    let (projects, left_out) = pick(projects, |project| !project.logstores.is_empty());
    let mut left_to_read = READ;
    Projects {
        logstores: json!({
            "all": all,
            "matching": matching,
            "shown": count(&projects),
            "unreadable": unreadable.len(),
        }),
        unreadable: unreadable.into_iter().take(MOST_UNREADABLE).collect(),
        left_out,
        keys: references(&projects, "cmk_key_id").map(str::to_owned).collect(),
        roles: references(&projects, "arn").filter_map(role_of_arn).map(|(_, name)| folded(name)).collect(),
        shown: projects.iter().map(|project| project.shown(&state.store, &mut left_to_read)).collect(),
    }
}

/// What is in the model. Logstores are not copied: there may be ten thousand, and the model is locked meanwhile.
fn found_in(model: &Model) -> Vec<Project> {
    let logstores = |project: &str| {
        let logstores = model.shared_logstores(project);
        logstores.map(|(name, logstore)| Found { name: name.to_owned(), logstore, error: None }).collect()
    };
    let projects = model.projects(View::Current).map(|(name, project)| Project {
        name: name.to_owned(),
        region: project.region.clone(),
        description: cut(&project.description, LONGEST_TEXT),
        logstores: logstores(name),
    });
    projects.collect()
}

/// Keeps as many Logstores as are shown.
fn keep_most(projects: &mut [Project]) {
    let logstores = projects.iter_mut().enumerate().flat_map(|(number, project)| {
        std::mem::take(&mut project.logstores).into_iter().map(move |found| (number, found))
    });
    let (logstores, _) = pick(logstores.collect(), |(_, found)| found.error.is_some());
    for (number, found) in logstores {
        if let Some(project) = projects.get_mut(number) {
            project.logstores.push(found);
        }
    }
}

/// A member of the customer's keys that the Logstores name.
fn references<'a>(projects: &'a [Project], member: &'a str) -> impl Iterator<Item = &'a str> {
    let logstores = projects.iter().flat_map(|project| &project.logstores);
    logstores
        .filter_map(move |found| found.logstore.encrypt_conf()?.get("user_cmk_info")?.get(member)?.as_str())
}

impl Project {
    fn unreadable(&self) -> impl Iterator<Item = Value> {
        self.logstores.iter().filter_map(|found| {
            let error = found.error.as_ref()?;
            Some(json!({"project": self.name, "logstore": found.name, "error": error_json(error)}))
        })
    }

    /// Drops the Logstores that the filter does not match; false if it matches nothing at all.
    fn keep_matching(&mut self, filter: &str) -> bool {
        if self.name.to_lowercase().contains(filter) {
            return true;
        }
        self.logstores.retain(|found| found.name.to_lowercase().contains(filter));
        !self.logstores.is_empty()
    }

    fn shown(&self, store: &Store, left_to_read: &mut usize) -> Value {
        let logstores = self.logstores.iter().map(|found| found.shown(store, left_to_read));
        json!({
            "name": self.name,
            "region": self.region,
            "description": self.description,
            "logstores": logstores.collect::<Value>(),
        })
    }
}

impl Found {
    fn shown(&self, store: &Store, left_to_read: &mut usize) -> Value {
        let Self { name, logstore, error } = self;
        let shards = logstore.shards.iter().take(MOST_SHARDS).map(|shard| {
            let mut shown = shard.to_json();
            if let Some(members) = shown.as_object_mut() {
                members.extend(blocks(logstore.number, shard.id, store, left_to_read));
            }
            shown
        });
        json!({
            "name": name,
            "ttl": logstore.members.get("ttl"),
            "encryption": encryption(logstore.encrypt_conf(), error.as_ref()),
            "index": logstore.index.as_ref().map(index),
            "shard_count": logstore.shards.len(),
            "shards": shards.collect::<Value>(),
        })
    }
}

fn error_json(Error { status, code, message }: &Error) -> Value {
    json!({"status": status, "code": code, "message": message})
}

/// What of the logs an index finds.
fn index(Index(members): &Index) -> Value {
    let fields = members.get("keys").and_then(Value::as_object).map_or(0, Map::len);
    json!({"full_text": members.contains_key("line"), "fields": fields})
}

/// What an encryption configuration comes to, and what a read of what is sealed is refused with.
fn encryption(conf: Option<&Value>, error: Option<&Error>) -> Value {
    let error = error.map(error_json);
    let Some(conf) = conf else { return json!({"state": "never configured", "error": error}) };
    let customer = conf.get("user_cmk_info");
    let enabled = conf.get("enable").and_then(Value::as_bool).unwrap_or_default();
    json!({
        "state": if enabled { "enabled" } else { "disabled" },
        "encrypt_type": conf.get("encrypt_type"),
        "mechanism": if customer.is_some() { "customer's key" } else { "service's key" },
        "key_id": customer.and_then(|info| info.get("cmk_key_id")),
        "key_region": customer.and_then(|info| info.get("region_id")),
        "role": customer.and_then(|info| info.get("arn")),
        "error": error,
    })
}

/// How many blocks a shard has, and what the last of them looks like, unless too much was read already.
fn blocks(logstore: u64, shard: u32, store: &Store, left_to_read: &mut usize) -> Map<String, Value> {
    let mut members = Map::new();
    match counted(logstore, shard, store, *left_to_read > 0) {
        Ok((count, last)) => {
            *left_to_read = left_to_read.saturating_sub(last.as_ref().map_or(0, Vec::len));
            members.insert("blocks".to_owned(), count.into());
            members.insert("last_block".to_owned(), last.as_deref().map(glimpse).into());
        }
        Err(error) => drop(members.insert("error".to_owned(), error.to_string().into())),
    }
    members
}

fn counted(
    logstore: u64,
    shard: u32,
    store: &Store,
    reads_last: bool,
) -> Result<(u64, Option<Vec<u8>>), StoreError> {
    let count = store.length(logstore, shard)?;
    let Some(position) = count.checked_sub(1).filter(|_| reads_last) else { return Ok((count, None)) };
    let last = store.blocks(BlockAddress { logstore, shard, position }, 1, 0)?;
    Ok((count, last.into_iter().next().map(|(_, block)| block)))
}

/// A block as it lies in the store: nothing is decrypted.
fn glimpse(block: &[u8]) -> Value {
    let layout = parse_layout(block);
    json!({
        "size": block.len(),
        "sealed": layout.as_ref().ok().map(|layout| layout.algorithm.is_some()),
        "algorithm": layout.ok().and_then(|layout| layout.algorithm).map(name),
        "hex": hex::encode(block.get(..GLIMPSE).unwrap_or(block)),
    })
}

/// An algorithm's name in its standards.
fn name(algorithm: Algorithm) -> &'static str {
    match algorithm {
        Algorithm::AesEcb => "AES-256-ECB with HMAC",
        Algorithm::AesCbc => "AES-256-CBC with HMAC",
        Algorithm::AesCfb => "AES-256-CFB with HMAC",
        Algorithm::AesOfb => "AES-256-OFB with HMAC",
        Algorithm::AesGcm => "AES-256-GCM",
        Algorithm::Sm4Ecb => "SM4-ECB with HMAC",
        Algorithm::Sm4Cbc => "SM4-CBC with HMAC",
        Algorithm::Sm4Gcm => "SM4-GCM",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use storage::{DataKey, WriteBatch, seal};

    #[test]
    fn configurations_are_summed_up() {
        assert_eq!(encryption(None, None), json!({"state": "never configured", "error": null}));
        let of_service = encryption(Some(&json!({"enable": true, "encrypt_type": "default"})), None);
        assert_eq!(
            (&of_service["state"], &of_service["mechanism"]),
            (&json!("enabled"), &json!("service's key"))
        );
        let info = json!({"cmk_key_id": "k", "arn": "acs:ram::1:role/r", "region_id": "cn-hangzhou"});
        let conf = json!({"enable": false, "encrypt_type": "sm4_gcm", "user_cmk_info": info});
        let expected = json!({"state": "disabled", "encrypt_type": "sm4_gcm", "mechanism": "customer's key",
            "key_id": "k", "key_region": "cn-hangzhou", "role": "acs:ram::1:role/r",
            "error": {"status": 400, "code": "C", "message": "m"}});
        assert_eq!(encryption(Some(&conf), Some(&Error::new(400, "C", "m"))), expected);
    }

    #[tokio::test]
    async fn a_shard_shows_the_beginning_of_its_last_block() {
        let store = Store::in_memory().unwrap();
        assert_eq!(json!(blocks(1, 0, &store, &mut READ.clone())), json!({"blocks": 0, "last_block": null}));
        let key = DataKey::generate();
        let address = |position| BlockAddress { logstore: 1, shard: 0, position };
        let plaintext = [b'x'; 200];
        let clear = seal(None, &key, address(0), &plaintext);
        let sealed = seal(Some(Algorithm::AesGcm), &key, address(1), &plaintext);
        for (position, block) in [&clear, &sealed].into_iter().enumerate() {
            let mut batch = WriteBatch::new();
            batch.append(address(position as u64), block.clone());
            store.submit(batch).wait().await.unwrap();
            let shown = json!(blocks(1, 0, &store, &mut READ.clone()));
            assert_eq!(
                (&shown["blocks"], &shown["last_block"]["size"]),
                (&json!(position + 1), &json!(block.len()))
            );
            assert_eq!(shown["last_block"]["hex"], hex::encode(&block[..GLIMPSE]));
            assert_eq!(shown["last_block"]["sealed"], json!(position == 1));
        }
        assert_eq!(blocks(1, 0, &store, &mut READ.clone())["last_block"]["algorithm"], "AES-256-GCM");
        assert_eq!(blocks(1, 1, &store, &mut READ.clone())["blocks"], 0);
    }
}
