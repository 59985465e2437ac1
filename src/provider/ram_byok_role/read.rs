//! Refreshes the state from RAM.

use super::{
    model::{PassRoleModel, RoleModel},
    resource::{self, RamByokRole, RolePrivate},
};
use crate::{
    account, errors,
    role_registry::{CreatedRole, StoredRole},
    timeouts,
};
use cloud::{
    error::ErrorKind,
    ram::{
        Role,
        byok_role::{BoundRole, FoundRole},
    },
};
use schema::{
    Diagnostic, Diagnostics, Field,
    resource::{Context, Outcome, Stored},
};

/// Reads the role. The resource leaves the state only if RAM answers that the role does not exist, or that the role of
/// this name is another one.
pub(super) async fn read(
    resource: &RamByokRole,
    context: &Context,
    stored: Stored<RamByokRole>,
) -> Outcome<RamByokRole> {
    let Stored { state, mut private } = stored;
    // Set by a destroy that failed.
    private.is_destroy = false;
    let name = state.role_name.known().cloned().unwrap_or_default();
    let gone = |why| Outcome { state: None, private: RolePrivate::default(), diagnostics: why };
    match try_read(resource, context, &state, &private).await {
        Ok(Some(found)) if is_another_role(&private, &found) => gone(errors::role_of_others(&name).into()),
        Ok(Some(found)) => {
            let diagnostics = recreated(&state, &found.role);
            let importing = is_import(&state, &private);
            let is_unfinished = found.actual.is_unfinished();
            let new_state = new_state(&state, *found, importing);
            if let Some(left) = &mut private.role {
                *left = new_state.created_role();
            }
            record(resource, &new_state, &private, is_unfinished);
            Outcome { state: Some(new_state), private, diagnostics }
        }
        Ok(None) => gone(errors::role_gone(&name).into()),
        Err(problem) => Outcome { state: Some(state), private, diagnostics: problem.into() },
    }
}

/// True if there is nothing in the state but a name.
fn is_import(state: &RoleModel, private: &RolePrivate) -> bool {
    state.role_id.is_null() && private.role.is_none()
}

async fn try_read(
    resource: &RamByokRole,
    context: &Context,
    state: &RoleModel,
    private: &RolePrivate,
) -> Result<Option<Box<FoundRole>>, Diagnostic> {
    let name = resource::role_name(state)?;
    let client = resource.session.ram()?;
    let bounds = resource.session.bounds(context, &state.timeouts, |limits| &limits.read, timeouts::READ);
    let role = BoundRole { client: &client, clock: client.clock(), context: &bounds, name: &name };
    let importing = is_import(state, private);
    let policy_name = resource::pass_role_policy_name(state, importing);
    let found = if importing {
        role.read(policy_name.as_deref()).await
    } else {
        role.read_confirming_absence(policy_name.as_deref(), state.create_date.known().map(String::as_str))
            .await
    };
    match found {
        Ok(found) => match resource::arn(state).filter(|arn| arn.account_id() != found.role.arn.account_id())
        {
            Some(arn) => Err(account::another_account(
                &format!("Role {name}"),
                arn.account_id(),
                found.role.arn.account_id(),
            )),
            None => Ok(Some(Box::new(found))),
        },
        Err(error) if error.kind() == ErrorKind::NotFound && !importing => {
            resource::check_account(resource, &bounds, state).await?;
            Ok(None)
        }
        Err(error) => Err(errors::of_call("Cannot read a role", format_args!("Role {name}"), &error)),
    }
}

/// Whether the role is not the one that the create has begun.
fn is_another_role(private: &RolePrivate, found: &FoundRole) -> bool {
    match &private.role {
        None => false,
        Some(left) if left.role_id.is_empty() => !found.actual.is_unfinished(),
        Some(left) => left.role_id != found.role.role_id,
    }
}

/// The warning that the role was deleted and created again.
fn recreated(state: &RoleModel, role: &Role) -> Diagnostics {
    match state.role_id.known() {
        Some(role_id) if *role_id != role.role_id => errors::role_made_anew(role.role_name.as_str()).into(),
        _ => Diagnostics::new(),
    }
}

/// Records what the plan after this needs.
fn record(resource: &RamByokRole, state: &RoleModel, private: &RolePrivate, is_unfinished: bool) {
    let mut policies = private.policies.clone();
    let stored = match &private.role {
        None => StoredRole::Whole(policies),
        Some(_) if !is_unfinished => StoredRole::NotMarked,
        Some(left) => {
            // The create half of its replacement does not get the state.
            policies.extend(resource::pass_role_policy_name(state, false));
            StoredRole::Unfinished(RolePrivate { role: Some(left.clone()), policies, is_destroy: false })
        }
    };
    if let Some(name) = state.role_name.known() {
        resource.session.run_state.roles.record_read(name, stored);
    }
}

/// A state with what was found of the role.
pub(super) fn new_state(state: &RoleModel, mut found: FoundRole, importing: bool) -> RoleModel {
    let mut new_state = state.clone();
    new_state.observe_role(&found.role);
    if importing {
        new_state.complete_import(&mut found);
    }
    new_state.id = new_state.role_name.clone();
    new_state.observe(
        &found.actual,
        &found.role.assume_role_policy_document,
        found.pass_role.as_ref().map(|policy| policy.document.as_str()),
    );
    new_state
}

impl RoleModel {
    /// The role, for the create that resumes it.
    fn created_role(&self) -> CreatedRole {
        let text = |field: &Field<String>| field.known().cloned().unwrap_or_default();
        CreatedRole {
            role_id: text(&self.role_id),
            arn: text(&self.arn),
            create_date: text(&self.create_date),
        }
    }

    /// Sets what an imported state lacks: a PassRole policy of the default name is the role's own if it says just
    /// what it should.
    fn complete_import(&mut self, found: &mut FoundRole) {
        self.role_name = found.role.role_name.as_str().into();
        self.force = Field::Known(false);
        match &found.actual.pass_role {
            Some(pass_role) if pass_role.document_matches => {
                let policy_name = pass_role.policy_name.as_str().into();
                self.pass_role = Field::Known(PassRoleModel { policy_name, ..Default::default() });
            }
            _ => found.actual.pass_role = None,
        }
    }
}
