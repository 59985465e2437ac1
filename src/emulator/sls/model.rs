//! Everything SLS remembers: projects and their Logstores.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::byok::References;
use super::changes::Changes;
use super::data_key::WrappedDataKey;
use super::error::Error;
use super::fields::ENCRYPT_CONF;
use super::versioned::{Versioned, View};
use crate::emulator::Rules;

/// What a call is evaluated against, apart from the model.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The account everything belongs to.
    pub account_id: &'a str,
    /// The region of the addressed endpoint, or the emulator's own where the endpoint does not say.
    pub region: &'a str,
    /// Whether the endpoint itself names the region, so that it serves no other.
    pub region_is_named: bool,
    /// How strictly bodies are read.
    pub rules: Rules,
    /// Seconds since the epoch.
    pub now: i64,
    /// What reads see.
    pub view: View,
    /// Where the role and key of an encryption configuration are looked up.
    pub references: References<'a>,
}

/// A project.
#[derive(Clone, Debug, PartialEq, Eq)]
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
}

/// How a Logstore is charged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MeteringMode {
    /// By each function used.
    #[default]
    ChargeByFunction,
    /// By the amount written.
    ChargeByDataIngest,
}

/// Whether a shard takes new data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShardStatus {
    /// It is read and written.
    ReadWrite,
    /// It was split or merged: what is in it can be read.
    ReadOnly,
}

/// A shard: a part of a Logstore with a range of the 128-bit space of hash keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shard {
    /// `shardID`
    pub id: u32,
    /// Whether it takes new data.
    pub status: ShardStatus,
    /// The first key of its range.
    pub inclusive_begin_key: u128,
    /// The key behind its range; the largest there is, in the last range, belongs to it.
    pub exclusive_end_key: u128,
    /// Seconds since the epoch.
    pub create_time: i64,
}

/// A Logstore.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Logstore {
    /// The members GetLogStore answers with, those nobody here knows included.
    pub members: Map<String, Value>,
    /// How it is charged.
    pub metering_mode: MeteringMode,
    /// Its number, from 1 on. One that is made anew under the same name has another, also after a restart.
    pub number: u64,
    /// Its shards, by id. Ids start at 0, and none is used twice.
    pub shards: Vec<Shard>,
    /// Its data key; none until something was sealed.
    pub data_key: Option<WrappedDataKey>,
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
    /// What the store has not been told yet.
    pub(super) changes: Changes,
}

impl Model {
    /// A project that is there.
    pub fn project(&self, name: &str, view: View) -> Option<&Project> {
        self.projects.get(name)?.get(view)
    }

    /// A project that the call's endpoint serves.
    ///
    /// # Errors
    ///
    /// `ProjectNotExist`, also for a project of another region.
    pub fn served_project(&self, name: &str, context: &Context<'_>, view: View) -> Result<&Project, Error> {
        self.project(name, view)
            .filter(|project| !context.region_is_named || project.region == context.region)
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

    /// A Logstore that is there.
    pub fn logstore(&self, project: &str, name: &str, view: View) -> Option<&Logstore> {
        self.logstores.get(project)?.get(name)?.get(view)
    }

    /// Every Logstore of a project with its name, by name.
    pub fn logstores(&self, project: &str, view: View) -> impl Iterator<Item = (&str, &Logstore)> {
        let logstores = self.logstores.get(project).into_iter().flatten();
        logstores.filter_map(move |(name, logstore)| Some((name.as_str(), logstore.get(view)?)))
    }

    /// Creates or replaces a Logstore. One of another number begins without data.
    pub fn set_logstore(&mut self, project: &str, name: &str, logstore: Logstore) {
        let logstores = self.logstores.entry(project.to_owned()).or_default();
        let versioned = logstores.entry(name.to_owned()).or_default();
        let replaced = versioned.get(View::Current).map(|replaced| replaced.number);
        let gone = replaced.filter(|replaced| *replaced != logstore.number);
        versioned.set(logstore);
        self.changes.logstore(project, name);
        gone.into_iter().for_each(|number| self.changes.gone(number));
    }

    /// Removes a Logstore with what is in it.
    pub fn remove_logstore(&mut self, project: &str, name: &str) {
        let logstores = self.logstores.get_mut(project);
        let Some(versioned) = logstores.and_then(|logstores| logstores.get_mut(name)) else { return };
        let Some(logstore) = versioned.get(View::Current) else { return };
        self.changes.gone(logstore.number);
        self.changes.logstore(project, name);
        versioned.remove();
    }

    /// Makes everything look as if it had always been as it is: there is no earlier version to see, and
    /// nothing that was changed.
    pub fn settle(&mut self) {
        self.changes = Changes::default();
        for project in self.projects.values_mut() {
            settle(project);
        }
        for logstore in self.logstores.values_mut().flat_map(BTreeMap::values_mut) {
            settle(logstore);
        }
    }
}

fn settle<T: Clone>(value: &mut Versioned<T>) {
    if let Some(current) = value.get(View::Current) {
        *value = Versioned::settled(current.clone());
    }
}
