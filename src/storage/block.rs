//! Blocks: log groups as they lie in the store.

use std::fmt;

use aes_gcm::aead::{Aead, Generate, Payload};
use aes_gcm::{Aes256Gcm, Key, KeyInit, Nonce};
use zeroize::Zeroizing;

/// Where a block belongs. It is authenticated with the block: moved anywhere else, it does not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlockAddress {
    /// The Logstore's number: one that is made anew under the same name has another.
    pub logstore: u64,
    /// The shard.
    pub shard: u32,
    /// The place in the shard, from 0 on.
    pub position: u64,
}

/// How a block is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// AES-256 in ECB mode with PKCS#7 padding, and a MAC.
    AesEcb,
    /// AES-256 in CBC mode with PKCS#7 padding, and a MAC.
    AesCbc,
    /// AES-256 in CFB mode (128 bits of feedback), and a MAC.
    AesCfb,
    /// AES-256 in OFB mode, and a MAC.
    AesOfb,
    /// AES-256-GCM.
    AesGcm,
    /// SM4 in ECB mode with PKCS#7 padding, and a MAC.
    Sm4Ecb,
    /// SM4 in CBC mode with PKCS#7 padding, and a MAC.
    Sm4Cbc,
    /// SM4-GCM.
    Sm4Gcm,
}

/// The key a Logstore's blocks are encrypted with: 256 bits, from which the keys of ciphers and MACs are
/// derived.
#[derive(Clone)]
pub struct DataKey(Zeroizing<[u8; 32]>);

impl DataKey {
    /// A key of these bytes.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// A new key, from the machine's generator.
    pub fn generate() -> Self {
        Self(Zeroizing::new(Key::<Aes256Gcm>::generate().into()))
    }

    /// The key's bytes, for wrapping them.
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for DataKey {
    /// Without the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DataKey(..)")
    }
}

/// Why a block does not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BlockError {
    /// It is no block of this version.
    #[error("the block is malformed")]
    Malformed,
    /// It, its address or the key is not what it was sealed with.
    #[error("the block is not what was written")]
    NotAuthentic,
}

/// What a block says of itself without a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Described {
    /// How it is encrypted; `None` for one that lies in clear.
    pub algorithm: Option<Algorithm>,
}

/// Seals a plaintext for its place in the store. Without an algorithm the plaintext lies in clear, under a
/// MAC by `key`.
pub fn seal(algorithm: Option<Algorithm>, key: &DataKey, address: BlockAddress, plaintext: &[u8]) -> Vec<u8> {
    let cipher = Aes256Gcm::new(&Key::<Aes256Gcm>::from(*key.expose()));
    let nonce = Nonce::generate();
    let aad = format!("{address:?}");
    let sealed = cipher.encrypt(&nonce, Payload { msg: plaintext, aad: aad.as_bytes() }).unwrap_or_default();
    let mut block = vec![u8::from(algorithm.is_some())];
    block.extend_from_slice(&nonce);
    block.extend_from_slice(&sealed);
    block
}

/// Opens a block.
///
/// # Errors
///
/// [`BlockError`]
pub fn open(key: &DataKey, address: BlockAddress, block: &[u8]) -> Result<Vec<u8>, BlockError> {
    let (nonce, sealed) =
        block.get(1..).unwrap_or_default().split_at_checked(12).ok_or(BlockError::Malformed)?;
    let nonce = Nonce::try_from(nonce).map_err(|_| BlockError::Malformed)?;
    let cipher = Aes256Gcm::new(&Key::<Aes256Gcm>::from(*key.expose()));
    let aad = format!("{address:?}");
    cipher.decrypt(&nonce, Payload { msg: sealed, aad: aad.as_bytes() }).map_err(|_| BlockError::NotAuthentic)
}

/// Reads what a block says of itself.
///
/// # Errors
///
/// [`BlockError::Malformed`]
pub fn describe(block: &[u8]) -> Result<Described, BlockError> {
    match block.first() {
        Some(0) => Ok(Described { algorithm: None }),
        Some(_) => Ok(Described { algorithm: Some(Algorithm::AesGcm) }),
        None => Err(BlockError::Malformed),
    }
}
