//! Who is in the emulator, the keys they have, and the files and services that hand those out.

use serde_json::{Value, json};
use test_support::identity;
use time::OffsetDateTime;

use super::search::Secrets;
use crate::harness::{Scene, Server, Session};

/// May do everything with SLS; trusts the users of the account and the identity provider.
pub const DEPLOYER: &str = "acs:ram::1234567890123456:role/deployer";
/// The same, for a caller that sends the external id.
pub const PARTNER: &str = "acs:ram::1234567890123456:role/partner";
pub const OIDC_PROVIDER: &str = identity::PROVIDER;
/// What the role `partner` asks for.
pub const EXTERNAL_ID: &str = "external-c4n4ry+/for==partner";
/// Narrows a session down to what is done here.
pub const POLICY: &str =
    r#"{"Version":"1","Statement":[{"Effect":"Allow","Action":"log:*","Resource":"*"}]}"#;

/// The secret of the AccessKey `ak-<name>`. Its letters change when they are encoded.
pub fn secret(name: &str) -> String {
    format!("sk-c4n4ry+/{name}/of=={name}==")
}

/// Any other secret.
pub fn canary(name: &str) -> String {
    let name = name.replace(' ', "-");
    format!("c4n4ry+/{name}/of=={name}==")
}

/// Keys of the account by their names, keys of a user who may do nothing but assume roles, and Logstores.
pub fn seed(own_keys: &[&str], users_keys: &[&str], logstores: &[&str]) -> Value {
    let allow = |action: &str| json!({"Version": "1", "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]});
    let trust = json!({"Version": "1", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": {"RAM": ["acs:ram::1234567890123456:root"], "Federated": [OIDC_PROVIDER]}}]});
    let partner = json!({"Version": "1", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": {"RAM": ["acs:ram::1234567890123456:root"]},
        "Condition": {"StringEquals": {"sts:ExternalId": EXTERNAL_ID}}}]});
    let key = |name: &str| json!({"id": format!("ak-{name}"), "secret": secret(name)});
    let own = own_keys.iter().map(|name| key(name));
    let mut keys: Vec<_> = own.chain([json!({"id": "ak-root", "secret": "sk-root"})]).collect();
    for name in users_keys.iter().chain(&["opener"]) {
        let mut key = key(name);
        key["user"] = json!("ops");
        keys.push(key);
    }
    let logstores: Vec<_> = logstores.iter().map(|name| json!({"logstoreName": name})).collect();
    json!({
        "access_keys": keys,
        "users": [{"name": "ops", "policies": [{"name": "assume", "document": allow("sts:AssumeRole")}]}],
        "roles": [
            {"name": "deployer", "assume_role_policy_document": trust,
                "policies": [{"name": "log", "document": allow("log:*")}]},
            {"name": "partner", "assume_role_policy_document": partner, "policies": ["log"]},
        ],
        "oidc_providers": [identity::seeded_provider()],
        "projects": [{"name": "audit", "logstores": logstores}],
    })
}

/// A session of `deployer`, whose secret and token are among the secrets from here on.
pub fn session(scene: &Scene, secrets: &mut Secrets, name: &str) -> Session {
    let session = scene.open_session(("ak-opener", &secret("opener")), DEPLOYER);
    secrets.add(&format!("secret of the session for {name}"), &session.secret);
    secrets.add(&format!("token of the session for {name}"), &session.token);
    session
}

/// What ECS metadata and credentials URIs answer with.
pub fn answer(session: &Session) -> Value {
    json!({"Code": "Success", "AccessKeyId": session.id, "AccessKeySecret": session.secret,
        "SecurityToken": session.token, "Expiration": session.expiration})
}

/// A token of the identity provider, another one each time, which is among the secrets from here on.
pub fn oidc_token(secrets: &mut Secrets, name: &str) -> String {
    let token = identity::token(name, OffsetDateTime::now_utc().unix_timestamp() + 3600);
    let (_, signature) = token.rsplit_once('.').unwrap();
    secrets.add(&format!("signature of the OIDC token of {name}"), signature);
    secrets.add(&format!("OIDC token of {name}"), &token);
    token
}

/// A metadata service that gives the keys of these roles. With a token it is version 2 and refuses requests without
/// it, else version 1 and has no tokens.
pub fn metadata_service(token: Option<String>, roles: &[(&str, Value)]) -> Server {
    const ROLES: &str = "/latest/meta-data/ram/security-credentials/";
    let roles: Vec<_> = roles.iter().map(|(name, answer)| ((*name).to_owned(), answer.to_string())).collect();
    Server::start(move |head| {
        let path = head.split(' ').nth(1).unwrap_or_default();
        if head.starts_with("PUT /latest/api/token ") {
            return token.clone().map_or((404, String::new()), |token| (200, token));
        }
        let header = |token: &String| head.contains(&format!("x-aliyun-ecs-metadata-token: {token}\r\n"));
        if !token.as_ref().is_none_or(header) {
            return (403, String::new());
        }
        if path == ROLES {
            return (200, roles[0].0.clone());
        }
        let role = path.strip_prefix(ROLES).unwrap_or_default();
        let found = roles.iter().find(|(name, _)| name == role);
        found.map_or((404, String::new()), |(_, answer)| (200, answer.clone()))
    })
}

/// A credentials URI that answers only to those who know a code; gives the address with the code in it.
pub fn credentials_uri(code: &str, session: &Session) -> (Server, String) {
    let encoded = code.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
    let (line, body) = (format!("GET /keys?code={encoded} "), answer(session).to_string());
    let server =
        Server::start(
            move |head| if head.starts_with(&line) { (200, body.clone()) } else { (403, String::new()) },
        );
    let uri = format!("{}/keys?code={encoded}", server.url());
    (server, uri)
}
