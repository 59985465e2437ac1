//! No update is sent from a read that is older than `MAX_READ_AGE`, whatever delays the calls.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use futures_util::future::{BoxFuture, join_all};
use serde_json::json;

use crate::{
    CallContext, Dispatcher, DispatcherConfig,
    clock::Clock as _,
    credentials::{CredentialProvider, Credentials},
    endpoint::Endpoint,
    error::Error,
    http::{Headers, HttpRequest, HttpResponse, HttpTransport, Method, TransportError},
    names::{LogstoreName, ProjectName, Region},
    retry::RetryPolicy,
    signing::sls,
    sls::{
        EncryptConf, EncryptionApi, SlsClient, SlsConfig,
        encryption::{BoundLogStore, DesiredEncryption, MAX_READ_AGE, apply},
    },
    testing::{ManualClock, credentials},
};

const MILLI: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);

/// SLS with any number of Logstores and a quota of calls a second.
#[derive(Debug)]
struct SlsWithQuota {
    clock: ManualClock,
    per_second: Option<f64>,
    /// How many calls SLS accepts at once after a pause.
    burst: f64,
    read_takes: Duration,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// How many calls the quota allows now, and when that was computed.
    quota: Option<(f64, Duration)>,
    /// When each Logstore was read last.
    read_at: BTreeMap<String, Duration>,
    /// Which Logstores are encrypted.
    encrypted: BTreeMap<String, bool>,
    /// The age of the read that each update was built from.
    ages: Vec<Duration>,
}

impl SlsWithQuota {
    fn accepts_call(&self) -> bool {
        let Some(per_second) = self.per_second else { return true };
        let (mut state, now) = (self.state.lock().unwrap(), self.clock.monotonic());
        let (left, since) = state.quota.unwrap_or((self.burst, now));
        let left = (left + now.saturating_sub(since).as_secs_f64() * per_second).min(self.burst);
        // Rounding may leave slightly less than one call.
        let accepts = left >= 1.0 - 1e-6;
        state.quota = Some((if accepts { left - 1.0 } else { left }, now));
        accepts
    }
}

impl HttpTransport for SlsWithQuota {
    fn send<'a>(&'a self, request: &'a HttpRequest) -> BoxFuture<'a, Result<HttpResponse, TransportError>> {
        let sent_at = self.clock.monotonic();
        Box::pin(async move {
            let answer = |status, body: String| HttpResponse {
                status,
                headers: Headers::default(),
                body: body.into_bytes(),
            };
            if !self.accepts_call() {
                let refusal =
                    json!({"errorCode": "ReadQuotaExceed", "errorMessage": "Read quota is exceeded."});
                return Ok(answer(403, refusal.to_string()));
            }
            let name = request.path.rsplit('/').next().unwrap().to_owned();
            if request.method == Method::Put {
                let mut state = self.state.lock().unwrap();
                let age = sent_at.saturating_sub(state.read_at[&name]);
                state.ages.push(age);
                state.encrypted.insert(name, true);
                return Ok(answer(200, String::new()));
            }
            self.clock.sleep(self.read_takes).await;
            let mut state = self.state.lock().unwrap();
            state.read_at.insert(name.clone(), sent_at);
            let mut fields = json!({"logstoreName": name, "createTime": 1, "ttl": 30});
            if state.encrypted.contains_key(&name) {
                fields["encrypt_conf"] = json!({"enable": true, "encrypt_type": "default"});
            }
            Ok(answer(200, fields.to_string()))
        })
    }
}

/// Credentials that are fetched every few calls, which takes time.
#[derive(Debug)]
struct RenewedCredentials {
    clock: ManualClock,
    every: usize,
    takes: Duration,
    requests: Mutex<usize>,
}

impl CredentialProvider for RenewedCredentials {
    fn credentials<'a>(&'a self, _: &'a CallContext) -> BoxFuture<'a, Result<Arc<Credentials>, Error>> {
        Box::pin(async move {
            let is_due = {
                let mut requests = self.requests.lock().unwrap();
                *requests += 1;
                requests.is_multiple_of(self.every)
            };
            if is_due {
                self.clock.sleep(self.takes).await;
            }
            Ok(Arc::new(credentials("ak", None)))
        })
    }
}

/// What delays the calls.
struct Delays {
    log_stores: usize,
    per_second: Option<f64>,
    burst: f64,
    max_concurrency: usize,
    read_takes: Duration,
    renewed_every: usize,
}

/// Encrypts all Logstores at once. Returns the age of the read that each update was built from.
async fn encrypt_all(delays: Delays) -> Vec<Duration> {
    let clock = ManualClock::new();
    let service = Arc::new(SlsWithQuota {
        clock: clock.clone(),
        per_second: delays.per_second,
        burst: delays.burst,
        read_takes: delays.read_takes,
        state: Mutex::default(),
    });
    let credentials = RenewedCredentials {
        clock: clock.clone(),
        every: delays.renewed_every,
        takes: SECOND * 2,
        requests: Mutex::default(),
    };
    let dispatcher = Dispatcher::new(DispatcherConfig {
        credentials: Arc::new(credentials),
        transport: service.clone(),
        clock: Arc::new(clock.clone()),
        retry: RetryPolicy { max_retries: 5, base: MILLI * 200, cap: SECOND * 2 },
        request_timeout: SECOND * 30,
        max_concurrency: delays.max_concurrency,
    });
    let client = SlsClient::new(SlsConfig {
        endpoint: Endpoint::parse("http://127.0.0.1:8700").unwrap(),
        region: Region::parse("cn-hangzhou").unwrap(),
        signature: sls::SignatureVersion::V4,
        encryption_api: EncryptionApi::default(),
        dispatcher: Arc::new(dispatcher),
    });
    let project = ProjectName::parse("audit").unwrap();
    let names: Vec<_> =
        (0..delays.log_stores).map(|number| LogstoreName::parse(&format!("app-{number}")).unwrap()).collect();
    let context = CallContext::default().with_timeout(&clock, SECOND * 3600);
    let conf = EncryptConf { enable: true, encrypt_type: "default".into(), user_cmk_info: None };
    let desired = DesiredEncryption { conf, create_time: None, may_be_new: false };
    let sequences = names.iter().map(|logstore| {
        let calls = BoundLogStore {
            client: &client,
            context: context.clone(),
            project: &project,
            logstore,
            api: EncryptionApi::default(),
        };
        let desired = &desired;
        async move { apply(&calls, desired, None).await }
    });
    for outcome in clock.run(join_all(sequences)).await {
        outcome.unwrap();
    }
    std::mem::take(&mut service.state.lock().unwrap().ages)
}

const NO_DELAYS: Delays = Delays {
    log_stores: 12,
    per_second: None,
    burst: 1.0,
    max_concurrency: 20,
    read_takes: Duration::from_millis(5),
    renewed_every: usize::MAX,
};

#[track_caller]
fn check_ages(what: &str, ages: &[Duration]) {
    let oldest = ages.iter().max().copied().unwrap_or_default();
    assert!(!ages.is_empty() && oldest <= MAX_READ_AGE, "{what}: {oldest:?} of {} updates", ages.len());
}

#[tokio::test]
async fn an_update_is_sent_within_a_second_of_its_read_under_any_quota() {
    // A quota of one call a second or less, without a burst, accepts no update within a second of its read.
    for (per_second, burst) in
        [(0.5, 2.0), (1.0, 2.0), (2.0, 1.0), (3.0, 1.0), (3.0, 10.0), (10.0, 1.0), (50.0, 50.0)]
    {
        for read_takes in [MILLI * 5, MILLI * 300] {
            let ages =
                encrypt_all(Delays { per_second: Some(per_second), burst, read_takes, ..NO_DELAYS }).await;
            check_ages(&format!("{per_second} a second, burst {burst}, reads of {read_takes:?}"), &ages);
        }
    }
}

#[tokio::test]
async fn an_update_is_sent_within_a_second_of_its_read_with_few_permits() {
    for max_concurrency in [1, 2, 3] {
        for read_takes in [MILLI * 5, MILLI * 300, MILLI * 900] {
            let ages = encrypt_all(Delays { max_concurrency, read_takes, ..NO_DELAYS }).await;
            check_ages(&format!("{max_concurrency} permits, reads of {read_takes:?}"), &ages);
        }
    }
}

#[tokio::test]
async fn an_update_is_built_from_a_new_read_after_credentials_are_renewed() {
    for renewed_every in [2, 3, 5] {
        let ages = encrypt_all(Delays { renewed_every, ..NO_DELAYS }).await;
        check_ages(&format!("renewed at every call number {renewed_every}"), &ages);
    }
}
