//! The key everything on disk hangs on.

use std::fmt;

use zeroize::Zeroizing;

/// The key that keys and secrets on disk are sealed under: 256 bits.
#[derive(Clone)]
pub struct MasterKey(Zeroizing<[u8; 32]>);

impl MasterKey {
    /// A key of these bytes.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// Derives a key for one use. Uses with different labels know nothing of each other.
    pub fn derived(&self, label: &str) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(crate::crypto::hmac_sha256(&self.0[..], label.as_bytes()))
    }
}

impl fmt::Debug for MasterKey {
    /// Without the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey(..)")
    }
}
