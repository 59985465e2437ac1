//! Keys, their states and their aliases.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::error;
use super::rotation::Rotation;
use super::sealing::Root;
use crate::rpc::{Error, Request};
use crate::stored::{Keyed, Unreadable, Unwritable};
use crate::table::{DocumentKey, OwnDocument, Table};
use storage::{Document, Kind, WriteBatch};

/// Specifications of symmetric keys, the only ones that encrypt data here.
pub const SYMMETRIC_SPECS: [&str; 4] = ["Aliyun_AES_256", "Aliyun_AES_128", "Aliyun_AES_192", "Aliyun_SM4"];
/// Specifications of key pairs. Such keys can be described, not used.
pub const ASYMMETRIC_SPECS: [&str; 5] = ["RSA_2048", "RSA_3072", "EC_P256", "EC_P256K", "EC_SM2"];
/// What keys are for.
pub const USAGES: [&str; 2] = ["ENCRYPT/DECRYPT", "SIGN/VERIFY"];

/// What can be done with a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub enum KeyState {
    /// Everything.
    Enabled,
    /// Nothing, until it is enabled.
    Disabled,
    /// Nothing; it goes away at a moment that is set.
    PendingDeletion {
        /// Seconds since the epoch.
        at: i64,
    },
    /// Nothing: it waits for material from outside.
    PendingImport,
}

impl KeyState {
    /// `KeyState` on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Enabled => "Enabled",
            Self::Disabled => "Disabled",
            Self::PendingDeletion { .. } => "PendingDeletion",
            Self::PendingImport => "PendingImport",
        }
    }
}

/// A key.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(test, derive(PartialEq))]
#[serde(deny_unknown_fields)]
pub struct Key {
    /// A UUID, or whatever a seed says.
    pub id: String,
    /// The region it lies in.
    pub region: String,
    /// `KeySpec`.
    pub spec: String,
    /// `KeyUsage`.
    pub usage: String,
    /// `Origin`.
    pub origin: String,
    /// `ProtectionLevel`.
    pub protection_level: String,
    /// `DKMSInstanceId`: the KMS instance it lies in; none for a default key.
    pub instance: Option<String>,
    /// Free text.
    pub description: String,
    /// Seconds since the epoch.
    pub created: i64,
    /// What can be done with it.
    pub state: KeyState,
    /// When it gets new material.
    pub rotation: Rotation,
    /// What the material of every version comes from.
    pub root: Root,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// The description of the protection from deletion; none where it is not protected.
    pub protection: Option<String>,
    /// Its policy, letter by letter; none where none was set.
    pub policy: Option<String>,
}

impl fmt::Debug for Key {
    /// Without the material.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key").field("id", &self.id).field("state", &self.state).finish_non_exhaustive()
    }
}

impl Key {
    /// An enabled AES-256 key with new material.
    pub fn new(id: &str, region: &str, now: i64) -> Self {
        let [spec, ..] = SYMMETRIC_SPECS;
        let [usage, _] = USAGES;
        Self {
            id: id.to_owned(),
            region: region.to_owned(),
            spec: spec.to_owned(),
            usage: usage.to_owned(),
            origin: "Aliyun_KMS".to_owned(),
            protection_level: "SOFTWARE".to_owned(),
            instance: None,
            description: String::new(),
            created: now,
            state: KeyState::Enabled,
            rotation: Rotation::none(now),
            root: Root::new(),
            tags: BTreeMap::new(),
            protection: None,
            policy: None,
        }
    }

    /// The key's name across services.
    pub fn arn(&self, account_id: &str) -> String {
        format!("acs:kms:{}:{account_id}:key/{}", self.region, self.id)
    }

    /// Brings the key into a state. It rotates only while it is enabled.
    pub fn enter(&mut self, state: KeyState, now: i64) {
        let versions = self.versions_at(now);
        self.rotation.set(self.rotation.interval(), versions);
        if state == KeyState::Enabled {
            self.rotation.resume(now);
        }
        self.state = state;
    }

    /// When each version that exists at `now` was created, in seconds since the epoch.
    pub fn versions_at(&self, now: i64) -> Vec<i64> {
        match self.state {
            KeyState::Enabled => self.rotation.versions_at(now),
            _ => self.rotation.versions().to_vec(),
        }
    }

    /// The number of the version in use at `now`, from 0 on.
    pub fn primary_at(&self, now: i64) -> usize {
        self.versions_at(now).len().saturating_sub(1)
    }

    /// Whether the key encrypts data: it is symmetric and meant for it.
    pub fn encrypts(&self) -> bool {
        SYMMETRIC_SPECS.contains(&self.spec.as_str()) && self.usage == "ENCRYPT/DECRYPT"
    }

    /// Checks that the key can encrypt and decrypt now.
    ///
    /// # Errors
    ///
    /// `Rejected.<state>`, `UnsupportedOperation`.
    pub fn check_usable(&self) -> Result<(), Error> {
        match self.state {
            KeyState::Enabled if self.encrypts() => Ok(()),
            KeyState::Enabled => Err(error::unsupported_operation()),
            state => Err(error::rejected(state.name())),
        }
    }

    fn is_gone(&self, now: i64) -> bool {
        matches!(self.state, KeyState::PendingDeletion { at } if at <= now)
    }
}

/// Every key, and the aliases of keys.
#[derive(Clone, Debug, Default)]
#[cfg_attr(test, derive(PartialEq))]
pub struct Keys {
    /// By id. A key whose deletion is due is still stored, but not found.
    by_id: Table<Key>,
    /// By region and name.
    pub aliases: Table<Alias>,
}

/// A name of a key, within a region.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(PartialEq))]
#[serde(deny_unknown_fields)]
pub struct Alias {
    /// The region it is known in.
    pub region: String,
    /// With `alias/` before it.
    pub name: String,
    /// The key's id.
    pub key_id: String,
}

impl Keyed for Alias {
    type Key = (String, String);

    fn key(&self) -> (String, String) {
        (self.region.clone(), self.name.clone())
    }
}

impl OwnDocument for Alias {
    const PREFIX: &'static str = "alias";
}

/// The region and the name of an alias.
impl DocumentKey for (String, String) {
    /// No name has a `@`.
    fn to_name(&self) -> String {
        let (region, name) = self;
        format!("{name}@{region}")
    }
}

impl OwnDocument for Key {
    const PREFIX: &'static str = "key";
}

impl Keyed for Key {
    type Key = String;

    fn key(&self) -> String {
        self.id.clone()
    }
}

/// The id in `acs:kms:<region>:<account>:key/<id>`.
fn id_in_arn(arn: &str) -> Option<&str> {
    arn.strip_prefix("acs:kms:")?.split_once(":key/").map(|(_, id)| id)
}

impl Keys {
    /// Writes into a change of the store what is not as it was in `before`.
    ///
    /// # Errors
    ///
    /// [`Unwritable`]
    pub fn write_changes(&self, before: &Self, batch: &mut WriteBatch) -> Result<(), Unwritable> {
        self.by_id.write_changes(&before.by_id, Kind::Keys, batch)?;
        self.aliases.write_changes(&before.aliases, Kind::Keys, batch)
    }

    /// Reads the documents of a store.
    ///
    /// # Errors
    ///
    /// [`Unreadable`], with the name of the document.
    pub fn from_documents(documents: &[Document]) -> Result<Self, Unreadable> {
        let mut keys = Self::default();
        for document in documents {
            let name = &document.name;
            let unreadable = |error| Unreadable::new(format!("{name}: {error}"));
            let is_known = keys.by_id.add_document(document).map_err(unreadable)?
                || keys.aliases.add_document(document).map_err(unreadable)?;
            if !is_known {
                return Err(Unreadable::new(format!("nothing is known of documents like {name:?}")));
            }
        }
        Ok(keys)
    }

    /// Adds a key; false where its id is taken.
    pub fn add(&mut self, key: Key) -> bool {
        self.by_id.add(key)
    }

    /// Every key, also those whose deletion is due.
    #[cfg(test)]
    pub fn ever(&self) -> impl Iterator<Item = &Key> {
        self.by_id.values()
    }

    /// Every key that exists at `now`, in the region if one is given.
    pub fn all(&self, region: Option<&str>, now: i64) -> impl Iterator<Item = &Key> {
        let is_served =
            move |key: &&Key| region.is_none_or(|region| region == key.region) && !key.is_gone(now);
        self.by_id.values().filter(is_served)
    }

    /// A key by its id.
    pub fn key(&self, id: &str, region: Option<&str>, now: i64) -> Option<&Key> {
        self.by_id.get(id).filter(|key| region.is_none_or(|region| region == key.region) && !key.is_gone(now))
    }

    /// A key by its id, to change it.
    pub fn key_mut(&mut self, id: &str, now: i64) -> Option<&mut Key> {
        self.by_id.get_mut(id).filter(|key| !key.is_gone(now))
    }

    /// The key that `KeyId` names by id, alias or ARN.
    ///
    /// # Errors
    ///
    /// `MissingParameter`, `Forbidden.KeyNotFound`, `Forbidden.AliasNotFound`.
    pub fn required(&self, request: &Request<'_>) -> Result<&Key, Error> {
        self.named(request.parameters.required("KeyId")?, request)
    }

    /// The key of an id, an alias or an ARN.
    ///
    /// # Errors
    ///
    /// `Forbidden.KeyNotFound`, `Forbidden.AliasNotFound`.
    pub fn named(&self, name: &str, request: &Request<'_>) -> Result<&Key, Error> {
        let (region, now) = (request.named_region, request.now);
        if name.starts_with("alias/") {
            let region = region.unwrap_or(request.default_region);
            let alias = self.aliases.get(&(region.to_owned(), name.to_owned()));
            let key = alias.and_then(|alias| self.key(&alias.key_id, None, now));
            return key.ok_or_else(error::alias_not_found);
        }
        let id = if name.starts_with("acs:") { id_in_arn(name) } else { Some(name) };
        let key = id.and_then(|id| self.key(id, region, now));
        // The ARN of a key of another account or region is not one of this key.
        let key = key.filter(|key| name == key.id || name == key.arn(request.account_id));
        key.ok_or_else(error::key_not_found)
    }

    /// As [`Keys::required`], to change it.
    ///
    /// # Errors
    ///
    /// Those of [`Keys::required`].
    pub fn required_mut(&mut self, request: &Request<'_>) -> Result<&mut Key, Error> {
        self.named_mut(request.parameters.required("KeyId")?, request)
    }

    /// As [`Keys::named`], to change it.
    ///
    /// # Errors
    ///
    /// Those of [`Keys::named`].
    pub fn named_mut(&mut self, name: &str, request: &Request<'_>) -> Result<&mut Key, Error> {
        let id = self.named(name, request)?.id.clone();
        self.by_id.get_mut(&id).ok_or_else(error::key_not_found)
    }
}
