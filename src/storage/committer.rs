//! The thread that writes: it takes every change that waits and brings them to disk together.
//!
//! While one transaction is being synced, others wait; the next takes them all. So many writers share one
//! sync, and a single one waits for no other.
//!
//! When nothing has been written for a moment to a long file, a checkpoint is: what redb needs to open the file after a
//! crash without reading all of it. With every transaction it would cost a second sync and, in a file of a gigabyte, a
//! hundred kilobytes; so after a crash in the middle of writes the whole file is read.
//!
//! At such a moment the thread also makes the file smaller, if much was removed from it and little is left.

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use redb::{Database, Durability, ReadableTable, ReadableTableMetadata as _, Table, WriteTransaction};
use tokio::sync::{oneshot, watch};

use super::format::{BLOCKS, DOCUMENTS, Keys, META, META_ENTRY_HASH, MultisetHash, SHARD_LENGTHS, kind_byte};
use super::state::State;
use super::{BlockAddress, StoreError, WriteBatch};

/// Bytes of blocks and documents after which a transaction takes no further change.
const BATCH: usize = 32 * 1024 * 1024;

/// How long nothing is written before a checkpoint is.
const IDLE: Duration = Duration::from_millis(200);

/// The file is not made smaller before so many bytes of blocks were removed.
const LEAST_REMOVED: u64 = 1024 * 1024;

/// The file is not made smaller before the removed blocks are this part of it: one in so many bytes.
const LEAST_PART_REMOVED: u64 = 8;

/// A file is made smaller only if its used pages are at most this part of it: one in so many bytes.
const LARGEST_PART_USED: u64 = 2;

/// A file is made smaller only if its used pages have at most so many bytes. No call is answered while they are moved.
const MOST_USED: u64 = 256 * 1024 * 1024;

type Answer = Result<(), StoreError>;

/// What the thread asks about the file.
pub(super) struct File {
    /// Whether it is by now longer than what is read whole when it is opened.
    pub(super) is_long: Box<dyn Fn() -> bool + Send>,
    /// Bytes that it has by now.
    pub(super) length: Box<dyn Fn() -> u64 + Send>,
}

/// What is known after the last transaction.
struct Written {
    entry_hash: MultisetHash,
    /// Bytes of the blocks that were removed since the thread last tried to make the file smaller.
    removed: u64,
    /// Whether everything was removed, and there was something.
    is_cleared: bool,
}

/// A change that waits, and whom to tell.
struct Job {
    batch: WriteBatch,
    /// How many changes of documents were submitted up to this one.
    documents: u64,
    answer: oneshot::Sender<Answer>,
}

/// The thread, and the way to it.
#[derive(Debug)]
pub(super) struct Committer {
    queue: Mutex<Queue>,
    progress: watch::Receiver<Progress>,
}

#[derive(Debug)]
struct Queue {
    thread: Option<(Sender<Job>, JoinHandle<()>)>,
    /// How many changes of documents were submitted. The lock is held while a change is numbered and sent, so that
    /// the thread gets them in the order of their numbers.
    documents: u64,
}

/// How far the thread is.
#[derive(Clone, Copy, Debug)]
enum Progress {
    /// So many changes of documents are durable.
    Durable(u64),
    /// A write failed: nothing that is not durable yet will ever be.
    Failed,
}

impl Committer {
    /// Starts the thread.
    ///
    /// # Errors
    ///
    /// When the system has none to give.
    pub(super) fn start(state: Arc<State>, entry_hash: MultisetHash, file: File) -> Result<Self, StoreError> {
        let (sender, receiver) = channel();
        let (told, progress) = watch::channel(Progress::Durable(0));
        let thread = thread::Builder::new()
            .name("store".to_owned())
            .spawn(move || commit_all(&state, entry_hash, &receiver, &told, &file))
            .map_err(|error| StoreError::of_io(&error))?;
        let queue = Queue { thread: Some((sender, thread)), documents: 0 };
        Ok(Self { queue: Mutex::new(queue), progress })
    }

    /// Submits a change; the answer comes when it is durable.
    pub(super) fn submit(&self, batch: WriteBatch) -> oneshot::Receiver<Answer> {
        let (answer, receiver) = oneshot::channel();
        let mut queue = self.lock();
        let documents = queue.documents + u64::from(batch.changes_documents());
        let job = Job { batch, documents, answer };
        let unsent = match &queue.thread {
            Some((sender, _)) => sender.send(job).err().map(|job| (job.0, StoreError::Failed)),
            None => Some((job, StoreError::Closed)),
        };
        // Also one that is not sent: whoever waits for it is told that it never becomes durable.
        queue.documents = documents;
        if let Some((job, error)) = unsent {
            let _ = job.answer.send(Err(error));
        }
        receiver
    }

    /// Returns once every change of documents that was submitted before is durable.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`] when one of them, or an earlier change, cannot be made durable.
    pub(super) async fn documents_durable(&self) -> Result<(), StoreError> {
        let submitted = self.lock().documents;
        let is_known = |progress: &Progress| match progress {
            Progress::Durable(documents) => *documents >= submitted,
            Progress::Failed => true,
        };
        match self.progress.clone().wait_for(is_known).await.as_deref() {
            Ok(Progress::Durable(_)) => Ok(()),
            // An error means that the thread has ended.
            Ok(Progress::Failed) | Err(_) => Err(StoreError::Failed),
        }
    }

    /// Returns once every submitted change is answered, and the thread has ended. `false` if that
    /// was so already.
    pub(super) fn finish(&self) -> bool {
        let Some((sender, thread)) = self.lock().thread.take() else { return false };
        drop(sender);
        // It catches its panics, and one that came through would change nothing here.
        let _ = thread.join();
        true
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn commit_all(
    state: &State,
    entry_hash: MultisetHash,
    jobs: &Receiver<Job>,
    told: &watch::Sender<Progress>,
    file: &File,
) {
    let mut written = Written { entry_hash, removed: 0, is_cleared: false };
    // Whether nothing was written since the last checkpoint.
    let mut is_saved = true;
    loop {
        let next = if is_saved { jobs.recv().map_err(Into::into) } else { jobs.recv_timeout(IDLE) };
        let first = match next {
            Ok(first) => first,
            Err(RecvTimeoutError::Timeout) => {
                is_saved = true;
                let length = (file.length)();
                if written.removed >= LEAST_REMOVED.max(length / LEAST_PART_REMOVED) {
                    written.removed = 0;
                    give_unused_space_back(state, length);
                }
                if (file.is_long)() {
                    checkpoint(state);
                }
                if state.is_poisoned() {
                    told.send_replace(Progress::Failed);
                }
                continue;
            }
            Err(RecvTimeoutError::Disconnected) => return,
        };
        is_saved = false;
        let mut documents = 0;
        let (batches, answers): (Vec<_>, Vec<_>) = collect_jobs(first, jobs)
            .into_iter()
            .map(|job| {
                documents = job.documents;
                (job.batch, job.answer)
            })
            .unzip();
        let results = commit_or_fail(state, &mut written, &batches);
        let progress = if state.is_poisoned() { Progress::Failed } else { Progress::Durable(documents) };
        told.send_replace(progress);
        for (answer, result) in answers.into_iter().zip(results) {
            // The caller may have stopped waiting.
            let _ = answer.send(result);
        }
    }
}

/// Writes a checkpoint.
fn checkpoint(state: &State) {
    let saved = state.with_database(|database| {
        let mut transaction = database.begin_write().map_err(StoreError::from_redb)?;
        transaction.set_quick_repair(true);
        transaction.commit().map_err(StoreError::from_redb)
    });
    if let Err(error) = saved {
        state.fail();
        tracing::error!("the store writes nothing more: {error}");
    }
}

/// The result of each change. After a failed transaction there is no further one.
fn commit_or_fail(state: &State, written: &mut Written, batches: &[WriteBatch]) -> Vec<Answer> {
    let committed = state.with_database(|database| commit(database, state.keys(), written, batches));
    let error = match committed {
        Ok((results, after)) => {
            *written = after;
            if written.is_cleared {
                give_space_back(state);
            }
            return results;
        }
        Err(error) => error,
    };
    state.fail();
    if matches!(error, StoreError::Failed) {
        return batches.iter().map(|_| Err(StoreError::Failed)).collect();
    }
    tracing::error!("the store writes nothing more: {error}");
    batches.iter().map(|_| Err(StoreError::Io(format!("a write failed: {error}")))).collect()
}

/// Makes the file as small as what is left in it.
fn give_space_back(state: &State) {
    if let Err(error) = state.compact() {
        // What was committed is on disk, but nobody knows what the file is like after a write that failed.
        state.fail();
        tracing::error!("the store writes nothing more: making its file smaller failed: {error}");
    }
}

/// Makes a file of this length smaller if little is left in it.
fn give_unused_space_back(state: &State, length: u64) {
    let used = state.with_database(|database| {
        let transaction = database.begin_write().map_err(StoreError::from_redb)?;
        let pages = transaction.stats().map_err(StoreError::from_redb)?;
        transaction.abort().map_err(StoreError::from_redb)?;
        Ok(pages.allocated_pages().saturating_mul(pages.page_size() as u64))
    });
    match used {
        Ok(used) if used <= MOST_USED && used <= length / LARGEST_PART_USED => give_space_back(state),
        Ok(_) => {}
        Err(error) => {
            state.fail();
            tracing::error!("the store writes nothing more: its file cannot be read: {error}");
        }
    }
}

/// The first change, and those that wait behind it.
fn collect_jobs(first: Job, jobs: &Receiver<Job>) -> Vec<Job> {
    let mut size = first.batch.size();
    let mut batch = vec![first];
    while size < BATCH
        && let Ok(job) = jobs.try_recv()
    {
        size += job.batch.size();
        batch.push(job);
    }
    batch
}

/// Commits changes in one transaction. Returns the result of each, and what is known after them.
///
/// # Errors
///
/// When that failed for all of them.
fn commit(
    database: &Database,
    keys: &Keys,
    written: &Written,
    batches: &[WriteBatch],
) -> Result<(Vec<Answer>, Written), StoreError> {
    let mut transaction = database.begin_write().map_err(StoreError::from_redb)?;
    transaction.set_durability(Durability::Immediate).map_err(StoreError::from_redb)?;
    let (results, written) = {
        let mut writing = Writing::new(&transaction, keys, written)?;
        let results = batches.iter().map(|batch| writing.apply(batch)).collect::<Result<_, _>>()?;
        (results, writing.written())
    };
    transaction
        .open_table(META)
        .map_err(StoreError::from_redb)?
        .insert(META_ENTRY_HASH, keys.seal_entry_hash(&written.entry_hash).as_slice())
        .map_err(StoreError::from_redb)?;
    transaction.commit().map_err(StoreError::from_redb)?;
    Ok((results, written))
}

/// The tables of a transaction.
struct Writing<'t> {
    keys: &'t Keys,
    entry_hash: MultisetHash,
    removed: u64,
    is_cleared: bool,
    documents: Table<'t, (u8, &'static str), &'static [u8]>,
    lengths: Table<'t, (u64, u32), &'static [u8]>,
    blocks: Table<'t, (u64, u32, u64), &'static [u8]>,
}

impl<'t> Writing<'t> {
    fn new(transaction: &'t WriteTransaction, keys: &'t Keys, written: &Written) -> Result<Self, StoreError> {
        Ok(Self {
            keys,
            entry_hash: written.entry_hash.clone(),
            removed: written.removed,
            is_cleared: false,
            documents: transaction.open_table(DOCUMENTS).map_err(StoreError::from_redb)?,
            lengths: transaction.open_table(SHARD_LENGTHS).map_err(StoreError::from_redb)?,
            blocks: transaction.open_table(BLOCKS).map_err(StoreError::from_redb)?,
        })
    }

    fn written(self) -> Written {
        Written { entry_hash: self.entry_hash, removed: self.removed, is_cleared: self.is_cleared }
    }

    /// Carries out a change; within, why it is refused, and then nothing of it is written.
    ///
    /// # Errors
    ///
    /// When the transaction is of no use any more.
    fn apply(&mut self, batch: &WriteBatch) -> Result<Answer, StoreError> {
        let lengths = match self.lengths_after(batch) {
            Ok(lengths) => lengths,
            Err(error @ StoreError::Misplaced { .. }) => return Ok(Err(error)),
            Err(error) => return Err(error),
        };
        if batch.clear {
            self.clear()?;
        }
        for (kind, name) in &batch.removed {
            self.remove_document(kind_byte(*kind), name)?;
        }
        for logstore in &batch.removed_blocks {
            self.remove_blocks(*logstore)?;
        }
        for document in &batch.written {
            self.write_document(
                kind_byte(document.kind),
                &document.name,
                &self.keys.seal_document(document),
            )?;
        }
        for (address, block) in &batch.appended {
            let key = (address.logstore, address.shard, address.position);
            self.blocks.insert(key, block.as_slice()).map_err(StoreError::from_redb)?;
        }
        for (shard, length) in lengths {
            self.write_length(shard, length)?;
        }
        Ok(Ok(()))
    }

    /// The lengths of the shards that a change appends to, after it.
    fn lengths_after(&self, batch: &WriteBatch) -> Result<BTreeMap<(u64, u32), u64>, StoreError> {
        let mut lengths = BTreeMap::new();
        for (address, _) in &batch.appended {
            let shard = (address.logstore, address.shard);
            let expected = match lengths.get(&shard) {
                Some(length) => *length,
                None if batch.clear || batch.removed_blocks.contains(&address.logstore) => 0,
                None => self.length(shard)?,
            };
            let misplaced = StoreError::Misplaced { address: *address, expected };
            let after = expected.checked_add(1).filter(|_| address.position == expected);
            lengths.insert(shard, after.ok_or(misplaced)?);
        }
        Ok(lengths)
    }

    fn length(&self, shard: (u64, u32)) -> Result<u64, StoreError> {
        let stored = self.lengths.get(shard).map_err(StoreError::from_redb)?;
        stored.map_or(Ok(0), |stored| self.keys.open_length(shard, stored.value()))
    }

    fn clear(&mut self) -> Result<(), StoreError> {
        // A new store begins with a change that removes everything.
        let is_empty = self.documents.is_empty().map_err(StoreError::from_redb)?
            && self.blocks.is_empty().map_err(StoreError::from_redb)?;
        self.is_cleared |= !is_empty;
        self.documents.retain(|_, _| false).map_err(StoreError::from_redb)?;
        self.lengths.retain(|_, _| false).map_err(StoreError::from_redb)?;
        self.blocks.retain(|_, _| false).map_err(StoreError::from_redb)?;
        self.entry_hash = MultisetHash::default();
        // The file is made smaller at once.
        self.removed = 0;
        Ok(())
    }

    fn remove_document(&mut self, kind: u8, name: &str) -> Result<(), StoreError> {
        if let Some(stored) = self.documents.remove((kind, name)).map_err(StoreError::from_redb)? {
            self.entry_hash.update_with_document(self.keys, (kind, name), stored.value());
        }
        Ok(())
    }

    fn write_document(&mut self, kind: u8, name: &str, stored: &[u8]) -> Result<(), StoreError> {
        let key = (kind, name);
        if let Some(earlier) = self.documents.insert(key, stored).map_err(StoreError::from_redb)? {
            self.entry_hash.update_with_document(self.keys, key, earlier.value());
        }
        self.entry_hash.update_with_document(self.keys, key, stored);
        Ok(())
    }

    fn write_length(&mut self, shard: (u64, u32), length: u64) -> Result<(), StoreError> {
        let stored = self.keys.seal_length(shard, length);
        if let Some(earlier) = self.lengths.insert(shard, stored.as_slice()).map_err(StoreError::from_redb)? {
            self.entry_hash.update_with_length(self.keys, shard, earlier.value());
        }
        self.entry_hash.update_with_length(self.keys, shard, &stored);
        Ok(())
    }

    fn remove_blocks(&mut self, logstore: u64) -> Result<(), StoreError> {
        let (keys, entry_hash) = (self.keys, &mut self.entry_hash);
        let shards = (logstore, 0)..=(logstore, u32::MAX);
        let forget = |shard: (u64, u32), stored: &[u8]| {
            entry_hash.update_with_length(keys, shard, stored);
            false
        };
        self.lengths.retain_in(shards, forget).map_err(StoreError::from_redb)?;
        let blocks = (logstore, 0, 0)..=(logstore, u32::MAX, u64::MAX);
        let removed = &mut self.removed;
        let count = |_, block: &[u8]| {
            *removed = removed.saturating_add(block.len() as u64);
            false
        };
        self.blocks.retain_in(blocks, count).map_err(StoreError::from_redb)
    }
}

impl WriteBatch {
    /// About as many bytes as it brings.
    fn size(&self) -> usize {
        let documents = self.written.iter().map(|document| document.content.len());
        let blocks = self.appended.iter().map(|(_, block): &(BlockAddress, Vec<u8>)| block.len());
        documents.chain(blocks).sum()
    }
}
