//! What a store holds, kept in the plainest way, for tests to compare a store with.

use std::collections::BTreeMap;

use super::{BlockAddress, Document, Kind, Store, StoreError, WriteBatch};

/// Every kind of document.
pub(super) const KINDS: [Kind; 6] =
    [Kind::Account, Kind::Identity, Kind::Keys, Kind::Project, Kind::Logstore, Kind::Session];
/// The numbers of Logstores that tests use are lower than this.
pub(super) const LOGSTORES: u64 = 3;
/// How many shards each of them may have.
pub(super) const SHARDS: u32 = 2;

/// What a store holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Model {
    pub(super) documents: BTreeMap<(Kind, String), Vec<u8>>,
    pub(super) shards: BTreeMap<(u64, u32), Vec<Vec<u8>>>,
}

impl Model {
    pub(super) fn apply(&mut self, batch: &WriteBatch) {
        if batch.clear {
            *self = Self::default();
        }
        for removed in &batch.removed {
            self.documents.remove(removed);
        }
        self.shards.retain(|(logstore, _), _| !batch.removed_blocks.contains(logstore));
        for Document { kind, name, content } in &batch.written {
            self.documents.insert((*kind, name.clone()), content.to_vec());
        }
        for (address, block) in &batch.appended {
            self.shards.entry((address.logstore, address.shard)).or_default().push(block.clone());
        }
    }

    /// Everything that a store says it holds.
    pub(super) fn from_store(store: &Store) -> Result<Self, StoreError> {
        let mut model = Self::default();
        for kind in KINDS {
            for document in store.documents(kind)? {
                model.documents.insert((document.kind, document.name), document.content.to_vec());
            }
        }
        for (logstore, shard) in shards() {
            let from = BlockAddress { logstore, shard, position: 0 };
            let blocks = store.blocks(from, usize::MAX, usize::MAX)?;
            assert_eq!(store.length(logstore, shard)?, blocks.len() as u64);
            if !blocks.is_empty() {
                model.shards.insert((logstore, shard), blocks.into_iter().map(|(_, block)| block).collect());
            }
        }
        Ok(model)
    }
}

fn shards() -> impl Iterator<Item = (u64, u32)> {
    (0..LOGSTORES).flat_map(|logstore| (0..SHARDS).map(move |shard| (logstore, shard)))
}
