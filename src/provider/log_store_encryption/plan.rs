//! What a change would do, and which changes are impossible.
//!
//! - A permanent value that changes is an error, or a replacement when asked for.
//! - Unknown values never fail: the same checks run again at apply, before anything is sent.
//! - A Logstore that already has a configuration is adopted or refused, as far as it can be read.
//! - One resource configures a Logstore.
//! - A key and a role that are not ready are errors or warnings, as the provider block says.

use super::{
    existing::{self, Found},
    model::{EncryptionModel, REPLACE},
    ownership, preflight,
    private::EncryptionPrivate,
    resource::LogStoreEncryption,
    role_users, warnings,
};
use crate::errors;
use cloud::sls::encryption::{Conflict, PermanentField, conflicts};
use schema::{
    Diagnostic, Diagnostics, Field, Path,
    resource::{Context, Plan, PlanCreate, PlanUpdate},
};

/// Plans a create.
pub(super) async fn create(
    resource: &LogStoreEncryption,
    context: &Context,
    request: PlanCreate<LogStoreEncryption>,
) -> Plan<LogStoreEncryption> {
    let mut planned = request.planned;
    planned.complete_regions(&request.config, resource.session.region().ok());
    planned.derive();
    let mut diagnostics = Diagnostics::new();
    // In a replacement, the plan of the existing object has claimed the Logstore. The Logstore may be replaced as well,
    // so its present configuration does not count.
    let replacement = request.replaced.is_some();
    let mut found = Found::Open;
    if !replacement {
        let (of_existing, looked) = existing::look(resource, context, &planned).await;
        diagnostics.extend(of_existing);
        found = looked;
    }
    diagnostics.extend(role_users::renamed_under_new(resource, &planned));
    if !diagnostics.has_errors() {
        diagnostics.extend(warnings::of_create(resource, &planned, found));
        if found.needs_key() {
            diagnostics.extend(preflight::run(resource, context, &planned).await);
        }
    }
    // Last, right before core applies it, if this is an apply.
    if !replacement {
        diagnostics.extend(ownership::claim(resource, &planned, None));
    }
    // Core does not tell the create half of replacing a tainted object from any other create. Every create
    // plan is marked, which matters only if there is a destroy half.
    let private = EncryptionPrivate { replacement: true, ..EncryptionPrivate::default() };
    Plan { planned, private, requires_replace: Vec::new(), diagnostics }
}

/// Plans a change of an existing object, or no change.
pub(super) async fn update(
    resource: &LogStoreEncryption,
    context: &Context,
    request: PlanUpdate<LogStoreEncryption>,
) -> Plan<LogStoreEncryption> {
    let PlanUpdate { config, prior, mut planned, mut requires_replace, private: stored, .. } = request;
    let mut diagnostics = Diagnostics::new();
    planned.complete_regions(&config, resource.session.region().ok());
    keep_arn_of_repaired(resource, &prior, &mut planned);
    planned.derive();
    if prior.region.is_null() && !planned.region.is_null() && planned.region != resource.region_of(&prior) {
        requires_replace.push(Path::of("region"));
    }
    diagnostics.extend(role_users::removal(resource, context, &prior, &planned).await);
    if requires_replace.is_empty() {
        let id = prior.id.known().map_or("", String::as_str);
        let changes = conflicts(&prior.permanent(), &planned.permanent());
        if planned.on_immutable_change.known().is_some_and(|mode| mode == REPLACE) {
            requires_replace = replaced_attributes(&planned, &changes);
            diagnostics.extend(changes.iter().map(|change| errors::replacement_warning(id, change)));
        } else {
            let stored = prior.encrypt_conf();
            let forbidden = |change| errors::of_plan(errors::forbidden_change(id, change, stored.as_ref()));
            diagnostics.extend(changes.iter().map(forbidden));
        }
    } else {
        diagnostics.push(left_behind(resource, &prior, &planned));
    }
    let (enabled, disabled) = (Field::Known(true), Field::Known(false));
    if prior.enable == disabled && planned.enable == enabled && !diagnostics.has_errors() {
        diagnostics.extend(preflight::run(resource, context, &planned).await);
    }
    if prior.enable == enabled && planned.enable == disabled && requires_replace.is_empty() {
        let id = prior.id.known().map_or("", String::as_str);
        diagnostics.push(warnings::switches_off(id));
    }
    diagnostics.extend(ownership::claim(resource, &planned, stored.made_at));
    let replacement = !requires_replace.is_empty();
    let private = EncryptionPrivate { replacement, ..stored.for_state() };
    Plan { planned, private, requires_replace, diagnostics }
}

/// Keeps the ARN of a role that the plan repairs. Such a role plans its ARN as not known, so that what refers to it is
/// checked once it is repaired; a Logstore that is configured already has nothing to wait for.
fn keep_arn_of_repaired(
    resource: &LogStoreEncryption,
    prior: &EncryptionModel,
    planned: &mut EncryptionModel,
) {
    let (Field::Known(before), Field::Known(cmk)) = (&prior.user_cmk_info, &mut planned.user_cmk_info) else {
        return;
    };
    if let (Field::Known(arn), Field::Unknown) = (&before.arn, &cmk.arn)
        && resource.session.run_state.roles.is_repaired(arn)
    {
        cmk.arn = arn.as_str().into();
    }
}

/// The attributes whose change, or possible change, needs a replacement.
fn replaced_attributes(planned: &EncryptionModel, changes: &[Conflict]) -> Vec<Path> {
    let differs = |part: fn(PermanentField) -> bool| changes.iter().any(|change| part(change.field));
    let cmk_unknown = match &planned.user_cmk_info {
        Field::Unknown => true,
        Field::Null => false,
        Field::Known(cmk) => {
            cmk.cmk_key_id.is_unknown() || cmk.arn.is_unknown() || cmk.region_id.is_unknown()
        }
    };
    let mut paths = Vec::new();
    if planned.encrypt_type.is_unknown() || differs(|part| part == PermanentField::EncryptType) {
        paths.push(Path::of("encrypt_type"));
    }
    let cmk_differs = differs(|part| part != PermanentField::EncryptType);
    if cmk_unknown || cmk_differs {
        // The whole attribute: a member has no path when one side is null.
        paths.push(Path::of("user_cmk_info"));
    }
    paths
}

/// The warning that a resource which moves to another Logstore leaves the old one as it is.
fn left_behind(
    resource: &LogStoreEncryption,
    prior: &EncryptionModel,
    planned: &EncryptionModel,
) -> Diagnostic {
    let id = prior.id.known().map_or("", String::as_str);
    let moves = if resource.known_log_store_id(planned).is_some() { "moves" } else { "may move" };
    Diagnostic::warning(
        "The old Logstore keeps its encryption",
        format!(
            "Logstore {id}: the resource {moves} to another Logstore. A replacement never switches encryption off, so the old one stays as it is, whatever on_destroy says."
        ),
    )
}

#[cfg(test)]
mod tests;
