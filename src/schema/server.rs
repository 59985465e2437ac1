//! A provider as a host calls it: finds what is asked for by its name and calls it.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Mutex, PoisonError},
};

use futures_util::future::BoxFuture;
use tokio_util::sync::CancellationToken;

use super::{
    Diagnostic, Diagnostics, Provider, Schema,
    action::AnyAction,
    adapter::{AnyResource, Erased},
    codec::{Codec, to_model},
    data_source::AnyDataSource,
    events::EventSink,
    function::{AnyFunction, Definition, FunctionError},
    list_resource::AnyListResource,
    messages::{
        ActionEvent, ApplyRequest, ApplyResponse, ConfigureRequest, DataReadRequest, DataReadResponse,
        Encoded, GenerateConfigRequest, GenerateConfigResponse, ImportRequest, ImportResponse, ListEvent,
        ListRequest, MoveRequest, MoveResponse, PlanRequest, PlanResponse, ReadRequest, ReadResponse,
        UpgradeIdentityRequest, UpgradeIdentityResponse, UpgradeStateRequest, UpgradeStateResponse,
    },
    provider::Configure,
    resource::{Context, IdentitySchema},
};

/// A provider with all that it serves, independent of how it is reached.
pub struct ProviderServer {
    provider: Box<dyn ErasedProvider>,
    resources: BTreeMap<&'static str, AnyResource>,
    data_sources: BTreeMap<&'static str, AnyDataSource>,
    list_resources: BTreeMap<&'static str, AnyListResource>,
    actions: BTreeMap<&'static str, AnyAction>,
    functions: BTreeMap<&'static str, AnyFunction>,
    /// Watched by the calls that are running; replaced by each stop.
    running: Mutex<CancellationToken>,
}

/// The schemas and signatures a provider announces.
#[derive(Debug)]
pub struct ProviderSchemas<'a> {
    /// Of the provider block.
    pub provider: &'a Schema,
    /// Of each resource type.
    pub resources: BTreeMap<&'static str, &'a Schema>,
    /// Of the identity of each resource type that has one.
    pub identities: BTreeMap<&'static str, &'a IdentitySchema>,
    /// Of each data source type.
    pub data_sources: BTreeMap<&'static str, &'a Schema>,
    /// Of the `config` block of each list resource, by its resource type.
    pub list_resources: BTreeMap<&'static str, &'a Schema>,
    /// Of the `config` block of each action.
    pub actions: BTreeMap<&'static str, &'a Schema>,
    /// Of each function.
    pub functions: BTreeMap<&'static str, &'a Definition>,
}

impl ProviderServer {
    /// Makes a provider ready to be served.
    pub fn new(provider: impl Provider) -> ProviderServer {
        let (resources, data_sources, lists, actions, functions) = (
            provider.resources().into_iter(),
            provider.data_sources().into_iter(),
            provider.list_resources().into_iter(),
            provider.actions().into_iter(),
            provider.functions().into_iter(),
        );
        ProviderServer {
            resources: resources.map(|resource| (resource.erased().type_name(), resource)).collect(),
            data_sources: data_sources.map(|source| (source.erased().type_name(), source)).collect(),
            list_resources: lists.map(|list| (list.erased().type_name(), list)).collect(),
            actions: actions.map(|action| (action.erased().type_name(), action)).collect(),
            functions: functions.map(|function| (function.erased().name(), function)).collect(),
            provider: Box::new(ProviderAdapter::new(provider)),
            running: Mutex::new(CancellationToken::new()),
        }
    }

    /// The schemas and signatures the provider announces.
    pub fn schemas(&self) -> ProviderSchemas<'_> {
        let each = || self.resources.iter().map(|(name, resource)| (*name, resource.erased()));
        ProviderSchemas {
            provider: self.provider.schema(),
            resources: each().map(|(name, resource)| (name, resource.schema())).collect(),
            identities: each()
                .filter_map(|(name, resource)| Some((name, resource.identity_schema()?)))
                .collect(),
            data_sources: self.data_sources.iter().map(|(name, of)| (*name, of.erased().schema())).collect(),
            list_resources: self
                .list_resources
                .iter()
                .map(|(name, of)| (*name, of.erased().schema()))
                .collect(),
            actions: self.actions.iter().map(|(name, of)| (*name, of.erased().schema())).collect(),
            functions: self.functions.iter().map(|(name, of)| (*name, of.erased().definition())).collect(),
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

    /// Generates the configuration of an object that has none yet.
    pub fn generate_resource_config(&self, request: &GenerateConfigRequest) -> GenerateConfigResponse {
        match self.resource(&request.type_name) {
            Ok(resource) => resource.generate_config(request),
            Err(problem) => GenerateConfigResponse { config: Encoded::Absent, diagnostics: problem.into() },
        }
    }

    /// The identity of an object that is stored like this; none where there is no object or no identity.
    pub fn resource_identity(&self, type_name: &str, state: &Encoded) -> Option<Encoded> {
        self.resource(type_name).ok()?.identity(state)
    }

    /// Takes over an object of another resource type.
    pub fn move_resource_state(&self, request: MoveRequest) -> MoveResponse {
        match self.resource(&request.target_type_name) {
            Ok(resource) => resource.move_from(request),
            Err(problem) => MoveResponse::refused(problem),
        }
    }

    /// Brings a stored identity to the present version.
    pub fn upgrade_resource_identity(&self, request: UpgradeIdentityRequest) -> UpgradeIdentityResponse {
        match self.resource(&request.type_name) {
            Ok(resource) => resource.upgrade_identity(request),
            Err(problem) => UpgradeIdentityResponse { upgraded_identity: None, diagnostics: problem.into() },
        }
    }

    /// Checks a data source block. Unknown values pass.
    pub fn validate_data_source_config(&self, type_name: &str, config: &Encoded) -> Diagnostics {
        match self.data_source(type_name) {
            Ok(data_source) => data_source.erased().validate(config),
            Err(problem) => problem.into(),
        }
    }

    /// Reads a data source.
    pub async fn read_data_source(&self, request: DataReadRequest) -> DataReadResponse {
        match self.data_source(&request.type_name) {
            Ok(data_source) => data_source.erased().read(&self.context(), request).await,
            Err(problem) => DataReadResponse::failed(problem),
        }
    }

    /// Checks the `config` block of a list resource. Unknown values pass.
    pub fn validate_list_resource_config(&self, type_name: &str, config: &Encoded) -> Diagnostics {
        match self.list_resource_type(type_name) {
            Ok(list_resource) => list_resource.erased().validate(config),
            Err(problem) => problem.into(),
        }
    }

    /// Lists the objects of a resource type: one event each, and at most as many as the host takes.
    pub async fn list_resource(&self, request: ListRequest, events: &mut dyn EventSink<ListEvent>) {
        let type_name = request.type_name.as_str();
        let found = self.list_resource_type(type_name).and_then(|list| Ok((list, self.resource(type_name)?)));
        match found {
            Ok((list, resource)) => list.erased().list(&self.context(), request, resource, events).await,
            Err(problem) => {
                events.send(ListEvent::about_the_list(problem.into())).await;
            }
        }
    }

    /// Checks the `config` block of an action. Unknown values pass.
    pub fn validate_action_config(&self, type_name: &str, config: &Encoded) -> Diagnostics {
        match self.action(type_name) {
            Ok(action) => action.erased().validate(config),
            Err(problem) => problem.into(),
        }
    }

    /// Plans an action.
    pub async fn plan_action(&self, type_name: &str, config: &Encoded) -> Diagnostics {
        match self.action(type_name) {
            Ok(action) => action.erased().plan(&self.context(), config).await,
            Err(problem) => problem.into(),
        }
    }

    /// Carries out an action. The last event says that it is completed.
    pub async fn invoke_action(
        &self,
        type_name: &str,
        config: &Encoded,
        events: &mut dyn EventSink<ActionEvent>,
    ) {
        let found = match self.action(type_name) {
            Ok(action) => action.erased().invoke(&self.context(), config, events).await,
            Err(problem) => problem.into(),
        };
        events.send(ActionEvent::Completed(found)).await;
    }

    /// Calls a function, also while the provider is not configured.
    ///
    /// # Errors
    ///
    /// What is wrong with which argument, or that there is no such function.
    pub fn call_function(&self, name: &str, arguments: &[Encoded]) -> Result<Encoded, FunctionError> {
        let function = self.functions.get(name).ok_or_else(|| {
            FunctionError::new(format!(
                "This provider has no function {}; Terraform and the provider disagree about its schema.",
                text::quote(name)
            ))
        })?;
        function.erased().call(arguments)
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

    fn data_source(&self, type_name: &str) -> Result<&AnyDataSource, Diagnostic> {
        self.data_sources.get(type_name).ok_or_else(|| {
            Diagnostic::error(
                "Unknown data source type",
                format!("This provider has no data source {}; Terraform and the provider disagree about its schema.", text::quote(type_name)),
            )
        })
    }

    fn list_resource_type(&self, type_name: &str) -> Result<&AnyListResource, Diagnostic> {
        self.list_resources.get(type_name).ok_or_else(|| {
            Diagnostic::error(
                "Unknown list resource type",
                format!("This provider has no list resource {}; Terraform and the provider disagree about its schema.", text::quote(type_name)),
            )
        })
    }

    fn action(&self, type_name: &str) -> Result<&AnyAction, Diagnostic> {
        self.actions.get(type_name).ok_or_else(|| {
            Diagnostic::error(
                "Unknown action type",
                format!(
                    "This provider has no action {}; Terraform and the provider disagree about its schema.",
                    text::quote(type_name)
                ),
            )
        })
    }

    fn resource(&self, type_name: &str) -> Result<&dyn Erased, Diagnostic> {
        self.resources.get(type_name).map(AnyResource::erased).ok_or_else(|| {
            Diagnostic::error(
                "Unknown resource type",
                format!("This provider has no resource type {}; Terraform and the provider disagree about its schema.", text::quote(type_name)),
            )
        })
    }
}

impl fmt::Debug for ProviderServer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("ProviderServer")
            .field("resources", &self.resources.keys())
            .field("data_sources", &self.data_sources.keys())
            .field("list_resources", &self.list_resources.keys())
            .field("actions", &self.actions.keys())
            .field("functions", &self.functions.keys())
            .finish_non_exhaustive()
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
    codec: Codec,
}

impl<P: Provider> ProviderAdapter<P> {
    fn new(provider: P) -> Self {
        let codec = Codec::new(provider.schema());
        ProviderAdapter { provider, codec }
    }

    async fn try_configure(
        &self,
        context: &Context,
        request: ConfigureRequest,
    ) -> Result<Diagnostics, Diagnostics> {
        let config = to_model(self.codec.decode_config(&request.config)?)?;
        let configure = Configure { terraform_version: request.terraform_version, config };
        Ok(self.provider.configure(context, configure).await)
    }
}

impl<P: Provider> ErasedProvider for ProviderAdapter<P> {
    fn schema(&self) -> &Schema {
        &self.codec.schema
    }

    fn validate(&self, config: &Encoded) -> Diagnostics {
        self.codec.validate(config, |config| self.provider.validate(config))
    }

    fn configure<'a>(
        &'a self,
        context: &'a Context,
        request: ConfigureRequest,
    ) -> BoxFuture<'a, Diagnostics> {
        Box::pin(async move {
            let outcome = self.try_configure(context, request).await;
            self.codec.locate(outcome.unwrap_or_else(|problems| problems))
        })
    }
}
