//! Blocks that are not there: core wants an empty collection for them, never null.

use std::collections::BTreeMap;

use super::{Block, Nesting, Schema, Value};

/// Replaces null by an empty collection wherever the schema has a repeated block.
///
/// A model leaves blocks null that it knows nothing of, and a state written before a block type existed
/// lacks it.
pub(super) fn with_empty_blocks(schema: &Schema, object: Value) -> Value {
    fill(&schema.blocks, object)
}

fn fill(blocks: &[Block], object: Value) -> Value {
    let Value::Object(mut members) = object else { return object };
    for block in blocks {
        if let Some(value) = members.get_mut(block.name) {
            *value = fill_block(block, std::mem::replace(value, Value::Null));
        }
    }
    Value::Object(members)
}

fn fill_block(block: &Block, value: Value) -> Value {
    let inside = |object| fill(&block.blocks, object);
    match (block.nesting, value) {
        (Nesting::List, Value::Null) => Value::List(Vec::new()),
        (Nesting::Set, Value::Null) => Value::Set(Vec::new()),
        (Nesting::Map, Value::Null) => Value::Map(BTreeMap::new()),
        (_, Value::List(objects)) => Value::List(objects.into_iter().map(inside).collect()),
        (_, Value::Set(objects)) => Value::Set(objects.into_iter().map(inside).collect()),
        (_, Value::Map(objects)) => {
            Value::Map(objects.into_iter().map(|(key, object)| (key, inside(object))).collect())
        }
        (_, object) => inside(object),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(members: &[(&str, Value)]) -> Value {
        Value::Object(members.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect())
    }

    fn schema() -> Schema {
        let mut outer = Block::new("outer", Nesting::List, Vec::new());
        outer.blocks = vec![Block::new("inner", Nesting::Set, Vec::new())];
        Schema { blocks: vec![outer, Block::new("one", Nesting::Single, Vec::new())], ..Schema::default() }
    }

    #[test]
    fn missing_blocks_are_empty_at_every_depth() {
        let given = object(&[("outer", Value::Null), ("one", Value::Null)]);
        let filled = object(&[("outer", Value::List(vec![])), ("one", Value::Null)]);
        assert_eq!(with_empty_blocks(&schema(), given), filled);

        let deep = |inner| {
            object(&[("outer", Value::List(vec![object(&[("inner", inner)])])), ("one", Value::Null)])
        };
        assert_eq!(with_empty_blocks(&schema(), deep(Value::Null)), deep(Value::Set(vec![])));
    }

    #[test]
    fn what_is_unknown_or_gone_stays_so() {
        let unknown = object(&[("outer", Value::UNKNOWN), ("one", Value::UNKNOWN)]);
        assert_eq!(with_empty_blocks(&schema(), unknown.clone()), unknown);
        assert_eq!(with_empty_blocks(&schema(), Value::Null), Value::Null);
    }
}
