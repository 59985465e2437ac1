//! Data keys that were unwrapped a moment ago.

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
pub struct DataKeyCache(Mutex<Vec<Entry>>);

#[derive(Debug)]
struct Entry {
    owner: Owner,
    /// What the key was unwrapped from; `None` for one that only proved that the customer's key can be used.
    blob: Option<String>,
    key: DataKey,
    unwrapped_at: i64,
    // Weak, so that nothing outdated is kept. An address is not used again as long as a weak pointer exists.
    directory: Weak<Directory>,
    keys: Weak<Keys>,
}

impl DataKeyCache {
    /// The key that was unwrapped for a Logstore from this blob.
    pub fn get(&self, snapshot: &Snapshot, owner: &Owner, blob: Option<&str>) -> Option<DataKey> {
        let mut entries = self.lock();
        entries.retain(|entry| entry.holds(snapshot));
        let entry = entries.iter().find(|entry| entry.owner == *owner && entry.blob.as_deref() == blob)?;
        Some(entry.key.clone())
    }

    /// Remembers a key that has just been unwrapped.
    pub fn put(&self, snapshot: &Snapshot, owner: &Owner, blob: Option<&str>, key: &DataKey) {
        let entry = Entry {
            owner: owner.clone(),
            blob: blob.map(str::to_owned),
            key: key.clone(),
            unwrapped_at: snapshot.now,
            directory: Arc::downgrade(&snapshot.directory),
            keys: Arc::downgrade(&snapshot.keys),
        };
        let mut entries = self.lock();
        entries.retain(|known| known.owner != entry.owner || known.blob != entry.blob);
        entries.push(entry);
    }

    /// Forgets every key.
    pub fn clear(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entry {
    fn holds(&self, snapshot: &Snapshot) -> bool {
        snapshot.now.abs_diff(self.unwrapped_at) < LIFETIME
            && self.directory.ptr_eq(&Arc::downgrade(&snapshot.directory))
            && self.keys.ptr_eq(&Arc::downgrade(&snapshot.keys))
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
