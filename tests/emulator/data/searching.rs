//! `GetLogs` and `GetLogsV2`.

use emulator::Rules;
use serde_json::{Value, json};

use super::{DataCall, decompressed, log, member, pair, put};

use crate::client::{START, TestServer};

/// Three logs in two shards; the newest was written first.
async fn bench() -> TestServer {
    let bench = TestServer::start(Rules::Default).await;
    let named = [member(3, "web"), member(4, "10.0.0.1"), member(6, pair("host", "alpha"))].concat();
    let newest = [log(START + 2, &[("method", "GET"), ("path", "/c")]), named].concat();
    let older = [
        log(START + 1, &[("method", "POST"), ("path", "/b")]),
        log(START, &[("method", "GET"), ("path", "/a")]),
    ];
    put(&bench, &newest).await.assert_done();
    put(&bench, &older.concat()).await.assert_done();
    bench
}

fn v1<'a>(parameters: &[(&'a str, &str)]) -> DataCall<'a> {
    let mut call = DataCall::new("GET", "/logstores/app").query("type", "log");
    if !parameters.iter().any(|(name, _)| *name == "from") {
        call = call.query("from", START).query("to", START + 3);
    }
    for (name, value) in parameters {
        call = call.query(name, value);
    }
    call
}

fn v2(body: &Value) -> DataCall<'static> {
    DataCall::new("POST", "/logstores/app/logs")
        .header("Content-Type", "application/json")
        .body(body.to_string().as_bytes())
}

async fn paths(bench: &TestServer, parameters: &[(&str, &str)]) -> Vec<String> {
    let reply = v1(parameters).send(bench).await;
    assert_eq!(reply.status, 200, "{}", reply.json());
    let logs = reply.json();
    let logs = logs.as_array().unwrap();
    assert_eq!(reply.header("x-log-count"), Some(logs.len().to_string().as_str()));
    logs.iter().map(|log| log["path"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn logs_come_ordered_by_time_with_their_groups_fields() {
    let bench = bench().await;
    assert_eq!(paths(&bench, &[]).await, ["/a", "/b", "/c"]);
    assert_eq!(paths(&bench, &[("reverse", "true")]).await, ["/c", "/b", "/a"]);
    let reply = v1(&[("query", "path: c")]).send(&bench).await;
    assert_eq!(
        reply.json(),
        json!([{"__time__": (START + 2).to_string(), "__source__": "10.0.0.1", "__topic__": "web",
            "__tag__:host": "alpha", "method": "GET", "path": "/c"}])
    );
    assert_eq!(reply.header("x-log-progress"), Some("Complete"));
    assert_eq!(reply.header("x-log-processed-rows"), Some("3"));
    assert!(reply.header("x-log-elapsed-millisecond").unwrap().parse::<u64>().is_ok());
}

#[tokio::test]
async fn time_topic_and_query_narrow_down_and_lines_are_paged() {
    let bench = bench().await;
    let (one, two) = ((START + 1).to_string(), (START + 2).to_string());
    assert_eq!(paths(&bench, &[("from", &one), ("to", &two)]).await, ["/b"]);
    assert_eq!(paths(&bench, &[("topic", "web")]).await, ["/c"]);
    assert_eq!(paths(&bench, &[("query", "method:get not web")]).await, ["/a"]);
    assert_eq!(paths(&bench, &[("query", "post or alpha")]).await, ["/b", "/c"]);
    assert_eq!(paths(&bench, &[("line", "1"), ("offset", "1")]).await, ["/b"]);
    assert_eq!(paths(&bench, &[("line", "0")]).await, Vec::<String>::new());
    assert_eq!(paths(&bench, &[("offset", "3")]).await, Vec::<String>::new());
}

#[tokio::test]
async fn more_logs_than_a_batch_are_paged_in_order() {
    let bench = TestServer::start(Rules::Default).await;
    for i in 0..230 {
        // Every third time is the one before, so that ties are among them.
        put(&bench, &log(START + i - i % 3, &[("path", &format!("{i:03}"))])).await.assert_done();
    }
    for reverse in ["false", "true"] {
        let mut all = Vec::new();
        for offset in ["0", "100", "200"] {
            let (from, to) = (START.to_string(), (START + 300).to_string());
            let page = [("from", from.as_str()), ("to", &to), ("offset", offset), ("reverse", reverse)];
            all.extend(paths(&bench, &page).await);
        }
        assert_eq!(all.len(), 230);
        let times: Vec<usize> = all.iter().map(|path| path.parse::<usize>().unwrap() / 3).collect();
        assert!(if reverse == "true" { times.is_sorted_by(|a, b| a >= b) } else { times.is_sorted() });
        all.sort();
        all.dedup();
        assert_eq!(all.len(), 230, "reverse: {reverse}");
    }
}

#[tokio::test]
async fn version_two_answers_meta_and_data_compressed_when_asked() {
    let bench = bench().await;
    let body =
        json!({"from": START, "to": START + 3, "query": "get", "reverse": true, "line": 1, "topic": ""});
    let plain = v2(&body).send(&bench).await;
    assert_eq!(plain.header("x-log-compresstype"), None);
    let answer = plain.json();
    assert_eq!((&answer["meta"]["progress"], &answer["meta"]["count"]), (&json!("Complete"), &json!(1)));
    assert_eq!((&answer["meta"]["processedRows"], &answer["meta"]["hasSQL"]), (&json!(3), &json!(false)));
    assert_eq!(answer["data"][0]["path"], "/c");
    for name in ["lz4", "zstd", "gzip", "deflate"] {
        let reply = v2(&body).header("Accept-Encoding", name).send(&bench).await;
        assert_eq!(reply.header("x-log-compresstype"), Some(name));
        let size = reply.header("x-log-bodyrawsize").unwrap().parse().unwrap();
        let json: Value = serde_json::from_slice(&decompressed(&reply.body, Some(name), size)).unwrap();
        assert_eq!(json["data"], answer["data"], "{name}");
    }
}

#[tokio::test]
async fn what_cannot_be_searched_is_refused() {
    let bench = bench().await;
    for (parameters, code) in [
        (vec![("from", "5"), ("to", "5")], "InvalidTimeRange"),
        (vec![("from", "5")], "ParameterInvalid"),
        (vec![("line", "101")], "InvalidLine"),
        (vec![("offset", "-1")], "InvalidOffset"),
        (vec![("reverse", "yes")], "InvalidReverse"),
        (vec![("query", "(")], "InvalidQueryString"),
        (vec![("query", "* | select count(1)")], "NotSupported"),
    ] {
        v1(&parameters).send(&bench).await.assert_error_code(400, code);
    }
    v2(&json!([])).send(&bench).await.assert_error_code(400, "PostBodyInvalid");
    v2(&json!({"from": 1})).send(&bench).await.assert_error_code(400, "ParameterInvalid");
    DataCall { path: "/logstores/none", ..v1(&[]) }
        .send(&bench)
        .await
        .assert_error_code(404, "LogStoreNotExist");
}
