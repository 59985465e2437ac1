//! What a change of the role would do.
//!
//! Everything that belongs to the role is planned as it should be, so that what others have changed shows as a
//! difference and is repaired.

use super::{
    model::{self, RoleModel},
    resource::{RamByokRole, RolePrivate},
};
use crate::{
    errors,
    readiness::role::is_trusting,
    role_registry::{CreatedRole, PlannedRemoval, PlannedRole, StoredRole},
    timeouts,
};
use cloud::{
    error::ErrorKind,
    names::RoleName,
    ram::{
        Role, RoleArn,
        byok_role::{BoundRole, Principal, PrincipalKind, UNFINISHED_DESCRIPTION, same_name},
    },
};
use schema::{
    Diagnostic, Diagnostics, Field, Path,
    resource::{Context, DestroyPlan, Plan, PlanCreate, PlanDestroy, PlanUpdate},
};

/// Plans a create.
pub(super) async fn create(
    resource: &RamByokRole,
    context: &Context,
    request: PlanCreate<RamByokRole>,
) -> Plan<RamByokRole> {
    let PlanCreate { config, mut planned, replaced } = request;
    fill_in(&config, &mut planned);
    planned.id = planned.role_name.clone();
    let name = planned.role_name.known().map_or("", String::as_str);
    let mut diagnostics = Diagnostics::new();
    let mut private = match resource.session.run_state.roles.stored(name) {
        Some(StoredRole::Unfinished(unfinished)) => unfinished,
        Some(StoredRole::NotMarked) => {
            diagnostics.push(errors::of_plan(errors::role_not_unfinished(name)));
            RolePrivate::default()
        }
        // A role of this state is there until the other half of its replacement has run.
        Some(StoredRole::Whole(policies)) => RolePrivate { policies, ..RolePrivate::default() },
        Some(StoredRole::Unread) | None => {
            let role = match find_existing(resource, context, &planned, replaced.is_some()).await {
                Ok(unfinished) => unfinished.as_ref().map(CreatedRole::from_role),
                Err(problem) => {
                    diagnostics.push(problem);
                    None
                }
            };
            RolePrivate { role, ..RolePrivate::default() }
        }
    };
    // Core plans once more before it applies, and compares. A role that did not exist at the first plan, and is being
    // created at the second, is not resumed.
    planned.foreign_policies = if private.role.is_some() { Field::Unknown } else { Field::Known(Vec::new()) };
    private.policies.extend(replaced.into_iter().flat_map(|replaced| replaced.policies));
    record_planned(resource, &planned);
    if !diagnostics.has_errors() {
        diagnostics.extend(check_pass_role(resource, context, None, &planned).await);
    }
    Plan { planned, private, requires_replace: Vec::new(), diagnostics }
}

/// Finds a role of this name. One whose create was not finished is resumed; it is read from RAM, because core does not
/// send the state when it plans again before it applies. Any other role is in the way.
///
/// # Errors
///
/// Another role has this name, or RAM does not answer; the latter is a warning if the create would find out.
async fn find_existing(
    resource: &RamByokRole,
    context: &Context,
    planned: &RoleModel,
    is_replacement: bool,
) -> Result<Option<Role>, Diagnostic> {
    let name = planned.role_name.known().and_then(|name| RoleName::parse(name).ok());
    let (Some(name), Ok(client)) = (name, resource.session.ram()) else { return Ok(None) };
    let bounds = resource.session.bounds(context, &planned.timeouts, |limits| &limits.read, timeouts::READ);
    let roles = &resource.session.run_state.roles;
    match client.get_role(&bounds, &name).await {
        Ok(role) if role.description == UNFINISHED_DESCRIPTION && !roles.is_being_created(name.as_str()) => {
            Ok(Some(role))
        }
        Ok(_) if is_replacement || roles.is_stored(name.as_str()) => Ok(None),
        Ok(role) => Err(errors::of_plan(errors::role_exists(role.role_name.as_str(), role.arn.as_str()))),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            roles.record_absent(name.as_str());
            Ok(None)
        }
        Err(error) => {
            let summary = "Cannot find out whether a role exists";
            let object = format_args!("Role {name}");
            if errors::stops_plan(&error) {
                return Err(errors::of_call(summary, object, &error));
            }
            let consequence = "If it exists, the create fails at apply, and nothing is changed.";
            Err(errors::warning_of_call(summary, object, &error, consequence))
        }
    }
}

/// Checks whether a new PassRole policy can be created and attached. A name that is taken is an error, because the
/// apply would fail half-way. A principal that does not exist is a warning, because the same apply may create it.
async fn check_pass_role(
    resource: &RamByokRole,
    context: &Context,
    prior: Option<&RoleModel>,
    planned: &RoleModel,
) -> Diagnostics {
    let desired = planned
        .desired()
        .and_then(|desired| Some((RoleName::parse(&desired.role_name).ok()?, desired.pass_role?)));
    let (Some((name, desired)), Ok(client)) = (desired, resource.session.ram()) else {
        return Diagnostics::new();
    };
    let bounds = resource.session.bounds(context, &planned.timeouts, |limits| &limits.read, timeouts::READ);
    let role = BoundRole { client: &client, clock: client.clock(), context: &bounds, name: &name };
    let before = prior.and_then(RoleModel::desired).and_then(|desired| desired.pass_role).unwrap_or_default();
    let mut diagnostics = Diagnostics::new();
    // What cannot be read now is checked at apply.
    if !same_name(&before.policy_name, &desired.policy_name)
        && let Ok(Some(document)) = role.foreign_policy_document(&desired.policy_name).await
    {
        diagnostics.push(errors::of_plan(errors::policy_taken(&desired.policy_name, &document)));
    }
    let is_self = |principal: &Principal| {
        principal.kind == PrincipalKind::Role && same_name(&principal.name, name.as_str())
    };
    let new = desired.principals.difference(&before.principals).filter(|principal| !is_self(principal));
    let missing = role.missing_principals(new).await;
    if !missing.is_empty() {
        diagnostics.push(errors::principals_missing(name.as_str(), &missing));
    }
    diagnostics
}

/// Plans a change of an existing role, or no change.
pub(super) async fn update(
    resource: &RamByokRole,
    context: &Context,
    request: PlanUpdate<RamByokRole>,
) -> Plan<RamByokRole> {
    let PlanUpdate { config, prior, mut planned, private, requires_replace } = request;
    let mut diagnostics = Diagnostics::new();
    fill_in(&config, &mut planned);
    let planned_policy = planned.pass_role.known().and_then(|pass_role| pass_role.policy_name.known());
    let is_left = |name: &String| planned_policy.is_none_or(|desired| !same_name(desired, name));
    if private.policies.iter().any(is_left) {
        // A policy that the state does not show has to be deleted.
        planned.pass_role_policy = Field::Unknown;
    }
    let roles = &resource.session.run_state.roles;
    if let (Field::Known(arn), true) = (&prior.arn, requires_replace.is_empty() && repairs(&prior, &planned))
    {
        // A Logstore that refers to the role is checked once the role is repaired, and one that names its ARN as text
        // is checked now. That must not depend on the order in which they are planned.
        roles.record_repaired(arn);
        planned.arn = Field::Unknown;
    }
    record_planned(resource, &planned);
    if requires_replace.is_empty() {
        diagnostics.extend(check_pass_role(resource, context, Some(&prior), &planned).await);
    } else {
        diagnostics.extend(replaced(resource, &prior, &planned));
        warn_of_foreign(&prior, &mut diagnostics);
    }
    Plan { planned, private, requires_replace, diagnostics }
}

/// Records what is planned for the role, for the Logstores that use it.
fn record_planned(resource: &RamByokRole, planned: &RoleModel) {
    if let Some(desired) = planned.desired() {
        let passers = desired.pass_role.unwrap_or_default().principals;
        let planned = PlannedRole { passers, is_arn_known: !planned.arn.is_unknown() };
        resource.session.run_state.roles.record_planned(&desired.role_name, planned);
    }
}

/// Whether the plan repairs what SLS needs of the role: that it may assume the role, and the policies for KMS.
fn repairs(prior: &RoleModel, planned: &RoleModel) -> bool {
    let kms = |model: &RoleModel| model.to_actual().kms_policies().count();
    let trusts = prior.trust_policy.known().is_some_and(|policy| is_trusting(policy));
    !trusts || kms(prior) < kms(planned)
}

/// What replacing the role means for the Logstores that are encrypted through it: under another name an error, where
/// one is known that has to keep its role. One that is planned after this finds out for itself.
fn replaced(resource: &RamByokRole, prior: &RoleModel, planned: &RoleModel) -> Option<Diagnostic> {
    let (arn, roles) = (prior.arn.known()?, &resource.session.run_state.roles);
    let other_name = match (prior.role_name.known(), planned.role_name.known()) {
        (Some(before), Some(after)) if !same_name(before, after) => Some(after),
        _ => None,
    };
    let leaving =
        other_name.map_or(PlannedRemoval::Replaced, |name| PlannedRemoval::Renamed { to: name.clone() });
    roles.record_removal(arn, leaving);
    let permanent = roles.permanent_users_of(arn);
    Some(match other_name {
        Some(to) if !permanent.is_empty() => errors::role_with_log_stores_renamed(arn, to, &permanent),
        _ => errors::role_replacement_warning(arn, &roles.users_of(arn)),
    })
}

/// Plans a destroy, and warns of what is lost.
pub(super) fn destroy(
    resource: &RamByokRole,
    request: &PlanDestroy<RamByokRole>,
) -> DestroyPlan<RamByokRole> {
    let PlanDestroy { prior, private } = request;
    let mut diagnostics = Diagnostics::new();
    // The create half of a replacement may finish an unfinished role, which then stays.
    if let (Some(arn), None) = (prior.arn.known(), &private.role) {
        let roles = &resource.session.run_state.roles;
        roles.record_removal(arn, PlannedRemoval::Deleted);
        diagnostics.push(errors::role_destroy_warning(arn, &roles.users_of(arn)));
    }
    warn_of_foreign(prior, &mut diagnostics);
    DestroyPlan { private: RolePrivate { is_destroy: true, ..private.clone() }, diagnostics }
}

/// The warning that others have attached policies to the role, so that its destroy fails. It is not an error, because
/// the same apply may detach them.
fn warn_of_foreign(prior: &RoleModel, diagnostics: &mut Diagnostics) {
    let foreign: Vec<String> = prior.foreign_policies.known().map_or_else(Vec::new, |policies| {
        let names = policies.iter().filter_map(|policy| policy.known()?.policy_name.known());
        names.cloned().collect()
    });
    if foreign.is_empty() {
        return;
    }
    let role = prior.role_name.known().map_or("", String::as_str);
    let force = prior.force.known().copied().unwrap_or_default();
    diagnostics.push(errors::foreign_policies_warning(role, &foreign, force));
}

/// Plans everything that belongs to the role as it should be.
fn fill_in(config: &RoleModel, planned: &mut RoleModel) {
    let is_configured = config.pass_role.known().is_some_and(|pass_role| !pass_role.policy_name.is_null());
    if let (Field::Known(pass_role), Field::Known(role_name)) = (&mut planned.pass_role, &planned.role_name)
        && !is_configured
    {
        pass_role.policy_name = model::default_policy_name(role_name).into();
    }
    planned.trust_policy = model::trust_policy().into();
    planned.kms_policies = model::kms_policies();
    planned.pass_role_policy = match (&planned.pass_role, &planned.arn) {
        (Field::Null, _) => Field::Null,
        (Field::Known(_), Field::Known(arn)) => match RoleArn::parse(arn) {
            Ok(arn) => model::expected_pass_role_policy(&planned.pass_role, &arn),
            Err(_) => Field::Unknown,
        },
        _ => Field::Unknown,
    };
}

/// Checks rules between attributes.
pub(super) fn validate(config: &RoleModel) -> Diagnostics {
    let mut diagnostics = Diagnostics::new();
    if let Some(problem) = config.tags.known().and_then(model::tags_problem) {
        diagnostics
            .push(Diagnostic::error("Invalid value", format!("tags: {problem}.")).at(Path::of("tags")));
    }
    diagnostics
}
