//! From schemas to wire messages.

use std::collections::BTreeMap;

use super::pb::tfplugin6 as pb;
use schema::{
    Attribute, Block, Nested, Nesting, Schema, Type,
    attribute::Kind,
    function::{Definition, Parameter, definition::ParameterMode},
    resource::IdentitySchema,
};

pub(super) fn schemas(schemas: &BTreeMap<&'static str, &Schema>) -> BTreeMap<String, pb::Schema> {
    schemas.iter().map(|(name, of)| ((*name).to_owned(), schema(of))).collect()
}

pub(super) fn functions(functions: &BTreeMap<&'static str, &Definition>) -> BTreeMap<String, pb::Function> {
    functions.iter().map(|(name, of)| ((*name).to_owned(), function(of))).collect()
}

pub(super) fn action_schemas(
    schemas: &BTreeMap<&'static str, &Schema>,
) -> BTreeMap<String, pb::ActionSchema> {
    self::schemas(schemas)
        .into_iter()
        .map(|(name, schema)| (name, pb::ActionSchema { schema: Some(schema) }))
        .collect()
}

pub(super) fn schema(schema: &Schema) -> pb::Schema {
    let block = pb::schema::Block {
        version: schema.version,
        attributes: schema.attributes.iter().map(attribute).collect(),
        block_types: schema.blocks.iter().map(nested_block).collect(),
        description: schema.description.to_owned(),
        description_kind: pb::StringKind::Markdown.into(),
        deprecated: false,
        deprecation_message: String::new(),
        computed: false,
    };
    pb::Schema { version: schema.version, block: Some(block) }
}

pub(super) fn identity_schema(schema: &IdentitySchema) -> pb::ResourceIdentitySchema {
    let attributes =
        schema.attributes.iter().map(|attribute| pb::resource_identity_schema::IdentityAttribute {
            name: attribute.name.to_owned(),
            r#type: type_notation(&attribute.of),
            required_for_import: attribute.required_for_import,
            optional_for_import: attribute.optional_for_import,
            description: attribute.description.to_owned(),
        });
    pb::ResourceIdentitySchema { version: schema.version, identity_attributes: attributes.collect() }
}

fn function(function: &Definition) -> pb::Function {
    pb::Function {
        parameters: function.parameters.iter().map(parameter).collect(),
        variadic_parameter: function.variadic.as_ref().map(parameter),
        r#return: Some(pb::function::Return { r#type: type_notation(&function.returns) }),
        summary: function.summary.to_owned(),
        description: function.description.to_owned(),
        description_kind: pb::StringKind::Markdown.into(),
        deprecation_message: function.deprecated.unwrap_or_default().to_owned(),
    }
}

fn parameter((parameter, takes): &(Parameter, ParameterMode)) -> pb::function::Parameter {
    pb::function::Parameter {
        name: parameter.name.to_owned(),
        r#type: type_notation(&parameter.of),
        allow_null_value: takes.null,
        allow_unknown_values: takes.unknown,
        description: parameter.description.to_owned(),
        description_kind: pb::StringKind::Markdown.into(),
    }
}

fn attribute(attribute: &Attribute) -> pb::schema::Attribute {
    // Exactly one of the two may be set: hosts refuse the whole provider otherwise.
    let (of, nested_type) = match &attribute.kind {
        Kind::Plain(of) => (type_notation(of), None),
        Kind::Nested(nested) => (Vec::new(), Some(object(nested))),
    };
    pb::schema::Attribute {
        name: attribute.name.to_owned(),
        r#type: of,
        description: attribute.description.to_owned(),
        required: attribute.required,
        optional: attribute.optional,
        computed: attribute.computed,
        sensitive: attribute.sensitive,
        description_kind: pb::StringKind::Markdown.into(),
        deprecated: attribute.deprecated.is_some(),
        nested_type,
        write_only: attribute.write_only,
        deprecation_message: attribute.deprecated.unwrap_or_default().to_owned(),
    }
}

#[expect(deprecated, reason = "the numbers of items are part of the message, and stay unset")]
fn object(nested: &Nested) -> pb::schema::Object {
    use pb::schema::object::NestingMode;
    let nesting = match nested.nesting {
        Nesting::Single => NestingMode::Single,
        Nesting::List => NestingMode::List,
        Nesting::Set => NestingMode::Set,
        Nesting::Map => NestingMode::Map,
        // Only blocks can be groups. The host names the attribute when it refuses the schema.
        Nesting::Group => NestingMode::Invalid,
    };
    pb::schema::Object {
        attributes: nested.attributes.iter().map(attribute).collect(),
        nesting: nesting.into(),
        min_items: 0,
        max_items: 0,
    }
}

fn nested_block(block: &Block) -> pb::schema::NestedBlock {
    use pb::schema::nested_block::NestingMode;
    let nesting = match block.nesting {
        Nesting::Single => NestingMode::Single,
        Nesting::List => NestingMode::List,
        Nesting::Set => NestingMode::Set,
        Nesting::Map => NestingMode::Map,
        Nesting::Group => NestingMode::Group,
    };
    let content = pb::schema::Block {
        version: 0,
        attributes: block.attributes.iter().map(attribute).collect(),
        block_types: block.blocks.iter().map(nested_block).collect(),
        description: block.description.to_owned(),
        description_kind: pb::StringKind::Markdown.into(),
        deprecated: false,
        deprecation_message: String::new(),
        computed: false,
    };
    pb::schema::NestedBlock {
        type_name: block.name.to_owned(),
        block: Some(content),
        nesting: nesting.into(),
        min_items: block.min_items,
        max_items: block.max_items,
    }
}

/// A type in the notation of the wire: JSON.
fn type_notation(of: &Type) -> Vec<u8> {
    of.to_json().to_string().into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use schema::resource::IdentityAttribute;

    fn only_attribute(given: Attribute) -> pb::schema::Attribute {
        let sent = schema(&Schema { attributes: vec![given], ..Schema::default() });
        sent.block.unwrap().attributes.remove(0)
    }

    fn only_block(given: Block) -> pb::schema::NestedBlock {
        let sent = schema(&Schema { blocks: vec![given], ..Schema::default() });
        sent.block.unwrap().block_types.remove(0)
    }

    #[test]
    fn version_and_description_are_sent() {
        let sent = schema(&Schema { version: 3, description: "What it is.", ..Schema::default() });
        let block = sent.block.unwrap();
        assert_eq!((sent.version, block.version), (3, 3));
        assert_eq!(block.description, "What it is.");
        assert_eq!(block.description_kind(), pb::StringKind::Markdown);
    }

    #[test]
    fn a_plain_attribute_has_a_type_and_no_nested_type() {
        let sent =
            only_attribute(Attribute::new("tags", Type::map(Type::String)).optional().description("d"));
        assert_eq!(sent.name, "tags");
        assert_eq!(sent.r#type, br#"["map","string"]"#);
        assert_eq!(sent.nested_type, None);
        assert_eq!(sent.description, "d");
    }

    #[test]
    fn a_nested_attribute_has_a_nested_type_and_no_type() {
        for (nesting, mode) in [
            (Nesting::Single, pb::schema::object::NestingMode::Single),
            (Nesting::List, pb::schema::object::NestingMode::List),
            (Nesting::Set, pb::schema::object::NestingMode::Set),
            (Nesting::Map, pb::schema::object::NestingMode::Map),
        ] {
            let inner = vec![Attribute::string("arn").required()];
            let sent = only_attribute(Attribute::nested("key", nesting, inner).optional());
            let object = sent.nested_type.unwrap();
            assert_eq!(sent.r#type, b"");
            assert_eq!(object.nesting(), mode);
            assert_eq!(object.attributes[0].name, "arn");
        }
    }

    #[test]
    fn each_flag_of_an_attribute_is_sent_as_itself() {
        let flags = |given: Attribute| {
            let sent = only_attribute(given);
            [sent.required, sent.optional, sent.computed, sent.sensitive, sent.write_only, sent.deprecated]
        };
        let plain = || Attribute::string("a");
        assert_eq!(flags(plain()), [false; 6]);
        assert_eq!(flags(plain().required()), [true, false, false, false, false, false]);
        assert_eq!(flags(plain().optional()), [false, true, false, false, false, false]);
        assert_eq!(flags(plain().computed()), [false, false, true, false, false, false]);
        assert_eq!(flags(plain().sensitive()), [false, false, false, true, false, false]);
        let write_only = Attribute { write_only: true, ..plain() };
        assert_eq!(flags(write_only), [false, false, false, false, true, false]);
    }

    #[test]
    fn a_deprecation_brings_its_message() {
        let sent = only_attribute(Attribute { deprecated: Some("use b"), ..Attribute::string("a") });
        assert!(sent.deprecated);
        assert_eq!(sent.deprecation_message, "use b");
    }

    #[test]
    fn a_block_is_sent_with_nesting_limits_and_content() {
        for (nesting, mode) in [
            (Nesting::Single, pb::schema::nested_block::NestingMode::Single),
            (Nesting::List, pb::schema::nested_block::NestingMode::List),
            (Nesting::Set, pb::schema::nested_block::NestingMode::Set),
            (Nesting::Map, pb::schema::nested_block::NestingMode::Map),
            (Nesting::Group, pb::schema::nested_block::NestingMode::Group),
        ] {
            let mut block =
                Block::new("outer", nesting, vec![Attribute::string("a")]).at_most(2).description("d");
            block.min_items = 1;
            block.blocks.push(Block::new("inner", Nesting::List, vec![]));
            let sent = only_block(block);
            assert_eq!((sent.type_name.as_str(), sent.nesting()), ("outer", mode));
            assert_eq!((sent.min_items, sent.max_items), (1, 2));
            let content = sent.block.unwrap();
            assert_eq!(content.attributes[0].name, "a");
            assert_eq!(content.block_types[0].type_name, "inner");
            assert_eq!(content.description, "d");
        }
    }

    #[test]
    fn every_field_of_a_function_is_sent() {
        let takes = |null, unknown, many| ParameterMode { null, unknown, many };
        let number = Parameter { name: "more", of: Type::Number, description: "m" };
        let given = Definition {
            summary: "s",
            description: "d",
            deprecated: Some("use g"),
            parameters: vec![
                (Parameter::string("first", "f"), takes(true, false, false)),
                (Parameter::string("second", ""), takes(false, true, false)),
            ],
            variadic: Some((number, takes(false, false, true))),
            returns: Type::list(Type::Bool),
        };
        let sent = function(&given);
        assert_eq!((sent.summary.as_str(), sent.description.as_str()), ("s", "d"));
        assert_eq!(sent.description_kind(), pb::StringKind::Markdown);
        assert_eq!(sent.deprecation_message, "use g");
        assert_eq!(sent.r#return.unwrap().r#type, br#"["list","bool"]"#);
        let [first, second] = &sent.parameters[..] else { panic!("{:?}", sent.parameters) };
        assert_eq!((first.name.as_str(), first.description.as_str()), ("first", "f"));
        assert_eq!(first.r#type, br#""string""#);
        assert_eq!((first.allow_null_value, first.allow_unknown_values), (true, false));
        assert_eq!((second.allow_null_value, second.allow_unknown_values), (false, true));
        let variadic = sent.variadic_parameter.unwrap();
        assert_eq!((variadic.name.as_str(), &variadic.r#type[..]), ("more", &br#""number""#[..]));
    }

    #[test]
    fn every_field_of_an_identity_is_sent() {
        let given = IdentitySchema {
            version: 2,
            attributes: vec![IdentityAttribute {
                name: "project",
                of: Type::String,
                required_for_import: true,
                optional_for_import: false,
                description: "d",
            }],
        };
        let sent = identity_schema(&given);
        assert_eq!(sent.version, 2);
        let attribute = &sent.identity_attributes[0];
        assert_eq!(attribute.name, "project");
        assert_eq!(attribute.r#type, br#""string""#);
        assert!(attribute.required_for_import);
        assert!(!attribute.optional_for_import);
        assert_eq!(attribute.description, "d");
    }
}
