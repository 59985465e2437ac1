//! Generates the configuration of an object that has none yet, from its state (protocol 6.10).

use std::collections::BTreeMap;

use super::{
    Attribute, Block, Schema, Value,
    attribute::{Kind, Nested, Nesting},
};

/// The state without what a configuration need not hold: planned against the state, the result is no change.
///
/// Null become, at every depth,
///
/// - what a configuration cannot set: attributes that are computed and not optional;
/// - what the plan sets by itself: values that are the default of their attribute, or mean the same. Defaults are
///   planned in attributes and nested attributes alone; in blocks, and in the objects of a set, such values stay.
///
/// Everything else stays as it is.
pub fn configuration(schema: &Schema, state: Value) -> Value {
    object(&schema.attributes, &schema.blocks, state, true)
}

/// The configuration of an object with those attributes and blocks; `defaults` says whether their defaults are planned.
fn object(attributes: &[Attribute], blocks: &[Block], state: Value, defaults: bool) -> Value {
    let Value::Object(mut members) = state else { return state };
    for attribute in attributes {
        replace(&mut members, attribute.name, |value| configured(attribute, value, defaults));
    }
    for block in blocks {
        let each = |content| object(&block.attributes, &block.blocks, content, false);
        replace(&mut members, block.name, |value| in_each(block.nesting, value, &each));
    }
    Value::Object(members)
}

fn configured(attribute: &Attribute, value: Value, defaults: bool) -> Value {
    let settable = attribute.required || attribute.optional;
    if !settable || (defaults && is_default(attribute, &value)) {
        return Value::Null;
    }
    let Kind::Nested(Nested { nesting, attributes }) = &attribute.kind else { return value };
    let defaults = defaults && *nesting != Nesting::Set;
    in_each(*nesting, value, &|nested| object(attributes, &[], nested, defaults))
}

fn is_default(attribute: &Attribute, value: &Value) -> bool {
    attribute.default.as_ref().is_some_and(|default| {
        value == default || attribute.semantic_equals.is_some_and(|same| same.holds(default, value))
    })
}

/// Generates each object of a nested attribute or block.
fn in_each(nesting: Nesting, value: Value, generate: &dyn Fn(Value) -> Value) -> Value {
    match (nesting, value) {
        (Nesting::Single | Nesting::Group, object) => generate(object),
        (_, Value::List(objects)) => Value::List(objects.into_iter().map(generate).collect()),
        (_, Value::Set(objects)) => Value::Set(objects.into_iter().map(generate).collect()),
        (_, Value::Map(objects)) => {
            Value::Map(objects.into_iter().map(|(key, object)| (key, generate(object))).collect())
        }
        (_, other) => other,
    }
}

fn replace(members: &mut BTreeMap<String, Value>, name: &str, with: impl FnOnce(Value) -> Value) {
    if let Some(member) = members.get_mut(name) {
        *member = with(std::mem::replace(member, Value::Null));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{modifier::UseStateForUnknown, planning::plan};

    /// Attributes of each kind: required, with a default, optional, computed, and optional with a value of the
    /// provider.
    fn attributes() -> Vec<Attribute> {
        vec![
            Attribute::string("name").required(),
            Attribute::string("mode").default_value("on").semantic_equals(str::eq_ignore_ascii_case),
            Attribute::string("note").optional(),
            Attribute::string("id").computed().plan_modifier(UseStateForUnknown),
            Attribute::string("region").optional().computed().plan_modifier(UseStateForUnknown),
        ]
    }

    fn nested(name: &'static str, nesting: Nesting) -> Attribute {
        Attribute::nested(name, nesting, attributes()).optional()
    }

    fn schema() -> Schema {
        let mut attributes = attributes();
        attributes.extend([
            nested("one", Nesting::Single),
            nested("list", Nesting::List),
            nested("map", Nesting::Map),
            nested("set", Nesting::Set),
        ]);
        let mut outer = Block::new("outer", Nesting::List, self::attributes());
        outer.blocks.push(Block::new("inner", Nesting::Single, self::attributes()));
        Schema { attributes, blocks: vec![outer], ..Schema::default() }
    }

    fn members(given: [Value; 5]) -> BTreeMap<String, Value> {
        let names = ["name", "mode", "note", "id", "region"].map(str::to_owned);
        names.into_iter().zip(given).collect()
    }

    fn with(mut members: BTreeMap<String, Value>, more: [(&str, Value); 4]) -> BTreeMap<String, Value> {
        members.extend(more.map(|(name, value)| (name.to_owned(), value)));
        members
    }

    /// An object of the schema; each nested object is `object`, those of sets and blocks are `placeless`.
    fn whole(object: &BTreeMap<String, Value>, placeless: &BTreeMap<String, Value>) -> Value {
        let nested = || Value::Object(object.clone());
        let mut block = placeless.clone();
        block.insert("inner".to_owned(), Value::Object(placeless.clone()));
        let mut all = with(
            object.clone(),
            [
                ("one", nested()),
                ("list", Value::List(vec![nested()])),
                ("map", Value::Map(BTreeMap::from([("key".to_owned(), nested())]))),
                ("set", Value::Set(vec![Value::Object(placeless.clone())])),
            ],
        );
        all.insert("outer".to_owned(), Value::List(vec![Value::Object(block)]));
        Value::Object(all)
    }

    #[test]
    fn what_is_computed_or_default_is_left_out_at_every_depth() {
        let stored = |mode: &str| members(["a".into(), mode.into(), Value::Null, "1".into(), "here".into()]);
        let left = |mode: Value| members(["a".into(), mode, Value::Null, Value::Null, "here".into()]);
        for (mode, at_places) in [("on", Value::Null), ("ON", Value::Null), ("off", "off".into())] {
            let generated = configuration(&schema(), whole(&stored(mode), &stored(mode)));
            assert_eq!(generated, whole(&left(at_places), &left(mode.into())), "{mode}");
        }
    }

    #[test]
    fn what_is_generated_plans_no_change() {
        let schema = Schema { blocks: vec![], attributes: schema().attributes, ..Schema::default() };
        for mode in ["on", "ON", "off"] {
            let stored = members(["a".into(), mode.into(), "n".into(), "1".into(), "here".into()]);
            let Value::Object(mut all) = whole(&stored, &stored) else { unreachable!() };
            all.remove("outer");
            let state = Value::Object(all);
            let config = configuration(&schema, state.clone());
            assert_ne!(config, state);
            // Core proposes the stored value of each computed attribute that is not configured.
            assert_eq!(plan(&schema, &config, &state, state.clone()).planned, state, "{mode}");
        }
    }

    #[test]
    fn what_is_null_stays_null() {
        let null = members(["a".into(), Value::Null, Value::Null, Value::Null, Value::Null]);
        let mut all = with(
            null,
            [("one", Value::Null), ("list", Value::Null), ("map", Value::Null), ("set", Value::Set(vec![]))],
        );
        all.insert("outer".to_owned(), Value::List(vec![]));
        let state = Value::Object(all);
        assert_eq!(configuration(&schema(), state.clone()), state);
    }
}
