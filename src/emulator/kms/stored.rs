//! The keys of KMS and their aliases as a document of the store.

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::model::{Key, KeyState, Keys};
use super::rotation::Rotation;
use super::sealing::Root;
use crate::emulator::stored::{StoredBytes, Unreadable, Unwritable, decode, encode};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredKeys {
    keys: Vec<StoredKey>,
    aliases: Vec<StoredAlias>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredKey {
    id: String,
    region: String,
    spec: String,
    usage: String,
    origin: String,
    protection_level: String,
    instance: Option<String>,
    description: String,
    created: i64,
    state: StoredState,
    rotation: StoredRotation,
    root: StoredBytes,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
enum StoredState {
    Enabled,
    Disabled,
    PendingDeletion { at: i64 },
    PendingImport,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredRotation {
    versions: Vec<i64>,
    interval: Option<i64>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredAlias {
    region: String,
    name: String,
    key_id: String,
}

impl Keys {
    /// The keys as a document.
    ///
    /// # Errors
    ///
    /// [`Unwritable`]
    pub fn to_document(&self) -> Result<Zeroizing<Vec<u8>>, Unwritable> {
        let aliases = self.aliases.iter().map(|((region, name), key_id)| StoredAlias {
            region: region.clone(),
            name: name.clone(),
            key_id: key_id.clone(),
        });
        encode(&StoredKeys { keys: self.ever().map(StoredKey::of).collect(), aliases: aliases.collect() })
    }

    /// Reads what [`Keys::to_document`] wrote.
    ///
    /// # Errors
    ///
    /// [`Unreadable`]
    pub fn from_document(document: &[u8]) -> Result<Self, Unreadable> {
        let StoredKeys { keys: stored, aliases } = decode(document)?;
        let mut keys = Self::default();
        for key in stored {
            if !keys.add(key.into_key()?) {
                return Err(Unreadable::new("a key is there twice"));
            }
        }
        let aliases = aliases.into_iter().map(|alias| ((alias.region, alias.name), alias.key_id));
        keys.aliases = aliases.collect();
        Ok(keys)
    }
}

impl StoredKey {
    fn of(key: &Key) -> Self {
        let Key {
            id,
            region,
            spec,
            usage,
            origin,
            protection_level,
            instance,
            description,
            created,
            state,
            rotation,
            root,
        } = key.clone();
        let root = StoredBytes(Zeroizing::new(root.expose().to_vec()));
        let (state, rotation) = (StoredState::of(state), StoredRotation::of(&rotation));
        Self {
            id,
            region,
            spec,
            usage,
            origin,
            protection_level,
            instance,
            description,
            created,
            state,
            rotation,
            root,
        }
    }

    fn into_key(self) -> Result<Key, Unreadable> {
        let Self {
            id,
            region,
            spec,
            usage,
            origin,
            protection_level,
            instance,
            description,
            created,
            state,
            rotation,
            root: StoredBytes(root),
        } = self;
        let root = root.as_slice().try_into().map_err(|_| Unreadable::new("a key's material is cut"))?;
        Ok(Key {
            id,
            region,
            spec,
            usage,
            origin,
            protection_level,
            instance,
            description,
            created,
            state: state.into_state(),
            rotation: rotation.into_rotation()?,
            root: Root::from_bytes(root),
        })
    }
}

impl StoredState {
    fn of(state: KeyState) -> Self {
        match state {
            KeyState::Enabled => Self::Enabled,
            KeyState::Disabled => Self::Disabled,
            KeyState::PendingDeletion { at } => Self::PendingDeletion { at },
            KeyState::PendingImport => Self::PendingImport,
        }
    }

    fn into_state(self) -> KeyState {
        match self {
            Self::Enabled => KeyState::Enabled,
            Self::Disabled => KeyState::Disabled,
            Self::PendingDeletion { at } => KeyState::PendingDeletion { at },
            Self::PendingImport => KeyState::PendingImport,
        }
    }
}

impl StoredRotation {
    fn of(rotation: &Rotation) -> Self {
        Self { versions: rotation.versions().to_vec(), interval: rotation.interval() }
    }

    fn into_rotation(self) -> Result<Rotation, Unreadable> {
        let Self { versions, interval } = self;
        Rotation::of(versions, interval).ok_or_else(|| Unreadable::new("a key has no version"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::option;
    use proptest::prelude::*;

    use super::*;

    fn state() -> impl Strategy<Value = KeyState> {
        prop_oneof![
            Just(KeyState::Enabled),
            Just(KeyState::Disabled),
            any::<i64>().prop_map(|at| KeyState::PendingDeletion { at }),
            Just(KeyState::PendingImport),
        ]
    }

    fn key() -> impl Strategy<Value = Key> {
        let texts = any::<([String; 7], Option<String>)>();
        let rotation = (prop::collection::vec(any::<i64>(), 1..4), option::of(1..i64::MAX));
        (texts, any::<i64>(), state(), rotation, any::<[u8; 32]>()).prop_map(
            |((texts, instance), created, state, (versions, interval), root)| {
                let [id, region, spec, usage, origin, protection_level, description] = texts;
                Key {
                    id,
                    region,
                    spec,
                    usage,
                    origin,
                    protection_level,
                    instance,
                    description,
                    created,
                    state,
                    rotation: Rotation::of(versions, interval).unwrap(),
                    root: Root::from_bytes(&root),
                }
            },
        )
    }

    proptest! {
        #[test]
        fn keys_come_back_as_they_were(
            listed in prop::collection::vec(key(), 0..4),
            aliases in prop::collection::btree_map(any::<(String, String)>(), any::<String>(), 0..4),
        ) {
            let mut keys = Keys::default();
            keys.aliases.extend(aliases);
            for key in listed {
                keys.add(key);
            }
            let document = keys.to_document().unwrap();
            prop_assert!(Keys::from_document(&document).unwrap() == keys);
        }
    }

    #[test]
    fn material_of_another_size_is_refused() {
        let mut keys = Keys::default();
        keys.add(Key::new("k", "cn-hangzhou", 0));
        let document = String::from_utf8(keys.to_document().unwrap().to_vec()).unwrap();
        let (before, after) = document.split_once(r#""root":""#).unwrap();
        let cut = format!(r#"{before}"root":"{}"#, &after[2..]);
        assert!(Keys::from_document(cut.as_bytes()).is_err());
    }
}
