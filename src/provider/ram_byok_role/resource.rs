//! The resource type and what its operations share.

use std::{collections::BTreeSet, sync::Arc};

use tokio::sync::OwnedMutexGuard;

use super::model::{self, RoleModel};
use crate::{account, errors, role_registry::PartialCreate, session::Session};
use cloud::{
    CallContext,
    names::RoleName,
    ram::{
        RoleArn,
        byok_role::{ActualRole, BoundRole, DesiredRole, StepError, same_name},
    },
};
use schema::{Diagnostic, Diagnostics, Field};

/// The resource type `alicloud_ram_byok_role`.
#[derive(Debug)]
pub struct RamByokRole {
    pub(super) session: Arc<Session>,
}

/// What is stored beside the state.
pub(super) type RolePrivate = PartialCreate;

impl RamByokRole {
    pub(crate) fn new(session: Arc<Session>) -> RamByokRole {
        RamByokRole { session }
    }

    /// Waits, within the bounds, until no other call of this process makes or deletes the role of this name.
    pub(super) async fn lock(
        &self,
        bounds: &CallContext,
        name: &str,
    ) -> Result<Option<OwnedMutexGuard<()>>, Diagnostic> {
        let Ok(client) = self.session.ram() else { return Ok(None) };
        let waited = bounds.bound(client.clock(), self.session.run_state.roles.lock(name)).await;
        waited.map(Some).map_err(|_| {
            Diagnostic::error(
                "Another operation on the same role is not over",
                format!("Role {name}: waiting for it ended with the time allowed for this one, or was interrupted. Run again."),
            )
        })
    }
}

/// The role of a state, whose name was checked when it was configured or imported.
pub(super) fn role_name(model: &RoleModel) -> Result<RoleName, Diagnostic> {
    let name = model.role_name.known().map_or("", String::as_str);
    RoleName::parse(name).map_err(|problem| {
        Diagnostic::error(
            "The state does not name a role",
            format!("{problem} Take the resource out of the state, which sends nothing, and import it again:\n\n  terraform state rm ADDRESS\n  terraform import ADDRESS ROLE_NAME"),
        )
    })
}

/// The ARN in a state; `None` if it is unknown whether RAM has created the role.
pub(super) fn arn(state: &RoleModel) -> Option<RoleArn> {
    RoleArn::parse(state.arn.known()?).ok()
}

/// Checks that the credentials belong to the account of the role in a state, where its ARN is known: names of roles are
/// unique within an account only.
pub(super) async fn check_account(
    resource: &RamByokRole,
    bounds: &CallContext,
    state: &RoleModel,
) -> Result<(), Diagnostic> {
    let Some(arn) = arn(state) else { return Ok(()) };
    let object = format!("Role {}", role_name(state)?);
    account::verify(&resource.session, bounds, &object, arn.account_id()).await
}

/// The name of the PassRole policy that this resource manages. An import looks for one of the default name.
pub(super) fn pass_role_policy_name(model: &RoleModel, importing: bool) -> Option<String> {
    let default = || model.role_name.known().map(|name| model::default_policy_name(name));
    match &model.pass_role {
        Field::Known(pass_role) => pass_role.policy_name.known().cloned().or_else(default),
        _ if importing => default(),
        _ => None,
    }
}

/// The role that a plan describes.
pub(super) fn desired(planned: &RoleModel) -> Result<DesiredRole, Diagnostic> {
    planned.desired().ok_or_else(|| errors::unknown_at_apply("Role"))
}

/// The diagnostics of a write that failed. If its response was lost, the role is read again into `actual`.
pub(super) async fn failed_write(
    role: &BoundRole<'_>,
    desired: &DesiredRole,
    actual: &mut ActualRole,
    error: &StepError,
) -> Diagnostics {
    let look = role.reread_if_uncertain(error, desired, actual).await;
    errors::of_step(&desired.role_name, error, look.as_ref()).into_iter().collect()
}

/// Deletes the PassRole policies that failed runs have left, except the one that the plan describes.
pub(super) async fn remove_leftover_policies(
    role: &BoundRole<'_>,
    desired: &DesiredRole,
    policies: &BTreeSet<String>,
) -> Result<(), Diagnostic> {
    let kept = desired.pass_role.as_ref().map(|pass_role| pass_role.policy_name.as_str());
    remove_leftover_policies_except(role, kept, policies).await
}

/// Deletes the PassRole policies that failed runs have left, except one.
pub(super) async fn remove_leftover_policies_except(
    role: &BoundRole<'_>,
    kept: Option<&str>,
    policies: &BTreeSet<String>,
) -> Result<(), Diagnostic> {
    for policy in policies.iter().filter(|name| kept.is_none_or(|kept| !same_name(kept, name))) {
        let removed = role.delete_leftover_policy(policy).await;
        removed.map_err(|error| {
            errors::of_call("Cannot delete a policy", format_args!("Policy {policy}"), &error)
        })?;
    }
    Ok(())
}
