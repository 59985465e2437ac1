//! Digests, keyed hashes and the type that holds a secret.

mod digest;
mod secret;

pub use digest::{hmac_sha1, hmac_sha256, md5_upper_hex, sha256_hex};
pub use secret::Secret;
