//! Checks of configured values, named so that the documentation can state them.

use std::fmt;

use super::{Diagnostic, Path, Value};

/// A check of one configured value.
pub trait Validator: fmt::Debug + Send + Sync {
    /// The rule in a sentence that begins with "Must", for the documentation.
    fn rule(&self) -> String;

    /// Checks a value that is neither null nor unknown.
    ///
    /// # Errors
    ///
    /// What is wrong and what is allowed.
    fn check(&self, value: &Value, path: &Path) -> Result<(), Diagnostic>;
}

/// Allows a few texts only, and names the nearest one when another is given.
#[derive(Debug)]
pub struct OneOf(pub &'static [&'static str]);

impl OneOf {
    /// The allowed text nearest to `given`, if one is near enough to be meant.
    fn nearest(&self, given: &str) -> Option<&'static str> {
        /// Below this similarity (0 to 1) a hint would mislead more than it helps.
        const NEAR: f64 = 0.7;
        let similarity = |allowed: &str| strsim::jaro_winkler(&given.to_lowercase(), allowed);
        self.0
            .iter()
            .map(|allowed| (similarity(allowed), *allowed))
            .filter(|(similarity, _)| *similarity >= NEAR)
            .max_by(|a, b| a.0.total_cmp(&b.0))
            .map(|(_, allowed)| allowed)
    }
}

impl Validator for OneOf {
    fn rule(&self) -> String {
        let quoted: Vec<String> = self.0.iter().map(|allowed| format!("`{allowed}`")).collect();
        format!("Must be one of {}.", quoted.join(", "))
    }

    fn check(&self, value: &Value, path: &Path) -> Result<(), Diagnostic> {
        let given = value.as_str().unwrap_or_default();
        if self.0.contains(&given) {
            return Ok(());
        }
        let hint = self.nearest(given).map_or(String::new(), |near| format!(" Did you mean {near:?}?"));
        let allowed: Vec<String> = self.0.iter().map(|allowed| format!("{allowed:?}")).collect();
        Err(Diagnostic::error(
            "Unsupported value",
            format!(
                "{path} is {}, which is not supported.{hint} Use one of: {}.",
                text::quote(given),
                allowed.join(", ")
            ),
        )
        .at(path.clone()))
    }
}

/// Refuses empty text and text that is only white space.
#[derive(Debug)]
pub struct NotEmpty;

impl Validator for NotEmpty {
    fn rule(&self) -> String {
        "Must not be empty.".to_owned()
    }

    fn check(&self, value: &Value, path: &Path) -> Result<(), Diagnostic> {
        match value.as_str() {
            Some(text) if text.trim().is_empty() => Err(Diagnostic::error(
                "Empty value",
                format!("{path} must not be empty: an empty text counts as missing."),
            )
            .at(path.clone())),
            _ => Ok(()),
        }
    }
}

/// Accepts a text that a parser accepts.
#[derive(Debug)]
pub struct ParseWith<T, E> {
    rule: &'static str,
    parse: fn(&str) -> Result<T, E>,
    allows_empty: bool,
}

impl<T, E> ParseWith<T, E> {
    /// `rule` is a sentence that begins with "Must". The parser's error is the end of a sentence; its final dot may be
    /// there or not.
    pub fn new(rule: &'static str, parse: fn(&str) -> Result<T, E>) -> ParseWith<T, E> {
        ParseWith { rule, parse, allows_empty: false }
    }

    /// Also accepts an empty text.
    #[must_use]
    pub fn or_empty(self) -> ParseWith<T, E> {
        ParseWith { allows_empty: true, ..self }
    }
}

impl<T: fmt::Debug, E: fmt::Debug + fmt::Display> Validator for ParseWith<T, E> {
    fn rule(&self) -> String {
        self.rule.to_owned()
    }

    fn check(&self, value: &Value, path: &Path) -> Result<(), Diagnostic> {
        let Some(text) = value.as_str() else { return Ok(()) };
        if text.is_empty() && self.allows_empty {
            return Ok(());
        }
        let Err(error) = (self.parse)(text) else { return Ok(()) };
        let problem = error.to_string();
        let problem = problem.trim_end_matches('.');
        let quoted = text::quote(text);
        // Said once, by the problem itself if it names the value.
        let is_said = problem.contains(&quoted) || text.chars().count() > text::LONGEST_QUOTATION;
        let given = if is_said { String::new() } else { format!(" is {quoted}") };
        let detail = format!("{path}{given}: {problem}.");
        Err(Diagnostic::error("Invalid value", detail).at(path.clone()))
    }
}

/// Holds each element of a list or set, or each value of a map, to a rule.
#[derive(Debug)]
pub struct Each<V>(pub V);

impl<V: Validator> Validator for Each<V> {
    fn rule(&self) -> String {
        let rule = self.0.rule();
        format!("Each {}", rule.strip_prefix('M').map_or(rule.clone(), |rest| format!("m{rest}")))
    }

    /// Elements of a set have no path in the configuration, so an error of one names the path of the whole.
    fn check(&self, value: &Value, path: &Path) -> Result<(), Diagnostic> {
        let is_given = |element: &&Value| !element.is_null() && !element.is_unknown();
        match value {
            Value::List(elements) | Value::Set(elements) => {
                elements.iter().filter(is_given).try_for_each(|element| self.0.check(element, path))
            }
            Value::Map(members) => {
                let mut given = members.iter().filter(|(_, member)| is_given(member));
                given.try_for_each(|(key, member)| self.0.check(member, &path.key(key)))
            }
            _ => Ok(()),
        }
    }
}

/// Allows whole numbers between two bounds, both included.
#[derive(Debug)]
pub struct Between(pub i64, pub i64);

impl Validator for Between {
    fn rule(&self) -> String {
        format!("Must be a whole number from {} to {}.", self.0, self.1)
    }

    fn check(&self, value: &Value, path: &Path) -> Result<(), Diagnostic> {
        let inside = match value {
            Value::Number(number) => number.to_i64().is_some_and(|n| (self.0..=self.1).contains(&n)),
            _ => true,
        };
        if inside {
            return Ok(());
        }
        Err(Diagnostic::error(
            "Value out of range",
            format!("{path} must be a whole number from {} to {}.", self.0, self.1),
        )
        .at(path.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALGORITHMS: OneOf = OneOf(&["default", "sm4_gcm", "aes_gcm"]);

    #[track_caller]
    fn detail(validator: &dyn Validator, given: &str) -> Option<String> {
        validator.check(&Value::from(given), &Path::of("x")).err().map(|diagnostic| diagnostic.detail)
    }

    #[test]
    fn an_allowed_text_passes() {
        assert_eq!(detail(&ALGORITHMS, "aes_gcm"), None);
    }

    #[test]
    fn a_misspelt_text_gets_the_list_and_the_nearest_match() {
        let detail = detail(&ALGORITHMS, "AES-GCM").unwrap();
        assert!(detail.contains(r#"Did you mean "aes_gcm"?"#), "{detail}");
        assert!(detail.contains(r#"Use one of: "default", "sm4_gcm", "aes_gcm""#), "{detail}");
    }

    #[test]
    fn a_text_like_none_gets_the_list_alone() {
        let detail = detail(&ALGORITHMS, "zzz").unwrap();
        assert!(!detail.contains("Did you mean"), "{detail}");
    }

    #[test]
    fn white_space_counts_as_empty() {
        assert!(detail(&NotEmpty, " \t").is_some());
        assert_eq!(detail(&NotEmpty, "a"), None);
    }

    #[test]
    fn each_element_is_held_to_the_rule() {
        let rule = Each(NotEmpty);
        let check = |value: Value| rule.check(&value, &Path::of("x")).map_err(|problem| problem.path);
        assert_eq!(rule.rule(), "Each must not be empty.");
        assert_eq!(check(Value::Set(vec!["a".into(), Value::UNKNOWN])), Ok(()));
        assert_eq!(check(Value::Set(vec!["a".into(), " ".into()])), Err(Some(Path::of("x"))));
        let map = Value::Map([("k".to_owned(), Value::from(""))].into());
        assert_eq!(check(map), Err(Some(Path::of("x").key("k"))));
    }

    #[test]
    fn bounds_are_included() {
        let check = |n: i64| Between(1, 3).check(&Value::Number(n.into()), &Path::of("x")).is_ok();
        assert_eq!([0, 1, 3, 4].map(check), [false, true, true, false]);
    }
}
