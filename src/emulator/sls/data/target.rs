//! The Logstore a call is about, and the keys to what is in it.

use super::DataCall;
use super::record::Record;
use crate::error::Error;
use crate::sls::data_key::{DataKeys, Owner, Snapshot, WrappedDataKey};
use crate::sls::encryption;
use crate::sls::model::{Logstore, Model, Shard};
use crate::sls::shards;
use crate::sls::versioned::View;
use storage::{Algorithm, BlockAddress, BlockError, DataKey, open, parse_layout};

/// A Logstore as it was when a call looked it up.
#[derive(Clone, Debug)]
pub struct Target {
    /// What its data key is bound to.
    pub owner: Owner,
    /// How new blocks are encrypted; `None` for in clear.
    pub algorithm: Option<Algorithm>,
    /// Its data key, if it has one.
    pub data_key: Option<WrappedDataKey>,
    /// Its shards, by id.
    pub shards: Vec<Shard>,
}

impl Target {
    /// Finds the Logstore of a call.
    ///
    /// # Errors
    ///
    /// `ProjectNotExist`, `LogStoreNotExist`.
    pub fn find(call: &DataCall, model: &Model) -> Result<Self, Error> {
        let (project, name) = (call.project.as_str(), call.logstore.as_str());
        model.project_in(project, call.region.as_deref(), View::Current)?;
        let logstore =
            model.logstore(project, name, View::Current).ok_or_else(|| Error::logstore_not_exist(name))?;
        Ok(Self::from_logstore(project, name, logstore))
    }

    fn from_logstore(project: &str, name: &str, logstore: &Logstore) -> Self {
        let conf = logstore.encrypt_conf();
        Self {
            owner: Owner {
                project: project.to_owned(),
                logstore: name.to_owned(),
                number: logstore.number,
                user_cmk_info: conf.and_then(encryption::user_cmk_info_of),
            },
            algorithm: conf.and_then(encryption::algorithm_of),
            data_key: logstore.data_key.clone(),
            shards: logstore.shards.clone(),
        }
    }

    /// The shard in the call's path.
    ///
    /// # Errors
    ///
    /// `ShardNotExist`.
    pub fn shard(&self, call: &DataCall) -> Result<&Shard, Error> {
        shards::shard(&self.shards, call.shard)
    }

    /// The data key. While encryption is switched on nothing at all can be read or written without the keys that it
    /// comes from, also before it is made: then it is `None`.
    ///
    /// # Errors
    ///
    /// That the customer's key cannot be used.
    pub fn unwrapped_data_key(&self, keys: &DataKeys, snapshot: &Snapshot) -> Result<Option<DataKey>, Error> {
        match &self.data_key {
            Some(wrapped) => keys.for_reading(snapshot, &self.owner, wrapped).map(Some),
            None if self.algorithm.is_some() => keys.validate(snapshot, &self.owner).map(|()| None),
            None => Ok(None),
        }
    }

    /// The address of a place in a shard.
    pub fn address(&self, shard: u32, position: u64) -> BlockAddress {
        BlockAddress { logstore: self.owner.number, shard, position }
    }
}

/// Opens the blocks of a Logstore.
#[derive(Debug)]
pub struct Opener<'a> {
    call: &'a DataCall,
    target: &'a Target,
    key: Option<DataKey>,
}

impl<'a> Opener<'a> {
    /// What opens the blocks of a Logstore. While encryption is switched on, nothing at all can be read
    /// without its key, blocks in clear included.
    ///
    /// # Errors
    ///
    /// That the customer's key cannot be used.
    pub fn new(call: &'a DataCall, target: &'a Target) -> Result<Self, Error> {
        let key = match target.algorithm {
            Some(_) => target.unwrapped_data_key(&call.state.data_keys, &call.state.snapshot())?,
            None => None,
        };
        Ok(Self { call, target, key })
    }

    /// Opens a block.
    ///
    /// # Errors
    ///
    /// That the customer's key cannot be used, or that the block is not what was written.
    pub fn open(&mut self, address: BlockAddress, block: &[u8]) -> Result<Record, Error> {
        let layout = parse_layout(block).map_err(|error| damaged(address, error))?;
        let key = match layout.algorithm {
            None => self.call.state.data_keys.for_clear(),
            Some(_) => self.data_key(address)?,
        };
        let plaintext = open(key, address, block).map_err(|error| damaged(address, error))?;
        Record::from_plaintext(plaintext).ok_or_else(|| damaged(address, BlockError::Malformed))
    }

    fn data_key(&mut self, address: BlockAddress) -> Result<&DataKey, Error> {
        let key = match self.key.take() {
            Some(key) => key,
            None => self.unwrapped(address)?,
        };
        Ok(self.key.insert(key))
    }

    /// Unwraps the data key; one that was made after the Logstore was looked up is looked up again.
    fn unwrapped(&self, address: BlockAddress) -> Result<DataKey, Error> {
        let state = &self.call.state;
        let wrapped = match &self.target.data_key {
            Some(wrapped) => wrapped.clone(),
            None => Target::find(self.call, &state.sls())?
                .data_key
                .ok_or_else(|| damaged(address, BlockError::NotAuthentic))?,
        };
        state.data_keys.for_reading(&state.snapshot(), &self.target.owner, &wrapped)
    }
}

/// Checks that what is sealed in a Logstore can be read now: a read of it is refused with this very error, and so is
/// any read or write while encryption is switched on.
///
/// # Errors
///
/// That the customer's key cannot be used, or that the data key is not what was wrapped.
pub fn check_readable(
    (project, name, logstore): (&str, &str, &Logstore),
    keys: &DataKeys,
    snapshot: &Snapshot,
) -> Result<(), Error> {
    Target::from_logstore(project, name, logstore).unwrapped_data_key(keys, snapshot).map(drop)
}

fn damaged(address: BlockAddress, error: BlockError) -> Error {
    tracing::error!(?address, %error, "a block does not open");
    Error::internal_server_error()
}
