//! Making and opening the file of a store.
//!
//! An existing file is locked first, and then opened and checked with all writes held back ([`WriteBuffer`]): its
//! structure, its version, the master key and the inventory. Only when all of them are right is anything
//! written to it.
//!
//! The structure is checked by the checksum of every page up to [`CHECKED_LENGTH`]. Of a longer file that
//! was closed in good order it is not, so that starting does not take seconds: what it says is
//! authenticated all the same when it is read, and a damaged page is noticed then. After
//! a crash redb reads the whole file, whatever its length, unless the last thing written was a checkpoint (see
//! `committer`). It reads each page twice: to verify its checksum, and to find out what is free. A profile shows more
//! than half of that time to be copying from the system's cache, so it grows with the file: `scripts/soak emulator`
//! prints it.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::Path;

use redb::backends::FileBackend;
use redb::{Builder, Database, ReadableDatabase, ReadableTable, StorageBackend};

use super::format::{
    BLOCKS, DOCUMENTS, Keys, META, META_ENTRY_HASH, META_ID, META_KEY_CHECK, META_VERSION, MultisetHash,
    SHARD_LENGTHS, VERSION,
};
use super::master_key::STORE_ID_LENGTH;
use super::write_buffer::WriteBuffer;
use super::{MasterKey, StoreError, files};
use crypto::random;

/// The file in the folder.
pub(super) const FILE: &str = "emulator.redb";
/// Bytes up to which a file that was closed in good order is read whole when it is opened.
pub(super) const CHECKED_LENGTH: u64 = 256 * 1024 * 1024;
/// Bytes of the file kept in memory. The operating system keeps the rest.
const CACHE: usize = 64 * 1024 * 1024;

/// A database that was found in order, and what is needed to go on with it.
pub(super) struct Opened {
    pub(super) database: Database,
    pub(super) keys: Keys,
    /// The master key of this store.
    pub(super) key: MasterKey,
    pub(super) entry_hash: MultisetHash,
    /// Whether the file is by now longer than what is read whole when it is opened.
    pub(super) is_long: Box<dyn Fn() -> bool + Send>,
    /// Bytes that the file has by now; no number is as large where there is none.
    pub(super) length: Box<dyn Fn() -> u64 + Send>,
}

/// Opens the store in a folder; makes the folder and the store when they are not there.
///
/// # Errors
///
/// [`StoreError`], and then the file has not been touched.
pub(super) fn open_folder(directory: &Path, master: &MasterKey) -> Result<Opened, StoreError> {
    let io = |error: io::Error| StoreError::Io(format!("{}: {error}", directory.display()));
    files::create_folder(directory).map_err(io)?;
    if files::open_to_others(&std::fs::metadata(directory).map_err(io)?) & 0o022 != 0 {
        tracing::warn!(
            "others may put another file into {}: take that from them (chmod 700)",
            directory.display()
        );
    }
    let path = directory.join(FILE);
    if !path.try_exists().map_err(io)? {
        create_file(directory, &path, master)?;
    }
    let file = files::open(&path, OpenOptions::new().read(true).write(true)).map_err(io)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(StoreError::InUse(directory.to_owned())),
        Err(TryLockError::Error(error)) => return Err(io(error)),
    }
    open_disk(LockedFile::new(file)?, directory, master, CHECKED_LENGTH)
}

/// Opens the store on a disk, which is read whole up to a length.
///
/// # Errors
///
/// [`StoreError`], and then the disk has not been written to, or not wholly.
pub(super) fn open_disk(
    disk: impl StorageBackend,
    directory: &Path,
    master: &MasterKey,
    checked_length: u64,
) -> Result<Opened, StoreError> {
    let io = |error: io::Error| StoreError::of_io(&error);
    let length = disk.len().map_err(io)?;
    if length == 0 {
        return Err(StoreError::Corrupt { what: format!("{}, which is empty,", directory.display()) });
    }
    let held = WriteBuffer::new(disk).map_err(io)?;
    let opened = StoreError::catching(|| {
        let database = builder()
            .set_check_integrity_on_open(length <= checked_length)
            .create_with_backend(held.clone())
            .map_err(StoreError::from_redb)?;
        checked(database, directory, master)
    })?;
    held.flush().map_err(io)?;
    let length = {
        let held = held.clone();
        move || held.len().unwrap_or(u64::MAX)
    };
    let is_long = move || held.len().is_ok_and(|length| length > checked_length);
    Ok(Opened { is_long: Box::new(is_long), length: Box::new(length), ..opened })
}

/// Makes a new store on an empty disk.
///
/// # Errors
///
/// When the disk fails.
pub(super) fn create_disk(disk: impl StorageBackend, master: &MasterKey) -> Result<Opened, StoreError> {
    let database = builder().create_with_backend(disk).map_err(StoreError::from_redb)?;
    let id = random::<STORE_ID_LENGTH>();
    let key = master.for_store(&id);
    let (keys, entry_hash) = (Keys::from_master_key(&key), MultisetHash::default());
    let opened = opened_without_file(database, keys, key, entry_hash);
    let transaction = opened.database.begin_write().map_err(StoreError::from_redb)?;
    {
        let mut meta = transaction.open_table(META).map_err(StoreError::from_redb)?;
        let entry_hash = opened.keys.seal_entry_hash(&opened.entry_hash);
        meta.insert(META_VERSION, VERSION.to_be_bytes().as_slice()).map_err(StoreError::from_redb)?;
        meta.insert(META_ID, id.as_slice()).map_err(StoreError::from_redb)?;
        meta.insert(META_KEY_CHECK, opened.keys.check_value().as_slice()).map_err(StoreError::from_redb)?;
        meta.insert(META_ENTRY_HASH, entry_hash.as_slice()).map_err(StoreError::from_redb)?;
        transaction.open_table(DOCUMENTS).map_err(StoreError::from_redb)?;
        transaction.open_table(SHARD_LENGTHS).map_err(StoreError::from_redb)?;
        transaction.open_table(BLOCKS).map_err(StoreError::from_redb)?;
    }
    transaction.commit().map_err(StoreError::from_redb)?;
    Ok(opened)
}

/// Makes the file under another name and gives it its own once it is complete, so that a file of that name
/// always is. A crash may leave one of the other name, which is of no use and does no harm.
fn create_file(directory: &Path, path: &Path, master: &MasterKey) -> Result<(), StoreError> {
    let io = |error: io::Error| StoreError::Io(format!("{}: {error}", directory.display()));
    let file = tempfile::Builder::new().prefix("emulator.redb.new-").tempfile_in(directory).map_err(io)?;
    files::set_mode(&file, 0o600).map_err(io)?;
    let disk = FileBackend::new(file.as_file().try_clone().map_err(io)?).map_err(StoreError::from_redb)?;
    create_disk(disk, master)?.database.close().map_err(StoreError::from_redb)?;
    file.as_file().sync_all().map_err(io)?;
    match file.persist_noclobber(path) {
        // Another process was faster.
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(io(error.error)),
        Ok(_) => files::sync_parent(path).map_err(io),
    }
}

/// How databases are opened.
pub(super) fn builder() -> Builder {
    let mut builder = Builder::new();
    builder.set_cache_size(CACHE);
    builder
}

fn checked(database: Database, directory: &Path, master: &MasterKey) -> Result<Opened, StoreError> {
    check_version(&database, directory)?;
    let id = meta(&database, META_ID)?;
    let id =
        id.as_slice().try_into().map_err(|_| StoreError::Corrupt { what: "the store's id".to_owned() })?;
    let key = master.for_store(id);
    let keys = Keys::from_master_key(&key);
    if !keys.fit(&meta(&database, META_KEY_CHECK)?) {
        return Err(StoreError::WrongMasterKey(directory.to_owned()));
    }
    let entry_hash = counted(&database, &keys)?;
    let stored = meta(&database, META_ENTRY_HASH)?;
    if !keys.is_entry_hash(&stored, &entry_hash) {
        return Err(StoreError::Corrupt { what: "the set of documents and shards".to_owned() });
    }
    Ok(opened_without_file(database, keys, key, entry_hash))
}

fn opened_without_file(database: Database, keys: Keys, key: MasterKey, entry_hash: MultisetHash) -> Opened {
    Opened { database, keys, key, entry_hash, is_long: Box::new(|| false), length: Box::new(|| u64::MAX) }
}

/// Checks that the format is the one that is read here.
///
/// # Errors
///
/// [`StoreError::Version`], [`StoreError::Corrupt`], [`StoreError::Io`]
pub(super) fn check_version(database: &Database, directory: &Path) -> Result<(), StoreError> {
    let version = meta(database, META_VERSION)?;
    let version = <[u8; 4]>::try_from(version.as_slice())
        .map_err(|_| StoreError::Corrupt { what: "the version of the format".to_owned() })?;
    let found = u32::from_be_bytes(version);
    if found != VERSION {
        return Err(StoreError::Version { directory: directory.to_owned(), found, expected: VERSION });
    }
    Ok(())
}

fn meta(database: &Database, name: &str) -> Result<Vec<u8>, StoreError> {
    let transaction = database.begin_read().map_err(StoreError::from_redb)?;
    let table = transaction.open_table(META).map_err(StoreError::from_redb)?;
    let value = table.get(name).map_err(StoreError::from_redb)?;
    let value = value.ok_or_else(|| StoreError::Corrupt { what: format!("the entry {name:?}") })?;
    Ok(value.value().to_vec())
}

/// The hash of all documents and lengths.
fn counted(database: &Database, keys: &Keys) -> Result<MultisetHash, StoreError> {
    let mut entry_hash = MultisetHash::default();
    let transaction = database.begin_read().map_err(StoreError::from_redb)?;
    for entry in transaction
        .open_table(DOCUMENTS)
        .map_err(StoreError::from_redb)?
        .iter()
        .map_err(StoreError::from_redb)?
    {
        let (key, stored) = entry.map_err(StoreError::from_redb)?;
        entry_hash.update_with_document(keys, key.value(), stored.value());
    }
    for entry in transaction
        .open_table(SHARD_LENGTHS)
        .map_err(StoreError::from_redb)?
        .iter()
        .map_err(StoreError::from_redb)?
    {
        let (key, stored) = entry.map_err(StoreError::from_redb)?;
        entry_hash.update_with_length(keys, key.value(), stored.value());
    }
    transaction.open_table(BLOCKS).map_err(StoreError::from_redb)?;
    Ok(entry_hash)
}

/// A file that was locked against other processes. The lock goes when the last handle of it is closed.
#[derive(Debug)]
pub(super) struct LockedFile {
    file: FileBackend,
}

impl LockedFile {
    /// A file whose lock is held.
    ///
    /// # Errors
    ///
    /// When it is not a file.
    pub(super) fn new(file: File) -> Result<Self, StoreError> {
        Ok(Self { file: FileBackend::new(file).map_err(StoreError::from_redb)? })
    }
}

/// Without redb's own locks: the file was locked before it was read.
impl StorageBackend for LockedFile {
    fn len(&self) -> io::Result<u64> {
        self.file.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.file.read(offset, out)
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        self.file.set_len(length)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.file.write(offset, data)
    }
}
