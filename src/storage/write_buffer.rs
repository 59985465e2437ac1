//! A disk whose writes are held back until it is clear that they may be made.
//!
//! Opening a database may write: it repairs what a crash left. Whether the file is ours to write to, by its
//! version and its master key, is only known once it is open. So writes go to memory first; they are read
//! back from there, and carried out on the disk, in their order and with the syncs between them, by
//! [`WriteBuffer::flush`]. Without it the disk has not been touched.

use std::io;
use std::sync::{Arc, RwLock};

use redb::StorageBackend;

/// A disk, and what is held back from it. Clones are of the same disk.
#[derive(Debug)]
pub(super) struct WriteBuffer<B>(Arc<Inner<B>>);

#[derive(Debug)]
struct Inner<B> {
    disk: B,
    /// `None` once writes go to the disk.
    held: RwLock<Option<Journal>>,
}

#[derive(Debug)]
struct Journal {
    length: u64,
    operations: Vec<Operation>,
}

#[derive(Debug)]
enum Operation {
    Write(u64, Vec<u8>),
    SetLength(u64),
    Sync,
}

impl<B> Clone for WriteBuffer<B> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<B: StorageBackend> WriteBuffer<B> {
    /// Holds back what is written to a disk.
    ///
    /// # Errors
    ///
    /// When its length is not to be had.
    pub(super) fn new(disk: B) -> io::Result<Self> {
        let journal = Journal { length: disk.len()?, operations: Vec::new() };
        Ok(Self(Arc::new(Inner { disk, held: RwLock::new(Some(journal)) })))
    }

    /// Carries out what was held back; from now on writes go to the disk.
    ///
    /// # Errors
    ///
    /// When the disk fails; nothing more may be written then.
    pub(super) fn flush(&self) -> io::Result<()> {
        let mut held = self.0.held.write().map_err(poisoned)?;
        let operations = held.take().map(|journal| journal.operations).unwrap_or_default();
        for operation in operations {
            match operation {
                Operation::Write(offset, data) => self.0.disk.write(offset, &data)?,
                Operation::SetLength(length) => self.0.disk.set_len(length)?,
                Operation::Sync => self.0.disk.sync_data()?,
            }
        }
        Ok(())
    }

    /// Notes an operation while they are held back; otherwise carries it out.
    fn operate(
        &self,
        note: impl FnOnce(&mut Journal),
        perform: impl FnOnce(&B) -> io::Result<()>,
    ) -> io::Result<()> {
        if self.0.held.read().map_err(poisoned)?.is_some()
            && let Some(journal) = self.0.held.write().map_err(poisoned)?.as_mut()
        {
            note(journal);
            return Ok(());
        }
        perform(&self.0.disk)
    }
}

impl<B: StorageBackend> StorageBackend for WriteBuffer<B> {
    fn len(&self) -> io::Result<u64> {
        match self.0.held.read().map_err(poisoned)?.as_ref() {
            Some(journal) => Ok(journal.length),
            None => self.0.disk.len(),
        }
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        match self.0.held.read().map_err(poisoned)?.as_ref() {
            Some(journal) => journal.read(&self.0.disk, offset, out),
            None => self.0.disk.read(offset, out),
        }
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        let note = |journal: &mut Journal| {
            journal.length = length;
            journal.operations.push(Operation::SetLength(length));
        };
        self.operate(note, |disk| disk.set_len(length))
    }

    fn sync_data(&self) -> io::Result<()> {
        self.operate(|journal| journal.operations.push(Operation::Sync), StorageBackend::sync_data)
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let note = |journal: &mut Journal| {
            journal.length = journal.length.max(end(offset, data.len()));
            journal.operations.push(Operation::Write(offset, data.to_vec()));
        };
        self.operate(note, |disk| disk.write(offset, data))
    }

    fn close(&self) -> io::Result<()> {
        self.0.disk.close()
    }
}

impl Journal {
    /// What the disk has, with what was held back over it.
    fn read(&self, disk: &impl StorageBackend, offset: u64, out: &mut [u8]) -> io::Result<()> {
        if end(offset, out.len()) > self.length {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let there = usize::try_from(disk.len()?.saturating_sub(offset)).unwrap_or(usize::MAX).min(out.len());
        let (on_disk, beyond) = out.split_at_mut(there);
        if !on_disk.is_empty() {
            disk.read(offset, on_disk)?;
        }
        beyond.fill(0);
        for operation in &self.operations {
            match operation {
                Operation::Write(at, data) => overlay(out, offset, data, *at),
                Operation::SetLength(length) => {
                    let kept = usize::try_from(length.saturating_sub(offset)).unwrap_or(usize::MAX);
                    out.get_mut(kept..).unwrap_or_default().fill(0);
                }
                Operation::Sync => {}
            }
        }
        Ok(())
    }
}

/// Copies the part of `data`, which begins at `at`, that `out`, which begins at `offset`, covers.
fn overlay(out: &mut [u8], offset: u64, data: &[u8], at: u64) {
    let distance = |from: u64, to: u64| usize::try_from(to.saturating_sub(from)).unwrap_or(usize::MAX);
    let target = out.get_mut(distance(offset, at)..).unwrap_or_default();
    let source = data.get(distance(at, offset)..).unwrap_or_default();
    target.iter_mut().zip(source).for_each(|(to, from)| *to = *from);
}

fn end(offset: u64, length: usize) -> u64 {
    offset.saturating_add(u64::try_from(length).unwrap_or(u64::MAX))
}

fn poisoned<T>(_: T) -> io::Error {
    io::Error::other("an earlier operation on the file panicked")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use redb::backends::InMemoryBackend;

    use super::*;

    fn disk(content: &[u8]) -> InMemoryBackend {
        let disk = InMemoryBackend::new();
        disk.set_len(content.len() as u64).unwrap();
        disk.write(0, content).unwrap();
        disk
    }

    fn content(disk: &impl StorageBackend) -> Vec<u8> {
        let mut content = vec![0; usize::try_from(disk.len().unwrap()).unwrap()];
        disk.read(0, &mut content).unwrap();
        content
    }

    #[derive(Clone, Debug)]
    enum Step {
        Write(u64, Vec<u8>),
        SetLength(u64),
    }

    fn any_step() -> impl Strategy<Value = Step> {
        prop_oneof![
            (0_u64..40, prop::collection::vec(any::<u8>(), 1..20))
                .prop_map(|(at, data)| Step::Write(at, data)),
            (0_u64..60).prop_map(Step::SetLength),
        ]
    }

    /// What is within the length; a disk refuses a write that is not.
    fn perform(disk: &impl StorageBackend, step: &Step) {
        match step {
            Step::Write(at, data) if end(*at, data.len()) <= disk.len().unwrap() => {
                disk.write(*at, data).unwrap();
            }
            Step::Write(..) => {}
            Step::SetLength(length) => disk.set_len(*length).unwrap(),
        }
    }

    proptest! {
        #[test]
        fn what_is_held_reads_as_what_was_written_and_is_carried_out_on_release(
            before in prop::collection::vec(any::<u8>(), 0..40),
            steps in prop::collection::vec(any_step(), 0..12),
            range in (0_u64..60, 0_usize..60),
        ) {
            let (held, plain) = (WriteBuffer::new(disk(&before)).unwrap(), disk(&before));
            for step in &steps {
                perform(&held, step);
                perform(&plain, step);
            }
            prop_assert_eq!(content(&held), content(&plain));
            prop_assert_eq!(content(&held.0.disk), before);
            let read = |disk: &dyn StorageBackend| {
                let mut out = vec![0; range.1];
                disk.read(range.0, &mut out).map(|()| out).ok()
            };
            if end(range.0, range.1) <= plain.len().unwrap() {
                prop_assert_eq!(read(&held), read(&plain));
            }
            held.flush().unwrap();
            prop_assert_eq!(content(&held.0.disk), content(&plain));
        }
    }

    #[test]
    fn reading_beyond_the_end_is_an_error() {
        let held = WriteBuffer::new(disk(b"abc")).unwrap();
        assert!(held.read(2, &mut [0; 2]).is_err());
        held.set_len(4).unwrap();
        held.read(2, &mut [0; 2]).unwrap();
    }

    #[test]
    fn after_the_release_writes_go_to_the_disk() {
        let held = WriteBuffer::new(disk(b"abc")).unwrap();
        held.flush().unwrap();
        held.write(1, b"x").unwrap();
        held.sync_data().unwrap();
        assert_eq!(content(&held.0.disk), b"axc");
    }
}
