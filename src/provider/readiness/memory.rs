//! What was read, so that nothing is read twice.

use std::{
    collections::HashMap,
    fmt,
    future::Future,
    hash::Hash,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::OnceCell;

use super::facts::Read;
use crate::cloud::{
    kms::KeyMetadata,
    names::GroupName,
    ram::{AttachedPolicy, PolicyDocument, PolicyId, Role},
    sts::CallerIdentity,
};

/// Answers of the services. Where several ask for the same at once, one reads and the others wait; a failure is not
/// kept, so that the next one reads again.
#[derive(Debug, Default)]
pub(in crate::provider) struct Memory {
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
type Slot<V> = Arc<OnceCell<Read<V>>>;

impl<K: Hash + Eq, V: Clone> Answers<K, V> {
    /// The answer, read if it is not there.
    ///
    /// # Errors
    ///
    /// That of the read.
    pub(super) async fn get<E>(
        &self,
        key: K,
        read: impl Future<Output = Result<Read<V>, E>>,
    ) -> Result<Read<V>, E> {
        let slot = Arc::clone(self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(key).or_default());
        slot.get_or_try_init(|| read).await.cloned()
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

    #[tokio::test]
    async fn concurrent_first_reads_are_one() {
        let (answers, reads) = (Answers::<&str, u8>::default(), AtomicUsize::new(0));
        let ask = |key: &'static str| {
            let reads = &reads;
            answers.get(key, async move {
                reads.fetch_add(1, Ordering::Relaxed);
                // Lets the others ask while this one is still being read.
                tokio::task::yield_now().await;
                Ok::<_, ()>(Read::Found(7))
            })
        };
        let found = futures_util::future::join_all((0..200).map(|_| ask("key"))).await;
        assert!(found.iter().all(|answer| matches!(answer, Ok(Read::Found(7)))));
        assert_eq!(reads.load(Ordering::Relaxed), 1);
        ask("other").await.unwrap();
        assert_eq!(reads.load(Ordering::Relaxed), 2);
    }

    #[tokio::test]
    async fn a_failure_is_not_kept_but_an_absence_is() {
        let answers = Answers::<(), u8>::default();
        assert!(matches!(answers.get((), async { Err("lost") }).await, Err("lost")));
        assert!(matches!(answers.get((), async { Ok::<_, ()>(Read::Absent) }).await, Ok(Read::Absent)));
        assert!(matches!(answers.get((), async { Ok::<_, ()>(Read::Found(1)) }).await, Ok(Read::Absent)));
    }
}
