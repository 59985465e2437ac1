//! Makes a role, or goes on where a create that failed has stopped.

use std::collections::BTreeSet;

use super::{RamByokRole, RolePrivate, WRITE_TIMEOUT, make_so, model::RoleModel};
use crate::{
    cloud::{
        CallContext,
        error::{Error, ErrorKind},
        ram::{
            Role,
            byok_role::{BoundRole, Observed, Wanted, Written},
        },
    },
    provider::{errors, held_roles::MadeRole},
    schema::{
        Diagnostic, Diagnostics,
        resource::{Context, Create, Outcome},
    },
};

type Applied = Outcome<RoleModel, RolePrivate>;

/// Makes the role with everything that belongs to it. What was done is in the state, whatever comes of the rest; so is
/// a role of which nobody knows whether it was made.
pub(super) async fn create(
    resource: &RamByokRole,
    context: &Context,
    request: Create<RoleModel, RolePrivate>,
) -> Applied {
    let Create { planned, private, .. } = request;
    let bounds = resource.call_context(context, &planned, |timeouts| &timeouts.create, WRITE_TIMEOUT);
    match begin(resource, &bounds, &planned, &private).await {
        Ok((role, observed)) => set_up(resource, &bounds, planned, (role, observed), private.policies).await,
        Err(NotBegun { problem, left: None }) => {
            Applied { state: None, private: RolePrivate::default(), diagnostics: problem.into() }
        }
        Err(NotBegun { problem, left: Some(left) }) => {
            let private = RolePrivate { role: Some(left.clone()), policies: private.policies };
            let state = planned.bare(&left);
            Applied { state: Some(state), private, diagnostics: problem.into() }
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
) -> Result<(Role, Observed), NotBegun> {
    let started = async {
        let (name, wanted) = (super::role_name(planned)?, super::wanted(planned)?);
        Ok((name, wanted, resource.session.ram()?))
    };
    let left = private.role.clone();
    let (name, wanted, client) = started.await.map_err(|problem| NotBegun { problem, left: left.clone() })?;
    let role = BoundRole { client: &client, clock: client.clock(), context: bounds, name: &name };
    match left {
        Some(left) => go_on_with(&role, &wanted, left).await,
        None => make(&role, planned, &wanted, resource.session.held.roles.is_absent(name.as_str())).await,
    }
}

async fn go_on_with(
    role: &BoundRole<'_>,
    wanted: &Wanted,
    left: MadeRole,
) -> Result<(Role, Observed), NotBegun> {
    let name = role.name;
    let policy = wanted.pass_role.as_ref().map(|pass_role| pass_role.policy_name.as_str());
    match role.observe(policy).await {
        Ok(mut found) if found.role.role_id == left.role_id => {
            // One of somebody else is not taken over: creating ours says that its name is taken.
            found.observed.pass_role =
                found.observed.pass_role.filter(|_| found.pass_role.is_some_and(|policy| policy.is_ours));
            Ok((found.role, found.observed))
        }
        Ok(found) => Err(errors::role_exists(name.as_str(), found.role.arn.as_str()).into()),
        Err(error) => {
            let problem = errors::of_call(&format!("Cannot read role {name}"), &error);
            let left = (error.kind() != ErrorKind::NotFound).then_some(left);
            Err(NotBegun { problem, left })
        }
    }
}

async fn make(
    role: &BoundRole<'_>,
    planned: &RoleModel,
    wanted: &Wanted,
    known_absent: bool,
) -> Result<(Role, Observed), NotBegun> {
    match role.create(wanted, known_absent).await {
        Ok(made) => Ok(made),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            Err(errors::role_exists_at_apply(role.name.as_str(), &error).into())
        }
        Err(error) if known_absent && error.may_have_been_applied() => {
            Err(perhaps_made(role, planned, &error).await)
        }
        Err(error) => Err(errors::of_making_unseen(role.name.as_str(), &error).into()),
    }
}

/// A role that was not there and of which nobody knows whether it was made. What a look does not tell, the next refresh
/// finds out.
async fn perhaps_made(role: &BoundRole<'_>, planned: &RoleModel, error: &Error) -> NotBegun {
    let look = role.last_look(&[]).await;
    let is_ours = look.as_ref().map(|found| planned.is_just_made(&found.observed));
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
    (role, mut observed): (Role, Observed),
    policies: BTreeSet<String>,
) -> Applied {
    let outcome = try_set_up(resource, bounds, &planned, (&role, &mut observed), &policies).await;
    let mut state = planned;
    state.observe_role(&role);
    match outcome {
        Ok(diagnostics) => {
            state.pass_role_policy = super::model::expected_pass_role_policy(&state.pass_role, &role.arn);
            if state.foreign_policies.is_unknown() {
                state.foreign_policies = super::model::foreign_policies(observed.foreign_policies());
            }
            Applied { state: Some(state), private: RolePrivate::default(), diagnostics }
        }
        Err(diagnostics) => {
            let mut private = RolePrivate { role: Some(MadeRole::of(&role)), policies };
            private.policies.extend(state.forget_pass_role_unless(observed.pass_role.is_some()));
            state.observe(&observed, &role.assume_role_policy_document, None);
            Applied { state: Some(state), private, diagnostics }
        }
    }
}

async fn try_set_up(
    resource: &RamByokRole,
    bounds: &CallContext,
    planned: &RoleModel,
    (role, observed): (&Role, &mut Observed),
    policies: &BTreeSet<String>,
) -> Result<Diagnostics, Diagnostics> {
    let (name, wanted) = (super::role_name(planned)?, super::wanted(planned)?);
    let client = resource.session.ram().map_err(Diagnostic::from)?;
    let bound = BoundRole { client: &client, clock: client.clock(), context: bounds, name: &name };
    let (_, diagnostics) = make_so(&bound, &role.arn, &wanted, observed, Written::role()).await?;
    super::remove_left(&bound, &wanted, policies).await?;
    resource.session.held.roles.note_new(role.arn.as_str());
    Ok(diagnostics)
}

impl MadeRole {
    fn of(role: &Role) -> Self {
        Self {
            role_id: role.role_id.clone(),
            arn: role.arn.as_str().to_owned(),
            create_date: role.create_date.clone(),
        }
    }
}
