//! Properties of every set of policies.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::pattern::matches;
use super::{Decision, Document, Facts, Grammar, Request, decide};

const ACTIONS: [&str; 4] = ["log:GetLogStore", "log:UpdateLogStore", "ram:PassRole", "kms:Decrypt"];
const RESOURCES: [&str; 3] = ["acs:ram::1:role/a", "acs:ram::1:role/b", "acs:log:r:1:project/p"];

fn statement() -> impl Strategy<Value = Value> {
    let action = prop::sample::select(vec!["*", "log:*", "log:Get*", "ram:PassRole", "kms:?ecrypt"]);
    let resource = prop::sample::select(vec!["*", "acs:ram::1:role/*", "acs:ram::1:role/a", "acs:log:*"]);
    (any::<bool>(), any::<bool>(), action, resource).prop_map(|(deny, negated, action, resource)| {
        let effect = if deny { "Deny" } else { "Allow" };
        let action_key = if negated { "NotAction" } else { "Action" };
        json!({"Effect": effect, action_key: [action], "Resource": resource})
    })
}

fn document(statements: &[Value]) -> Document {
    let text = json!({"Version": "1", "Statement": statements}).to_string();
    Document::parse(&text, Grammar::Permission).unwrap()
}

fn decided(documents: &[Document], action: &str, resource: &str) -> Decision {
    decide(documents, Request { action, resource, trustee: None, facts: &Facts::default() })
}

/// The definition, letter by letter.
fn matches_by_definition(pattern: &[char], text: &[char]) -> bool {
    match (pattern.split_first(), text.split_first()) {
        (None, None) => true,
        (Some(('*', rest)), None) => matches_by_definition(rest, text),
        (Some(('*', rest)), Some((_, tail))) => {
            matches_by_definition(rest, text) || matches_by_definition(pattern, tail)
        }
        (Some((wanted, rest)), Some((letter, tail))) => {
            (*wanted == '?' || wanted == letter) && matches_by_definition(rest, tail)
        }
        _ => false,
    }
}

proptest! {
    #[test]
    fn patterns_match_as_defined(pattern in "[ab*?]{0,8}", text in "[ab]{0,8}") {
        let letters = |text: &str| text.chars().collect::<Vec<_>>();
        prop_assert_eq!(matches(&pattern, &text), matches_by_definition(&letters(&pattern), &letters(&text)));
    }

    #[test]
    fn a_deny_always_wins_and_nothing_is_allowed_that_no_statement_allows(
        statements in prop::collection::vec(statement(), 1..6),
        action in prop::sample::select(ACTIONS.to_vec()),
        resource in prop::sample::select(RESOURCES.to_vec()),
    ) {
        let each: Vec<Decision> =
            statements.iter().map(|one| decided(&[document(std::slice::from_ref(one))], action, resource)).collect();
        let expected = if each.contains(&Decision::Denied) {
            Decision::Denied
        } else if each.contains(&Decision::Allowed) {
            Decision::Allowed
        } else {
            Decision::NotMentioned
        };
        prop_assert_eq!(decided(&[document(&statements)], action, resource), expected);
    }

    #[test]
    fn neither_order_nor_the_split_into_documents_matters(
        (statements, shuffled) in prop::collection::vec(statement(), 1..6)
            .prop_flat_map(|statements| (Just(statements.clone()), Just(statements).prop_shuffle())),
        action in prop::sample::select(ACTIONS.to_vec()),
        resource in prop::sample::select(RESOURCES.to_vec()),
    ) {
        let together = decided(&[document(&statements)], action, resource);
        prop_assert_eq!(decided(&[document(&shuffled)], action, resource), together);
        let apart: Vec<Document> = shuffled.iter().map(|one| document(std::slice::from_ref(one))).collect();
        prop_assert_eq!(decided(&apart, action, resource), together);
    }
}
