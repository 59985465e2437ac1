//! Indexes of Logstores over the wire.

use emulator::Rules;
use serde_json::{Value, json};
use test_support::{Key, Response};

use crate::client::{START, TestServer};

const INDEX: &str = "/logstores/app/index";

/// A description with every member that is known, and some that are not.
fn full() -> Value {
    serde_json::from_str(
        r#"{
            "line": {"token": [",", " ", "\n"], "caseSensitive": true, "chn": true, "include_keys": ["a"],
                "auto_key_detect": 1.50},
            "keys": {
                "message": {"type": "text", "token": [" "], "caseSensitive": true, "chn": true, "doc_value": true,
                    "alias": "text", "embedding": "m"},
                "cost": {"type": "long", "doc_value": true},
                "ratio": {"type": "double", "doc_value": false},
                "body": {"type": "json", "token": [";"], "index_all": true, "max_depth": -1,
                    "json_keys": {"user.id": {"type": "long", "alias": "id", "doc_value": true},
                        "user.name": {"type": "text"}}}
            },
            "log_reduce": true, "log_reduce_white_list": ["a"], "log_reduce_black_list": ["b"],
            "max_text_len": 2048, "scan_index": true, "futureMember": {"deep": [1e400]}
        }"#,
    )
    .unwrap()
}

async fn get(bench: &TestServer) -> Value {
    let response = bench.call("GET", INDEX, "").await;
    assert_eq!(response.status, 200, "{}", response.text());
    response.json()
}

async fn create(bench: &TestServer, body: &Value) -> Response {
    bench.call("POST", INDEX, &body.to_string()).await
}

#[track_caller]
fn assert_no_index(response: &Response) {
    response.assert_error(400, "IndexConfigNotExist", "index config doesn't exist");
}

#[tokio::test]
async fn an_index_is_made_read_replaced_and_deleted() {
    let bench = TestServer::start(Rules::Default).await;
    assert_no_index(&bench.call("GET", INDEX, "").await);
    let update = bench.call("PUT", INDEX, &full().to_string()).await;
    update.assert_error(400, "ParameterInvalid", "log store index is not created");
    assert_no_index(&bench.call("DELETE", INDEX, "").await);

    create(&bench, &full()).await.assert_done();
    let again = create(&bench, &full()).await;
    again.assert_error(400, "IndexAlreadyExist", "log store index is already created");
    let line = json!({"line": {"token": [","]}});
    bench.call("PUT", INDEX, &line.to_string()).await.assert_done();
    let expected = json!({"line": {"token": [","]}, "ttl": 90, "index_mode": "v2", "storage": "pg",
        "lastModifyTime": START});
    assert_eq!(get(&bench).await, expected, "nothing of the description before it is left");

    bench.call("DELETE", INDEX, "").await.assert_done();
    assert_no_index(&bench.call("GET", INDEX, "").await);
    create(&bench, &line).await.assert_done();
}

#[tokio::test]
async fn what_is_sent_comes_back_with_what_the_service_adds() {
    let bench = TestServer::start(Rules::Strict).await;
    create(&bench, &full()).await.assert_done();
    let mut expected = full();
    for (member, value) in [
        ("ttl", json!(90)),
        ("index_mode", json!("v2")),
        ("storage", json!("pg")),
        ("lastModifyTime", json!(START)),
    ] {
        expected[member] = value;
    }
    for key in ["cost", "ratio", "body"] {
        expected["keys"][key]["alias"] = json!("");
    }
    for member in ["caseSensitive", "chn"] {
        expected["keys"]["body"][member] = json!(false);
    }
    assert_eq!(get(&bench).await, expected);
    let text = bench.call("GET", INDEX, "").await.text();
    assert!(text.contains("1.50"), "numbers come back digit for digit: {text}");

    // A time to live that is sent has no effect, nor have the other members that the service sets.
    let sent = json!({"keys": {}, "ttl": 7, "index_mode": "v1", "storage": "x", "lastModifyTime": 1, "max_text_len": 0});
    bench.call("PUT", INDEX, &sent.to_string()).await.assert_done();
    let expected = json!({"keys": {}, "ttl": 90, "index_mode": "v2", "storage": "pg", "lastModifyTime": START,
        "max_text_len": 0});
    assert_eq!(get(&bench).await, expected);
}

#[tokio::test]
async fn what_is_wrong_with_an_index_is_said() {
    const TOKEN: (&str, &str) = ("IndexInfoInvalid", "required field token is lacking or of error format");
    const LACKING: (&str, &str) =
        ("IndexInfoInvalid", "required fields line/keys are lacking or of error format");
    const TYPE: (&str, &str) = ("ParameterInvalid", "key config must has type");
    let bench = TestServer::start(Rules::Default).await;
    let invalid = |message| ("IndexInfoInvalid", message);
    let key = |key: Value| json!({"keys": {"k": key}});
    let line = |member: &str, value: Value| {
        let mut line = json!({"token": [","]});
        line[member] = value;
        json!({"line": line})
    };
    let with = |member: &str, value: Value| {
        let mut index = json!({"line": {"token": [","]}});
        index[member] = value;
        index
    };
    let cases = [
        (json!({}), LACKING),
        (json!({"log_reduce": true}), LACKING),
        (json!({"scan_index": false}), LACKING),
        (json!({"line": []}), LACKING),
        (json!({"keys": null}), LACKING),
        (json!({"line": {}}), TOKEN),
        (line("token", json!(",")), TOKEN),
        (line("token", json!([1])), TOKEN),
        (key(json!({"type": "text"})), TOKEN),
        (key(json!({"type": "text", "token": [1]})), TOKEN),
        (key(json!({})), TYPE),
        (key(json!({"type": "json", "json_keys": {"a": {"doc_value": true}}})), TYPE),
        (key(json!({"type": "date"})), ("ParameterInvalid", "[keys.k.type] \"date\" is not supported")),
        (key(json!("text")), invalid("[keys.k] must be an object, not a string")),
        (
            key(json!({"type": "long", "doc_value": "true"})),
            invalid("[keys.k.doc_value] must be a boolean, not a string"),
        ),
        (
            key(json!({"type": "json", "json_keys": {"a": {"type": "long", "alias": 1}}})),
            invalid("[keys.k.json_keys.a.alias] must be a string, not a number"),
        ),
        (line("chn", json!(1)), invalid("[line.chn] must be a boolean, not a number")),
        (
            line("exclude_keys", json!([1])),
            invalid("[line.exclude_keys] must be a list of strings, not an array"),
        ),
        (
            json!({"line": {"token": [], "include_keys": ["a"], "exclude_keys": ["b"]}}),
            invalid("include_keys and exclude_keys cannot both be set"),
        ),
        (with("max_text_len", json!(63)), invalid("max_text_len must be within range [64, 16384]")),
        (with("max_text_len", json!(16385)), invalid("max_text_len must be within range [64, 16384]")),
        (with("log_reduce", json!(null)), invalid("[log_reduce] must be a boolean, not null")),
        (
            with("log_reduce_black_list", json!("a")),
            invalid("[log_reduce_black_list] must be a list of strings, not a string"),
        ),
    ];
    for (body, (code, message)) in &cases {
        create(&bench, body).await.assert_error(400, code, message);
    }
    assert_no_index(&bench.call("GET", INDEX, "").await);
    create(&bench, &json!({"scan_index": true})).await.assert_done();
    for (body, (code, message)) in cases {
        bench.call("PUT", INDEX, &body.to_string()).await.assert_error(400, code, message);
    }
    for (method, body) in [("POST", "{}"), ("GET", ""), ("PUT", "{}"), ("DELETE", "")] {
        let body = if body.is_empty() { String::new() } else { full().to_string() };
        let none = bench.call(method, "/logstores/none/index", &body).await;
        none.assert_error(404, "LogStoreNotExist", "logstore none does not exist");
        let none = bench.call_host("none.localhost", method, INDEX, &body).await;
        none.assert_error(404, "ProjectNotExist", "The Project does not exist : none");
    }
}

#[tokio::test]
async fn an_index_stays_with_its_logstore_and_goes_with_it() {
    let bench = TestServer::start(Rules::Default).await;
    create(&bench, &full()).await.assert_done();
    bench.call("PUT", "/logstores/app", r#"{"ttl": 7}"#).await.assert_done();
    let encryption = r#"{"enable": true, "encryptType": "default"}"#;
    bench.call("PUT", "/logstores/app/encryption", encryption).await.assert_done();
    bench
        .call("PUT", "/logstores/app/meteringmode", r#"{"meteringMode": "ChargeByDataIngest"}"#)
        .await
        .assert_done();
    let index = get(&bench).await;
    assert_eq!((&index["ttl"], &index["keys"]["cost"]["type"]), (&json!(7), &json!("long")));
    assert!(bench.logstore("app").await.get("index").is_none(), "GetLogStore does not show it");
    let state = bench.control("GET", "state", "").await;
    assert_eq!(state["projects"][0]["logstores"][0]["index"], json!({"full_text": true, "fields": 4}));

    bench.call("DELETE", "/logstores/app", "").await.assert_done();
    bench
        .call("POST", "/logstores", r#"{"logstoreName": "app", "ttl": 1, "shardCount": 1}"#)
        .await
        .assert_done();
    assert_no_index(&bench.call("GET", INDEX, "").await);
    let state = bench.control("GET", "state", "").await;
    assert_eq!(state["projects"][0]["logstores"][0]["index"], json!(null));
}

#[tokio::test]
async fn a_metric_store_has_an_index_as_a_logstore_has() {
    let bench = TestServer::start(Rules::Default).await;
    bench.call("POST", "/metricstores", r#"{"name": "cpu", "ttl": 30, "shardCount": 1}"#).await.assert_done();
    bench.call("POST", "/logstores/cpu/index", &full().to_string()).await.assert_done();
    assert_eq!(bench.call("GET", "/logstores/cpu/index", "").await.json()["ttl"], 30);
    bench.call("DELETE", "/metricstores/cpu", "").await.assert_done();
}

#[tokio::test]
async fn an_index_is_there_after_a_restart() {
    const SEED: &str =
        r#"{"projects": [{"name": "proj", "logstores": [{"logstoreName": "app", "ttl": 90}]}]}"#;
    let folder = tempfile::tempdir().unwrap();
    let before = {
        let bench = TestServer::in_folder(SEED, folder.path()).await;
        create(&bench, &full()).await.assert_done();
        let index = get(&bench).await;
        bench.shutdown().await;
        index
    };
    let bench = TestServer::in_folder(SEED, folder.path()).await;
    assert_eq!(get(&bench).await, before);
    bench.call("DELETE", INDEX, "").await.assert_done();
    bench.shutdown().await;
    let bench = TestServer::in_folder(SEED, folder.path()).await;
    assert_no_index(&bench.call("GET", INDEX, "").await);
}

#[tokio::test]
async fn each_operation_has_a_permission_of_its_own() {
    const ACTIONS: [(&str, &str); 4] =
        [("POST", "CreateIndex"), ("GET", "GetIndex"), ("PUT", "UpdateIndex"), ("DELETE", "DeleteIndex")];
    for (_, allowed) in ACTIONS {
        let resource = "acs:log:*:*:project/proj/logstore/app";
        let policy = json!({"Version": "1", "Statement": [
            {"Effect": "Allow", "Action": format!("log:{allowed}"), "Resource": resource}]});
        let seed = json!({
            "access_keys": [{"id": "ak-root", "secret": "sk-root"}, {"id": "ak-u", "secret": "sk-u", "user": "u"}],
            "users": [{"name": "u", "policies": [{"name": "p", "document": policy}]}],
            "projects": [{"name": "proj", "logstores": [{"logstoreName": "app"}]}],
        });
        let bench = TestServer::with_seed(&seed.to_string(), Rules::Default, START).await;
        let user = Key::new("ak-u", "sk-u");
        for (method, action) in ACTIONS {
            let body = if matches!(method, "POST" | "PUT") { full().to_string() } else { String::new() };
            let response = bench.call_by(&user, method, INDEX, &body).await;
            let is_refused = response.status == 401 && response.json()["errorCode"] == "Unauthorized";
            assert_eq!(
                is_refused,
                action != allowed,
                "{action} where {allowed} is allowed: {}",
                response.text()
            );
        }
    }
}
