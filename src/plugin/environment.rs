//! The environment variables the wire reads, as a value that tests can make.

use std::{collections::BTreeMap, env, fmt};

/// What the variables hosts talk through begin with. Nothing else is kept: other variables hold secrets.
const PREFIXES: [&str; 2] = ["PLUGIN_", "TF_"];

/// Environment variables by name. A variable set to nothing counts as not set.
#[derive(Clone, Default)]
pub struct Environment(BTreeMap<String, String>);

impl Environment {
    /// The variables of this process that hosts talk through, as far as they are Unicode.
    pub fn of_process() -> Environment {
        env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .filter(|(name, _)| PREFIXES.iter().any(|prefix| name.starts_with(prefix)))
            .collect()
    }

    /// The value of a variable, if it is set to something.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }
}

impl FromIterator<(String, String)> for Environment {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(variables: I) -> Self {
        Environment(variables.into_iter().collect())
    }
}

impl<const N: usize> From<[(&str, &str); N]> for Environment {
    fn from(variables: [(&str, &str); N]) -> Self {
        variables.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }
}

/// Names only: `TF_VAR_` variables hold whatever a person calls a variable.
impl fmt::Debug for Environment {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_set().entries(self.0.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_set_to_nothing_is_not_set() {
        let environment = Environment::from([("EMPTY", ""), ("SET", "x")]);
        assert_eq!(environment.get("EMPTY"), None);
        assert_eq!(environment.get("SET"), Some("x"));
        assert_eq!(environment.get("ABSENT"), None);
    }

    #[test]
    fn values_are_not_printed() {
        let environment = Environment::from([("TF_VAR_secret", "canary")]);
        assert_eq!(format!("{environment:?}"), r#"{"TF_VAR_secret"}"#);
    }
}
