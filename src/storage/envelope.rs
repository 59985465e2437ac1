//! Small secrets under a key: AES-256-GCM (NIST SP 800-38D) with a random nonce.

use aes_gcm::aead::{Aead, Generate, Payload};
use aes_gcm::{Aes256Gcm, Key, KeyInit, Nonce};
use zeroize::Zeroizing;

/// Bytes in the nonce of AES-GCM.
const NONCE_LENGTH: usize = 12;

/// Nonce, ciphertext and tag of a plaintext; what is `authenticated` with it is not in them.
///
/// Nonces are random: NIST SP 800-38D section 8.3 allows 2^32 of them under one key.
pub(super) fn seal(key: &[u8; 32], plaintext: &[u8], authenticated: &[u8]) -> Vec<u8> {
    let nonce: [u8; NONCE_LENGTH] = Nonce::<aes_gcm::aead::consts::U12>::generate().into();
    let mut sealed = nonce.to_vec();
    sealed.extend_from_slice(&encrypt(key, nonce, plaintext, authenticated));
    sealed
}

#[expect(clippy::expect_used, reason = "AES-GCM takes 64 GiB, more than what is sealed here ever has")]
fn encrypt(key: &[u8; 32], nonce: [u8; NONCE_LENGTH], plaintext: &[u8], authenticated: &[u8]) -> Vec<u8> {
    let payload = Payload { msg: plaintext, aad: authenticated };
    cipher(key).encrypt(&nonce.into(), payload).expect("the plaintext is shorter than 64 GiB")
}

/// What [`seal`] sealed; `None` when the key, the bytes or what is authenticated with them are others.
pub(super) fn open(key: &[u8; 32], sealed: &[u8], authenticated: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (nonce, ciphertext) = sealed.split_first_chunk::<NONCE_LENGTH>()?;
    let payload = Payload { msg: ciphertext, aad: authenticated };
    cipher(key).decrypt(&(*nonce).into(), payload).ok().map(Zeroizing::new)
}

fn cipher(key: &[u8; 32]) -> Aes256Gcm {
    Aes256Gcm::new(&Key::<Aes256Gcm>::from(*key))
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

    /// Test case 16 of McGrew and Viega, "The Galois/Counter Mode of Operation": 256 bits of key.
    #[test]
    fn ciphertexts_match_mcgrew_and_viega_case_16() {
        let bytes = |digits: &str| hex::decode(digits).unwrap();
        let key: [u8; 32] =
            bytes("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308").try_into().unwrap();
        let plaintext = bytes(
            "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525\
             b16aedf5aa0de657ba637b39",
        );
        let authenticated = bytes("feedfacedeadbeeffeedfacedeadbeefabaddad2");
        let nonce: [u8; NONCE_LENGTH] = bytes("cafebabefacedbaddecaf888").try_into().unwrap();
        assert_eq!(
            hex::encode(encrypt(&key, nonce, &plaintext, &authenticated)),
            "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838\
             c5f61e6393ba7a0abcc9f66276fc6ece0f4e1768cddf8853bb2d551b"
        );
    }
}
