//! Clients that are not the host: garbage, junk of TLS and of HTTP/2, and certificates of other keys.

use std::sync::Arc;

use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_ED25519};
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConnection, pki_types::ServerName};
use tokio::io::AsyncWriteExt as _;

use super::plugin::{MOST_MEMORY, Plugin, assert_bounded};
use crate::certificate::{Host, client_with};
use crate::client::{self, pb::tfplugin6 as pb};
use crate::program::Program;

/// What a client sends first: the beginning of a real one, with bytes that come from a fixed seed in it.
fn first_words(hello: &[u8]) -> Vec<Vec<u8>> {
    let mut random = fastrand::Rng::with_seed(0x5eed);
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    let mut words = Vec::new();
    for at in 0..100 {
        let garbage = (0..random.usize(1..20_000)).map(|_| random.u8(..)).collect::<Vec<_>>();
        let mut mutated = hello.to_vec();
        for _ in 0..random.usize(1..8) {
            let place = random.usize(..mutated.len());
            mutated[place] = random.u8(..);
        }
        mutated.truncate(random.usize(1..=mutated.len()));
        // A frame that says it is longer than any there may be, and one of each kind without an end.
        let frame = [0xff, 0xff, 0xff, at, 0xff, 0, 0, 0, 1];
        words.extend([[preface.as_slice(), &frame, &garbage].concat(), mutated, garbage]);
    }
    words
}

/// Without a certificate of the host it speaks HTTP/2 in clear.
#[tokio::test]
async fn junk_in_clear_takes_no_memory() {
    let mut plugin = Plugin::start(&[]).await;
    let handshake = plugin.program.handshake();
    let mut open = Vec::new();
    for words in first_words(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0") {
        let mut stream = handshake.dial().await;
        // It may be refused before all of it is sent.
        let _ = stream.write_all(&words).await;
        open.push(stream);
    }
    plugin.assert_alive().await;
    drop(open);
}

#[tokio::test]
async fn clients_that_are_not_the_host_are_refused_and_take_no_memory_from_it() {
    let host = Host::new();
    let program = Program::hosted(&[("PLUGIN_CLIENT_CERT", &host.pem())]);
    let handshake = program.handshake();

    let name = ServerName::try_from("localhost").unwrap();
    let config = Arc::new(host.client(&handshake, &[&TLS13]));
    let mut hello = Vec::new();
    ClientConnection::new(config, name).unwrap().write_tls(&mut hello).unwrap();
    let mut open = Vec::new();
    for words in first_words(&hello) {
        let mut stream = handshake.dial().await;
        // It may be refused before all of it is sent.
        let _ = stream.write_all(&words).await;
        open.push(stream);
    }

    for version in [&TLS12, &TLS13] {
        for algorithm in [&PKCS_ECDSA_P256_SHA256, &PKCS_ECDSA_P384_SHA384, &PKCS_ED25519] {
            let key = KeyPair::generate_for(algorithm).unwrap();
            let names = vec!["localhost".to_owned()];
            let certificate = CertificateParams::new(names).unwrap().self_signed(&key).unwrap();
            let config = client_with(&handshake, &[version], (&certificate, &key));
            let served = client::connect_tls(&handshake, config).await;
            served.expect_err("served with a key of another kind");
        }
        for other in [Host::new(), host.impostor()] {
            let served = client::connect_tls(&handshake, other.client(&handshake, &[version])).await;
            served.expect_err("served with another key of the same subject");
        }
    }

    let config = host.client(&handshake, &[&TLS13]);
    let channel = client::connect_tls(&handshake, config).await.unwrap();
    client::provider(&channel).get_metadata(pb::get_metadata::Request {}).await.unwrap();
    assert_bounded(&program, MOST_MEMORY);
    drop(open);
}
