//! The certificate of a pretended host, of the kind Terraform makes: ECDSA P-521, self-signed with
//! SHA-512, and a certificate authority's.
//!
//! The certificate libraries at hand cannot make one on P-521, so its DER (X.690, RFC 5280) is written
//! out here.

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::STANDARD, prelude::BASE64_STANDARD_NO_PAD};
use p521::{
    ecdsa::{DerSignature, SigningKey, signature::Signer},
    elliptic_curve::Generate,
};
use rustls::{
    ClientConfig, RootCertStore, SignatureAlgorithm, SignatureScheme, SupportedProtocolVersion,
    client::ResolvesClientCert,
    crypto::ring,
    pki_types::{CertificateDer, PrivatePkcs8KeyDer},
    sign::{self, CertifiedKey},
};

use crate::client::Handshake;

/// A key with its certificate.
#[derive(Clone, Debug)]
pub struct Host {
    key: SigningKey,
    certificate: Vec<u8>,
}

impl Host {
    /// A fresh key and certificate.
    pub fn new() -> Host {
        let key = SigningKey::generate();
        let certificate = self_signed(&key);
        Host { key, certificate }
    }

    /// Another key that claims this host's certificate.
    pub fn impostor(&self) -> Host {
        Host { key: SigningKey::generate(), certificate: self.certificate.clone() }
    }

    /// The certificate as the provider gets it.
    pub fn pem(&self) -> String {
        let text = STANDARD.encode(&self.certificate);
        let lines: Vec<&str> =
            text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
        format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
    }

    /// A client that trusts the certificate in the handshake and shows its own.
    pub fn client(
        &self,
        handshake: &Handshake,
        versions: &[&'static SupportedProtocolVersion],
    ) -> ClientConfig {
        let certified = CertifiedKey {
            cert: vec![CertificateDer::from(self.certificate.clone())],
            key: Arc::new(Key(self.key.clone())),
            ocsp: None,
        };
        client(handshake, versions, Some(Arc::new(certified)))
    }
}

/// A client that trusts the certificate in the handshake and has none itself.
pub fn client_without_certificate(handshake: &Handshake) -> ClientConfig {
    client(handshake, rustls::ALL_VERSIONS, None)
}

/// A client with this certificate, and a key of one of the kinds that programs commonly have.
pub fn client_with(
    handshake: &Handshake,
    versions: &[&'static SupportedProtocolVersion],
    (certificate, key): (&rcgen::Certificate, &rcgen::KeyPair),
) -> ClientConfig {
    let key = PrivatePkcs8KeyDer::from(key.serialize_der()).into();
    let certified = CertifiedKey {
        cert: vec![certificate.der().clone()],
        key: ring::sign::any_supported_type(&key).unwrap(),
        ocsp: None,
    };
    client(handshake, versions, Some(Arc::new(certified)))
}

fn client(
    handshake: &Handshake,
    versions: &[&'static SupportedProtocolVersion],
    certified: Option<Arc<CertifiedKey>>,
) -> ClientConfig {
    let trusted = BASE64_STANDARD_NO_PAD.decode(&handshake.certificate).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(trusted)).unwrap();
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(versions)
        .unwrap()
        .with_root_certificates(roots)
        .with_client_cert_resolver(Arc::new(Certificate(certified)));
    config.alpn_protocols = vec![b"h2".to_vec()];
    config
}

/// Shows the same certificate to everybody, or none.
#[derive(Debug)]
struct Certificate(Option<Arc<CertifiedKey>>);

impl ResolvesClientCert for Certificate {
    fn resolve(&self, _hints: &[&[u8]], _schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.0.clone()
    }

    fn has_certs(&self) -> bool {
        self.0.is_some()
    }
}

/// Signs handshakes, where the server takes this kind of signature.
#[derive(Clone, Debug)]
struct Key(SigningKey);

impl sign::SigningKey for Key {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn sign::Signer>> {
        offered.contains(&SignatureScheme::ECDSA_NISTP521_SHA512).then(|| Box::new(self.clone()) as _)
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        SignatureAlgorithm::ECDSA
    }
}

impl sign::Signer for Key {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rustls::Error> {
        let signature: DerSignature = self.0.sign(message);
        Ok(signature.as_bytes().to_vec())
    }

    fn scheme(&self) -> SignatureScheme {
        SignatureScheme::ECDSA_NISTP521_SHA512
    }
}

const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const BIT_STRING: u8 = 0x03;
const OCTET_STRING: u8 = 0x04;
const UTF8_STRING: u8 = 0x0c;
const UTC_TIME: u8 = 0x17;
/// `[0]` and `[3]`, explicit; `[2]`, implicit.
const VERSION: u8 = 0xa0;
const EXTENSIONS: u8 = 0xa3;
const DNS_NAME: u8 = 0x82;

/// `ecdsa-with-SHA512`, 1.2.840.10045.4.3.4.
const ECDSA_SHA512: &[u8] = &[0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x04];
/// `id-ecPublicKey`, 1.2.840.10045.2.1, on `secp521r1`, 1.3.132.0.35.
const EC_P521: &[u8] =
    &[0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x23];
/// `commonName`, 2.5.4.3.
const COMMON_NAME: &[u8] = &[0x06, 0x03, 0x55, 0x04, 0x03];
/// 2.5.29.19, critical: a certificate authority.
const BASIC_CONSTRAINTS: &[u8] =
    &[0x30, 0x0f, 0x06, 0x03, 0x55, 0x1d, 0x13, 0x01, 0x01, 0xff, 0x04, 0x05, 0x30, 0x03, 0x01, 0x01, 0xff];
/// 2.5.29.15, critical: digitalSignature, keyEncipherment, keyAgreement, keyCertSign.
const KEY_USAGE: &[u8] =
    &[0x30, 0x0e, 0x06, 0x03, 0x55, 0x1d, 0x0f, 0x01, 0x01, 0xff, 0x04, 0x04, 0x03, 0x02, 0x02, 0xac];
/// 2.5.29.37: clientAuth and serverAuth.
const EXTENDED_KEY_USAGE: &[u8] = &[
    0x30, 0x1d, 0x06, 0x03, 0x55, 0x1d, 0x25, 0x04, 0x16, 0x30, 0x14, 0x06, 0x08, 0x2b, 0x06, 0x01, 0x05,
    0x05, 0x07, 0x03, 0x02, 0x06, 0x08, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01,
];
/// `subjectAltName`, 2.5.29.17.
const SUBJECT_ALT_NAME: &[u8] = &[0x06, 0x03, 0x55, 0x1d, 0x11];

fn self_signed(key: &SigningKey) -> Vec<u8> {
    let algorithm = der(SEQUENCE, &[ECDSA_SHA512]);
    let name =
        der(SEQUENCE, &[&der(SET, &[&der(SEQUENCE, &[COMMON_NAME, &der(UTF8_STRING, &[b"localhost"])])])]);
    let validity = der(SEQUENCE, &[&der(UTC_TIME, &[b"200101000000Z"]), &der(UTC_TIME, &[b"490101000000Z"])]);
    let point = key.verifying_key().to_sec1_point(false);
    let public_key =
        der(SEQUENCE, &[&der(SEQUENCE, &[EC_P521]), &der(BIT_STRING, &[&[0], point.as_bytes()])]);
    let dns_names = der(SEQUENCE, &[&der(DNS_NAME, &[b"localhost"])]);
    let subject_alt_name = der(SEQUENCE, &[SUBJECT_ALT_NAME, &der(OCTET_STRING, &[&dns_names])]);
    let extensions = der(SEQUENCE, &[BASIC_CONSTRAINTS, KEY_USAGE, EXTENDED_KEY_USAGE, &subject_alt_name]);
    let certificate = der(
        SEQUENCE,
        &[
            &der(VERSION, &[&[0x02, 0x01, 0x02]]),
            &[0x02, 0x01, 0x01],
            &algorithm,
            &name,
            &validity,
            &name,
            &public_key,
            &der(EXTENSIONS, &[&extensions]),
        ],
    );
    let signature: DerSignature = key.sign(&certificate);
    der(SEQUENCE, &[&certificate, &algorithm, &der(BIT_STRING, &[&[0], signature.as_bytes()])])
}

/// One value: tag, length, contents.
fn der(tag: u8, contents: &[&[u8]]) -> Vec<u8> {
    let contents = contents.concat();
    let length = u16::try_from(contents.len()).unwrap();
    let mut encoded = vec![tag];
    match length {
        0..=0x7f => encoded.push(u8::try_from(length).unwrap()),
        0x80..=0xff => encoded.extend([0x81, u8::try_from(length).unwrap()]),
        _ => encoded.extend([&[0x82][..], &length.to_be_bytes()].concat()),
    }
    encoded.extend(contents);
    encoded
}
