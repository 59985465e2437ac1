//! The keys as a document, whatever they are.

use proptest::option;
use proptest::prelude::*;

use super::model::{Key, KeyState, Keys};
use super::rotation::Rotation;
use super::sealing::Root;
use crate::stored::{decode, encode};

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
    let tags = prop::collection::btree_map(any::<String>(), any::<String>(), 0..3);
    let added = (tags, any::<Option<String>>());
    (texts, any::<i64>(), state(), rotation, any::<[u8; 32]>(), added).prop_map(
        |((texts, instance), created, state, (versions, interval), root, (tags, protection))| {
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
                rotation: Rotation::from_versions(versions, interval).unwrap(),
                root: Root::from_bytes(&root),
                tags,
                protection,
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
        let document = encode(&keys).unwrap();
        prop_assert!(decode::<Keys>(&document).unwrap() == keys);
    }
}

#[test]
fn material_of_another_size_is_refused() {
    let mut keys = Keys::default();
    keys.add(Key::new("k", "cn-hangzhou", 0));
    let document = String::from_utf8(encode(&keys).unwrap().to_vec()).unwrap();
    let (before, after) = document.split_once(r#""root":""#).unwrap();
    let cut = format!(r#"{before}"root":"{}"#, &after[2..]);
    assert!(decode::<Keys>(cut.as_bytes()).is_err());
}
