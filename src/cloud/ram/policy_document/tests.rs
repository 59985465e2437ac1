//! Documents are equal to other spellings of the same rules, and unequal to other rules.

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::Union;

use super::*;

fn document(text: &str) -> PolicyDocument {
    PolicyDocument::parse(text).unwrap()
}

#[track_caller]
fn same(one: &str, other: &str) {
    assert_eq!(document(one), document(other));
}

#[track_caller]
fn different(one: &str, other: &str) {
    assert_ne!(document(one), document(other));
}

#[test]
fn the_byok_documents_are_those_of_the_pages() {
    assert_eq!(
        PolicyDocument::byok_trust().to_string(),
        r#"{"Statement":[{"Action":"sts:AssumeRole","Effect":"Allow","Principal":{"Service":["log.aliyuncs.com"]}}],"Version":"1"}"#
    );
    let role = RoleArn::parse("acs:ram::1234567890123456:role/sls-byok").unwrap();
    assert_eq!(
        PolicyDocument::pass_role(&role).to_string(),
        r#"{"Statement":[{"Action":"ram:PassRole","Effect":"Allow","Resource":"acs:ram::1234567890123456:role/sls-byok"}],"Version":"1"}"#
    );
}

#[test]
fn other_spellings_of_the_trust_policy_are_equal_to_it() {
    let trust = PolicyDocument::byok_trust();
    for text in [
        r#"{ "Version": "1", "Statement": [ { "Principal": { "Service": "log.aliyuncs.com" }, "Effect": "Allow", "Action": ["sts:AssumeRole"] } ] }"#,
        r#"{"Statement":[{"Action":["sts:AssumeRole","sts:AssumeRole"],"Effect":"Allow","Principal":{"Service":["log.aliyuncs.com"]}}],"Version":"1"}"#,
    ] {
        assert_eq!(document(text), trust, "{text}");
    }
    for text in [
        r#"{"Version":"1","Statement":[{"Action":"sts:AssumeRole","Effect":"Allow","Principal":{"Service":["log.aliyuncs.com","ecs.aliyuncs.com"]}}]}"#,
        r#"{"Version":"1","Statement":[{"Action":"sts:AssumeRole","Effect":"Deny","Principal":{"Service":["log.aliyuncs.com"]}}]}"#,
        r#"{"Version":"1","Statement":[{"Action":"sts:AssumeRole","Effect":"Allow","Principal":{"RAM":["log.aliyuncs.com"]}}]}"#,
        r#"{"Version":"1","Statement":[{"Action":"sts:AssumeRole","Effect":"Allow","Principal":{"Service":["log.aliyuncs.com"]},"Condition":{}}]}"#,
        r#"{"Version":"1","Statement":[]}"#,
        "{}",
    ] {
        assert_ne!(document(text), trust, "{text}");
    }
}

#[test]
fn statements_are_compared_without_their_order_but_with_their_number() {
    let (allow, deny) = (r#"{"Effect":"Allow","Action":["a","b"]}"#, r#"{"Effect":"Deny","Action":"c"}"#);
    same(
        &format!(r#"{{"Statement":[{allow},{deny}]}}"#),
        &format!(r#"{{"Statement":[{deny},{{"Action":["b","a"],"Effect":"Allow"}}]}}"#),
    );
    different(&format!(r#"{{"Statement":[{allow},{allow}]}}"#), &format!(r#"{{"Statement":[{allow}]}}"#));
}

#[test]
fn unknown_members_are_compared_with_the_order_of_their_lists() {
    different(r#"{"Version":"1","Id":"x"}"#, r#"{"Version":"1"}"#);
    different(r#"{"Statement":[{"New":["a","b"]}]}"#, r#"{"Statement":[{"New":["b","a"]}]}"#);
    different(r#"{"Statement":[{"New":"a"}]}"#, r#"{"Statement":[{"New":["a"]}]}"#);
    different(r#"{"Version":"1"}"#, r#"{"Version":1}"#);
    different(r#"{"Version":"1"}"#, r#"{"Version":["1"]}"#);
}

#[test]
fn letter_case_is_compared() {
    different(
        r#"{"Statement":[{"Resource":"acs:ram::1:role/a"}]}"#,
        r#"{"Statement":[{"Resource":"acs:ram::1:role/A"}]}"#,
    );
    different(r#"{"Statement":[{"Action":"a"}]}"#, r#"{"Statement":[{"action":"a"}]}"#);
}

#[test]
fn conditions_are_compared_value_by_value() {
    let condition = |text: &str| format!(r#"{{"Statement":[{{"Condition":{text}}}]}}"#);
    same(
        &condition(
            r#"{"IpAddress":{"acs:SourceIp":["10.0.0.1","10.0.0.2"]},"Bool":{"acs:SecureTransport":"true"}}"#,
        ),
        &condition(
            r#"{"Bool":{"acs:SecureTransport":["true"]},"IpAddress":{"acs:SourceIp":["10.0.0.2","10.0.0.1"]}}"#,
        ),
    );
    different(
        &condition(r#"{"IpAddress":{"acs:SourceIp":"10.0.0.1"}}"#),
        &condition(r#"{"NotIpAddress":{"acs:SourceIp":"10.0.0.1"}}"#),
    );
    different(&condition(r#"{"Bool":{"k":"true"}}"#), &condition(r#"{"Bool":{"k":true}}"#));
    different(&condition(r#"{"Bool":{"k":[]}}"#), &condition(r#"{"Bool":{}}"#));
}

#[test]
fn what_is_not_an_object_is_refused() {
    assert!(
        PolicyDocument::parse("")
            .unwrap_err()
            .to_string()
            .starts_with("The policy document is not a JSON object")
    );
    for text in ["[]", "null", "\"x\"", "{", "{}x"] {
        assert!(PolicyDocument::parse(text).is_err(), "{text}");
    }
}

/// A member whose values are a set.
fn items(values: &'static [&'static str]) -> impl Strategy<Value = Value> {
    let list = vec(select(values), 0..4).prop_map(Value::from);
    prop_oneof![list, select(values).prop_map(Value::from)]
}

fn statements() -> impl Strategy<Value = Value> {
    let actions = items(&["log:*", "ram:PassRole", "kms:Decrypt", "sts:AssumeRole"]);
    let resources = items(&["*", "acs:ram::1:role/a", "acs:ram::1:role/b"]);
    let hosts = items(&["log.aliyuncs.com", "ecs.aliyuncs.com", "x"]);
    let principals = btree_map(select(vec!["Service", "RAM"]), hosts, 0..3);
    let values = items(&["10.0.0.1", "10.0.0.2", "true"]);
    let keys = btree_map(select(vec!["acs:SourceIp", "log:x"]), values, 0..3);
    let conditions = btree_map(select(vec!["IpAddress", "StringLike"]), keys, 0..3);
    let text = select(vec!["Allow", "Deny"]);
    let unknown = prop_oneof![Just(None), vec(0..3, 0..3).prop_map(Some)];
    (text, actions, resources, principals, conditions, unknown).prop_map(
        |(effect, action, resource, principal, condition, unknown)| {
            let mut statement = json!({ "Effect": effect, "Action": action, "Resource": resource,
                "Principal": principal, "Condition": condition });
            if let Some(unknown) = unknown {
                statement["Unknown"] = json!(unknown);
            }
            statement
        },
    )
}

fn documents() -> impl Strategy<Value = Value> {
    vec(statements(), 1..4).prop_map(|statements| json!({ "Version": "1", "Statement": statements }))
}

/// The names of members whose values are sets, and the members whose members are sets.
const SETS: [&str; 4] = ["Action", "NotAction", "Resource", "NotResource"];

/// Writes the same rules in another form. `random` decides each choice.
fn respelt(document: &Value, random: &mut dyn FnMut(usize) -> usize) -> String {
    let mut statements = document["Statement"].as_array().unwrap().clone();
    shuffle(&mut statements, random);
    for statement in &mut statements {
        for (name, value) in statement.as_object_mut().unwrap() {
            match name.as_str() {
                name if SETS.contains(&name) => respell_set(value, random),
                "Principal" => {
                    value.as_object_mut().unwrap().values_mut().for_each(|v| respell_set(v, random));
                }
                "Condition" => {
                    let keys = value.as_object_mut().unwrap().values_mut();
                    keys.flat_map(|keys| keys.as_object_mut().unwrap().values_mut())
                        .for_each(|value| respell_set(value, random));
                }
                _ => {}
            }
        }
    }
    let mut document = document.clone();
    document["Statement"] = statements.into();
    write(&document, random)
}

fn respell_set(value: &mut Value, random: &mut dyn FnMut(usize) -> usize) {
    let mut items = match &*value {
        Value::Array(items) => items.clone(),
        one => vec![one.clone()],
    };
    if let Some(first) = items.first().cloned().filter(|_| random(2) == 0) {
        items.push(first);
    }
    shuffle(&mut items, random);
    *value = match (items.as_slice(), random(2)) {
        ([one], 0) => one.clone(),
        _ => items.into(),
    };
}

fn shuffle<T>(items: &mut [T], random: &mut dyn FnMut(usize) -> usize) {
    for end in (1..items.len()).rev() {
        items.swap(end, random(end + 1));
    }
}

/// Writes JSON with members in any order and white space anywhere.
fn write(value: &Value, random: &mut dyn FnMut(usize) -> usize) -> String {
    let space = ["", " ", "\n\t", "  "][random(4)];
    let text = match value {
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(|item| write(item, random)).collect();
            format!("[{}]", items.join(","))
        }
        Value::Object(members) => {
            let mut members: Vec<String> = members
                .iter()
                .map(|(name, value)| {
                    format!("{}{space}:{}", Value::from(name.as_str()), write(value, random))
                })
                .collect();
            shuffle(&mut members, random);
            format!("{{{}}}", members.join(","))
        }
        other => other.to_string(),
    };
    format!("{space}{text}{space}")
}

/// Changes the meaning of one statement.
fn changes() -> impl Strategy<Value = fn(&mut Value)> {
    let all: [fn(&mut Value); 9] = [
        |statement| {
            let other = if statement["Effect"] == "Allow" { "Deny" } else { "Allow" };
            statement["Effect"] = other.into();
        },
        |statement| add(&mut statement["Action"]),
        |statement| add(&mut statement["Resource"]),
        |statement| statement["Action"] = json!(["new"]),
        |statement| {
            let action = statement.as_object_mut().unwrap().remove("Action").unwrap();
            statement["NotAction"] = action;
        },
        |statement| statement["Principal"]["Federated"] = "new".into(),
        |statement| statement["Condition"]["Bool"] = json!({ "acs:SecureTransport": "true" }),
        |statement| statement["Condition"] = json!({ "Bool": {} }),
        |statement| statement["Other"] = Value::Null,
    ];
    Union::new(all.map(Just))
}

fn add(set: &mut Value) {
    match set {
        Value::Array(items) => items.push("new".into()),
        one => *one = json!([one.clone(), "new"]),
    }
}

#[test]
fn a_service_is_named_in_any_statement_as_one_or_in_a_list() {
    let names_sls = |statements: Value| {
        let text = json!({ "Version": "1", "Statement": statements }).to_string();
        PolicyDocument::parse(&text).unwrap().names_service("log.aliyuncs.com")
    };
    let of =
        |principal: Value| json!({ "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal });
    let other = of(json!({ "Service": ["ecs.aliyuncs.com"] }));
    for principal in [json!("log.aliyuncs.com"), json!(["ecs.aliyuncs.com", "Log.AliyunCS.com"])] {
        let named = of(json!({ "Service": principal }));
        assert!(names_sls(named.clone()) && names_sls(json!([other, named])));
    }
    for principal in [json!("*"), json!({ "Service": "*" }), json!({ "RAM": "log.aliyuncs.com" }), json!(7)] {
        assert!(!names_sls(json!([other, of(principal)])));
    }
    assert!(!names_sls(json!([])) && !names_sls(json!("log.aliyuncs.com")));
}

proptest! {
    #[test]
    fn every_respelling_is_equal(document in documents(), choices in vec(any::<u16>(), 64)) {
        let mut choices = choices.into_iter().cycle();
        let mut random = |below: usize| usize::from(choices.next().unwrap()) % below;
        let text = respelt(&document, &mut random);
        prop_assert_eq!(self::document(&text), self::document(&document.to_string()), "{}", text);
    }

    #[test]
    fn every_change_of_meaning_is_seen(
        document in documents(),
        change in changes(),
        place in any::<prop::sample::Index>(),
        choices in vec(any::<u16>(), 64),
    ) {
        let mut changed = document.clone();
        let statements = changed["Statement"].as_array_mut().unwrap();
        let place = place.index(statements.len());
        change(&mut statements[place]);
        let mut choices = choices.into_iter().cycle();
        let mut random = |below: usize| usize::from(choices.next().unwrap()) % below;
        let text = respelt(&changed, &mut random);
        prop_assert_ne!(self::document(&text), self::document(&document.to_string()), "{}", text);
    }

    #[test]
    fn printing_is_stable_and_keeps_everything(document in documents()) {
        let read = self::document(&document.to_string());
        let printed = read.to_string();
        let again = self::document(&printed);
        prop_assert_eq!(again.to_string(), printed);
        prop_assert_eq!(&again, &read);
        prop_assert_eq!(Value::Object(again.members().clone()), document);
    }
}
