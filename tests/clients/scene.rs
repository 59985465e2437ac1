//! An emulator of one test's own, and clients that reach it.

use std::sync::Arc;
use std::time::Duration;

use cloud::clock::SystemClock;
use cloud::credentials::{Credentials, StaticCredentials};
use cloud::endpoint::Endpoint;
use cloud::error::{Error, ErrorKind};
use cloud::http::{ReqwestTransport, TransportConfig};
use cloud::kms::KmsClient;
use cloud::names::{GroupName, PolicyName, RoleName, UserName};
use cloud::nonce::UniqueNonces;
use cloud::ram::{CreatePolicy, CreateRole, PolicyDocument, PolicyId, RamClient, Role, RoleArn};
use cloud::retry::RetryPolicy;
use cloud::rpc::RpcConfig;
use cloud::signing::rpc::SignatureVersion;
use cloud::sts::{AssumeRole, AssumedRole, StsClient};
use cloud::{CallContext, Dispatcher, DispatcherConfig};
use emulator::{Clock, Config, Emulator, Seed};
use serde_json::{Value, json};
use test_support::async_http::control;
use test_support::identity;
use time::OffsetDateTime;

pub const SIGNATURES: [SignatureVersion; 2] =
    [SignatureVersion::Acs3HmacSha256, SignatureVersion::V1HmacSha1];

/// An emulator, and clients that sign in one way with one key.
pub struct Scene {
    emulator: Emulator,
    pub ram: RamClient,
    pub kms: KmsClient,
    pub sts: StsClient,
    pub context: CallContext,
}

/// Runs a test with both signatures, each with the account's own key and with a session of a role.
pub async fn each(test: impl AsyncFn(Scene)) {
    for signature in SIGNATURES {
        test(Scene::start(signature).await).await;
        test(Scene::start(signature).await.in_a_session(signature).await).await;
    }
}

/// `alice` may assume the role `Admin`, which may do everything with RAM and KMS; `bob` may do nothing.
fn seed() -> Value {
    let allow = |action: Value| json!({ "Version": "1", "Statement": [{ "Effect": "Allow", "Action": action, "Resource": "*" }] });
    let trust = json!({ "Version": "1", "Statement": [{ "Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": { "RAM": ["acs:ram::1234567890123456:root"] } }] });
    json!({
        "access_keys": [
            { "id": "ak-root", "secret": "sk-root" },
            { "id": "ak-alice", "secret": "sk-alice", "user": "alice" },
            { "id": "ak-bob", "secret": "sk-bob", "user": "bob" },
        ],
        "groups": [{ "name": "readers" }],
        "users": [
            { "name": "alice", "policies": [{ "name": "assume", "document": allow(json!("sts:AssumeRole")) }] },
            { "name": "bob", "groups": ["readers"] },
        ],
        "roles": [{ "name": "Admin", "assume_role_policy_document": trust,
            "policies": [{ "name": "admin", "document": allow(json!(["ram:*", "kms:*"])) }] }],
        "keys": [
            { "id": "key-aes", "spec": "Aliyun_AES_256" },
            { "id": "key-off", "state": "Disabled" },
            { "id": "key-rsa", "spec": "RSA_2048", "usage": "ENCRYPT/DECRYPT" },
        ],
    })
}

impl Scene {
    /// With the account's own key.
    pub async fn start(signature: SignatureVersion) -> Self {
        let clock = Clock::system();
        let seed = Seed::from_json(&seed().to_string(), &clock).unwrap();
        let emulator = Emulator::start(Config { seed, clock, ..Config::default() }).await.unwrap();
        Self::with(emulator, signature, key("ak-root", "sk-root"))
    }

    /// With another key from here on.
    pub fn by(self, signature: SignatureVersion, credentials: Credentials) -> Self {
        Self::with(self.emulator, signature, credentials)
    }

    /// With the key of a session of `Admin` from here on.
    pub async fn in_a_session(self, signature: SignatureVersion) -> Self {
        let scene = self.by(signature, key("ak-alice", "sk-alice"));
        let session = scene.sts.assume_role(&scene.context, &assume_admin()).await.unwrap();
        scene.by(signature, session_key(session))
    }

    fn with(emulator: Emulator, signature: SignatureVersion, credentials: Credentials) -> Self {
        let retry = RetryPolicy { max_retries: 3, ..RetryPolicy::default() };
        let retry = RetryPolicy { base: Duration::from_millis(1), cap: Duration::from_millis(1), ..retry };
        let dispatcher = Arc::new(Dispatcher::new(DispatcherConfig {
            credentials: Arc::new(StaticCredentials::new(credentials)),
            transport: Arc::new(ReqwestTransport::new(TransportConfig::new("clients-test"))),
            clock: Arc::new(SystemClock),
            retry,
            request_timeout: Duration::from_secs(30),
            max_concurrency: 4,
        }));
        let endpoint = Endpoint::parse(&format!("http://{}", emulator.addr())).unwrap();
        let config = RpcConfig { endpoint, signature, dispatcher, nonces: Arc::new(UniqueNonces::default()) };
        Self {
            emulator,
            ram: RamClient::new(config.clone()),
            kms: KmsClient::new(config.clone()),
            sts: StsClient::new(config),
            context: CallContext::default(),
        }
    }

    /// A role with the trust policy of BYOK.
    pub async fn create_role(&self, name: &str) -> Role {
        self.ram.create_role(&self.context, &new_role(name)).await.unwrap()
    }

    /// A policy that passes the role.
    pub async fn create_policy(&self, name: &str, role: &RoleArn) -> PolicyId {
        self.ram.create_policy(&self.context, &new_policy(name, role)).await.unwrap().id
    }

    /// Orders the next calls of an action to go wrong.
    pub async fn fault(&self, service: &str, action: &str, effect: Value) {
        let rule = json!({ "service": service, "action": action, "effect": effect });
        self.control("POST", "faults", &rule.to_string()).await;
    }

    /// The actions that have arrived at a service, and their statuses.
    pub async fn calls(&self, action: &str) -> Vec<Value> {
        let log = self.control("GET", "requests", "").await;
        let calls = log.as_array().unwrap().iter().filter(|call| call["action"] == action);
        calls.map(|call| call["status"].clone()).collect()
    }

    async fn control(&self, method: &str, path: &str, body: &str) -> Value {
        control(self.emulator.addr(), method, path, body).await.unwrap()
    }
}

pub fn key(id: &str, secret: &str) -> Credentials {
    Credentials {
        access_key_id: id.to_owned(),
        access_key_secret: secret.into(),
        security_token: None,
        source: "test".to_owned(),
    }
}

pub fn session_key(session: AssumedRole) -> Credentials {
    Credentials {
        access_key_id: session.access_key_id,
        access_key_secret: session.access_key_secret,
        security_token: Some(session.security_token),
        source: "session".to_owned(),
    }
}

pub fn assume_admin() -> AssumeRole {
    AssumeRole {
        role_arn: RoleArn::parse("acs:ram::1234567890123456:role/Admin").unwrap(),
        role_session_name: "clients".to_owned(),
        duration_seconds: Some(900),
        policy: None,
        external_id: None,
    }
}

pub fn new_role(name: &str) -> CreateRole {
    CreateRole {
        role_name: role(name),
        assume_role_policy_document: PolicyDocument::byok_trust().to_string(),
        description: None,
        max_session_duration: None,
        tags: Vec::new(),
    }
}

pub fn new_policy(name: &str, role: &RoleArn) -> CreatePolicy {
    CreatePolicy {
        policy_name: policy(name),
        policy_document: PolicyDocument::pass_role(role).to_string(),
        description: None,
    }
}

pub fn role(name: &str) -> RoleName {
    RoleName::parse(name).unwrap()
}

pub fn policy(name: &str) -> PolicyName {
    PolicyName::parse(name).unwrap()
}

pub fn user(name: &str) -> UserName {
    UserName::parse(name).unwrap()
}

pub fn group(name: &str) -> GroupName {
    GroupName::parse(name).unwrap()
}

/// Checks the kind and the code of a refusal, and that it was final.
#[track_caller]
pub fn refused<T: std::fmt::Debug>(result: Result<T, Error>, kind: ErrorKind, code: &str) {
    let error = result.unwrap_err();
    assert_eq!((error.kind(), error.code()), (kind, Some(code)), "{error}");
    assert!(error.request_id().is_some() && !error.may_have_been_applied(), "{error}");
}

/// A token of the identity provider that is valid for ten minutes.
pub fn identity_token() -> String {
    identity::token("repo", OffsetDateTime::now_utc().unix_timestamp() + 600)
}
