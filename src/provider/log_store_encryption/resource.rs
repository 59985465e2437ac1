//! The resource type and what its operations share.

use std::sync::Arc;

use super::model::EncryptionModel;
use crate::{log_store_id::LogStoreId, session::Session};
use cloud::{
    CallContext,
    sls::{SlsClient, encryption::BoundLogStore},
};
use schema::{Diagnostic, Field};

/// The resource type `alicloud_log_store_encryption`.
#[derive(Debug)]
pub struct LogStoreEncryption {
    pub(super) session: Arc<Session>,
}

impl LogStoreEncryption {
    pub(crate) fn new(session: Arc<Session>) -> LogStoreEncryption {
        LogStoreEncryption { session }
    }

    /// The Logstore, if its region and names are known.
    pub(super) fn known_log_store_id(&self, model: &EncryptionModel) -> Option<Result<LogStoreId, String>> {
        model.log_store_id(self.session.region().ok())
    }

    /// The Logstore of a state, whose names were checked when they were configured or imported.
    pub(super) fn log_store_id(&self, model: &EncryptionModel) -> Result<LogStoreId, Diagnostic> {
        let default = if model.region.is_null() { Some(self.session.region()?) } else { None };
        let id = model.log_store_id(default).unwrap_or_else(|| Err("A name is missing.".to_owned()));
        id.map_err(|problem| {
            Diagnostic::error(
                "The state does not name a Logstore",
                format!("{problem} Take the resource out of the state, which sends nothing, and import it again:\n\n  terraform state rm ADDRESS\n  terraform import ADDRESS PROJECT:LOGSTORE"),
            )
        })
    }

    /// The region of a state. An older version has stored none: all its Logstores were in the provider's region.
    pub(super) fn region_of(&self, state: &EncryptionModel) -> Field<String> {
        match (&state.region, self.session.region()) {
            (Field::Null, Ok(region)) => region.as_str().into(),
            (stored, _) => stored.clone(),
        }
    }
}

/// The calls for one Logstore.
pub(super) fn bind<'a>(
    client: &'a SlsClient,
    context: &CallContext,
    id: &'a LogStoreId,
) -> BoundLogStore<'a> {
    BoundLogStore {
        client,
        context: context.clone(),
        project: &id.project,
        logstore: &id.logstore,
        api: client.encryption_api(),
    }
}
