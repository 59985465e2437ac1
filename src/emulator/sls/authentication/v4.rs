//! Signature version 4: `Authorization: SLS4-HMAC-SHA256 Credential=<id>/<scope>,Signature=<hex>`.
//!
//! It covers `Host`; which headers are signed follows from their names.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::Error;
use super::claim::{Claim, Scheme, Scope, invalid_date, is_signed_by_prefix, lines, picked_headers};
use super::dates::parse_compact;
use crate::http::Call;
use crypto::{Secret, hmac_sha256, sha256_hex};

const ALGORITHM: &str = "SLS4-HMAC-SHA256";
const SERVICE: &str = "sls";
const TERMINATOR: &str = "aliyun_v4_request";

/// The unreserved characters of RFC 3986 (section 2.3).
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Reads the claim of a call whose `Authorization` starts with `SLS4-HMAC-SHA256`.
pub fn parse_claim<'a>(call: &'a Call, credentials: &'a str) -> Result<Claim<'a>, Error> {
    let malformed = || Error::signature_not_match(credentials);
    let (credential, signature) = credentials.split_once(',').ok_or_else(malformed)?;
    let credential = credential.trim().strip_prefix("Credential=").ok_or_else(malformed)?;
    let signature = signature.trim().strip_prefix("Signature=").ok_or_else(malformed)?;
    let parts: Vec<&str> = credential.split('/').collect();
    let [access_key_id, day, region, SERVICE, TERMINATOR] = parts[..] else {
        return Err(malformed());
    };

    let date = call.header("x-log-date").ok_or_else(|| Error::missing_header("MissingDate", "x-log-date"))?;
    let time = parse_compact(date).ok_or_else(|| invalid_date(date))?;
    if !date.starts_with(day) || day.len() != "YYYYMMDD".len() {
        return Err(malformed());
    }
    let scheme = Scheme::V4(Scope { date: day, region });
    Ok(Claim { access_key_id, signature, date, time, scheme })
}

/// The signature that is right for a call.
pub fn signature(call: &Call, scope: &Scope<'_>, date: &str, secret: &Secret) -> String {
    let key = signing_key(scope, secret);
    let text = string_to_sign(&canonical_request(call), scope, date);
    hex::encode(hmac_sha256(&key, text.as_bytes()))
}

fn signing_key(scope: &Scope<'_>, secret: &Secret) -> [u8; 32] {
    let start = Secret::from(format!("aliyun_v4{}", secret.expose()));
    let day = hmac_sha256(start.expose().as_bytes(), scope.date.as_bytes());
    let region = hmac_sha256(&day, scope.region.as_bytes());
    let service = hmac_sha256(&region, SERVICE.as_bytes());
    hmac_sha256(&service, TERMINATOR.as_bytes())
}

fn string_to_sign(canonical_request: &str, scope: &Scope<'_>, date: &str) -> String {
    let Scope { date: day, region } = scope;
    let digest = sha256_hex(canonical_request.as_bytes());
    format!("{ALGORITHM}\n{date}\n{day}/{region}/{SERVICE}/{TERMINATOR}\n{digest}")
}

fn canonical_request(call: &Call) -> String {
    let headers =
        picked_headers(call, |name| name == "host" || name == "content-type" || is_signed_by_prefix(name));
    let names: Vec<&str> = headers.iter().map(|(name, _)| *name).collect();
    format!(
        "{}\n{}\n{}\n{}\n{}\n{}",
        call.method,
        call.path,
        canonical_query(call),
        lines(&headers),
        names.join(";"),
        call.header("x-log-content-sha256").unwrap_or_default(),
    )
}

/// Names as they are, values encoded, sorted by name; only the first value of a repeated name counts,
/// and an empty one has no `=`.
fn canonical_query(call: &Call) -> String {
    let mut pairs: Vec<_> =
        call.query.iter().map(|p| (p.name.as_str(), p.value.as_deref().unwrap_or_default())).collect();
    pairs.sort_by_key(|(name, _)| *name);
    pairs.dedup_by_key(|(name, _)| *name);
    let written = pairs.into_iter().map(|(name, value)| match value {
        "" => name.to_owned(),
        value => format!("{name}={}", utf8_percent_encode(value, RESERVED)),
    });
    written.collect::<Vec<_>>().join("&")
}

#[cfg(test)]
mod tests {
    use super::super::vectors::vectors;
    use super::*;

    #[test]
    fn every_vector_gives_its_canonical_request_string_to_sign_key_and_signature() {
        let vectors: Vec<_> = vectors().into_iter().filter(|v| v.algorithm == "sls-v4").collect();
        assert_eq!(vectors.len(), 4);
        for vector in vectors {
            let (call, date) = (&vector.call, vector.expected("date_sent"));
            let scope = Scope { date: "20261120", region: "cn-hangzhou" };
            let canonical = canonical_request(call);
            assert_eq!(canonical, vector.expected("canonical_request"), "{}", vector.id);
            assert_eq!(
                string_to_sign(&canonical, &scope, &date),
                vector.expected("string_to_sign"),
                "{}",
                vector.id
            );
            assert_eq!(
                hex::encode(signing_key(&scope, &vector.secret)),
                vector.expected("signing_key_hex"),
                "{}",
                vector.id
            );
            assert_eq!(
                signature(call, &scope, &date, &vector.secret),
                vector.expected("signature"),
                "{}",
                vector.id
            );
        }
    }
}
