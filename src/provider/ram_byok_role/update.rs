//! Changes a role.

use super::{
    model::{self, RoleModel},
    resource::{self, RamByokRole, RolePrivate},
};
use crate::{errors, timeouts};
use cloud::{
    CallContext,
    ram::byok_role::{ActualRole, BoundRole, diff, same_name},
};
use schema::{
    Diagnostic, Diagnostics, Field,
    resource::{Context, Outcome, Update},
};

/// Changes what differs, and nothing else. What was done before a failure is in the state.
pub(super) async fn update(
    resource: &RamByokRole,
    context: &Context,
    request: Update<RamByokRole>,
) -> Outcome<RamByokRole> {
    let Update { prior, planned, mut private, .. } = request;
    let bounds =
        resource.session.bounds(context, &planned.timeouts, |limits| &limits.update, timeouts::WRITE);
    let mut actual = prior.to_actual();
    match try_update(resource, &bounds, &prior, &planned, &private, &mut actual).await {
        Ok((policy, diagnostics)) => {
            let mut state = planned;
            // A plan that repairs the role has it unknown.
            state.arn = prior.arn;
            state.pass_role_policy = policy;
            Outcome { state: Some(state), private: RolePrivate::default(), diagnostics }
        }
        Err(diagnostics) => {
            private.policies.extend(added_policy_name(&prior, &planned));
            let state = state_after_failure(&prior, &planned, &actual);
            Outcome { state: Some(state), private, diagnostics }
        }
    }
}

async fn try_update(
    resource: &RamByokRole,
    bounds: &CallContext,
    prior: &RoleModel,
    planned: &RoleModel,
    private: &RolePrivate,
    actual: &mut ActualRole,
) -> Result<(Field<String>, Diagnostics), Diagnostics> {
    let (name, desired) = (resource::role_name(planned)?, resource::desired(planned)?);
    let client = resource.session.ram().map_err(Diagnostic::from)?;
    let arn = resource::arn(prior).ok_or_else(|| {
        Diagnostic::error("The state does not hold the role's ARN", "Run again with a refresh.")
    })?;
    resource::check_account(resource, bounds, prior).await?;
    let role = BoundRole { client: &client, clock: client.clock(), context: bounds, name: &name };
    let steps = diff(actual, &desired);
    if let Err(error) = role.execute(&arn, &steps, actual).await {
        return Err(resource::failed_write(&role, &desired, actual, &error).await);
    }
    let diagnostics =
        errors::of_visibility(&desired.role_name, role.wait_until_visible(&arn, &desired, &steps).await);
    resource::remove_leftover_policies(&role, &desired, &private.policies).await?;
    if !steps.is_empty() {
        resource.session.run_state.roles.record_changed(arn.as_str());
    }
    Ok((model::expected_pass_role_policy(&planned.pass_role, &arn), diagnostics))
}

/// The state after an update that failed half-way: the prior state, with what was done.
fn state_after_failure(prior: &RoleModel, planned: &RoleModel, actual: &ActualRole) -> RoleModel {
    let mut state = RoleModel {
        force: planned.force.clone(),
        timeouts: planned.timeouts.clone(),
        // Whether or not it is attached to anybody yet: the next run manages it.
        pass_role: match (&prior.pass_role, &actual.pass_role) {
            (Field::Null, Some(_)) => planned.pass_role.clone(),
            _ => prior.pass_role.clone(),
        },
        ..prior.clone()
    };
    let trust = prior.trust_policy.known().cloned().unwrap_or_default();
    let document = prior.pass_role_policy.known().map(String::as_str);
    state.observe(actual, &trust, document);
    state.foreign_policies = prior.foreign_policies.clone();
    state
}

/// The PassRole policy that the change may have made, if the state before did not show it.
fn added_policy_name(prior: &RoleModel, planned: &RoleModel) -> Option<String> {
    let name = |model: &RoleModel| model.pass_role.known()?.policy_name.known().cloned();
    let after = name(planned)?;
    name(prior).is_none_or(|before| !same_name(&before, &after)).then_some(after)
}
