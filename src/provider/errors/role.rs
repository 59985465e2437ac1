//! Words about BYOK roles.

use std::collections::BTreeSet;

use super::{LogStoreId, last_look, of_call_and, remedy};
use crate::{
    cloud::{
        error::{Error, ErrorKind},
        ram::byok_role::{AttachedPolicy, Principal, PrincipalKind, RemoveError, Settled, StepError},
    },
    schema::{Diagnostic, Diagnostics, Path},
};

/// What to do about a role that is in the way of its own replacement. Core keeps it aside as a deposed object then,
/// and plans to destroy that after the create that cannot succeed.
const OWN_ROLE: &str = "If it is the resource's own role that was to be replaced: two roles cannot have one name. Take create_before_destroy away, terraform state rm ADDRESS, and then import.";

/// There is a role of the name already.
pub(in crate::provider) fn role_exists(name: &str, arn: &str) -> Diagnostic {
    Diagnostic::error(
        format!("There is already a role {name}"),
        format!(
            "The role {arn} exists, and this resource did not make it. Nothing was changed. Choose another role_name, or take the role over as it is:\n\n  terraform import ADDRESS {name}\n\nThe plan after that shows what would be changed about it.\n\n{OWN_ROLE}"
        ),
    )
    .at(Path::of("role_name"))
}

/// There is a role of the name already, which only the create has found out.
pub(in crate::provider) fn role_exists_at_apply(name: &str, error: &Error) -> Diagnostic {
    Diagnostic::error(
        format!("There is already a role {name}"),
        format!(
            "{error}\n\nIt was not changed. Choose another role_name, or take the role over as it is:\n\n  terraform import ADDRESS {name}\n\n{OWN_ROLE}"
        ),
    )
    .at(Path::of("role_name"))
}

/// A role whose create failed, and which is not marked as unfinished any more.
pub(in crate::provider) fn role_not_unfinished(name: &str) -> Diagnostic {
    Diagnostic::error(
        "A role whose create failed is not marked as unfinished",
        format!(
            "Role {name}: the state has it as one whose create failed, so it is planned to be replaced. RAM does not show the description that marks such a role: somebody has changed it. Nothing was changed. To go on with the role as it is:\n\n  terraform untaint ADDRESS\n\nThe plan after that shows what is missing, and the apply of it adds that."
        ),
    )
    .at(Path::of("role_name"))
}

/// The object of a create that failed is forgotten, and the role stays.
pub(in crate::provider) fn role_finished_stays(name: &str) -> Diagnostic {
    Diagnostic::warning(
        "A role whose create failed is finished, and stays",
        format!(
            "Role {name}: what is destroyed here is what a create that failed has left in the state. The role is not marked as unfinished any more: a create after that one has finished it, or somebody has changed its description. It is not deleted. If no resource manages it, delete it:\n\n  aliyun ram DeleteRole --RoleName {name}"
        ),
    )
}

/// A role that was made without its PassRole policy, since another role's has the name.
pub(in crate::provider) fn policy_of_another_role(name: &str, policy: &str, other: &str) -> Diagnostic {
    Diagnostic::warning(
        "A role was made while another one has its ram:PassRole policy",
        format!(
            "Role {name}: the policy {policy} is that of role {other}. If that role is replaced by this one, the policy is made for this one as soon as that role is deleted, in the same apply. If not, the next plan shows that the policy is missing; choose another pass_role.policy_name then."
        ),
    )
    .at(Path::of("pass_role").attribute("policy_name"))
}

/// A role that has all but, perhaps, its description.
pub(in crate::provider) fn description_unknown(name: &str, error: &Error) -> Diagnostic {
    super::warning_of_call(
        &format!("Whether role {name} has its description is not known"),
        error,
        "Everything else about the role is set. If the description is missing the next plan shows it, and the apply of it sets it.",
    )
}

/// A role of which nobody knows whether it was made. `is_ours` tells what a look has found: one that is just as it was
/// to be made, or another one.
pub(in crate::provider) fn of_making(name: &str, error: &Error, is_ours: Result<bool, &Error>) -> Diagnostic {
    let found = match is_ours {
        Ok(true) => last_look::of_role(Ok(())),
        Ok(false) => "After that a role of this name was found, but not as it was to be made.".to_owned(),
        Err(look) => last_look::of_role(Err(look)),
    };
    of_call_and(&format!("Cannot create role {name}"), error, Some(found))
}

/// A role that was not made, or of which nobody could tell afterwards that it is ours.
pub(in crate::provider) fn of_making_unseen(name: &str, error: &Error) -> Diagnostic {
    let doubt = error.may_have_been_applied().then(|| {
        format!(
            "The role may have been made all the same. Whether there was one before could not be read, so it is not in the state: look in RAM whether there is a role {name}, and if it is the one, delete it or take it over with terraform import ADDRESS {name}."
        )
    });
    of_call_and(&format!("Cannot create role {name}"), error, doubt)
}

/// The role is gone.
pub(in crate::provider) fn role_gone(name: &str) -> Diagnostic {
    Diagnostic::warning(
        format!("Role {name} does not exist"),
        "RAM says that there is no such role. It is planned to be created. Logstores that were encrypted through it cannot be read or written until it is there again.",
    )
}

/// The role whose create was not finished is gone, and another one is in its place.
pub(in crate::provider) fn role_of_others(name: &str) -> Diagnostic {
    Diagnostic::warning(
        format!("Role {name} is another one"),
        "The role that was being set up is gone, or was never made, and there is one of the same name that this resource has not made. It is not touched, and no longer in the state.",
    )
}

/// The role was deleted and made anew by somebody else.
pub(in crate::provider) fn role_made_anew(name: &str) -> Diagnostic {
    Diagnostic::warning(
        format!("Role {name} was made anew"),
        "The role was deleted and another one of the same name made since it was last read. The state now describes the new one; what differs from the configuration is planned to be put right.",
    )
}

/// A write about a role that was not carried out, or of which nobody knows; then with what came of looking at the role.
pub(in crate::provider) fn of_step(
    role: &str,
    error: &StepError,
    look: Option<&Result<(), Error>>,
) -> Vec<Diagnostic> {
    match error {
        StepError::Call(error) => {
            let found = look.map(|look| last_look::of_role(look.as_ref().copied()));
            vec![of_call_and(&format!("Cannot set up role {role}"), error, found)]
        }
        StepError::Principals(refused) => {
            refused.iter().map(|(principal, error)| principal_refused(role, principal, error)).collect()
        }
        StepError::PolicyTaken { policy_name, document, .. } => vec![policy_taken(policy_name, document)],
    }
}

/// The name of the PassRole policy belongs to a policy that somebody else has made.
pub(in crate::provider) fn policy_taken(policy_name: &str, document: &str) -> Diagnostic {
    Diagnostic::error(
        "The name of the ram:PassRole policy is taken",
        format!(
            "Policy {policy_name}: a custom policy of this name exists and was not made by this resource; it was not changed. It says:\n\n  {document}\n\nChoose another pass_role.policy_name, or delete that policy."
        ),
    )
    .at(Path::of("pass_role").attribute("policy_name"))
}

/// Principals that a plan names and that do not exist.
pub(in crate::provider) fn principals_missing(role: &str, missing: &[&Principal]) -> Diagnostic {
    let names: Vec<String> = missing.iter().map(|principal| format!("  RAM {principal}")).collect();
    Diagnostic::warning(
        "A principal of pass_role does not exist",
        format!(
            "Role {role}: RAM does not know these, which pass_role names:\n\n{}\n\nUnless something creates them before this resource is applied, the apply makes everything else and then fails. Correct the names, or remove them from pass_role.",
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
            "The RAM {principal} has as many policies attached as it may have. Detach one of them from it, or remove {name:?} from pass_role.{argument}."
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

/// What waiting came to; nothing where everything is seen.
pub(in crate::provider) fn of_settling(role: &str, settled: Settled) -> Diagnostics {
    match settled {
        Settled::Seen => Diagnostics::new(),
        Settled::NotSeen(what) => Diagnostic::warning(
            format!("Role {role} is not seen as it was set yet"),
            format!(
                "Everything was set and accepted, but RAM does not yet show {what} as it was set. Run terraform plan in a while: it shows whether anything is missing."
            ),
        )
        .into(),
        Settled::Unknown(error) => super::warning_of_call(
            &format!("Cannot read role {role} back"),
            &error,
            "Everything was set and accepted; whether it is seen by other services yet is not known.",
        )
        .into(),
    }
}

/// A role that was not removed, with what came of looking at it after that.
pub(in crate::provider) fn of_removal(
    role: &str,
    error: &RemoveError,
    look: Option<Result<(), &Error>>,
) -> Diagnostic {
    match error {
        RemoveError::Call(error) => {
            of_call_and(&format!("Cannot delete role {role}"), error, look.map(last_look::of_role))
        }
        RemoveError::ForeignPolicies(policies) => Diagnostic::error(
            format!("Others have attached policies to role {role}"),
            format!(
                "The role is not deleted, and nothing was changed: {} attached to it, and not by this resource. Detach them, or set force = true, apply, and destroy then.",
                listed(policies)
            ),
        ),
        RemoveError::KeepsMoving(policies) => Diagnostic::error(
            format!("Others attach policies to role {role}"),
            format!(
                "Policies were attached to the role while it was being deleted: {} there now. Stop who attaches them and run again.",
                listed(policies)
            ),
        ),
    }
}

fn listed(policies: &[AttachedPolicy]) -> String {
    let names: Vec<String> =
        policies.iter().map(|policy| format!("{} ({})", policy.name, policy.policy_type())).collect();
    match names.as_slice() {
        [one] => format!("the policy {one} is"),
        _ => format!("the policies {} are", names.join(", ")),
    }
}

/// The warning that policies of others are attached to a role that goes.
pub(in crate::provider) fn foreign_policies_warning(
    role: &str,
    policies: &[String],
    force: bool,
) -> Diagnostic {
    let names = policies.join(", ");
    if force {
        return Diagnostic::warning(
            format!("Policies of others are detached from role {role}"),
            format!("force is set, so {names} will be detached before the role is deleted."),
        );
    }
    Diagnostic::warning(
        format!("Others have attached policies to role {role}"),
        format!(
            "Deleting the role fails, and changes nothing, while {names} is attached. If nothing in this configuration detaches it, do so yourself, or set force = true and apply first."
        ),
    )
    .at(Path::of("force"))
}

/// The warning that a role is replaced.
pub(in crate::provider) fn role_replacement_warning(arn: &str, log_stores: &[String]) -> Diagnostic {
    Diagnostic::warning(
        "Replacing a role cuts off what is encrypted through it",
        format!(
            "The role {arn} is deleted and another one made. {} The role of a Logstore's encryption is fixed by its first configuration: another role cannot take its place. Keep the role, and make another one for new Logstores.",
            used_by(log_stores)
        ),
    )
    .at(Path::of("role_name"))
}

/// The warning that a role is destroyed.
pub(in crate::provider) fn role_destroy_warning(arn: &str, log_stores: &[String]) -> Diagnostic {
    Diagnostic::warning(
        "Destroying a role cuts off what is encrypted through it",
        format!(
            "The role {arn} is deleted. {} A role that is made anew under the same name, with the same policies, opens them again.",
            used_by(log_stores)
        ),
    )
}

fn used_by(log_stores: &[String]) -> String {
    let every = "Every Logstore that was encrypted through it can then be neither read nor written, also where encryption has been disabled since.";
    if log_stores.is_empty() {
        return every.to_owned();
    }
    format!("{every} Known to be so: {}.", log_stores.join(", "))
}

/// Why the role of a Logstore cannot get another name, and what to do instead.
fn keeps_its_name(arn: &str, to: &str) -> String {
    let name = name_of(arn);
    format!(
        "The plan deletes the role and makes one named {to}. The role of a Logstore's encryption is fixed by the Logstore's first configuration: no role of another name can take its place, and without a role named {name} the Logstore can be neither read nor written.\n\nSet it back in the alicloud_ram_byok_role:\n\n  role_name = {name:?}\n\nFor other Logstores, write another alicloud_ram_byok_role beside it. If the Logstore itself is replaced in the same apply, set on_immutable_change = \"replace\" on its encryption and apply that first."
    )
}

/// The name of a role, by its ARN.
fn name_of(arn: &str) -> &str {
    arn.rsplit_once('/').map_or(arn, |(_, name)| name)
}

const RENAMED: &str = "The role of a Logstore cannot get another name";

/// A role that is planned to be replaced by one of another name, and the Logstores that are known to need it.
pub(in crate::provider) fn role_with_log_stores_renamed(
    arn: &str,
    to: &str,
    log_stores: &[String],
) -> Diagnostic {
    let detail = format!(
        "Role {}: encrypted through it {}. {}",
        name_of(arn),
        match log_stores {
            [one] => format!("is Logstore {one}"),
            several => format!("are Logstores {}", several.join(", ")),
        },
        keeps_its_name(arn, to)
    );
    Diagnostic::error(RENAMED, detail).at(Path::of("role_name"))
}

/// A Logstore whose role is planned to be replaced by one of another name. `others` use the role as well.
pub(in crate::provider) fn role_of_log_store_renamed(
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
    Diagnostic::error(RENAMED, detail).at(Path::of("user_cmk_info").attribute("arn"))
}

/// A Logstore whose role is planned to be replaced, as far as known by one of the same name.
pub(in crate::provider) fn role_of_log_store_replaced(
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
pub(in crate::provider) fn role_of_log_store_deleted(
    id: &LogStoreId,
    arn: &str,
    others: &BTreeSet<String>,
) -> Diagnostic {
    let detail = format!(
        "Logstore {id} is encrypted through the role {arn}, which the same plan deletes.{} Without the role the Logstore can be neither read nor written, also where encryption is disabled. A role that is made anew under the same name, with the same policies, opens it again. Keep the role.",
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
