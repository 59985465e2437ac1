//! The modes, each over any block cipher of 128-bit blocks.

use aes::cipher::block_padding::Pkcs7;
use aes::cipher::consts::{U12, U16};
use aes::cipher::{
    BlockCipherDecrypt, BlockCipherEncrypt, BlockModeDecrypt, BlockModeEncrypt, BlockSizeUser, KeyInit,
    KeyIvInit, StreamCipher,
};
use aes_gcm::aead::{Aead, AeadInOut, Payload};
use aes_gcm::{AesGcm, Nonce};

/// Why something is not encrypted or decrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CipherError {
    /// The key, the initialization vector or the text has a length the algorithm does not take.
    #[error("a length the algorithm does not take")]
    Length,
    /// The tag (GCM) or the padding (ECB, CBC) is not that of this key and this ciphertext.
    #[error("not encrypted with this key, or changed since")]
    NotAuthentic,
}

/// Bytes in a block of AES and of SM4.
const BLOCK: usize = 16;

/// A block cipher of 128-bit blocks that encrypts.
pub trait Encrypts: BlockCipherEncrypt + BlockSizeUser<BlockSize = U16> + KeyInit {}
impl<C: BlockCipherEncrypt + BlockSizeUser<BlockSize = U16> + KeyInit> Encrypts for C {}

/// A block cipher of 128-bit blocks that decrypts.
pub trait Decrypts: BlockCipherDecrypt + BlockSizeUser<BlockSize = U16> + KeyInit {}
impl<C: BlockCipherDecrypt + BlockSizeUser<BlockSize = U16> + KeyInit> Decrypts for C {}

/// ECB (SP 800-38A section 6.1) behind PKCS#7 padding (RFC 5652 section 6.3).
pub fn encrypt_ecb<C: Encrypts>(
    key: &[u8],
    iv: &[u8],
    buffer: &mut Vec<u8>,
    start: usize,
) -> Result<(), CipherError> {
    encrypt_padded(without_iv::<ecb::Encryptor<C>>(key, iv)?, buffer, start)
}

/// The reverse of [`encrypt_ecb`].
pub fn decrypt_ecb<C: Decrypts>(key: &[u8], iv: &[u8], ciphertext: &[u8]) -> Result<Vec<u8>, CipherError> {
    decrypt_padded(without_iv::<ecb::Decryptor<C>>(key, iv)?, ciphertext)
}

/// CBC (SP 800-38A section 6.2) behind PKCS#7 padding.
pub fn encrypt_cbc<C: Encrypts>(
    key: &[u8],
    iv: &[u8],
    buffer: &mut Vec<u8>,
    start: usize,
) -> Result<(), CipherError> {
    encrypt_padded(with_iv::<cbc::Encryptor<C>>(key, iv)?, buffer, start)
}

/// The reverse of [`encrypt_cbc`].
pub fn decrypt_cbc<C: Decrypts>(key: &[u8], iv: &[u8], ciphertext: &[u8]) -> Result<Vec<u8>, CipherError> {
    decrypt_padded(with_iv::<cbc::Decryptor<C>>(key, iv)?, ciphertext)
}

/// CFB with whole blocks of feedback (SP 800-38A section 6.3); the last block may be a part of one.
pub fn encrypt_cfb<C: Encrypts>(
    key: &[u8],
    iv: &[u8],
    buffer: &mut [u8],
    start: usize,
) -> Result<(), CipherError> {
    with_iv::<cfb_mode::Encryptor<C>>(key, iv)?.encrypt(from(buffer, start)?);
    Ok(())
}

/// The reverse of [`encrypt_cfb`].
pub fn decrypt_cfb<C: Encrypts>(key: &[u8], iv: &[u8], ciphertext: &[u8]) -> Result<Vec<u8>, CipherError> {
    let mut plaintext = ciphertext.to_vec();
    with_iv::<cfb_mode::Decryptor<C>>(key, iv)?.decrypt(&mut plaintext);
    Ok(plaintext)
}

/// OFB (SP 800-38A section 6.4), which is its own reverse.
pub fn apply_ofb<C: Encrypts>(
    key: &[u8],
    iv: &[u8],
    buffer: &mut [u8],
    start: usize,
) -> Result<(), CipherError> {
    with_iv::<ofb::Ofb<C>>(key, iv)?.apply_keystream(from(buffer, start)?);
    Ok(())
}

/// The reverse of [`apply_ofb`], into memory of its own.
pub fn decrypt_ofb<C: Encrypts>(key: &[u8], iv: &[u8], ciphertext: &[u8]) -> Result<Vec<u8>, CipherError> {
    let mut plaintext = ciphertext.to_vec();
    apply_ofb::<C>(key, iv, &mut plaintext, 0)?;
    Ok(plaintext)
}

/// GCM (SP 800-38D section 7.1) with a nonce of 96 bits; the tag of 128 bits is appended.
pub fn encrypt_gcm<C: Encrypts>(
    key: &[u8],
    nonce: &[u8],
    associated: &[u8],
    buffer: &mut Vec<u8>,
    start: usize,
) -> Result<(), CipherError> {
    let (cipher, nonce) = gcm::<C>(key, nonce)?;
    let text = from(buffer, start)?;
    let tag =
        cipher.encrypt_inout_detached(&nonce, associated, text.into()).map_err(|_| CipherError::Length)?;
    buffer.extend_from_slice(&tag);
    Ok(())
}

/// The reverse of [`encrypt_gcm`] (SP 800-38D section 7.2).
pub fn decrypt_gcm<C: Encrypts>(
    key: &[u8],
    nonce: &[u8],
    associated: &[u8],
    ciphertext: &[u8],
) -> Result<Vec<u8>, CipherError> {
    let (cipher, nonce) = gcm::<C>(key, nonce)?;
    let payload = Payload { msg: ciphertext, aad: associated };
    cipher.decrypt(&nonce, payload).map_err(|_| CipherError::NotAuthentic)
}

fn gcm<C: Encrypts>(key: &[u8], nonce: &[u8]) -> Result<(AesGcm<C, U12>, Nonce<U12>), CipherError> {
    let cipher = AesGcm::new_from_slice(key).map_err(|_| CipherError::Length)?;
    Ok((cipher, Nonce::try_from(nonce).map_err(|_| CipherError::Length)?))
}

fn without_iv<M: KeyInit>(key: &[u8], iv: &[u8]) -> Result<M, CipherError> {
    let mode = M::new_from_slice(key).map_err(|_| CipherError::Length)?;
    if iv.is_empty() { Ok(mode) } else { Err(CipherError::Length) }
}

fn with_iv<M: KeyIvInit>(key: &[u8], iv: &[u8]) -> Result<M, CipherError> {
    M::new_from_slices(key, iv).map_err(|_| CipherError::Length)
}

fn encrypt_padded<M: BlockModeEncrypt>(
    mode: M,
    buffer: &mut Vec<u8>,
    start: usize,
) -> Result<(), CipherError> {
    let length = buffer.len().checked_sub(start).ok_or(CipherError::Length)?;
    buffer.resize(start + length + BLOCK - length % BLOCK, 0);
    mode.encrypt_padded::<Pkcs7>(from(buffer, start)?, length).map_err(|_| CipherError::Length)?;
    Ok(())
}

fn decrypt_padded<M: BlockModeDecrypt>(mode: M, ciphertext: &[u8]) -> Result<Vec<u8>, CipherError> {
    mode.decrypt_padded_vec::<Pkcs7>(ciphertext).map_err(|_| CipherError::NotAuthentic)
}

fn from(buffer: &mut [u8], start: usize) -> Result<&mut [u8], CipherError> {
    buffer.get_mut(start..).ok_or(CipherError::Length)
}
