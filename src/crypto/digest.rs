//! Digests and keyed digests, in the spellings the services use.

use hmac::{Hmac, KeyInit, Mac};
use md5::{Digest, Md5};
use sha1::Sha1;
use sha2::Sha256;

/// The MD5 digest (RFC 1321) in upper-case hexadecimal, as SLS writes `Content-MD5`.
///
/// It finds accidents only; it protects nothing.
pub fn md5_upper_hex(data: &[u8]) -> String {
    hex::encode_upper(Md5::digest(data))
}

/// The SHA-256 digest (FIPS 180-4).
pub fn sha256(data: &[u8]) -> [u8; 32] {
    Sha256::digest(data).into()
}

/// The SHA-256 digest (FIPS 180-4) in lower-case hexadecimal.
pub fn sha256_hex(data: &[u8]) -> String {
    hex::encode(sha256(data))
}

/// HMAC-SHA1 (RFC 2104).
pub fn hmac_sha1(key: &[u8], data: &[u8]) -> [u8; 20] {
    keyed::<Hmac<Sha1>>(key).chain_update(data).finalize().into_bytes().into()
}

/// HMAC-SHA256 (RFC 2104).
pub fn hmac_sha256(key: &[u8], data: &[u8]) -> [u8; 32] {
    keyed::<Hmac<Sha256>>(key).chain_update(data).finalize().into_bytes().into()
}

/// HMAC-SHA256 (RFC 2104) over data that comes in parts, as over the parts joined.
#[cfg(feature = "emulator")]
pub struct HmacSha256(Hmac<Sha256>);

#[cfg(feature = "emulator")]
impl HmacSha256 {
    /// Over nothing so far.
    pub fn new(key: &[u8]) -> Self {
        Self(keyed(key))
    }

    /// Goes on with a part.
    #[must_use]
    pub fn with(self, part: &[u8]) -> Self {
        Self(self.0.chain_update(part))
    }

    /// The MAC over what came.
    pub fn finish(self) -> [u8; 32] {
        self.0.finalize().into_bytes().into()
    }

    /// Whether this is the MAC over what came, in a time that does not depend on where they differ.
    pub fn is(self, mac: &[u8]) -> bool {
        self.0.verify_slice(mac).is_ok()
    }
}

#[expect(clippy::expect_used, reason = "RFC 2104 section 2: HMAC takes keys of any length")]
fn keyed<M: KeyInit>(key: &[u8]) -> M {
    M::new_from_slice(key).expect("HMAC takes keys of any length")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn md5_matches_rfc_1321_appendix_a_5() {
        let vectors = [
            ("", "D41D8CD98F00B204E9800998ECF8427E"),
            ("a", "0CC175B9C0F1B6A831C399E269772661"),
            ("abc", "900150983CD24FB0D6963F7D28E17F72"),
            ("message digest", "F96B697D7CB7938D525A2F31AAF161D0"),
            ("abcdefghijklmnopqrstuvwxyz", "C3FCD3D76192E4007DFB496CCA67E13B"),
            (
                "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
                "D174AB98D277D9F5A5611C2C9F419D9F",
            ),
            (
                "12345678901234567890123456789012345678901234567890123456789012345678901234567890",
                "57EDF4A22BE3C955AC49DA2E2107B67A",
            ),
        ];
        for (text, digest) in vectors {
            assert_eq!(md5_upper_hex(text.as_bytes()), digest, "{text}");
        }
    }

    /// The examples that go with FIPS 180-4: empty, one block, two blocks, and a million times `a`.
    #[test]
    fn sha256_matches_the_fips_180_examples() {
        let million = vec![b'a'; 1_000_000];
        let vectors: [(&[u8], &str); 4] = [
            (b"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            (b"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
            ),
            (&million, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"),
        ];
        for (data, digest) in vectors {
            assert_eq!(sha256_hex(data), digest);
        }
    }

    #[test]
    fn hmac_sha1_matches_rfc_2202() {
        let vectors: [(Vec<u8>, Vec<u8>, &str); 7] = [
            (vec![0x0b; 20], b"Hi There".to_vec(), "b617318655057264e28bc0b6fb378c8ef146be00"),
            (
                b"Jefe".to_vec(),
                b"what do ya want for nothing?".to_vec(),
                "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79",
            ),
            (vec![0xaa; 20], vec![0xdd; 50], "125d7342b9ac11cd91a39af48aa17b4f63f175d3"),
            ((1..=25).collect(), vec![0xcd; 50], "4c9007f4026250c6bc8414f9bf50c86c2d7235da"),
            (vec![0x0c; 20], b"Test With Truncation".to_vec(), "4c1a03424b55e07fe7f27be1d58bb9324a9a5a04"),
            (
                vec![0xaa; 80],
                b"Test Using Larger Than Block-Size Key - Hash Key First".to_vec(),
                "aa4ae5e15272d00e95705637ce8a3b55ed402112",
            ),
            (
                vec![0xaa; 80],
                b"Test Using Larger Than Block-Size Key and Larger Than One Block-Size Data".to_vec(),
                "e8e99d0f45237d786d6bbaa7965c7808bbff1a91",
            ),
        ];
        for (number, (key, data, digest)) in vectors.iter().enumerate() {
            assert_eq!(hex::encode(hmac_sha1(key, data)), *digest, "case {}", number + 1);
        }
    }

    /// Case 5 of the RFC prints only the first 128 bits.
    #[test]
    fn hmac_sha256_matches_rfc_4231() {
        let vectors: [(Vec<u8>, Vec<u8>, &str); 7] = [
            (
                vec![0x0b; 20],
                b"Hi There".to_vec(),
                "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
            ),
            (
                b"Jefe".to_vec(),
                b"what do ya want for nothing?".to_vec(),
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            ),
            (
                vec![0xaa; 20],
                vec![0xdd; 50],
                "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
            ),
            (
                (1..=25).collect(),
                vec![0xcd; 50],
                "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b",
            ),
            (vec![0x0c; 20], b"Test With Truncation".to_vec(), "a3b6167473100ee06e0c796c2955552b"),
            (
                vec![0xaa; 131],
                b"Test Using Larger Than Block-Size Key - Hash Key First".to_vec(),
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
            ),
            (
                vec![0xaa; 131],
                b"This is a test using a larger than block-size key and a larger than block-size data. \
                  The key needs to be hashed before being used by the HMAC algorithm."
                    .to_vec(),
                "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2",
            ),
        ];
        for (number, (key, data, digest)) in vectors.iter().enumerate() {
            let whole = hex::encode(hmac_sha256(key, data));
            assert_eq!(whole.get(..digest.len()), Some(*digest), "case {}", number + 1);
        }
    }

    #[cfg(feature = "emulator")]
    #[test]
    fn hmac_sha256_over_parts_is_that_over_the_whole() {
        let mac = || HmacSha256::new(b"Jefe").with(b"what do ya ").with(b"").with(b"want for nothing?");
        let expected = hmac_sha256(b"Jefe", b"what do ya want for nothing?");
        assert_eq!(mac().finish(), expected);
        assert!(mac().is(&expected));
        assert!(!mac().with(b"x").is(&expected));
        assert!(!mac().is(&expected[..31]));
    }
}
