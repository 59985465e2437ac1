//! Nonces, which make each request different from all others. Tests replace the source.

use std::collections::hash_map::RandomState;
use std::fmt::Debug;
use std::hash::BuildHasher;
use std::sync::atomic::{AtomicU64, Ordering};

/// The source of the nonces in signatures.
pub trait NonceSource: Send + Sync + Debug {
    /// A new nonce: visible ASCII, at most 64 characters.
    fn next(&self) -> String;
}

/// Nonces that are unique across processes: 64 random bits for each source, and a counter.
///
/// They are unique, not secret: each request shows its nonce.
#[derive(Debug)]
pub struct UniqueNonces {
    source: u64,
    count: AtomicU64,
}

impl Default for UniqueNonces {
    fn default() -> Self {
        // The keys of the standard hasher come from the operating system's random numbers.
        Self { source: RandomState::new().hash_one(std::process::id()), count: AtomicU64::new(0) }
    }
}

impl NonceSource for UniqueNonces {
    fn next(&self) -> String {
        format!("{:016x}{:016x}", self.source, self.count.fetch_add(1, Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn nonces_are_unique_within_a_source_and_between_sources() {
        let sources = [UniqueNonces::default(), UniqueNonces::default()];
        let nonces: BTreeSet<String> =
            sources.iter().flat_map(|source| (0..100).map(|_| source.next())).collect();
        assert_eq!(nonces.len(), 200);
        assert!(nonces.iter().all(|nonce| nonce.len() == 32));
    }
}
