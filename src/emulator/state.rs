//! What all calls share.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio_util::sync::CancellationToken;

use super::faults::Faults;
use super::identity::Directory;
use super::requests::RequestLog;
use super::rpc::Nonces;
use super::seed::Seed;
use super::snapshots::Snapshots;
use super::{Clock, Rules, kms, sls};
use crate::storage::{Change, Committed, Store};

/// The emulator without its socket.
#[derive(Debug)]
pub struct State {
    /// The account everything belongs to.
    pub account_id: String,
    /// The region of what does not say another.
    pub region: String,
    /// Who there is, what each may do, and their access keys.
    pub identity: Snapshots<Directory>,
    seeded_identity: Directory,
    /// The keys of KMS.
    pub keys: Snapshots<kms::Keys>,
    seeded_keys: kms::Keys,
    /// Whether role and key of an encryption configuration have to be there.
    pub references_must_exist: bool,
    /// The nonces that calls were signed with.
    pub nonces: Nonces,
    /// How strictly calls are read.
    pub rules: Rules,
    /// The services' clock.
    pub clock: Clock,
    /// Every call so far.
    pub requests: RequestLog,
    /// What goes wrong on order.
    pub faults: Faults,
    /// What is kept: documents and blocks.
    pub store: Store,
    /// Who appends to shards.
    pub writers: sls::Writers,
    /// The data keys of Logstores.
    pub data_keys: sls::DataKeys,
    /// Cancelled when the emulator stops: what waits, stops waiting.
    pub stopping: CancellationToken,
    sls: Mutex<sls::Model>,
    seeded_sls: sls::Model,
}

impl State {
    /// The state a seed describes, with its data in `store`.
    pub fn new(seed: Seed, rules: Rules, clock: Clock, store: Store) -> Self {
        Self {
            account_id: seed.account_id,
            region: seed.region,
            identity: Snapshots::settled(seed.directory.clone()),
            seeded_identity: seed.directory,
            keys: Snapshots::settled(seed.keys.clone()),
            seeded_keys: seed.keys,
            references_must_exist: seed.references_must_exist,
            nonces: Nonces::default(),
            rules,
            clock,
            requests: RequestLog::default(),
            faults: Faults::default(),
            data_keys: sls::DataKeys::new(&store),
            store,
            writers: sls::Writers::default(),
            stopping: CancellationToken::new(),
            sls: Mutex::new(seed.sls.clone()),
            seeded_sls: seed.sls,
        }
    }

    /// The projects and Logstores. Hold it for one evaluation, never across an await.
    pub fn sls(&self) -> MutexGuard<'_, sls::Model> {
        self.sls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands over what follows from a change of `model`, while it is still locked: shards and Logstores that
    /// are closed take nothing any more, and what was in a Logstore goes with it.
    pub fn hand_over(&self, model: &mut sls::Model) -> Committed {
        let closed = model.take_closed();
        let mut change = Change::new();
        for (logstore, shard) in closed.shards {
            self.writers.close(logstore, shard);
        }
        for logstore in closed.logstores {
            self.writers.close_all(logstore);
            change.remove_blocks(logstore);
        }
        self.store.submit(change)
    }

    /// Goes back to the seed: data, identities, keys, faults, nonces, request log and clock.
    pub fn reset(&self) -> Committed {
        self.faults.clear();
        self.requests.clear();
        self.clock.reset();
        self.nonces.clear();
        self.data_keys.clear();
        self.identity.replace(self.seeded_identity.clone());
        self.keys.replace(self.seeded_keys.clone());
        let mut model = self.sls();
        self.writers.close_everything();
        let mut change = Change::new();
        change.clear();
        model.go_back(&self.seeded_sls);
        self.store.submit(change)
    }
}
