//! What a caller may do.

use super::arn::role_arn;
use super::attachment::{PolicyTarget, PolicyTargetKind};
use super::directory::Directory;
use super::names::folded;
use super::policy::Policy;
use crate::access::Principal;
use crate::policy::{ConditionContext, Decision, Document, Request, TrustedEntity, decide};

impl Directory {
    /// Decides whether a caller may do `action` to `resource`, by every policy that is attached to them,
    /// to a group of theirs, and that their session was narrowed down with. The account itself may do
    /// everything; who is not there any more, nothing.
    pub fn decide(
        &self,
        who: &Principal,
        action: &str,
        resource: &str,
        condition_context: &ConditionContext,
    ) -> Decision {
        let request = Request { action, resource, trusted_entity: None, condition_context };
        match who {
            Principal::AccountRoot { .. } => Decision::Allowed,
            Principal::User { name, .. } => decide(self.documents(&self.policy_targets(name)), request),
            Principal::RoleSession { role, role_id, policy, .. } => {
                if self.role(role).is_none_or(|role| role.id != *role_id) {
                    return Decision::NotMentioned;
                }
                let target = PolicyTarget::new(PolicyTargetKind::Role, role);
                match (decide(self.documents(&[target]), request), policy) {
                    (Decision::Allowed, Some(policy)) => decide([policy.document()], request),
                    (decision, _) => decision,
                }
            }
        }
    }

    /// Whether a role's trust policy lets a cloud service assume it.
    pub fn role_trusts_service(
        &self,
        role: &str,
        service: &str,
        condition_context: &ConditionContext,
    ) -> bool {
        self.role_trusts(role, TrustedEntity::Service(service), condition_context)
    }

    /// Whether a role's trust policy lets the users of an identity provider assume it.
    pub fn role_trusts_provider(
        &self,
        role: &str,
        provider_arn: &str,
        condition_context: &ConditionContext,
    ) -> bool {
        self.role_trusts(role, TrustedEntity::Federated(provider_arn), condition_context)
    }

    /// Whether a role's trust policy lets a caller assume it.
    pub fn role_trusts_caller(
        &self,
        role: &str,
        who: &Principal,
        condition_context: &ConditionContext,
    ) -> bool {
        let arn = match who {
            Principal::RoleSession { account_id, role, .. } => role_arn(account_id, role),
            who => who.arn(),
        };
        self.role_trusts(
            role,
            TrustedEntity::Ram { arn: &arn, account_id: who.account_id() },
            condition_context,
        )
    }

    fn role_trusts(
        &self,
        role: &str,
        trusted_entity: TrustedEntity<'_>,
        condition_context: &ConditionContext,
    ) -> bool {
        let Some(role) = self.role(role) else { return false };
        let request = Request {
            action: "sts:AssumeRole",
            resource: "",
            trusted_entity: Some(trusted_entity),
            condition_context,
        };
        decide([role.trust.document()], request).is_allowed()
    }

    /// A user and the groups it is in.
    fn policy_targets(&self, user: &str) -> Vec<PolicyTarget> {
        let user = folded(user);
        let groups = self.groups.values().filter(|group| group.members.contains(&user));
        let groups = groups.map(|group| PolicyTarget::new(PolicyTargetKind::Group, &group.name));
        groups.chain([PolicyTarget::new(PolicyTargetKind::User, &user)]).collect()
    }

    fn documents(&self, policy_targets: &[PolicyTarget]) -> Vec<&Document> {
        let present = policy_targets.iter().filter(|target| self.has(target));
        let policies = present.flat_map(|target| self.policies_of(target));
        policies
            .filter_map(|(policy, _)| Policy::in_force(policy))
            .map(|version| version.document.document())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::Clock;
    use crate::Seed;
    use crate::policy::{Grammar, PolicyText};

    const ACCOUNT: &str = "1234567890123456";

    fn directory() -> Directory {
        let trust = json!({"Version": "1", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
            "Principal": {"Service": ["log.aliyuncs.com"]}}]});
        let no_delete = json!({"Version": "1", "Statement": [
            {"Effect": "Deny", "Action": "log:Delete*", "Resource": "*"}]});
        let seed = json!({
            "groups": [{"name": "readers", "policies": ["AliyunLogReadOnlyAccess"]}],
            "users": [
                {"name": "alice", "groups": ["readers"]},
                {"name": "bob", "policies": ["AdministratorAccess", {"name": "no-delete", "document": no_delete}]}],
            "roles": [{"name": "Byok", "assume_role_policy_document": trust,
                "policies": ["AliyunKMSCryptoUserAccess"]}],
        });
        Seed::from_json(&seed.to_string(), &Clock::fixed(1_000)).unwrap().directory
    }

    fn user(name: &str) -> Principal {
        Principal::User { account_id: ACCOUNT.to_owned(), name: name.to_owned() }
    }

    /// A session of `Byok` as it is in `directory`.
    fn session(directory: &Directory, policy: Option<&str>) -> Principal {
        let policy = policy.map(|text| PolicyText::parse(text, Grammar::Permission).unwrap());
        let role = directory.role("byok").unwrap();
        Principal::RoleSession {
            account_id: ACCOUNT.to_owned(),
            role: role.name.clone(),
            role_id: role.id.clone(),
            session: "s".to_owned(),
            policy,
        }
    }

    #[track_caller]
    fn check(who: &Principal, action: &str, expected: Decision) {
        assert_eq!(
            directory().decide(who, action, "acs:x", &ConditionContext::default()),
            expected,
            "{who:?} {action}"
        );
    }

    #[test]
    fn groups_give_their_users_what_they_hold() {
        check(&user("alice"), "log:GetLogStore", Decision::Allowed);
        check(&user("Alice"), "log:GetLogStore", Decision::Allowed);
        check(&user("alice"), "log:UpdateLogStore", Decision::NotMentioned);
        check(&user("nobody"), "log:GetLogStore", Decision::NotMentioned);
    }

    #[test]
    fn a_custom_deny_wins_over_a_system_allow() {
        check(&user("bob"), "log:UpdateLogStore", Decision::Allowed);
        check(&user("bob"), "log:DeleteLogStore", Decision::Denied);
    }

    #[test]
    fn a_session_has_what_its_role_and_its_own_policy_both_allow() {
        let directory = directory();
        let decided = |policy: Option<&str>, action: &str| {
            directory.decide(&session(&directory, policy), action, "acs:x", &ConditionContext::default())
        };
        assert_eq!(decided(None, "kms:Decrypt"), Decision::Allowed);
        assert_eq!(decided(None, "kms:CreateKey"), Decision::NotMentioned);
        let policy = |action: &str| {
            json!({"Version": "1", "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]})
                .to_string()
        };
        assert_eq!(decided(Some(&policy("kms:Encrypt")), "kms:Encrypt"), Decision::Allowed);
        assert_eq!(decided(Some(&policy("kms:Encrypt")), "kms:Decrypt"), Decision::NotMentioned);
        assert_eq!(decided(Some(&policy("*")), "kms:CreateKey"), Decision::NotMentioned);
    }

    #[test]
    fn a_session_ends_with_its_role_also_when_another_gets_the_name() {
        let (before, rebuilt) = (directory(), directory());
        let session = session(&before, None);
        let decided = |directory: &Directory| {
            directory.decide(&session, "kms:Decrypt", "x", &ConditionContext::default())
        };
        assert_eq!(decided(&before), Decision::Allowed);
        assert_eq!(decided(&rebuilt), Decision::NotMentioned);
    }

    #[test]
    fn a_role_is_trusted_to_whom_it_names() {
        let (directory, condition_context) = (directory(), ConditionContext::default());
        assert!(directory.role_trusts_service("BYOK", "log.aliyuncs.com", &condition_context));
        assert!(!directory.role_trusts_service("byok", "oss.aliyuncs.com", &condition_context));
        assert!(!directory.role_trusts_service("other", "log.aliyuncs.com", &condition_context));
        assert!(!directory.role_trusts_caller("byok", &user("alice"), &condition_context));
    }
}
