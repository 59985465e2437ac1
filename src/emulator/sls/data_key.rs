//! The data keys of Logstores: each Logstore has one of its own, made at the first write that needs it and
//! kept wrapped with the Logstore.

use super::encryption::UserCmkInfo;
use super::error::Error;
use crate::emulator::state::State;
use crate::storage::{Algorithm, BlockAddress, BlockError, DataKey, open, seal};

/// A Logstore's data key as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WrappedDataKey {
    /// Under a key of the service's own.
    Service {
        /// The sealed key.
        wrapped: Vec<u8>,
    },
    /// Under the customer's key.
    Byok {
        /// What KMS `GenerateDataKey` answered as `CiphertextBlob`.
        ciphertext_blob: String,
    },
}

/// The Logstore a data key belongs to, as it was looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// The project's name.
    pub project: String,
    /// The Logstore's name.
    pub logstore: String,
    /// The Logstore's number.
    pub number: u64,
    /// The customer's key, if its encryption configuration names one.
    pub user_cmk_info: Option<UserCmkInfo>,
}

/// Where data keys are made and unwrapped.
#[derive(Debug)]
pub struct DataKeys {
    /// What wraps the data keys of Logstores without a customer's key.
    service: DataKey,
    /// What authenticates blocks in clear.
    clear: DataKey,
}

impl Default for DataKeys {
    /// Keys that are new and last as long as the process.
    fn default() -> Self {
        Self { service: DataKey::generate(), clear: DataKey::generate() }
    }
}

impl DataKeys {
    /// The key a Logstore's next block is sealed with: the one it has, or a new one that has to be stored
    /// with the Logstore before the first block that is sealed with it.
    ///
    /// # Errors
    ///
    /// That the customer's key cannot be used.
    pub fn for_writing(
        &self,
        state: &State,
        owner: &Owner,
        stored: Option<&WrappedDataKey>,
    ) -> Result<(DataKey, Option<WrappedDataKey>), Error> {
        if let Some(stored) = stored {
            return Ok((self.for_reading(state, owner, stored)?, None));
        }
        self.check(state, owner)?;
        let key = DataKey::generate();
        let wrapped =
            seal(Some(Algorithm::AesGcm), &self.service, wrapping_address(owner), key.expose().as_slice());
        Ok((key, Some(WrappedDataKey::Service { wrapped })))
    }

    /// The key a Logstore's sealed blocks are opened with.
    ///
    /// # Errors
    ///
    /// That the customer's key cannot be used, or that the key is not what was wrapped.
    pub fn for_reading(
        &self,
        state: &State,
        owner: &Owner,
        wrapped: &WrappedDataKey,
    ) -> Result<DataKey, Error> {
        self.check(state, owner)?;
        match wrapped {
            WrappedDataKey::Service { wrapped } => {
                let key = open(&self.service, wrapping_address(owner), wrapped).map_err(damaged)?;
                Ok(DataKey::from_bytes(key.try_into().map_err(|_| damaged(BlockError::Malformed))?))
            }
            WrappedDataKey::Byok { .. } => Err(unusable(owner)),
        }
    }

    /// Checks that a Logstore's data key could be used now. Nothing is asked of a Logstore without a
    /// customer's key.
    ///
    /// # Errors
    ///
    /// That the customer's key cannot be used.
    #[expect(clippy::unused_self, reason = "the keys of customers are looked up here")]
    pub fn check(&self, _state: &State, owner: &Owner) -> Result<(), Error> {
        if owner.user_cmk_info.is_some() { Err(unusable(owner)) } else { Ok(()) }
    }

    /// The key that blocks in clear are authenticated with.
    pub fn for_clear(&self) -> &DataKey {
        &self.clear
    }
}

fn unusable(owner: &Owner) -> Error {
    let id = owner.user_cmk_info.as_ref().map_or("", |info| &info.cmk_key_id);
    Error::cmk_unusable(id, "this version does not use customer keys for data")
}

fn damaged(error: BlockError) -> Error {
    tracing::error!(%error, "a data key does not unwrap");
    Error::internal()
}

/// A place no block is at, so that a wrapped key opens for its Logstore only and is no block's content.
fn wrapping_address(owner: &Owner) -> BlockAddress {
    BlockAddress { logstore: owner.number, shard: u32::MAX, position: u64::MAX }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::emulator::{Clock, Rules, Seed};
    use crate::storage::Store;

    fn state() -> State {
        State::new(Seed::default(), Rules::Default, Clock::fixed(0), Store::in_memory().unwrap())
    }

    fn owner(number: u64) -> Owner {
        Owner { project: "proj".to_owned(), logstore: "app".to_owned(), number, user_cmk_info: None }
    }

    #[test]
    fn a_key_is_made_once_and_unwraps_for_its_logstore_only() {
        let (keys, state) = (DataKeys::default(), state());
        let (key, made) = keys.for_writing(&state, &owner(1), None).unwrap();
        let made = made.unwrap();
        let (again, nothing) = keys.for_writing(&state, &owner(1), Some(&made)).unwrap();
        assert_eq!((again.expose(), nothing), (key.expose(), None));
        assert_eq!(keys.for_reading(&state, &owner(1), &made).unwrap().expose(), key.expose());
        assert_eq!(keys.for_reading(&state, &owner(2), &made).unwrap_err().code, "InternalServerError");
    }
}
