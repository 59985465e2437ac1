//! Which servers are trusted, and the errors about the others.

use super::authority::{Authority, self_signed, self_signed_authority};
use super::*;

#[tokio::test]
async fn a_certificate_must_be_trusted_by_the_system_or_the_bundle() {
    let (acceptor, bundle) = self_signed();
    let mut server = Server::start_with(OK, Some(acceptor)).await;
    let error = transport().send(&server.request_over("https")).await.unwrap_err();
    assert!(!error.may_have_arrived());
    check(Err(error), TransportErrorKind::Tls, "no secure connection");
    assert!(server.requests.try_recv().is_err(), "nothing may be sent to a server that is not trusted");

    let trusting = ReqwestTransport::new(TransportConfig { ca_bundle: Some(bundle), ..config() });
    assert_eq!(trusting.send(&server.request_over("https")).await.unwrap().status, 200);
}

/// The outcome of a request to a server, by a client that trusts `bundle`.
async fn told(acceptor: TlsAcceptor, bundle: Option<CaBundle>) -> Result<HttpResponse, TransportError> {
    let server = Server::start_with(OK, Some(acceptor)).await;
    let client = ReqwestTransport::new(TransportConfig { ca_bundle: bundle, ..config() });
    client.send(&server.request_over("https")).await
}

#[tokio::test]
async fn a_certificate_that_is_refused_is_explained() {
    use TransportErrorKind::Tls;
    let authority = Authority::new();
    let here = &["127.0.0.1"];
    let trusted = || Some(authority.bundle());
    assert_eq!(told(authority.server(here), trusted()).await.unwrap().status, 200);

    check(
        told(authority.server(here), None).await,
        Tls,
        "an authority that is not trusted here, or by itself",
    );
    check(told(self_signed().0, trusted()).await, Tls, "not trusted here, or by itself");
    let another = Authority::new();
    check(told(another.server(here), trusted()).await, Tls, "its certificate");

    check(told(authority.server(&["other.example"]), trusted()).await, Tls, "for another name than");
    let expired = authority.server_with(here, |certificate| {
        certificate.not_before = rcgen::date_time_ymd(2020, 1, 1);
        certificate.not_after = rcgen::date_time_ymd(2020, 12, 31);
    });
    check(told(expired, trusted()).await, Tls, "has expired");
    let early = authority.server_with(here, |certificate| {
        certificate.not_before = rcgen::date_time_ymd(3020, 1, 1);
        certificate.not_after = rcgen::date_time_ymd(3020, 12, 31);
    });
    check(told(early, trusted()).await, Tls, "is not valid yet");
    for trusts in [true, false] {
        let (acceptor, bundle) = self_signed_authority();
        let outcome = told(acceptor, trusts.then_some(bundle)).await;
        check(
            outcome,
            Tls,
            "basicConstraints=critical,CA:FALSE -addext subjectAltName=DNS:demo-proj.127.0.0.1",
        );
    }
}

#[tokio::test]
async fn a_server_without_tls_has_another_error_than_a_broken_network() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = Endpoint::parse(&listener.local_addr().unwrap().to_string()).unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
        stream.read_to_end(&mut Vec::new()).await.ok();
    });
    let request = HttpRequest::new(Method::Get, endpoint.origin(), "/");
    check(transport().send(&request).await, TransportErrorKind::Tls, "the other side does not speak TLS");
}

#[tokio::test]
async fn a_handshake_that_never_ends_was_never_sent() {
    // Waits for the end of a request head, which a TLS greeting does not have.
    let server = Server::start(Reply::Silence).await;
    let impatient = ReqwestTransport::new(TransportConfig { connect_timeout: SHORT, ..config() });
    let error = impatient.send(&server.request_over("https")).await.unwrap_err();
    assert!(!error.may_have_arrived());
    check(Err(error), TransportErrorKind::ConnectTimeout, "did not accept a connection in time");
}
