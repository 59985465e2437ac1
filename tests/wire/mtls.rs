//! TLS: only the host whose certificate is in the environment is served.

use plugin::Network;
use rustls::version::{TLS12, TLS13};
use tokio::io::AsyncReadExt;

use crate::{
    certificate::{Host, client_without_certificate},
    client::{self, pb::tfplugin6 as pb},
    served::{COOKIE, Served, serve_refused},
};

async fn start(host: &Host, network: Network) -> Served {
    Served::start_with(network, &[("PLUGIN_CLIENT_CERT", &host.pem())]).await
}

#[tokio::test]
async fn the_host_is_served_over_either_network_and_version() {
    let host = Host::new();
    for network in [Network::Unix, Network::Tcp] {
        for version in [&TLS12, &TLS13] {
            let served = start(&host, network).await;
            let config = host.client(&served.handshake, &[version]);
            let channel = client::connect_tls(&served.handshake, config).await.unwrap();
            let request = pb::get_provider_schema::Request {};
            let schema = client::provider(&channel).get_provider_schema(request).await.unwrap();
            assert_eq!(schema.into_inner().resource_schemas.len(), 1);
        }
    }
}

#[tokio::test]
async fn others_are_refused_and_do_not_disturb_the_host() {
    let host = Host::new();
    let served = start(&host, Network::Unix).await;
    let handshake = &served.handshake;
    let own = || host.client(handshake, &[&TLS13]);
    let first = client::connect_tls(handshake, own()).await.unwrap();

    let without = client::connect_tls(handshake, client_without_certificate(handshake)).await;
    without.expect_err("served without a certificate");
    let stranger = client::connect_tls(handshake, Host::new().client(handshake, &[&TLS13])).await;
    stranger.expect_err("served with another certificate");
    let impostor = client::connect_tls(handshake, host.impostor().client(handshake, &[&TLS13])).await;
    impostor.expect_err("served without the key of the certificate");

    let request = pb::get_provider_schema::Request {};
    client::provider(&first).get_provider_schema(request).await.unwrap();
    client::connect_tls(handshake, own()).await.unwrap();
}

#[tokio::test]
async fn an_impostor_is_refused_in_tls_1_2_too() {
    let host = Host::new();
    let served = start(&host, Network::Unix).await;
    let impostor = host.impostor().client(&served.handshake, &[&TLS12]);
    client::connect_tls(&served.handshake, impostor).await.expect_err("served without the key");
}

#[tokio::test]
async fn plain_text_is_not_answered_where_tls_is_wanted() {
    let host = Host::new();
    let served = start(&host, Network::Unix).await;
    let mut stream = served.handshake.dial().await;
    tokio::io::AsyncWriteExt::write_all(&mut stream, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    // It may end by a reset; what matters is that nothing of HTTP/2 comes back.
    let _ = stream.read_to_end(&mut answer).await;
    // At most a TLS alert: type 21.
    assert!(answer.first().is_none_or(|kind| *kind == 21), "{answer:?}");
}

#[tokio::test]
async fn clients_that_say_nothing_do_not_keep_the_host_waiting() {
    let host = Host::new();
    let served = start(&host, Network::Unix).await;
    let mut silent = Vec::new();
    for _ in 0..32 {
        silent.push(served.handshake.dial().await);
    }
    let config = host.client(&served.handshake, &[&TLS13]);
    client::connect_tls(&served.handshake, config).await.unwrap();
}

#[tokio::test]
async fn a_certificate_that_is_none_ends_the_start() {
    let error = serve_refused(&[COOKIE, ("PLUGIN_CLIENT_CERT", "no certificate")]).await;
    assert!(error.to_string().contains("PLUGIN_CLIENT_CERT"), "{error}");
}
