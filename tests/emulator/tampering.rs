//! One captured request of each signature scheme with a letter changed on its way, over the socket.
//!
//! That every letter of every captured request counts, or does not, is held in the library's own tests; here it
//! is that nothing before the check lets a changed request through.

use emulator::Rules;
use serde_json::Value;
use test_support::Response;
use test_support::async_http::exchange;

use crate::client::TestServer;

/// Sun, 22 Nov 2026 01:20:28 GMT.
const CAPTURED_AT: i64 = 1_795_310_428;

const WIRE: &str = include_str!("../data/wire.json");

const SEED: &str = r#"{"access_keys": [{"id": "ak", "secret": "sk"}],
    "projects": [{"name": "demo-proj", "logstores": [{"logstoreName": "app"}]}]}"#;

/// A captured request without a token.
#[derive(Clone, Debug)]
struct Captured {
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body: String,
}

impl Captured {
    /// The first of a client and a scheme whose target begins like this.
    fn find(client: &str, scheme: &str, method: &str, target: &str) -> Self {
        let document: Value = serde_json::from_str(WIRE).unwrap();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let found = document["requests"].as_array().unwrap().iter().find(|request| {
            text(&request["client"]).starts_with(client)
                && request["scheme"] == scheme
                && request["method"] == method
                && text(&request["target"]).starts_with(target)
        });
        let request = found.unwrap_or_else(|| panic!("{client} {scheme} {method} {target}"));
        let headers: Vec<(String, String)> = serde_json::from_value(request["headers"].clone()).unwrap();
        let [method, target, body] = ["method", "target", "body"].map(|name| text(&request[name]));
        Self { method, target, headers, body }
    }

    fn with_header(&self, name: &str, value: &str) -> Self {
        let mut changed = self.clone();
        let header = changed.headers.iter_mut().find(|(header, _)| header.eq_ignore_ascii_case(name));
        value.clone_into(&mut header.unwrap_or_else(|| panic!("no {name}")).1);
        changed
    }

    fn with_changed_header(&self, name: &str) -> Self {
        let header = self.headers.iter().find(|(header, _)| header.eq_ignore_ascii_case(name));
        self.with_header(name, &changed(&header.unwrap_or_else(|| panic!("no {name}")).1))
    }

    fn bytes(&self) -> Vec<u8> {
        let lines = self.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n"));
        let lines: String = lines.collect();
        format!("{} {} HTTP/1.1\r\n{lines}\r\n{}", self.method, self.target, self.body).into_bytes()
    }
}

/// The text with its last letter changed.
fn changed(text: &str) -> String {
    let mut text = text.to_owned();
    let last = text.pop().unwrap();
    text.push(if last == '1' { '2' } else { '1' });
    text
}

/// Sends the request with each part changed, which must be refused for its signature; then with what the scheme
/// does not cover changed, which must be answered as the request itself.
async fn check(request: Captured, signed: &[&str], unsigned: &[&str], answer: (u16, &str)) {
    let bench = TestServer::with_seed(SEED, Rules::Default, CAPTURED_AT).await;
    let mut altered = vec![
        Captured { method: "PATCH".to_owned(), ..request.clone() },
        Captured { target: changed(&request.target), ..request.clone() },
    ];
    if !request.body.is_empty() {
        altered.push(Captured { body: changed(&request.body), ..request.clone() });
    }
    altered.extend(signed.iter().map(|name| request.with_changed_header(name)));
    for altered in altered {
        let response = exchange(bench.addr(), &altered.bytes()).await.unwrap();
        let (status, code) = outcome(&response);
        let is_refused = match code.as_str() {
            "SignatureNotMatch" => status == 401,
            "SignatureDoesNotMatch" => status == 400,
            _ => false,
        };
        assert!(is_refused, "{status} {code}: {altered:?}");
    }
    let mut same = request;
    for name in unsigned {
        same = same.with_changed_header(name);
    }
    let response = exchange(bench.addr(), &same.bytes()).await.unwrap();
    let (status, code) = outcome(&response);
    assert_eq!((status, code.as_str()), answer, "{same:?}");
}

/// Status and error code; the code of what went well is empty.
fn outcome(response: &Response) -> (u16, String) {
    let body: Value = serde_json::from_slice(&response.body).unwrap_or_default();
    let code = body.get("errorCode").or_else(|| body.get("Code")).and_then(Value::as_str);
    (response.status, code.unwrap_or_default().to_owned())
}

#[tokio::test]
async fn sls_v1_hmac_sha1() {
    let request = Captured::find("aliyun-log", "sls-v1-hmac-sha1", "GET", "/logstores?");
    check(request.clone(), &["x-log-bodyrawsize"], &["user-agent", "accept"], (200, "")).await;
    // It does not bind the project: the request is authentic for another one as well.
    let elsewhere = request.with_header("host", "other-proj.localhost");
    check(elsewhere, &[], &[], (404, "ProjectNotExist")).await;
    let request = Captured::find("aliyun-log", "sls-v1-hmac-sha1", "POST", "/logstores");
    let signed = ["x-log-bodyrawsize", "content-type", "content-md5"];
    // The Logstore that was created for the capture is called `x`, one letter too short.
    check(request, &signed, &["user-agent", "date"], (400, "LogStoreInfoInvalid")).await;
}

#[tokio::test]
async fn sls_v1_hmac_sha256() {
    let request = Captured::find("alibabacloud_sls", "sls-v1-hmac-sha256", "PUT", "/logstores/app");
    let signed = ["x-log-bodyrawsize", "content-type", "content-md5"];
    check(request, &signed, &["user-agent", "accept"], (200, "")).await;
}

#[tokio::test]
async fn sls_v4() {
    let request = Captured::find("alibabacloud_sls", "sls-v4", "PUT", "/logstores/app");
    let signed = ["host", "x-log-bodyrawsize", "content-type", "x-log-content-sha256"];
    check(request, &signed, &["user-agent", "accept"], (200, "")).await;
}

#[tokio::test]
async fn rpc_v1() {
    // The capture's name for a role has letters no role's name has.
    let answer = (400, "InvalidParameter.RoleName.InvalidChars");
    let request = Captured::find("aliyun-python-sdk-core", "rpc-v1-hmac-sha1", "POST", "/?");
    // Headers that name an action do not count: the one in the parameters, which is signed, does.
    let unsigned = ["host", "user-agent", "x-acs-action", "x-acs-version", "content-md5"];
    check(request, &[], &unsigned, answer).await;
}

#[tokio::test]
async fn acs3() {
    let answer = (400, "InvalidParameter.RoleName.InvalidChars");
    let request = Captured::find("alibabacloud_ram", "acs3-hmac-sha256", "POST", "/?");
    let signed = ["host", "user-agent", "x-acs-action", "x-acs-signature-nonce", "x-acs-content-sha256"];
    check(request, &signed, &["accept-encoding"], answer).await;
}
