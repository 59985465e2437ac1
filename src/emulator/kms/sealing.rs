//! The material of keys, and sealing with it: AES-256-GCM (NIST SP 800-38D), whatever the key's
//! specification says.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroizing;

use crate::stored::hex_bytes;
use crypto::{envelope, hmac_sha256, random};

/// What stands before everything sealed here, and says what it is: a ciphertext of another kind is not one of ours.
const MAGIC: [(Content, &[u8]); 2] = [(Content::DataKey, b"emu1"), (Content::Text, b"emu2")];

/// What is sealed, which is how it is handed back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// Random bytes, in base64.
    DataKey,
    /// A caller's text, as it is.
    Text,
}

/// The secret that the material of every version of a key comes from.
#[derive(Clone)]
#[cfg_attr(test, derive(PartialEq))]
pub struct Root(Zeroizing<[u8; 32]>);

impl Root {
    /// A new one, from the machine's generator.
    pub fn new() -> Self {
        Self(Zeroizing::new(random()))
    }

    /// One that was made before.
    #[cfg(test)]
    pub fn from_bytes(bytes: &[u8; 32]) -> Self {
        Self(Zeroizing::new(*bytes))
    }

    /// The secret.
    #[cfg(test)]
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    /// The id of a version, from 0 on: always the same for the same version, in the form of a UUID.
    pub fn version_id(&self, version: usize) -> String {
        let digits = hex::encode(hmac_sha256(&self.0[..], format!("id {version}").as_bytes()));
        let part = |from: usize, to: usize| digits.get(from..to).unwrap_or_default().to_owned();
        [part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)].join("-")
    }

    fn material(&self, version: usize) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(hmac_sha256(&self.0[..], format!("material {version}").as_bytes()))
    }
}

impl Serialize for Root {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        hex_bytes::serialize(&self.0, serializer)
    }
}

impl<'de> Deserialize<'de> for Root {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        hex_bytes::deserialize(deserializer).map(|bytes| Self(Zeroizing::new(bytes)))
    }
}

/// Random bytes, for data keys.
pub fn random_bytes(length: usize) -> Zeroizing<Vec<u8>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(length + 32));
    while bytes.len() < length {
        bytes.extend_from_slice(&random::<32>());
    }
    bytes.truncate(length);
    bytes
}

/// Something sealed, and with which key and version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// What it is.
    pub content: Content,
    /// The key's id.
    pub key_id: String,
    /// The version, from 0 on.
    pub version: usize,
    envelope: Vec<u8>,
}

impl Sealed {
    /// Seals a plaintext; `context` is authenticated with it.
    pub fn seal(
        kind: Content,
        key_id: &str,
        root: &Root,
        version: usize,
        plaintext: &[u8],
        context: &[u8],
    ) -> Self {
        let mut sealed = Self { content: kind, key_id: key_id.to_owned(), version, envelope: Vec::new() };
        sealed.envelope = envelope::seal(&root.material(version), plaintext, &sealed.authenticated(context));
        sealed
    }

    /// Opens it; `None` when it was not sealed with this root, this version and this context, or was
    /// changed since.
    pub fn open(&self, root: &Root, context: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        envelope::open(&root.material(self.version), &self.envelope, &self.authenticated(context))
    }

    /// What it is, and the key and version it is sealed with, are authenticated too.
    fn authenticated(&self, context: &[u8]) -> Vec<u8> {
        [self.header().as_slice(), context].concat()
    }

    fn header(&self) -> Vec<u8> {
        let magic = MAGIC.into_iter().find(|(content, _)| *content == self.content);
        let mut header = magic.map_or_else(Vec::new, |(_, magic)| magic.to_vec());
        header.extend_from_slice(&u32::try_from(self.version).unwrap_or(u32::MAX).to_be_bytes());
        header.extend_from_slice(&u16::try_from(self.key_id.len()).unwrap_or(u16::MAX).to_be_bytes());
        header.extend_from_slice(self.key_id.as_bytes());
        header
    }

    /// The bytes of a `CiphertextBlob`.
    pub fn to_bytes(&self) -> Vec<u8> {
        [self.header(), self.envelope.clone()].concat()
    }

    /// Reads what [`Sealed::to_bytes`] wrote; `None` for anything else.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let known = |(content, magic): (Content, &[u8])| Some((content, bytes.strip_prefix(magic)?));
        let (content, rest) = MAGIC.into_iter().find_map(known)?;
        let (version, rest) = rest.split_first_chunk::<4>()?;
        let (length, rest) = rest.split_first_chunk::<2>()?;
        let (key_id, envelope) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        Some(Self {
            content,
            key_id: std::str::from_utf8(key_id).ok()?.to_owned(),
            version: usize::try_from(u32::from_be_bytes(*version)).ok()?,
            envelope: envelope.to_vec(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_is_opened_by_the_same_key_version_and_context_only() {
        let root = Root::new();
        let sealed = Sealed::seal(Content::Text, "key-1", &root, 1, b"plaintext", b"context");
        let read = Sealed::from_bytes(&sealed.to_bytes()).unwrap();
        assert_eq!(read, sealed);
        assert_eq!(read.open(&root, b"context").unwrap().as_slice(), b"plaintext");
        assert!(read.open(&root, b"other").is_none());
        assert!(read.open(&Root::new(), b"context").is_none());
        let other = Sealed { content: Content::DataKey, ..read.clone() };
        assert!(other.open(&root, b"context").is_none());
        assert!(Sealed { version: 0, ..read.clone() }.open(&root, b"context").is_none());
        assert!(Sealed { key_id: "key-2".to_owned(), ..read }.open(&root, b"context").is_none());
    }

    #[test]
    fn every_changed_or_missing_byte_is_noticed() {
        let root = Root::new();
        let bytes = Sealed::seal(Content::DataKey, "key-1", &root, 0, b"plaintext", b"").to_bytes();
        let opens =
            |bytes: &[u8]| Sealed::from_bytes(bytes).and_then(|sealed| sealed.open(&root, b"")).is_some();
        assert!(opens(&bytes));
        for position in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[position] ^= 1;
            assert!(!opens(&changed), "byte {position}");
            assert!(!opens(&bytes[..position]), "{position} bytes");
        }
    }

    #[test]
    fn sealing_twice_gives_different_bytes() {
        let root = Root::new();
        let seal = || Sealed::seal(Content::Text, "k", &root, 0, b"same", b"").to_bytes();
        assert_ne!(seal(), seal());
        assert_ne!(random_bytes(32), random_bytes(32));
        assert_eq!(random_bytes(1_000).len(), 1_000);
    }

    #[test]
    fn versions_have_ids_of_their_own_that_stay() {
        let root = Root::new();
        assert_eq!(root.version_id(1), root.version_id(1));
        assert_ne!(root.version_id(1), root.version_id(2));
        let lengths: Vec<usize> = root.version_id(0).split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12]);
    }
}
