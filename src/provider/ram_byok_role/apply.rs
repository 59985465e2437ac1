//! Carries out a create, a change and a destroy.

use std::time::Duration;

use super::{RamByokRole, RolePrivate, WRITE_TIMEOUT, model::RoleModel};
use crate::{
    cloud::{
        CallContext,
        error::{Error, ErrorKind},
        names::RoleName,
        ram::{
            RamClient, Role, RoleArn,
            byok_role::{BoundRole, Observed, Wanted, Written, same_name, steps},
        },
    },
    provider::errors,
    schema::{
        Diagnostic, Diagnostics, Field,
        resource::{Context, Outcome, Update},
    },
};

type Applied = Outcome<RoleModel, RolePrivate>;

/// How long an interrupted create may take to find out whether the role was made.
const LAST_LOOK: Duration = Duration::from_secs(10);

/// Makes the role with everything that belongs to it, or goes on where a create that failed has stopped.
pub(super) async fn create(resource: &RamByokRole, context: &Context, planned: RoleModel) -> Applied {
    let bounds = resource.call_context(context, &planned, |timeouts| &timeouts.create, WRITE_TIMEOUT);
    match begin(resource, &bounds, &planned).await {
        Ok(begun) => set_up(resource, &bounds, planned, begun).await,
        Err(problem) => Applied { state: None, private: RolePrivate::default(), diagnostics: problem.into() },
    }
}

/// A role that is there, and what is still to be done about it.
struct Begun {
    client: std::sync::Arc<RamClient>,
    name: RoleName,
    wanted: Wanted,
    role: Role,
    observed: Observed,
    /// Set when the role was made, and nothing more can be done.
    interrupted: Option<Diagnostic>,
}

/// Makes the role itself, or finds the one that a create that failed has left.
async fn begin(
    resource: &RamByokRole,
    bounds: &CallContext,
    planned: &RoleModel,
) -> Result<Begun, Diagnostic> {
    let (name, wanted) = (super::role_name(planned)?, wanted(planned)?);
    let client = resource.session.ram()?;
    let held = &resource.session.held;
    let role = BoundRole { client: &client, clock: client.clock(), context: bounds, name: &name };
    if let Some(role_id) = held.roles.to_finish(name.as_str()) {
        let policy = wanted.pass_role.as_ref().map(|pass_role| pass_role.policy_name.as_str());
        let found = role.observe(policy).await;
        let found = found.map_err(|error| errors::of_call(&format!("Cannot read role {name}"), &error))?;
        if found.role.role_id != role_id {
            return Err(errors::role_exists(name.as_str(), found.role.arn.as_str()));
        }
        let (role, observed) = (found.role, found.observed);
        return Ok(Begun { client, name, wanted, role, observed, interrupted: None });
    }
    let made = role.create(&wanted, held.roles.is_absent(name.as_str())).await;
    match made {
        Ok((role, observed)) => Ok(Begun { client, name, wanted, role, observed, interrupted: None }),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            Err(errors::role_exists_at_apply(name.as_str(), &error))
        }
        Err(error) if error.kind() == ErrorKind::Cancelled && error.may_have_been_applied() => {
            let last = CallContext::default().with_timeout(client.clock(), LAST_LOOK);
            let look = BoundRole { client: &client, clock: client.clock(), context: &last, name: &name };
            let problem = errors::of_call(&format!("Cannot create role {name}"), &error);
            match look.observe(None).await {
                Ok(found) if held.roles.is_absent(name.as_str()) => Ok(Begun {
                    role: found.role,
                    observed: found.observed,
                    interrupted: Some(problem),
                    client: std::sync::Arc::clone(&client),
                    name: name.clone(),
                    wanted,
                }),
                _ => Err(problem),
            }
        }
        Err(error) => Err(errors::of_call(&format!("Cannot create role {name}"), &error)),
    }
}

/// Does everything about a role that is there. What was done is in the state, whatever comes of the rest.
async fn set_up(resource: &RamByokRole, bounds: &CallContext, planned: RoleModel, begun: Begun) -> Applied {
    let Begun { client, name, wanted, role, mut observed, interrupted } = begun;
    let arn = role.arn.clone();
    let bound = BoundRole { client: &client, clock: client.clock(), context: bounds, name: &name };
    let outcome = match interrupted {
        Some(problem) => Err(problem.into()),
        None => {
            make_so(&bound, &arn, &wanted, &mut observed, Written { role: true, ..Written::default() }).await
        }
    };
    resource.session.held.roles.note_new(arn.as_str());
    let mut state = planned;
    state.observe_role(&role);
    match outcome {
        Ok(diagnostics) => {
            state.pass_role_policy = expected_pass_role_policy(&wanted, &arn);
            Applied { state: Some(state), private: RolePrivate::default(), diagnostics }
        }
        Err(diagnostics) => {
            state.observe(&observed, &role.assume_role_policy_document, None);
            let private = RolePrivate { incomplete: Some(role.role_id), ..RolePrivate::default() };
            Applied { state: Some(state), private, diagnostics }
        }
    }
}

/// Carries out what is missing, notes it in `observed`, and waits until it is seen.
async fn make_so(
    role: &BoundRole<'_>,
    arn: &RoleArn,
    wanted: &Wanted,
    observed: &mut Observed,
    written_before: Written,
) -> Result<Diagnostics, Diagnostics> {
    let steps = steps(observed, wanted);
    let carried_out = role.carry_out(arn, &steps, observed).await;
    carried_out.map_err(|error| Diagnostics::from(errors::of_step(&wanted.role_name, &error)))?;
    let mut written = Written::by(&steps);
    written.role |= written_before.role;
    let settled = role.settle(arn, wanted, written).await;
    Ok(errors::of_settling(&wanted.role_name, settled))
}

/// Changes what differs, and nothing else.
pub(super) async fn update(
    resource: &RamByokRole,
    context: &Context,
    request: Update<RoleModel, RolePrivate>,
) -> Applied {
    let Update { prior, planned, private, .. } = request;
    let bounds = resource.call_context(context, &planned, |timeouts| &timeouts.update, WRITE_TIMEOUT);
    let mut observed = prior.as_observed();
    match try_update(resource, &bounds, &prior, &planned, &private, &mut observed).await {
        Ok((policy, diagnostics)) => {
            let mut state = planned;
            state.pass_role_policy = policy;
            Applied { state: Some(state), private: RolePrivate::default(), diagnostics }
        }
        Err(diagnostics) => {
            let begun = begun_policy(&prior, &planned).or(private.begun_policy);
            let private = RolePrivate { begun_policy: begun, ..RolePrivate::default() };
            Applied { state: Some(as_left(&prior, &planned, &observed)), private, diagnostics }
        }
    }
}

async fn try_update(
    resource: &RamByokRole,
    bounds: &CallContext,
    prior: &RoleModel,
    planned: &RoleModel,
    private: &RolePrivate,
    observed: &mut Observed,
) -> Result<(Field<String>, Diagnostics), Diagnostics> {
    let (name, wanted) = (super::role_name(planned)?, wanted(planned)?);
    let client = resource.session.ram().map_err(Diagnostic::from)?;
    let arn = arn(prior)?;
    let role = BoundRole { client: &client, clock: client.clock(), context: bounds, name: &name };
    let diagnostics = make_so(&role, &arn, &wanted, observed, Written::default()).await?;
    if let Some(policy) = &private.begun_policy
        && wanted.pass_role.as_ref().is_none_or(|pass_role| !same_name(&pass_role.policy_name, policy))
    {
        let removed = role.remove_pass_role_policy(policy).await;
        removed.map_err(|error| errors::of_call(&format!("Cannot delete policy {policy}"), &error))?;
    }
    resource.session.held.roles.note_new(arn.as_str());
    Ok((expected_pass_role_policy(&wanted, &arn), diagnostics))
}

/// The state after a change that failed half-way: what was before, with what was done.
fn as_left(prior: &RoleModel, planned: &RoleModel, observed: &Observed) -> RoleModel {
    let mut state = RoleModel {
        force: planned.force.clone(),
        timeouts: planned.timeouts.clone(),
        // Whether or not anybody holds it yet: the next run looks after it.
        pass_role: if prior.pass_role.is_null() {
            planned.pass_role.clone()
        } else {
            prior.pass_role.clone()
        },
        ..prior.clone()
    };
    let trust = prior.trust_policy.known().cloned().unwrap_or_default();
    let document = prior.pass_role_policy.known().map(String::as_str);
    state.observe(observed, &trust, document);
    state.foreign_policies = prior.foreign_policies.clone();
    state
}

/// The PassRole policy that a change of its name makes beside the one before.
fn begun_policy(prior: &RoleModel, planned: &RoleModel) -> Option<String> {
    let name = |model: &RoleModel| model.pass_role.known()?.policy_name.known().cloned();
    let (before, after) = (name(prior)?, name(planned)?);
    (!same_name(&before, &after)).then_some(after)
}

fn wanted(planned: &RoleModel) -> Result<Wanted, Diagnostic> {
    planned.wanted().ok_or_else(|| {
        Diagnostic::error(
            "Configuration still unknown at apply",
            "A value of the role is unknown although everything before it was applied. This is a bug in the host.",
        )
    })
}

fn arn(state: &RoleModel) -> Result<RoleArn, Diagnostic> {
    let arn = state.arn.known().map_or("", String::as_str);
    RoleArn::parse(arn)
        .map_err(|problem| Diagnostic::error("The state does not hold the role's ARN", problem.to_string()))
}

fn expected_pass_role_policy(wanted: &Wanted, arn: &RoleArn) -> Field<String> {
    match wanted.pass_role {
        Some(_) => super::model::pass_role_policy(arn).into(),
        None => Field::Null,
    }
}

/// Removes the role with everything that belongs to it. The destroy half of replacing a role whose create was not
/// finished leaves it to the create half.
pub(super) async fn delete(
    resource: &RamByokRole,
    context: &Context,
    state: &RoleModel,
    private: &RolePrivate,
) -> Diagnostics {
    if let (Some(incomplete), Some(name)) = (&private.incomplete, state.role_name.known())
        && state.role_id.known() == Some(incomplete)
    {
        resource.session.held.roles.note_to_finish(name, incomplete);
        return Diagnostics::new();
    }
    let bounds = resource.call_context(context, state, |timeouts| &timeouts.delete, WRITE_TIMEOUT);
    match try_delete(resource, &bounds, state, private).await {
        Ok(()) => Diagnostics::new(),
        Err(problem) => problem.into(),
    }
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
    let force = state.force.known().copied().unwrap_or_default();
    let failed = |error: &Error| errors::of_call(&format!("Cannot delete role {name}"), error);
    let policy = super::pass_role_policy_name(state, false);
    role.remove(policy.as_deref(), force).await.map_err(|error| errors::of_removal(name.as_str(), &error))?;
    if let Some(policy) = &private.begun_policy {
        role.remove_pass_role_policy(policy).await.map_err(|error| failed(&error))?;
    }
    resource.session.held.roles.note_absent(name.as_str());
    Ok(())
}
