//! Looking at a store without its master key.
//!
//! Shows what is in clear: names, documents of kinds that are not sealed, and blocks as they are stored.
//! Nothing is authenticated by that, which takes the key.

use std::fs::{OpenOptions, TryLockError};
use std::io;
use std::path::Path;

use redb::{Database, ReadableDatabase};

use super::format::{BLOCKS, DOCUMENTS, kind_byte, without_mac};
use super::opening::{FILE, LockedFile, builder, check_version};
use super::write_buffer::WriteBuffer;
use super::{BlockAddress, Kind, Store, StoreError, files};

/// A store that is read only. The file is not written to, not even to repair it after a crash. Several
/// inspections can read it at the same time; a [`Store`] cannot be opened until they end.
pub struct Inspection {
    database: Database,
}

/// The size of a shard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ShardSize {
    /// How many blocks.
    pub blocks: u64,
    /// Bytes in all of them.
    pub bytes: u64,
}

impl Store {
    /// Whether a folder holds a store.
    ///
    /// # Errors
    ///
    /// When that cannot be found out.
    pub fn exists_in(directory: &Path) -> io::Result<bool> {
        directory.join(FILE).try_exists()
    }
}

impl Inspection {
    /// Opens the store in a folder.
    ///
    /// # Errors
    ///
    /// [`StoreError::InUse`] while a [`Store`] has the folder, [`StoreError::Version`],
    /// [`StoreError::Corrupt`], [`StoreError::Io`].
    pub fn open(directory: &Path) -> Result<Self, StoreError> {
        let io = |error: io::Error| StoreError::Io(format!("{}: {error}", directory.display()));
        let file = files::open(&directory.join(FILE), OpenOptions::new().read(true)).map_err(io)?;
        match file.try_lock_shared() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(StoreError::InUse(directory.to_owned())),
            Err(TryLockError::Error(error)) => return Err(io(error)),
        }
        if file.metadata().map_err(io)?.len() == 0 {
            return Err(StoreError::Corrupt { what: format!("{}, which is empty,", directory.display()) });
        }
        // Never released: what opening writes is not written.
        let held = WriteBuffer::new(LockedFile::new(file)?).map_err(io)?;
        StoreError::catching(|| {
            let database = builder().create_with_backend(held).map_err(StoreError::from_redb)?;
            check_version(&database, directory)?;
            Ok(Self { database })
        })
    }

    /// A document of a kind that is in clear; `None` if it does not exist, or its kind is sealed.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub fn document(&self, kind: Kind, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        StoreError::catching(|| {
            let transaction = self.database.begin_read().map_err(StoreError::from_redb)?;
            let table = transaction.open_table(DOCUMENTS).map_err(StoreError::from_redb)?;
            let stored = table.get((kind_byte(kind), name)).map_err(StoreError::from_redb)?;
            let Some(stored) = stored.filter(|_| !kind.is_sealed()) else { return Ok(None) };
            let content = without_mac(stored.value()).map(|(content, _)| content.to_vec());
            content.map(Some).ok_or_else(|| StoreError::Corrupt { what: format!("the document {name:?}") })
        })
    }

    /// The size of a shard.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub fn size(&self, logstore: u64, shard: u32) -> Result<ShardSize, StoreError> {
        StoreError::catching(|| {
            let transaction = self.database.begin_read().map_err(StoreError::from_redb)?;
            let table = transaction.open_table(BLOCKS).map_err(StoreError::from_redb)?;
            let mut size = ShardSize::default();
            for entry in table.range(whole(logstore, shard)).map_err(StoreError::from_redb)? {
                let (_, block) = entry.map_err(StoreError::from_redb)?;
                size.blocks += 1;
                size.bytes += u64::try_from(block.value().len()).unwrap_or(u64::MAX);
            }
            Ok(size)
        })
    }

    /// The last `count` blocks of a shard, in order.
    ///
    /// # Errors
    ///
    /// When they cannot be read.
    pub fn last_blocks(
        &self,
        logstore: u64,
        shard: u32,
        count: usize,
    ) -> Result<Vec<(BlockAddress, Vec<u8>)>, StoreError> {
        StoreError::catching(|| {
            let transaction = self.database.begin_read().map_err(StoreError::from_redb)?;
            let table = transaction.open_table(BLOCKS).map_err(StoreError::from_redb)?;
            let mut blocks = Vec::new();
            for entry in table.range(whole(logstore, shard)).map_err(StoreError::from_redb)?.rev().take(count)
            {
                let (key, block) = entry.map_err(StoreError::from_redb)?;
                let address = BlockAddress { logstore, shard, position: key.value().2 };
                blocks.push((address, block.value().to_vec()));
            }
            blocks.reverse();
            Ok(blocks)
        })
    }
}

fn whole(logstore: u64, shard: u32) -> std::ops::RangeInclusive<(u64, u32, u64)> {
    (logstore, shard, 0)..=(logstore, shard, u64::MAX)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::{MasterKey, WriteBatch};

    async fn written(directory: &Path) -> Store {
        let store = Store::open(directory, &MasterKey::from_bytes([7; 32])).unwrap();
        let mut batch = WriteBatch::new();
        batch.write(Kind::Project, "proj", b"in clear".to_vec());
        batch.write(Kind::Identity, "all", b"sealed".to_vec());
        for position in 0..3 {
            let block = vec![b'x'; usize::try_from(position).unwrap() + 1];
            batch.append(BlockAddress { logstore: 4, shard: 1, position }, block);
        }
        store.submit(batch).wait().await.unwrap();
        store
    }

    #[tokio::test]
    async fn what_lies_in_clear_is_shown_without_the_key_and_the_file_is_untouched() {
        let directory = tempfile::tempdir().unwrap();
        written(directory.path()).await.close();
        let before = fs::read(directory.path().join(FILE)).unwrap();
        let inspection = Inspection::open(directory.path()).unwrap();
        assert_eq!(inspection.document(Kind::Project, "proj").unwrap().as_deref(), Some(&b"in clear"[..]));
        assert_eq!(inspection.document(Kind::Project, "other").unwrap(), None);
        assert_eq!(inspection.document(Kind::Identity, "all").unwrap(), None);
        assert_eq!(inspection.size(4, 1).unwrap(), ShardSize { blocks: 3, bytes: 6 });
        assert_eq!(inspection.size(4, 0).unwrap(), ShardSize::default());
        let last = inspection.last_blocks(4, 1, 2).unwrap();
        let positions: Vec<_> = last.iter().map(|(address, block)| (address.position, block.len())).collect();
        assert_eq!(positions, [(1, 2), (2, 3)]);
        drop(inspection);
        assert_eq!(fs::read(directory.path().join(FILE)).unwrap(), before);
    }

    #[tokio::test]
    async fn a_file_that_was_not_closed_is_shown_and_not_repaired() {
        let directory = tempfile::tempdir().unwrap();
        let store = written(directory.path()).await;
        let copy = tempfile::tempdir().unwrap();
        fs::copy(directory.path().join(FILE), copy.path().join(FILE)).unwrap();
        store.close();
        let before = fs::read(copy.path().join(FILE)).unwrap();
        let inspection = Inspection::open(copy.path()).unwrap();
        assert_eq!(inspection.size(4, 1).unwrap().blocks, 3);
        drop(inspection);
        assert_eq!(fs::read(copy.path().join(FILE)).unwrap(), before);
    }

    #[tokio::test]
    async fn a_store_in_use_and_one_that_is_not_there_are_errors() {
        let directory = tempfile::tempdir().unwrap();
        assert!(matches!(Inspection::open(directory.path()), Err(StoreError::Io(_))));
        assert!(!Store::exists_in(directory.path()).unwrap());
        let store = written(directory.path()).await;
        assert!(matches!(Inspection::open(directory.path()), Err(StoreError::InUse(_))));
        store.close();
        assert!(Inspection::open(directory.path()).is_ok());
        assert!(Store::exists_in(directory.path()).unwrap());
    }
}
