//! What a store promises, one promise at a time.
//!
//! No test of this room starts a process: until it runs its own program, a process holds what this one has locked, and
//! a store that is closed and opened again would be in use. Second and killed processes are in `tests/durability`.

use std::fs;
use std::path::Path;
use std::pin::pin;
use std::sync::mpsc::channel;
use std::task::{Context, Poll, Waker};
use std::time::SystemTime;

use redb::{ReadableDatabase as _, ReadableTable as _};

use super::format::{BLOCKS, META, META_VERSION};
use super::simulated_disk::{Disk, LONGEST_WAIT};
use super::{
    BlockAddress, DataKey, Document, Kind, MasterKey, Store, StoreError, UnwrapError, WriteBatch, opening,
};

fn key() -> MasterKey {
    MasterKey::from_bytes([9; 32])
}

fn at(position: u64) -> BlockAddress {
    BlockAddress { logstore: 7, shard: 1, position }
}

fn wait(store: &Store, batch: WriteBatch) -> Result<(), StoreError> {
    block_on(store.submit(batch).wait())
}

fn written(name: &str, content: &[u8]) -> WriteBatch {
    let mut batch = WriteBatch::new();
    batch.write(Kind::Project, name, content.to_vec());
    batch
}

fn appended(positions: &[u64]) -> WriteBatch {
    let mut batch = WriteBatch::new();
    for position in positions {
        batch.append(at(*position), format!("block {position}").into());
    }
    batch
}

fn positions(store: &Store, from: u64, count: usize, bytes: usize) -> Vec<u64> {
    let blocks = store.blocks(at(from), count, bytes).unwrap();
    assert!(blocks.iter().all(|(at, block)| *block == format!("block {}", at.position).into_bytes()));
    blocks.into_iter().map(|(address, _)| address.position).collect()
}

/// What lies in a folder: names, contents, times of the last write.
fn snapshot(folder: &Path) -> Vec<(String, Vec<u8>, SystemTime)> {
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let entry = entry.unwrap();
            let written = entry.metadata().unwrap().modified().unwrap();
            (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap(), written)
        })
        .collect();
    files.sort();
    files
}

#[test]
fn reading_starts_and_ends_where_it_is_told() {
    let store = Store::in_memory().unwrap();
    wait(&store, appended(&[0, 1, 2, 3])).unwrap();
    assert_eq!(positions(&store, 0, usize::MAX, usize::MAX), [0, 1, 2, 3]);
    assert_eq!(positions(&store, 1, 2, usize::MAX), [1, 2]);
    assert_eq!(positions(&store, 0, 4, 15), [0, 1]);
    assert_eq!(positions(&store, 0, 4, 14), [0, 1]);
    assert_eq!(positions(&store, 0, 4, 13), [0]);
    assert_eq!(positions(&store, 0, 4, 0), [0], "at least one");
    assert_eq!(positions(&store, 0, 0, usize::MAX), [0; 0]);
    assert_eq!(positions(&store, 4, 4, usize::MAX), [0; 0]);
    assert_eq!(positions(&store, u64::MAX, 4, usize::MAX), [0; 0]);
    assert_eq!(store.length(7, 1).unwrap(), 4);
    assert_eq!(store.length(7, 0).unwrap(), 0);
}

#[test]
fn documents_come_by_kind_in_the_order_of_their_names() {
    let store = Store::in_memory().unwrap();
    wait(&store, written("b", b"2")).unwrap();
    wait(&store, written("a", b"1")).unwrap();
    let mut batch = WriteBatch::new();
    batch.write(Kind::Logstore, "a", b"other kind".to_vec());
    wait(&store, batch).unwrap();
    let documents = store.documents(Kind::Project).unwrap();
    let expected = [("a", b"1"), ("b", b"2")].map(|(name, content)| Document {
        kind: Kind::Project,
        name: name.to_owned(),
        content: content.to_vec().into(),
    });
    assert_eq!(documents, expected);
    assert!(store.documents(Kind::Account).unwrap().is_empty());
}

#[test]
fn a_block_out_of_place_is_refused_with_its_whole_change_and_nothing_else() {
    let store = Store::in_memory().unwrap();
    wait(&store, appended(&[0])).unwrap();
    for (positions, expected) in [(&[0][..], 1), (&[2], 1), (&[1, 3], 2), (&[1, 1], 2), (&[u64::MAX], 1)] {
        let mut batch = appended(positions);
        batch.write(Kind::Project, "refused", Vec::new());
        match wait(&store, batch) {
            Err(StoreError::Misplaced { address, expected: next }) => {
                assert_eq!((Some(&address.position), next), (positions.last(), expected));
            }
            other => panic!("{positions:?}: {other:?}"),
        }
    }
    assert!(store.documents(Kind::Project).unwrap().is_empty());
    wait(&store, appended(&[1])).unwrap();
    assert_eq!(positions(&store, 0, 9, usize::MAX), [0, 1]);
}

#[test]
fn changes_that_wait_together_are_answered_each_for_itself() {
    let store = Store::in_memory().unwrap();
    let submitted = [&[0, 1][..], &[5], &[2]].map(|positions| store.submit(appended(positions)));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let results = submitted.map(|committed| runtime.block_on(committed.wait()).is_ok());
    assert_eq!(results, [true, false, true]);
    assert_eq!(positions(&store, 0, 9, usize::MAX), [0, 1, 2]);
}

#[test]
fn a_removed_logstore_begins_at_zero_again_and_others_stay() {
    let store = Store::in_memory().unwrap();
    wait(&store, appended(&[0, 1])).unwrap();
    let mut other = WriteBatch::new();
    other.append(BlockAddress { logstore: 8, ..at(0) }, b"other".to_vec());
    wait(&store, other).unwrap();
    let mut batch = appended(&[0]);
    batch.remove_blocks(7);
    wait(&store, batch).unwrap();
    assert_eq!(positions(&store, 0, 9, usize::MAX), [0]);
    assert_eq!(store.length(8, 1).unwrap(), 1);
    let mut batch = appended(&[0]);
    batch.clear();
    wait(&store, batch).unwrap();
    assert_eq!((store.length(7, 1).unwrap(), store.length(8, 1).unwrap()), (1, 0));
}

#[test]
fn a_store_that_is_cleared_gives_the_space_of_its_file_back() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path(), &key()).unwrap();
    let length = || fs::metadata(folder.path().join(opening::FILE)).unwrap().len();
    let empty = length();
    for position in 0..8 {
        let mut batch = WriteBatch::new();
        batch.append(at(position), vec![7; 1024 * 1024]);
        wait(&store, batch).unwrap();
    }
    assert!(length() > 8 * 1024 * 1024);
    let mut batch = written("kept", b"1");
    batch.clear();
    wait(&store, batch).unwrap();
    // One page of redb's own may be more than before.
    assert!(length() <= 2 * empty, "{empty} bytes, then {}", length());
    wait(&store, appended(&[0])).unwrap();
    store.close();
    let again = Store::open(folder.path(), &key()).unwrap();
    assert_eq!(again.documents(Kind::Project).unwrap().len(), 1);
    assert_eq!(positions(&again, 0, 9, usize::MAX), [0]);
}

/// A new store begins so, and making its file smaller would sync it many times.
#[test]
fn clearing_a_store_that_is_empty_only_writes() {
    let syncs_of = |change: fn(&mut WriteBatch)| {
        let disk = Disk::default();
        let store = Store::from_opened(opening::create_disk(disk.clone(), &key()).unwrap()).unwrap();
        let before = disk.syncs();
        let mut batch = written("kept", b"1");
        change(&mut batch);
        wait(&store, batch).unwrap();
        disk.syncs() - before
    };
    assert_eq!(syncs_of(WriteBatch::clear), syncs_of(|_| {}));
}

#[test]
fn a_file_from_which_most_was_removed_becomes_small_when_nothing_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let mut opened = opening::open_folder(folder.path(), &key()).unwrap();
    let (sender, idle) = channel();
    // It is asked last in an idle moment.
    opened.is_long = Box::new(move || sender.send(()).is_err());
    let store = Store::from_opened(opened).unwrap();
    let length = || fs::metadata(folder.path().join(opening::FILE)).unwrap().len();
    for position in 0..8 {
        let mut batch = WriteBatch::new();
        batch.append(at(position), vec![7; 1024 * 1024]);
        batch.append(BlockAddress { logstore: 8, ..at(position) }, vec![8; 1024]);
        wait(&store, batch).unwrap();
    }
    assert!(length() > 8 * 1024 * 1024);
    let mut batch = written("kept", b"1");
    batch.remove_blocks(7);
    wait(&store, batch).unwrap();
    let mut moments = std::iter::from_fn(|| idle.recv_timeout(LONGEST_WAIT).ok());
    assert!(moments.any(|()| length() < 256 * 1024), "{} bytes", length());
    store.close();
    let again = Store::open(folder.path(), &key()).unwrap();
    assert_eq!(again.documents(Kind::Project).unwrap().len(), 1);
    assert_eq!((again.length(7, 1).unwrap(), again.length(8, 1).unwrap()), (0, 8));
}

#[test]
fn closing_answers_what_was_submitted_and_lets_go_of_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("made/anew"), &key()).unwrap();
    let committed = store.submit(written("a", b"1"));
    store.close();
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(committed.wait()).unwrap();
    assert!(matches!(wait(&store, written("b", b"2")), Err(StoreError::Closed)));
    assert!(matches!(store.documents(Kind::Project), Err(StoreError::Closed)));
    let again = Store::open(&folder.path().join("made/anew"), &key()).unwrap();
    assert_eq!(again.documents(Kind::Project).unwrap().len(), 1);
    let clone = again.clone();
    drop(again);
    assert!(matches!(Store::open(&folder.path().join("made/anew"), &key()), Err(StoreError::InUse(_))));
    drop(clone);
    Store::open(&folder.path().join("made/anew"), &key()).unwrap();
}

#[test]
fn a_wrapped_key_outlives_the_store_on_disk() {
    let folder = tempfile::tempdir().unwrap();
    let wrapped = Store::open(folder.path(), &key()).unwrap().wrap_key("x", &DataKey::from_bytes([3; 32]));
    let store = Store::open(folder.path(), &key()).unwrap();
    assert_eq!(store.unwrap_key("x", &wrapped).unwrap().expose(), &[3; 32]);
    assert!(Store::in_memory().unwrap().unwrap_key("x", &wrapped).is_err());
}

#[test]
fn while_a_store_is_open_another_one_is_refused_and_touches_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path(), &key()).unwrap();
    wait(&store, written("a", b"1")).unwrap();
    check_refused(
        folder.path(),
        &key(),
        |error| matches!(error, StoreError::InUse(at) if at == folder.path()),
    );
}

/// Opens a folder in vain: the error is the one expected, and nothing is written.
#[track_caller]
fn check_refused(folder: &Path, key: &MasterKey, expected: impl Fn(&StoreError) -> bool) {
    let before = snapshot(folder);
    let error = Store::open(folder, key).unwrap_err();
    assert!(expected(&error), "{error:?}");
    assert_eq!(snapshot(folder), before, "{error:?}");
}

fn folder_with_a_store() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path(), &key()).unwrap();
    wait(&store, written("a", b"1")).unwrap();
    wait(&store, appended(&[0, 1, 2])).unwrap();
    folder
}

/// Changes the database behind the store's back.
fn tamper(folder: &Path, work: impl FnOnce(&redb::WriteTransaction)) {
    let database = redb::Database::open(folder.join(opening::FILE)).unwrap();
    let transaction = database.begin_write().unwrap();
    work(&transaction);
    transaction.commit().unwrap();
}

#[test]
fn another_master_key_is_refused() {
    let folder = folder_with_a_store();
    let other = MasterKey::from_bytes([8; 32]);
    check_refused(folder.path(), &other, |error| matches!(error, StoreError::WrongMasterKey(_)));
    Store::open(folder.path(), &key()).unwrap();
}

/// Opening such a file repairs it, which is a write: it has to wait for the key.
#[test]
fn another_master_key_is_refused_also_after_a_crash() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path(), &key()).unwrap();
    wait(&store, written("a", b"1")).unwrap();
    let killed = tempfile::tempdir().unwrap();
    fs::copy(folder.path().join(opening::FILE), killed.path().join(opening::FILE)).unwrap();
    let other = MasterKey::from_bytes([8; 32]);
    check_refused(killed.path(), &other, |error| matches!(error, StoreError::WrongMasterKey(_)));
    let before = snapshot(killed.path());
    let store = Store::open(killed.path(), &key()).unwrap();
    assert_eq!(store.documents(Kind::Project).unwrap().len(), 1);
    assert_ne!(snapshot(killed.path()), before, "nothing was repaired: the file says nothing of a crash");
}

#[test]
fn another_version_is_refused_whatever_the_key() {
    let folder = folder_with_a_store();
    tamper(folder.path(), |transaction| {
        transaction.open_table(META).unwrap().insert(META_VERSION, [0, 0, 0, 3].as_slice()).unwrap();
    });
    for key in [key(), MasterKey::from_bytes([8; 32])] {
        check_refused(folder.path(), &key, |error| {
            matches!(error, StoreError::Version { found: 3, expected: 2, .. })
        });
    }
}

#[test]
fn two_stores_under_one_master_key_take_nothing_from_each_other() {
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let [one, other] = folders.each_ref().map(|folder| Store::open(folder.path(), &key()).unwrap());
    let wrapped = one.wrap_key("logstore 1", &DataKey::from_bytes([9; 32]));
    assert!(one.unwrap_key("logstore 1", &wrapped).is_ok());
    assert_eq!(other.unwrap_key("logstore 1", &wrapped).unwrap_err(), UnwrapError::NotAuthentic);
    assert_ne!(one.clear_key().expose(), other.clear_key().expose());
}

#[test]
fn something_else_in_the_place_of_the_file_is_corrupt() {
    for content in [b"".as_slice(), b"no database", &vec![0; 100_000]] {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(opening::FILE), content).unwrap();
        check_refused(folder.path(), &key(), |error| matches!(error, StoreError::Corrupt { .. }));
    }
    let folder = tempfile::tempdir().unwrap();
    redb::Database::create(folder.path().join(opening::FILE)).unwrap();
    check_refused(folder.path(), &key(), |error| matches!(error, StoreError::Corrupt { .. }));
}

#[test]
fn a_file_where_the_folder_is_to_be_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("file"), "").unwrap();
    assert!(matches!(Store::open(&folder.path().join("file"), &key()), Err(StoreError::Io(_))));
}

#[test]
fn whoever_has_no_key_removes_adds_and_puts_back_nothing_unnoticed() {
    use super::format::{DOCUMENTS, SHARD_LENGTHS};
    type Tampering = fn(&redb::WriteTransaction);
    let tamperings: [(&str, Tampering); 5] = [
        ("a document removed", |transaction| {
            transaction.open_table(DOCUMENTS).unwrap().remove((3, "a")).unwrap();
        }),
        ("a document under another name", |transaction| {
            let mut table = transaction.open_table(DOCUMENTS).unwrap();
            let stored = table.get((3, "a")).unwrap().unwrap().value().to_vec();
            table.insert((3, "b"), stored.as_slice()).unwrap();
        }),
        ("a shard removed", |transaction| {
            transaction.open_table(SHARD_LENGTHS).unwrap().remove((7, 1)).unwrap();
            transaction.open_table(BLOCKS).unwrap().retain(|_, _| false).unwrap();
        }),
        ("a table removed", |transaction| {
            transaction.delete_table(BLOCKS).unwrap();
        }),
        ("the entry_hash removed", |transaction| {
            transaction.open_table(META).unwrap().remove("inventory").unwrap();
        }),
    ];
    for (what, tampering) in tamperings {
        let folder = folder_with_a_store();
        tamper(folder.path(), tampering);
        let error = Store::open(folder.path(), &key()).expect_err(what);
        assert!(matches!(error, StoreError::Corrupt { .. }), "{what}: {error:?}");
    }
}

#[test]
fn an_earlier_version_of_a_document_is_not_put_back_unnoticed() {
    let folder = folder_with_a_store();
    let mut earlier = Vec::new();
    let name = (3, "a");
    let documents = super::format::DOCUMENTS;
    tamper(folder.path(), |transaction| {
        earlier = transaction.open_table(documents).unwrap().get(name).unwrap().unwrap().value().to_vec();
    });
    wait(&Store::open(folder.path(), &key()).unwrap(), written("a", b"2")).unwrap();
    tamper(folder.path(), |transaction| {
        transaction.open_table(documents).unwrap().insert(name, earlier.as_slice()).unwrap();
    });
    check_refused(folder.path(), &key(), |error| matches!(error, StoreError::Corrupt { .. }));
}

#[test]
fn a_missing_block_is_noticed_where_it_should_be() {
    for missing in [0, 1, 2] {
        let folder = folder_with_a_store();
        tamper(folder.path(), |transaction| {
            transaction.open_table(BLOCKS).unwrap().remove((7, 1, missing)).unwrap();
        });
        let store = Store::open(folder.path(), &key()).unwrap();
        for from in 0..3 {
            let read = store.blocks(at(from), usize::MAX, usize::MAX);
            assert_eq!(read.is_err(), from <= missing, "{missing} is missing, read from {from}");
        }
    }
}

#[test]
fn after_a_failed_write_nothing_is_written_or_read() {
    let disk = Disk::default();
    let store = Store::from_opened(opening::create_disk(disk.clone(), &key()).unwrap()).unwrap();
    wait(&store, written("a", b"1")).unwrap();
    disk.power_for(0);
    assert!(matches!(wait(&store, written("b", b"2")), Err(StoreError::Io(_))));
    disk.power_for(usize::MAX);
    assert!(matches!(wait(&store, written("c", b"3")), Err(StoreError::Failed)));
    assert!(matches!(store.documents(Kind::Project), Err(StoreError::Failed)));
    drop(store);
    disk.crash(0);
    let opened = opening::open_disk(disk, Path::new("disk"), &key(), opening::CHECKED_LENGTH).unwrap();
    assert!(opened.database.begin_read().is_ok());
}

/// What a future has to say without waiting.
fn at_once<T>(future: impl Future<Output = T>) -> Option<T> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(outcome) => Some(outcome),
        Poll::Pending => None,
    }
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

#[test]
fn on_a_disk_that_stalls_only_what_depends_on_a_submitted_document_waits() {
    let disk = Disk::default();
    let store = Store::from_opened(opening::create_disk(disk.clone(), &key()).unwrap()).unwrap();
    assert!(at_once(store.documents_durable()).unwrap().is_ok(), "nothing was submitted");
    disk.stall();
    let block = store.submit(appended(&[0]));
    assert!(at_once(store.documents_durable()).unwrap().is_ok(), "nobody sees the block yet");
    assert_eq!(store.length(7, 1).unwrap(), 0);
    let mut removed = WriteBatch::new();
    removed.remove(Kind::Project, "a");
    for batch in [written("a", b"1"), removed] {
        let submitted = store.submit(batch);
        assert!(at_once(store.documents_durable()).is_none());
        disk.go_on();
        block_on(store.documents_durable()).unwrap();
        block_on(submitted.wait()).unwrap();
        disk.stall();
    }
    disk.go_on();
    block_on(block.wait()).unwrap();
}

#[test]
fn whoever_waits_for_a_document_that_is_not_written_is_told() {
    let disk = Disk::default();
    let store = Store::from_opened(opening::create_disk(disk.clone(), &key()).unwrap()).unwrap();
    disk.stall();
    drop(store.submit(written("a", b"1")));
    let mut reader = pin!(store.documents_durable());
    assert!(at_once(&mut reader).is_none());
    disk.power_for(0);
    disk.go_on();
    assert!(matches!(block_on(reader), Err(StoreError::Failed)));
    assert!(matches!(block_on(store.documents_durable()), Err(StoreError::Failed)));
}

/// Opens what was on a disk when the power went, as if any file were long: how often that syncs. In this build redb
/// reads the file whole in any case; that it had to be repaired shows by a transaction more.
fn syncs_of_opening(content: Vec<u8>) -> usize {
    let disk = Disk::with(content);
    let opened = opening::open_disk(disk.clone(), Path::new("disk"), &key(), 0).unwrap();
    assert!((opened.is_long)());
    let syncs = disk.syncs();
    assert_eq!(Store::from_opened(opened).unwrap().length(7, 1).unwrap(), 3);
    syncs
}

#[test]
fn a_long_file_that_nothing_was_written_to_for_a_moment_need_not_be_repaired_after_a_crash() {
    let disk = Disk::default();
    let store = Store::from_opened(opening::create_disk(disk.clone(), &key()).unwrap()).unwrap();
    wait(&store, appended(&[0, 1, 2])).unwrap();
    let repaired = syncs_of_opening(disk.content());

    let disk = Disk::default();
    let mut opened = opening::create_disk(disk.clone(), &key()).unwrap();
    let (sender, idle) = channel();
    let asked = disk.clone();
    opened.is_long = Box::new(move || sender.send(asked.syncs()).is_ok());
    let store = Store::from_opened(opened).unwrap();
    wait(&store, appended(&[0, 1, 2])).unwrap();
    // A checkpoint is committed in two phases.
    disk.wait_for_syncs(idle.recv().unwrap() + 2);
    assert!(syncs_of_opening(disk.content()) < repaired);
    wait(&store, written("a", b"1")).unwrap();
}

#[test]
fn what_is_submitted_to_a_closed_store_never_becomes_durable() {
    let store = Store::in_memory().unwrap();
    drop(store.submit(written("a", b"1")));
    store.close();
    block_on(store.documents_durable()).unwrap();
    drop(store.submit(written("b", b"2")));
    assert!(block_on(store.documents_durable()).is_err());
}

#[test]
fn no_secret_and_no_sealed_document_is_in_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path(), &key()).unwrap();
    let mut batch = WriteBatch::new();
    batch.write(Kind::Identity, "x", b"canary of identity".to_vec());
    batch.write(Kind::Keys, "x", b"canary of keys".to_vec());
    batch.write(Kind::Project, "x", b"plainly seen".to_vec());
    wait(&store, batch).unwrap();
    store.close();
    let file = fs::read(folder.path().join(opening::FILE)).unwrap();
    let contains = |text: &[u8]| file.windows(text.len()).any(|window| window == text);
    assert!(contains(b"plainly seen"));
    assert!(!contains(b"canary"));
    assert!(!contains(&[9; 32]), "the master key");
}
