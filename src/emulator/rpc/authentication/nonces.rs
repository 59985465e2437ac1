//! The nonces that were used: each is good for one call.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use super::claim::WINDOW;

/// The nonces of calls whose time is still within the window. Later, the time alone refuses a repetition.
#[derive(Debug, Default)]
pub struct Nonces {
    /// The time each call was dated with, by access key and nonce.
    used: Mutex<BTreeMap<(String, String), i64>>,
}

impl Nonces {
    /// Notes a nonce; false when it was used before.
    pub fn use_up(&self, access_key_id: &str, nonce: &str, time: i64, now: i64) -> bool {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        used.retain(|_, time| now.abs_diff(*time) <= WINDOW);
        used.insert((access_key_id.to_owned(), nonce.to_owned()), time).is_none()
    }

    /// Forgets every nonce.
    pub fn clear(&self) {
        self.used.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nonce_is_good_once_for_each_key() {
        let nonces = Nonces::default();
        assert!(nonces.use_up("a", "n", 1_000, 1_000));
        assert!(!nonces.use_up("a", "n", 1_000, 1_900));
        assert!(nonces.use_up("b", "n", 1_000, 1_000));
        assert!(nonces.use_up("a", "m", 1_000, 1_000));
    }

    #[test]
    fn nonces_are_kept_as_long_as_their_time_is_in_the_window() {
        let nonces = Nonces::default();
        // Dated in the future: it stays usable for twice the window.
        assert!(nonces.use_up("a", "n", 1_900, 1_000));
        assert!(!nonces.use_up("a", "n", 1_900, 2_800));
        assert!(nonces.use_up("a", "other", 2_801, 2_801));
        assert_eq!(nonces.used.lock().unwrap().len(), 1);
    }
}
