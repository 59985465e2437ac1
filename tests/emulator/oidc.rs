//! Sessions for whom an identity provider vouches: the one call that nobody signs.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use emulator::Rules;
use hmac::{Hmac, KeyInit, Mac};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::client::{Key, Response, START, TestServer, exchange};

const STS: &str = "2015-04-01";
const SECRET: &[u8] = b"a secret of at least thirty-two bytes";

async fn bench() -> TestServer {
    let trust = json!({"Version": "1", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": {"Federated": ["acs:ram::1234567890123456:oidc-provider/ci"]},
        "Condition": {"StringEquals": {"oidc:sub": "repo:acme/logs"}}}]});
    let seed = json!({
        "oidc_providers": [{"name": "ci", "issuer": "https://ci.example", "client_ids": ["sts"],
            "keys": [{"kty": "oct", "k": URL_SAFE_NO_PAD.encode(SECRET)}]}],
        "roles": [{"name": "deployer", "assume_role_policy_document": trust, "policies": ["AliyunLogReadOnlyAccess"]}],
        "projects": [{"name": "proj", "logstores": [{"logstoreName": "app"}]}],
    });
    TestServer::with_seed(&seed.to_string(), Rules::Default, START).await
}

fn token(subject: &str, expires: i64) -> String {
    let claims = json!({"iss": "https://ci.example", "aud": "sts", "sub": subject, "exp": expires});
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", part(&json!({"alg": "HS256", "typ": "JWT"})), part(&claims));
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET).unwrap();
    mac.update(message.as_bytes());
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
}

/// What says which call it is, in the query, and the rest in a form, as the credentials library sends it.
async fn assume(bench: &TestServer, token: &str) -> Response {
    let parameters = [
        ("RoleArn", "acs:ram::1234567890123456:role/deployer"),
        ("OIDCProviderArn", "acs:ram::1234567890123456:oidc-provider/ci"),
        ("OIDCToken", token),
        ("RoleSessionName", "run-1"),
        ("DurationSeconds", "3600"),
    ];
    let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let form: Vec<String> =
        parameters.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
    let form = form.join("&");
    let request = format!(
        "POST /?Action=AssumeRoleWithOIDC&Format=JSON&Version={STS}&Timestamp=2026-11-20T08%3A00%3A00Z&\
         SignatureNonce=n HTTP/1.1\r\nHost: sts.aliyuncs.com\r\nContent-Type: application/x-www-form-urlencoded\
         \r\nContent-Length: {}\r\n\r\n{form}",
        form.len()
    );
    exchange(bench.addr(), request.as_bytes()).await.unwrap()
}

#[tokio::test]
async fn whoever_bears_a_token_calls_as_the_role() {
    let bench = bench().await;
    let answer = assume(&bench, &token("repo:acme/logs", START + 60)).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let session = Key::of_session(&answer.json());
    let caller = bench.rpc(&session, (STS, "GetCallerIdentity"), &[]).await.json();
    assert_eq!(caller["Arn"], "acs:ram::1234567890123456:assumed-role/deployer/run-1");
    assert_eq!(bench.call_by(&session, "GET", "/logstores/app", "").await.status, 200);
    let log = bench.control("GET", "requests", "").await.to_string();
    assert!(!log.contains(&token("repo:acme/logs", START + 60)), "{log}");
}

#[tokio::test]
async fn a_token_that_is_not_good_opens_nothing() {
    let bench = bench().await;
    let good = token("repo:acme/logs", START + 60);
    let forged = format!("{}A", good.rsplit_once('.').unwrap().0);
    assume(&bench, &token("repo:acme/other", START + 60)).await.assert_rpc_error(403, "NoPermission");
    let expired = assume(&bench, &token("repo:acme/logs", START)).await;
    expired.assert_rpc_error(400, "AuthenticationFail.OIDCToken.Expired");
    assume(&bench, &forged).await.assert_rpc_error(400, "AuthenticationFail.OIDCToken.Invalid");
}
