//! Deletes a role.

use std::collections::BTreeSet;

use super::{
    model::RoleModel,
    read::new_state,
    resource::{self, RamByokRole, RolePrivate},
};
use crate::{
    errors,
    role_registry::{PendingPassRole, StoredRole},
    timeouts,
};
use cloud::{
    CallContext,
    error::{Error, ErrorKind},
    ram::byok_role::{BoundRole, DeleteRoleError, FoundRole, UNFINISHED_DESCRIPTION, diff},
};
use schema::{
    Diagnostic, Diagnostics,
    resource::{Context, Destroyed, Stored},
};

/// Deletes the role with everything that belongs to it. A role whose create was not finished is left alone if the
/// create half of its replacement resumes it, or has finished it.
pub(super) async fn delete(
    resource: &RamByokRole,
    context: &Context,
    stored: &Stored<RamByokRole>,
) -> Destroyed<RamByokRole> {
    let Stored { state, private } = stored;
    let left = private.role.as_ref().filter(|left| state.role_id.known() == Some(&left.role_id));
    if let (Some(left), false, Some(name)) = (left, private.is_destroy, state.role_name.known()) {
        let (role, policies) = (Some(left.clone()), policies_of(state, private));
        let unfinished = RolePrivate { role, policies, is_destroy: false };
        resource.session.run_state.roles.record_read(name, StoredRole::Unfinished(unfinished));
        return Diagnostics::new().into();
    }
    let bounds = resource.session.bounds(context, &state.timeouts, |limits| &limits.delete, timeouts::WRITE);
    match try_delete(resource, &bounds, state, private).await {
        Ok(diagnostics) => diagnostics.into(),
        Err(DeleteFailed { problem, found }) => {
            let found = found.map(|found| new_state(state, *found, false));
            Destroyed { found, diagnostics: problem.into() }
        }
    }
}

/// The PassRole policies of a role that was not finished: the one of its state, and those that the state does not show.
fn policies_of(state: &RoleModel, private: &RolePrivate) -> BTreeSet<String> {
    private.policies.iter().cloned().chain(resource::pass_role_policy_name(state, false)).collect()
}

/// A delete that failed.
struct DeleteFailed {
    problem: Diagnostic,
    /// The role as it was read after the failure, if it was.
    found: Option<Box<FoundRole>>,
}

impl From<Diagnostic> for DeleteFailed {
    fn from(problem: Diagnostic) -> Self {
        DeleteFailed { problem, found: None }
    }
}

async fn try_delete(
    resource: &RamByokRole,
    bounds: &CallContext,
    state: &RoleModel,
    private: &RolePrivate,
) -> Result<Diagnostics, DeleteFailed> {
    let name = resource::role_name(state)?;
    let client = resource.session.ram().map_err(Diagnostic::from)?;
    resource::check_account(resource, bounds, state).await?;
    let _lock = resource.lock(bounds, name.as_str()).await?;
    let role = BoundRole { client: &client, clock: client.clock(), context: bounds, name: &name };
    if state.role_id.is_null() && !is_ours(&role).await? {
        return Ok(Diagnostics::new());
    }
    if private.role.is_some() && is_finished(&role, state).await? {
        return keep_finished_role(resource, &role, state, private).await;
    }
    let force = state.force.known().copied().unwrap_or_default();
    let policy = resource::pass_role_policy_name(state, false);
    match role.delete(policy.as_deref(), &private.policies, force).await {
        Ok(()) => resource.session.run_state.roles.record_absent(name.as_str()),
        Err(error) => return Err(failed_removal(&role, state, policy.as_deref(), &error).await),
    }
    let waiting = policy.and_then(|policy| resource.session.run_state.roles.take_pending_pass_role(&policy));
    let mut diagnostics = Diagnostics::new();
    if let Some(waiting) = waiting {
        diagnostics.extend(create_pending_pass_role(&role, waiting).await);
    }
    Ok(diagnostics)
}

/// Creates the PassRole policy of the role that has replaced this one, now that its name is free.
async fn create_pending_pass_role(role: &BoundRole<'_>, waiting: PendingPassRole) -> Vec<Diagnostic> {
    let PendingPassRole { name, arn, desired, mut actual } = waiting;
    let successor = BoundRole { name: &name, ..*role };
    let steps = diff(&actual, &desired);
    let Err(error) = successor.execute(&arn, &steps, &mut actual).await else { return Vec::new() };
    // The role exists: the next plan shows what is missing.
    let problems = errors::of_step(name.as_str(), &error, None).into_iter();
    problems.map(|Diagnostic { summary, detail, .. }| Diagnostic::warning(summary, detail)).collect()
}

/// Whether RAM shows a role whose create was not finished as finished: the create half of its replacement has done
/// that, in this run or in one before.
async fn is_finished(role: &BoundRole<'_>, state: &RoleModel) -> Result<bool, Diagnostic> {
    match role.client.get_role(role.context, role.name).await {
        Ok(found) => {
            Ok(state.role_id.known() == Some(&found.role_id) && found.description != UNFINISHED_DESCRIPTION)
        }
        // The delete finds out.
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(errors::of_call("Cannot read a role", format_args!("Role {}", role.name), &error)),
    }
}

/// Leaves a finished role alone, and deletes the policies that only its failed create had.
async fn keep_finished_role(
    resource: &RamByokRole,
    role: &BoundRole<'_>,
    state: &RoleModel,
    private: &RolePrivate,
) -> Result<Diagnostics, DeleteFailed> {
    let finished =
        state.role_id.known().and_then(|role_id| resource.session.run_state.roles.finished(role_id));
    let Some(kept) = finished else { return Ok(errors::role_finished_stays(role.name.as_str()).into()) };
    resource::remove_leftover_policies_except(
        role,
        kept.first().map(String::as_str),
        &policies_of(state, private),
    )
    .await?;
    Ok(Diagnostics::new())
}

/// A delete that failed. If it was interrupted, or the response to the last write was lost, the role is read once more.
async fn failed_removal(
    role: &BoundRole<'_>,
    state: &RoleModel,
    policy: Option<&str>,
    error: &DeleteRoleError,
) -> DeleteFailed {
    let look = match error {
        DeleteRoleError::Call(error) if is_cut_short(error) => Some(role.final_read(policy.as_slice()).await),
        _ => None,
    };
    // A role that was created again meanwhile is reported by the next refresh.
    let is_same = |found: &FoundRole| state.role_id.known().is_none_or(|id| *id == found.role.role_id);
    let look = look.filter(|look| look.as_ref().is_ok_and(is_same) || look.is_err());
    let looked_at = look.as_ref().map(|look| look.as_ref().map(|_| ()));
    let problem = errors::of_removal(role.name.as_str(), error, looked_at);
    DeleteFailed { problem, found: look.and_then(Result::ok).map(Box::new) }
}

fn is_cut_short(error: &Error) -> bool {
    error.may_have_been_applied() || matches!(error.kind(), ErrorKind::Cancelled | ErrorKind::Timeout)
}

/// Whether the role of a create whose response was lost exists.
async fn is_ours(role: &BoundRole<'_>) -> Result<bool, Diagnostic> {
    match role.read_confirming_absence(None, None).await {
        Ok(found) => Ok(found.actual.is_unfinished()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(errors::of_call("Cannot read a role", format_args!("Role {}", role.name), &error)),
    }
}
