//! What a state leaves in its store, looked at from inside: with the secrets that no call shows.

use serde_json::json;

use super::restore;
use crate::emulator::identity::Directory;
use crate::emulator::kms::Keys;
use crate::emulator::seed::Seed;
use crate::emulator::sls::{Logstore, Project, View};
use crate::emulator::state::State;
use crate::emulator::{Clock, Rules};
use crate::storage::{MasterKey, Store};

fn seed() -> Seed {
    let seed = json!({
        "account_id": "42", "region": "cn-beijing",
        "access_keys": [{"id": "ak", "secret": "canary-secret"}],
        "users": [{"name": "alice", "policies": ["AdministratorAccess"]}],
        "keys": [{"id": "key-1"}, {"id": "key-2", "state": "Disabled"}],
        "projects": [{"name": "proj", "logstores": [{"logstoreName": "app", "ttl": 7, "futureField": 1.50}]}],
    });
    Seed::from_json(&seed.to_string(), &Clock::fixed(1_000)).unwrap()
}

fn state(store: &Store) -> State {
    State::new(seed(), Rules::Default, Clock::fixed(1_000), store.clone())
}

async fn stored(store: &Store) -> State {
    let state = state(store);
    state.kept(state.store_seed()).await.unwrap();
    state
}

/// Hands over something, and waits until it is kept.
async fn handed_over(state: &State) {
    let committed = state.hand_over(&mut state.sls());
    assert!(matches!(committed, Ok(Some(_))));
    state.kept(committed).await.unwrap();
}

fn logstore<'m>(seed: &'m Seed, name: &str) -> Option<&'m Logstore> {
    seed.sls.logstore("proj", name, View::Current)
}

#[test]
fn a_store_that_nothing_was_written_to_has_nothing_to_restore() {
    assert!(restore(&Store::in_memory().unwrap()).unwrap().is_none());
}

#[tokio::test]
async fn everything_a_seed_describes_is_stored_and_comes_back() {
    let store = Store::in_memory().unwrap();
    let before = stored(&store).await;
    let (contents, advanced) = restore(&store).unwrap().unwrap();
    assert_eq!((contents.account_id.as_str(), contents.region.as_str(), advanced), ("42", "cn-beijing", 0));
    assert!(contents.references_must_exist);
    assert!(contents.directory == Directory::clone(&before.identity.current()));
    assert!(contents.keys == Keys::clone(&before.keys.current()));
    assert_eq!(logstore(&contents, "app"), before.sls().logstore("proj", "app", View::Current));
}

#[tokio::test]
async fn only_what_was_written_to_is_handed_over_and_reads_hand_over_nothing() {
    let store = Store::in_memory().unwrap();
    let state = stored(&store).await;
    assert!(state.hand_over(&mut state.sls()).unwrap().is_none());
    state.sls().set_logstore("proj", "more", Logstore::default());
    handed_over(&state).await;
    assert!(state.hand_over(&mut state.sls()).unwrap().is_none());
    let (contents, _) = restore(&store).unwrap().unwrap();
    assert!(logstore(&contents, "more").is_some());
}

#[tokio::test]
async fn a_project_goes_with_its_logstores_and_their_numbers_are_not_used_again() {
    let store = Store::in_memory().unwrap();
    let state = stored(&store).await;
    let number = |seed: &Seed, name: &str| logstore(seed, name).map(|logstore| logstore.number);
    let first = number(&restore(&store).unwrap().unwrap().0, "app").unwrap();
    state.sls().remove_project("proj");
    handed_over(&state).await;
    let (contents, _) = restore(&store).unwrap().unwrap();
    assert_eq!((number(&contents, "app"), contents.sls.projects(View::Current).count()), (None, 0));

    let state = State::with_contents(contents, seed(), Rules::Default, Clock::fixed(1_000), store.clone());
    state.sls().set_project("proj", Project::new("cn-beijing", 0));
    state.sls().set_logstore("proj", "app", Logstore::default());
    handed_over(&state).await;
    let second = number(&restore(&store).unwrap().unwrap().0, "app").unwrap();
    state.kept(state.reset()).await.unwrap();
    let third = number(&restore(&store).unwrap().unwrap().0, "app").unwrap();
    assert!(first < second && second < third, "{first} {second} {third}");
}

#[tokio::test]
async fn a_moved_clock_is_stored_until_a_reset() {
    let store = Store::in_memory().unwrap();
    let state = stored(&store).await;
    let advanced = || restore(&store).unwrap().unwrap().1;
    state.kept(state.advance_clock(40)).await.unwrap();
    state.kept(state.advance_clock(2)).await.unwrap();
    assert_eq!(advanced(), 42);
    state.kept(state.reset()).await.unwrap();
    assert_eq!((advanced(), state.clock.unix()), (0, 1_000));
}

#[tokio::test]
async fn nothing_is_taken_for_kept_after_a_change_that_was_not() {
    let store = Store::in_memory().unwrap();
    let state = stored(&store).await;
    store.close();
    assert!(!state.has_failed());
    assert!(state.kept(state.advance_clock(1)).await.is_err());
    assert!(state.has_failed());
}

#[tokio::test]
async fn neither_key_material_nor_secrets_are_in_the_file() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(directory.path(), &MasterKey::generate()).unwrap();
    let state = stored(&store).await;
    let keys = state.keys.current();
    let mut secrets: Vec<Vec<u8>> = keys.ever().map(|key| key.root.expose().to_vec()).collect();
    assert_eq!(secrets.len(), 2);
    secrets.push(b"canary-secret".to_vec());
    store.close();
    let files = std::fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().path());
    let file: Vec<u8> = files.flat_map(|file| std::fs::read(file).unwrap()).collect();
    let is_there = |bytes: &[u8]| file.windows(bytes.len()).any(|window| window == bytes);
    assert!(is_there(b"cn-beijing"), "the search finds what is there");
    for secret in secrets {
        let digits = hex::encode(&secret);
        assert!(!is_there(&secret) && !is_there(digits.as_bytes()), "{digits}");
    }
}
