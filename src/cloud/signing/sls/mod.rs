//! Signatures of the Simple Log Service.
//!
//! Sources: SLS documentation, "Request signature" (V1) and "Signature version 4"; the official Go and Python SDKs
//! for details that the pages leave open. Each step is a separate function, and is tested with vectors computed with
//! the official SDKs.

mod headers;
pub mod v1;
pub mod v4;
#[cfg(test)]
mod vectors;

use time::OffsetDateTime;

use crate::credentials::Credentials;
use crate::http::{Headers, HttpRequest};
use crate::names::Region;
use crate::signing::signing_error::{SigningError, check_header_value};

/// The kind of signature of a request. The service accepts all three from every client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SignatureVersion {
    /// `LOG` with HMAC-SHA1: the default of most official SDKs. The host is not signed.
    V1HmacSha1,
    /// `LOG` with HMAC-SHA256: the default of the SDKs that are generated from the service's model.
    V1HmacSha256,
    /// `SLS4-HMAC-SHA256`: signs the host and the region; some newer regions require it.
    V4,
}

/// Signs a request: sets the date, the digest of the body, the token and `authorization`.
///
/// On an error the request is unchanged. A signed request may be signed again, with another date or other
/// credentials; the earlier signature is removed.
///
/// # Errors
/// [`SigningError::HeaderValue`] when a key or token cannot be the value of a header, [`SigningError::Date`] when `at`
/// cannot be written.
pub fn sign(
    request: &mut HttpRequest,
    version: SignatureVersion,
    credentials: &Credentials,
    region: &Region,
    at: OffsetDateTime,
) -> Result<(), SigningError> {
    check_header_value("access key id", &credentials.access_key_id)?;
    let mut signed = request.clone();
    signed.headers = unsigned_headers(&request.headers);
    if let Some(token) = &credentials.security_token {
        check_header_value("security token", token.expose())?;
        signed.headers.set(SECURITY_TOKEN, token.expose());
    }
    let authorization = match version {
        SignatureVersion::V1HmacSha1 => v1::sign(&mut signed, v1::Method::HmacSha1, credentials, at)?,
        SignatureVersion::V1HmacSha256 => v1::sign(&mut signed, v1::Method::HmacSha256, credentials, at)?,
        SignatureVersion::V4 => v4::sign(&mut signed, credentials, region, at)?,
    };
    signed.headers.set("authorization", authorization);
    *request = signed;
    Ok(())
}

const SECURITY_TOKEN: &str = "x-acs-security-token";

/// The headers that any version of the signature sets.
const SET_BY_SIGNING: &[&str] = &[
    "authorization",
    "content-md5",
    "date",
    SECURITY_TOKEN,
    "x-log-content-sha256",
    "x-log-date",
    "x-log-signaturemethod",
];

fn unsigned_headers(headers: &Headers) -> Headers {
    let mut kept = Headers::default();
    for (name, value) in headers.iter().filter(|(name, _)| !SET_BY_SIGNING.contains(name)) {
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

    const VERSIONS: [SignatureVersion; 3] =
        [SignatureVersion::V1HmacSha1, SignatureVersion::V1HmacSha256, SignatureVersion::V4];

    fn request() -> HttpRequest {
        let origin = Endpoint::parse("demo.cn-hangzhou.log.aliyuncs.com").unwrap().origin();
        let mut request = HttpRequest::new(Method::Put, origin, "/logstores/app");
        request.headers.set("content-type", "application/json");
        request.body = b"{}".to_vec();
        request
    }

    fn region() -> Region {
        Region::parse("cn-hangzhou").unwrap()
    }

    #[test]
    fn failure_leaves_the_entire_request_unchanged() {
        let noon = datetime!(2026-11-20 12:00 UTC);
        let bad = [
            (credentials("ak", Some("line\nbreak")), noon),
            (credentials("ak\r\nx: y", None), noon),
            (credentials("", None), noon),
            (credentials("ak", None), datetime!(-0001-01-01 00:00 UTC)),
        ];
        for version in VERSIONS {
            for (credentials, at) in &bad {
                let mut request = request();
                let before = request.clone();
                assert!(sign(&mut request, version, credentials, &region(), *at).is_err());
                assert_eq!(request, before);
            }
        }
    }

    #[test]
    fn signing_again_equals_signing_once() {
        let noon = datetime!(2026-11-20 12:00 UTC);
        for version in VERSIONS {
            let mut once = request();
            sign(&mut once, version, &credentials("ak", None), &region(), noon).unwrap();
            for earlier in VERSIONS {
                let mut twice = request();
                let at = datetime!(2026-11-20 11:00 UTC);
                sign(&mut twice, earlier, &credentials("old", Some("token")), &region(), at).unwrap();
                sign(&mut twice, version, &credentials("ak", None), &region(), noon).unwrap();
                assert_eq!(twice, once);
            }
        }
    }
}
