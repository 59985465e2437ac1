//! Mutual TLS between host and plugin, each trusting exactly one certificate.
//!
//! The host passes its certificate in the environment, the plugin its own in the handshake line.
//! Nothing else is trusted: no certificate store is read.

use std::sync::Arc;

use rcgen::{CertificateParams, ExtendedKeyUsagePurpose, KeyPair, PKCS_ECDSA_P256_SHA256};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, ServerConfig, SignatureScheme,
    client::danger::HandshakeSignatureValid,
    crypto::{self, CryptoProvider, WebPkiSupportedAlgorithms, ring},
    pki_types::{
        AlgorithmIdentifier, CertificateDer, InvalidSignature, PrivateKeyDer, PrivatePkcs8KeyDer,
        SignatureVerificationAlgorithm, UnixTime, alg_id,
        pem::{self, PemObject},
    },
    server::{
        NoServerSessionStorage,
        danger::{ClientCertVerified, ClientCertVerifier},
    },
    version::{TLS12, TLS13},
};

/// The name hosts dial with.
const SERVER_NAME: &str = "localhost";

/// What is needed to accept TLS connections.
#[derive(Clone, Debug)]
pub struct Tls {
    /// How connections are accepted.
    pub config: Arc<ServerConfig>,
    /// Our own certificate, for the handshake line.
    pub certificate: CertificateDer<'static>,
}

/// TLS cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// What the host sent is not a certificate.
    #[error("the host's certificate in PLUGIN_CLIENT_CERT cannot be read: {0}")]
    ClientCertificate(pem::Error),
    /// Our own certificate cannot be made.
    #[error("the provider's certificate cannot be made: {0}")]
    OwnCertificate(#[from] rcgen::Error),
    /// The TLS library refuses the set-up.
    #[error("TLS cannot be set up: {0}")]
    SetUp(#[from] rustls::Error),
}

impl Tls {
    /// Makes a fresh key and certificate, and trusts the holder of `client_certificate` (PEM) alone.
    ///
    /// # Errors
    ///
    /// [`TlsError`]; the first variant is the host's fault, the others mean a broken machine.
    pub fn new(client_certificate: &str) -> Result<Tls, TlsError> {
        let trusted = CertificateDer::from_pem_slice(client_certificate.as_bytes())
            .map_err(TlsError::ClientCertificate)?;
        let (certificate, key) = own_certificate()?;
        let provider = Arc::new(ring::default_provider());
        // Hosts speak TLS 1.3. Go's FIPS mode speaks only TLS 1.2 in older versions (a guess: not tried). Go signs
        // with the P-521 key and SHA-512, the first scheme that is offered to it. A client that takes another digest
        // for that key, as OpenSSL does, is refused in TLS 1.2; in TLS 1.3 key and digest belong together.
        let mut config = ServerConfig::builder_with_provider(provider.clone())
            .with_protocol_versions(&[&TLS13, &TLS12])?
            .with_client_cert_verifier(Arc::new(Pinned { trusted, provider }))
            .with_single_cert(vec![certificate.clone()], key)?;
        // gRPC libraries since 2024 insist on it.
        config.alpn_protocols = vec![b"h2".to_vec()];
        // A host connects once: there is nothing to resume.
        config.send_tls13_tickets = 0;
        config.session_storage = Arc::new(NoServerSessionStorage {});
        Ok(Tls { config: Arc::new(config), certificate })
    }
}

/// A certificate for this process alone. Its key, of the fastest kind hosts accept, never leaves memory.
fn own_certificate() -> Result<(CertificateDer<'static>, PrivateKeyDer<'static>), rcgen::Error> {
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
    let mut params = CertificateParams::new([SERVER_NAME.to_owned()])?;
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let certificate = params.self_signed(&key)?.der().clone();
    Ok((certificate, PrivatePkcs8KeyDer::from(key.serialize_der()).into()))
}

/// Accepts one client certificate and its key, and no other.
///
/// The certificate is compared, not validated: it is self-signed, and a CA's, which the ordinary
/// verifier refuses for a client.
#[derive(Debug)]
struct Pinned {
    trusted: CertificateDer<'static>,
    provider: Arc<CryptoProvider>,
}

impl ClientCertVerifier for Pinned {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        if *end_entity == self.trusted {
            Ok(ClientCertVerified::assertion())
        } else {
            Err(CertificateError::ApplicationVerificationFailure.into())
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        crypto::verify_tls12_signature(message, certificate, signed, &self.algorithms(signed.scheme))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        crypto::verify_tls13_signature(message, certificate, signed, &self.algorithms(signed.scheme))
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        let mut schemes = P521_ALGORITHMS.supported_schemes();
        schemes.extend(self.provider.signature_verification_algorithms.supported_schemes());
        schemes
    }
}

impl Pinned {
    fn algorithms(&self, scheme: SignatureScheme) -> WebPkiSupportedAlgorithms {
        match scheme {
            SignatureScheme::ECDSA_NISTP521_SHA512 => P521_ALGORITHMS,
            _ => self.provider.signature_verification_algorithms,
        }
    }
}

/// Hosts sign with ECDSA on P-521, which `ring` lacks.
const P521_ALGORITHMS: WebPkiSupportedAlgorithms = WebPkiSupportedAlgorithms {
    all: &[&P521Sha512],
    mapping: &[(SignatureScheme::ECDSA_NISTP521_SHA512, &[&P521Sha512])],
};

/// ECDSA on the curve P-521 with SHA-512 (RFC 8446 section 4.2.3, `ecdsa_secp521r1_sha512`).
#[derive(Debug)]
struct P521Sha512;

impl SignatureVerificationAlgorithm for P521Sha512 {
    fn verify_signature(
        &self,
        public_key: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), InvalidSignature> {
        use p521::ecdsa::{DerSignature, VerifyingKey, signature::Verifier};
        let key = VerifyingKey::from_sec1_bytes(public_key).map_err(|_| InvalidSignature)?;
        let signature = DerSignature::try_from(signature).map_err(|_| InvalidSignature)?;
        key.verify(message, &signature).map_err(|_| InvalidSignature)
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        alg_id::ECDSA_P521
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        alg_id::ECDSA_SHA512
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made with OpenSSL 3: `openssl ecparam -name secp521r1 -genkey`, `openssl dgst -sha512 -sign`.
    const PUBLIC_KEY: &str = "04001663287f11b33734609abeca703fd96ef22eaf0514a4ba94e24ef3b98d085b5580f32bfdc3f2b0fcf833f1bda6c91561ebce93f597dd74540008958801d794bb8000c54736a0f15e7cbb2d929f7af0e4a0ac8c78240addfce3d46e62ea6e417ebd7b1e98ad153ca3a35a0adc5434d6f3e410fb8fb9a36f24cba69bbdd8e32d97b63a09";
    const SIGNATURE: &str = "3081880242013b00afff411b1749279bbc62a3233eb7b559fe6430be37f5ee071dc4521d2ff6619f50781851aa470adc1b88d6cdedafe63e206a0520889ae91e9517f6324e5280024200d5efb2a24e6616652f209ba5803f3e4f2c4aec9a25f4f0c3d2263a62c773392d6b43364f8007d5297250291e9623857baa3fb5dac25b0effb4d7b8057013137238";

    fn verify(public_key: &[u8], message: &[u8], signature: &[u8]) -> bool {
        P521Sha512.verify_signature(public_key, message, signature).is_ok()
    }

    #[test]
    fn a_signature_made_by_another_library_is_verified() {
        let (key, signature) = (hex::decode(PUBLIC_KEY).unwrap(), hex::decode(SIGNATURE).unwrap());
        assert!(verify(&key, b"a message", &signature));
    }

    #[test]
    fn anything_but_that_signature_of_that_message_is_refused() {
        let (key, signature) = (hex::decode(PUBLIC_KEY).unwrap(), hex::decode(SIGNATURE).unwrap());
        assert!(!verify(&key, b"another message", &signature));
        let mut flipped = signature.clone();
        *flipped.last_mut().unwrap() ^= 1;
        assert!(!verify(&key, b"a message", &flipped));
        assert!(!verify(&key[1..], b"a message", &signature));
        assert!(!verify(&key, b"a message", b""));
        assert!(!verify(b"", b"a message", &signature));
    }

    #[test]
    fn a_client_certificate_that_is_none_is_named() {
        let error = Tls::new("not PEM").unwrap_err();
        assert!(error.to_string().contains("PLUGIN_CLIENT_CERT"), "{error}");
    }
}
