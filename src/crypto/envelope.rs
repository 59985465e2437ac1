//! An envelope for small secrets: nonce, ciphertext and tag of AES-256-GCM (NIST SP 800-38D).

use zeroize::Zeroizing;

use super::Algorithm;

/// Seals a plaintext under a key. `associated` is authenticated with it, but not part of the envelope.
///
/// # Panics
///
/// For a plaintext of more than 64 GiB, which is what GCM takes.
#[expect(clippy::expect_used, reason = "the key has the algorithm's length")]
pub fn seal(key: &[u8; 32], plaintext: &[u8], associated: &[u8]) -> Vec<u8> {
    let algorithm = Algorithm::AesGcm;
    let length = algorithm.iv_length() + plaintext.len() + algorithm.tag_length();
    let mut sealed = Vec::with_capacity(length);
    algorithm.seal(key, associated, plaintext, &mut sealed).expect("the length is the algorithm's");
    sealed
}

/// Opens what [`seal`] sealed; `None` if the key, the envelope or `associated` differs.
pub fn open(key: &[u8; 32], sealed: &[u8], associated: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    Algorithm::AesGcm.open(key, associated, sealed).ok().map(Zeroizing::new)
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
