//! A session that has to be renewed in the middle of a large apply: one renewal for all, and no call waits for it. And
//! one that expires for the services before it does for the client: one renewal for all, and no call fails.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cloud::clock::Clock;
use cloud::credentials::{ChainConfig, GivenKeys, RoleToAssume, SourceContext, SystemHost};
use cloud::endpoint::Endpoint;
use cloud::http::{
    HttpRequest, HttpResponse, HttpTransport, ReqwestTransport, TransportConfig, TransportError,
};
use cloud::kms::KmsClient;
use cloud::names::{LogstoreName, ProjectName, Region};
use cloud::nonce::UniqueNonces;
use cloud::ram::{RamClient, RoleArn};
use cloud::retry::RetryPolicy;
use cloud::rpc::RpcConfig;
use cloud::signing::{rpc, sls};
use cloud::sls::encryption::{BoundLogStore, DesiredEncryption, apply};
use cloud::sls::{EncryptConf, EncryptionApi, SlsClient, SlsConfig};
use cloud::sts::AssumeRole;
use cloud::{CallContext, Dispatcher, DispatcherConfig};
use emulator::{self, Config, Emulator, Seed};
use futures_util::future::BoxFuture;
use futures_util::{StreamExt as _, stream};
use serde_json::{Value, json};
use time::OffsetDateTime;
use tokio::sync::{Semaphore, watch};

use crate::scene::{key, new_role, role};

const LOGSTORES: usize = 200;
const AT_ONCE: usize = 30;
const MAX_CONCURRENCY: usize = 20;
/// Read, update, read back.
const CALLS_EACH: usize = 3;

/// After so many Logstores the session is due for renewal.
const DUE_AFTER: usize = 100;
/// After so many STS answers the renewal.
const ANSWERED_AFTER: usize = 150;
/// So many are begun only once the renewal is through, so that there are calls after it.
const BEGUN_LATER: usize = 20;

/// The shortest session: calls that are under way when the clock is moved stay within the quarter of an hour that the
/// service lets a date be old.
const SESSION: i64 = 900;
/// Sessions are renewed five minutes before their end.
const UNTIL_DUE: i64 = SESSION - 300;

/// Far more than the test takes: one that hangs ends.
const LONGEST: Duration = Duration::from_mins(2);

/// A clock for the emulator that does not advance: nothing here waits for time to pass.
#[derive(Debug)]
struct StandingClock {
    clock: emulator::Clock,
    start: i64,
}

impl Clock for StandingClock {
    fn now(&self) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp(self.clock.unix()).unwrap()
    }

    fn monotonic(&self) -> Duration {
        Duration::from_secs((self.clock.unix() - self.start).try_into().unwrap())
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        if duration.is_zero() { Box::pin(std::future::ready(())) } else { Box::pin(std::future::pending()) }
    }
}

/// What was sent, in its order.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Sent {
    /// A session was asked for.
    Fetch,
    /// A service was called with the key of this id.
    Call(String),
}

/// The real transport, which notes what is sent and answers no request for a session before it may.
#[derive(Debug)]
struct Watched {
    inner: ReqwestTransport,
    sent: Mutex<Vec<Sent>>,
    /// How many requests of each method were answered with each status.
    answers: Mutex<BTreeMap<(&'static str, u16), usize>>,
    /// How many sessions may be opened.
    sessions: Semaphore,
    /// How many different keys have signed calls.
    keys: watch::Sender<usize>,
}

impl Watched {
    fn new() -> Self {
        Self {
            inner: ReqwestTransport::new(TransportConfig::new("renewal-test")),
            sent: Mutex::default(),
            answers: Mutex::default(),
            sessions: Semaphore::new(1),
            keys: watch::channel(0).0,
        }
    }

    fn note(&self, sent: Sent) {
        let mut all = self.sent.lock().unwrap();
        all.push(sent);
        let keys: BTreeSet<_> = all.iter().filter_map(Sent::key).collect();
        self.keys.send_replace(keys.len());
    }

    fn sent(&self) -> Vec<Sent> {
        self.sent.lock().unwrap().clone()
    }

    /// How many requests were answered with a status.
    fn answered(&self, status: u16) -> usize {
        let answers = self.answers.lock().unwrap();
        answers.iter().filter(|((_, answered), _)| *answered == status).map(|(_, count)| count).sum()
    }
}

impl Sent {
    fn key(&self) -> Option<&str> {
        match self {
            Self::Fetch => None,
            Self::Call(id) => Some(id),
        }
    }
}

impl HttpTransport for Watched {
    fn send<'a>(&'a self, request: &'a HttpRequest) -> BoxFuture<'a, Result<HttpResponse, TransportError>> {
        let is_fetch = request.headers.get("x-acs-action") == Some("AssumeRole");
        // At once, not when the future is polled: from the choice of the key to here nothing else runs.
        self.note(if is_fetch { Sent::Fetch } else { Sent::Call(key_id(request)) });
        Box::pin(async move {
            if is_fetch {
                self.sessions.acquire().await.unwrap().forget();
            }
            let answer = self.inner.send(request).await?;
            *self.answers.lock().unwrap().entry((request.method.as_str(), answer.status)).or_default() += 1;
            Ok(answer)
        })
    }
}

/// The id of the key that signed: `Credential=<id>/<scope>` for SLS, `Credential=<id>,` for the others.
fn key_id(request: &HttpRequest) -> String {
    let header = request.headers.get("authorization").unwrap();
    header.split_once("Credential=").unwrap().1.split(['/', ',']).next().unwrap().to_owned()
}

struct World {
    emulator: Emulator,
    emulator_clock: emulator::Clock,
    transport: Arc<Watched>,
    sls: SlsClient,
    ram: RamClient,
    kms: KmsClient,
    context: CallContext,
}

/// When everything begins.
const START: i64 = 1_795_161_600;

fn seed() -> Value {
    let allow = |action: Value| json!({ "Version": "1", "Statement": [{ "Effect": "Allow", "Action": action, "Resource": "*" }] });
    let trust = json!({ "Version": "1", "Statement": [{ "Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": { "RAM": ["acs:ram::1234567890123456:root"] } }] });
    let logstores: Vec<_> = (0..LOGSTORES).map(|number| json!({ "logstoreName": name(number) })).collect();
    json!({
        "access_keys": [{ "id": "ak-alice", "secret": "sk-alice", "user": "alice" }],
        "users": [{ "name": "alice",
            "policies": [{ "name": "assume", "document": allow(json!("sts:AssumeRole")) }] }],
        "roles": [{ "name": "deployer", "assume_role_policy_document": trust,
            "policies": [{ "name": "all", "document": allow(json!(["log:*", "ram:*", "kms:*"])) }] }],
        "keys": [{ "id": "key-aes", "spec": "Aliyun_AES_256" }],
        "projects": [{ "name": "audit", "logstores": logstores }],
    })
}

fn name(number: usize) -> String {
    format!("app-{number}")
}

fn wanted() -> EncryptConf {
    EncryptConf { enable: true, encrypt_type: "default".to_owned(), user_cmk_info: None }
}

impl World {
    /// Clients that go by the emulator's clock.
    async fn start() -> Self {
        let clock = emulator::Clock::fixed(START);
        Self::start_with(clock.clone(), clock).await
    }

    /// Clients whose clock stays where it is, whatever becomes of the emulator's; any number of sessions may be opened.
    async fn start_apart() -> Self {
        let world = Self::start_with(emulator::Clock::fixed(START), emulator::Clock::fixed(START)).await;
        world.transport.sessions.add_permits(LOGSTORES);
        world
    }

    async fn start_with(emulator_clock: emulator::Clock, clock: emulator::Clock) -> Self {
        let seed = Seed::from_json(&seed().to_string(), &emulator_clock).unwrap();
        let config = Config { seed, clock: emulator_clock.clone(), ..Config::default() };
        let emulator = Emulator::start(config).await.unwrap();
        let endpoint = Endpoint::parse(&format!("http://{}", emulator.addr())).unwrap();
        let clock = Arc::new(StandingClock { clock, start: START });
        let transport = Arc::new(Watched::new());
        let dispatcher = Arc::new(dispatcher(&transport, &clock, endpoint.clone()));
        let rpc = RpcConfig {
            endpoint: endpoint.clone(),
            signature: rpc::SignatureVersion::Acs3HmacSha256,
            dispatcher: Arc::clone(&dispatcher),
            nonces: Arc::new(UniqueNonces::default()),
        };
        let sls = SlsClient::new(SlsConfig {
            endpoint,
            region: Region::parse("cn-hangzhou").unwrap(),
            signature: sls::SignatureVersion::V4,
            encryption_api: EncryptionApi::default(),
            dispatcher,
        });
        let (ram, kms) = (RamClient::new(rpc.clone()), KmsClient::new(rpc));
        Self { emulator, emulator_clock, transport, sls, ram, kms, context: CallContext::default() }
    }

    /// Encrypts one Logstore.
    async fn encrypt(&self, number: usize) {
        if number >= LOGSTORES - BEGUN_LATER {
            self.transport.keys.subscribe().wait_for(|keys| *keys == 2).await.unwrap();
        }
        let (project, logstore) =
            (ProjectName::parse("audit").unwrap(), LogstoreName::parse(&name(number)).unwrap());
        let (client, context) = (&self.sls, &self.context);
        let calls = BoundLogStore {
            client,
            context: context.clone(),
            project: &project,
            logstore: &logstore,
            api: EncryptionApi::default(),
        };
        let applied =
            apply(&calls, &DesiredEncryption { conf: wanted(), create_time: None, may_be_new: false }, None)
                .await
                .unwrap();
        assert!(applied.written, "{}", name(number));
        assert_eq!(applied.log_store.encrypt_conf().unwrap(), Some(wanted()), "{}", name(number));
    }
}

/// A caller that assumes the role `deployer` with the key of `alice`.
fn dispatcher(transport: &Arc<Watched>, clock: &Arc<StandingClock>, sts: Endpoint) -> Dispatcher {
    let assume = AssumeRole {
        role_arn: RoleArn::parse("acs:ram::1234567890123456:role/deployer").unwrap(),
        role_session_name: "apply".to_owned(),
        duration_seconds: Some(SESSION.try_into().unwrap()),
        policy: None,
        external_id: None,
    };
    let config = ChainConfig {
        sources: vec![Arc::new(GivenKeys { credentials: key("ak-alice", "sk-alice"), expiration: None })],
        assume_role: Some(RoleToAssume { assume, endpoint: sts, source: "the test".to_owned() }),
    };
    let means = SourceContext {
        host: Arc::new(SystemHost),
        transport: transport.clone(),
        clock: clock.clone(),
        nonces: Arc::new(UniqueNonces::default()),
        retry: RetryPolicy::default(),
        request_timeout: LONGEST,
        signature: rpc::SignatureVersion::Acs3HmacSha256,
    };
    Dispatcher::new(DispatcherConfig {
        credentials: Arc::new(config.chain(means)),
        transport: transport.clone(),
        clock: clock.clone(),
        retry: RetryPolicy { base: Duration::ZERO, ..RetryPolicy::default() },
        request_timeout: LONGEST,
        max_concurrency: MAX_CONCURRENCY,
    })
}

/// Applies to all Logstores; on the way the emulator's clock goes forward by so many seconds.
async fn encrypt_all(world: &World, forward: i64) {
    let mut done = 0;
    let mut work = stream::iter(0..LOGSTORES).map(|number| world.encrypt(number)).buffer_unordered(AT_ONCE);
    while let Some(()) = work.next().await {
        done += 1;
        match done {
            DUE_AFTER => world.emulator_clock.advance(forward).unwrap(),
            ANSWERED_AFTER => world.transport.sessions.add_permits(1),
            _ => {}
        }
    }
    assert_eq!(done, LOGSTORES);
}

#[tokio::test]
async fn two_hundred_logstores_are_encrypted_with_one_renewal_that_nobody_waits_for() {
    let world = World::start().await;
    tokio::time::timeout(LONGEST, encrypt_all(&world, UNTIL_DUE)).await.unwrap();

    assert_eq!(world.transport.answered(200), world.transport.sent().len(), "a call was refused");
    let (renewal, [old, new]) = one_renewal(&world.transport.sent());
    // What was read before the clock moved is too old to build an update from: it is read again.
    let again = (old + new).checked_sub(LOGSTORES * CALLS_EACH);
    assert!(again.is_some_and(|again| again <= AT_ONCE), "{again:?}");
    // It fell due after half of them, and those that began in the meantime did all of their calls with the old key.
    assert!(renewal > DUE_AFTER * CALLS_EACH, "{renewal}");
    let meanwhile = old + 1 - renewal;
    assert!(meanwhile >= (ANSWERED_AFTER - DUE_AFTER - AT_ONCE) * CALLS_EACH, "{meanwhile}");
    assert!(new >= BEGUN_LATER * CALLS_EACH, "{new}");
    world.emulator.shutdown().await;
}

#[tokio::test]
async fn a_session_that_services_end_early_is_renewed_once_for_two_hundred_logstores() {
    let world = World::start_apart().await;
    // The session is over for the emulator, and for the client it lasts for a quarter of an hour.
    tokio::time::timeout(LONGEST, encrypt_all(&world, SESSION)).await.unwrap();

    let (_, [old, new]) = one_renewal(&world.transport.sent());
    let refused = world.transport.answered(401);
    assert!(
        (1..=MAX_CONCURRENCY).contains(&refused),
        "those under way are refused, and no others: {refused}"
    );
    // An update that was refused is built from another read; everything else is sent once more.
    let reads = old + new - LOGSTORES * CALLS_EACH;
    assert!((refused..=2 * refused).contains(&reads), "{reads} for {refused}");
    let updates = world.transport.answers.lock().unwrap()[&("PUT", 200)];
    assert_eq!(updates, LOGSTORES, "each Logstore is updated once");
    world.emulator.shutdown().await;
}

/// Where the one renewal is among what was sent, and how many calls were signed with the key before it and the one
/// after it. No call is signed with the old key after one with the new.
#[track_caller]
fn one_renewal(sent: &[Sent]) -> (usize, [usize; 2]) {
    let fetches: Vec<_> =
        (0..).zip(sent).filter(|(_, sent)| **sent == Sent::Fetch).map(|(at, _)| at).collect();
    let [0, renewal] = fetches[..] else { panic!("one fetch at the start and one renewal: {fetches:?}") };
    let keys: Vec<&str> = sent.iter().filter_map(Sent::key).collect();
    let runs: Vec<_> = keys.chunk_by(|a, b| a == b).map(<[&str]>::len).collect();
    let [old, new] = runs[..] else { panic!("one change from one key to another: {runs:?}") };
    (renewal, [old, new])
}

#[tokio::test]
async fn every_service_can_be_the_one_that_says_that_a_session_is_over() {
    let (project, logstore) = (ProjectName::parse("audit").unwrap(), LogstoreName::parse("app-0").unwrap());
    for (call, status) in [("read SLS", 401), ("read RAM", 400), ("write RAM", 400), ("read KMS", 400)] {
        let world = World::start_apart().await;
        let context = &world.context;
        // With the first session.
        world.sls.get_log_store(context, &project, &logstore).await.unwrap();
        world.emulator_clock.advance(SESSION).unwrap();
        match call {
            "read SLS" => world.sls.get_log_store(context, &project, &logstore).await.map(drop),
            "read RAM" => world.ram.get_role(context, &role("deployer")).await.map(drop),
            "write RAM" => world.ram.create_role(context, &new_role("made")).await.map(drop),
            _ => world.kms.describe_key(context, "key-aes").await.map(drop),
        }
        .unwrap();
        assert_eq!(one_renewal(&world.transport.sent()).1, [2, 1], "{call}");
        assert_eq!((world.transport.answered(status), world.transport.answered(200)), (1, 4), "{call}");
        world.emulator.shutdown().await;
    }
}
