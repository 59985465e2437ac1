//! The access keys of sessions, each a document of its own: issuing one rewrites nothing else.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::access::{AccessKey, AccessKeys};
use super::error::Error;
use super::stored::encode;
use storage::{Kind, Store, WriteBatch};

/// The access keys of sessions that were issued and are not long over.
#[derive(Debug, Default)]
pub struct Sessions(Mutex<IssuedKeys>);

/// Access keys, and in which order they are forgotten, so that none is looked at before its time.
#[derive(Debug, Default)]
pub struct IssuedKeys {
    keys: AccessKeys,
    forgotten_at: BTreeSet<(i64, String)>,
}

impl IssuedKeys {
    /// The key of an id.
    pub fn get(&self, id: &str) -> Option<&AccessKey> {
        self.keys.get(id)
    }

    /// Forgets every key.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    fn insert(&mut self, key: AccessKey) {
        self.forgotten_at.insert((key.forgotten_at(), key.id.clone()));
        self.keys.insert(key.id.clone(), key);
    }

    /// Takes a key out that need not be known any more at `now`, if there is one: its id.
    fn pop_over(&mut self, now: i64) -> Option<String> {
        self.forgotten_at.first().filter(|(at, _)| *at <= now)?;
        let (_, id) = self.forgotten_at.pop_first()?;
        self.keys.remove(&id);
        Some(id)
    }
}

impl Sessions {
    /// Sessions that were stored before.
    pub fn new(keys: AccessKeys) -> Self {
        let mut issued = IssuedKeys::default();
        for key in keys.into_values() {
            issued.insert(key);
        }
        Self(Mutex::new(issued))
    }

    /// The access keys.
    pub fn lock(&self) -> MutexGuard<'_, IssuedKeys> {
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
        while let Some(id) = keys.pop_over(now) {
            batch.remove(Kind::Session, &id);
        }
        keys.insert(key);
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
        assert_eq!(sessions.lock().keys.keys().collect::<Vec<_>>(), ["b", "c"]);
        assert!(store.documents(Kind::Identity).unwrap().is_empty());
    }

    #[test]
    fn a_session_that_is_refused_is_not_there() {
        let (sessions, store) = (Sessions::default(), Store::in_memory().unwrap());
        let refused: Result<(), _> = sessions.issue(&store, 0, || Err(Error::internal_error()));
        assert!(refused.is_err() && sessions.lock().keys.is_empty());
    }
}
