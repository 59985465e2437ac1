//! Removes a role.

use super::{RamByokRole, RolePrivate, WRITE_TIMEOUT, model::RoleModel};
use crate::{
    cloud::{CallContext, error::ErrorKind, ram::byok_role::BoundRole},
    provider::errors,
    schema::{
        Diagnostic, Diagnostics,
        resource::{Context, Stored},
    },
};

/// Removes the role with everything that belongs to it. The destroy half of replacing a role whose create was not
/// finished leaves it to the create half.
pub(super) async fn delete(
    resource: &RamByokRole,
    context: &Context,
    stored: &Stored<RoleModel, RolePrivate>,
) -> Diagnostics {
    let Stored { state, private } = stored;
    if let (Some(left), Some(name)) = (&private.role, state.role_name.known())
        && state.role_id.known() == Some(&left.role_id)
    {
        resource.session.held.roles.note_to_finish(name, private);
        return Diagnostics::new();
    }
    let bounds = resource.call_context(context, state, |timeouts| &timeouts.delete, WRITE_TIMEOUT);
    try_delete(resource, &bounds, state, private)
        .await
        .map_or_else(Diagnostics::from, |()| Diagnostics::new())
}

async fn try_delete(
    resource: &RamByokRole,
    bounds: &CallContext,
    state: &RoleModel,
    private: &RolePrivate,
) -> Result<(), Diagnostic> {
    let name = super::role_name(state)?;
    let client = resource.session.ram()?;
    let role = BoundRole { client: &client, clock: client.clock(), context: bounds, name: &name };
    if state.role_id.is_null() && !is_ours(&role, state).await? {
        return Ok(());
    }
    let force = state.force.known().copied().unwrap_or_default();
    let policy = super::pass_role_policy_name(state, false);
    let removed = role.remove(policy.as_deref(), &private.policies, force).await;
    removed.map_err(|error| errors::of_removal(name.as_str(), &error))?;
    resource.session.held.roles.note_absent(name.as_str());
    Ok(())
}

/// Whether a role of which nobody knew whether it was made is there and is the one.
async fn is_ours(role: &BoundRole<'_>, state: &RoleModel) -> Result<bool, Diagnostic> {
    match role.observe(None).await {
        Ok(found) => Ok(state.is_just_made(&found.observed)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(errors::of_call(&format!("Cannot read role {}", role.name), &error)),
    }
}
