//! Schemas: what a provider or resource block may hold.

use std::{fmt, sync::Arc};

use super::{Path, Step, Type, Value, modifier::PlanModifier, validator::Validator};

/// The schema of a provider, resource or data source.
#[derive(Clone, Debug, Default)]
pub struct Schema {
    /// The version states are written with; raise it with an upgrade of older states.
    pub version: i64,
    /// What it is for, in Markdown.
    pub description: &'static str,
    /// Its arguments and attributes.
    pub attributes: Vec<Attribute>,
    /// Its nested blocks.
    pub blocks: Vec<Block>,
}

/// One argument or attribute.
#[expect(clippy::struct_excessive_bools, reason = "the flags are the protocol's, each free of the others")]
#[derive(Clone, Debug)]
pub struct Attribute {
    /// Its name: lower-case letters, digits and underscores.
    pub name: &'static str,
    /// What values it takes.
    pub kind: Kind,
    /// What it means, in Markdown.
    pub description: &'static str,
    /// The configuration must set it.
    pub required: bool,
    /// The configuration may set it.
    pub optional: bool,
    /// The provider may set it.
    pub computed: bool,
    /// Its value is hidden in Terraform's output.
    pub sensitive: bool,
    /// Its value is never stored (protocol 6.8).
    pub write_only: bool,
    /// Why it should not be used any more, if so.
    pub deprecated: Option<&'static str>,
    /// The value planned when the configuration sets none.
    pub default: Option<Value>,
    /// Whether two different known values mean the same; the stored one is then kept.
    pub semantic_equals: Option<SemanticEquals>,
    /// Checks of a configured value.
    pub validators: Vec<Arc<dyn Validator>>,
    /// Rules of its planned value, applied in order.
    pub modifiers: Vec<Arc<dyn PlanModifier>>,
}

/// Says whether a configured value means the same as the stored one.
#[derive(Clone, Copy)]
pub struct SemanticEquals(fn(&str, &str) -> bool);

impl SemanticEquals {
    /// Whether both values are texts, and mean the same.
    pub fn holds(self, configured: &Value, stored: &Value) -> bool {
        matches!((configured.as_str(), stored.as_str()), (Some(a), Some(b)) if (self.0)(a, b))
    }
}

impl fmt::Debug for SemanticEquals {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("SemanticEquals")
    }
}

/// What values an attribute takes: of a plain type, or objects with a schema of their own.
#[derive(Clone, Debug)]
pub enum Kind {
    /// A value of this type.
    Plain(Type),
    /// Nested attributes.
    Nested(Nested),
}

/// The schema of an attribute that holds objects.
#[derive(Clone, Debug)]
pub struct Nested {
    /// How many objects, and how they are told apart.
    pub nesting: Nesting,
    /// The attributes of each.
    pub attributes: Vec<Attribute>,
}

/// How many objects a nested attribute or block holds, and how they are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nesting {
    /// At most one.
    Single,
    /// Any number, in order.
    List,
    /// Any number, without order or duplicates.
    Set,
    /// Any number, by a text key.
    Map,
    /// Always one, blocks only: left out, it is an object of nulls.
    Group,
}

/// A nested block type.
#[derive(Clone, Debug)]
pub struct Block {
    /// Its name.
    pub name: &'static str,
    /// How many blocks, and how they are told apart.
    pub nesting: Nesting,
    /// What it is for, in Markdown.
    pub description: &'static str,
    /// The fewest blocks the configuration must hold.
    pub min_items: i64,
    /// The most blocks the configuration may hold; 0 means no limit.
    pub max_items: i64,
    /// The attributes of each.
    pub attributes: Vec<Attribute>,
    /// The nested blocks of each.
    pub blocks: Vec<Block>,
}

impl Attribute {
    /// An attribute of that type, not yet required, optional or computed.
    pub fn new(name: &'static str, of: Type) -> Attribute {
        Attribute::of_kind(name, Kind::Plain(of))
    }

    /// A text attribute.
    pub fn string(name: &'static str) -> Attribute {
        Attribute::new(name, Type::String)
    }

    /// A truth attribute.
    pub fn bool(name: &'static str) -> Attribute {
        Attribute::new(name, Type::Bool)
    }

    /// A number attribute.
    pub fn number(name: &'static str) -> Attribute {
        Attribute::new(name, Type::Number)
    }

    /// An attribute that holds objects.
    pub fn nested(name: &'static str, nesting: Nesting, attributes: Vec<Attribute>) -> Attribute {
        Attribute::of_kind(name, Kind::Nested(Nested { nesting, attributes }))
    }

    fn of_kind(name: &'static str, kind: Kind) -> Attribute {
        Attribute {
            name,
            kind,
            description: "",
            required: false,
            optional: false,
            computed: false,
            sensitive: false,
            write_only: false,
            deprecated: None,
            default: None,
            semantic_equals: None,
            validators: Vec::new(),
            modifiers: Vec::new(),
        }
    }

    /// The configuration must set it.
    #[must_use]
    pub fn required(self) -> Attribute {
        Attribute { required: true, ..self }
    }

    /// The configuration may set it.
    #[must_use]
    pub fn optional(self) -> Attribute {
        Attribute { optional: true, ..self }
    }

    /// The provider may set it.
    #[must_use]
    pub fn computed(self) -> Attribute {
        Attribute { computed: true, ..self }
    }

    /// Its value is hidden in Terraform's output.
    #[must_use]
    pub fn sensitive(self) -> Attribute {
        Attribute { sensitive: true, ..self }
    }

    /// What it means, in Markdown.
    #[must_use]
    pub fn description(self, description: &'static str) -> Attribute {
        Attribute { description, ..self }
    }

    /// The configuration may set it; left out, this value is planned.
    #[must_use]
    pub fn default_value(self, value: impl Into<Value>) -> Attribute {
        Attribute { optional: true, computed: true, default: Some(value.into()), ..self }
    }

    /// A configured value with the same meaning as the stored one is not a change.
    #[must_use]
    pub fn semantic_equals(self, same: fn(&str, &str) -> bool) -> Attribute {
        Attribute { semantic_equals: Some(SemanticEquals(same)), ..self }
    }

    /// Adds a check of the configured value.
    #[must_use]
    pub fn validator(mut self, validator: impl Validator + 'static) -> Attribute {
        self.validators.push(Arc::new(validator));
        self
    }

    /// Adds a rule of the planned value.
    #[must_use]
    pub fn plan_modifier(mut self, modifier: impl PlanModifier + 'static) -> Attribute {
        self.modifiers.push(Arc::new(modifier));
        self
    }

    /// The type of its values.
    pub fn implied_type(&self) -> Type {
        match &self.kind {
            Kind::Plain(of) => of.clone(),
            Kind::Nested(nested) => nested.nesting.wrap(object_type(&nested.attributes, &[])),
        }
    }
}

impl Block {
    /// A block type with those attributes, any number of them.
    pub fn new(name: &'static str, nesting: Nesting, attributes: Vec<Attribute>) -> Block {
        Block { name, nesting, description: "", min_items: 0, max_items: 0, attributes, blocks: Vec::new() }
    }

    /// What it is for, in Markdown.
    #[must_use]
    pub fn description(self, description: &'static str) -> Block {
        Block { description, ..self }
    }

    /// The configuration may hold at most so many.
    #[must_use]
    pub fn at_most(self, max_items: i64) -> Block {
        Block { max_items, ..self }
    }

    /// The type of all its blocks together.
    pub fn implied_type(&self) -> Type {
        self.nesting.wrap(object_type(&self.attributes, &self.blocks))
    }
}

impl Nesting {
    fn wrap(self, object: Type) -> Type {
        match self {
            Nesting::Single | Nesting::Group => object,
            Nesting::List => Type::list(object),
            Nesting::Set => Type::set(object),
            Nesting::Map => Type::map(object),
        }
    }
}

impl Schema {
    /// The type of an object of this schema.
    pub fn implied_type(&self) -> Type {
        object_type(&self.attributes, &self.blocks)
    }

    /// The longest part of `path` that core can point at in the configuration.
    ///
    /// Core finds the line of an attribute at the root or inside a block. A path into a nested
    /// attribute would fall back to the header of the whole resource, so it is cut after that
    /// attribute.
    #[must_use]
    pub fn locatable(&self, path: &Path) -> Path {
        let (mut attributes, mut blocks) = (&self.attributes, &self.blocks);
        let mut found = Path::root();
        for step in path.steps() {
            match step {
                Step::Attribute(name) => {
                    found = found.attribute(name);
                    if attributes.iter().any(|attribute| attribute.name == name) {
                        return found;
                    }
                    let Some(block) = blocks.iter().find(|block| block.name == name) else { return found };
                    // Elements of a set have no place that a path could name.
                    if block.nesting == Nesting::Set {
                        return found;
                    }
                    (attributes, blocks) = (&block.attributes, &block.blocks);
                }
                Step::Key(key) => found = found.key(key),
                Step::Index(index) => found = found.index(usize::try_from(*index).unwrap_or(0)),
            }
        }
        found
    }
}

fn object_type(attributes: &[Attribute], blocks: &[Block]) -> Type {
    let of_attributes =
        attributes.iter().map(|attribute| (attribute.name.to_owned(), attribute.implied_type()));
    let of_blocks = blocks.iter().map(|block| (block.name.to_owned(), block.implied_type()));
    Type::Object(of_attributes.chain(of_blocks).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema() -> Schema {
        Schema {
            attributes: vec![
                Attribute::string("name").required(),
                Attribute::nested("key", Nesting::Single, vec![Attribute::string("arn").required()])
                    .optional(),
            ],
            blocks: vec![Block::new("endpoints", Nesting::List, vec![Attribute::string("log").optional()])],
            ..Schema::default()
        }
    }

    #[test]
    fn type_of_an_object_holds_attributes_and_blocks() {
        assert_eq!(
            schema().implied_type().to_json().to_string(),
            r#"["object",{"endpoints":["list",["object",{"log":"string"}]],"key":["object",{"arn":"string"}],"name":"string"}]"#
        );
    }

    #[test]
    fn a_path_into_a_nested_attribute_is_cut_after_it() {
        let into_nested = Path::of("key").attribute("arn");
        assert_eq!(schema().locatable(&into_nested), Path::of("key"));
    }

    #[test]
    fn a_path_into_a_block_is_kept() {
        let into_block = Path::of("endpoints").index(0).attribute("log");
        assert_eq!(schema().locatable(&into_block), into_block);
    }
}
