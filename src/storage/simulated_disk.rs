//! A disk that crashes: what was not synced is lost in any way a disk may lose it.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic is the report")]
#![cfg_attr(fuzzing, allow(dead_code, reason = "a fuzz target needs a disk that does not crash"))]

use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Duration;

use redb::StorageBackend;

/// How long a wait of a test may take.
pub(super) const LONGEST_WAIT: Duration = Duration::from_mins(1);

/// What is written at once, or not at all.
const SECTOR: usize = 512;

/// A disk in memory. Clones are of the same disk.
#[derive(Clone, Debug, Default)]
pub(super) struct Disk(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    inner: Mutex<Inner>,
    goes_on: Condvar,
}

#[derive(Debug)]
struct Inner {
    /// What is there whatever happens.
    synced: Vec<u8>,
    /// What is read.
    current: Vec<u8>,
    unsynced: Vec<Operation>,
    /// Operations after which every further one fails.
    power: usize,
    /// Whether a sync does not return.
    is_stalled: bool,
    /// How many syncs there were.
    syncs: usize,
}

#[derive(Clone, Debug)]
enum Operation {
    Write(usize, Vec<u8>),
    SetLength(usize),
}

impl Default for Inner {
    fn default() -> Self {
        Self {
            synced: Vec::new(),
            current: Vec::new(),
            unsynced: Vec::new(),
            power: usize::MAX,
            is_stalled: false,
            syncs: 0,
        }
    }
}

impl Disk {
    /// A disk with this on it.
    pub(super) fn with(content: Vec<u8>) -> Self {
        let inner = Inner { synced: content.clone(), current: content, ..Inner::default() };
        Self(Arc::new(Shared { inner: Mutex::new(inner), goes_on: Condvar::new() }))
    }

    /// What is on it.
    pub(super) fn content(&self) -> Vec<u8> {
        self.inner().current.clone()
    }

    /// The power goes after so many operations.
    pub(super) fn power_for(&self, operations: usize) {
        self.inner().power = operations;
    }

    /// How many syncs there were.
    pub(super) fn syncs(&self) -> usize {
        self.inner().syncs
    }

    /// Waits until there were so many syncs.
    pub(super) fn wait_for_syncs(&self, count: usize) {
        let is_missing = |inner: &mut Inner| inner.syncs < count;
        let waited = self.0.goes_on.wait_timeout_while(self.inner(), LONGEST_WAIT, is_missing).unwrap();
        assert!(!waited.1.timed_out(), "{count} syncs did not come");
    }

    /// From now on a sync does not return.
    pub(super) fn stall(&self) {
        self.inner().is_stalled = true;
    }

    /// Syncs go on.
    pub(super) fn go_on(&self) {
        self.inner().is_stalled = false;
        self.0.goes_on.notify_all();
    }

    /// The power went, and is back. Of what was not synced, `seed` says what is there.
    #[cfg(test)]
    pub(super) fn crash(&self, seed: u64) {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut inner = self.inner();
        let mut content = std::mem::take(&mut inner.synced);
        // Some disks keep everything up to a moment, others whatever they like.
        let in_order = random.bool();
        let kept = random.usize(..=inner.unsynced.len());
        for (number, operation) in std::mem::take(&mut inner.unsynced).into_iter().enumerate() {
            if if in_order { number < kept } else { random.bool() } {
                operation.perform(&mut content);
            } else if random.bool() {
                operation.torn(&mut random).perform(&mut content);
            }
        }
        *inner = Inner { synced: content.clone(), current: content, ..Inner::default() };
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.inner.lock().unwrap()
    }

    fn operate(&self, operation: Operation) -> io::Result<()> {
        let mut inner = self.inner();
        inner.use_power()?;
        operation.perform(&mut inner.current);
        inner.unsynced.push(operation);
        Ok(())
    }
}

impl Inner {
    fn use_power(&mut self) -> io::Result<()> {
        self.power = self.power.checked_sub(1).ok_or_else(|| io::Error::other("the power is off"))?;
        Ok(())
    }
}

impl Operation {
    fn perform(&self, content: &mut Vec<u8>) {
        match self {
            Self::Write(offset, data) => {
                // Its growth may have been lost before it.
                content.resize(content.len().max(offset + data.len()), 0);
                content[*offset..offset + data.len()].copy_from_slice(data);
            }
            Self::SetLength(length) => content.resize(*length, 0),
        }
    }

    /// The part of a write that reached the disk: whole sectors from its beginning.
    #[cfg(test)]
    fn torn(self, random: &mut fastrand::Rng) -> Self {
        match self {
            Self::Write(offset, mut data) => {
                let boundary = (offset + random.usize(..=data.len())) / SECTOR * SECTOR;
                data.truncate(boundary.saturating_sub(offset));
                Self::Write(offset, data)
            }
            // The length is one field of the file system.
            Self::SetLength(length) => Self::SetLength(length),
        }
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        Ok(self.inner().current.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let start = usize::try_from(offset).map_err(io::Error::other)?;
        let inner = self.inner();
        let there = start.checked_add(out.len()).and_then(|end| inner.current.get(start..end));
        out.copy_from_slice(there.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        self.operate(Operation::SetLength(usize::try_from(length).map_err(io::Error::other)?))
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut inner = self.0.goes_on.wait_while(self.inner(), |inner| inner.is_stalled).unwrap();
        inner.use_power()?;
        let Inner { synced, current, .. } = &mut *inner;
        synced.clone_from(current);
        inner.unsynced.clear();
        inner.syncs += 1;
        self.0.goes_on.notify_all();
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let start = usize::try_from(offset).map_err(io::Error::other)?;
        self.operate(Operation::Write(start, data.to_vec()))
    }
}
