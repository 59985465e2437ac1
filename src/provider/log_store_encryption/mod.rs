//! `alicloud_log_store_encryption`: encryption at rest of a Logstore that this resource does not own.

mod apply;
mod import;
mod model;
mod ownership;
mod plan;
mod preflight;
mod read;
mod role_users;
mod warnings;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use serde::{Deserialize, Serialize};

use super::{
    account,
    claims::{MadeAt, PlannedDestroy},
    log_store_id::LogStoreId,
    session::Session,
    timeouts::{self, TimeoutsModel},
};
use crate::{
    cloud::{
        CallContext,
        ram::RoleArn,
        sls::{SlsClient, encryption::BoundLogStore},
    },
    schema::{
        Diagnostic, Field, Resource, Schema, Value,
        resource::{
            Context, Create, DestroyPlan, Destroyed, IdentityAttribute, IdentitySchema, Import, Outcome,
            Plan, PlanCreate, PlanDestroy, PlanUpdate, Stored, Update,
        },
    },
};
use model::EncryptionModel;

/// The resource type `alicloud_log_store_encryption`.
#[derive(Debug)]
pub struct LogStoreEncryption {
    session: Arc<Session>,
}

/// What is stored beside the state.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct EncryptionPrivate {
    /// Set in every plan that may be of a replacement, which core hands to its destroy half: that half must
    /// not switch encryption off. Never stored with an object that lives on.
    replacement: bool,
    /// When this provider made the object; none of an imported one.
    #[serde(skip_serializing_if = "Option::is_none")]
    made_at: Option<MadeAt>,
    /// The account of a Logstore with a service key. With a KMS key, the ARN of the role names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    account_id: Option<String>,
    /// What the plan of a destroy with `on_destroy = "disable"` leaves to the destroy.
    #[serde(skip_serializing_if = "Option::is_none")]
    destroy: Option<PlannedDestroy>,
}

/// How long a refresh may take if `timeouts.read` does not say.
const READ_TIMEOUT: Duration = Duration::from_mins(2);

/// How long a write may take if `timeouts` does not say: several rounds of four calls with retries.
const WRITE_TIMEOUT: Duration = Duration::from_mins(5);

impl LogStoreEncryption {
    pub(super) fn new(session: Arc<Session>) -> LogStoreEncryption {
        LogStoreEncryption { session }
    }

    /// The Logstore, if all that tells it from others is known.
    fn known_log_store_id(&self, model: &EncryptionModel) -> Option<Result<LogStoreId, String>> {
        model.log_store_id(self.session.region().ok())
    }

    /// The Logstore of a state, whose names were checked when they were configured or imported.
    fn log_store_id(&self, model: &EncryptionModel) -> Result<LogStoreId, Diagnostic> {
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
    fn region_of(&self, state: &EncryptionModel) -> Field<String> {
        match (&state.region, self.session.region()) {
            (Field::Null, Ok(region)) => region.as_str().into(),
            (stored, _) => stored.clone(),
        }
    }

    /// The bounds of one operation.
    fn call_context(
        &self,
        context: &Context,
        model: &EncryptionModel,
        limit: fn(&TimeoutsModel) -> &Field<String>,
        default: Duration,
    ) -> CallContext {
        let limit = timeouts::limit(&model.timeouts, limit, default);
        let bounds = CallContext::new(context.cancel.clone());
        match self.session.ram() {
            Ok(client) => bounds.with_timeout(client.clock(), limit),
            Err(_) => bounds,
        }
    }
}

impl EncryptionPrivate {
    /// What is stored with an object that lives on.
    fn of_object(&self) -> EncryptionPrivate {
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
    async fn store_account(
        &mut self,
        resource: &LogStoreEncryption,
        bounds: &CallContext,
        state: &EncryptionModel,
    ) {
        if self.account_of(state).is_none() {
            self.account_id = account::to_store(&resource.session, bounds).await;
        }
    }

    /// Checks that the account which says that a Logstore is gone is the one that the Logstore belongs to.
    ///
    /// # Errors
    ///
    /// It is another one, or one of the two is not known.
    async fn check_account(
        &self,
        resource: &LogStoreEncryption,
        bounds: &CallContext,
        id: &LogStoreId,
        state: &EncryptionModel,
    ) -> Result<(), Diagnostic> {
        let object = format!("Logstore {id}");
        match self.account_of(state) {
            Some(account_id) => account::check(&resource.session, bounds, &object, &account_id).await,
            None => Err(account::unknown_account(&resource.session, bounds, &object).await),
        }
    }
}

fn bound<'a>(client: &'a SlsClient, context: &CallContext, id: &'a LogStoreId) -> BoundLogStore<'a> {
    BoundLogStore {
        client,
        context: context.clone(),
        project: &id.project,
        logstore: &id.logstore,
        api: client.encryption_api(),
    }
}

impl Resource for LogStoreEncryption {
    type Model = EncryptionModel;
    type Private = EncryptionPrivate;

    fn type_name(&self) -> &'static str {
        "alicloud_log_store_encryption"
    }

    fn schema(&self) -> Schema {
        model::schema()
    }

    fn identity_schema(&self) -> Option<IdentitySchema> {
        let attributes = vec![
            IdentityAttribute::required("project_name", "The SLS project."),
            IdentityAttribute::required("logstore_name", "The Logstore in it."),
            IdentityAttribute::optional(
                "region",
                "The region of the project. Left out, it is the provider's region.",
            ),
        ];
        Some(IdentitySchema { version: 1, attributes })
    }

    fn upgrade_identity(&self, version: i64, mut identity: serde_json::Value) -> serde_json::Value {
        // Version 0 has no region: all Logstores of a provider were in its own.
        if let (0, Some(members), Ok(region)) = (version, identity.as_object_mut(), self.session.region()) {
            members.insert("region".to_owned(), region.as_str().into());
        }
        identity
    }

    fn identity(&self, state: &EncryptionModel) -> Value {
        Value::Object(BTreeMap::from([
            ("project_name".to_owned(), state.project_name.clone().into_value()),
            ("logstore_name".to_owned(), state.logstore_name.clone().into_value()),
            ("region".to_owned(), self.region_of(state).into_value()),
        ]))
    }

    fn note_stored(&self, state: &EncryptionModel) {
        if let Some(Ok(id)) = self.known_log_store_id(state) {
            self.session.held.claims.announce(&id);
        }
        if let (Some(arn), Some(id)) = (state.permanent().arn, state.id.known()) {
            let roles = &self.session.held.roles;
            roles.note_user(arn, id);
            roles.note_may_be_replaced(id, state.may_be_replaced());
        }
    }

    async fn plan_create(
        &self,
        context: &Context,
        request: PlanCreate<EncryptionModel, EncryptionPrivate>,
    ) -> Plan<EncryptionModel, EncryptionPrivate> {
        plan::create(self, context, request).await
    }

    async fn plan_update(
        &self,
        context: &Context,
        request: PlanUpdate<EncryptionModel, EncryptionPrivate>,
    ) -> Plan<EncryptionModel, EncryptionPrivate> {
        plan::update(self, context, request).await
    }

    async fn plan_destroy(
        &self,
        _context: &Context,
        request: PlanDestroy<EncryptionModel, EncryptionPrivate>,
    ) -> DestroyPlan<EncryptionPrivate> {
        ownership::plan_destroy(self, &request)
    }

    async fn create(
        &self,
        context: &Context,
        request: Create<EncryptionModel, EncryptionPrivate>,
    ) -> Outcome<EncryptionModel, EncryptionPrivate> {
        let mut planned = request.planned;
        planned.complete_regions(&request.config, self.session.region().ok());
        apply::create(self, context, planned).await
    }

    async fn read(
        &self,
        context: &Context,
        request: Stored<EncryptionModel, EncryptionPrivate>,
    ) -> Outcome<EncryptionModel, EncryptionPrivate> {
        read::read(self, context, request).await
    }

    async fn update(
        &self,
        context: &Context,
        request: Update<EncryptionModel, EncryptionPrivate>,
    ) -> Outcome<EncryptionModel, EncryptionPrivate> {
        apply::update(self, context, request).await
    }

    async fn delete(
        &self,
        context: &Context,
        request: Stored<EncryptionModel, EncryptionPrivate>,
    ) -> Destroyed<EncryptionModel> {
        apply::delete(self, context, &request.state, &request.private).await
    }

    async fn import(&self, _context: &Context, from: Import) -> Result<EncryptionModel, Diagnostic> {
        import::import(&from, self.session.region())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::provider::{config::ProviderModel, environment::Environment, settings::settings};

    #[test]
    fn an_identity_without_a_region_gets_that_of_the_provider() {
        let session = Arc::new(Session::default());
        let resource = LogStoreEncryption::new(Arc::clone(&session));
        let stored = json!({"project_name": "audit", "logstore_name": "app"});
        assert_eq!(resource.upgrade_identity(0, stored.clone()), stored, "no region is known yet");
        let environment = Environment::from([
            ("ALICLOUD_ACCESS_KEY", "id"),
            ("ALICLOUD_SECRET_KEY", "secret"),
            ("ALICLOUD_REGION", "cn-hangzhou"),
        ]);
        session.configure(settings(&ProviderModel::default(), &environment).unwrap(), "1.12.0");
        let upgraded = json!({"project_name": "audit", "logstore_name": "app", "region": "cn-hangzhou"});
        assert_eq!(resource.upgrade_identity(0, stored), upgraded);
    }
}
