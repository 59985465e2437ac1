//! Messages of calls, whose values are drawn from bytes.
#![allow(clippy::unnecessary_wraps, reason = "messages hold a value as an option")]

use std::collections::BTreeMap;

use prost::Message;
use schema::{
    Attribute, Block, Nesting, Number, ProviderServer, Schema, Type, Value,
    attribute::{Kind, Nested},
    json, msgpack,
};

use crate::pb::tfplugin6 as pb;

/// Bytes that choose; when they are used up, each is zero.
pub(super) struct Choices<'a>(&'a [u8]);

/// What earlier calls of an input have answered.
#[derive(Default)]
pub(super) struct Memory {
    /// The apply of the last plan.
    plan: Option<pb::apply_resource_change::Request>,
    /// The read of the last object that was imported, read or applied.
    object: Option<pb::read_resource::Request>,
}

impl Memory {
    /// Keeps what later calls may go on with.
    pub(super) fn remember(&mut self, server: &ProviderServer, method: &str, message: &[u8], answer: &[u8]) {
        match method {
            "plan_resource_change" => {
                let request = pb::plan_resource_change::Request::decode(message).unwrap();
                let response = pb::plan_resource_change::Response::decode(answer).unwrap();
                // By the time of an apply a host knows all of a configuration.
                let schema = &server.schemas().resources[&*request.type_name];
                let config = request.config.as_ref().map_or(&[][..], |config| &config.msgpack);
                if !msgpack::decode(config, &schema.implied_type())
                    .is_ok_and(|config| config.is_wholly_known())
                {
                    self.plan = None;
                    return;
                }
                self.plan = Some(pb::apply_resource_change::Request {
                    type_name: request.type_name,
                    prior_state: request.prior_state,
                    planned_state: response.planned_state,
                    config: request.config,
                    planned_private: response.planned_private,
                    planned_identity: response.planned_identity,
                    ..Default::default()
                });
            }
            "apply_resource_change" => {
                let request = pb::apply_resource_change::Request::decode(message).unwrap();
                let response = pb::apply_resource_change::Response::decode(answer).unwrap();
                let (state, identity) = (response.new_state, response.new_identity);
                self.object = Some(to_read(request.type_name, state, response.private, identity));
            }
            "import_resource_state" => {
                let response = pb::import_resource_state::Response::decode(answer).unwrap();
                let object = |imported: pb::import_resource_state::ImportedResource| {
                    to_read(imported.type_name, imported.state, imported.private, imported.identity)
                };
                self.object = response.imported_resources.into_iter().next().map(object);
            }
            "read_resource" => {
                let request = pb::read_resource::Request::decode(message).unwrap();
                let response = pb::read_resource::Response::decode(answer).unwrap();
                let (state, identity) = (response.new_state, response.new_identity);
                self.object = Some(to_read(request.type_name, state, response.private, identity));
            }
            _ => {}
        }
    }
}

/// The read of an object.
fn to_read(
    type_name: String,
    current_state: Option<pb::DynamicValue>,
    private: Vec<u8>,
    current_identity: Option<pb::ResourceIdentityData>,
) -> pb::read_resource::Request {
    let rest = pb::read_resource::Request::default();
    pb::read_resource::Request { type_name, current_state, private, current_identity, ..rest }
}

/// An object of the schema in which everything is null.
pub(super) fn nothing(schema: &Schema) -> pb::DynamicValue {
    encoded(schema, &Choices(&[]).object(&schema.attributes, &schema.blocks, Values::Configured))
}

/// The message of a call.
pub(super) fn message(
    method: &str,
    server: &ProviderServer,
    memory: &Memory,
    choices: &mut Choices<'_>,
) -> Vec<u8> {
    let schemas = server.schemas();
    let (resource, schema) = choices.one_of(&schemas.resources);
    let type_name = resource.to_owned();
    match method {
        "validate_provider_config" => {
            let config = choices.configuration(schemas.provider);
            pb::validate_provider_config::Request { config }.encode_to_vec()
        }
        "configure_provider" => {
            let config = choices.configuration(schemas.provider);
            pb::configure_provider::Request { config, ..Default::default() }.encode_to_vec()
        }
        "validate_resource_config" => {
            let config = choices.configuration(schema);
            let request = pb::validate_resource_config::Request { type_name, config, ..Default::default() };
            request.encode_to_vec()
        }
        "upgrade_resource_state" => {
            let raw_state = choices.stored(schema);
            let version = i64::from(choices.byte() % 3);
            pb::upgrade_resource_state::Request { type_name, version, raw_state }.encode_to_vec()
        }
        "read_resource" => choices.object_to_read(type_name, schema, memory).encode_to_vec(),
        "plan_resource_change" => {
            let prior = match choices.byte() % 3 {
                0 => pb::read_resource::Request {
                    current_state: Some(null()),
                    type_name,
                    ..Default::default()
                },
                _ => choices.object_to_read(type_name, schema, memory),
            };
            let Some(schema) = schemas.resources.get(prior.type_name.as_str()) else { return Vec::new() };
            let is_destroy = choices.byte() % 8 == 1;
            let config = if is_destroy { Some(null()) } else { choices.configuration(schema) };
            let request = pb::plan_resource_change::Request {
                type_name: prior.type_name,
                prior_state: prior.current_state,
                proposed_new_state: config.clone(),
                config,
                prior_private: prior.private,
                prior_identity: prior.current_identity,
                ..Default::default()
            };
            request.encode_to_vec()
        }
        "apply_resource_change" => {
            let made_up = || pb::apply_resource_change::Request {
                type_name,
                prior_state: Some(null()),
                planned_state: choices.state(schema),
                config: choices.configuration(schema),
                ..Default::default()
            };
            memory.plan.clone().unwrap_or_else(made_up).encode_to_vec()
        }
        "import_resource_state" => {
            let id = choices.text("id");
            pb::import_resource_state::Request { type_name, id, ..Default::default() }.encode_to_vec()
        }
        "generate_resource_config" => {
            let state = choices.state(schema);
            pb::generate_resource_config::Request { type_name, state }.encode_to_vec()
        }
        "move_resource_state" => {
            let source_type_name =
                ["alicloud_log_store", "alicloud_ram_role", resource][choices.below(3)].to_owned();
            let request = pb::move_resource_state::Request {
                source_provider_address: "registry.terraform.io/aliyun/alicloud".to_owned(),
                source_type_name,
                source_state: choices.stored(schema),
                target_type_name: type_name,
                ..Default::default()
            };
            request.encode_to_vec()
        }
        _ => other_message(method, server, choices),
    }
}

/// The messages of calls that are not about a resource.
fn other_message(method: &str, server: &ProviderServer, choices: &mut Choices<'_>) -> Vec<u8> {
    let schemas = server.schemas();
    match method {
        "validate_data_resource_config" => {
            let (name, schema) = choices.one_of(&schemas.data_sources);
            let config = choices.configuration(schema);
            pb::validate_data_resource_config::Request { type_name: name.to_owned(), config }.encode_to_vec()
        }
        "read_data_source" => {
            let (name, schema) = choices.one_of(&schemas.data_sources);
            let config = choices.configuration(schema);
            let request =
                pb::read_data_source::Request { type_name: name.to_owned(), config, ..Default::default() };
            request.encode_to_vec()
        }
        "validate_list_resource_config" => {
            let (name, schema) = choices.one_of(&schemas.list_resources);
            let config = choices.configuration(schema);
            let request = pb::validate_list_resource_config::Request {
                type_name: name.to_owned(),
                config,
                ..Default::default()
            };
            request.encode_to_vec()
        }
        "list_resource" => {
            let (name, schema) = choices.one_of(&schemas.list_resources);
            let config = choices.configuration(schema);
            let request = pb::list_resource::Request {
                type_name: name.to_owned(),
                config,
                include_resource_object: choices.byte() % 2 == 1,
                limit: i64::from(choices.byte()),
            };
            request.encode_to_vec()
        }
        "validate_action_config" => {
            let (name, schema) = choices.one_of(&schemas.actions);
            let config = choices.configuration(schema);
            pb::validate_action_config::Request { type_name: name.to_owned(), config }.encode_to_vec()
        }
        "plan_action" | "invoke_action" => {
            let (name, schema) = choices.one_of(&schemas.actions);
            let config = choices.configuration(schema);
            // Both requests have the same fields.
            let request =
                pb::plan_action::Request { action_type: name.to_owned(), config, ..Default::default() };
            request.encode_to_vec()
        }
        "call_function" => {
            let (name, definition) = choices.one_of(&schemas.functions);
            let arguments = definition.parameters.iter().map(|_| choices.text("id"));
            let arguments = arguments.map(|text| json_value(&Value::String(text), &Type::String));
            let request =
                pb::call_function::Request { name: name.to_owned(), arguments: arguments.collect() };
            request.encode_to_vec()
        }
        // Their messages are empty, or an identity.
        _ => Vec::new(),
    }
}

/// Which attributes have values.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Values {
    /// Those that a configuration can set. They may be unknown.
    Configured,
    /// All, and all are known.
    Stored,
}

impl<'a> Choices<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Choices<'a> {
        Choices(bytes)
    }

    fn byte(&mut self) -> u8 {
        let Some((byte, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *byte
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::from(self.byte()) % bound
    }

    fn one_of<'b, T: Copy>(&mut self, all: &BTreeMap<&'b str, T>) -> (&'b str, T) {
        let (name, one) = all.iter().nth(self.below(all.len())).unwrap();
        (*name, *one)
    }

    fn configuration(&mut self, schema: &Schema) -> Option<pb::DynamicValue> {
        Some(encoded(schema, &self.object(&schema.attributes, &schema.blocks, Values::Configured)))
    }

    fn state(&mut self, schema: &Schema) -> Option<pb::DynamicValue> {
        Some(encoded(schema, &self.object(&schema.attributes, &schema.blocks, Values::Stored)))
    }

    /// A state as a host stores it.
    fn stored(&mut self, schema: &Schema) -> Option<pb::RawState> {
        let state = self.object(&schema.attributes, &schema.blocks, Values::Stored);
        let json = json::encode(&state, &schema.implied_type()).unwrap();
        Some(pb::RawState { json, ..Default::default() })
    }

    /// The object that an earlier call has answered with, or another one.
    fn object_to_read(
        &mut self,
        type_name: String,
        schema: &Schema,
        memory: &Memory,
    ) -> pb::read_resource::Request {
        match &memory.object {
            Some(object) if self.byte() % 4 != 1 => object.clone(),
            _ => pb::read_resource::Request {
                type_name,
                current_state: self.state(schema),
                ..Default::default()
            },
        }
    }

    fn object(&mut self, attributes: &[Attribute], blocks: &[Block], values: Values) -> Value {
        let mut members = BTreeMap::new();
        for attribute in attributes {
            let has_value = attribute.required || attribute.optional || values == Values::Stored;
            let value = if has_value { self.attribute(attribute, values) } else { Value::Null };
            members.insert(attribute.name.to_owned(), value);
        }
        for block in blocks {
            let many = self.below(3);
            let value = nested(block.nesting, many, || self.object(&block.attributes, &block.blocks, values));
            members.insert(block.name.to_owned(), value);
        }
        Value::Object(members)
    }

    fn attribute(&mut self, attribute: &Attribute, values: Values) -> Value {
        match &attribute.kind {
            Kind::Plain(of) => self.value(attribute.name, of, attribute.required, values),
            Kind::Nested(Nested { nesting, attributes }) => {
                let many = self.below(3);
                match nesting {
                    Nesting::Single if many == 0 => Value::Null,
                    _ => nested(*nesting, many, || self.object(attributes, &[], values)),
                }
            }
        }
    }

    /// A value of an attribute. Zero is null, or the usual value of one that is required.
    fn value(&mut self, name: &str, of: &Type, required: bool, values: Values) -> Value {
        match self.byte() % 8 {
            0 if !required => return Value::Null,
            1 if values == Values::Configured => return Value::UNKNOWN,
            _ => {}
        }
        match of {
            Type::String => Value::String(self.text(name)),
            Type::Bool => Value::Bool(self.byte() % 2 == 1),
            Type::Number => Value::Number(Number::from([0_i64, 1, 3600, -1, 1_700_000_000][self.below(5)])),
            Type::List(of) => Value::List(self.elements(name, of, values)),
            Type::Set(of) => Value::Set(self.elements(name, of, values)),
            Type::Map(of) => {
                let elements = self.elements(name, of, values);
                Value::Map(elements.into_iter().map(|value| (self.text("key"), value)).collect())
            }
            Type::Tuple(types) => {
                Value::List(types.iter().map(|of| self.value(name, of, required, values)).collect())
            }
            Type::Object(types) => {
                let member =
                    |(name, of): (&String, &Type)| (name.clone(), self.value(name, of, false, values));
                Value::Object(types.iter().map(member).collect())
            }
            Type::Dynamic => Value::Dynamic(Box::new(Type::String), Box::new(Value::String(self.text(name)))),
        }
    }

    fn elements(&mut self, name: &str, of: &Type, values: Values) -> Vec<Value> {
        (0..self.below(3)).map(|_| self.value(name, of, true, values)).collect()
    }

    /// One of the texts that an attribute usually has, or any other.
    fn text(&mut self, name: &str) -> String {
        match self.byte() {
            choice @ 0..128 => {
                let usual = usual(name);
                usual[usize::from(choice) % usual.len()].to_owned()
            }
            choice => {
                let length = usize::from(choice - 128).min(self.0.len());
                let (text, rest) = self.0.split_at(length);
                self.0 = rest;
                String::from_utf8_lossy(text).into_owned()
            }
        }
    }
}

/// So many objects in the form of a nested attribute or block.
fn nested(nesting: Nesting, many: usize, mut object: impl FnMut() -> Value) -> Value {
    match nesting {
        Nesting::Single | Nesting::Group => object(),
        Nesting::List => Value::List((0..many).map(|_| object()).collect()),
        Nesting::Set => Value::Set((0..many).map(|_| object()).collect()),
        Nesting::Map => Value::Map((0..many).map(|at| (at.to_string(), object())).collect()),
    }
}

/// Texts that an attribute of this name is given.
fn usual(name: &str) -> &'static [&'static str] {
    match name {
        "id" => &["audit:app", "audit:app@cn-beijing", "sls-byok", ROLE],
        "project_name" | "projects" => &["audit"],
        "logstore_name" | "logstores" => &["app", "b"],
        "region" | "region_id" | "regions" => &["cn-hangzhou", "cn-beijing"],
        "encrypt_type" => &["default", "sm4", "aes_gcm"],
        "cmk_key_id" => &["key-1"],
        "arn" | "role_arn" => &[ROLE],
        "role_name" | "name_prefix" => &["sls-byok", "Sls-Byok"],
        "on_destroy" => &["keep", "disable"],
        "on_immutable_change" => &["error", "replace"],
        "mechanism" => &["service_key", "byok"],
        "telemetry_type" => &["", "Metrics", "None"],
        "preflight" => &["error", "warn", "off"],
        "network" => &["public", "vpc"],
        "encryption_api" => &["update_logstore", "update_logstore_encryption"],
        "sls" => &["v4", "v1-hmac-sha256", "v1-hmac-sha1", "http://127.0.0.1:1"],
        "rpc" => &["acs3", "v1-hmac-sha1"],
        "log" | "ram" | "kms" | "sts" => &["http://127.0.0.1:1", "cn-beijing.log.aliyuncs.com"],
        "principal" => &["ci", ROLE],
        "create" | "read" | "update" | "delete" | "request_timeout" => &["30s", "1h"],
        _ => &["a", "", "key-1", ROLE, "日志"],
    }
}

const ROLE: &str = "acs:ram::1234567890123456:role/sls-byok";

fn encoded(schema: &Schema, object: &Value) -> pb::DynamicValue {
    let msgpack = msgpack::encode(object, &schema.implied_type()).unwrap();
    pb::DynamicValue { msgpack, json: Vec::new() }
}

fn json_value(value: &Value, of: &Type) -> pb::DynamicValue {
    pb::DynamicValue { msgpack: Vec::new(), json: json::encode(value, of).unwrap() }
}

/// The value where there is no object.
fn null() -> pb::DynamicValue {
    pb::DynamicValue { msgpack: vec![0xc0], json: Vec::new() }
}
