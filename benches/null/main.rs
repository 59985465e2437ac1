//! A provider that does nothing: its plans take what the host and the wire take.
//!
//! It has the wire of the provider that is measured, and one resource with the schema of its encryption of a Logstore,
//! which it plans, stores and reads as it is. What the other provider takes beyond it is its own work and the cloud's.

use std::{io, process::ExitCode};

use plugin::{Environment, Mode, Network, ServeOptions};
use provider::{AlicloudEncryption, LogStoreEncryption};
use schema::{
    Diagnostic, Diagnostics, Field, Provider, ProviderServer, Resource, Schema,
    adapter::AnyResource,
    model,
    provider::Configure,
    resource::{
        Context, Create, DestroyPlan, Destroyed, Import, Outcome, Plan, PlanCreate, PlanDestroy, PlanUpdate,
        Stored, Update,
    },
};

model! {
    /// The provider block.
    pub struct NullProvider {
    }
}

/// The resource block.
type NullLogStore = <LogStoreEncryption as Resource>::Model;

#[derive(Debug)]
struct Null;

#[derive(Debug)]
struct LogStore {
    schema: Schema,
}

impl Provider for Null {
    type Model = NullProvider;

    fn schema(&self) -> Schema {
        Schema::default()
    }

    async fn configure(&self, _context: &Context, _request: Configure<NullProvider>) -> Diagnostics {
        Diagnostics::new()
    }

    fn resources(&self) -> Vec<AnyResource> {
        let measured = ProviderServer::new(AlicloudEncryption::new(provider::Environment::default()));
        let schema = measured.schemas().resources.get("alicloud_log_store_encryption").copied().cloned();
        schema.map(|schema| AnyResource::new(LogStore { schema })).into_iter().collect()
    }
}

impl Resource for LogStore {
    type Model = NullLogStore;
    type Private = ();

    fn type_name(&self) -> &'static str {
        "null_log_store"
    }

    fn schema(&self) -> Schema {
        self.schema.clone()
    }

    async fn plan_create(&self, _context: &Context, request: PlanCreate<Self>) -> Plan<Self> {
        as_is(request.planned)
    }

    async fn plan_update(&self, _context: &Context, request: PlanUpdate<Self>) -> Plan<Self> {
        as_is(request.planned)
    }

    async fn plan_destroy(&self, _context: &Context, _request: PlanDestroy<Self>) -> DestroyPlan<Self> {
        DestroyPlan { private: (), diagnostics: Diagnostics::new() }
    }

    async fn create(&self, _context: &Context, request: Create<Self>) -> Outcome<Self> {
        let planned = request.planned;
        let id = format!("{}:{}", text(&planned.project_name), text(&planned.logstore_name));
        stored(NullLogStore {
            id: id.into(),
            mechanism: "service_key".to_owned().into(),
            logstore_create_time: Field::Known(1_700_000_000),
            ..planned
        })
    }

    async fn read(&self, _context: &Context, request: Stored<Self>) -> Outcome<Self> {
        stored(request.state)
    }

    async fn update(&self, _context: &Context, request: Update<Self>) -> Outcome<Self> {
        stored(request.planned)
    }

    async fn delete(&self, _context: &Context, _request: Stored<Self>) -> Destroyed<Self> {
        Diagnostics::new().into()
    }

    async fn import(&self, _context: &Context, from: Import) -> Result<NullLogStore, Diagnostic> {
        match from {
            Import::Id(id) => Ok(NullLogStore { logstore_name: Field::from(id), ..NullLogStore::default() }),
            Import::Identity(_) => Err(Diagnostic::error("No identity", "This resource has none.")),
        }
    }
}

fn text(field: &Field<String>) -> &str {
    field.known().map_or("", String::as_str)
}

fn as_is(planned: NullLogStore) -> Plan<LogStore> {
    Plan { planned, private: (), requires_replace: Vec::new(), diagnostics: Diagnostics::new() }
}

fn stored(state: NullLogStore) -> Outcome<LogStore> {
    Outcome { state: Some(state), private: (), diagnostics: Diagnostics::new() }
}

fn main() -> ExitCode {
    let Ok(runtime) = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()
    else {
        return ExitCode::FAILURE;
    };
    let environment = Environment::of_process();
    let options = ServeOptions {
        environment,
        mode: Mode::Plugin,
        network: Network::default(),
        output: Box::new(io::stdout()),
    };
    let served = runtime.block_on(plugin::serve(|| ProviderServer::new(Null), options));
    runtime.shutdown_background();
    ExitCode::from(u8::from(served.is_err()))
}
