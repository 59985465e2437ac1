//! Blocks: log groups as they are stored.
//!
//! A block is, one behind the other:
//!
//! | bytes | |
//! | --- | --- |
//! | 3 | `emb` |
//! | 1 | the version of this format: 1 |
//! | 1 | the algorithm; 0 for a block in clear |
//! | 0, 12 or 16 | the nonce (GCM) or initialization vector (CBC, CFB, OFB), random for each block |
//! | any | the ciphertext, or the plaintext of a block in clear |
//! | 16 or 32 | the tag of GCM, or an HMAC-SHA256 for all the others |
//!
//! The address (20 bytes) and the first five bytes of the block are authenticated with it: by GCM as its
//! associated data; by the HMAC, which is over address, those five bytes, initialization vector and
//! ciphertext. All of these but the last have lengths the algorithm's byte fixes, so no two blocks give the
//! HMAC the same bytes. The HMAC is compared, in constant time, before anything is decrypted.
//!
//! Keys come from the Logstore's [`DataKey`], another for each algorithm and use. The nonces of GCM are 96
//! random bits: NIST SP 800-38D section 8.3 allows 2^32 blocks under one key, for a chance of at most 2^-32
//! that a nonce occurs twice. That is as many blocks of one Logstore with one algorithm; a million a day
//! would take eleven years.

use std::ops::Range;

use super::DataKey;
pub use crypto::Algorithm;
use crypto::HmacSha256;

/// What every block begins with: a format, and its version.
const MAGIC: [u8; 4] = *b"emb\x01";
/// Bytes before the initialization vector.
const HEADER_LENGTH: usize = 5;
/// Bytes in an HMAC-SHA256.
const MAC_LENGTH: usize = 32;

/// Where a block belongs. It is authenticated with the block: moved anywhere else, it does not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlockAddress {
    /// The Logstore's number: a later Logstore of the same name has another.
    pub logstore: u64,
    /// The shard.
    pub shard: u32,
    /// The place in the shard, from 0 on.
    pub position: u64,
}

/// Why a block does not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BlockError {
    /// It is not a block of this version.
    #[error("the block is malformed")]
    Malformed,
    /// It, its address or the key is not what it was sealed with.
    #[error("the block is not what was written")]
    NotAuthentic,
}

/// The layout of a block, read without a key and so not authenticated; [`open`] authenticates it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockLayout {
    /// How it is encrypted; `None` for a block in clear.
    pub algorithm: Option<Algorithm>,
    /// The version of the format.
    pub version: u8,
    /// Its initialization vector or nonce; empty for an algorithm without one.
    pub iv: Vec<u8>,
    /// Where in the block the ciphertext is; the plaintext of one in clear.
    pub ciphertext: Range<usize>,
    /// The tag of GCM, 16 bytes, or the HMAC-SHA256 of all the others, 32 bytes.
    pub tag: Vec<u8>,
}

/// Seals a plaintext for its address. Without an algorithm the plaintext stays in clear, under a
/// MAC by `key`.
///
/// # Panics
///
/// For a plaintext of more than 64 GiB, which is what GCM takes (NIST SP 800-38D section 5.2.1.1).
#[expect(clippy::expect_used, reason = "the key has the algorithm's length")]
pub fn seal(algorithm: Option<Algorithm>, key: &DataKey, address: BlockAddress, plaintext: &[u8]) -> Vec<u8> {
    let iv_length = algorithm.map_or(0, Algorithm::iv_length);
    let mut block = Vec::with_capacity(HEADER_LENGTH + iv_length + plaintext.len() + 16 + MAC_LENGTH);
    block.extend_from_slice(&MAGIC);
    block.push(algorithm_byte(algorithm));
    let associated = associated(address, &block);
    match algorithm {
        None => block.extend_from_slice(plaintext),
        Some(algorithm) => {
            let key = key.encryption_key(algorithm);
            algorithm.seal(&key, &associated, plaintext, &mut block).expect("the length is the algorithm's");
        }
    }
    if tag_length(algorithm) == MAC_LENGTH {
        let content = block.get(HEADER_LENGTH..).unwrap_or_default();
        let mac = mac(algorithm, key, &associated).with(content).finish();
        block.extend_from_slice(&mac);
    }
    block
}

/// Opens a block.
///
/// # Errors
///
/// [`BlockError`]
pub fn open(key: &DataKey, address: BlockAddress, block: &[u8]) -> Result<Vec<u8>, BlockError> {
    let parts = ParsedBlock::parse(block)?;
    let associated = associated(address, parts.header);
    if tag_length(parts.algorithm) == MAC_LENGTH {
        let mac = mac(parts.algorithm, key, &associated).with(parts.sealed);
        if !mac.is(parts.tag) {
            return Err(BlockError::NotAuthentic);
        }
    }
    let Some(algorithm) = parts.algorithm else { return Ok(parts.sealed.to_vec()) };
    let key = key.encryption_key(algorithm);
    algorithm.open(&key, &associated, parts.sealed).map_err(|_| BlockError::NotAuthentic)
}

/// Reads the layout of a block.
///
/// # Errors
///
/// [`BlockError::Malformed`]
pub fn parse_layout(block: &[u8]) -> Result<BlockLayout, BlockError> {
    let parts = ParsedBlock::parse(block)?;
    let start = HEADER_LENGTH + parts.iv.len();
    Ok(BlockLayout {
        algorithm: parts.algorithm,
        version: MAGIC[3],
        iv: parts.iv.to_vec(),
        ciphertext: start..start + parts.text.len(),
        tag: parts.tag.to_vec(),
    })
}

/// The parts of a block.
struct ParsedBlock<'b> {
    algorithm: Option<Algorithm>,
    header: &'b [u8],
    iv: &'b [u8],
    text: &'b [u8],
    tag: &'b [u8],
    /// All behind the header but the HMAC.
    sealed: &'b [u8],
}

impl<'b> ParsedBlock<'b> {
    fn parse(block: &'b [u8]) -> Result<Self, BlockError> {
        let (header, rest) = block.split_at_checked(HEADER_LENGTH).ok_or(BlockError::Malformed)?;
        let Some([byte]) = header.strip_prefix(&MAGIC) else { return Err(BlockError::Malformed) };
        let algorithm = algorithm_of(*byte)?;
        Self::split(algorithm, header, rest).ok_or(BlockError::Malformed)
    }

    fn split(algorithm: Option<Algorithm>, header: &'b [u8], rest: &'b [u8]) -> Option<Self> {
        let (iv, text_and_tag) = rest.split_at_checked(algorithm.map_or(0, Algorithm::iv_length))?;
        let length = text_and_tag.len().checked_sub(tag_length(algorithm))?;
        let (text, tag) = text_and_tag.split_at_checked(length)?;
        let has_hmac = tag.len() == MAC_LENGTH;
        let sealed = if has_hmac { rest.get(..iv.len() + text.len())? } else { rest };
        Some(Self { algorithm, header, iv, text, tag, sealed })
    }
}

/// The bytes are part of the stored format: they never change.
fn algorithm_byte(algorithm: Option<Algorithm>) -> u8 {
    match algorithm {
        None => 0,
        Some(Algorithm::AesEcb) => 1,
        Some(Algorithm::AesCbc) => 2,
        Some(Algorithm::AesCfb) => 3,
        Some(Algorithm::AesOfb) => 4,
        Some(Algorithm::AesGcm) => 5,
        Some(Algorithm::Sm4Ecb) => 6,
        Some(Algorithm::Sm4Cbc) => 7,
        Some(Algorithm::Sm4Gcm) => 8,
    }
}

fn algorithm_of(byte: u8) -> Result<Option<Algorithm>, BlockError> {
    let mut all = std::iter::once(None).chain(Algorithm::ALL.map(Some));
    all.find(|algorithm| algorithm_byte(*algorithm) == byte).ok_or(BlockError::Malformed)
}

fn tag_length(algorithm: Option<Algorithm>) -> usize {
    algorithm.map(Algorithm::tag_length).filter(|length| *length > 0).unwrap_or(MAC_LENGTH)
}

fn associated(address: BlockAddress, header: &[u8]) -> Vec<u8> {
    let mut associated = Vec::with_capacity(20 + HEADER_LENGTH);
    associated.extend_from_slice(&address.logstore.to_be_bytes());
    associated.extend_from_slice(&address.shard.to_be_bytes());
    associated.extend_from_slice(&address.position.to_be_bytes());
    associated.extend_from_slice(header);
    associated
}

fn mac(algorithm: Option<Algorithm>, key: &DataKey, associated: &[u8]) -> HmacSha256 {
    HmacSha256::new(&key.mac_key(algorithm)[..]).with(associated)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ADDRESS: BlockAddress = BlockAddress { logstore: 3, shard: 1, position: 9 };

    fn key() -> DataKey {
        DataKey::from_bytes([7; 32])
    }

    fn ways() -> impl Iterator<Item = Option<Algorithm>> {
        std::iter::once(None).chain(Algorithm::ALL.map(Some))
    }

    #[test]
    fn what_is_sealed_opens_whatever_its_length() {
        for algorithm in ways() {
            for length in 0..=70 {
                let plaintext = vec![0xa5; length];
                let block = seal(algorithm, &key(), ADDRESS, &plaintext);
                assert_eq!(open(&key(), ADDRESS, &block), Ok(plaintext), "{algorithm:?}, {length} bytes");
            }
        }
    }

    #[test]
    fn every_flipped_bit_and_every_missing_byte_is_noticed() {
        for algorithm in ways() {
            let block = seal(algorithm, &key(), ADDRESS, b"plaintext of more than one block");
            for bit in 0..block.len() * 8 {
                let mut changed = block.clone();
                changed[bit / 8] ^= 1 << (bit % 8);
                assert!(open(&key(), ADDRESS, &changed).is_err(), "{algorithm:?}, bit {bit}");
            }
            for length in 0..block.len() {
                assert!(open(&key(), ADDRESS, &block[..length]).is_err(), "{algorithm:?}, {length} bytes");
                assert!(open(&key(), ADDRESS, &block[length + 1..]).is_err(), "{algorithm:?}, {length}");
            }
            assert!(open(&key(), ADDRESS, &[&block[..], &[0]].concat()).is_err(), "{algorithm:?}, longer");
        }
    }

    #[test]
    fn a_block_opens_at_its_address_and_under_its_key_only() {
        let elsewhere = [
            BlockAddress { logstore: 4, ..ADDRESS },
            BlockAddress { shard: 0, ..ADDRESS },
            BlockAddress { position: 10, ..ADDRESS },
            // The same digits, divided otherwise.
            BlockAddress { logstore: 0, shard: 3, position: (1 << 32) + 9 },
        ];
        for algorithm in ways() {
            let block = seal(algorithm, &key(), ADDRESS, b"plaintext");
            for address in elsewhere {
                assert_eq!(open(&key(), address, &block), Err(BlockError::NotAuthentic), "{algorithm:?}");
            }
            let other = DataKey::from_bytes([8; 32]);
            assert_eq!(open(&other, ADDRESS, &block), Err(BlockError::NotAuthentic), "{algorithm:?}");
        }
    }

    #[test]
    fn a_block_says_how_it_lies_there() {
        for algorithm in ways() {
            let plaintext = b"a plaintext that is easily found";
            let block = seal(algorithm, &key(), ADDRESS, plaintext);
            let layout = parse_layout(&block).unwrap();
            assert_eq!(layout.algorithm, algorithm);
            assert_eq!(layout.version, 1);
            assert_eq!(layout.iv, block[5..layout.ciphertext.start]);
            assert_eq!(layout.iv.len(), algorithm.map_or(0, Algorithm::iv_length));
            assert_eq!(layout.tag, block[layout.ciphertext.end..]);
            let in_clear = block.windows(plaintext.len()).any(|window| window == plaintext);
            assert_eq!(in_clear, algorithm.is_none(), "{algorithm:?}");
            assert_eq!(&block[layout.ciphertext] == plaintext, algorithm.is_none());
        }
    }

    #[test]
    fn vectors_are_fresh_for_each_block() {
        for algorithm in ways().flatten().filter(|algorithm| algorithm.iv_length() > 0) {
            let blocks = [(); 2].map(|()| seal(Some(algorithm), &key(), ADDRESS, b"the same plaintext"));
            let [first, second] = blocks.map(|block| parse_layout(&block).unwrap().iv);
            assert_ne!(first, second, "{algorithm:?}");
        }
    }

    #[test]
    fn another_version_is_malformed() {
        let mut block = seal(None, &key(), ADDRESS, b"");
        block[3] = 2;
        assert_eq!(parse_layout(&block), Err(BlockError::Malformed));
        assert_eq!(open(&key(), ADDRESS, &block), Err(BlockError::Malformed));
    }

    /// What a block is made of, put together by hand: a change of the format has to change its version.
    #[test]
    fn the_bytes_of_a_block_stay() {
        let address = b"\0\0\0\0\0\0\0\x03\0\0\0\x01\0\0\0\0\0\0\0\x09".as_slice();
        let mac = |label: &str, parts: &[&[u8]]| {
            let info = ["emulator block 1 mac ", label].concat();
            let key = crypto::derive_key::<32>(&[7; 32], &[info.as_bytes()]);
            crypto::hmac_sha256(&key[..], &parts.concat()).to_vec()
        };
        let clear = [b"emb\x01\0plaintext".as_slice()].concat();
        let expected = [clear.clone(), mac("clear", &[address, &clear])].concat();
        assert_eq!(seal(None, &key(), ADDRESS, b"plaintext"), expected);

        let block = seal(Some(Algorithm::AesCfb), &key(), ADDRESS, b"plaintext");
        let iv = parse_layout(&block).unwrap().iv;
        let key = crypto::derive_key::<32>(&[7; 32], &[b"emulator block 1 encryption AES-256-CFB"]);
        let mut ciphertext = b"plaintext".to_vec();
        Algorithm::AesCfb.encrypt(&key[..], &iv, b"", &mut ciphertext, 0).unwrap();
        let sealed = [b"emb\x01\x03".as_slice(), &iv, &ciphertext].concat();
        let expected = [sealed.clone(), mac("AES-256-CFB", &[address, &sealed])].concat();
        assert_eq!(block, expected);
    }

    fn any_way() -> impl Strategy<Value = Option<Algorithm>> {
        prop::sample::select(ways().collect::<Vec<_>>())
    }

    proptest! {
        #[test]
        fn any_plaintext_opens_again(
            algorithm in any_way(), key: [u8; 32], logstore: u64, shard: u32, position: u64,
            plaintext in prop::collection::vec(any::<u8>(), 0..300),
        ) {
            let (key, address) = (DataKey::from_bytes(key), BlockAddress { logstore, shard, position });
            let block = seal(algorithm, &key, address, &plaintext);
            prop_assert_eq!(open(&key, address, &block), Ok(plaintext));
        }
    }
}
