//! The status page, as a browser shows it, and what it is made of.

use std::io::Read as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use emulator::Rules;
use serde_json::{Value, json};
use tempfile::TempDir;
use test_support::Response;
use test_support::async_http::exchange;

use crate::client::{START, TestServer};
use crate::data::{group, put_to};

/// How long a browser may take.
const PATIENCE: Duration = Duration::from_mins(1);

/// What a careless page would take for markup.
const HOSTILE: &str = "<img src=x onerror=console.error(1)><script>console.error(2)</script>";

/// Projects, Logstores, keys, roles and users of every kind, with canaries for secrets.
fn seed() -> Value {
    let trust = json!({"Version": "1", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": {"Service": ["log.aliyuncs.com"]}}]});
    let byok = json!({"cmk_key_id": "key-of-ours", "arn": "acs:ram::1234567890123456:role/byok",
        "region_id": "cn-hangzhou"});
    let logstore = |name: &str, conf: Value| match conf {
        Value::Null => json!({"logstoreName": name, "ttl": 7, "shardCount": 1}),
        conf => json!({"logstoreName": name, "ttl": 7, "shardCount": 1, "encrypt_conf": conf}),
    };
    json!({
        "access_keys": [
            {"id": "ak-root", "secret": "sk-root"},
            {"id": "ak-alice", "secret": "canary-secret", "user": "alice"},
        ],
        "users": [{"name": "alice", "comments": HOSTILE, "policies": ["AliyunLogFullAccess"], "groups": ["g"]}],
        "groups": [{"name": "g"}],
        "roles": [{"name": "byok", "description": HOSTILE, "assume_role_policy_document": trust,
            "policies": ["AliyunKMSReadOnlyAccess", "AliyunKMSCryptoUserAccess"]}],
        "keys": [{"id": "key-of-ours", "description": HOSTILE}, {"id": "<b>bold</b>", "state": "PendingDeletion"}],
        "projects": [{"name": "proj", "logstores": [
            logstore("plain", Value::Null),
            logstore("with-service-key", json!({"enable": true, "encrypt_type": "default"})),
            logstore("with-own-key", json!({"enable": true, "encrypt_type": "sm4_gcm", "user_cmk_info": byok})),
            logstore("switched-off", json!({"enable": false, "encrypt_type": "aes_cbc"})),
        ]}],
    })
}

/// An emulator with something of everything in it.
async fn bench() -> TestServer {
    let bench = TestServer::with_seed(&seed().to_string(), Rules::Default, START).await;
    for logstore in ["plain", "with-service-key", "with-own-key"] {
        put_to(&bench, &format!("/logstores/{logstore}/shards/lb"), &group(HOSTILE)).await.assert_done();
    }
    let described = json!({"description": HOSTILE}).to_string();
    bench.call("PUT", "/", &described).await.assert_done();
    bench
}

async fn get(bench: &TestServer, path: &str, headers: &str) -> Response {
    let request = format!("GET {path} HTTP/1.1\r\n{headers}\r\n");
    exchange(bench.addr(), request.as_bytes()).await.unwrap()
}

#[tokio::test]
async fn the_state_tells_how_logs_lie_in_the_store() {
    let bench = bench().await;
    let state = bench.control("GET", "state", "").await;
    let project = &state["projects"][0];
    assert_eq!((&project["name"], &project["region"]), (&json!("proj"), &json!("cn-hangzhou")));
    let logstore = |name: &str| {
        let logstores = project["logstores"].as_array().unwrap().iter();
        logstores.clone().find(|logstore| logstore["name"] == name).unwrap().clone()
    };
    let block = |name: &str| logstore(name)["shards"][0]["last_block"].clone();
    let plain = hex::decode(block("plain")["hex"].as_str().unwrap()).unwrap();
    assert!(plain.windows(4).any(|window| window == b"<img"), "{plain:?}");
    assert_eq!(block("plain")["sealed"], false);
    for (name, algorithm) in [("with-service-key", "AES-256-GCM"), ("with-own-key", "SM4-GCM")] {
        let block = block(name);
        assert_eq!((&block["sealed"], &block["algorithm"]), (&json!(true), &json!(algorithm)), "{name}");
        let sealed = hex::decode(block["hex"].as_str().unwrap()).unwrap();
        assert!(!sealed.windows(4).any(|window| window == b"<img"), "{name}");
    }
    assert_eq!(logstore("switched-off")["shards"][0]["blocks"], 0);
    let expected = json!({"state": "enabled", "encrypt_type": "sm4_gcm", "mechanism": "customer's key",
        "key_id": "key-of-ours", "role": "acs:ram::1234567890123456:role/byok"});
    assert_eq!(logstore("with-own-key")["encryption"], expected);
}

#[tokio::test]
async fn the_state_tells_who_and_what_there_is_without_secrets() {
    let bench = bench().await;
    let state = bench.control("GET", "state", "").await;
    let header = json!([state["account_id"], state["region"], state["time"]]);
    assert_eq!(header, json!(["1234567890123456", "cn-hangzhou", "2026-11-20T08:00:00Z"]));
    let (gone, key) = (&state["keys"][0], &state["keys"][1]);
    assert_eq!(
        json!([key["id"], key["state"], key["spec"]]),
        json!(["key-of-ours", "Enabled", "Aliyun_AES_256"])
    );
    assert_eq!(json!([gone["state"], gone["deletion"]]), json!(["PendingDeletion", "2026-11-27T08:00:00Z"]));
    let role = &state["roles"][0];
    assert_eq!(role["arn"], "acs:ram::1234567890123456:role/byok");
    assert_eq!(role["policies"][0], json!({"name": "AliyunKMSCryptoUserAccess", "type": "System"}));
    let user = &state["users"][0];
    assert_eq!(json!([user["groups"], user["access_keys"]]), json!([["g"], ["ak-alice"]]));
    let calls = &state["requests"];
    let paths = json!([calls[0]["path"], calls[1]["path"]]);
    assert_eq!(paths, json!(["/", "/logstores/with-own-key/shards/lb"]));
    assert!(!state.to_string().contains("canary"), "{state}");
    assert!(!state.to_string().contains("sk-root"), "{state}");
}

#[tokio::test]
async fn no_more_than_the_last_calls_are_told() {
    let bench = TestServer::start(Rules::Default).await;
    for _ in 0..60 {
        bench.call("GET", "/logstores/app", "").await;
    }
    assert_eq!(bench.control("GET", "state", "").await["requests"].as_array().unwrap().len(), 50);
}

#[tokio::test]
async fn the_page_is_served_with_a_policy_that_lets_it_do_nothing_else() {
    let bench = TestServer::start(Rules::Default).await;
    let page = get(&bench, "/_emulator/", "Host: localhost\r\n").await;
    assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")));
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'; script-src 'sha256-"), "{policy}");
    assert_eq!(page.header("x-content-type-options"), Some("nosniff"));
    let moved = get(&bench, "/_emulator", "Host: localhost\r\n").await;
    assert_eq!((moved.status, moved.header("location")), (308, Some("/_emulator/")));
    // What only begins alike is for the services.
    assert_eq!(
        get(&bench, "/_emulators", "Host: localhost\r\n").await.json()["errorCode"],
        "MissingAPIVersion"
    );
}

#[tokio::test]
async fn the_control_api_is_not_for_pages_of_other_sites() {
    let bench = TestServer::start(Rules::Default).await;
    for headers in [
        "Host: example.com\r\n",
        "Host: localhost\r\nOrigin: http://example.com\r\n",
        "Host: localhost\r\nSec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: no-cors\r\n",
    ] {
        for path in ["/_emulator/", "/_emulator/state", "/_emulator/requests"] {
            let refused = get(&bench, path, headers).await;
            assert_eq!(refused.status, 403, "{path} {headers}: {}", refused.text());
        }
    }
}

/// A headless browser, ended when it is dropped.
struct Browser {
    child: Child,
    profile: TempDir,
}

/// What a browser made of a page.
struct Visit {
    dom: String,
    log: String,
    /// What the page asked for: the address and who asked, as the browser writes them.
    requests: Vec<(String, String)>,
}

impl Browser {
    /// Lets a browser load a page and run what is on it.
    fn start(address: &str) -> Self {
        let browser = std::env::var("CHROMIUM").unwrap_or_else(|_| {
            panic!(
                "CHROMIUM has to be the path of a Chromium or Chrome: run ./scripts/test, or \
                 CHROMIUM=\"$(./scripts/chromium-path)\" cargo test --test emulator"
            )
        });
        let profile = TempDir::new().unwrap();
        let path = |name: &str| profile.path().join(name).display().to_string();
        let child = Command::new(&browser)
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
            .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
            .args(["--disable-dev-shm-usage", "--no-proxy-server"])
            // The browser's own calls home get nowhere.
            .arg("--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1")
            .arg(format!("--user-data-dir={}", path("profile")))
            .arg(format!("--log-net-log={}", path("requests.json")))
            .args(["--enable-logging=stderr", "--virtual-time-budget=5000", "--dump-dom", address])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        let child = child.unwrap_or_else(|error| panic!("{browser}: {error}"));
        Self { child, profile }
    }

    async fn finish(mut self) -> Visit {
        let (mut stdout, mut stderr) = (self.child.stdout.take().unwrap(), self.child.stderr.take().unwrap());
        let (mut dom, mut log) = (Vec::new(), Vec::new());
        let dom = tokio::task::spawn_blocking(move || stdout.read_to_end(&mut dom).map(|_| dom));
        let log = tokio::task::spawn_blocking(move || stderr.read_to_end(&mut log).map(|_| log));
        let Ok((dom, log)) = tokio::time::timeout(PATIENCE, async { tokio::join!(dom, log) }).await else {
            panic!("the browser did not come to an end");
        };
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        let (dom, log) = (text(dom.unwrap().unwrap()), text(log.unwrap().unwrap()));
        assert!(self.child.wait().unwrap().success(), "{log}");
        Visit { dom, log, requests: requests(&self.profile.path().join("requests.json")) }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The requests in a log of the browser's network.
fn requests(file: &Path) -> Vec<(String, String)> {
    let log: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    let parameters = log["events"].as_array().unwrap().iter().map(|event| &event["params"]);
    parameters
        .filter_map(|parameters| {
            let [url, initiator] = ["url", "initiator"].map(|name| parameters[name].as_str());
            Some((url?.to_owned(), initiator?.to_owned()))
        })
        .collect()
}

impl Visit {
    fn complaints(&self) -> Vec<&str> {
        self.log.lines().filter(|line| line.contains("CONSOLE")).collect()
    }

    #[track_caller]
    fn assert_shows(&self, texts: &[&str]) {
        for text in texts {
            let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
            assert!(self.dom.contains(&escaped), "{text} is not in {}", self.dom);
        }
    }
}

#[tokio::test]
async fn a_browser_shows_everything_as_text_and_asks_nobody_else() {
    let bench = bench().await;
    get(&bench, "/logstores/plain", "Host: <i>host</i>.localhost\r\nx-log-apiversion: 0.6.0\r\n").await;
    let origin = format!("http://{}", bench.addr());
    let calls = bench.control("GET", "requests", "").await.as_array().unwrap().len();
    let visit = Browser::start(&format!("{origin}/_emulator/")).finish().await;

    assert_eq!(visit.complaints(), Vec::<&str>::new());
    visit.assert_shows(&[
        "1234567890123456",
        "2026-11-20T08:00:00Z",
        "<b>bold</b>",
        "with-service-key",
        "encrypted",
        "encryption disabled",
        "encryption never configured",
        "sealed: AES-256-GCM",
        "sealed: SM4-GCM",
        "in clear",
        "key-of-ours",
        "PendingDeletion",
        "acs:ram::1234567890123456:role/byok",
        "AliyunKMSCryptoUserAccess",
        "ak-alice",
        "PutLogs",
        "<i>host</i>.localhost",
    ]);
    // Descriptions of a project, a key and a role, and comments on a user.
    let escaped = HOSTILE.replace('<', "&lt;").replace('>', "&gt;");
    assert_eq!(visit.dom.matches(&escaped).count(), 4, "{}", visit.dom);
    for markup in ["<img", "<b>", "<i>"] {
        assert!(!visit.dom.contains(markup), "{markup} in {}", visit.dom);
    }
    assert_eq!(visit.dom.matches("<script").count(), 1);

    let by_page: Vec<&String> =
        visit.requests.iter().filter(|(_, by)| *by == origin).map(|(url, _)| url).collect();
    assert!(!by_page.is_empty(), "{:?}", visit.requests);
    assert!(by_page.iter().all(|url| **url == format!("{origin}/_emulator/state")), "{by_page:?}");
    // Nor did the browser ask a service here, for an icon for instance.
    assert_eq!(bench.control("GET", "requests", "").await.as_array().unwrap().len(), calls);
}

#[tokio::test]
async fn a_browser_that_complains_is_heard() {
    let visit = Browser::start("data:text/html,<script>console.error('seen')</script>").finish().await;
    assert!(visit.complaints().iter().any(|line| line.contains("seen")), "{}", visit.log);
}
