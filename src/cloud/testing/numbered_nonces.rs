//! Nonces that a test can predict.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::nonce::NonceSource;

/// Gives `nonce-1`, `nonce-2` and so on.
#[derive(Debug, Default)]
pub struct NumberedNonces(AtomicU64);

impl NonceSource for NumberedNonces {
    fn next(&self) -> String {
        format!("nonce-{}", self.0.fetch_add(1, Ordering::Relaxed) + 1)
    }
}
