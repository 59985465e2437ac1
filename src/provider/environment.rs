//! The environment variables, read once at start so that no rule depends on the machine; and where a setting is found:
//! in the provider block, else in a variable.

use std::{collections::BTreeMap, fmt, path::PathBuf};

use super::secret_text::SecretText;
use crypto::Secret;
use schema::{Diagnostic, Field};

/// The environment variables a provider may take defaults from.
#[derive(Clone, Default)]
pub struct Environment(BTreeMap<String, String>);

impl Environment {
    /// The variables of this process. A variable that is not Unicode counts as not set.
    pub fn of_process() -> Environment {
        let pairs = std::env::vars_os();
        Environment(
            pairs
                .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
                .collect(),
        )
    }

    /// The home directory of the person, where it is known.
    pub fn home(&self) -> Option<PathBuf> {
        self.first(&["HOME", "USERPROFILE"]).map(|(_, path)| PathBuf::from(path))
    }

    /// The first of these variables that is set and not empty, with its name. Line ends around a value do not count:
    /// values that come from files have them.
    pub fn first(&self, names: &[&'static str]) -> Option<(&'static str, &str)> {
        names.iter().find_map(|name| {
            let value = self.0.get(*name)?.trim_matches(['\r', '\n']);
            (!value.is_empty()).then_some((*name, value))
        })
    }
}

impl<const N: usize> From<[(&str, &str); N]> for Environment {
    fn from(pairs: [(&str, &str); N]) -> Self {
        pairs.into_iter().collect()
    }
}

impl<'a> FromIterator<(&'a str, &'a str)> for Environment {
    fn from_iter<I: IntoIterator<Item = (&'a str, &'a str)>>(pairs: I) -> Self {
        Environment(pairs.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }
}

/// Names only: values may be secrets.
impl fmt::Debug for Environment {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_set().entries(self.0.keys()).finish()
    }
}

/// A setting and where it was found.
pub(super) struct Found {
    pub(super) value: String,
    pub(super) source: String,
}

/// The argument, if it is set and not empty, else the first environment variable that is.
pub(super) fn text(
    argument: &Field<String>,
    environment: &Environment,
    names: &[&'static str],
) -> Option<Found> {
    match argument.known() {
        Some(value) if !value.trim().is_empty() => Some(Found {
            value: without_line_ends(value).to_owned(),
            source: "the provider block".to_owned(),
        }),
        _ => environment.first(names).map(|(name, value)| Found {
            value: value.to_owned(),
            source: format!("the environment variable {name}"),
        }),
    }
}

/// The argument, if it is set, else the first environment variable that is. A variable is written as Go reads one,
/// which is what the official provider takes.
///
/// # Errors
///
/// That the variable is something else.
pub(super) fn flag(
    argument: &Field<bool>,
    environment: &Environment,
    names: &[&'static str],
) -> Result<Option<bool>, Diagnostic> {
    if let Some(given) = argument.known() {
        return Ok(Some(*given));
    }
    match environment.first(names) {
        None => Ok(None),
        Some((_, "0" | "f" | "F" | "false" | "FALSE" | "False")) => Ok(Some(false)),
        Some((_, "1" | "t" | "T" | "true" | "TRUE" | "True")) => Ok(Some(true)),
        Some((name, other)) => Err(Diagnostic::error(
            "Invalid environment variable",
            format!("The environment variable {name} is {}; it must be true or false.", text::quote(other)),
        )),
    }
}

/// Values that are read from a file have the end of its line.
fn without_line_ends(value: &str) -> &str {
    value.trim_matches(['\r', '\n'])
}

/// [`text()`] for a secret.
pub(super) fn secret(
    argument: &Field<SecretText>,
    environment: &Environment,
    names: &[&'static str],
) -> Option<(Secret, String)> {
    match argument.known() {
        Some(value) if !value.is_empty() => {
            Some((without_line_ends(value.expose()).into(), "the provider block".to_owned()))
        }
        _ => text(&Field::Null, environment, names).map(|found| (Secret::from(found.value), found.source)),
    }
}
