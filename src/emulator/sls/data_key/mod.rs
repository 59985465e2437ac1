//! The data keys of Logstores: each Logstore has one of its own, made at the first write that needs it and
//! kept wrapped with the Logstore.

mod cache;
mod customer_key;
mod snapshot;
#[cfg(test)]
mod tests;
mod wrapped;

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use self::cache::DataKeyCache;
pub use self::customer_key::CustomerKey;
pub use self::snapshot::Snapshot;
pub use self::wrapped::{Owner, WrappedDataKey};
use crate::error::Error;
use storage::{DataKey, Store};

/// Where data keys are made and unwrapped.
#[derive(Debug)]
pub struct DataKeys {
    /// What wraps the data keys of Logstores without a customer's key: its master key stands for the keys of the
    /// service's own.
    store: Store,
    /// What authenticates blocks in clear.
    clear: DataKey,
    /// What KMS opened a moment ago.
    opened: DataKeyCache,
    /// The numbers of the Logstores whose key is known not to unwrap. The status page asks for all keys again and
    /// again, and the log says it once.
    damaged: Mutex<BTreeSet<u64>>,
}

impl DataKeys {
    /// The data keys of the Logstores in a store.
    pub fn new(store: &Store) -> Self {
        let (store, clear) = (store.clone(), store.clear_key());
        Self { store, clear, opened: DataKeyCache::default(), damaged: Mutex::default() }
    }

    /// The key a Logstore's next block is sealed with: the one it has, or a new one that has to be stored
    /// with the Logstore before the first block that is sealed with it.
    ///
    /// # Errors
    ///
    /// That the customer's key cannot be used.
    pub fn for_writing(
        &self,
        snapshot: &Snapshot,
        owner: &Owner,
        stored: Option<&WrappedDataKey>,
    ) -> Result<(DataKey, Option<WrappedDataKey>), Error> {
        if let Some(stored) = stored {
            return Ok((self.for_reading(snapshot, owner, stored)?, None));
        }
        let Some(info) = &owner.user_cmk_info else {
            let key = DataKey::generate();
            let wrapped = self.store.wrap_key(&belongs_to(owner), &key);
            return Ok((key, Some(WrappedDataKey::Service { wrapped })));
        };
        let (key, ciphertext_blob) = CustomerKey { snapshot, owner, info }.generate()?;
        self.opened.put(snapshot, owner, Some(&ciphertext_blob), &key);
        Ok((key, Some(WrappedDataKey::Byok { ciphertext_blob })))
    }

    /// The key a Logstore's sealed blocks are opened with.
    ///
    /// # Errors
    ///
    /// That the customer's key cannot be used, or that the key is not what was wrapped.
    pub fn for_reading(
        &self,
        snapshot: &Snapshot,
        owner: &Owner,
        wrapped: &WrappedDataKey,
    ) -> Result<DataKey, Error> {
        match (wrapped, &owner.user_cmk_info) {
            (WrappedDataKey::Service { wrapped }, _) => {
                match self.store.unwrap_key(&belongs_to(owner), wrapped) {
                    Ok(key) => {
                        self.damaged().remove(&owner.number);
                        Ok(key)
                    }
                    Err(error) => {
                        if self.damaged().insert(owner.number) {
                            let Owner { project, logstore, .. } = owner;
                            tracing::error!(project, logstore, %error, "a data key does not unwrap");
                        }
                        Err(Error::internal_server_error())
                    }
                }
            }
            (WrappedDataKey::Byok { ciphertext_blob }, Some(info)) => {
                let blob = ciphertext_blob.as_str();
                if let Some(key) = self.opened.get(snapshot, owner, Some(blob)) {
                    return Ok(key);
                }
                let key = CustomerKey { snapshot, owner, info }.open(blob)?;
                self.opened.put(snapshot, owner, Some(blob), &key);
                Ok(key)
            }
            // No service does that: the control API can.
            (WrappedDataKey::Byok { .. }, None) => Err(Error::parameter_invalid(format!(
                "The data key of logstore {} was made with a customer's key, and encrypt_conf has no user_cmk_info any \
                 more that says with which role it is decrypted.",
                owner.logstore
            ))),
        }
    }

    /// Checks that the key of a Logstore that has not sealed anything yet could be made and opened now. Nothing
    /// is asked of a Logstore without a customer's key.
    ///
    /// # Errors
    ///
    /// That the customer's key cannot be used.
    pub fn validate(&self, snapshot: &Snapshot, owner: &Owner) -> Result<(), Error> {
        let Some(info) = &owner.user_cmk_info else { return Ok(()) };
        if self.opened.get(snapshot, owner, None).is_some() {
            return Ok(());
        }
        let (key, _) = CustomerKey { snapshot, owner, info }.generate()?;
        self.opened.put(snapshot, owner, None, &key);
        Ok(())
    }

    /// Forgets every key that was unwrapped or did not unwrap.
    pub fn clear(&self) {
        self.opened.clear();
        self.damaged().clear();
    }

    fn damaged(&self) -> MutexGuard<'_, BTreeSet<u64>> {
        self.damaged.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The key that blocks in clear are authenticated with.
    pub fn for_clear(&self) -> &DataKey {
        &self.clear
    }
}

/// The owner of a wrapped key, by the number that no other Logstore gets.
fn belongs_to(owner: &Owner) -> String {
    format!("logstore {}", owner.number)
}
