//! `PutLogs`: what is taken, and what is not.

use emulator::Rules;
use serde_json::json;

use super::{DataCall, PROTOBUF, compressed, content, group, log, member, pair, put, put_to};

use crate::client::{START, TestServer};

/// A group written out by hand: `Logs { Time: 1795161600, Contents { Key: "k", Value: "v" }, Time_ns: 5 },
/// Topic: "t", Source: "s", LogTags { Key: "a", Value: "b" }`, and an unknown member 15.
const BY_HAND: &str = "0a130880fcffd70612060a016b12017625050000001a017422017332060a01611201627a0178";

/// The same in an LZ4 block of literals only.
const BY_HAND_LZ4: &str = "f0170a130880fcffd70612060a016b12017625050000001a017422017332060a01611201627a0178";

#[tokio::test]
async fn a_group_comes_back_as_it_was_sent_whatever_its_compression() {
    let sent = hex::decode(BY_HAND).unwrap();
    let size = sent.len().to_string();
    for (name, body) in [
        ("", sent.clone()),
        ("lz4", hex::decode(BY_HAND_LZ4).unwrap()),
        ("lz4", compressed(&sent, "lz4")),
        ("deflate", compressed(&sent, "deflate")),
        ("deflate", compressed(&sent, "raw deflate")),
        ("gzip", compressed(&sent, "gzip")),
        ("gzip", compressed(&sent, "deflate")),
        ("zstd", compressed(&sent, "zstd")),
    ] {
        let bench = TestServer::start(Rules::Default).await;
        let mut call = DataCall::new("POST", "/logstores/app/shards/lb")
            .header(PROTOBUF.0, PROTOBUF.1)
            .header("x-log-bodyrawsize", &size)
            .body(&body);
        if !name.is_empty() {
            call = call.header("x-log-compresstype", name);
        }
        call.send(&bench).await.assert_done();
        assert_eq!(content(&bench, 0).await, std::slice::from_ref(&sent), "{name}");
    }
}

#[tokio::test]
async fn groups_go_to_the_shards_by_turns_or_by_their_hash_key() {
    let bench = TestServer::start(Rules::Default).await;
    for text in ["a", "b", "c"] {
        put(&bench, &group(text)).await.assert_done();
    }
    put_to(&bench, "/logstores/app", &group("d")).await.assert_done();
    for (key, text) in [("7f", "e"), ("80", "f"), ("ff", "g")] {
        DataCall::new("POST", "/logstores/app/shards/route")
            .query("key", format!("{key:f<32}"))
            .header(PROTOBUF.0, PROTOBUF.1)
            .body(&group(text))
            .send(&bench)
            .await
            .assert_done();
    }
    assert_eq!(content(&bench, 0).await, ["a", "c", "e"].map(group));
    assert_eq!(content(&bench, 1).await, ["b", "d", "f", "g"].map(group));
}

#[tokio::test]
async fn what_is_wrong_with_a_group_is_said() {
    let bench = TestServer::start(Rules::Default).await;
    let of_pair = |pair: Vec<u8>| member(1, [vec![8, 0x80, 0xfc, 0xff, 0xd7, 6], member(2, pair)].concat());
    for (body, code) in [
        (b"no protobuf".to_vec(), "PostBodyInvalid"),
        (member(1, b""), "PostBodyInvalid"),
        (log(START - 168 * 3600 - 1, &[("k", "v")]), "PostBodyInvalid"),
        (log(START + 901, &[("k", "v")]), "PostBodyInvalid"),
        (log(0, &[("k", "v")]), "InvalidTimestamp"),
        (of_pair(pair("", "v")), "InvalidKey"),
        (of_pair(pair("k", b"\xff")), "InvalidEncoding"),
        (of_pair(pair(b"\xff", "v")), "InvalidEncoding"),
        (of_pair(pair("k", vec![b'v'; 1024 * 1024 + 1])), "PostBodyTooLarge"),
    ] {
        put(&bench, &body).await.assert_error_code(400, code);
    }
    let late = put(&bench, &log(START + 901, &[("k", "v")])).await;
    assert_eq!(late.json()["errorMessage"], "The post data time is out of range");
    assert_eq!((content(&bench, 0).await, content(&bench, 1).await), (vec![], vec![]));
}

#[tokio::test]
async fn what_the_headers_say_of_a_body_has_to_be_so() {
    let bench = TestServer::start(Rules::Default).await;
    let sent = group("text");
    let lz4 = compressed(&sent, "lz4");
    let size = sent.len().to_string();
    let one_more = (sent.len() + 1).to_string();
    let json = ("Content-Type", "application/json");
    for (headers, status, code) in [
        (vec![], 400, "MissingContentType"),
        (vec![json], 415, "InvalidContentType"),
        (vec![PROTOBUF, ("x-log-compresstype", "lz4")], 400, "MissingBodyRawSize"),
        (vec![PROTOBUF, ("x-log-bodyrawsize", "many")], 400, "InvalidBodyRawSize"),
        (
            vec![PROTOBUF, ("x-log-compresstype", "br"), ("x-log-bodyrawsize", &size)],
            400,
            "InvalidCompressType",
        ),
        (
            vec![PROTOBUF, ("x-log-compresstype", "lz4"), ("x-log-bodyrawsize", &one_more)],
            400,
            "PostBodyUncompressError",
        ),
        (
            vec![PROTOBUF, ("x-log-compresstype", "zstd"), ("x-log-bodyrawsize", &size)],
            400,
            "PostBodyUncompressError",
        ),
        (
            vec![PROTOBUF, ("x-log-compresstype", "lz4"), ("x-log-bodyrawsize", "4000000000")],
            400,
            "PostBodyTooLarge",
        ),
    ] {
        let mut call = DataCall::new("POST", "/logstores/app/shards/lb").body(&lz4);
        for (name, value) in headers {
            call = call.header(name, value);
        }
        call.send(&bench).await.assert_error_code(status, code);
    }
}

#[tokio::test]
async fn a_decompression_bomb_is_as_large_as_it_says_or_refused() {
    let bench = TestServer::start(Rules::Default).await;
    let bomb = vec![0; 20 * 1024 * 1024];
    for name in ["deflate", "gzip", "zstd", "lz4"] {
        let body = compressed(&bomb, name);
        let call = DataCall::new("POST", "/logstores/app/shards/lb")
            .header(PROTOBUF.0, PROTOBUF.1)
            .header("x-log-compresstype", name)
            .header("x-log-bodyrawsize", "1000")
            .body(&body);
        call.send(&bench).await.assert_error_code(400, "PostBodyUncompressError");
    }
}

#[tokio::test]
async fn a_group_goes_nowhere_without_its_logstore() {
    let bench = TestServer::start(Rules::Default).await;
    put_to(&bench, "/logstores/none/shards/lb", &group("a")).await.assert_error_code(404, "LogStoreNotExist");
    put_to(&bench, "/logstores/app/shards/route", &group("a"))
        .await
        .assert_error_code(400, "ParameterInvalid");
}

#[tokio::test]
async fn a_logstore_made_anew_has_nothing_of_the_old_one() {
    let bench = TestServer::start(Rules::Default).await;
    put(&bench, &group("old")).await.assert_done();
    bench.call("DELETE", "/logstores/app", "").await.assert_done();
    bench.call("POST", "/logstores", r#"{"logstoreName":"app","ttl":30,"shardCount":1}"#).await.assert_done();
    assert_eq!(content(&bench, 0).await, Vec::<Vec<u8>>::new());
    put(&bench, &group("new")).await.assert_done();
    assert_eq!(content(&bench, 0).await, [group("new")]);

    bench.control("POST", "reset", "").await;
    assert_eq!(content(&bench, 0).await, Vec::<Vec<u8>>::new());
    put(&bench, &group("newer")).await.assert_done();
    assert_eq!(content(&bench, 0).await, [group("newer")]);
}

#[tokio::test]
async fn the_request_log_shows_the_size_of_a_group_and_nothing_else() {
    let bench = TestServer::start(Rules::Default).await;
    put(&bench, &group("canary")).await.assert_done();
    let log = bench.control("GET", "requests", "").await;
    assert_eq!((&log[0]["action"], &log[0]["status"]), (&json!("PutLogs"), &json!(200)));
    assert!(!log.to_string().contains("canary"), "{log}");
    assert_eq!(log[0]["body"], format!("({} bytes that are not JSON)", group("canary").len()));
}
