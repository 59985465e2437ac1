//! The parameters of an action.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;

use crate::http::form;

/// Parameters by name. The service uses its default for a parameter that is not set.
#[derive(Clone, Default)]
pub(crate) struct Parameters(BTreeMap<&'static str, String>);

/// Shows only names, because a value may be a secret.
impl fmt::Debug for Parameters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl Parameters {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Adds a parameter; numbers and booleans are sent as text.
    #[expect(clippy::needless_pass_by_value, reason = "names are lent, numbers and truth values are given")]
    pub(crate) fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.0.insert(name, value.to_string());
        self
    }

    /// Adds a parameter, if it is given.
    pub(crate) fn with_optional(self, name: &'static str, value: Option<impl ToString>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// Adds a list, as JSON in one parameter; an empty list is not sent.
    ///
    /// The official SDKs of RAM send lists in this form. The older form with one numbered parameter for each member
    /// (`Tag.1.Key`) is not confirmed for RAM.
    pub(crate) fn with_list(self, name: &'static str, items: Vec<Value>) -> Self {
        if items.is_empty() { self } else { self.with(name, Value::from(items)) }
    }

    /// The parameters as a form; empty when there are none.
    pub(crate) fn to_form(&self) -> String {
        form::encode(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn parameters_become_a_form() {
        let parameters = Parameters::new()
            .with("RoleName", "a b")
            .with("MaxItems", 5)
            .with("SetAsDefault", true)
            .with_optional("Marker", None::<&str>)
            .with_optional("NewDescription", Some(""))
            .with_list("Tag", vec![json!({ "Key": "k", "Value": "v" })])
            .with_list("TagKeys", Vec::new());
        assert_eq!(
            parameters.to_form(),
            "MaxItems=5&NewDescription=&RoleName=a%20b&SetAsDefault=true\
             &Tag=%5B%7B%22Key%22%3A%22k%22%2C%22Value%22%3A%22v%22%7D%5D"
        );
        assert_eq!(Parameters::new().to_form(), "");
    }
}
