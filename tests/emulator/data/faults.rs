//! Faults in the data plane.

use emulator::Rules;
use serde_json::{Value, json};

use super::{DataCall, PROTOBUF, content, cursor, group, pull, put};
use crate::client::TestServer;

const SHARD: &str = "/logstores/app/shards/0";

async fn bench(action: &str, effect: &Value) -> TestServer {
    let bench = TestServer::start(Rules::Default).await;
    bench.fault(&json!({"service": "sls", "action": action, "effect": effect}).to_string()).await;
    bench
}

fn put_call() -> DataCall<'static> {
    DataCall::new("POST", "/logstores/app/shards/lb").header(PROTOBUF.0, PROTOBUF.1).body(&group("a"))
}

#[tokio::test]
async fn quotas_are_exceeded_for_writing_and_for_reading() {
    let bench = bench("PutLogs", &json!("throttle")).await;
    put(&bench, &group("a")).await.assert_error_code(403, "WriteQuotaExceed");
    put(&bench, &group("a")).await.assert_done();
    let begin = cursor(&bench, 0, "begin").await;
    bench.fault(r#"{"service": "sls", "action": "PullLogs", "effect": "throttle"}"#).await;
    pull(SHARD, &begin).send(&bench).await.assert_error_code(403, "ReadQuotaExceed");
    assert_eq!(content(&bench, 0).await, [group("a")]);
}

#[tokio::test]
async fn a_dropped_write_is_applied_or_not() {
    for (effect, expected) in [("drop_before", vec![]), ("drop_after", vec![group("a")])] {
        let bench = bench("PutLogs", &json!(effect)).await;
        assert!(put_call().try_send(bench.addr()).await.is_err());
        assert_eq!(content(&bench, 0).await, expected, "{effect}");
    }
}

#[tokio::test]
async fn an_ignored_write_answers_as_usual_and_leaves_nothing() {
    let bench = bench("PutLogs", &json!("ignore")).await;
    put(&bench, &group("a")).await.assert_done();
    assert_eq!(content(&bench, 0).await, Vec::<Vec<u8>>::new());
    put(&bench, &group("b")).await.assert_done();
    assert_eq!(content(&bench, 0).await, [group("b")]);

    bench.fault(r#"{"service": "sls", "action": "PutLogs", "effect": "ignore"}"#).await;
    put(&bench, b"no protobuf").await.assert_error_code(400, "PostBodyInvalid");
    bench.fault(r#"{"service": "sls", "action": "SplitShard", "effect": "ignore"}"#).await;
    let split = DataCall::new("POST", SHARD).query("action", "split").send(&bench).await;
    assert_eq!(split.json().as_array().map(Vec::len), Some(3));
    let shards = DataCall::new("GET", "/logstores/app/shards").send(&bench).await;
    assert_eq!(shards.json().as_array().map(Vec::len), Some(2));
    put(&bench, &group("c")).await.assert_done();
    put(&bench, &group("d")).await.assert_done();
    assert_eq!(content(&bench, 0).await, ["b", "d"].map(group));
}

#[tokio::test]
async fn errors_and_raw_answers_come_as_ordered() {
    let busy = json!({"error": {"status": 503, "code": "ServerBusy", "message": "busy"}});
    let bench = bench("*", &busy).await;
    put(&bench, &group("a")).await.assert_error_code(503, "ServerBusy");
    let html = json!({"respond": {"status": 502, "content_type": "text/html", "body": "<html>"}});
    bench.fault(&json!({"service": "sls", "action": "PutLogs", "effect": html}).to_string()).await;
    let reply = put(&bench, &group("a")).await;
    assert_eq!((reply.status, reply.body), (502, b"<html>".to_vec()));
    assert_eq!(content(&bench, 0).await, Vec::<Vec<u8>>::new());
}

#[tokio::test]
async fn a_held_write_is_applied_after_its_release() {
    let bench = bench("PutLogs", &json!({"hold": {}})).await;
    let addr = bench.addr();
    let held = tokio::spawn(async move { put_call().try_send(addr).await });
    bench.arrived(1).await;
    put(&bench, &group("b")).await.assert_done();
    bench.control("POST", "faults/release", "").await;
    held.await.unwrap().unwrap().assert_done();
    assert_eq!((content(&bench, 0).await, content(&bench, 1).await), (vec![group("b")], vec![group("a")]));

    bench.fault(r#"{"service": "sls", "action": "PutLogs", "effect": {"delay": {"ms": 1}}}"#).await;
    put(&bench, &group("c")).await.assert_done();
    assert_eq!(content(&bench, 0).await, ["b", "c"].map(group));
}

#[tokio::test]
async fn stale_reads_are_of_the_control_plane() {
    let bench = TestServer::start(Rules::Default).await;
    put(&bench, &group("a")).await.assert_done();
    bench.fault(r#"{"service": "sls", "action": "*", "effect": {"stale": {"reads": 1}}}"#).await;
    assert_eq!(content(&bench, 0).await, [group("a")]);
    let of_data = r#"{"service": "sls", "action": "PullLogs", "effect": {"stale": {"reads": 1}}}"#;
    assert_eq!(bench.try_control("POST", "faults", of_data).await.status, 400);
    let faults = bench.control("GET", "faults", "").await;
    assert_eq!(faults.as_array().map(Vec::len), Some(1));
}
