//! The transport with real sockets on this machine.

mod authority;
mod proxy;
mod tls;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::{Barrier, mpsc};
use tokio_rustls::TlsAcceptor;

use super::*;
use crate::endpoint::{Endpoint, Origin};
use crate::names::ProjectName;

/// A server that gives the same reply to every request of each connection.
struct Server {
    authority: String,
    requests: mpsc::UnboundedReceiver<String>,
    connections: Arc<AtomicUsize>,
}

/// The reaction of the server to a request.
#[derive(Clone)]
enum Reply {
    /// Writes these bytes and keeps the connection open.
    Write(&'static str),
    /// Waits for the barrier, which opens after a number of requests, then writes these bytes to each.
    WriteTogether(Arc<Barrier>, &'static str),
    /// Writes these bytes and closes the connection.
    WriteAndClose(&'static str),
    /// Writes these bytes after the first request of a connection. Closes it after the second without an answer.
    WriteOnce(&'static str),
    /// Writes nothing and keeps the connection open.
    Silence,
}

impl Server {
    async fn start(reply: Reply) -> Self {
        Self::start_with(reply, None).await
    }

    async fn start_with(reply: Reply, tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let authority = listener.local_addr().unwrap().to_string();
        let connections = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&connections);
        let (sender, requests) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                counter.fetch_add(1, Ordering::SeqCst);
                let (sender, tls, reply) = (sender.clone(), tls.clone(), reply.clone());
                tokio::spawn(async move {
                    let Some(tls) = tls else { return converse(stream, reply, sender).await };
                    // A client that does not trust the server ends the handshake.
                    if let Ok(stream) = tls.accept(stream).await {
                        converse(stream, reply, sender).await;
                    }
                });
            }
        });
        Self { authority, requests, connections }
    }

    fn request(&self) -> HttpRequest {
        self.request_over("http")
    }

    fn request_over(&self, scheme: &str) -> HttpRequest {
        let endpoint = Endpoint::parse(&format!("{scheme}://{}", self.authority)).unwrap();
        let origin = endpoint.project_origin(&ProjectName::parse("demo-proj").unwrap());
        HttpRequest::new(Method::Get, origin, "/logstores/app")
    }
}

async fn converse(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    reply: Reply,
    requests: mpsc::UnboundedSender<String>,
) {
    let (mut text, mut answered) = (String::new(), false);
    let mut buffer = [0; 4096];
    while let Ok(count @ 1..) = stream.read(&mut buffer).await {
        text.push_str(&String::from_utf8_lossy(&buffer[..count]));
        if !is_complete(&text) {
            continue;
        }
        requests.send(std::mem::take(&mut text)).ok();
        match &reply {
            Reply::Silence => {}
            Reply::WriteTogether(all, bytes) => {
                all.wait().await;
                stream.write_all(bytes.as_bytes()).await.unwrap();
            }
            Reply::Write(bytes) => stream.write_all(bytes.as_bytes()).await.unwrap(),
            Reply::WriteOnce(_) if answered => return,
            Reply::WriteOnce(bytes) => {
                stream.write_all(bytes.as_bytes()).await.unwrap();
                answered = true;
            }
            Reply::WriteAndClose(bytes) => {
                stream.write_all(bytes.as_bytes()).await.unwrap();
                stream.shutdown().await.ok();
                return;
            }
        }
    }
}

fn is_complete(request: &str) -> bool {
    let Some((head, body)) = request.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    length.is_none_or(|length| body.len() == length.parse::<usize>().unwrap())
}

/// A limit that a busy machine does not reach; no test waits for it.
const LONG: Duration = Duration::from_secs(30);

/// The limit in tests of a limit, which they wait for.
const SHORT: Duration = Duration::from_millis(100);

fn config() -> TransportConfig {
    TransportConfig {
        user_agent: "test-agent/1".into(),
        connect_timeout: LONG,
        read_timeout: LONG,
        max_idle_connections: 32,
        idle_timeout: LONG,
        max_body_bytes: 1000,
        ca_bundle: None,
        proxy: None,
    }
}

fn transport() -> ReqwestTransport {
    ReqwestTransport::new(config())
}

#[track_caller]
fn check(result: Result<HttpResponse, TransportError>, kind: TransportErrorKind, words: &str) {
    let error = result.unwrap_err();
    assert_eq!(error.kind(), kind, "{error}");
    assert!(error.to_string().contains(words), "{error}");
}

const ANSWER: &str = "HTTP/1.1 200 OK\r\nX-Log-RequestId: ABC\r\nContent-Length: 2\r\n\r\n{}";

const OK: Reply = Reply::Write(ANSWER);

#[tokio::test]
async fn a_request_names_the_project_in_host_and_connects_to_the_address() {
    let mut server = Server::start(OK).await;
    let mut request = server.request();
    request.method = Method::Put;
    request.query.insert("k".into(), "a b".into());
    request.headers.set("x-log-apiversion", "0.6.0");
    request.body = b"{\"a\":1}".to_vec();
    let response = transport().send(&request).await.unwrap();
    assert_eq!((response.status, response.body.as_slice()), (200, b"{}".as_slice()));
    assert_eq!(response.headers.get("x-log-requestid"), Some("ABC"));

    let text = server.requests.recv().await.unwrap();
    assert!(text.starts_with("PUT /logstores/app?k=a%20b HTTP/1.1\r\n"), "{text}");
    assert!(text.ends_with("\r\n\r\n{\"a\":1}"), "{text}");
    let lines: Vec<&str> = text.lines().collect();
    let host = format!("host: demo-proj.{}", server.authority);
    for line in [host.as_str(), "user-agent: test-agent/1", "x-log-apiversion: 0.6.0", "content-length: 7"] {
        assert!(lines.contains(&line), "{line} is not in {text}");
    }
    assert_eq!(lines.iter().filter(|line| line.to_ascii_lowercase().starts_with("host:")).count(), 1);
}

#[tokio::test]
async fn connections_are_reused() {
    let server = Server::start(OK).await;
    let transport = transport();
    for _ in 0..3 {
        transport.send(&server.request()).await.unwrap();
    }
    assert_eq!(server.connections.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn connections_that_were_idle_too_long_are_not_reused() {
    let server = Server::start(OK).await;
    let impatient = ReqwestTransport::new(TransportConfig { idle_timeout: Duration::ZERO, ..config() });
    for _ in 0..3 {
        impatient.send(&server.request()).await.unwrap();
    }
    assert_eq!(server.connections.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn connections_to_a_host_are_not_reused_after_a_broken_exchange() {
    let (server, other) = (Server::start(Reply::WriteOnce(ANSWER)).await, Server::start(OK).await);
    let transport = transport();
    transport.send(&server.request()).await.unwrap();
    check(transport.send(&server.request()).await, TransportErrorKind::Broken, "broke before");
    for _ in 0..3 {
        transport.send(&server.request()).await.unwrap();
        transport.send(&other.request()).await.unwrap();
    }
    assert_eq!(server.connections.load(Ordering::SeqCst), 4);
    assert_eq!(other.connections.load(Ordering::SeqCst), 1, "another host keeps its connections");
}

#[test]
fn connections_to_a_host_are_reused_after_the_old_ones_were_dropped() {
    let (mut broken, now, idle) = (Broken::default(), Instant::now(), Duration::from_secs(5));
    let reuses = |broken: &Broken, url, later| broken.reuse(url, now + later, idle) == Reuse::Allowed;
    assert!(reuses(&broken, "a", Duration::ZERO));
    broken.note("a", now);
    assert!(!reuses(&broken, "a", Duration::ZERO) && !reuses(&broken, "a", idle));
    assert!(reuses(&broken, "a", idle * 2) && reuses(&broken, "b", Duration::ZERO));
}

#[tokio::test]
async fn connections_are_as_many_as_concurrent_requests() {
    let server = Server::start(OK).await;
    let transport = transport();
    let requests: Vec<HttpRequest> = (0..32).map(|_| server.request()).collect();
    let all = futures_util::future::join_all(requests.iter().map(|request| transport.send(request))).await;
    assert!(all.iter().all(Result::is_ok));
}

#[tokio::test]
async fn connections_that_are_kept_are_not_more_than_concurrent_requests() {
    for (max_idle_connections, opened) in [(2, 2), (1, 3)] {
        let server = Server::start(Reply::WriteTogether(Arc::new(Barrier::new(2)), ANSWER)).await;
        let transport = ReqwestTransport::new(TransportConfig { max_idle_connections, ..config() });
        for _ in 0..2 {
            let request = server.request();
            let (one, other) = tokio::join!(transport.send(&request), transport.send(&request));
            assert_eq!((one.unwrap().status, other.unwrap().status), (200, 200));
        }
        assert_eq!(server.connections.load(Ordering::SeqCst), opened);
    }
}

/// The proxy settings are in the environment. Only another process can have another environment.
#[test]
fn calls_to_this_machine_ignore_the_proxies_of_the_environment() {
    let module = module_path!().split_once("::").unwrap().1;
    for test in ["connections_are_reused", "tls::a_certificate_must_be_trusted_by_the_system_or_the_bundle"] {
        let mut child = std::process::Command::new(std::env::current_exe().unwrap());
        child.args(["--exact", &format!("{module}::{test}")]).env_remove("NO_PROXY").env_remove("no_proxy");
        for variable in ["http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"] {
            // Port 1 (tcpmux) has no proxy behind it.
            child.env(variable, "http://127.0.0.1:1");
        }
        let output = child.output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && text.contains("1 passed"), "{test}: {text}");
    }
}

#[tokio::test]
async fn a_redirect_is_an_answer() {
    let reply = "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n";
    let server = Server::start(Reply::Write(reply)).await;
    assert_eq!(transport().send(&server.request()).await.unwrap().status, 302);
}

#[tokio::test]
async fn a_host_name_without_an_address_has_another_error_than_a_network_that_is_down() {
    // RFC 6761 section 6.4: no name below `invalid` has an address.
    let endpoint = Endpoint::parse("kms.invalid").unwrap();
    let error = transport().send(&HttpRequest::new(Method::Get, endpoint.origin(), "/")).await.unwrap_err();
    assert!(!error.may_have_arrived());
    check(Err(error), TransportErrorKind::Resolve, "cannot be resolved");
}

#[tokio::test]
async fn a_refused_connection_was_never_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = Endpoint::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    drop(listener);
    let request = HttpRequest::new(Method::Get, endpoint.origin(), "/");
    let error = transport().send(&request).await.unwrap_err();
    assert!(!error.may_have_arrived());
    check(Err(error), TransportErrorKind::Connect, "refused");
}

#[tokio::test]
async fn an_incomplete_answer_is_an_error() {
    for reply in [
        "",
        "HTTP/1.1 200 OK\r\nContent-Le",
        "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"logstoreName\":",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"log\r\n",
        "this is not HTTP\r\n\r\n",
    ] {
        let server = Server::start(Reply::WriteAndClose(reply)).await;
        let error = transport().send(&server.request()).await.unwrap_err();
        assert!(error.may_have_arrived(), "{reply:?}: {error}");
        check(Err(error), TransportErrorKind::Broken, "broke before the answer was complete");
    }
}

#[tokio::test]
async fn silence_before_or_within_the_answer_ends_at_the_limit() {
    let begun = Reply::Write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{");
    for reply in [Reply::Silence, begun] {
        let server = Server::start(reply).await;
        let impatient = ReqwestTransport::new(TransportConfig { read_timeout: SHORT, ..config() });
        check(impatient.send(&server.request()).await, TransportErrorKind::Silent, "did not answer in time");
    }
}

#[tokio::test]
async fn a_body_over_the_limit_is_not_read_completely() {
    let head = "HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n";
    let server =
        Server::start(Reply::Write(Box::leak((head.to_owned() + &"x".repeat(1001)).into_boxed_str()))).await;
    check(transport().send(&server.request()).await, TransportErrorKind::TooLarge, "larger than 1000 bytes");

    // A body without a stated length and without an end.
    let chunk = format!("3e8\r\n{}\r\n", "x".repeat(1000));
    let endless = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{chunk}{chunk}");
    let server = Server::start(Reply::Write(Box::leak(endless.into_boxed_str()))).await;
    check(transport().send(&server.request()).await, TransportErrorKind::TooLarge, "larger than 1000 bytes");
}

#[tokio::test]
async fn a_body_of_exactly_the_limit_is_read() {
    let reply = format!("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{}", "x".repeat(1000));
    let server = Server::start(Reply::Write(Box::leak(reply.into_boxed_str()))).await;
    assert_eq!(transport().send(&server.request()).await.unwrap().body.len(), 1000);
}
