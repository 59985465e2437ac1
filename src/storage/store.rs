//! The store.

use std::path::Path;
use std::sync::Arc;

use redb::backends::InMemoryBackend;
use redb::{ReadTransaction, ReadableDatabase};
use tokio::sync::oneshot;

use super::committer::{Committer, File};
use super::format::{BLOCKS, DOCUMENTS, SHARD_LENGTHS, kind_byte};
use super::opening::{self, Opened};
use super::state::State;
use super::{BlockAddress, DataKey, Document, Kind, MasterKey, StoreError, UnwrapError, WriteBatch};

/// Documents and blocks. Clones are of the same store; the last of them closes it.
#[derive(Clone, Debug)]
pub struct Store {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    key: MasterKey,
    state: Arc<State>,
    committer: Committer,
}

/// Waits until a change is durable. Dropping it takes nothing back.
#[derive(Debug)]
pub struct Committed(oneshot::Receiver<Result<(), StoreError>>);

impl Committed {
    /// Returns once the change is on disk, or cannot be brought there.
    ///
    /// # Errors
    ///
    /// [`StoreError::Misplaced`] and [`StoreError::Closed`]: nothing of the change was written.
    /// [`StoreError::Failed`]: an earlier one failed, and this one was not tried.
    /// [`StoreError::Io`], [`StoreError::Corrupt`]: this one failed, and whether it was written shows when
    /// the store is opened again.
    pub async fn wait(self) -> Result<(), StoreError> {
        self.0.await.unwrap_or(Err(StoreError::Failed))
    }
}

impl Store {
    /// A store that keeps nothing beyond the process.
    ///
    /// # Errors
    ///
    /// None is expected.
    pub fn in_memory() -> Result<Self, StoreError> {
        let key = MasterKey::generate();
        Self::from_opened(opening::create_disk(InMemoryBackend::new(), &key)?)
    }

    /// Opens the store in a folder, or makes it there, with the folder.
    ///
    /// It is this process's until the store is closed. Everything that was ever acknowledged is there again,
    /// also after a crash; what was not is there whole or not at all.
    ///
    /// # Errors
    ///
    /// [`StoreError::InUse`], [`StoreError::WrongMasterKey`], [`StoreError::Version`],
    /// [`StoreError::Corrupt`], [`StoreError::Io`], and then nothing in the folder has been touched.
    pub fn open(directory: &Path, key: &MasterKey) -> Result<Self, StoreError> {
        Self::from_opened(opening::open_folder(directory, key)?)
    }

    pub(super) fn from_opened(opened: Opened) -> Result<Self, StoreError> {
        let state = Arc::new(State::new(opened.database, opened.keys));
        let file = File { is_long: opened.is_long, length: opened.length };
        let committer = Committer::start(Arc::clone(&state), opened.entry_hash, file)?;
        Ok(Self { inner: Arc::new(Inner { key: opened.key, state, committer }) })
    }

    /// Wraps a data key with the store's master key: [`MasterKey::wrap_key`]. A store in memory has one of
    /// its own, which is gone with it.
    pub fn wrap_key(&self, belongs_to: &str, key: &DataKey) -> Vec<u8> {
        self.inner.key.wrap_key(belongs_to, key)
    }

    /// Unwraps a data key: [`MasterKey::unwrap_key`].
    ///
    /// # Errors
    ///
    /// [`UnwrapError`]
    pub fn unwrap_key(&self, belongs_to: &str, wrapped: &[u8]) -> Result<DataKey, UnwrapError> {
        self.inner.key.unwrap_key(belongs_to, wrapped)
    }

    /// The key that blocks in clear are authenticated with, by [`seal`](super::seal) without an algorithm: always
    /// the same for a store.
    pub fn clear_key(&self) -> DataKey {
        DataKey::from_bytes(*self.inner.key.derived("authenticate blocks in clear"))
    }

    /// Hands over a change. Changes are carried out in the order in which they are handed over, and several
    /// may share one write to the disk.
    pub fn submit(&self, batch: WriteBatch) -> Committed {
        Committed(self.inner.committer.submit(batch))
    }

    /// Returns once every change of documents that was handed over before is on disk. Changes that only append
    /// blocks are not waited for: nobody sees a block before it is durable. Without anything to wait for it returns
    /// at once.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`]: a write failed, and whether what was handed over is on disk shows when the store is
    /// opened again.
    pub async fn documents_durable(&self) -> Result<(), StoreError> {
        self.inner.committer.documents_durable().await
    }

    /// The documents of a kind, by name. None there means none was ever written.
    ///
    /// # Errors
    ///
    /// When one cannot be read, or is not what was written.
    pub fn documents(&self, kind: Kind) -> Result<Vec<Document>, StoreError> {
        let byte = kind_byte(kind);
        self.read(|transaction| {
            let table = transaction.open_table(DOCUMENTS).map_err(StoreError::from_redb)?;
            let mut documents = Vec::new();
            for entry in table.range((byte, "")..(byte + 1, "")).map_err(StoreError::from_redb)? {
                let (key, stored) = entry.map_err(StoreError::from_redb)?;
                documents.push(self.inner.state.keys().open_document(kind, key.value().1, stored.value())?);
            }
            Ok(documents)
        })
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
        self.read(|transaction| {
            let length = self.length_in(transaction, from.logstore, from.shard)?;
            let table = transaction.open_table(BLOCKS).map_err(StoreError::from_redb)?;
            let start = (from.logstore, from.shard, from.position);
            let end = (from.logstore, from.shard, length.max(from.position));
            let mut stored = table.range(start..end).map_err(StoreError::from_redb)?;
            let (mut blocks, mut taken) = (Vec::new(), 0);
            for position in (from.position..length).take(count) {
                let address = BlockAddress { position, ..from };
                let (key, block) =
                    stored.next().ok_or_else(|| lost(address))?.map_err(StoreError::from_redb)?;
                if key.value().2 != position {
                    return Err(lost(address));
                }
                taken += block.value().len();
                if taken > bytes && !blocks.is_empty() {
                    break;
                }
                blocks.push((address, block.value().to_vec()));
            }
            Ok(blocks)
        })
    }

    /// How many blocks a shard has: the position the next one gets. Only what is durable is counted.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub fn length(&self, logstore: u64, shard: u32) -> Result<u64, StoreError> {
        self.read(|transaction| self.length_in(transaction, logstore, shard))
    }

    /// Carries out what was handed over, and lets go of the folder. Whatever is done with the store
    /// afterwards is [`StoreError::Closed`].
    pub fn close(&self) {
        self.inner.close();
    }

    fn read<T>(&self, work: impl FnOnce(&ReadTransaction) -> Result<T, StoreError>) -> Result<T, StoreError> {
        self.inner
            .state
            .with_database(|database| work(&database.begin_read().map_err(StoreError::from_redb)?))
    }

    fn length_in(&self, transaction: &ReadTransaction, logstore: u64, shard: u32) -> Result<u64, StoreError> {
        let table = transaction.open_table(SHARD_LENGTHS).map_err(StoreError::from_redb)?;
        let stored = table.get((logstore, shard)).map_err(StoreError::from_redb)?;
        let keys = self.inner.state.keys();
        stored.map_or(Ok(0), |stored| keys.open_length((logstore, shard), stored.value()))
    }
}

impl Inner {
    fn close(&self) {
        if self.committer.finish()
            && let Err(error) = self.state.close()
        {
            tracing::warn!("the store was not closed in good order and will be checked when opened: {error}");
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.close();
    }
}

fn lost(address: BlockAddress) -> StoreError {
    let BlockAddress { logstore, shard, position } = address;
    StoreError::Corrupt {
        what: format!("block {position} of shard {shard} of Logstore number {logstore}, which is missing,"),
    }
}
