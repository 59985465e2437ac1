//! `alicloud_ram_byok_role`: the role that Simple Log Service assumes to use KMS keys, with everything that belongs
//! to it.

mod create;
mod delete;
mod import;
mod model;
mod plan;
mod read;
mod update;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use tokio::sync::OwnedMutexGuard;

use super::{
    account, errors,
    held_roles::Unfinished,
    session::Session,
    timeouts::{self, TimeoutsModel},
};
use crate::{
    cloud::{
        CallContext,
        names::RoleName,
        ram::{
            RoleArn,
            byok_role::{BoundRole, Observed, StepError, Wanted, same_name},
        },
    },
    schema::{
        Diagnostic, Diagnostics, Field, Resource, Schema, Value,
        resource::{
            Context, Create, DestroyPlan, Destroyed, IdentityAttribute, IdentitySchema, Import, Outcome,
            Plan, PlanCreate, PlanDestroy, PlanUpdate, Stored, Update,
        },
    },
};
use model::RoleModel;

/// The resource type `alicloud_ram_byok_role`.
#[derive(Debug)]
pub struct RamByokRole {
    session: Arc<Session>,
}

/// What is stored beside the state.
type RolePrivate = Unfinished;

/// How long a refresh may take if `timeouts.read` does not say.
const READ_TIMEOUT: Duration = Duration::from_mins(2);

/// How long a write may take if `timeouts` does not say, waiting until it is seen included.
const WRITE_TIMEOUT: Duration = Duration::from_mins(5);

impl RamByokRole {
    pub(super) fn new(session: Arc<Session>) -> RamByokRole {
        RamByokRole { session }
    }

    /// Waits, within the bounds, until no other call of this process makes or deletes the role of this name.
    async fn lock(
        &self,
        bounds: &CallContext,
        name: &str,
    ) -> Result<Option<OwnedMutexGuard<()>>, Diagnostic> {
        let Ok(client) = self.session.ram() else { return Ok(None) };
        let waited = bounds.bound(client.clock(), self.session.held.roles.lock(name)).await;
        waited.map(Some).map_err(|_| {
            Diagnostic::error(
                "Another operation on the same role is not over",
                format!("Role {name}: waiting for it ended with the time allowed for this one, or was interrupted. Run again."),
            )
        })
    }

    /// The bounds of one operation.
    fn call_context(
        &self,
        context: &Context,
        model: &RoleModel,
        limit: fn(&TimeoutsModel) -> &Field<String>,
        default: Duration,
    ) -> CallContext {
        let bounds = CallContext::new(context.cancel.clone());
        let limit = timeouts::limit(&model.timeouts, limit, default);
        match self.session.ram() {
            Ok(client) => bounds.with_timeout(client.clock(), limit),
            Err(_) => bounds,
        }
    }
}

/// The role of a state, whose name was checked when it was configured or imported.
fn role_name(model: &RoleModel) -> Result<RoleName, Diagnostic> {
    let name = model.role_name.known().map_or("", String::as_str);
    RoleName::parse(name).map_err(|problem| {
        Diagnostic::error(
            "The state does not name a role",
            format!("{problem} Take the resource out of the state, which sends nothing, and import it again:\n\n  terraform state rm ADDRESS\n  terraform import ADDRESS ROLE_NAME"),
        )
    })
}

/// The ARN of a state; none of a role of which nobody knows whether it was made.
fn arn(state: &RoleModel) -> Option<RoleArn> {
    RoleArn::parse(state.arn.known()?).ok()
}

/// Checks that the credentials belong to the account of the role in a state, where its ARN is known: names of roles are
/// unique within an account only.
async fn check_account(
    resource: &RamByokRole,
    bounds: &CallContext,
    state: &RoleModel,
) -> Result<(), Diagnostic> {
    let Some(arn) = arn(state) else { return Ok(()) };
    let object = format!("Role {}", role_name(state)?);
    account::check(&resource.session, bounds, &object, arn.account_id()).await
}

/// The name of the PassRole policy that is looked after. An import looks for one of the default name.
fn pass_role_policy_name(model: &RoleModel, importing: bool) -> Option<String> {
    let default = || model.role_name.known().map(|name| model::default_policy_name(name));
    match &model.pass_role {
        Field::Known(pass_role) => pass_role.policy_name.known().cloned().or_else(default),
        _ if importing => default(),
        _ => None,
    }
}

/// What a plan says that the role should be.
fn wanted(planned: &RoleModel) -> Result<Wanted, Diagnostic> {
    planned.wanted().ok_or_else(|| errors::unknown_at_apply("Role"))
}

/// A write that failed. Where nobody knows whether it was carried out, `observed` is then what was found.
async fn not_set_up(
    role: &BoundRole<'_>,
    wanted: &Wanted,
    observed: &mut Observed,
    error: &StepError,
) -> Diagnostics {
    let look = role.look_after(error, wanted, observed).await;
    errors::of_step(&wanted.role_name, error, look.as_ref()).into_iter().collect()
}

/// Removes the PassRole policies that runs which failed have left, but for the one that is wanted.
async fn remove_left(
    role: &BoundRole<'_>,
    wanted: &Wanted,
    policies: &BTreeSet<String>,
) -> Result<(), Diagnostic> {
    let kept = wanted.pass_role.as_ref().map(|pass_role| pass_role.policy_name.as_str());
    remove_left_but(role, kept, policies).await
}

/// Removes the PassRole policies that runs which failed have left, but for one.
async fn remove_left_but(
    role: &BoundRole<'_>,
    kept: Option<&str>,
    policies: &BTreeSet<String>,
) -> Result<(), Diagnostic> {
    for policy in policies.iter().filter(|name| kept.is_none_or(|kept| !same_name(kept, name))) {
        let removed = role.remove_policy_left(policy).await;
        removed.map_err(|error| {
            errors::of_call("Cannot delete a policy", format_args!("Policy {policy}"), &error)
        })?;
    }
    Ok(())
}

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

    fn identity(&self, state: &RoleModel) -> Value {
        let account_id: Field<String> = match arn(state) {
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

    fn note_stored(&self, state: &RoleModel) {
        if let Some(name) = state.role_name.known() {
            self.session.held.roles.note_stored(name);
        }
    }

    async fn plan_create(
        &self,
        context: &Context,
        request: PlanCreate<RoleModel, RolePrivate>,
    ) -> Plan<RoleModel, RolePrivate> {
        plan::create(self, context, request).await
    }

    async fn plan_update(
        &self,
        context: &Context,
        request: PlanUpdate<RoleModel, RolePrivate>,
    ) -> Plan<RoleModel, RolePrivate> {
        plan::update(self, context, request).await
    }

    async fn plan_destroy(
        &self,
        _context: &Context,
        request: PlanDestroy<RoleModel, RolePrivate>,
    ) -> DestroyPlan<RolePrivate> {
        plan::destroy(self, &request)
    }

    async fn create(
        &self,
        context: &Context,
        request: Create<RoleModel, RolePrivate>,
    ) -> Outcome<RoleModel, RolePrivate> {
        create::create(self, context, request).await
    }

    async fn read(
        &self,
        context: &Context,
        request: Stored<RoleModel, RolePrivate>,
    ) -> Outcome<RoleModel, RolePrivate> {
        read::read(self, context, request).await
    }

    async fn update(
        &self,
        context: &Context,
        request: Update<RoleModel, RolePrivate>,
    ) -> Outcome<RoleModel, RolePrivate> {
        update::update(self, context, request).await
    }

    async fn delete(
        &self,
        context: &Context,
        request: Stored<RoleModel, RolePrivate>,
    ) -> Destroyed<RoleModel> {
        delete::delete(self, context, &request).await
    }

    async fn import(&self, context: &Context, from: Import) -> Result<RoleModel, Diagnostic> {
        import::import(self, context, &from).await
    }
}
