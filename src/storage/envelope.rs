//! Small secrets under a key: AES-256-GCM (NIST SP 800-38D) with a random nonce.

use zeroize::Zeroizing;

use crate::crypto::{Algorithm, random};

/// Bytes in the nonce of AES-GCM.
const NONCE_LENGTH: usize = 12;

/// Nonce, ciphertext and tag of a plaintext; what is `authenticated` with it is not in them. A plaintext
/// may have up to 64 GiB.
///
/// Nonces are random: NIST SP 800-38D section 8.3 allows 2^32 of them under one key.
#[expect(clippy::expect_used, reason = "key and nonce have the algorithm's lengths")]
pub(super) fn seal(key: &[u8; 32], plaintext: &[u8], authenticated: &[u8]) -> Vec<u8> {
    let nonce = random::<NONCE_LENGTH>();
    let mut sealed = Vec::with_capacity(NONCE_LENGTH + plaintext.len() + 16);
    sealed.extend_from_slice(&nonce);
    sealed.extend_from_slice(plaintext);
    let encrypted = Algorithm::AesGcm.encrypt(key, &nonce, authenticated, &mut sealed, NONCE_LENGTH);
    encrypted.expect("lengths are the algorithm's");
    sealed
}

/// What [`seal`] sealed; `None` when the key, the bytes or what is authenticated with them are others.
pub(super) fn open(key: &[u8; 32], sealed: &[u8], authenticated: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (nonce, ciphertext) = sealed.split_first_chunk::<NONCE_LENGTH>()?;
    Algorithm::AesGcm.decrypt(key, nonce, authenticated, ciphertext).ok().map(Zeroizing::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_under_the_same_key_and_context_only() {
        let sealed = seal(&[1; 32], b"secret", b"context");
        assert_eq!(open(&[1; 32], &sealed, b"context").unwrap().as_slice(), b"secret");
        assert!(open(&[2; 32], &sealed, b"context").is_none());
        assert!(open(&[1; 32], &sealed, b"another").is_none());
    }

    #[test]
    fn every_changed_or_missing_byte_is_noticed() {
        let sealed = seal(&[1; 32], b"secret", b"");
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(open(&[1; 32], &changed, b"").is_none(), "byte {at}");
            assert!(open(&[1; 32], &sealed[..at], b"").is_none(), "{at} bytes");
        }
    }
}
