//! `ListShards`, `SplitShard`, `MergeShards`.

use emulator::Rules;
use serde_json::{Value, json};
use test_support::Response;

use super::{DataCall, PROTOBUF, content, group, put};

use crate::client::{START, TestServer};

const ZERO: &str = "00000000000000000000000000000000";
const QUARTER: &str = "40000000000000000000000000000000";
const HALF: &str = "80000000000000000000000000000000";
const END: &str = "ffffffffffffffffffffffffffffffff";

fn shard(id: u32, status: &str, begin: &str, end: &str) -> Value {
    json!({"shardID": id, "status": status, "inclusiveBeginKey": begin, "exclusiveEndKey": end, "createTime": START})
}

async fn shards(bench: &TestServer) -> Value {
    DataCall::new("GET", "/logstores/app/shards").send(bench).await.json()
}

async fn act(bench: &TestServer, id: u32, query: &[(&'static str, &str)]) -> Response {
    let path = format!("/logstores/app/shards/{id}");
    let mut call = DataCall::new("POST", &path);
    for (name, value) in query {
        call = call.query(name, value);
    }
    call.send(bench).await
}

async fn put_by_key(bench: &TestServer, key: &str, text: &str) {
    let call = DataCall::new("POST", "/logstores/app/shards/route").query("key", key);
    call.header(PROTOBUF.0, PROTOBUF.1).body(&group(text)).send(bench).await.assert_done();
}

#[tokio::test]
async fn a_logstore_begins_with_as_many_shards_as_it_says() {
    let bench = TestServer::start(Rules::Default).await;
    let two = json!([shard(0, "readwrite", ZERO, HALF), shard(1, "readwrite", HALF, END)]);
    assert_eq!(shards(&bench).await, two);
    assert_eq!(bench.logstore("app").await["shardCount"], 2);
}

#[tokio::test]
async fn a_split_shard_keeps_its_data_and_hands_over_its_range() {
    let bench = TestServer::start(Rules::Default).await;
    put_by_key(&bench, ZERO, "before").await;
    let reply = act(&bench, 0, &[("action", "split"), ("key", QUARTER)]).await;
    let split = [
        shard(0, "readonly", ZERO, HALF),
        shard(2, "readwrite", ZERO, QUARTER),
        shard(3, "readwrite", QUARTER, HALF),
    ];
    assert_eq!(reply.json(), json!(split));
    assert_eq!(shards(&bench).await, json!([split[0], shard(1, "readwrite", HALF, END), split[1], split[2]]));
    assert_eq!(bench.logstore("app").await["shardCount"], 3);

    put_by_key(&bench, ZERO, "after").await;
    put_by_key(&bench, QUARTER, "too").await;
    for (id, text) in [(0, "before"), (2, "after"), (3, "too")] {
        assert_eq!(content(&bench, id).await, [group(text)]);
    }
    for text in ["x", "y", "z"] {
        put(&bench, &group(text)).await.assert_done();
    }
    assert_eq!(content(&bench, 0).await, [group("before")]);
}

#[tokio::test]
async fn merged_shards_keep_their_data_and_hand_over_their_ranges() {
    let bench = TestServer::start(Rules::Default).await;
    put_by_key(&bench, ZERO, "left").await;
    put_by_key(&bench, HALF, "right").await;
    let reply = act(&bench, 0, &[("action", "merge")]).await;
    let all = json!([
        shard(0, "readonly", ZERO, HALF),
        shard(1, "readonly", HALF, END),
        shard(2, "readwrite", ZERO, END)
    ]);
    assert_eq!(reply.json(), all);
    assert_eq!(shards(&bench).await, all);
    assert_eq!(bench.logstore("app").await["shardCount"], 1);
    put(&bench, &group("both")).await.assert_done();
    for (id, text) in [(0, "left"), (1, "right"), (2, "both")] {
        assert_eq!(content(&bench, id).await, [group(text)]);
    }
}

#[tokio::test]
async fn a_shard_is_split_into_even_parts() {
    let bench = TestServer::start(Rules::Default).await;
    act(&bench, 0, &[("action", "merge")]).await;
    let reply = act(&bench, 2, &[("action", "split"), ("shardCount", "4")]).await.json();
    let begins: Vec<&str> =
        reply.as_array().unwrap().iter().map(|shard| shard["inclusiveBeginKey"].as_str().unwrap()).collect();
    assert_eq!(begins[1..], [ZERO, QUARTER, HALF, "c0000000000000000000000000000000"]);
}

#[tokio::test]
async fn what_cannot_be_split_or_merged_says_so() {
    let bench = TestServer::start(Rules::Default).await;
    let split = ("action", "split");
    for (id, query, code) in [
        (7, vec![split], "ShardNotExist"),
        (7, vec![("action", "merge")], "ShardNotExist"),
        (1, vec![("action", "merge")], "ParameterInvalid"),
        (0, vec![split, ("key", ZERO)], "ParameterInvalid"),
        (0, vec![split, ("key", HALF)], "ParameterInvalid"),
        (0, vec![split, ("key", "40")], "ParameterInvalid"),
        (0, vec![split, ("shardCount", "256")], "ProjectQuotaExceed"),
    ] {
        act(&bench, id, &query).await.assert_error_code(400, code);
    }
    act(&bench, 0, &[split]).await;
    act(&bench, 0, &[split]).await.assert_error_code(400, "ParameterInvalid");
    let missing = DataCall::new("GET", "/logstores/none/shards").send(&bench).await;
    missing.assert_error_code(404, "LogStoreNotExist");
}

#[tokio::test]
async fn a_new_count_by_the_control_api_opens_new_shards() {
    let bench = TestServer::start(Rules::Default).await;
    put(&bench, &group("before")).await.assert_done();
    bench.control("PATCH", "projects/proj/logstores/app", r#"{"shardCount": 1}"#).await;
    assert_eq!(
        shards(&bench).await,
        json!([
            shard(0, "readonly", ZERO, HALF),
            shard(1, "readonly", HALF, END),
            shard(2, "readwrite", ZERO, END)
        ])
    );
    put(&bench, &group("after")).await.assert_done();
    assert_eq!(
        (content(&bench, 0).await, content(&bench, 2).await),
        (vec![group("before")], vec![group("after")])
    );
}
