//! How old a read may be when the update that is built from it is sent, whatever makes calls wait.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use futures_util::future::{BoxFuture, join_all};
use serde_json::json;

use super::{
    super::{EncryptConf, EncryptionApi, SlsClient, SlsConfig},
    BoundLogStore, MAX_AGE, Wanted, apply,
};
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
    testing::ManualClock,
};

const MILLI: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);

/// SLS with any number of Logstores, which takes so many calls a second.
#[derive(Debug)]
struct Sls {
    clock: ManualClock,
    per_second: Option<f64>,
    /// How many calls it takes at once after a rest.
    burst: f64,
    read_takes: Duration,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// What is left of the quota, and since when.
    quota: Option<(f64, Duration)>,
    /// When each Logstore was read last, and whether it was encrypted.
    read: BTreeMap<String, Duration>,
    encrypted: BTreeMap<String, bool>,
    /// How old the read was that each update was built from.
    ages: Vec<Duration>,
}

impl Sls {
    fn takes_a_call(&self) -> bool {
        let Some(per_second) = self.per_second else { return true };
        let (mut state, now) = (self.state.lock().unwrap(), self.clock.monotonic());
        let (left, since) = state.quota.unwrap_or((self.burst, now));
        let left = (left + now.saturating_sub(since).as_secs_f64() * per_second).min(self.burst);
        // A hair's breadth less than a whole call is a whole one.
        let takes = left >= 1.0 - 1e-6;
        state.quota = Some((if takes { left - 1.0 } else { left }, now));
        takes
    }
}

impl HttpTransport for Sls {
    fn send<'a>(&'a self, request: &'a HttpRequest) -> BoxFuture<'a, Result<HttpResponse, TransportError>> {
        let sent_at = self.clock.monotonic();
        Box::pin(async move {
            let answer = |status, body: String| HttpResponse {
                status,
                headers: Headers::default(),
                body: body.into_bytes(),
            };
            if !self.takes_a_call() {
                let refusal =
                    json!({"errorCode": "ReadQuotaExceed", "errorMessage": "Read quota is exceeded."});
                return Ok(answer(403, refusal.to_string()));
            }
            let name = request.path.rsplit('/').next().unwrap().to_owned();
            if request.method == Method::Put {
                let mut state = self.state.lock().unwrap();
                let age = sent_at.saturating_sub(state.read[&name]);
                state.ages.push(age);
                state.encrypted.insert(name, true);
                return Ok(answer(200, String::new()));
            }
            self.clock.sleep(self.read_takes).await;
            let mut state = self.state.lock().unwrap();
            state.read.insert(name.clone(), sent_at);
            let mut fields = json!({"logstoreName": name, "createTime": 1, "ttl": 30});
            if state.encrypted.contains_key(&name) {
                fields["encrypt_conf"] = json!({"enable": true, "encrypt_type": "default"});
            }
            Ok(answer(200, fields.to_string()))
        })
    }
}

/// Credentials that have to be fetched every few calls, which takes a while.
#[derive(Debug)]
struct Renewed {
    clock: ManualClock,
    every: usize,
    takes: Duration,
    asked: Mutex<usize>,
}

impl CredentialProvider for Renewed {
    fn credentials<'a>(&'a self, _: &'a CallContext) -> BoxFuture<'a, Result<Arc<Credentials>, Error>> {
        Box::pin(async move {
            let is_due = {
                let mut asked = self.asked.lock().unwrap();
                *asked += 1;
                asked.is_multiple_of(self.every)
            };
            if is_due {
                self.clock.sleep(self.takes).await;
            }
            Ok(Arc::new(Credentials {
                access_key_id: "ak".into(),
                access_key_secret: "sk".into(),
                security_token: None,
                source: "test".into(),
            }))
        })
    }
}

/// What makes calls wait.
struct Waits {
    log_stores: usize,
    per_second: Option<f64>,
    burst: f64,
    max_concurrency: usize,
    read_takes: Duration,
    renewed_every: usize,
}

/// Encrypts all Logstores at once, and gives how old the reads of their updates were.
async fn encrypt_all(waits: Waits) -> Vec<Duration> {
    let clock = ManualClock::new();
    let service = Arc::new(Sls {
        clock: clock.clone(),
        per_second: waits.per_second,
        burst: waits.burst,
        read_takes: waits.read_takes,
        state: Mutex::default(),
    });
    let credentials = Renewed {
        clock: clock.clone(),
        every: waits.renewed_every,
        takes: SECOND * 2,
        asked: Mutex::default(),
    };
    let dispatcher = Dispatcher::new(DispatcherConfig {
        credentials: Arc::new(credentials),
        transport: service.clone(),
        clock: Arc::new(clock.clone()),
        retry: RetryPolicy { max_retries: 5, base: MILLI * 200, cap: SECOND * 2 },
        request_timeout: SECOND * 30,
        max_concurrency: waits.max_concurrency,
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
        (0..waits.log_stores).map(|number| LogstoreName::parse(&format!("app-{number}")).unwrap()).collect();
    let context = CallContext::default().with_timeout(&clock, SECOND * 3600);
    let conf = EncryptConf { enable: true, encrypt_type: "default".into(), user_cmk_info: None };
    let wanted = Wanted { conf, create_time: None, may_be_new: false };
    let sequences = names.iter().map(|logstore| {
        let calls = BoundLogStore {
            client: &client,
            context: context.clone(),
            project: &project,
            logstore,
            api: EncryptionApi::default(),
        };
        let wanted = &wanted;
        async move { apply(&calls, wanted, None).await }
    });
    for outcome in clock.run(join_all(sequences)).await {
        outcome.unwrap();
    }
    std::mem::take(&mut service.state.lock().unwrap().ages)
}

const FREE: Waits = Waits {
    log_stores: 12,
    per_second: None,
    burst: 1.0,
    max_concurrency: 20,
    read_takes: Duration::from_millis(5),
    renewed_every: usize::MAX,
};

#[track_caller]
fn check(what: &str, ages: &[Duration]) {
    let oldest = ages.iter().max().copied().unwrap_or_default();
    assert!(!ages.is_empty() && oldest <= MAX_AGE, "{what}: {oldest:?} of {} updates", ages.len());
}

#[tokio::test]
async fn under_any_quota_an_update_is_sent_within_a_second_of_its_read() {
    // A quota that takes one call in a second or more, and saves up none, takes no update in time whoever sends it.
    for (per_second, burst) in
        [(0.5, 2.0), (1.0, 2.0), (2.0, 1.0), (3.0, 1.0), (3.0, 10.0), (10.0, 1.0), (50.0, 50.0)]
    {
        for read_takes in [MILLI * 5, MILLI * 300] {
            let ages = encrypt_all(Waits { per_second: Some(per_second), burst, read_takes, ..FREE }).await;
            check(&format!("{per_second} a second, {burst} at once, reads of {read_takes:?}"), &ages);
        }
    }
}

#[tokio::test]
async fn with_few_permits_an_update_is_sent_within_a_second_of_its_read() {
    for max_concurrency in [1, 2, 3] {
        for read_takes in [MILLI * 5, MILLI * 300, MILLI * 900] {
            let ages = encrypt_all(Waits { max_concurrency, read_takes, ..FREE }).await;
            check(&format!("{max_concurrency} permits, reads of {read_takes:?}"), &ages);
        }
    }
}

#[tokio::test]
async fn when_credentials_are_renewed_in_between_the_update_is_built_from_another_read() {
    for renewed_every in [2, 3, 5] {
        let ages = encrypt_all(Waits { renewed_every, ..FREE }).await;
        check(&format!("renewed at every call number {renewed_every}"), &ages);
    }
}
