//! Cursors and `PullLogs`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use emulator::Rules;

use super::{DataCall, content, cursor, group, pull, pulled, put};

use crate::client::{START, TestServer};

const SHARD: &str = "/logstores/app/shards/0";

/// Every other group is in shard 0.
async fn bench_with(texts: &[&str]) -> TestServer {
    let bench = TestServer::start(Rules::Default).await;
    for text in texts {
        put(&bench, &group(text)).await.assert_done();
        put(&bench, &group("other")).await.assert_done();
    }
    bench
}

#[tokio::test]
async fn groups_come_in_every_compression_the_client_asks_for() {
    let bench = bench_with(&["a", "b"]).await;
    let begin = cursor(&bench, 0, "begin").await;
    for name in ["lz4", "zstd", "deflate", "gzip"] {
        let reply = pull(SHARD, &begin)
            .header("Accept-Encoding", name)
            .header("Accept", "application/x-protobuf")
            .send(&bench)
            .await;
        assert_eq!(reply.header("x-log-compresstype"), Some(name));
        assert_eq!(reply.header("content-type"), Some("application/x-protobuf"));
        assert_eq!(pulled(&reply).0, ["a", "b"].map(group));
    }
    let plain = pull(SHARD, &begin).send(&bench).await;
    assert_eq!(plain.header("x-log-compresstype"), None);
    assert_eq!(pulled(&plain), (["a", "b"].map(group).to_vec(), cursor(&bench, 0, "end").await));
}

#[tokio::test]
async fn count_and_end_cursor_bound_what_comes() {
    let bench = bench_with(&["a", "b", "c"]).await;
    let begin = cursor(&bench, 0, "begin").await;
    let at = |cursor: &str, count: u32| {
        DataCall::new("GET", SHARD).query("type", "logs").query("cursor", cursor).query("count", count)
    };
    let (first, second) = pulled(&at(&begin, 1).send(&bench).await);
    assert_eq!(first, [group("a")]);
    let (rest, end) = pulled(&at(&second, 1000).send(&bench).await);
    assert_eq!(rest, ["b", "c"].map(group));
    assert_eq!(pulled(&at(&end, 1).send(&bench).await), (vec![], end.clone()));
    let bounded = pulled(&at(&begin, 1000).query("end_cursor", &second).send(&bench).await);
    assert_eq!(bounded, (vec![group("a")], second.clone()));
    let backwards = pulled(&at(&second, 1000).query("end_cursor", &begin).send(&bench).await);
    assert_eq!(backwards, (vec![], second.clone()));
}

#[tokio::test]
async fn head_tells_the_next_cursor_without_the_groups() {
    let bench = bench_with(&["a"]).await;
    let begin = cursor(&bench, 0, "begin").await;
    let call = DataCall { method: "HEAD", ..pull(SHARD, &begin) };
    let reply = call.send(&bench).await;
    assert_eq!((reply.status, reply.body.len(), reply.header("content-type")), (200, 0, None));
    assert_eq!(reply.header("x-log-cursor"), Some(cursor(&bench, 0, "end").await.as_str()));
}

#[tokio::test]
async fn an_empty_shard_has_one_cursor_and_nothing_to_pull() {
    let bench = TestServer::start(Rules::Default).await;
    let begin = cursor(&bench, 0, "begin").await;
    assert_eq!(begin, cursor(&bench, 0, "end").await);
    assert_eq!(begin, cursor(&bench, 0, START).await);
    let reply = pull(SHARD, &begin).header("Accept-Encoding", "lz4").send(&bench).await;
    assert_eq!(reply.header("x-log-bodyrawsize"), Some("0"));
    assert_eq!(reply.header("content-type"), None);
    assert_eq!(pulled(&reply), (vec![], begin));
}

#[tokio::test]
async fn cursors_are_decimal_numbers_that_grow() {
    let bench = bench_with(&["a", "b"]).await;
    let number = |cursor: String| -> u64 {
        String::from_utf8(STANDARD.decode(cursor).unwrap()).unwrap().parse().unwrap()
    };
    let (begin, end) = (cursor(&bench, 0, "begin").await, cursor(&bench, 0, "end").await);
    assert_eq!(number(end) - number(begin), 2);
}

#[tokio::test]
async fn cursors_are_found_by_time_and_tell_it() {
    let bench = TestServer::start(Rules::Default).await;
    for text in ["a", "b", "c"] {
        put(&bench, &group(text)).await.assert_done();
        put(&bench, &group("other")).await.assert_done();
        bench.control("POST", "clock", r#"{"advance_seconds": 60}"#).await;
    }
    for (from, expected) in
        [(START - 5, 0), (START, 0), (START + 1, 1), (START + 60, 1), (START + 120, 2), (START + 121, 3)]
    {
        assert_eq!(cursor(&bench, 0, from).await, STANDARD.encode(expected.to_string()), "{from}");
    }
    for (position, expected) in [(0, START), (1, START + 60), (3, START + 180)] {
        let cursor = STANDARD.encode(position.to_string());
        let reply = DataCall::new("GET", SHARD)
            .query("type", "cursor_time")
            .query("cursor", cursor)
            .send(&bench)
            .await;
        assert_eq!(reply.json()["cursor_time"], expected, "{position}");
    }
}

#[tokio::test]
async fn what_is_no_place_in_a_shard_is_refused() {
    let bench = bench_with(&["a"]).await;
    let begin = cursor(&bench, 0, "begin").await;
    let behind = STANDARD.encode("2");
    for (call, code) in [
        (pull(SHARD, "?"), "ParameterInvalid"),
        (pull(SHARD, ""), "ParameterInvalid"),
        (pull(SHARD, &behind), "ParameterInvalid"),
        (pull(SHARD, &begin).query("end_cursor", "?"), "ParameterInvalid"),
        (pull("/logstores/app/shards/9", &begin), "ShardNotExist"),
        (pull("/logstores/app/shards/x", &begin), "ParameterInvalid"),
        (DataCall::new("GET", SHARD).query("type", "log").query("cursor", &begin), "ParameterInvalid"),
        (
            DataCall::new("GET", SHARD).query("type", "log").query("cursor", &begin).query("count", 1001),
            "ParameterInvalid",
        ),
        (pull(SHARD, &begin).query("query", "* | where a = 1"), "NotSupported"),
        (DataCall::new("GET", SHARD).query("type", "cursor").query("from", "now"), "ParameterInvalid"),
        (DataCall::new("GET", SHARD).query("type", "cursor_time").query("cursor", "?"), "ParameterInvalid"),
    ] {
        call.send(&bench).await.assert_error_code(400, code);
    }
    let invalid = pull(SHARD, "?").send(&bench).await.json();
    assert_eq!(invalid["errorMessage"], "Invalid cursor ?.");
    pull("/logstores/none/shards/0", &begin).send(&bench).await.assert_error_code(404, "LogStoreNotExist");
}

#[tokio::test]
async fn large_answers_come_in_parts() {
    let bench = TestServer::start(Rules::Default).await;
    let large: Vec<Vec<u8>> = (0..13).map(|i| group(&format!("{i}{}", "x".repeat(1000 * 1000)))).collect();
    for group in &large {
        put(&bench, group).await.assert_done();
        put(&bench, b"").await.assert_done();
    }
    let begin = cursor(&bench, 0, "begin").await;
    let (first, _) = pulled(&pull(SHARD, &begin).send(&bench).await);
    assert!((1..13).contains(&first.len()), "{}", first.len());
    assert_eq!(content(&bench, 0).await, large);
}
