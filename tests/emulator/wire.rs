//! What comes off the wire: official clients' requests, addressing, and connections.

use emulator::{Config, Emulator, Rules, StartError};
use serde_json::{Value, json};
use test_support::async_http::{exchange, exchange_on};
use tokio::net::TcpStream;

use crate::client::{TestServer, config, signed};

/// Sun, 22 Nov 2026 01:20:28 GMT.
const CAPTURED_AT: i64 = 1_795_310_428;

const WIRE: &str = include_str!("../data/wire.json");

/// The requests as they were sent, with the signature scheme of each.
fn captured() -> Vec<(String, String, Vec<u8>)> {
    let document: Value = serde_json::from_str(WIRE).unwrap();
    let requests = document["requests"].as_array().unwrap().iter();
    let mut raw = Vec::new();
    for request in requests {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let lines = request["headers"].as_array().unwrap().iter();
        let lines: Vec<String> =
            lines.map(|line| format!("{}: {}", text(&line[0]), text(&line[1]))).collect();
        let [method, target, body] = ["method", "target", "body"].map(|name| text(&request[name]));
        let bytes = format!(
            "{method} {target} HTTP/1.1
{}

{body}",
            lines.join(
                "
"
            )
        );
        let name = format!("{} {target}", text(&request["client"]));
        raw.push((text(&request["scheme"]), name, bytes.into_bytes()));
    }
    raw
}

async fn bench_of_the_capture() -> TestServer {
    let seed = r#"{"access_keys": [{"id": "ak", "secret": "sk"}],
        "projects": [{"name": "demo-proj", "logstores": [{"logstoreName": "app"}]}]}"#;
    TestServer::with_seed(seed, Rules::Strict, CAPTURED_AT).await
}

#[tokio::test]
async fn requests_of_official_sls_clients_are_served() {
    let bench = bench_of_the_capture().await;
    let mut served = 0;
    for (scheme, name, request) in captured() {
        if !scheme.starts_with("sls-") {
            continue;
        }
        served += 1;
        let response = exchange(bench.addr(), &request).await.unwrap();
        let has_token = request.windows(20).any(|window| window == b"x-acs-security-token");
        let code = if response.status == 200 { Value::Null } else { response.json()["errorCode"].clone() };
        let expected = match (has_token, name.ends_with("/logstores")) {
            // No token has been issued.
            (true, _) => json!("Unauthorized"),
            // The Logstore that was created for the capture is called `x`, one letter too short.
            (_, true) => json!("LogStoreInfoInvalid"),
            _ => Value::Null,
        };
        assert_eq!(code, expected, "{name} ({scheme}): {}", response.text());
    }
    assert_eq!(served, 24);
}

#[tokio::test]
async fn requests_of_official_rpc_clients_are_answered_in_their_services_words() {
    let bench = bench_of_the_capture().await;
    let mut answered = 0;
    for (scheme, name, request) in captured() {
        if scheme.starts_with("sls-") {
            continue;
        }
        answered += 1;
        let response = exchange(bench.addr(), &request).await.unwrap();
        let body = response.json();
        let text = String::from_utf8(request).unwrap();
        let expected = if text.contains("x-acs-security-token") || text.contains("SecurityToken") {
            // No token has been issued.
            (400, json!("InvalidSecurityToken.Malformed"))
        } else {
            // Authentic, and the capture's name for a role has letters no role's name has.
            (400, json!("InvalidParameter.RoleName.InvalidChars"))
        };
        assert_eq!((response.status, body["Code"].clone()), expected, "{name}: {body}");
        assert_eq!(body["RequestId"].as_str(), response.header("x-acs-request-id"), "{name}");
        assert!(body["Message"].is_string() && body["HostId"].is_string(), "{name}: {body}");
    }
    assert_eq!(answered, 6);
    let log = bench.control("GET", "requests", "").await;
    for entry in log.as_array().unwrap() {
        assert_eq!((&entry["service"], &entry["action"]), (&json!("ram"), &json!("CreateRole")), "{entry}");
    }
}

#[tokio::test]
async fn a_project_is_found_in_every_kind_of_host() {
    let allowed_hosts = vec!["sls.test".to_owned()];
    let bench = TestServer::with_config(Config { allowed_hosts, ..config() }).await;
    for host in [
        "proj.localhost",
        "proj.localhost:8700",
        "proj.127.0.0.1",
        "proj.127.0.0.1:8700",
        "proj.cn-hangzhou.log.aliyuncs.com",
        "proj.cn-hangzhou-intranet.log.aliyuncs.com:80",
        "proj.sls.test:9999",
    ] {
        let response = bench.call_host(host, "GET", "/logstores/app", "").await;
        assert_eq!(response.status, 200, "{host}: {}", response.text());
    }
}

#[tokio::test]
async fn an_absolute_form_target_is_served_as_a_proxy_would() {
    let bench = TestServer::start(Rules::Default).await;
    let target = "http://proj.cn-hangzhou.log.aliyuncs.com:80/logstores/app";
    let response = bench.call_host("proj.cn-hangzhou.log.aliyuncs.com", "GET", target, "").await;
    assert_eq!(response.json()["logstoreName"], "app");
    bench.call_host("other.cn-hangzhou.log.aliyuncs.com", "GET", target, "").await.assert_error(
        400,
        "InvalidHost",
        "The Host header and the request target name different hosts.",
    );
}

#[tokio::test]
async fn a_project_is_served_by_the_endpoint_of_its_region_only() {
    let bench = TestServer::start(Rules::Default).await;
    bench.call_host("proj.cn-beijing.log.aliyuncs.com", "GET", "/logstores/app", "").await.assert_error(
        404,
        "ProjectNotExist",
        "The Project does not exist : proj",
    );
}

#[tokio::test]
async fn a_connection_is_kept_alive_also_after_a_refusal() {
    let bench = TestServer::start(Rules::Default).await;
    let mut stream = TcpStream::connect(bench.addr()).await.unwrap();
    let good = signed("proj.localhost", "GET", "/logstores/app", "");
    let refused = String::from_utf8(signed("proj.localhost", "PUT", "/logstores/app", r#"{"ttl":1}"#))
        .unwrap()
        .replace("ak-root:", "ak-root:x")
        .into_bytes();
    for (request, status) in [(&good, 200), (&refused, 401), (&good, 200)] {
        assert_eq!(exchange_on(&mut stream, request).await.unwrap().status, status);
    }
}

#[tokio::test]
async fn answers_carry_the_services_headers() {
    let bench = TestServer::start(Rules::Default).await;
    let response = bench.call("GET", "/logstores/app", "").await;
    assert_eq!(response.header("date"), Some("Fri, 20 Nov 2026 08:00:00 GMT"));
    assert!(response.header("server").is_some());
    let log = bench.control("GET", "requests", "").await;
    assert_eq!(log[0]["id"].as_str(), response.header("x-log-requestid"));
}

#[tokio::test]
async fn bodies_beyond_the_limit_are_refused() {
    let bench = TestServer::start(Rules::Default).await;
    let body = " ".repeat(10 * 1024 * 1024 + 1);
    bench.call("PUT", "/logstores/app", &body).await.assert_error(
        400,
        "PostBodyTooLarge",
        "The request body is larger than 10485760 bytes.",
    );
}

#[tokio::test]
async fn bodies_must_be_json_objects_of_the_right_type() {
    let bench = TestServer::start(Rules::Default).await;
    for body in ["[]", "{", "\"x\"", "{\"ttl\":}"] {
        bench.call("PUT", "/logstores/app", body).await.assert_error(
            400,
            "PostBodyInvalid",
            "The request body is not valid JSON object.",
        );
    }
}

#[tokio::test]
async fn stopping_closes_idle_connections() {
    let bench = TestServer::start(Rules::Default).await;
    let mut idle = TcpStream::connect(bench.addr()).await.unwrap();
    exchange_on(&mut idle, &signed("proj.localhost", "GET", "/logstores/app", "")).await.unwrap();
    bench.shutdown().await;
    let again = exchange_on(&mut idle, &signed("proj.localhost", "GET", "/logstores/app", "")).await;
    assert!(again.is_err(), "{again:?}");
}

#[tokio::test]
async fn other_addresses_than_the_machines_own_have_to_be_allowed() {
    for listen in ["0.0.0.0:0", "[::]:0"] {
        let refused = Emulator::start(Config { listen: listen.to_owned(), ..Config::default() }).await;
        assert!(matches!(refused, Err(StartError::NotLoopback(_))), "{refused:?}");
    }
    let config = Config { listen: "0.0.0.0:0".to_owned(), allow_remote: true, ..Config::default() };
    Emulator::start(config).await.unwrap().shutdown().await;
}

#[tokio::test]
async fn it_listens_to_the_name_of_a_host() {
    let config = Config { listen: "localhost:0".to_owned(), ..Config::default() };
    let emulator = Emulator::start(config).await.unwrap();
    assert!(emulator.addr().ip().is_loopback(), "{}", emulator.addr());
    assert_eq!(exchange(emulator.addr(), &signed("localhost", "GET", "/", "")).await.unwrap().status, 400);
    emulator.shutdown().await;
}
