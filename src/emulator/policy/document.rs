//! Policy documents: reading them, and what is well-formed.

use serde_json::{Map, Value};

use super::condition::{Condition, Operator};
use crate::json;

/// Which of the two kinds of document a text has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grammar {
    /// Permissions: statements have a `Resource` and no `Principal`.
    Permission,
    /// Who may assume a role: statements have a `Principal` and no `Resource`.
    Trust,
}

/// Why a text is not a policy document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Malformed(String);

/// A policy document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    pub(super) statements: Vec<Statement>,
}

/// One statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Statement {
    pub is_deny: bool,
    pub actions: Matcher,
    /// Absent in trust policies.
    pub resources: Option<Matcher>,
    /// Empty in permission policies.
    pub principals: Principals,
    pub conditions: Vec<Condition>,
}

/// Patterns that a value must fit, or must not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Matcher {
    AnyOf(Vec<String>),
    NoneOf(Vec<String>),
}

/// Who a trust policy is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Principals {
    pub ram: Vec<String>,
    pub service: Vec<String>,
    pub federated: Vec<String>,
}

impl Document {
    /// Reads a document.
    ///
    /// # Errors
    ///
    /// The first thing that is not as the grammar has it.
    pub fn parse(text: &str, grammar: Grammar) -> Result<Self, Malformed> {
        let value = json::parse(text.as_bytes())
            .map_err(|error| malformed(format!("the policy is not JSON: {error}")))?;
        let policy = object(&value, "the policy")?;
        only(policy, &["Version", "Statement"], "the policy")?;
        if policy.get("Version").and_then(Value::as_str) != Some("1") {
            return Err(malformed("Version must be \"1\""));
        }
        let statements = match policy.get("Statement") {
            Some(Value::Array(statements)) if !statements.is_empty() => statements.iter().collect(),
            Some(statement @ Value::Object(_)) => vec![statement],
            _ => return Err(malformed("Statement must be a list of statements")),
        };
        let statements = statements.into_iter().map(|value| statement(value, grammar));
        Ok(Self { statements: statements.collect::<Result<_, _>>()? })
    }
}

fn statement(value: &Value, grammar: Grammar) -> Result<Statement, Malformed> {
    let members = object(value, "a statement")?;
    let known: &[&str] = match grammar {
        Grammar::Permission => &["Effect", "Action", "NotAction", "Resource", "NotResource", "Condition"],
        Grammar::Trust => &["Effect", "Action", "Principal", "Condition"],
    };
    only(members, known, "a statement")?;
    let is_deny = match members.get("Effect").and_then(Value::as_str) {
        Some("Allow") => false,
        Some("Deny") => true,
        _ => return Err(malformed("Effect must be Allow or Deny")),
    };
    let actions = choice(members, "Action", "NotAction")?;
    for action in actions.patterns().iter().filter(|action| *action != "*") {
        if !action.split_once(':').is_some_and(|(service, name)| !service.is_empty() && !name.is_empty()) {
            return Err(malformed(format!("the action {action:?} is not <service>:<operation>")));
        }
    }
    let (resources, principals) = match grammar {
        Grammar::Permission => (Some(choice(members, "Resource", "NotResource")?), Principals::default()),
        Grammar::Trust => (None, principals(members)?),
    };
    let conditions = members.get("Condition").map(conditions).transpose()?.unwrap_or_default();
    Ok(Statement { is_deny, actions, resources, principals, conditions })
}

impl Matcher {
    fn patterns(&self) -> &[String] {
        match self {
            Self::AnyOf(patterns) | Self::NoneOf(patterns) => patterns,
        }
    }
}

fn choice(members: &Map<String, Value>, plain: &str, negated: &str) -> Result<Matcher, Malformed> {
    match (members.get(plain), members.get(negated)) {
        (Some(value), None) => Ok(Matcher::AnyOf(texts(value, plain)?)),
        (None, Some(value)) => Ok(Matcher::NoneOf(texts(value, negated)?)),
        _ => Err(malformed(format!("a statement must have {plain}"))),
    }
}

fn principals(members: &Map<String, Value>) -> Result<Principals, Malformed> {
    let value = members.get("Principal").ok_or_else(|| malformed("a statement must have Principal"))?;
    let kinds = object(value, "Principal")?;
    only(kinds, &["RAM", "Service", "Federated"], "Principal")?;
    if kinds.is_empty() {
        return Err(malformed("Principal must name RAM, Service or Federated"));
    }
    let of = |kind: &str| {
        kinds.get(kind).map(|value| texts(value, kind)).transpose().map(Option::unwrap_or_default)
    };
    Ok(Principals { ram: of("RAM")?, service: of("Service")?, federated: of("Federated")? })
}

fn conditions(value: &Value) -> Result<Vec<Condition>, Malformed> {
    let mut conditions = Vec::new();
    for (name, keys) in object(value, "Condition")? {
        let operator = Operator::from_name(name)
            .ok_or_else(|| malformed(format!("{name:?} is not a condition operator")))?;
        for (key, values) in object(keys, name)? {
            let values = condition_values(values, key)?;
            if let Some((value, expected)) =
                values.iter().find_map(|value| Some((value, operator.misfit(value)?)))
            {
                return Err(malformed(format!("{name} of {key}: {value:?} is not {expected}")));
            }
            conditions.push(Condition { operator, key: key.clone(), values });
        }
    }
    Ok(conditions)
}

/// The values of a condition: as [`texts`]; `true` means `"true"`, and 1 means `"1"`.
fn condition_values(value: &Value, key: &str) -> Result<Vec<String>, Malformed> {
    match value {
        Value::Bool(flag) => Ok(vec![flag.to_string()]),
        Value::Number(number) => Ok(vec![number.to_string()]),
        _ => texts_where(value, key, |_| true),
    }
}

/// A string that is not empty, or a list of such strings with something in it.
fn texts(value: &Value, name: &str) -> Result<Vec<String>, Malformed> {
    texts_where(value, name, |text| !text.is_empty())
}

fn texts_where(value: &Value, name: &str, is_good: fn(&str) -> bool) -> Result<Vec<String>, Malformed> {
    let values = match value {
        Value::Array(values) if !values.is_empty() => values.iter().collect(),
        value => vec![value],
    };
    let texts =
        values.into_iter().map(|value| value.as_str().filter(|text| is_good(text)).map(str::to_owned));
    texts
        .collect::<Option<_>>()
        .ok_or_else(|| malformed(format!("{name} must be a string or a list of strings")))
}

fn object<'a>(value: &'a Value, name: &str) -> Result<&'a Map<String, Value>, Malformed> {
    value.as_object().ok_or_else(|| malformed(format!("{name} must be an object")))
}

fn only(members: &Map<String, Value>, known: &[&str], name: &str) -> Result<(), Malformed> {
    match members.keys().find(|key| !known.contains(&key.as_str())) {
        Some(key) => Err(malformed(format!("{name} has no element {key:?}"))),
        None => Ok(()),
    }
}

fn malformed(why: impl Into<String>) -> Malformed {
    Malformed(why.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// A document with every kind of member, each of them once.
    const EVERYTHING: &str = r#"{"Version":"1","Statement":[{"Effect":"Allow","Action":"a:b","Resource":"*",
        "Condition":{"StringEquals":{"k":"v"},"IpAddress":{"acs:SourceIp":"10.0.0.0/8"}}}]}"#;

    #[test]
    fn a_value_of_a_condition_may_be_empty_where_it_is_a_text() {
        let with = |operator: &str, value: Value| {
            permission(
                &json!({"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {operator: {"k": value}}}),
            )
        };
        for value in [json!(""), json!([""]), json!(["a", ""])] {
            assert!(with("StringEquals", value.clone()).is_ok(), "{value}");
            assert!(with("NumericEquals", value.clone()).is_err(), "{value}");
        }
        assert!(with("StringEquals", json!([])).is_err());
        for member in ["Action", "Resource"] {
            let mut statement = json!({"Effect": "Allow", "Action": "*", "Resource": "*"});
            statement[member] = json!([""]);
            assert!(permission(&statement).is_err(), "{member}");
        }
    }

    #[test]
    fn a_member_that_is_repeated_is_refused_wherever_it_is() {
        Document::parse(EVERYTHING, Grammar::Permission).unwrap();
        for member in [
            r#""Version":"1""#,
            r#""Effect":"Allow""#,
            r#""Action":"a:b""#,
            r#""Resource":"*""#,
            r#""StringEquals":{"k":"v"}"#,
            r#""k":"v""#,
            r#""acs:SourceIp":"10.0.0.0/8""#,
        ] {
            let (name, _) = member.split_once("\":").unwrap();
            let twice = EVERYTHING.replacen(member, &format!("{member},{member}"), 1);
            let error = Document::parse(&twice, Grammar::Permission).unwrap_err().to_string();
            assert!(error.contains(&format!("the member {name}\" is repeated")), "{error}");
        }
        // One way to write a name is another's repetition.
        let escaped =
            EVERYTHING.replacen(r#""Effect":"Allow""#, r#""Effect":"Deny","\u0045ffect":"Allow""#, 1);
        assert!(Document::parse(&escaped, Grammar::Permission).is_err());
    }

    fn trust(text: &str) -> Result<Document, Malformed> {
        Document::parse(text, Grammar::Trust)
    }

    fn permission(statement: &Value) -> Result<Document, Malformed> {
        let document = json!({"Version": "1", "Statement": [statement]});
        Document::parse(&document.to_string(), Grammar::Permission)
    }

    #[test]
    fn one_string_is_the_same_as_a_list_of_one() {
        let one = permission(&json!({"Effect": "Allow", "Action": "log:*", "Resource": "*"}));
        let list = permission(&json!({"Effect": "Allow", "Action": ["log:*"], "Resource": ["*"]}));
        assert!(one.is_ok());
        assert_eq!(one, list);
        let statement =
            r#"{"Action":"sts:AssumeRole","Effect":"Allow","Principal":{"Service":"log.aliyuncs.com"}}"#;
        let one = trust(&format!(r#"{{"Version":"1","Statement":{statement}}}"#));
        let list = trust(&format!(r#"{{"Statement":[{statement}], "Version": "1"}}"#));
        assert!(one.is_ok());
        assert_eq!(one, list);
    }

    #[test]
    fn what_is_malformed_says_where() {
        for (statement, expected) in [
            (json!([]), "a statement must be an object"),
            (json!({"Effect": "allow"}), "Effect must be Allow or Deny"),
            (json!({"Effect": "Allow"}), "a statement must have Action"),
            (json!({"Effect": "Allow", "Action": "log"}), "the action \"log\" is not <service>:<operation>"),
            (json!({"Effect": "Allow", "Action": []}), "Action must be a string or a list of strings"),
            (json!({"Effect": "Allow", "Action": "*"}), "a statement must have Resource"),
            (
                json!({"Effect": "Allow", "Action": "*", "NotAction": "log:*", "Resource": "*"}),
                "a statement must have Action",
            ),
            (
                json!({"Effect": "Allow", "Action": "*", "Resource": "*", "Principal": {"RAM": "x"}}),
                "a statement has no element \"Principal\"",
            ),
            (
                json!({"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"Is": {}}}),
                "\"Is\" is not a condition operator",
            ),
            (
                json!({"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"Bool": {"k": {}}}}),
                "k must be a string or a list of strings",
            ),
            (
                json!({"Effect": "Allow", "Action": "*", "Resource": "*",
                    "Condition": {"NotIpAddress": {"acs:SourceIp": ["10.0.0.0/8", "10.0.0.0/33"]}}}),
                "NotIpAddress of acs:SourceIp: \"10.0.0.0/33\" is not an IP address or a network (10.0.0.0/8)",
            ),
            (
                json!({"Effect": "Allow", "Action": "*", "Resource": "*",
                    "Condition": {"StringLike": {"k": "*"}, "NumericLessThan": {"n": true}}}),
                "NumericLessThan of n: \"true\" is not a number",
            ),
        ] {
            assert_eq!(permission(&statement).unwrap_err().to_string(), expected);
        }
        for malformed in ["{", r#"{"Version": "1", "Version": "1"}"#] {
            assert!(
                trust(malformed).unwrap_err().to_string().starts_with("the policy is not JSON: "),
                "{malformed}"
            );
        }
        for (text, expected) in [
            ("[]", "the policy must be an object"),
            (r#"{"Version": 1, "Statement": []}"#, "Version must be \"1\""),
            (r#"{"Version": "1", "Statement": []}"#, "Statement must be a list of statements"),
            (r#"{"Version": "1", "Id": "x"}"#, "the policy has no element \"Id\""),
            (
                r#"{"Version":"1","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole"}]}"#,
                "a statement must have Principal",
            ),
            (
                r#"{"Version":"1","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{}}]}"#,
                "Principal must name RAM, Service or Federated",
            ),
        ] {
            assert_eq!(trust(text).unwrap_err().to_string(), expected);
        }
    }
}
