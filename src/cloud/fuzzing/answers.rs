//! Answers of the four services.

use serde_json::{Map, Value};

use super::{
    Answering, SECOND, SECRETS, check_error, check_line, check_lines, dispatcher, rpc_config, run, within,
};
use crate::endpoint::Endpoint;
use crate::error::Error;
use crate::http::{Headers, HttpResponse, Method, trace};
use crate::kms::KmsClient;
use crate::names::{GroupName, LogstoreName, PolicyName, ProjectName, Region, RoleName, UserName};
use crate::ram::{CreateRole, PolicyDocument, PolicyId, RamClient, RoleArn, UpdateRole};
use crate::signing::sls::SignatureVersion;
use crate::sls::encryption::{self, BoundLogStore, DesiredEncryption};
use crate::sls::{
    EncryptConf, EncryptionApi, ListLogStores, ListMetricStores, ListProject, LogStore, SlsClient, SlsConfig,
    TelemetryType, UserCmkInfo,
};
use crate::sts::{AssumeRole, AssumeRoleWithOidc, StsClient};
use crate::testing::ManualClock;

/// The statuses that the first byte chooses from.
const STATUSES: [u16; 16] = [200, 200, 200, 201, 204, 302, 400, 401, 403, 404, 408, 409, 429, 500, 502, 503];

/// The first byte chooses a status. Lines `name: value` follow, an empty line, and the body.
fn answer(bytes: &[u8]) -> HttpResponse {
    let (choice, rest) = bytes.split_first().unwrap_or((&0, &[]));
    let end = rest.windows(2).position(|ends| ends == b"\n\n");
    let (head, body) = end.map_or((&rest[..0], rest), |end| (&rest[..end], &rest[end + 2..]));
    let mut headers = Headers::default();
    for line in String::from_utf8_lossy(head).lines() {
        let Some((name, value)) = line.split_once(':') else { continue };
        // The transport gives nothing else.
        if value.chars().all(|character| (' '..='~').contains(&character)) {
            headers.set(name, value.trim());
        }
    }
    HttpResponse { status: STATUSES[usize::from(*choice) % STATUSES.len()], headers, body: body.to_vec() }
}

/// An answer to every action of SLS. What is taken from it can be shown; what is written back of a Logstore is what was
/// read, member by member; an error is bounded, printable and without the secrets of the request.
pub fn sls_answer(bytes: &[u8]) {
    let transport = Answering::new(answer(bytes));
    let clock = ManualClock::new();
    let client = SlsClient::new(SlsConfig {
        endpoint: Endpoint::parse("http://127.0.0.1:8700").unwrap(),
        region: Region::parse("cn-hangzhou").unwrap(),
        signature: SignatureVersion::V4,
        encryption_api: EncryptionApi::default(),
        dispatcher: dispatcher(&transport, &clock),
    });
    let project = ProjectName::parse("audit").unwrap();
    let store = LogstoreName::parse("app").unwrap();
    for known in [None, Some(TelemetryType::Metrics)] {
        let context = within(&clock, 5 * SECOND);
        let read = run(&clock, client.get_log_or_metric_store(&context, &project, &store, known));
        if let Some(read) = checked(read) {
            assert_eq!(read.logstore_name().unwrap(), "app");
            read.create_time().unwrap();
            read.encrypt_conf().unwrap();
            check_lines(read.product_type());
        }
    }
    let context = within(&clock, 5 * SECOND);
    let list = ListProject::default();
    if let Some(page) = checked(run(&clock, client.list_project(&context, &list))) {
        check_lines(page.projects);
    }
    let context = within(&clock, 5 * SECOND);
    let list = ListLogStores::default();
    if let Some(page) = checked(run(&clock, client.list_log_stores(&context, &project, &list))) {
        check_lines(page.logstores);
    }
    let context = within(&clock, 5 * SECOND);
    let list = ListMetricStores::default();
    checked(run(&clock, client.list_metric_stores(&context, &project, &list)));
    let context = within(&clock, 5 * SECOND);
    checked(run(&clock, client.update_log_store_encryption(&context, &project, &store, &conf())));
    check_log(&transport);

    let calls = BoundLogStore {
        client: &client,
        context: within(&clock, 30 * SECOND),
        project: &project,
        logstore: &store,
        api: EncryptionApi::UpdateLogStore,
    };
    let desired = DesiredEncryption { conf: conf(), create_time: None, may_be_new: false };
    match run(&clock, encryption::apply(&calls, &desired, None)) {
        Ok(applied) => check_updates(&transport, &applied.log_store),
        Err(failure) => {
            check_line(&failure.error.to_string());
            if let Some(read) = &failure.last_seen {
                check_updates(&transport, read);
            }
        }
    }
}

fn conf() -> EncryptConf {
    EncryptConf {
        enable: true,
        encrypt_type: "default".to_owned(),
        user_cmk_info: Some(UserCmkInfo {
            cmk_key_id: "key-1".to_owned(),
            arn: ARN.to_owned(),
            region_id: "cn-hangzhou".to_owned(),
        }),
    }
}

/// The settings that the updates of both kinds of stores have.
const SETTINGS: [&str; 6] =
    ["ttl", "shardCount", "enable_tracking", "autoSplit", "maxSplitShard", "appendMeta"];

/// Each update that was sent has the settings of the read, and no other member but the configuration.
fn check_updates(transport: &Answering, read: &LogStore) {
    for request in transport.take_requests().iter().filter(|request| request.method == Method::Put) {
        let body: Map<String, Value> = serde_json::from_slice(&request.body).unwrap();
        let conf = match read.read_as() {
            TelemetryType::Logs => "encrypt_conf",
            TelemetryType::Metrics => "encryptConf",
        };
        assert!(body[conf].is_object());
        for (name, value) in body.iter().filter(|(name, _)| *name != conf) {
            assert_eq!(Some(value), read.fields().get(name), "{name}");
        }
        for name in SETTINGS {
            let stored = read.fields().get(name).filter(|value| !value.is_null());
            assert_eq!(body.get(name), stored, "{name}");
        }
    }
}

const ARN: &str = "acs:ram::1234567890123456:role/sls-byok";

/// An answer to every action of RAM, KMS and STS. The same holds.
pub fn rpc_answer(bytes: &[u8]) {
    let transport = Answering::new(answer(bytes));
    let clock = ManualClock::new();
    let config = rpc_config(&dispatcher(&transport, &clock));
    let (ram, kms, sts) =
        (RamClient::new(config.clone()), KmsClient::new(config.clone()), StsClient::new(config));
    let context = || within(&clock, 5 * SECOND);
    let role = RoleName::parse("sls-byok").unwrap();
    let user = UserName::parse("ci").unwrap();
    let group = GroupName::parse("pipelines").unwrap();
    let policy = PolicyId::custom(PolicyName::parse("look").unwrap());

    if let Some(found) = checked(run(&clock, ram.get_role(&context(), &role))) {
        assert!(found.role_name.is_same(&role));
        check_lines([&found.role_id, &found.create_date]);
        check_lines([found.arn.as_str(), found.role_name.as_str()]);
        assert_eq!(text::lines(&found.description), found.description);
        found.is_young(&clock);
        if let Ok(trust) = PolicyDocument::parse(&found.assume_role_policy_document) {
            trust.names_service("log.aliyuncs.com");
        }
    }
    if let Some(page) = checked(run(&clock, ram.list_roles(&context(), &[], None))) {
        check_lines(page.roles.iter().map(|role| role.role_name.as_str()));
        check_lines(page.marker);
    }
    for attached in [
        run(&clock, ram.list_policies_for_role(&context(), &role)),
        run(&clock, ram.list_policies_for_user(&context(), &user)),
        run(&clock, ram.list_policies_for_group(&context(), &group)),
    ] {
        let attached = checked(attached).unwrap_or_default();
        check_lines(attached.iter().map(|policy| policy.id.policy_name.as_str()));
    }
    let entities = checked(run(&clock, ram.list_entities_for_policy(&context(), &policy)));
    check_lines(entities.iter().flat_map(|all| &all.roles).map(|role| role.arn.as_str()));
    checked(run(&clock, ram.get_policy(&context(), &policy)));
    checked(run(&clock, ram.list_tag_resources(&context(), &role, None)));
    checked(run(&clock, ram.get_user(&context(), &user)));
    checked(run(&clock, ram.list_groups_for_user(&context(), &user)));
    let create = CreateRole {
        role_name: role.clone(),
        assume_role_policy_document: "{}".to_owned(),
        description: None,
        max_session_duration: None,
        tags: Vec::new(),
    };
    checked(run(&clock, ram.create_role(&context(), &create)));
    checked(run(&clock, ram.update_role(&context(), &role, &UpdateRole::default())));
    checked(run(&clock, ram.delete_role(&context(), &role)));
    if let Some(key) = checked(run(&clock, kms.describe_key(&context(), "key-1"))) {
        check_lines([&key.key_id, &key.arn, &key.key_spec]);
        check_line(key.key_state.as_str());
        check_line(key.region_id().unwrap_or_default());
    }
    if let Some(caller) = checked(run(&clock, sts.get_caller_identity(&context()))) {
        let names = [caller.user_name(), caller.role_name(), Some(caller.account_id.as_str())];
        check_lines(names.into_iter().flatten());
    }
    let role_arn = RoleArn::parse(ARN).unwrap();
    let (role_session_name, duration_seconds, policy) = ("ci".to_owned(), None, None);
    let with_oidc = AssumeRoleWithOidc {
        role_arn: role_arn.clone(),
        oidc_provider_arn: "acs:ram::1:oidc-provider/ci".to_owned(),
        oidc_token: SECRETS[1].into(),
        role_session_name: role_session_name.clone(),
        duration_seconds,
        policy: policy.clone(),
    };
    checked(run(&clock, sts.assume_role_with_oidc(&context(), &with_oidc)));
    let external_id = None;
    let assume = AssumeRole { role_arn, role_session_name, duration_seconds, policy, external_id };
    checked(run(&clock, sts.assume_role(&context(), &assume)));
    check_log(&transport);
}

/// The value of a call, if it succeeded. An error has none of the secrets of the request, whatever the answer quotes.
fn checked<T>(outcome: Result<T, Error>) -> Option<T> {
    let check = |error: Error| {
        check_error(&error);
        assert!(!SECRETS.iter().any(|secret| error.to_string().contains(secret)), "{error}");
    };
    outcome.map_err(check).ok()
}

/// Writes what the debug log has of the requests and the answer.
fn check_log(transport: &Answering) {
    for request in transport.take_requests() {
        trace::request(&request);
        trace::response(&transport.answer, &request);
    }
}
