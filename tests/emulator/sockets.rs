//! HTTP as it is on the wire: what clients may do, what they may not, and how long they may take.

use std::time::Duration;

use emulator::{Config, Limits, Rules};
use serde_json::json;
use test_support::Response;
use test_support::async_http::{exchange, exchange_on};
use test_support::waiting::within_limit;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::client::{TestServer, config, signed};

/// Short enough to be waited for.
const SHORT: Duration = Duration::from_millis(50);

/// Short enough to be waited for, and long enough to send something in.
const IDLE: Duration = Duration::from_millis(300);

/// More than a body may have.
const TOO_LARGE: usize = 10 * 1024 * 1024 + 4096;

async fn connect(bench: &TestServer) -> TcpStream {
    TcpStream::connect(bench.addr()).await.unwrap()
}

/// Everything that still comes, until the other side closes the connection.
async fn rest(stream: &mut TcpStream) -> String {
    let mut received = Vec::new();
    // An abortive close is one too.
    let _ = within_limit("the end of the connection", stream.read_to_end(&mut received)).await.unwrap();
    String::from_utf8(received).unwrap()
}

fn get() -> Vec<u8> {
    signed("proj.localhost", "GET", "/logstores/app", "")
}

fn put(body: &str) -> String {
    String::from_utf8(signed("proj.localhost", "PUT", "/logstores/app", body)).unwrap()
}

/// A request that `signed` made, with its body in chunks of at most `size` bytes.
fn chunked(request: &str, size: usize) -> Vec<u8> {
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    let length = format!("Content-Length: {}", body.len());
    let mut bytes = format!("{}\r\n\r\n", head.replace(&length, "Transfer-Encoding: chunked")).into_bytes();
    for chunk in body.as_bytes().chunks(size) {
        bytes.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
        bytes.extend_from_slice(chunk);
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b"0\r\n\r\n");
    bytes
}

/// Checks that the emulator still answers.
async fn assert_alive(bench: &TestServer) {
    assert_eq!(exchange(bench.addr(), &get()).await.unwrap().status, 200);
}

#[tokio::test]
async fn pipelined_requests_are_answered_in_their_order() {
    let bench = TestServer::start(Rules::Default).await;
    let mut stream = connect(&bench).await;
    let missing = signed("proj.localhost", "GET", "/logstores/missing", "");
    let last = String::from_utf8(get()).unwrap().replace("\r\nDate:", "\r\nConnection: close\r\nDate:");
    stream.write_all(&[get(), missing, last.into_bytes()].concat()).await.unwrap();
    let received = rest(&mut stream).await;
    let statuses: Vec<&str> =
        received.split("HTTP/1.1 ").skip(1).filter_map(|response| response.get(..3)).collect();
    assert_eq!(statuses, ["200", "404", "200"], "{received}");
}

#[tokio::test]
async fn a_body_may_come_in_chunks() {
    let bench = TestServer::start(Rules::Default).await;
    let mut stream = connect(&bench).await;
    let body = r#"{"logstoreName": "app", "ttl": 7, "shardCount": 2}"#;
    exchange_on(&mut stream, &chunked(&put(body), 7)).await.unwrap().assert_done();
    assert_eq!(exchange_on(&mut stream, &get()).await.unwrap().json()["ttl"], 7);
}

#[tokio::test]
async fn a_client_that_asks_whether_to_send_its_body_is_told_to() {
    let bench = TestServer::start(Rules::Default).await;
    let mut stream = connect(&bench).await;
    let request = put(r#"{"logstoreName": "app", "ttl": 7, "shardCount": 2}"#);
    let request = request.replace("\r\nDate:", "\r\nExpect: 100-continue\r\nDate:");
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    stream.write_all(format!("{head}\r\n\r\n").as_bytes()).await.unwrap();
    let mut interim = [0; 25];
    stream.read_exact(&mut interim).await.unwrap();
    assert_eq!(&interim, b"HTTP/1.1 100 Continue\r\n\r\n");
    exchange_on(&mut stream, body.as_bytes()).await.unwrap().assert_done();
}

#[tokio::test]
async fn a_client_that_asks_whether_to_send_too_much_is_told_not_to() {
    let bench = TestServer::start(Rules::Default).await;
    let mut stream = connect(&bench).await;
    let request = put(&" ".repeat(TOO_LARGE));
    let request = request.replace("\r\nDate:", "\r\nExpect: 100-continue\r\nDate:");
    let (head, _) = request.split_once("\r\n\r\n").unwrap();
    let response = exchange_on(&mut stream, format!("{head}\r\n\r\n").as_bytes()).await.unwrap();
    assert_too_large(&response);
    assert_eq!(rest(&mut stream).await, "");
}

#[track_caller]
fn assert_too_large(response: &Response) {
    response.assert_error(400, "PostBodyTooLarge", "The request body is larger than 10485760 bytes.");
}

#[tokio::test]
async fn who_sends_too_much_sees_why_and_can_go_on() {
    let bench = TestServer::start(Rules::Default).await;
    let request = put(&" ".repeat(TOO_LARGE));
    for request in [request.clone().into_bytes(), chunked(&request, 100_000)] {
        let mut stream = connect(&bench).await;
        assert_too_large(&exchange_on(&mut stream, &request).await.unwrap());
        assert_eq!(exchange_on(&mut stream, &get()).await.unwrap().status, 200);
    }
    let log = bench.control("GET", "requests", "").await;
    let expected = json!(["UpdateLogStore", 400, "PostBodyTooLarge"]);
    assert_eq!(json!([log[0]["action"], log[0]["status"], log[0]["error_code"]]), expected);
}

#[tokio::test]
async fn other_services_refuse_too_much_in_their_own_words() {
    let bench = TestServer::start(Rules::Default).await;
    let request = format!(
        "POST / HTTP/1.1\r\nHost: ram.aliyuncs.com\r\nx-acs-action: CreateRole\r\nx-acs-version: 2015-05-01\r\n\
         Authorization: ACS3-HMAC-SHA256 Credential=x\r\nContent-Length: {TOO_LARGE}\r\n\r\n{}",
        " ".repeat(TOO_LARGE)
    );
    let response = exchange(bench.addr(), request.as_bytes()).await.unwrap();
    response.assert_rpc_error(413, "RequestBodyTooLarge");
}

#[tokio::test]
async fn a_body_of_the_largest_size_is_taken() {
    let bench = TestServer::start(Rules::Default).await;
    let mut body = r#"{"logstoreName": "app", "ttl": 7, "shardCount": 2}"#.to_owned();
    body.push_str(&" ".repeat(1024 * 1024 - body.len()));
    let response = exchange(bench.addr(), put(&body).as_bytes()).await.unwrap();
    response.assert_done();
}

#[tokio::test]
async fn answers_to_head_have_no_body() {
    let bench = TestServer::start(Rules::Default).await;
    let mut stream = connect(&bench).await;
    let head = signed("proj.localhost", "HEAD", "/logstores/app", "");
    let last = String::from_utf8(get()).unwrap().replace("\r\nDate:", "\r\nConnection: close\r\nDate:");
    stream.write_all(&[head, last.into_bytes()].concat()).await.unwrap();
    let received = rest(&mut stream).await;
    let (first, second) = received.split_once("\r\n\r\n").unwrap();
    assert!(first.starts_with("HTTP/1.1 "), "{received}");
    assert!(second.starts_with("HTTP/1.1 200 OK\r\n"), "{received}");
}

#[tokio::test]
async fn heads_that_are_too_large_are_refused() {
    let bench = TestServer::start(Rules::Default).await;
    let many = "x-header: 1\r\n".repeat(200);
    for (line, lines, status) in [
        ("/", format!("x-large: {}\r\n", "x".repeat(200_000)), "431 "),
        ("/", many, "431 "),
        (format!("/{}", "x".repeat(66_000)).as_str(), String::new(), "414 "),
    ] {
        let mut stream = connect(&bench).await;
        let request = format!("GET {line} HTTP/1.1\r\nHost: proj.localhost\r\n{lines}\r\n");
        // The end of it may meet a closed connection.
        let _ = stream.write_all(request.as_bytes()).await;
        let received = rest(&mut stream).await;
        assert!(received.starts_with(&format!("HTTP/1.1 {status}")), "{status}: {received}");
    }
    assert_alive(&bench).await;
}

#[tokio::test]
async fn what_is_no_request_is_refused_and_harms_nobody() {
    let bench = TestServer::start(Rules::Default).await;
    for request in [
        "\r\n\r\nnonsense\r\n\r\n",
        "GET\r\n\r\n",
        "GET / HTTP/9.9\r\n\r\n",
        "GET / HTTP/1.1\r\nno colon\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nbad name: x\r\n\r\n",
        "GET /\u{1} HTTP/1.1\r\nHost: a\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nnot a size\r\n",
        "\u{16}\u{3}\u{1}",
    ] {
        let mut stream = connect(&bench).await;
        stream.write_all(request.as_bytes()).await.unwrap();
        stream.shutdown().await.unwrap();
        let received = rest(&mut stream).await;
        assert!(received.starts_with("HTTP/1.1 400 ") || received.is_empty(), "{request:?}: {received}");
        assert!(!received.is_empty() || request.len() == 3, "{request:?} got no answer");
        assert_alive(&bench).await;
    }
}

#[tokio::test]
async fn a_request_says_once_which_host_it_is_for() {
    let bench = TestServer::with_config(Config { tls: true, ..config() }).await;
    let addr = bench.addr();
    let service = String::from_utf8(get()).unwrap();
    let (line, rest) = service.split_once("\r\nHost: proj.localhost\r\n").unwrap();
    let rpc = "GET /?Action=GetRole&Version=2015-05-01 HTTP/1.1";
    let control = "GET /_emulator/health HTTP/1.1";
    let tunnel = "CONNECT ram.aliyuncs.com:443 HTTP/1.1";
    let refused_by_no_service = "HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain; charset=utf-8\r\n";
    for (line, host, rest) in [
        (line, "proj.localhost".to_owned(), rest),
        (rpc, "ram.aliyuncs.com".to_owned(), "\r\n"),
        (control, addr.to_string(), "\r\n"),
        (tunnel, "ram.aliyuncs.com:443".to_owned(), "\r\n"),
    ] {
        let host = format!("Host: {host}\r\n");
        for (hosts, is_refused) in [
            (host.clone(), false),
            (String::new(), true),
            (format!("{host}{host}"), true),
            (format!("{host}HOST: evil.example\r\n"), true),
            (format!("host: evil.example\r\n{host}"), true),
        ] {
            let head = format!("{line}\r\n{hosts}{rest}");
            let answer = first_bytes(&bench, &head).await;
            assert_eq!(answer.starts_with(refused_by_no_service), is_refused, "{head}: {answer}");
        }
    }
    // HTTP/1.0 knows of no Host.
    let answer = first_bytes(&bench, &format!("{}\r\n\r\n", rpc.replace("1.1", "1.0"))).await;
    assert!(answer.contains("MissingAccessKeyId"), "{answer}");
}

/// What comes first of the answer to a request.
async fn first_bytes(bench: &TestServer, request: &str) -> String {
    let mut stream = connect(bench).await;
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut received = vec![0; 4096];
    let length = within_limit("an answer", stream.read(&mut received)).await.unwrap().unwrap();
    received.truncate(length);
    String::from_utf8(received).unwrap()
}

#[tokio::test]
async fn no_damage_to_a_request_harms_the_emulator() {
    let bench = TestServer::with_config(Config { tls: true, ..config() }).await;
    for seed in 0..200 {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut request = get();
        for _ in 0..random.usize(1..8) {
            let at = random.usize(..request.len());
            request[at] = random.u8(..);
        }
        let mut stream = connect(&bench).await;
        stream.write_all(&request).await.unwrap();
        let _ = stream.shutdown().await;
        // Whatever comes, it comes to an end.
        let end = within_limit("the end of the connection", stream.read_to_end(&mut Vec::new())).await;
        let _ = end.unwrap();
    }
    assert_alive(&bench).await;
}

#[tokio::test]
async fn a_head_that_does_not_come_is_not_waited_for() {
    let bench = TestServer::with_limits(Limits { head_timeout: IDLE, ..Limits::default() }).await;
    for begun in ["", "GET /logstores HTTP/1.1\r\nHost: proj"] {
        let mut stream = connect(&bench).await;
        stream.write_all(begun.as_bytes()).await.unwrap();
        assert_eq!(rest(&mut stream).await, "", "{begun:?}");
    }
    // A connection that is kept alive is not kept for longer either.
    let mut stream = connect(&bench).await;
    exchange_on(&mut stream, &get()).await.unwrap();
    assert_eq!(rest(&mut stream).await, "");
    assert_alive(&bench).await;
}

#[tokio::test]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let bench = TestServer::with_limits(Limits { body_timeout: SHORT, ..Limits::default() }).await;
    let control = "POST /_emulator/faults HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{".to_owned();
    let announced = put("{\"logstoreName\": \"app\"}");
    for request in [announced.trim_end_matches('}'), &control] {
        let mut stream = connect(&bench).await;
        stream.write_all(request.as_bytes()).await.unwrap();
        assert_eq!(rest(&mut stream).await, "", "{request:?}");
    }
    assert_alive(&bench).await;
}

#[tokio::test]
async fn many_idle_connections_are_no_burden() {
    let bench = TestServer::start(Rules::Default).await;
    let mut idle = Vec::new();
    for _ in 0..200 {
        idle.push(connect(&bench).await);
    }
    assert_alive(&bench).await;
    // Every second one has never been used when the emulator stops.
    for stream in idle.iter_mut().step_by(2) {
        assert_eq!(exchange_on(stream, &get()).await.unwrap().status, 200);
    }
    bench.shutdown().await;
    for stream in &mut idle {
        assert_eq!(rest(stream).await, "");
    }
}

#[tokio::test]
async fn a_client_that_is_gone_after_half_a_request_leaves_nothing_behind() {
    let bench = TestServer::start(Rules::Default).await;
    let request = put(r#"{"logstoreName": "app", "ttl": 7}"#);
    let mut stream = connect(&bench).await;
    stream.write_all(request.trim_end_matches('}').as_bytes()).await.unwrap();
    drop(stream);
    assert_eq!(exchange(bench.addr(), &get()).await.unwrap().json()["ttl"], 90);
}

#[tokio::test]
async fn a_connection_beyond_the_cap_is_served_when_another_ends() {
    let bench = TestServer::with_limits(Limits { connections: 1, ..Limits::default() }).await;
    let mut first = connect(&bench).await;
    assert_eq!(exchange_on(&mut first, &get()).await.unwrap().status, 200);
    let mut second = connect(&bench).await;
    second.write_all(&get()).await.unwrap();
    assert_eq!(exchange_on(&mut first, &get()).await.unwrap().status, 200);
    assert!(second.try_read(&mut [0]).is_err(), "it is answered beside the first");
    drop(first);
    let mut answer = [0; 12];
    within_limit("the answer", second.read_exact(&mut answer)).await.unwrap().unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200");
}

/// There is one place for a connection, so that the second one is served only when the first has ended.
#[tokio::test]
async fn an_answer_that_is_not_read_is_not_waited_for() {
    let limits = Limits { connections: 1, answer_timeout: SHORT, ..Limits::default() };
    let bench = TestServer::with_limits(limits).await;
    for member in 0..10 {
        // More than the buffers of both ends take.
        let large = json!({member.to_string(): "x".repeat(1_900_000)}).to_string();
        bench.control("PATCH", "projects/proj/logstores/app", &large).await;
    }
    let mut stalled = connect(&bench).await;
    stalled.write_all(&get()).await.unwrap();
    within_limit("the beginning of the answer", stalled.read_exact(&mut [0; 12])).await.unwrap().unwrap();
    let next = bench.call("GET", "/logstores", "");
    assert_eq!(within_limit("the next connection", next).await.unwrap().status, 200);
}
