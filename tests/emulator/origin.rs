//! Which requests are given to the services and the control API: those of programs, for hosts that are the emulator's,
//! and none that a web page has a browser send.

use emulator::{Config, Emulator, Rules, StartError};
use serde_json::{Value, json};
use test_support::async_http::exchange;
use test_support::{Key, Response};

use crate::client::{START, TestServer, config, rpc_signed, signed};

/// Hosts, and whether the emulator answers for them. It is started with `--allow-host emulator.test`.
const HOSTS: [(&str, bool); 14] = [
    ("127.0.0.1:8700", true),
    ("proj.127.0.0.1:8700", true),
    ("10.1.2.3:8700", true),
    ("[::1]:8700", true),
    ("proj.localhost:8700", true),
    ("emulator:8700", true),
    ("emulator.test:8700", true),
    ("proj.emulator.test:8700", true),
    ("proj.cn-hangzhou.log.aliyuncs.com", true),
    ("cn-hangzhou.log.aliyuncs.com", true),
    ("evil.example:8700", false),
    ("proj.evil.example:8700", false),
    ("127.0.0.1.evil.example", false),
    ("oss-cn-hangzhou.aliyuncs.com", false),
];

/// What browsers add to a request; whether the control API answers with it, which has a page of its own. The services
/// answer no browser.
const HEADERS: [(&str, bool); 10] = [
    ("User-Agent: Mozilla/5.0 (X11; Linux x86_64)\r\n", true),
    ("Origin: http://{host}\r\n", true),
    ("Sec-Fetch-Site: same-origin\r\nSec-Fetch-Mode: cors\r\n", true),
    ("Sec-Fetch-Site: none\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\n", true),
    ("Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\n", true),
    ("Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: no-cors\r\nSec-Fetch-Dest: image\r\n", false),
    ("Sec-Fetch-Site: same-site\r\nSec-Fetch-Mode: cors\r\n", false),
    ("Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: iframe\r\n", false),
    ("Origin: http://evil.example\r\n", false),
    ("Origin: null\r\n", false),
];

/// What programs add: nothing, or what an SDK or Node.js says of itself.
const OF_PROGRAMS: [&str; 3] = ["", "User-Agent: aliyun-log-python-sdk\r\n", "Sec-Fetch-Mode: cors\r\n"];

/// A signed read of each service, which succeeds for every host, and one of the control API.
fn reads(host: &str) -> [(&'static str, Vec<u8>); 5] {
    let rpc = |action| rpc_signed(&Key::root(), host, action, &[]);
    [
        ("sls", signed(host, "GET", "/", "")),
        ("ram", rpc(("2015-05-01", "ListRoles"))),
        ("kms", rpc(("2016-01-20", "ListKeys"))),
        ("sts", rpc(("2015-04-01", "GetCallerIdentity"))),
        ("control", format!("GET /_emulator/health HTTP/1.1\r\nHost: {host}\r\n\r\n").into_bytes()),
    ]
}

/// The request with headers behind its own.
fn with_headers(request: &[u8], headers: &str) -> Vec<u8> {
    String::from_utf8(request.to_vec())
        .unwrap()
        .replacen("\r\n\r\n", &format!("\r\n{headers}\r\n"), 1)
        .into_bytes()
}

/// Checks that a request was refused for this reason, in the form of its service.
#[track_caller]
fn assert_refused(response: &Response, service: &str, code: &str, what: &str) {
    let body = response.json();
    assert_eq!(response.status, 403, "{what}: {body}");
    let said = match service {
        "control" => {
            assert_eq!(body.as_object().unwrap().len(), 1, "{what}: {body}");
            return assert!(body["error"].is_string(), "{what}: {body}");
        }
        "sls" => {
            assert!(response.header("x-log-requestid").is_some(), "{what}");
            json!({"errorCode": body["errorCode"], "errorMessage": body["errorMessage"]})
        }
        _ => {
            assert_eq!(body["RequestId"].as_str(), response.header("x-acs-request-id"), "{what}");
            assert_eq!(body["HttpStatus"].as_u64(), (service == "kms").then_some(403), "{what}: {body}");
            json!({"errorCode": body["Code"], "errorMessage": body["Message"]})
        }
    };
    assert_eq!(said["errorCode"], code, "{what}: {body}");
    let remedy = if code == "HostNotAllowed" { "--allow-host" } else { "/_emulator/" };
    assert!(said["errorMessage"].as_str().unwrap().contains(remedy), "{what}: {body}");
}

#[tokio::test]
async fn programs_are_answered_for_the_emulators_hosts_and_browsers_only_by_the_control_api() {
    let allowed_hosts = vec!["emulator.test".to_owned()];
    let bench = TestServer::with_config(Config { allowed_hosts, ..config() }).await;
    for (host, is_ours) in HOSTS {
        let of_programs = OF_PROGRAMS.map(|headers| (headers, true, true));
        let of_browsers = HEADERS.map(|(headers, by_control)| (headers, false, by_control));
        for (headers, by_services, by_control) in of_programs.into_iter().chain(of_browsers) {
            for (service, request) in reads(host) {
                let headers = headers.replace("{host}", host);
                let what = format!("{service} at {host} with {headers:?}");
                let response = exchange(bench.addr(), &with_headers(&request, &headers)).await.unwrap();
                let is_answered = if service == "control" { by_control } else { by_services };
                if is_ours && is_answered {
                    assert_eq!(response.status, 200, "{what}: {}", response.text());
                } else {
                    let code = if is_ours { "BrowserNotAllowed" } else { "HostNotAllowed" };
                    assert_refused(&response, service, code, &what);
                }
            }
        }
    }
}

/// What a page that knows the default key can have a browser send: an image whose address is a signed call, a link to
/// it, and a request of the page itself under a name that was made to mean this machine.
#[tokio::test]
async fn what_a_web_page_sends_is_not_carried_out_and_is_listed() {
    let seed = r#"{"keys": [{"id": "key-1"}], "projects": [{"name": "proj", "logstores": [{"logstoreName": "app"}]}]}"#;
    let bench = TestServer::with_seed(seed, Rules::Default, START).await;
    let disable = |host| rpc_signed(&Key::root(), host, ("2016-01-20", "DisableKey"), &[("KeyId", "key-1")]);
    let image = "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: no-cors\r\nSec-Fetch-Dest: image\r\n";
    let link = "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\n";
    let delete = signed("proj.evil.example", "DELETE", "/logstores/app", "");
    for (service, code, request) in [
        ("kms", "BrowserNotAllowed", with_headers(&disable("localhost"), image)),
        ("kms", "BrowserNotAllowed", with_headers(&disable("localhost"), link)),
        ("kms", "HostNotAllowed", disable("evil.example")),
        ("sls", "HostNotAllowed", with_headers(&delete, "Sec-Fetch-Site: same-origin\r\n")),
    ] {
        assert_refused(&exchange(bench.addr(), &request).await.unwrap(), service, code, code);
    }
    let state = bench.control("GET", "state", "").await.to_string();
    assert!(state.contains("Enabled") && !state.contains("Disabled"), "{state}");
    bench.logstore("app").await;
    let log = bench.control("GET", "requests", "").await;
    let told: Vec<[&Value; 3]> = log
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| [&entry["action"], &entry["status"], &entry["error_code"]])
        .filter(|[_, status, _]| **status == json!(403))
        .collect();
    assert_eq!(
        json!(told),
        json!([
            ["DisableKey", 403, "BrowserNotAllowed"],
            ["DisableKey", 403, "BrowserNotAllowed"],
            ["DisableKey", 403, "HostNotAllowed"],
            ["DeleteLogStore", 403, "HostNotAllowed"],
        ])
    );
}

#[tokio::test]
async fn a_host_to_allow_is_a_name_or_an_address() {
    for host in ["http://emulator.test", "emulator.test:8700", "*.test", ""] {
        let config = Config { allowed_hosts: vec![host.to_owned()], ..config() };
        let error = Emulator::start(config).await.unwrap_err();
        assert!(matches!(&error, StartError::NoHost(named) if named == host), "{error}");
        assert!(error.to_string().contains("--allow-host"), "{error}");
    }
}
