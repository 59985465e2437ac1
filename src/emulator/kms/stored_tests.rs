//! The keys as documents, whatever they are.

use proptest::option;
use proptest::prelude::*;

use super::model::{Alias, Key, KeyState, Keys};
use super::rotation::Rotation;
use super::sealing::Root;
use crate::stored::{decode, encode};
use storage::{Kind, WriteBatch};

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
    let added = (tags, any::<[Option<String>; 2]>());
    (texts, any::<i64>(), state(), rotation, any::<[u8; 32]>(), added).prop_map(
        |((texts, instance), created, state, (versions, interval), root, (tags, [protection, policy]))| {
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
                policy,
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
        for ((region, name), key_id) in aliases {
            // No name has a `@`.
            keys.aliases.insert(Alias { region, name: name.replace('@', ""), key_id });
        }
        for key in listed {
            keys.add(key);
        }
        let mut batch = WriteBatch::new();
        keys.write_changes(&Keys::default(), &mut batch).unwrap();
        prop_assert!(Keys::from_documents(batch.written()).unwrap() == keys);
    }
}

#[test]
fn a_write_touches_the_keys_and_aliases_that_it_changes_and_no_others() {
    let mut before = Keys::default();
    for number in 0..1_000 {
        let id = format!("k{number}");
        before.add(Key::new(&id, "cn-hangzhou", 0));
        let region = "cn-hangzhou".to_owned();
        before.aliases.insert(Alias { region, name: format!("alias/{id}"), key_id: id });
    }
    let mut after = before.clone();
    after.key_mut("k7", 0).unwrap().enter(KeyState::Disabled, 0);
    after.aliases.remove(&("cn-hangzhou".to_owned(), "alias/k8".to_owned()));
    let mut batch = WriteBatch::new();
    after.write_changes(&before, &mut batch).unwrap();
    let written: Vec<&str> = batch.written().iter().map(|document| document.name.as_str()).collect();
    assert_eq!(written, ["key/k7"]);
    assert_eq!(batch.removed(), [(Kind::Keys, "alias/alias/k8@cn-hangzhou".to_owned())]);
}

#[test]
fn material_of_another_size_is_refused() {
    let document = String::from_utf8(encode(&Key::new("k", "cn-hangzhou", 0)).unwrap().to_vec()).unwrap();
    let (before, after) = document.split_once(r#""root":""#).unwrap();
    let cut = format!(r#"{before}"root":"{}"#, &after[2..]);
    assert!(decode::<Key>(cut.as_bytes()).is_err());
}
