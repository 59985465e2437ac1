//! What is written together.

use zeroize::Zeroizing;

use super::BlockAddress;

/// What a document is about. Together with its name it says which document it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// The account: its id, its region. One document.
    Account,
    /// A user, group, role, policy or access key, what is attached to one, or the account's alias. Sealed.
    Identity,
    /// A key of KMS, or an alias. Sealed.
    Keys,
    /// A project, by name.
    Project,
    /// A Logstore, by `project/logstore`.
    Logstore,
    /// A session of a role, by the id of its access key. Sealed.
    Session,
}

impl Kind {
    /// Whether documents of the kind hold secrets and are sealed with the master key. The others lie in
    /// clear under a message authentication code, so that `inspect` reads them without the key.
    pub fn is_sealed(self) -> bool {
        matches!(self, Self::Identity | Self::Keys | Self::Session)
    }
}

/// A document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// What it is about.
    pub kind: Kind,
    /// Which of them.
    pub name: String,
    /// What it says; in clear here, whatever it is on disk, and wiped when it is dropped.
    pub content: Zeroizing<Vec<u8>>,
}

/// Writes that are carried out together or not at all.
#[derive(Clone, Debug, Default)]
pub struct WriteBatch {
    pub(super) written: Vec<Document>,
    pub(super) removed: Vec<(Kind, String)>,
    pub(super) removed_blocks: Vec<u64>,
    pub(super) appended: Vec<(BlockAddress, Vec<u8>)>,
    pub(super) clear: bool,
}

impl WriteBatch {
    /// An empty change.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether the change is empty.
    pub fn is_empty(&self) -> bool {
        self.appended.is_empty() && !self.changes_documents()
    }

    /// Whether it does more than append blocks.
    pub(super) fn changes_documents(&self) -> bool {
        !self.written.is_empty() || !self.removed.is_empty() || !self.removed_blocks.is_empty() || self.clear
    }

    /// Begins by removing everything.
    pub fn clear(&mut self) {
        self.clear = true;
    }

    /// Writes a document, in the place of an earlier one of this kind and name.
    pub fn write(&mut self, kind: Kind, name: &str, content: impl Into<Zeroizing<Vec<u8>>>) {
        self.written.push(Document { kind, name: name.to_owned(), content: content.into() });
    }

    /// Removes a document, if it exists.
    pub fn remove(&mut self, kind: Kind, name: &str) {
        self.removed.push((kind, name.to_owned()));
    }

    /// The documents that it writes.
    pub fn written(&self) -> &[Document] {
        &self.written
    }

    /// The documents that it removes, by kind and name.
    pub fn removed(&self) -> &[(Kind, String)] {
        &self.removed
    }

    /// Removes every block of a Logstore.
    pub fn remove_blocks(&mut self, logstore: u64) {
        self.removed_blocks.push(logstore);
    }

    /// Appends a block. A shard's positions start at 0 and have no gaps: the position has to be the one
    /// after the shard's last.
    pub fn append(&mut self, address: BlockAddress, block: Vec<u8>) {
        self.appended.push((address, block));
    }
}
