//! RPC signature version 1: the parameter `Signature`, with HMAC-SHA1.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::credentials::Credentials;
use crate::http::{HttpRequest, form, percent_encode};
use crypto::{Secret, hmac_sha1};

/// The query parameters that this version sets.
pub(super) const SET_BY_SIGNING: &[&str] = &[
    "AccessKeyId",
    "SecurityToken",
    SIGNATURE,
    "SignatureMethod",
    "SignatureNonce",
    "SignatureVersion",
    "Timestamp",
];

const SIGNATURE: &str = "Signature";

/// Sets the query parameters that this version needs, `Signature` last.
pub(super) fn sign(request: &mut HttpRequest, credentials: &Credentials, nonce: &str, date: &str) {
    let mut set = |name: &str, value: &str| request.query.insert(name.to_owned(), value.to_owned());
    set("AccessKeyId", &credentials.access_key_id);
    set("SignatureMethod", "HMAC-SHA1");
    set("SignatureNonce", nonce);
    set("SignatureVersion", "1.0");
    set("Timestamp", date);
    if let Some(token) = &credentials.security_token {
        set("SecurityToken", token.expose());
    }
    let signature = signature(&credentials.access_key_secret, &string_to_sign(request));
    request.query.insert(SIGNATURE.to_owned(), signature);
}

/// The parameters of the query and of the form, without the signature, sorted by name.
pub fn signed_parameters(request: &HttpRequest) -> Vec<(String, String)> {
    let query = request.query.iter().map(|(name, value)| (name.clone(), value.clone()));
    let mut all: Vec<_> =
        query.chain(form_parameters(request)).filter(|(name, _)| name != SIGNATURE).collect();
    all.sort_unstable();
    all
}

/// The parameters as one query, names and values percent-encoded; an empty value keeps its `=`.
pub fn canonical_query(parameters: &[(String, String)]) -> String {
    let pair =
        |(name, value): &(String, String)| format!("{}={}", percent_encode(name), percent_encode(value));
    parameters.iter().map(pair).collect::<Vec<_>>().join("&")
}

/// The method, the path `/` and the parameters, which are encoded a second time.
pub fn string_to_sign(request: &HttpRequest) -> String {
    let query = canonical_query(&signed_parameters(request));
    format!("{}&%2F&{}", request.method.as_str(), percent_encode(&query))
}

/// The HMAC in base64. The key is the secret followed by `&`.
pub fn signature(secret: &Secret, string_to_sign: &str) -> String {
    let key = Secret::from(format!("{}&", secret.expose()));
    STANDARD.encode(hmac_sha1(key.expose().as_bytes(), string_to_sign.as_bytes()))
}

fn form_parameters(request: &HttpRequest) -> Vec<(String, String)> {
    let is_form = request.headers.get("content-type").is_some_and(|kind| kind.starts_with(form::MEDIA_TYPE));
    let body = std::str::from_utf8(&request.body).unwrap_or_default();
    if is_form { form::decode(body) } else { Vec::new() }
}
