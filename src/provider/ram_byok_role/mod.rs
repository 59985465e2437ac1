//! `alicloud_ram_byok_role`: the role that Simple Log Service assumes to use KMS keys, with everything that belongs
//! to it.

mod create;
mod delete;
mod import;
mod list;
mod model;
mod move_from;
mod plan;
mod read;
mod resource;
mod update;

use std::collections::BTreeMap;

pub use list::RamByokRoleList;
use model::RoleModel;
pub use resource::RamByokRole;
use resource::RolePrivate;
use schema::{
    Diagnostic, Diagnostics, Field, Resource, Schema, Value,
    resource::{
        Context, Create, DestroyPlan, Destroyed, IdentityAttribute, IdentitySchema, Import, MoveSource,
        Moved, Outcome, Plan, PlanCreate, PlanDestroy, PlanUpdate, Stored, Update,
    },
};

impl Resource for RamByokRole {
    type Model = RoleModel;
    type Private = RolePrivate;

    fn type_name(&self) -> &'static str {
        "alicloud_ram_byok_role"
    }

    fn schema(&self) -> Schema {
        model::schema()
    }

    fn identity_schema(&self) -> Option<IdentitySchema> {
        let attributes = vec![
            IdentityAttribute::required("role_name", "The name of the role."),
            IdentityAttribute::optional(
                "account_id",
                "The account of the role. Given, an import with credentials of another account is an error.",
            ),
        ];
        // Version 0 has the name only; the next refresh adds the account.
        Some(IdentitySchema { version: 1, attributes })
    }

    fn move_from(&self, source: &MoveSource) -> Result<Moved<Self>, Diagnostic> {
        move_from::from_role(source, self.type_name())
    }

    fn identity(&self, state: &RoleModel) -> Value {
        let account_id: Field<String> = match resource::arn(state) {
            Some(arn) => arn.account_id().into(),
            None => Field::Null,
        };
        Value::Object(BTreeMap::from([
            ("role_name".to_owned(), state.role_name.clone().into_value()),
            ("account_id".to_owned(), account_id.into_value()),
        ]))
    }

    fn validate(&self, config: &RoleModel) -> Diagnostics {
        plan::validate(config)
    }

    fn on_state_loaded(&self, state: &RoleModel) {
        if let Some(name) = state.role_name.known() {
            self.session.run_state.roles.record_stored(name);
        }
    }

    async fn plan_create(&self, context: &Context, request: PlanCreate<Self>) -> Plan<Self> {
        plan::create(self, context, request).await
    }

    async fn plan_update(&self, context: &Context, request: PlanUpdate<Self>) -> Plan<Self> {
        plan::update(self, context, request).await
    }

    async fn plan_destroy(&self, _context: &Context, request: PlanDestroy<Self>) -> DestroyPlan<Self> {
        plan::destroy(self, &request)
    }

    async fn create(&self, context: &Context, request: Create<Self>) -> Outcome<Self> {
        create::create(self, context, request).await
    }

    async fn read(&self, context: &Context, request: Stored<Self>) -> Outcome<Self> {
        read::read(self, context, request).await
    }

    async fn update(&self, context: &Context, request: Update<Self>) -> Outcome<Self> {
        update::update(self, context, request).await
    }

    async fn delete(&self, context: &Context, request: Stored<Self>) -> Destroyed<Self> {
        delete::delete(self, context, &request).await
    }

    fn generate_config(&self, state: &RoleModel, mut config: RoleModel) -> RoleModel {
        if let (Some(name), Field::Known(pass_role)) = (state.role_name.known(), &mut config.pass_role)
            && pass_role.policy_name.known().is_some_and(|policy| *policy == model::default_policy_name(name))
        {
            pass_role.policy_name = Field::Null;
        }
        config
    }

    async fn import(&self, context: &Context, from: Import) -> Result<RoleModel, Diagnostic> {
        import::import(self, context, &from).await
    }
}
