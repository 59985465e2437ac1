//! Projects and Logstores as documents, whatever is in them.

use proptest::option;
use proptest::prelude::*;
use serde_json::Value;

use super::data_key::WrappedDataKey;
use super::model::{Index, Logstore, MeteringMode, Project, Shard, ShardStatus};
use crate::stored::{decode, encode};

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
    let index = option::of(prop::collection::btree_map(any::<String>(), json(), 0..3));
    (members, mode, any::<u64>(), shards, option::of(data_key()), index).prop_map(
        |(members, metering_mode, number, shards, data_key, index)| Logstore {
            members: members.into_iter().collect(),
            metering_mode,
            number,
            shards,
            data_key,
            index: index.map(|members| Index(members.into_iter().collect())),
        },
    )
}

fn project() -> impl Strategy<Value = Project> {
    let tags = prop::collection::btree_map(any::<String>(), any::<String>(), 0..3);
    (any::<[String; 4]>(), any::<bool>(), any::<[i64; 2]>(), tags, any::<Option<String>>()).prop_map(
        |(texts, recycle_bin_enabled, [create_time, last_modify_time], tags, policy)| {
            let [region, description, data_redundancy_type, resource_group_id] = texts;
            Project {
                region,
                description,
                data_redundancy_type,
                resource_group_id,
                recycle_bin_enabled,
                create_time,
                last_modify_time,
                tags,
                policy,
            }
        },
    )
}

proptest! {
    #[test]
    fn logstores_come_back_as_they_were(logstore in logstore()) {
        let read = decode::<Logstore>(&encode(&logstore).unwrap()).unwrap();
        let text = |logstore: &Logstore| serde_json::to_string(&logstore.members).unwrap();
        prop_assert_eq!(text(&read), text(&logstore));
        prop_assert_eq!(read, logstore);
    }

    #[test]
    fn projects_come_back_as_they_were(project in project()) {
        prop_assert_eq!(decode::<Project>(&encode(&project).unwrap()).unwrap(), project);
    }
}

#[test]
fn numbers_keep_their_digits() {
    let members = r#"{"a":1.50,"b":100000000000000000000000000001,"c":-0.0,"d":1E400}"#;
    let logstore = Logstore { members: serde_json::from_str(members).unwrap(), ..Logstore::default() };
    let read = decode::<Logstore>(&encode(&logstore).unwrap()).unwrap();
    let kept = serde_json::to_string(&read.members).unwrap();
    assert_eq!(kept, serde_json::to_string(&logstore.members).unwrap());
    assert!(kept.contains("1.50") && kept.contains("100000000000000000000000000001"), "{kept}");
}

#[test]
fn what_nests_as_deep_as_a_call_may_is_read_again() {
    let deepest = format!("{{\"m\":{}{}}}", "[".repeat(126), "]".repeat(126));
    let members: serde_json::Map<String, Value> = serde_json::from_str(&deepest).unwrap();
    let logstore = Logstore { index: Some(Index(members.clone())), members, ..Logstore::default() };
    assert_eq!(decode::<Logstore>(&encode(&logstore).unwrap()).unwrap(), logstore);
    assert!(serde_json::from_str::<Value>(&format!("[{deepest}]")).is_err());
}
