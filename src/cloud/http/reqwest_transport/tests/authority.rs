//! Certificates for the servers of the tests.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

use crate::http::CaBundle;

/// A certificate authority that no client trusts by default.
pub(super) struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub(super) fn new() -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "test authority");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    /// The bundle that makes a client trust it.
    pub(super) fn bundle(&self) -> CaBundle {
        bundle(self.0.der())
    }

    /// A server with a certificate for these names.
    pub(super) fn server(&self, names: &[&str]) -> TlsAcceptor {
        self.server_with(names, |_| {})
    }

    /// A server with a certificate for these names, after `change`.
    pub(super) fn server_with(
        &self,
        names: &[&str],
        change: impl FnOnce(&mut CertificateParams),
    ) -> TlsAcceptor {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap().der().clone();
        acceptor(certificate, key.serialize_der())
    }
}

/// A server for 127.0.0.1 whose certificate only its own bundle makes trusted, and that bundle.
pub(super) fn self_signed() -> (TlsAcceptor, CaBundle) {
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let certificate = made.cert.der().clone();
    let trusted = bundle(&certificate);
    (acceptor(certificate, made.signing_key.serialize_der()), trusted)
}

/// The same, with a certificate that is one of an authority, as `openssl req -x509` makes it.
pub(super) fn self_signed_authority() -> (TlsAcceptor, CaBundle) {
    let mut params = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap().der().clone();
    let trusted = bundle(&certificate);
    (acceptor(certificate, key.serialize_der()), trusted)
}

fn bundle(certificate: &CertificateDer<'_>) -> CaBundle {
    let text = STANDARD.encode(certificate);
    let pem = format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n");
    CaBundle::parse(pem.as_bytes()).unwrap()
}

fn acceptor(certificate: CertificateDer<'static>, key: Vec<u8>) -> TlsAcceptor {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], PrivateKeyDer::Pkcs8(key.into()))
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}
