//! Projects and their Logstores: how each is encrypted, and a glimpse of what lies in the store.

use serde_json::{Map, Value, json};

use crate::sls::{Logstore, Model, View};
use crate::state::State;
use storage::{Algorithm, BlockAddress, Store, StoreError, parse_layout};

/// How many bytes of a block are shown.
const GLIMPSE: usize = 96;

/// Every project with its Logstores.
pub fn projects(state: &State) -> Vec<Value> {
    // The store is asked when the model is not locked any more.
    let projects = copied(&state.sls());
    let shown = projects.into_iter().map(|(mut project, logstores)| {
        let logstores = logstores.iter().map(|(name, logstore)| shown(name, logstore, &state.store));
        project.insert("logstores".to_owned(), logstores.collect());
        project.into()
    });
    shown.collect()
}

type Copied = Vec<(Map<String, Value>, Vec<(String, Logstore)>)>;

fn copied(model: &Model) -> Copied {
    let projects = model.projects(View::Current).map(|(name, project)| {
        let mut members = Map::new();
        members.insert("name".to_owned(), name.into());
        members.insert("region".to_owned(), project.region.clone().into());
        members.insert("description".to_owned(), project.description.clone().into());
        let logstores = model.logstores(name, View::Current);
        (members, logstores.map(|(name, logstore)| (name.to_owned(), logstore.clone())).collect())
    });
    projects.collect()
}

fn shown(name: &str, logstore: &Logstore, store: &Store) -> Value {
    let shards = logstore.shards.iter().map(|shard| {
        let mut shown = shard.to_json();
        if let Some(members) = shown.as_object_mut() {
            members.extend(blocks(logstore.number, shard.id, store));
        }
        shown
    });
    json!({
        "name": name,
        "ttl": logstore.members.get("ttl"),
        "encryption": encryption(logstore.encrypt_conf()),
        "shards": shards.collect::<Value>(),
    })
}

/// What an encryption configuration comes to.
fn encryption(conf: Option<&Value>) -> Value {
    let Some(conf) = conf else { return json!({"state": "never configured"}) };
    let customer = conf.get("user_cmk_info");
    let enabled = conf.get("enable").and_then(Value::as_bool).unwrap_or_default();
    json!({
        "state": if enabled { "enabled" } else { "disabled" },
        "encrypt_type": conf.get("encrypt_type"),
        "mechanism": if customer.is_some() { "customer's key" } else { "service's key" },
        "key_id": customer.and_then(|info| info.get("cmk_key_id")),
        "role": customer.and_then(|info| info.get("arn")),
    })
}

/// How many blocks a shard has, and what the last of them looks like.
fn blocks(logstore: u64, shard: u32, store: &Store) -> Map<String, Value> {
    let mut members = Map::new();
    match counted(logstore, shard, store) {
        Ok((count, last)) => {
            members.insert("blocks".to_owned(), count.into());
            members.insert("last_block".to_owned(), last.as_deref().map(glimpse).into());
        }
        Err(error) => drop(members.insert("error".to_owned(), error.to_string().into())),
    }
    members
}

fn counted(logstore: u64, shard: u32, store: &Store) -> Result<(u64, Option<Vec<u8>>), StoreError> {
    let count = store.length(logstore, shard)?;
    let Some(position) = count.checked_sub(1) else { return Ok((0, None)) };
    let last = store.blocks(BlockAddress { logstore, shard, position }, 1, 0)?;
    Ok((count, last.into_iter().next().map(|(_, block)| block)))
}

/// A block as it lies in the store: nothing is decrypted.
fn glimpse(block: &[u8]) -> Value {
    let layout = parse_layout(block);
    json!({
        "size": block.len(),
        "sealed": layout.as_ref().ok().map(|layout| layout.algorithm.is_some()),
        "algorithm": layout.ok().and_then(|layout| layout.algorithm).map(name),
        "hex": hex::encode(block.get(..GLIMPSE).unwrap_or(block)),
    })
}

/// An algorithm's name in its standards.
fn name(algorithm: Algorithm) -> &'static str {
    match algorithm {
        Algorithm::AesEcb => "AES-256-ECB with HMAC",
        Algorithm::AesCbc => "AES-256-CBC with HMAC",
        Algorithm::AesCfb => "AES-256-CFB with HMAC",
        Algorithm::AesOfb => "AES-256-OFB with HMAC",
        Algorithm::AesGcm => "AES-256-GCM",
        Algorithm::Sm4Ecb => "SM4-ECB with HMAC",
        Algorithm::Sm4Cbc => "SM4-CBC with HMAC",
        Algorithm::Sm4Gcm => "SM4-GCM",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use storage::{DataKey, WriteBatch, seal};

    #[test]
    fn configurations_are_summed_up() {
        assert_eq!(encryption(None), json!({"state": "never configured"}));
        let of_service = encryption(Some(&json!({"enable": true, "encrypt_type": "default"})));
        assert_eq!(
            (&of_service["state"], &of_service["mechanism"]),
            (&json!("enabled"), &json!("service's key"))
        );
        let info = json!({"cmk_key_id": "k", "arn": "acs:ram::1:role/r", "region_id": "cn-hangzhou"});
        let conf = json!({"enable": false, "encrypt_type": "sm4_gcm", "user_cmk_info": info});
        let expected = json!({"state": "disabled", "encrypt_type": "sm4_gcm", "mechanism": "customer's key",
            "key_id": "k", "role": "acs:ram::1:role/r"});
        assert_eq!(encryption(Some(&conf)), expected);
    }

    #[tokio::test]
    async fn a_shard_shows_the_beginning_of_its_last_block() {
        let store = Store::in_memory().unwrap();
        assert_eq!(json!(blocks(1, 0, &store)), json!({"blocks": 0, "last_block": null}));
        let key = DataKey::generate();
        let address = |position| BlockAddress { logstore: 1, shard: 0, position };
        let plaintext = [b'x'; 200];
        let clear = seal(None, &key, address(0), &plaintext);
        let sealed = seal(Some(Algorithm::AesGcm), &key, address(1), &plaintext);
        for (position, block) in [&clear, &sealed].into_iter().enumerate() {
            let mut batch = WriteBatch::new();
            batch.append(address(position as u64), block.clone());
            store.submit(batch).wait().await.unwrap();
            let shown = json!(blocks(1, 0, &store));
            assert_eq!(
                (&shown["blocks"], &shown["last_block"]["size"]),
                (&json!(position + 1), &json!(block.len()))
            );
            assert_eq!(shown["last_block"]["hex"], hex::encode(&block[..GLIMPSE]));
            assert_eq!(shown["last_block"]["sealed"], json!(position == 1));
        }
        assert_eq!(blocks(1, 0, &store)["last_block"]["algorithm"], "AES-256-GCM");
        assert_eq!(blocks(1, 1, &store)["blocks"], 0);
    }
}
