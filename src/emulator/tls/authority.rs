//! The emulator's certificate authority.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use rustls::crypto::ring::sign::any_ecdsa_type;
use rustls::sign::CertifiedKey;

use super::certificates::{self, Issuer, Validity};
use crate::hosts::Hosts;

/// How many certificates are kept. Beyond that they are forgotten and made again: clients choose the names.
const KEPT: usize = 4096;

/// Why TLS cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A certificate cannot be made.
    #[error("a certificate cannot be made: {0}")]
    Certificate(#[from] rcgen::Error),
    /// The TLS library refuses a key or a configuration.
    #[error("TLS cannot be set up: {0}")]
    SetUp(#[from] rustls::Error),
}

/// A certificate authority. Its key exists in memory only.
pub struct Authority {
    issuer: Issuer,
    hosts: Arc<Hosts>,
    validity: Validity,
    made: Mutex<HashMap<String, Arc<CertifiedKey>>>,
}

impl Authority {
    /// A new authority, whose certificates are valid from a day before `now` on. They are of the hosts that
    /// [`Hosts::is_certified`] says.
    ///
    /// # Errors
    ///
    /// When the machine has no randomness.
    pub fn new(hosts: &Arc<Hosts>, now: SystemTime) -> Result<Self, TlsError> {
        let validity = Validity::from(now);
        let issuer = certificates::authority(hosts.named(), validity)?;
        Ok(Self { issuer, hosts: Arc::clone(hosts), validity, made: Mutex::default() })
    }

    /// Whether a host is one whose certificates clients accept of this authority.
    pub fn is_for(&self, host: &str) -> bool {
        self.hosts.is_certified(host)
    }

    /// The certificate that clients have to trust, as PEM.
    pub fn certificate(&self) -> String {
        certificates::pem(self.issuer.der())
    }

    /// The certificate of a host, and its key. Names that differ in case are the same.
    ///
    /// # Errors
    ///
    /// When a certificate cannot have this name.
    pub fn certified(&self, host: &str) -> Result<Arc<CertifiedKey>, TlsError> {
        let host = host.to_ascii_lowercase();
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(key) = made.get(&host) {
            return Ok(Arc::clone(key));
        }
        let (certificate, key) = certificates::server(&host, &self.issuer, self.validity)?;
        let certified = Arc::new(CertifiedKey::new(vec![certificate], any_ecdsa_type(&key)?));
        if made.len() >= KEPT {
            made.clear();
        }
        made.insert(host, Arc::clone(&certified));
        Ok(certified)
    }
}

impl fmt::Debug for Authority {
    /// Without the keys.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authority").field("validity", &self.validity).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn authority_of(host: &str) -> Authority {
        Authority::new(&Arc::new(Hosts::new([host])), SystemTime::now()).unwrap()
    }

    #[test]
    fn a_certificate_is_made_once_for_a_name_in_any_case() {
        let authority = authority_of("127.0.0.1");
        let first = authority.certified("p.cn-hangzhou.log.aliyuncs.com").unwrap();
        let again = authority.certified("P.CN-Hangzhou.log.aliyuncs.com").unwrap();
        assert!(Arc::ptr_eq(&first, &again));
        assert!(!Arc::ptr_eq(&first, &authority.certified("kms.cn-hangzhou.aliyuncs.com").unwrap()));
    }

    #[test]
    fn no_more_certificates_are_kept_than_there_is_room_for() {
        let authority = authority_of("127.0.0.1");
        let some = authority.certified("some.localhost").unwrap();
        let room = |i: usize| (format!("{i}.localhost"), Arc::clone(&some));
        *authority.made.lock().unwrap() = (0..KEPT).map(room).collect();
        authority.certified("one-more.localhost").unwrap();
        assert_eq!(authority.made.lock().unwrap().len(), 1);
    }

    #[test]
    fn nothing_of_the_keys_is_printed() {
        let printed = format!("{:?}", authority_of("127.0.0.1"));
        assert!(printed.starts_with("Authority { validity: ") && printed.ends_with(", .. }"), "{printed}");
    }
}
