//! Signatures of the services in RPC style: RAM, KMS and STS.
//!
//! Sources: Alibaba Cloud documentation, "Request syntax and signature method V3" (ACS3) and "Signature method of
//! RPC"; the official Python SDKs for details that the pages leave open. Each step is a separate function, and is
//! tested with vectors computed with the official SDKs.

pub mod acs3;
pub mod v1;
#[cfg(test)]
mod vectors;

use time::OffsetDateTime;
use time::macros::{format_description, offset};

use crate::credentials::Credentials;
use crate::http::{Headers, HttpRequest};
use crate::signing::signing_error::{SigningError, check_header_value};

/// The kind of signature of a request. The services accept both from every client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SignatureVersion {
    /// `ACS3-HMAC-SHA256`, also called V3: the default of the current SDKs. Signs the host and the body, and keeps
    /// the security token out of the address.
    Acs3HmacSha256,
    /// RPC version 1 with HMAC-SHA1, which the older SDKs and the official provider send. The signature and the
    /// token are parameters of the query; the host is not signed.
    V1HmacSha1,
}

/// Signs a request: sets the date, the nonce, the digest of the body, the token and the signature.
///
/// `nonce` must differ from those of all other requests of the account: the services refuse a second use. The request
/// must name the action already: in the headers `x-acs-action` and `x-acs-version` for ACS3, in the query parameters
/// `Action`, `Version` and `Format` for version 1.
///
/// On an error the request is unchanged. A signed request may be signed again, with another date and nonce or other
/// credentials; the earlier signature is removed.
///
/// # Errors
/// [`SigningError::HeaderValue`] when a key, token or nonce cannot be the value of a header, [`SigningError::Date`]
/// when `at` cannot be written.
pub fn sign(
    request: &mut HttpRequest,
    version: SignatureVersion,
    credentials: &Credentials,
    nonce: &str,
    at: OffsetDateTime,
) -> Result<(), SigningError> {
    check_header_value("access key id", &credentials.access_key_id)?;
    check_header_value("signature nonce", nonce)?;
    if let Some(token) = &credentials.security_token {
        check_header_value("security token", token.expose())?;
    }
    let date = date(at)?;
    let mut signed = request.clone();
    signed.headers = unsigned_headers(&request.headers);
    signed.query.retain(|name, _| !v1::SET_BY_SIGNING.contains(&name.as_str()));
    match version {
        SignatureVersion::Acs3HmacSha256 => acs3::sign(&mut signed, credentials, nonce, &date),
        SignatureVersion::V1HmacSha1 => v1::sign(&mut signed, credentials, nonce, &date),
    }
    *request = signed;
    Ok(())
}

/// The time in UTC as both versions write it: ISO 8601, `2026-11-20T08:00:00Z`.
///
/// # Errors
/// [`SigningError::Date`] outside the years 0 to 9999.
pub fn date(at: OffsetDateTime) -> Result<String, SigningError> {
    let format = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z");
    let utc = at.to_offset(offset!(UTC));
    if !(0..=9999).contains(&utc.year()) {
        return Err(SigningError::Date(at));
    }
    utc.format(format).map_err(|_| SigningError::Date(at))
}

fn unsigned_headers(headers: &Headers) -> Headers {
    let mut kept = Headers::default();
    for (name, value) in headers.iter().filter(|(name, _)| !acs3::SET_BY_SIGNING.contains(name)) {
        kept.set(name, value);
    }
    kept
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;
    use crate::endpoint::Endpoint;
    use crate::http::Method;
    use crate::testing::credentials;

    const VERSIONS: [SignatureVersion; 2] = [SignatureVersion::Acs3HmacSha256, SignatureVersion::V1HmacSha1];

    fn request() -> HttpRequest {
        let origin = Endpoint::parse("ram.aliyuncs.com").unwrap().origin();
        let mut request = HttpRequest::new(Method::Post, origin, "/");
        request.headers.set("content-type", "application/x-www-form-urlencoded");
        request.query.insert("Action".into(), "GetRole".into());
        request.body = b"RoleName=demo".to_vec();
        request
    }

    #[test]
    fn failure_leaves_the_entire_request_unchanged() {
        let noon = datetime!(2026-11-20 12:00 UTC);
        let bad = [
            (credentials("ak", Some("line\nbreak")), "n", noon),
            (credentials("ak\r\nx: y", None), "n", noon),
            (credentials("", None), "n", noon),
            (credentials("ak", None), "", noon),
            (credentials("ak", None), "n\n", noon),
            (credentials("ak", None), "n", datetime!(-0001-01-01 00:00 UTC)),
        ];
        for version in VERSIONS {
            for (credentials, nonce, at) in &bad {
                let mut request = request();
                let before = request.clone();
                assert!(sign(&mut request, version, credentials, nonce, *at).is_err());
                assert_eq!(request, before);
            }
        }
    }

    #[test]
    fn signing_again_equals_signing_once() {
        let noon = datetime!(2026-11-20 12:00 UTC);
        for version in VERSIONS {
            let mut once = request();
            sign(&mut once, version, &credentials("ak", None), "n2", noon).unwrap();
            for earlier in VERSIONS {
                let mut twice = request();
                let at = datetime!(2026-11-20 11:00 UTC);
                sign(&mut twice, earlier, &credentials("old", Some("token")), "n1", at).unwrap();
                assert_ne!(twice, request());
                sign(&mut twice, version, &credentials("ak", None), "n2", noon).unwrap();
                assert_eq!(twice, once);
            }
        }
    }

    #[test]
    fn acs3_adds_nothing_to_the_address() {
        let mut signed = request();
        let noon = datetime!(2026-11-20 12:00 UTC);
        let session = credentials("ak", Some("token"));
        sign(&mut signed, SignatureVersion::Acs3HmacSha256, &session, "n", noon).unwrap();
        assert_eq!(signed.url(), request().url());
    }
}
