//! Plans an object attribute by attribute: defaults, semantic equality, unknowns, modifiers.
//!
//! Core proposes a plan and marks nothing unknown (`terraform-protocol.md` section 8, "Proposed
//! state"). What this module adds, in this order:
//!
//! 1. a default where nothing is configured,
//! 2. the stored value where the configured one means the same,
//! 3. unknown for every computed attribute that is not configured, at create and whenever anything
//!    else changes,
//! 4. the modifiers of each attribute.

use super::{
    Attribute, Diagnostics, Path, Schema, Value,
    attribute::{Kind, Nested, Nesting},
    modifier::{Change, Planned},
};

/// A planned object before the resource's own rules.
#[derive(Debug)]
pub struct PlannedObject {
    /// The object as it will be.
    pub planned: Value,
    /// The values whose change needs a new object.
    pub requires_replace: Vec<Path>,
    /// Errors and warnings of the modifiers.
    pub diagnostics: Diagnostics,
}

/// Plans an object that will exist; `prior` is null at create.
pub fn plan(schema: &Schema, config: &Value, prior: &Value, proposed: Value) -> PlannedObject {
    let mut planned = proposed;
    apply_defaults(&schema.attributes, config, prior, &mut planned);
    if planned != *prior {
        mark_computed_unknown(&schema.attributes, config, &mut planned);
    }
    let mut draft =
        PlannedObject { planned: Value::Null, requires_replace: Vec::new(), diagnostics: Diagnostics::new() };
    let whole = Whole { config, prior };
    modify(&schema.attributes, &whole, config, prior, &mut planned, &Path::root(), &mut draft);
    draft.planned = planned;
    draft
}

/// The configuration with the defaults of what is not configured.
pub fn with_defaults(schema: &Schema, config: &Value) -> Value {
    let mut complete = config.clone();
    apply_defaults(&schema.attributes, config, &Value::Null, &mut complete);
    complete
}

/// The roots that every modifier may look at.
struct Whole<'a> {
    config: &'a Value,
    prior: &'a Value,
}

/// Steps 1 and 2.
fn apply_defaults(attributes: &[Attribute], config: &Value, prior: &Value, planned: &mut Value) {
    each_attribute(attributes, planned, &mut |attribute, planned| {
        let config = config.attribute(attribute.name);
        let prior = prior.attribute(attribute.name);
        if let Some(default) = &attribute.default
            && config.is_null()
        {
            *planned = default.clone();
        }
        if let Some(same) = attribute.semantic_equals
            && !prior.is_null()
            && !planned.is_null()
            && !planned.is_unknown()
            && same.holds(planned, prior)
        {
            *planned = prior.clone();
        }
        each_nested(attribute, config, prior, planned, &mut |nested, config, prior, planned| {
            apply_defaults(nested, config, prior, planned);
        });
    });
}

/// Step 3.
fn mark_computed_unknown(attributes: &[Attribute], config: &Value, planned: &mut Value) {
    each_attribute(attributes, planned, &mut |attribute, planned| {
        let config = config.attribute(attribute.name);
        if attribute.computed && config.is_null() && attribute.default.is_none() {
            *planned = Value::UNKNOWN;
        }
        each_nested(attribute, config, &Value::Null, planned, &mut |nested, config, _, planned| {
            mark_computed_unknown(nested, config, planned);
        });
    });
}

/// Step 4.
fn modify(
    attributes: &[Attribute],
    whole: &Whole<'_>,
    config: &Value,
    prior: &Value,
    planned: &mut Value,
    at: &Path,
    draft: &mut PlannedObject,
) {
    each_attribute(attributes, planned, &mut |attribute, planned| {
        let path = at.attribute(attribute.name);
        let (config, prior) = (config.attribute(attribute.name), prior.attribute(attribute.name));
        let change =
            Change { path: &path, config, prior, whole_config: whole.config, whole_prior: whole.prior };
        modify_one(attribute, &change, planned, draft);
        if let Kind::Nested(Nested { nesting: Nesting::Single, attributes }) = &attribute.kind
            && planned.as_object().is_some()
        {
            modify(attributes, whole, config, prior, planned, &path, draft);
        }
    });
}

fn modify_one(attribute: &Attribute, change: &Change<'_>, value: &mut Value, draft: &mut PlannedObject) {
    let mut planned = Planned {
        value: std::mem::replace(value, Value::Null),
        requires_replace: false,
        diagnostics: Diagnostics::new(),
    };
    for modifier in &attribute.modifiers {
        modifier.modify(change, &mut planned);
    }
    *value = planned.value;
    draft.diagnostics.extend(planned.diagnostics);
    if planned.requires_replace {
        draft.requires_replace.push(change.path.clone());
    }
}

fn each_attribute(
    attributes: &[Attribute],
    planned: &mut Value,
    visit: &mut dyn FnMut(&Attribute, &mut Value),
) {
    let Value::Object(members) = planned else { return };
    for attribute in attributes {
        if let Some(member) = members.get_mut(attribute.name) {
            visit(attribute, member);
        }
    }
}

/// Is given the attributes of a nested object, and its configured, stored and planned values.
type Visit<'a> = dyn FnMut(&[Attribute], &Value, &Value, &mut Value) + 'a;

/// Visits the objects of a nested attribute together with the configured and the stored object of the
/// same place. The objects of a set have no place: they are left as core proposed them.
fn each_nested(
    attribute: &Attribute,
    config: &Value,
    prior: &Value,
    planned: &mut Value,
    visit: &mut Visit<'_>,
) {
    let Kind::Nested(Nested { nesting, attributes }) = &attribute.kind else { return };
    match (nesting, planned) {
        (Nesting::Single, object @ Value::Object(_)) => visit(attributes, config, prior, object),
        (Nesting::List, Value::List(objects)) => {
            for (index, object) in objects.iter_mut().enumerate() {
                visit(attributes, element(config, index), element(prior, index), object);
            }
        }
        (Nesting::Map, Value::Map(objects)) => {
            for (key, object) in objects.iter_mut() {
                visit(attributes, member(config, key), member(prior, key), object);
            }
        }
        _ => {}
    }
}

fn element(list: &Value, index: usize) -> &Value {
    match list {
        Value::List(elements) => elements.get(index).unwrap_or(&Value::Null),
        _ => &Value::Null,
    }
}

fn member<'a>(map: &'a Value, key: &str) -> &'a Value {
    match map {
        Value::Map(members) => members.get(key).unwrap_or(&Value::Null),
        _ => &Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::modifier::{RequiresReplace, UseStateForUnknown};

    fn schema() -> Schema {
        Schema {
            attributes: vec![
                Attribute::string("name").required().plan_modifier(RequiresReplace),
                Attribute::bool("enable").default_value(true),
                Attribute::string("id").computed().plan_modifier(UseStateForUnknown),
                Attribute::string("etag").computed(),
                Attribute::nested(
                    "key",
                    Nesting::Single,
                    vec![Attribute::string("arn").required().semantic_equals(str::eq_ignore_ascii_case)],
                )
                .optional(),
            ],
            ..Schema::default()
        }
    }

    fn object(name: &str, enable: Value, id: Value, etag: Value, arn: Option<&str>) -> Value {
        let key = arn.map_or(Value::Null, |arn| Value::Object([("arn".to_owned(), arn.into())].into()));
        let members = [("name", name.into()), ("enable", enable), ("id", id), ("etag", etag), ("key", key)];
        Value::Object(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }

    #[test]
    fn at_create_defaults_are_planned_and_computed_values_are_unknown() {
        let config = object("a", Value::Null, Value::Null, Value::Null, None);
        let draft = plan(&schema(), &config, &Value::Null, config.clone());
        assert_eq!(draft.planned, object("a", true.into(), Value::UNKNOWN, Value::UNKNOWN, None));
        assert!(draft.requires_replace.is_empty());
    }

    #[test]
    fn nothing_changes_when_only_the_spelling_does() {
        let prior = object("a", true.into(), "1".into(), "e".into(), Some("Role/X"));
        let config = object("a", Value::Null, Value::Null, Value::Null, Some("role/x"));
        let proposed = object("a", true.into(), "1".into(), "e".into(), Some("role/x"));
        assert_eq!(plan(&schema(), &config, &prior, proposed).planned, prior);
    }

    #[test]
    fn a_change_makes_computed_values_unknown_but_keeps_those_that_never_change() {
        let prior = object("a", true.into(), "1".into(), "e".into(), None);
        let config = object("a", false.into(), Value::Null, Value::Null, None);
        let proposed = object("a", false.into(), "1".into(), "e".into(), None);
        let draft = plan(&schema(), &config, &prior, proposed);
        assert_eq!(draft.planned, object("a", false.into(), "1".into(), Value::UNKNOWN, None));
    }

    #[test]
    fn a_removed_argument_falls_back_to_its_default_not_to_the_stored_value() {
        let prior = object("a", false.into(), "1".into(), "e".into(), None);
        let config = object("a", Value::Null, Value::Null, Value::Null, None);
        let draft = plan(&schema(), &config, &prior, prior.clone());
        assert_eq!(draft.planned.attribute("enable"), &Value::Bool(true));
    }

    #[test]
    fn a_change_that_needs_a_new_object_is_named() {
        let prior = object("a", true.into(), "1".into(), "e".into(), None);
        let config = object("b", Value::Null, Value::Null, Value::Null, None);
        let proposed = object("b", true.into(), "1".into(), "e".into(), None);
        assert_eq!(plan(&schema(), &config, &prior, proposed).requires_replace, [Path::of("name")]);
    }
}
