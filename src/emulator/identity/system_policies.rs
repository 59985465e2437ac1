//! The cloud's own policies: those that something here is decided by
//! (<https://www.alibabacloud.com/help/en/ram/developer-reference/system-policy-reference>), and the names of the
//! others.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Serialize;
use serde_json::{Value, json};

use super::policy::{Policy, PolicyKey, PolicyKind};
use crate::policy::{Grammar, PolicyText};

/// 2018-03-09T00:00:00Z, when `AliyunKMSReadOnlyAccess` was made; all have this date here.
const CREATED: i64 = 1_520_553_600;

/// Actions, and the resources they are about.
type Statements = &'static [(&'static [&'static str], &'static [&'static str])];

const EVERYTHING: &[&str] = &["*"];

/// Name, description and statements of those that decide something here: of the services that are emulated. Those for
/// Log Service, RAM and STS are a guess.
const OF_SERVED: [(&str, &str, Statements); 15] = [
    (
        "AdministratorAccess",
        "Provides full access to Alibaba Cloud services and resources.",
        &[(&["*"], EVERYTHING)],
    ),
    (
        "AliyunKMSReadOnlyAccess",
        "Provides read-only access to Key Management Service via Management Console.",
        &[(
            &[
                "kms:List*",
                "kms:Describe*",
                "kms:GetPublicKey",
                "kms:GetUploadBackupDataInfo",
                "kms:GetKmsInstanceSharedAccounts",
                "kms:GetKmsInstanceQuotaInfos",
                "kms:GetCheckAssociateResourceTaskResults",
                "kms:GetKeyPolicy",
                "kms:GetKeyDefaultPolicy",
                "kms:GetSecretPolicy",
                "kms:GetSecretDefaultPolicy",
                "kms:GetKmsInstance",
                "kms:GetDefaultKmsInstance",
            ],
            EVERYTHING,
        )],
    ),
    (
        "AliyunKMSCryptoUserAccess",
        "Provides access to the cryptographic operations of Key Management Service.",
        &[(
            &[
                "kms:Encrypt",
                "kms:Decrypt",
                "kms:GenerateDataKey",
                "kms:GenerateDataKeyWithoutPlaintext",
                "kms:AsymmetricDecrypt",
                "kms:AsymmetricEncrypt",
                "kms:AsymmetricSign",
                "kms:AsymmetricVerify",
                "kms:GetPublicKey",
                "kms:GenerateMac",
                "kms:VerifyMac",
            ],
            EVERYTHING,
        )],
    ),
    (
        "AliyunKMSCryptoAdminAccess",
        "Provides access to the keys and aliases of Key Management Service.",
        &[(&["kms:*"], &["acs:kms:*:*:key*", "acs:kms:*:*:alias*"])],
    ),
    (
        "AliyunKMSSecretAdminAccess",
        "Provides access to the secrets of Key Management Service.",
        &[(&["kms:*"], &["acs:kms:*:*:secret*"]), (&["kms:GetRandomPassword"], EVERYTHING)],
    ),
    (
        "AliyunKMSSecretUserAccess",
        "Provides access to the values of secrets of Key Management Service.",
        &[(&["kms:GetSecretValue", "kms:DescribeSecret", "kms:ListSecretVersionIds"], EVERYTHING)],
    ),
    ("AliyunKMSFullAccess", "Provides full access to Key Management Service.", &[(&["kms:*"], EVERYTHING)]),
    ("AliyunLogFullAccess", "Provides full access to Log Service.", &[(&["log:*"], EVERYTHING)]),
    (
        "AliyunLogReadOnlyAccess",
        "Provides read-only access to Log Service.",
        &[(&["log:Get*", "log:List*"], EVERYTHING)],
    ),
    (
        "AliyunLogPutOpenEventPolicy",
        "Provides access to the open events of Log Service.",
        &[(&["log:PutOpenEvent"], EVERYTHING)],
    ),
    (
        "AliyunLogInvokeFCAccess",
        "Provides access to the functions that Log Service invokes.",
        &[(&["fc:InvokeFunction"], EVERYTHING)],
    ),
    (
        "AliyunLogRolePolicy",
        "Provides what the role of Log Service in an account needs.",
        &[(&["log:*"], EVERYTHING)],
    ),
    (
        "AliyunRAMFullAccess",
        "Provides full access to Resource Access Management.",
        &[(&["ram:*"], EVERYTHING)],
    ),
    (
        "AliyunRAMReadOnlyAccess",
        "Provides read-only access to Resource Access Management.",
        &[(&["ram:Get*", "ram:List*"], EVERYTHING)],
    ),
    (
        "AliyunSTSAssumeRoleAccess",
        "Provides access to the AssumeRole operation of STS.",
        &[(&["sts:AssumeRole"], EVERYTHING)],
    ),
];

/// The names of the others, by the codes of their services. What they say is a guess, and decides nothing here.
const OF_OTHERS: &str = include_str!("system_policies.txt");

/// A system policy by its folded name.
pub fn system_policy(folded_name: &str) -> Option<&'static Policy> {
    let key = PolicyKey { kind: PolicyKind::System, name: folded_name.to_owned() };
    POLICIES.get(&key).and_then(|policy| policy.as_ref())
}

/// The system policies by key. One whose document could not be read would be missing, which a test rules out.
pub fn system_policies<'p>() -> impl Iterator<Item = (&'p PolicyKey, &'p Policy)> {
    POLICIES.iter().filter_map(|(key, policy)| Some((key, policy.as_ref()?)))
}

/// A system policy, of which the document is read when somebody looks at it: most of them nobody ever does.
type LazyPolicy = LazyLock<Option<Policy>, Box<dyn FnOnce() -> Option<Policy> + Send>>;

static POLICIES: LazyLock<BTreeMap<PolicyKey, LazyPolicy>> = LazyLock::new(|| {
    let of_served = OF_SERVED.into_iter().map(|(name, description, statements)| {
        let statements = statements.iter().map(|&(actions, resources)| statement(actions, resources));
        let (description, statements) = (description.to_owned(), statements.collect::<Vec<Value>>());
        known(name, move || policy(name, description, &statements))
    });
    let of_others = codes_and_names().flat_map(|(codes, names)| {
        names.split(' ').map(move |name| known(name, move || policy_of_codes(name, codes)))
    });
    of_served.chain(of_others).collect()
});

/// The lines of [`OF_OTHERS`] that are no comments.
fn codes_and_names() -> impl Iterator<Item = (&'static str, &'static str)> {
    OF_OTHERS.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once(": "))
}

fn known(name: &str, read: impl FnOnce() -> Option<Policy> + Send + 'static) -> (PolicyKey, LazyPolicy) {
    (PolicyKey::new(PolicyKind::System, name), LazyPolicy::new(Box::new(read)))
}

/// A policy of a service that is not emulated, by the words in its name.
fn policy_of_codes(name: &str, codes: &str) -> Option<Policy> {
    let is_read_only = name.to_lowercase().contains("readonly");
    let verbs: &[&str] = if is_read_only { &["Get*", "List*", "Describe*"] } else { &["*"] };
    let actions = codes.split(' ').flat_map(|code| verbs.iter().map(move |verb| format!("{code}:{verb}")));
    let actions: Vec<String> = actions.collect();
    let extent = if is_read_only { "read-only access" } else { "access" };
    let description = format!("Provides {extent} to the service {codes}.");
    policy(name, description, &[statement(&actions, &["*"])])
}

fn statement(actions: &[impl Serialize], resources: &[&str]) -> Value {
    // A single resource is not in a list, as the documentation writes it.
    let resources = match resources {
        [resource] => json!(resource),
        resources => json!(resources),
    };
    json!({"Action": actions, "Resource": resources, "Effect": "Allow"})
}

fn policy(name: &str, description: String, statements: &[Value]) -> Option<Policy> {
    let text = json!({"Version": "1", "Statement": statements}).to_string();
    let document = PolicyText::parse(&text, Grammar::Permission).ok()?;
    Some(Policy { description, ..Policy::new(PolicyKind::System, name, document, CREATED) })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::policy::{ConditionContext, Request, decide};

    #[test]
    fn every_policy_is_known_once_and_every_document_can_be_read() {
        let others = codes_and_names().flat_map(|(_, names)| names.split(' '));
        let names: Vec<&str> = OF_SERVED.iter().map(|(name, ..)| *name).chain(others).collect();
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
        assert!(names.len() > 280, "{}", names.len());
        for name in names {
            let policy = system_policy(&name.to_lowercase()).unwrap_or_else(|| panic!("{name}"));
            assert_eq!((policy.name.as_str(), policy.kind), (name, PolicyKind::System));
            assert!(!policy.description.is_empty() && policy.tags.is_empty());
        }
        assert!(system_policy("aliyunkmscryptouseracess").is_none(), "a name with a letter too few");
    }

    /// What is guessed about the policies of other services gives nobody anything here.
    #[test]
    fn policies_of_other_services_decide_nothing_about_those_that_are_emulated() {
        let served: BTreeSet<&str> = OF_SERVED.iter().map(|(name, ..)| *name).collect();
        for (_, policy) in system_policies().filter(|(_, policy)| !served.contains(policy.name.as_str())) {
            let document = policy.in_force().unwrap().document.document();
            for action in ["log:GetLogStore", "kms:Decrypt", "ram:PassRole", "sts:AssumeRole"] {
                let condition_context = &ConditionContext::default();
                let request = Request { action, resource: "acs:x", trusted_entity: None, condition_context };
                assert!(!decide([document], request).is_allowed(), "{} {action}", policy.name);
            }
        }
    }
}
