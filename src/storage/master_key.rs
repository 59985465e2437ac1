//! The key everything on disk hangs on.

use std::fmt;

use zeroize::Zeroizing;

use super::DataKey;
use crypto::{derive_key, envelope, random};

/// What stands before a wrapped key: a format, and its version.
const WRAPPED: &[u8; 4] = b"emw\x01";

/// Bytes in the id of a store.
pub(super) const STORE_ID_LENGTH: usize = 16;

/// The key that keys and secrets on disk are sealed under: 256 bits.
///
/// It is never used itself, only keys derived from it. Reading it from a file is
/// [`MasterKey::from_file`], making one there [`MasterKey::create_file`].
#[derive(Clone)]
pub struct MasterKey(Zeroizing<[u8; 32]>);

impl MasterKey {
    /// A key of these bytes.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// A new key, from the machine's generator.
    pub fn generate() -> Self {
        Self::from_bytes(random())
    }

    /// Derives a key for one use, by HKDF-SHA256 (RFC 5869). Uses with different labels know nothing of
    /// each other.
    pub fn derived(&self, label: &str) -> Zeroizing<[u8; 32]> {
        derive_key(&self.0[..], &[label.as_bytes()])
    }

    /// The master key of one store: HKDF-SHA256 (RFC 5869) of this key and the store's id. What was written to
    /// one store means nothing in another, also under the same master key.
    pub(super) fn for_store(&self, id: &[u8; STORE_ID_LENGTH]) -> Self {
        Self(derive_key(&self.0[..], &[b"emulator store ", id]))
    }

    /// Wraps a data key: AES-256-GCM under a key derived for that. What the key belongs to is authenticated
    /// with it: wrapped for one Logstore, it does not unwrap for another.
    pub fn wrap_key(&self, belongs_to: &str, key: &DataKey) -> Vec<u8> {
        let mut wrapped = WRAPPED.to_vec();
        wrapped.extend_from_slice(&envelope::seal(&self.wrapping_key(), key.expose(), &context(belongs_to)));
        wrapped
    }

    /// Unwraps what [`MasterKey::wrap_key`] wrapped.
    ///
    /// # Errors
    ///
    /// [`UnwrapError`]
    pub fn unwrap_key(&self, belongs_to: &str, wrapped: &[u8]) -> Result<DataKey, UnwrapError> {
        let sealed = wrapped.strip_prefix(WRAPPED).ok_or(UnwrapError::Malformed)?;
        let key = envelope::open(&self.wrapping_key(), sealed, &context(belongs_to))
            .ok_or(UnwrapError::NotAuthentic)?;
        let key = key.first_chunk().filter(|chunk| chunk.len() == key.len()).ok_or(UnwrapError::Malformed)?;
        Ok(DataKey::from_bytes(*key))
    }

    fn wrapping_key(&self) -> Zeroizing<[u8; 32]> {
        self.derived("wrap data keys")
    }

    /// The key's bytes, for the file it is kept in.
    pub(super) fn expose(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for MasterKey {
    /// Without the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey(..)")
    }
}

/// Why a wrapped key does not unwrap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnwrapError {
    /// It is not a wrapped key of this version.
    #[error("the wrapped key is malformed")]
    Malformed,
    /// It, what it belongs to or the master key is not what it was wrapped with.
    #[error("the wrapped key is not what was written, or was wrapped with another master key")]
    NotAuthentic,
}

/// What is authenticated with a wrapped key: the format, and what it belongs to.
fn context(belongs_to: &str) -> Vec<u8> {
    [WRAPPED, belongs_to.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_unwraps_for_what_it_was_wrapped_for_and_nothing_else() {
        let master = MasterKey::from_bytes([1; 32]);
        let wrapped = master.wrap_key("logstore 7", &DataKey::from_bytes([2; 32]));
        assert_eq!(master.unwrap_key("logstore 7", &wrapped).unwrap().expose(), &[2; 32]);
        assert_eq!(master.unwrap_key("logstore 8", &wrapped).unwrap_err(), UnwrapError::NotAuthentic);
        let other = MasterKey::from_bytes([3; 32]);
        assert_eq!(other.unwrap_key("logstore 7", &wrapped).unwrap_err(), UnwrapError::NotAuthentic);
    }

    #[test]
    fn every_changed_or_missing_byte_of_a_wrapped_key_is_noticed() {
        let master = MasterKey::generate();
        let wrapped = master.wrap_key("x", &DataKey::generate());
        for at in 0..wrapped.len() {
            let mut changed = wrapped.clone();
            changed[at] ^= 1;
            assert!(master.unwrap_key("x", &changed).is_err(), "byte {at}");
            assert!(master.unwrap_key("x", &wrapped[..at]).is_err(), "{at} bytes");
        }
    }

    #[test]
    fn a_wrapped_key_is_not_in_clear_and_never_the_same_twice() {
        let master = MasterKey::generate();
        let key = DataKey::from_bytes([0x5a; 32]);
        let wrapped = master.wrap_key("x", &key);
        assert!(!wrapped.windows(4).any(|window| window == [0x5a; 4]));
        assert_ne!(wrapped, master.wrap_key("x", &key));
    }

    #[test]
    fn sealed_otherwise_under_the_wrapping_key_is_no_key() {
        let master = MasterKey::generate();
        let short = envelope::seal(&master.wrapping_key(), &[1; 31], &context("x"));
        let wrapped = [WRAPPED.as_slice(), &short].concat();
        assert_eq!(master.unwrap_key("x", &wrapped).unwrap_err(), UnwrapError::Malformed);
    }

    #[test]
    fn keys_for_different_uses_differ_and_debug_shows_none() {
        let master = MasterKey::from_bytes([1; 32]);
        assert_ne!(master.derived("a"), master.derived("b"));
        assert_eq!(master.derived("a"), master.clone().derived("a"));
        assert_eq!(format!("{master:?}"), "MasterKey(..)");
    }
}
