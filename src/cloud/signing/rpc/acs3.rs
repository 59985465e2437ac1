//! `Authorization: ACS3-HMAC-SHA256 Credential=...,SignedHeaders=...,Signature=...`

use crate::credentials::Credentials;
use crate::http::{Headers, HttpRequest, percent_encode};
use crypto::{Secret, hmac_sha256, sha256_hex};

const ALGORITHM: &str = "ACS3-HMAC-SHA256";

/// The headers that this version sets.
pub(super) const SET_BY_SIGNING: &[&str] = &[
    AUTHORIZATION,
    "x-acs-accesskey-id",
    CONTENT_SHA256,
    "x-acs-date",
    "x-acs-security-token",
    "x-acs-signature-nonce",
];

const AUTHORIZATION: &str = "authorization";
const CONTENT_SHA256: &str = "x-acs-content-sha256";

/// Sets the headers that this version needs, `authorization` last.
pub(super) fn sign(request: &mut HttpRequest, credentials: &Credentials, nonce: &str, date: &str) {
    request.headers.set("x-acs-date", date);
    request.headers.set("x-acs-signature-nonce", nonce);
    request.headers.set(CONTENT_SHA256, sha256_hex(&request.body));
    if let Some(token) = &credentials.security_token {
        request.headers.set("x-acs-accesskey-id", &credentials.access_key_id);
        request.headers.set("x-acs-security-token", token.expose());
    }
    let text = string_to_sign(&canonical_request(request));
    let signature = signature(&credentials.access_key_secret, &text);
    let names = signed_headers(&request.headers);
    request.headers.set(AUTHORIZATION, authorization(&credentials.access_key_id, &names, &signature));
}

/// The query sorted by key, keys and values percent-encoded; an empty value keeps its `=`.
pub fn canonical_query(request: &HttpRequest) -> String {
    let pair =
        |(key, value): (&String, &String)| format!("{}={}", percent_encode(key), percent_encode(value));
    request.query.iter().map(pair).collect::<Vec<_>>().join("&")
}

/// Every header that is set, sorted: one `name:value` line each, values trimmed.
///
/// The pages require only the host, the content type and `x-acs-`; the official SDKs sign all headers that they set.
pub fn canonical_headers(headers: &Headers) -> String {
    signed(headers).fold(String::new(), |lines, (name, value)| lines + name + ":" + value.trim() + "\n")
}

/// The names of the signed headers, joined by semicolons.
pub fn signed_headers(headers: &Headers) -> String {
    signed(headers).map(|(name, _)| name).collect::<Vec<_>>().join(";")
}

/// Method, path, query, headers, their names and the digest of the body, one line each.
pub fn canonical_request(request: &HttpRequest) -> String {
    format!(
        "{}\n{}\n{}\n{}\n{}\n{}",
        request.method.as_str(),
        request.path,
        canonical_query(request),
        canonical_headers(&request.headers),
        signed_headers(&request.headers),
        request.headers.get(CONTENT_SHA256).unwrap_or_default(),
    )
}

/// The algorithm and the digest of the canonical request.
pub fn string_to_sign(canonical_request: &str) -> String {
    format!("{ALGORITHM}\n{}", sha256_hex(canonical_request.as_bytes()))
}

/// The HMAC in hexadecimal. The secret itself is the key.
pub fn signature(secret: &Secret, string_to_sign: &str) -> String {
    hex::encode(hmac_sha256(secret.expose().as_bytes(), string_to_sign.as_bytes()))
}

/// The value of `authorization`.
pub fn authorization(access_key_id: &str, signed_headers: &str, signature: &str) -> String {
    format!("{ALGORITHM} Credential={access_key_id},SignedHeaders={signed_headers},Signature={signature}")
}

fn signed(headers: &Headers) -> impl Iterator<Item = (&str, &str)> {
    headers.iter().filter(|(name, _)| *name != AUTHORIZATION)
}
