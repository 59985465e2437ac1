//! Words about BYOK roles.

use std::collections::BTreeSet;

use super::{LogStoreId, final_read, of_call_and, remedy};
use cloud::{
    error::{Error, ErrorKind},
    ram::byok_role::{AttachedPolicy, DeleteRoleError, Principal, PrincipalKind, StepError, Visibility},
};
use schema::{Diagnostic, Diagnostics, Path};

/// What to do about a role that is in the way of its own replacement. Core keeps it aside as a deposed object then,
/// and plans to destroy that after the create that cannot succeed.
const OWN_ROLE: &str = "If this is the role of the same resource, which the plan replaces: two roles cannot have the same name. Remove create_before_destroy from the resource and from what depends on it, take the resource out of the state, and then import it:\n\n  terraform state rm ADDRESS";

const EXISTS: &str = "A role of this name exists already";

const FOREIGN_POLICIES: &str = "Others have attached policies to a role";

/// A role of this name exists already.
pub(crate) fn role_exists(name: &str, arn: &str) -> Diagnostic {
    Diagnostic::error(
        EXISTS,
        format!(
            "Role {name}: {arn} exists, and this resource did not create it. Nothing was changed. Choose another role_name, or take the role over as it is:\n\n  terraform import ADDRESS {name}\n\nThe plan after that shows what would change.\n\n{OWN_ROLE}"
        ),
    )
    .at(Path::of("role_name"))
}

/// A role of this name exists already, which only the create has found.
pub(crate) fn role_exists_at_apply(name: &str, error: &Error) -> Diagnostic {
    Diagnostic::error(
        EXISTS,
        format!(
            "Role {name}: {error}\n\nIt was not changed. Choose another role_name, or take the role over as it is:\n\n  terraform import ADDRESS {name}\n\n{OWN_ROLE}"
        ),
    )
    .at(Path::of("role_name"))
}

/// A role whose create failed, and which is not marked as unfinished any more.
pub(crate) fn role_not_unfinished(name: &str) -> Diagnostic {
    Diagnostic::error(
        "A role whose create failed is not marked as unfinished",
        format!(
            "Role {name}: the state has it as one whose create failed, so it is planned to be replaced. RAM does not show the description that marks such a role: somebody has changed it. Nothing was changed. To go on with the role as it is:\n\n  terraform untaint ADDRESS\n\nThe plan after that shows what is missing, and its apply adds that."
        ),
    )
    .at(Path::of("role_name"))
}

/// The object of a create that failed is forgotten, and the role stays.
pub(crate) fn role_finished_stays(name: &str) -> Diagnostic {
    Diagnostic::warning(
        "A role whose create failed is finished, and stays",
        format!(
            "Role {name}: the destroyed object is what a failed create has left in the state. The role is not marked as unfinished any more: a later create has finished it, or somebody has changed its description. It is not deleted. If no resource manages it, write one, import the role into it, and destroy that one:\n\n  terraform import ADDRESS {name}\n  terraform destroy -target=ADDRESS"
        ),
    )
}

/// A role that was created without its PassRole policy, because the policy of another role has the name.
pub(crate) fn policy_of_another_role(name: &str, policy: &str, other: &str) -> Diagnostic {
    Diagnostic::warning(
        "A role was made while another one has its ram:PassRole policy",
        format!(
            "Role {name}: the policy {policy} belongs to role {other}. If this role replaces that one, the policy is created for this role as soon as that one is deleted, in the same apply. If not, the next plan shows that the policy is missing; choose another pass_role.policy_name then."
        ),
    )
    .at(Path::of("pass_role").attribute("policy_name"))
}

/// A role that is complete, except perhaps for its description.
pub(crate) fn description_unknown(name: &str, error: &Error) -> Diagnostic {
    super::warning_of_call(
        "Whether a role has its description is not known",
        format_args!("Role {name}"),
        error,
        "Everything else about the role is set. If the description is missing, the next plan shows it, and its apply sets it.",
    )
}

/// A role that may have been created. `is_ours` is what the final read has found: the role as this resource creates it,
/// or another one.
pub(crate) fn of_making(name: &str, error: &Error, is_ours: Result<bool, &Error>) -> Diagnostic {
    let found = match is_ours {
        Ok(true) => final_read::of_role(Ok(())),
        Ok(false) => {
            "After that, a role of this name was found, but it differs from the planned one.".to_owned()
        }
        Err(look) => final_read::of_role(Err(look)),
    };
    of_call_and("Cannot create a role", format_args!("Role {name}"), error, Some(found))
}

/// A role that was not created, or that may not be ours.
pub(crate) fn of_making_unseen(name: &str, error: &Error) -> Diagnostic {
    let doubt = error.may_have_been_applied().then(|| {
        format!(
            "The role may have been created all the same. The provider could not read whether it existed before, so it is not in the state. If RAM has a role {name} and it is this one, delete it, or take it over with terraform import ADDRESS {name}."
        )
    });
    of_call_and("Cannot create a role", format_args!("Role {name}"), error, doubt)
}

/// The role is gone.
pub(crate) fn role_gone(name: &str) -> Diagnostic {
    Diagnostic::warning(
        "A role does not exist",
        format!(
            "Role {name}: RAM says that it does not exist. The provider plans to create it. Until then, Logstores that were encrypted through it can be neither read nor written."
        ),
    )
}

/// The role whose create was not finished is gone, and another one is in its place.
pub(crate) fn role_of_others(name: &str) -> Diagnostic {
    Diagnostic::warning(
        "A role belongs to somebody else",
        format!(
            "Role {name}: the create of this resource failed before. The role that it created is gone, or was never created, and another role has its name. The provider leaves that role alone and takes it out of the state."
        ),
    )
}

/// Somebody else has deleted the role and created it again.
pub(crate) fn role_made_anew(name: &str) -> Diagnostic {
    Diagnostic::warning(
        "A role was deleted and created again",
        format!(
            "Role {name}: somebody has deleted the role since the last refresh, and created another one of the same name. The state now describes the new one. The plan shows what differs from the configuration."
        ),
    )
}

/// A write to a role that failed or may have been applied; `look` is the outcome of the final read.
pub(crate) fn of_step(role: &str, error: &StepError, look: Option<&Result<(), Error>>) -> Vec<Diagnostic> {
    match error {
        StepError::Call(error) => {
            let found = look.map(|look| final_read::of_role(look.as_ref().copied()));
            vec![of_call_and("Cannot configure a role", format_args!("Role {role}"), error, found)]
        }
        StepError::Principals(refused) => {
            refused.iter().map(|(principal, error)| principal_refused(role, principal, error)).collect()
        }
        StepError::PolicyTaken { policy_name, document, .. } => vec![policy_taken(policy_name, document)],
    }
}

/// The name of the PassRole policy belongs to a policy of another writer.
pub(crate) fn policy_taken(policy_name: &str, document: &str) -> Diagnostic {
    Diagnostic::error(
        "The name of the ram:PassRole policy is taken",
        format!(
            "Policy {policy_name}: a custom policy of this name exists and was not made by this resource; it was not changed. It says:\n\n  {document}\n\nChoose another pass_role.policy_name, or delete that policy."
        ),
    )
    .at(Path::of("pass_role").attribute("policy_name"))
}

/// Principals that a plan names and that do not exist.
pub(crate) fn principals_missing(role: &str, missing: &[&Principal]) -> Diagnostic {
    let names: Vec<String> = missing.iter().map(|principal| format!("  RAM {principal}")).collect();
    Diagnostic::warning(
        "A principal of pass_role does not exist",
        format!(
            "Role {role}: RAM does not know these principals of pass_role:\n\n{}\n\nUnless something creates them before this resource is applied, the apply sets everything else and then fails. Correct the names, or remove them from pass_role.",
            names.join("\n")
        ),
    )
    .at(Path::of("pass_role"))
}

/// A principal that did not get the PassRole policy.
fn principal_refused(role: &str, principal: &Principal, error: &Error) -> Diagnostic {
    let argument = match principal.kind {
        PrincipalKind::User => "users",
        PrincipalKind::Group => "groups",
        PrincipalKind::Role => "roles",
    };
    let name = &principal.name;
    let remedy = if error.kind() == ErrorKind::NotFound {
        format!(
            "Remove {name:?} from pass_role.{argument}, or correct the name, or create the {}.",
            principal.kind.as_str()
        )
    } else if error.code().is_some_and(|code| code.starts_with("LimitExceeded.")) {
        format!(
            "The RAM {principal} has reached its limit of attached policies. Detach one of them, or remove {name:?} from pass_role.{argument}."
        )
    } else {
        remedy(error)
    };
    Diagnostic::error(
        "A principal cannot get the ram:PassRole policy",
        format!(
            "Role {role}: {error}\n\nThe other principals of pass_role have the policy. {remedy} The next apply goes on with the role."
        ),
    )
    .at(Path::of("pass_role").attribute(argument))
}

/// The outcome of the wait; nothing if everything is visible.
pub(crate) fn of_visibility(role: &str, settled: Visibility) -> Diagnostics {
    match settled {
        Visibility::Visible => Diagnostics::new(),
        Visibility::NotVisible(what) => Diagnostic::warning(
            "A role is not seen as it was set yet",
            format!(
                "Role {role}: RAM has accepted every change, but does not show all of them yet. Missing: {what}. Run terraform plan in a few minutes. It shows whether anything is missing."
            ),
        )
        .into(),
        Visibility::Unknown(error) => super::warning_of_call(
            "Cannot read a role after it was set",
            format_args!("Role {role}"),
            &error,
            "RAM has accepted every change. It is not known whether other services see them yet.",
        )
        .into(),
    }
}

/// A role that was not deleted; `look` is the outcome of the final read.
pub(crate) fn of_removal(
    role: &str,
    error: &DeleteRoleError,
    look: Option<Result<(), &Error>>,
) -> Diagnostic {
    match error {
        DeleteRoleError::Call(error) => of_call_and(
            "Cannot delete a role",
            format_args!("Role {role}"),
            error,
            look.map(final_read::of_role),
        ),
        DeleteRoleError::ForeignPolicies(policies) => Diagnostic::error(
            FOREIGN_POLICIES,
            format!(
                "Role {role}: nothing was changed and the role was not deleted, because others have attached policies to it:\n\n{}\n\nDetach them. Or set this on the resource, apply, and then destroy:\n\n  force = true",
                listed(policies)
            ),
        ),
        DeleteRoleError::AttachedMeanwhile(policies) => Diagnostic::error(
            "Others attach policies to a role while it is deleted",
            format!(
                "Role {role}: others attached policies to the role while the provider was deleting it. It has these now:\n\n{}\n\nStop whatever attaches them, detach them, and run again.",
                listed(policies)
            ),
        ),
    }
}

fn listed(policies: &[AttachedPolicy]) -> String {
    let names: Vec<String> =
        policies.iter().map(|policy| format!("  {} ({})", policy.name, policy.policy_type())).collect();
    names.join("\n")
}

/// The warning that policies of others are attached to a role that is to be deleted.
pub(crate) fn foreign_policies_warning(role: &str, policies: &[String], force: bool) -> Diagnostic {
    let names = policies.join("\n  ");
    if force {
        return Diagnostic::warning(
            "The policies of others are going to be detached from a role",
            format!(
                "Role {role}: force is true, so the destroy detaches these policies before it deletes the role:\n\n  {names}"
            ),
        );
    }
    Diagnostic::warning(
        FOREIGN_POLICIES,
        format!(
            "Role {role}: the destroy fails and changes nothing while these policies are attached:\n\n  {names}\n\nIf nothing in this configuration detaches them, detach them yourself. Or set this on the resource, and apply first:\n\n  force = true"
        ),
    )
    .at(Path::of("force"))
}

/// The warning that a role is replaced.
pub(crate) fn role_replacement_warning(arn: &str, log_stores: &[String]) -> Diagnostic {
    Diagnostic::warning(
        "Replacing a role cuts off what is encrypted through it",
        format!(
            "Role {arn}: the apply deletes it and creates another one. {} The role of a Logstore's encryption is fixed by its first configuration: another role cannot take its place. Keep the role, and write another alicloud_ram_byok_role for new Logstores.",
            used_by(log_stores)
        ),
    )
    .at(Path::of("role_name"))
}

/// The warning that a role is destroyed.
pub(crate) fn role_destroy_warning(arn: &str, log_stores: &[String]) -> Diagnostic {
    Diagnostic::warning(
        "Destroying a role cuts off what is encrypted through it",
        format!(
            "Role {arn}: the destroy deletes it. {} If you create a role of the same name with the same policies, they can be read again.",
            used_by(log_stores)
        ),
    )
}

fn used_by(log_stores: &[String]) -> String {
    let every = "Every Logstore that was encrypted through it can then be neither read nor written, also if encryption was disabled later.";
    if log_stores.is_empty() {
        return every.to_owned();
    }
    format!("{every} Known ones: {}.", log_stores.join(", "))
}

/// Why the role of a Logstore cannot get another name, and what to do instead.
fn keeps_its_name(arn: &str, to: &str) -> String {
    let name = name_of(arn);
    format!(
        "The plan deletes the role and creates one named {to}. The role of a Logstore's encryption is fixed by the Logstore's first configuration: no role of another name can take its place, and without a role named {name} the Logstore can be neither read nor written.\n\nSet it back in the alicloud_ram_byok_role:\n\n  role_name = {name:?}\n\nFor other Logstores, add another alicloud_ram_byok_role. If the Logstore itself is replaced in the same apply, set on_immutable_change = \"replace\" on its encryption and apply that first."
    )
}

/// The name of a role, by its ARN.
fn name_of(arn: &str) -> &str {
    arn.rsplit_once('/').map_or(arn, |(_, name)| name)
}

const RENAMED: &str = "The role of a Logstore cannot get another name";

/// A role that is planned to be replaced by one of another name, and the Logstores that are known to need it.
pub(crate) fn role_with_log_stores_renamed(arn: &str, to: &str, log_stores: &[String]) -> Diagnostic {
    let detail = format!(
        "Role {}: {} encrypted through it. {}",
        name_of(arn),
        match log_stores {
            [one] => format!("Logstore {one} is"),
            several => format!("Logstores {} are", several.join(", ")),
        },
        keeps_its_name(arn, to)
    );
    super::of_plan(Diagnostic::error(RENAMED, detail).at(Path::of("role_name")))
}

/// A Logstore whose role is planned to be replaced by one of another name. `others` use the role as well.
pub(crate) fn role_of_log_store_renamed(
    id: &LogStoreId,
    arn: &str,
    to: &str,
    others: &BTreeSet<String>,
) -> Diagnostic {
    let detail = format!(
        "Logstore {id} is encrypted through the role {arn}.{} {}",
        also_of_project(others),
        keeps_its_name(arn, to)
    );
    super::of_plan(Diagnostic::error(RENAMED, detail).at(Path::of("user_cmk_info").attribute("arn")))
}

/// A Logstore whose role is planned to be replaced, as far as known by one of the same name.
pub(crate) fn role_of_log_store_replaced(
    id: &LogStoreId,
    arn: &str,
    others: &BTreeSet<String>,
) -> Diagnostic {
    let detail = format!(
        "Logstore {id} is encrypted through the role {arn}, which the same plan replaces.{} While the role is gone the Logstore can be neither read nor written, and a role of another name can never take its place. Keep the role.",
        also_of_project(others)
    );
    Diagnostic::warning("The role of a Logstore is going to be replaced", detail)
        .at(Path::of("user_cmk_info").attribute("arn"))
}

/// A Logstore whose role is planned to be deleted.
pub(crate) fn role_of_log_store_deleted(id: &LogStoreId, arn: &str, others: &BTreeSet<String>) -> Diagnostic {
    let detail = format!(
        "Logstore {id} is encrypted through the role {arn}, which the same plan deletes.{} Without the role the Logstore can be neither read nor written, also where encryption is disabled. If you create a role of the same name with the same policies, it can be read again. Keep the role.",
        also_of_project(others)
    );
    Diagnostic::warning("The role of a Logstore is going to be deleted", detail)
        .at(Path::of("user_cmk_info").attribute("arn"))
}

fn also_of_project(others: &BTreeSet<String>) -> String {
    let others: Vec<&str> = others.iter().map(String::as_str).collect();
    match others.as_slice() {
        [] => String::new(),
        others => format!(" So are others of the project: {}.", others.join(", ")),
    }
}
