//! The parameters of a call, from its query and its form body together.

use std::collections::BTreeMap;

use super::Error;
use crate::http::Call;
use crate::target::{Parameter, Query};

/// The media type of a body that holds parameters.
const FORM: &str = "application/x-www-form-urlencoded";

/// Bytes in the name of a parameter: more than any service's has. A guess.
const NAME_BYTES: usize = 256;
/// Bytes in a value: more than any parameter has, the assertions of STS with their 100,000 included. A guess.
const VALUE_BYTES: usize = 128 * 1024;

/// The parameters of a call.
#[derive(Clone, Debug, Default)]
pub struct Parameters {
    query: Query,
    form: Query,
}

impl Parameters {
    /// Reads the query and, where the body is a form, the body.
    pub fn from_call(call: &Call) -> Self {
        let form = if is_form(call) {
            Query::parse(std::str::from_utf8(&call.body).unwrap_or_default())
        } else {
            Query::default()
        };
        Self { query: call.query.clone(), form }
    }

    /// The parameters of a call that has no wire.
    pub fn from_pairs(pairs: &[(&str, &str)]) -> Self {
        Self { query: Query::from_pairs(pairs), form: Query::default() }
    }

    /// Checks what holds for every parameter: its length, and that it has one value, so that none is passed over.
    ///
    /// # Errors
    ///
    /// `InvalidParameter`, with the name where that is not too long itself.
    pub fn check(&self) -> Result<(), Error> {
        let mut values = BTreeMap::new();
        for Parameter { name, value } in self.iter() {
            let value = value.as_deref().unwrap_or_default();
            if name.len() > NAME_BYTES {
                return Err(Error::incorrect("Name"));
            }
            if value.len() > VALUE_BYTES || *values.entry(name).or_insert(value) != value {
                return Err(Error::incorrect(name));
            }
        }
        Ok(())
    }

    /// Every parameter as sent: those of the query first.
    pub fn iter(&self) -> impl Iterator<Item = &Parameter> {
        self.query.iter().chain(self.form.iter())
    }

    /// A parameter's value; an empty one counts as absent, as SDKs send what was not set.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.given(name).filter(|value| !value.is_empty())
    }

    /// A parameter's value, also when it is empty.
    pub fn given(&self, name: &str) -> Option<&str> {
        self.query.get(name).or_else(|| self.form.get(name))
    }

    /// The values of `<name>.1`, `<name>.2` and so on, up to the first that is absent.
    pub fn listed<'p>(&'p self, name: &str) -> impl Iterator<Item = &'p str> {
        let name = name.to_owned();
        (1..).map_while(move |number| self.get(&format!("{name}.{number}")))
    }

    /// A parameter that must be there.
    ///
    /// # Errors
    ///
    /// `MissingParameter`
    pub fn required(&self, name: &str) -> Result<&str, Error> {
        self.get(name).ok_or_else(|| Error::missing_parameter(name))
    }

    /// An integer, if the parameter is given.
    ///
    /// # Errors
    ///
    /// `InvalidParameter.<name>` for anything else.
    pub fn number(&self, name: &str) -> Result<Option<i64>, Error> {
        let number = self.get(name).map(|text| text.parse().map_err(|_| Error::incorrect(name)));
        number.transpose()
    }

    /// `true` or `false` in any letter case, if the parameter is given.
    ///
    /// # Errors
    ///
    /// `InvalidParameter.<name>` for anything else.
    pub fn flag(&self, name: &str) -> Result<Option<bool>, Error> {
        let flag = |text: &str| text.to_ascii_lowercase().parse().map_err(|_| Error::incorrect(name));
        self.get(name).map(flag).transpose()
    }
}

/// Whether the body of a call holds parameters.
pub fn is_form(call: &Call) -> bool {
    call.header("content-type").unwrap_or_default().starts_with(FORM)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::captured::call;

    #[track_caller]
    fn check(query: &str, form: &str, code: Option<&str>) {
        let call = call("POST", &format!("/?{query}"), [("content-type", FORM)].into_iter(), form);
        let error = Parameters::from_call(&call).check().err();
        assert_eq!(error.as_ref().map(|error| error.code.as_str()), code);
    }

    #[test]
    fn no_parameter_has_two_values() {
        check("UserName=one", "Comments=one", None);
        check("UserName=one&UserName=two", "", Some("InvalidParameter.UserName"));
        check("", "UserName=one&UserName=two", Some("InvalidParameter.UserName"));
        check("UserName=one", "UserName=two", Some("InvalidParameter.UserName"));
        check("UserName=one&UserName=", "", Some("InvalidParameter.UserName"));
        // Nothing is passed over.
        check("UserName=one", "UserName=one", None);
    }

    #[test]
    fn names_and_values_are_limited() {
        let value = "x".repeat(VALUE_BYTES);
        check("", &format!("Description={value}"), None);
        check("", &format!("Description={value}x"), Some("InvalidParameter.Description"));
        check("", &format!("{value}=x"), Some("InvalidParameter.Name"));
    }
}
