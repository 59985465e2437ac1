//! Level two: the sequence that sets a Logstore's encryption meets each fault at each of its
//! calls, once and from there on. Whatever the outcome, a later run without faults finds or sets the configuration.

use cloud::names::{LogstoreName, ProjectName};
use cloud::sls::encryption::{
    AppliedEncryption, ApplyError, ApplyFailure, BoundLogStore, DesiredEncryption, apply,
};
use cloud::sls::{EncryptConf, EncryptionApi, UserCmkInfo};
use serde_json::{Value, json};

use super::account::seed;
use super::cases::{Case, Service, cases_of};
use super::fault::{Fault, On};
use super::stage::{Clients, Disturbed, MAX_RETRIES, Stage};

const GET: &str = "GetLogStore";

/// The members that change with every update, from any sender.
const MOVING: [&str; 1] = ["lastModifyTime"];

/// A change of a Logstore's encryption.
struct Change {
    /// The action that writes it.
    api: EncryptionApi,
    /// The configuration the Logstore has before.
    before: Option<EncryptConf>,
    /// The configuration it shall have.
    wanted: EncryptConf,
}

const BY_DOCUMENT: EncryptionApi = EncryptionApi::UpdateLogStore;
const DEDICATED: EncryptionApi = EncryptionApi::UpdateLogStoreEncryption;

#[tokio::test]
async fn configuring_a_key_of_the_service() {
    meet(Change { api: BY_DOCUMENT, before: None, wanted: of_service(true) }).await;
}

#[tokio::test]
async fn configuring_a_key_of_the_user() {
    meet(Change { api: BY_DOCUMENT, before: None, wanted: of_user(true) }).await;
}

#[tokio::test]
async fn switching_off() {
    meet(Change { api: BY_DOCUMENT, before: Some(of_user(true)), wanted: of_user(false) }).await;
}

#[tokio::test]
async fn switching_on() {
    meet(Change { api: BY_DOCUMENT, before: Some(of_service(false)), wanted: of_service(true) }).await;
}

#[tokio::test]
async fn configuring_a_key_of_the_user_by_the_dedicated_action() {
    meet(Change { api: DEDICATED, before: None, wanted: of_user(true) }).await;
}

#[tokio::test]
async fn switching_off_by_the_dedicated_action() {
    meet(Change { api: DEDICATED, before: Some(of_service(true)), wanted: of_service(false) }).await;
}

impl Change {
    /// What the action is called.
    fn update(&self) -> &'static str {
        match self.api {
            EncryptionApi::UpdateLogStore => "UpdateLogStore",
            EncryptionApi::UpdateLogStoreEncryption => "UpdateLogStoreEncryption",
        }
    }
}

#[tokio::test]
async fn without_retries_each_call_is_sent_once_and_what_is_in_doubt_is_looked_at() {
    for change in [
        Change { api: BY_DOCUMENT, before: None, wanted: of_service(true) },
        Change { api: DEDICATED, before: None, wanted: of_service(true) },
        Change { api: BY_DOCUMENT, before: Some(of_user(true)), wanted: of_user(false) },
    ] {
        let stage = Stage::start(&seed_with(&change)).await;
        let calls = undisturbed(&stage, &change).await;
        for case in cases_of(Service::Sls) {
            for (position, call) in (1..).zip(&calls) {
                let cell = Cell { change: &change, case, call, on: On::Only(position) };
                cell.check_without_retries(&stage, &calls, usize::try_from(position).unwrap()).await;
            }
        }
    }
}

/// Every cell of the matrix for one change.
async fn meet(change: Change) {
    let stage = Stage::start(&seed_with(&change)).await;
    let calls = undisturbed(&stage, &change).await;
    for case in cases_of(Service::Sls) {
        for (position, call) in (1..).zip(&calls) {
            for on in [On::Only(position), On::From(position)] {
                let cell = Cell { change: &change, case, call, on };
                cell.check(&stage).await;
            }
        }
    }
}

/// The calls of a run that nothing disturbs.
async fn undisturbed(stage: &Stage, change: &Change) -> Vec<String> {
    stage.reset().await;
    let disturbed = stage.undisturbed().await;
    assert!(run(&disturbed.clients, change).await.unwrap().written);
    assert_eq!(disturbed.asked_for(), [GET, change.update(), GET]);
    disturbed.asked_for()
}

/// One fault at one call.
struct Cell<'a> {
    change: &'a Change,
    case: &'a Case,
    /// The call that meets it first.
    call: &'a str,
    on: On,
}

impl Cell<'_> {
    async fn check(&self, stage: &Stage) {
        stage.reset().await;
        let before = log_store(stage).await;

        let disturbed = stage.disturbed(Some(self.case.fault), self.case.given, self.on).await;
        let outcome = run(&disturbed.clients, self.change).await;
        self.check_disturbed(&disturbed, &outcome);
        let carried_out = stage.carried_out(self.change.update()).await;
        self.check_told(&outcome, carried_out);
        if outcome.is_ok() {
            self.check_state(&before, &log_store(stage).await);
        }

        let again = stage.undisturbed().await;
        let written = run(&again.clients, self.change).await.unwrap().written;
        assert_eq!(written, carried_out == 0, "{self}: what is there is not written again");
        assert_eq!(again.sent_of(self.change.update()), u64::from(written), "{self}");
        assert_eq!(stage.carried_out(self.change.update()).await, 1, "{self}: in both runs together");
        self.check_state(&before, &log_store(stage).await);
    }

    /// As [`Cell::check`], where no attempt may follow the first.
    async fn check_without_retries(&self, stage: &Stage, calls: &[String], position: usize) {
        stage.reset().await;
        let before = log_store(stage).await;

        let disturbed = stage.disturbed_with(0, Some(self.case.fault), self.case.given, self.on).await;
        let outcome = run(&disturbed.clients, self.change).await;
        let carried_out = stage.carried_out(self.change.update()).await;
        self.check_told(&outcome, carried_out);
        // Nothing was read after the update.
        let is_looked_at = match position {
            2 => self.case.in_doubt && outcome.is_err(),
            3 => outcome.is_err(),
            _ => false,
        };
        let expected = match &outcome {
            Ok(_) => calls.to_vec(),
            Err(failure) => {
                let looked = failure.final_read.as_ref().map(Result::is_ok);
                assert_eq!(looked, is_looked_at.then_some(true), "{self}");
                // Once a second while the update is under way, which is until its time is over.
                let is_silent =
                    matches!(self.case.fault, Fault::SilenceBefore | Fault::SilenceAfter | Fault::TooLong);
                // One that shows the update is the last.
                let until_it_shows = if self.case.applied { 1 } else { 2 };
                let beside = if is_silent && position == 2 { until_it_shows } else { 0 };
                let looks = vec![GET.to_owned(); beside + usize::from(is_looked_at)];
                [&calls[..position], &looks].concat()
            }
        };
        assert_eq!(disturbed.asked_for(), expected, "{self}");
        if let (Err(failure), true) = (&outcome, is_looked_at) {
            let seen = failure.last_seen.as_ref().unwrap().encrypt_conf().unwrap();
            let is_wanted = seen.as_ref() == Some(&self.change.wanted);
            assert_eq!(is_wanted, carried_out == 1, "{self}: {seen:?}");
        }

        run(&stage.undisturbed().await.clients, self.change).await.unwrap();
        assert_eq!(stage.carried_out(self.change.update()).await, 1, "{self}: in both runs together");
        self.check_state(&before, &log_store(stage).await);
    }

    /// How often the update is sent, and whether the run reaches what is wanted.
    fn check_disturbed(&self, disturbed: &Disturbed, outcome: &Result<AppliedEncryption, Box<ApplyFailure>>) {
        let Case { passes, in_doubt, applied, .. } = *self.case;
        let is_update = self.call == self.change.update();
        // An update is answered with nothing, and nothing can be taken off that.
        let is_harmless = is_update && self.case.fault == Fault::TooShort;
        let sent = disturbed.sent_of(self.change.update());
        if let On::From(_) = self.on {
            assert!(sent <= 1 + MAX_RETRIES, "{self}: {sent} updates");
            assert!(disturbed.printed() <= 2, "{self}: {} keys", disturbed.printed());
            assert!(outcome.is_err(), "{self}");
            return;
        }
        let passes = passes || (!is_update && self.case.is_damaged());
        let expected = match (is_update, passes) {
            // Looked for before it is sent again, and found.
            (true, true) if in_doubt && applied => 1,
            (true, true) => 2,
            (true, false) => 1,
            // The first read decides whether there is one at all; the last one comes after it.
            (false, _) => u64::from(passes || self.on != On::Only(1)),
        };
        assert_eq!(sent, expected, "{self}: updates");
        assert_eq!(outcome.is_ok(), passes || is_harmless, "{self}: {outcome:?}");
    }

    /// What a run that failed says about itself.
    fn check_told(&self, outcome: &Result<AppliedEncryption, Box<ApplyFailure>>, carried_out: usize) {
        let Err(failure) = outcome else { return };
        assert!(failure.written || carried_out == 0, "{self}: the Logstore has changed, and nobody is told");
        let (ApplyError::Call(error) | ApplyError::NotOffered(error)) = &failure.error else {
            panic!("{self}: {}", failure.error)
        };
        assert_eq!(error.kind(), self.case.kind, "{self}: {error}");
    }

    /// That the Logstore is as it was but for its encryption, which is as it is wanted.
    fn check_state(&self, before: &Value, after: &Value) {
        let mut expected = before.clone();
        expected["encrypt_conf"] = self.change.wanted.to_json();
        assert_eq!(after, &expected, "{self}");
    }
}

impl std::fmt::Display for Cell<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} at {} ({:?}), wanted {:?}", self.case.fault, self.call, self.on, self.change.wanted)
    }
}

async fn run(on: &Clients, change: &Change) -> Result<AppliedEncryption, Box<ApplyFailure>> {
    let (project, logstore) = (ProjectName::parse("audit").unwrap(), LogstoreName::parse("app").unwrap());
    let calls = BoundLogStore {
        client: &on.sls,
        context: on.context.clone(),
        project: &project,
        logstore: &logstore,
        api: change.api,
    };
    apply(
        &calls,
        &DesiredEncryption { conf: change.wanted.clone(), create_time: None, may_be_new: false },
        None,
    )
    .await
}

async fn log_store(stage: &Stage) -> Value {
    let mut members = stage.log_store("audit", "app").await;
    for name in MOVING {
        members.as_object_mut().unwrap().remove(name).unwrap();
    }
    members
}

/// A Logstore whose members differ from what an update resets them to that leaves them out.
fn seed_with(change: &Change) -> Value {
    let mut seed = seed();
    let mut store = json!({ "logstoreName": "app", "ttl": 90, "hot_ttl": 30, "autoSplit": true,
        "maxSplitShard": 32, "appendMeta": true, "enable_tracking": true, "mode": "query",
        "shardCount": 3 });
    if let Some(conf) = &change.before {
        store["encrypt_conf"] = conf.to_json();
    }
    seed["projects"][0]["logstores"][0] = store;
    seed
}

fn of_service(enable: bool) -> EncryptConf {
    EncryptConf { enable, encrypt_type: "default".to_owned(), user_cmk_info: None }
}

fn of_user(enable: bool) -> EncryptConf {
    let info = UserCmkInfo {
        cmk_key_id: "key-aes".to_owned(),
        arn: "acs:ram::1234567890123456:role/sls-byok".to_owned(),
        region_id: "cn-hangzhou".to_owned(),
    };
    EncryptConf { enable, encrypt_type: "sm4_gcm".to_owned(), user_cmk_info: Some(info) }
}
