//! SLS signature version 1: `Authorization: LOG <key id>:<signature>`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use time::OffsetDateTime;
use time::macros::{format_description, offset};

use crate::credentials::Credentials;
use crate::http::{Headers, HttpRequest};
use crate::signing::SigningError;
use crate::signing::sls::headers::{header_lines, is_signed_by_prefix};
use crypto::{Secret, hmac_sha1, hmac_sha256, md5_upper_hex};

/// The algorithm of the signature, which `x-log-signaturemethod` names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// `hmac-sha1`
    HmacSha1,
    /// `hmac-sha256`
    HmacSha256,
}

impl Method {
    /// The value of `x-log-signaturemethod`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::HmacSha1 => "hmac-sha1",
            Self::HmacSha256 => "hmac-sha256",
        }
    }
}

/// Sets the headers that version 1 needs and returns the value of `authorization`.
pub(super) fn sign(
    request: &mut HttpRequest,
    method: Method,
    credentials: &Credentials,
    at: OffsetDateTime,
) -> Result<String, SigningError> {
    request.headers.set("date", date(at)?);
    request.headers.set("x-log-signaturemethod", method.as_str());
    if !request.body.is_empty() {
        request.headers.set("content-md5", md5_upper_hex(&request.body));
    }
    let signature = signature(method, &credentials.access_key_secret, &string_to_sign(request));
    Ok(authorization(&credentials.access_key_id, &signature))
}

/// The value of `Date`: RFC 1123 in GMT, `Fri, 20 Nov 2026 08:00:00 GMT`.
///
/// # Errors
/// [`SigningError::Date`] outside the years 0 to 9999.
pub fn date(at: OffsetDateTime) -> Result<String, SigningError> {
    let format = format_description!(
        "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT"
    );
    let utc = at.to_offset(offset!(UTC));
    if !(0..=9999).contains(&utc.year()) {
        return Err(SigningError::Date(at));
    }
    utc.format(format).map_err(|_| SigningError::Date(at))
}

/// The `x-log-` and `x-acs-` headers without `x-log-date`, which replaces the date line: sorted, one `name:value` line
/// each.
pub fn canonical_headers(headers: &Headers) -> String {
    let signed = |name: &str| is_signed_by_prefix(name) && name != "x-log-date";
    header_lines(headers.iter().filter(|(name, _)| signed(name)))
}

/// The path as it is sent, and the query sorted by key, with values that are **not** encoded.
pub fn canonical_resource(request: &HttpRequest) -> String {
    let pairs: Vec<String> = request.query.iter().map(|(key, value)| format!("{key}={value}")).collect();
    if pairs.is_empty() { request.path.clone() } else { format!("{}?{}", request.path, pairs.join("&")) }
}

/// The method, the digest of the body, the content type, the date, the headers and the resource.
pub fn string_to_sign(request: &HttpRequest) -> String {
    let header = |name| request.headers.get(name).unwrap_or_default();
    format!(
        "{}\n{}\n{}\n{}\n{}{}",
        request.method.as_str(),
        header("content-md5"),
        header("content-type"),
        header("date"),
        canonical_headers(&request.headers),
        canonical_resource(request),
    )
}

/// The HMAC in base64.
pub fn signature(method: Method, secret: &Secret, string_to_sign: &str) -> String {
    let (key, data) = (secret.expose().as_bytes(), string_to_sign.as_bytes());
    match method {
        Method::HmacSha1 => STANDARD.encode(hmac_sha1(key, data)),
        Method::HmacSha256 => STANDARD.encode(hmac_sha256(key, data)),
    }
}

/// The value of `authorization`.
pub fn authorization(access_key_id: &str, signature: &str) -> String {
    format!("LOG {access_key_id}:{signature}")
}
