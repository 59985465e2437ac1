//! Checks a configuration against its schema: what core leaves to the provider, and the schema's validators.
//!
//! Core refuses a required argument that is left out, but not one whose expression is null, and it takes a value
//! for an attribute that only the provider sets. Unknown values pass: core asks again once they are known.

use std::collections::BTreeMap;

use super::{
    Attribute, Block, Diagnostic, Diagnostics, Path, Schema, Type, Value,
    attribute::{Kind, Nested, Nesting},
};

/// Checks every configured value that is known.
///
/// An error is: null in a required attribute or as an element of a list, set or map; a value for an attribute
/// that only the provider sets; a value that a validator refuses. Each carries the path of the value.
pub fn validate(schema: &Schema, config: &Value) -> Diagnostics {
    check(schema, config, Rules::All)
}

/// Checks only that nothing is null that must have a value.
///
/// For a configuration that is planned, applied or read with: a value that was unknown when it was validated may
/// turn out null, and with `ignore_changes` stored values stand in it that the other rules do not hold for.
///
/// # Errors
///
/// Null in a required attribute, or as an element of a list, set or map.
pub fn validate_required(schema: &Schema, config: &Value) -> Result<(), Diagnostics> {
    let found = check(schema, config, Rules::Required);
    if found.is_empty() { Ok(()) } else { Err(found) }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Rules {
    All,
    Required,
}

fn check(schema: &Schema, config: &Value, rules: Rules) -> Diagnostics {
    let mut found = Diagnostics::new();
    let mut check = Check { rules, found: &mut found };
    check.object(&schema.attributes, &schema.blocks, config, &Path::root());
    found
}

struct Check<'a> {
    rules: Rules,
    found: &'a mut Diagnostics,
}

impl Check<'_> {
    fn object(&mut self, attributes: &[Attribute], blocks: &[Block], object: &Value, at: &Path) {
        let Some(members) = object.as_object() else { return };
        for attribute in attributes {
            self.attribute(attribute, members, &at.attribute(attribute.name));
        }
        for block in blocks {
            let value = members.get(block.name).unwrap_or(&Value::Null);
            each_element(block.nesting, value, &at.attribute(block.name), &mut |object, at| {
                self.object(&block.attributes, &block.blocks, object, at);
            });
        }
    }

    fn attribute(&mut self, attribute: &Attribute, members: &BTreeMap<String, Value>, at: &Path) {
        let value = bare(members.get(attribute.name).unwrap_or(&Value::Null));
        let only_computed = !attribute.required && !attribute.optional;
        match value {
            Value::Null if attribute.required => self.found.push(missing(at)),
            Value::Null | Value::Unknown(_) => {}
            _ if only_computed => {
                if self.rules == Rules::All {
                    self.found.push(read_only(at));
                }
            }
            value => self.configured(attribute, value, at),
        }
    }

    /// Checks the known value of an attribute that the configuration may set.
    fn configured(&mut self, attribute: &Attribute, value: &Value, at: &Path) {
        if self.rules == Rules::All {
            let validators = attribute.validators.iter();
            self.found.extend(validators.filter_map(|validator| validator.check(value, at).err()));
        }
        match &attribute.kind {
            Kind::Plain(of) => self.elements(of, value, at),
            Kind::Nested(Nested { nesting, attributes }) => {
                each_element(*nesting, value, at, &mut |object, at| match object {
                    Value::Null => self.found.push(null_element(at)),
                    object => self.object(attributes, &[], object, at),
                });
            }
        }
    }

    /// Checks that no list, set or map of that type holds null, at any depth. Members of plain objects and tuples
    /// may be null: their type does not say which are required.
    fn elements(&mut self, of: &Type, value: &Value, at: &Path) {
        let (nesting, inner) = match of {
            Type::List(inner) => (Nesting::List, inner),
            Type::Set(inner) => (Nesting::Set, inner),
            Type::Map(inner) => (Nesting::Map, inner),
            Type::Object(members) => {
                for (name, of) in members {
                    self.elements(of, value.attribute(name), &at.attribute(name));
                }
                return;
            }
            Type::Tuple(members) => {
                if let Value::List(values) = value {
                    for (index, (of, value)) in members.iter().zip(values).enumerate() {
                        self.elements(of, value, &at.index(index));
                    }
                }
                return;
            }
            Type::String | Type::Number | Type::Bool | Type::Dynamic => return,
        };
        each_element(nesting, value, at, &mut |element, at| match bare(element) {
            Value::Null => self.found.push(null_element(at)),
            element => self.elements(inner, element, at),
        });
    }
}

/// Checks that no list, set or map in a function's argument holds null.
///
/// # Errors
///
/// The first null element; its path begins with the parameter's name.
pub(super) fn no_null_elements(of: &Type, value: &Value, parameter: &str) -> Result<(), Diagnostic> {
    let mut found = Diagnostics::new();
    Check { rules: Rules::Required, found: &mut found }.elements(of, value, &Path::of(parameter));
    found.into_iter().next().map_or(Ok(()), Err)
}

fn missing(path: &Path) -> Diagnostic {
    Diagnostic::error(
        "Missing required argument",
        format!("{path} is required, but its value is null. Set it to a value that is not null."),
    )
    .at(path.clone())
}

fn read_only(path: &Path) -> Diagnostic {
    Diagnostic::error(
        "Value for a read-only attribute",
        format!("{path} is set by the provider, so a configuration cannot set it. Remove it from the configuration."),
    )
    .at(path.clone())
}

fn null_element(path: &Path) -> Diagnostic {
    Diagnostic::error(
        "Null element",
        format!("{path} is null or holds null, where each element must have a value. Leave out the elements that are null, for instance with a for expression that has an if clause."),
    )
    .at(path.clone())
}

/// A value of the dynamic type without the type that travelled with it.
fn bare(value: &Value) -> &Value {
    match value {
        Value::Dynamic(_, inner) => inner,
        value => value,
    }
}

/// Calls `visit` with each element of a collection, nested attribute or block, and its path. Elements of a set
/// have no place in the configuration: their path is that of the set.
fn each_element(nesting: Nesting, value: &Value, at: &Path, visit: &mut dyn FnMut(&Value, &Path)) {
    match (nesting, value) {
        (Nesting::Single | Nesting::Group, object) => visit(object, at),
        (_, Value::List(elements)) => {
            for (index, element) in elements.iter().enumerate() {
                visit(element, &at.index(index));
            }
        }
        (_, Value::Set(elements)) => elements.iter().for_each(|element| visit(element, at)),
        (_, Value::Map(members)) => {
            for (key, member) in members {
                visit(member, &at.key(key));
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validator::{NotEmpty, OneOf};

    fn schema() -> Schema {
        let algorithm = Attribute::string("algorithm").optional().validator(OneOf(&["aes", "sm4"]));
        let arn = Attribute::string("arn").required().validator(NotEmpty);
        let log = Attribute::string("log").optional().validator(NotEmpty);
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
    fn unknown_passes_at_every_depth() {
        let whole = object(&[
            ("algorithm", Value::UNKNOWN),
            ("key", Value::UNKNOWN),
            ("endpoints", Value::List(vec![])),
        ]);
        assert!(paths(&whole).is_empty());
        let inside = object(&[
            ("algorithm", "aes".into()),
            ("key", object(&[("arn", Value::UNKNOWN)])),
            ("endpoints", Value::UNKNOWN),
        ]);
        assert!(paths(&inside).is_empty());
    }

    #[test]
    fn what_is_stored_is_only_held_to_what_is_required() {
        let config = object(&[("algorithm", "des".into()), ("key", object(&[("arn", Value::Null)]))]);
        let found = validate_required(&schema(), &config).unwrap_err();
        let paths: Vec<_> = found.iter().filter_map(|problem| problem.path.clone()).collect();
        assert_eq!(paths, [Path::of("key").attribute("arn")]);
    }

    /// Choices that a property test makes; when they are used up, each is the first.
    struct Choices(std::vec::IntoIter<u8>);

    impl Choices {
        fn of(&mut self, many: u8) -> u8 {
            self.0.next().unwrap_or_default() % many
        }

        fn nesting(&mut self) -> Nesting {
            [Nesting::Single, Nesting::List, Nesting::Set, Nesting::Map][usize::from(self.of(4))]
        }

        fn plain(&mut self, depth: u8) -> Type {
            match if depth == 0 { 0 } else { self.of(5) } {
                0 => Type::String,
                1 => Type::list(self.plain(depth - 1)),
                2 => Type::set(self.plain(depth - 1)),
                3 => Type::map(self.plain(depth - 1)),
                _ => Type::Object([("m".to_owned(), self.plain(depth - 1))].into()),
            }
        }

        fn attributes(&mut self, depth: u8) -> Vec<Attribute> {
            let mut attribute = |name| {
                let attribute = if depth > 0 && self.of(2) == 1 {
                    let nesting = self.nesting();
                    Attribute::nested(name, nesting, self.attributes(depth - 1))
                } else {
                    Attribute::new(name, self.plain(2))
                };
                match self.of(4) {
                    0 => attribute.required(),
                    1 => attribute.optional(),
                    2 => attribute.computed(),
                    _ => attribute.optional().computed(),
                }
            };
            vec![attribute("a"), attribute("b")]
        }

        fn block(&mut self, depth: u8) -> Block {
            let nesting = [self.nesting(), Nesting::Group][usize::from(self.of(2))];
            let mut block = Block::new("block", nesting, self.attributes(1));
            if depth > 0 {
                block.blocks = vec![self.block(depth - 1)];
            }
            block
        }

        /// An object, and in `refused` the paths of what is wrong with it.
        fn object(
            &mut self,
            attributes: &[Attribute],
            blocks: &[Block],
            at: &str,
            refused: &mut Vec<String>,
        ) -> Value {
            let under = |name: &str| if at.is_empty() { name.to_owned() } else { format!("{at}.{name}") };
            let mut members = BTreeMap::new();
            for attribute in attributes {
                let value = self.configured(attribute, &under(attribute.name), refused);
                members.insert(attribute.name.to_owned(), value);
            }
            for block in blocks {
                let mut object = |choices: &mut Choices, at: &str| {
                    choices.object(&block.attributes, &block.blocks, at, refused)
                };
                let value = self.elements(block.nesting, &under(block.name), &mut object);
                members.insert(block.name.to_owned(), value);
            }
            Value::Object(members)
        }

        fn configured(&mut self, attribute: &Attribute, at: &str, refused: &mut Vec<String>) -> Value {
            match self.of(4) {
                0 => {
                    refused.extend(attribute.required.then(|| at.to_owned()));
                    return Value::Null;
                }
                1 => return Value::UNKNOWN,
                _ => {}
            }
            // What is inside of a value that is refused as a whole is not looked at.
            let read_only = !attribute.required && !attribute.optional;
            let inside = &mut Vec::new();
            let value = match &attribute.kind {
                Kind::Plain(of) => self.value(of, at, inside),
                Kind::Nested(Nested { nesting: Nesting::Single, attributes }) => {
                    self.object(attributes, &[], at, inside)
                }
                Kind::Nested(Nested { nesting, attributes }) => {
                    self.elements(*nesting, at, &mut |choices, at| {
                        if choices.of(4) == 0 {
                            inside.push(at.to_owned());
                            return Value::Null;
                        }
                        choices.object(attributes, &[], at, inside)
                    })
                }
            };
            if read_only {
                refused.push(at.to_owned());
            } else {
                refused.append(inside);
            }
            value
        }

        /// A value of a plain type that is not null.
        fn value(&mut self, of: &Type, at: &str, refused: &mut Vec<String>) -> Value {
            if let Type::Object(members) = of {
                let member = |(name, of): (&String, &Type)| {
                    // A member of a plain object may be null.
                    let value = if self.of(3) == 0 {
                        Value::Null
                    } else {
                        self.value(of, &format!("{at}.{name}"), refused)
                    };
                    (name.clone(), value)
                };
                return Value::Object(members.iter().map(member).collect());
            }
            let (nesting, inner) = match of {
                Type::List(inner) => (Nesting::List, inner),
                Type::Set(inner) => (Nesting::Set, inner),
                Type::Map(inner) => (Nesting::Map, inner),
                _ => return "text".into(),
            };
            self.elements(nesting, at, &mut |choices, at| match choices.of(4) {
                0 => {
                    refused.push(at.to_owned());
                    Value::Null
                }
                1 => Value::UNKNOWN,
                _ => choices.value(inner, at, refused),
            })
        }

        fn elements(
            &mut self,
            nesting: Nesting,
            at: &str,
            element: &mut dyn FnMut(&mut Choices, &str) -> Value,
        ) -> Value {
            let many = usize::from(self.of(3));
            match nesting {
                Nesting::Single | Nesting::Group => element(self, at),
                Nesting::List => {
                    Value::List((0..many).map(|index| element(self, &format!("{at}[{index}]"))).collect())
                }
                Nesting::Set => Value::Set((0..many).map(|_| element(self, at)).collect()),
                Nesting::Map => {
                    let keys = (0..many).map(|index| format!("k{index}"));
                    Value::Map(
                        keys.map(|key| {
                            let value = element(self, &format!("{at}[{key:?}]"));
                            (key, value)
                        })
                        .collect(),
                    )
                }
            }
        }
    }

    proptest::proptest! {
        /// Schemas of every nesting, three deep, and configurations with null, unknown and read-only values anywhere.
        #[test]
        fn exactly_what_may_not_be_null_or_set_is_refused(choices: Vec<u8>) {
            let mut choices = Choices(choices.into_iter());
            let (attributes, block) = (choices.attributes(2), choices.block(1));
            let schema = Schema { attributes, blocks: vec![block], ..Schema::default() };
            let mut expected = Vec::new();
            let config = choices.object(&schema.attributes, &schema.blocks, "", &mut expected);
            let mut refused: Vec<String> =
                validate(&schema, &config).into_iter().map(|problem| problem.path.unwrap().to_string()).collect();
            refused.sort();
            expected.sort();
            proptest::prop_assert_eq!(refused, expected);
        }
    }
}
