//! A provider with one resource, `own_thing`, whose name says how its calls go; its data source, its list
//! resource, its action and its functions are in `source`, `listing`, `action` and `functions`.

use std::{
    collections::BTreeMap,
    future,
    sync::{Arc, Mutex, atomic::AtomicUsize},
};

use schema::{
    Attribute, Diagnostic, Diagnostics, Field, Path, Provider, Resource, Schema, Type, Value,
    action::AnyAction,
    adapter::AnyResource,
    data_source::AnyDataSource,
    function::AnyFunction,
    list_resource::AnyListResource,
    model, msgpack,
    provider::Configure,
    resource::{
        Context, Create, DestroyPlan, Destroyed, IdentityAttribute, IdentitySchema, Import, MoveSource,
        Moved, Outcome, Plan, PlanCreate, PlanDestroy, PlanUpdate, Stored, Update,
    },
};
use tokio::sync::Notify;

use crate::{
    action::Press,
    client::pb::tfplugin6::{DynamicValue, ResourceIdentityData},
    functions,
    listing::Listing,
    source::Source,
};

pub const TYPE_NAME: &str = "own_thing";

/// Panics in every call that takes it.
pub const PANICS: &str = "panics";

/// Is not destroyed, and found with another text then.
pub const STAYS: &str = "stays";

/// Is created and updated with an invalid text, so that its state cannot be encoded.
pub const GARBLED: &str = "garbled";

/// A text that the resource leaves out of a configuration that it generates.
pub const UNSAID: &str = "unsaid";

/// Is created, updated and destroyed with an error at the end.
pub const HALF: &str = "half";

/// A resource type of another provider whose objects the resource takes over.
pub const LABEL: &str = "other_label";

/// Waits in `read` until the call is cancelled, and then says so.
pub const WAITS: &str = "waits";

/// Waits in `read` whatever happens.
pub const HANGS: &str = "hangs";

model! {
    /// The provider block.
    pub struct OwnModel {
        /// Anything.
        pub region: String,
    }
}

model! {
    /// The resource block.
    pub struct ThingModel {
        /// How its calls go.
        pub name: String,
        /// Text of any length.
        pub text: Value,
        /// Numbers of any size.
        pub numbers: Vec<Field<schema::Number>>,
        /// Set by the provider.
        pub id: String,
    }
}

/// What a test observes of the provider that it serves.
#[derive(Debug, Default)]
pub struct Watch {
    /// Told when a call that waits has begun.
    pub waiting: Notify,
    /// How many things were listed.
    pub listed: AtomicUsize,
    /// Told when a listing is over.
    pub ended: Notify,
    /// The version of the host in the last configuration.
    pub configured_by: Mutex<Option<String>>,
}

#[derive(Debug)]
pub struct Own(pub Arc<Watch>);

#[derive(Debug)]
struct Thing(Arc<Watch>);

impl Provider for Own {
    type Model = OwnModel;

    fn schema(&self) -> Schema {
        Schema { attributes: vec![Attribute::string("region").optional()], ..Schema::default() }
    }

    async fn configure(&self, _context: &Context, request: Configure<OwnModel>) -> Diagnostics {
        assert!(request.config.region != Field::from(PANICS), "configured to panic");
        *self.0.configured_by.lock().unwrap() = Some(request.terraform_version);
        Diagnostics::new()
    }

    fn resources(&self) -> Vec<AnyResource> {
        vec![AnyResource::new(Thing(self.0.clone()))]
    }

    fn data_sources(&self) -> Vec<AnyDataSource> {
        vec![AnyDataSource::new(Source(self.0.clone()))]
    }

    fn list_resources(&self) -> Vec<AnyListResource> {
        vec![AnyListResource::new(Listing(self.0.clone()))]
    }

    fn actions(&self) -> Vec<AnyAction> {
        vec![AnyAction::new(Press(self.0.clone()))]
    }

    fn functions(&self) -> Vec<AnyFunction> {
        functions::all()
    }
}

impl Resource for Thing {
    type Model = ThingModel;
    type Private = BTreeMap<String, String>;

    fn type_name(&self) -> &'static str {
        TYPE_NAME
    }

    fn schema(&self) -> Schema {
        Schema {
            version: 2,
            attributes: vec![
                Attribute::string("name").required(),
                Attribute::string("text").optional(),
                Attribute::new("numbers", Type::list(Type::Number)).optional(),
                Attribute::string("id").computed(),
            ],
            ..Schema::default()
        }
    }

    fn identity_schema(&self) -> Option<IdentitySchema> {
        Some(IdentitySchema { version: 1, attributes: vec![IdentityAttribute::required("name", "")] })
    }

    fn identity(&self, state: &ThingModel) -> Value {
        Value::Object(BTreeMap::from([("name".to_owned(), state.name.clone().into_value())]))
    }

    fn validate(&self, config: &ThingModel) -> Diagnostics {
        panic_if_asked(&config.name);
        if config.name == Field::from("") {
            return Diagnostic::error("Empty", "name is empty").at(Path::of("name")).into();
        }
        Diagnostics::new()
    }

    fn upgrade(&self, version: i64, mut state: serde_json::Value) -> Result<serde_json::Value, Diagnostic> {
        assert!(state["name"] != PANICS, "asked to panic");
        state["id"] = format!("from {version}").into();
        Ok(state)
    }

    /// Version 0 called the name a label.
    fn upgrade_identity(&self, version: i64, identity: serde_json::Value) -> serde_json::Value {
        assert_eq!(version, 0);
        serde_json::json!({ "name": identity["label"] })
    }

    fn move_from(&self, source: &MoveSource) -> Result<Moved<Self>, Diagnostic> {
        assert!(source.state["label"] != PANICS, "asked to panic");
        if source.type_name != LABEL {
            return Err(source.refused(self.type_name()));
        }
        let label = source.state["label"].as_str();
        let name = label.map_or(Field::Null, Field::from);
        let private = [
            ("version", source.schema_version.to_string()),
            ("private", String::from_utf8(source.private.clone()).unwrap()),
            ("identity", source.identity.to_string()),
        ];
        Ok(Moved {
            state: ThingModel { name, ..ThingModel::default() },
            private: private.map(|(name, value)| (name.to_owned(), value)).into(),
        })
    }

    async fn plan_create(&self, _context: &Context, request: PlanCreate<Self>) -> Plan<Self> {
        panic_if_asked(&request.config.name);
        Plan {
            planned: request.planned,
            private: BTreeMap::from([("planned".to_owned(), "create".to_owned())]),
            requires_replace: vec![],
            diagnostics: Diagnostics::new(),
        }
    }

    async fn plan_update(&self, _context: &Context, request: PlanUpdate<Self>) -> Plan<Self> {
        panic_if_asked(&request.config.name);
        Plan {
            planned: request.planned,
            private: request.private,
            requires_replace: vec![Path::of("name")],
            diagnostics: Diagnostic::warning("Careful", "it changes").at(Path::of("text")).into(),
        }
    }

    async fn plan_destroy(&self, _context: &Context, request: PlanDestroy<Self>) -> DestroyPlan<Self> {
        panic_if_asked(&request.prior.name);
        DestroyPlan { private: request.private, diagnostics: Diagnostic::warning("Gone", "it goes").into() }
    }

    async fn create(&self, _context: &Context, request: Create<Self>) -> Outcome<Self> {
        panic_if_asked(&request.config.name);
        let diagnostics = half_done(&request.config.name);
        let state = garbled(ThingModel { id: Field::from("made"), ..request.planned });
        Outcome { state: Some(state), private: request.private, diagnostics }
    }

    async fn read(&self, context: &Context, request: Stored<Self>) -> Outcome<Self> {
        panic_if_asked(&request.state.name);
        let mut diagnostics = Diagnostics::new();
        if request.state.name == Field::from(WAITS) {
            self.0.waiting.notify_one();
            context.cancel.cancelled().await;
            diagnostics.error("Cancelled", "the call was cancelled");
        }
        if request.state.name == Field::from(HANGS) {
            self.0.waiting.notify_one();
            future::pending::<()>().await;
        }
        Outcome { state: Some(request.state), private: request.private, diagnostics }
    }

    async fn update(&self, _context: &Context, request: Update<Self>) -> Outcome<Self> {
        panic_if_asked(&request.config.name);
        let diagnostics = half_done(&request.config.name);
        let state = Some(garbled(request.planned));
        Outcome { state, private: request.private, diagnostics }
    }

    async fn delete(&self, _context: &Context, request: Stored<Self>) -> Destroyed<Self> {
        panic_if_asked(&request.state.name);
        if request.state.name == Field::from(HALF) {
            return half_done(&request.state.name).into();
        }
        if request.state.name == Field::from(STAYS) {
            let found = ThingModel { text: Field::Known("found".into()), ..request.state };
            return Destroyed {
                found: Some(found),
                diagnostics: Diagnostic::error("Stays", "it stays").into(),
            };
        }
        Diagnostics::new().into()
    }

    fn generate_config(&self, state: &ThingModel, config: ThingModel) -> ThingModel {
        panic_if_asked(&state.name);
        if config.text == Field::Known(UNSAID.into()) {
            return ThingModel { text: Field::Null, ..config };
        }
        config
    }

    async fn import(&self, _context: &Context, from: Import) -> Result<ThingModel, Diagnostic> {
        let name = match from {
            Import::Id(id) => Field::from(id),
            Import::Identity(identity) => {
                Field::from_value(identity.attribute("name").clone(), &Path::of("name"))?
            }
        };
        panic_if_asked(&name);
        Ok(ThingModel { name, ..ThingModel::default() })
    }
}

fn panic_if_asked(name: &Field<String>) {
    assert!(*name != Field::from(PANICS), "asked to panic");
}

fn half_done(name: &Field<String>) -> Diagnostics {
    let mut diagnostics = Diagnostics::new();
    if *name == Field::from(HALF) {
        diagnostics.error("Half done", "the rest failed");
    }
    diagnostics
}

fn garbled(thing: ThingModel) -> ThingModel {
    if thing.name == Field::from(GARBLED) {
        return ThingModel { text: Field::Known(Value::List(vec![])), ..thing };
    }
    thing
}

/// An object of the resource; what is not given is null.
pub fn thing(given: &[(&str, Value)]) -> Value {
    let names = ["name", "text", "numbers", "id"];
    let mut attributes = BTreeMap::from(names.map(|name| (name.to_owned(), Value::Null)));
    attributes.extend(given.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
    Value::Object(attributes)
}

/// A thing of that name and nothing else.
pub fn named(name: &str) -> Value {
    thing(&[("name", name.into())])
}

fn thing_type() -> Type {
    Thing(Arc::default()).schema().implied_type()
}

/// A value of the resource as hosts send it.
#[expect(clippy::unnecessary_wraps, reason = "the fields that take it are optional")]
pub fn encode(value: &Value) -> Option<DynamicValue> {
    Some(DynamicValue { msgpack: msgpack::encode(value, &thing_type()).unwrap(), json: vec![] })
}

/// The name in the identity of a resource as the provider sent it; none without an identity.
#[track_caller]
pub fn identity_name(identity: Option<&ResourceIdentityData>) -> Option<String> {
    let data = identity?.identity_data.as_ref().unwrap();
    let of = Type::Object(BTreeMap::from([("name".to_owned(), Type::String)]));
    let decoded = msgpack::decode(&data.msgpack, &of).unwrap();
    Some(decoded.attribute("name").as_str().unwrap().to_owned())
}

/// A value of the resource as the provider sent it.
#[track_caller]
pub fn decode(value: Option<&DynamicValue>) -> Value {
    msgpack::decode(&value.unwrap().msgpack, &thing_type()).unwrap()
}

/// A provider block as hosts send it.
#[expect(clippy::unnecessary_wraps, reason = "the fields that take it are optional")]
pub fn provider_block(region: Value) -> Option<DynamicValue> {
    let of = Own(Arc::default()).schema().implied_type();
    let block = Value::Object(BTreeMap::from([("region".to_owned(), region)]));
    Some(DynamicValue { msgpack: msgpack::encode(&block, &of).unwrap(), json: vec![] })
}
