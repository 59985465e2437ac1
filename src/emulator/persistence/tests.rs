//! What a state leaves in its store, looked at from inside: with the secrets that no call shows.

use std::path::Path;

use serde_json::json;

use super::restore;
use crate::identity::Directory;
use crate::kms::Keys;
use crate::seed::Seed;
use crate::sls::{Logstore, Owner, Project, UserCmkInfo, View};
use crate::state::State;
use crate::{Clock, Rules};
use storage::{MasterKey, Store};

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
    state.store_seed().unwrap();
    state.wait_durable().await.unwrap();
    state
}

/// Hands over what was changed, and waits until it is kept.
async fn handed_over(state: &State) {
    state.submit_changes(&mut state.sls()).unwrap();
    state.wait_durable().await.unwrap();
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
async fn only_what_was_written_to_is_submitted_and_reads_submit_nothing() {
    let store = Store::in_memory().unwrap();
    let state = stored(&store).await;
    state.sls().set_logstore("proj", "more", Logstore::default());
    handed_over(&state).await;
    let (contents, _) = restore(&store).unwrap().unwrap();
    assert!(logstore(&contents, "more").is_some());
    // Of what is submitted to a closed store every answer would wait in vain.
    store.close();
    handed_over(&state).await;
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
    state.reset().unwrap();
    state.wait_durable().await.unwrap();
    let third = number(&restore(&store).unwrap().unwrap().0, "app").unwrap();
    assert!(first < second && second < third, "{first} {second} {third}");
}

#[tokio::test]
async fn a_moved_clock_is_stored_until_a_reset() {
    let store = Store::in_memory().unwrap();
    let state = stored(&store).await;
    let advanced = || restore(&store).unwrap().unwrap().1;
    state.advance_clock(40).unwrap();
    state.wait_durable().await.unwrap();
    state.advance_clock(2).unwrap();
    state.wait_durable().await.unwrap();
    assert_eq!(advanced(), 42);
    state.reset().unwrap();
    state.wait_durable().await.unwrap();
    assert_eq!((advanced(), state.clock.unix()), (0, 1_000));
}

#[tokio::test]
async fn nothing_is_taken_for_kept_after_a_change_that_was_not() {
    let store = Store::in_memory().unwrap();
    let state = stored(&store).await;
    store.close();
    assert!(!state.is_poisoned());
    state.advance_clock(1).unwrap();
    assert!(state.wait_durable().await.is_err());
    assert!(state.is_poisoned());
}

/// Makes the data key of the Logstore `app` and stores it, wrapped, with the Logstore; the key in clear.
async fn data_key(state: &State, user_cmk_info: Option<UserCmkInfo>) -> Vec<u8> {
    let logstore = state.sls().logstore("proj", "app", View::Current).cloned().unwrap();
    let owner = Owner {
        project: "proj".to_owned(),
        logstore: "app".to_owned(),
        number: logstore.number,
        user_cmk_info,
    };
    let (key, made) = state.data_keys.for_writing(&state.snapshot(), &owner, None).unwrap();
    assert!(state.sls().set_data_key("proj", "app", logstore.number, made.unwrap()));
    handed_over(state).await;
    key.expose().to_vec()
}

#[tokio::test]
async fn a_data_key_under_a_customers_key_is_not_in_the_file() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(directory.path(), &MasterKey::generate()).unwrap();
    let trust = json!({"Version": "1", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": {"Service": ["log.aliyuncs.com"]}}]});
    let seed = json!({
        "account_id": "42",
        "roles": [{"name": "byok", "assume_role_policy_document": trust,
            "policies": ["AliyunKMSReadOnlyAccess", "AliyunKMSCryptoUserAccess"]}],
        "keys": [{"id": "key-1"}],
        "projects": [{"name": "proj", "logstores": [{"logstoreName": "app", "ttl": 7}]}],
    });
    let seed = Seed::from_json(&seed.to_string(), &Clock::fixed(1_000)).unwrap();
    let state = State::new(seed, Rules::Default, Clock::fixed(1_000), store.clone());
    state.store_seed().unwrap();
    state.wait_durable().await.unwrap();
    let info = UserCmkInfo {
        cmk_key_id: "key-1".to_owned(),
        arn: "acs:ram::42:role/byok".to_owned(),
        region_id: "cn-hangzhou".to_owned(),
    };
    let key = data_key(&state, Some(info)).await;
    store.close();
    let file = bytes_in(directory.path());
    assert!(
        is_in(&file, b"ciphertext_blob") || is_in(&file, b"cn-hangzhou"),
        "the search finds what is there"
    );
    assert!(!is_in(&file, &key) && !is_in(&file, hex::encode(&key).as_bytes()));
}

/// Every byte of every file in a folder.
fn bytes_in(folder: &Path) -> Vec<u8> {
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files.flat_map(|file| std::fs::read(file).unwrap()).collect()
}

fn is_in(file: &[u8], bytes: &[u8]) -> bool {
    file.windows(bytes.len()).any(|window| window == bytes)
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
    secrets.push(data_key(&state, None).await);
    store.close();
    let file = bytes_in(directory.path());
    assert!(is_in(&file, b"cn-beijing"), "the search finds what is there");
    for secret in secrets {
        let digits = hex::encode(&secret);
        assert!(!is_in(&file, &secret) && !is_in(&file, digits.as_bytes()), "{digits}");
    }
}
