//! The apply sequence against a Logstore in memory that other writers and faults interfere with.

use std::{
    collections::VecDeque,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use serde_json::{Map, Value, json};

use super::{
    super::{EncryptConf, EncryptionApi, LogStore, UserCmkInfo},
    ApplyError, Failure, LogStoreCalls, Update, Wanted, apply,
};
use crate::error::{Error, ErrorKind, Operation};

/// SLS with one Logstore in memory. Time only passes when somebody waits.
#[derive(Default)]
struct Store {
    api: EncryptionApi,
    fields: Mutex<Map<String, Value>>,
    /// What happens at the next updates, in order; after that they just work.
    updates: Mutex<VecDeque<Course>>,
    /// Answers of the next reads, in order, null for "there is no such Logstore", false for none within the time limit;
    /// after that they tell the truth.
    reads: Mutex<VecDeque<Value>>,
    /// How long each read takes, in milliseconds.
    read_takes: u64,
    log: Mutex<Vec<String>>,
    time: AtomicU64,
    /// Set once the operation is cancelled.
    over: AtomicBool,
    /// Set if the last look fails too.
    blind: bool,
}

type Edit = fn(&mut Map<String, Value>);

/// What comes of an update.
enum Course {
    /// Answered with success, nothing done.
    Ignored,
    /// Carried out, then failed.
    AnswerLost,
    /// Not carried out, and nobody is told.
    Unanswered,
    /// Not carried out, failed.
    Refused(ErrorKind, &'static str),
    /// The action is not offered, by this status and code.
    NotOffered(u16, Option<&'static str>),
    /// Not carried out because of its token, of which there is another; another writer comes before the next read.
    TokenExpired(Edit),
    /// Another writer comes first, while this update is under way for three seconds.
    Overtaken(Edit),
    /// Carried out, then another writer.
    Followed(Edit),
    /// Carried out, and something is lost on the way.
    Losing(Edit),
    /// Cancelled while it was under way, carried out or not.
    Cancelled { carried_out: bool },
    /// Carried out and answered, then the operation is cancelled.
    ThenCancelled,
    /// Another Logstore is in its place, and the operation is cancelled.
    Rebuilt,
}

fn operation() -> Operation {
    Operation::new("SLS", "UpdateLogStore", "audit/app")
}

impl Store {
    fn new(fields: Value) -> Store {
        Store { fields: Mutex::new(object(fields)), ..Store::default() }
    }

    fn with(self, updates: impl IntoIterator<Item = Course>) -> Store {
        self.updates.lock().unwrap().extend(updates);
        self
    }

    fn edit(&self, edit: Edit) {
        edit(&mut self.fields.lock().unwrap());
    }

    fn write(&self, body: &Map<String, Value>) {
        let mut fields = self.fields.lock().unwrap();
        fields.extend(body.iter().map(|(name, value)| (name.clone(), value.clone())));
    }

    fn cancelled(&self) -> Error {
        self.over.store(true, Ordering::Relaxed);
        Error::new(ErrorKind::Cancelled, &operation(), "the run was interrupted")
    }

    fn calls(&self) -> String {
        self.log.lock().unwrap().join(" ")
    }

    fn fields(&self) -> Value {
        Value::Object(self.fields.lock().unwrap().clone())
    }
}

impl LogStoreCalls for &Store {
    fn api(&self) -> EncryptionApi {
        self.api
    }

    async fn with_permit(&self) -> Result<Self, Error> {
        self.log.lock().unwrap().push("permit".to_owned());
        Ok(self)
    }

    async fn get(&self) -> Result<LogStore, Error> {
        self.log.lock().unwrap().push("get".to_owned());
        if self.over.load(Ordering::Relaxed) {
            return Err(self.cancelled());
        }
        let requested_at = self.now();
        self.time.fetch_add(self.read_takes, Ordering::Relaxed);
        let scripted = self.reads.lock().unwrap().pop_front();
        if scripted.as_ref().is_some_and(Value::is_null) {
            let code = Some("LogStoreNotExist".to_owned());
            return Err(Error::from_answer(&operation(), 404, code, "logstore app does not exist"));
        }
        if scripted == Some(Value::Bool(false)) {
            return Err(Error::new(ErrorKind::Timeout, &operation(), "the time is over"));
        }
        let fields = scripted.map_or_else(|| self.fields.lock().unwrap().clone(), object);
        Ok(LogStore::from_fields(operation(), fields, requested_at))
    }

    async fn final_read(&self) -> Result<LogStore, Error> {
        self.log.lock().unwrap().push("look".to_owned());
        if self.blind {
            return Err(Error::new(ErrorKind::Timeout, &operation(), "too late"));
        }
        Ok(LogStore::from_fields(operation(), self.fields.lock().unwrap().clone(), self.now()))
    }

    async fn update(&self, update: &Update) -> Result<bool, Error> {
        let body = match update {
            Update::Document { send_by, .. } if self.now() > *send_by => return Ok(false),
            Update::Document { body, .. } => body,
            Update::Encryption(conf) => &Map::from_iter([("encrypt_conf".to_owned(), conf.to_json())]),
        };
        self.log.lock().unwrap().push("update".to_owned());
        let next = self.updates.lock().unwrap().pop_front();
        match next {
            None => self.write(body),
            Some(Course::Ignored) => {}
            Some(lost @ (Course::AnswerLost | Course::Unanswered)) => {
                if matches!(lost, Course::AnswerLost) {
                    self.write(body);
                }
                return Err(Error::new(ErrorKind::Transport, &operation(), "connection reset")
                    .with_retryable(true)
                    .with_may_have_been_applied(true));
            }
            Some(Course::Refused(kind, message)) => {
                return Err(
                    Error::new(kind, &operation(), message).with_retryable(kind == ErrorKind::Throttled)
                );
            }
            Some(Course::NotOffered(status, code)) => {
                return Err(Error::from_answer(
                    &operation(),
                    status,
                    code.map(str::to_owned),
                    "no such action",
                ));
            }
            Some(Course::TokenExpired(edit)) => {
                self.edit(edit);
                let code = Some("SecurityTokenExpired".to_owned());
                return Err(Error::from_answer(&operation(), 401, code, "it is over").with_retryable(true));
            }
            Some(Course::Overtaken(edit)) => {
                self.edit(edit);
                // Under way until the sequence has looked at least once.
                let looked = self.log.lock().unwrap().len() + 1;
                while self.log.lock().unwrap().len() < looked {
                    tokio::task::yield_now().await;
                }
                self.write(body);
            }
            Some(Course::Cancelled { carried_out }) => {
                if carried_out {
                    self.write(body);
                }
                return Err(self.cancelled().with_may_have_been_applied(true));
            }
            Some(Course::ThenCancelled) => {
                self.write(body);
                self.over.store(true, Ordering::Relaxed);
            }
            Some(Course::Rebuilt) => {
                self.edit(|fields| {
                    fields.insert("createTime".into(), json!(200));
                });
                return Err(self.cancelled().with_may_have_been_applied(true));
            }
            Some(Course::Followed(edit) | Course::Losing(edit)) => {
                self.write(body);
                self.edit(edit);
            }
        }
        Ok(true)
    }

    async fn pause(&self, attempt: u32, error: Error) -> Result<(), Error> {
        self.log.lock().unwrap().push("pause".to_owned());
        if self.over.load(Ordering::Relaxed) {
            return Err(error);
        }
        self.time.fetch_add(400, Ordering::Relaxed);
        if error.is_retryable() && attempt < 12 { Ok(()) } else { Err(error) }
    }

    async fn wait(&self, time: Duration) -> Result<(), Error> {
        let millis = u64::try_from(time.as_millis()).unwrap();
        if self.time.fetch_add(millis, Ordering::Relaxed) > 120_000 {
            return Err(Error::new(ErrorKind::Timeout, &operation(), "the time is over"));
        }
        tokio::task::yield_now().await;
        Ok(())
    }

    fn now(&self) -> Duration {
        Duration::from_millis(self.time.load(Ordering::Relaxed))
    }
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        other => panic!("{other}"),
    }
}

fn plain() -> Value {
    json!({"logstoreName": "app", "ttl": 30, "shardCount": 2, "createTime": 100, "lastModifyTime": 100, "invented": 1.50})
}

fn encrypted(enable: bool, encrypt_type: &str) -> Value {
    let mut fields = object(plain());
    fields.insert("encrypt_conf".into(), json!({"enable": enable, "encrypt_type": encrypt_type}));
    Value::Object(fields)
}

fn wanted(enable: bool, encrypt_type: &str) -> Wanted {
    let conf = EncryptConf { enable, encrypt_type: encrypt_type.into(), user_cmk_info: None };
    Wanted { conf, create_time: None, may_be_new: false }
}

async fn run(store: &Store, wanted: &Wanted) -> Result<bool, ApplyError> {
    apply(&store, wanted, None).await.map(|applied| applied.written).map_err(|failure| failure.error)
}

#[tokio::test]
async fn an_ordinary_write_is_get_update_get() {
    let store = Store::new(plain());
    assert!(run(&store, &wanted(true, "default")).await.unwrap());
    assert_eq!(store.calls(), "get update get");
    assert_eq!(store.fields(), encrypted(true, "default"));
}

#[tokio::test]
async fn nothing_is_sent_when_nothing_would_change() {
    let store = Store::new(encrypted(true, "m4"));
    assert!(!run(&store, &wanted(true, "sm4")).await.unwrap());
    assert_eq!(store.calls(), "get");
}

#[tokio::test]
async fn a_fresh_read_saves_a_call_and_an_old_one_does_not() {
    for (age, calls) in [(0, "update get"), (2, "get update get")] {
        let store = Store::new(plain());
        let base = LogStore::from_fields(operation(), object(plain()), Duration::ZERO);
        store.time.fetch_add(age * 1000, Ordering::Relaxed);
        apply(&&store, &wanted(true, "default"), Some(base)).await.unwrap();
        assert_eq!(store.calls(), calls);
    }
}

#[tokio::test]
async fn a_toggle_sends_the_stored_spelling_and_members_nobody_knows() {
    let mut fields = object(plain());
    let conf = json!({"enable": false, "encrypt_type": "m4", "invented": true,
        "user_cmk_info": {"cmk_key_id": "k", "arn": "acs:ram::1:role/x", "region_id": "r"}});
    fields.insert("encrypt_conf".into(), conf.clone());
    let store = Store::new(Value::Object(fields));
    let mut wanted = wanted(true, "sm4");
    wanted.conf.user_cmk_info =
        Some(UserCmkInfo { cmk_key_id: "k".into(), arn: "acs:ram::1:role/X".into(), region_id: "r".into() });
    run(&store, &wanted).await.unwrap();
    let mut expected = object(conf);
    expected.insert("enable".into(), true.into());
    assert_eq!(store.fields().get("encrypt_conf"), Some(&Value::Object(expected)));
}

#[tokio::test]
async fn a_permanent_value_is_never_sent_otherwise() {
    let store = Store::new(encrypted(true, "aes_gcm"));
    let error = run(&store, &wanted(true, "default")).await.unwrap_err();
    assert!(matches!(error, ApplyError::Conflict { .. }), "{error}");
    assert_eq!(store.calls(), "get");
}

#[tokio::test]
async fn a_logstore_created_anew_since_the_plan_is_left_alone() {
    let store = Store::new(plain());
    let wanted = Wanted { create_time: Some(99), ..wanted(true, "default") };
    let error = run(&store, &wanted).await.unwrap_err();
    assert!(matches!(error, ApplyError::Rebuilt { known: 99, found: 100 }), "{error}");
    assert_eq!(store.calls(), "get");
}

#[tokio::test]
async fn a_service_that_accepts_and_does_nothing_is_found_out_at_the_time_limit() {
    let store = Store::new(plain()).with([Course::Ignored]);
    let failure = apply(&&store, &wanted(true, "default"), None).await.unwrap_err();
    assert!(matches!(failure.error, ApplyError::NotInEffect { stored: None }), "{}", failure.error);
    assert!(failure.written && (&store).now() > Duration::from_mins(2));
    assert_eq!(store.calls().matches("update").count(), 1);
}

#[tokio::test]
async fn a_write_that_shows_late_is_waited_for() {
    let store = Store::new(plain());
    store.reads.lock().unwrap().extend([plain(), plain(), plain()]);
    run(&store, &wanted(true, "default")).await.unwrap();
    assert_eq!(store.calls(), "get update get get get");
}

#[tokio::test]
async fn a_lost_answer_is_read_back_before_anything_is_repeated() {
    let store = Store::new(plain()).with([Course::AnswerLost]);
    run(&store, &wanted(true, "default")).await.unwrap();
    assert_eq!(store.calls(), "get update pause get");
}

#[tokio::test]
async fn a_refused_update_is_repeated_from_the_same_read_only_while_that_is_fresh() {
    let throttled = || Course::Refused(ErrorKind::Throttled, "slow down");
    let soon = Store::new(plain()).with([throttled()]);
    run(&soon, &wanted(true, "default")).await.unwrap();
    assert_eq!(soon.calls(), "get update pause update get");

    // Each pause takes 400 ms.
    let later = Store::new(plain()).with((0..3).map(|_| throttled()));
    run(&later, &wanted(true, "default")).await.unwrap();
    assert_eq!(later.calls(), "get update pause update pause update pause get update get");
}

/// Fetching other credentials takes a while, and a writer may come in between: what was read before is too old.
#[tokio::test]
async fn an_update_refused_for_its_token_is_repeated_from_a_fresh_read() {
    let store = Store::new(plain()).with([Course::TokenExpired(|fields| {
        fields.insert("ttl".into(), json!(90));
    })]);
    let applied = apply(&&store, &wanted(true, "default"), None).await.unwrap();
    assert!(applied.written);
    assert_eq!(store.calls(), "get update pause get update get");
    assert_eq!(store.fields()["ttl"], 90);

    let store = Store::new(plain()).with([Course::Refused(ErrorKind::Unauthenticated, "has expired")]);
    let failure = apply(&&store, &wanted(true, "default"), None).await.unwrap_err();
    assert!(!failure.written, "{}", failure.error);
    assert_eq!(store.calls(), "get update pause");
}

#[tokio::test]
async fn failures_are_bounded_by_the_policy_not_by_the_rounds() {
    let throttled = || Course::Refused(ErrorKind::Throttled, "slow down");
    let many = Store::new(plain()).with((0..9).map(|_| throttled()));
    assert!(run(&many, &wanted(true, "default")).await.is_ok());
    let endless = Store::new(plain()).with((0..20).map(|_| throttled()));
    assert!(matches!(run(&endless, &wanted(true, "default")).await, Err(ApplyError::Call(_))));
}

/// Which call a time limit ends is chance; why it is reached is not.
#[tokio::test]
async fn a_time_limit_that_ends_a_read_between_updates_is_told_by_what_failed_before() {
    let refused = || (0..3).map(|_| Course::Refused(ErrorKind::Throttled, "slow down"));
    let lost = || [Course::Unanswered];
    let cases: [(Vec<Course>, u64, &str); 4] = [
        (refused().collect(), 100, "slow down"),
        (lost().into(), 100, "connection reset"),
        // Three refusals and a service that is silent from there on.
        (refused().collect(), 6_000, "the time is over"),
        (vec![], 100, "the time is over"),
    ];
    for (updates, read_takes, told) in cases {
        let store = Store::new(plain());
        let base = LogStore::from_fields(operation(), object(plain()), Duration::ZERO);
        let base = (!updates.is_empty()).then_some(base);
        let store = Store { read_takes, ..store.with(updates) };
        store.reads.lock().unwrap().push_back(Value::Bool(false));
        let failure = apply(&&store, &wanted(true, "default"), base).await.unwrap_err();
        assert!(failure.error.to_string().contains(told), "{told}: {}", failure.error);
    }
}

#[tokio::test]
async fn a_writer_between_get_and_update_keeps_its_change() {
    let store = Store::new(plain()).with([Course::Overtaken(|fields| {
        fields.insert("ttl".into(), json!(90));
    })]);
    run(&store, &wanted(true, "default")).await.unwrap();
    let fields = store.fields();
    assert_eq!(fields.get("ttl"), Some(&json!(90)));
    assert_eq!(fields.get("encrypt_conf"), encrypted(true, "default").get("encrypt_conf"));
}

#[tokio::test]
async fn a_writer_that_comes_in_between_each_time_keeps_its_change_or_it_is_told() {
    let edits: [Edit; 5] = [
        |fields| drop(fields.insert("ttl".into(), json!(41))),
        |fields| drop(fields.insert("ttl".into(), json!(42))),
        |fields| drop(fields.insert("ttl".into(), json!(43))),
        |fields| drop(fields.insert("ttl".into(), json!(44))),
        |fields| drop(fields.insert("ttl".into(), json!(45))),
    ];
    let twice = Store::new(plain()).with(edits.into_iter().take(2).map(Course::Overtaken));
    run(&twice, &wanted(true, "default")).await.unwrap();
    assert_eq!((twice.calls().matches("update").count(), &twice.fields()["ttl"]), (3, &json!(42)));

    let always = Store::new(plain()).with(edits.map(Course::Overtaken));
    let failure = apply(&&always, &wanted(true, "default"), None).await.unwrap_err();
    assert!(matches!(failure.error, ApplyError::KeepsMoving), "{}", failure.error);
    assert_eq!(failure.losses.iter().map(|loss| loss.member.as_str()).collect::<Vec<_>>(), ["ttl"]);
}

#[tokio::test]
async fn a_writer_after_the_update_keeps_its_change() {
    let store = Store::new(plain()).with([Course::Followed(|fields| {
        fields.insert("ttl".into(), json!(90));
    })]);
    run(&store, &wanted(true, "default")).await.unwrap();
    assert_eq!(store.calls(), "get update get");
    assert_eq!(store.fields().get("ttl"), Some(&json!(90)));
}

#[tokio::test]
async fn a_writer_that_switches_encryption_off_is_overruled_a_bounded_number_of_times() {
    let off: Edit = |fields| {
        fields.insert("encrypt_conf".into(), json!({"enable": false, "encrypt_type": "default"}));
    };
    let once = Store::new(plain()).with([Course::Followed(off)]);
    run(&once, &wanted(true, "default")).await.unwrap();
    assert_eq!(
        once.calls(),
        "get update get get update get",
        "a second read tells that it was after the update"
    );

    let always = Store::new(plain()).with((0..9).map(|_| Course::Followed(off)));
    let error = run(&always, &wanted(true, "default")).await.unwrap_err();
    assert!(matches!(error, ApplyError::NotInEffect { stored: Some(_) }), "{error}");
}

/// What SLS counts, and its times, move by themselves: they neither end the wait for an update nor send it again.
#[tokio::test]
async fn counters_that_move_are_no_sign_of_another_writer() {
    let store = Store::new(plain()).with([Course::Followed(|fields| {
        fields.insert("lastModifyTime".into(), json!(200));
        fields.insert("resourceQuota".into(), json!({"storage": {"used": 9}}));
    })]);
    let stale = (0..4).map(|used| {
        let mut fields = object(plain());
        fields.insert("lastModifyTime".into(), json!(100 + used));
        fields.insert("resourceQuota".into(), json!({"storage": {"used": used}}));
        Value::Object(fields)
    });
    store.reads.lock().unwrap().extend(stale);
    run(&store, &wanted(true, "default")).await.unwrap();
    assert_eq!(store.calls(), "get update get get get get");
}

#[tokio::test]
async fn a_member_that_sls_drops_is_restored_or_reported() {
    let drop_it: Edit = |fields| {
        fields.remove("invented");
    };
    let once = Store::new(plain()).with([Course::Losing(drop_it)]);
    run(&once, &wanted(true, "default")).await.unwrap();
    assert_eq!(once.calls(), "get update get update get");
    assert_eq!(once.fields().get("invented"), plain().get("invented"));

    let always = Store::new(plain()).with((0..5).map(|_| Course::Losing(drop_it)));
    let failure = apply(&&always, &wanted(true, "default"), None).await.unwrap_err();
    let told: Vec<_> =
        failure.losses.iter().map(|loss| (loss.member.as_str(), loss.after.as_str())).collect();
    assert_eq!(told, [("invented", "null")]);
}

#[tokio::test]
async fn for_a_server_that_refuses_newer_members_only_those_without_a_value_are_left_out() {
    let refused = || Course::Refused(ErrorKind::Invalid, "redundant key exist in json");
    let with = |members: &[(&str, Value)]| {
        let mut fields = object(plain());
        fields.extend(members.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        Store::new(Value::Object(fields))
    };
    let empty = with(&[("telemetryType", json!(""))]).with([refused()]);
    run(&empty, &wanted(true, "default")).await.unwrap();
    assert_eq!(empty.calls(), "get update update get");

    let valued = with(&[("telemetryType", json!("")), ("mode", json!("query"))]).with([refused(), refused()]);
    match run(&valued, &wanted(true, "default")).await.unwrap_err() {
        ApplyError::CannotLeaveOut { members, .. } => assert_eq!(members, ["mode"]),
        other => panic!("{other}"),
    }
    assert_eq!(valued.fields()["mode"], "query");

    let none = Store::new(plain()).with([refused()]);
    assert!(matches!(run(&none, &wanted(true, "default")).await, Err(ApplyError::Call(_))));
}

#[tokio::test]
async fn a_logstore_that_was_just_created_is_waited_for_where_it_is_configured_first() {
    let new = || {
        let store = Store::new(plain());
        store.reads.lock().unwrap().extend((0..5).map(|_| Value::Null));
        store
    };
    let (created, known) = (new(), new());
    let wanted = wanted(true, "default");
    run(&created, &Wanted { may_be_new: true, ..wanted.clone() }).await.unwrap();
    assert_eq!(created.calls(), "get get get get get get update get");
    let error = run(&known, &wanted).await.unwrap_err();
    assert!(matches!(&error, ApplyError::Call(error) if error.kind() == ErrorKind::NotFound), "{error}");
    assert_eq!(known.calls(), "get");

    let never = Store::new(plain());
    never.reads.lock().unwrap().extend((0..50).map(|_| Value::Null));
    let error = run(&never, &Wanted { may_be_new: true, ..wanted }).await.unwrap_err();
    assert!(matches!(&error, ApplyError::Call(error) if error.kind() == ErrorKind::NotFound), "{error}");
    assert!(
        (Duration::from_mins(1)..Duration::from_secs(70)).contains(&(&never).now()),
        "{:?}",
        (&never).now()
    );
}

/// A permit of its own keeps the calls of others from coming between a read and its update.
#[tokio::test]
async fn no_update_is_sent_that_was_built_from_an_old_read() {
    let slow = Store { read_takes: 1100, ..Store::new(plain()) };
    let failure = apply(&&slow, &wanted(true, "default"), None).await.unwrap_err();
    assert!(matches!(failure.error, ApplyError::TooLate) && !failure.written, "{}", failure.error);
    assert_eq!(slow.calls(), format!("get permit{}", " get".repeat(9)));
    assert_eq!(slow.fields(), plain());
}

#[tokio::test]
async fn the_dedicated_action_sets_encryption_and_nothing_else() {
    let api = EncryptionApi::UpdateLogStoreEncryption;
    let slow = Store { api, read_takes: 1100, ..Store::new(plain()) };
    run(&slow, &wanted(true, "default")).await.unwrap();
    assert_eq!(slow.calls(), "get update get", "it is built from no read, so none is too old");
    assert_eq!(slow.fields(), encrypted(true, "default"));

    let overtaken = Store { api, ..Store::new(plain()) }.with([Course::Overtaken(|fields| {
        fields.insert("ttl".into(), json!(90));
    })]);
    run(&overtaken, &wanted(true, "default")).await.unwrap();
    assert_eq!((overtaken.calls().as_str(), &overtaken.fields()["ttl"]), ("get update get get", &json!(90)));
}

#[tokio::test]
async fn where_the_dedicated_action_is_not_offered_the_error_says_so() {
    let api = EncryptionApi::UpdateLogStoreEncryption;
    for (status, code) in [(405, Some("InvalidMethod")), (404, None), (405, None)] {
        let store = Store { api, ..Store::new(plain()) }.with([Course::NotOffered(status, code)]);
        let error = run(&store, &wanted(true, "default")).await.unwrap_err();
        assert!(matches!(error, ApplyError::NotOffered(_)), "{status}: {error}");
    }
    let store =
        Store { api, ..Store::new(plain()) }.with([Course::NotOffered(404, Some("LogStoreNotExist"))]);
    let error = run(&store, &wanted(true, "default")).await.unwrap_err();
    assert!(matches!(error, ApplyError::Call(_)), "{error}");
}

#[tokio::test]
async fn an_update_that_may_still_be_carried_out_is_reported_with_the_success() {
    let store = Store::new(plain()).with([Course::Unanswered]);
    let applied = apply(&&store, &wanted(true, "default"), None).await.unwrap();
    assert!(applied.may_be_overwritten);
    let answered = Store::new(plain()).with([Course::AnswerLost]);
    let applied = apply(&&answered, &wanted(true, "default"), None).await.unwrap();
    assert!(!applied.may_be_overwritten, "the read shows that it was carried out");
}

#[tokio::test]
async fn a_writer_that_configured_first_is_the_explanation_of_a_refusal() {
    let store = Store::new(encrypted(true, "aes_gcm"))
        .with([Course::Refused(ErrorKind::Invalid, "encrypt_conf cannot be changed")]);
    store.reads.lock().unwrap().push_back(plain());
    let error = run(&store, &wanted(true, "default")).await.unwrap_err();
    assert!(matches!(error, ApplyError::Conflict { .. }), "{error}");
}

/// The configuration that was last seen.
fn last_seen(failure: &Failure) -> Option<EncryptConf> {
    failure.last_seen.as_ref().unwrap().encrypt_conf().unwrap()
}

async fn cut_short(store: &Store) -> Box<Failure> {
    let failure = apply(&store, &wanted(true, "default"), None).await.unwrap_err();
    assert!(matches!(&failure.error, ApplyError::Call(error) if error.kind() == ErrorKind::Cancelled));
    failure
}

#[tokio::test]
async fn a_cancelled_update_is_looked_at_once_more() {
    for carried_out in [true, false] {
        let store = Store::new(plain()).with([Course::Cancelled { carried_out }]);
        let failure = cut_short(&store).await;
        assert_eq!(store.calls(), "get update pause look");
        assert!(failure.written && matches!(failure.final_read, Some(Ok(()))));
        assert_eq!(last_seen(&failure), carried_out.then(|| wanted(true, "default").conf));
    }
}

#[tokio::test]
async fn an_update_whose_read_back_is_cancelled_is_looked_at_once_more() {
    let store = Store::new(plain()).with([Course::ThenCancelled]);
    let failure = cut_short(&store).await;
    assert_eq!(store.calls(), "get update get look");
    assert_eq!(last_seen(&failure), Some(wanted(true, "default").conf));
}

#[tokio::test]
async fn where_the_final_read_fails_what_was_known_stands() {
    let store = Store { blind: true, ..Store::new(plain()).with([Course::Cancelled { carried_out: true }]) };
    let failure = cut_short(&store).await;
    assert!(failure.written);
    assert!(
        matches!(&failure.final_read, Some(Err(ApplyError::Call(error))) if error.message() == "too late")
    );
    assert_eq!(last_seen(&failure), None);
}

#[tokio::test]
async fn another_logstore_that_the_final_read_finds_is_not_taken_for_the_one_that_was_known() {
    let store = Store::new(plain()).with([Course::Rebuilt]);
    let failure = cut_short(&store).await;
    assert!(matches!(failure.final_read, Some(Err(ApplyError::Rebuilt { known: 100, found: 200 }))));
    assert_eq!(failure.last_seen.unwrap().create_time().unwrap(), 100);
}

#[tokio::test]
async fn a_sequence_that_is_cancelled_before_it_writes_looks_no_more() {
    let store = Store::new(plain());
    store.over.store(true, Ordering::Relaxed);
    let failure = cut_short(&store).await;
    assert_eq!(store.calls(), "get");
    assert!(!failure.written && failure.final_read.is_none() && failure.last_seen.is_none());
}

#[tokio::test]
async fn an_update_that_is_given_up_in_doubt_is_looked_at_once_more() {
    let store = Store::new(plain()).with((0..12).map(|_| Course::Unanswered));
    let failure = apply(&&store, &wanted(true, "default"), None).await.unwrap_err();
    assert!(store.calls().ends_with("get update pause look"), "{}", store.calls());
    assert!(failure.written && matches!(failure.final_read, Some(Ok(()))));
}
