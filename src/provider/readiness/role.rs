//! The role: it is there, SLS may assume it, and it may use the key.

use serde_json::json;

use super::{
    Check, SERVICE, Subject,
    facts::{Facts, HeldPolicy, Read},
};
use crate::cloud::ram::{
    BYOK_SYSTEM_POLICIES, PolicyDocument, PolicyId, PolicyKind, Role,
    permission::{About, Request, Verdict, judge},
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
    let attach = format!(
        "Attach the system policy {policy}: aliyun ram AttachPolicyToRole --PolicyType System --PolicyName {policy} --RoleName {name}. The resource alicloud_ram_byok_role does that for the role it makes.",
        policy = need.policy
    );
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
    let verdicts = need.actions.iter().map(|action| (*action, of_policies(policies, action, &key.arn)));
    let missing: Vec<(&str, Outcome)> =
        verdicts.filter(|(_, outcome)| *outcome != Outcome::Allowed).collect();
    let named = |wanted: fn(&Outcome) -> bool| {
        let names: Vec<&str> = missing.iter().filter(|(_, one)| wanted(one)).map(|(name, _)| *name).collect();
        names.join(", ")
    };
    let denied = named(|outcome| matches!(outcome, Outcome::Denied(_)));
    if let Some((_, Outcome::Denied(by))) =
        missing.iter().find(|(_, outcome)| matches!(outcome, Outcome::Denied(_)))
    {
        return Check::failed(
            need.check,
            format!("The policy {by} denies role {name} {denied} on {}.", key.arn),
            format!("Remove the statement with Effect Deny from {by}, or detach it from role {name}."),
        );
    }
    let not_allowed = named(|outcome| matches!(outcome, Outcome::NotAllowed));
    if !not_allowed.is_empty() && key.is_certain {
        let detail = format!("No policy of role {name} allows {not_allowed} on {}.", key.arn);
        return Check::failed(need.check, detail, attach);
    }
    match missing.as_slice() {
        [] => Check::passed(
            need.check,
            format!("The role {name} may {} on {}.", need.actions.join(", "), key.arn),
        ),
        [(action, Outcome::Open(why)), ..] => {
            Check::open(need.check, format!("Whether role {name} may {action} is open: {why}."), Some(attach))
        }
        _ => Check::open(
            need.check,
            format!(
                "Whether role {name} may {not_allowed} is open: which key {} is, is not known.",
                subject.key_id
            ),
            Some(attach),
        ),
    }
}

/// What a holder's policies come to for one action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Allowed,
    /// By this policy.
    Denied(String),
    NotAllowed,
    /// The end of a sentence that says why.
    Open(String),
}

/// What policies say about an action on a resource. One that could not be read may say anything.
pub(super) fn of_policies(policies: &[HeldPolicy], action: &str, resource: &str) -> Outcome {
    let request = Request { action, about: About::Resource(resource) };
    let denies = |policy: &&HeldPolicy| {
        policy.document.found().is_some_and(|document| judge([document], request) == Verdict::Denied)
    };
    if let Some(policy) = policies.iter().find(denies) {
        return Outcome::Denied(policy.id.policy_name.to_string());
    }
    let unread = policies.iter().find(|policy| policy.document.found().is_none());
    match (judge(policies.iter().filter_map(|policy| policy.document.found()), request), unread) {
        (_, Some(policy)) => Outcome::Open(unread_policy(policy)),
        (Verdict::Allowed, None) => Outcome::Allowed,
        (Verdict::NotAllowed | Verdict::Denied, None) => Outcome::NotAllowed,
        (Verdict::Undecided(doubt), None) => Outcome::Open(doubt.to_string()),
    }
}

fn unread_policy(policy: &HeldPolicy) -> String {
    match &policy.document {
        Read::Denied(denied) => {
            format!("the policy {} could not be read, because the caller lacks {}", policy.id, denied.action)
        }
        _ => format!("the policy {} could not be read as a policy document", policy.id),
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
