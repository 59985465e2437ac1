//! From when on, and until when, a Logstore's data key is to be had.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};

use super::{DataKeys, Owner, WrappedDataKey};
use crate::access::Principal;
use crate::error::Error;
use crate::policy::ConditionContext;
use crate::rpc::{self, Parameters, Run, Service};
use crate::sls::encryption::UserCmkInfo;
use crate::snapshots::Snapshots;
use crate::state::State;
use crate::{Clock, Rules, Seed, kms, ram};
use storage::{DataKey, Store};

const ACCOUNT: &str = "1234567890123456";
const ARN: &str = "acs:ram::1234567890123456:role/Byok";
const DAY: i64 = 86_400;

fn trust(service: &str) -> String {
    json!({"Version": "1", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": {"Service": [service]}}]})
    .to_string()
}

/// A Logstore under the key `key-1` of `cn-beijing`, with the role `Byok`, and its data key as it is stored.
struct ServiceHarness {
    state: State,
    owner: Owner,
    key: DataKey,
    wrapped: WrappedDataKey,
}

impl ServiceHarness {
    fn new() -> Self {
        let seed = json!({
            "roles": [{"name": "Byok", "assume_role_policy_document": trust("log.aliyuncs.com"),
                "policies": ["AliyunKMSReadOnlyAccess", "AliyunKMSCryptoUserAccess"]}],
            "keys": [{"id": "key-1", "region": "cn-beijing"}],
        });
        let clock = Clock::fixed(1_795_161_600);
        let seed = Seed::from_json(&seed.to_string(), &clock).unwrap();
        let state = State::new(seed, Rules::Default, clock, Store::in_memory().unwrap());
        let owner = owner(Some(("key-1", ARN, "cn-beijing")));
        let (key, wrapped) = state.data_keys.for_writing(&state.snapshot(), &owner, None).unwrap();
        Self { state, owner, key, wrapped: wrapped.unwrap() }
    }

    fn read(&self) -> Result<DataKey, Error> {
        self.state.data_keys.for_reading(&self.state.snapshot(), &self.owner, &self.wrapped)
    }

    /// Reads, writes, and asks for a key that is not there yet: all give the key or none does.
    #[track_caller]
    fn serves(&self) {
        assert_eq!(self.read().unwrap().expose(), self.key.expose());
        let written =
            self.state.data_keys.for_writing(&self.state.snapshot(), &self.owner, Some(&self.wrapped));
        let (key, made) = written.unwrap();
        assert_eq!((key.expose(), made), (self.key.expose(), None));
        self.state.data_keys.validate(&self.state.snapshot(), &self.owner).unwrap();
    }

    #[track_caller]
    fn refuses(&self, status: u16, code: &str, why: &str) {
        let keys = &self.state.data_keys;
        let refused = [
            self.read().unwrap_err(),
            keys.for_writing(&self.state.snapshot(), &self.owner, Some(&self.wrapped)).unwrap_err(),
            keys.for_writing(&self.state.snapshot(), &self.owner, None).unwrap_err(),
            keys.validate(&self.state.snapshot(), &self.owner).unwrap_err(),
        ];
        for error in refused {
            assert_eq!((error.status, error.code.as_str()), (status, code), "{error}");
            let about = "The key key-1 in cn-beijing of logstore app cannot be used for kms:";
            let through = format!("through the role {ARN}: {why}");
            assert!(error.message.starts_with(about) && error.message.contains(&through), "{error}");
        }
    }

    fn kms(&self, action: &str, parameters: &[(&str, &str)]) {
        let parameters = [&[("KeyId", "key-1"), ("RegionId", "cn-beijing")], parameters].concat();
        self.done(&kms::SERVICE, &self.state.keys, action, &parameters);
    }

    fn ram(&self, action: &str, parameters: &[(&str, &str)]) {
        let parameters = [&[("RoleName", "Byok")], parameters].concat();
        self.done(&ram::SERVICE, &self.state.identity, action, &parameters);
    }

    fn attach(&self, action: &str) {
        let policy = [("PolicyType", "System"), ("PolicyName", "AliyunKMSCryptoUserAccess")];
        self.ram(action, &policy);
    }

    #[track_caller]
    fn done<M: Clone>(
        &self,
        service: &Service<M>,
        models: &Snapshots<M>,
        action: &str,
        parameters: &[(&str, &str)],
    ) {
        let root = Principal::AccountRoot { account_id: ACCOUNT.to_owned() };
        let parameters = Parameters::from_pairs(parameters);
        let request = rpc::Request {
            account_id: ACCOUNT,
            host: "",
            named_region: parameters.get("RegionId"),
            default_region: "cn-hangzhou",
            now: self.state.clock.unix(),
            caller: Some(&root),
            condition_context: &ConditionContext::default(),
            parameters: &parameters,
        };
        let action = service.actions.iter().find(|known| known.name == action).unwrap();
        let Run::Write(write) = action.run else { panic!("{} writes nothing", action.name) };
        models.write(|model| write(model, &request), |_, _| Ok(())).unwrap();
    }
}

fn owner(cmk: Option<(&str, &str, &str)>) -> Owner {
    let user_cmk_info = cmk.map(|(key, arn, region)| UserCmkInfo {
        cmk_key_id: key.to_owned(),
        arn: arn.to_owned(),
        region_id: region.to_owned(),
    });
    Owner { project: "proj".to_owned(), logstore: "app".to_owned(), number: 1, user_cmk_info }
}

const NO_PERMISSION: &str =
    "STS answers NoPermission: You are not authorized to do this action. You should be authorized by RAM.";
const NO_ROLE: &str =
    "STS answers EntityNotExist.Role: The role not exists: acs:ram::1234567890123456:role/byok";
const FORBIDDEN: &str =
    "KMS answers Forbidden.NoPermission: This operation is forbidden by permission system.";
const NOT_FOUND: &str = "KMS answers Forbidden.KeyNotFound: The specified Key is not found.";

#[test]
fn a_service_key_is_made_once_and_unwraps_for_its_logstore_only() {
    let store = Store::in_memory().unwrap();
    let (bench, keys) = (ServiceHarness::new(), DataKeys::new(&store));
    let (key, made) = keys.for_writing(&bench.state.snapshot(), &owner(None), None).unwrap();
    let made = made.unwrap();
    let (again, nothing) = keys.for_writing(&bench.state.snapshot(), &owner(None), Some(&made)).unwrap();
    assert_eq!((again.expose(), nothing), (key.expose(), None));
    assert_eq!(
        keys.for_reading(&bench.state.snapshot(), &owner(None), &made).unwrap().expose(),
        key.expose()
    );
    let other = Owner { number: 2, ..owner(None) };
    assert_eq!(
        keys.for_reading(&bench.state.snapshot(), &other, &made).unwrap_err().code,
        "InternalServerError"
    );
    keys.validate(&bench.state.snapshot(), &owner(None)).unwrap();
    let restarted = DataKeys::new(&store);
    assert_eq!(
        restarted.for_reading(&bench.state.snapshot(), &owner(None), &made).unwrap().expose(),
        key.expose()
    );
    assert_eq!(restarted.for_clear().expose(), keys.for_clear().expose());
    let of_another_store = DataKeys::new(&Store::in_memory().unwrap());
    let error = of_another_store.for_reading(&bench.state.snapshot(), &owner(None), &made).unwrap_err();
    assert_eq!(error.code, "InternalServerError");
}

#[test]
fn a_customers_key_wraps_what_comes_back_as_it_was() {
    let bench = ServiceHarness::new();
    bench.serves();
    bench.state.data_keys.clear();
    bench.serves();
    bench.state.clock.advance(60).unwrap();
    bench.serves();
    let (other, _) = bench.state.data_keys.for_writing(&bench.state.snapshot(), &bench.owner, None).unwrap();
    assert_ne!(other.expose(), bench.key.expose());
}

#[test]
fn a_key_that_is_disabled_cuts_reads_and_writes_at_once_until_it_is_enabled() {
    let bench = ServiceHarness::new();
    bench.serves();
    bench.kms("DisableKey", &[]);
    bench.refuses(
        400,
        "ParameterInvalid",
        "KMS answers Rejected.Disabled: The request was rejected because the key state is Disabled.",
    );
    bench.kms("EnableKey", &[]);
    bench.serves();
}

#[test]
fn a_key_that_is_to_be_deleted_serves_again_when_that_is_cancelled_and_never_once_it_is_gone() {
    let bench = ServiceHarness::new();
    bench.kms("ScheduleKeyDeletion", &[("PendingWindowInDays", "7")]);
    bench.refuses(400, "ParameterInvalid", "KMS answers Rejected.PendingDeletion: ");
    bench.kms("CancelKeyDeletion", &[]);
    bench.serves();
    bench.kms("ScheduleKeyDeletion", &[("PendingWindowInDays", "7")]);
    bench.state.clock.advance(7 * DAY).unwrap();
    bench.refuses(400, "ParameterInvalid", NOT_FOUND);
}

#[test]
fn a_role_that_is_made_anew_serves_again_once_it_is_as_it_was() {
    let bench = ServiceHarness::new();
    for policy in ["AliyunKMSReadOnlyAccess", "AliyunKMSCryptoUserAccess"] {
        bench.ram("DetachPolicyFromRole", &[("PolicyType", "System"), ("PolicyName", policy)]);
    }
    bench.ram("DeleteRole", &[]);
    bench.refuses(401, "Unauthorized", NO_ROLE);
    bench.ram("CreateRole", &[("AssumeRolePolicyDocument", &trust("oss.aliyuncs.com"))]);
    bench.refuses(401, "Unauthorized", NO_PERMISSION);
    bench.ram("UpdateRole", &[("NewAssumeRolePolicyDocument", &trust("log.aliyuncs.com"))]);
    bench.refuses(401, "Unauthorized", FORBIDDEN);
    bench.attach("AttachPolicyToRole");
    bench.serves();
}

#[test]
fn a_role_that_trusts_others_serves_no_more() {
    let bench = ServiceHarness::new();
    bench.ram("UpdateRole", &[("NewAssumeRolePolicyDocument", &trust("oss.aliyuncs.com"))]);
    bench.refuses(401, "Unauthorized", NO_PERMISSION);
    bench.ram("UpdateRole", &[("NewAssumeRolePolicyDocument", &trust("log.aliyuncs.com"))]);
    bench.serves();
}

#[test]
fn a_role_without_its_policy_serves_no_more_until_it_is_attached_again() {
    let bench = ServiceHarness::new();
    bench.serves();
    bench.attach("DetachPolicyFromRole");
    bench.refuses(401, "Unauthorized", FORBIDDEN);
    bench.attach("AttachPolicyToRole");
    bench.serves();
}

#[test]
fn a_data_key_opens_for_the_logstore_it_was_made_for_only() {
    let bench = ServiceHarness::new();
    let of = |change: fn(&mut Owner)| {
        let mut owner = bench.owner.clone();
        change(&mut owner);
        owner
    };
    for other in [
        of(|owner| owner.number = 2),
        of(|owner| owner.logstore = "web".to_owned()),
        of(|owner| owner.project = "other".to_owned()),
    ] {
        let error =
            bench.state.data_keys.for_reading(&bench.state.snapshot(), &other, &bench.wrapped).unwrap_err();
        assert_eq!((error.status, error.code.as_str()), (400, "ParameterInvalid"), "{error}");
        assert!(error.message.contains("KMS answers InvalidParameter"), "{error}");
    }
}

#[test]
fn a_key_of_another_region_or_kind_is_not_used() {
    let bench = ServiceHarness::new();
    for (cmk, why) in [
        (("key-1", ARN, "cn-hangzhou"), NOT_FOUND),
        (("key-2", ARN, "cn-beijing"), NOT_FOUND),
        (("key-1", "acs:ram::99:role/byok", "cn-beijing"), "STS answers EntityNotExist.Role"),
        (("key-1", "byok", "cn-beijing"), "STS answers InvalidParameter.RoleArn"),
    ] {
        let error = bench.state.data_keys.validate(&bench.state.snapshot(), &owner(Some(cmk))).unwrap_err();
        assert!(error.message.contains(why), "{error}");
    }
}

#[test]
fn a_reset_makes_an_end_of_every_key_that_was_opened() {
    let bench = ServiceHarness::new();
    bench.state.reset().unwrap();
    // The seed's key has its old material: what it wrapped still opens.
    bench.serves();
    let printed = format!("{:?}", bench.state.data_keys);
    assert!(!printed.contains(&format!("{:?}", bench.key.expose())), "{printed}");
}

#[test]
fn the_service_signs_in_as_a_session_of_the_role() {
    let bench = ServiceHarness::new();
    let deny: Value = json!({"Version": "1", "Statement": [{"Effect": "Deny", "Action": "kms:Decrypt",
        "Resource": "acs:kms:cn-beijing:1234567890123456:key/key-1"}]});
    let policy = [("PolicyName", "no-decrypt")];
    let document = deny.to_string();
    let created = [policy.as_slice(), &[("PolicyDocument", document.as_str())]].concat();
    bench.done(&ram::SERVICE, &bench.state.identity, "CreatePolicy", &created);
    bench.ram("AttachPolicyToRole", &[("PolicyType", "Custom"), ("PolicyName", "no-decrypt")]);
    // Also a new key is not to be had: one that is made could not be opened again.
    bench.refuses(401, "Unauthorized", FORBIDDEN);
}

/// Counts the errors in the log.
#[derive(Clone, Default)]
struct LoggedErrors(Arc<AtomicUsize>);

impl<S: Subscriber> Layer<S> for LoggedErrors {
    fn on_event(&self, event: &Event<'_>, _context: Context<'_, S>) {
        if *event.metadata().level() == Level::ERROR {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
}

#[test]
fn a_key_that_does_not_unwrap_is_logged_once_until_it_does() {
    let keys = DataKeys::new(&Store::in_memory().unwrap());
    let bench = ServiceHarness::new();
    let (snapshot, owner) = (bench.state.snapshot(), owner(None));
    let (_, good) = keys.for_writing(&snapshot, &owner, None).unwrap();
    let (good, bad) = (good.unwrap(), WrappedDataKey::Service { wrapped: vec![0; 60] });
    let logged = LoggedErrors::default();
    tracing::subscriber::with_default(tracing_subscriber::registry().with(logged.clone()), || {
        for (wrapped, logged_by_then) in [(&bad, 1), (&bad, 1), (&good, 1), (&bad, 2), (&bad, 2)] {
            let read = keys.for_reading(&snapshot, &owner, wrapped);
            assert_eq!(read.is_err(), *wrapped == bad);
            assert_eq!(logged.0.load(Ordering::Relaxed), logged_by_then);
        }
    });
}
