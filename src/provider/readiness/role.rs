//! The role: it is there, SLS may assume it, and it may use the key.

use serde_json::json;

use super::{
    check::{Check, SERVICE, Subject},
    inputs::{Denied, Inputs, Lookup},
    policy_evaluation::{Evaluation, evaluate},
};
use cloud::{
    names::RoleName,
    ram::{
        BYOK_SYSTEM_POLICIES, PolicyDocument, PolicyId, PolicyKind, Role, RoleArn,
        permission::{Request, Target, Verdict, evaluate_documents},
    },
};

const EXISTS: &str = "role_exists";
const TRUST: &str = "role_trust";

const DISTRUSTS: &str = "The RAM role of a Logstore does not let SLS assume it";
const MAY_NOT_USE: &str = "The RAM role of a Logstore may not use the KMS key";

/// The action without which SLS may do as well: a data key is made with `kms:GenerateDataKey`. Not documented, so
/// that a role without it is not an error.
const PERHAPS_UNUSED: &str = "kms:Encrypt";

/// What a role needs besides the trust: a check, the system policy that gives it, and the actions that count.
///
/// The two policies are documented (SLS documentation, "Data encryption"). Which of their actions SLS uses is not:
/// those here are the ones without which a data key can neither be made nor opened, which is a guess.
struct Need {
    check: &'static str,
    policy: &'static str,
    actions: &'static [&'static str],
}

const NEEDS: [Need; 2] = [
    Need { check: "role_reads_keys", policy: BYOK_SYSTEM_POLICIES[0], actions: &["kms:DescribeKey"] },
    Need {
        check: "role_uses_keys",
        policy: BYOK_SYSTEM_POLICIES[1],
        actions: &["kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey"],
    },
];

/// The document of one of the two system policies, as far as the checks need it, which saves a call a role. They
/// allow these actions on all keys, and deny nothing. Source: RAM documentation, "System policy reference".
pub(super) fn known_document(policy: &PolicyId) -> Option<PolicyDocument> {
    if policy.policy_type != PolicyKind::System {
        return None;
    }
    let need = NEEDS.iter().find(|need| policy.policy_name.as_str().eq_ignore_ascii_case(need.policy))?;
    let statement = json!({ "Effect": "Allow", "Action": need.actions, "Resource": "*" });
    PolicyDocument::parse(&json!({ "Version": "1", "Statement": [statement] }).to_string()).ok()
}

/// The checks of the role.
pub(super) fn checks(subject: &Subject, arn: &RoleArn, inputs: &Inputs) -> [Check; 4] {
    let Lookup::Found(role) = &inputs.role else {
        let unknown = |name| Check::blocked_by(name, EXISTS);
        let [reads, uses] = NEEDS.map(|need| unknown(need.check));
        return [not_found(arn, &inputs.role), unknown(TRUST), reads, uses];
    };
    let exists = Check::passed(EXISTS, format!("RAM has the role {}.", role.arn));
    let [reads, uses] = NEEDS.map(|need| permission(subject, inputs, role, &need));
    [exists, trust(role), reads, uses]
}

fn not_found(arn: &RoleArn, role: &Lookup<Role>) -> Check {
    match role {
        Lookup::Denied(denied) => Check::unread(EXISTS, &format!("Role {arn}"), denied),
        Lookup::Unknown(why) | Lookup::Refused(why) => Check::open(EXISTS, why, None),
        Lookup::Absent | Lookup::Found(_) => Check::failed(
            EXISTS,
            format!("Role {arn} does not exist."),
            format!(
                "If alicloud_ram_byok_role of this configuration makes the role, refer to it instead of writing its ARN as text, so that Terraform knows that the role is made first:\n\n  arn = alicloud_ram_byok_role.byok.arn\n\nIf nothing makes it yet, add this; the line with provider is for a configuration in which the provider is called alicloud-encryption:\n\n{}",
                role_resource(arn.role_name())
            ),
        )
        .with_outage("The RAM role of a Logstore does not exist"),
    }
}

/// The resource that makes the role with everything it needs, indented so that no host wraps it. Without the line
/// `provider`, a resource type that begins with `alicloud_` is taken for one of the provider named `alicloud`.
fn role_resource(name: &str) -> String {
    format!(
        "  resource \"alicloud_ram_byok_role\" \"byok\" {{\n    provider  = alicloud-encryption\n    role_name = \"{name}\"\n  }}"
    )
}

fn trust(role: &Role) -> Check {
    let name = &role.role_name;
    let request = Request { action: "sts:AssumeRole", target: Target::Service(SERVICE) };
    let document = PolicyDocument::parse(&role.assume_role_policy_document);
    let Ok(document) = document else {
        let detail = format!("The trust policy of role {name} cannot be read as a policy document.");
        return Check::open(TRUST, detail, Some(set_trust(role, &PolicyDocument::byok_trust())));
    };
    match evaluate_documents([&document], request) {
        Verdict::Allowed => Check::passed(TRUST, format!("The role {name} lets {SERVICE} assume it.")),
        Verdict::NotAllowed => Check::failed(
            TRUST,
            format!("Role {name}: its trust policy does not let {SERVICE} assume it."),
            format!("Add a statement for {SERVICE}; those that are there stay. {}", set_trust(role, &with_sls(&document))),
        )
        .with_outage(DISTRUSTS),
        Verdict::Denied => Check::failed(
            TRUST,
            format!("Role {name}: its trust policy denies {SERVICE} to assume it."),
            format!(
                "Remove the statement with Effect Deny from the trust policy. If nobody else is to assume the role: {}",
                set_trust(role, &PolicyDocument::byok_trust())
            ),
        )
        .with_outage(DISTRUSTS),
        Verdict::Undecided(doubt) => Check::open(
            TRUST,
            format!(
                "Role {name}: whether its trust policy lets {SERVICE} assume it is not known: {doubt}."
            ),
            Some(format!("To be sure, add a statement. {}", set_trust(role, &with_sls(&document)))),
        ),
    }
}

/// Whether a trust policy surely lets SLS assume the role.
pub(crate) fn is_trusting(trust_policy: &str) -> bool {
    let request = Request { action: "sts:AssumeRole", target: Target::Service(SERVICE) };
    PolicyDocument::parse(trust_policy)
        .is_ok_and(|document| evaluate_documents([&document], request) == Verdict::Allowed)
}

/// Whether a trust policy is about SLS: it names it, whatever else it says.
pub(crate) fn names_sls(trust_policy: &str) -> bool {
    PolicyDocument::parse(trust_policy).is_ok_and(|document| document.names_service(SERVICE))
}

/// A trust policy, with the statement that lets SLS assume the role.
fn with_sls(trust: &PolicyDocument) -> PolicyDocument {
    trust.and_statements_of(&PolicyDocument::byok_trust())
}

fn set_trust(role: &Role, document: &PolicyDocument) -> String {
    format!(
        "This sets the trust policy:\n\n  aliyun ram UpdateRole --RoleName {} --NewAssumeRolePolicyDocument '{document}'",
        role.role_name
    )
}

fn permission(subject: &Subject, inputs: &Inputs, role: &Role, need: &Need) -> Check {
    let name = &role.role_name;
    let policies = match &inputs.role_policies {
        Lookup::Found(policies) => policies,
        Lookup::Denied(denied) => {
            return Check::unread(need.check, &format!("What is attached to role {name}"), denied);
        }
        Lookup::Unknown(_) | Lookup::Refused(_) | Lookup::Absent => {
            return Check::open(need.check, format!("What is attached to role {name} is not known."), None);
        }
    };
    let key = KeyArn::resolve(subject, inputs, role, policies.is_empty());
    let outcome = |action: &&'static str| (*action, evaluate(policies, action, &key.arn));
    let judged = Judged { need, role: name, outcomes: need.actions.iter().map(outcome).collect(), key };
    judged
        .denied()
        .or_else(|| judged.not_allowed())
        .or_else(|| judged.open())
        .unwrap_or_else(|| judged.allowed())
}

/// What the policies of a role come to for each action of a need.
struct Judged<'a> {
    need: &'a Need,
    role: &'a RoleName,
    key: KeyArn,
    outcomes: Vec<(&'static str, Evaluation)>,
}

impl Judged<'_> {
    fn denied(&self) -> Option<Check> {
        let denied = |(action, outcome): &(&'static str, Evaluation)| match outcome {
            Evaluation::Denied(by) => Some((*action, by.clone())),
            _ => None,
        };
        let (action, by) = self.outcomes.iter().find_map(denied)?;
        Some(
            Check::failed(
                self.need.check,
                format!(
                    "Role {}: the policy {} denies it {action} on {}.",
                    self.role, by.policy_name, self.key.arn
                ),
                format!(
                    "Remove the statement with Effect Deny from the policy, or detach the policy:\n\n  aliyun ram DetachPolicyFromRole --PolicyType {} --PolicyName {} --RoleName {}",
                    by.policy_type, by.policy_name, self.role
                ),
            )
            .with_outage(MAY_NOT_USE),
        )
    }

    fn not_allowed(&self) -> Option<Check> {
        let not_allowed = self.outcomes.iter().filter(|(_, outcome)| *outcome == Evaluation::NotAllowed);
        let actions: Vec<&str> = not_allowed.map(|(action, _)| *action).collect();
        if actions.is_empty() {
            return None;
        }
        let (missing, Judged { role, key, .. }) = (actions.join(", "), self);
        let (check, fix) = (self.need.check, self.attach());
        Some(if !key.is_certain {
            let detail = format!(
                "Role {role}: no policy of it allows {missing} on every key, and which key is meant is not known."
            );
            let open = Check::open(check, detail, Some(fix));
            Check { because: self.key.because, ..open }
        } else if actions == [PERHAPS_UNUSED] {
            let detail = format!(
                "Role {role}: no policy of it allows {missing} on {}. Whether SLS needs that is not documented; it can make data keys without it.",
                key.arn
            );
            Check::open(check, detail, Some(fix))
        } else {
            Check::failed(
                check,
                format!("Role {role}: no policy of it allows {missing} on {}.", key.arn),
                fix,
            )
            .with_outage(MAY_NOT_USE)
        })
    }

    fn open(&self) -> Option<Check> {
        let open = |(action, outcome): &(&'static str, Evaluation)| match outcome {
            Evaluation::Open { why, denied } => Some((*action, why.clone(), denied.clone())),
            _ => None,
        };
        let (action, why, denied): (_, _, Option<Denied>) = self.outcomes.iter().find_map(open)?;
        if let Some(denied) = denied {
            return Some(Check::unread(self.need.check, &format!("A policy of role {}", self.role), &denied));
        }
        let detail = format!("Role {}: whether it may do {action} is not known: {why}.", self.role);
        Some(Check::open(self.need.check, detail, Some(self.attach())))
    }

    fn allowed(&self) -> Check {
        let actions = self.need.actions.join(", ");
        Check::passed(self.need.check, format!("The role {} may {actions} on {}.", self.role, self.key.arn))
    }

    fn attach(&self) -> String {
        format!(
            "Attach the system policy {policy}:\n\n  aliyun ram AttachPolicyToRole --PolicyType System --PolicyName {policy} --RoleName {}",
            self.role,
            policy = self.need.policy
        )
    }
}

/// The ARN of the key, and whether it is that of the very key.
struct KeyArn {
    arn: String,
    is_certain: bool,
    /// The check that is open as well because the key is not known.
    because: Option<&'static str>,
}

impl KeyArn {
    /// Without KMS's own word the ARN is made up from what is configured, which an alias does not give. Which key it is
    /// does not count for a role without any policy.
    fn resolve(subject: &Subject, inputs: &Inputs, role: &Role, has_no_policy: bool) -> KeyArn {
        if let Some(key) = inputs.key.found() {
            return KeyArn { arn: key.arn.clone(), is_certain: true, because: None };
        }
        let key_id = subject.key_id.as_deref();
        KeyArn {
            arn: format!(
                "acs:kms:{}:{}:key/{}",
                subject.region,
                role.arn.account_id(),
                key_id.unwrap_or("*")
            ),
            is_certain: has_no_policy || key_id.is_some_and(|key_id| !key_id.starts_with("alias/")),
            because: key_id.is_none().then_some(super::key::EXISTS),
        }
    }
}
