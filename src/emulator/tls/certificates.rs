//! Certificates (RFC 5280): that of the authority, and those of the servers that it signs.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, CidrSubnet, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, KeyPair, KeyUsagePurpose, NameConstraints,
    PKCS_ECDSA_P256_SHA256,
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

/// The domains that an authority may certify names in: the cloud's and this machine's. A constraint has no place
/// for a region between the name of a service and the cloud's domain, so it is of the whole domain.
const DOMAINS: [&str; 2] = ["aliyuncs.com", "localhost"];

/// The networks that an authority may certify addresses of: this machine's, with the lengths of their prefixes.
const NETWORKS: [(IpAddr, u8); 2] =
    [(IpAddr::V4(Ipv4Addr::new(127, 0, 0, 0)), 8), (IpAddr::V6(Ipv6Addr::LOCALHOST), 128)];

/// A new authority, which signs certificates of servers only, and of few: whoever trusts it need not fear that it
/// speaks for another host (RFC 5280, section 4.2.1.10). `named` are the hosts that the emulator was told it has.
///
/// # Errors
///
/// When the machine has no randomness.
pub fn authority(named: &[String], validity: Validity) -> Result<Issuer, rcgen::Error> {
    let mut params = params("alicloud-emulator CA", validity);
    let named = named.iter().map(|host| match host.parse::<IpAddr>() {
        Ok(address) => GeneralSubtree::IpAddress(CidrSubnet::from_addr_prefix(
            address,
            if address.is_ipv4() { 32 } else { 128 },
        )),
        Err(_) => GeneralSubtree::DnsName(host.clone()),
    });
    let domains = DOMAINS.iter().map(|domain| GeneralSubtree::DnsName((*domain).to_owned()));
    let networks = NETWORKS
        .iter()
        .map(|(address, prefix)| GeneralSubtree::IpAddress(CidrSubnet::from_addr_prefix(*address, *prefix)));
    params.name_constraints = Some(NameConstraints {
        permitted_subtrees: domains.chain(networks).chain(named).collect(),
        excluded_subtrees: Vec::new(),
    });
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
    use rustls::RootCertStore;
    use rustls::client::WebPkiServerVerifier;
    use rustls::client::danger::ServerCertVerifier as _;
    use rustls::pki_types::pem::PemObject as _;
    use rustls::pki_types::{ServerName, UnixTime};
    use std::sync::Arc;

    #[test]
    fn text_gives_the_certificate_back() {
        let certificate = authority(&["127.0.0.1".to_owned()], Validity::from(SystemTime::now())).unwrap();
        let text = pem(certificate.der());
        assert_eq!(&CertificateDer::from_pem_slice(text.as_bytes()).unwrap(), certificate.der());
        assert!(text.lines().all(|line| line.len() <= PEM_LINE), "{text}");
    }

    /// Object identifier, "critical", and the value: extensions as RFC 5280 section 4.2.1 has them in DER.
    const AUTHORITY_EXTENSIONS: [&str; 3] = [
        // nameConstraints
        "0603551d1e0101ff",
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
        let issuer = authority(&["127.0.0.1".to_owned()], validity).unwrap();
        let authority = hex::encode(issuer.der());
        let server = hex::encode(server("a.localhost", &issuer, validity).unwrap().0);
        for (extensions, of, not_of) in
            [(&AUTHORITY_EXTENSIONS[..], &authority, &server), (&SERVER_EXTENSIONS, &server, &authority)]
        {
            for extension in extensions.iter().copied() {
                assert!(of.contains(extension), "{extension} in {of}");
                assert!(!not_of.contains(extension), "{extension} in {not_of}");
            }
        }
    }

    /// Whether a client that trusts the authority accepts a certificate that the authority has signed for a host.
    fn is_accepted(host: &str, issuer: &Issuer, validity: Validity) -> bool {
        let mut roots = RootCertStore::empty();
        roots.add(issuer.der().clone()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier =
            WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
        let (certificate, _) = server(host, issuer, validity).unwrap();
        let name = ServerName::try_from(host.to_owned()).unwrap();
        let outcome = verifier.verify_server_cert(&certificate, &[], &name, &[], UnixTime::now());
        let violates = |error: &rustls::Error| format!("{error:?}").contains("NameConstraintViolation");
        assert!(outcome.as_ref().err().is_none_or(violates), "{host}: {outcome:?}");
        outcome.is_ok()
    }

    #[test]
    fn the_authority_is_good_for_few_hosts() {
        let validity = Validity::from(SystemTime::now());
        let by_name = authority(&["emulator.internal".to_owned()], validity).unwrap();
        let by_address = authority(&["10.1.2.3".to_owned()], validity).unwrap();
        for (host, named, addressed) in [
            ("p.cn-hangzhou.log.aliyuncs.com", true, true),
            ("kms.cn-hangzhou.aliyuncs.com", true, true),
            ("localhost", true, true),
            ("p.localhost", true, true),
            ("127.0.0.1", true, true),
            ("127.1.2.3", true, true),
            ("::1", true, true),
            ("emulator.internal", true, false),
            ("p.emulator.internal", true, false),
            ("10.1.2.3", false, true),
            ("10.1.2.4", false, false),
            ("::2", false, false),
            ("internal", false, false),
            ("example.com", false, false),
            ("aliyuncs.com.example.com", false, false),
            ("xaliyuncs.com", false, false),
        ] {
            assert_eq!(is_accepted(host, &by_name, validity), named, "{host}");
            assert_eq!(is_accepted(host, &by_address, validity), addressed, "{host}");
        }
    }

    #[test]
    fn no_two_certificates_share_a_serial_number() {
        let validity = Validity::from(SystemTime::now());
        let issuer = authority(&["127.0.0.1".to_owned()], validity).unwrap();
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
        let issuer = authority(&["127.0.0.1".to_owned()], validity).unwrap();
        assert!(server("b\u{fc}cher.localhost", &issuer, validity).is_err());
    }
}
