//! Properties of every set of policies, held against the rules written down once more, without any haste.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::pattern::{matches, matches_any_case};
use super::reference::{self, Question, alike, fits};
use super::{ConditionContext, Decision, Document, Grammar, Request, TrustedEntity, decide};

const ACTIONS: [&str; 5] =
    ["log:GetLogStore", "LOG:updatelogstore", "ram:PassRole", "kms:Decrypt", "kms:Encrypt"];
const RESOURCES: [&str; 4] =
    ["acs:ram::1:role/a", "acs:ram::1:role/b", "acs:ram::1:role/A", "acs:log:r:1:project/p"];
const ACTION_PATTERNS: [&str; 7] =
    ["*", "log:*", "log:Get*", "ram:PassRole", "kms:?ecrypt", "KMS:*crypt", "log:*Log*Store"];
const RESOURCE_PATTERNS: [&str; 6] =
    ["*", "acs:ram::1:role/*", "acs:ram::1:role/a", "acs:log:*", "acs:*:1:*", "acs:ram::1:role/?"];
/// The one fact that is known, and what conditions want it to be.
const ZONE: (&str, &str) = ("acs:Zone", "inner");
const ZONES: [&str; 4] = ["inner", "outer", "inn*", "*er"];

fn list(of: &'static [&'static str]) -> impl Strategy<Value = Vec<&'static str>> {
    prop::collection::vec(prop::sample::select(of), 1..4)
}

fn conditions() -> impl Strategy<Value = BTreeMap<&'static str, BTreeMap<&'static str, Vec<&'static str>>>> {
    let operator =
        prop::sample::select(vec!["StringEquals", "StringNotEquals", "StringLike", "StringNotLike"]);
    let key = prop::sample::select(vec!["acs:Zone", "ACS:zone", "acs:Unknown"]);
    prop::collection::btree_map(operator, prop::collection::btree_map(key, list(&ZONES), 1..3), 0..2)
}

prop_compose! {
    fn statement()(
        deny in any::<bool>(),
        (not_action, not_resource) in any::<(bool, bool)>(),
        actions in list(&ACTION_PATTERNS),
        resources in list(&RESOURCE_PATTERNS),
        conditions in conditions(),
    ) -> Value {
        let effect = if deny { "Deny" } else { "Allow" };
        let action = if not_action { "NotAction" } else { "Action" };
        let resource = if not_resource { "NotResource" } else { "Resource" };
        let mut statement = json!({"Effect": effect, action: actions, resource: resources});
        if !conditions.is_empty() {
            statement["Condition"] = json!(conditions);
        }
        statement
    }
}

fn statements() -> impl Strategy<Value = Vec<Value>> {
    prop::collection::vec(statement(), 1..6)
}

prop_compose! {
    fn question()(
        action in prop::sample::select(&ACTIONS[..]),
        resource in prop::sample::select(&RESOURCES[..]),
    ) -> (&'static str, &'static str) {
        (action, resource)
    }
}

fn parsed(statements: &[Value], grammar: Grammar) -> Document {
    let text = json!({"Version": "1", "Statement": statements}).to_string();
    Document::parse(&text, grammar).unwrap()
}

fn document(statements: &[Value]) -> Document {
    parsed(statements, Grammar::Permission)
}

fn decided(documents: &[Document], (action, resource): (&str, &str)) -> Decision {
    let condition_context = ConditionContext::default().with(ZONE.0, ZONE.1);
    decide(
        documents,
        Request { action, resource, trusted_entity: None, condition_context: &condition_context },
    )
}

/// What the documentation says comes out.
fn by_definition(statements: &[Value], (action, resource): (&str, &str)) -> Decision {
    let question = Question { action, resource, trusted_entity: None, facts: &[ZONE] };
    reference::decision(&json!({"Statement": statements}), &question).unwrap()
}

/// The same with every list turned around, or, where `single` says so, with lists of one as the one itself.
fn rewritten(value: &Value, single: bool) -> Value {
    match value {
        Value::Array(values) if single && values.len() == 1 => rewritten(&values[0], single),
        Value::Array(values) => values.iter().rev().map(|value| rewritten(value, single)).collect(),
        Value::Object(members) => members
            .iter()
            .map(|(name, value)| (name.clone(), rewritten(value, single)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        other => other.clone(),
    }
}

proptest! {
    #[test]
    fn patterns_match_as_defined(pattern in "[abä*?]{0,8}", text in "[abä]{0,8}") {
        prop_assert_eq!(matches(&pattern, &text), fits(&pattern, &text, alike));
    }

    #[test]
    fn letter_case_counts_only_where_it_is_to(pattern in "[aAb*?]{0,6}", text in "[aAbB]{0,6}") {
        let expected = fits(&pattern.to_uppercase(), &text.to_uppercase(), alike);
        prop_assert_eq!(matches_any_case(&pattern, &text), expected);
    }

    #[test]
    fn what_comes_out_is_what_the_rules_say(statements in statements(), question in question()) {
        let expected = by_definition(&statements, question);
        prop_assert_eq!(decided(&[document(&statements)], question), expected);
    }

    #[test]
    fn a_deny_always_wins_and_nothing_is_allowed_that_no_statement_allows(
        statements in statements(),
        question in question(),
    ) {
        let each: Vec<Decision> =
            statements.iter().map(|one| decided(&[document(std::slice::from_ref(one))], question)).collect();
        let expected = if each.contains(&Decision::Denied) {
            Decision::Denied
        } else if each.contains(&Decision::Allowed) {
            Decision::Allowed
        } else {
            Decision::NotMentioned
        };
        prop_assert_eq!(decided(&[document(&statements)], question), expected);
    }

    #[test]
    fn a_deny_of_everything_added_anywhere_denies(
        mut statements in statements(),
        at in any::<prop::sample::Index>(),
        question in question(),
    ) {
        let deny = json!({"Effect": "Deny", "Action": "*", "Resource": "*"});
        statements.insert(at.index(statements.len() + 1), deny);
        prop_assert_eq!(decided(&[document(&statements)], question), Decision::Denied);
    }

    #[test]
    fn neither_order_nor_the_split_into_documents_matters(
        (statements, shuffled) in statements()
            .prop_flat_map(|statements| (Just(statements.clone()), Just(statements).prop_shuffle())),
        at in any::<prop::sample::Index>(),
        question in question(),
    ) {
        let together = decided(&[document(&statements)], question);
        prop_assert_eq!(decided(&[document(&shuffled)], question), together);
        let apart: Vec<Document> = shuffled.iter().map(|one| document(std::slice::from_ref(one))).collect();
        prop_assert_eq!(decided(&apart, question), together);
        let (left, right) = shuffled.split_at(at.index(shuffled.len()));
        let halves: Vec<Document> =
            [right, left].into_iter().filter(|half| !half.is_empty()).map(document).collect();
        prop_assert_eq!(decided(&halves, question), together);
    }

    #[test]
    fn the_order_within_lists_does_not_matter(statements in statements(), question in question()) {
        let turned: Vec<Value> = statements.iter().map(|one| rewritten(one, false)).collect();
        let expected = decided(&[document(&statements)], question);
        prop_assert_eq!(decided(&[document(&turned)], question), expected);
    }

    #[test]
    fn one_string_is_the_same_as_a_list_of_one(statement in statement(), question in question()) {
        let plain = rewritten(&statement, true);
        let statements = std::slice::from_ref(&statement);
        let expected = decided(&[document(statements)], question);
        prop_assert_eq!(decided(&[document(std::slice::from_ref(&plain))], question), expected);
        let alone = json!({"Version": "1", "Statement": plain}).to_string();
        let alone = Document::parse(&alone, Grammar::Permission).unwrap();
        prop_assert_eq!(decided(&[alone], question), expected);
    }

    #[test]
    fn a_role_is_assumed_by_whom_its_trust_policy_names_in_any_order_and_form(
        services in list(&["log.aliyuncs.com", "ecs.aliyuncs.com"]),
        users in list(&["acs:ram::1:user/alice", "acs:ram::1:user/bob", "acs:ram::2:root", "acs:ram::1:root"]),
        deny in any::<bool>(),
    ) {
        let effect = if deny { "Deny" } else { "Allow" };
        let statement = json!({"Effect": effect, "Action": ["sts:AssumeRole"],
            "Principal": {"Service": services, "RAM": users}});
        let is_user = users.contains(&"acs:ram::1:user/alice") || users.contains(&"acs:ram::1:root");
        let alice = TrustedEntity::Ram { arn: "acs:ram::1:user/alice", account_id: "1" };
        let log = TrustedEntity::Service("log.aliyuncs.com");
        for form in [statement.clone(), rewritten(&statement, false), rewritten(&statement, true)] {
            let document = parsed(&[form], Grammar::Trust);
            for (trusted_entity, is_named) in [(alice, is_user), (log, services.contains(&"log.aliyuncs.com"))] {
                let expected = match (is_named, deny) {
                    (false, _) => Decision::NotMentioned,
                    (true, true) => Decision::Denied,
                    (true, false) => Decision::Allowed,
                };
                let condition_context = ConditionContext::default();
                let request =
                    Request { action: "sts:AssumeRole", resource: "", trusted_entity: Some(trusted_entity), condition_context: &condition_context };
                prop_assert_eq!(decide([&document], request), expected);
            }
        }
    }
}
