//! The content of the file, and the keys it is protected with.
//!
//! Four tables: `meta` (the format's version, the store's id, a check of the master key, the inventory), `documents`,
//! `lengths` (the number of blocks of each shard) and `blocks`. Every entry but version and id is
//! authenticated, with keys that the id goes into, so that nothing from another store is taken:
//!
//! - A sealed document is AES-256-GCM ciphertext, any other stands in clear before an HMAC-SHA256; kind and
//!   name are authenticated with it.
//! - A length stands before an HMAC-SHA256 over shard and length. A block within the length that is missing
//!   is noticed when it is read, one behind it is never read.
//! - A block is authenticated with its address, by its own envelope. Logstore numbers are never used again
//!   and positions are written once, so there is no older block that would fit the same address.
//! - The entry hash is the XOR of the MACs of all documents and lengths (a multiset hash), sealed so that nobody
//!   without the master key sees one, and so cannot put together another set of entries that has the
//!   same. It is written with every change. When the store is opened it shows a document or length that was
//!   removed, added, or restored to an earlier version.
//!
//! This protects against accidents (a flipped bit, a cut file, a stray write) and against anyone who can change the
//! file but has no master key: all they can do unnoticed is to restore the whole file to an earlier state, which
//! nothing inside of the file can show. That earlier state may be the one before the last change when the
//! program was killed: redb takes a damaged last commit for one that was being written then.
//!
//! Names, sizes and times of writes are in clear, and so is every document whose kind is not sealed.

use redb::TableDefinition;
use zeroize::Zeroizing;

use super::{Document, Kind, MasterKey, StoreError};
use crypto::{HmacSha256, envelope};

/// The version of the format that is written and read here.
pub(super) const VERSION: u32 = 2;

/// What is known of the store itself.
pub(super) const META: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("meta");
/// Documents by kind and name.
pub(super) const DOCUMENTS: TableDefinition<'_, (u8, &str), &[u8]> = TableDefinition::new("documents");
/// The number of blocks by Logstore and shard.
pub(super) const SHARD_LENGTHS: TableDefinition<'_, (u64, u32), &[u8]> = TableDefinition::new("lengths");
/// Blocks by Logstore, shard and position.
pub(super) const BLOCKS: TableDefinition<'_, (u64, u32, u64), &[u8]> = TableDefinition::new("blocks");

/// In [`META`]: the version, four bytes, the highest first.
pub(super) const META_VERSION: &str = "version";
/// In [`META`]: the store's id, random bytes that every key is derived with.
pub(super) const META_ID: &str = "id";
/// In [`META`]: a MAC that only the right master key gives.
pub(super) const META_KEY_CHECK: &str = "key check";
/// In [`META`]: the hash of all documents and lengths.
pub(super) const META_ENTRY_HASH: &str = "inventory";

/// Bytes in an HMAC-SHA256.
const MAC_LENGTH: usize = 32;

/// The keys that entries are protected with, each derived from the master key of the store for one use.
pub(super) struct Keys {
    sealing: Zeroizing<[u8; 32]>,
    document: Zeroizing<[u8; 32]>,
    length: Zeroizing<[u8; 32]>,
    entry: Zeroizing<[u8; 32]>,
    entry_hash: Zeroizing<[u8; 32]>,
    check: Zeroizing<[u8; 32]>,
}

impl Keys {
    pub(super) fn from_master_key(master: &MasterKey) -> Self {
        Self {
            sealing: master.derived("seal documents"),
            document: master.derived("authenticate documents"),
            length: master.derived("authenticate lengths"),
            entry: master.derived("authenticate entries"),
            entry_hash: master.derived("seal the inventory"),
            check: master.derived("check the key"),
        }
    }

    /// The value of [`META_KEY_CHECK`].
    pub(super) fn check_value(&self) -> [u8; 32] {
        HmacSha256::new(&self.check[..]).with(b"emulator store").finish()
    }

    /// Whether the store was written with these keys.
    pub(super) fn fit(&self, check: &[u8]) -> bool {
        HmacSha256::new(&self.check[..]).with(b"emulator store").is(check)
    }

    /// The entry of [`DOCUMENTS`] for a document.
    pub(super) fn seal_document(&self, document: &Document) -> Vec<u8> {
        let context = document_context(kind_byte(document.kind), &document.name);
        if document.kind.is_sealed() {
            return envelope::seal(&self.sealing, &document.content, &context);
        }
        let mac = HmacSha256::new(&self.document[..]).with(&context).with(&document.content).finish();
        [document.content.as_slice(), &mac].concat()
    }

    /// The document in an entry.
    ///
    /// # Errors
    ///
    /// [`StoreError::Corrupt`]
    pub(super) fn open_document(
        &self,
        kind: Kind,
        name: &str,
        stored: &[u8],
    ) -> Result<Document, StoreError> {
        let content = self
            .document_content(kind, name, stored)
            .ok_or_else(|| StoreError::Corrupt { what: format!("the document {kind:?} {name:?}") })?;
        Ok(Document { kind, name: name.to_owned(), content })
    }

    fn document_content(&self, kind: Kind, name: &str, stored: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let context = document_context(kind_byte(kind), name);
        if kind.is_sealed() {
            return envelope::open(&self.sealing, stored, &context);
        }
        let (clear, mac) = without_mac(stored)?;
        let fits = HmacSha256::new(&self.document[..]).with(&context).with(clear).is(mac);
        fits.then(|| Zeroizing::new(clear.to_vec()))
    }

    /// The entry of [`SHARD_LENGTHS`] for a shard of this length.
    pub(super) fn seal_length(&self, shard: (u64, u32), length: u64) -> [u8; 40] {
        let mut sealed = [0; 40];
        let (front, back) = sealed.split_at_mut(8);
        front.copy_from_slice(&length.to_be_bytes());
        back.copy_from_slice(&self.length_mac(shard, front).finish());
        sealed
    }

    /// The number of blocks in an entry.
    ///
    /// # Errors
    ///
    /// [`StoreError::Corrupt`]
    pub(super) fn open_length(&self, shard: (u64, u32), stored: &[u8]) -> Result<u64, StoreError> {
        let length = stored.split_first_chunk::<8>().and_then(|(length, mac)| {
            self.length_mac(shard, length).is(mac).then(|| u64::from_be_bytes(*length))
        });
        length.ok_or_else(|| StoreError::Corrupt {
            what: format!("the number of blocks of shard {} of Logstore number {}", shard.1, shard.0),
        })
    }

    fn length_mac(&self, (logstore, shard): (u64, u32), length: &[u8]) -> HmacSha256 {
        let mac = HmacSha256::new(&self.length[..]);
        mac.with(&logstore.to_be_bytes()).with(&shard.to_be_bytes()).with(length)
    }

    /// The entry of [`META`] for a hash of all documents and lengths. Each commit seals one under a random nonce of 96
    /// bits, so that a store is good for 2^32 commits (NIST SP 800-38D section 8.3): 136 years of one a second.
    pub(super) fn seal_entry_hash(&self, entry_hash: &MultisetHash) -> Vec<u8> {
        envelope::seal(&self.entry_hash, &entry_hash.0, META_ENTRY_HASH.as_bytes())
    }

    /// Whether an entry holds this hash.
    pub(super) fn is_entry_hash(&self, stored: &[u8], entry_hash: &MultisetHash) -> bool {
        let opened = envelope::open(&self.entry_hash, stored, META_ENTRY_HASH.as_bytes());
        opened.is_some_and(|sum| sum.as_slice() == entry_hash.0)
    }
}

/// XOR of the MACs of all documents and lengths: a keyed multiset hash.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct MultisetHash([u8; 32]);

impl MultisetHash {
    /// Adds a stored document, or removes it: both are the same operation.
    pub(super) fn update_with_document(&mut self, keys: &Keys, (kind, name): (u8, &str), stored: &[u8]) {
        let mac = HmacSha256::new(&keys.entry[..]).with(b"document").with(&document_context(kind, name));
        self.update(mac.with(stored));
    }

    /// Adds a stored length, or removes it.
    pub(super) fn update_with_length(&mut self, keys: &Keys, (logstore, shard): (u64, u32), stored: &[u8]) {
        let mac = HmacSha256::new(&keys.entry[..]).with(b"length").with(&logstore.to_be_bytes());
        self.update(mac.with(&shard.to_be_bytes()).with(stored));
    }

    fn update(&mut self, mac: HmacSha256) {
        for (sum, byte) in self.0.iter_mut().zip(mac.finish()) {
            *sum ^= byte;
        }
    }
}

/// The bytes are in what lies on disk: a kind keeps its own for ever.
pub(super) fn kind_byte(kind: Kind) -> u8 {
    match kind {
        Kind::Account => 0,
        Kind::Identity => 1,
        Kind::Keys => 2,
        Kind::Project => 3,
        Kind::Logstore => 4,
        Kind::Session => 5,
    }
}

/// Content and MAC of an entry of [`DOCUMENTS`] that is not sealed.
pub(super) fn without_mac(stored: &[u8]) -> Option<(&[u8], &[u8])> {
    stored.split_at_checked(stored.len().checked_sub(MAC_LENGTH)?)
}

/// Kind, length of the name and name: no other document has these bytes, whatever follows them.
fn document_context(kind: u8, name: &str) -> Vec<u8> {
    let length = u64::try_from(name.len()).unwrap_or(u64::MAX).to_be_bytes();
    [&[kind], length.as_slice(), name.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KINDS: [Kind; 6] =
        [Kind::Account, Kind::Identity, Kind::Keys, Kind::Project, Kind::Logstore, Kind::Session];

    fn keys() -> Keys {
        Keys::from_master_key(&MasterKey::from_bytes([1; 32]))
    }

    fn document(kind: Kind) -> Document {
        Document { kind, name: "p/l".to_owned(), content: b"a content of some length".to_vec().into() }
    }

    #[test]
    fn documents_open_as_what_and_where_they_were_written_only() {
        for kind in KINDS {
            let stored = keys().seal_document(&document(kind));
            assert_eq!(keys().open_document(kind, "p/l", &stored).unwrap(), document(kind));
            for other in KINDS.into_iter().filter(|other| *other != kind) {
                assert!(keys().open_document(other, "p/l", &stored).is_err(), "{kind:?} as {other:?}");
            }
            assert!(keys().open_document(kind, "p/m", &stored).is_err(), "{kind:?}");
            let others = Keys::from_master_key(&MasterKey::from_bytes([2; 32]));
            assert!(others.open_document(kind, "p/l", &stored).is_err(), "{kind:?}");
        }
    }

    #[test]
    fn every_changed_byte_of_a_document_is_noticed() {
        for kind in KINDS {
            let stored = keys().seal_document(&document(kind));
            for at in 0..stored.len() {
                let mut changed = stored.clone();
                changed[at] ^= 1;
                assert!(keys().open_document(kind, "p/l", &changed).is_err(), "{kind:?}, byte {at}");
                assert!(keys().open_document(kind, "p/l", &stored[..at]).is_err(), "{kind:?}, {at} bytes");
            }
        }
    }

    #[test]
    fn only_what_is_no_secret_stands_in_clear() {
        for kind in KINDS {
            let stored = keys().seal_document(&document(kind));
            let in_clear = stored.windows(9).any(|window| window == b"a content");
            assert_eq!(in_clear, !matches!(kind, Kind::Identity | Kind::Keys | Kind::Session), "{kind:?}");
        }
    }

    #[test]
    fn a_length_is_of_its_shard() {
        let stored = keys().seal_length((1, 2), 3);
        assert_eq!(keys().open_length((1, 2), &stored).unwrap(), 3);
        assert!(keys().open_length((1, 3), &stored).is_err());
        assert!(keys().open_length((2, 2), &stored).is_err());
        for at in 0..stored.len() {
            let mut changed = stored;
            changed[at] ^= 1;
            assert!(keys().open_length((1, 2), &changed).is_err(), "byte {at}");
        }
        assert!(keys().open_length((1, 2), b"").is_err());
    }

    #[test]
    fn an_inventory_is_of_the_entries_there_are_in_any_order() {
        let keys = keys();
        let mut first = MultisetHash::default();
        first.update_with_document(&keys, (3, "a"), b"x");
        first.update_with_length(&keys, (1, 0), b"y");
        let mut second = MultisetHash::default();
        second.update_with_length(&keys, (1, 0), b"y");
        second.update_with_document(&keys, (3, "a"), b"old");
        let stored = keys.seal_entry_hash(&first);
        assert!(keys.is_entry_hash(&stored, &first));
        assert!(!keys.is_entry_hash(&stored, &second));
        second.update_with_document(&keys, (3, "a"), b"old");
        second.update_with_document(&keys, (3, "a"), b"x");
        assert!(keys.is_entry_hash(&stored, &second));
        assert!(!keys.is_entry_hash(b"", &first));
    }
}
