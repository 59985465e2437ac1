//! What the thread that writes and those that read share.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{PoisonError, RwLock};

use redb::Database;

use super::StoreError;
use super::format::Keys;

/// The database while it is open, and whether a write failed.
pub(super) struct State {
    database: RwLock<Option<Database>>,
    keys: Keys,
    failed: AtomicBool,
}

impl State {
    pub(super) fn new(database: Database, keys: Keys) -> Self {
        Self { database: RwLock::new(Some(database)), keys, failed: AtomicBool::new(false) }
    }

    pub(super) fn keys(&self) -> &Keys {
        &self.keys
    }

    pub(super) fn is_poisoned(&self) -> bool {
        self.failed.load(Ordering::Acquire)
    }

    /// From now on every call returns [`StoreError::Failed`].
    pub(super) fn fail(&self) {
        self.failed.store(true, Ordering::Release);
    }

    /// Works with the database, which is not closed until then.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`], [`StoreError::Closed`], or what `work` gives; [`StoreError::Corrupt`] when it
    /// panics.
    pub(super) fn with_database<T>(
        &self,
        work: impl FnOnce(&Database) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        if self.is_poisoned() {
            return Err(StoreError::Failed);
        }
        let database = self.database.read().unwrap_or_else(PoisonError::into_inner);
        let database = database.as_ref().ok_or(StoreError::Closed)?;
        StoreError::catching(|| work(database))
    }

    /// Gives space that nothing is stored in back to the file system, once no call uses the database.
    ///
    /// # Errors
    ///
    /// When the disk fails.
    pub(super) fn compact(&self) -> Result<(), StoreError> {
        let mut database = self.database.write().unwrap_or_else(PoisonError::into_inner);
        let Some(database) = database.as_mut() else { return Ok(()) };
        StoreError::catching(|| database.compact().map(drop).map_err(StoreError::from_redb))
    }

    /// Closes the database once no call uses it, and releases the file.
    ///
    /// # Errors
    ///
    /// When it could not be closed in good order: all that was acknowledged is on disk nonetheless.
    pub(super) fn close(&self) -> Result<(), StoreError> {
        let database = self.database.write().unwrap_or_else(PoisonError::into_inner).take();
        database.map_or(Ok(()), |database| {
            StoreError::catching(|| database.close().map_err(StoreError::from_redb))
        })
    }
}

impl fmt::Debug for State {
    /// Without the keys.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State").field("failed", &self.failed).finish_non_exhaustive()
    }
}
