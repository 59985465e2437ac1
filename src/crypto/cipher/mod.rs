//! The ciphers that SLS names for Logstores: AES-256 (FIPS 197) and SM4 (GB/T 32907-2016), in the modes of
//! NIST SP 800-38A and SP 800-38D.

mod modes;
#[cfg(test)]
mod vector_tests;

use aes::Aes256;
use sm4::Sm4;

pub use modes::CipherError;

use super::random;

/// A cipher and its mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// AES-256 in ECB mode with PKCS#7 padding. Not authenticated.
    AesEcb,
    /// AES-256 in CBC mode with PKCS#7 padding. Not authenticated.
    AesCbc,
    /// AES-256 in CFB mode (128 bits of feedback). Not authenticated.
    AesCfb,
    /// AES-256 in OFB mode. Not authenticated.
    AesOfb,
    /// AES-256-GCM.
    AesGcm,
    /// SM4 in ECB mode with PKCS#7 padding. Not authenticated.
    Sm4Ecb,
    /// SM4 in CBC mode with PKCS#7 padding. Not authenticated.
    Sm4Cbc,
    /// SM4-GCM (RFC 8998).
    Sm4Gcm,
}

impl Algorithm {
    /// Every algorithm.
    pub const ALL: [Self; 8] = [
        Self::AesEcb,
        Self::AesCbc,
        Self::AesCfb,
        Self::AesOfb,
        Self::AesGcm,
        Self::Sm4Ecb,
        Self::Sm4Cbc,
        Self::Sm4Gcm,
    ];

    /// The usual name, key length included where the cipher has several.
    pub fn name(self) -> &'static str {
        match self {
            Self::AesEcb => "AES-256-ECB",
            Self::AesCbc => "AES-256-CBC",
            Self::AesCfb => "AES-256-CFB",
            Self::AesOfb => "AES-256-OFB",
            Self::AesGcm => "AES-256-GCM",
            Self::Sm4Ecb => "SM4-ECB",
            Self::Sm4Cbc => "SM4-CBC",
            Self::Sm4Gcm => "SM4-GCM",
        }
    }

    /// Bytes in the key.
    pub fn key_length(self) -> usize {
        match self {
            Self::AesEcb | Self::AesCbc | Self::AesCfb | Self::AesOfb | Self::AesGcm => 32,
            Self::Sm4Ecb | Self::Sm4Cbc | Self::Sm4Gcm => 16,
        }
    }

    /// Bytes in the initialization vector; in the nonce with GCM; none with ECB.
    pub fn iv_length(self) -> usize {
        match self {
            Self::AesEcb | Self::Sm4Ecb => 0,
            Self::AesCbc | Self::AesCfb | Self::AesOfb | Self::Sm4Cbc => 16,
            Self::AesGcm | Self::Sm4Gcm => 12,
        }
    }

    /// Bytes in the tag behind the ciphertext; none where the mode does not authenticate.
    pub fn tag_length(self) -> usize {
        if self.authenticates() { 16 } else { 0 }
    }

    /// Whether the mode notices that something was changed. The others need a MAC beside them.
    pub fn authenticates(self) -> bool {
        matches!(self, Self::AesGcm | Self::Sm4Gcm)
    }

    /// Appends a random initialization vector to `sealed`, and the ciphertext of `plaintext` with its tag.
    ///
    /// With GCM, NIST SP 800-38D section 8.3 allows 2^32 random nonces under one key.
    ///
    /// # Errors
    ///
    /// [`CipherError::Length`], for a key or a plaintext of a length the algorithm does not take.
    pub fn seal(
        self,
        key: &[u8],
        associated: &[u8],
        plaintext: &[u8],
        sealed: &mut Vec<u8>,
    ) -> Result<(), CipherError> {
        let random = random::<16>();
        let iv = random.get(..self.iv_length()).unwrap_or_default();
        sealed.extend_from_slice(iv);
        let start = sealed.len();
        sealed.extend_from_slice(plaintext);
        self.encrypt(key, iv, associated, sealed, start)
    }

    /// Decrypts what [`Algorithm::seal`] appended.
    ///
    /// # Errors
    ///
    /// [`CipherError`]
    pub fn open(self, key: &[u8], associated: &[u8], sealed: &[u8]) -> Result<Vec<u8>, CipherError> {
        let (iv, ciphertext) = sealed.split_at_checked(self.iv_length()).ok_or(CipherError::Length)?;
        self.decrypt(key, iv, associated, ciphertext)
    }

    /// Encrypts in place what stands in `buffer` from `start` on. Padding and tag are appended.
    ///
    /// `associated` is authenticated where the mode does that, and not looked at elsewhere.
    ///
    /// # Errors
    ///
    /// [`CipherError::Length`], and then what stands in `buffer` is of no use.
    pub fn encrypt(
        self,
        key: &[u8],
        iv: &[u8],
        associated: &[u8],
        buffer: &mut Vec<u8>,
        start: usize,
    ) -> Result<(), CipherError> {
        match self {
            Self::AesEcb => modes::encrypt_ecb::<Aes256>(key, iv, buffer, start),
            Self::AesCbc => modes::encrypt_cbc::<Aes256>(key, iv, buffer, start),
            Self::AesCfb => modes::encrypt_cfb::<Aes256>(key, iv, buffer, start),
            Self::AesOfb => modes::apply_ofb::<Aes256>(key, iv, buffer, start),
            Self::AesGcm => modes::encrypt_gcm::<Aes256>(key, iv, associated, buffer, start),
            Self::Sm4Ecb => modes::encrypt_ecb::<Sm4>(key, iv, buffer, start),
            Self::Sm4Cbc => modes::encrypt_cbc::<Sm4>(key, iv, buffer, start),
            Self::Sm4Gcm => modes::encrypt_gcm::<Sm4>(key, iv, associated, buffer, start),
        }
    }

    /// Decrypts what [`Algorithm::encrypt`] made, tag included.
    ///
    /// # Errors
    ///
    /// [`CipherError`]
    pub fn decrypt(
        self,
        key: &[u8],
        iv: &[u8],
        associated: &[u8],
        ciphertext: &[u8],
    ) -> Result<Vec<u8>, CipherError> {
        match self {
            Self::AesEcb => modes::decrypt_ecb::<Aes256>(key, iv, ciphertext),
            Self::AesCbc => modes::decrypt_cbc::<Aes256>(key, iv, ciphertext),
            Self::AesCfb => modes::decrypt_cfb::<Aes256>(key, iv, ciphertext),
            Self::AesOfb => modes::decrypt_ofb::<Aes256>(key, iv, ciphertext),
            Self::AesGcm => modes::decrypt_gcm::<Aes256>(key, iv, associated, ciphertext),
            Self::Sm4Ecb => modes::decrypt_ecb::<Sm4>(key, iv, ciphertext),
            Self::Sm4Cbc => modes::decrypt_cbc::<Sm4>(key, iv, ciphertext),
            Self::Sm4Gcm => modes::decrypt_gcm::<Sm4>(key, iv, associated, ciphertext),
        }
    }
}
