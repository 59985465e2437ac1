//! TLS and tunnels, through a client that trusts what the emulator gives it to trust and nothing else.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use emulator::{Clock, Config, Limits, Seed};
use hmac::{Hmac, KeyInit as _, Mac as _};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{CertificateError, ClientConfig, RootCertStore, crypto::ring};
use sha2::{Digest as _, Sha256};
use test_support::async_http::{exchange, exchange_on};
use test_support::waiting::within_limit;
use test_support::{Key, Response};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::client::{START, TestServer, config, rpc_signed, signed, signed_by};

const SLS: &str = "proj.cn-hangzhou.log.aliyuncs.com";

/// Short enough to be waited for.
const SHORT: Duration = Duration::from_millis(50);

pub async fn bench() -> TestServer {
    TestServer::with_config(Config { tls: true, ..config() }).await
}

async fn bench_with(limits: Limits) -> TestServer {
    TestServer::with_config(Config { tls: true, limits, ..config() }).await
}

/// A client that trusts the authority of one emulator.
fn client(trusted: &TestServer) -> ClientConfig {
    let pem = trusted.emulator().ca_certificate().unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(pem.as_bytes()).unwrap()).unwrap();
    ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth()
}

async fn handshake<S>(client: ClientConfig, name: &str, stream: S) -> io::Result<TlsStream<S>>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let name = ServerName::try_from(name.to_owned()).unwrap();
    TlsConnector::from(Arc::new(client)).connect(name, stream).await
}

async fn connect(bench: &TestServer) -> TcpStream {
    TcpStream::connect(bench.addr()).await.unwrap()
}

/// Opens a tunnel: what was answered.
async fn open_tunnel<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut S, target: &str) -> Response {
    let request =
        format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\nProxy-Connection: Keep-Alive\r\n\r\n");
    exchange_on(stream, request.as_bytes()).await.unwrap()
}

/// A connection to a host through the emulator as the HTTPS proxy.
pub async fn tunnel(bench: &TestServer, host: &str) -> TlsStream<TcpStream> {
    let mut stream = connect(bench).await;
    let answer = open_tunnel(&mut stream, &format!("{host}:443")).await;
    assert_eq!((answer.status, answer.header("content-length")), (200, None));
    handshake(client(bench), host, stream).await.unwrap()
}

/// A connection to the emulator's own port, under a name of this machine.
pub async fn direct(bench: &TestServer, name: &str) -> TlsStream<TcpStream> {
    handshake(client(bench), name, connect(bench).await).await.unwrap()
}

#[track_caller]
fn certificate_error<S>(outcome: io::Result<S>) -> CertificateError {
    let Err(error) = outcome else { panic!("the client was content") };
    match error.get_ref().and_then(|inner| inner.downcast_ref()) {
        Some(rustls::Error::InvalidCertificate(error)) => error.clone(),
        _ => panic!("{error:?}"),
    }
}

#[tokio::test]
async fn every_service_is_served_under_its_own_name() {
    let bench = bench().await;
    for host in [SLS, "proj.cn-hangzhou-intranet.log.aliyuncs.com", "proj.log-global.aliyuncs.com"] {
        let mut stream = tunnel(&bench, host).await;
        let request = signed(host, "GET", "/logstores/app", "");
        assert_eq!(exchange_on(&mut stream, &request).await.unwrap().json()["logstoreName"], "app", "{host}");
    }
    for (host, version, action, member) in [
        ("ram.aliyuncs.com", "2015-05-01", "ListRoles", "Roles"),
        ("sts.cn-hangzhou.aliyuncs.com", "2015-04-01", "GetCallerIdentity", "Arn"),
        ("kms.cn-hangzhou.aliyuncs.com", "2016-01-20", "ListKeys", "Keys"),
        ("kms-vpc.cn-hangzhou.aliyuncs.com", "2016-01-20", "ListKeys", "Keys"),
    ] {
        let mut stream = tunnel(&bench, host).await;
        let request = rpc_signed(&Key::root(), host, (version, action), &[]);
        let response = exchange_on(&mut stream, &request).await.unwrap();
        assert!(response.status == 200 && !response.json()[member].is_null(), "{host}: {}", response.text());
    }
}

#[tokio::test]
async fn tls_is_spoken_on_the_port_itself_too() {
    let bench = bench().await;
    for name in ["127.0.0.1", "localhost", "proj.localhost"] {
        let mut stream = direct(&bench, name).await;
        let request = signed("proj.localhost", "GET", "/logstores/app", "");
        assert_eq!(exchange_on(&mut stream, &request).await.unwrap().status, 200, "{name}");
    }
    // Clear text goes on beside it.
    assert_eq!(bench.call("GET", "/logstores/app", "").await.status, 200);
}

#[tokio::test]
async fn a_proxy_may_be_spoken_to_over_tls() {
    let bench = bench().await;
    let mut outer = handshake(client(&bench), "localhost", connect(&bench).await).await.unwrap();
    assert_eq!(open_tunnel(&mut outer, &format!("{SLS}:443")).await.status, 200);
    let mut inner = handshake(client(&bench), SLS, outer).await.unwrap();
    let response = exchange_on(&mut inner, &signed(SLS, "GET", "/logstores/app", "")).await.unwrap();
    assert_eq!(response.status, 200);
    let refused = open_tunnel(&mut inner, &format!("{SLS}:443")).await;
    assert_eq!(refused.status, 403, "{}", refused.text());
}

#[tokio::test]
async fn another_emulators_authority_is_another() {
    let (one, other) = (bench().await, bench().await);
    let outcome = handshake(client(&other), "localhost", connect(&one).await).await;
    assert!(matches!(
        certificate_error(outcome),
        CertificateError::UnknownIssuer | CertificateError::BadSignature
    ));
}

#[tokio::test]
async fn a_certificate_is_good_for_one_host() {
    let bench = bench().await;
    let silent = || {
        let mut client = client(&bench);
        client.enable_sni = false;
        client
    };
    let mut stream = connect(&bench).await;
    open_tunnel(&mut stream, "ram.aliyuncs.com:443").await;
    // A client that names no host gets the certificate of the host of its tunnel.
    let outcome = handshake(silent(), "kms.cn-hangzhou.aliyuncs.com", stream).await;
    assert!(matches!(certificate_error(outcome), CertificateError::NotValidForNameContext { .. }));

    let mut stream = connect(&bench).await;
    open_tunnel(&mut stream, "ram.aliyuncs.com:443").await;
    handshake(silent(), "ram.aliyuncs.com", stream).await.unwrap();
}

#[tokio::test]
async fn a_tunnel_to_an_address_presents_that_address() {
    let bench = bench().await;
    for (target, name) in [("127.0.0.1:443", "127.0.0.1"), ("[::1]:443", "::1")] {
        let mut stream = connect(&bench).await;
        assert_eq!(open_tunnel(&mut stream, target).await.status, 200);
        handshake(client(&bench), name, stream).await.unwrap();
    }
}

#[tokio::test]
async fn tunnels_do_not_lead_anywhere_else() {
    let bench = bench().await;
    for host in ["example.com", "169.254.169.254", "oss-cn-hangzhou.aliyuncs.com"] {
        let mut stream = connect(&bench).await;
        let request = format!("CONNECT {host}:443 HTTP/1.1\r\nHost: {host}:443\r\n\r\n");
        let response = exchange_on(&mut stream, request.as_bytes()).await.unwrap();
        assert_eq!(response.status, 403, "{host}");
        let said = format!("{host} is not a host of an emulated service");
        assert!(response.text().starts_with(&said), "{}", response.text());
        // The connection is as good as before.
        assert_eq!(open_tunnel(&mut stream, "ram.aliyuncs.com:443").await.status, 200);
    }
    let mut stream = connect(&bench).await;
    let response = exchange_on(&mut stream, b"CONNECT ram.aliyuncs.com HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert_eq!(response.unwrap().status, 400);
}

#[tokio::test]
async fn a_tunnel_is_not_a_way_to_another_name() {
    let bench = bench().await;
    let mut stream = connect(&bench).await;
    open_tunnel(&mut stream, "ram.aliyuncs.com:443").await;
    let refused = handshake(client(&bench), "example.com", stream).await.unwrap_err();
    let alert = refused.get_ref().and_then(|inner| inner.downcast_ref());
    assert!(matches!(alert, Some(rustls::Error::AlertReceived(_))), "{refused:?}");
}

#[tokio::test]
async fn http_1_is_all_that_is_spoken() {
    let bench = bench().await;
    let offering = |protocols: &[&str]| {
        let mut client = client(&bench);
        client.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
        client
    };
    let stream = handshake(offering(&["h2", "http/1.1"]), "localhost", connect(&bench).await).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(b"http/1.1".as_slice()));
    let refused = handshake(offering(&["h2"]), "localhost", connect(&bench).await).await;
    assert!(refused.is_err());
}

#[tokio::test]
async fn connect_without_tls_names_the_option() {
    let bench = TestServer::with_config(config()).await;
    assert_eq!(bench.emulator().ca_certificate(), None);
    let request = b"CONNECT ram.aliyuncs.com:443 HTTP/1.1\r\nHost: ram.aliyuncs.com:443\r\n\r\n";
    let response = exchange(bench.addr(), request).await.unwrap();
    assert_eq!(response.status, 501);
    assert!(response.text().contains("--tls"), "{}", response.text());
}

#[tokio::test]
async fn a_tunnel_is_kept_alive_and_takes_pipelined_requests() {
    let bench = bench().await;
    let mut stream = tunnel(&bench, SLS).await;
    let get = signed(SLS, "GET", "/logstores/app", "");
    for _ in 0..3 {
        assert_eq!(exchange_on(&mut stream, &get).await.unwrap().status, 200);
    }
    let last = String::from_utf8(get.clone()).unwrap().replace("\r\nDate:", "\r\nConnection: close\r\nDate:");
    stream.write_all(&[get, last.into_bytes()].concat()).await.unwrap();
    let mut received = String::new();
    // Closed in order: without a close_notify this would be an error.
    stream.read_to_string(&mut received).await.unwrap();
    assert_eq!(received.matches("HTTP/1.1 200 OK").count(), 2, "{received}");
}

#[tokio::test]
async fn bodies_of_any_size_come_through_a_tunnel() {
    let bench = bench().await;
    let mut stream = tunnel(&bench, SLS).await;
    let mut body = r#"{"logstoreName": "app", "ttl": 7, "shardCount": 2}"#.to_owned();
    body.push_str(&" ".repeat(1024 * 1024 - body.len()));
    exchange_on(&mut stream, &signed(SLS, "PUT", "/logstores/app", &body)).await.unwrap().assert_done();
    body.push(' ');
    let refused = exchange_on(&mut stream, &signed(SLS, "PUT", "/logstores/app", &body)).await.unwrap();
    assert_eq!(refused.json()["errorCode"], "PostBodyTooLarge");
}

#[tokio::test]
async fn many_tunnels_are_served_at_once_and_end_with_the_emulator() {
    let bench = bench().await;
    let mut tunnels = Vec::new();
    for _ in 0..50 {
        tunnels.push(tunnel(&bench, SLS).await);
    }
    for stream in &mut tunnels {
        let response = exchange_on(stream, &signed(SLS, "GET", "/logstores/app", "")).await.unwrap();
        assert_eq!(response.status, 200);
    }
    let mut unused = connect(&bench).await;
    open_tunnel(&mut unused, "ram.aliyuncs.com:443").await;
    bench.shutdown().await;
    for stream in &mut tunnels {
        let mut byte = [0];
        let end = within_limit("the end of a tunnel", stream.read(&mut byte)).await.unwrap();
        assert_eq!(end.unwrap(), 0);
    }
}

#[tokio::test]
async fn a_tunnel_nobody_uses_is_closed() {
    let bench = bench_with(Limits { handshake_timeout: SHORT, ..Limits::default() }).await;
    let mut stream = connect(&bench).await;
    open_tunnel(&mut stream, &format!("{SLS}:443")).await;
    assert_eq!(stream.read(&mut [0]).await.unwrap(), 0);

    let bench = bench_with(Limits { head_timeout: Duration::from_secs(1), ..Limits::default() }).await;
    let mut stream = tunnel(&bench, SLS).await;
    exchange_on(&mut stream, &signed(SLS, "GET", "/logstores/app", "")).await.unwrap();
    assert_eq!(stream.read(&mut [0]).await.unwrap(), 0);
}

#[tokio::test]
async fn handshakes_that_fail_harm_nobody() {
    let bench = bench().await;
    for garbage in [&b"\x16"[..], b"\x16\x03\x01\x00\x05hello", b"\x16GET / HTTP/1.1\r\n\r\n"] {
        let mut stream = connect(&bench).await;
        stream.write_all(garbage).await.unwrap();
        stream.shutdown().await.unwrap();
        let _ = stream.read_to_end(&mut Vec::new()).await;
    }
    let mut stream = connect(&bench).await;
    open_tunnel(&mut stream, &format!("{SLS}:443")).await;
    stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    let _ = stream.read_to_end(&mut Vec::new()).await;
    tunnel(&bench, SLS).await;
}

/// A call of `GetCallerIdentity` with an ACS3 signature, which covers the host.
fn acs3_signed(signed_host: &str, sent_host: &str, nonce: &str) -> String {
    const SIGNED: &str =
        "host;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version";
    let sha256 = |text: &str| hex::encode(Sha256::digest(text));
    let headers = |host: &str, colon: &str, end: &str| {
        let lines = [
            ("host", host),
            ("x-acs-action", "GetCallerIdentity"),
            ("x-acs-content-sha256", &sha256("")),
            ("x-acs-date", "2026-11-20T08:00:00Z"),
            ("x-acs-signature-nonce", nonce),
            ("x-acs-version", "2015-04-01"),
        ];
        lines.map(|(name, value)| format!("{name}{colon}{value}{end}")).concat()
    };
    let canonical = format!("GET\n/\n\n{}\n{SIGNED}\n{}", headers(signed_host, ":", "\n"), sha256(""));
    let mut mac = Hmac::<Sha256>::new_from_slice(b"sk-root").unwrap();
    mac.update(format!("ACS3-HMAC-SHA256\n{}", sha256(&canonical)).as_bytes());
    let signature = hex::encode(mac.finalize().into_bytes());
    format!(
        "GET / HTTP/1.1\r\n{}Authorization: ACS3-HMAC-SHA256 Credential=ak-root,SignedHeaders={SIGNED},\
         Signature={signature}\r\n\r\n",
        headers(sent_host, ": ", "\r\n")
    )
}

#[tokio::test]
async fn a_signature_covers_the_host_as_it_is_sent() {
    let bench = bench().await;
    let (plain, with_port) = ("sts.cn-hangzhou.aliyuncs.com", "sts.cn-hangzhou.aliyuncs.com:443");
    let mut stream = tunnel(&bench, plain).await;
    for (nonce, (signed, sent, status)) in
        [(plain, plain, 200), (with_port, with_port, 200), (plain, with_port, 400)].into_iter().enumerate()
    {
        let request = acs3_signed(signed, sent, &nonce.to_string());
        let response = exchange_on(&mut stream, request.as_bytes()).await.unwrap();
        assert_eq!(response.status, status, "{signed} {sent}: {}", response.text());
    }
    let mut stream = tunnel(&bench, SLS).await;
    for host in [SLS.to_owned(), format!("{SLS}:443")] {
        let request = signed(&host, "GET", "/logstores/app", "");
        assert_eq!(exchange_on(&mut stream, &request).await.unwrap().status, 200, "{host}");
    }
}

#[tokio::test]
async fn policies_can_ask_for_tls() {
    let seed = r#"{
        "access_keys": [{"id": "ak-root", "secret": "sk-root"}, {"id": "ak-u", "secret": "sk-u", "user": "u"}],
        "users": [{"name": "u", "policies": [{"name": "p", "document": {"Version": "1", "Statement": [{
            "Effect": "Allow", "Action": "log:*", "Resource": "*",
            "Condition": {"Bool": {"acs:SecureTransport": "true"}}}]}}]}],
        "projects": [{"name": "proj", "logstores": [{"logstoreName": "app"}]}]}"#;
    let clock = Clock::fixed(START);
    let seed = Seed::from_json(seed, &clock).unwrap();
    let bench = TestServer::with_config(Config { seed, clock, tls: true, ..Config::default() }).await;
    let request = signed_by(&Key::new("ak-u", "sk-u"), SLS, "GET", "/logstores/app", "");
    let in_clear = exchange(bench.addr(), &request).await.unwrap();
    assert_eq!((in_clear.status, in_clear.json()["errorCode"].as_str()), (401, Some("Unauthorized")));
    let mut stream = tunnel(&bench, SLS).await;
    assert_eq!(exchange_on(&mut stream, &request).await.unwrap().status, 200);
}

#[tokio::test]
async fn the_control_api_is_there_over_tls() {
    let bench = bench().await;
    let mut stream = handshake(client(&bench), "127.0.0.1", connect(&bench).await).await.unwrap();
    let request = b"GET /_emulator/health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
    assert_eq!(exchange_on(&mut stream, request).await.unwrap().json()["status"], "ok");
}
