//! This provider's configuration, resources, data sources and functions.

mod account;
mod audit;
mod byok_readiness;
mod claims;
mod config;
mod connection;
mod credentials;
mod duration;
mod environment;
mod errors;
mod files;
mod functions;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
mod log_store_encryption;
mod log_store_id;
mod name_rules;
mod no_client;
mod ordered_reads;
pub mod privileges;
mod ram_byok_role;
mod readiness;
mod role_arn;
mod role_registry;
mod run_state;
mod secret_text;
mod session;
mod settings;
mod stores;
mod timeouts;
mod verify;
mod world;

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

pub use audit::{LogStoreEncryptionState, LogStoreEncryptions};
pub use byok_readiness::ByokReadiness;
pub use environment::Environment;
pub use log_store_encryption::{LogStoreEncryption, LogStoreEncryptionList};
pub use ram_byok_role::{RamByokRole, RamByokRoleList};
pub use verify::LogStoreEncryptionVerify;
pub use world::{ReadFile, World};

use claims::Span;
use cloud::CallContext;
use config::ProviderModel;
use files::Files;
use schema::{
    Diagnostics, Provider, Schema, action::AnyAction, adapter::AnyResource, data_source::AnyDataSource,
    function::AnyFunction, list_resource::AnyListResource, provider::Configure, resource::Context,
};
use session::Session;

/// The provider's source address, without the host: Terraform and OpenTofu each put their own registry
/// in front. The only place that names it.
pub const SOURCE_ADDRESS: &str = "sls-encryption/alicloud-encryption";

/// The provider.
#[derive(Debug)]
pub struct AlicloudEncryption {
    session: Arc<Session>,
    environment: Environment,
    /// Set once a host has asked to check a provider block, as every host does before each phase.
    validated: AtomicBool,
}

impl AlicloudEncryption {
    /// A provider that is not configured yet and reads its defaults from these environment variables.
    pub fn new(environment: Environment) -> AlicloudEncryption {
        AlicloudEncryption::in_world(World::of_process(), environment)
    }

    /// The same in another world than that of this process.
    pub fn in_world(world: World, environment: Environment) -> AlicloudEncryption {
        AlicloudEncryption {
            session: Arc::new(Session::new(world)),
            environment,
            validated: AtomicBool::new(false),
        }
    }
}

impl Provider for AlicloudEncryption {
    type Model = ProviderModel;

    fn schema(&self) -> Schema {
        config::schema()
    }

    fn validate(&self, config: &ProviderModel) -> Diagnostics {
        self.validated.store(true, Ordering::Relaxed);
        config::validate(config)
    }

    async fn configure(&self, context: &Context, request: Configure<ProviderModel>) -> Diagnostics {
        let world = &self.session.world;
        let limits = CallContext::new(context.cancel.clone());
        let (config, environment) = (request.config, self.environment.clone());
        let read = move |files: &Files| settings::settings(&config, &environment, files);
        match files::within(&limits, world, read).await.unwrap_or_else(|late| Err(late.into())) {
            Ok(settings) => {
                // A test file's provider block is not checked before it is used, and this is the only sign of it.
                let is_checked = self.validated.load(Ordering::Relaxed);
                let span = if is_checked { Span::OnePhase } else { Span::ManyPhases };
                self.session.configure(settings, &request.terraform_version, span);
                Diagnostics::new()
            }
            Err(diagnostics) => diagnostics,
        }
    }

    fn resources(&self) -> Vec<AnyResource> {
        vec![
            AnyResource::new(LogStoreEncryption::new(Arc::clone(&self.session))),
            AnyResource::new(RamByokRole::new(Arc::clone(&self.session))),
        ]
    }

    fn data_sources(&self) -> Vec<AnyDataSource> {
        vec![
            AnyDataSource::new(ByokReadiness::new(Arc::clone(&self.session))),
            AnyDataSource::new(LogStoreEncryptionState::new(Arc::clone(&self.session))),
            AnyDataSource::new(LogStoreEncryptions::new(Arc::clone(&self.session))),
        ]
    }

    fn list_resources(&self) -> Vec<AnyListResource> {
        vec![
            AnyListResource::new(LogStoreEncryptionList::new(Arc::clone(&self.session))),
            AnyListResource::new(RamByokRoleList::new(Arc::clone(&self.session))),
        ]
    }

    fn actions(&self) -> Vec<AnyAction> {
        vec![AnyAction::new(LogStoreEncryptionVerify::new(Arc::clone(&self.session)))]
    }

    fn functions(&self) -> Vec<AnyFunction> {
        functions::all()
    }
}

#[cfg(test)]
mod schema_tests;
