//! Key Management Service (KMS), API version 2016-01-20: only the description of keys.

mod client;
mod key_metadata;

pub use client::KmsClient;
pub use key_metadata::{KeyMetadata, KeyState};
