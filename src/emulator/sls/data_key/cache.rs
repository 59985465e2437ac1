//! Data keys that were unwrapped a moment ago.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use super::snapshot::Snapshot;
use super::wrapped::Owner;
use crate::identity::Directory;
use crate::kms::Keys;
use storage::DataKey;

/// For how long an unwrapped key is used, in seconds of the emulator's clock.
const LIFETIME: u64 = 60;

/// Data keys that were unwrapped a moment ago. One is found only while identities and keys are the very ones it
/// was unwrapped under: whatever changes there, is asked at the next call. What is found no more is wiped.
#[derive(Debug, Default)]
pub struct DataKeyCache(Mutex<Unwrapped>);

/// Everything in it was unwrapped under the same identities and keys.
#[derive(Debug, Default)]
struct Unwrapped {
    // Weak, so that nothing outdated is kept. An address is not used again as long as a weak pointer exists.
    directory: Weak<Directory>,
    keys: Weak<Keys>,
    /// When it was last looked for what has expired.
    wiped_at: i64,
    /// By the number of the Logstore, and whether it was unwrapped or only made.
    entries: BTreeMap<(u64, bool), Entry>,
}

#[derive(Debug)]
struct Entry {
    owner: Owner,
    /// What the key was unwrapped from; `None` for one that only proved that the customer's key can be used.
    blob: Option<String>,
    key: DataKey,
    unwrapped_at: i64,
}

impl DataKeyCache {
    /// The key that was unwrapped for a Logstore from this blob.
    pub fn get(&self, snapshot: &Snapshot, owner: &Owner, blob: Option<&str>) -> Option<DataKey> {
        let mut unwrapped = self.lock();
        unwrapped.wipe_outdated(snapshot);
        let entry = unwrapped.entries.get(&(owner.number, blob.is_some()))?;
        (entry.owner == *owner && entry.blob.as_deref() == blob).then(|| entry.key.clone())
    }

    /// Remembers a key that has just been unwrapped.
    pub fn put(&self, snapshot: &Snapshot, owner: &Owner, blob: Option<&str>, key: &DataKey) {
        let entry = Entry {
            owner: owner.clone(),
            blob: blob.map(str::to_owned),
            key: key.clone(),
            unwrapped_at: snapshot.now,
        };
        let mut unwrapped = self.lock();
        unwrapped.wipe_outdated(snapshot);
        unwrapped.entries.insert((owner.number, blob.is_some()), entry);
    }

    /// Forgets every key.
    pub fn clear(&self) {
        self.lock().entries.clear();
    }

    fn lock(&self) -> MutexGuard<'_, Unwrapped> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Unwrapped {
    /// Wipes what is not found any more. While nothing changes, all of it is looked through once a second at most.
    fn wipe_outdated(&mut self, snapshot: &Snapshot) {
        let Snapshot { directory, keys, now } = snapshot;
        let (directory, keys) = (Arc::downgrade(directory), Arc::downgrade(keys));
        if !(self.directory.ptr_eq(&directory) && self.keys.ptr_eq(&keys)) {
            *self = Self { directory, keys, wiped_at: *now, entries: BTreeMap::new() };
        } else if self.wiped_at != *now {
            self.wiped_at = *now;
            self.entries.retain(|_, entry| now.abs_diff(entry.unwrapped_at) < LIFETIME);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Seed;

    fn snapshot(now: i64) -> Snapshot {
        let seed = Seed::default();
        Snapshot { directory: Arc::new(seed.directory), keys: Arc::new(seed.keys), now }
    }

    fn owner(number: u64) -> Owner {
        Owner { project: "proj".to_owned(), logstore: "app".to_owned(), number, user_cmk_info: None }
    }

    #[test]
    fn a_key_is_found_for_a_minute_by_its_logstore_and_blob_only() {
        let (cache, start, key) = (DataKeyCache::default(), snapshot(1_000), DataKey::generate());
        cache.put(&start, &owner(1), Some("a"), &key);
        let found = |snapshot: &Snapshot, owner: &Owner, blob: &str| {
            cache.get(snapshot, owner, Some(blob)).map(|key| *key.expose())
        };
        assert_eq!(found(&start, &owner(1), "b"), None);
        assert_eq!(found(&start, &owner(2), "a"), None);
        assert!(cache.get(&start, &owner(1), None).is_none());
        assert_eq!(found(&Snapshot { now: 1_059, ..start.clone() }, &owner(1), "a"), Some(*key.expose()));
        assert_eq!(found(&Snapshot { now: 1_060, ..start.clone() }, &owner(1), "a"), None);
        assert_eq!(found(&start, &owner(1), "a"), None, "what expired is gone");
    }

    #[test]
    fn a_key_is_lost_with_the_snapshots_it_was_unwrapped_under() {
        let (cache, start, key) = (DataKeyCache::default(), snapshot(1_000), DataKey::generate());
        let other = snapshot(1_000);
        for changed in [
            Snapshot { directory: Arc::clone(&other.directory), ..start.clone() },
            Snapshot { keys: Arc::clone(&other.keys), ..start.clone() },
            Snapshot { now: 900, ..start.clone() },
        ] {
            cache.put(&start, &owner(1), Some("a"), &key);
            assert!(cache.get(&start, &owner(1), Some("a")).is_some());
            assert!(cache.get(&changed, &owner(1), Some("a")).is_none());
        }
        cache.put(&start, &owner(1), Some("a"), &key);
        cache.clear();
        assert!(cache.get(&start, &owner(1), Some("a")).is_none());
    }
}
