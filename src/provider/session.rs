//! The clients of the services that a configured provider gives its resources.

use std::{
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use super::{
    claims::Span,
    no_client::NoClient,
    run_state::RunState,
    settings::{KnownSettings, Preflight, Settings},
    timeouts::{self, TimeoutsModel},
    world::World,
};
use cloud::{
    CallContext, Dispatcher, DispatcherConfig,
    credentials::{CheckedAccount, SourceContext},
    endpoint::Endpoint,
    http::{HttpTransport, ReqwestTransport, TransportConfig},
    kms::KmsClient,
    names::Region,
    network::Network,
    nonce::{NonceSource, UniqueNonces},
    ram::RamClient,
    retry::RetryPolicy,
    rpc::RpcConfig,
    signing::sls,
    sls::{EncryptionApi, SlsClient, SlsConfig},
};
use schema::{Field, resource::Context};

/// The state that the resources of one provider process share.
#[derive(Debug)]
pub(super) struct Session {
    configured: RwLock<Configured>,
    /// What this process is working on.
    pub(super) run_state: RunState,
    /// What the clients reach.
    pub(super) world: World,
}

/// The outcome of configuring: the clients, or why there are none.
type Configured = Result<Clients, NoClient>;

/// The clients of one configuration. They share credentials, retries and the bound on requests under way.
#[derive(Clone, Debug)]
struct Clients {
    region: Region,
    preflight: Preflight,
    permanence_warning: bool,
    max_concurrency: usize,
    sls: Arc<SlsClients>,
    ram: Arc<RamClient>,
    account: Arc<CheckedAccount>,
    kms: Arc<KmsClients>,
}

/// KMS has an endpoint in each region, so there is a client for each region that a key is in.
#[derive(Debug)]
struct KmsClients {
    /// `None` for the endpoint of the region.
    endpoint: Option<Endpoint>,
    network: Network,
    /// Whose endpoint is the one of each region.
    template: RpcConfig,
}

/// SLS has an endpoint in each region, so there is a client for each region that a Logstore is in.
#[derive(Debug)]
struct SlsClients {
    /// `None` for the endpoint of the region.
    endpoint: Option<Endpoint>,
    network: Network,
    signature: sls::SignatureVersion,
    encryption_api: EncryptionApi,
    dispatcher: Arc<Dispatcher>,
}

impl Session {
    /// A session that is not configured yet.
    pub(super) fn new(world: World) -> Session {
        Session {
            configured: RwLock::new(Err(NoClient::NotConfigured)),
            run_state: RunState::default(),
            world,
        }
    }

    /// Takes the settings. Nothing is dialled.
    ///
    /// A host configures the provider once at the beginning of each phase, or of many ([`Span`]), on a connection of
    /// its own. Should it do so again, the latest settings count, and what earlier phases did is forgotten.
    pub(super) fn configure(&self, settings: Settings, terraform_version: &str, span: Span) {
        let configured = match settings {
            Settings::Known(known) => Ok(Clients::new(*known, terraform_version, &self.world)),
            Settings::Unknown(names) => Err(NoClient::Unknown(names)),
        };
        self.run_state.begin_phase(span);
        *self.configured.write().unwrap_or_else(PoisonError::into_inner) = configured;
    }

    /// The region of the provider.
    ///
    /// # Errors
    ///
    /// Why there is no client.
    pub(super) fn region(&self) -> Result<Region, NoClient> {
        self.clients().map(|clients| clients.region)
    }

    /// What a plan does about a key or a role that is not ready; without a client it cannot look.
    pub(super) fn preflight(&self) -> Preflight {
        self.clients().map_or(Preflight::Off, |clients| clients.preflight)
    }

    /// Whether a plan warns that the first configuration of a Logstore is permanent.
    pub(super) fn warns_of_permanence(&self) -> bool {
        self.clients().is_ok_and(|clients| clients.permanence_warning)
    }

    /// How many requests may be under way at once.
    pub(super) fn max_concurrency(&self) -> usize {
        self.clients().map_or(1, |clients| clients.max_concurrency)
    }

    /// A client of SLS in a region.
    ///
    /// # Errors
    ///
    /// Why there is no client.
    pub(super) fn sls(&self, region: &Region) -> Result<SlsClient, NoClient> {
        self.clients().map(|clients| clients.sls.client(region))
    }

    /// The client of RAM.
    ///
    /// # Errors
    ///
    /// Why there is no client.
    pub(super) fn ram(&self) -> Result<Arc<RamClient>, NoClient> {
        self.clients().map(|clients| clients.ram)
    }

    /// The account that the credentials belong to.
    ///
    /// # Errors
    ///
    /// Why there is no client.
    pub(super) fn account(&self) -> Result<Arc<CheckedAccount>, NoClient> {
        self.clients().map(|clients| clients.account)
    }

    /// A client of KMS in a region.
    ///
    /// # Errors
    ///
    /// Why there is no client.
    pub(super) fn kms(&self, region: &Region) -> Result<KmsClient, NoClient> {
        self.clients().map(|clients| clients.kms.client(region))
    }

    /// The bounds of the calls of one operation: the host's cancellation, and the time limit.
    pub(super) fn bounds<M>(
        &self,
        context: &Context,
        timeouts: &Field<M>,
        limit: fn(&M) -> &Field<String>,
        default: Duration,
    ) -> CallContext {
        let bounds = CallContext::new(context.cancel.clone());
        match self.ram() {
            Ok(client) => bounds.with_timeout(client.clock(), timeouts::limit(timeouts, limit, default)),
            // No client, no calls.
            Err(_) => bounds,
        }
    }

    /// The bounds of a read that has no `timeouts` of its own: those of a refresh by default.
    pub(super) fn default_read_bounds(&self, context: &Context) -> CallContext {
        self.bounds(context, &Field::<TimeoutsModel>::Null, |limits| &limits.read, timeouts::READ)
    }

    fn clients(&self) -> Configured {
        self.configured.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Clients {
    fn new(settings: KnownSettings, terraform_version: &str, world: &World) -> Clients {
        let nonces: Arc<dyn NonceSource> = Arc::new(UniqueNonces::default());
        let source_context = source_context(&settings, terraform_version, &nonces, world);
        let chain = Arc::new(settings.credentials.chain(source_context.clone()));
        let account = Arc::new(CheckedAccount::new(
            chain,
            settings.sts_endpoint,
            settings.accounts,
            source_context.clone(),
        ));
        let dispatcher = Arc::new(Dispatcher::new(DispatcherConfig {
            credentials: Arc::<CheckedAccount>::clone(&account),
            transport: source_context.transport,
            clock: source_context.clock,
            retry: source_context.retry,
            request_timeout: settings.request_timeout,
            max_concurrency: settings.max_concurrency,
        }));
        let rpc = |endpoint: Endpoint| RpcConfig {
            endpoint,
            signature: settings.rpc_signature,
            dispatcher: Arc::clone(&dispatcher),
            nonces: Arc::clone(&nonces),
        };
        Clients {
            region: settings.region.clone(),
            preflight: settings.preflight,
            permanence_warning: settings.permanence_warning,
            max_concurrency: settings.max_concurrency,
            ram: Arc::new(RamClient::new(rpc(settings.ram_endpoint))),
            account,
            kms: Arc::new(KmsClients {
                template: rpc(settings.connection.network.kms(&settings.region)),
                network: settings.connection.network,
                endpoint: settings.kms_endpoint,
            }),
            sls: Arc::new(SlsClients {
                endpoint: settings.log_endpoint,
                network: settings.connection.network,
                signature: settings.signature,
                encryption_api: settings.encryption_api,
                dispatcher,
            }),
        }
    }
}

impl KmsClients {
    fn client(&self, region: &Region) -> KmsClient {
        let endpoint = self.endpoint.clone().unwrap_or_else(|| self.network.kms(region));
        KmsClient::new(RpcConfig { endpoint, ..self.template.clone() })
    }
}

impl SlsClients {
    /// The clients of all regions share credentials, connections and limits.
    fn client(&self, region: &Region) -> SlsClient {
        let configured = self.endpoint.as_ref().map(|endpoint| endpoint.of_sls_region(region));
        SlsClient::new(SlsConfig {
            endpoint: configured.unwrap_or_else(|| self.network.sls(region)),
            region: region.clone(),
            signature: self.signature,
            encryption_api: self.encryption_api,
            dispatcher: Arc::clone(&self.dispatcher),
        })
    }
}

impl Default for Session {
    /// A session that is not configured yet, in the world of this process.
    fn default() -> Self {
        Session::new(World::of_process())
    }
}

/// What sources of credentials and the clients reach the world with.
fn source_context(
    settings: &KnownSettings,
    terraform_version: &str,
    nonces: &Arc<dyn NonceSource>,
    world: &World,
) -> SourceContext {
    let http_client = || -> Arc<dyn HttpTransport> {
        Arc::new(ReqwestTransport::new(transport_config(settings, terraform_version)))
    };
    SourceContext {
        host: Arc::clone(&world.host),
        transport: world.transport.clone().unwrap_or_else(http_client),
        clock: Arc::clone(&world.clock),
        nonces: Arc::clone(nonces),
        retry: RetryPolicy { max_retries: settings.max_retries, ..RetryPolicy::default() },
        request_timeout: settings.request_timeout,
        signature: settings.rpc_signature,
    }
}

fn transport_config(settings: &KnownSettings, terraform_version: &str) -> TransportConfig {
    let mut transport =
        TransportConfig::new(user_agent(settings.configuration_source.as_deref(), terraform_version));
    // The time to connect counts as silence too.
    transport.read_timeout = settings.request_timeout.max(transport.connect_timeout);
    transport.max_idle_connections = settings.max_concurrency;
    transport.ca_bundle.clone_from(&settings.connection.ca_bundle);
    transport.proxy.clone_from(&settings.connection.proxy);
    transport
}

/// Names the provider, the host and whatever the person wants named, as the official provider does with
/// `TF_APPEND_USER_AGENT`.
fn user_agent(append: Option<&str>, terraform_version: &str) -> String {
    let version = env!("CARGO_PKG_VERSION");
    let mut agent = format!("terraform-provider-alicloud-encryption/{version}");
    if !terraform_version.is_empty() {
        agent = format!("Terraform/{terraform_version} {agent}");
    }
    if let Some(append) = append {
        agent = format!("{agent} {append}");
    }
    // A header value takes printable ASCII only.
    agent.chars().filter(|c| c.is_ascii_graphic() || *c == ' ').collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::ProviderModel;
    use crate::environment::Environment;
    use crate::files::Files;
    use crate::settings::settings;

    #[test]
    fn the_latest_settings_count() {
        let environment = Environment::from([
            ("ALICLOUD_ACCESS_KEY", "id"),
            ("ALICLOUD_SECRET_KEY", "secret"),
            ("ALICLOUD_REGION", "cn-hangzhou"),
        ]);
        let settings_of = |region| {
            settings(&ProviderModel { region, ..ProviderModel::default() }, &environment, &Files::default())
                .unwrap()
        };
        let (session, hangzhou) = (Session::default(), Region::parse("cn-hangzhou").unwrap());
        assert!(matches!(session.sls(&hangzhou), Err(NoClient::NotConfigured)));
        session.configure(settings_of(Field::Unknown), "1.11.4", Span::OnePhase);
        assert!(matches!(session.sls(&hangzhou), Err(NoClient::Unknown(names)) if names == ["region"]));
        session.configure(settings_of(Field::Null), "1.11.4", Span::OnePhase);
        assert!(session.sls(&hangzhou).is_ok());
    }

    #[test]
    fn every_service_has_a_client_and_sls_and_kms_one_for_each_region() {
        let pairs = [
            ("ALICLOUD_ACCESS_KEY", "id"),
            ("ALICLOUD_SECRET_KEY", "canary"),
            ("ALICLOUD_REGION", "cn-hangzhou"),
        ];
        let session = |environment: Environment| {
            let session = Session::default();
            session.configure(
                settings(&ProviderModel::default(), &environment, &Files::default()).unwrap(),
                "1.11.4",
                Span::OnePhase,
            );
            session
        };
        let shanghai = Region::parse("cn-shanghai").unwrap();
        let public = session(Environment::from(pairs));
        assert!(format!("{:?}", public.kms(&shanghai).unwrap()).contains("kms.cn-shanghai.aliyuncs.com"));
        assert!(format!("{:?}", public.ram().unwrap()).contains("ram.aliyuncs.com"));
        assert!(format!("{:?}", public.account().unwrap()).contains("sts.cn-hangzhou.aliyuncs.com"));
        assert!(!format!("{public:?}").contains("canary"));
        let inside = ("ALIBABA_CLOUD_VPC_ENDPOINT_ENABLED", "true");
        let inside = session(Environment::from([pairs[0], pairs[1], pairs[2], inside]));
        assert!(format!("{:?}", inside.kms(&shanghai).unwrap()).contains("kms-vpc.cn-shanghai.aliyuncs.com"));
        let sls = |session: &Session| format!("{:?}", session.sls(&shanghai).unwrap());
        assert!(sls(&inside).contains("cn-shanghai-intranet.log.aliyuncs.com"));
        assert!(sls(&public).contains("cn-shanghai.log.aliyuncs.com"));
        for (configured, reached) in [
            ("cn-hangzhou.log.aliyuncs.com", "cn-shanghai.log.aliyuncs.com"),
            ("127.0.0.1", "Ipv4(127.0.0.1)"),
        ] {
            let configured = ("ALIBABA_CLOUD_ENDPOINT_SLS", configured);
            let of = session(Environment::from([pairs[0], pairs[1], pairs[2], configured]));
            assert!(sls(&of).contains(reached), "{}", sls(&of));
        }

        let [id, secret, region] = pairs;
        let kms = ("ALIBABA_CLOUD_ENDPOINT_KMS", "kms.example.com");
        let overridden = session(Environment::from([id, secret, region, kms]));
        assert!(format!("{:?}", overridden.kms(&shanghai).unwrap()).contains("kms.example.com"));

        assert!(matches!(Session::default().ram(), Err(NoClient::NotConfigured)));
        assert!(matches!(Session::default().kms(&shanghai), Err(NoClient::NotConfigured)));
    }

    #[test]
    fn user_agent_names_host_provider_and_what_is_appended() {
        assert_eq!(
            user_agent(Some("ci/7\r\n"), "1.11.4"),
            concat!(
                "Terraform/1.11.4 terraform-provider-alicloud-encryption/",
                env!("CARGO_PKG_VERSION"),
                " ci/7"
            )
        );
    }
}
