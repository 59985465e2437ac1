//! The ciphers against published examples, through the two functions that everything else uses.

use aes::cipher::{BlockCipherEncrypt, KeyInit};

use super::{Algorithm, CipherError};

/// Four blocks of plaintext, the key of 256 bits and the initialization vector of SP 800-38A appendix F.
const PLAINTEXT: &str = "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51\
                         30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710";
const KEY: &str = "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4";
const IV: &str = "000102030405060708090a0b0c0d0e0f";

/// The key of the examples for SM4, which also is their first plaintext.
const SM4_KEY: &str = "0123456789abcdeffedcba9876543210";

/// The plaintext of the examples in draft-ribose-cfrg-sm4-10 appendix A.2.
const SM4_PLAINTEXT: &str = "aaaaaaaabbbbbbbbccccccccddddddddeeeeeeeeffffffffaaaaaaaabbbbbbbb";

struct Vector<'v> {
    algorithm: Algorithm,
    key: &'v str,
    iv: &'v str,
    associated: &'v str,
    plaintext: &'v str,
    /// Followed by the tag where there is one. Behind it a block of padding is expected where there is that.
    ciphertext: &'v str,
}

impl Vector<'_> {
    #[track_caller]
    fn check(&self) {
        let [key, iv, associated, plaintext, expected] =
            [self.key, self.iv, self.associated, self.plaintext, self.ciphertext].map(bytes);
        let mut sealed = [b"before", plaintext.as_slice()].concat();
        self.algorithm.encrypt(&key, &iv, &associated, &mut sealed, 6).unwrap();
        let (before, ciphertext) = sealed.split_at(6);
        assert_eq!(before, b"before");
        let padding = if self.algorithm.name().ends_with("ECB") || self.algorithm.name().ends_with("CBC") {
            16
        } else {
            0
        };
        assert_eq!(ciphertext.len(), expected.len() + padding);
        assert_eq!(hex::encode(&ciphertext[..expected.len()]), hex::encode(expected));
        assert_eq!(self.algorithm.decrypt(&key, &iv, &associated, ciphertext), Ok(plaintext));
    }
}

fn bytes(digits: &str) -> Vec<u8> {
    hex::decode(digits).unwrap()
}

#[track_caller]
fn check_sp_800_38a(algorithm: Algorithm, iv: &str, ciphertext: &str) {
    Vector { algorithm, key: KEY, iv, associated: "", plaintext: PLAINTEXT, ciphertext }.check();
}

/// NIST SP 800-38A appendix F.1.5, ECB-AES256.Encrypt.
#[test]
fn aes_ecb_matches_sp_800_38a() {
    check_sp_800_38a(
        Algorithm::AesEcb,
        "",
        "f3eed1bdb5d2a03c064b5a7e3db181f8591ccb10d410ed26dc5ba74a31362870\
         b6ed21b99ca6f4f9f153e7b1beafed1d23304b7a39f9f3ff067d8d8f9e24ecc7",
    );
}

/// NIST SP 800-38A appendix F.2.5, CBC-AES256.Encrypt.
#[test]
fn aes_cbc_matches_sp_800_38a() {
    check_sp_800_38a(
        Algorithm::AesCbc,
        IV,
        "f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d\
         39f23369a9d9bacfa530e26304231461b2eb05e2c39be9fcda6c19078c6a9d1b",
    );
}

/// NIST SP 800-38A appendix F.3.17, CFB128-AES256.Encrypt.
#[test]
fn aes_cfb_matches_sp_800_38a() {
    check_sp_800_38a(
        Algorithm::AesCfb,
        IV,
        "dc7e84bfda79164b7ecd8486985d386039ffed143b28b1c832113c6331e5407b\
         df10132415e54b92a13ed0a8267ae2f975a385741ab9cef82031623d55b1e471",
    );
}

/// NIST SP 800-38A appendix F.4.5, OFB-AES256.Encrypt.
#[test]
fn aes_ofb_matches_sp_800_38a() {
    check_sp_800_38a(
        Algorithm::AesOfb,
        IV,
        "dc7e84bfda79164b7ecd8486985d38604febdc6740d20b3ac88f6ad82a4fb08d\
         71ab47a086e86eedf39d1c5bba97c4080126141d67f37be8538f5a8be740e484",
    );
}

/// Test cases 13 to 16 of McGrew and Viega, "The Galois/Counter Mode of Operation (GCM)", appendix B: those
/// with 256 bits of key and 96 of nonce.
#[test]
fn aes_gcm_matches_mcgrew_and_viega() {
    let zeros = "00".repeat(32);
    let key = "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308";
    let plaintext = "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449\
                     a6b525b16aedf5aa0de657ba637b391aafd255";
    let ciphertext = "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b105\
                      6828838c5f61e6393ba7a0abcc9f662898015ad";
    let iv = "cafebabefacedbaddecaf888";
    let associated = "feedfacedeadbeeffeedfacedeadbeefabaddad2";
    let with_tag = |ciphertext: &str, tag: &str| format!("{ciphertext}{tag}");
    let cases = [
        (zeros.as_str(), &zeros[..24], "", "", with_tag("", "530f8afbc74536b9a963b4f1c4cb738b")),
        (
            zeros.as_str(),
            &zeros[..24],
            "",
            &zeros[..32],
            with_tag("cea7403d4d606b6e074ec5d3baf39d18", "d0d1c8a799996bf0265b98b5d48ab919"),
        ),
        (key, iv, "", plaintext, with_tag(ciphertext, "b094dac5d93471bdec1a502270e3cc6c")),
        (
            key,
            iv,
            associated,
            &plaintext[..120],
            with_tag(&ciphertext[..120], "76fc6ece0f4e1768cddf8853bb2d551b"),
        ),
    ];
    for (key, iv, associated, plaintext, ciphertext) in cases {
        Vector { algorithm: Algorithm::AesGcm, key, iv, associated, plaintext, ciphertext: &ciphertext }
            .check();
    }
}

/// GB/T 32907-2016 appendix A, example 1: one block, and so also draft-ribose-cfrg-sm4-10 appendix A.1.
#[test]
fn sm4_matches_gb_t_32907() {
    Vector {
        algorithm: Algorithm::Sm4Ecb,
        key: SM4_KEY,
        iv: "",
        associated: "",
        plaintext: SM4_KEY,
        ciphertext: "681edf34d206965e86b3e94f536e4246",
    }
    .check();
}

/// GB/T 32907-2016 appendix A, example 2: a block encrypted a million times. The cipher by itself, which
/// above its first block runs through [`Algorithm::encrypt`] too.
#[test]
fn sm4_matches_gb_t_32907_after_a_million_rounds() {
    let cipher = sm4::Sm4::new_from_slice(&bytes(SM4_KEY)).unwrap();
    let mut block = sm4::cipher::Block::<sm4::Sm4>::try_from(bytes(SM4_KEY).as_slice()).unwrap();
    for _ in 0..1_000_000 {
        cipher.encrypt_block(&mut block);
    }
    assert_eq!(hex::encode(block), "595298c7c6fd271f0402f804c33d3f66");
}

/// draft-ribose-cfrg-sm4-10 appendix A.2.1, the first example of SM4-ECB.
#[test]
fn sm4_ecb_matches_draft_ribose_cfrg_sm4() {
    Vector {
        algorithm: Algorithm::Sm4Ecb,
        key: SM4_KEY,
        iv: "",
        associated: "",
        plaintext: SM4_PLAINTEXT,
        ciphertext: "5ec8143de509cff7b5179f8f474b86192f1d305a7fb17df985f81c8482192304",
    }
    .check();
}

/// draft-ribose-cfrg-sm4-10 appendix A.2.2, the first example of SM4-CBC.
#[test]
fn sm4_cbc_matches_draft_ribose_cfrg_sm4() {
    Vector {
        algorithm: Algorithm::Sm4Cbc,
        key: SM4_KEY,
        iv: IV,
        associated: "",
        plaintext: SM4_PLAINTEXT,
        ciphertext: "78ebb11cc40b0a48312aaeb2040244cb4cb7016951909226979b0d15dc6a8f6d",
    }
    .check();
}

/// RFC 8998 appendix A.1.
#[test]
fn sm4_gcm_matches_rfc_8998() {
    Vector {
        algorithm: Algorithm::Sm4Gcm,
        key: SM4_KEY,
        iv: "00001234567800000000abcd",
        associated: "feedfacedeadbeeffeedfacedeadbeefabaddad2",
        plaintext: "aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbccccccccccccccccdddddddddddddddd\
                    eeeeeeeeeeeeeeeeffffffffffffffffeeeeeeeeeeeeeeeeaaaaaaaaaaaaaaaa",
        ciphertext: "17f399f08c67d5ee19d0dc9969c4bb7d5fd46fd3756489069157b282bb200735\
                     d82710ca5c22f0ccfa7cbf93d496ac15a56834cbcf98c397b4024a2691233b8d\
                     83de3541e4c2b58177e065a9bf7b62ec",
    }
    .check();
}

#[test]
fn lengths_an_algorithm_does_not_take_are_errors() {
    for algorithm in Algorithm::ALL {
        let (key, iv) = (vec![1; algorithm.key_length()], vec![2; algorithm.iv_length()]);
        let encrypt =
            |key: &[u8], iv: &[u8], start| algorithm.encrypt(key, iv, b"", &mut b"plaintext".to_vec(), start);
        assert_eq!(encrypt(&key, &iv, 9), Ok(()), "{algorithm:?}");
        let length = Err(CipherError::Length);
        assert_eq!(encrypt(&key[1..], &iv, 0), length, "{algorithm:?}");
        assert_eq!(encrypt(&key, &[&iv[..], &[0]].concat(), 0), length, "{algorithm:?}");
        assert_eq!(encrypt(&key, &iv, 10), length, "{algorithm:?}");
        let decrypted = algorithm.decrypt(&key[1..], &iv, b"", &[0; 32]);
        assert_eq!(decrypted, Err(CipherError::Length), "{algorithm:?}");
    }
}
