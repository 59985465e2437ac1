//! Whoever configures encryption may hand the role to the service.

use super::{
    check::Check,
    inputs::{EffectivePolicies, Inputs, Lookup},
    policy_evaluation::{Evaluation, evaluate},
    principal::{Principal, PrincipalKind},
};
use cloud::ram::{PolicyDocument, RoleArn};

pub(super) const NAME: &str = "pass_role";
const ACTION: &str = "ram:PassRole";

/// The check of the principal. What a session policy takes away from a session of a role cannot be read, and does
/// not count.
pub(crate) fn check(role: &RoleArn, inputs: &Inputs) -> Check {
    let role = normalize_role(role, inputs);
    let principal = match &inputs.principal {
        Lookup::Found(principal) => principal,
        Lookup::Denied(denied) => return Check::unread(NAME, "Who the caller is", denied),
        Lookup::Unknown(why) | Lookup::Refused(why) => return Check::open(NAME, why, None),
        Lookup::Absent => return Check::open(NAME, "Who the caller is, is not known.", None),
    };
    if principal.account_id != role.account_id() {
        return Check::open(
            NAME,
            format!(
                "Role {role} is of account {}, and {principal} of account {}: what it may do there cannot be read.",
                role.account_id(),
                principal.account_id
            ),
            None,
        );
    }
    if principal.kind == PrincipalKind::Account {
        return Check::passed(NAME, format!("The {principal} itself needs no permission to pass {role}."));
    }
    match &inputs.principal_policies {
        Lookup::Found(effective) => check_policies(principal, &role, effective),
        Lookup::Absent => {
            let detail = format!("There is no {principal}.");
            Check::failed(
                NAME,
                detail,
                "Check principal: it is the ARN of the user or role that runs this configuration.",
            )
        }
        Lookup::Denied(denied) => Check::unread(NAME, &format!("What is attached to {principal}"), denied),
        Lookup::Unknown(why) | Lookup::Refused(why) => Check::open(NAME, why, None),
    }
}

fn check_policies(principal: &Principal, role: &RoleArn, effective: &EffectivePolicies) -> Check {
    match (evaluate(&effective.policies, ACTION, role.as_str()), effective.unread.first()) {
        (Evaluation::Denied(by), _) => Check::failed(
            NAME,
            format!("The policy {} denies {principal} {ACTION} on {role}.", by.policy_name),
            format!("Remove the statement with Effect Deny from {}, or detach it.", by.policy_name),
        ),
        (Evaluation::Open { denied: Some(denied), .. }, _) => {
            Check::unread(NAME, &format!("A policy of {principal}"), &denied)
        }
        (Evaluation::Open { why, denied: None }, _) => Check::open(
            NAME,
            format!("Whether {principal} may do {ACTION} on {role} is not known: {why}."),
            Some(fix(principal, role)),
        ),
        (_, Some(denied)) => Check::unread(NAME, &format!("What the groups of {principal} hold"), denied),
        (Evaluation::Allowed, None) => {
            Check::passed(NAME, format!("The {principal} may {ACTION} on {role}."))
        }
        (Evaluation::NotAllowed, None) => Check::failed(
            NAME,
            format!("No policy of {principal} allows {ACTION} on {role}."),
            fix(principal, role),
        ),
    }
}

/// The permission on this role alone, twice: as the policy, and as the argument of the resource that makes it.
fn fix(principal: &Principal, role: &RoleArn) -> String {
    let (argument, name) = match &principal.kind {
        PrincipalKind::User(name) => ("users", name.as_str()),
        PrincipalKind::Role(name) => ("roles", name.as_str()),
        PrincipalKind::Account => ("users", ""),
    };
    format!(
        "Attach a custom policy with this document to {principal}:\n\n  {}\n\nIf alicloud_ram_byok_role makes the role, this does it there:\n\n  pass_role = {{ {argument} = [\"{name}\"] }}",
        PolicyDocument::pass_role(role)
    )
}

/// The resource of a policy is compared with the ARN as RAM writes it, in lower case.
fn normalize_role(role: &RoleArn, inputs: &Inputs) -> RoleArn {
    let lower = || RoleArn::parse(&role.as_str().to_lowercase()).ok();
    inputs.role.found().map(|found| found.arn.clone()).or_else(lower).unwrap_or_else(|| role.clone())
}
