//! Digests, keyed hashes, ciphers, keys derived from keys, and the type that holds a secret.

#[cfg(feature = "emulator")]
mod cipher;
#[cfg(feature = "emulator")]
mod derive;
mod digest;
#[cfg(feature = "emulator")]
pub mod envelope;
#[cfg(feature = "emulator")]
mod random;
mod secret;

#[cfg(feature = "emulator")]
pub use cipher::{Algorithm, CipherError};
#[cfg(feature = "emulator")]
pub use derive::derive_key;
#[cfg(feature = "emulator")]
pub use digest::HmacSha256;
pub use digest::{hmac_sha1, hmac_sha256, md5_upper_hex, sha256, sha256_hex};
#[cfg(feature = "emulator")]
pub use random::{random, random_letters};
pub use secret::Secret;
