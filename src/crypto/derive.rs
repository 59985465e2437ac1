//! Keys that come from a key.

use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::Zeroizing;

/// Derives a key of `N` bytes for one use from a key: HKDF-SHA256 (RFC 5869), without a salt, the use as
/// its `info`.
///
/// Keys for different uses know nothing of each other. Keys of different lengths for one use do: the
/// shorter is the beginning of the longer, so a use has one length.
///
/// `N` is at most 8160 (section 2.3), which the compiler checks.
pub fn derive_key<const N: usize>(key: &[u8], info: &[&[u8]]) -> Zeroizing<[u8; N]> {
    expand(&Hkdf::<Sha256>::new(None, key), info)
}

#[expect(clippy::expect_used, reason = "RFC 5869 section 2.3: up to 255 digests, which is checked below")]
fn expand<const N: usize>(hkdf: &Hkdf<Sha256>, info: &[&[u8]]) -> Zeroizing<[u8; N]> {
    const { assert!(N <= 255 * 32) };
    let mut derived = Zeroizing::new([0; N]);
    hkdf.expand_multi_info(info, &mut derived[..]).expect("the length is one HKDF has");
    derived
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check<const N: usize>(salt: Option<&[u8]>, key: &[u8], info: &[u8], expected: &str) {
        let derived: Zeroizing<[u8; N]> = expand(&Hkdf::new(salt, key), &[info]);
        assert_eq!(hex::encode(&derived[..]), expected);
    }

    /// RFC 5869 appendix A.3: SHA-256, neither salt nor info.
    #[test]
    fn keys_match_rfc_5869_case_3() {
        let expected = "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8";
        assert_eq!(hex::encode(&derive_key::<42>(&[0x0b; 22], &[])[..]), expected);
        check::<42>(Some(b""), &[0x0b; 22], b"", expected);
    }

    /// RFC 5869 appendix A.1 and A.2: what stands behind [`derive_key`], with salt and info.
    #[test]
    fn keys_match_rfc_5869_cases_1_and_2() {
        let bytes = |from: u8, to: u8| (from..=to).collect::<Vec<u8>>();
        check::<42>(
            Some(&bytes(0x00, 0x0c)),
            &[0x0b; 22],
            &bytes(0xf0, 0xf9),
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
        );
        check::<82>(
            Some(&bytes(0x60, 0xaf)),
            &bytes(0x00, 0x4f),
            &bytes(0xb0, 0xff),
            "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09\
             da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87",
        );
    }

    #[test]
    fn the_parts_of_the_use_are_joined() {
        assert_eq!(derive_key::<32>(b"key", &[b"a", b"b"]), derive_key::<32>(b"key", &[b"ab"]));
        assert_ne!(derive_key::<32>(b"key", &[b"a"]), derive_key::<32>(b"key", &[b"b"]));
    }
}
