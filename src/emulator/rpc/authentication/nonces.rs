//! The nonces that were used: each is good for one call.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use super::claim::WINDOW;
use crypto::sha256;

/// The nonces of calls whose time is still within the window. Later, the time alone refuses a repetition.
#[derive(Debug, Default)]
pub struct Nonces(Mutex<Used>);

/// An access key with a nonce, in a size that does not depend on what a client makes up.
type Digest = [u8; 32];

#[derive(Debug, Default)]
struct Used {
    all: BTreeSet<Digest>,
    /// By the time that the call was dated with, so that those whose time is over are found without looking at the
    /// others.
    by_time: BTreeMap<i64, Vec<Digest>>,
}

impl Nonces {
    /// Notes a nonce; false when it was used before.
    pub fn use_up(&self, access_key_id: &str, nonce: &str, time: i64, now: i64) -> bool {
        let mut used = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        used.forget_outside(now.saturating_sub_unsigned(WINDOW), now.saturating_add_unsigned(WINDOW));
        // Ids have no line ends: two pairs are never written alike.
        let digest = sha256(format!("{access_key_id}\n{nonce}").as_bytes());
        let is_new = used.all.insert(digest);
        if is_new {
            used.by_time.entry(time).or_default().push(digest);
        }
        is_new
    }

    /// Forgets every nonce.
    pub fn clear(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Used::default();
    }
}

impl Used {
    /// Forgets the nonces of times before `first` and behind `last`, which the clock may have been moved away from.
    fn forget_outside(&mut self, first: i64, last: i64) {
        while let Some(entry) = self.by_time.first_entry().filter(|entry| *entry.key() < first) {
            for digest in entry.remove() {
                self.all.remove(&digest);
            }
        }
        while let Some(entry) = self.by_time.last_entry().filter(|entry| *entry.key() > last) {
            for digest in entry.remove() {
                self.all.remove(&digest);
            }
        }
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
        assert_eq!(nonces.0.lock().unwrap().all.len(), 1);
    }

    #[test]
    fn nonces_of_times_that_the_clock_was_moved_back_from_are_forgotten() {
        let nonces = Nonces::default();
        assert!(nonces.use_up("a", "n", 9_000, 9_000));
        assert!(nonces.use_up("a", "n", 1_000, 1_000));
        let used = nonces.0.lock().unwrap();
        assert_eq!((used.all.len(), used.by_time.len()), (1, 1));
    }

    #[test]
    fn what_is_kept_of_a_nonce_does_not_grow_with_it() {
        let nonces = Nonces::default();
        assert!(nonces.use_up("a", &"n".repeat(60_000), 1_000, 1_000));
        assert!(!nonces.use_up("a", &"n".repeat(60_000), 1_000, 1_000));
        assert!(nonces.use_up("a", &"n".repeat(59_999), 1_000, 1_000));
        let used = nonces.0.lock().unwrap();
        let kept = used.all.iter().map(size_of_val).sum::<usize>();
        assert_eq!((kept, used.by_time[&1_000].len()), (64, 2));
    }
}
