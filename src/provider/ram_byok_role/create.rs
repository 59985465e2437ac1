//! Creates a role, or resumes a create that failed.

use std::{collections::BTreeSet, slice};

use super::{
    model::{self, RoleModel},
    resource::{self, RamByokRole, RolePrivate},
};
use crate::{
    errors,
    role_registry::{CreatedRole, PendingPassRole, RoleRegistry},
    timeouts,
};
use cloud::{
    CallContext,
    error::{Error, ErrorKind},
    ram::{
        Role, RoleArn,
        byok_role::{ActualRole, BoundRole, DesiredRole, StepError, diff, only_finish_remains},
    },
};
use schema::{
    Diagnostic, Diagnostics,
    resource::{Context, Create, Outcome},
};

/// Creates the role with everything that belongs to it. What was done is in the state, even if the rest fails; so is
/// a role of which it is unknown whether RAM has created it.
pub(super) async fn create(
    resource: &RamByokRole,
    context: &Context,
    request: Create<RamByokRole>,
) -> Outcome<RamByokRole> {
    let Create { planned, private, .. } = request;
    let bounds =
        resource.session.bounds(context, &planned.timeouts, |limits| &limits.create, timeouts::WRITE);
    let name = planned.role_name.known().map_or("", String::as_str);
    let policies = private.policies.clone();
    let _lock = match resource.lock(&bounds, name).await {
        Ok(lock) => lock,
        Err(problem) => {
            return state_after_failed_create(
                planned,
                policies,
                CreateFailed { problem, left: private.role },
            );
        }
    };
    match create_or_resume(resource, &bounds, &planned, &private).await {
        Ok((role, actual)) => reconcile(resource, &bounds, planned, (role, actual), policies).await,
        Err(failed) => state_after_failed_create(planned, policies, failed),
    }
}

fn state_after_failed_create(
    planned: RoleModel,
    policies: BTreeSet<String>,
    failed: CreateFailed,
) -> Outcome<RamByokRole> {
    match failed {
        CreateFailed { problem, left: None } => {
            Outcome { state: None, private: RolePrivate::default(), diagnostics: problem.into() }
        }
        CreateFailed { problem, left: Some(left) } => {
            let private = RolePrivate { role: Some(left.clone()), policies, is_destroy: false };
            let state = planned.bare(&left);
            Outcome { state: Some(state), private, diagnostics: problem.into() }
        }
    }
}

/// A create that failed before anything was added to the role.
struct CreateFailed {
    problem: Diagnostic,
    /// The role that exists, or may exist.
    left: Option<CreatedRole>,
}

impl From<Diagnostic> for CreateFailed {
    fn from(problem: Diagnostic) -> Self {
        CreateFailed { problem, left: None }
    }
}

/// Creates the role itself, or reads the one that a failed create has left.
async fn create_or_resume(
    resource: &RamByokRole,
    bounds: &CallContext,
    planned: &RoleModel,
    private: &RolePrivate,
) -> Result<(Role, ActualRole), CreateFailed> {
    let started = async {
        let (name, desired) = (resource::role_name(planned)?, resource::desired(planned)?);
        Ok((name, desired, resource.session.ram()?))
    };
    let left = private.role.clone();
    let (name, desired, client) =
        started.await.map_err(|problem| CreateFailed { problem, left: left.clone() })?;
    let role = BoundRole { client: &client, clock: client.clock(), context: bounds, name: &name };
    let roles = &resource.session.run_state.roles;
    roles.record_creating(name.as_str());
    if let Some(left) = left
        && let Some(found) = resume(&role, &desired, left).await?
    {
        return Ok(found);
    }
    create_role(&role, &desired, roles.is_absent(name.as_str())).await
}

/// Reads the role that a failed create has left; `None` if it no longer exists.
async fn resume(
    role: &BoundRole<'_>,
    desired: &DesiredRole,
    left: CreatedRole,
) -> Result<Option<(Role, ActualRole)>, CreateFailed> {
    let name = role.name;
    let policy = desired.pass_role.as_ref().map(|pass_role| pass_role.policy_name.as_str());
    match role.read_confirming_absence(policy, Some(&left.create_date)).await {
        Ok(mut found) if found.role.role_id == left.role_id && found.actual.is_unfinished() => {
            // A policy of somebody else is not adopted: creating ours fails because the name is taken.
            found.actual.pass_role =
                found.actual.pass_role.filter(|_| found.pass_role.is_some_and(|policy| policy.is_ours));
            Ok(Some((found.role, found.actual)))
        }
        Ok(found) => Err(errors::role_exists(name.as_str(), found.role.arn.as_str()).into()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => {
            let problem = errors::of_call("Cannot read a role", format_args!("Role {name}"), &error);
            Err(CreateFailed { problem, left: Some(left) })
        }
    }
}

async fn create_role(
    role: &BoundRole<'_>,
    desired: &DesiredRole,
    known_absent: bool,
) -> Result<(Role, ActualRole), CreateFailed> {
    match role.create(desired, known_absent).await {
        Ok(made) => Ok(made),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            Err(errors::role_exists_at_apply(role.name.as_str(), &error).into())
        }
        Err(error) if known_absent && error.may_have_been_applied() => {
            Err(uncertain_create(role, &error).await)
        }
        Err(error) => Err(errors::of_making_unseen(role.name.as_str(), &error).into()),
    }
}

/// A create whose response was lost: RAM had no such role before. If the final read cannot tell whether the role exists
/// now, the next refresh does.
async fn uncertain_create(role: &BoundRole<'_>, error: &Error) -> CreateFailed {
    let look = role.final_read(&[]).await;
    let is_ours = look.as_ref().map(|found| found.actual.is_unfinished());
    let problem = errors::of_making(role.name.as_str(), error, is_ours);
    let left = match &look {
        Ok(found) if is_ours.is_ok_and(|is_ours| is_ours) => CreatedRole::from_role(&found.role),
        _ => CreatedRole::default(),
    };
    CreateFailed { problem, left: Some(left) }
}

/// Makes a role that exists what it should be.
async fn reconcile(
    resource: &RamByokRole,
    bounds: &CallContext,
    planned: RoleModel,
    (role, mut actual): (Role, ActualRole),
    policies: BTreeSet<String>,
) -> Outcome<RamByokRole> {
    let outcome = try_reconcile(resource, bounds, &planned, (&role, &mut actual), &policies).await;
    let mut state = planned;
    state.observe_role(&role);
    match outcome {
        Ok(diagnostics) => {
            state.pass_role_policy = model::expected_pass_role_policy(&state.pass_role, &role.arn);
            if state.foreign_policies.is_unknown() {
                state.foreign_policies = model::foreign_policies(actual.foreign_policies());
            }
            Outcome { state: Some(state), private: RolePrivate::default(), diagnostics }
        }
        Err(diagnostics) => {
            let mut private =
                RolePrivate { role: Some(CreatedRole::from_role(&role)), policies, is_destroy: false };
            private.policies.extend(state.forget_pass_role_unless(actual.pass_role.is_some()));
            state.observe(&actual, &role.assume_role_policy_document, None);
            Outcome { state: Some(state), private, diagnostics }
        }
    }
}

async fn try_reconcile(
    resource: &RamByokRole,
    bounds: &CallContext,
    planned: &RoleModel,
    (role, actual): (&Role, &mut ActualRole),
    policies: &BTreeSet<String>,
) -> Result<Diagnostics, Diagnostics> {
    let (name, desired) = (resource::role_name(planned)?, resource::desired(planned)?);
    let client = resource.session.ram().map_err(Diagnostic::from)?;
    let bound = BoundRole { client: &client, clock: client.clock(), context: bounds, name: &name };
    // Before the role is marked as finished: a create that fails after that is not resumed.
    resource::remove_leftover_policies(&bound, &desired, policies).await?;
    let roles = &resource.session.run_state.roles;
    let diagnostics = finish(&bound, &role.arn, &desired, actual, roles).await?;
    let policy = desired.pass_role.as_ref();
    roles.record_changed(role.arn.as_str());
    roles.record_finished(&role.role_id, policy.map(|policy| policy.policy_name.as_str()));
    Ok(diagnostics)
}

/// Does everything that is missing. The last write marks the role as finished. If its response is lost, the role lacks
/// at most its description, which the next refresh shows.
async fn finish(
    role: &BoundRole<'_>,
    arn: &RoleArn,
    desired: &DesiredRole,
    actual: &mut ActualRole,
    roles: &RoleRegistry,
) -> Result<Diagnostics, Diagnostics> {
    let steps = diff(actual, desired);
    let Some((last, before)) = steps.split_last() else { return Ok(Diagnostics::new()) };
    match role.execute(arn, before, actual).await {
        Ok(()) => {}
        // The policy of the role that this one replaces goes with that role, which core deletes after this.
        Err(StepError::PolicyTaken { policy_name, of_role: Some(other), .. }) => {
            let without = DesiredRole { pass_role: None, ..desired.clone() };
            let mut diagnostics = Box::pin(finish(role, arn, &without, actual, roles)).await?;
            diagnostics.push(errors::policy_of_another_role(&desired.role_name, &policy_name, &other));
            let (name, arn, desired) = (role.name.clone(), arn.clone(), desired.clone());
            let actual = actual.clone();
            roles.record_pending_pass_role(&policy_name, PendingPassRole { name, arn, desired, actual });
            return Ok(diagnostics);
        }
        Err(error) => return Err(resource::failed_write(role, desired, actual, &error).await),
    }
    match role.execute(arn, slice::from_ref(last), actual).await {
        Ok(()) => {
            Ok(errors::of_visibility(&desired.role_name, role.wait_until_visible(arn, desired, &steps).await))
        }
        Err(StepError::Call(error))
            if error.may_have_been_applied() && only_finish_remains(actual, desired) =>
        {
            Ok(errors::description_unknown(&desired.role_name, &error).into())
        }
        Err(error) => Err(resource::failed_write(role, desired, actual, &error).await),
    }
}

impl CreatedRole {
    pub(super) fn from_role(role: &Role) -> Self {
        Self {
            role_id: role.role_id.clone(),
            arn: role.arn.as_str().to_owned(),
            create_date: role.create_date.clone(),
        }
    }
}
