//! Removes a role.

use super::{RamByokRole, RolePrivate, WRITE_TIMEOUT, model::RoleModel, read::new_state};
use crate::{
    cloud::{
        CallContext,
        error::{Error, ErrorKind},
        ram::byok_role::{BoundRole, Found, RemoveError},
    },
    provider::errors,
    schema::{
        Diagnostic, Diagnostics,
        resource::{Context, Destroyed, Stored},
    },
};

/// Removes the role with everything that belongs to it. The destroy half of replacing a role whose create was not
/// finished leaves it to the create half.
pub(super) async fn delete(
    resource: &RamByokRole,
    context: &Context,
    stored: &Stored<RoleModel, RolePrivate>,
) -> Destroyed<RoleModel> {
    let Stored { state, private } = stored;
    if let (Some(left), Some(name)) = (&private.role, state.role_name.known())
        && state.role_id.known() == Some(&left.role_id)
    {
        resource.session.held.roles.note_to_finish(name, private);
        return Diagnostics::new().into();
    }
    let bounds = resource.call_context(context, state, |timeouts| &timeouts.delete, WRITE_TIMEOUT);
    match try_delete(resource, &bounds, state, private).await {
        Ok(()) => Diagnostics::new().into(),
        Err(NotRemoved { problem, found }) => {
            let found = found.map(|found| new_state(state, *found, false));
            Destroyed { found, diagnostics: problem.into() }
        }
    }
}

/// A role that was not removed.
struct NotRemoved {
    problem: Diagnostic,
    /// What was found after that, if it was looked at.
    found: Option<Box<Found>>,
}

impl From<Diagnostic> for NotRemoved {
    fn from(problem: Diagnostic) -> Self {
        NotRemoved { problem, found: None }
    }
}

async fn try_delete(
    resource: &RamByokRole,
    bounds: &CallContext,
    state: &RoleModel,
    private: &RolePrivate,
) -> Result<(), NotRemoved> {
    let name = super::role_name(state)?;
    let client = resource.session.ram().map_err(Diagnostic::from)?;
    let role = BoundRole { client: &client, clock: client.clock(), context: bounds, name: &name };
    if state.role_id.is_null() && !is_ours(&role, state).await? {
        return Ok(());
    }
    let force = state.force.known().copied().unwrap_or_default();
    let policy = super::pass_role_policy_name(state, false);
    match role.remove(policy.as_deref(), &private.policies, force).await {
        Ok(()) => resource.session.held.roles.note_absent(name.as_str()),
        Err(error) => return Err(half_removed(&role, state, policy.as_deref(), &error).await),
    }
    Ok(())
}

/// A removal that failed. Where it was cut short, or nobody knows whether the last write was carried out, the role is
/// looked at once more.
async fn half_removed(
    role: &BoundRole<'_>,
    state: &RoleModel,
    policy: Option<&str>,
    error: &RemoveError,
) -> NotRemoved {
    let look = match error {
        RemoveError::Call(error) if is_cut_short(error) => Some(role.last_look(policy.as_slice()).await),
        _ => None,
    };
    // One that was made anew meanwhile is for the next refresh to tell of.
    let is_same = |found: &Found| state.role_id.known().is_none_or(|id| *id == found.role.role_id);
    let look = look.filter(|look| look.as_ref().is_ok_and(is_same) || look.is_err());
    let told = look.as_ref().map(|look| look.as_ref().map(|_| ()));
    let problem = errors::of_removal(role.name.as_str(), error, told);
    NotRemoved { problem, found: look.and_then(Result::ok).map(Box::new) }
}

fn is_cut_short(error: &Error) -> bool {
    error.may_have_been_applied() || matches!(error.kind(), ErrorKind::Cancelled | ErrorKind::Timeout)
}

/// Whether a role of which nobody knew whether it was made is there and is the one.
async fn is_ours(role: &BoundRole<'_>, state: &RoleModel) -> Result<bool, Diagnostic> {
    match role.observe(None).await {
        Ok(found) => Ok(state.is_just_made(&found.observed)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(errors::of_call(&format!("Cannot read role {}", role.name), &error)),
    }
}
