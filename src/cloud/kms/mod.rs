//! Key Management Service (KMS), API version 2016-01-20: what is needed to know a key.

mod client;
mod key_metadata;

pub use client::KmsClient;
pub use key_metadata::{KeyMetadata, KeyState};
