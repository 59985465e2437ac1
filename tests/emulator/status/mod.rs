//! The status page and the state in JSON that it shows.

mod browser;
mod page;
mod unreadable;

use emulator::Rules;
use serde_json::{Value, json};
use test_support::async_http::exchange;
use test_support::waiting::wait_for_in_task;
use test_support::{Key, Response};

use crate::client::{START, TestServer, signed};
use crate::data::{group, put_to};

/// What a careless page would take for markup.
const HOSTILE: &str = "<img src=x onerror=console.error(1)><script>console.error(2)</script>";

/// The secret that tokens of the identity provider are verified with: 32 bytes in base64url.
const CANARY_KEY: &str = "Y2FuYXJ5LWNhbmFyeS1jYW5hcnktY2FuYXJ5LWNhbmE";

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
        "groups": [{"name": "g", "policies": ["AliyunLogReadOnlyAccess"]}],
        "oidc_providers": [{"name": "ci", "issuer": "https://ci.example.com", "client_ids": ["runner"],
            "keys": [{"kty": "oct", "kid": "1", "alg": "HS256", "k": CANARY_KEY}]}],
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
        "key_id": "key-of-ours", "key_region": "cn-hangzhou", "role": "acs:ram::1234567890123456:role/byok",
        "error": null});
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
    assert!(role["trust_policy"].as_str().unwrap().contains("log.aliyuncs.com"), "{role}");
    let group = json!([{"name": "g", "comments": "", "users": ["alice"],
        "policies": [{"name": "AliyunLogReadOnlyAccess", "type": "System"}]}]);
    assert_eq!(state["groups"], group);
    let provider = json!([{"name": "ci", "arn": "acs:ram::1234567890123456:oidc-provider/ci",
        "issuer": "https://ci.example.com", "client_ids": ["runner"], "keys": 1}]);
    assert_eq!(state["oidc_providers"], provider);
    let user = &state["users"][0];
    assert_eq!(json!([user["groups"], user["access_keys"]]), json!([["g"], ["ak-alice"]]));
    let calls = &state["requests"];
    let paths = json!([calls[0]["path"], calls[1]["path"]]);
    assert_eq!(paths, json!(["/", "/logstores/with-own-key/shards/lb"]));
    for secret in ["canary", "sk-root", CANARY_KEY] {
        assert!(!state.to_string().contains(secret), "{secret} in {state}");
    }
}

#[tokio::test]
async fn the_state_tells_what_was_ordered_and_what_has_come_of_it() {
    let bench = bench().await;
    let state = bench.control("GET", "state", "").await;
    let undisturbed = ["faults", "held_calls", "quotas", "unreadable"].map(|name| state[name].clone());
    assert_eq!(undisturbed, [(); 4].map(|()| json!([])));
    assert_eq!((&state["clock_offset_seconds"], &state["left_out"]), (&json!(0), &json!({})));

    bench.control("POST", "clock", r#"{"advance_seconds": -90061}"#).await;
    bench.control("PUT", "quotas", r#"{"service": "sls", "requests_per_second": 1000, "burst": 5}"#).await;
    let fault = r#"{"service": "sls", "action": "UpdateLogStore", "logstore": "plain", "effect": "hold"}"#;
    let held_by = bench.control("POST", "faults", fault).await["id"].clone();
    let long = json!({"service": "ram", "action": "*", "times": 3,
        "effect": {"error": {"status": 500, "code": "C", "message": "m".repeat(100_000)}}});
    let waiting = bench.control("POST", "faults", &long.to_string()).await["id"].clone();
    let update = signed("proj.localhost", "PUT", "/logstores/plain", r#"{"ttl":60}"#);
    let address = bench.addr();
    let held = tokio::spawn(async move { exchange(address, &update).await });
    let state = wait_for_in_task("the held call", async || {
        let state = bench.control("GET", "state", "").await;
        (state["held_calls"] != json!([])).then_some(state)
    });
    let state = state.await.unwrap();

    assert_eq!(state["clock_offset_seconds"], -90061);
    let call = &state["requests"][0];
    let expected = json!([{"id": call["id"], "sequence": call["sequence"], "fault": held_by, "effect": "hold",
        "service": "sls", "action": "UpdateLogStore", "project": "proj", "logstore": "plain"}]);
    assert_eq!(state["held_calls"], expected);
    let faults = json!([{"id": waiting, "service": "ram", "action": "*", "skip": 0, "times": 3,
        "effect": {"error": {"status": 500, "code": "C", "message": format!("{}…", "m".repeat(200))}}}]);
    assert_eq!(state["faults"], faults);
    assert_eq!((&state["quotas"][0]["service"], &state["quotas"][0]["burst"]), (&json!("sls"), &json!(5)));
    bench.control("POST", &format!("faults/release/{}", call["id"].as_str().unwrap()), "").await;
    held.await.unwrap().unwrap().assert_done();
}

#[tokio::test]
async fn the_latest_calls_have_their_errors_and_no_secret_that_an_error_repeats() {
    let bench = TestServer::start(Rules::Default).await;
    bench.call("GET", "/logstores/none", "").await.assert_error_code(404, "LogStoreNotExist");
    let wrong = Key::new("ak-root", "wrong");
    let secret = [("Password", "canary-password")];
    let refused = bench.rpc(&wrong, ("2015-04-01", "GetCallerIdentity"), &secret).await;
    assert!(refused.text().contains("canary-password"), "{}", refused.text());
    let state = bench.control("GET", "state", "").await;
    let errors =
        |log: &Value| [0, 1].map(|call| json!([log[call]["error_code"], log[call]["error_message"]]));
    let expected = [
        json!(["SignatureDoesNotMatch", "(hidden)"]),
        json!(["LogStoreNotExist", "logstore none does not exist"]),
    ];
    assert_eq!(errors(&state["requests"]), expected);
    let log = bench.control("GET", "requests", "").await;
    let [first, second] = errors(&log);
    assert_eq!([second, first], expected);
    for told in [state, log] {
        assert!(!told.to_string().contains("canary"), "{told}");
    }
}

/// More of everything than is shown; the last Logstore in the order of names cannot be read.
async fn crowd() -> TestServer {
    let mut seed = seed();
    let logstore = |number: usize| {
        json!({"logstoreName": format!("app-{number:04}"), "ttl": 7, "shardCount": 1,
        "encrypt_conf": {"enable": true, "encrypt_type": "default"}})
    };
    let trust = seed["roles"][0]["assume_role_policy_document"].clone();
    let mut last = logstore(1000);
    last["encrypt_conf"]["user_cmk_info"] = json!({"cmk_key_id": "key-of-ours",
        "arn": "acs:ram::1234567890123456:role/byok", "region_id": "cn-hangzhou"});
    let logstores: Vec<Value> = (0..1000).map(logstore).chain([last]).collect();
    seed["projects"][0] = json!({"name": "crowd", "logstores": logstores});
    let long = "x".repeat(1000);
    let many = |element: &dyn Fn(String) -> Value| -> Vec<Value> {
        (0..300).map(|number| element(format!("a-{number:04}"))).collect()
    };
    let add = |seed: &mut Value, section: &str, elements: Vec<Value>| {
        seed[section].as_array_mut().unwrap().extend(elements);
    };
    add(&mut seed, "keys", many(&|id| json!({"id": id, "description": long})));
    add(
        &mut seed,
        "roles",
        many(&|name| json!({"name": name, "assume_role_policy_document": trust, "description": long})),
    );
    add(&mut seed, "users", many(&|name| json!({"name": name, "comments": long})));
    add(&mut seed, "groups", many(&|name| json!({"name": name, "comments": long})));
    add(
        &mut seed,
        "oidc_providers",
        many(&|name| json!({"name": name, "issuer": long, "client_ids": [long], "keys": []})),
    );
    add(&mut seed, "projects", many(&|name| json!({"name": name, "description": long})));
    let bench = TestServer::with_seed(&seed.to_string(), Rules::Default, START).await;
    bench.control("PATCH", "keys/key-of-ours", r#"{"state": "Disabled"}"#).await;
    let fault = json!({"service": "sls", "action": "*", "effect": {"respond": {"status": 200, "content_type": "a",
        "body": long}}});
    for _ in 0..300 {
        bench.control("POST", "faults", &fault.to_string()).await;
    }
    bench
}

#[tokio::test]
async fn the_state_is_bounded_and_shows_first_what_cannot_be_read() {
    let bench = crowd().await;
    let state = bench.control("GET", "state", "").await;
    assert!(state.to_string().len() < 1_000_000, "{} bytes", state.to_string().len());
    let lists = ["faults", "projects", "keys", "roles", "users", "groups", "oidc_providers"];
    for list in lists {
        let shown = state[list].as_array().unwrap().len();
        assert_eq!(shown, 200, "{list}");
        assert!(state["left_out"][list].as_u64().unwrap() >= 100, "{list}: {}", state["left_out"]);
    }
    let counts = json!({"all": 1001, "matching": 1001, "shown": 200, "unreadable": 1});
    assert_eq!(state["logstores"], counts);
    let crowd = |state: &Value| {
        let projects = state["projects"].as_array().unwrap();
        projects.iter().find(|project| project["name"] == "crowd").unwrap()["logstores"].clone()
    };
    let shown = crowd(&state);
    assert_eq!((&shown[0]["name"], &shown[198]["name"]), (&json!("app-0000"), &json!("app-0198")));
    assert_eq!((&shown[199]["name"], shown.as_array().unwrap().len()), (&json!("app-1000"), 200));
    // What they refer to is among what is shown.
    let has = |list: &str, name: &str, value: &str| {
        state[list].as_array().unwrap().iter().any(|element| element[name] == value)
    };
    assert!(has("keys", "id", "key-of-ours") && has("roles", "name", "byok"), "{state}");

    let filtered = bench.control("GET", "state?filter=APP-05", "").await;
    let counts = json!({"all": 1001, "matching": 100, "shown": 100, "unreadable": 1});
    assert_eq!((&filtered["logstores"], &crowd(&filtered)[0]["name"]), (&counts, &json!("app-0500")));
    assert_eq!(filtered["unreadable"][0]["logstore"], "app-1000");
    assert_eq!(bench.control("GET", "state?filter=no+such", "").await["projects"], json!([]));
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
