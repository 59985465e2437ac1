//! Nonces as a seam: what makes two requests differ that are otherwise the same.

use std::collections::hash_map::RandomState;
use std::fmt::Debug;
use std::hash::BuildHasher;
use std::sync::atomic::{AtomicU64, Ordering};

/// Where signatures get their nonces from.
pub trait NonceSource: Send + Sync + Debug {
    /// A nonce that was never given before: visible ASCII, at most 64 characters.
    fn next(&self) -> String;
}

/// Nonces that no other process gives either: 64 random bits for each source, and a counter.
///
/// They are unique, not secret: a nonce stands readable in its request.
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
    fn no_two_nonces_are_equal_within_a_source_and_between_sources() {
        let sources = [UniqueNonces::default(), UniqueNonces::default()];
        let nonces: BTreeSet<String> =
            sources.iter().flat_map(|source| (0..100).map(|_| source.next())).collect();
        assert_eq!(nonces.len(), 200);
        assert!(nonces.iter().all(|nonce| nonce.len() == 32));
    }
}
