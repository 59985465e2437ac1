//! Makes a role, or goes on where a create that failed has stopped.

use std::{collections::BTreeSet, slice};

use super::{
    model::{self, RoleModel},
    resource::{self, RamByokRole, RolePrivate},
};
use crate::{
    cloud::{
        CallContext,
        error::{Error, ErrorKind},
        ram::{
            Role, RoleArn,
            byok_role::{ActualRole, BoundRole, DesiredRole, StepError, diff, only_finish_remains},
        },
    },
    provider::{
        errors,
        held_roles::{HeldRoles, MadeRole, WithoutPassRole},
        timeouts,
    },
    schema::{
        Diagnostic, Diagnostics,
        resource::{Context, Create, Outcome},
    },
};

/// Makes the role with everything that belongs to it. What was done is in the state, whatever comes of the rest; so is
/// a role of which nobody knows whether it was made.
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
        Err(problem) => return not_begun(planned, policies, NotBegun { problem, left: private.role }),
    };
    match begin(resource, &bounds, &planned, &private).await {
        Ok((role, observed)) => set_up(resource, &bounds, planned, (role, observed), policies).await,
        Err(not) => not_begun(planned, policies, not),
    }
}

fn not_begun(planned: RoleModel, policies: BTreeSet<String>, not: NotBegun) -> Outcome<RamByokRole> {
    match not {
        NotBegun { problem, left: None } => {
            Outcome { state: None, private: RolePrivate::default(), diagnostics: problem.into() }
        }
        NotBegun { problem, left: Some(left) } => {
            let private = RolePrivate { role: Some(left.clone()), policies, is_destroy: false };
            let state = planned.bare(&left);
            Outcome { state: Some(state), private, diagnostics: problem.into() }
        }
    }
}

/// A role that cannot be set up now.
struct NotBegun {
    problem: Diagnostic,
    /// The role that is there, or that may be.
    left: Option<MadeRole>,
}

impl From<Diagnostic> for NotBegun {
    fn from(problem: Diagnostic) -> Self {
        NotBegun { problem, left: None }
    }
}

/// Makes the role itself, or reads the one that a create that failed has left.
async fn begin(
    resource: &RamByokRole,
    bounds: &CallContext,
    planned: &RoleModel,
    private: &RolePrivate,
) -> Result<(Role, ActualRole), NotBegun> {
    let started = async {
        let (name, wanted) = (resource::role_name(planned)?, resource::wanted(planned)?);
        Ok((name, wanted, resource.session.ram()?))
    };
    let left = private.role.clone();
    let (name, wanted, client) = started.await.map_err(|problem| NotBegun { problem, left: left.clone() })?;
    let role = BoundRole { client: &client, clock: client.clock(), context: bounds, name: &name };
    let roles = &resource.session.held.roles;
    roles.note_begun(name.as_str());
    if let Some(left) = left
        && let Some(found) = go_on_with(&role, &wanted, left).await?
    {
        return Ok(found);
    }
    make(&role, &wanted, roles.is_absent(name.as_str())).await
}

/// Reads the role that a create that failed has left; `None` if it is gone.
async fn go_on_with(
    role: &BoundRole<'_>,
    wanted: &DesiredRole,
    left: MadeRole,
) -> Result<Option<(Role, ActualRole)>, NotBegun> {
    let name = role.name;
    let policy = wanted.pass_role.as_ref().map(|pass_role| pass_role.policy_name.as_str());
    match role.read_confirming_absence(policy, Some(&left.create_date)).await {
        Ok(mut found) if found.role.role_id == left.role_id && found.actual.is_unfinished() => {
            // One of somebody else is not taken over: creating ours says that its name is taken.
            found.actual.pass_role =
                found.actual.pass_role.filter(|_| found.pass_role.is_some_and(|policy| policy.is_ours));
            Ok(Some((found.role, found.actual)))
        }
        Ok(found) => Err(errors::role_exists(name.as_str(), found.role.arn.as_str()).into()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => {
            let problem = errors::of_call("Cannot read a role", format_args!("Role {name}"), &error);
            Err(NotBegun { problem, left: Some(left) })
        }
    }
}

async fn make(
    role: &BoundRole<'_>,
    wanted: &DesiredRole,
    known_absent: bool,
) -> Result<(Role, ActualRole), NotBegun> {
    match role.create(wanted, known_absent).await {
        Ok(made) => Ok(made),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            Err(errors::role_exists_at_apply(role.name.as_str(), &error).into())
        }
        Err(error) if known_absent && error.may_have_been_applied() => Err(perhaps_made(role, &error).await),
        Err(error) => Err(errors::of_making_unseen(role.name.as_str(), &error).into()),
    }
}

/// A role that was not there and of which nobody knows whether it was made. What a look does not tell, the next refresh
/// finds out.
async fn perhaps_made(role: &BoundRole<'_>, error: &Error) -> NotBegun {
    let look = role.final_read(&[]).await;
    let is_ours = look.as_ref().map(|found| found.actual.is_unfinished());
    let problem = errors::of_making(role.name.as_str(), error, is_ours);
    let left = match &look {
        Ok(found) if is_ours.is_ok_and(|is_ours| is_ours) => MadeRole::of(&found.role),
        _ => MadeRole::default(),
    };
    NotBegun { problem, left: Some(left) }
}

/// Does everything about a role that is there.
async fn set_up(
    resource: &RamByokRole,
    bounds: &CallContext,
    planned: RoleModel,
    (role, mut observed): (Role, ActualRole),
    policies: BTreeSet<String>,
) -> Outcome<RamByokRole> {
    let outcome = try_set_up(resource, bounds, &planned, (&role, &mut observed), &policies).await;
    let mut state = planned;
    state.observe_role(&role);
    match outcome {
        Ok(diagnostics) => {
            state.pass_role_policy = model::expected_pass_role_policy(&state.pass_role, &role.arn);
            if state.foreign_policies.is_unknown() {
                state.foreign_policies = model::foreign_policies(observed.foreign_policies());
            }
            Outcome { state: Some(state), private: RolePrivate::default(), diagnostics }
        }
        Err(diagnostics) => {
            let mut private = RolePrivate { role: Some(MadeRole::of(&role)), policies, is_destroy: false };
            private.policies.extend(state.forget_pass_role_unless(observed.pass_role.is_some()));
            state.observe(&observed, &role.assume_role_policy_document, None);
            Outcome { state: Some(state), private, diagnostics }
        }
    }
}

async fn try_set_up(
    resource: &RamByokRole,
    bounds: &CallContext,
    planned: &RoleModel,
    (role, observed): (&Role, &mut ActualRole),
    policies: &BTreeSet<String>,
) -> Result<Diagnostics, Diagnostics> {
    let (name, wanted) = (resource::role_name(planned)?, resource::wanted(planned)?);
    let client = resource.session.ram().map_err(Diagnostic::from)?;
    let bound = BoundRole { client: &client, clock: client.clock(), context: bounds, name: &name };
    // Before the role is finished: what fails after that is not gone on with.
    resource::remove_left(&bound, &wanted, policies).await?;
    let roles = &resource.session.held.roles;
    let diagnostics = finish(&bound, &role.arn, &wanted, observed, roles).await?;
    let policy = wanted.pass_role.as_ref();
    roles.note_new(role.arn.as_str());
    roles.note_finished(&role.role_id, policy.map(|policy| policy.policy_name.as_str()));
    Ok(diagnostics)
}

/// Does everything that is missing. The write that finishes the role is the last one: where nobody knows whether it
/// was carried out the role lacks nothing but its description, and a refresh tells.
async fn finish(
    role: &BoundRole<'_>,
    arn: &RoleArn,
    wanted: &DesiredRole,
    observed: &mut ActualRole,
    roles: &HeldRoles,
) -> Result<Diagnostics, Diagnostics> {
    let steps = diff(observed, wanted);
    let Some((last, before)) = steps.split_last() else { return Ok(Diagnostics::new()) };
    match role.execute(arn, before, observed).await {
        Ok(()) => {}
        // The policy of the role that this one replaces goes with that role, which core deletes after this.
        Err(StepError::PolicyTaken { policy_name, of_role: Some(other), .. }) => {
            let without = DesiredRole { pass_role: None, ..wanted.clone() };
            let mut diagnostics = Box::pin(finish(role, arn, &without, observed, roles)).await?;
            diagnostics.push(errors::policy_of_another_role(&wanted.role_name, &policy_name, &other));
            let (name, arn, wanted) = (role.name.clone(), arn.clone(), wanted.clone());
            let observed = observed.clone();
            roles.note_waiting(&policy_name, WithoutPassRole { name, arn, wanted, observed });
            return Ok(diagnostics);
        }
        Err(error) => return Err(resource::not_set_up(role, wanted, observed, &error).await),
    }
    match role.execute(arn, slice::from_ref(last), observed).await {
        Ok(()) => {
            Ok(errors::of_visibility(&wanted.role_name, role.wait_until_visible(arn, wanted, &steps).await))
        }
        Err(StepError::Call(error))
            if error.may_have_been_applied() && only_finish_remains(observed, wanted) =>
        {
            Ok(errors::description_unknown(&wanted.role_name, &error).into())
        }
        Err(error) => Err(resource::not_set_up(role, wanted, observed, &error).await),
    }
}

impl MadeRole {
    pub(super) fn of(role: &Role) -> Self {
        Self {
            role_id: role.role_id.clone(),
            arn: role.arn.as_str().to_owned(),
            create_date: role.create_date.clone(),
        }
    }
}
