//! The store of format version 2 in `tests/data/storage-v2`: what it holds is read for ever.
//!
//! With `WRITE_FIXTURE=1` in the environment the test writes the store anew before it reads it, which is for
//! a new version of the format, in a folder of its own: the old one stays.

use std::fs;
use std::path::{Path, PathBuf};

use super::{
    Algorithm, BlockAddress, DataKey, Document, Kind, MasterKey, Store, WriteBatch, open, opening,
    parse_layout, seal,
};

/// The master key of the fixture: 32 bytes, in hexadecimal.
const MASTER_KEY: &str = "f1f2f3f4f5f6f7f8f9fafbfcfdfeff000102030405060708090a0b0c0d0e0f10";
/// The key of its blocks.
const DATA_KEY: [u8; 32] = [0x42; 32];
/// What that key is wrapped for.
const BELONGS_TO: &str = "logstore 1";

const DOCUMENTS: [(Kind, &str, &str); 5] = [
    (Kind::Account, "", "an account"),
    (Kind::Identity, "", "identities"),
    (Kind::Keys, "", "keys"),
    (Kind::Project, "p", "a project"),
    (Kind::Project, "q", "another project"),
];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/storage-v2")
}

fn master_key() -> MasterKey {
    MasterKey::from_bytes(hex::decode(MASTER_KEY).unwrap().try_into().unwrap())
}

fn ways() -> Vec<Option<Algorithm>> {
    std::iter::once(None).chain(Algorithm::ALL.map(Some)).collect()
}

fn block(position: u64) -> (BlockAddress, String) {
    (BlockAddress { logstore: 1, shard: 2, position }, format!("log group {position}, of two blocks or so"))
}

fn write_fixture() {
    fs::create_dir(folder()).unwrap();
    let store = Store::open(&folder(), &master_key()).unwrap();
    let data_key = DataKey::from_bytes(DATA_KEY);
    let mut batch = WriteBatch::new();
    for (kind, name, content) in DOCUMENTS {
        batch.write(kind, name, content.as_bytes().to_vec());
    }
    batch.write(Kind::Logstore, "p/l", store.wrap_key(BELONGS_TO, &data_key));
    for (position, algorithm) in (0..).zip(ways()) {
        let (address, plaintext) = block(position);
        batch.append(address, seal(algorithm, &data_key, address, plaintext.as_bytes()));
    }
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(store.submit(batch).wait()).unwrap();
}

/// The fixture in a folder that may be written to, as opening it does.
fn copy() -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    fs::copy(folder().join(opening::FILE), copy.path().join(opening::FILE)).unwrap();
    copy
}

#[test]
fn a_store_of_version_2_is_read() {
    if std::env::var_os("WRITE_FIXTURE").is_some_and(|value| value == "1") {
        write_fixture();
    }
    let folder = copy();
    let store = Store::open(folder.path(), &master_key()).unwrap();
    for kind in [Kind::Account, Kind::Identity, Kind::Keys, Kind::Project] {
        let expected: Vec<Document> = DOCUMENTS
            .into_iter()
            .filter(|(of, ..)| *of == kind)
            .map(|(kind, name, content)| Document {
                kind,
                name: name.to_owned(),
                content: content.as_bytes().to_vec().into(),
            })
            .collect();
        assert_eq!(store.documents(kind).unwrap(), expected);
    }
    let [logstore] = store.documents(Kind::Logstore).unwrap().try_into().unwrap();
    assert_eq!(logstore.name, "p/l");
    let data_key = store.unwrap_key(BELONGS_TO, &logstore.content).unwrap();
    assert_eq!(data_key.expose(), &DATA_KEY);
    let blocks = store.blocks(block(0).0, usize::MAX, usize::MAX).unwrap();
    assert_eq!(blocks.len(), ways().len());
    for ((position, algorithm), (address, stored)) in (0..).zip(ways()).zip(blocks) {
        assert_eq!(address, block(position).0);
        assert_eq!(parse_layout(&stored).unwrap().algorithm, algorithm);
        assert_eq!(open(&data_key, address, &stored).unwrap(), block(position).1.into_bytes());
    }
}
