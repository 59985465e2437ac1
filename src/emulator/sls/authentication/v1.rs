//! Signature version 1: `Authorization: LOG <id>:<base64 HMAC>`, or with `SLS` in place of `LOG`, as the vendor's Go
//! SDK writes it.
//!
//! It does not cover `Host`, so it does not bind the project.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::Error;
use super::claim::{
    Claim, Method, Scheme, invalid_date, invalid_method, is_signed_by_prefix, lines, picked_headers,
};
use super::dates::parse_rfc_822;
use crate::http::Call;
use crypto::{Secret, hmac_sha1, hmac_sha256};

/// Reads the claim of a call whose `Authorization` starts with `LOG` or `SLS`.
pub fn parse_claim<'a>(call: &'a Call, credentials: &'a str) -> Result<Claim<'a>, Error> {
    let method = match call.header("x-log-signaturemethod") {
        None => return Err(Error::missing_header("MissingSignatureMethod", "x-log-signaturemethod")),
        Some("hmac-sha1") => Method::HmacSha1,
        Some("hmac-sha256") => Method::HmacSha256,
        Some(other) => return Err(invalid_method(other)),
    };
    let (access_key_id, signature) =
        credentials.split_once(':').ok_or_else(|| Error::signature_not_match(credentials))?;
    let date = date_of(call).ok_or_else(|| Error::missing_header("MissingDate", "Date"))?;
    let time = parse_rfc_822(date).ok_or_else(|| invalid_date(date))?;
    Ok(Claim { access_key_id, signature, date, time, scheme: Scheme::V1(method) })
}

/// `x-log-date` replaces `Date`.
fn date_of(call: &Call) -> Option<&str> {
    call.header("x-log-date").or_else(|| call.header("date"))
}

/// The signatures that are right for a call. There are two where the query has a parameter without a
/// value: some clients sign it as `name=`, others as `name`, whatever they put on the wire.
pub fn signatures(call: &Call, method: Method, date: &str, secret: &Secret) -> [String; 2] {
    [EmptyValue::Equals, EmptyValue::Bare].map(|empty| {
        let text = string_to_sign(call, date, empty);
        match method {
            Method::HmacSha1 => STANDARD.encode(hmac_sha1(secret.expose().as_bytes(), text.as_bytes())),
            Method::HmacSha256 => STANDARD.encode(hmac_sha256(secret.expose().as_bytes(), text.as_bytes())),
        }
    })
}

/// How a parameter without a value is written where it is signed.
#[derive(Clone, Copy, Debug)]
enum EmptyValue {
    /// `name=`
    Equals,
    /// `name`
    Bare,
}

fn string_to_sign(call: &Call, date: &str, empty: EmptyValue) -> String {
    let md5 = call.header("content-md5").unwrap_or_default();
    let content_type = call.header("content-type").unwrap_or_default();
    let mut text = format!("{}\n{md5}\n{content_type}\n{date}\n", call.method);
    let headers = picked_headers(call, |name| is_signed_by_prefix(name) && name != "x-log-date");
    text.push_str(&lines(&headers));
    text.push_str(&call.path);
    text.push_str(&canonical_query(call, empty));
    text
}

/// Decoded names and values, sorted by name; nothing is encoded again.
fn canonical_query(call: &Call, empty: EmptyValue) -> String {
    let mut pairs: Vec<_> =
        call.query.iter().map(|p| (p.name.as_str(), p.value.as_deref().unwrap_or_default())).collect();
    pairs.sort_by_key(|(name, _)| *name);
    let mut text = String::new();
    for (name, value) in pairs {
        text.push(if text.is_empty() { '?' } else { '&' });
        text.push_str(name);
        if !value.is_empty() || matches!(empty, EmptyValue::Equals) {
            text.push('=');
        }
        text.push_str(value);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::vectors::{Vector, vectors};
    use super::*;

    #[test]
    fn every_vector_gives_its_string_to_sign_and_signature() {
        let vectors: Vec<Vector> =
            vectors().into_iter().filter(|v| v.algorithm.starts_with("sls-v1-")).collect();
        assert_eq!(vectors.len(), 9);
        for vector in vectors {
            let date = vector.expected("date_sent");
            assert_eq!(
                string_to_sign(&vector.call, &date, EmptyValue::Equals),
                vector.expected("string_to_sign"),
                "{}",
                vector.id
            );
            let method =
                if vector.algorithm == "sls-v1-hmac-sha1" { Method::HmacSha1 } else { Method::HmacSha256 };
            let [signature, _] = signatures(&vector.call, method, &date, &vector.secret);
            assert_eq!(signature, vector.expected("signature"), "{}", vector.id);
        }
    }
}
