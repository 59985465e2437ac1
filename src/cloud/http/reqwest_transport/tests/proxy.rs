//! Calls to the services through a proxy on this machine, which connects to a server of the test instead.

use tokio::net::TcpStream;

use super::authority::{self, Authority};
use super::*;
use crate::http::Proxy;
use crate::names::Region;
use crate::network::Network;

/// No head of a request is longer, in bytes.
const LONGEST_HEAD: usize = 64 * 1024;

/// A proxy that records the requests.
struct RecordingProxy {
    authority: String,
    heads: mpsc::UnboundedReceiver<String>,
}

/// The reaction of the proxy to a request for a tunnel.
#[derive(Clone)]
enum Tunnel {
    /// Connects to this address, whichever host the request names.
    To(String),
    /// Answers this and closes.
    Refused(&'static str),
}

impl RecordingProxy {
    async fn start(tunnel: Tunnel) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let authority = listener.local_addr().unwrap().to_string();
        let (sender, heads) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, tunnel.clone(), sender.clone()));
            }
        });
        Self { authority, heads }
    }

    fn url(&self) -> String {
        format!("http://{}", self.authority)
    }

    /// The request lines so far.
    fn asked(&mut self) -> Vec<String> {
        let mut lines = Vec::new();
        while let Ok(head) = self.heads.try_recv() {
            lines.extend(head.lines().next().map(str::to_owned));
        }
        lines
    }
}

async fn serve(mut stream: TcpStream, tunnel: Tunnel, heads: mpsc::UnboundedSender<String>) {
    let mut head = Vec::new();
    for _ in 0..LONGEST_HEAD {
        if head.ends_with(b"\r\n\r\n") {
            break;
        }
        let Ok(byte) = stream.read_u8().await else { return };
        head.push(byte);
    }
    heads.send(String::from_utf8(head).unwrap()).ok();
    match tunnel {
        Tunnel::To(address) => {
            let mut onward = TcpStream::connect(address).await.unwrap();
            stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await.unwrap();
            tokio::io::copy_bidirectional(&mut stream, &mut onward).await.ok();
        }
        Tunnel::Refused(answer) => {
            stream.write_all(answer.as_bytes()).await.unwrap();
            stream.shutdown().await.ok();
        }
    }
}

/// The public origins of the four services.
fn origins() -> [Origin; 4] {
    let region = Region::parse("cn-hangzhou").unwrap();
    let project = ProjectName::parse("demo-proj").unwrap();
    [
        Network::Public.sls(&region).project_origin(&project),
        Network::Public.ram().origin(),
        Network::Public.kms(&region).origin(),
        Network::Public.sts(&region).origin(),
    ]
}

fn through(proxy: &str, except: &str) -> TransportConfig {
    TransportConfig { proxy: Some(Proxy::parse(proxy, except).unwrap()), ..config() }
}

fn get(origin: &Origin) -> HttpRequest {
    HttpRequest::new(Method::Get, origin.clone(), "/")
}

#[tokio::test]
async fn all_services_are_reached_through_a_tunnel_and_the_proxy_sees_no_request() {
    let origins = origins();
    let hosts: Vec<&str> = origins.iter().map(|origin| origin.host_header.as_str()).collect();
    let authority = Authority::new();
    let mut server = Server::start_with(OK, Some(authority.server(&hosts))).await;
    let mut proxy = RecordingProxy::start(Tunnel::To(server.authority.clone())).await;
    let client = ReqwestTransport::new(TransportConfig {
        ca_bundle: Some(authority.bundle()),
        ..through(&proxy.url(), "")
    });
    for origin in &origins {
        assert_eq!(client.send(&get(origin)).await.unwrap().status, 200);
        let request = server.requests.recv().await.unwrap();
        assert!(request.starts_with("GET / HTTP/1.1\r\n"), "{request}");
        assert!(request.contains(&format!("host: {}\r\n", origin.host_header)), "{request}");
    }
    let tunnels: Vec<String> = hosts.iter().map(|host| format!("CONNECT {host}:443 HTTP/1.1")).collect();
    assert_eq!(proxy.asked(), tunnels);
}

#[tokio::test]
async fn the_password_of_the_proxy_is_sent_to_the_proxy_and_not_to_the_service() {
    let origins = origins();
    let authority = Authority::new();
    let mut server = Server::start_with(OK, Some(authority.server(&["ram.aliyuncs.com"]))).await;
    let mut proxy = RecordingProxy::start(Tunnel::To(server.authority.clone())).await;
    let client = ReqwestTransport::new(TransportConfig {
        ca_bundle: Some(authority.bundle()),
        ..through(&format!("http://user:password@{}", proxy.authority), "")
    });
    client.send(&get(&origins[1])).await.unwrap();
    let head = proxy.heads.recv().await.unwrap().to_ascii_lowercase();
    // RFC 7617: base64 of user:password.
    assert!(head.contains("proxy-authorization: basic dxnlcjpwyxnzd29yza=="), "{head}");
    let request = server.requests.recv().await.unwrap().to_ascii_lowercase();
    assert!(!request.contains("proxy-authorization"), "{request}");
}

#[tokio::test]
async fn hosts_of_the_exception_list_are_reached_without_the_proxy() {
    // RFC 6761 section 6.4: no name below `invalid` has an address.
    let nowhere = Endpoint::parse("kms.nowhere.invalid").unwrap();
    let mut proxy = RecordingProxy::start(Tunnel::Refused("HTTP/1.1 503 No\r\n\r\n")).await;
    for except in ["nowhere.invalid", ".invalid", "*.invalid", "other.test, invalid", "*"] {
        let client = ReqwestTransport::new(through(&proxy.url(), except));
        let result = client.send(&get(&nowhere.origin())).await;
        check(result, TransportErrorKind::Resolve, "cannot be resolved");
        assert_eq!(proxy.asked(), [""; 0], "{except}");
    }
    let client = ReqwestTransport::new(through(&proxy.url(), "where.invalid,127.0.0.1"));
    check(client.send(&get(&nowhere.origin())).await, TransportErrorKind::Proxy, "refused to connect");
    assert_eq!(proxy.asked().len(), 1);
}

#[tokio::test]
async fn this_machine_is_never_reached_through_a_proxy() {
    let mut proxy = RecordingProxy::start(Tunnel::Refused("HTTP/1.1 503 No\r\n\r\n")).await;
    let server = Server::start(OK).await;
    let client = ReqwestTransport::new(through(&proxy.url(), ""));
    assert_eq!(client.send(&server.request()).await.unwrap().status, 200);
    let (acceptor, bundle) = authority::self_signed();
    let server = Server::start_with(OK, Some(acceptor)).await;
    let client =
        ReqwestTransport::new(TransportConfig { ca_bundle: Some(bundle), ..through(&proxy.url(), "") });
    assert_eq!(client.send(&server.request_over("https")).await.unwrap().status, 200);
    assert_eq!(proxy.asked(), [""; 0]);
}

#[tokio::test]
async fn the_error_of_a_refusing_proxy_names_it_without_its_password() {
    use TransportErrorKind::{Proxy as Failed, ProxyAuthentication};
    for (answer, kind, words) in [
        ("HTTP/1.1 407 Who?\r\n\r\n", ProxyAuthentication, "asks for a user name and a password (407)"),
        ("HTTP/1.1 403 Forbidden\r\n\r\n", Failed, "refused to connect to ram.aliyuncs.com"),
        ("", Failed, "failed to connect to ram.aliyuncs.com: unexpected end of file"),
    ] {
        let proxy = RecordingProxy::start(Tunnel::Refused(answer)).await;
        let client = ReqwestTransport::new(through(&format!("http://u:canary@{}", proxy.authority), ""));
        let error = client.send(&get(&origins()[1])).await.unwrap_err();
        assert!(!error.may_have_arrived());
        let text = format!("{error} {error:?}");
        assert!(text.contains(&proxy.url()) && !text.contains("canary"), "{text}");
        check(Err(error), kind, words);
    }
}

#[tokio::test]
async fn a_proxy_that_is_down_has_another_error_than_a_service_that_is_down() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let client = ReqwestTransport::new(through(&address, ""));
    for origin in &origins() {
        let words = format!("no connection to the proxy {address} on the way to {}", origin.host_header);
        check(client.send(&get(origin)).await, TransportErrorKind::Proxy, &words);
    }
}
