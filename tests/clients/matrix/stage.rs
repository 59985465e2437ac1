//! An emulator, clients that reach it straight, and clients that reach it through the relay.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use cloud::clock::{Clock, SystemClock};
use cloud::credentials::{Chain, CredentialProvider, SourceContext, StaticCredentials};
use cloud::endpoint::Endpoint;
use cloud::http::{HttpTransport, ReqwestTransport, TransportConfig};
use cloud::kms::KmsClient;
use cloud::names::Region;
use cloud::nonce::UniqueNonces;
use cloud::ram::RamClient;
use cloud::retry::RetryPolicy;
use cloud::rpc::RpcConfig;
use cloud::signing::{rpc, sls};
use cloud::sls::{EncryptionApi, SlsClient, SlsConfig};
use cloud::sts::StsClient;
use cloud::{CallContext, Dispatcher, DispatcherConfig};
use emulator::{self, Config, Emulator, Seed};
use serde_json::Value;
use test_support::async_http::control;

use super::clock::VirtualClock;
use super::fault::{Fault, On};
use super::keys::{Given, Printer, printer, with_printed_keys};
use super::relay::Relay;
use super::transport::{NumberingTransport, Script};
use crate::scene::key;

/// How many attempts may follow the first.
pub const MAX_RETRIES: u64 = 3;

/// Long enough for an update to be looked at beside it before its time is over.
const REQUEST_TIMEOUT: Duration = Duration::from_millis(2500);

/// A client of each service; all share what sends their calls.
pub struct Clients {
    pub sls: SlsClient,
    pub ram: RamClient,
    pub kms: KmsClient,
    pub sts: StsClient,
    pub context: CallContext,
}

/// An emulator, and clients that nothing disturbs.
pub struct Stage {
    emulator: Emulator,
    pub straight: Clients,
}

/// Clients behind a relay that does something bad.
pub struct Disturbed {
    pub clients: Clients,
    script: Arc<Script>,
    relay: Relay,
    printer: Option<Arc<Printer>>,
}

/// A call that has come to the emulator.
pub struct Logged {
    /// What it asked for.
    pub action: String,
    /// Whether the emulator did it.
    pub is_carried_out: bool,
}

impl Logged {
    /// Whether it was a write.
    pub fn is_write(&self) -> bool {
        !is_read(&self.action)
    }
}

/// Whether an action of RAM or SLS changes nothing.
pub fn is_read(action: &str) -> bool {
    action.starts_with("Get") || action.starts_with("List")
}

impl Stage {
    /// An emulator with a seed, which has the key `ak-alice`; it knows the keys that are printed too.
    pub async fn start(seed: &Value) -> Self {
        let clock = emulator::Clock::system();
        let seed = Seed::from_json(&with_printed_keys(seed.clone()).to_string(), &clock).unwrap();
        let emulator = Emulator::start(Config { seed, clock, ..Config::default() }).await.unwrap();
        let transport = Arc::new(ReqwestTransport::new(TransportConfig::new("fault-matrix")));
        let clock = Arc::new(SystemClock);
        let straight = Clients::new(emulator.addr(), transport, clock, fixed(), MAX_RETRIES);
        Self { emulator, straight }
    }

    /// Goes back to the seed, and forgets the calls there were.
    pub async fn reset(&self) {
        self.control("POST", "reset").await;
        self.forget_calls().await;
    }

    /// Forgets the calls there were.
    pub async fn forget_calls(&self) {
        self.control("DELETE", "requests").await;
    }

    /// Clients that nothing disturbs, and whose requests are counted.
    pub async fn undisturbed(&self) -> Disturbed {
        self.disturbed(None, Given::Fixed, On::Never).await
    }

    /// Clients whose requests meet a fault.
    pub async fn disturbed(&self, fault: Option<Fault>, given: Given, on: On) -> Disturbed {
        self.disturbed_with(MAX_RETRIES, fault, given, on).await
    }

    /// As [`Stage::disturbed`], with another number of attempts that may follow the first.
    pub async fn disturbed_with(
        &self,
        max_retries: u64,
        fault: Option<Fault>,
        given: Given,
        on: On,
    ) -> Disturbed {
        let (clock, script) = (Arc::new(VirtualClock::start()), Arc::new(Script::new(fault, on)));
        let relay = Relay::start(self.emulator.addr(), Arc::clone(&clock), Arc::clone(&script)).await;
        let transport = Arc::new(NumberingTransport::new(Arc::clone(&clock), Arc::clone(&script)));
        let printer = printer(given);
        let credentials = match &printer {
            Some(printer) => printed(printer, &transport, &clock),
            None => fixed(),
        };
        let clients = Clients::new(relay.address(), transport, clock, credentials, max_retries);
        Disturbed { clients, script, relay, printer }
    }

    /// How often the emulator has carried an action out since its calls were forgotten.
    pub async fn carried_out(&self, action: &str) -> usize {
        self.log().await.iter().filter(|call| call.is_carried_out && call.action == action).count()
    }

    /// The calls that have come to the emulator since they were forgotten, in their order.
    pub async fn log(&self) -> Vec<Logged> {
        let log = self.control("GET", "requests").await;
        let logged = |call: &Value| Logged {
            action: call["action"].as_str().unwrap().to_owned(),
            is_carried_out: call["status"] == 200,
        };
        log.as_array().unwrap().iter().map(logged).collect()
    }

    /// What the emulator shows of roles and users.
    pub async fn roles_and_users(&self) -> (Value, Value) {
        let mut state = self.control("GET", "state").await;
        (state["roles"].take(), state["users"].take())
    }

    /// A Logstore with every member it has.
    pub async fn log_store(&self, project: &str, logstore: &str) -> Value {
        self.control("GET", &format!("projects/{project}/logstores/{logstore}")).await
    }

    async fn control(&self, method: &str, path: &str) -> Value {
        control(self.emulator.addr(), method, path, "").await.unwrap()
    }
}

impl Disturbed {
    /// The actions that were asked for, in the order they were sent. Every request has come to the relay once, but
    /// for those whose connection was refused.
    pub fn asked_for(&self) -> Vec<String> {
        let mut requests = self.relay.arrivals();
        requests.extend(self.script.refused());
        requests.sort();
        let numbers = requests.iter().map(|(number, _)| *number);
        assert!(numbers.eq(1..=self.sent()), "a request came twice, or never: {requests:?}");
        requests.into_iter().map(|(_, action)| action).collect()
    }

    /// How often an action was asked for.
    pub fn sent_of(&self, action: &str) -> u64 {
        self.asked_for().iter().filter(|asked_for| *asked_for == action).count().try_into().unwrap()
    }

    /// How many keys were printed.
    pub fn printed(&self) -> u64 {
        self.printer.as_ref().map_or(0, |printer| printer.printed())
    }

    /// How many requests were sent, those included whose connection was refused.
    pub fn sent(&self) -> u64 {
        self.script.sent()
    }
}

impl Clients {
    fn new(
        address: SocketAddr,
        transport: Arc<dyn HttpTransport>,
        clock: Arc<dyn Clock>,
        credentials: Arc<dyn CredentialProvider>,
        max_retries: u64,
    ) -> Self {
        let dispatcher = Arc::new(Dispatcher::new(DispatcherConfig {
            credentials,
            transport,
            clock,
            retry: retry(max_retries),
            request_timeout: REQUEST_TIMEOUT,
            max_concurrency: 4,
        }));
        let endpoint = Endpoint::parse(&format!("http://{address}")).unwrap();
        let rpc = RpcConfig {
            endpoint: endpoint.clone(),
            signature: rpc::SignatureVersion::Acs3HmacSha256,
            dispatcher: Arc::clone(&dispatcher),
            nonces: Arc::new(UniqueNonces::default()),
        };
        let sls = SlsConfig {
            endpoint,
            region: Region::parse("cn-hangzhou").unwrap(),
            signature: sls::SignatureVersion::V4,
            encryption_api: EncryptionApi::default(),
            dispatcher,
        };
        Self {
            sls: SlsClient::new(sls),
            ram: RamClient::new(rpc.clone()),
            kms: KmsClient::new(rpc.clone()),
            sts: StsClient::new(rpc),
            context: CallContext::default(),
        }
    }
}

fn retry(max_retries: u64) -> RetryPolicy {
    RetryPolicy { max_retries: u32::try_from(max_retries).unwrap(), ..RetryPolicy::default() }
}

/// The key `ak-alice`.
fn fixed() -> Arc<dyn CredentialProvider> {
    Arc::new(StaticCredentials::new(key("ak-alice", "sk-alice")))
}

/// Keys of a printer.
fn printed(
    printer: &Arc<Printer>,
    transport: &Arc<NumberingTransport>,
    clock: &Arc<VirtualClock>,
) -> Arc<dyn CredentialProvider> {
    let means = SourceContext {
        host: printer.clone(),
        transport: transport.clone(),
        clock: clock.clone(),
        nonces: Arc::new(UniqueNonces::default()),
        retry: retry(MAX_RETRIES),
        request_timeout: REQUEST_TIMEOUT,
        signature: rpc::SignatureVersion::Acs3HmacSha256,
    };
    Arc::new(Chain::new(vec![Arc::new(Printer::source())], means))
}
