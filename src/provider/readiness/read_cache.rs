//! Caches what was read, so that nothing is read twice.

use std::{
    collections::{HashMap, HashSet},
    fmt,
    future::Future,
    hash::Hash,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::OnceCell;

use super::{inputs::Lookup, read_error::ReadError};
use cloud::{
    kms::KeyMetadata,
    names::GroupName,
    ram::{AttachedPolicy, PolicyDocument, PolicyId, Role},
    sts::CallerIdentity,
};

/// Answers of the services. Where several ask for the same at once, one reads and the others wait. A failure is kept
/// too: it has been tried as often as the retry policy says, and each of many resources trying again would take as
/// long once more.
#[derive(Debug, Default)]
pub(crate) struct ReadCache {
    said: Mutex<HashSet<String>>,
    refused: Mutex<HashMap<String, String>>,
    pub(super) caller: Answers<(), CallerIdentity>,
    /// By region and id.
    pub(super) keys: Answers<(String, String), KeyMetadata>,
    /// By name in lower case, as the next three.
    pub(super) roles: Answers<String, Role>,
    pub(super) role_policies: Answers<String, Vec<AttachedPolicy>>,
    pub(super) user_policies: Answers<String, Vec<AttachedPolicy>>,
    pub(super) group_policies: Answers<String, Vec<AttachedPolicy>>,
    pub(super) user_groups: Answers<String, Vec<GroupName>>,
    pub(super) documents: Answers<PolicyId, PolicyDocument>,
}

/// The answers of one action, by what was asked for.
pub(super) struct Answers<K, V>(Mutex<HashMap<K, Slot<V>>>);

/// Empty while nobody has read it.
type Slot<V> = Arc<OnceCell<Result<Lookup<V>, ReadError>>>;

impl ReadCache {
    /// True the first time: for a finding that is reported once, whatever the number of resources it concerns.
    pub(crate) fn is_first(&self, what: impl Into<String>) -> bool {
        self.said.lock().unwrap_or_else(PoisonError::into_inner).insert(what.into())
    }

    /// Records that a Logstore must not be configured, and why. If the plan of another Logstore has reported the
    /// finding, the plan of this one does not repeat it, but its apply is refused.
    pub(crate) fn refuse(&self, log_store: String, why: String) {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner).insert(log_store, why);
    }

    /// Why a Logstore must not be configured.
    pub(crate) fn refused(&self, log_store: &str) -> Option<String> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner).get(log_store).cloned()
    }
}

impl<K: Hash + Eq, V: Clone> Answers<K, V> {
    /// The answer, read if it is not there.
    ///
    /// # Errors
    ///
    /// That of the read.
    pub(super) async fn get(
        &self,
        key: K,
        read: impl Future<Output = Result<Lookup<V>, ReadError>>,
    ) -> Result<Lookup<V>, ReadError> {
        let slot = Arc::clone(self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(key).or_default());
        slot.get_or_init(|| read).await.clone()
    }
}

impl<K, V> Default for Answers<K, V> {
    fn default() -> Self {
        Answers(Mutex::default())
    }
}

impl<K, V> fmt::Debug for Answers<K, V> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Answers")
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::no_client::NoClient;

    #[tokio::test]
    async fn concurrent_first_reads_are_one() {
        let (answers, reads) = (Answers::<&str, u8>::default(), AtomicUsize::new(0));
        let ask = |key: &'static str| {
            let reads = &reads;
            answers.get(key, async move {
                reads.fetch_add(1, Ordering::Relaxed);
                // Lets the others ask while this one is still being read.
                tokio::task::yield_now().await;
                Ok(Lookup::Found(7))
            })
        };
        let found = futures_util::future::join_all((0..200).map(|_| ask("key"))).await;
        assert!(found.iter().all(|answer| matches!(answer, Ok(Lookup::Found(7)))));
        assert_eq!(reads.load(Ordering::Relaxed), 1);
        ask("other").await.unwrap();
        assert_eq!(reads.load(Ordering::Relaxed), 2);
    }

    #[tokio::test]
    async fn what_came_first_is_kept_be_it_a_failure() {
        let answers = Answers::<u8, u8>::default();
        let failed = async { Err(ReadError::NoClient(NoClient::NotConfigured)) };
        assert!(answers.get(0, failed).await.is_err());
        assert!(answers.get(0, async { Ok(Lookup::Found(1)) }).await.is_err());
        assert!(matches!(answers.get(1, async { Ok(Lookup::Absent) }).await, Ok(Lookup::Absent)));
        assert!(matches!(answers.get(1, async { Ok(Lookup::Found(1)) }).await, Ok(Lookup::Absent)));
    }

    #[test]
    fn each_thing_is_said_once() {
        let cache = ReadCache::default();
        assert!(cache.is_first("a") && !cache.is_first("a") && cache.is_first("b"));
    }
}
