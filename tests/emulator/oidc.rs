//! Sessions that are opened with the token of an identity provider: the only call without a signature.

use emulator::Rules;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;
use test_support::async_http::exchange;
use test_support::identity::{PROVIDER, seeded_provider, token};
use test_support::{Key, Response};

use crate::client::{START, TestServer};

const STS: &str = "2015-04-01";

async fn bench() -> TestServer {
    let trust = json!({"Version": "1", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": {"Federated": [PROVIDER]},
        "Condition": {"StringEquals": {"oidc:sub": "repo:acme/logs"}}}]});
    let seed = json!({
        "oidc_providers": [seeded_provider()],
        "roles": [{"name": "deployer", "assume_role_policy_document": trust, "policies": ["AliyunLogReadOnlyAccess"]}],
        "projects": [{"name": "proj", "logstores": [{"logstoreName": "app"}]}],
    });
    TestServer::with_seed(&seed.to_string(), Rules::Default, START).await
}

/// What says which call it is, in the query, and the rest in a form, as the credentials library sends it.
async fn assume(bench: &TestServer, token: &str) -> Response {
    let parameters = [
        ("RoleArn", "acs:ram::1234567890123456:role/deployer"),
        ("OIDCProviderArn", PROVIDER),
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
    let token = token("repo:acme/logs", START + 60);
    let answer = assume(&bench, &token).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let session = Key::from_session(&answer.json());
    let caller = bench.rpc(&session, (STS, "GetCallerIdentity"), &[]).await.json();
    assert_eq!(caller["Arn"], "acs:ram::1234567890123456:assumed-role/deployer/run-1");
    assert_eq!(bench.call_by(&session, "GET", "/logstores/app", "").await.status, 200);
    let log = bench.control("GET", "requests", "").await.to_string();
    assert!(!log.contains(&token), "{log}");
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
