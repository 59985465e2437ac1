//! The state of SLS: projects and their Logstores.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::changes::Changes;
use super::data_key::WrappedDataKey;
use super::fields::ENCRYPT_CONF;
use super::versioned::{Versioned, View};
use crate::error::Error;

/// A project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Project {
    /// The region it lies in.
    pub region: String,
    /// Free text.
    pub description: String,
    /// `LRS` or `ZRS`.
    pub data_redundancy_type: String,
    /// The resource group, possibly empty.
    pub resource_group_id: String,
    /// Whether deleted Logstores are kept in the recycle bin.
    pub recycle_bin_enabled: bool,
    /// Seconds since the epoch.
    pub create_time: i64,
    /// Seconds since the epoch.
    pub last_modify_time: i64,
    /// Its tags.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
    /// Its policy, letter by letter as it was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
}

/// How a Logstore is charged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MeteringMode {
    /// By each function used.
    #[default]
    ChargeByFunction,
    /// By the amount written.
    ChargeByDataIngest,
}

/// Whether a shard takes new data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ShardStatus {
    /// It is read and written.
    ReadWrite,
    /// It was split or merged: what is in it can be read.
    ReadOnly,
}

/// A shard: a part of a Logstore with a range of the 128-bit space of hash keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shard {
    /// `shardID`
    pub id: u32,
    /// Whether it takes new data.
    pub status: ShardStatus,
    /// The first key of its range.
    #[serde(with = "hash_key")]
    pub inclusive_begin_key: u128,
    /// The key behind its range. The largest key belongs to the last range.
    #[serde(with = "hash_key")]
    pub exclusive_end_key: u128,
    /// Seconds since the epoch.
    pub create_time: i64,
}

/// Hash keys as 32 hexadecimal digits, by `#[serde(with)]`.
mod hash_key {
    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(key: &u128, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{key:032x}"))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u128, D::Error> {
        u128::from_str_radix(&String::deserialize(deserializer)?, 16).map_err(D::Error::custom)
    }
}

/// A Logstore.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Logstore {
    /// Its number, from 1 on. No other Logstore ever gets it, not even one of the same name.
    pub number: u64,
    /// How it is charged.
    pub metering_mode: MeteringMode,
    /// Its shards, by id. Ids start at 0, and none is used twice.
    pub shards: Vec<Shard>,
    /// Its data key; none until something was sealed.
    pub data_key: Option<WrappedDataKey>,
    /// The members GetLogStore answers with, including unknown ones.
    #[serde(with = "json_text")]
    pub members: Map<String, Value>,
    /// Its index, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index: Option<Index>,
}

/// The index of a Logstore: the members that its description has, including unknown ones.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Index(#[serde(with = "json_text")] pub Map<String, Value>);

/// JSON as its text, digit for digit, by `#[serde(with)]`: what a call may nest would be too deep for the reader
/// one level down.
mod json_text {
    use serde::de::Error as _;
    use serde::ser::Error as _;
    use serde::{Deserialize as _, Deserializer, Serializer};
    use serde_json::{Map, Value};

    pub fn serialize<S: Serializer>(members: &Map<String, Value>, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&serde_json::to_string(members).map_err(S::Error::custom)?)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Map<String, Value>, D::Error> {
        serde_json::from_str(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

impl Logstore {
    /// The encryption configuration, if there ever was one.
    pub fn encrypt_conf(&self) -> Option<&Value> {
        self.members.get(ENCRYPT_CONF)
    }

    /// Puts an encryption configuration in the place of what was there.
    pub fn set_encrypt_conf(&mut self, conf: Option<Value>) {
        match conf {
            Some(conf) => drop(self.members.insert(ENCRYPT_CONF.to_owned(), conf)),
            None => drop(self.members.remove(ENCRYPT_CONF)),
        }
    }
}

/// Every project and Logstore, with what each was before its last write.
#[derive(Clone, Debug, Default)]
pub struct Model {
    projects: BTreeMap<String, Versioned<Project>>,
    logstores: BTreeMap<String, BTreeMap<String, Versioned<Logstore>>>,
    /// How many Logstores there ever were, which is the number of the latest.
    pub(super) last_number: u64,
    closed: Closed,
    /// What the store has not been told yet.
    pub(super) changes: Changes,
}

/// What takes no data any more since it was last asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Closed {
    /// The numbers of Logstores that are gone.
    pub logstores: Vec<u64>,
    /// The number of a Logstore, and one of its shards that can only be read.
    pub shards: Vec<(u64, u32)>,
}

impl Model {
    /// A project, if it exists.
    pub fn project(&self, name: &str, view: View) -> Option<&Project> {
        self.projects.get(name)?.get(view)
    }

    /// A project of a region, or of any where none is given.
    ///
    /// # Errors
    ///
    /// `ProjectNotExist`, also for a project of another region.
    pub fn project_in(&self, name: &str, region: Option<&str>, view: View) -> Result<&Project, Error> {
        self.project(name, view)
            .filter(|project| region.is_none_or(|region| project.region == region))
            .ok_or_else(|| Error::project_not_exist(name))
    }

    /// Every project with its name, by name.
    pub fn projects(&self, view: View) -> impl Iterator<Item = (&str, &Project)> {
        self.projects.iter().filter_map(move |(name, project)| Some((name.as_str(), project.get(view)?)))
    }

    /// Creates or replaces a project; its Logstores stay.
    pub fn set_project(&mut self, name: &str, project: Project) {
        self.projects.entry(name.to_owned()).or_default().set(project);
        self.changes.project(name);
    }

    /// Removes a project with everything in it.
    pub fn remove_project(&mut self, name: &str) {
        let logstores: Vec<String> =
            self.logstores(name, View::Current).map(|(logstore, _)| logstore.to_owned()).collect();
        for logstore in logstores {
            self.remove_logstore(name, &logstore);
        }
        if let Some(project) = self.projects.get_mut(name) {
            project.remove();
            self.changes.project(name);
        }
    }

    /// A Logstore, if it exists.
    pub fn logstore(&self, project: &str, name: &str, view: View) -> Option<&Logstore> {
        self.logstores.get(project)?.get(name)?.get(view)
    }

    /// Every Logstore of a project with its name, by name.
    pub fn logstores(&self, project: &str, view: View) -> impl Iterator<Item = (&str, &Logstore)> {
        let logstores = self.logstores.get(project).into_iter().flatten();
        logstores.filter_map(move |(name, logstore)| Some((name.as_str(), logstore.get(view)?)))
    }

    /// Every Logstore of a project with its name, by name, as it is now: the model need not stay locked for it.
    pub fn shared_logstores(&self, project: &str) -> impl Iterator<Item = (&str, Arc<Logstore>)> {
        let logstores = self.logstores.get(project).into_iter().flatten();
        logstores.filter_map(|(name, logstore)| Some((name.as_str(), logstore.shared()?)))
    }

    /// Creates or replaces a Logstore. One that is not the one that was there, which its number says, gets a
    /// number that none ever had, and begins with nothing in it.
    pub fn set_logstore(&mut self, project: &str, name: &str, mut logstore: Logstore) {
        let logstores = self.logstores.entry(project.to_owned()).or_default();
        let slot = logstores.entry(name.to_owned()).or_default();
        match slot.get(View::Current) {
            Some(stored) if stored.number == logstore.number => {
                self.closed.shards.extend(closed_shards(stored, &logstore));
            }
            stored => {
                self.closed.logstores.extend(stored.map(|stored| stored.number));
                self.last_number += 1;
                self.changes.number();
                logstore.number = self.last_number;
                logstore.data_key = None;
            }
        }
        slot.set(logstore);
        self.changes.logstore(project, name);
    }

    /// Puts a Logstore back as it was stored, with its number.
    pub fn restore_logstore(&mut self, project: &str, name: &str, logstore: Logstore) {
        let logstores = self.logstores.entry(project.to_owned()).or_default();
        logstores.insert(name.to_owned(), Versioned::new(logstore));
    }

    /// Keeps the data key that was made for a Logstore; false when it is gone, or has one already. To
    /// readers it looks as if the key had been there all along.
    pub fn set_data_key(&mut self, project: &str, name: &str, number: u64, key: WrappedDataKey) -> bool {
        let logstores = self.logstores.get_mut(project);
        let Some(slot) = logstores.and_then(|logstores| logstores.get_mut(name)) else { return false };
        let fits = |logstore: &Logstore| logstore.number == number && logstore.data_key.is_none();
        if !slot.get(View::Current).is_some_and(fits) {
            return false;
        }
        slot.update_untracked(|logstore| logstore.data_key = Some(key));
        self.changes.logstore(project, name);
        true
    }

    /// What takes no data any more since this was last called.
    pub fn take_closed(&mut self) -> Closed {
        std::mem::take(&mut self.closed)
    }

    /// Resets the model to `seed`. Its Logstores get numbers that no Logstore had before.
    pub fn reset_to(&mut self, seed: &Self) {
        let last_number = self.last_number;
        *self = seed.clone();
        for logstore in self.logstores.values_mut().flat_map(BTreeMap::values_mut) {
            logstore.update_untracked(|logstore| logstore.number += last_number);
        }
        self.forget_history();
        self.last_number += last_number;
    }

    /// Removes a Logstore with what is in it.
    pub fn remove_logstore(&mut self, project: &str, name: &str) {
        let logstores = self.logstores.get_mut(project);
        let Some(slot) = logstores.and_then(|logstores| logstores.get_mut(name)) else { return };
        let Some(logstore) = slot.get(View::Current) else { return };
        self.closed.logstores.push(logstore.number);
        self.changes.logstore(project, name);
        slot.remove();
    }

    /// Forgets the earlier versions and the changes that are not submitted yet.
    pub fn forget_history(&mut self) {
        self.changes = Changes::default();
        self.closed = Closed::default();
        for project in self.projects.values_mut() {
            forget_history(project);
        }
        for logstore in self.logstores.values_mut().flat_map(BTreeMap::values_mut) {
            forget_history(logstore);
        }
    }
}

/// The shards that took data before a Logstore was changed, and take none after it.
fn closed_shards(before: &Logstore, after: &Logstore) -> Vec<(u64, u32)> {
    let is_open = |shard: &&Shard| shard.status == ShardStatus::ReadWrite;
    let stays_open = |id: u32| after.shards.iter().filter(is_open).any(|shard| shard.id == id);
    let closed = before.shards.iter().filter(is_open).filter(|shard| !stays_open(shard.id));
    closed.map(|shard| (after.number, shard.id)).collect()
}

fn forget_history<T: Clone>(value: &mut Versioned<T>) {
    if let Some(current) = value.get(View::Current) {
        *value = Versioned::new(current.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(model: &Model, view: View) -> Option<u64> {
        model.logstore("proj", "app", view).map(|logstore| logstore.number)
    }

    #[test]
    fn a_logstore_keeps_its_number_until_it_is_another() {
        let mut model = Model::default();
        model.set_logstore("proj", "app", Logstore::default());
        let first = model.logstore("proj", "app", View::Current).unwrap().clone();
        model.set_logstore("proj", "app", first);
        assert_eq!((number(&model, View::Current), model.take_closed()), (Some(1), Closed::default()));
        model.remove_logstore("proj", "app");
        model.set_logstore("proj", "app", Logstore::default());
        assert_eq!(number(&model, View::Current), Some(2));
        model.remove_project("proj");
        assert_eq!(model.take_closed().logstores, [1, 2]);
        assert_eq!(model.take_closed(), Closed::default());
    }

    #[test]
    fn shards_that_are_only_read_from_now_on_are_closed() {
        let mut model = Model::default();
        let mut logstore = Logstore::default();
        logstore.members.insert("shardCount".to_owned(), 2.into());
        logstore.fit_shards(0);
        model.set_logstore("proj", "app", logstore);
        let mut changed = model.logstore("proj", "app", View::Current).unwrap().clone();
        changed.shards[1].status = ShardStatus::ReadOnly;
        model.set_logstore("proj", "app", changed);
        assert_eq!(model.take_closed().shards, [(1, 1)]);
    }

    #[test]
    fn the_first_data_key_stays_and_is_no_write() {
        let mut model = Model::default();
        model.set_logstore("proj", "app", Logstore::default());
        let key = |byte| WrappedDataKey::Service { wrapped: vec![byte] };
        assert!(!model.set_data_key("proj", "app", 2, key(1)));
        assert!(model.set_data_key("proj", "app", 1, key(1)));
        assert!(!model.set_data_key("proj", "app", 1, key(2)));
        assert_eq!(model.logstore("proj", "app", View::Current).unwrap().data_key, Some(key(1)));
        assert_eq!(number(&model, View::BeforeLastWrite), None);
    }

    #[test]
    fn going_back_leads_to_numbers_none_ever_had() {
        let mut seed = Model::default();
        seed.set_logstore("proj", "app", Logstore::default());
        let mut model = seed.clone();
        for expected in [2, 3] {
            model.reset_to(&seed);
            assert_eq!(number(&model, View::Current), Some(expected));
        }
        model.set_logstore("proj", "app", Logstore::default());
        assert_eq!(number(&model, View::Current), Some(4));
    }
}
