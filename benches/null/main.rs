//! A provider that does nothing: its plans take what the host and the wire take.
//!
//! It has the wire and the schemas of the provider that is measured, and one resource with three texts, which it plans,
//! stores and reads as they are. What the other provider takes beyond it is its own work.

use std::{io, process::ExitCode};

use plugin::{Environment, Mode, Network, ServeOptions};
use schema::{
    Attribute, Diagnostic, Diagnostics, Field, Provider, ProviderServer, Resource, Schema,
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

model! {
    /// The resource block.
    pub struct NullLogStore {
        /// A text.
        pub region: String,
        /// A text.
        pub project_name: String,
        /// A text.
        pub logstore_name: String,
    }
}

#[derive(Debug)]
struct Null;

#[derive(Debug)]
struct LogStore;

impl Provider for Null {
    type Model = NullProvider;

    fn schema(&self) -> Schema {
        Schema::default()
    }

    async fn configure(&self, _context: &Context, _request: Configure<NullProvider>) -> Diagnostics {
        Diagnostics::new()
    }

    fn resources(&self) -> Vec<AnyResource> {
        vec![AnyResource::new(LogStore)]
    }
}

impl Resource for LogStore {
    type Model = NullLogStore;
    type Private = ();

    fn type_name(&self) -> &'static str {
        "null_log_store"
    }

    fn schema(&self) -> Schema {
        let names = ["region", "project_name", "logstore_name"];
        Schema {
            attributes: names.map(|name| Attribute::string(name).required()).into(),
            ..Schema::default()
        }
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
        stored(request.planned)
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
