//! Reading JSON that people wrote by hand: every problem names its path and what was expected.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{DeserializeOwned, DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize as _, Deserializer};
use serde_json::{Map, Value};

/// What some editors put in front of a text in UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Reads a document in which no object has two members of one name, so that none is passed over.
///
/// # Errors
///
/// Where the text is something else, and why.
pub fn parse(text: &[u8]) -> Result<Value, serde_json::Error> {
    let text = without_byte_order_mark(text);
    NoRepetition.deserialize(&mut serde_json::Deserializer::from_slice(text))?;
    serde_json::from_slice(text)
}

/// A text without the byte order mark that it may begin with.
pub fn without_byte_order_mark(text: &[u8]) -> &[u8] {
    text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text)
}

/// Goes through a value and refuses objects in which a name is repeated.
#[derive(Clone, Copy)]
struct NoRepetition;

impl<'de> DeserializeSeed<'de> for NoRepetition {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for NoRepetition {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        while elements.next_element_seed(self)?.is_some() {}
        Ok(())
    }

    /// A number is such a map too, with one member: `serde_json` keeps its digits that way.
    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let mut names = BTreeSet::new();
        while let Some(name) = members.next_key::<String>()? {
            if names.contains(&name) {
                return Err(A::Error::custom(format!("the member {name:?} is repeated")));
            }
            names.insert(name);
            members.next_value_seed(self)?;
        }
        Ok(())
    }
}

/// What is wrong with a document, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {problem}")]
pub struct Problem {
    /// Where, for example `projects[0].name`.
    pub path: String,
    /// What, for example `expected a string, found a number`.
    pub problem: String,
}

impl Problem {
    /// A problem at a path.
    pub fn at(path: &str, problem: impl Into<String>) -> Self {
        Self { path: path.to_owned(), problem: problem.into() }
    }
}

/// Deserializes an object.
///
/// # Errors
///
/// The first thing that is not as it should be, with its path.
pub fn from_value<T: DeserializeOwned>(document: &Value) -> Result<T, Problem> {
    Node::root("", document).object()?;
    serde_path_to_error::deserialize(document).map_err(|error| {
        let (path, problem) = (error.path().to_string(), error.inner().to_string());
        let missing = problem.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`'));
        match missing {
            Some(member) if path == "." => Problem::at(member, "this member is missing"),
            Some(member) => Problem::at(&format!("{path}.{member}"), "this member is missing"),
            None => Problem { path, problem },
        }
    })
}

/// Deserializes an integer from `LEAST` to `MOST`, by `#[serde(deserialize_with)]`.
///
/// # Errors
///
/// That the value is something else.
pub fn integer<'de, D, T, const LEAST: u64, const MOST: u64>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: TryFrom<u64>,
{
    let number = Value::deserialize(deserializer)?.as_u64().filter(|number| (LEAST..=MOST).contains(number));
    number.and_then(|number| T::try_from(number).ok()).ok_or_else(|| {
        D::Error::custom(match MOST {
            u64::MAX => format!("expected an integer of at least {LEAST}"),
            _ => format!("expected an integer from {LEAST} to {MOST}"),
        })
    })
}

/// Deserializes a string that is not empty, by `#[serde(deserialize_with)]`.
///
/// # Errors
///
/// That the value is something else.
pub fn nonempty<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.is_empty() {
        Err(D::Error::custom("expected a string that is not empty"))
    } else {
        Ok(Some(text))
    }
}

/// A value together with the path that leads to it.
#[derive(Clone, Debug)]
pub struct Node<'a> {
    path: String,
    value: &'a Value,
}

impl<'a> Node<'a> {
    /// The top of a document; `name` is how paths begin. Without one they begin with the first member, and
    /// the top itself is called "the body".
    pub fn root(name: &str, value: &'a Value) -> Self {
        Self { path: name.to_owned(), value }
    }

    /// A problem with this value.
    pub fn problem(&self, problem: impl Into<String>) -> Problem {
        let path = if self.path.is_empty() { "the body" } else { &self.path };
        Problem { path: path.to_owned(), problem: problem.into() }
    }

    /// A problem with a member of this value, which need not exist.
    pub fn problem_in(&self, member: &str, problem: impl Into<String>) -> Problem {
        Problem { path: self.path_of(member), problem: problem.into() }
    }

    fn path_of(&self, member: &str) -> String {
        if self.path.is_empty() { member.to_owned() } else { format!("{}.{member}", self.path) }
    }

    fn mismatch(&self, expected: &str) -> Problem {
        self.problem(format!("expected {expected}, found {}", kind_of(self.value)))
    }

    /// The value itself.
    pub fn value(&self) -> &'a Value {
        self.value
    }

    /// The value as an object.
    ///
    /// # Errors
    ///
    /// When it is something else.
    pub fn object(&self) -> Result<&'a Map<String, Value>, Problem> {
        self.value.as_object().ok_or_else(|| self.mismatch("an object"))
    }

    /// The value as an object that has no members but `known` ones.
    ///
    /// # Errors
    ///
    /// When it is something else, or has another member.
    pub fn object_of(&self, known: &[&str]) -> Result<&'a Map<String, Value>, Problem> {
        let object = self.object()?;
        match object.keys().find(|key| !known.contains(&key.as_str())) {
            Some(key) => {
                Err(self.problem_in(key, format!("unknown member, expected one of: {}", known.join(", "))))
            }
            None => Ok(object),
        }
    }

    /// A member of an object, if it exists.
    pub fn member(&self, name: &str) -> Option<Node<'a>> {
        self.value.get(name).map(|value| Node { path: self.path_of(name), value })
    }

    /// A member of an object.
    ///
    /// # Errors
    ///
    /// When it is missing.
    pub fn required(&self, name: &str) -> Result<Node<'a>, Problem> {
        self.member(name).ok_or_else(|| self.problem_in(name, "this member is missing"))
    }

    /// The elements of an array.
    ///
    /// # Errors
    ///
    /// When the value is something else.
    pub fn elements(&self) -> Result<Vec<Node<'a>>, Problem> {
        let array = self.value.as_array().ok_or_else(|| self.mismatch("an array"))?;
        let nodes = array.iter().enumerate();
        Ok(nodes.map(|(i, value)| Node { path: format!("{}[{i}]", self.path), value }).collect())
    }

    /// The value as a string.
    ///
    /// # Errors
    ///
    /// When it is something else.
    pub fn string(&self) -> Result<&'a str, Problem> {
        self.value.as_str().ok_or_else(|| self.mismatch("a string"))
    }

    /// The value as a string with something in it.
    ///
    /// # Errors
    ///
    /// When it is something else, or empty.
    pub fn nonempty_string(&self) -> Result<&'a str, Problem> {
        match self.string()? {
            "" => Err(self.problem("expected a string that is not empty")),
            text => Ok(text),
        }
    }

    /// The value as `true` or `false`.
    ///
    /// # Errors
    ///
    /// When it is something else.
    pub fn flag(&self) -> Result<bool, Problem> {
        self.value.as_bool().ok_or_else(|| self.mismatch("true or false"))
    }

    /// The value as an integer.
    ///
    /// # Errors
    ///
    /// When it is something else.
    pub fn integer(&self) -> Result<i64, Problem> {
        self.value.as_i64().ok_or_else(|| self.mismatch("an integer"))
    }
}

/// What a value is, in words.
pub fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_document_is_read_as_serde_json_reads_it() {
        for text in [
            "null",
            "[true, -1, 18446744073709551615, 1.50, \"\\u00e4\"]",
            r#" {"a": {"b": []}, "b": {"b": 1e9}} "#,
        ] {
            assert_eq!(parse(text.as_bytes()).unwrap(), serde_json::from_str::<Value>(text).unwrap());
        }
        for text in ["", "{", "[] []", "{\"a\"}", "\u{feff}\u{feff}[]"] {
            assert!(parse(text.as_bytes()).is_err(), "{text}");
        }
        assert_eq!(parse("\u{feff}[]".as_bytes()).unwrap(), json!([]));
    }

    #[test]
    fn a_member_that_is_repeated_is_an_error_with_its_place() {
        let error = parse(b"{\"a\": [{\"b\": 1,\n \"b\": 1}]}").unwrap_err();
        assert_eq!(error.to_string(), "the member \"b\" is repeated at line 2 column 4");
    }

    #[test]
    fn problems_name_path_and_expectation() {
        let document = json!({"projects": [{"name": 5}]});
        let root = Node::root("$", &document);
        let project = root.required("projects").unwrap().elements().unwrap().remove(0);
        let problem = project.required("name").unwrap().string().unwrap_err();
        assert_eq!(problem.to_string(), "$.projects[0].name: expected a string, found a number");
        assert_eq!(root.required("x").unwrap_err().to_string(), "$.x: this member is missing");
        assert_eq!(
            root.object_of(&["a", "b"]).unwrap_err().to_string(),
            "$.projects: unknown member, expected one of: a, b"
        );
    }

    #[test]
    fn a_nameless_root_leaves_no_dot() {
        let document = json!({"effect": -1});
        let effect = Node::root("", &document).required("effect").unwrap();
        assert_eq!(effect.flag().unwrap_err().to_string(), "effect: expected true or false, found a number");
    }
}
