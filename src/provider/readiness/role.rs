//! The role: it is there, SLS may assume it, and it may use the key.

use serde_json::json;

use super::{
    Check, SERVICE, Subject,
    facts::{Facts, Read},
    grants::{Outcome, of_policies},
};
use crate::cloud::{
    names::RoleName,
    ram::{
        BYOK_SYSTEM_POLICIES, PolicyDocument, PolicyId, PolicyKind, Role,
        permission::{About, Request, Verdict, judge},
    },
};

const EXISTS: &str = "role_exists";
const TRUST: &str = "role_trust";

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

/// What one of the two system policies says, as far as it counts here; a call less for each role. They allow these
/// actions on all keys, and deny nothing. Source: RAM documentation, "System policy reference".
pub(super) fn known_document(policy: &PolicyId) -> Option<PolicyDocument> {
    if policy.policy_type != PolicyKind::System {
        return None;
    }
    let need = NEEDS.iter().find(|need| policy.policy_name.as_str().eq_ignore_ascii_case(need.policy))?;
    let statement = json!({ "Effect": "Allow", "Action": need.actions, "Resource": "*" });
    PolicyDocument::parse(&json!({ "Version": "1", "Statement": [statement] }).to_string()).ok()
}

/// The checks of the role.
pub(super) fn checks(subject: &Subject, facts: &Facts) -> [Check; 4] {
    let Read::Found(role) = &facts.role else {
        let unknown = |name| Check::hanging_on(name, EXISTS);
        let [reads, uses] = NEEDS.map(|need| unknown(need.check));
        return [not_found(subject, &facts.role), unknown(TRUST), reads, uses];
    };
    let exists = Check::passed(EXISTS, format!("RAM has the role {}.", role.arn));
    let [reads, uses] = NEEDS.map(|need| permission(subject, facts, role, &need));
    [exists, trust(role), reads, uses]
}

fn not_found(subject: &Subject, role: &Read<Role>) -> Check {
    let arn = &subject.role;
    match role {
        Read::Denied(denied) => {
            let fix = denied.fix(&arn.as_str().to_lowercase());
            Check::open(EXISTS, denied.sentence(&format!("The role {arn}")), Some(fix))
        }
        Read::Unknown(why) => Check::open(EXISTS, why, None),
        Read::Absent | Read::Found(_) => Check::failed(
            EXISTS,
            format!("RAM has no role {arn}."),
            format!(
                "Add this, and use alicloud_ram_byok_role.byok.arn:\n\n{}",
                role_resource(arn.role_name())
            ),
        ),
    }
}

/// The resource that makes the role with everything it needs.
pub(super) fn role_resource(name: &str) -> String {
    format!("resource \"alicloud_ram_byok_role\" \"byok\" {{\n  role_name = \"{name}\"\n}}")
}

fn trust(role: &Role) -> Check {
    let name = &role.role_name;
    let request = Request { action: "sts:AssumeRole", about: About::Service(SERVICE) };
    let document = PolicyDocument::parse(&role.assume_role_policy_document);
    let Ok(document) = document else {
        let detail = format!("The trust policy of role {name} cannot be read as a policy document.");
        return Check::open(TRUST, detail, Some(whole_trust(role)));
    };
    match judge([&document], request) {
        Verdict::Allowed => Check::passed(TRUST, format!("The role {name} lets {SERVICE} assume it.")),
        Verdict::NotAllowed => Check::failed(
            TRUST,
            format!("The trust policy of role {name} does not let {SERVICE} assume it."),
            format!("Add this statement to the trust policy: {}. {}", trust_statement(), whole_trust(role)),
        ),
        Verdict::Denied => Check::failed(
            TRUST,
            format!("The trust policy of role {name} denies {SERVICE} to assume it."),
            format!("Remove the statement with Effect Deny from the trust policy. {}", whole_trust(role)),
        ),
        Verdict::Undecided(doubt) => Check::open(
            TRUST,
            format!("Whether the trust policy of role {name} lets {SERVICE} assume it is open: {doubt}."),
            Some(format!("To be sure, add this statement to the trust policy: {}", trust_statement())),
        ),
    }
}

fn trust_statement() -> String {
    let document = PolicyDocument::byok_trust();
    document
        .members()
        .get("Statement")
        .and_then(|list| list.get(0))
        .map(ToString::to_string)
        .unwrap_or_default()
}

fn whole_trust(role: &Role) -> String {
    format!(
        "If nobody else is to assume the role: aliyun ram UpdateRole --RoleName {} --NewAssumeRolePolicyDocument '{}'",
        role.role_name,
        PolicyDocument::byok_trust()
    )
}

fn permission(subject: &Subject, facts: &Facts, role: &Role, need: &Need) -> Check {
    let name = &role.role_name;
    let policies = match &facts.role_policies {
        Read::Found(policies) => policies,
        Read::Denied(denied) => {
            let detail = denied.sentence(&format!("What is attached to role {name}"));
            return Check::open(need.check, detail, Some(denied.fix(role.arn.as_str())));
        }
        Read::Unknown(_) | Read::Absent => {
            return Check::open(need.check, format!("What is attached to role {name} is not known."), None);
        }
    };
    let key = key_of(subject, facts, role);
    let outcome = |action: &&'static str| (*action, of_policies(policies, action, &key.arn));
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
    outcomes: Vec<(&'static str, Outcome)>,
}

impl Judged<'_> {
    fn denied(&self) -> Option<Check> {
        let denied = |(action, outcome): &(&'static str, Outcome)| match outcome {
            Outcome::Denied(by) => Some((*action, by.clone())),
            _ => None,
        };
        let (action, by) = self.outcomes.iter().find_map(denied)?;
        Some(Check::failed(
            self.need.check,
            format!("The policy {by} denies role {} {action} on {}.", self.role, self.key.arn),
            format!("Remove the statement with Effect Deny from {by}, or detach it from role {}.", self.role),
        ))
    }

    fn not_allowed(&self) -> Option<Check> {
        let not_allowed = self.outcomes.iter().filter(|(_, outcome)| *outcome == Outcome::NotAllowed);
        let actions: Vec<&str> = not_allowed.map(|(action, _)| *action).collect();
        if actions.is_empty() {
            return None;
        }
        let (actions, Judged { role, key, .. }) = (actions.join(", "), self);
        let (check, fix) = (self.need.check, self.attach());
        Some(if key.is_certain {
            Check::failed(check, format!("No policy of role {role} allows {actions} on {}.", key.arn), fix)
        } else {
            let detail = format!(
                "No policy of role {role} allows {actions} on every key, and which key is meant is not known."
            );
            Check::open(check, detail, Some(fix))
        })
    }

    fn open(&self) -> Option<Check> {
        let open = |(action, outcome): &(&'static str, Outcome)| match outcome {
            Outcome::Open { why, fix } => Some((*action, why.clone(), fix.clone())),
            _ => None,
        };
        let (action, why, fix) = self.outcomes.iter().find_map(open)?;
        let detail = format!("Whether role {} may {action} is open: {why}.", self.role);
        Some(Check::open(self.need.check, detail, Some(fix.unwrap_or_else(|| self.attach()))))
    }

    fn allowed(&self) -> Check {
        let actions = self.need.actions.join(", ");
        Check::passed(self.need.check, format!("The role {} may {actions} on {}.", self.role, self.key.arn))
    }

    fn attach(&self) -> String {
        format!(
            "Attach the system policy {policy}: aliyun ram AttachPolicyToRole --PolicyType System --PolicyName {policy} --RoleName {}. The resource alicloud_ram_byok_role does that for the role it makes.",
            self.role,
            policy = self.need.policy
        )
    }
}

/// The ARN of the key, and whether it is that of the very key.
struct KeyArn {
    arn: String,
    is_certain: bool,
}

/// Without the key's own word its ARN is made up from what is configured, which an alias does not give.
fn key_of(subject: &Subject, facts: &Facts, role: &Role) -> KeyArn {
    match facts.key.found() {
        Some(key) => KeyArn { arn: key.arn.clone(), is_certain: true },
        None => KeyArn {
            arn: format!("acs:kms:{}:{}:key/{}", subject.region, role.arn.account_id(), subject.key_id),
            is_certain: !subject.key_id.starts_with("alias/"),
        },
    }
}
