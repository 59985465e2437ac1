//! The access keys of sessions, each a document of its own: issuing one rewrites nothing else.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::access::{AccessKey, AccessKeys};
use super::error::Error;
use super::stored::encode;
use storage::{Kind, Store, WriteBatch};

/// The access keys of sessions that were issued and are not long over.
#[derive(Debug, Default)]
pub struct Sessions(Mutex<AccessKeys>);

impl Sessions {
    /// Sessions that were stored before.
    pub fn new(keys: AccessKeys) -> Self {
        Self(Mutex::new(keys))
    }

    /// The access keys.
    pub fn lock(&self) -> MutexGuard<'_, AccessKeys> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds the access key that `issue` returns and submits it to the store. Returns the rest of what `issue`
    /// returned. A reset waits until then. Keys that expired more than a day before `now` are removed.
    ///
    /// # Errors
    ///
    /// That of `issue`, and then nothing is added.
    pub fn issue<T>(
        &self,
        store: &Store,
        now: i64,
        issue: impl FnOnce() -> Result<(AccessKey, T), Error>,
    ) -> Result<T, Error> {
        let mut keys = self.lock();
        let (key, answer) = issue()?;
        let mut batch = WriteBatch::new();
        batch.write(Kind::Session, &key.id, encode(&key).map_err(|_| Error::internal_error())?);
        for (id, _) in keys.extract_if(.., |_, key| key.is_over_for_long(now)) {
            batch.remove(Kind::Session, &id);
        }
        keys.insert(key.id.clone(), key);
        store.submit(batch);
        Ok(answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::Principal;
    use crypto::Secret;

    fn key(id: &str, expires: i64) -> AccessKey {
        let principal = Principal::AccountRoot { account_id: "1".to_owned() };
        AccessKey::temporary(id, Secret::from("s"), principal, Secret::from("t"), expires)
    }

    #[tokio::test]
    async fn a_session_is_a_document_until_it_is_over_for_a_day() {
        let (sessions, store) = (Sessions::default(), Store::in_memory().unwrap());
        let stored = async |id: &str, now: i64| {
            sessions.issue(&store, now, || Ok((key(id, now + 900), ()))).unwrap();
            store.documents_durable().await.unwrap();
            let documents = store.documents(Kind::Session).unwrap();
            documents.into_iter().map(|document| document.name).collect::<Vec<_>>()
        };
        assert_eq!(stored("a", 0).await, ["a"]);
        assert_eq!(stored("b", 900 + 86_399).await, ["a", "b"]);
        assert_eq!(stored("c", 900 + 86_400).await, ["b", "c"]);
        assert_eq!(sessions.lock().keys().collect::<Vec<_>>(), ["b", "c"]);
        assert!(store.documents(Kind::Identity).unwrap().is_empty());
    }

    #[test]
    fn a_session_that_is_refused_is_not_there() {
        let (sessions, store) = (Sessions::default(), Store::in_memory().unwrap());
        let refused: Result<(), _> = sessions.issue(&store, 0, || Err(Error::internal_error()));
        assert!(refused.is_err() && sessions.lock().is_empty());
    }
}
