//! One chain of credentials for all four services: every kind of source against the emulator.

use std::sync::Arc;
use std::time::Duration;

use cloud::clock::SystemClock;
use cloud::credentials::{
    Chain, ChainConfig, CredentialProvider as _, CredentialSource, Credentials, CredentialsUri, EcsMetadata,
    GivenKeys, MetadataService, OidcRole, ProfileSource, RoleToAssume, SourceContext, StsEndpoints,
    SystemHost, TokenOrigin,
};
use cloud::endpoint::Endpoint;
use cloud::http::{ReqwestTransport, TransportConfig};
use cloud::kms::KmsClient;
use cloud::names::{LogstoreName, ProjectName, Region};
use cloud::nonce::UniqueNonces;
use cloud::ram::{RamClient, RoleArn};
use cloud::retry::RetryPolicy;
use cloud::rpc::RpcConfig;
use cloud::signing::{rpc, sls};
use cloud::sls::{EncryptionApi, SlsClient, SlsConfig};
use cloud::sts::{AssumeRole, AssumedRole, StsClient};
use cloud::{CallContext, Dispatcher, DispatcherConfig};
use emulator::{Clock, Config, Emulator, Seed};
use serde_json::{Value, json};
use test_support::identity;
use test_support::network::Server;
use time::format_description::well_known::Rfc3339;

use crate::scene::{identity_token, key, role};

const ADMIN: &str = "acs:ram::1234567890123456:role/Admin";
const SESSION: &str = "acs:ram::1234567890123456:assumed-role/admin/s1";

struct World {
    emulator: Emulator,
    directory: tempfile::TempDir,
    context: CallContext,
}

/// `alice` may assume `Admin`, which may do everything and trusts the identity provider `ci` too.
fn seed() -> Value {
    let allow = |action: Value| json!({ "Version": "1", "Statement": [{ "Effect": "Allow", "Action": action, "Resource": "*" }] });
    let trust = json!({ "Version": "1", "Statement": [{ "Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": { "RAM": ["acs:ram::1234567890123456:root"],
            "Federated": [identity::PROVIDER] } }] });
    json!({
        "access_keys": [{ "id": "ak-alice", "secret": "sk-alice", "user": "alice" }],
        "users": [{ "name": "alice",
            "policies": [{ "name": "assume", "document": allow(json!("sts:AssumeRole")) }] }],
        "roles": [{ "name": "Admin", "assume_role_policy_document": trust,
            "policies": [{ "name": "all", "document": allow(json!(["ram:*", "kms:*", "log:*", "sts:*"])) }] }],
        "oidc_providers": [identity::seeded_provider()],
        "keys": [{ "id": "key-aes", "spec": "Aliyun_AES_256" }],
        "projects": [{ "name": "audit", "logstores": [{ "logstoreName": "app" }] }],
    })
}

impl World {
    async fn start() -> Self {
        let clock = Clock::system();
        let seed = Seed::from_json(&seed().to_string(), &clock).unwrap();
        let emulator = Emulator::start(Config { seed, clock, ..Config::default() }).await.unwrap();
        Self { emulator, directory: tempfile::tempdir().unwrap(), context: CallContext::default() }
    }

    fn endpoint(&self) -> Endpoint {
        Endpoint::parse(&format!("http://{}", self.emulator.addr())).unwrap()
    }

    fn write(&self, file: &str, text: &str) -> std::path::PathBuf {
        let path = self.directory.path().join(file);
        std::fs::write(&path, text).unwrap();
        path
    }

    fn rpc(&self, caller: &Arc<Dispatcher>) -> RpcConfig {
        RpcConfig {
            endpoint: self.endpoint(),
            signature: rpc::SignatureVersion::Acs3HmacSha256,
            dispatcher: Arc::clone(caller),
            nonces: Arc::new(UniqueNonces::default()),
        }
    }

    /// Calls each of the four services at once with one chain; all must see the session of `Admin`.
    async fn serves_all(&self, config: ChainConfig) {
        let chain = chain(config);
        let shared = caller_with(&chain);
        let sls = SlsClient::new(SlsConfig {
            endpoint: self.endpoint(),
            region: Region::parse("cn-hangzhou").unwrap(),
            signature: sls::SignatureVersion::V4,
            encryption_api: EncryptionApi::default(),
            dispatcher: Arc::clone(&shared),
        });
        let (ram, kms, sts) = (
            RamClient::new(self.rpc(&shared)),
            KmsClient::new(self.rpc(&shared)),
            StsClient::new(self.rpc(&shared)),
        );
        let (project, logstore, role) =
            (ProjectName::parse("audit").unwrap(), LogstoreName::parse("app").unwrap(), role("admin"));
        let (store, role, key, caller) = tokio::join!(
            sls.get_log_store(&self.context, &project, &logstore),
            ram.get_role(&self.context, &role),
            kms.describe_key(&self.context, "key-aes"),
            sts.get_caller_identity(&self.context),
        );
        store.unwrap();
        role.unwrap();
        key.unwrap();
        assert_eq!(caller.unwrap().arn, SESSION);
        let held = chain.credentials(&self.context).await.unwrap();
        crashes_without_secrets(&held, &format!("{shared:?} {sls:?} {ram:?} {kms:?} {sts:?}"));
    }

    fn admin(&self) -> RoleToAssume {
        RoleToAssume { assume: assume_admin(), endpoint: self.endpoint(), source: "test".to_owned() }
    }

    /// A session of `Admin`, as a service that hands out keys would hold it.
    async fn session(&self) -> AssumedRole {
        let alice = GivenKeys { credentials: key("ak-alice", "sk-alice"), expiration: None };
        let shared = dispatcher(only(alice));
        StsClient::new(self.rpc(&shared)).assume_role(&self.context, &assume_admin()).await.unwrap()
    }

    fn profile(&self, profile: &Value) -> ChainConfig {
        let mut profile = profile.clone();
        profile.as_object_mut().unwrap().insert("name".to_owned(), json!("p"));
        let file = json!({ "current": "p", "profiles": [profile] });
        only(self.profiles(&file.to_string()))
    }

    /// The file's own choice of a profile.
    fn profiles(&self, file: &str) -> ProfileSource {
        ProfileSource {
            files: vec![self.write("profiles", file)],
            name: None,
            required: true,
            sts: StsEndpoints {
                configured: Some(self.endpoint()),
                fallback: None,
                default: Endpoint::global_sts(),
            },
            metadata: MetadataService { endpoint: Endpoint::ecs_metadata(), version_1: true },
            session_name: "s1".to_owned(),
            external_forbidden_by: None,
        }
    }
}

/// What a panic says that shows everything there is, while credentials are held: whose key it is and no secret.
#[track_caller]
fn crashes_without_secrets(held: &Credentials, everything: &str) {
    let crash = std::panic::catch_unwind(|| panic!("{held:?} {everything}")).unwrap_err();
    let text = crash.downcast_ref::<String>().unwrap();
    assert!(text.matches(&held.access_key_id).count() > 1, "the credentials are not held: {text}");
    assert!(!text.contains(held.access_key_secret.expose()), "{text}");
    let token = held.security_token.as_ref().unwrap();
    assert!(!text.contains(token.expose()), "{text}");
    assert!(!text.contains("sk-alice"), "{text}");
}

const NO_RETRIES: RetryPolicy =
    RetryPolicy { max_retries: 0, base: Duration::from_secs(1), cap: Duration::from_secs(1) };

fn transport() -> Arc<ReqwestTransport> {
    Arc::new(ReqwestTransport::new(TransportConfig::new("credentials-test")))
}

fn chain(config: ChainConfig) -> Arc<Chain> {
    let means = SourceContext {
        host: Arc::new(SystemHost),
        transport: transport(),
        clock: Arc::new(SystemClock),
        nonces: Arc::new(UniqueNonces::default()),
        retry: NO_RETRIES,
        request_timeout: Duration::from_secs(30),
        signature: rpc::SignatureVersion::Acs3HmacSha256,
    };
    Arc::new(config.chain(means))
}

fn dispatcher(config: ChainConfig) -> Arc<Dispatcher> {
    caller_with(&chain(config))
}

fn caller_with(chain: &Arc<Chain>) -> Arc<Dispatcher> {
    Arc::new(Dispatcher::new(DispatcherConfig {
        credentials: chain.clone(),
        transport: transport(),
        clock: Arc::new(SystemClock),
        retry: NO_RETRIES,
        request_timeout: Duration::from_secs(30),
        max_concurrency: 4,
    }))
}

fn assume_admin() -> AssumeRole {
    AssumeRole {
        role_arn: RoleArn::parse(ADMIN).unwrap(),
        role_session_name: "s1".to_owned(),
        duration_seconds: Some(900),
        policy: None,
        external_id: None,
    }
}

fn only(source: impl CredentialSource) -> ChainConfig {
    ChainConfig { sources: vec![Arc::new(source)], assume_role: None }
}

fn as_answer(session: &AssumedRole) -> String {
    json!({ "Code": "Success", "AccessKeyId": session.access_key_id,
        "AccessKeySecret": session.access_key_secret.expose(),
        "SecurityToken": session.security_token.expose(),
        "Expiration": session.expiration.format(&Rfc3339).unwrap() })
    .to_string()
}

#[tokio::test]
async fn keys_and_a_role() {
    let world = World::start().await;
    let config = only(GivenKeys { credentials: key("ak-alice", "sk-alice"), expiration: None });
    world.serves_all(ChainConfig { assume_role: Some(world.admin()), ..config }).await;
}

#[tokio::test]
async fn profiles_with_keys_a_token_and_a_role() {
    let world = World::start().await;
    let alice = json!({ "mode": "AK", "access_key_id": "ak-alice", "access_key_secret": "sk-alice" });
    let config = world.profile(&alice);
    world.serves_all(ChainConfig { assume_role: Some(world.admin()), ..config }).await;

    let mut role = alice;
    role["mode"] = json!("RamRoleArn");
    role["ram_role_arn"] = json!(ADMIN);
    world.serves_all(world.profile(&role)).await;

    let session = world.session().await;
    let token = json!({ "mode": "StsToken", "access_key_id": session.access_key_id,
        "access_key_secret": session.access_key_secret.expose(),
        "sts_token": session.security_token.expose(),
        "sts_expiration": session.expiration.unix_timestamp() });
    world.serves_all(world.profile(&token)).await;
}

#[tokio::test]
async fn a_profile_that_builds_on_another() {
    let world = World::start().await;
    let file = json!({ "current": "admin", "profiles": [
        { "name": "alice", "mode": "AK", "access_key_id": "ak-alice", "access_key_secret": "sk-alice" },
        { "name": "admin", "mode": "ChainableRamRoleArn", "source_profile": "alice", "ram_role_arn": ADMIN },
    ] });
    world.serves_all(only(world.profiles(&file.to_string()))).await;
}

#[tokio::test]
async fn profiles_with_the_keys_of_a_login() {
    let world = World::start().await;
    for mode in ["CloudSSO", "OAuth"] {
        let session = world.session().await;
        let login = json!({ "mode": mode, "access_key_id": session.access_key_id,
            "access_key_secret": session.access_key_secret.expose(),
            "sts_token": session.security_token.expose(),
            "sts_expiration": session.expiration.unix_timestamp() });
        world.serves_all(world.profile(&login)).await;
    }
}

#[tokio::test]
async fn profiles_of_the_credentials_libraries() {
    let world = World::start().await;
    let session = world.session().await;
    let alice = "access_key_id = ak-alice\naccess_key_secret = sk-alice\n";
    let key = format!("[default]\ntype = access_key\n{alice}");
    let config = only(world.profiles(&key));
    world.serves_all(ChainConfig { assume_role: Some(world.admin()), ..config }).await;
    let role = format!("[default]\ntype = ram_role_arn\n{alice}role_arn = {ADMIN}\n");
    let token = format!(
        "[default]\ntype = sts\naccess_key_id = {}\naccess_key_secret = {}\nsecurity_token = {}\n",
        session.access_key_id,
        session.access_key_secret.expose(),
        session.security_token.expose()
    );
    let identity = world.write("token", &identity_token());
    let oidc = format!(
        "[default]\ntype = oidc_role_arn\nrole_arn = {ADMIN}\noidc_provider_arn = {}\noidc_token_file = {}\n",
        identity::PROVIDER,
        identity.display()
    );
    for file in [role, token, oidc] {
        world.serves_all(only(world.profiles(&file))).await;
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_profile_with_a_command() {
    let world = World::start().await;
    let session = world.session().await;
    let printed = json!({ "mode": "StsToken", "access_key_id": session.access_key_id,
        "access_key_secret": session.access_key_secret.expose(),
        "sts_token": session.security_token.expose(),
        "expiration": session.expiration.format(&Rfc3339).unwrap() });
    let file = world.write("printed.json", &printed.to_string());
    let command = format!("cat {}", file.display());
    world.serves_all(world.profile(&json!({ "mode": "External", "process_command": command }))).await;
}

#[tokio::test]
async fn a_token_of_an_identity_provider() {
    let world = World::start().await;
    let file = world.write("token", &identity_token());
    let profile = json!({ "mode": "OIDC", "ram_role_arn": ADMIN, "oidc_token_file": file.to_str().unwrap(),
        "oidc_provider_arn": identity::PROVIDER });
    world.serves_all(world.profile(&profile)).await;
    let role = OidcRole {
        role_arn: RoleArn::parse(ADMIN).unwrap(),
        oidc_provider_arn: identity::PROVIDER.to_owned(),
        token: TokenOrigin::Given(identity_token().into()),
        role_session_name: "s1".to_owned(),
        duration_seconds: None,
        policy: None,
        endpoint: world.endpoint(),
        source: "test".to_owned(),
    };
    world.serves_all(only(role)).await;
}

#[tokio::test]
async fn a_credentials_uri_is_asked_once_for_all_services() {
    let world = World::start().await;
    let body = as_answer(&world.session().await);
    let server = Server::start(move |head| {
        let right = head.starts_with("GET /keys?code=a%20b HTTP/1.1\r\n");
        if right { (200, body.clone()) } else { (404, String::new()) }
    });
    let address = format!("{}/keys?code=a%20b", server.url());
    let uri = CredentialsUri::parse(&address, "test").unwrap();
    world.serves_all(only(uri)).await;
    assert_eq!(server.asked(), 1);
    let profile = json!({ "mode": "CredentialsURI", "credentials_uri": address });
    world.serves_all(world.profile(&profile)).await;
    assert_eq!(server.asked(), 2);
}

#[tokio::test]
async fn the_metadata_service_in_both_versions() {
    let world = World::start().await;
    for version_2 in [true, false] {
        let body = as_answer(&world.session().await);
        let server = Server::start(move |head| {
            let head = head.to_ascii_lowercase();
            let authorized = !version_2 || head.contains("\r\nx-aliyun-ecs-metadata-token: tok\r\n");
            let line = head.lines().next().unwrap_or_default();
            match line.strip_suffix(" http/1.1").unwrap_or_default() {
                "put /latest/api/token" if version_2 => (200, "tok".to_owned()),
                "get /latest/meta-data/ram/security-credentials/" if authorized => (200, "admin".to_owned()),
                "get /latest/meta-data/ram/security-credentials/admin" if authorized => (200, body.clone()),
                _ => (403, String::new()),
            }
        });
        let service =
            MetadataService { endpoint: Endpoint::parse(&server.url()).unwrap(), version_1: !version_2 };
        let source = "test".to_owned();
        let ecs = EcsMetadata { role_name: None, required: false, service: service.clone(), source };
        world.serves_all(only(ecs)).await;
        assert_eq!(server.asked(), 3);
        let json = json!({ "current": "p", "profiles": [{ "name": "p", "mode": "EcsRamRole" }] }).to_string();
        for file in [json.as_str(), "[default]\ntype = ecs_ram_role\n"] {
            let profile = ProfileSource { metadata: service.clone(), ..world.profiles(file) };
            world.serves_all(only(profile)).await;
        }
        assert_eq!(server.asked(), 9);
    }
}

#[tokio::test]
async fn a_broken_source_stops_although_the_next_would_do() {
    let world = World::start().await;
    let server = Server::start(|_| (403, "canary".to_owned()));
    let uri = CredentialsUri::parse(&format!("{}/?canary", server.url()), "the variable X").unwrap();
    let next = GivenKeys { credentials: key("ak-alice", "sk-alice"), expiration: None };
    let config = ChainConfig { sources: vec![Arc::new(uri), Arc::new(next)], assume_role: None };
    let sts = StsClient::new(world.rpc(&dispatcher(config)));
    let error = sts.get_caller_identity(&world.context).await.unwrap_err();
    let text = format!("{error} {error:?}");
    assert!(text.contains(&server.url()) && text.contains("the variable X"), "{text}");
    assert!(!text.contains("canary"), "{text}");
}
