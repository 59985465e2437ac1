//! The real provider, and calls of it with configurations as JSON.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::{Map, Value as Json, json};
use test_support::waiting::within_limit;
use tonic::transport::Channel;

use crate::client::{
    self,
    pb::tfplugin6::{self as pb, provider_client::ProviderClient},
};
use crate::program::Program;

/// What the provider may have in memory at most, whatever it is sent: a multiple of what it needs for a plan, and far
/// below what each attack once took.
pub const MOST_MEMORY: usize = 96 << 20;

/// A provider process, connected.
pub struct Plugin {
    pub program: Program,
    pub provider: ProviderClient<Channel>,
    schema: pb::get_provider_schema::Response,
}

/// The texts that a call answers with.
#[derive(Debug, Default)]
pub struct Told {
    pub diagnostics: Vec<pb::Diagnostic>,
    /// States, plans, identities and names, as they are encoded.
    pub values: Vec<Vec<u8>>,
}

impl Told {
    /// The texts of all diagnostics.
    pub fn text(&self) -> String {
        let each = self.diagnostics.iter().map(|told| format!("{}: {}", told.summary, told.detail));
        each.collect::<Vec<_>>().join("\n\n")
    }

    /// Checks that there is an error that says all of this.
    #[track_caller]
    pub fn says(&self, parts: &[&str]) {
        let text = self.text();
        for part in parts {
            assert!(text.contains(part), "{part:?} is not in: {text}");
        }
    }

    fn add(&mut self, other: Told) {
        self.diagnostics.extend(other.diagnostics);
        self.values.extend(other.values);
    }

    fn of(
        diagnostics: Vec<pb::Diagnostic>,
        values: impl IntoIterator<Item = Option<pb::DynamicValue>>,
    ) -> Self {
        let values = values.into_iter().flatten().map(|value| [value.msgpack, value.json].concat());
        Self { diagnostics, values: values.collect() }
    }
}

/// Checks that a program has never had more memory than this, in bytes. Only Linux says how much it had.
pub fn assert_bounded(program: &Program, most: usize) {
    if cfg!(target_os = "linux") {
        let peak = test_support::usage::Usage::of(program.id()).unwrap().peak;
        assert!(peak < most, "{} KiB", peak >> 10);
    }
}

impl Plugin {
    /// Starts it with these variables and nothing else of the machine.
    pub async fn start(variables: &[(&str, &str)]) -> Self {
        let alone = [
            ("ALIBABA_CLOUD_ECS_METADATA_DISABLED", "true"),
            ("ALICLOUD_REGION", "cn-hangzhou"),
            ("PATH", "/usr/bin:/bin"),
        ];
        let program = Program::hosted(&[&alone, variables].concat());
        let channel = client::connect(&program.handshake()).await;
        let mut provider = client::provider(&channel);
        let schema = provider.get_provider_schema(pb::get_provider_schema::Request {}).await.unwrap();
        Self { program, provider, schema: schema.into_inner() }
    }

    /// Checks that it still serves, and that its memory has been bounded all the time.
    pub async fn assert_alive(&mut self) {
        self.assert_alive_within(MOST_MEMORY).await;
    }

    /// The same with another bound, in bytes.
    pub async fn assert_alive_within(&mut self, most: usize) {
        let call = self.provider.get_metadata(pb::get_metadata::Request {});
        within_limit("the metadata", call).await.unwrap().unwrap();
        assert_bounded(&self.program, most);
    }

    pub fn provider_block(&self, given: &Json) -> pb::DynamicValue {
        encoded(self.schema.provider.as_ref(), given)
    }

    pub fn resource_block(&self, of: &str, given: &Json) -> pb::DynamicValue {
        encoded(self.schema.resource_schemas.get(of), given)
    }

    pub fn data_block(&self, of: &str, given: &Json) -> pb::DynamicValue {
        encoded(self.schema.data_source_schemas.get(of), given)
    }

    /// The configuration of a list that filters nothing.
    pub fn list_block(&self, of: &str) -> pb::DynamicValue {
        encoded(self.schema.list_resource_schemas.get(of), &Json::Null)
    }

    /// The names of the attributes that are texts, by the kind of block: `provider`, `resource x`, `data x`.
    pub fn text_attributes(&self) -> BTreeMap<String, Vec<Vec<String>>> {
        let schemas = &self.schema;
        let provider = schemas.provider.iter().map(|schema| ("provider".to_owned(), schema));
        let resources =
            schemas.resource_schemas.iter().map(|(of, schema)| (format!("resource {of}"), schema));
        let data = schemas.data_source_schemas.iter().map(|(of, schema)| (format!("data {of}"), schema));
        let each = provider.chain(resources).chain(data);
        each.map(|(name, schema)| (name, texts_of(schema.block.as_ref().unwrap()))).collect()
    }

    pub async fn configure(&mut self, given: &Json) -> Told {
        let config = Some(self.provider_block(given));
        let request = pb::configure_provider::Request { config, ..Default::default() };
        let call = self.provider.configure_provider(request);
        let response = within_limit("the configuration", call).await.unwrap().unwrap();
        Told::of(response.into_inner().diagnostics, [])
    }

    pub async fn validate(&mut self, kind: &str, given: &Json) -> Told {
        let diagnostics = match kind.split_once(' ') {
            None => {
                let config = Some(self.provider_block(given));
                let call =
                    self.provider.validate_provider_config(pb::validate_provider_config::Request { config });
                within_limit("the check", call).await.unwrap().unwrap().into_inner().diagnostics
            }
            Some(("resource", of)) => {
                let request = pb::validate_resource_config::Request {
                    type_name: of.to_owned(),
                    config: Some(self.resource_block(of, given)),
                    client_capabilities: None,
                };
                let call = self.provider.validate_resource_config(request);
                within_limit("the check", call).await.unwrap().unwrap().into_inner().diagnostics
            }
            Some((_, of)) => {
                let config = Some(self.data_block(of, given));
                let request = pb::validate_data_resource_config::Request { type_name: of.to_owned(), config };
                let call = self.provider.validate_data_resource_config(request);
                within_limit("the check", call).await.unwrap().unwrap().into_inner().diagnostics
            }
        };
        Told::of(diagnostics, [])
    }

    pub async fn read_data(&mut self, of: &str, given: &Json) -> Told {
        let config = Some(self.data_block(of, given));
        let request =
            pb::read_data_source::Request { type_name: of.to_owned(), config, ..Default::default() };
        let call = self.provider.read_data_source(request);
        let response = within_limit("the data source", call).await.unwrap().unwrap().into_inner();
        Told::of(response.diagnostics, [response.state])
    }

    /// A plan that creates the resource.
    pub async fn plan(&mut self, of: &str, given: &Json) -> Told {
        let config = Some(self.resource_block(of, given));
        let request = pb::plan_resource_change::Request {
            type_name: of.to_owned(),
            prior_state: Some(pb::DynamicValue { json: b"null".to_vec(), ..Default::default() }),
            proposed_new_state: config.clone(),
            config,
            ..Default::default()
        };
        let call = self.provider.plan_resource_change(request);
        let response = within_limit("the plan", call).await.unwrap().unwrap().into_inner();
        Told::of(response.diagnostics, [response.planned_state])
    }

    /// An import, and the refresh that follows it.
    pub async fn import(&mut self, of: &str, id: &str) -> Told {
        let request = pb::import_resource_state::Request {
            type_name: of.to_owned(),
            id: id.to_owned(),
            ..Default::default()
        };
        let call = self.provider.import_resource_state(request);
        let response = within_limit("the import", call).await.unwrap().unwrap().into_inner();
        let mut told = Told::of(response.diagnostics, []);
        for imported in response.imported_resources {
            let request = pb::read_resource::Request {
                type_name: of.to_owned(),
                current_state: imported.state.clone(),
                private: imported.private,
                current_identity: imported.identity.clone(),
                ..Default::default()
            };
            let call = self.provider.read_resource(request);
            let read = within_limit("the refresh", call).await.unwrap().unwrap().into_inner();
            let identity = read.new_identity.and_then(|identity| identity.identity_data);
            told.add(Told::of(read.diagnostics, [imported.state, read.new_state, identity]));
        }
        told
    }
}

/// A configuration file of the command line tool with one profile.
pub fn profile(directory: &Path, members: &Json) -> String {
    profiles(directory, &json!([members]))
}

/// A configuration file of the command line tool with these profiles. The first one is the current one.
pub fn profiles(directory: &Path, profiles: &Json) -> String {
    let path = directory.join("config.json");
    let current = &profiles[0]["name"];
    fs::write(&path, json!({ "current": current, "profiles": profiles }).to_string()).unwrap();
    path.to_str().unwrap().to_owned()
}

/// An object of a schema as JSON: what is not given is null, and blocks that are not given are none.
fn encoded(schema: Option<&pb::Schema>, given: &Json) -> pb::DynamicValue {
    let block = schema.and_then(|schema| schema.block.as_ref()).unwrap();
    let json = block_object(block, given).to_string().into_bytes();
    pb::DynamicValue { json, msgpack: Vec::new() }
}

fn block_object(block: &pb::schema::Block, given: &Json) -> Json {
    let mut members = attributes_object(&block.attributes, given);
    for nested in &block.block_types {
        let blocks = given.get(&nested.type_name).and_then(Json::as_array).cloned().unwrap_or_default();
        let of = nested.block.as_ref().unwrap();
        let blocks = blocks.iter().map(|given| block_object(of, given)).collect();
        members.insert(nested.type_name.clone(), Json::Array(blocks));
    }
    Json::Object(members)
}

fn attributes_object(attributes: &[pb::schema::Attribute], given: &Json) -> Map<String, Json> {
    let member = |attribute: &pb::schema::Attribute| {
        let value = given.get(&attribute.name).cloned().unwrap_or_default();
        let value = match (&attribute.nested_type, value) {
            (Some(nested), given @ Json::Object(_)) => {
                Json::Object(attributes_object(&nested.attributes, &given))
            }
            (_, value) => value,
        };
        (attribute.name.clone(), value)
    };
    attributes.iter().map(member).collect()
}

/// The paths of the texts that a configuration can set, those of nested objects and blocks too.
fn texts_of(block: &pb::schema::Block) -> Vec<Vec<String>> {
    let mut found = texts_of_attributes(&block.attributes);
    for nested in &block.block_types {
        for path in texts_of(nested.block.as_ref().unwrap()) {
            found.push([vec![nested.type_name.clone(), "0".to_owned()], path].concat());
        }
    }
    found
}

fn texts_of_attributes(attributes: &[pb::schema::Attribute]) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for attribute in attributes.iter().filter(|attribute| attribute.required || attribute.optional) {
        match &attribute.nested_type {
            Some(nested) if nested.nesting() == pb::schema::object::NestingMode::Single => {
                let inner = texts_of_attributes(&nested.attributes);
                found.extend(inner.into_iter().map(|path| [vec![attribute.name.clone()], path].concat()));
            }
            Some(_) => {}
            None => {
                let kind: Json = serde_json::from_slice(&attribute.r#type).unwrap();
                let name = vec![attribute.name.clone()];
                match (kind.as_str(), kind[0].as_str(), kind[1].as_str()) {
                    (Some("string"), ..) => found.push(name),
                    (_, Some("list" | "set"), Some("string")) => {
                        found.push([name, vec!["0".to_owned()]].concat());
                    }
                    (_, Some("map"), Some("string")) => {
                        found.push([name.clone(), vec!["key".to_owned()]].concat());
                        found.push([name, vec!["*".to_owned()]].concat());
                    }
                    _ => {}
                }
            }
        }
    }
    found
}

/// An object with `value` at a path: `0` is the first element of a list, and `*` is a key that is the value itself.
pub fn at_path(path: &[String], value: &str) -> Json {
    match path.split_first() {
        None => value.into(),
        Some((step, rest)) if step == "0" => json!([at_path(rest, value)]),
        Some((step, _)) if step == "*" => json!({ value: "x" }),
        Some((step, rest)) => json!({ step.as_str(): at_path(rest, value) }),
    }
}
