//! Certificates (RFC 5280): that of the authority, and those of the servers that it signs.

use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType, ExtendedKeyUsagePurpose,
    IsCa, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

/// How far before its making a certificate is valid: a client's clock may be behind.
const BACKDATED: Duration = Duration::from_hours(24);

/// How long certificates are valid: longer than an emulator runs, and shorter than the 825 days that Apple's
/// verifier takes of anyone (<https://support.apple.com/en-us/103769>).
const VALID: Duration = Duration::from_hours(800 * 24);

/// How many characters a line of PEM has (RFC 7468, section 2).
const PEM_LINE: usize = 64;

/// What signs certificates.
pub type Issuer = CertifiedIssuer<'static, KeyPair>;

/// When certificates are valid, by the clock of the machine: clients go by theirs, not by the one that the
/// emulated services go by.
#[derive(Clone, Copy, Debug)]
pub struct Validity {
    not_before: SystemTime,
    not_after: SystemTime,
}

impl Validity {
    /// From a day before `now` on.
    pub fn from(now: SystemTime) -> Self {
        Self { not_before: now - BACKDATED, not_after: now + VALID }
    }
}

/// A new authority, which signs certificates of servers only.
///
/// # Errors
///
/// When the machine has no randomness.
pub fn authority(validity: Validity) -> Result<Issuer, rcgen::Error> {
    let mut params = params("alicloud-emulator CA", validity);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    CertifiedIssuer::self_signed(params, KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?)
}

/// A certificate for a server of this name or IP address, and its key.
///
/// # Errors
///
/// When `host` is not a name that a certificate can have.
pub fn server(
    host: &str,
    issuer: &Issuer,
    validity: Validity,
) -> Result<(CertificateDer<'static>, PrivateKeyDer<'static>), rcgen::Error> {
    let names = CertificateParams::new([host.to_owned()])?.subject_alt_names;
    let mut params = params("alicloud-emulator", validity);
    params.subject_alt_names = names;
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    // A key for each, because serial numbers are made of keys and must not repeat.
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
    let certificate = params.signed_by(&key, issuer)?.der().clone();
    Ok((certificate, PrivatePkcs8KeyDer::from(key.serialize_der()).into()))
}

fn params(common_name: &str, validity: Validity) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, common_name);
    params.not_before = validity.not_before.into();
    params.not_after = validity.not_after.into();
    params
}

/// A certificate as text (RFC 7468, section 5).
pub fn pem(certificate: &CertificateDer<'_>) -> String {
    let mut text = String::from("-----BEGIN CERTIFICATE-----\n");
    for (position, character) in STANDARD.encode(certificate).char_indices() {
        if position > 0 && position % PEM_LINE == 0 {
            text.push('\n');
        }
        text.push(character);
    }
    text.push_str("\n-----END CERTIFICATE-----\n");
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustls::pki_types::pem::PemObject as _;

    #[test]
    fn text_gives_the_certificate_back() {
        let certificate = authority(Validity::from(SystemTime::now())).unwrap();
        let text = pem(certificate.der());
        assert_eq!(&CertificateDer::from_pem_slice(text.as_bytes()).unwrap(), certificate.der());
        assert!(text.lines().all(|line| line.len() <= PEM_LINE), "{text}");
    }

    /// Object identifier, "critical", and the value: extensions as RFC 5280 section 4.2.1 has them in DER.
    const AUTHORITY_EXTENSIONS: [&str; 2] = [
        // basicConstraints: cA, pathLenConstraint 0
        "0603551d130101ff040830060101ff020100",
        // keyUsage: keyCertSign
        "0603551d0f0101ff040403020204",
    ];
    const SERVER_EXTENSIONS: [&str; 2] = [
        // keyUsage: digitalSignature
        "0603551d0f0101ff040403020780",
        // extKeyUsage: id-kp-serverAuth
        "0603551d25040c300a06082b06010505070301",
    ];

    #[test]
    fn each_certificate_is_good_for_its_purpose_only() {
        let validity = Validity::from(SystemTime::now());
        let issuer = authority(validity).unwrap();
        let authority = hex::encode(issuer.der());
        let server = hex::encode(server("a.localhost", &issuer, validity).unwrap().0);
        for (extensions, of, not_of) in
            [(AUTHORITY_EXTENSIONS, &authority, &server), (SERVER_EXTENSIONS, &server, &authority)]
        {
            for extension in extensions {
                assert!(of.contains(extension), "{extension} in {of}");
                assert!(!not_of.contains(extension), "{extension} in {not_of}");
            }
        }
    }

    #[test]
    fn no_two_certificates_share_a_serial_number() {
        let validity = Validity::from(SystemTime::now());
        let issuer = authority(validity).unwrap();
        let serial = |host: &str| {
            let (certificate, _) = server(host, &issuer, validity).unwrap();
            // SEQUENCE { SEQUENCE { [0] version, INTEGER serial, ...: behind two long headers and five bytes.
            certificate[13..35].to_vec()
        };
        assert_ne!(serial("a.localhost"), serial("b.localhost"));
        assert_ne!(serial("a.localhost"), serial("a.localhost"));
    }

    #[test]
    fn what_is_no_name_gets_no_certificate() {
        let validity = Validity::from(SystemTime::now());
        let issuer = authority(validity).unwrap();
        assert!(server("b\u{fc}cher.localhost", &issuer, validity).is_err());
    }
}
