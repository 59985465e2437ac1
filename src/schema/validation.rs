//! Checks a configuration against the validators of its schema.

use std::collections::BTreeMap;

use super::{
    Attribute, Block, Diagnostics, Path, Schema, Value,
    attribute::{Kind, Nested, Nesting},
};

/// Checks every configured value that is known; unknown values pass, whatever their schema.
pub fn validate(schema: &Schema, config: &Value) -> Diagnostics {
    let mut found = Diagnostics::new();
    check_object(&schema.attributes, &schema.blocks, config, &Path::root(), &mut found);
    found
}

fn check_object(
    attributes: &[Attribute],
    blocks: &[Block],
    object: &Value,
    at: &Path,
    found: &mut Diagnostics,
) {
    let Some(members) = object.as_object() else { return };
    for attribute in attributes {
        check_attribute(attribute, members, &at.attribute(attribute.name), found);
    }
    for block in blocks {
        let value = members.get(block.name).unwrap_or(&Value::Null);
        each_object(block.nesting, value, &at.attribute(block.name), &mut |object, at| {
            check_object(&block.attributes, &block.blocks, object, at, found);
        });
    }
}

fn check_attribute(
    attribute: &Attribute,
    members: &BTreeMap<String, Value>,
    at: &Path,
    found: &mut Diagnostics,
) {
    let value = members.get(attribute.name).unwrap_or(&Value::Null);
    if value.is_null() || value.is_unknown() {
        return;
    }
    let problems = attribute.validators.iter().filter_map(|validator| validator.check(value, at).err());
    found.extend(problems);
    if let Kind::Nested(Nested { nesting, attributes }) = &attribute.kind {
        each_object(*nesting, value, at, &mut |object, at| check_object(attributes, &[], object, at, found));
    }
}

/// Calls `visit` with each object of a nested attribute or block, and its path.
fn each_object(nesting: Nesting, value: &Value, at: &Path, visit: &mut dyn FnMut(&Value, &Path)) {
    match (nesting, value) {
        (Nesting::Single | Nesting::Group, object) => visit(object, at),
        (_, Value::List(objects) | Value::Set(objects)) => {
            for (index, object) in objects.iter().enumerate() {
                visit(object, &at.index(index));
            }
        }
        (_, Value::Map(objects)) => {
            for (key, object) in objects {
                visit(object, &at.key(key));
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::validator::{NotEmpty, OneOf};

    fn schema() -> Schema {
        let algorithm = Attribute::string("algorithm").optional().validate(OneOf(&["aes", "sm4"]));
        let arn = Attribute::string("arn").required().validate(NotEmpty);
        let log = Attribute::string("log").optional().validate(NotEmpty);
        Schema {
            attributes: vec![algorithm, Attribute::nested("key", Nesting::Single, vec![arn]).optional()],
            blocks: vec![Block::new("endpoints", Nesting::List, vec![log])],
            ..Schema::default()
        }
    }

    fn object(members: &[(&str, Value)]) -> Value {
        Value::Object(members.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect())
    }

    #[track_caller]
    fn paths(config: &Value) -> Vec<String> {
        validate(&schema(), config)
            .into_iter()
            .map(|diagnostic| diagnostic.path.unwrap_or_default().to_string())
            .collect()
    }

    #[test]
    fn bad_values_are_found_at_every_depth() {
        let config = object(&[
            ("algorithm", "des".into()),
            ("key", object(&[("arn", "".into())])),
            ("endpoints", Value::List(vec![object(&[("log", "".into())])])),
        ]);
        assert_eq!(paths(&config), ["algorithm", "key.arn", "endpoints[0].log"]);
    }

    #[test]
    fn unknown_and_null_pass_at_every_depth() {
        for value in [Value::Null, Value::UNKNOWN] {
            let whole = object(&[
                ("algorithm", value.clone()),
                ("key", value.clone()),
                ("endpoints", Value::List(vec![])),
            ]);
            assert!(paths(&whole).is_empty());
            let inside = object(&[
                ("algorithm", "aes".into()),
                ("key", object(&[("arn", value.clone())])),
                ("endpoints", Value::UNKNOWN),
            ]);
            assert!(paths(&inside).is_empty());
        }
    }
}
