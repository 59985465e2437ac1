//! The parameters of a call, from its query and its form body together.

use super::Error;
use crate::http::Call;
use crate::target::{Parameter, Query};

/// The media type of a body that holds parameters.
const FORM: &str = "application/x-www-form-urlencoded";

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
