//! Certificate authorities that are trusted in addition to those of the system.

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

/// Certificates that can be the root of a chain.
#[derive(Clone, PartialEq, Eq)]
pub struct CaBundle(Vec<CertificateDer<'static>>);

/// Why a bundle cannot be used, as a sentence for a person.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CaBundleError {
    /// No certificate at all.
    #[error("It holds no certificate in PEM form (-----BEGIN CERTIFICATE-----).")]
    Empty,
    /// Not PEM.
    #[error("It cannot be read as PEM after {0} whole certificates: {1}.")]
    Pem(usize, String),
    /// PEM with something that is not a certificate.
    #[error("Certificate {0} in it is not a valid X.509 certificate: {1}.")]
    Certificate(usize, String),
}

impl CaBundle {
    /// Parses PEM with any number of certificates. Other sections, such as keys, and text between sections are skipped.
    ///
    /// # Errors
    /// A [`CaBundleError`] when there is no certificate, or one is incomplete.
    pub fn parse(pem: &[u8]) -> Result<Self, CaBundleError> {
        // Some editors begin a file with a byte order mark.
        let pem = pem.strip_prefix(b"\xef\xbb\xbf").unwrap_or(pem);
        let mut certificates: Vec<CertificateDer<'static>> = Vec::new();
        let mut roots = rustls::RootCertStore::empty();
        for section in CertificateDer::pem_slice_iter(pem) {
            let certificate =
                section.map_err(|error| CaBundleError::Pem(certificates.len(), error.to_string()))?;
            roots
                .add(certificate.clone())
                .map_err(|error| CaBundleError::Certificate(certificates.len() + 1, error.to_string()))?;
            certificates.push(certificate);
        }
        if certificates.is_empty() { Err(CaBundleError::Empty) } else { Ok(Self(certificates)) }
    }

    /// How many certificates there are; at least 1.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// The certificates as DER.
    pub(super) fn certificates(&self) -> impl Iterator<Item = &[u8]> {
        self.0.iter().map(AsRef::as_ref)
    }
}

/// Shows only the number of certificates.
impl std::fmt::Debug for CaBundle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "CaBundle({} certificates)", self.count())
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    fn pem(der: &[u8]) -> String {
        format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", STANDARD.encode(der))
    }

    fn certificate() -> String {
        pem(rcgen::generate_simple_self_signed(["ca.example".to_owned()]).unwrap().cert.der())
    }

    #[test]
    fn every_certificate_counts_and_text_between_them_does_not() {
        let bundle = format!("# ours\n{}\n# theirs\n{}", certificate(), certificate());
        assert_eq!(CaBundle::parse(bundle.as_bytes()).unwrap().count(), 2);
        let marked = format!("\u{feff}{}", certificate());
        assert_eq!(CaBundle::parse(marked.as_bytes()).unwrap().count(), 1);
    }

    #[track_caller]
    fn refused(bundle: &str, part: &str) {
        let sentence = CaBundle::parse(bundle.as_bytes()).unwrap_err().to_string();
        assert!(sentence.contains(part), "{sentence}");
    }

    #[test]
    fn a_bundle_is_whole_or_refused() {
        refused("", "no certificate");
        refused("not a certificate", "no certificate");
        refused("-----BEGIN CERTIFICATE-----\n%%%\n-----END CERTIFICATE-----\n", "after 0 whole");
        refused(&(certificate() + "-----BEGIN CERTIFICATE-----\nAAAA"), "after 1 whole");
        refused(&pem(b"no certificate"), "Certificate 1 in it");
        refused(&(certificate() + &pem(b"no certificate")), "Certificate 2 in it");
        refused("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "no certificate");
    }
}
