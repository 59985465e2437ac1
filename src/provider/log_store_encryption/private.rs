//! What the provider stores beside the state.

use serde::{Deserialize, Serialize};

use super::model::EncryptionModel;
use crate::{
    account,
    claims::{MadeAt, PlannedDestroy},
    log_store_id::LogStoreId,
    session::Session,
};
use cloud::{CallContext, ram::RoleArn};
use schema::Diagnostic;

/// What is stored beside the state.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct EncryptionPrivate {
    /// Set in every plan that may be that of a replacement. Core passes it to the destroy half, which must not switch
    /// encryption off. It is never stored with an object that stays.
    pub(super) replacement: bool,
    /// When this provider created the object; `None` for an imported one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) made_at: Option<MadeAt>,
    /// The account of a Logstore with a service key. With a KMS key, the ARN of the role names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) account_id: Option<String>,
    /// The planned destroy, with `on_destroy = "disable"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) destroy: Option<PlannedDestroy>,
}

impl EncryptionPrivate {
    /// What is stored with an object that stays.
    pub(super) fn for_state(&self) -> EncryptionPrivate {
        EncryptionPrivate {
            made_at: self.made_at,
            account_id: self.account_id.clone(),
            ..EncryptionPrivate::default()
        }
    }

    /// The account that the Logstore of a state belongs to. SLS assumes roles of that account only.
    fn account_of(&self, state: &EncryptionModel) -> Option<String> {
        let role = state.permanent().arn.and_then(|arn| RoleArn::parse(arn).ok());
        role.map(|role| role.account_id().to_owned()).or_else(|| self.account_id.clone())
    }

    /// Stores the account of the credentials as that of the Logstore, where it is not known.
    pub(super) async fn store_account(
        &mut self,
        session: &Session,
        bounds: &CallContext,
        state: &EncryptionModel,
    ) {
        if self.account_of(state).is_none() {
            self.account_id = account::to_record(session, bounds).await;
        }
    }

    /// Checks that the account that says that a Logstore does not exist is the account that the Logstore belongs to.
    ///
    /// # Errors
    ///
    /// It is another one, or one of the two is not known.
    pub(super) async fn check_account(
        &self,
        session: &Session,
        bounds: &CallContext,
        id: &LogStoreId,
        state: &EncryptionModel,
    ) -> Result<(), Diagnostic> {
        let object = format!("Logstore {id}");
        match self.account_of(state) {
            Some(account_id) => account::verify(session, bounds, &object, &account_id).await,
            None => Err(account::unknown_account(session, bounds, &object).await),
        }
    }
}
