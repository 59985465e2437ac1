//! A provider as the wire calls it: finds the resource type, hands on, answers for unknown types.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Mutex, PoisonError},
};

use futures_util::future::BoxFuture;
use tokio_util::sync::CancellationToken;

use super::{
    Diagnostic, Diagnostics, Model, Path, Provider, Schema, Type,
    adapter::{AnyResource, Erased, decode, located},
    messages::{
        ApplyRequest, ApplyResponse, ConfigureRequest, Encoded, ImportRequest, ImportResponse, MoveRequest,
        PlanRequest, PlanResponse, ReadRequest, ReadResponse, UpgradeIdentityRequest,
        UpgradeIdentityResponse, UpgradeStateRequest, UpgradeStateResponse,
    },
    provider::Configure,
    resource::{Context, IdentitySchema},
    validation,
};

/// A provider with its resources, independent of how it is reached.
pub struct ProviderServer {
    provider: Box<dyn ErasedProvider>,
    resources: BTreeMap<&'static str, AnyResource>,
    /// Watched by the calls that are running; replaced by each stop.
    running: Mutex<CancellationToken>,
}

/// The schemas a provider announces.
#[derive(Debug)]
pub struct ProviderSchemas<'a> {
    /// Of the provider block.
    pub provider: &'a Schema,
    /// Of each resource type.
    pub resources: BTreeMap<&'static str, &'a Schema>,
    /// Of the identity of each resource type that has one.
    pub identities: BTreeMap<&'static str, &'a IdentitySchema>,
}

impl ProviderServer {
    /// Makes a provider ready to be served.
    pub fn new(provider: impl Provider) -> ProviderServer {
        let resources = provider.resources();
        ProviderServer {
            resources: resources
                .into_iter()
                .map(|resource| (resource.erased().type_name(), resource))
                .collect(),
            provider: Box::new(ProviderAdapter::new(provider)),
            running: Mutex::new(CancellationToken::new()),
        }
    }

    /// The schemas the provider announces.
    pub fn schemas(&self) -> ProviderSchemas<'_> {
        let each = || self.resources.iter().map(|(name, resource)| (*name, resource.erased()));
        ProviderSchemas {
            provider: self.provider.schema(),
            resources: each().map(|(name, resource)| (name, resource.schema())).collect(),
            identities: each()
                .filter_map(|(name, resource)| Some((name, resource.identity_schema()?)))
                .collect(),
        }
    }

    /// Checks a provider block. Unknown values pass.
    pub fn validate_provider_config(&self, config: &Encoded) -> Diagnostics {
        self.provider.validate(config)
    }

    /// Takes the provider block.
    pub async fn configure_provider(&self, request: ConfigureRequest) -> Diagnostics {
        self.provider.configure(&self.context(), request).await
    }

    /// Checks a resource block. Unknown values pass.
    pub fn validate_resource_config(&self, type_name: &str, config: &Encoded) -> Diagnostics {
        match self.resource(type_name) {
            Ok(resource) => resource.validate(config),
            Err(problem) => problem.into(),
        }
    }

    /// Brings a stored state to the present schema version.
    pub fn upgrade_resource_state(&self, request: UpgradeStateRequest) -> UpgradeStateResponse {
        match self.resource(&request.type_name) {
            Ok(resource) => resource.upgrade(request),
            Err(problem) => {
                UpgradeStateResponse { upgraded_state: Encoded::Absent, diagnostics: problem.into() }
            }
        }
    }

    /// Refreshes an object. On failure what was known of it is handed back.
    pub async fn read_resource(&self, request: ReadRequest) -> ReadResponse {
        match self.resource(&request.type_name) {
            Ok(resource) => resource.read(&self.context(), request).await,
            Err(problem) => ReadResponse {
                new_state: request.current_state,
                private: request.private,
                new_identity: None,
                diagnostics: problem.into(),
            },
        }
    }

    /// Plans a create, a change or a destroy.
    pub async fn plan_resource_change(&self, request: PlanRequest) -> PlanResponse {
        match self.resource(&request.type_name) {
            Ok(resource) => resource.plan(&self.context(), request).await,
            Err(problem) => PlanResponse {
                planned_state: request.prior_state,
                planned_private: request.prior_private,
                diagnostics: problem.into(),
                ..PlanResponse::default()
            },
        }
    }

    /// Carries out a plan. On failure what exists is handed back.
    pub async fn apply_resource_change(&self, request: ApplyRequest) -> ApplyResponse {
        match self.resource(&request.type_name) {
            Ok(resource) => resource.apply(&self.context(), request).await,
            Err(problem) => ApplyResponse {
                new_state: request.prior_state,
                private: request.planned_private,
                new_identity: None,
                diagnostics: problem.into(),
            },
        }
    }

    /// Turns an id or identity into an object that can be read.
    pub async fn import_resource_state(&self, request: ImportRequest) -> ImportResponse {
        match self.resource(&request.type_name) {
            Ok(resource) => resource.import(&self.context(), request).await,
            Err(problem) => ImportResponse { imported: None, diagnostics: problem.into() },
        }
    }

    /// Refuses to take over an object of another resource type: none is known here.
    pub fn move_resource_state(&self, request: &MoveRequest) -> Diagnostics {
        Diagnostic::error(
            "Move between resource types not supported",
            format!(
                "{} cannot take over a {} of provider {}. Import the object under its new address instead.",
                request.target_type_name, request.source_type_name, request.source_provider_address
            ),
        )
        .into()
    }

    /// Brings a stored identity to the present version.
    pub fn upgrade_resource_identity(&self, request: UpgradeIdentityRequest) -> UpgradeIdentityResponse {
        match self.resource(&request.type_name) {
            Ok(resource) => resource.upgrade_identity(request),
            Err(problem) => UpgradeIdentityResponse { upgraded_identity: None, diagnostics: problem.into() },
        }
    }

    /// Cancels the calls that are running. Calls that come later are served as before.
    pub fn stop(&self) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *running).cancel();
    }

    fn context(&self) -> Context {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        Context { cancel: running.child_token() }
    }

    fn resource(&self, type_name: &str) -> Result<&dyn Erased, Diagnostic> {
        self.resources.get(type_name).map(AnyResource::erased).ok_or_else(|| {
            Diagnostic::error(
                "Unknown resource type",
                format!("This provider has no resource type {type_name:?}; Terraform and the provider disagree about its schema."),
            )
        })
    }
}

impl fmt::Debug for ProviderServer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("ProviderServer").field("resources", &self.resources.keys()).finish_non_exhaustive()
    }
}

/// [`Provider`] without its model.
trait ErasedProvider: Send + Sync {
    fn schema(&self) -> &Schema;
    fn validate(&self, config: &Encoded) -> Diagnostics;
    fn configure<'a>(&'a self, context: &'a Context, request: ConfigureRequest)
    -> BoxFuture<'a, Diagnostics>;
}

struct ProviderAdapter<P> {
    provider: P,
    schema: Schema,
    of: Type,
}

impl<P: Provider> ProviderAdapter<P> {
    fn new(provider: P) -> Self {
        let schema = provider.schema();
        let of = schema.implied_type();
        ProviderAdapter { provider, schema, of }
    }

    fn try_validate(&self, config: &Encoded) -> Result<Diagnostics, Diagnostic> {
        let config = decode(config, &self.of)?;
        let mut found = validation::validate(&self.schema, &config);
        if !found.has_errors() && !config.is_null() {
            found.extend(self.provider.validate(&P::Model::from_object(config, &Path::root())?));
        }
        Ok(found)
    }

    async fn try_configure(
        &self,
        context: &Context,
        request: ConfigureRequest,
    ) -> Result<Diagnostics, Diagnostic> {
        let config = P::Model::from_object(decode(&request.config, &self.of)?, &Path::root())?;
        let configure = Configure { terraform_version: request.terraform_version, config };
        Ok(self.provider.configure(context, configure).await)
    }
}

impl<P: Provider> ErasedProvider for ProviderAdapter<P> {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn validate(&self, config: &Encoded) -> Diagnostics {
        located(&self.schema, self.try_validate(config).unwrap_or_else(Diagnostics::from))
    }

    fn configure<'a>(
        &'a self,
        context: &'a Context,
        request: ConfigureRequest,
    ) -> BoxFuture<'a, Diagnostics> {
        Box::pin(async move {
            let outcome = self.try_configure(context, request).await;
            located(&self.schema, outcome.unwrap_or_else(Diagnostics::from))
        })
    }
}
