//! Every attribute of every schema and every parameter of every function, with what core leaves to the provider: null
//! where a value is required, a value where only the provider sets one.

use std::collections::BTreeMap;

use super::{AlicloudEncryption, Environment};
use schema::{
    Attribute, Block, Diagnostics, Number, Path, ProviderServer, Schema, Type, Value,
    attribute::{Kind, Nested, Nesting},
    messages::{ApplyRequest, DataReadRequest, Encoded, PlanRequest},
    msgpack,
};

const MISSING: &str = "Missing required argument";
const READ_ONLY: &str = "Value for a read-only attribute";
const NULL_ELEMENT: &str = "Null element";

/// What a schema is of.
#[derive(Clone, Copy, Debug)]
enum Of {
    Provider,
    Resource(&'static str),
    DataSource(&'static str),
}

struct Walk<'a> {
    server: &'a ProviderServer,
    of: Of,
    schema: &'a Schema,
    /// The configurations in which a required value is null.
    missing: Vec<(Value, Path)>,
    attributes: usize,
}

/// Makes a whole configuration of an object somewhere in it.
type Around<'a> = &'a dyn Fn(Value) -> Value;

impl Walk<'_> {
    fn object(&mut self, attributes: &[Attribute], blocks: &[Block], at: &Path, around: Around<'_>) {
        let object = minimal(attributes, blocks);
        for attribute in attributes {
            let with = |value| around(replaced(&object, attribute.name, value));
            self.attribute(attribute, &at.attribute(attribute.name), &with);
        }
        for block in blocks {
            let with = |inner| around(replaced(&object, block.name, enclosed(block.nesting, inner)));
            self.object(&block.attributes, &block.blocks, &inside(block.nesting, at, block.name), &with);
        }
    }

    fn attribute(&mut self, attribute: &Attribute, at: &Path, with: Around<'_>) {
        self.attributes += 1;
        self.passes(&with(Value::UNKNOWN), at);
        if !attribute.required && !attribute.optional {
            assert!(attribute.computed, "{at} is neither required, optional nor computed");
            self.passes(&with(Value::Null), at);
            self.refused(&with(of_type(&attribute.implied_type())), READ_ONLY, at);
            return;
        }
        if attribute.required {
            let config = with(Value::Null);
            self.refused(&config, MISSING, at);
            self.missing.push((config, at.clone()));
        } else {
            self.passes(&with(Value::Null), at);
        }
        self.passes(&with(sample(attribute)), at);
        match &attribute.kind {
            Kind::Plain(of) => {
                if let Some(nesting) = collection(of) {
                    self.refused(&with(enclosed(nesting, Value::Null)), NULL_ELEMENT, &element(nesting, at));
                    self.passes(&with(enclosed(nesting, Value::UNKNOWN)), at);
                }
            }
            Kind::Nested(Nested { nesting, attributes }) => {
                if *nesting != Nesting::Single {
                    self.refused(
                        &with(enclosed(*nesting, Value::Null)),
                        NULL_ELEMENT,
                        &element(*nesting, at),
                    );
                }
                let inner = |object| with(enclosed(*nesting, object));
                self.object(attributes, &[], &element(*nesting, at), &inner);
            }
        }
    }

    fn validate(&self, config: &Value) -> Diagnostics {
        let config = self.encode(config);
        match self.of {
            Of::Provider => self.server.validate_provider_config(&config),
            Of::Resource(name) => self.server.validate_resource_config(name, &config),
            Of::DataSource(name) => self.server.validate_data_source_config(name, &config),
        }
    }

    #[track_caller]
    fn refused(&self, config: &Value, summary: &str, at: &Path) {
        let found = self.validate(config);
        let problems: Vec<_> = found.iter().filter(|problem| problem.summary == summary).collect();
        let [problem] = problems.as_slice() else { panic!("{:?}, {at}: {found:?}", self.of) };
        assert_eq!(problem.path, Some(self.schema.locatable(at)), "{problem:?}");
        assert!(problem.detail.starts_with(&format!("{at} ")), "{at}: {problem:?}");
    }

    /// Checks that a configuration is not refused for what is null or set in it.
    #[track_caller]
    fn passes(&self, config: &Value, at: &Path) {
        let found = self.validate(config);
        let refused =
            found.iter().any(|problem| [MISSING, READ_ONLY, NULL_ELEMENT].contains(&&*problem.summary));
        assert!(!refused, "{:?}, {at}: {found:?}", self.of);
    }

    /// Checks that a configuration in which a required value turned out null gets no further than to the schema.
    async fn is_refused_later(&self, config: &Value, at: &Path) {
        let encoded = self.encode(config);
        let prior = self.encode(&minimal(&self.schema.attributes, &self.schema.blocks));
        let null = self.encode(&Value::Null);
        let mut answers = Vec::new();
        match self.of {
            Of::Provider => {}
            Of::DataSource(type_name) => {
                let request = DataReadRequest {
                    type_name: type_name.to_owned(),
                    config: encoded,
                    ..DataReadRequest::default()
                };
                answers.push(self.server.read_data_source(request).await.diagnostics);
            }
            Of::Resource(type_name) => {
                for prior_state in [null, prior] {
                    let planned = self
                        .server
                        .plan_resource_change(PlanRequest {
                            type_name: type_name.to_owned(),
                            prior_state: prior_state.clone(),
                            proposed_new_state: encoded.clone(),
                            config: encoded.clone(),
                            ..PlanRequest::default()
                        })
                        .await;
                    assert_eq!(planned.requires_replace, []);
                    answers.push(planned.diagnostics);
                    let applied = self
                        .server
                        .apply_resource_change(ApplyRequest {
                            type_name: type_name.to_owned(),
                            prior_state: prior_state.clone(),
                            planned_state: encoded.clone(),
                            config: encoded.clone(),
                            ..ApplyRequest::default()
                        })
                        .await;
                    assert_eq!(applied.new_state, prior_state, "{at}");
                    answers.push(applied.diagnostics);
                }
            }
        }
        for found in answers {
            let problems: Vec<_> =
                found.iter().map(|problem| (problem.summary.as_str(), &problem.path)).collect();
            assert_eq!(problems, [(MISSING, &Some(self.schema.locatable(at)))], "{:?}, {at}", self.of);
        }
    }

    fn encode(&self, value: &Value) -> Encoded {
        Encoded::Msgpack(msgpack::encode(value, &self.schema.implied_type()).unwrap())
    }
}

/// An object in which only what is required is set.
fn minimal(attributes: &[Attribute], blocks: &[Block]) -> Value {
    let of_attributes = attributes.iter().map(|attribute| {
        let value = if attribute.required { sample(attribute) } else { Value::Null };
        (attribute.name.to_owned(), value)
    });
    let of_blocks = blocks.iter().map(|block| {
        let value = match block.nesting {
            Nesting::Single => Value::Null,
            Nesting::Group => minimal(&block.attributes, &block.blocks),
            Nesting::List => Value::List(Vec::new()),
            Nesting::Set => Value::Set(Vec::new()),
            Nesting::Map => Value::Map(BTreeMap::new()),
        };
        (block.name.to_owned(), value)
    });
    Value::Object(of_attributes.chain(of_blocks).collect())
}

/// A value that the attribute's validators accept, if a text that somebody here knows is one.
fn sample(attribute: &Attribute) -> Value {
    let of = match &attribute.kind {
        Kind::Nested(Nested { nesting, attributes }) => return enclosed(*nesting, minimal(attributes, &[])),
        Kind::Plain(of) => of,
    };
    let known = ["cn-hangzhou", "acs:ram::1234567890123456:role/sls-byok", "30m", "https://example.com"];
    let accepted = known.into_iter().map(Value::from).find(|value| {
        *of == Type::String
            && attribute.validators.iter().all(|validator| validator.check(value, &Path::root()).is_ok())
    });
    accepted.unwrap_or_else(|| of_type(of))
}

/// Any value of that type.
fn of_type(of: &Type) -> Value {
    match of {
        Type::String => "text".into(),
        Type::Number => Value::Number(Number::from(3600_i64)),
        Type::Bool => true.into(),
        Type::Dynamic => Value::Dynamic(Box::new(Type::Bool), Box::new(true.into())),
        Type::List(inner) => Value::List(vec![of_type(inner)]),
        Type::Set(inner) => Value::Set(vec![of_type(inner)]),
        Type::Map(inner) => enclosed(Nesting::Map, of_type(inner)),
        Type::Tuple(members) => Value::List(members.iter().map(of_type).collect()),
        Type::Object(members) => {
            Value::Object(members.iter().map(|(name, of)| (name.clone(), of_type(of))).collect())
        }
    }
}

fn collection(of: &Type) -> Option<Nesting> {
    match of {
        Type::List(_) => Some(Nesting::List),
        Type::Set(_) => Some(Nesting::Set),
        Type::Map(_) => Some(Nesting::Map),
        Type::String | Type::Number | Type::Bool | Type::Dynamic | Type::Tuple(_) | Type::Object(_) => None,
    }
}

fn enclosed(nesting: Nesting, value: Value) -> Value {
    match nesting {
        Nesting::Single | Nesting::Group => value,
        Nesting::List => Value::List(vec![value]),
        Nesting::Set => Value::Set(vec![value]),
        Nesting::Map => Value::Map([("k".to_owned(), value)].into()),
    }
}

/// The path of what [`enclosed`] encloses.
fn element(nesting: Nesting, at: &Path) -> Path {
    match nesting {
        Nesting::Single | Nesting::Group | Nesting::Set => at.clone(),
        Nesting::List => at.index(0),
        Nesting::Map => at.key("k"),
    }
}

fn inside(nesting: Nesting, at: &Path, name: &str) -> Path {
    element(nesting, &at.attribute(name))
}

fn replaced(object: &Value, name: &str, value: Value) -> Value {
    let mut members = object.as_object().unwrap().clone();
    members.insert(name.to_owned(), value).unwrap();
    Value::Object(members)
}

fn server() -> ProviderServer {
    ProviderServer::new(AlicloudEncryption::new(Environment::default()))
}

#[tokio::test]
async fn every_attribute_is_refused_where_it_may_not_be_null_or_set() {
    let server = server();
    let schemas = server.schemas();
    let resources = schemas.resources.iter().map(|(name, schema)| (Of::Resource(name), *schema));
    let data_sources = schemas.data_sources.iter().map(|(name, schema)| (Of::DataSource(name), *schema));
    let all = resources.chain(data_sources).chain([(Of::Provider, schemas.provider)]);
    for (of, schema) in all {
        let mut walk = Walk { server: &server, of, schema, missing: Vec::new(), attributes: 0 };
        walk.object(&schema.attributes, &schema.blocks, &Path::root(), &|whole| whole);
        assert!(walk.attributes >= schema.attributes.len());
        for (config, at) in &walk.missing {
            walk.is_refused_later(config, at).await;
        }
    }
}

#[test]
fn every_argument_of_a_function_is_refused_where_it_may_not_be_null() {
    let server = server();
    for (name, definition) in server.schemas().functions {
        let all = || definition.parameters.iter().chain(&definition.variadic);
        for (index, (parameter, takes)) in all().enumerate() {
            let mut values = vec![(Value::Null, takes.null)];
            values.extend(collection(&parameter.of).map(|nesting| (enclosed(nesting, Value::Null), false)));
            for (value, taken) in values {
                let arguments = all().enumerate().map(|(position, (parameter, _))| {
                    let value = if position == index { value.clone() } else { of_type(&parameter.of) };
                    Encoded::Msgpack(msgpack::encode(&value, &parameter.of).unwrap())
                });
                let called = server.call_function(name, &arguments.collect::<Vec<_>>());
                let refused = called.err().filter(|error| error.text.contains("null"));
                assert_eq!(refused.map(|error| error.argument), (!taken).then_some(Some(index)), "{name}");
            }
        }
    }
}
