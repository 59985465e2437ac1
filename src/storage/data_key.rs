//! The keys of blocks.

use std::fmt;

use zeroize::Zeroizing;

use crypto::{Algorithm, derive_key, random};

/// What every key derived here is for; a change of the format of blocks changes it.
const USE: &[u8] = b"emulator block 1 ";

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
        Self::from_bytes(random())
    }

    /// The key's bytes, for wrapping them.
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    /// The key an algorithm encrypts with: HKDF-SHA256 (RFC 5869), of the length the algorithm takes. Each
    /// algorithm has its own.
    pub(super) fn encryption_key(&self, algorithm: Algorithm) -> Zeroizing<Vec<u8>> {
        let info = [USE, b"encryption ", algorithm.name().as_bytes()];
        let mut key = Zeroizing::new(derive_key::<32>(&self.0[..], &info).to_vec());
        key.truncate(algorithm.key_length());
        key
    }

    /// The key of the MAC beside what an algorithm encrypted, or beside a plaintext: another than any it
    /// encrypts with.
    pub(super) fn mac_key(&self, algorithm: Option<Algorithm>) -> Zeroizing<[u8; 32]> {
        let name = algorithm.map_or("clear", Algorithm::name);
        derive_key(&self.0[..], &[USE, b"mac ", name.as_bytes()])
    }
}

impl fmt::Debug for DataKey {
    /// Without the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DataKey(..)")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_use_has_a_key_of_its_own() {
        let key = DataKey::from_bytes([7; 32]);
        let mut keys = BTreeSet::from([hex::encode(key.mac_key(None)), hex::encode(key.expose())]);
        for algorithm in Algorithm::ALL {
            keys.insert(hex::encode(key.mac_key(Some(algorithm))));
            let encryption = key.encryption_key(algorithm);
            assert_eq!(encryption.len(), algorithm.key_length());
            keys.insert(hex::encode(&encryption[..]));
        }
        assert_eq!(keys.len(), 2 + 2 * Algorithm::ALL.len());
        assert_eq!(format!("{key:?}"), "DataKey(..)");
        assert_ne!(DataKey::generate().expose(), DataKey::generate().expose());
    }
}
