//! Answers and errors, with a scripted transport.

use std::sync::Arc;

use serde_json::{Value, json};
use time::macros::datetime;

use super::*;
use crate::CallContext;
use crate::error::{Error, ErrorKind};
use crate::ram::RoleArn;
use crate::signing::rpc::SignatureVersion;
use crate::sts::{AssumeRole, AssumedRole, CallerIdentity, IdentityType};
use crate::testing::{ManualClock, Reply, ScriptedTransport, scripted_rpc};

fn sts(status: u16, body: &str) -> StsClient {
    sts_with(&ManualClock::new(), [Reply::answer(status, body)])
}

fn sts_with(clock: &ManualClock, replies: impl IntoIterator<Item = Reply>) -> StsClient {
    let transport = Arc::new(ScriptedTransport::new(replies));
    StsClient::new(scripted_rpc(&transport, clock, SignatureVersion::Acs3HmacSha256))
}

async fn identity(answer: Value) -> CallerIdentity {
    sts(200, &answer.to_string()).get_caller_identity(&CallContext::default()).await.unwrap()
}

async fn assume(body: &str) -> Result<AssumedRole, Error> {
    let assume = AssumeRole {
        role_arn: RoleArn::parse("acs:ram::1:role/demo").unwrap(),
        role_session_name: "terraform".into(),
        duration_seconds: None,
        policy: None,
        external_id: None,
    };
    // If the answer is not JSON the call is repeated once.
    let clock = ManualClock::new();
    let sts = sts_with(&clock, [Reply::answer(200, body), Reply::answer(200, body)]);
    clock.run(sts.assume_role(&CallContext::default(), &assume)).await
}

#[tokio::test]
async fn errors_do_not_quote_the_external_id() {
    let assume = AssumeRole {
        role_arn: RoleArn::parse("acs:ram::1:role/demo").unwrap(),
        role_session_name: "terraform".into(),
        duration_seconds: None,
        policy: None,
        external_id: Some("canary+/=".into()),
    };
    let refusal = r#"{"Code":"NoPermission","Message":"canary+/= or canary%2B%2F%3D is not it"}"#;
    let error = sts(403, refusal).assume_role(&CallContext::default(), &assume).await.unwrap_err();
    let text = format!("{error} {error:?} {assume:?}");
    assert!(text.contains("[secret] or [secret] is not it") && !text.contains("canary"), "{text}");
}

#[tokio::test]
async fn caller_identity_has_the_type_and_the_name() {
    let account =
        identity(json!({ "IdentityType": "Account", "AccountId": "1", "Arn": "acs:ram::1:root" })).await;
    assert_eq!((account.identity_type.clone(), account.user_name()), (IdentityType::Account, None));
    let user =
        json!({ "IdentityType": "RAMUser", "AccountId": "1", "Arn": "acs:ram::1:user/alice", "UserId": "2" });
    let user = identity(user).await;
    assert_eq!((user.user_name(), user.role_name()), (Some("alice"), None));
    let session = json!({ "IdentityType": "AssumedRoleUser", "AccountId": "1", "RoleId": "3",
        "Arn": "acs:ram::1:assumed-role/deployer/s1" });
    let session = identity(session).await;
    assert_eq!((session.user_name(), session.role_name()), (None, Some("deployer")));
    let other = identity(json!({ "IdentityType": "Robot", "AccountId": "1", "Arn": "x" })).await;
    assert_eq!(other.identity_type, IdentityType::Other("Robot".into()));
}

#[tokio::test]
async fn a_session_is_parsed_and_its_debug_form_has_no_secret() {
    let session = json!({ "Credentials": { "AccessKeyId": "STS.x", "AccessKeySecret": "canary-1",
        "SecurityToken": "canary-2", "Expiration": "2026-11-20T09:00:00Z" },
        "AssumedRoleUser": { "Arn": "acs:ram::1:role/demo/s1" } });
    let session = assume(&session.to_string()).await.unwrap();
    assert_eq!(
        (session.access_key_secret.expose(), session.security_token.expose()),
        ("canary-1", "canary-2")
    );
    assert_eq!(session.expiration, datetime!(2026-11-20 09:00 UTC));
    assert!(!format!("{session:?}").contains("canary"));
}

/// A session with a policy of its own has a long token.
#[tokio::test]
async fn a_session_is_taken_as_it_is_or_not_at_all() {
    let answer = |token: &str| {
        json!({ "Credentials": { "AccessKeyId": "STS.x", "AccessKeySecret": "s", "SecurityToken": token,
            "Expiration": "2026-11-20T09:00:00Z" } })
        .to_string()
    };
    let long = "CAIS".repeat(2_500);
    assert!(assume(&answer(&long)).await.unwrap().security_token.expose() == long);
    let error = assume(&answer(&format!("canary\u{1b}[2J{long}"))).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Malformed);
    let text = format!("{error} {error:?}");
    assert!(text.contains("`SecurityToken`") && !text.contains("canary"), "{text}");
}

#[tokio::test]
async fn errors_do_not_quote_a_session_that_cannot_be_parsed() {
    for body in [
        r#"{"Credentials":{"AccessKeySecret":"canary","SecurityToken":"canary"#,
        r#""canary""#,
        r#"["canary"]"#,
        r#"{"Credentials":{"AccessKeyId":"x","AccessKeySecret":"canary","SecurityToken":"canary"}}"#,
        r#"{"Credentials":{"AccessKeyId":"x","AccessKeySecret":"canary","Expiration":"2026-11-20T09:00:00Z"}}"#,
        r#"{"Credentials":"canary"}"#,
        r#"{"Credentials":["canary"]}"#,
        r#"{"Credentials":{"AccessKeyId":["canary"],"AccessKeySecret":"canary"}}"#,
        r#"{"Credentials":{"AccessKeyId":"x","AccessKeySecret":{"canary":"canary"}}}"#,
        r#"{"Credentials":{"AccessKeyId":"x","AccessKeySecret":"canary","SecurityToken":"canary","Expiration":"canary"}}"#,
    ] {
        let error = assume(body).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Malformed);
        let printed = format!("{error} {error:?}");
        assert!(!printed.contains("canary"), "{printed}");
    }
}
