//! SLS signature version 4: `Authorization: SLS4-HMAC-SHA256 Credential=...,Signature=...`.

use time::OffsetDateTime;
use time::macros::{format_description, offset};

use crate::credentials::Credentials;
use crate::http::{Headers, HttpRequest, percent_encode};
use crate::names::Region;
use crate::signing::SigningError;
use crate::signing::sls::headers::{header_lines, is_signed_by_prefix};
use crypto::{Secret, hmac_sha256, sha256_hex};

const ALGORITHM: &str = "SLS4-HMAC-SHA256";
const TERMINATOR: &str = "aliyun_v4_request";

/// Sets the headers that version 4 needs and returns the value of `authorization`.
pub(super) fn sign(
    request: &mut HttpRequest,
    credentials: &Credentials,
    region: &Region,
    at: OffsetDateTime,
) -> Result<String, SigningError> {
    let (day, date) = dates(at)?;
    request.headers.set("x-log-date", &date);
    request.headers.set("x-log-content-sha256", sha256_hex(&request.body));
    let scope = scope(&day, region);
    let text = string_to_sign(&date, &scope, &canonical_request(request));
    let key = signing_key(&credentials.access_key_secret, &day, region);
    Ok(authorization(&credentials.access_key_id, &scope, &signature(&key, &text)))
}

/// The day and the time in UTC: `20261120` and `20261120T080000Z`.
///
/// # Errors
/// [`SigningError::Date`] outside the years 0 to 9999.
pub fn dates(at: OffsetDateTime) -> Result<(String, String), SigningError> {
    let utc = at.to_offset(offset!(UTC));
    if !(0..=9999).contains(&utc.year()) {
        return Err(SigningError::Date(at));
    }
    let day = utc.format(format_description!("[year][month][day]"));
    let date = utc.format(format_description!("[year][month][day]T[hour][minute][second]Z"));
    day.and_then(|day| Ok((day, date?))).map_err(|_| SigningError::Date(at))
}

/// The query sorted by key: keys not encoded, values percent-encoded, and an empty value without `=`.
pub fn canonical_query(request: &HttpRequest) -> String {
    let pair = |(key, value): (&String, &String)| {
        if value.is_empty() { key.clone() } else { format!("{key}={}", percent_encode(value)) }
    };
    request.query.iter().map(pair).collect::<Vec<_>>().join("&")
}

/// The headers that are signed, sorted: host, content type, `x-log-` and `x-acs-`.
pub fn signed_headers(headers: &Headers) -> impl Iterator<Item = (&str, &str)> {
    headers.iter().filter(|(name, _)| matches!(*name, "host" | "content-type") || is_signed_by_prefix(name))
}

/// Method, path, query, headers, their names and the digest of the body, one line each.
pub fn canonical_request(request: &HttpRequest) -> String {
    let headers = header_lines(signed_headers(&request.headers));
    let names: Vec<&str> = signed_headers(&request.headers).map(|(name, _)| name).collect();
    format!(
        "{}\n{}\n{}\n{headers}\n{}\n{}",
        request.method.as_str(),
        request.path,
        canonical_query(request),
        names.join(";"),
        request.headers.get("x-log-content-sha256").unwrap_or_default(),
    )
}

/// The scope of the key: a day, a region and the service.
pub fn scope(day: &str, region: &Region) -> String {
    format!("{day}/{region}/sls/{TERMINATOR}")
}

/// The algorithm, the time, the scope and the digest of the canonical request.
pub fn string_to_sign(date: &str, scope: &str, canonical_request: &str) -> String {
    format!("{ALGORITHM}\n{date}\n{scope}\n{}", sha256_hex(canonical_request.as_bytes()))
}

/// The key for one scope, derived from the secret.
pub fn signing_key(secret: &Secret, day: &str, region: &Region) -> [u8; 32] {
    let start = Secret::from(format!("aliyun_v4{}", secret.expose()));
    let key = hmac_sha256(start.expose().as_bytes(), day.as_bytes());
    let key = hmac_sha256(&key, region.as_str().as_bytes());
    let key = hmac_sha256(&key, b"sls");
    hmac_sha256(&key, TERMINATOR.as_bytes())
}

/// The HMAC in hexadecimal.
pub fn signature(signing_key: &[u8; 32], string_to_sign: &str) -> String {
    hex::encode(hmac_sha256(signing_key, string_to_sign.as_bytes()))
}

/// The value of `authorization`.
pub fn authorization(access_key_id: &str, scope: &str, signature: &str) -> String {
    format!("{ALGORITHM} Credential={access_key_id}/{scope},Signature={signature}")
}
