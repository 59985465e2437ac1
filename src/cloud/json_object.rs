//! Reading JSON answers field by field, with errors that say what was expected and what was found.

use std::borrow::Cow;

use serde_json::{Map, Value};

use crate::dispatcher::printable;
use crate::error::{Error, ErrorKind, Operation};
use crate::http::HttpResponse;

/// The longest text of an answer that is not a document, in characters: ids and ARNs are shorter.
pub(crate) const LONGEST_TEXT: usize = 1000;

/// A JSON object of an answer and where it stands in it.
#[derive(Clone, Debug)]
pub(crate) struct Object<'a> {
    operation: &'a Operation,
    /// The path of the object within the answer; empty for the answer itself.
    path: Cow<'a, str>,
    fields: &'a Map<String, Value>,
}

impl<'a> Object<'a> {
    pub(crate) fn new(
        operation: &'a Operation,
        path: impl Into<Cow<'a, str>>,
        fields: &'a Map<String, Value>,
    ) -> Self {
        Self { operation, path: path.into(), fields }
    }

    /// A text that must be there. It is compared, and sent back as it is, so one that is not printable or very long is
    /// refused.
    pub(crate) fn text(&self, name: &str) -> Result<&'a str, Error> {
        let text = self.get(name).and_then(Value::as_str).ok_or_else(|| self.wrong(name, "a text"))?;
        if is_one_line(text) {
            return Ok(text);
        }
        Err(self.wrong(name, &format!("a text of at most {LONGEST_TEXT} characters, all printable")))
    }

    /// A text; absent and `null` are `None`.
    pub(crate) fn optional_text(&self, name: &str) -> Result<Option<&'a str>, Error> {
        self.get(name).map(|_| self.text(name)).transpose()
    }

    /// A whole number that must be there; neither `30.0` nor `"30"` is one.
    pub(crate) fn integer(&self, name: &str) -> Result<i64, Error> {
        self.get(name).and_then(Value::as_i64).ok_or_else(|| self.wrong(name, "a whole number"))
    }

    /// A boolean that must be there.
    pub(crate) fn boolean(&self, name: &str) -> Result<bool, Error> {
        self.get(name).and_then(Value::as_bool).ok_or_else(|| self.wrong(name, "true or false"))
    }

    /// An object; absent and `null` are `None`.
    pub(crate) fn optional_object(&self, name: &str) -> Result<Option<&'a Map<String, Value>>, Error> {
        let object = |value: &'a Value| value.as_object().ok_or_else(|| self.wrong(name, "an object"));
        self.get(name).map(object).transpose()
    }

    /// A list of texts that must be there.
    pub(crate) fn texts(&self, name: &str) -> Result<Vec<String>, Error> {
        let wrong = || self.wrong(name, "a list of texts");
        let items = self.get(name).and_then(Value::as_array).ok_or_else(wrong)?;
        items
            .iter()
            .map(|item| item.as_str().filter(|text| is_one_line(text)).map(str::to_owned).ok_or_else(wrong))
            .collect()
    }

    /// A list of objects that must be there.
    pub(crate) fn objects(&self, name: &str) -> Result<Vec<&'a Map<String, Value>>, Error> {
        let wrong = || self.wrong(name, "a list of objects");
        let items = self.get(name).and_then(Value::as_array).ok_or_else(wrong)?;
        items.iter().map(|item| item.as_object().ok_or_else(wrong)).collect()
    }

    /// The field's error: what should be there and what is.
    pub(crate) fn wrong(&self, name: &str, expected: &str) -> Error {
        let field = self.path_of(name);
        let found = self.fields.get(name).map_or_else(|| "nothing".to_owned(), describe);
        malformed(self.operation, format!("`{field}` should be {expected}; found {found}"))
    }

    fn path_of(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }

    fn get(&self, name: &str) -> Option<&'a Value> {
        self.fields.get(name).filter(|value| !value.is_null())
    }
}

/// Reads an answer that must be a JSON object.
pub(crate) fn parse_object(operation: &Operation, body: &[u8]) -> Result<Map<String, Value>, Error> {
    match serde_json::from_slice(body) {
        Ok(Value::Object(fields)) => Ok(fields),
        Ok(other) => {
            Err(malformed(operation, format!("it should be a JSON object; found {}", describe(&other))))
        }
        Err(error) => {
            let message = format!("it should be a JSON object; found {}", describe_bytes(body));
            Err(malformed(operation, message).with_source(error))
        }
    }
}

/// An answer of success that cannot be used.
pub(crate) fn malformed(operation: &Operation, message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Malformed, operation, message).with_may_have_been_applied(true)
}

/// What an answer is that is neither a success nor a refusal of the service.
pub(crate) fn foreign(service: &str, response: &HttpResponse) -> String {
    match redirect(response) {
        Some(redirect) => format!("the answer is not one of {service}, but {redirect}"),
        None => format!("the answer is not one of {service}: {}", describe_bytes(&response.body)),
    }
}

/// The message of a refusal without one.
pub(crate) fn no_message(service: &str, response: &HttpResponse, has_code: bool) -> String {
    if has_code { "the service gave no reason".to_owned() } else { foreign(service, response) }
}

/// Where an answer leads that is a redirect. Following it would hand a signed request to somebody else.
pub(crate) fn redirect(response: &HttpResponse) -> Option<String> {
    let is_redirect = (300..400).contains(&response.status);
    let target = response.headers.get("location").filter(|_| is_redirect)?;
    Some(format!("a redirect to {}, which the provider does not follow", without_extras(&printable(target))))
}

/// An address without what may be secret in it: a user name, a query and a fragment.
fn without_extras(url: &str) -> String {
    let address = url.split(['?', '#']).next().unwrap_or_default();
    let Some((scheme, rest)) = address.split_once("//") else { return address.to_owned() };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host = authority.rsplit('@').next().unwrap_or_default();
    format!("{scheme}//{host}{path}")
}

/// Whether a text can be shown whole on one line.
pub(crate) fn is_one_line(text: &str) -> bool {
    text.chars().nth(LONGEST_TEXT).is_none() && text.chars().all(text::is_printable)
}

/// What a value is, in words, with enough of it to be found again.
fn describe(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Number(number) => format!("the number {}", beginning(&number.to_string())),
        Value::String(text) => format!("the text {:?}", beginning(text)),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
    }
}

/// What a body is that is not JSON.
pub(crate) fn describe_bytes(body: &[u8]) -> String {
    if body.is_empty() {
        return "an empty body".to_owned();
    }
    match std::str::from_utf8(body) {
        Ok(text) => format!("{} bytes that begin with {:?}", body.len(), beginning(text)),
        Err(_) => format!("{} bytes that are not text", body.len()),
    }
}

fn beginning(text: &str) -> String {
    text::line_of(text, 60)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Headers;

    #[test]
    fn a_redirect_is_told_with_its_target_and_without_what_may_be_secret_in_it() {
        for (status, location, said) in [
            (
                302,
                "http://portal.example:80/login?token=canary#canary",
                "a redirect to http://portal.example:80/login,",
            ),
            (307, "https://canary:canary@portal.example", "a redirect to https://portal.example,"),
            (301, "//portal.example/a@x?canary", "a redirect to //portal.example/a@x,"),
            (308, "/login?canary", "a redirect to /login,"),
            (302, "http://a.example/\n\u{1b}[2J", "a redirect to http://a.example/ \u{fffd}[2J,"),
            (404, "http://portal.example", "11 bytes that begin with \"<html>login\""),
        ] {
            let mut headers = Headers::default();
            headers.set("Location", location);
            let text = foreign("SLS", &HttpResponse { status, headers, body: b"<html>login".to_vec() });
            assert!(text.contains(said), "{text}");
            assert!(!text.contains("canary"), "{text}");
        }
        let none = HttpResponse { status: 304, headers: Headers::default(), body: Vec::new() };
        assert_eq!(foreign("RAM", &none), "the answer is not one of RAM: an empty body");
    }
}
