//! What documents decide about a request.

use super::condition::ConditionContext;
use super::document::{Document, Matcher, Principals, Statement};
use super::pattern::{matches, matches_any_case};

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// For example `log:GetLogStore`. Letters of either case are alike.
    pub action: &'a str,
    /// The ARN of what the action is about. Letters of different case are different, so that a pattern
    /// for a role has to be in lower case, as its ARN is.
    pub resource: &'a str,
    /// Who wants to assume a role; `None` for a permission.
    pub trusted_entity: Option<TrustedEntity<'a>>,
    /// The context that conditions are evaluated in.
    pub condition_context: &'a ConditionContext,
}

/// An entity that a trust policy may trust.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrustedEntity<'a> {
    /// A cloud service, for example `log.aliyuncs.com`.
    Service(&'a str),
    /// A user of an identity provider, by the provider's ARN.
    Federated(&'a str),
    /// A user or role of an account.
    Ram {
        /// Its ARN.
        arn: &'a str,
        /// The account it belongs to.
        account_id: &'a str,
    },
}

/// The outcome of an evaluation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// A statement allows it, and none denies it.
    Allowed,
    /// A statement denies it.
    Denied,
    /// No statement matches, which is a refusal as well.
    NotMentioned,
}

impl Decision {
    /// Whether it may be done.
    pub fn is_allowed(self) -> bool {
        self == Self::Allowed
    }
}

/// Decides a request by all of `documents`: one that denies counts more than any that allow, and their
/// order does not matter.
pub fn decide<'d>(documents: impl IntoIterator<Item = &'d Document>, request: Request<'_>) -> Decision {
    let mut decision = Decision::NotMentioned;
    for statement in documents.into_iter().flat_map(|document| &document.statements) {
        if !statement.is_about(request) {
            continue;
        }
        if statement.is_deny {
            return Decision::Denied;
        }
        decision = Decision::Allowed;
    }
    decision
}

impl Statement {
    fn is_about(&self, request: Request<'_>) -> bool {
        self.actions.fits(request.action, matches_any_case)
            && self.resources.as_ref().is_none_or(|resources| resources.fits(request.resource, matches))
            && request.trusted_entity.is_none_or(|trusted_entity| self.principals.include(trusted_entity))
            && self.conditions.iter().all(|condition| condition.holds(request.condition_context))
    }
}

impl Matcher {
    fn fits(&self, text: &str, matches: impl Fn(&str, &str) -> bool) -> bool {
        match self {
            Self::AnyOf(patterns) => patterns.iter().any(|pattern| matches(pattern, text)),
            Self::NoneOf(patterns) => !patterns.iter().any(|pattern| matches(pattern, text)),
        }
    }
}

impl Principals {
    fn include(&self, trusted_entity: TrustedEntity<'_>) -> bool {
        match trusted_entity {
            TrustedEntity::Service(host) => {
                self.service.iter().any(|service| service.eq_ignore_ascii_case(host))
            }
            TrustedEntity::Federated(arn) => {
                self.federated.iter().any(|known| known.eq_ignore_ascii_case(arn))
            }
            TrustedEntity::Ram { arn, account_id } => {
                // The account stands for every identity in it that has the permission.
                let root = format!("acs:ram::{account_id}:root");
                self.ram.iter().any(|ram| ram.eq_ignore_ascii_case(arn) || *ram == root || ram == "*")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::document::Grammar;
    use super::*;
    use serde_json::{Value, json};

    fn permission(statements: &Value) -> Document {
        let text = json!({"Version": "1", "Statement": statements}).to_string();
        Document::parse(&text, Grammar::Permission).unwrap()
    }

    fn decided(statements: &Value, action: &str, resource: &str) -> Decision {
        let condition_context = ConditionContext::default().with("acs:SourceIp", "127.0.0.1");
        decide(
            [&permission(statements)],
            Request { action, resource, trusted_entity: None, condition_context: &condition_context },
        )
    }

    #[test]
    fn action_and_resource_must_both_fit() {
        let statements = json!([{"Effect": "Allow", "Action": ["log:Get*", "log:List*"],
            "Resource": "acs:log:*:*:project/p/*"}]);
        let in_p = "acs:log:cn-hangzhou:1:project/p/logstore/app";
        assert_eq!(decided(&statements, "log:GetLogStore", in_p), Decision::Allowed);
        assert_eq!(decided(&statements, "LOG:getlogstore", in_p), Decision::Allowed);
        assert_eq!(decided(&statements, "log:UpdateLogStore", in_p), Decision::NotMentioned);
        let in_q = "acs:log:cn-hangzhou:1:project/q/logstore/app";
        assert_eq!(decided(&statements, "log:GetLogStore", in_q), Decision::NotMentioned);
        let in_upper = "acs:log:cn-hangzhou:1:project/P/logstore/app";
        assert_eq!(decided(&statements, "log:GetLogStore", in_upper), Decision::NotMentioned);
    }

    #[test]
    fn a_deny_wins_also_over_a_wider_allow() {
        let statements = json!([{"Effect": "Allow", "Action": "*", "Resource": "*"},
            {"Effect": "Deny", "NotAction": "log:Get*", "Resource": "*"}]);
        assert_eq!(decided(&statements, "log:DeleteProject", "x"), Decision::Denied);
        assert_eq!(decided(&statements, "log:GetProject", "x"), Decision::Allowed);
    }

    #[test]
    fn a_statement_whose_conditions_do_not_hold_says_nothing() {
        let statement = |network: &str| {
            json!([{"Effect": "Allow", "Action": "*", "Resource": "*",
                "Condition": {"IpAddress": {"acs:SourceIp": [network]}, "Bool": {"acs:None": "true"}}}])
        };
        assert_eq!(decided(&statement("127.0.0.0/8"), "log:X", "x"), Decision::NotMentioned);
        let one = json!([{"Effect": "Allow", "Action": "*", "Resource": "*",
            "Condition": {"IpAddress": {"acs:SourceIp": "127.0.0.0/8"}}}]);
        assert_eq!(decided(&one, "log:X", "x"), Decision::Allowed);
    }

    #[test]
    fn trust_is_for_whom_it_names() {
        let trusts = |principal: Value, trusted_entity| {
            let text = json!({"Version": "1", "Statement": [
                {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal}]});
            let document = Document::parse(&text.to_string(), Grammar::Trust).unwrap();
            let request = Request {
                action: "sts:AssumeRole",
                resource: "",
                trusted_entity: Some(trusted_entity),
                condition_context: &ConditionContext::default(),
            };
            decide([&document], request).is_allowed()
        };
        let alice = TrustedEntity::Ram { arn: "acs:ram::1:user/alice", account_id: "1" };
        let log = TrustedEntity::Service("log.aliyuncs.com");
        assert!(trusts(json!({"Service": ["log.aliyuncs.com"]}), log));
        assert!(!trusts(json!({"Service": ["log.aliyuncs.com"]}), alice));
        assert!(!trusts(json!({"Service": ["oss.aliyuncs.com"]}), log));
        assert!(trusts(json!({"RAM": "acs:ram::1:root"}), alice));
        assert!(trusts(json!({"RAM": ["acs:ram::1:user/Alice"]}), alice));
        assert!(!trusts(json!({"RAM": ["acs:ram::2:root", "acs:ram::1:user/bob"]}), alice));
        assert!(!trusts(json!({"RAM": ["acs:ram::1:root"]}), log));
        let provider = TrustedEntity::Federated("acs:ram::1:oidc-provider/Ci");
        assert!(trusts(json!({"Federated": "acs:ram::1:oidc-provider/ci"}), provider));
        assert!(!trusts(json!({"Federated": ["acs:ram::2:oidc-provider/ci"]}), provider));
        assert!(!trusts(json!({"RAM": "*", "Service": "acs:ram::1:oidc-provider/ci"}), provider));
    }
}
