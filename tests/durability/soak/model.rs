//! What a client has been acknowledged, what it changes, and what a fault does to a change.

use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::hash::{Hash as _, Hasher as _};

use serde_json::{Value, json};

/// How the Logstores of a project are configured: in clear, or with this `encrypt_type`, under the service key or the
/// client's own.
pub const KINDS: [Option<(&str, bool)>; 6] = [
    None,
    Some(("default", false)),
    Some(("sm4_gcm", false)),
    Some(("aes_cbc", true)),
    Some(("sm4_cbc", true)),
    Some(("default", true)),
];

/// What is there, as far as it was acknowledged.
#[derive(Clone, Debug, Default)]
pub struct Model {
    pub has_project: bool,
    pub key_is_on: bool,
    pub role_is_permitted: bool,
    /// By their place in [`KINDS`].
    pub stores: BTreeMap<usize, Store>,
}

#[derive(Clone, Debug, Default)]
pub struct Store {
    pub settings: Settings,
    pub groups: Groups,
    pub bytes: usize,
    /// Whether a block of it was sealed.
    pub is_sealed: bool,
}

/// What an update changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    pub ttl: u64,
    pub enable: bool,
}

/// Log groups by their topic, each as a hash of its bytes.
pub type Groups = BTreeMap<String, u64>;

/// What of a model can be read.
pub type Shown = BTreeMap<usize, (Settings, Groups)>;

/// Something that is there after it was acknowledged, and may be there before.
#[derive(Clone, Debug)]
pub enum Change {
    CreateProject,
    DeleteProject,
    Create(usize, Settings),
    Update(usize, Settings),
    Delete(usize),
    Put { store: usize, topic: String, group: Vec<u8>, compresses: bool },
    SwitchKey(bool),
    PermitRole(bool),
}

impl fmt::Display for Change {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Put { store, topic, group, .. } => {
                write!(formatter, "put {topic}, {} bytes, into {}", group.len(), name_of(*store))
            }
            other => write!(formatter, "{other:?}"),
        }
    }
}

/// What a fault does to a change.
#[derive(Clone, Copy, Debug)]
pub enum Fault {
    Throttle,
    Unavailable,
    DropBefore,
    DropAfter,
    Ignore,
    Delay,
}

pub const FAULTS: [Fault; 6] =
    [Fault::Throttle, Fault::Unavailable, Fault::DropBefore, Fault::DropAfter, Fault::Ignore, Fault::Delay];

impl Fault {
    pub fn effect(self) -> Value {
        match self {
            Self::Throttle => "throttle".into(),
            Self::Unavailable => json!({"error": {"status": 503, "code": "ServerBusy", "message": "busy"}}),
            Self::DropBefore => "drop_before".into(),
            Self::DropAfter => "drop_after".into(),
            Self::Ignore => "ignore".into(),
            Self::Delay => json!({"delay": {"ms": 5}}),
        }
    }

    /// Whether the change is carried out nonetheless.
    pub fn applies(self) -> bool {
        matches!(self, Self::DropAfter | Self::Delay)
    }

    /// The status of the answer; none if the connection is closed.
    pub fn status(self) -> Option<u16> {
        match self {
            Self::Throttle => Some(403),
            Self::Unavailable => Some(503),
            Self::DropBefore | Self::DropAfter => None,
            Self::Ignore | Self::Delay => Some(200),
        }
    }
}

impl Model {
    pub fn apply(&mut self, change: &Change) {
        match change {
            Change::CreateProject => self.has_project = true,
            Change::DeleteProject => {
                self.has_project = false;
                self.stores.clear();
            }
            Change::Create(store, settings) => {
                self.stores.insert(*store, Store { settings: *settings, ..Store::default() });
            }
            Change::Update(store, settings) => self.store(*store).settings = *settings,
            Change::Delete(store) => drop(self.stores.remove(store)),
            Change::Put { store, topic, group, .. } => {
                let store = self.store(*store);
                store.groups.insert(topic.clone(), hash_of(group));
                store.bytes += group.len();
                store.is_sealed |= store.settings.enable;
            }
            Change::SwitchKey(is_on) => self.key_is_on = *is_on,
            Change::PermitRole(is_permitted) => self.role_is_permitted = *is_permitted,
        }
    }

    pub fn store(&mut self, store: usize) -> &mut Store {
        self.stores.get_mut(&store).unwrap()
    }

    /// Whether the service may use the client's key where a Logstore needs it.
    pub fn can_open(&self, store: usize) -> bool {
        let needs_key = KINDS[store].is_some_and(|(_, is_own)| is_own);
        !needs_key || (self.key_is_on && self.role_is_permitted)
    }

    pub fn shown(&self) -> Shown {
        self.stores.iter().map(|(number, store)| (*number, (store.settings, store.groups.clone()))).collect()
    }
}

pub fn name_of(store: usize) -> String {
    format!("store-{store}")
}

pub fn hash_of(group: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    group.hash(&mut hasher);
    hasher.finish()
}

/// How what is there differs from what has to be, Logstore by Logstore.
pub fn differences(expected: &Shown, there: &Shown) -> String {
    let stores: BTreeSet<_> = expected.keys().chain(there.keys()).collect();
    let differing = stores.into_iter().filter(|store| expected.get(store) != there.get(store));
    let told = differing.map(|store| {
        let [(before, sent), (now, found)] =
            [expected, there].map(|shown| shown.get(store).cloned().unwrap_or_default());
        let lost: Vec<_> = sent.iter().filter(|(topic, hash)| found.get(*topic) != Some(hash)).collect();
        let unknown: Vec<_> = found.iter().filter(|(topic, hash)| sent.get(*topic) != Some(hash)).collect();
        let are_there = [expected, there].map(|shown| shown.contains_key(store));
        format!(
            "{}: {are_there:?} {before:?} {now:?}, lost {lost:?}, not sent so {unknown:?}",
            name_of(*store)
        )
    });
    told.collect::<Vec<_>>().join("\n")
}
