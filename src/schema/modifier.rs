//! Rules of planned values, named and composable.
//!
//! A rule sees one attribute at a time. Rules that need the whole object belong into the plan
//! methods of [`Resource`](super::Resource).

use std::fmt;

use super::{Diagnostics, Path, Value};

/// One attribute in a plan: what was configured, what is stored.
#[derive(Clone, Debug)]
pub struct Change<'a> {
    /// Where the attribute is.
    pub path: &'a Path,
    /// Its value in the configuration.
    pub config: &'a Value,
    /// Its stored value; null if the object, or the object around it, does not exist.
    pub prior: &'a Value,
    /// The whole configuration.
    pub whole_config: &'a Value,
    /// The whole stored object; null at create.
    pub whole_prior: &'a Value,
}

impl Change<'_> {
    /// True if the object does not exist yet.
    pub fn is_create(&self) -> bool {
        self.whole_prior.is_null()
    }
}

/// What is planned for one attribute.
#[derive(Debug)]
pub struct Planned {
    /// Its value after apply.
    pub value: Value,
    /// Its change needs a new object.
    pub requires_replace: bool,
    /// Errors and warnings about it.
    pub diagnostics: Diagnostics,
}

/// A rule of a planned value.
pub trait PlanModifier: fmt::Debug + Send + Sync {
    /// The rule in a sentence, for the documentation; empty if it concerns nobody but us.
    fn rule(&self) -> &'static str;

    /// Applies the rule.
    fn modify(&self, change: &Change<'_>, planned: &mut Planned);
}

/// Keeps the stored value where the plan would otherwise be unknown: for values that never change.
#[derive(Debug)]
pub struct UseStateForUnknown;

impl PlanModifier for UseStateForUnknown {
    fn rule(&self) -> &'static str {
        ""
    }

    fn modify(&self, change: &Change<'_>, planned: &mut Planned) {
        if planned.value.is_unknown() && change.config.is_null() && !change.prior.is_null() {
            planned.value = change.prior.clone();
        }
    }
}

/// Needs a new object when the value changes, or may change.
#[derive(Debug)]
pub struct RequiresReplace;

impl PlanModifier for RequiresReplace {
    fn rule(&self) -> &'static str {
        "Changing it forces a new resource."
    }

    fn modify(&self, change: &Change<'_>, planned: &mut Planned) {
        if !change.is_create() && planned.value != *change.prior {
            planned.requires_replace = true;
        }
    }
}

/// [`RequiresReplace`] where a value is stored: a state of an older version may lack it, and setting it then is no
/// change.
#[derive(Debug)]
pub struct RequiresReplaceIfStored;

impl PlanModifier for RequiresReplaceIfStored {
    fn rule(&self) -> &'static str {
        RequiresReplace.rule()
    }

    fn modify(&self, change: &Change<'_>, planned: &mut Planned) {
        if !change.prior.is_null() {
            RequiresReplace.modify(change, planned);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn apply(modifier: &dyn PlanModifier, prior: &Value, config: &Value, planned: Value) -> Planned {
        let whole_prior = if prior.is_null() { Value::Null } else { Value::Bool(true) };
        let change = Change {
            path: &Path::of("x"),
            config,
            prior,
            whole_config: &Value::Bool(true),
            whole_prior: &whole_prior,
        };
        let mut planned =
            Planned { value: planned, requires_replace: false, diagnostics: Diagnostics::new() };
        modifier.modify(&change, &mut planned);
        planned
    }

    #[test]
    fn stored_value_is_kept_only_where_nothing_is_configured() {
        let kept = apply(&UseStateForUnknown, &"a".into(), &Value::Null, Value::UNKNOWN);
        assert_eq!(kept.value, Value::from("a"));
        let configured = apply(&UseStateForUnknown, &"a".into(), &Value::UNKNOWN, Value::UNKNOWN);
        assert!(configured.value.is_unknown());
    }

    #[test]
    fn replacement_is_required_by_a_change_and_by_a_possible_change() {
        let required = |prior: &str, planned: Value| {
            apply(&RequiresReplace, &prior.into(), &planned.clone(), planned).requires_replace
        };
        assert!(required("a", "b".into()));
        assert!(required("a", Value::UNKNOWN));
        assert!(!required("a", "a".into()));
        assert!(!apply(&RequiresReplace, &Value::Null, &"b".into(), "b".into()).requires_replace);
    }

    #[test]
    fn a_value_that_no_state_has_yet_is_set_without_a_replacement() {
        let required = |prior: &Value| {
            let (path, config, object) = (Path::of("x"), Value::from("b"), Value::Bool(true));
            let change =
                Change { path: &path, config: &config, prior, whole_config: &object, whole_prior: &object };
            let mut planned =
                Planned { value: "b".into(), requires_replace: false, diagnostics: Diagnostics::new() };
            RequiresReplaceIfStored.modify(&change, &mut planned);
            planned.requires_replace
        };
        assert!(required(&"a".into()));
        assert!(!required(&"b".into()) && !required(&Value::Null));
    }
}
