//! What documents say, and what they leave open.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

const ROLE: &str = "acs:ram::1:role/sls-byok";

fn document(statements: &[Value]) -> PolicyDocument {
    PolicyDocument::parse(&json!({"Version": "1", "Statement": statements}).to_string()).unwrap()
}

fn pass_role(statements: &[Value]) -> Verdict {
    judge([&document(statements)], Request { action: "ram:PassRole", about: About::Resource(ROLE) })
}

fn assumed(statements: &[Value]) -> Verdict {
    let about = About::Service("log.aliyuncs.com");
    judge([&document(statements)], Request { action: "sts:AssumeRole", about })
}

#[expect(clippy::needless_pass_by_value, reason = "values are written where they are used")]
fn statement(effect: &str, action: Value, resource: Value) -> Value {
    json!({"Effect": effect, "Action": action, "Resource": resource})
}

#[test]
fn what_is_allowed_is_allowed_in_every_spelling() {
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
    assert_eq!(judge([&one], Request { action: "a:B", about: About::Resource("r") }), Verdict::Allowed);
}

#[test]
fn what_nothing_allows_is_not_allowed() {
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
fn a_denial_wins_wherever_it_stands() {
    let (allow, deny) = (
        statement("Allow", json!("*"), json!("*")),
        statement("Deny", json!("ram:*"), json!("acs:ram::1:role/sls-*")),
    );
    assert_eq!(pass_role(&[allow.clone(), deny.clone()]), Verdict::Denied);
    assert_eq!(pass_role(&[deny, allow]), Verdict::Denied);
}

#[test]
fn conditions_leave_it_open_only_where_they_decide() {
    let with = |effect: &str, action: &str| {
        json!({"Effect": effect, "Action": action, "Resource": "*",
            "Condition": {"IpAddress": {"acs:SourceIp": "10.0.0.0/8"}}})
    };
    let allow = statement("Allow", json!("*"), json!("*"));
    let open = Verdict::Undecided(Doubt::Condition);
    assert_eq!(pass_role(&[with("Allow", "ram:PassRole")]), open);
    assert_eq!(pass_role(&[allow.clone(), with("Deny", "ram:PassRole")]), open);
    assert_eq!(pass_role(&[allow.clone(), with("Allow", "ram:PassRole")]), Verdict::Allowed);
    assert_eq!(pass_role(&[allow.clone(), with("Deny", "kms:*")]), Verdict::Allowed);
    assert_eq!(pass_role(&[with("Deny", "ram:PassRole")]), Verdict::NotAllowed);
    let empty = json!({"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {}});
    assert_eq!(pass_role(&[empty]), Verdict::Allowed);
}

#[test]
fn letter_case_leaves_it_open() {
    let open = Verdict::Undecided(Doubt::LetterCase);
    assert_eq!(pass_role(&[statement("Allow", json!("ram:passrole"), json!("*"))]), open);
    let capitals = json!("acs:ram::1:role/Sls-Byok");
    assert_eq!(pass_role(&[statement("Allow", json!("*"), capitals.clone())]), open);
    assert_eq!(pass_role(&[statement("Allow", json!("*"), json!([capitals, ROLE]))]), Verdict::Allowed);
}

#[test]
fn what_cannot_be_read_may_be_either() {
    let open = Verdict::Undecided(Doubt::Unreadable);
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
fn a_trust_policy_is_about_the_service_it_names() {
    let trusts = |principal: Value| {
        assumed(&[json!({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal})])
    };
    assert_eq!(trusts(json!({"Service": ["log.aliyuncs.com"]})), Verdict::Allowed);
    assert_eq!(trusts(json!({"Service": "log.aliyuncs.com"})), Verdict::Allowed);
    let wider = json!({"Service": ["fc.aliyuncs.com", "log.aliyuncs.com"], "RAM": "acs:ram::1:root"});
    assert_eq!(trusts(wider), Verdict::Allowed);
    assert_eq!(trusts(json!({"Service": ["fc.aliyuncs.com"]})), Verdict::NotAllowed);
    assert_eq!(trusts(json!({"RAM": ["acs:ram::1:root"]})), Verdict::NotAllowed);
    let wide = Verdict::Undecided(Doubt::WidePrincipal);
    assert_eq!(trusts(json!({"Service": "*.aliyuncs.com"})), wide);
    assert_eq!(trusts(json!("*")), wide);
    assert_eq!(
        assumed(&[json!({"Effect": "Allow", "Action": "sts:AssumeRole"})]),
        Verdict::Undecided(Doubt::Unreadable)
    );
    assert_eq!(
        judge(
            [&PolicyDocument::byok_trust()],
            Request { action: "sts:AssumeRole", about: About::Service("log.aliyuncs.com") }
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
    fn order_and_division_into_documents_do_not_count(
        statements in prop::collection::vec(any_statement(), 0..6), cut in 0_usize..6
    ) {
        let whole = pass_role(&statements);
        let reversed: Vec<Value> = statements.iter().rev().cloned().collect();
        prop_assert_eq!(pass_role(&reversed), whole);
        let (one, two) = statements.split_at(cut.min(statements.len()));
        let request = Request { action: "ram:PassRole", about: About::Resource(ROLE) };
        prop_assert_eq!(judge([&document(one), &document(two)], request), whole);
    }

    #[test]
    fn whatever_is_decided_holds_with_and_without_each_condition(
        statements in prop::collection::vec(any_statement(), 0..6)
    ) {
        // A condition that holds is none, and a statement whose condition does not hold is none.
        let verdict = pass_role(&statements);
        let held: Vec<Value> = statements.iter().cloned().map(|mut statement| {
            statement.as_object_mut().unwrap().remove("Condition");
            statement
        }).collect();
        let without: Vec<Value> =
            statements.iter().filter(|statement| statement.get("Condition").is_none()).cloned().collect();
        let allowed = |verdict| match verdict {
            Verdict::Allowed => Some(true),
            Verdict::Denied | Verdict::NotAllowed => Some(false),
            Verdict::Undecided(_) => None,
        };
        if let Some(decided) = allowed(verdict) {
            for other in [pass_role(&held), pass_role(&without)] {
                prop_assert_eq!(allowed(other).unwrap_or(decided), decided);
            }
        }
    }

    #[test]
    fn a_further_denial_never_allows_and_a_further_permission_never_denies(
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
    fn any_json_is_judged(text in "[\\[\\]{}:,\"a-z*1]{0,40}") {
        if let Ok(value) = serde_json::from_str::<Value>(&text) {
            pass_role(&[value]);
        }
    }
}
