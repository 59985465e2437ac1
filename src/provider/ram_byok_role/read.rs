//! Refreshes the state from RAM.

use super::{READ_TIMEOUT, RamByokRole, RolePrivate, model::RoleModel};
use crate::{
    cloud::{
        error::ErrorKind,
        ram::byok_role::{BoundRole, Found},
    },
    provider::errors,
    schema::{
        Diagnostic, Diagnostics, Field,
        resource::{Context, Outcome, Stored},
    },
};

type Read = Outcome<RoleModel, RolePrivate>;

/// Reads the role. Only RAM's own word that there is no such role removes the resource from the state.
pub(super) async fn read(
    resource: &RamByokRole,
    context: &Context,
    stored: Stored<RoleModel, RolePrivate>,
) -> Read {
    let Stored { state, private } = stored;
    match try_read(resource, context, &state).await {
        Ok(Some(new_state)) => {
            if let (Some(name), Some(role_id)) = (new_state.role_name.known(), new_state.role_id.known()) {
                resource.session.held.roles.note(name, role_id, private.incomplete.is_some());
            }
            Read { state: Some(*new_state), private, diagnostics: Diagnostics::new() }
        }
        Ok(None) => {
            let name = state.role_name.known().map_or("", String::as_str);
            Read { state: None, private: RolePrivate::default(), diagnostics: errors::role_gone(name).into() }
        }
        Err(problem) => Read { state: Some(state), private, diagnostics: problem.into() },
    }
}

async fn try_read(
    resource: &RamByokRole,
    context: &Context,
    state: &RoleModel,
) -> Result<Option<Box<RoleModel>>, Diagnostic> {
    let name = super::role_name(state)?;
    let client = resource.session.ram()?;
    let bounds = resource.call_context(context, state, |timeouts| &timeouts.read, READ_TIMEOUT);
    let role = BoundRole { client: &client, clock: client.clock(), context: &bounds, name: &name };
    // An import knows the name only.
    let importing = state.role_id.is_null();
    let policy_name = super::pass_role_policy_name(state, importing);
    let found = match role.observe(policy_name.as_deref()).await {
        Ok(found) => found,
        Err(error) if error.kind() == ErrorKind::NotFound && !importing => return Ok(None),
        Err(error) => return Err(errors::of_call(&format!("Cannot read role {name}"), &error)),
    };
    Ok(Some(Box::new(new_state(state, found, importing))))
}

fn new_state(state: &RoleModel, mut found: Found, importing: bool) -> RoleModel {
    let mut new_state = state.clone();
    new_state.observe_role(&found.role);
    if importing {
        new_state.complete_import(&mut found);
    }
    new_state.id = new_state.role_name.clone();
    new_state.observe(
        &found.observed,
        &found.role.assume_role_policy_document,
        found.pass_role_document.as_deref(),
    );
    new_state
}

impl RoleModel {
    /// Sets what an imported state lacks: a PassRole policy of the default name is the role's own if it says just
    /// what it should.
    fn complete_import(&mut self, found: &mut Found) {
        self.role_name = found.role.role_name.as_str().into();
        self.force = Field::Known(false);
        match &found.observed.pass_role {
            Some(pass_role) if pass_role.document_is_right => {
                let policy_name = pass_role.policy_name.as_str().into();
                self.pass_role =
                    Field::Known(super::model::PassRoleModel { policy_name, ..Default::default() });
            }
            _ => found.observed.pass_role = None,
        }
    }
}
