//! `alicloud_log_store_encryption`: encryption at rest of a Logstore that this resource does not own.

mod apply;
mod existing;
mod import;
mod list;
mod model;
mod move_from;
mod ownership;
mod plan;
mod preflight;
mod private;
mod read;
mod resource;
mod role_users;
mod warnings;

use std::collections::BTreeMap;

pub use list::LogStoreEncryptionList;
use model::EncryptionModel;
use private::EncryptionPrivate;
pub use resource::LogStoreEncryption;
use schema::{
    Diagnostic, Field, Resource, Schema, Value,
    resource::{
        Context, Create, DestroyPlan, Destroyed, IdentityAttribute, IdentitySchema, Import, MoveSource,
        Moved, Outcome, Plan, PlanCreate, PlanDestroy, PlanUpdate, Stored, Update,
    },
};

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

    fn move_from(&self, source: &MoveSource) -> Result<Moved<Self>, Diagnostic> {
        Err(move_from::refused(source, self.type_name()))
    }

    fn identity(&self, state: &EncryptionModel) -> Value {
        Value::Object(BTreeMap::from([
            ("project_name".to_owned(), state.project_name.clone().into_value()),
            ("logstore_name".to_owned(), state.logstore_name.clone().into_value()),
            ("region".to_owned(), self.region_of(state).into_value()),
        ]))
    }

    fn on_state_loaded(&self, state: &EncryptionModel) {
        if let Some(Ok(id)) = self.known_log_store_id(state) {
            self.session.run_state.claims.announce(&id);
        }
        if let (Some(arn), Some(id)) = (state.permanent().arn, state.id.known()) {
            let roles = &self.session.run_state.roles;
            roles.record_user(arn, id);
            roles.record_may_be_replaced(id, state.may_be_replaced());
        }
    }

    async fn plan_create(&self, context: &Context, request: PlanCreate<Self>) -> Plan<Self> {
        plan::create(self, context, request).await
    }

    async fn plan_update(&self, context: &Context, request: PlanUpdate<Self>) -> Plan<Self> {
        plan::update(self, context, request).await
    }

    async fn plan_destroy(&self, _context: &Context, request: PlanDestroy<Self>) -> DestroyPlan<Self> {
        ownership::plan_destroy(self, &request)
    }

    async fn create(&self, context: &Context, request: Create<Self>) -> Outcome<Self> {
        let mut planned = request.planned;
        planned.complete_regions(&request.config, self.session.region().ok());
        apply::create(self, context, planned).await
    }

    async fn read(&self, context: &Context, request: Stored<Self>) -> Outcome<Self> {
        read::read(self, context, request).await
    }

    async fn update(&self, context: &Context, request: Update<Self>) -> Outcome<Self> {
        apply::update(self, context, request).await
    }

    async fn delete(&self, context: &Context, request: Stored<Self>) -> Destroyed<Self> {
        apply::delete(self, context, &request.state, &request.private).await
    }

    fn generate_config(&self, state: &EncryptionModel, mut config: EncryptionModel) -> EncryptionModel {
        // The region of the key is that of the Logstore if it is left out, and that one is the provider's.
        if let Field::Known(cmk) = &mut config.user_cmk_info
            && cmk.region_id == state.region
        {
            cmk.region_id = Field::Null;
        }
        if self.session.region().is_ok_and(|region| state.region == region.as_str().into()) {
            config.region = Field::Null;
        }
        config
    }

    async fn import(&self, _context: &Context, from: Import) -> Result<EncryptionModel, Diagnostic> {
        import::import(&from, self.session.region())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use std::sync::Arc;

    use super::*;
    use crate::{
        config::ProviderModel, environment::Environment, files::Files, session::Session, settings::settings,
    };

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
        session.configure(
            settings(&ProviderModel::default(), &environment, &Files::default()).unwrap(),
            "1.12.0",
            crate::claims::Span::OnePhase,
        );
        let upgraded = json!({"project_name": "audit", "logstore_name": "app", "region": "cn-hangzhou"});
        assert_eq!(resource.upgrade_identity(0, stored), upgraded);
    }
}
