//! Users, roles and sessions: who may do what, over the wire.

use emulator::Rules;
use serde_json::json;
use test_support::Key;
use test_support::async_http::exchange;

use crate::client::{START, TestServer, rpc_signed};

const RAM: &str = "2015-05-01";
const STS: &str = "2015-04-01";

/// `alice` reads Logs and may assume `Deployer`, which may do everything with project `proj`; `bob` may
/// do nothing.
fn seed() -> String {
    let statement = |action: &str, resource: &str| json!({"Version": "1", "Statement": [{"Effect": "Allow", "Action": action, "Resource": resource}]});
    let may_assume = json!({"name": "assume", "document":
        statement("sts:AssumeRole", "acs:ram::1234567890123456:role/deployer")});
    let may_deploy = json!({"name": "deploy", "document":
        statement("log:*", "acs:log:*:1234567890123456:project/proj/*")});
    json!({
        "access_keys": [
            {"id": "ak-root", "secret": "sk-root"},
            {"id": "ak-alice", "secret": "sk-alice", "user": "alice"},
            {"id": "ak-bob", "secret": "sk-bob", "user": "bob"}],
        "groups": [{"name": "readers", "policies": ["AliyunLogReadOnlyAccess"]}],
        "users": [{"name": "alice", "groups": ["readers"], "policies": [may_assume]}, {"name": "bob"}],
        "roles": [{"name": "Deployer", "policies": [may_deploy], "assume_role_policy_document":
            {"Version": "1", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
                "Principal": {"RAM": ["acs:ram::1234567890123456:root"]}}]}}],
        "projects": [{"name": "proj", "logstores": [{"logstoreName": "app"}]},
            {"name": "other", "logstores": [{"logstoreName": "app"}]}],
    })
    .to_string()
}

async fn bench() -> TestServer {
    TestServer::with_seed(&seed(), Rules::Default, START).await
}

fn alice() -> Key {
    Key::new("ak-alice", "sk-alice")
}

fn bob() -> Key {
    Key::new("ak-bob", "sk-bob")
}

const DEPLOYER: [(&str, &str); 2] =
    [("RoleArn", "acs:ram::1234567890123456:role/Deployer"), ("RoleSessionName", "s1")];

#[tokio::test]
async fn users_do_with_logstores_what_their_policies_allow() {
    let bench = bench().await;
    assert_eq!(bench.call_by(&alice(), "GET", "/logstores/app", "").await.status, 200);
    bench.call_by(&alice(), "PUT", "/logstores/app", r#"{"ttl":5}"#).await.assert_error(
        401,
        "Unauthorized",
        "acs:ram::1234567890123456:user/alice is not allowed to perform log:UpdateLogStore on \
         acs:log:cn-hangzhou:1234567890123456:project/proj/logstore/app",
    );
    assert_eq!(bench.call_by(&bob(), "GET", "/logstores/app", "").await.status, 401);
    assert_eq!(bench.logstore("app").await["ttl"], 30, "nothing was written");
    let log = bench.control("GET", "requests", "").await;
    assert_eq!(log[1]["principal"], "acs:ram::1234567890123456:user/alice");
}

#[tokio::test]
async fn a_session_does_what_its_role_may_until_it_expires() {
    let bench = bench().await;
    let answer = bench.rpc(&alice(), (STS, "AssumeRole"), &DEPLOYER).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let session = Key::from_session(&answer.json());
    let update = bench.call_by(&session, "PUT", "/logstores/app", r#"{"ttl":5}"#).await;
    assert_eq!(update.status, 200, "{}", update.text());
    let identity = bench.rpc(&session, (STS, "GetCallerIdentity"), &[]).await.json();
    assert_eq!(identity["Arn"], "acs:ram::1234567890123456:assumed-role/deployer/s1");
    bench
        .rpc(&session, (RAM, "GetRole"), &[("RoleName", "deployer")])
        .await
        .assert_rpc_error(403, "NoPermission");

    let without = Key { token: None, ..Key::from_session(&answer.json()) };
    bench.rpc(&without, (STS, "GetCallerIdentity"), &[]).await.assert_rpc_error(400, "MissingSecurityToken");
    let other = Key { token: Some("CAISother".to_owned()), ..Key::from_session(&answer.json()) };
    bench
        .rpc(&other, (STS, "GetCallerIdentity"), &[])
        .await
        .assert_rpc_error(400, "InvalidSecurityToken.Malformed");

    // The shortest session has one minute left.
    let shortest = [DEPLOYER[0], DEPLOYER[1], ("DurationSeconds", "900")];
    let short = bench.rpc(&alice(), (STS, "AssumeRole"), &shortest).await;
    let short = Key::from_session(&short.json());
    bench.control("POST", "clock", r#"{"advance_seconds": 840}"#).await;
    assert_eq!(bench.call_by(&short, "GET", "/logstores/app", "").await.status, 200);
    bench.control("POST", "clock", r#"{"advance_seconds": 60}"#).await;
    bench.call_by(&short, "GET", "/logstores/app", "").await.assert_error(
        401,
        "Unauthorized",
        "The security token you provided has expired.",
    );
    bench
        .rpc(&short, (STS, "GetCallerIdentity"), &[])
        .await
        .assert_rpc_error(400, "InvalidSecurityToken.Expired");
}

#[tokio::test]
async fn assuming_a_role_takes_the_permission_and_the_trust() {
    let bench = bench().await;
    bench.rpc(&bob(), (STS, "AssumeRole"), &DEPLOYER).await.assert_rpc_error(403, "NoPermission");
    bench.rpc(&Key::root(), (STS, "AssumeRole"), &DEPLOYER).await.assert_rpc_error(403, "NoPermission");
    let who = bench.rpc(&bob(), (STS, "GetCallerIdentity"), &[]).await.json();
    assert_eq!(who["IdentityType"], "RAMUser", "everyone may ask who they are");
}

#[tokio::test]
async fn a_policy_that_is_attached_works_from_the_next_call_on() {
    let bench = bench().await;
    let logs = [("PolicyType", "System"), ("PolicyName", "AliyunLogReadOnlyAccess"), ("UserName", "bob")];
    bench.rpc(&bob(), (RAM, "AttachPolicyToUser"), &logs).await.assert_rpc_error(403, "NoPermission");
    assert_eq!(bench.rpc(&Key::root(), (RAM, "AttachPolicyToUser"), &logs).await.status, 200);
    assert_eq!(bench.call_by(&bob(), "GET", "/logstores/app", "").await.status, 200);
    bench.control("POST", "reset", "").await;
    assert_eq!(bench.call_by(&bob(), "GET", "/logstores/app", "").await.status, 401);
}

/// Attaching takes the permission on the policy and on its holder; the actions on tags are granted for all resources or
/// not at all.
#[tokio::test]
async fn a_permission_counts_for_the_resources_that_it_names() {
    let bench = bench().await;
    let (role, system) = ("acs:ram:*:1234567890123456:role/deployer", "acs:ram:*:system:policy/AliyunLog*");
    let attach =
        ("AttachPolicyToRole", [("PolicyType", "System"), ("PolicyName", "AliyunLogReadOnlyAccess")]);
    let tags = ("ListTagResources", [("ResourceType", "role"), ("ResourceNames", r#"["Deployer"]"#)]);
    for (number, ((action, parameters), resources, status)) in [
        (attach, json!([role]), 403),
        (attach, json!([system]), 403),
        (attach, json!([role, "acs:ram:*:1234567890123456:policy/*"]), 403),
        (attach, json!([role, system]), 200),
        (tags, json!("acs:ram:*:1234567890123456:role/*"), 403),
        (tags, json!("*"), 200),
    ]
    .into_iter()
    .enumerate()
    {
        let statement = json!({"Effect": "Allow", "Action": format!("ram:{action}"), "Resource": resources});
        let document = json!({"Version": "1", "Statement": [statement]}).to_string();
        let policy = ("PolicyName", &*format!("try-{number}"));
        let to_bob = [("PolicyType", "Custom"), policy, ("UserName", "bob")];
        let made = [policy, ("PolicyDocument", &document)];
        assert_eq!(bench.rpc(&Key::root(), (RAM, "CreatePolicy"), &made).await.status, 200);
        assert_eq!(bench.rpc(&Key::root(), (RAM, "AttachPolicyToUser"), &to_bob).await.status, 200);
        let called = [&parameters[..], &[("RoleName", "Deployer")]].concat();
        let answer = bench.rpc(&bob(), (RAM, action), &called).await;
        assert_eq!(answer.status, status, "{document}: {}", answer.text());
        assert_eq!(bench.rpc(&Key::root(), (RAM, "DetachPolicyFromUser"), &to_bob).await.status, 200);
    }
}

#[tokio::test]
async fn a_repeated_call_is_refused_and_an_unknown_action_is_not_found() {
    let bench = bench().await;
    let request = rpc_signed(&bob(), "127.0.0.1", (STS, "GetCallerIdentity"), &[]);
    assert_eq!(exchange(bench.addr(), &request).await.unwrap().status, 200);
    let again = exchange(bench.addr(), &request).await.unwrap();
    again.assert_rpc_error(400, "SignatureNonceUsed");
    bench.rpc(&bob(), (RAM, "GetRoles"), &[]).await.assert_rpc_error(404, "InvalidAction.NotFound");
    bench.rpc(&bob(), ("2014-05-26", "DescribeInstances"), &[]).await.assert_rpc_error(400, "InvalidVersion");
}

#[tokio::test]
async fn faults_reach_ram_and_sts() {
    let bench = bench().await;
    bench.fault(r#"{"service": "ram", "action": "GetRole", "effect": "throttle"}"#).await;
    let role = [("RoleName", "deployer")];
    bench.rpc(&Key::root(), (RAM, "GetRole"), &role).await.assert_rpc_error(400, "Throttling.User");
    assert_eq!(bench.rpc(&Key::root(), (RAM, "GetRole"), &role).await.json()["Role"]["RoleName"], "Deployer");

    let change = [("RoleName", "deployer"), ("NewDescription", "changed")];
    bench.fault(r#"{"service": "ram", "action": "UpdateRole", "effect": "ignore"}"#).await;
    let answer = bench.rpc(&Key::root(), (RAM, "UpdateRole"), &change).await.json();
    assert_eq!(answer["Role"]["Description"], "changed");
    let description = |answer: serde_json::Value| answer["Role"]["Description"].clone();
    assert_eq!(description(bench.rpc(&Key::root(), (RAM, "GetRole"), &role).await.json()), "");

    bench.rpc(&Key::root(), (RAM, "UpdateRole"), &change).await;
    bench.fault(r#"{"service": "ram", "action": "GetRole", "effect": {"stale": {"reads": 1}}}"#).await;
    assert_eq!(description(bench.rpc(&Key::root(), (RAM, "GetRole"), &role).await.json()), "");
    assert_eq!(description(bench.rpc(&Key::root(), (RAM, "GetRole"), &role).await.json()), "changed");

    let error = r#"{"error": {"status": 503, "code": "ServiceUnavailable", "message": "m"}}"#;
    bench.fault(&format!(r#"{{"service": "sts", "action": "*", "effect": {error}}}"#)).await;
    bench.rpc(&bob(), (STS, "GetCallerIdentity"), &[]).await.assert_rpc_error(503, "ServiceUnavailable");
}

#[tokio::test]
async fn an_action_that_is_not_served_is_not_found_whatever_the_service() {
    let bench = bench().await;
    for (service, version, action) in [
        ("ram", RAM, "CreateVirtualMFADevice"),
        ("sts", STS, "AssumeRoleWithSAML"),
        ("kms", "2016-01-20", "ImportKeyMaterial"),
    ] {
        let unknown = bench.rpc(&Key::root(), (version, action), &[]).await;
        unknown.assert_rpc_error(404, "InvalidAction.NotFound");
        let message = unknown.json()["Message"].as_str().unwrap().to_owned();
        assert!(message.ends_with(&format!("the emulator does not serve {service} {action}.")), "{message}");
    }
}

#[tokio::test]
async fn an_access_key_works_from_its_creation_on_unless_it_is_inactive_or_deleted() {
    let bench = bench().await;
    let created = bench.rpc(&Key::root(), (RAM, "CreateAccessKey"), &[("UserName", "alice")]).await.json();
    let member = |name: &str| created["AccessKey"][name].as_str().unwrap().to_owned();
    let key = Key::new(&member("AccessKeyId"), &member("AccessKeySecret"));
    let change = async |action: &str, status: &[(&str, &str)]| {
        let of = [("UserName", "alice"), ("UserAccessKeyId", key.id.as_str())];
        let answer = bench.rpc(&Key::root(), (RAM, action), &[&of[..], status].concat()).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
    };
    let identity = bench.rpc(&key, (STS, "GetCallerIdentity"), &[]).await.json();
    assert_eq!(identity["Arn"], "acs:ram::1234567890123456:user/alice");
    assert_eq!(bench.call_by(&key, "GET", "/logstores/app", "").await.status, 200);

    change("UpdateAccessKey", &[("Status", "Inactive")]).await;
    let disabled = format!("AccessKeyId is disabled: {}", key.id);
    bench.call_by(&key, "GET", "/logstores/app", "").await.assert_error(401, "Unauthorized", &disabled);
    let answer = bench.rpc(&key, (STS, "GetCallerIdentity"), &[]).await;
    answer.assert_rpc_error(400, "InvalidAccessKeyId.Inactive");
    change("UpdateAccessKey", &[("Status", "Active")]).await;
    assert_eq!(bench.call_by(&key, "GET", "/logstores/app", "").await.status, 200);

    change("DeleteAccessKey", &[]).await;
    bench.call_by(&key, "GET", "/logstores/app", "").await.assert_error_code(401, "Unauthorized");
    let log = bench.control("GET", "requests", "").await.to_string();
    assert!(!log.contains(&key.secret), "{log}");
}

/// What is dated by a clock can be written and read, however often the clock is moved.
#[tokio::test]
async fn the_clock_stops_where_dates_could_not_be_written() {
    let bench = bench().await;
    let century = 100 * 366 * 24 * 3600_i64;
    for (seconds, last_years) in [(century, "99"), (-century, "20")] {
        let moved = json!({"advance_seconds": seconds}).to_string();
        let mut refused = None;
        for _ in 0..200 {
            let response = bench.try_control("POST", "clock", &moved).await;
            if response.status != 200 {
                refused = Some(response);
                break;
            }
        }
        let refused = refused.unwrap();
        let expected = "advance_seconds: the clock can be moved within the years 1970 to 9989 only";
        assert_eq!((refused.status, refused.json()), (400, json!({"error": expected})));
        let time = bench.control("GET", "health", "").await["time"].as_str().unwrap().to_owned();
        let session = bench.rpc(&alice(), (STS, "AssumeRole"), &DEPLOYER).await.expect_success().json();
        let expiration = session["Credentials"]["Expiration"].as_str().unwrap();
        assert!(time.starts_with(last_years) && *expiration > *time, "{time} {expiration}");
    }
}
