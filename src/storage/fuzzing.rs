//! The bodies of the fuzz targets of this room, and the small store that they damage.

#![allow(
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a panic is the report"
)]

#[cfg(test)]
#[path = "../../fuzz/corpus.rs"]
mod corpus;

use std::path::Path;
use std::sync::OnceLock;

use redb::{Builder, Database, ReadTransaction, ReadableDatabase, ReadableTable, WriteTransaction};

use super::format::{BLOCKS, DOCUMENTS, META, SHARD_LENGTHS};
use super::model::Model;
use super::simulated_disk::Disk;
use super::{
    Algorithm, BlockAddress, BlockError, DataKey, Kind, MasterKey, Store, StoreError, WriteBatch, opening,
    parse_layout, seal,
};

/// The first byte chooses an algorithm, the second where a block that was sealed with it is changed, the third how many
/// bytes are cut off. Twenty bytes change the address that it is opened at, the others the block. It opens only if
/// nothing is changed. The bytes themselves are no block that anybody sealed, and have a layout that they can be put
/// together from again, or none.
pub fn block(bytes: &[u8]) {
    const SEALED_AT: BlockAddress = BlockAddress { logstore: 3, shard: 1, position: 9 };
    const PLAINTEXT: &[u8] = b"plaintext of more than one block";
    let key = DataKey::from_bytes([7; 32]);
    let mut input = Input(bytes);
    let ways: Vec<_> = std::iter::once(None).chain(Algorithm::ALL.map(Some)).collect();
    let sealed = seal(ways[input.below(ways.len())], &key, SEALED_AT, PLAINTEXT);
    let (from, cut) = (input.below(sealed.len()), input.below(sealed.len()));
    let address = BlockAddress {
        logstore: SEALED_AT.logstore ^ u64::from_be_bytes(input.array()),
        shard: SEALED_AT.shard ^ u32::from_be_bytes(input.array()),
        position: SEALED_AT.position ^ u64::from_be_bytes(input.array()),
    };
    let mut changed = sealed.clone();
    changed.resize(sealed.len().max(from + input.0.len()), 0);
    changed.iter_mut().skip(from).zip(input.0).for_each(|(byte, bits)| *byte ^= bits);
    changed.truncate(changed.len() - cut);
    let opened = super::open(&key, address, &changed);
    if (address, &changed) == (SEALED_AT, &sealed) {
        assert_eq!(opened.as_deref(), Ok(PLAINTEXT));
    } else {
        assert!(opened.is_err(), "opened at {address:?}");
    }

    // Under a key that nothing is sealed with: the engine learns the sealed blocks themselves from what is compared.
    let opened = super::open(&DataKey::from_bytes([8; 32]), SEALED_AT, bytes);
    assert!(opened.is_err(), "opened what nobody sealed");
    match parse_layout(bytes) {
        Ok(layout) => {
            let text = &bytes[layout.ciphertext.clone()];
            assert_eq!([&bytes[..5], &layout.iv, text, &layout.tag].concat(), bytes);
        }
        Err(error) => assert_eq!(error, BlockError::Malformed),
    }
}

/// The bytes say which file of a small store is damaged, and how: what a table holds is changed by way of redb, so that
/// the file is in order to redb, and bytes are changed. The file is refused with an error that says so, and then it is
/// not touched, or it holds what was stored at some time: documents always, and blocks that open. After a write it
/// holds that and what was written, or is refused.
///
/// redb asserts more where debug assertions are on, as in the unit tests and by default in cargo-fuzz. `cargo fuzz run
/// -O` leaves them out, as a release does: both are worth a run.
pub fn storage_file(bytes: &[u8]) {
    #[cfg(fuzzing)]
    let_redb_panic();
    let files = files();
    let mut input = Input(bytes);
    let mode = input.byte();
    let mut content = if mode & 1 == 0 { files.killed.last().unwrap() } else { &files.closed }.clone();
    let checked_length = if mode & 2 == 0 { opening::CHECKED_LENGTH } else { 0 };
    let is_tampered = mode & 4 != 0;
    if is_tampered {
        content = tampered(content, files, &mut input);
    }
    for _ in 0..MOST_CHANGES {
        damage(&mut content, files, &mut input);
    }

    let disk = Disk::with(content.clone());
    let opened = opening::open_disk(disk.clone(), Path::new("disk"), &key(), checked_length);
    let store = match opened.and_then(Store::from_opened) {
        Ok(store) => store,
        Err(error) => {
            check_is_of_damage(&error);
            assert!(disk.content() == content, "the file was refused, and yet touched: {error}");
            return;
        }
    };
    // A checksum of redb is over everything in a file that is not long.
    let is_whole = checked_length > 0 && !is_tampered;
    let read = Model::from_store(&store);
    let Some(state) = stored_state(files, &read, is_whole) else { return };
    if mode & 8 == 0 {
        return;
    }
    let mut expected = state.documents.clone();
    expected.insert((Kind::Project, "later".to_owned()), vec![4; 60]);
    let mut batch = WriteBatch::new();
    batch.write(Kind::Project, "later", vec![4; 60]);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let written = runtime.block_on(store.submit(batch).wait());
    store.close();
    if let Err(error) = written {
        assert!(!is_whole, "nothing can be written: {error}");
        return;
    }
    let again =
        opening::open_disk(disk, Path::new("disk"), &key(), checked_length).and_then(Store::from_opened);
    match again.and_then(|store| Model::from_store(&store)) {
        Ok(read) => assert!(read.documents == expected, "other documents after a write"),
        Err(error) => {
            assert!(!is_whole, "the file is refused after a write: {error}");
            check_is_of_damage(&error);
        }
    }
}

/// Which of the states that were stored was read; `None` for an error.
fn stored_state<'f>(files: &'f Files, read: &Result<Model, StoreError>, is_whole: bool) -> Option<&'f Model> {
    let read = read.as_ref().map_err(check_is_of_damage).ok()?;
    let state = files.states.iter().find(|state| state.documents == read.documents);
    let state = state.expect("other documents than those that were stored");
    let blocks = opened_blocks(read);
    assert!(!is_whole || read == state, "other blocks than those that were stored");
    assert!(blocks.is_err() || blocks == opened_blocks(state), "other blocks than those that were sealed");
    Some(state)
}

#[track_caller]
fn check_is_of_damage(error: &StoreError) {
    let is_of_damage = matches!(
        error,
        StoreError::Corrupt { .. } | StoreError::Version { .. } | StoreError::WrongMasterKey(_)
    );
    assert!(is_of_damage, "{error:?}");
}

/// libFuzzer ends the process when something panics, but redb does over damaged files, and
/// [`StoreError::catching`] makes an error of that.
#[cfg(fuzzing)]
fn let_redb_panic() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        let others = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            let is_of_redb = panic.location().is_some_and(|location| location.file().contains("/redb-"));
            if !is_of_redb {
                others(panic);
            }
        }));
    });
}

/// The most changes of bytes, and the most of entries, that are made to one file.
const MOST_CHANGES: usize = 8;

/// What is read from the bytes of an input; behind their end there are zeros.
struct Input<'b>(&'b [u8]);

impl Input<'_> {
    fn array<const LENGTH: usize>(&mut self) -> [u8; LENGTH] {
        let (taken, rest) = self.0.split_at(LENGTH.min(self.0.len()));
        self.0 = rest;
        std::array::from_fn(|at| taken.get(at).copied().unwrap_or_default())
    }

    fn byte(&mut self) -> u8 {
        self.array::<1>()[0]
    }

    /// A number lower than `limit`, from as many bytes as that needs.
    fn below(&mut self, limit: usize) -> usize {
        let number = if limit <= 1 << 8 { usize::from(self.byte()) } else { self.wide() };
        number.checked_rem(limit).unwrap_or_default()
    }

    fn wide(&mut self) -> usize {
        let [high, middle, low] = self.array();
        u32::from_be_bytes([0, high, middle, low]) as usize
    }
}

/// The files of a small store: after each of its changes as when its process is killed, and at last as when it is
/// closed.
pub(super) struct Files {
    pub(super) killed: Vec<Vec<u8>>,
    pub(super) closed: Vec<u8>,
    /// What it held before the first change and after each.
    pub(super) states: Vec<Model>,
}

pub(super) fn files() -> &'static Files {
    static FILES: OnceLock<Files> = OnceLock::new();
    FILES.get_or_init(|| {
        let disk = Disk::default();
        let store = Store::from_opened(opening::create_disk(disk.clone(), &key()).unwrap()).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let (mut killed, mut states) = (vec![disk.content()], vec![Model::default()]);
        for position in 0..4 {
            let mut batch = WriteBatch::new();
            batch.write(Kind::Identity, "", vec![1; 500]);
            batch.write(Kind::Project, &format!("project {position}"), vec![2; 50]);
            let address = BlockAddress { logstore: 1, shard: 0, position };
            batch.append(address, seal(None, &data_key(), address, &[3; 700]));
            let mut model = states[states.len() - 1].clone();
            model.apply(&batch);
            states.push(model);
            runtime.block_on(store.submit(batch).wait()).unwrap();
            killed.push(disk.content());
        }
        store.close();
        Files { killed, closed: disk.content(), states }
    })
}

fn key() -> MasterKey {
    MasterKey::from_bytes([9; 32])
}

fn data_key() -> DataKey {
    DataKey::from_bytes([5; 32])
}

/// Opens a file that has this content.
#[cfg(test)]
pub(super) fn open(content: Vec<u8>, checked_length: u64) -> Result<Store, StoreError> {
    let disk = Disk::with(content);
    Store::from_opened(opening::open_disk(disk, Path::new("disk"), &key(), checked_length)?)
}

/// The plaintexts of all blocks.
pub(super) fn opened_blocks(model: &Model) -> Result<Vec<Vec<u8>>, BlockError> {
    let blocks = model.shards.iter().flat_map(|((logstore, shard), blocks)| {
        (0..).zip(blocks).map(|(position, stored)| {
            let address = BlockAddress { logstore: *logstore, shard: *shard, position };
            super::open(&data_key(), address, stored)
        })
    });
    blocks.collect()
}

/// Changes bytes of a file, once.
fn damage(content: &mut Vec<u8>, files: &Files, input: &mut Input<'_>) {
    const PAGE: usize = 4_096;
    let Some(last) = content.iter().rposition(|byte| *byte != 0) else { return };
    if input.0.is_empty() {
        return;
    }
    let what = input.byte();
    // The header says where everything else is.
    let at = if what & 0x80 == 0 { input.below(last + 1) } else { input.below(320) };
    let at = at.min(content.len());
    let page = at / PAGE * PAGE..content.len().min((at / PAGE + 1) * PAGE);
    match what % 6 {
        0 => content.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= input.byte() | 1),
        1 => {
            let length = input.below(16);
            content.iter_mut().skip(at).take(length).for_each(|byte| *byte = input.byte());
        }
        2 => {
            let from = input.below(last + 1) / PAGE * PAGE;
            let copied = content[from..content.len().min(from + page.len())].to_vec();
            content[page].iter_mut().zip(copied).for_each(|(byte, copy)| *byte = copy);
        }
        3 => content.resize(if at % 2 == 0 { at } else { content.len() + at }, 0),
        4 => content[page].fill(0),
        _ => {
            let earlier = &files.killed[input.below(files.killed.len())];
            let copied = earlier.get(page.clone()).unwrap_or_default();
            content[page].iter_mut().zip(copied).for_each(|(byte, copy)| *byte = *copy);
        }
    }
}

/// The key of an entry, and its table.
#[derive(Clone, Debug)]
enum EntryKey {
    Meta(String),
    Document(u8, String),
    Length(u64, u32),
    Block(u64, u32, u64),
}

type Entry = (EntryKey, Vec<u8>);

/// A file with other entries, which redb itself has written.
fn tampered(content: Vec<u8>, files: &Files, input: &mut Input<'_>) -> Vec<u8> {
    let disk = Disk::with(content);
    let database = database(disk.clone());
    let transaction = database.begin_write().unwrap();
    let entries = entries(&database.begin_read().unwrap());
    for _ in 0..=input.below(MOST_CHANGES) {
        tamper(&transaction, &entries, files, input);
    }
    transaction.commit().unwrap();
    drop(database);
    disk.content()
}

fn database(disk: Disk) -> Database {
    Builder::new().create_with_backend(disk).unwrap()
}

fn tamper(transaction: &WriteTransaction, entries: &[Entry], files: &Files, input: &mut Input<'_>) {
    let what = input.byte();
    let (key, value) = &entries[input.below(entries.len())];
    let (other, _) = &entries[input.below(entries.len())];
    let earlier = || {
        let file = files.killed[input.0.len() % files.killed.len()].clone();
        self::entries(&database(Disk::with(file)).begin_read().unwrap())
    };
    match what % 6 {
        0 => put(transaction, key, None),
        1 => {
            let mut changed = value.clone();
            let at = input.below(changed.len());
            changed.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= input.byte() | 1);
            put(transaction, key, Some(&changed));
        }
        2 => put(transaction, other, Some(value)),
        3 => put(transaction, &key.neighbour(input), Some(value)),
        4 => {
            let earlier = earlier();
            let (key, value) = &earlier[input.below(earlier.len())];
            put(transaction, key, Some(value));
        }
        _ => {
            for (key, _) in entries {
                put(transaction, key, None);
            }
            for (key, value) in &earlier() {
                put(transaction, key, Some(value));
            }
        }
    }
}

impl EntryKey {
    /// Another key of the same table.
    fn neighbour(&self, input: &mut Input<'_>) -> Self {
        let by = input.byte();
        match self {
            Self::Meta(name) => Self::Meta(format!("{name}{by}")),
            Self::Document(kind, name) => Self::Document(*kind ^ (by % 8), format!("{name}{by}")),
            Self::Length(logstore, shard) => {
                Self::Length(*logstore ^ u64::from(by >> 4), *shard ^ u32::from(by & 15))
            }
            Self::Block(logstore, shard, position) => {
                Self::Block(*logstore, *shard, *position ^ u64::from(by))
            }
        }
    }
}

/// Every entry of every table.
fn entries(transaction: &ReadTransaction) -> Vec<Entry> {
    let mut entries = Vec::new();
    for entry in transaction.open_table(META).unwrap().iter().unwrap() {
        let (key, value) = entry.unwrap();
        entries.push((EntryKey::Meta(key.value().to_owned()), value.value().to_vec()));
    }
    for entry in transaction.open_table(DOCUMENTS).unwrap().iter().unwrap() {
        let (key, value) = entry.unwrap();
        let (kind, name) = key.value();
        entries.push((EntryKey::Document(kind, name.to_owned()), value.value().to_vec()));
    }
    for entry in transaction.open_table(SHARD_LENGTHS).unwrap().iter().unwrap() {
        let (key, value) = entry.unwrap();
        let (logstore, shard) = key.value();
        entries.push((EntryKey::Length(logstore, shard), value.value().to_vec()));
    }
    for entry in transaction.open_table(BLOCKS).unwrap().iter().unwrap() {
        let (key, value) = entry.unwrap();
        let (logstore, shard, position) = key.value();
        entries.push((EntryKey::Block(logstore, shard, position), value.value().to_vec()));
    }
    entries
}

/// Sets the value of an entry, or removes the entry.
fn put(transaction: &WriteTransaction, key: &EntryKey, value: Option<&[u8]>) {
    macro_rules! put {
        ($table:expr, $key:expr) => {{
            let mut table = transaction.open_table($table).unwrap();
            match value {
                Some(value) => drop(table.insert($key, value).unwrap()),
                None => drop(table.remove($key).unwrap()),
            }
        }};
    }
    match key {
        EntryKey::Meta(name) => put!(META, name.as_str()),
        EntryKey::Document(kind, name) => put!(DOCUMENTS, (*kind, name.as_str())),
        EntryKey::Length(logstore, shard) => put!(SHARD_LENGTHS, (*logstore, *shard)),
        EntryKey::Block(logstore, shard, position) => put!(BLOCKS, (*logstore, *shard, *position)),
    }
}

#[cfg(test)]
mod tests {
    use super::corpus;

    #[test]
    fn block() {
        corpus::run("block", super::block);
    }

    #[test]
    fn storage_file() {
        corpus::run("storage_file", super::storage_file);
    }
}
