//! Who appends to a shard, one after the other.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::OwnedMutexGuard;

use storage::{BlockAddress, Committed, Store, StoreError, WriteBatch};

/// The writers of every shard that was written to.
///
/// A writer is asked for while the model is locked, and closed while it is locked: whoever found a shard to
/// be writable has its writer before that can change.
#[derive(Debug, Default)]
pub struct Writers(Mutex<BTreeMap<u64, LogstoreWriters>>);

#[derive(Debug, Default)]
struct LogstoreWriters {
    turn: usize,
    shards: BTreeMap<u32, Arc<ShardWriter>>,
}

impl Writers {
    /// The writer of a shard that takes data.
    pub fn shard_writer(&self, logstore: u64, shard: u32) -> Arc<ShardWriter> {
        let mut writers = self.lock();
        let shards = &mut writers.entry(logstore).or_default().shards;
        Arc::clone(shards.entry(shard).or_insert_with(|| Arc::new(ShardWriter::new(logstore, shard))))
    }

    /// Counts the writes to a Logstore that may go to any shard, from 0 on.
    pub fn next_turn(&self, logstore: u64) -> usize {
        let mut writers = self.lock();
        let turn = &mut writers.entry(logstore).or_default().turn;
        std::mem::replace(turn, turn.wrapping_add(1))
    }

    /// Closes a shard: once this returns, nothing is appended to it any more. It does not wait for whose turn it is.
    pub fn close(&self, logstore: u64, shard: u32) {
        let writer = self.lock().get_mut(&logstore).and_then(|writers| writers.shards.remove(&shard));
        if let Some(writer) = writer {
            writer.close();
        }
    }

    /// Closes every shard of a Logstore.
    pub fn close_all(&self, logstore: u64) {
        let writers = self.lock().remove(&logstore);
        for writer in writers.into_iter().flat_map(|writers| writers.shards.into_values()) {
            writer.close();
        }
    }

    /// Closes every shard.
    pub fn close_everything(&self) {
        let writers = std::mem::take(&mut *self.lock());
        for writer in writers.into_values().flat_map(|writers| writers.shards.into_values()) {
            writer.close();
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<u64, LogstoreWriters>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Appends to one shard, by turns.
#[derive(Debug)]
pub struct ShardWriter {
    logstore: u64,
    shard: u32,
    /// Where the next block goes; `None` until one was appended. Locked by whose turn it is, for as long as it takes
    /// to seal a block.
    end: Arc<tokio::sync::Mutex<Option<u64>>>,
    /// Whether the shard takes data. Locked for a moment only.
    is_open: Mutex<bool>,
}

/// The turn to append to a shard. Turns come in the order in which they were asked for.
#[derive(Debug)]
pub struct Turn {
    writer: Arc<ShardWriter>,
    end: OwnedMutexGuard<Option<u64>>,
}

impl ShardWriter {
    fn new(logstore: u64, shard: u32) -> Self {
        Self { logstore, shard, end: Arc::default(), is_open: Mutex::new(true) }
    }

    /// Waits for its turn.
    pub async fn turn(self: Arc<Self>) -> Turn {
        let end = Arc::clone(&self.end).lock_owned().await;
        Turn { writer: self, end }
    }

    fn close(&self) {
        *self.is_open() = false;
    }

    fn is_open(&self) -> MutexGuard<'_, bool> {
        self.is_open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Turn {
    /// Appends the block that `seal` makes for its address; `None` if the shard was closed before.
    /// Blocks come to lie in the order of their turns, without gaps.
    ///
    /// # Errors
    ///
    /// When the store cannot say where the shard ends.
    pub fn append(
        mut self,
        store: &Store,
        seal: impl FnOnce(BlockAddress) -> Vec<u8>,
    ) -> Result<Option<Committed>, StoreError> {
        let ShardWriter { logstore, shard, .. } = *self.writer;
        if !*self.writer.is_open() {
            return Ok(None);
        }
        let position = match *self.end {
            Some(position) => position,
            None => store.length(logstore, shard)?,
        };
        let address = BlockAddress { logstore, shard, position };
        let mut batch = WriteBatch::new();
        batch.append(address, seal(address));
        let is_open = self.writer.is_open();
        if !*is_open {
            return Ok(None);
        }
        // Before the shard can be closed, and with it perhaps removed from the store.
        let committed = store.submit(batch);
        drop(is_open);
        *self.end = Some(position + 1);
        Ok(Some(committed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where the next block goes, once it is stored there.
    async fn position(writer: &Arc<ShardWriter>, store: &Store) -> Option<u64> {
        let mut position = None;
        let appended = Arc::clone(writer).turn().await.append(store, |address| {
            position = Some(address.position);
            Vec::new()
        });
        match appended.unwrap() {
            Some(committed) => committed.wait().await.unwrap(),
            None => assert_eq!(position, None),
        }
        position
    }

    #[tokio::test]
    async fn blocks_follow_each_other_and_what_was_stored_before() {
        let store = Store::in_memory().unwrap();
        let writers = Writers::default();
        assert_eq!(position(&writers.shard_writer(1, 0), &store).await, Some(0));
        assert_eq!(position(&writers.shard_writer(1, 0), &store).await, Some(1));
        assert_eq!(position(&writers.shard_writer(1, 1), &store).await, Some(0));
        assert_eq!(position(&Writers::default().shard_writer(1, 0), &store).await, Some(2));
    }

    #[tokio::test]
    async fn a_closed_shard_takes_nothing_from_whoever_had_found_it_open() {
        let store = Store::in_memory().unwrap();
        let writers = Writers::default();
        let (one, other) = (writers.shard_writer(1, 0), writers.shard_writer(1, 1));
        writers.close(1, 0);
        assert_eq!((position(&one, &store).await, position(&other, &store).await), (None, Some(0)));
        writers.close_all(1);
        assert_eq!(position(&other, &store).await, None);
    }

    #[tokio::test]
    async fn a_shard_is_closed_while_a_block_of_it_is_sealed_and_does_not_take_that_block() {
        let store = Store::in_memory().unwrap();
        let writers = Writers::default();
        let turn = writers.shard_writer(1, 0).turn().await;
        let appended = turn.append(&store, |_| {
            // Had it to wait for the turn, it would for ever.
            writers.close_all(1);
            Vec::new()
        });
        assert!(appended.unwrap().is_none());
        assert_eq!(store.length(1, 0).unwrap(), 0);
    }

    #[test]
    fn turns_are_counted_by_logstore() {
        let writers = Writers::default();
        assert_eq!([1, 1, 2, 1].map(|logstore| writers.next_turn(logstore)), [0, 1, 0, 2]);
    }
}
