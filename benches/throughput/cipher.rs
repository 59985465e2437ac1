//! The ciphers without an emulator around them, on one core.

use std::hint::black_box;
use std::time::{Duration, Instant};

use aes::Aes256;
use aes_gcm::aead::{AeadInOut, KeyInit as _};
use aes_gcm::aes::cipher::consts::U12;
use aes_gcm::{Aes256Gcm, AesGcm};
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockModeEncrypt as _, KeyIvInit as _, StreamCipher as _};
use sm4::Sm4;
use storage::{Algorithm, BlockAddress, DataKey, open, seal};

use crate::{Failure, megabytes};

/// How long each cipher runs: long enough for the clock, short enough for patience.
const TIME: Duration = Duration::from_millis(400);

/// Megabytes a second that the cipher alone encrypts, in place. `None` where there is no cipher.
pub fn bare(algorithm: Option<Algorithm>, data: &[u8]) -> Option<f64> {
    let (aes, sm4, iv, nonce) = ([1; 32], [1; 16], [2; 16], [2; 12]);
    let length = data.len();
    let mut buffer = data.to_vec();
    buffer.resize(length + 16, 0);
    Some(match algorithm? {
        Algorithm::AesEcb => measured(length, || {
            ecb::Encryptor::<Aes256>::new(&aes.into()).encrypt_padded::<Pkcs7>(&mut buffer, length).is_ok()
        }),
        Algorithm::AesCbc => measured(length, || {
            let cipher = cbc::Encryptor::<Aes256>::new(&aes.into(), &iv.into());
            cipher.encrypt_padded::<Pkcs7>(&mut buffer, length).is_ok()
        }),
        Algorithm::AesCfb => measured(length, || {
            cfb_mode::Encryptor::<Aes256>::new(&aes.into(), &iv.into()).encrypt(&mut buffer);
        }),
        Algorithm::AesOfb => measured(length, || {
            ofb::Ofb::<Aes256>::new(&aes.into(), &iv.into()).apply_keystream(&mut buffer);
        }),
        Algorithm::AesGcm => measured(length, || {
            let cipher = Aes256Gcm::new(&aes.into());
            cipher.encrypt_inout_detached(&nonce.into(), b"", (&mut buffer[..]).into()).is_ok()
        }),
        Algorithm::Sm4Ecb => measured(length, || {
            ecb::Encryptor::<Sm4>::new(&sm4.into()).encrypt_padded::<Pkcs7>(&mut buffer, length).is_ok()
        }),
        Algorithm::Sm4Cbc => measured(length, || {
            let cipher = cbc::Encryptor::<Sm4>::new(&sm4.into(), &iv.into());
            cipher.encrypt_padded::<Pkcs7>(&mut buffer, length).is_ok()
        }),
        Algorithm::Sm4Gcm => measured(length, || {
            let cipher = AesGcm::<Sm4, U12>::new(&sm4.into());
            cipher.encrypt_inout_detached(&nonce.into(), b"", (&mut buffer[..]).into()).is_ok()
        }),
    })
}

/// Megabytes a second that blocks are sealed and opened at, MAC and envelope included.
///
/// # Errors
///
/// If a block does not open.
pub fn sealed(algorithm: Option<Algorithm>, data: &[u8]) -> Result<(f64, f64), Failure> {
    let key = DataKey::generate();
    let address = BlockAddress { logstore: 1, shard: 0, position: 0 };
    let block = seal(algorithm, &key, address, data);
    open(&key, address, &block)?;
    let sealed = measured(data.len(), || seal(algorithm, &key, address, data));
    let opened = measured(data.len(), || open(&key, address, &block));
    Ok((sealed, opened))
}

/// Megabytes a second of something that takes `bytes` at a time.
fn measured<T>(bytes: usize, mut run: impl FnMut() -> T) -> f64 {
    let begun = Instant::now();
    let mut times = 0;
    while begun.elapsed() < TIME {
        black_box(run());
        times += 1;
    }
    megabytes(bytes * times) / begun.elapsed().as_secs_f64()
}
