//! What lies in the store after `PutLogs`.

use axum::body::Bytes;
use hyper::Request;
use serde_json::{Value, json};

use super::super::versioned::View;
use super::*;
use crate::http::Call;
use crate::state::State;
use crate::{Clock, Rules, Seed};
use storage::{Algorithm, BlockAddress, Store, parse_layout};

const NOW: i64 = 1_795_161_600;

/// A log group with the text `canary`, by hand: Logs { Time: 1795161600, Contents { Key: "k", Value:
/// "canary" } }.
const GROUP: &[u8] = b"\x0a\x13\x08\x80\xfc\xff\xd7\x06\x12\x0b\x0a\x01k\x12\x06canary";

fn state(encrypt_conf: Option<&Value>) -> Arc<State> {
    let mut logstore = json!({"logstoreName": "app", "shardCount": 1});
    if let Some(conf) = encrypt_conf {
        logstore["encrypt_conf"] = conf.clone();
    }
    let seed = json!({"projects": [{"name": "proj", "logstores": [logstore]}]}).to_string();
    let clock = Clock::fixed(NOW);
    let seed = Seed::from_json(&seed, &clock).unwrap();
    Arc::new(State::new(seed, Rules::Default, clock, Store::in_memory().unwrap()))
}

/// A call for the only shard of the Logstore.
fn call(state: &Arc<State>, method: &str, target: &str, body: &'static [u8]) -> DataCall {
    let request = Request::builder().method(method).uri(target).header("Host", "proj.localhost");
    let call = Call::new(&request.body(()).unwrap().into_parts().0, Bytes::from_static(body));
    DataCall {
        state: Arc::clone(state),
        call: Arc::new(call),
        project: "proj".to_owned(),
        logstore: "app".to_owned(),
        shard: 0,
        region: None,
        is_applied: true,
    }
}

async fn put(state: &Arc<State>) -> Result<Reply, Error> {
    serve(DataOperation::PutLogs, call(state, "POST", "/logstores/app", GROUP)).await
}

fn blocks(state: &State) -> Vec<Vec<u8>> {
    let number = state.sls().logstore("proj", "app", View::Current).unwrap().number;
    let from = BlockAddress { logstore: number, shard: 0, position: 0 };
    let blocks = state.store.blocks(from, 10, usize::MAX).unwrap();
    blocks.into_iter().map(|(_, block)| block).collect()
}

fn shows(block: &[u8], text: &[u8]) -> bool {
    block.windows(text.len()).any(|window| window == text)
}

#[tokio::test]
async fn a_block_lies_in_clear_unless_encryption_is_switched_on() {
    for conf in [None, Some(json!({"enable": false, "encrypt_type": "aes_cbc"}))] {
        let state = state(conf.as_ref());
        put(&state).await.unwrap();
        let block = blocks(&state).remove(0);
        assert_eq!(parse_layout(&block).unwrap().algorithm, None);
        assert!(shows(&block, GROUP), "{block:x?}");
        assert_eq!(state.sls().logstore("proj", "app", View::Current).unwrap().data_key, None);
    }
}

#[tokio::test]
async fn a_sealed_block_is_of_its_algorithm_and_shows_nothing() {
    for (encrypt_type, algorithm) in [
        ("default", Algorithm::AesGcm),
        ("aes_gcm", Algorithm::AesGcm),
        ("aes_ecb", Algorithm::AesEcb),
        ("aes_cbc", Algorithm::AesCbc),
        ("aes_cfb", Algorithm::AesCfb),
        ("aes_ofb", Algorithm::AesOfb),
        ("m4", Algorithm::Sm4Gcm),
        ("sm4", Algorithm::Sm4Gcm),
        ("sm4_gcm", Algorithm::Sm4Gcm),
        ("sm4_ecb", Algorithm::Sm4Ecb),
        ("sm4_cbc", Algorithm::Sm4Cbc),
    ] {
        let state = state(Some(&json!({"enable": true, "encrypt_type": encrypt_type})));
        put(&state).await.unwrap();
        put(&state).await.unwrap();
        let blocks = blocks(&state);
        assert_eq!(blocks.len(), 2);
        for block in &blocks {
            assert_eq!(parse_layout(block).unwrap().algorithm, Some(algorithm), "{encrypt_type}");
            assert!(!shows(block, b"canary"), "{encrypt_type}");
        }
    }
}

#[tokio::test]
async fn a_data_key_is_made_once() {
    let state = state(Some(&json!({"enable": true, "encrypt_type": "default"})));
    let key = || state.sls().logstore("proj", "app", View::Current).unwrap().data_key.clone();
    assert_eq!(key(), None);
    put(&state).await.unwrap();
    let made = key();
    put(&state).await.unwrap();
    assert!(made.is_some());
    assert_eq!(key(), made);
}

#[tokio::test]
async fn the_blocks_of_a_logstore_go_with_it() {
    let state = state(None);
    put(&state).await.unwrap();
    {
        let mut model = state.sls();
        model.remove_logstore("proj", "app");
        state.submit_changes(&mut model).unwrap();
    }
    state.wait_durable().await.unwrap();
    assert_eq!(state.store.length(1, 0).unwrap(), 0);
    assert_eq!(put(&state).await.unwrap_err().code, "LogStoreNotExist");
}

#[tokio::test]
async fn a_block_that_was_moved_does_not_open() {
    let state = state(None);
    put(&state).await.unwrap();
    let mut change = storage::WriteBatch::new();
    change.append(BlockAddress { logstore: 1, shard: 0, position: 1 }, blocks(&state).remove(0));
    state.store.submit(change).wait().await.unwrap();
    let target = "/logstores/app/shards/0?type=log&cursor=MQ==&count=1";
    let call = call(&state, "GET", target, b"");
    assert_eq!(serve(DataOperation::PullLogs, call).await.unwrap_err().code, "InternalServerError");
}
