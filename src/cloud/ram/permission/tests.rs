//! Requests that documents allow, deny and leave undecided.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

const ROLE: &str = "acs:ram::1:role/sls-byok";

fn document(statements: &[Value]) -> PolicyDocument {
    PolicyDocument::parse(&json!({"Version": "1", "Statement": statements}).to_string()).unwrap()
}

fn pass_role(statements: &[Value]) -> Verdict {
    evaluate_documents(
        [&document(statements)],
        Request { action: "ram:PassRole", target: Target::Resource(ROLE) },
    )
}

fn assumed(statements: &[Value]) -> Verdict {
    let target = Target::Service("log.aliyuncs.com");
    evaluate_documents([&document(statements)], Request { action: "sts:AssumeRole", target })
}

#[expect(clippy::needless_pass_by_value, reason = "values are written where they are used")]
fn statement(effect: &str, action: Value, resource: Value) -> Value {
    json!({"Effect": effect, "Action": action, "Resource": resource})
}

#[test]
fn a_request_is_allowed_by_every_spelling_of_a_statement() {
    for (action, resource) in [
        (json!("ram:PassRole"), json!(ROLE)),
        (json!(["log:*", "ram:Pass*"]), json!(["acs:ram::1:role/*"])),
        (json!("*"), json!("*")),
        (json!("ram:?assRole"), json!("acs:ram::*:role/sls-byok")),
    ] {
        assert_eq!(pass_role(&[statement("Allow", action, resource)]), Verdict::Allowed);
    }
    let unlisted = json!({"Effect": "Allow", "NotAction": "kms:*", "NotResource": ["acs:ram::1:role/other"]});
    assert_eq!(pass_role(&[unlisted]), Verdict::Allowed);
    let statement = json!({"Statement": statement("Allow", json!("*"), json!("*"))}).to_string();
    let one = PolicyDocument::parse(&statement).unwrap();
    assert_eq!(
        evaluate_documents([&one], Request { action: "a:B", target: Target::Resource("r") }),
        Verdict::Allowed
    );
}

#[test]
fn a_request_that_no_statement_matches_is_not_allowed() {
    assert_eq!(pass_role(&[]), Verdict::NotAllowed);
    for (action, resource) in [
        (json!("ram:Get*"), json!("*")),
        (json!("ram:PassRole"), json!("acs:ram::1:role/other")),
        (json!([]), json!("*")),
    ] {
        assert_eq!(pass_role(&[statement("Allow", action, resource)]), Verdict::NotAllowed);
    }
    let unlisted = json!({"Effect": "Allow", "NotAction": "ram:PassRole", "Resource": "*"});
    assert_eq!(pass_role(&[unlisted]), Verdict::NotAllowed);
}

#[test]
fn a_deny_wins_in_any_order() {
    let (allow, deny) = (
        statement("Allow", json!("*"), json!("*")),
        statement("Deny", json!("ram:*"), json!("acs:ram::1:role/sls-*")),
    );
    assert_eq!(pass_role(&[allow.clone(), deny.clone()]), Verdict::Denied);
    assert_eq!(pass_role(&[deny, allow]), Verdict::Denied);
}

#[test]
fn a_condition_leaves_a_request_undecided_only_if_it_decides() {
    let with = |effect: &str, action: &str| {
        json!({"Effect": effect, "Action": action, "Resource": "*",
            "Condition": {"IpAddress": {"acs:SourceIp": "10.0.0.0/8"}}})
    };
    let allow = statement("Allow", json!("*"), json!("*"));
    let open = Verdict::Undecided(Uncertainty::Condition);
    assert_eq!(pass_role(&[with("Allow", "ram:PassRole")]), open);
    assert_eq!(pass_role(&[allow.clone(), with("Deny", "ram:PassRole")]), open);
    assert_eq!(pass_role(&[allow.clone(), with("Allow", "ram:PassRole")]), Verdict::Allowed);
    assert_eq!(pass_role(&[allow.clone(), with("Deny", "kms:*")]), Verdict::Allowed);
    assert_eq!(pass_role(&[with("Deny", "ram:PassRole")]), Verdict::NotAllowed);
    let empty = json!({"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {}});
    assert_eq!(pass_role(&[empty]), Verdict::Allowed);
}

#[test]
fn another_letter_case_leaves_a_request_undecided() {
    let open = Verdict::Undecided(Uncertainty::LetterCase);
    assert_eq!(pass_role(&[statement("Allow", json!("ram:passrole"), json!("*"))]), open);
    let capitals = json!("acs:ram::1:role/Sls-Byok");
    assert_eq!(pass_role(&[statement("Allow", json!("*"), capitals.clone())]), open);
    assert_eq!(pass_role(&[statement("Allow", json!("*"), json!([capitals, ROLE]))]), Verdict::Allowed);
}

#[test]
fn a_statement_that_cannot_be_parsed_leaves_a_request_undecided() {
    let open = Verdict::Undecided(Uncertainty::Unreadable);
    let allow = statement("Allow", json!("*"), json!("*"));
    for broken in [
        json!("x"),
        json!({"Effect": "Perhaps", "Action": "*", "Resource": "*"}),
        json!({"Effect": "Deny", "Resource": "*"}),
        json!({"Effect": "Deny", "Action": 1, "Resource": "*"}),
        json!({"Effect": "Deny", "Action": "*"}),
    ] {
        assert_eq!(pass_role(&[allow.clone(), broken.clone()]), open, "{broken}");
    }
    assert_eq!(pass_role(&[json!({"Effect": "Allow", "Action": "*"})]), open);
}

#[test]
fn a_trust_policy_allows_only_the_service_it_names() {
    let trusts = |principal: Value| {
        assumed(&[json!({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal})])
    };
    assert_eq!(trusts(json!({"Service": ["log.aliyuncs.com"]})), Verdict::Allowed);
    assert_eq!(trusts(json!({"Service": "log.aliyuncs.com"})), Verdict::Allowed);
    let wider = json!({"Service": ["fc.aliyuncs.com", "log.aliyuncs.com"], "RAM": "acs:ram::1:root"});
    assert_eq!(trusts(wider), Verdict::Allowed);
    assert_eq!(trusts(json!({"Service": ["fc.aliyuncs.com"]})), Verdict::NotAllowed);
    assert_eq!(trusts(json!({"RAM": ["acs:ram::1:root"]})), Verdict::NotAllowed);
    let wide = Verdict::Undecided(Uncertainty::WidePrincipal);
    assert_eq!(trusts(json!({"Service": "*.aliyuncs.com"})), wide);
    assert_eq!(trusts(json!("*")), wide);
    assert_eq!(
        assumed(&[json!({"Effect": "Allow", "Action": "sts:AssumeRole"})]),
        Verdict::Undecided(Uncertainty::Unreadable)
    );
    assert_eq!(
        evaluate_documents(
            [&PolicyDocument::byok_trust()],
            Request { action: "sts:AssumeRole", target: Target::Service("log.aliyuncs.com") }
        ),
        Verdict::Allowed
    );
}

fn any_statement() -> impl Strategy<Value = Value> {
    let action = prop::sample::select(vec!["*", "ram:*", "ram:PassRole", "ram:passrole", "kms:?ecrypt"]);
    let resource = prop::sample::select(vec!["*", ROLE, "acs:ram::1:role/other", "acs:ram::1:role/SLS-*"]);
    let flags = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>());
    (flags, action, resource).prop_map(|((deny, unlisted, listed, conditional), action, resource)| {
        let mut statement = json!({"Effect": if deny { "Deny" } else { "Allow" }, "Resource": resource});
        let member = if unlisted { "NotAction" } else { "Action" };
        statement[member] = if listed { json!([action]) } else { json!(action) };
        if conditional {
            statement["Condition"] = json!({"Bool": {"acs:SecureTransport": "true"}});
        }
        statement
    })
}

proptest! {
    #[test]
    fn the_verdict_does_not_depend_on_order_or_on_the_number_of_documents(
        statements in prop::collection::vec(any_statement(), 0..6), cut in 0_usize..6
    ) {
        let whole = pass_role(&statements);
        let reversed: Vec<Value> = statements.iter().rev().cloned().collect();
        prop_assert_eq!(pass_role(&reversed), whole);
        let (one, two) = statements.split_at(cut.min(statements.len()));
        let request = Request { action: "ram:PassRole", target: Target::Resource(ROLE) };
        prop_assert_eq!(evaluate_documents([&document(one), &document(two)], request), whole);
    }

    #[test]
    fn a_verdict_holds_whether_conditions_are_true_or_false(
        statements in prop::collection::vec(any_statement(), 0..6)
    ) {
        // A true condition is like no condition; a statement with a false condition is like no statement.
        let verdict = pass_role(&statements);
        let conditions_true: Vec<Value> = statements.iter().cloned().map(|mut statement| {
            statement.as_object_mut().unwrap().remove("Condition");
            statement
        }).collect();
        let conditions_false: Vec<Value> =
            statements.iter().filter(|statement| statement.get("Condition").is_none()).cloned().collect();
        let allowed = |verdict| match verdict {
            Verdict::Allowed => Some(true),
            Verdict::Denied | Verdict::NotAllowed => Some(false),
            Verdict::Undecided(_) => None,
        };
        if let Some(decided) = allowed(verdict) {
            for other in [pass_role(&conditions_true), pass_role(&conditions_false)] {
                prop_assert_eq!(allowed(other).unwrap_or(decided), decided);
            }
        }
    }

    #[test]
    fn another_deny_never_allows_and_another_allow_never_denies(
        statements in prop::collection::vec(any_statement(), 0..6), more in any_statement()
    ) {
        let before = pass_role(&statements);
        let after = pass_role(&[statements, vec![more.clone()]].concat());
        if more["Effect"] == "Deny" {
            prop_assert!(after != Verdict::Allowed || before == Verdict::Allowed);
        } else {
            prop_assert_eq!(after == Verdict::Denied, before == Verdict::Denied);
        }
    }

    #[test]
    fn any_json_can_be_evaluated(text in "[\\[\\]{}:,\"a-z*1]{0,40}") {
        if let Ok(value) = serde_json::from_str::<Value>(&text) {
            pass_role(&[value]);
        }
    }
}
