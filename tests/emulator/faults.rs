//! Faults over the wire.

use emulator::Rules;
use serde_json::{Value, json};
use test_support::async_http::exchange;
use test_support::waiting::wait_for_in_task;

use crate::client::{START, TestServer, signed};

const UPDATE: &str = r#"{"ttl":60}"#;

async fn ttl(bench: &TestServer) -> Value {
    bench.control("GET", "projects/proj/logstores/app", "").await["ttl"].clone()
}

#[tokio::test]
async fn throttling_depends_on_what_is_asked() {
    let bench = TestServer::start(Rules::Default).await;
    bench.fault(r#"{"service":"sls","action":"*","times":2,"effect":"throttle"}"#).await;
    bench.call("GET", "/logstores/app", "").await.assert_error(
        403,
        "ReadQuotaExceed",
        "Read quota is exceeded.",
    );
    bench.call("PUT", "/logstores/app", UPDATE).await.assert_error(
        403,
        "WriteQuotaExceed",
        "Write quota is exceeded.",
    );
    bench.call("PUT", "/logstores/app", UPDATE).await.assert_done();
}

#[tokio::test]
async fn a_dropped_call_is_applied_or_not() {
    for (effect, expected) in [("drop_before", 90), ("drop_after", 60)] {
        let bench = TestServer::start(Rules::Default).await;
        bench
            .fault(&json!({"service": "sls", "action": "UpdateLogStore", "effect": effect}).to_string())
            .await;
        assert!(bench.try_call("PUT", "/logstores/app", UPDATE).await.is_err());
        assert_eq!(ttl(&bench).await, expected, "{effect}");
        let log = bench.control("GET", "requests", "").await;
        assert_eq!((&log[0]["status"], &log[0]["action"]), (&json!(0), &json!("UpdateLogStore")));
    }
}

#[tokio::test]
async fn an_ignored_write_answers_as_usual_and_changes_nothing() {
    let bench = TestServer::start(Rules::Default).await;
    bench.fault(r#"{"service":"sls","action":"UpdateLogStore","times":2,"effect":"ignore"}"#).await;
    bench.call("PUT", "/logstores/app", UPDATE).await.assert_done();
    assert_eq!(ttl(&bench).await, 90);
    assert_eq!(bench.call("PUT", "/logstores/app", r#"{"ttl":0}"#).await.status, 400);
}

#[tokio::test]
async fn errors_and_raw_answers_come_as_ordered() {
    let bench = TestServer::start(Rules::Default).await;
    let error = json!({"error": {"status": 503, "code": "ServerBusy", "message": "busy"}});
    bench.fault(&json!({"service": "sls", "action": "GetLogStore", "effect": error}).to_string()).await;
    bench.call("GET", "/logstores/app", "").await.assert_error(503, "ServerBusy", "busy");

    let html = json!({"respond": {"status": 502, "content_type": "text/html", "body": "<html>"}});
    bench.fault(&json!({"service": "sls", "action": "UpdateLogStore", "effect": html}).to_string()).await;
    let response = bench.call("PUT", "/logstores/app", UPDATE).await;
    assert_eq!((response.status, response.text().as_str()), (502, "<html>"));
    assert_eq!(response.header("content-type"), Some("text/html"));
    assert_eq!(ttl(&bench).await, 90);
}

#[tokio::test]
async fn a_held_call_is_evaluated_after_its_release() {
    for release in [("POST", "faults/release"), ("DELETE", "faults")] {
        let bench = TestServer::start(Rules::Default).await;
        bench.fault(r#"{"service":"sls","action":"UpdateLogStore","effect":{"hold":{}}}"#).await;
        let (addr, request) = (bench.addr(), signed("proj.localhost", "PUT", "/logstores/app", UPDATE));
        let held = tokio::spawn(async move { exchange(addr, &request).await });
        let log = bench.arrived(1).await;
        assert_eq!((&log[0]["status"], &log[0]["body"]["ttl"]), (&Value::Null, &json!(60)));

        // Another writer slips in; the held call overwrites it.
        bench.control("PATCH", "projects/proj/logstores/app", r#"{"ttl":70}"#).await;
        assert_eq!(ttl(&bench).await, 70);
        assert!(!held.is_finished());
        bench.control(release.0, release.1, "").await;
        held.await.unwrap().unwrap().assert_done();
        assert_eq!(ttl(&bench).await, 60);
    }
}

#[tokio::test]
async fn faults_are_taken_back_and_held_calls_released_one_at_a_time() {
    let bench = TestServer::start(Rules::Default).await;
    let rule = r#"{"service":"sls","action":"UpdateLogStore","effect":"hold"}"#;
    let mut held = Vec::new();
    for number in 1..=3 {
        assert_eq!(bench.control("POST", "faults", rule).await, json!({"id": number}));
        let (addr, request) = (bench.addr(), signed("proj.localhost", "PUT", "/logstores/app", UPDATE));
        held.push(tokio::spawn(async move { exchange(addr, &request).await }));
        let listed = async || {
            let listed = bench.control("GET", "faults/held", "").await;
            (listed.as_array().unwrap().len() == number).then_some(listed)
        };
        let listed = wait_for_in_task("the held call", listed).await.unwrap();
        let call = bench.control("GET", "requests", "").await[number - 1].clone();
        let expected = json!({"id": call["id"], "sequence": call["sequence"], "fault": number, "effect": "hold",
            "service": "sls", "action": "UpdateLogStore", "project": "proj", "logstore": "app"});
        assert_eq!(listed[number - 1], expected);
    }
    // Each has used its fault up.
    assert_eq!(bench.control("GET", "faults", "").await, json!([]));
    let calls = bench.control("GET", "faults/held", "").await;
    let release = format!("faults/release/{}", calls[2]["id"].as_str().unwrap());
    bench.control("POST", &release, "").await;
    held.remove(2).await.unwrap().unwrap().assert_done();
    bench.control("DELETE", "faults/2", "").await;
    held.remove(1).await.unwrap().unwrap().assert_done();
    assert_eq!(bench.control("GET", "faults/held", "").await, json!([calls[0]]));
    assert!(!held[0].is_finished());

    for (method, path, error) in [
        (
            "POST",
            release.as_str(),
            format!("no call with the request id {} is held", calls[2]["id"].as_str().unwrap()),
        ),
        ("DELETE", "faults/2", "there is no fault 2 any more, and it holds no call".to_owned()),
        ("DELETE", "faults/x", "there is no fault x any more, and it holds no call".to_owned()),
    ] {
        let refused = bench.try_control(method, path, "").await;
        assert_eq!((refused.status, refused.json()), (404, json!({"error": error})), "{method} {path}");
    }
    bench.control("POST", "faults/release", "").await;
    held.remove(0).await.unwrap().unwrap().assert_done();
}

#[tokio::test]
async fn a_call_whose_answer_is_held_is_carried_out_before_its_release() {
    let bench = TestServer::start(Rules::Default).await;
    bench.fault(r#"{"service":"sls","action":"UpdateLogStore","effect":"hold_after"}"#).await;
    let (addr, request) = (bench.addr(), signed("proj.localhost", "PUT", "/logstores/app", UPDATE));
    let held = tokio::spawn(async move { exchange(addr, &request).await });
    wait_for_in_task("the update", async || (ttl(&bench).await == 60).then_some(())).await.unwrap();
    assert!(!held.is_finished());
    bench.control("POST", "faults/release", "").await;
    held.await.unwrap().unwrap().assert_done();
}

#[tokio::test]
async fn stopping_does_not_wait_for_held_calls() {
    for effect in ["hold", "hold_after"] {
        let bench = TestServer::start(Rules::Default).await;
        bench.fault(&json!({"service": "sls", "action": "*", "effect": effect}).to_string()).await;
        let (addr, request) = (bench.addr(), signed("proj.localhost", "GET", "/logstores/app", ""));
        let held = tokio::spawn(async move { exchange(addr, &request).await });
        bench.arrived(1).await;
        bench.shutdown().await;
        assert!(held.await.unwrap().is_err());
    }
}

#[tokio::test]
async fn a_call_is_evaluated_even_if_its_client_hangs_up() {
    use tokio::io::AsyncWriteExt as _;
    let bench = TestServer::start(Rules::Default).await;
    bench.fault(r#"{"service":"sls","action":"UpdateLogStore","effect":"hold"}"#).await;
    let mut stream = tokio::net::TcpStream::connect(bench.addr()).await.unwrap();
    stream.write_all(&signed("proj.localhost", "PUT", "/logstores/app", UPDATE)).await.unwrap();
    bench.arrived(1).await;
    drop(stream);
    bench.control("POST", "faults/release", "").await;
    let is_over = async || !bench.control("GET", "requests", "").await[0]["status"].is_null();
    wait_for_in_task("the end of the call", async || is_over().await.then_some(())).await.unwrap();
    assert_eq!(ttl(&bench).await, 60);
}

#[tokio::test]
async fn a_delayed_call_goes_on_by_itself() {
    let bench = TestServer::start(Rules::Default).await;
    bench.fault(r#"{"service":"sls","action":"UpdateLogStore","effect":{"delay":{"ms":1}}}"#).await;
    bench.call("PUT", "/logstores/app", UPDATE).await.assert_done();
    assert_eq!(ttl(&bench).await, 60);
}

#[tokio::test]
async fn stale_reads_answer_what_was_there_before_the_last_write() {
    let bench = TestServer::start(Rules::Default).await;
    bench.call("PUT", "/logstores/app", UPDATE).await.assert_done();
    bench.fault(r#"{"service":"sls","action":"GetLogStore","effect":{"stale":{"reads":2}}}"#).await;
    let mut seen = Vec::new();
    for _ in 0..3 {
        seen.push(bench.logstore("app").await["ttl"].clone());
    }
    assert_eq!(json!(seen), json!([90, 90, 60]));
}

#[tokio::test]
async fn stale_reads_do_not_see_what_was_just_made_and_see_what_was_just_deleted() {
    let bench = TestServer::start(Rules::Default).await;
    bench.fault(r#"{"service":"sls","action":"*","effect":{"stale":{"reads":2}}}"#).await;
    bench.call("POST", "/logstores", r#"{"logstoreName":"new","ttl":1,"shardCount":1}"#).await.assert_done();
    assert_eq!(bench.call("GET", "/logstores/new", "").await.status, 404);
    bench.call("DELETE", "/logstores/app", "").await.assert_done();
    assert_eq!(bench.call("GET", "/logstores/app", "").await.status, 200);
    assert_eq!(bench.call("GET", "/logstores/app", "").await.status, 404);
}

#[tokio::test]
async fn faults_are_filtered_and_listed() {
    let seed = r#"{"projects": [{"name": "proj", "logstores": [{"logstoreName": "app"}, {"logstoreName": "web"}]}]}"#;
    let bench = TestServer::with_seed(seed, Rules::Default, START).await;
    let rule = r#"{"service":"sls","action":"*","project":"proj","logstore":"web","skip":1,"times":2,"effect":"throttle"}"#;
    bench.fault(rule).await;
    assert_eq!(bench.call("GET", "/logstores/web", "").await.status, 200);
    assert_eq!(bench.call("GET", "/logstores/app", "").await.status, 200);
    assert_eq!(bench.call("GET", "/logstores/web", "").await.status, 403);
    let left = json!([{"id": 1, "service": "sls", "action": "*", "project": "proj", "logstore": "web", "skip": 0,
        "times": 1, "effect": "throttle"}]);
    assert_eq!(bench.control("GET", "faults", "").await, left);
    bench.control("DELETE", "faults", "").await;
    assert_eq!(bench.control("GET", "faults", "").await, json!([]));
}

#[tokio::test]
async fn a_call_with_a_bad_signature_uses_no_fault_up() {
    let bench = TestServer::start(Rules::Default).await;
    bench.fault(r#"{"service":"sls","action":"*","effect":"throttle"}"#).await;
    let request = String::from_utf8(signed("proj.localhost", "GET", "/logstores/app", "")).unwrap();
    let response = exchange(bench.addr(), request.replace("ak-root", "ak-other").as_bytes()).await.unwrap();
    response.assert_error(401, "Unauthorized", "AccessKeyId not found: ak-other");
    assert_eq!(bench.call("GET", "/logstores/app", "").await.status, 403);
}

#[tokio::test]
async fn a_quota_refuses_what_is_too_much_until_it_is_lifted() {
    let bench = TestServer::start(Rules::Default).await;
    let wrong = [
        (r#"{"service":"oss","requests_per_second":1}"#, "service: expected"),
        (r#"{"service":"sls","requests_per_second":0}"#, "requests_per_second: expected"),
        (r#"{"service":"sls"}"#, "requests_per_second"),
    ];
    for (body, says) in wrong {
        let answer = bench.try_control("PUT", "quotas", body).await;
        assert!(answer.status == 400 && answer.text().contains(says), "{}", answer.text());
    }
    bench.control("PUT", "quotas", r#"{"service":"sls","requests_per_second":1,"burst":2}"#).await;
    let quota = json!([{"service": "sls", "requests_per_second": 1, "burst": 2, "tokens": 2}]);
    assert_eq!(bench.control("GET", "quotas", "").await, quota);
    // However slow this machine is: at most one more is admitted for each second that passes.
    let mut refused = 0;
    for _ in 0..200 {
        let answer = bench.call("GET", "/logstores/app", "").await;
        if answer.status == 403 {
            answer.assert_error(403, "ReadQuotaExceed", "Read quota is exceeded.");
            refused += 1;
        }
    }
    assert!(refused > 0);
    bench.control("DELETE", "quotas", "").await;
    for _ in 0..20 {
        assert_eq!(bench.call("GET", "/logstores/app", "").await.status, 200);
    }
}
