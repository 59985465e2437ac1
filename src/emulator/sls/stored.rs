//! Projects and Logstores as documents of the store: one each.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::data_key::WrappedDataKey;
use super::model::{Logstore, MeteringMode, Project, Shard, ShardStatus};
use crate::emulator::stored::{StoredBytes, Unreadable, Unwritable, decode, encode};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredProject {
    region: String,
    description: String,
    data_redundancy_type: String,
    resource_group_id: String,
    recycle_bin_enabled: bool,
    create_time: i64,
    last_modify_time: i64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredLogstore {
    number: u64,
    metering_mode: StoredMeteringMode,
    shards: Vec<StoredShard>,
    data_key: Option<StoredDataKey>,
    /// The text of a JSON object: what a call may nest would be too deep for the reader one level down.
    members: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum StoredMeteringMode {
    ChargeByFunction,
    ChargeByDataIngest,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredShard {
    id: u32,
    status: StoredShardStatus,
    inclusive_begin_key: StoredHashKey,
    exclusive_end_key: StoredHashKey,
    create_time: i64,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum StoredShardStatus {
    ReadWrite,
    ReadOnly,
}

/// 32 hexadecimal digits.
#[derive(Serialize, Deserialize)]
struct StoredHashKey(String);

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
enum StoredDataKey {
    Service { wrapped: StoredBytes },
    Byok { ciphertext_blob: String },
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredNumbers {
    last_logstore: u64,
}

/// The number that a Logstore was given last, as a document.
///
/// # Errors
///
/// [`Unwritable`]
pub fn last_number_document(last_logstore: u64) -> Result<Zeroizing<Vec<u8>>, Unwritable> {
    encode(&StoredNumbers { last_logstore })
}

/// Reads what [`last_number_document`] wrote.
///
/// # Errors
///
/// [`Unreadable`]
pub fn last_number(document: &[u8]) -> Result<u64, Unreadable> {
    decode(document).map(|StoredNumbers { last_logstore }| last_logstore)
}

impl Project {
    /// The project as a document.
    ///
    /// # Errors
    ///
    /// [`Unwritable`]
    pub fn to_document(&self) -> Result<Zeroizing<Vec<u8>>, Unwritable> {
        let Self {
            region,
            description,
            data_redundancy_type,
            resource_group_id,
            recycle_bin_enabled,
            create_time,
            last_modify_time,
        } = self.clone();
        encode(&StoredProject {
            region,
            description,
            data_redundancy_type,
            resource_group_id,
            recycle_bin_enabled,
            create_time,
            last_modify_time,
        })
    }

    /// Reads what [`Project::to_document`] wrote.
    ///
    /// # Errors
    ///
    /// [`Unreadable`]
    pub fn from_document(document: &[u8]) -> Result<Self, Unreadable> {
        let StoredProject {
            region,
            description,
            data_redundancy_type,
            resource_group_id,
            recycle_bin_enabled,
            create_time,
            last_modify_time,
        } = decode(document)?;
        Ok(Self {
            region,
            description,
            data_redundancy_type,
            resource_group_id,
            recycle_bin_enabled,
            create_time,
            last_modify_time,
        })
    }
}

impl Logstore {
    /// The Logstore as a document, its members digit for digit.
    ///
    /// # Errors
    ///
    /// [`Unwritable`]
    pub fn to_document(&self) -> Result<Zeroizing<Vec<u8>>, Unwritable> {
        let Self { members, metering_mode, number, shards, data_key } = self;
        encode(&StoredLogstore {
            number: *number,
            metering_mode: match metering_mode {
                MeteringMode::ChargeByFunction => StoredMeteringMode::ChargeByFunction,
                MeteringMode::ChargeByDataIngest => StoredMeteringMode::ChargeByDataIngest,
            },
            shards: shards.iter().map(StoredShard::of).collect(),
            data_key: data_key.as_ref().map(StoredDataKey::of),
            members: serde_json::to_string(members).map_err(|_| Unwritable)?,
        })
    }

    /// Reads what [`Logstore::to_document`] wrote.
    ///
    /// # Errors
    ///
    /// [`Unreadable`]
    pub fn from_document(document: &[u8]) -> Result<Self, Unreadable> {
        let StoredLogstore { number, metering_mode, shards, data_key, members } = decode(document)?;
        let members: Map<String, Value> = decode(members.as_bytes())?;
        Ok(Self {
            members,
            metering_mode: match metering_mode {
                StoredMeteringMode::ChargeByFunction => MeteringMode::ChargeByFunction,
                StoredMeteringMode::ChargeByDataIngest => MeteringMode::ChargeByDataIngest,
            },
            number,
            shards: shards.into_iter().map(StoredShard::into_shard).collect::<Result<_, _>>()?,
            data_key: data_key.map(StoredDataKey::into_data_key),
        })
    }
}

impl StoredShard {
    fn of(shard: &Shard) -> Self {
        let Shard { id, status, inclusive_begin_key, exclusive_end_key, create_time } = *shard;
        let status = match status {
            ShardStatus::ReadWrite => StoredShardStatus::ReadWrite,
            ShardStatus::ReadOnly => StoredShardStatus::ReadOnly,
        };
        let [inclusive_begin_key, exclusive_end_key] =
            [inclusive_begin_key, exclusive_end_key].map(|key| StoredHashKey(format!("{key:032x}")));
        Self { id, status, inclusive_begin_key, exclusive_end_key, create_time }
    }

    fn into_shard(self) -> Result<Shard, Unreadable> {
        let Self { id, status, inclusive_begin_key, exclusive_end_key, create_time } = self;
        let status = match status {
            StoredShardStatus::ReadWrite => ShardStatus::ReadWrite,
            StoredShardStatus::ReadOnly => ShardStatus::ReadOnly,
        };
        let inclusive_begin_key = inclusive_begin_key.parsed()?;
        Ok(Shard {
            id,
            status,
            inclusive_begin_key,
            exclusive_end_key: exclusive_end_key.parsed()?,
            create_time,
        })
    }
}

impl StoredHashKey {
    fn parsed(&self) -> Result<u128, Unreadable> {
        u128::from_str_radix(&self.0, 16).map_err(|_| Unreadable::new("a hash key is no number"))
    }
}

impl StoredDataKey {
    fn of(key: &WrappedDataKey) -> Self {
        match key.clone() {
            WrappedDataKey::Service { wrapped } => {
                Self::Service { wrapped: StoredBytes(Zeroizing::new(wrapped)) }
            }
            WrappedDataKey::Byok { ciphertext_blob } => Self::Byok { ciphertext_blob },
        }
    }

    fn into_data_key(self) -> WrappedDataKey {
        match self {
            Self::Service { wrapped: StoredBytes(wrapped) } => {
                WrappedDataKey::Service { wrapped: wrapped.to_vec() }
            }
            Self::Byok { ciphertext_blob } => WrappedDataKey::Byok { ciphertext_blob },
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::option;
    use proptest::prelude::*;

    use super::*;

    /// JSON as a call may send it: any nesting, any number.
    fn json() -> impl Strategy<Value = Value> {
        let number = prop_oneof![
            any::<i64>().prop_map(|number| number.to_string()),
            "-?[1-9][0-9]{0,40}\\.[0-9]{1,40}(e[+-]?[0-9]{1,3})?",
        ];
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
            number.prop_map(|number| serde_json::from_str(&number).unwrap()),
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map(any::<String>(), inner, 0..4)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    fn shard() -> impl Strategy<Value = Shard> {
        let status = prop_oneof![Just(ShardStatus::ReadWrite), Just(ShardStatus::ReadOnly)];
        (any::<u32>(), status, any::<[u128; 2]>(), any::<i64>()).prop_map(
            |(id, status, [inclusive_begin_key, exclusive_end_key], create_time)| Shard {
                id,
                status,
                inclusive_begin_key,
                exclusive_end_key,
                create_time,
            },
        )
    }

    fn data_key() -> impl Strategy<Value = WrappedDataKey> {
        prop_oneof![
            any::<Vec<u8>>().prop_map(|wrapped| WrappedDataKey::Service { wrapped }),
            any::<String>().prop_map(|ciphertext_blob| WrappedDataKey::Byok { ciphertext_blob }),
        ]
    }

    fn logstore() -> impl Strategy<Value = Logstore> {
        let members = prop::collection::btree_map(any::<String>(), json(), 0..6);
        let mode = prop_oneof![Just(MeteringMode::ChargeByFunction), Just(MeteringMode::ChargeByDataIngest)];
        let shards = prop::collection::vec(shard(), 0..4);
        (members, mode, any::<u64>(), shards, option::of(data_key())).prop_map(
            |(members, metering_mode, number, shards, data_key)| Logstore {
                members: members.into_iter().collect(),
                metering_mode,
                number,
                shards,
                data_key,
            },
        )
    }

    fn project() -> impl Strategy<Value = Project> {
        (any::<[String; 4]>(), any::<bool>(), any::<[i64; 2]>()).prop_map(
            |(texts, recycle_bin_enabled, [create_time, last_modify_time])| {
                let [region, description, data_redundancy_type, resource_group_id] = texts;
                Project {
                    region,
                    description,
                    data_redundancy_type,
                    resource_group_id,
                    recycle_bin_enabled,
                    create_time,
                    last_modify_time,
                }
            },
        )
    }

    proptest! {
        #[test]
        fn logstores_come_back_as_they_were(logstore in logstore()) {
            let read = Logstore::from_document(&logstore.to_document().unwrap()).unwrap();
            let text = |logstore: &Logstore| serde_json::to_string(&logstore.members).unwrap();
            prop_assert_eq!(text(&read), text(&logstore));
            prop_assert_eq!(read, logstore);
        }

        #[test]
        fn projects_come_back_as_they_were(project in project()) {
            prop_assert_eq!(Project::from_document(&project.to_document().unwrap()).unwrap(), project);
        }
    }

    #[test]
    fn numbers_keep_their_digits() {
        let members = r#"{"a":1.50,"b":100000000000000000000000000001,"c":-0.0,"d":1E400}"#;
        let logstore = Logstore { members: serde_json::from_str(members).unwrap(), ..Logstore::default() };
        let read = Logstore::from_document(&logstore.to_document().unwrap()).unwrap();
        let kept = serde_json::to_string(&read.members).unwrap();
        assert_eq!(kept, serde_json::to_string(&logstore.members).unwrap());
        assert!(kept.contains("1.50") && kept.contains("100000000000000000000000000001"), "{kept}");
    }

    #[test]
    fn what_nests_as_deep_as_a_call_may_is_read_again() {
        let deepest = format!("{{\"m\":{}{}}}", "[".repeat(126), "]".repeat(126));
        let logstore = Logstore { members: serde_json::from_str(&deepest).unwrap(), ..Logstore::default() };
        assert_eq!(Logstore::from_document(&logstore.to_document().unwrap()).unwrap(), logstore);
        assert!(serde_json::from_str::<Value>(&format!("[{deepest}]")).is_err());
    }
}
